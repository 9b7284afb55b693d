"""The order of the stages: the only place that knows it.

read -> geo -> classify -> policy -> ``Run``. Everything that shapes the result comes in as an
``Order``; the clock comes in as a function.
"""

from __future__ import annotations

import hashlib
import json
import threading
from collections import Counter
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, fields, replace
from datetime import date, datetime
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Literal, Protocol

from auditor import __version__, readers
from auditor.model import run as run_document
from auditor.model.flow_table import Stage, conform, to_arrow, to_pandas
from auditor.model.run import DataSource, InputFile, Run, Totals
from auditor.model.text import legible

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from types import TracebackType

    import pandas as pd
    import pyarrow as pa

    from auditor.geo import GeoData, Nearest
    from auditor.model.agreement import Agreement
    from auditor.model.finding import Finding
    from auditor.model.inventory import Network
    from auditor.model.problem import Note, Problem
    from auditor.readers.second import Second

Engine = Literal["capture", "scapy", "tshark"]
"""What reads packets: the packet engine, or one of the two that give a second opinion."""

WRITTEN_AT_ONCE = 1 << 26
"""Bytes of Parquet that are written at a time."""

JSON_ROWS = 1 << 16
"""Rows that are turned into text at a time: the text is much larger than the table."""


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
        paths: files, folders, which are walked, and addresses on shared storage.
        policies: folder of the category lists and ``rules.yaml``.
        geoip: folder of the geo databases.
        mappings: what the columns of tables mean (``docs/formats/mapping.md``).
        home: ISO 3166-1 alpha-2 code of the country that counts as home.
        jobs: threads that read files side by side.
        cluster: address of a Dask scheduler (``tcp://…``, ``tls://…``) whose workers read the
            files instead; the result is the same.
        since, until: only flows that overlap this span (``until`` excluded).
        open_before: file with the flows of earlier runs that had not ended.
        open_after: another file, that such flows of this run go into; null = all count now.
        open_until: the present: flows wait an hour for the captures that go on with them.
    """

    paths: tuple[Path | readers.Url, ...]
    policies: Path
    geoip: Path
    inventory: Path | None = None
    dossiers: Path | None = None
    mappings: tuple[Path, ...] = ()
    home: str = "VN"
    settings: readers.Settings = field(default_factory=readers.Settings)
    jobs: int = 1
    since: datetime | None = None
    until: datetime | None = None
    open_before: Path | None = None
    open_after: Path | None = None
    open_until: datetime | None = None
    cluster: str | None = None


class FlowTable:
    """A flow table in parts of bounded size; iterate for Arrow tables, as often as needed."""

    def __init__(self) -> None:
        self._parts = readers.Parts()
        self._empty: pa.Table | None = None
        self.rows = 0

    def __iter__(self) -> Iterator[pa.Table]:
        if self.rows:
            yield from self._parts.tables(0)
        elif self._empty is not None:
            yield self._empty

    def add(self, table: pa.Table) -> None:
        """One more part."""
        self._parts.add(0, table)
        self._empty = table.slice(0, 0)
        self.rows += len(table)

    def frame(self) -> pd.DataFrame:
        """All of it in memory: for what is known to be small."""
        import pyarrow as pa

        return to_pandas(pa.concat_tables(list(self)).combine_chunks())


@dataclass(frozen=True, slots=True)
class Audit:
    """The run, and the flow table it rests on (after stage ``classify``)."""

    run: Run
    table: FlowTable

    @property
    def flows(self) -> pd.DataFrame:
        """The whole table in memory: for what is known to be small."""
        return self.table.frame()


def data_folder(name: str) -> Path:
    """The folder ``policies`` or ``geoip`` that came with this program."""
    package = Path(__file__).parent
    installed = package / "_data" / name
    return installed if installed.is_dir() else package.parent / name


def audit(order: Order, now: Callable[[], datetime], progress: Progress) -> Audit:
    """One audit, whole.

    Raises:
        InputError: none of the inputs could be read.
        StoreError: there is no room for the flows, or the cluster is gone.
        PolicyError, GeoDataError: a file that shapes the result is missing or wrong.
    """
    started = now()
    problems: list[Problem] = []
    with _Reading(order, progress) as reading:
        # The other rooms load, and the files that people write are checked, while packets are
        # read: a mistake in them ends the reading at once instead of showing after an hour.
        from auditor import classify, geo, policy

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
            sources += (classify.inventory_source(order.inventory, inventory),)
        if order.mappings:
            from auditor.readers.tables.mapping import mapping_source

            sources += tuple(mapping_source(path) for path in order.mappings)
        table, counts = FlowTable(), _Counts()
        geodata = _geodata(order, started.date(), problems.append)
        networks = inventory.networks if inventory else ()
        inputs, located, nearest = _located(order, reading, geodata, networks, problems.append)
        sources = geodata.sources + sources

        def counted() -> Iterator[pd.DataFrame]:
            for part in located:
                progress.stage("classify")
                flows = classify.classified(part, inventory, catalogue)
                table.add(to_arrow(flows, Stage.CLASSIFY))
                yield counts.added(flows)

        candidates = policy.candidates(counted())
    problems += counts.problems()
    problems += _ages(inputs, geodata)
    progress.stage("judge")
    findings = policy.findings(candidates, rules, catalogue, inventory, dossiers)
    peers = _peers(findings)
    shown = peers[: run_document.MOST_DESTINATIONS]
    destinations = geo.recorded(table, shown, geodata, order.home, networks, nearest)
    sources = tuple(replace(source, name=legible(source.name)) for source in sources)
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
        totals=counts.totals(),
        findings=findings,
        problems=tuple(problems),
        sources=sources,
        unverified=tuple(
            sorted({f.category for f in findings if f.category and f.category_verified is False})
        ),
        destinations=tuple(destinations),
        destinations_cut=len(peers) - len(shown),
    )
    return Audit(run, table)


def _ages(inputs: tuple[InputFile, ...], geodata: GeoData) -> list[Problem]:
    """What is too far from the time of the traffic to be relied on alone."""
    from auditor import geo

    first = [each.first for each in inputs if each.first is not None]
    last = [each.last for each in inputs if each.last is not None]
    return geo.old_databases(geodata, min(first), max(last)) if first and last else []


def _peers(findings: tuple[Finding, ...]) -> list[str]:
    """The addresses that findings name, heaviest first."""
    sent: Counter[str] = Counter()
    for finding in findings:
        for peer in finding.evidence.peers:
            sent[peer.name] = max(sent[peer.name], peer.outbound_bytes)
    return sorted(sent, key=lambda address: (-sent[address], address))


def located_flows(
    order: Order, progress: Progress, today: date
) -> tuple[FlowTable, tuple[InputFile, ...], tuple[Problem, ...]]:
    """The flow table after the geo stage, without judging it; ``today`` as in ``open_geodata``.

    Raises:
        InputError, PolicyError, GeoDataError: as ``audit``.
    """
    problems: list[Problem] = []
    with _Reading(order, progress) as reading:
        from auditor import classify

        networks: tuple[Network, ...] = ()
        if order.inventory:
            inventory = classify.inventory(order.inventory, classify.catalogue(order.policies))
            networks = inventory.networks
        geodata = _geodata(order, today, problems.append)
        inputs, located, _ = _located(order, reading, geodata, networks, problems.append)
        table = FlowTable()
        for part in located:
            table.add(to_arrow(part, Stage.GEO))
    return table, inputs, tuple(problems)


def located_again(
    order: Order, engine: Second, progress: Progress, today: date
) -> tuple[FlowTable, tuple[InputFile, ...], tuple[Problem, ...]]:
    """As ``located_flows``, with the packets read by a second engine: other code, and slow.

    Raises:
        InputError, PolicyError, GeoDataError: as ``audit``; also where the engine is missing.
    """
    from auditor import classify, geo
    from auditor.readers.second.inputs import read_again

    problems: list[Problem] = []
    networks: tuple[Network, ...] = ()
    if order.inventory:
        inventory = classify.inventory(order.inventory, classify.catalogue(order.policies))
        networks = inventory.networks
    geodata = _geodata(order, today, problems.append)
    progress.stage("read")
    inputs, again = read_again(_wanted(order), engine, problems.append)
    progress.stage("locate")
    table, parts = FlowTable(), list(again)
    nearest = _nearest(order, parts, geodata, networks, inputs, problems.append)
    for part in parts:
        flows = conform(to_pandas(part), Stage.READ)
        flows = geo.located(flows, geodata, order.home, networks, nearest)
        table.add(to_arrow(flows, Stage.GEO))
    return table, inputs, tuple(problems)


def crosschecked(
    paths: tuple[Path, ...], first: Engine, second: Engine, note: Note, progress: Progress
) -> Agreement:
    """How far two engines agree about the same captures, each file by itself.

    A file that one of them cannot read is noted and left out.

    Raises:
        InputError: a path does not exist, an engine is missing, or no file could be read by both.
    """
    from auditor.model.errors import InputError
    from auditor.readers.second.comparison import agreement
    from auditor.readers.second.inputs import captures, unread

    failures: list[InputError] = []
    settings = readers.Settings()
    progress.stage("read")

    def tables() -> Iterator[tuple[str, pa.Table, pa.Table]]:
        for path in captures(paths):
            try:
                pair = [_read_by(engine, path, settings, note) for engine in (second, first)]
            except InputError as error:
                failures.append(error)
                note(unread(path, error))
                continue
            yield legible(str(path)), pair[1], pair[0]

    result = agreement(tables(), first, second)
    if not result.files and failures:
        raise failures[0]
    return result


def _read_by(engine: Engine, path: Path, settings: readers.Settings, note: Note) -> pa.Table:
    if engine == "capture":
        wanted = readers.Wanted((path,), settings)
        return readers.read_inputs(wanted, note, readers.Watch())[1].whole()
    from auditor.readers.second import flows_of

    return flows_of(path, settings, engine=engine, note=note)


def write_parquet(table: Iterable[pa.Table], file: IO[bytes]) -> None:
    """Writes a flow table of any stage as Parquet, with the contract's metadata."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    writer: pq.ParquetWriter | None = None
    # large writes: many small ones make the threads that write side by side wait for each other
    with pa.BufferedOutputStream(pa.PythonFile(file, "w"), WRITTEN_AT_ONCE) as sink:
        for part in table:
            if writer is None:
                writer = pq.ParquetWriter(sink, part.schema, compression="zstd")
            writer.write_table(part)
        if writer is not None:
            writer.close()
        sink.flush()
        sink.detach()


def write_csv(table: Iterable[pa.Table], file: IO[bytes]) -> None:
    """Writes a flow table as CSV with a header line."""
    from pyarrow import csv

    for number, part in enumerate(table):
        plain = part
        for place, name in enumerate(part.column_names):  # CSV has no lists
            if name in ("categories", "witnesses", "geo_candidates"):
                plain = plain.set_column(place, name, _joined(part[name]))
        csv.write_csv(plain, file, csv.WriteOptions(include_header=not number))


def _joined(lists: pa.ChunkedArray) -> pa.ChunkedArray:
    import pyarrow as pa
    import pyarrow.compute as pc

    return pc.binary_join(lists.cast(pa.list_(pa.string())), " ")


def write_json_lines(table: Iterable[pa.Table], file: IO[bytes]) -> None:
    """Writes a flow table as one JSON object per line; times as ISO 8601 with nanoseconds."""
    for part in table:
        _write_json_lines(part, file)


def _write_json_lines(table: pa.Table, file: IO[bytes]) -> None:
    import pyarrow as pa
    import pyarrow.compute as pc

    for name in ("start", "end"):  # pandas would write these without their nanoseconds
        moments = table[name].cast(pa.int64()).cast(pa.timestamp("ns"))
        text = pc.strftime(moments, format="%Y-%m-%dT%H:%M:%SZ")
        table = table.set_column(table.schema.get_field_index(name), name, text)
    for batch in table.to_batches(max_chunksize=JSON_ROWS):
        part = to_pandas(pa.Table.from_batches([batch]))
        part.to_json(file, orient="records", lines=True)


def _geodata(order: Order, today: date, note: Note) -> GeoData:
    from auditor import geo

    return geo.open_geodata(order.geoip, data_folder("geoip"), order.policies, today, note)


def _located(
    order: Order,
    reading: _Reading,
    geodata: GeoData,
    networks: tuple[Network, ...],
    note: Note,
) -> tuple[tuple[InputFile, ...], Iterator[pd.DataFrame], Nearest]:
    """The inputs; their flows after stage ``geo``, part by part, once; their fastest handshakes."""
    from auditor import geo

    inputs, parts, problems = reading.result()
    for problem in problems:
        note(problem)
    nearest = _nearest(order, parts.columns(geo.HANDSHAKE_COLUMNS), geodata, networks, inputs, note)

    def located() -> Iterator[pd.DataFrame]:
        for part in parts:
            reading.progress.stage("locate")
            flows = conform(to_pandas(part), Stage.READ)
            yield geo.located(flows, geodata, order.home, networks, nearest)
        parts.close()

    return inputs, located(), nearest


def _nearest(
    order: Order,
    parts: Iterable[pa.Table],
    geodata: GeoData,
    networks: tuple[Network, ...],
    inputs: tuple[InputFile, ...],
    note: Note,
) -> Nearest:
    from auditor import geo

    names = {each.id: legible(each.name) for each in inputs}
    return geo.nearest(parts, geodata, order.home, networks, names, note)


Read = tuple[tuple[InputFile, ...], readers.FlowParts, list["Problem"]]


class _Reading(readers.Watch):
    """The inputs, read in a thread of their own while the audit makes itself ready.

    Leaving the block without having asked for the result ends the reading.
    """

    def __init__(self, order: Order, progress: Progress) -> None:
        self.progress = progress
        self._wanted = _wanted(order)
        self._begun = threading.Event()
        self._over = threading.Event()
        self._thread = ThreadPoolExecutor(1)
        self._read: Future[Read] = self._thread.submit(self._all)

    def __enter__(self) -> _Reading:
        self._begun.wait()  # else imports there and here take turns, and packets wait for both
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._over.set()
        self._thread.shutdown(wait=True)

    def result(self) -> Read:
        """The inputs, their flows, and what could not be read.

        Raises:
            InputError: as ``readers.read_inputs``.
        """
        return self._read.result()

    def prepare(self) -> None:
        self.progress.stage("compile")

    def begin(self, total: int) -> None:
        self.progress.stage("read", total)
        self._begun.set()

    def advance(self, size: int) -> None:
        if self._over.is_set():
            raise _OverError
        self.progress.advance(size)

    def _all(self) -> Read:
        problems: list[Problem] = []
        try:
            inputs, flows = readers.read_inputs(self._wanted, problems.append, self)
        finally:
            self._begun.set()
        return inputs, flows, problems


class _OverError(Exception):
    """Nobody waits for the reading any more."""


def _wanted(order: Order) -> readers.Wanted:
    settings = order.settings
    if order.mappings:
        from auditor.readers.tables.mapping import load_mapping  # late: few inputs are tables

        settings = replace(settings, mappings=tuple(map(load_mapping, order.mappings)))
    return readers.Wanted(
        order.paths,
        settings,
        order.jobs,
        order.since,
        order.until,
        order.open_before,
        order.open_after,
        order.open_until,
        order.cluster,
    )


def _settings_of(order: Order) -> dict[str, str]:
    settings = {
        each.name: str(getattr(order.settings, each.name))
        for each in fields(order.settings)
        if each.name != "mappings"  # they are among the sources
    }
    settings["home"] = order.home
    for name, moment in (("since", order.since), ("until", order.until)):
        if moment is not None:
            settings[name] = moment.isoformat()
    if order.open_before is not None:
        with order.open_before.open("rb") as file:
            settings["open_before"] = hashlib.file_digest(file, "sha256").hexdigest()
    if order.open_after is not None:
        settings["open_after"] = "kept"
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


def _sum(column: pd.Series) -> int:
    """The sum of whole numbers, however large: a log may claim any number."""
    known = column.dropna().to_numpy(dtype="int64")
    return (int((known >> 32).sum()) << 32) + int((known & 0xFFFFFFFF).sum())


class _Counts:
    """The audit in numbers, added up part by part."""

    def __init__(self) -> None:
        self._sums: Counter[str] = Counter()
        self._states: Counter[str] = Counter()
        self._abroad: list[pa.Table] = []
        self._other_countries: Counter[str] = Counter()
        from auditor import geo

        self._firmness = geo.Firmness()

    def added(self, flows: pd.DataFrame) -> pd.DataFrame:
        """Counts a part after stage ``classify``; its flows that count, and do not only confirm."""
        from auditor import geo

        confirming = flows["witness_of"].notna()
        if confirming.any():
            flows = flows[~confirming]
        crossing = flows["crosses_border"].fillna(value=False).astype("bool")
        undecided = flows["crosses_border"].isna()
        side = flows["home_side"]
        outbound = flows["outbound_bytes"]
        encrypted = flows["encrypted"].fillna(value=False).astype("bool")
        clear = flows["encrypted"].notna() & ~encrypted
        estimated = crossing & (flows["sampling"] != 1).fillna(value=False).astype("bool")
        blocked = flows["blocked"].fillna(value=False).astype("bool")

        def count(mask: pd.Series) -> int:
            return int(mask.sum())

        def total(column: pd.Series, mask: pd.Series) -> int:
            return _sum(column[mask])

        self._sums.update(
            flows=len(flows),
            packets=_sum(flows["src_packets"]) + _sum(flows["dst_packets"]),
            crossing_flows=count(crossing),
            undecided_flows=count(undecided),
            domestic_flows=count(
                ~crossing & ~undecided & (side != "none").fillna(value=True) & ~blocked
            ),
            foreign_flows=count((side == "none").fillna(value=False).astype("bool") & ~blocked),
            outbound_bytes=total(outbound, crossing),
            inbound_bytes=total(flows["inbound_bytes"], crossing),
            undecided_outbound_bytes=total(outbound, undecided),
            encrypted_outbound_bytes=total(outbound, crossing & encrypted),
            clear_outbound_bytes=total(outbound, crossing & clear),
            unlisted_flows=count(crossing & flows["system_id"].isna()),
            blocked_flows=count(blocked),
            confirming_flows=count(confirming),
            estimated_flows=count(estimated),
            estimated_outbound_bytes=total(outbound, estimated),
            unknown_flows=count(crossing & outbound.isna()),
        )
        states = flows["geo_state"].value_counts()
        self._states.update({str(name): int(number) for name, number in states.items()})
        self._abroad.append(geo.abroad(flows))
        self._other_countries.update(geo.other_opinions(flows))
        self._firmness.add(flows)
        return flows

    def problems(self) -> list[Problem]:
        """What the parts together tell that a reader must know."""
        from auditor.model.problem import Problem

        return [
            Problem(
                "other-opinion",
                source,
                f"The log names another country for the peers of {count:,} flows than the geo "
                "databases do; the databases decided.",
                "Look at src_log_country and dst_log_country of these flows.",
                count=count,
            )
            for source, count in sorted(self._other_countries.items())
        ]

    def totals(self) -> Totals:
        """All parts together."""
        from auditor import geo

        states = {name: self._states[name] for name in sorted(self._states)}
        sums: dict[str, Any] = dict(self._sums)
        return Totals(
            **sums,
            by_country=geo.by_country(self._abroad),
            geo_states=states,
            state_bytes=self._firmness.state_bytes(),
            certainty_bytes=self._firmness.certainty_bytes(),
            forms=self._firmness.forms(),
        )
