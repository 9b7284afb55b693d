"""Running totals over all runs: every flow counts once, however often runs tell of it.

``ledger_flows`` has each flow as the latest run told it, and whether it counts (the others tell of
the same traffic: ``auditor.model.overlap``). ``ledger_days`` are the sums of those that count. What
is there follows from the set of flows that were ever told, not from the order, the cut or the
repetition of runs.
"""

from __future__ import annotations

import hashlib
import json
from datetime import date
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from sqlalchemy import func, select

from auditor.model.errors import StoreError
from auditor.model.ledger import COUNTED_FROM, Carried, DayTotal, Ledger, Route
from auditor.model.overlap import LATEST, clusters, counted_once
from auditor.model.problem import Problem
from auditor.store import subjects
from auditor.store.columns import storable
from auditor.store.ledger_totals import (
    BEGINS,
    BYTES,
    COUNTED,
    DAY,
    EAST,
    ENDS,
    KEY,
    RECORDS,
    ROUTE,
    RUN,
    Change,
    Sums,
    add,
    apply,
    changes,
    day_number,
    days_of,
    differences,
    replaced,
)
from auditor.store.many import matching, upserted
from auditor.store.tables import flow_files, ledger_closed, ledger_days, ledger_flows, ledger_routes

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from sqlalchemy import Connection, Result

    from auditor.model.ledger import Transfers
    from auditor.model.overlap import Integers
    from auditor.store.ledger_totals import Rows

COLUMNS: Final = tuple(column.name for column in ledger_flows.columns)
MOST_GAP: Final = 7
"""Days without traffic that end a time that was watched: a quiet week is one, a month is not."""
_KEYS_AT_ONCE: Final = 50_000
_ROWS_AT_ONCE: Final = 100_000


def added(connection: Connection, transfers: Transfers, started: datetime) -> tuple[Problem, ...]:
    """Adds what a run saw leave; what is known already changes nothing.

    Args:
        connection: of ``store.writing()``.
        transfers: of the run.
        started: when it began: of runs that place one flow on different routes the latest counts.

    Returns:
        What could not be counted.
    """
    rows = _rows(transfers, started)
    rows, problems = _open(connection, rows)
    if not len(rows):
        return problems
    used, place = np.unique(rows[:, ROUTE], return_inverse=True)
    secret = subjects.key(connection, started)
    routes = _stored(connection, [transfers.routes[number] for number in used.tolist()], secret)
    rows[:, ROUTE] = routes[place]
    rows = rows[np.argsort(rows[:, KEY], kind="stable")]
    deltas: Sums = {}
    for some in _by_keys(rows):
        known = _overlapping(connection, some)
        settled = _settled(np.concatenate((known, some)))
        _write(connection, known, settled)
        add(deltas, settled, 1)
        add(deltas, known, -1)
    apply(connection, deltas)
    return problems


def read(connection: Connection) -> Ledger:
    """Everything that was added up.

    Raises:
        StoreError: a row is damaged.
    """
    routes = dict(_routes(connection))
    days = ledger_days.c
    sums = connection.execute(
        select(days.day, days.route, days.flows, days.bytes, days.estimated, days.records)
    )
    together: dict[tuple[date, int], list[int]] = {}
    for day, number, *values in sums:  # those that are folded, and those that are not
        before = together.get((day, number), [0, 0, 0, 0])
        together[day, number] = [one + other for one, other in zip(before, values, strict=True)]
    first: dict[tuple[str | None, str, str], date] = {}
    began = connection.execute(select(days.route, func.min(days.day)).group_by(days.route))
    for number, day in began:
        route = routes[number]
        for each in route.carried:
            place = route.system, route.recipient, each.category
            first[place] = min(day, first.get(place, day))
    totals = [
        DayTotal(day, routes[number], flows, size, records if estimated else None)
        for (day, number), (flows, size, estimated, records) in together.items()
    ]
    totals.sort(key=_order)
    told = connection.scalars(select(flow_files.c.day).where(flow_files.c.day != "many").distinct())
    watched = _watched_from({each.day for each in totals} | set(map(date.fromisoformat, told)))
    return Ledger(tuple(totals), tuple(subjects.listed(connection)), watched, first)


def _watched_from(days: set[date]) -> date | None:
    """First day of the longest time with traffic on it; null = there is none.

    A clock or a forger may put a flow on any day: a day by itself says nothing of those after it.
    """
    stretches: list[list[date]] = []
    for day in sorted(days):
        if not stretches or (day - stretches[-1][-1]).days > MOST_GAP:
            stretches.append([])
        stretches[-1].append(day)
    longest = max(stretches, key=lambda each: (len(each), each[0]), default=None)
    return None if longest is None else max(longest[0], COUNTED_FROM)


