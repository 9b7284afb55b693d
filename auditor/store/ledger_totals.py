"""Totals of the ledger by day and route: sums of its flows that count, and how they change."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import func, select

from auditor.model.overlap import exact_sums
from auditor.store.columns import LARGEST, bounded
from auditor.store.many import matching, removed, upserted
from auditor.store.tables import ledger_days, ledger_flows

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from sqlalchemy import Connection

    from auditor.model.overlap import Integers

Rows = NDArray[np.int64]
"""One row per flow: ``KEY`` to ``COUNTED``; -1 = no estimate of records."""

KEY, BEGINS, ENDS, BYTES, ROUTE, RECORDS, RUN, COUNTED = range(8)
DAY: Final = 86_400 * 10**9
EAST: Final = 7 * 3600 * 10**9
"""Nanoseconds by which Vietnam's day begins before that of UTC."""
EPOCH: Final = date(1970, 1, 1)
_LOW: Final = 2**32

Values = tuple[int, int, int, int]
Sums = dict[tuple[int, int], Values]
"""By day (since 1970) and route: flows, bytes, flows with an estimate of records, records."""
_NOTHING: Final[Values] = (0, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class Change:
    """A total that was not the sum of its flows: flows and bytes before and after."""

    day: date
    flows: tuple[int, int]
    bytes: tuple[int, int]


def day_number(day: date) -> int:
    """Days since 1970-01-01."""
    return (day - EPOCH).days


def days_of(moments: Integers) -> Integers:
    """Days since 1970-01-01 in Vietnam, of nanoseconds since then."""
    numbers: Integers = (moments + EAST) // DAY
    return numbers


def sums_of(rows: Rows) -> Sums:
    """The sums of the rows that count."""
    sums: Sums = {}
    add(sums, rows, 1)
    return sums


def add(sums: Sums, rows: Rows, sign: int) -> None:
    """Adds, or takes away, the rows that count."""
    rows = rows[rows[:, COUNTED] == 1]
    if not len(rows):
        return
    days, routes = days_of(rows[:, BEGINS]), rows[:, ROUTE]
    order = np.lexsort((routes, days))
    rows, days, routes = rows[order], days[order], routes[order]
    fresh = np.concatenate(([True], (np.diff(days) != 0) | (np.diff(routes) != 0)))
    starts = np.flatnonzero(fresh)
    flows = np.diff([*starts.tolist(), len(rows)]).tolist()
    known = np.add.reduceat((rows[:, RECORDS] >= 0).astype(np.int64), starts).tolist()
    sizes = exact_sums(rows[:, BYTES], starts)
    records = exact_sums(np.maximum(rows[:, RECORDS], 0), starts)
    places = zip(days[starts].tolist(), routes[starts].tolist(), strict=True)
    for place, *values in zip(places, flows, sizes, known, records, strict=True):
        one, two, three, four = (sign * value for value in values)
        sums[place] = _sum(sums.get(place, _NOTHING), (one, two, three, four))


def differences(
    connection: Connection, sums: Sums | None = None
) -> dict[tuple[int, int], tuple[Values, Values]]:
    """Totals that are not the sums of the flows that count: what they are, what they should be.

    Args:
        connection: of a store.
        sums: of these flows; null = they are asked for.
    """
    goal = _summed(connection) if sums is None else sums
    wanted = {place: _bounded(values) for place, values in goal.items() if values[0]}
    there = _there(connection, None)
    return {
        place: (there.get(place, _NOTHING), wanted.get(place, _NOTHING))
        for place in sorted(there.keys() | wanted.keys())
        if there.get(place) != wanted.get(place)
    }


def changes(
    wrong: Mapping[tuple[int, int], tuple[Values, Values]],
) -> tuple[Change, ...]:
    """What is wrong, by day."""
    days: dict[int, list[int]] = {}
    for (day, _), (before, after) in wrong.items():
        four = days.setdefault(day, [0, 0, 0, 0])
        for place, value in enumerate((before[0], after[0], before[1], after[1])):
            four[place] += value
    return tuple(
        Change(EPOCH + timedelta(days=day), (four[0], four[1]), (four[2], four[3]))
        for day, four in sorted(days.items())
    )


def apply(connection: Connection, deltas: Sums, *, folded: bool = False) -> None:
    """Changes totals by so much: those of flows that stand, or of folded ones.

    Flows that come or go with it have done so already: a total that is as large as the database
    holds may stand for more, and is summed anew from those that stand.
    """
    deltas = {place: values for place, values in deltas.items() if any(values)}
    if not deltas:
        return
    there = _there(connection, sorted({day for day, _ in deltas}), folded=folded)
    before = {place: there[place] for place in deltas if place in there}
    goal = {place: _sum(before.get(place, _NOTHING), values) for place, values in deltas.items()}
    full = {place for place, values in before.items() if LARGEST in values}
    if full and not folded:
        sums = _summed(connection, sorted({day for day, _ in full}))
        goal.update((place, sums.get(place, _NOTHING)) for place in full)
    replaced(connection, before, goal, folded=folded)


def replaced(
    connection: Connection,
    before: Mapping[tuple[int, int], Values],
    goal: Mapping[tuple[int, int], Values],
    *,
    folded: bool = False,
) -> None:
    """Writes totals; of those without flows nothing stays."""
    kept = {place: values for place, values in goal.items() if values[0]}
    gone = [
        {"day": EPOCH + timedelta(days=day), "route": route, "folded": folded}
        for day, route in goal
        if (day, route) in before and (day, route) not in kept
    ]
    rows = [
        (EPOCH + timedelta(days=day), route, folded, *_bounded(values))
        for (day, route), values in kept.items()
    ]
    upserted(connection, ledger_days, [list(column) for column in zip(*rows, strict=True)])
    removed(connection, ledger_days, gone)


def _there(
    connection: Connection, days: Iterable[int] | None, *, folded: bool = False
) -> dict[tuple[int, int], Values]:
    """The totals of flows that still stand, or of folded ones; of these days only."""
    table = ledger_days.c
    query = select(
        table.day, table.route, table.flows, table.bytes, table.estimated, table.records
    ).where(table.folded == folded)
    if days is not None:
        texts = [(EPOCH + timedelta(days=day)).isoformat() for day in days]
        query = query.where(matching(connection, table.day, texts))
    return {
        (day_number(day), route): (flows, size, estimated, records)
        for day, route, flows, size, estimated, records in connection.execute(query)
    }


def _summed(connection: Connection, days: Sequence[int] | None = None) -> Sums:
    """The sums of the flows that count, by the database; of these days only."""
    flows = ledger_flows.c
    day = ((flows.begins + EAST) // DAY).label("day")
    known = func.coalesce(flows.records, 0)
    query = (
        select(
            day,
            flows.route,
            func.count(),
            func.sum(flows.bytes // _LOW),
            func.sum(flows.bytes % _LOW),
            func.count(flows.records),
            func.sum(known // _LOW),
            func.sum(known % _LOW),
        )
        .where(flows.counted)
        .group_by(day, flows.route)
    )
    if days is not None:
        query = query.where(matching(connection, (flows.begins + EAST) // DAY, days))
    return {
        (each, route): (
            count,
            int(high) * _LOW + int(low),
            estimated,
            int(more) * _LOW + int(records),
        )
        for each, route, count, high, low, estimated, more, records in connection.execute(query)
    }


def _sum(one: Values, other: Values) -> Values:
    return one[0] + other[0], one[1] + other[1], one[2] + other[2], one[3] + other[3]


def _bounded(values: Values) -> Values:
    """As a database holds them."""
    flows, size, estimated, records = map(bounded, values)
    return flows, size, estimated, records
