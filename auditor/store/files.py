"""The files that sources show, and the contents that were taken: each content once per job."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from sqlalchemy import bindparam, delete, func, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from auditor.store.tables import contents, files

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from sqlalchemy import Connection

AT_ONCE: Final = 500
"""Values in one statement: SQLite knew no more than 999 for long."""

FORGET_AFTER: Final = timedelta(days=30)
"""How long a file that is gone stays known by its name."""

HELD_FOR: Final = timedelta(days=400)
"""How much longer it is known of a file that it was not audited, and why: logs of 12 months must be
kept (Decree 333/2026/NĐ-CP Art. 16(6), 20(3))."""

OPEN: Final = ("waiting", "released")
"""States of files that are still to be taken."""

COPY_OF: Final = "same content as "
"""What a file that is known says, before the name under which its content was taken."""

_SETTLED: Final = ("state", "stamp", "size", "reason", "run_id")


class Known(NamedTuple):
    """What is remembered of a file, as far as telling news from old needs it."""

    stamp: str
    state: str
    gone: bool


class Wait(NamedTuple):
    """Since when a file waits, and since when nothing about it changed."""

    first_seen: datetime
    steady_since: datetime


@dataclass(frozen=True, slots=True)
class FileRow:
    """A file as it is to be remembered; the fields are those of the table ``files``."""

    name: str
    stamp: str
    size: int
    state: str
    first_seen: datetime
    steady_since: datetime
    reason: str | None = None
    run_id: str | None = None


@dataclass(frozen=True, slots=True)
class Content:
    """A content that was taken; ``size`` is that of the unpacked content, 0 = not known."""

    sha256: str
    mark: str
    size: int
    name: str


@dataclass(frozen=True, slots=True)
class Held:
    """A file that was not taken: why, and since when it has been there."""

    name: str
    size: int
    reason: str
    since: datetime


@dataclass(frozen=True, slots=True)
class Backlog:
    """Files that wait to be taken: how many, their bytes, since when the oldest waits."""

    files: int
    bytes: int
    oldest: datetime | None


def known(connection: Connection, job: str) -> dict[str, Known]:
    """All files of a job by their name."""
    rows = connection.execute(
        select(files.c.name, files.c.stamp, files.c.state, files.c.gone.is_not(None)).where(
            files.c.job == job
        )
    )
    return {name: Known(stamp, state, gone) for name, stamp, state, gone in rows}


def waits(connection: Connection, job: str) -> dict[str, Wait]:
    """Of each file that is still to be taken, since when it waits."""
    rows = connection.execute(
        select(files.c.name, files.c.first_seen, files.c.steady_since).where(
            files.c.job == job, files.c.state.in_(OPEN)
        )
    )
    return {name: Wait(first, steady) for name, first, steady in rows}


def put(connection: Connection, job: str, rows: Iterable[FileRow]) -> None:
    """Remembers files; what was known of them before is replaced, and they are there."""
    values = [
        {
            "job": job,
            "name": row.name,
            "stamp": row.stamp,
            "size": row.size,
            "state": row.state,
            "reason": row.reason,
            "first_seen": row.first_seen,
            "steady_since": row.steady_since,
            "gone": None,
            "run_id": row.run_id,
        }
        for row in rows
    ]
    if not values:
        return
    statement = _insert(connection)(files)
    new = {name: statement.excluded[name] for name in values[0] if name not in ("job", "name")}
    connection.execute(
        statement.on_conflict_do_update(index_elements=["job", "name"], set_=new), values
    )


def missed(connection: Connection, job: str, names: Collection[str], now: datetime) -> None:
    """Files that are not there any more; they stay known."""
    _marked(connection, job, names, now)


def back(connection: Connection, job: str, names: Collection[str]) -> None:
    """Files that were missed and are there again, unchanged."""
    _marked(connection, job, names, None)


def _marked(
    connection: Connection, job: str, names: Collection[str], gone: datetime | None
) -> None:
    if names:
        statement = (
            update(files)
            .where(files.c.job == job, files.c.name == bindparam("which"))
            .values(gone=bindparam("at", type_=files.c.gone.type))
        )
        connection.execute(statement, [{"which": name, "at": gone} for name in names])


def forgotten(connection: Connection, job: str, before: datetime) -> int:
    """Forgets files that were first missed before that moment; their contents stay known.

    Files in quarantine stay ``HELD_FOR`` longer, with their reasons.
    """
    old = or_(files.c.state != "quarantined", files.c.gone < before - HELD_FOR)
    return connection.execute(
        delete(files).where(files.c.job == job, files.c.gone < before, old)
    ).rowcount


def with_marks(
    connection: Connection, job: str, marks: Iterable[str]
) -> dict[str, tuple[Content, ...]]:
    """Contents that a job has taken, by their marks; of these marks only."""
    wanted = sorted(set(marks))
    found: dict[str, list[Content]] = {}
    for start in range(0, len(wanted), AT_ONCE):
        rows = connection.execute(
            select(contents.c.sha256, contents.c.mark, contents.c.size, contents.c.name).where(
                contents.c.job == job, contents.c.mark.in_(wanted[start : start + AT_ONCE])
            )
        )
        for row in rows:
            found.setdefault(row.mark, []).append(Content(*row))
    return {mark: tuple(each) for mark, each in found.items()}


def taken(
    connection: Connection, job: str, run_id: str, some: Sequence[Content], now: datetime
) -> None:
    """Remembers contents as taken by a run; those that are known already stay as they are."""
    if some:
        connection.execute(
            _insert(connection)(contents).on_conflict_do_nothing(),
            [
                {
                    "job": job,
                    "sha256": each.sha256,
                    "mark": each.mark,
                    "size": each.size,
                    "name": each.name,
                    "run_id": run_id,
                    "seen": now,
                }
                for each in some
            ],
        )


def concluded(connection: Connection, job: str, rows: Iterable[Mapping[str, Any]]) -> None:
    """Sets state, stamp, size, reason and ``run_id`` of files, by their ``name``."""
    values = [
        {"which": row["name"], **{f"new_{key}": row[key] for key in _SETTLED}} for row in rows
    ]
    if values:
        statement = (
            update(files)
            .where(files.c.job == job, files.c.name == bindparam("which"))
            .values({key: bindparam(f"new_{key}") for key in _SETTLED})
        )
        connection.execute(statement, values)


def quarantined(connection: Connection, job: str) -> tuple[Held, ...]:
    """Files that could not be read, with the reason, in the order of their names."""
    rows = connection.execute(
        select(files.c.name, files.c.size, files.c.reason, files.c.first_seen)
        .where(files.c.job == job, files.c.state == "quarantined", files.c.gone.is_(None))
        .order_by(files.c.name)
    )
    return tuple(Held(name, size, reason or "", since) for name, size, reason, since in rows)


def backlog(connection: Connection, job: str) -> Backlog:
    """What was seen and is still to be taken."""
    count, size, oldest = connection.execute(
        select(
            func.count(), func.coalesce(func.sum(files.c.size), 0), func.min(files.c.first_seen)
        ).where(files.c.job == job, files.c.state.in_(OPEN), files.c.gone.is_(None))
    ).one()
    return Backlog(count, int(size), oldest)


def released(connection: Connection, job: str, name: str) -> bool:
    """Lets a quarantined file be tried again at the next look; false if there is none."""
    changed = connection.execute(
        update(files)
        .where(files.c.job == job, files.c.name == name, files.c.state == "quarantined")
        .values(state="released", reason=None)
    )
    return bool(changed.rowcount)


def _insert(connection: Connection) -> Any:  # noqa: ANN401 - either dialect's statement
    return postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
