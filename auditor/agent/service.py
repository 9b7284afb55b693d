"""The agent itself: one turn after another, each from what the store says.

Nothing that matters is only in memory. A request, a failure, the time of the next try: all of it
stands in the store before it is acted on, so that a crash at any moment loses nothing.
"""

from __future__ import annotations

import os
import shutil
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from auditor.agent import commit, orders, silence, trouble, watch
from auditor.agent.child import Child
from auditor.agent.journal import tell
from auditor.agent.notices import drafts
from auditor.agent.running import Running
from auditor.agent.schedule import Schedule
from auditor.model.errors import AuditorError, InputError, StoreError
from auditor.store import files, jobs, open_flows, outbox, subjects
from auditor.store.database import place_of
from auditor.store.directory import inside

if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from datetime import datetime
    from pathlib import Path

    from auditor import pipeline
    from auditor.agent.hold import Hold
    from auditor.agent.settings import Agent, Job
    from auditor.model.problem import Problem
    from auditor.store import Store

TRIES: Final = 5
"""How often the results of a run are tried to be written before the run counts as failed."""
REPEATS: Final = 3
"""How often a run is begun anew because files changed while it read them."""
TOO_OFTEN: Final = 5
"""Interruptions in a row that people are told of."""
THREADS: Final = os.cpu_count() or 1
OPEN_FOR: Final = timedelta(hours=1)
"""Flows that had not ended count once nothing was heard of their captures for so long."""


