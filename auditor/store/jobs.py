"""Jobs: who asked for them and when, how they went, each time they were begun."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import takewhile
from typing import TYPE_CHECKING, Final, Literal

from sqlalchemy import delete, insert, select, update

from auditor.store.columns import storable
from auditor.store.tables import attempts, jobs, metadata, planned

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import Connection

By = Literal["schedule", "person", "start"]
Outcome = Literal["done", "nothing-new", "failed", "ended", "interrupted"]
"""failed = the audit could not be done; ended = it ran longer than its limit."""

MESSAGE: Final = 4000
"""Characters of a message that are kept."""
MOST_COUNTED: Final = 100
"""Interruptions in a row that are counted."""
LONGEST_WAIT: Final = timedelta(hours=1)
"""Between two tries of a job that fails."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How a job stands.

    Attributes:
        requested: when it was last asked for, and has not ended well since; null = it was not.
        failures: in a row.
        not_before: of the next try after a failure.
        heard: when a new input was last seen; at first: when the job was first known.
        silence_told: when people were told that nothing came; null = something came since.
        fired: when its schedule last asked for it.
    """

    name: str
    paused: bool
    requested: datetime | None
    requested_by: str | None
    failures: int
    not_before: datetime | None
    heard: datetime | None
    silence_told: datetime | None
    fired: datetime | None

    def due(self, now: datetime) -> bool:
        """Whether it is to run now. A wait from before a clock was set back does not count."""
        waits = self.not_before is not None and now < self.not_before <= now + LONGEST_WAIT
        return self.requested is not None and not self.paused and not waits

    def silent(self, longest: timedelta, now: datetime) -> bool:
        """Whether no new input was seen for so long."""
        return self.heard is None or now - self.heard > longest


def known(connection: Connection, names: Iterable[str], now: datetime) -> tuple[str, ...]:
    """Makes the rows of jobs that have none yet; gives their names."""
    there = set(connection.scalars(select(jobs.c.name)))
    fresh = tuple(name for name in names if name not in there)
    for name in fresh:
        connection.execute(insert(jobs).values(name=name, paused=False, failures=0, heard=now))
    return fresh


def renamed(connection: Connection, before: str, now: str) -> bool:
    """Gives a job that has never run all that another one remembers.

    Its request, files, contents, findings, open flows, runs and attempts; false if there is no
    such other job, or the one ran already: what both counted cannot be taken apart.
    """
    there = set(connection.scalars(select(jobs.c.name).where(jobs.c.name.in_((before, now)))))
    ran = connection.scalar(select(attempts.c.id).where(attempts.c.job == now).limit(1))
    if before not in there or ran is not None:
        return False
    connection.execute(delete(jobs).where(jobs.c.name == now))
    connection.execute(update(jobs).where(jobs.c.name == before).values(name=now))
    connection.execute(delete(planned).where(planned.c.id.in_((before, now))))
    for table in metadata.sorted_tables:
        if "job" in table.c:
            connection.execute(update(table).where(table.c.job == before).values(job=now))
    return True


def requested(
    connection: Connection,
    name: str,
    now: datetime,
    by: By | str,
    *,
    scheduled: bool = False,
) -> None:
    """Asks for a job; however often it is asked for before it runs, it runs once.

    What a person asks for does not wait for the next try after a failure.

    Args:
        connection: of one transaction.
        name: of the job, which must be known.
        now: the clock.
        by: who asks.
        scheduled: whether its time has come; else somebody asks.
    """
    values: dict[str, object] = {"requested": now, "requested_by": by}
    if scheduled:
        values["fired"] = now
    if by == "person":
        values["not_before"] = None
    connection.execute(update(jobs).where(jobs.c.name == name).values(**values))


def paused(connection: Connection, names: Iterable[str]) -> None:
    """Lets jobs rest; what is asked for meanwhile is kept."""
    connection.execute(update(jobs).where(jobs.c.name.in_(tuple(names))).values(paused=True))


def resumed(connection: Connection, names: Iterable[str]) -> None:
    """Lets jobs go on."""
    connection.execute(update(jobs).where(jobs.c.name.in_(tuple(names))).values(paused=False))


def standings(connection: Connection) -> dict[str, Standing]:
    """Every job that the store knows, by name."""
    columns = [jobs.c[name] for name in Standing.__dataclass_fields__]
    return {row.name: Standing(*row) for row in connection.execute(select(*columns))}


def fired(connection: Connection) -> dict[str, datetime]:
    """When each schedule last asked for its job."""
    rows = connection.execute(select(jobs.c.name, jobs.c.fired).where(jobs.c.fired.is_not(None)))
    return {row.name: row.fired for row in rows}


def next_times(connection: Connection) -> dict[str, datetime]:
    """When each schedule comes next, as it was last planned."""
    rows = connection.execute(select(planned.c.id, planned.c.next_run_time))
    return {row.id: datetime.fromtimestamp(row.next_run_time, UTC) for row in rows}


def begun(connection: Connection, standing: Standing, now: datetime) -> int:
    """A new attempt; gives its id."""
    row = insert(attempts).values(job=standing.name, scheduled=standing.requested, started=now)
    return int(connection.execute(row.returning(attempts.c.id)).scalar_one())


def over(connection: Connection, attempt: int) -> bool:
    """Whether an attempt has ended: its commit may have come through though nobody heard so."""
    row = select(attempts.c.finished).where(attempts.c.id == attempt)
    return connection.scalar(row) is not None


def heard(connection: Connection, name: str, now: datetime) -> None:
    """A new input was seen."""
    row = update(jobs).where(jobs.c.name == name)
    connection.execute(row.values(heard=now, silence_told=None))


def silence(connection: Connection, name: str, told: datetime) -> None:
    """People were told that nothing came."""
    connection.execute(update(jobs).where(jobs.c.name == name).values(silence_told=told))


def done(
    connection: Connection,
    attempt: int,
    standing: Standing,
    now: datetime,
    outcome: Outcome,
    run_id: str | None = None,
    message: str = "",
) -> None:
    """An attempt is over: the request it answered is gone, but not one that came later."""
    _ended(connection, attempt, now, outcome, message, run_id)
    mine = (jobs.c.name == standing.name) & (jobs.c.requested == standing.requested)
    connection.execute(update(jobs).where(mine).values(requested=None, requested_by=None))
    fine = update(jobs).where(jobs.c.name == standing.name)
    connection.execute(fine.values(failures=0, not_before=None))


def failed(
    connection: Connection,
    attempt: int,
    standing: Standing,
    now: datetime,
    outcome: Outcome,
    message: str,
    *,
    again: datetime | None,
) -> None:
    """An attempt failed; ``again`` = when it is tried again, null = with its next schedule."""
    _ended(connection, attempt, now, outcome, message, None)
    row = update(jobs).where(jobs.c.name == standing.name)
    connection.execute(row.values(failures=jobs.c.failures + 1, not_before=again))
    if again is None:
        mine = (jobs.c.name == standing.name) & (jobs.c.requested == standing.requested)
        connection.execute(update(jobs).where(mine).values(requested=None, requested_by=None))


def interrupted(connection: Connection, now: datetime, message: str) -> dict[str, int]:
    """Attempts that nobody works on any more; their requests stand.

    Gives their jobs, and how often in a row each of these was interrupted by now.
    """
    left = connection.scalars(select(attempts.c.job).where(attempts.c.finished.is_(None)))
    names = set(left)
    open_ones = update(attempts).where(attempts.c.finished.is_(None))
    said = storable(message)
    connection.execute(open_ones.values(finished=now, outcome="interrupted", message=said))
    found = {}
    for name in names:
        last = select(attempts.c.outcome).where(attempts.c.job == name)
        outcomes = connection.scalars(last.order_by(attempts.c.id.desc()).limit(MOST_COUNTED))
        found[name] = sum(1 for _ in takewhile(lambda each: each == "interrupted", outcomes))
    return found


def _ended(
    connection: Connection,
    attempt: int,
    now: datetime,
    outcome: Outcome,
    message: str | None,
    run_id: str | None,
) -> None:
    row = update(attempts).where(attempts.c.id == attempt)
    values = {"finished": now, "outcome": outcome, "message": kept(message), "run_id": run_id}
    connection.execute(row.values(values))


def kept(message: str | None) -> str | None:
    """A message as it is remembered; null = there is none."""
    return storable(message)[:MESSAGE] if message else None


def message_before(connection: Connection, job: str, attempt: int) -> str | None:
    """What the job's attempt before this one ended with; interruptions do not count."""
    query = select(attempts.c.message).where(
        attempts.c.job == job,
        attempts.c.id < attempt,
        attempts.c.outcome.is_not(None),
        attempts.c.outcome != "interrupted",
    )
    return connection.scalar(query.order_by(attempts.c.id.desc()).limit(1))
