"""How things stand: what ``auditor agent status``, the health page and the metrics show."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from datetime import datetime
from typing import TYPE_CHECKING, Final, TypeVar

from sqlalchemy import Float, cast, func, select, text

from auditor.model.finding import SEVERITIES, Severity
from auditor.store.files import OPEN
from auditor.store.tables import attempts, files, findings, jobs, notices, runs

if TYPE_CHECKING:
    from collections.abc import Collection

    from sqlalchemy import Connection, Table

Kind = TypeVar("Kind", "Attempt", "LastRun")
Counts = dict[Severity, int]
"""How many of each severity, all of them named, the heaviest first."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One time that a job was begun.

    Attributes:
        finished: null = it is running.
        outcome: ``done``, ``nothing-new``, ``failed``, ``ended``, ``interrupted``; null likewise.
        run_id: of the run that came of it.
    """

    id: int
    scheduled: datetime | None
    started: datetime
    finished: datetime | None
    outcome: str | None
    message: str | None
    run_id: str | None


@dataclass(frozen=True, slots=True)
class LastRun:
    """A job's last run that ended well."""

    run_id: str
    started: datetime
    finished: datetime
    inputs: int
    problems: int
    flows: int
    crossing_flows: int
    outbound_bytes: int
    findings: int
    new: int
    changed: int
    gone: int


@dataclass(frozen=True, slots=True)
class Backlog:
    """Files that wait for a job.

    Attributes:
        size: bytes of all of them; beyond 2⁵³ not to the last byte.
        oldest: when the one was first seen that waits longest; null = none waits.
    """

    files: int = 0
    size: int = 0
    oldest: datetime | None = None


@dataclass(frozen=True, slots=True)
class JobOverview:
    """One job.

    Attributes:
        requested: when it was asked for, without having ended well since; null = it is not due.
        requested_by: ``schedule``, ``person`` or ``start``.
        failures: in a row.
        not_before: when it will be tried again.
        heard: when a new input was last seen.
        last: the newest attempt that is over; null = there was none.
        running: the attempt that is not over; null = none.
        run: its last run that ended well; null = none.
        present: its findings that are not gone.
        backlog: files that wait.
        quarantined: files that could not be read.
    """

    name: str
    paused: bool
    requested: datetime | None
    requested_by: str | None
    failures: int
    not_before: datetime | None
    heard: datetime | None
    last: Attempt | None
    running: Attempt | None
    run: LastRun | None
    present: Counts
    backlog: Backlog
    quarantined: int


@dataclass(frozen=True, slots=True)
class Outbox:
    """The notices of one channel.

    Attributes:
        oldest_waiting: when the oldest of them was written; null = none.
    """

    channel: str
    waiting: int = 0
    oldest_waiting: datetime | None = None
    given_up: int = 0


@dataclass(frozen=True, slots=True)
class Overview:
    """Everything at one moment.

    Attributes:
        at: the moment; ages are counted from it.
        jobs: by name.
        outboxes: of the channels that have notices waiting or given up, by name.
        runs: how many are remembered.
        present: findings of these jobs that are not gone.
        size: bytes of the database, without the files beside it.
    """

    at: datetime
    jobs: tuple[JobOverview, ...]
    outboxes: tuple[Outbox, ...]
    runs: int
    present: Counts
    size: int


def overview(
    connection: Connection, now: datetime, only: Collection[str] | None = None
) -> Overview:
    """How things stand, by eight questions to the database, however many jobs there are.

    Args:
        connection: of ``store.reading()``.
        now: the moment it is asked.
        only: names of the jobs that are meant; null = all that are remembered.
    """
    last = _newest(connection, attempts, Attempt, over=True)
    newest = _newest(connection, attempts, Attempt)
    good = _newest(connection, runs, LastRun)
    present = _present(connection)
    waiting, quarantined = _files(connection)
    found = []
    for row in connection.execute(select(jobs).order_by(jobs.c.name)):
        if only is not None and row.name not in only:
            continue
        attempt = newest.get(row.name)
        found.append(
            JobOverview(
                name=row.name,
                paused=row.paused,
                requested=row.requested,
                requested_by=row.requested_by,
                failures=row.failures,
                not_before=row.not_before,
                heard=row.heard,
                last=last.get(row.name),
                running=attempt if attempt is not None and attempt.finished is None else None,
                run=good.get(row.name),
                present=present.get(row.name, _NOTHING),
                backlog=waiting.get(row.name, Backlog()),
                quarantined=quarantined.get(row.name, 0),
            )
        )
    return Overview(
        at=now,
        jobs=tuple(found),
        outboxes=_outboxes(connection),
        runs=connection.scalar(select(func.count()).select_from(runs)) or 0,
        present={name: sum(each.present[name] for each in found) for name in SEVERITIES},
        size=_size(connection),
    )


