"""The order of the stages: the only place that knows it.

read -> geo -> classify -> policy -> ``Run``. Everything that shapes the result comes in as an
``Order``; the clock comes in as a function.
"""

from __future__ import annotations

import hashlib
import json
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from dataclasses import asdict, dataclass, field
from datetime import datetime
from multiprocessing import get_context
from pathlib import Path
from typing import IO, TYPE_CHECKING, Protocol

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as csv
import pyarrow.parquet as pq

from auditor import __version__, classify, geo, policy, readers
from auditor.model import run as run_document
from auditor.model.errors import AuditorError, InputError
from auditor.model.flow_table import Stage, conform, schema_at, to_arrow, to_pandas
from auditor.model.problem import Problem
from auditor.model.run import DataSource, InputFile, Run, Totals

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from auditor.model.inventory import Inventory
    from auditor.model.problem import Note

PARALLEL_FROM = 32 << 20
"""Bytes of input from which a second process is worth its start."""


class Progress(Protocol):
    """Told what the audit is doing."""

    def stage(self, name: str, total: int | None = None) -> None:
        """A stage begins; ``total`` is its size in bytes, if it has one."""

    def advance(self, size: int) -> None:
        """So many more bytes of the stage are done."""


@dataclass(frozen=True, slots=True)
class Order:
    """What to audit, and by what.

    Attributes:
        paths: files and folders; folders are walked.
        policies: folder of the category lists and ``rules.yaml``.
        geoip: folder of the geo databases.
        home: ISO 3166-1 alpha-2 code of the country that counts as home.
        jobs: processes that read files side by side.
        since, until: only flows that overlap this span (``until`` excluded).
    """

    paths: tuple[Path, ...]
    policies: Path
    geoip: Path
    inventory: Path | None = None
    dossiers: Path | None = None
    home: str = "VN"
    settings: readers.Settings = field(default_factory=readers.Settings)
    jobs: int = 1
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Audit:
    """The run, and the flow table it rests on (after stage ``classify``)."""

    run: Run
    flows: pd.DataFrame


def data_folder(name: str) -> Path:
    """The folder ``policies`` or ``geoip`` that came with this program."""
    package = Path(__file__).parent
    installed = package / "_data" / name
    return installed if installed.is_dir() else package.parent / name


def audit(order: Order, now: Callable[[], datetime], progress: Progress) -> Audit:
    """One audit, whole.

    Raises:
        InputError: none of the inputs could be read.
        PolicyError, GeoDataError: a file that shapes the result is missing or wrong.
    """
    started = now()
    problems: list[Problem] = []
    # Files that people write come first: a typo must not show after an hour of reading.
    catalogue = classify.catalogue(order.policies)
    rules = policy.load_rules(order.policies / "rules.yaml")
    inventory = classify.inventory(order.inventory, catalogue) if order.inventory else None
    dossiers = (
        policy.load_dossiers(order.dossiers, catalogue, inventory) if order.dossiers else None
    )
    sources = classify.sources(order.policies) + policy.sources(
        order.policies / "rules.yaml", rules, order.dossiers, dossiers
    )
    if order.inventory and inventory:
        sources += (_inventory_source(order.inventory, inventory),)
    inputs, flows, geo_sources = _located(order, inventory, problems.append, progress)
    progress.stage("classify")
    flows = classify.classified(flows, inventory, catalogue)
    progress.stage("judge")
    findings = policy.findings(flows, rules, catalogue, inventory, dossiers)
    sources = geo_sources + sources
    settings = _settings_of(order)
    audit_id = _audit_id(inputs, sources, settings)
    run = Run(
        version=run_document.VERSION,
        audit_id=audit_id,
        run_id=f"{started:%Y%m%dT%H%M%S}{started.microsecond // 1000:03}Z-{audit_id[:8]}",
        auditor_version=__version__,
        started=started,
        finished=now(),
        agency=inventory.agency if inventory else None,
        home=order.home,
        settings=settings,
        inputs=inputs,
        totals=_totals(flows),
        findings=findings,
        problems=tuple(problems),
        sources=sources,
        unverified=tuple(
            sorted({f.category for f in findings if f.category and f.category_verified is False})
        ),
    )
    return Audit(run, flows)


def located_flows(
    order: Order, progress: Progress
) -> tuple[pd.DataFrame, tuple[InputFile, ...], tuple[Problem, ...]]:
    """The flow table after the geo stage, without judging it.

    Raises:
        InputError, PolicyError, GeoDataError: as ``audit``.
    """
    problems: list[Problem] = []
    inventory = None
    if order.inventory:
        inventory = classify.inventory(order.inventory, classify.catalogue(order.policies))
    inputs, flows, _ = _located(order, inventory, problems.append, progress)
    return flows, inputs, tuple(problems)


def write_parquet(flows: pd.DataFrame, file: IO[bytes]) -> None:
    """Writes a flow table of any stage as Parquet, with the contract's metadata."""
    pq.write_table(_arrow(flows), file, compression="zstd")


