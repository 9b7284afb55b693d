"""The order of the stages: the only place that knows it.

read -> geo -> classify (declared) -> inspect (what leaves) -> classify (recognised) -> policy ->
``Run``. Everything that shapes the result comes in as an
``Order``; the clock comes in as a function.
"""

from __future__ import annotations

import secrets
from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from auditor import __version__, readers
from auditor.model import run as run_document
from auditor.model.content import Counted
from auditor.model.flow_table import Stage, conform, to_arrow, to_pandas
from auditor.model.register import load_register
from auditor.model.run import InputFile, Run
from auditor.model.text import legible
from auditor.pipeline.contents import ContentCounts, Opened, opened
from auditor.pipeline.counts import Counts
from auditor.pipeline.orders import (
    Engine,
    Order,
    Progress,
    audit_id,
    data_folder,
    settings_of,
    wanted,
)
from auditor.pipeline.reading import Reading
from auditor.pipeline.tables import FlowTable, write_csv, write_json_lines, write_parquet

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from datetime import date, datetime
    from pathlib import Path

    import pandas as pd
    import pyarrow as pa

    from auditor.geo import GeoData, Nearest
    from auditor.model.agreement import Agreement
    from auditor.model.finding import Finding
    from auditor.model.inventory import Network
    from auditor.model.problem import Note, Problem
    from auditor.readers.second import Second

__all__ = [
    "Audit",
    "Engine",
    "FlowTable",
    "Order",
    "Progress",
    "audit",
    "crosschecked",
    "data_folder",
    "located_again",
    "located_flows",
    "write_csv",
    "write_json_lines",
    "write_parquet",
]


@dataclass(frozen=True, slots=True)
class Audit:
    """The run, and what it rests on.

    Attributes:
        table: the flow table after stage ``classify``.
        counted: distinct subjects by keyed hash, for the store alone: never for a report.
    """

    run: Run
    table: FlowTable
    counted: tuple[Counted, ...] = field(default=(), repr=False)

    @property
    def flows(self) -> pd.DataFrame:
        """The whole table in memory: for what is known to be small."""
        return self.table.frame()


def audit(order: Order, now: Callable[[], datetime], progress: Progress) -> Audit:
    """One audit, whole.

    Raises:
        InputError: none of the inputs could be read.
        StoreError: there is no room for the flows, or the cluster is gone.
        PolicyError, GeoDataError: a file that shapes the result is missing or wrong.
    """
    started = now()
    problems: list[Problem] = []
    with Reading(order, progress) as reading:
        # The other rooms load, and the files that people write are checked, while packets are
        # read: a mistake in them ends the reading at once instead of showing after an hour.
        from auditor import classify, geo, policy

        catalogue = classify.catalogue(order.policies)
        law = policy.load_law(order.policies, catalogue)
        inventory = classify.inventory(order.inventory, catalogue) if order.inventory else None
        register = (
            load_register(order.dossiers, catalogue, inventory, law.regimes)
            if order.dossiers
            else None
        )
        from auditor import inspect  # after them: detectors take seconds to prepare

        key = order.hash_key or secrets.token_bytes(inspect.KEY_BYTES)
        search = inspect.compiled(order.policies, catalogue.by_code, key) if order.content else None
        sources = classify.sources(order.policies) + policy.sources(
            order.policies, law, order.dossiers, register
        )
        if search is not None:
            sources += inspect.sources(order.policies)
        if order.inventory and inventory:
            sources += (classify.inventory_source(order.inventory, inventory),)
        if order.mappings:
            from auditor.readers.tables.mapping import mapping_source

            sources += tuple(mapping_source(path) for path in order.mappings)
        table, counts = FlowTable(), Counts()
        geodata = _geodata(order, started.date(), problems.append)
        networks = inventory.networks if inventory else ()
        inputs, located, nearest = _located(order, reading, geodata, networks, problems.append)
        sources = geodata.sources + sources

        declared = FlowTable()
        for part in located:
            progress.stage("classify")
            declared.add(to_arrow(classify.classified(part, inventory, catalogue), Stage.CLASSIFY))
            del part  # else the last one stays in memory for the rest of the audit
        inside = Opened()
        if search is not None:
            inside = opened(order, inputs, declared, search, problems, progress)
        content = ContentCounts(inside.coverage)

        def counted() -> Iterator[pd.DataFrame]:
            for part in declared:
                flows = to_pandas(part)
                if inside.by_flow is not None:
                    flows = classify.recognised(flows, inside.by_flow, catalogue)
                table.add(to_arrow(flows, Stage.CLASSIFY))
                flows = counts.added(flows)
                content.add(to_arrow(flows, Stage.CLASSIFY))
                yield flows

        candidates = policy.candidates(counted())
        declared.close()
    problems += counts.problems()
    problems += _ages(inputs, geodata)
    progress.stage("judge")
    findings = policy.findings(candidates, law, inventory, register, inside.contents)
    peers = _peers(findings)
    shown = peers[: run_document.MOST_DESTINATIONS]
    destinations = geo.recorded(table, shown, geodata, order.home, networks, nearest)
    sources = tuple(replace(source, name=legible(source.name)) for source in sources)
    settings = settings_of(order)
    identity = audit_id(inputs, sources, settings)
    run = Run(
        version=run_document.VERSION,
        audit_id=identity,
        run_id=f"{started:%Y%m%dT%H%M%S}{started.microsecond // 1000:03}Z-{identity[:8]}",
        auditor_version=__version__,
        started=started,
        finished=now(),
        agency=inventory.agency if inventory else None,
        home=order.home,
        settings=settings,
        inputs=inputs,
        totals=replace(counts.totals(), content=content.totals() if search else ()),
        findings=findings,
        problems=tuple(problems),
        sources=sources,
        unverified=tuple(
            sorted({f.category for f in findings if f.category and f.category_verified is False})
        ),
        destinations=tuple(destinations),
        destinations_cut=len(peers) - len(shown),
    )
    return Audit(run, table, inside.contents.counted)


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
    with Reading(order, progress) as reading:
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
    inputs, again = read_again(wanted(order), engine, problems.append)
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


def _geodata(order: Order, today: date, note: Note) -> GeoData:
    from auditor import geo

    return geo.open_geodata(order.geoip, data_folder("geoip"), order.policies, today, note)


def _located(
    order: Order,
    reading: Reading,
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
