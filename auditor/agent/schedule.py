"""When is a job due? APScheduler's job store and triggers, asked with the clock that comes in.

APScheduler's own thread stays paused: it would read the clock itself, and sleep until a time of
the wall clock, which may jump. ``Schedule.fired`` is called every second or so instead.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

from apscheduler.job import Job as Planned
from apscheduler.jobstores.sqlalchemy import SQLAlchemyJobStore
from apscheduler.schedulers.base import BaseScheduler
from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.interval import IntervalTrigger

from auditor.agent import cron
from auditor.store import jobs
from auditor.store.database import told

if TYPE_CHECKING:
    from auditor.agent.settings import Agent, Job
    from auditor.store import Store

REFERENCE: Final = "auditor.agent.schedule:asked"
"""What stands in APScheduler's table as the thing to do."""

LOOK: Final = timedelta(seconds=30)
"""How long a plan is trusted before the table is read again."""

HOW: Final = {"coalesce": True, "max_instances": 1, "misfire_grace_time": None}
"""What is missed is made up once, never two at a time, however late."""

HOURS: Final = 24
_TICK: Final = timedelta(microseconds=1)


def asked(name: str) -> None:
    """The job store wants the name of a function; it is ``Schedule.fired`` that asks for jobs."""
    raise AssertionError(f"nobody runs {name} from here")