def rebuilt(connection: Connection) -> tuple[Change, ...]:
    """Works out anew which flows count, and the totals of days that are not closed.

    Returns:
        Totals that were something else before, by day; empty = all was as it should be.
    """
    sums: Sums = {}
    for rows in portions(connection):
        settled = _settled(rows)
        _write(connection, rows, settled)
        add(sums, settled, 1)
    wrong = differences(connection, sums)
    before = {place: values for place, (values, _) in wrong.items()}
    goal = {place: values for place, (_, values) in wrong.items()}
    replaced(connection, before, goal)
    return changes(wrong)


def _rows(transfers: Transfers, started: datetime) -> Rows:
    """The flows since ``COUNTED_FROM``, within what can be reckoned with."""
    table = transfers.flows
    rows = np.zeros((table.num_rows, len(COLUMNS)), np.int64)
    for column, name in (
        (KEY, "key"), (BEGINS, "start"), (ENDS, "end"), (BYTES, "bytes"), (ROUTE, "route"),
    ):  # fmt: skip
        rows[:, column] = table[name].to_numpy()
    rows[:, RECORDS] = table["records"].fill_null(-1).to_numpy()
    rows[:, RUN] = round(started.timestamp() * 1e6) * 1000
    rows[:, ENDS] = np.maximum(rows[:, BEGINS], rows[:, ENDS])
    since = day_number(COUNTED_FROM) * DAY - EAST
    fits = (rows[:, BEGINS] >= since) & (rows[:, ENDS] < LATEST)
    fits &= (rows[:, BYTES] > 0) & (rows[:, BYTES] < LATEST) & (rows[:, RECORDS] < LATEST)
    return rows[fits]


def _open(connection: Connection, rows: Rows) -> tuple[Rows, tuple[Problem, ...]]:
    """The rows that touch no closed day, and what is to be told of the others."""
    days = connection.scalars(select(ledger_closed.c.day).order_by(ledger_closed.c.day)).all()
    if not days or not len(rows):
        return rows, ()
    closed = np.array([day_number(day) for day in days], np.int64)
    first = np.searchsorted(closed, days_of(rows[:, BEGINS]), "left")
    beyond = np.searchsorted(closed, days_of(rows[:, ENDS]), "right")
    touching = beyond > first
    count = int(touching.sum())
    if not count:
        return rows, ()
    told = Problem(
        "ledger-closed",
        "ledger",
        f"{count:,} flows are of days whose single flows the store no longer keeps "
        f"({days[0]} to {days[-1]}): nobody can tell whether they counted before, so they are not "
        "added to the running totals.",
        "If they are new, name them beside the totals; `auditor ledger show` has these.",
        count=count,
    )
    return rows[~touching], (told,)


def _by_keys(rows: Rows) -> Iterator[Rows]:
    """Rows, ordered by key, in portions that have all rows of their keys."""
    fresh = np.flatnonzero(np.concatenate(([True], np.diff(rows[:, KEY]) != 0)))
    edges = [*fresh[::_KEYS_AT_ONCE].tolist(), len(rows)]
    for first, last in pairwise(edges):
        yield rows[first:last]


def _settled(rows: Rows) -> Rows:
    """Each flow as the latest run told it, and whether it counts; in the order of the table."""
    # Of runs that began at one moment the larger route: any choice that hangs on no order.
    order = np.lexsort(
        [rows[:, column] for column in (RECORDS, ROUTE, RUN, BYTES, ENDS, BEGINS, KEY)]
    )
    rows = rows[order]
    same = (rows[1:, : BYTES + 1] == rows[:-1, : BYTES + 1]).all(axis=1)
    rows = rows[np.concatenate((~same, [True]))] if len(rows) else rows
    rows[:, COUNTED] = counted_once(
        *(np.ascontiguousarray(rows[:, column]) for column in (KEY, BEGINS, ENDS, BYTES))
    )
    return rows


