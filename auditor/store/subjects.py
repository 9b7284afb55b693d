"""Whom the content of each day was about, by keyed hash; the key stays in here."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Final

from sqlalchemy import delete, insert, select, update

from auditor.model.errors import StoreError
from auditor.model.ledger import DayCount
from auditor.model.subjects import Subjects
from auditor.store.columns import storable
from auditor.store.tables import keys, subjects

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from sqlalchemy import Connection

KEY: Final = "subjects"
KEY_BYTES: Final = 32
_KEY: Final = ("day", "owner", "system", "recipient", "detector", "outbound")
_DAYS_AT_ONCE: Final = 500
_Key = tuple[date, str, str | None, str, str, bool | None]


def key(connection: Connection, now: datetime) -> bytes:
    """The key of this store's hashes; made at the first call.

    Who has it and the hashes can try all numbers there are: it is as secret as the store itself.
    """
    known: bytes | None = connection.scalar(select(keys.c.key).where(keys.c.name == KEY))
    if known is not None:
        return known
    made = secrets.token_bytes(KEY_BYTES)
    connection.execute(insert(keys).values(name=KEY, key=made, made=now))
    return made


def added(connection: Connection, counted: Iterable[DayCount]) -> None:
    """Remembers what a run counted; what is known already changes nothing.

    Raises:
        StoreError: a row of the same day is damaged, or what is added is.
    """
    fresh: dict[_Key, Subjects] = {}
    for each in counted:
        place: _Key = (
            each.day,
            storable(each.owner),
            None if each.system is None else storable(each.system),
            storable(each.recipient),
            storable(each.detector),
            each.outbound,
        )
        fresh.setdefault(place, Subjects()).update(_set(each.state))
    known: dict[_Key, list[tuple[int, bytes]]] = {}
    columns = [subjects.c[name] for name in _KEY]
    days = sorted({place[0] for place in fresh})
    for begin in range(0, len(days), _DAYS_AT_ONCE):
        some = subjects.c.day.in_(days[begin : begin + _DAYS_AT_ONCE])
        for *place_of, number, state in connection.execute(
            select(*columns, subjects.c.id, subjects.c.state).where(some)
        ):
            known.setdefault(tuple(place_of), []).append((number, state))
    rows = []
    for place, found in fresh.items():
        there = known.get(place, [])
        for _, state in there:
            found.update(_set(state))
        state = found.to_bytes()
        if not there:
            rows.append({**dict(zip(_KEY, place, strict=True)), "state": state})
        elif len(there) > 1 or there[0][1] != state:
            first, *others = (number for number, _ in there)
            connection.execute(update(subjects).where(subjects.c.id == first).values(state=state))
            connection.execute(delete(subjects).where(subjects.c.id.in_(others)))
    if rows:
        connection.execute(insert(subjects), rows)


@dataclass(frozen=True, slots=True)
class Total:
    """How many different values one detector found, over all days and recipients.

    Attributes:
        outbound: in what left; false = in what came in; null = not known.
        count: an estimate unless ``exact`` (standard error 0.39 %).
        days: on which any were found.
    """

    system: str | None
    detector: str
    outbound: bool | None
    count: int
    exact: bool
    recipients: int
    days: int


def totals(connection: Connection) -> tuple[Total, ...]:
    """Different values by system, detector and direction; one that came again counts once.

    Raises:
        StoreError: a row is damaged.
    """
    sets: dict[tuple[str | None, str, bool | None], Subjects] = {}
    seen: dict[tuple[str | None, str, bool | None], tuple[set[str], set[date]]] = {}
    for row in listed(connection):
        place = row.system, row.detector, row.outbound
        sets.setdefault(place, Subjects()).update(_set(row.state))
        recipients, days = seen.setdefault(place, (set(), set()))
        recipients.add(row.recipient)
        days.add(row.day)
    found = [
        Total(*place, counted.count, counted.exact, len(seen[place][0]), len(seen[place][1]))
        for place, counted in sets.items()
    ]
    found.sort(key=lambda each: (each.outbound is False, -each.count, str(each.system)))
    return tuple(found)


def listed(connection: Connection, detector: str | None = None) -> Iterator[DayCount]:
    """What was counted, by day; with ``detector`` by that one only.

    Several may be of one day, system, recipient, detector and direction: they add up.
    """
    columns = [subjects.c[name] for name in _KEY]
    query = select(*columns, subjects.c.state).order_by(subjects.c.day, subjects.c.id)
    if detector is not None:
        query = query.where(subjects.c.detector == detector)
    for row in connection.execute(query):
        yield DayCount(**row._mapping)


def _set(state: bytes) -> Subjects:
    try:
        return Subjects.from_bytes(state)
    except ValueError as error:
        raise StoreError(
            str(error),
            place="subjects",
            hint="Restore the store from a backup; `auditor store check` tells what else.",
        ) from None