def trigger(job: Job, agent: Agent) -> CronTrigger | IntervalTrigger:
    """When the job is to run, in the agent's zone.

    Intervals are counted from 1970 on: when they fall does not depend on when the agent began.
    """
    if job.schedule.cron is not None:
        return _cron(cron.fields(job.schedule.cron), agent.clock)
    seconds = int(job.schedule.every.total_seconds()) if job.schedule.every else 0
    return _interval(seconds, agent.clock)


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

    def planned(self, agent: Agent, now: datetime) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Takes over the jobs of ``agent``: new ones come in, others go, changed ones change.

        What was missed under an old schedule is asked for before the new one takes its place. A
        job with an interval that was not there before is asked for at once.

        Gives the names of the jobs that the store did not know, and of those that went.

        Raises:
            StoreError: the database does not answer.
        """
        wanted = {job.name: job for job in agent.jobs}
        with self._store.writing() as connection:
            fresh = jobs.known(connection, tuple(wanted), now)
        with told(self._store.engine):
            there = {each.id: each for each in self._scheduler.get_jobs()}
            gone = tuple(sorted(there.keys() - wanted.keys()))
            for name in gone:
                self._scheduler.remove_job(name)
            for name, job in wanted.items():
                when, before = trigger(job, agent), there.get(name)
                if before is not None and _same(before.trigger, when):
                    continue
                interval = job.schedule.every is not None
                if interval if before is None else before.next_run_time <= now:
                    self._ask(name, now, "start")
                self._scheduler.add_job(
                    REFERENCE,
                    when,
                    args=(name,),
                    id=name,
                    name=name,
                    next_run_time=_after(when, now),
                    replace_existing=True,
                    **HOW,
                )
        self._read = None
        return fresh, gone

    def fired(self, now: datetime) -> tuple[str, ...]:
        """Asks for every job whose time has come, however often it came; gives their names.

        A clock that was set back to before the last time it asked waits for itself if that is
        less than a period, so that nothing runs twice; else the schedule goes on from where the
        clock is now, so that nothing waits for a time that a wrong clock made up.

        Raises:
            StoreError: the database does not answer; the next call makes it up.
        """
        fresh = self._read is not None and self._read <= now < self._read + LOOK
        if fresh and (self._next is None or now < self._next):
            return ()
        with self._store.reading() as connection:
            last = jobs.fired(connection)
        due: list[str] = []
        with told(self._store.engine):
            for job in self._scheduler.get_jobs():
                if job.next_run_time <= now:
                    # asked for first: a crash in between asks twice, which is once
                    self._ask(job.name, now, "schedule")
                    due.append(job.name)
                elif not _set_back(job, last.get(job.name), now):
                    continue
                self._scheduler.modify_job(job.id, next_run_time=_after(job.trigger, now))
            times = [job.next_run_time for job in self._scheduler.get_jobs()]
        self._read, self._next = now, min(times, default=None)
        return tuple(due)

    def _ask(self, name: str, now: datetime, by: str) -> None:
        with self._store.writing() as connection:
            jobs.requested(connection, name, now, by, scheduled=True)


def _after(when: CronTrigger | IntervalTrigger, now: datetime) -> datetime:
    """The first time after ``now``.

    Where summer time ends, an hour comes twice: what names hours runs in the first one only, what
    runs in every hour runs in both. Where it begins, what names the missing hour runs in the next.
    """
    now = now.astimezone(UTC)
    if isinstance(when, IntervalTrigger):
        found: datetime = when.get_next_fire_time(None, now + _TICK)
        return found
    local = now.astimezone(when.timezone)
    written = _written(when)
    hourly = len(written["hour"].split(",")) == HOURS
    zone = timezone(local.utcoffset() or timedelta()) if hourly else when.timezone
    walls = _cron(written, UTC)  # a clock on the wall, of which no hour is left out or comes twice
    wall = local.replace(tzinfo=UTC, fold=0)
    while True:
        wall = walls.get_next_fire_time(None, wall + _TICK)
        found = wall.replace(tzinfo=zone).astimezone(UTC)
        if found > now:
            return found.astimezone(when.timezone)


def _set_back(job: Planned, fired: datetime | None, now: datetime) -> bool:
    """Whether the clock was set back so far that waiting for the planned time would lose runs."""
    if fired is not None and now < fired:
        late: timedelta = job.next_run_time - fired
        return fired - now > late
    return bool(job.next_run_time > _after(job.trigger, now))  # planned by a clock that was ahead


def _same(one: Any, other: Any) -> bool:  # noqa: ANN401 - APScheduler has no types
    return (str(one), str(one.timezone)) == (str(other), str(other.timezone))


class _Still(BaseScheduler):  # type: ignore[misc] # APScheduler has no types
    """A scheduler without a thread: nothing fires by itself."""

    def wakeup(self) -> None:
        """Nobody sleeps."""

    def shutdown(self, wait: bool = True) -> None:  # noqa: FBT001, FBT002 - the library's own
        """Ends it."""
        super().shutdown(wait)


class _Planned(SQLAlchemyJobStore):  # type: ignore[misc] # APScheduler has no types
    """APScheduler's job store, its jobs written as JSON.

    As it comes, it writes pickles: who may write to the database could run what he likes here.
    """

    def shutdown(self) -> None:
        """The engine is the store's, which closes it."""

    def add_job(self, job: Planned) -> None:
        """Writes a job, in place of one that has its name."""
        with self.engine.begin() as connection:
            connection.execute(self.jobs_t.delete().where(self.jobs_t.c.id == job.id))
            connection.execute(self.jobs_t.insert().values(id=job.id, **_row(job)))

    def update_job(self, job: Planned) -> None:
        """Writes a job that is there."""
        this = self.jobs_t.update().where(self.jobs_t.c.id == job.id)
        with self.engine.begin() as connection:
            connection.execute(this.values(**_row(job)))

    def _reconstitute_job(self, job_state: bytes) -> Planned:
        state = json.loads(job_state)
        zone = ZoneInfo(state["zone"])
        name = str(state["id"])
        job = Planned.__new__(Planned)
        job.__setstate__(
            {
                "id": name,
                "name": name,
                "func": REFERENCE,
                "args": (name,),
                "kwargs": {},
                "trigger": _cron(state["cron"], zone)
                if "cron" in state
                else _interval(int(state["every"]), zone),
                "next_run_time": datetime.fromisoformat(state["next"]).astimezone(zone),
                "executor": "default",
                **HOW,
            }
        )
        job._scheduler = self._scheduler
        job._jobstore_alias = self._alias
        return job


def _row(job: Planned) -> dict[str, object]:
    state = {
        "id": job.id,
        "zone": job.trigger.timezone.key,
        "next": job.next_run_time.astimezone(UTC).isoformat(),
    }
    if isinstance(job.trigger, CronTrigger):
        state["cron"] = _written(job.trigger)
    else:
        state["every"] = int(job.trigger.interval.total_seconds())
    return {
        "next_run_time": job.next_run_time.timestamp(),
        "job_state": json.dumps(state).encode(),
    }


def _written(when: CronTrigger) -> dict[str, str]:
    """The fields of a cron trigger that say something."""
    return {each.name: str(each) for each in when.fields if not each.is_default}


def _cron(written: dict[str, str], zone: tzinfo) -> CronTrigger:
    return CronTrigger(**written, timezone=zone)


def _interval(seconds: int, zone: ZoneInfo) -> IntervalTrigger:
    begin = datetime(1970, 1, 1, tzinfo=UTC)
    return IntervalTrigger(seconds=seconds, start_date=begin, timezone=zone)
