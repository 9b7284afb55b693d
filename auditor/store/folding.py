"""Days whose flows the ledger no longer needs one by one: closed, and folded into their totals."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

import numpy as np
from sqlalchemy import func, insert, select

from auditor.store.ledger import portions
from auditor.store.ledger_totals import (
    BEGINS,
    BYTES,
    DAY,
    EAST,
    ENDS,
    EPOCH,
    KEY,
    Sums,
    apply,
    day_number,
    days_of,
    sums_of,
)
from auditor.store.many import removed
from auditor.store.tables import ledger_closed, ledger_flows

if TYPE_CHECKING:
    from datetime import date, datetime

    from sqlalchemy import Connection

    from auditor.model.overlap import Bools, Integers
    from auditor.store.database import Store
    from auditor.store.ledger_totals import Rows

_NS: Final = 10**9


def to_close(connection: Connection, before: datetime) -> tuple[date, ...]:
    """Days before a moment whose flows no run since then told of, and that are open."""
    flows = ledger_flows.c
    moment = round(before.timestamp()) * _NS
    first_kept = (moment + EAST) // DAY * DAY - EAST
    day = ((flows.begins + EAST) // DAY).label("day")
    query = (
        select(day)
        .where(flows.begins < first_kept)
        .group_by(day)
        .having(func.max(flows.run) < moment)
        .order_by(day)
    )
    closed = set(connection.scalars(select(ledger_closed.c.day)))
    days = [EPOCH + timedelta(days=number) for number in connection.scalars(query)]
    return tuple(each for each in days if each not in closed)


def many_to_fold(connection: Connection, before: datetime) -> int:
    """How many flows ``folded`` would fold, at most."""
    days = [*to_close(connection, before), *connection.scalars(select(ledger_closed.c.day))]
    numbers = {day_number(day) for day in days}
    day = ((ledger_flows.c.begins + EAST) // DAY).label("day")
    counts = connection.execute(select(day, func.count()).group_by(day))
    return sum(count for number, count in counts if number in numbers)


def folded(store: Store, before: datetime) -> int:
    """Closes days, and folds the flows of closed days into their totals; gives how many went.

    First the days are closed, then flows go in portions: a process that is killed leaves totals
    as they are, and the next one goes on. A connection of which some row touches an open day too
    stays whole: what comes of that day may be the same traffic.

    Raises:
        StoreError: the database does not answer.
    """
    with store.writing() as connection:
        fresh = to_close(connection, before)
        if fresh:
            connection.execute(insert(ledger_closed), [{"day": day} for day in fresh])
        closed = [day_number(day) for day in connection.scalars(select(ledger_closed.c.day))]
    if not closed:
        return 0
    days = np.array(sorted(closed), np.int64)
    count, after = 0, -1
    while True:
        with store.writing() as connection:
            rows = next(portions(connection, after), None)
            if rows is None:
                return count
            after = int(rows[:, KEY].max())
            gone = rows[_foldable(rows, days)]
            count += len(gone)
            _fold(connection, gone)


def _foldable(rows: Rows, closed: Integers) -> Bools:
    """Rows of keys of which no row that touches a closed day touches an open one as well."""
    first, last = days_of(rows[:, BEGINS]), days_of(rows[:, ENDS])
    touched = np.searchsorted(closed, last, "right") - np.searchsorted(closed, first, "left")
    inside = touched == last - first + 1
    both = (touched > 0) & ~inside
    foldable: Bools = inside & ~np.isin(rows[:, KEY], rows[both, KEY])
    return foldable


def _fold(connection: Connection, rows: Rows) -> None:
    keys = rows[:, : BYTES + 1].tolist()
    names = ("key", "begins", "ends", "bytes")
    removed(connection, ledger_flows, [dict(zip(names, key, strict=True)) for key in keys])
    sums: Sums = sums_of(rows)
    apply(connection, {place: _negative(values) for place, values in sums.items()})
    apply(connection, sums, folded=True)


def _negative(values: tuple[int, int, int, int]) -> tuple[int, int, int, int]:
    return -values[0], -values[1], -values[2], -values[3]