def write_csv(flows: pd.DataFrame, file: IO[bytes]) -> None:
    """Writes a flow table as CSV with a header line."""
    csv.write_csv(_arrow(flows), file)


def write_json_lines(flows: pd.DataFrame, file: IO[bytes]) -> None:
    """Writes a flow table as one JSON object per line; times as ISO 8601 with nanoseconds."""
    flows.to_json(file, orient="records", lines=True, date_format="iso", date_unit="ns")


def _arrow(flows: pd.DataFrame) -> pa.Table:
    stage = max(
        (stage for stage in Stage if set(schema_at(stage).names) <= set(flows.columns)),
        key=list(Stage).index,
    )
    return to_arrow(flows, stage)


def _located(
    order: Order, inventory: Inventory | None, note: Note, progress: Progress
) -> tuple[tuple[InputFile, ...], pd.DataFrame, tuple[DataSource, ...]]:
    with geo.open_databases(order.geoip, note) as databases:
        inputs, flows = _read(order, note, progress)
        progress.stage("locate")
        networks = inventory.networks if inventory else ()
        flows = geo.located(flows, databases, order.home, networks)
        return inputs, flows, databases.sources


def _read(
    order: Order, note: Note, progress: Progress
) -> tuple[tuple[InputFile, ...], pd.DataFrame]:
    files = list(_files(order.paths, note))
    if not files:
        raise InputError(
            "no file to read",
            place=", ".join(str(path) for path in order.paths),
            hint="Name captures (pcap, pcapng) or Zeek conn.log files, or a folder with them.",
        )
    sizes = [_size(path) for path in files]
    progress.stage("read", sum(sizes))
    inputs: list[InputFile] = []
    tables: list[pa.Table] = []
    failures: list[AuditorError] = []
    for path, size, outcome in zip(
        files, sizes, _outcomes(files, sizes, order, progress), strict=True
    ):
        number = len(inputs) + 1
        reader, reading, problems, failure = outcome
        for problem in problems:
            note(problem)
        if failure is not None:
            failures.append(failure)
            note(Problem("unreadable", str(path), failure.message, failure.hint, lost_bytes=size))
        flows = _in_span(reading.flows, order) if reading else None
        inputs.append(_input_file(number, path, size, reader, reading, flows))
        if flows is not None:
            tables.append(
                flows.append_column("input_id", pa.array(np.full(len(flows), number, np.int32)))
            )
    if not tables and failures:
        raise failures[0]
    schema = schema_at(Stage.READ)
    if tables:
        joined = pa.concat_tables(tables)
        ids = pa.array(np.arange(1, len(joined) + 1, dtype=np.int64))
        joined = joined.append_column("flow_id", ids).select(schema.names).cast(schema)
    else:
        joined = schema.empty_table()
    return tuple(inputs), conform(to_pandas(joined.combine_chunks()), Stage.READ)


Outcome = tuple[str | None, readers.Reading | None, list[Problem], AuditorError | None]
"""Name of the reader, what it read, what it noted, why it failed."""


def _outcomes(
    files: list[Path], sizes: list[int], order: Order, progress: Progress
) -> Iterator[Outcome]:
    """What became of each file, in the order of the files."""
    if order.jobs > 1 and len(files) > 1 and sum(sizes) >= PARALLEL_FROM:
        # spawn: a forked child would inherit the locks of threads it does not have
        with ProcessPoolExecutor(order.jobs, mp_context=get_context("spawn")) as pool:
            yield from _side_by_side(pool, files, sizes, order, progress)
    else:
        for path in files:
            yield _outcome(path, order.settings, progress.advance)


def _side_by_side(
    pool: Executor, files: list[Path], sizes: list[int], order: Order, progress: Progress
) -> Iterator[Outcome]:
    futures: list[Future[Outcome]] = [
        pool.submit(_outcome, path, order.settings, None) for path in files
    ]
    for future, size in zip(futures, sizes, strict=True):
        yield future.result()
        progress.advance(size)


def _outcome(
    path: Path, settings: readers.Settings, advance: Callable[[int], None] | None
) -> Outcome:
    problems: list[Problem] = []
    try:
        reader = readers.reader_of(path)
    except OSError as error:
        failure = InputError(
            f"cannot be opened: {error.strerror}",
            place=str(path),
            hint="Check that the file is there and that this user may read it.",
        )
        return None, None, problems, failure
    if reader is None:
        problems.append(_nobodys(path))
        return None, None, problems, None
    try:
        reading = reader.read(path, settings, problems.append, advance or (lambda size: None))
    except InputError as failure:
        return reader.name, None, problems, failure
    return reader.name, reading, problems, None


def _nobodys(path: Path) -> Problem:
    if _size(path) == 0:
        return Problem("empty-file", str(path), "The file is empty.", "Take it from its source.")
    return Problem(
        "unknown-format",
        str(path),
        "No reader takes this file: it is no capture (pcap, pcapng) and no Zeek conn.log.",
        "Leave it out, or convert it; the file's content decides, not its name.",
        lost_bytes=_size(path),
    )


