"""What the papers of a period are made of: findings of several runs, each once."""

from __future__ import annotations

import itertools
from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Final

from auditor.model.agency import Agency
from auditor.model.catalogue import Catalogue
from auditor.model.content import Sought
from auditor.model.errors import InputError
from auditor.model.finding import Finding
from auditor.model.inventory import Inventory
from auditor.model.ledger import Ledger
from auditor.model.place import Destination
from auditor.model.regimes import RegimeFile
from auditor.model.register import Register
from auditor.model.run import Run
from auditor.papers.wording import day_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


PERSONAL_SINCE: Final = date(2026, 1, 1)


@dataclass(frozen=True, slots=True)
class Seen:
    """One finding over all runs of the period.

    Attributes:
        finding: as the latest run tells it.
        bytes: what left, over all runs; with ``Material.overlap`` some of it may count twice.
        most_bytes: what left in the run that saw most.
        estimated: what of ``bytes`` is an estimate from sampled traffic.
        unknown: flows that do not say how much left; nothing of them is in ``bytes``.
        counted: most subjects that a run counted by content; null = none did.
        subjects: most subjects that a run estimated by volume; null = none could.
        first, last: days of the traffic.
        partly: some of its traffic lies outside the period; runs do not split by day.
    """

    finding: Finding
    runs: int
    flows: int
    bytes: int
    most_bytes: int
    estimated: int
    unknown: int
    counted: int | None
    subjects: int | None
    first: date
    last: date
    partly: bool

    @property
    def has_flows(self) -> bool:
        """Whether flows of its own are behind it; else it is a total over all runs."""
        evidence = self.finding.evidence
        return bool(evidence.peers or evidence.flow_ids)


@dataclass(frozen=True, slots=True)
class Material:
    """Everything that a paper may say.

    Attributes:
        runs: different material each, the earliest first.
        repeated: runs that were left out: another holds the same material.
        outside: runs that were left out: their inputs have no traffic of the period.
        overlap: runs share inputs or times: what they add up to may count some traffic twice.
        seen: findings of the period, the heaviest first.
        system: id of the system that the paper is limited to; null = all.
        recipient: what the recipient's name must contain; empty = all.
        ledger: running totals over all runs; null = none was given.
        destinations: by address, as the latest run tells them.
        names: of systems, by id.
        sought: what detectors look for; empty = not known.
    """

    runs: tuple[Run, ...]
    repeated: int
    outside: int
    overlap: bool
    seen: tuple[Seen, ...]
    since: date
    until: date
    agency: Agency
    catalogue: Catalogue
    regimes: RegimeFile
    inventory: Inventory | None
    register: Register | None
    ledger: Ledger | None
    system: str | None
    recipient: str
    destinations: dict[str, Destination]
    names: dict[str, str]
    sought: tuple[Sought, ...] = ()

    @property
    def cut(self) -> bool:
        """Whether a run has traffic outside the period too: its totals are not split by day."""
        return any(
            day_of(file.first) < self.since or self.until < day_of(file.last)
            for run in self.runs
            for file in run.inputs
            if file.first is not None and file.last is not None
        )

    @property
    def detector_names(self) -> dict[str, str]:
        """Names of detectors, by id."""
        return {each.detector: each.title.vi for each in self.sought}

    def destinations_of(self, finding: Finding) -> tuple[Destination, ...]:
        """The decision records of the addresses that its evidence names."""
        named = (self.destinations.get(peer.name) for peer in finding.evidence.peers)
        return tuple(each for each in named if each is not None)

    def owner(self) -> str:
        """The agency: as it names itself, else as the inventory or the runs name it."""
        if self.agency.name:
            return self.agency.name
        if self.inventory is not None:
            return self.inventory.agency
        return next((run.agency for run in reversed(self.runs) if run.agency), "")

    def system_name(self, system: str | None) -> str:
        """How the inventory, or else a run, names a system."""
        if system is None:
            return "Chưa thuộc hệ thống nào đã kê khai"
        return self.names.get(system, system)