def _overlapping(connection: Connection, rows: Rows) -> Rows:
    """The rows there are that may tell of the same traffic as some of these: whole clusters.

    Ports come back: of a key with a long past only what lies about these rows is looked at.
    """
    keys = np.unique(rows[:, KEY]).tolist()
    flows = ledger_flows.c
    query = select(*_plain()).where(matching(connection, flows.key, keys))
    first, last = int(rows[:, BEGINS].min()), int(rows[:, ENDS].max()) + 1
    while True:
        found = connection.execute(query.where(flows.begins < last, flows.ends >= first))
        known = _as_rows(found)
        numbers = clusters(*(np.concatenate((known, rows))[:, : ENDS + 1].T))
        known = known[np.isin(numbers[: len(known)], numbers[len(known) :])]
        if not ((known[:, BEGINS] < first) | (known[:, ENDS] >= last)).any():
            return known
        span = last - first  # what reaches out may overlap more: look at three times as much
        first, last = max(first - span, 0), min(last + span, LATEST)


def portions(connection: Connection, after: int = -1) -> Iterator[Rows]:
    """All rows of keys after one, in portions that have all rows of their keys."""
    key = ledger_flows.c.key
    more = select(key).order_by(key).offset(_ROWS_AT_ONCE - 1).limit(1)
    while True:
        last = connection.scalar(more.where(key > after))
        rest = select(*_plain()).where(key > after)
        rows = _as_rows(connection.execute(rest if last is None else rest.where(key <= last)))
        if len(rows):
            yield rows
        if last is None:
            return
        after = last


def _plain() -> list[Any]:
    columns = ledger_flows.c
    return [
        func.coalesce(columns.records, -1) if each.name == "records" else each for each in columns
    ]


def _as_rows(found: Result[Any]) -> Rows:
    # By parts: as numbers of Python they take many times the room.
    parts = [np.array(list(map(tuple, some)), np.int64) for some in found.partitions(_ROWS_AT_ONCE)]
    return np.concatenate(parts) if parts else np.zeros((0, len(COLUMNS)), np.int64)


def _write(connection: Connection, known: Rows, settled: Rows) -> None:
    """Writes the rows that are new or other than they were."""
    both = np.concatenate((known, settled))
    fresh = np.repeat([False, True], [len(known), len(settled)])
    order = np.lexsort([*([fresh]), *(both[:, column] for column in reversed(range(8)))])
    lined = both[order]
    same = (lined[1:] == lined[:-1]).all(axis=1)
    twice = np.concatenate(([False], same)) | np.concatenate((same, [False]))
    rows = lined[fresh[order] & ~twice]
    columns: list[list[int | bool | None]] = [column.tolist() for column in rows.T]
    columns[RECORDS] = [None if each == -1 else each for each in columns[RECORDS]]
    columns[COUNTED] = [bool(each) for each in columns[COUNTED]]
    upserted(connection, ledger_flows, columns)


def _stored(connection: Connection, routes: list[Route], secret: bytes) -> Integers:
    """The numbers of routes, which are there afterwards.

    They are keyed hashes of what the routes are: the same in whatever order routes come, and who
    has not the key cannot make two alike.
    """
    numbers = []
    rows: dict[int, tuple[object, ...]] = {}
    for route in routes:
        owner, recipient = storable(route.owner), storable(route.recipient)
        system = None if route.system is None else storable(route.system)
        country = None if route.country is None else storable(route.country)
        carried = [
            [storable(each.category), None if each.regime is None else storable(each.regime)]
            for each in sorted(route.carried, key=lambda each: (each.category, each.regime or ""))
        ]
        text = json.dumps([owner, system, recipient, country, carried]).encode()
        digest = hashlib.blake2b(text, key=secret, digest_size=8, person=b"ledger-route").digest()
        number = int.from_bytes(digest, "little") >> 1
        numbers.append(number)
        rows[number] = (number, owner, system, recipient, country, carried)
    upserted(
        connection, ledger_routes, [list(column) for column in zip(*rows.values(), strict=True)]
    )
    return np.array(numbers, np.int64)


def _routes(connection: Connection) -> Iterator[tuple[int, Route]]:
    for number, owner, system, recipient, country, carried in connection.execute(
        select(ledger_routes)
    ):
        try:
            codes = tuple(Carried(str(category), regime) for category, regime in carried)
        except (TypeError, ValueError):
            raise StoreError(
                "a route of the ledger is damaged",
                place="ledger_routes",
                hint="Restore the store from a backup; `auditor store check` tells what else.",
            ) from None
        yield number, Route(owner, system, recipient, country, codes)


def _order(total: DayTotal) -> tuple[date, str, str, str, str, int]:
    route = total.route
    place = route.system or "", route.recipient, route.country or ""
    return total.day, route.owner, *place, len(route.carried)