def _files(paths: Iterable[Path], note: Note) -> Iterator[Path]:
    """Every file once: named ones, and all in named folders, in a fixed order."""
    seen: set[Path] = set()
    for path in paths:
        if path.is_dir():
            found = _walked(path, note)
        elif path.exists():
            found = [path]
        else:
            hint = "Check the path."
            raise InputError("no such file or folder", place=str(path), hint=hint)
        for file in found:
            real = file.resolve()
            if real not in seen:
                seen.add(real)
                yield file


def _walked(folder: Path, note: Note) -> list[Path]:
    found: list[Path] = []
    todo = [folder]
    while todo:
        inner = todo.pop()
        try:
            entries = sorted(inner.iterdir())
        except OSError as error:
            what = f"The folder cannot be listed: {error.strerror}."
            note(Problem("unreadable", str(inner), what, "Check the permissions."))
            continue
        for entry in entries:
            if entry.name.startswith("."):
                continue
            if entry.is_dir() and not entry.is_symlink():
                todo.append(entry)
            elif entry.is_file():
                found.append(entry)
    return sorted(found)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0  # gone since it was listed: opening it will tell


def _in_span(flows: pa.Table, order: Order) -> pa.Table:
    kind = pa.timestamp("ns", tz="UTC")
    if order.since is not None:
        flows = flows.filter(pc.greater_equal(flows["end"], pa.scalar(order.since, kind)))
    if order.until is not None:
        flows = flows.filter(pc.less(flows["start"], pa.scalar(order.until, kind)))
    return flows


def _input_file(
    number: int,
    path: Path,
    size: int,
    reader: str | None,
    reading: readers.Reading | None,
    flows: pa.Table | None,
) -> InputFile:
    timed = flows is not None and len(flows) > 0
    return InputFile(
        id=number,
        name=str(path),
        size=size,
        sha256=reading.sha256 if reading else None,
        reader=reader,
        packets=reading.packets if reading else 0,
        not_ip=reading.not_ip if reading else 0,
        bytes_on_wire=reading.bytes_on_wire if reading else None,
        flows=0 if flows is None else len(flows),
        first=_moment(pc.min(flows["start"])) if flows is not None and timed else None,
        last=_moment(pc.max(flows["end"])) if flows is not None and timed else None,
    )


def _moment(time: pa.Scalar) -> datetime:
    moment: datetime = time.cast(pa.timestamp("us", tz="UTC"), safe=False).as_py()
    return moment


def _inventory_source(path: Path, inventory: Inventory) -> DataSource:
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return DataSource("inventory", path.name, f"{len(inventory.systems)} systems", digest)


def _settings_of(order: Order) -> dict[str, str]:
    settings = {name: str(value) for name, value in asdict(order.settings).items()}
    settings["home"] = order.home
    for name, moment in (("since", order.since), ("until", order.until)):
        if moment is not None:
            settings[name] = moment.isoformat()
    return settings


def _audit_id(
    inputs: tuple[InputFile, ...], sources: tuple[DataSource, ...], settings: dict[str, str]
) -> str:
    material = {
        "version": __version__,
        "inputs": sorted((file.sha256 or "", Path(file.name).name) for file in inputs),
        "sources": sorted((source.kind, source.name, source.sha256) for source in sources),
        "settings": settings,
    }
    return hashlib.sha256(json.dumps(material, sort_keys=True).encode()).hexdigest()


def _totals(flows: pd.DataFrame) -> Totals:
    crossing = flows["crosses_border"].fillna(value=False).astype("bool")
    undecided = flows["crosses_border"].isna()
    side = flows["home_side"]
    outbound = flows["outbound_bytes"]
    encrypted = flows["encrypted"].fillna(value=False).astype("bool")
    clear = flows["encrypted"].notna() & ~encrypted
    unlisted = crossing & flows["system_id"].isna()

    def count(mask: pd.Series) -> int:
        return int(mask.sum())

    def total(column: pd.Series, mask: pd.Series) -> int:
        return int(column[mask].sum())

    states = flows["geo_state"].value_counts()
    return Totals(
        flows=len(flows),
        packets=int(flows["src_packets"].sum()) + int(flows["dst_packets"].sum()),
        crossing_flows=count(crossing),
        undecided_flows=count(undecided),
        domestic_flows=count((side == "both").fillna(value=False).astype("bool")),
        foreign_flows=count((side == "none").fillna(value=False).astype("bool")),
        outbound_bytes=total(outbound, crossing),
        inbound_bytes=total(flows["inbound_bytes"], crossing),
        undecided_outbound_bytes=total(outbound, undecided),
        encrypted_outbound_bytes=total(outbound, crossing & encrypted),
        clear_outbound_bytes=total(outbound, crossing & clear),
        unlisted_flows=count(unlisted),
        by_country=geo.abroad_by_country(flows),
        geo_states={str(name): int(number) for name, number in sorted(states.items())},
    )