def gathered(
    runs: Iterable[Run],
    agency: Agency,
    catalogue: Catalogue,
    regimes: RegimeFile,
    *,
    inventory: Inventory | None = None,
    register: Register | None = None,
    ledger: Ledger | None = None,
    since: date | None = None,
    until: date | None = None,
    system: str | None = None,
    recipient: str = "",
    sought: Iterable[Sought] = (),
) -> Material:
    """The findings of one run or more between two days of Vietnam (null = as far as traffic goes).

    Runs over the same material count once. ``sought`` says whom the ledger's detectors count.
    ``system`` and ``recipient`` (a part of the name, upper
    and lower case alike) keep what is about them.

    Raises:
        InputError: no run has traffic of the period.
    """
    given = sorted(runs, key=lambda run: (run.finished, run.run_id))
    by_material = {run.audit_id: run for run in given}  # of the same material the latest
    different = tuple(by_material.values())
    begin, end = _period(different, since, until)
    inside = tuple(run for run in different if _touches(run, begin, end))
    if not inside:
        raise InputError(
            f"no run has traffic between {begin} and {end}",
            place=different[-1].run_id,
            hint="Name other runs, or another period with --since and --until.",
        )
    asked = recipient.casefold()
    of_id: dict[str, list[Finding]] = defaultdict(list)
    for run in inside:
        for finding in run.findings:
            here = system is None or finding.system == system
            if here and asked in finding.recipient.casefold() and _within(finding, begin, end):
                of_id[finding.id].append(finding)
    seen = [_seen(findings, begin, end) for findings in of_id.values()]
    seen.sort(key=lambda each: (-each.bytes, each.finding.id))
    destinations = {each.address: each for run in inside for each in run.destinations}
    return Material(
        runs=inside, repeated=len(given) - len(different),
        outside=len(different) - len(inside), overlap=_overlap(inside),
        seen=tuple(seen), since=begin, until=end, agency=agency, catalogue=catalogue,
        regimes=regimes, inventory=inventory, register=register, ledger=ledger, system=system,
        recipient=recipient, destinations=destinations, names=_names(seen, inventory),
        sought=tuple(sought),
    )  # fmt: skip


def _names(seen: Sequence[Seen], inventory: Inventory | None) -> dict[str, str]:
    """Names of systems by id: the inventory's, else those of the runs."""
    found = {
        one.finding.system: one.finding.system_name
        for one in seen
        if one.finding.system and one.finding.system_name
    }
    return found | ({each.id: each.name for each in inventory.systems} if inventory else {})


def _period(runs: Sequence[Run], since: date | None, until: date | None) -> tuple[date, date]:
    """The days asked for, else those of the inputs, else the day the last run ended."""
    days = [
        day_of(moment)
        for run in runs
        for file in run.inputs
        for moment in (file.first, file.last)
        if moment is not None
    ]
    days = days or [day_of(run.finished) for run in runs[-1:]]
    begin = since or min(days)
    return begin, until or max(*days, begin)


def _touches(run: Run, begin: date, end: date) -> bool:
    """Whether its inputs have traffic of the period; those that do not say when have."""
    days = [day_of(m) for file in run.inputs for m in (file.first, file.last) if m is not None]
    return not days or (min(days) <= end and begin <= max(days))


def _within(finding: Finding, begin: date, end: date) -> bool:
    evidence = finding.evidence
    return day_of(evidence.first) <= end and begin <= day_of(evidence.last)


def _seen(findings: list[Finding], begin: date, end: date) -> Seen:
    evidence = [each.evidence for each in findings]
    first = min(day_of(each.first) for each in evidence)
    last = max(day_of(each.last) for each in evidence)
    return Seen(
        finding=findings[-1],
        runs=len(findings),
        flows=sum(each.flows for each in evidence),
        bytes=sum(each.outbound_bytes for each in evidence),
        most_bytes=max(each.outbound_bytes for each in evidence),
        estimated=sum(each.estimated_bytes for each in evidence),
        unknown=sum(each.unknown_flows for each in evidence),
        counted=_most(each.subjects for each in evidence if each.subjects_basis == "counted"),
        subjects=_most(each.subjects for each in evidence if each.subjects_basis == "estimated"),
        first=first,
        last=last,
        partly=first < begin or end < last,
    )


def _most(values: Iterable[int | None]) -> int | None:
    return max((value for value in values if value is not None), default=None)


def _overlap(runs: Sequence[Run]) -> bool:
    """Whether two runs share an input, or inputs of a common time: either may count twice."""
    contents: set[str] = set()
    times = []
    for run in runs:
        held = {file.content or file.sha256 for file in run.inputs} - {None}
        if contents & held:
            return True
        contents |= {each for each in held if each is not None}
        moments = [m for file in run.inputs for m in (file.first, file.last) if m is not None]
        if moments:
            times.append((min(moments), max(moments)))
    times.sort()
    return any(later[0] <= earlier[1] for earlier, later in itertools.pairwise(times))


def core_or_important(material: Material) -> tuple[list[Seen], list[str]]:
    """Findings about core and important data, and codes that take the personal-data track instead.

    Personal core and important data takes that track from 2026-01-01 on (Decree 356/2025, Article
    42(3)); what was seen before that day stays.
    """
    kept: list[Seen] = []
    other: set[str] = set()
    for seen in material.seen:
        code = seen.finding.category
        if code is None or code not in material.catalogue:
            continue
        known = material.catalogue[code]
        if known.level not in ("core", "important"):
            continue
        if known.personal and seen.first >= PERSONAL_SINCE:
            other.add(known.code)
        else:
            kept.append(seen)
    return kept, sorted(other)
