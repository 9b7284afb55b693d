"""When is a job due? APScheduler's job store and triggers, asked with the clock that comes in.

APScheduler's own thread stays paused: it would read the clock itself, and sleep until a time of
the wall clock, which may jump. ``Schedule.fired`` is called every second or so instead.
"""

from __future__ import annotations

import io
import pickle
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

from apscheduler.jobstores.sqlalchemy import SQLAlchemyJobStore
from apscheduler.schedulers.base import BaseScheduler
from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.interval import IntervalTrigger

from auditor.agent import cron
from auditor.store import jobs
from auditor.store.database import told

if TYPE_CHECKING:
    from apscheduler.job import Job as Planned

    from auditor.agent.settings import Agent, Job
    from auditor.store import Store

REFERENCE: Final = "auditor.agent.schedule:asked"
"""What stands in APScheduler's table as the thing to do."""

LOOK: Final = timedelta(seconds=30)
"""How long a plan is trusted before the table is read again."""

_TICK: Final = timedelta(microseconds=1)
_FIELDS: Final = ("BaseField", "DayOfMonthField", "DayOfWeekField", "MonthField", "WeekField")
_SPANS: Final = ("AllExpression", "RangeExpression", "WeekdayRangeExpression")
_ALLOWED: Final = {
    ("apscheduler.triggers.cron", "CronTrigger"),
    ("apscheduler.triggers.interval", "IntervalTrigger"),
    *(("apscheduler.triggers.cron.fields", name) for name in _FIELDS),
    *(("apscheduler.triggers.cron.expressions", name) for name in _SPANS),
    ("datetime", "datetime"),
    ("datetime", "timedelta"),
    ("datetime", "timezone"),
    ("zoneinfo", "ZoneInfo"),
}


def asked(name: str) -> None:
    """The job store wants the name of a function; it is ``Schedule.fired`` that asks for jobs."""
    raise AssertionError(f"nobody runs {name} from here")


def trigger(job: Job, agent: Agent) -> CronTrigger | IntervalTrigger:
    """When the job is to run, in the agent's zone.

    Intervals are counted from 1970 on: when they fall does not depend on when the agent began.
    """
    if job.schedule.cron is not None:
        return CronTrigger(**cron.fields(job.schedule.cron), timezone=agent.clock)
    seconds = int(job.schedule.every.total_seconds()) if job.schedule.every else 0
    begin = datetime(1970, 1, 1, tzinfo=UTC)
    return IntervalTrigger(seconds=seconds, start_date=begin, timezone=agent.clock)


def next_times(job: Job, agent: Agent, now: datetime, count: int) -> list[datetime]:
    """The next times at which the job is due."""
    when, found = trigger(job, agent), [now]
    for _ in range(count):
        found.append(_after(when, found[-1]))
    return found[1:]


