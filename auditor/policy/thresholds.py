"""Thresholds that all transfers since a day have crossed together (Decree 165 Article 12(10)).

What was counted is never added to what was estimated, nor one detector's subjects to another's:
one person has several numbers, and the number of persons is at least the largest count.
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa

from auditor.model.catalogue import Mark
from auditor.model.errors import StoreError
from auditor.model.finding import Counted, Evidence, Finding, LegalBasis, Running
from auditor.model.ledger import DayTotal, Ledger
from auditor.model.overlap import counted_once, exact_sums
from auditor.model.subjects import Subjects
from auditor.policy import threshold_words as words
from auditor.policy.findings import in_order
from auditor.policy.rules import text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from auditor.model.content import Sought
    from auditor.model.finding import State
    from auditor.model.inventory import Inventory
    from auditor.model.ledger import DayCount, Transfers
    from auditor.model.regimes import RunningThreshold
    from auditor.policy.law import Law

MOST_SHOWN: Final = 10
_SURE: Final = ("C", "S")
"""Marks with which a number is enough for a finding that is more than undecided."""
_SUBJECT: Final = {"organisations": "organisation", "citizens": "person", "subjects": "person"}
_VIETNAM: Final = timedelta(hours=7)
_DAY_NS: Final = 86_400 * 10**9
_EPOCH: Final = date(1970, 1, 1)


@dataclass(frozen=True, slots=True)
class Line:
    """Where a threshold lies.

    Attributes:
        least: crossed from so many subjects on; null = the number could not be confirmed.
        below: from so many on another threshold speaks in its place; null = none does.
        subject: whose number it is: persons or organisations.
    """

    least: int | None
    below: int | None
    subject: str
    mark: Mark


def crossed(
    ledger: Ledger,
    law: Law,
    inventory: Inventory | None,
    sought: Iterable[Sought],
    *,
    alone: bool = False,
) -> tuple[Finding, ...]:
    """A finding for each owner and threshold that is crossed, or may be, the heaviest first.

    Open where subjects that were counted cross it; undecided where only an estimate does, or the
    number of the threshold is not confirmed. The counted are those that left for a recipient
    abroad, or a foreign one, that the ledger knows.

    Args:
        ledger: what was added up.
        law: the thresholds and the categories.
        inventory: names of systems, and how many subjects they hold.
        sought: what detectors look for: their labels, and whom they count.
        alone: the ledger is one run's own; the findings say so.

    Raises:
        StoreError: what was counted is damaged.
    """
    found = []
    detectors = tuple(sought)
    for owner in sorted({each.route.owner for each in ledger.totals}):
        books = _Books(ledger, owner)
        for threshold in law.regimes.thresholds:
            line = line_of(threshold, law)
            running = _running(books, threshold, line, detectors, inventory, alone=alone)
            if running is not None:
                found.append(_finding(threshold, law, line, running, books, inventory))
    return in_order(found)


def with_crossed(
    findings: Iterable[Finding], crossed: Iterable[Finding], law: Law
) -> tuple[Finding, ...]:
    """Findings with these about thresholds in place of any others, the heaviest first."""
    rules = {threshold.id for threshold in law.regimes.thresholds}
    kept = [each for each in findings if each.rule not in rules]
    return in_order([*kept, *crossed])


def line_of(threshold: RunningThreshold, law: Law) -> Line:
    """Where a threshold lies, by the category list or by its own number."""
    if threshold.category is not None:
        category = law.catalogue.by_code.get(threshold.category)
        named = category.threshold if category is not None else None
        if named is None:
            return Line(None, None, "person", "M")
        return Line(named.at_least, named.below, _SUBJECT[named.counts], named.mark)
    least = None if threshold.above is None else threshold.above + 1
    return Line(least, None, "person", threshold.legal[0].mark)


def own_ledger(transfers: Transfers, counted: Sequence[DayCount]) -> Ledger:
    """What one run adds up to by itself, by the same rules as the store's ledger."""
    table = transfers.flows
    if not table.num_rows:
        return Ledger(counts=tuple(counted))
    key, start, end, size = (table[name].to_numpy() for name in ("key", "start", "end", "bytes"))
    once = table.filter(pa.array(counted_once(key, start, end, size)))
    days = (once["start"].to_numpy() + _VIETNAM // timedelta(microseconds=1) * 1000) // _DAY_NS
    routes = once["route"].to_numpy()
    order = np.lexsort((routes, days))
    days, routes, once = days[order], routes[order], once.take(pa.array(order))
    changes = (np.diff(days) != 0) | (np.diff(routes) != 0)
    starts = np.flatnonzero(np.concatenate(([True], changes)))
    records = once["records"]
    totals = [
        DayTotal(_EPOCH + timedelta(days=day), transfers.routes[route], flows, size, told)
        for day, route, flows, size, told in zip(
            days[starts].tolist(),
            routes[starts].tolist(),
            np.diff([*starts.tolist(), len(order)]).tolist(),
            exact_sums(once["bytes"].to_numpy(), starts),
            [
                total if known else None
                for total, known in zip(
                    exact_sums(records.fill_null(0).to_numpy(), starts),
                    np.logical_or.reduceat(records.is_valid().to_numpy(), starts).tolist(),
                    strict=True,
                )
            ],
            strict=True,
        )
    ]
    first: dict[tuple[str | None, str, str], date] = {}
    for total in totals:
        for each in total.route.carried:
            place = total.route.system, total.route.recipient, each.category
            first.setdefault(place, total.day)
    return Ledger(tuple(totals), tuple(counted), totals[0].day, first)


class _Books:
    """What the ledger has of one owner."""

    def __init__(self, ledger: Ledger, owner: str) -> None:
        self.owner = owner
        self.complete_from = ledger.complete_from
        self.totals = [each for each in ledger.totals if each.route.owner == owner]
        known = {(each.route.system, each.route.recipient) for each in self.totals}
        self._counts: dict[str, list[DayCount]] = defaultdict(list)
        for each in ledger.counts:
            left = each.outbound and (each.system, each.recipient) in known
            if left and each.owner == owner:
                self._counts[each.detector].append(each)
        self._sets: dict[tuple[str, date], Subjects] = {}

    def days(self, detector: str, since: date) -> list[date]:
        """Days on which a detector counted somebody."""
        return sorted({each.day for each in self._counts.get(detector, ()) if each.day >= since})

    def subjects(self, detector: str, days: Sequence[date]) -> Subjects:
        """Whom it counted on these days, each once."""
        sets = [self._set(detector, day) for day in days]
        while len(sets) > 1:  # by twos: adding days to a large set would sort it each time
            sets = [_union(sets[place : place + 2]) for place in range(0, len(sets), 2)]
        return sets[0] if sets else Subjects()

    def counting(self, detectors: set[str], since: date) -> list[DayCount]:
        """The counts behind."""
        return [
            each for name in detectors for each in self._counts.get(name, ()) if each.day >= since
        ]

    def _set(self, detector: str, day: date) -> Subjects:
        if (detector, day) not in self._sets:
            states = [each.state for each in self._counts[detector] if each.day == day]
            try:
                self._sets[detector, day] = _union([Subjects.from_bytes(each) for each in states])
            except ValueError as error:
                raise StoreError(
                    str(error),
                    place="subjects",
                    hint="Restore the store from a backup; `auditor store check` tells what else.",
                ) from None
        return self._sets[detector, day]


def _union(sets: Sequence[Subjects]) -> Subjects:
    union = Subjects()
    for each in sets:
        union.update(each)
    return union


@dataclass(frozen=True, slots=True)
class _Reached:
    """A total, and the day on which it reached the line; null = it did not."""

    total: int
    exact: bool
    day: date | None


def _running(
    books: _Books,
    threshold: RunningThreshold,
    line: Line,
    sought: Sequence[Sought],
    inventory: Inventory | None,
    *,
    alone: bool,
) -> Running | None:
    """The total beside the threshold, where it is crossed or may be."""
    labels, since = set(threshold.labels), threshold.since
    detectors = {
        each.detector
        for each in sought
        if each.subject == line.subject and labels.intersection(each.labels)
    }
    least = 1 if line.least is None else max(line.least, 1)
    counted = _counted(books, detectors, since, least)
    totals = [
        each
        for each in books.totals
        if each.day >= since and labels.intersection(kind.category for kind in each.route.carried)
    ]
    estimated = _estimated(totals, inventory, least) if line.subject == "person" else None
    days = [each.day for each in (counted, estimated) if each is not None and each.day is not None]
    if not days or (line.below is not None and counted.total >= line.below):
        return None
    behind = {(each.system, each.recipient) for each in books.counting(detectors, since)} | {
        (each.route.system, each.route.recipient) for each in totals
    }
    shown = [
        each
        for each in books.totals
        if each.day >= since and (each.route.system, each.route.recipient) in behind
    ]
    return Running(
        owner=books.owner,
        since=since,
        crossed=counted.day or min(days),
        threshold=line.least,
        mark=line.mark,
        counted=counted.total,
        exact=counted.exact,
        estimated=None if estimated is None else estimated.total,
        systems=_heaviest(shown, lambda each: each.route.system),
        recipients=_heaviest(shown, lambda each: each.route.recipient),
        alone=alone,
        complete_from=books.complete_from,
    )


def _counted(books: _Books, detectors: set[str], since: date, least: int) -> _Reached:
    """The largest number that one detector counted, and when the first of them reached it."""
    most, exact = 0, True
    reached: list[date] = []
    for detector in sorted(detectors):
        days = books.days(detector, since)
        everybody = books.subjects(detector, days)
        if everybody.count > most:
            most, exact = everybody.count, everybody.exact
        if everybody.count >= least:
            reached.append(days[_first(days, books, detector, least)])
    return _Reached(most, exact, min(reached, default=None))


def _first(days: list[date], books: _Books, detector: str, least: int) -> int:
    """Place of the first day up to which a detector counted so many; the last one has them."""
    low, high = 0, len(days) - 1
    while low < high:
        middle = (low + high) // 2
        if books.subjects(detector, days[: middle + 1]).count >= least:
            high = middle
        else:
            low = middle + 1
    return low


def _estimated(totals: list[DayTotal], inventory: Inventory | None, least: int) -> _Reached | None:
    """Records that left, of no system more than it has subjects; totals by day."""
    most = {each.id: each.subjects for each in inventory.systems} if inventory else {}
    sums: dict[str | None, int] = {}
    day = None
    for each in sorted(totals, key=lambda each: each.day):
        if each.records is None:
            continue
        system = each.route.system
        total = sums.get(system, 0) + each.records
        limit = most.get(system) if system else None
        sums[system] = total if limit is None else min(total, limit)
        if day is None and sum(sums.values()) >= least:
            day = each.day
    return _Reached(sum(sums.values()), False, day) if sums else None


def _heaviest(
    totals: list[DayTotal], name: Callable[[DayTotal], str | None]
) -> tuple[Counted, ...]:
    sums: dict[str, tuple[int, int]] = {}
    for each in totals:
        flows, size = sums.get(name(each) or "", (0, 0))
        sums[name(each) or ""] = (flows + each.flows, size + each.bytes)
    found = [Counted(one, *values) for one, values in sums.items() if one]
    found.sort(key=lambda each: (-each.outbound_bytes, each.name))
    return tuple(found[:MOST_SHOWN])


def _finding(
    threshold: RunningThreshold,
    law: Law,
    line: Line,
    running: Running,
    books: _Books,
    inventory: Inventory | None,
) -> Finding:
    least = line.least
    sure = least is not None and line.mark in _SURE and running.counted >= least
    state: State = "open" if sure else "undecided"
    category = law.catalogue.by_code.get(threshold.category) if threshold.category else None
    names = {each.id: each.name for each in inventory.systems} if inventory else {}
    evidence = _evidence(running, books, threshold)
    return Finding(
        id=_id(threshold, running.owner),
        rule=threshold.id,
        title=text(threshold.title),
        severity=threshold.severity,
        state=state,
        system=None,
        system_name=None,
        recipient="*",
        category=threshold.category,
        category_title=text(category.title) if category else None,
        category_verified=category.verified if category else None,
        countries=tuple(each.name for each in evidence.countries),
        certainty="likely" if sure else "weak",
        known_by=words.known_by(running, names),
        not_known=words.not_known(running, line.subject),
        legal=tuple(
            LegalBasis(basis.instrument, basis.article, text(basis.says), basis.mark, basis.url)
            for basis in threshold.legal
        ),
        next_step=text(threshold.next_step),
        evidence=evidence,
    )


def _evidence(running: Running, books: _Books, threshold: RunningThreshold) -> Evidence:
    """The sums behind; no flow is named, for those of earlier runs are not at hand."""
    recipients = {each.name for each in running.recipients}
    shown = [
        each
        for each in books.totals
        if each.day >= running.since and each.route.recipient in recipients
    ]
    last = max(each.day for each in shown)
    estimate = running.estimated if not running.counted else None
    return Evidence(
        flows=sum(each.flows for each in shown),
        packets=None,
        outbound_bytes=sum(each.bytes for each in shown),
        inbound_bytes=0,
        first=_midnight(min(each.day for each in shown)),
        last=_midnight(last + timedelta(days=1)) - timedelta(seconds=1),
        home=(),
        peers=(),
        hosts=(),
        countries=_heaviest(shown, lambda each: each.route.country),
        apps=(),
        clear_text_flows=0,
        encrypted_flows=0,
        subjects=running.counted or estimate,
        subjects_basis="counted" if running.counted else "estimated" if estimate else None,
        flow_ids=(),
        flow_ids_cut=0,
        lines=(),
        running=running,
    )


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC) - _VIETNAM


def _id(threshold: RunningThreshold, owner: str) -> str:
    """Hash of what it is about, as of other findings; and of the owner, for each has its own."""
    parts = [threshold.id, None, "*", threshold.category, owner]
    content = json.dumps(parts, ensure_ascii=False).encode("utf-8", "surrogatepass")
    return hashlib.sha256(content).hexdigest()[:16]
