"""Whom the content of runs was about, by keyed hash; the key stays in here."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from sqlalchemy import insert, select

from auditor.model.errors import StoreError
from auditor.model.subjects import Subjects
from auditor.store.columns import storable
from auditor.store.tables import keys, subjects

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from sqlalchemy import Connection

    from auditor.model.content import Counted

KEY: Final = "subjects"
KEY_BYTES: Final = 32


@dataclass(frozen=True, slots=True)
class StoredCount:
    """What one run counted; ``state`` as in ``auditor.model.content.Counted``."""

    run_id: str
    system: str | None
    recipient: str
    detector: str
    outbound: bool | None
    count: int
    exact: bool
    state: bytes = field(repr=False)


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


def added(connection: Connection, run_id: str, counted: Iterable[Counted]) -> None:
    """Remembers what a run counted."""
    rows = [
        {
            "run_id": run_id,
            "system": None if each.system is None else storable(each.system),
            "recipient": storable(each.recipient),
            "detector": each.detector,
            "outbound": each.outbound,
            "count": each.count,
            "exact": each.exact,
            "state": each.state,
        }
        for each in counted
    ]
    if rows:
        connection.execute(insert(subjects), rows)


@dataclass(frozen=True, slots=True)
class Total:
    """How many different values one detector found, over all runs and recipients.

    Attributes:
        outbound: in what left; false = in what came in; null = not known.
        count: an estimate unless ``exact`` (standard error 0.39 %).
        runs: that found any.
    """

    system: str | None
    detector: str
    outbound: bool | None
    count: int
    exact: bool
    recipients: int
    runs: int


def totals(connection: Connection) -> tuple[Total, ...]:
    """Different values by system, detector and direction; one that came again counts once.

    Raises:
        StoreError: a row is damaged.
    """
    sets: dict[tuple[str | None, str, bool | None], Subjects] = {}
    seen: dict[tuple[str | None, str, bool | None], tuple[set[str], set[str]]] = {}
    for row in listed(connection):
        key = row.system, row.detector, row.outbound
        try:
            sets.setdefault(key, Subjects()).update(Subjects.from_bytes(row.state))
        except ValueError as error:
            raise StoreError(
                f"{error} (run {row.run_id})",
                place="subjects",
                hint="Restore the store from a backup; `auditor store check` tells what else.",
            ) from None
        recipients, runs = seen.setdefault(key, (set(), set()))
        recipients.add(row.recipient)
        runs.add(row.run_id)
    found = [
        Total(*key, counted.count, counted.exact, len(seen[key][0]), len(seen[key][1]))
        for key, counted in sets.items()
    ]
    found.sort(key=lambda each: (each.outbound is False, -each.count, str(each.system)))
    return tuple(found)


def listed(connection: Connection, detector: str | None = None) -> Iterator[StoredCount]:
    """What all runs counted, in the order of runs; with ``detector`` of that one only."""
    columns = [subjects.c[name] for name in StoredCount.__slots__]
    query = select(*columns).order_by(subjects.c.id)
    if detector is not None:
        query = query.where(subjects.c.detector == detector)
    for row in connection.execute(query):
        yield StoredCount(*row)