class Schedule:
    """The jobs of ``agent.yaml`` as the store knows when they are next due."""

    def __init__(self, store: Store, agent: Agent) -> None:
        self._store = store
        self._scheduler = _Still(timezone=agent.clock)
        self._scheduler.add_jobstore(_Planned(engine=store.engine))
        self._scheduler.start(paused=True)
        self._read: datetime | None = None
        self._next: datetime | None = None

    def close(self) -> None:
        """Ends APScheduler."""
        self._scheduler.shutdown(wait=False)

    def planned(self, agent: Agent, now: datetime) -> None:
        """Takes over the jobs of ``agent``: new ones come in, others go, changed ones change.

        What was missed under an old schedule is asked for before the new one takes its place. A
        job with an interval that was not there before is asked for at once.

        Raises:
            StoreError: the database does not answer.
        """
        wanted = {job.name: job for job in agent.jobs}
        with self._store.writing() as connection:
            jobs.known(connection, tuple(wanted), now)
        with told(self._store.engine):
            there = {each.id: each for each in self._scheduler.get_jobs()}
            for name in there.keys() - wanted.keys():
                self._scheduler.remove_job(name)
            for name, job in wanted.items():
                when, before = trigger(job, agent), there.get(name)
                if before is not None and _same(before.trigger, when):
                    continue
                missed = before is not None and before.next_run_time <= now
                if missed or (before is None and job.schedule.every is not None):
                    self._ask(name, now, before.next_run_time if missed else None, "start")
                self._scheduler.add_job(
                    REFERENCE,
                    when,
                    args=(name,),
                    id=name,
                    name=name,
                    next_run_time=_after(when, now),
                    coalesce=True,
                    max_instances=1,
                    misfire_grace_time=None,
                    replace_existing=True,
                )
        self._read = None

    def fired(self, now: datetime) -> tuple[str, ...]:
        """Asks for every job whose time has come, however often it came; gives their names.

        A clock that was set back by less than a period waits for itself, so that nothing runs
        twice; if it was set back further, the schedule goes on from where the clock is now.

        Raises:
            StoreError: the database does not answer; the next call makes it up.
        """
        if self._read is not None and self._read <= now < self._read + LOOK:
            if self._next is None or now < self._next:
                return ()
        with self._store.reading() as connection:
            last = jobs.fired(connection)
        due: list[str] = []
        with told(self._store.engine):
            for job in self._scheduler.get_jobs():
                if job.next_run_time <= now:
                    # asked for first: a crash in between asks twice, which is once
                    self._ask(job.name, now, job.next_run_time, "schedule")
                    due.append(job.name)
                elif not _set_back(job.next_run_time, last.get(job.name), now):
                    continue
                self._scheduler.modify_job(job.id, next_run_time=_after(job.trigger, now))
            times = [job.next_run_time for job in self._scheduler.get_jobs()]
        self._read, self._next = now, min(times, default=None)
        return tuple(due)

    def next_due(self) -> dict[str, datetime]:
        """When each job is due next."""
        with told(self._store.engine):
            return {job.id: job.next_run_time for job in self._scheduler.get_jobs()}

    def _ask(self, name: str, now: datetime, scheduled: datetime | None, by: str) -> None:
        with self._store.writing() as connection:
            jobs.requested(connection, name, now, by, scheduled=scheduled)


def _after(when: CronTrigger | IntervalTrigger, now: datetime) -> datetime:
    """The first time after ``now``."""
    found: datetime = when.get_next_fire_time(None, now.astimezone(when.timezone) + _TICK)
    return found


def _set_back(planned: datetime, fired: datetime | None, now: datetime) -> bool:
    """Whether the clock was set back so far that waiting for ``planned`` would lose runs."""
    if fired is None or now >= fired:
        return False
    return fired - now > planned - fired


def _same(one: Any, other: Any) -> bool:  # noqa: ANN401 - APScheduler has no types
    return (str(one), str(one.timezone)) == (str(other), str(other.timezone))


class _Still(BaseScheduler):  # type: ignore[misc] # APScheduler has no types
    """A scheduler without a thread: nothing fires by itself."""

    def wakeup(self) -> None:
        """Nobody sleeps."""

    def shutdown(self, wait: bool = True) -> None:
        """Ends it."""
        super().shutdown(wait)


class _Planned(SQLAlchemyJobStore):  # type: ignore[misc] # APScheduler has no types
    """APScheduler's job store, which takes nothing out of the database but our own jobs.

    Its rows are pickles: whoever may write to the database could run what they like here.
    """

    def shutdown(self) -> None:
        """The engine is the store's, which closes it."""

    def _reconstitute_job(self, job_state: bytes) -> Planned:
        state = _Reader(io.BytesIO(job_state)).load()
        if state["func"] != REFERENCE:
            raise pickle.UnpicklingError("is none of our jobs")
        return super()._reconstitute_job(job_state)


class _Reader(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:  # noqa: ANN401 - as the library has it
        if (module, name) == ("builtins", "getattr"):
            return _zone_reader
        if (module, name) not in _ALLOWED:
            raise pickle.UnpicklingError(f"{module}.{name} does not belong into a schedule")
        return super().find_class(module, name)


def _zone_reader(owner: object, name: str) -> object:
    """``getattr`` as far as zones need it: with all of it, a pickle could reach everything."""
    if owner is not ZoneInfo or name != "_unpickle":
        raise pickle.UnpicklingError(f"{name} does not belong into a schedule")
    return _zone


def _zone(key: str, cached: bool) -> ZoneInfo:
    del cached
    return ZoneInfo(key)
