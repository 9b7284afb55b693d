"""How far transfers of each owner have come towards the thresholds that count over all of them.

What was counted is never added to what was estimated, nor one detector's subjects to another's:
one person has several numbers, and the number of persons is at least the largest count.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa

from auditor.model.catalogue import Mark
from auditor.model.errors import StoreError
from auditor.model.ledger import DayTotal, Ledger
from auditor.model.overlap import counted_once, exact_sums
from auditor.model.regimes import RunningThreshold
from auditor.model.subjects import Subjects

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from auditor.model.content import Sought
    from auditor.model.inventory import Inventory
    from auditor.model.ledger import DayCount, Transfers
    from auditor.policy.law import Law

_SUBJECT: Final = {"organisations": "organisation", "citizens": "person", "subjects": "person"}
_EAST: Final = 7 * 3600 * 10**9
_DAY_NS: Final = 86_400 * 10**9
_EPOCH: Final = date(1970, 1, 1)
_MOST_OWNERS: Final = 5


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


@dataclass(frozen=True, slots=True)
class Progress:
    """How far transfers have come towards a threshold.

    Attributes:
        owner: whose they are; several owners together, with semicolons.
        reached: when what was counted reached it; null = it did not.
        perhaps: when the estimate did.
    """

    owner: str
    threshold: RunningThreshold
    line: Line
    counted: int
    exact: bool
    estimated: int | None
    reached: date | None
    perhaps: date | None


def progress(
    ledger: Ledger, law: Law, inventory: Inventory | None, sought: Iterable[Sought]
) -> tuple[Progress, ...]:
    """How far it is to each threshold, for each owner; as ``crossed``.

    Raises:
        StoreError: what was counted is damaged.
    """
    found, detectors = [], tuple(sought)
    for books in all_books(ledger):
        for threshold in law.regimes.thresholds:
            line = line_of(threshold, law)
            far = compared(books, threshold, line, detectors, inventory)
            estimated, sure = far.estimated, line.least is not None
            found.append(
                Progress(
                    books.owner,
                    threshold,
                    line,
                    far.counted.total,
                    far.counted.exact,
                    None if estimated is None else estimated.total,
                    far.counted.day if sure else None,
                    estimated.day if sure and estimated is not None else None,
                )
            )
    return tuple(found)


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
    days = (once["start"].to_numpy() + _EAST) // _DAY_NS
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


def all_books(ledger: Ledger) -> list[Books]:
    """The books of each owner; where there are several, also of all of them together.

    An inventory may name departments as owners; whether they are one custodian before the law is
    not for this program to say.
    """
    owners = sorted({each.route.owner for each in ledger.totals})
    books = [Books(ledger, (owner,)) for owner in owners]
    return [*books, Books(ledger, tuple(owners))] if len(owners) > 1 else books


class Books:
    """What the ledger has of some owners."""

    def __init__(self, ledger: Ledger, owners: tuple[str, ...]) -> None:
        self.together = len(owners) > 1
        shown = [owner or "—" for owner in owners[:_MOST_OWNERS]] if self.together else owners
        more = f"; … +{len(owners) - _MOST_OWNERS}" if len(owners) > _MOST_OWNERS else ""
        self.owner = "; ".join(shown) + more
        self.complete_from = ledger.complete_from
        self.totals = [each for each in ledger.totals if each.route.owner in owners]
        known = {(each.route.system, each.route.recipient) for each in self.totals}
        self._counts: dict[str, dict[date, list[DayCount]]] = {}
        for each in ledger.counts:
            left = each.outbound and (each.system, each.recipient) in known
            if left and each.owner in owners:
                days = self._counts.setdefault(each.detector, {})
                days.setdefault(each.day, []).append(each)
        self._sets: dict[tuple[str, date], Subjects] = {}
        self._unions: dict[tuple[str, date, date], Subjects] = {}

    def days(self, detector: str, since: date) -> list[date]:
        """Days on which a detector counted somebody."""
        return sorted(day for day in self._counts.get(detector, {}) if day >= since)

    def subjects(self, detector: str, days: Sequence[date]) -> Subjects:
        """Whom it counted on these days, each once; ``days``: some that follow one another."""
        if not days:
            return Subjects()
        span = detector, days[0], days[-1]
        if span not in self._unions:  # several thresholds ask for the same
            sets = [self._set(detector, day) for day in days]
            while len(sets) > 1:  # by twos: adding days to a large set would sort it each time
                sets = [_union(sets[place : place + 2]) for place in range(0, len(sets), 2)]
            self._unions[span] = sets[0]
        return self._unions[span]

    def counting(self, detectors: set[str], since: date) -> list[DayCount]:
        """The counts behind."""
        return [
            each
            for name in detectors
            for day in self.days(name, since)
            for each in self._counts[name][day]
        ]

    def _set(self, detector: str, day: date) -> Subjects:
        if (detector, day) not in self._sets:
            states = [each.state for each in self._counts[detector][day]]
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
class Reached:
    """A total, and the day on which it reached the line; null = it did not."""

    total: int
    exact: bool
    day: date | None


@dataclass(frozen=True, slots=True)
class Compared:
    """The totals beside one threshold, and what they come of."""

    counted: Reached
    estimated: Reached | None
    totals: list[DayTotal]
    detectors: set[str]

    @property
    def days(self) -> list[date]:
        """When each of them reached the line, if it did."""
        both = (self.counted, self.estimated)
        return [each.day for each in both if each is not None and each.day is not None]


def compared(
    books: Books,
    threshold: RunningThreshold,
    line: Line,
    sought: Sequence[Sought],
    inventory: Inventory | None,
) -> Compared:
    """The totals beside one threshold."""
    labels, since = set(threshold.labels), threshold.since
    detectors = {
        each.detector
        for each in sought
        if each.subject == line.subject and labels.intersection(each.labels)
    }
    least = 1 if line.least is None else max(line.least, 1)
    totals = [
        each
        for each in books.totals
        if each.day >= since and labels.intersection(kind.category for kind in each.route.carried)
    ]
    estimated = _estimated(totals, inventory, least) if line.subject == "person" else None
    return Compared(_counted(books, detectors, since, least), estimated, totals, detectors)


def _counted(books: Books, detectors: set[str], since: date, least: int) -> Reached:
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
    return Reached(most, exact, min(reached, default=None))


def _first(days: list[date], books: Books, detector: str, least: int) -> int:
    """Place of the first day up to which a detector counted so many; the last one has them."""
    low, high = 0, len(days) - 1
    while low < high:
        middle = (low + high) // 2
        if books.subjects(detector, days[: middle + 1]).count >= least:
            high = middle
        else:
            low = middle + 1
    return low


def _estimated(totals: list[DayTotal], inventory: Inventory | None, least: int) -> Reached | None:
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
    return Reached(sum(sums.values()), False, day) if sums else None