class Service:
    """The agent's work, for whoever holds the lease."""

    def __init__(
        self, store: Store, settings: Agent, hold: Hold, now: Callable[[], datetime]
    ) -> None:
        """Takes up the work: what an earlier agent left half-done is cleared away.

        Raises:
            StoreError: the store cannot be used.
        """
        self._store = store
        self._settings = settings
        self._hold = hold
        self._now = now
        self._running: Running | None = None
        self.tried: set[str] = set()  # jobs that were begun
        self.exit_code = 0  # of the first one that failed
        self._cleared(now())
        self._schedule = Schedule(store, settings)
        self._planned(settings)

    @property
    def holds(self) -> bool:
        """Whether it holds the store, so that it may work."""
        return not self._hold.lost()

    def close(self) -> None:
        """Ends a run that is under way; its request stands, and it begins anew next time."""
        self._schedule.close()
        running, self._running = self._running, None
        if running is not None:
            if running.child is not None:
                running.child.end()
            try:
                with self._store.writing() as connection:
                    self._hold.check(connection)
                    jobs.interrupted(connection, self._now(), "the agent was asked to end")
                self._put_away(self._now())
            except StoreError as error:  # the next agent will find it, and say so
                tell("interruption-not-written", level="warning", failed=error)

    def changed(self, settings: Agent) -> None:
        """Goes on by other settings; a run that is under way ends by the old ones.

        Raises:
            StoreError: the store cannot be used.
        """
        self._planned(settings)
        self._settings = settings

    def _planned(self, settings: Agent) -> None:
        now = self._now()
        came, went = self._schedule.planned(settings, now)
        trouble.renamed_perhaps(self._store, came, went, settings, now)

    def step(self, only: Collection[str] | None = None) -> bool:
        """One turn: what is due is asked for, a run is begun, watched or committed.

        Args:
            only: names of the jobs that may begin; null = all.

        Returns:
            whether there is more to do at once.

        Raises:
            StoreError: the store cannot be used; the next turn goes on where this one stopped.
        """
        now = self._now()
        if self._hold.lost():
            self._regained(now)
        self._schedule.fired(now)
        if self._running is not None:
            self._watched(self._running, now)
            return True
        silence.listened(self._store, self._settings, now)
        return self._begun(now, only)

    def _regained(self, now: datetime) -> None:
        """Takes the store again after it was out of reach.

        A child ends: another agent may be at work. One that has ended well by itself may still be
        committed, if nobody else held the store meanwhile. The files of one that may not stay
        until ``_cleared`` has asked the database whether its commit came through.
        """
        running = self._running
        if running is not None and running.child is None and self._hold.regained():
            return
        tell("lease-lost", level="error")
        self._running = None
        if running is not None and running.child is not None:
            running.child.end()
        self._hold.taken()
        self._cleared(now)

    def _cleared(self, now: datetime) -> None:
        """Puts away what an earlier agent left; one that never ends a job is told of, once."""
        with self._store.writing() as connection:
            self._hold.check(connection)
            left = jobs.interrupted(connection, now, "the agent ended while it ran")
            for name in sorted(name for name, often in left.items() if often == TOO_OFTEN):
                detail = f"{name}: {TOO_OFTEN} times in a row the agent ended while it ran"
                told = drafts.trouble_drafts(name, "agent", self._settings, now, detail=detail)
                outbox.put(connection, told, now)
        self._put_away(now)
        if left:
            tell("interrupted-runs-found", level="warning", jobs=left)

    def _put_away(self, now: datetime) -> None:
        known = {job.name: job for job in self._settings.jobs}
        for name, run_id in commit.cleared(self._store):
            if name in known:
                self._copied(known[name], run_id, now)

    def _begun(self, now: datetime, only: Collection[str] | None) -> bool:
        """Begins the oldest job that is due."""
        with self._store.reading() as connection:
            standings = jobs.standings(connection)
        known = {job.name: job for job in self._settings.jobs}
        due = [
            each
            for each in standings.values()
            if each.name in known and each.due(now) and (only is None or each.name in only)
        ]
        if not due:
            return False
        standing = min(due, key=lambda each: (each.requested, each.name))
        self._attempted(known[standing.name], standing, now)
        return True

    def _attempted(self, job: Job, standing: jobs.Standing, now: datetime) -> None:
        """Begins a job: looks at its sources, and starts a child if there is something to do."""
        with self._store.writing() as connection:
            self._hold.check(connection)
            number = jobs.begun(connection, standing, now)
            held = frozenset(each.name for each in files.quarantined(connection, job.name))
        self.tried.add(job.name)
        tell("job-begun", job=job.name, attempt=number, asked_by=standing.requested_by)
        folder = commit.work_folder(self._store, job.name)
        done = commit.Done(job, standing, number, folder, (), held, self._hold.check)
        self._running = running = Running(done, None)
        try:
            commit.emptied(folder)
            if job.checklist is not None:
                self._started(running, self._order(job, orders.traffic(job)), now)
            else:
                self._looked(running, now)
        except AuditorError as error:
            self._failed(running, "failed", str(error), error.exit_code)
            self._settled(running, now)

    def _looked(self, running: Running, now: datetime) -> None:
        done, job = running.done, running.done.job
        problems: list[Problem] = []
        scratch = done.folder / orders.INPUTS
        look = watch.look(job, self._store, now, scratch, problems.append, without=running.restless)
        said = trouble.of_sources(problems)
        running.done = done = replace(done, ready=look.ready, said=said)
        tell("looked", job=job.name, attempt=done.number, files=look.counts)
        silence.heard(self._store, done, self._settings, now)
        with self._store.reading() as connection:
            left = open_flows.of_job(connection, job.name)
        waiting = left is not None and (left.last is None or now - left.last > OPEN_FOR)
        if look.ready or waiting:
            order = self._order(job, tuple(each.path for each in look.ready))
            order = replace(
                order,
                open_before=inside(self._store.folder, left.path) if left is not None else None,
                open_after=done.folder / orders.OPEN_FLOWS,
                open_until=now,
            )
            self._started(running, order, now, tuple(problems))
        elif any(each.code.startswith("source") for each in problems):
            self._failed(running, "failed", trouble.listed(problems), InputError.exit_code)
            self._settled(running, now)
        else:
            self._ended_without_news(running, now)

    def _order(self, job: Job, paths: tuple[Path, ...]) -> pipeline.Order:
        return orders.audit_order(job, paths, THREADS, self._settings.cluster)

    def _started(
        self,
        running: Running,
        order: pipeline.Order,
        now: datetime,
        problems: tuple[Problem, ...] = (),
    ) -> None:
        done = running.done
        shown = tuple(
            (str(each.path), each.shown) for each in done.ready if str(each.path) != each.shown
        )
        order = replace(order, cluster=self._settings.cluster)
        work = orders.Work(done.job.name, now, done.job.checklist, order, shown, problems)
        orders.write_work(done.folder, work)
        with self._store.writing() as connection:
            key = subjects.key(connection, now)
        running.child = Child(done.folder, orders.hidden(self._settings), key)
        tell("run-begun", job=done.job.name, attempt=done.number, inputs=len(order.paths))

    def _watched(self, running: Running, now: datetime) -> None:
        """Looks how the child is, and what its end makes necessary."""
        child = running.child
        if child is not None:
            code = child.exit_code()
            limit = running.done.job.limit
            if code is None and child.seconds > limit.total_seconds():
                child.end()
                self._failed(running, "ended", f"it ran longer than its limit of {limit}", 1)
            elif code is None:
                return
            else:
                child.close()
                if code != 0:
                    self._failed(running, "failed", child.why(code), max(code, 1))
                running.unread = code == InputError.exit_code and bool(running.done.ready)
            running.child = None
        self._settled(running, now)

    def _settled(self, running: Running, now: datetime) -> None:
        """The results of a run that ended well are committed, a failure is remembered."""
        if (running.unread or running.failure is None) and self._repeated(running, now):
            return
        if running.unread:
            self._refused(running, now)
        elif running.failure is None:
            self._committed(running, now)
        else:
            self._remembered(running, now)
        self._running = None
        shutil.rmtree(running.done.folder, ignore_errors=True)

    def _repeated(self, running: Running, now: datetime) -> bool:
        """Begins a run anew without the files that changed while it read them, if there are any.

        Each of them waits; so a log that is written all night does not hold up the others.
        """
        done = running.done
        restless = () if running.placed else watch.changed(done.ready)
        if not restless:
            return False
        running.unread = False
        if running.repeats == REPEATS:
            why = f"files change while they are read, such as {restless[0]}"
            self._failed(running, "failed", why, InputError.exit_code)
            return False
        tell("run-repeated", job=done.job.name, attempt=done.number, without=restless)
        running.restless |= frozenset(restless)
        running.repeats += 1
        running.failure, running.exit_code = None, 0
        try:
            commit.emptied(done.folder)
            self._looked(running, now)
        except AuditorError as error:
            self._failed(running, "failed", str(error), error.exit_code)
            self._settled(running, now)
        return True

    def _committed(self, running: Running, now: datetime) -> None:
        done = running.done
        try:
            if not running.placed:
                with self._store.writing() as connection:
                    self._hold.check(connection)  # else another agent's files may lie there
                running.tries = TRIES  # what cannot be moved is not tried again and again
                commit.placed(self._store, done.folder)
                running.placed, running.tries = True, 0
            run_id = commit.committed(self._store, done, self._settings, now)
        except AuditorError as error:
            if isinstance(error, StoreError):
                if error.place != place_of(self._store.engine):  # the database's errors pass
                    running.tries += 1
                if running.tries < TRIES:
                    raise
            self._failed(running, "failed", str(error), error.exit_code)
            self._remembered(running, now)
            return
        tell("run-done", job=done.job.name, attempt=done.number, run_id=run_id)
        if run_id is not None:
            self._copied(done.job, run_id, now)

    def _copied(self, job: Job, run_id: str, now: datetime) -> None:
        try:
            commit.copied(self._store, job, run_id)
        except StoreError as error:
            tell("results-not-copied", level="error", failed=error, job=job.name, run_id=run_id)
            told = drafts.trouble_drafts(
                job.name, "results", self._settings, now, detail=str(error), occasion=run_id
            )
            with self._store.writing() as connection:
                outbox.put(connection, told, now)

    def _failed(self, running: Running, outcome: jobs.Outcome, why: str, code: int) -> None:
        running.outcome, running.failure, running.exit_code = outcome, why, code

    def _remembered(self, running: Running, now: datetime) -> None:
        """A failure, and when it is tried again; people are told once, when it is not."""
        done, why = running.done, running.failure or ""
        failures = done.standing.failures + 1
        again = None
        if failures <= done.job.retries:
            wait = min(done.job.backoff * 2 ** min(failures - 1, 30), jobs.LONGEST_WAIT)
            again = now + wait
        told: list[outbox.Draft] = []
        if failures == done.job.retries + 1:
            code = "job-ended" if running.outcome == "ended" else "job-failed"
            told = drafts.trouble_drafts(
                done.job.name, code, self._settings, now, detail=why, occasion=str(done.number)
            )
        with self._store.writing() as connection:
            self._hold.check(connection)
            if jobs.over(connection, done.number):  # it was committed, and nobody heard so
                return
            jobs.failed(
                connection, done.number, done.standing, now, running.outcome, why, again=again
            )
            outbox.put(connection, told, now)
        commit.withdrawn(self._store, done.folder)
        self.exit_code = self.exit_code or running.exit_code
        name = done.job.name
        tell("job-failed", level="error", job=name, attempt=done.number, why=why, again=again)

    def _refused(self, running: Running, now: datetime) -> None:
        """Files that nobody can read are quarantined: the same ones would fail again."""
        done, why = running.done, running.failure or ""
        with self._store.writing() as connection:
            self._hold.check(connection)
            watch.refused(connection, done.job.name, done.ready, why)
            told = commit.quarantined(connection, done, self._settings, now)
            outbox.put(connection, told, now)
            jobs.done(connection, done.number, done.standing, now, "failed", message=why)
        self.exit_code = self.exit_code or running.exit_code
        tell("nothing-readable", level="error", job=done.job.name, attempt=done.number, why=why)

    def _ended_without_news(self, running: Running, now: datetime) -> None:
        done = running.done
        with self._store.writing() as connection:
            self._hold.check(connection)
            told = commit.troubles(connection, done, self._settings, now)
            outbox.put(connection, told + commit.recovered(done, self._settings, now), now)
            jobs.done(connection, done.number, done.standing, now, "nothing-new", message=done.said)
        self._running = None
        shutil.rmtree(done.folder, ignore_errors=True)
        tell("nothing-new", job=done.job.name, attempt=done.number)
