"""Whom the content of runs was about, by keyed hash; the key stays in here."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from sqlalchemy import insert, select

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


def listed(connection: Connection, detector: str | None = None) -> Iterator[StoredCount]:
    """What all runs counted, in the order of runs; with ``detector`` of that one only."""
    columns = [subjects.c[name] for name in StoredCount.__slots__]
    query = select(*columns).order_by(subjects.c.id)
    if detector is not None:
        query = query.where(subjects.c.detector == detector)
    for row in connection.execute(query):
        yield StoredCount(*row)