_NOTHING: Final[Counts] = dict.fromkeys(SEVERITIES, 0)


def _newest(
    connection: Connection, table: Table, kind: type[Kind], *, over: bool = False
) -> dict[str, Kind]:
    """The row of each job that began last (of those that are over): a step in an index each."""
    other = table.alias()
    key = table.primary_key.columns[0]
    newest = select(other.c[key.name]).where(other.c.job == jobs.c.name)
    if over:
        newest = newest.where(other.c.finished.is_not(None))
    newest = newest.order_by(other.c.started.desc(), other.c[key.name].desc()).limit(1)
    names = [field.name for field in fields(kind)]
    query = select(jobs.c.name.label("of_job"), *(table.c[name] for name in names))
    query = query.select_from(jobs).join(table, key == newest.scalar_subquery())
    return {
        row.of_job: kind(**{name: getattr(row, name) for name in names})
        for row in connection.execute(query)
    }


def _present(connection: Connection) -> dict[str, Counts]:
    query = (
        select(findings.c.job, findings.c.severity, func.count().label("many"))
        .where(findings.c.present)
        .group_by(findings.c.job, findings.c.severity)
    )
    present: dict[str, Counts] = {}
    for job, severity, many in connection.execute(query):
        present.setdefault(job, dict(_NOTHING))[severity] = many
    return present


def _files(connection: Connection) -> tuple[dict[str, Backlog], dict[str, int]]:
    query = (
        select(
            files.c.job,
            files.c.state,
            func.count(),
            # a bucket may claim any sizes, and whole numbers overflow in SQLite
            func.sum(cast(files.c.size, Float)),
            func.min(files.c.first_seen),
        )
        .where(
            files.c.job.in_(select(jobs.c.name)),
            files.c.state.in_((*OPEN, "quarantined")),
            files.c.gone.is_(None),
        )
        .group_by(files.c.job, files.c.state)
    )
    waiting: dict[str, Backlog] = {}
    quarantined: dict[str, int] = {}
    for job, state, many, size, oldest in connection.execute(query):
        if state == "quarantined":
            quarantined[job] = many
            continue
        other = waiting.get(job, Backlog())
        first = oldest if other.oldest is None else min(oldest, other.oldest)
        waiting[job] = Backlog(other.files + many, other.size + int(size), first)
    return waiting, quarantined


def _outboxes(connection: Connection) -> tuple[Outbox, ...]:
    query = (
        select(notices.c.channel, notices.c.state, func.count(), func.min(notices.c.created))
        .where(notices.c.state.in_(("waiting", "refused", "given-up")))
        .group_by(notices.c.channel, notices.c.state)
    )
    found: dict[str, Outbox] = {}
    for channel, state, many, oldest in connection.execute(query):
        before = found.get(channel, Outbox(channel))
        if state == "given-up":
            found[channel] = replace(before, given_up=many)
        else:
            first = min(oldest, before.oldest_waiting or oldest)
            found[channel] = replace(before, waiting=before.waiting + many, oldest_waiting=first)
    return tuple(found[channel] for channel in sorted(found))


def _size(connection: Connection) -> int:
    question = (
        "SELECT pg_database_size(current_database())"
        if connection.dialect.name == "postgresql"
        else "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size"
    )
    return int(connection.scalar(text(question)) or 0)
