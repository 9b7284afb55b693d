"""The agent without end, and the agent once: turns, deliveries, and what a person asks meanwhile.

Waits are counted by the monotonic clock, a second at most: a wall clock that jumps delays nothing.
"""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING, Final

from auditor.agent import health, notices
from auditor.agent.hold import Hold
from auditor.agent.journal import tell
from auditor.agent.notices import drafts
from auditor.agent.service import TRIES, Service
from auditor.model.errors import AuditorError, PolicyError, StoreError
from auditor.store import jobs, outbox, retention
from auditor.store.overview import Overview, overview

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator
    from datetime import datetime

    from auditor.agent.settings import Agent
    from auditor.store import Store

IDLE: Final = 1.0
BUSY: Final = 0.1
TROUBLED: Final = 5.0
"""Seconds to the next turn: with nothing to do, with a run under way, without a store."""
DELIVERY: Final = 5.0
WORTH_TELLING: Final = 300.0
"""Seconds without a store that people are told of."""
DELAY: Final = 600.0
TIDY: Final = 86_400.0
"""Seconds from the beginning until what is old goes first, and between the times after that."""


@contextmanager
def service(store: Store, settings: Agent, now: Callable[[], datetime]) -> Iterator[Service]:
    """The agent's work on a store, which nobody else may do meanwhile.

    Raises:
        StoreError: another agent is at work, or the store cannot be used.
    """
    hold = Hold(store, now)
    hold.taken()
    try:
        made = Service(store, settings, hold, now)
        try:
            yield made
        finally:
            made.close()
    finally:
        hold.released()


def once(
    store: Store,
    settings: Agent,
    now: Callable[[], datetime],
    names: Collection[str],
    stop: threading.Event,
) -> int:
    """Runs what is due, or the jobs that are named, once each, and delivers what is to be told.

    Gives the exit code of the first job that failed; 0 = none did. ``stop`` ends it early.

    Raises:
        PolicyError: there is no such job.
        StoreError: another agent is at work, or the store cannot be used.
    """
    known(settings, names)
    with service(store, settings, now) as made:
        if names:
            with store.writing() as connection:
                for name in names:
                    jobs.requested(connection, name, now(), "person")
        wanted = set(names) or {job.name for job in settings.jobs}
        while not stop.is_set() and stepped(made, wanted, stop):
            stop.wait(BUSY)
        if made.tried:
            tidied(store, settings, now)
        delivered = notices.deliver(store, settings, now, stop.is_set)
        if delivered.errors:
            tell("notices-not-delivered", level="error", why=delivered.errors)
        return made.exit_code


def stepped(made: Service, wanted: set[str], stop: threading.Event) -> bool:
    """One turn, tried again if the store is away for a moment; gives whether there is more.

    Args:
        made: the agent's work.
        wanted: names of the jobs that may begin, each once.
        stop: set = nobody waits any more.

    Raises:
        StoreError: it stays away.
    """
    for _ in range(TRIES - 1):
        try:
            return made.step(only=wanted - made.tried)
        except StoreError as error:
            tell("store-trouble", level="error", failed=error)
            stop.wait(TROUBLED)
    return made.step(only=wanted - made.tried)


def known(settings: Agent, names: Collection[str]) -> None:
    """Refuses names that no job has.

    Raises:
        PolicyError: there is no such job.
    """
    there = [job.name for job in settings.jobs]
    for name in names:
        if name not in there:
            raise PolicyError(
                "there is no such job", place=name, hint=f"Jobs are: {', '.join(there)}."
            )


def tidied(store: Store, settings: Agent, now: Callable[[], datetime]) -> None:
    """Removes what is older than ``retention`` says; without the database, another time."""
    kept = settings.retention
    try:
        gone = retention.pruned(store, kept.runs, kept.flows, kept.notices, now())
    except StoreError as error:
        tell("not-pruned", level="warning", failed=error)
        return
    if gone.total:
        tell("pruned", **asdict(gone))


class Loop:
    """Turns until ``stop``; settings are read again after ``again``."""

    def __init__(
        self,
        store: Store,
        settings: Agent,
        now: Callable[[], datetime],
        read: Callable[[], Agent],
    ) -> None:
        self.stop = threading.Event()
        self.again = threading.Event()
        self._store = store
        self._settings = settings
        self._now = now
        self._read = read
        self._beat: datetime | None = None
        self._refused = False  # whether the settings had mistakes when they were last read

    def run(self) -> None:
        """The agent's work until ``stop`` is set.

        Raises:
            StoreError: another agent is at work, or the store cannot be used at the beginning.
        """
        with service(self._store, self._settings, self._now) as made:
            tell("agent-begun", jobs=[job.name for job in self._settings.jobs])
            messenger = threading.Thread(target=self._deliver, args=(made,), name="messenger")
            messenger.start()
            server = self._served(made)
            try:
                self._turns(made, messenger)
            finally:
                self.stop.set()
                messenger.join()
                if server is not None:
                    server.close()
            tell("agent-ends")

    def _served(self, made: Service) -> health.Server | None:
        """The page about the agent; it works without one, too."""

        def seen() -> Overview:
            with self._store.reading() as connection:
                names = {job.name for job in self._settings.jobs}
                return overview(connection, self._now(), names)

        if self._settings.health is None:
            return None
        try:
            return health.Server(
                self._settings.health,
                self._store.folder,
                seen,
                lambda: health.Pulse(self._beat, made.holds),
                self._now,
                self._settings.clock,
            )
        except AuditorError as error:
            tell("health-page-refused", level="error", failed=error)
            return None

    def _turns(self, made: Service, messenger: threading.Thread) -> None:
        trouble, since, tidy = "", 0.0, time.monotonic() + DELAY
        while not self.stop.is_set():
            if not messenger.is_alive():  # a mistake of ours: better begun anew than silent
                raise RuntimeError("nobody delivers notices any more")
            try:
                if self.again.is_set():
                    self.again.clear()  # before: a signal that comes meanwhile is not lost
                    self._renewed(made)
                wait = BUSY if made.step() else IDLE
                self._beat = self._now()
                if wait == IDLE and time.monotonic() > tidy:
                    tidied(self._store, self._settings, self._now)
                    tidy = time.monotonic() + TIDY
                if trouble:
                    self._back(trouble, time.monotonic() - since)
                trouble = ""
            except StoreError as error:
                if not trouble:
                    since = time.monotonic()
                if str(error) != trouble:  # it may be away for days
                    tell("store-trouble", level="error", failed=error)
                trouble, wait = str(error), TROUBLED
            self.stop.wait(wait)

    def _back(self, trouble: str, seconds: float) -> None:
        """The store works again; people hear of it only now, where it took long."""
        tell("store-is-back", seconds=int(seconds))
        if seconds < WORTH_TELLING:
            return
        now = self._now()
        detail = f"for {int(seconds // 60)} minutes, until now: {trouble.splitlines()[0]}"
        with self._store.writing() as connection:
            told = drafts.trouble_drafts(None, "store", self._settings, now, detail=detail)
            outbox.put(connection, told, now)

    def _renewed(self, made: Service) -> None:
        try:
            self._reread(made)
        except StoreError:
            self.again.set()  # once the store is back
            raise

    def _reread(self, made: Service) -> None:
        try:
            settings = self._read()
        except PolicyError as error:
            tell("settings-refused", level="error", failed=error)
            now = self._now()
            told = drafts.trouble_drafts(None, "settings", self._settings, now, detail=str(error))
            with self._store.writing() as connection:
                outbox.put(connection, told, now)
            self._refused = True
            return
        made.changed(settings)
        self._settings = settings
        if self._refused:
            now = self._now()
            with self._store.writing() as connection:
                outbox.put(connection, drafts.recovery_drafts(None, "settings", settings, now), now)
            self._refused = False
        tell("settings-read", jobs=[job.name for job in settings.jobs])

    def _deliver(self, made: Service) -> None:
        trouble: tuple[str, ...] = ()
        while not self.stop.wait(DELIVERY):
            if not made.holds:  # another agent may be delivering the same
                continue
            try:
                done = notices.deliver(self._store, self._settings, self._now, self.stop.is_set)
                errors = done.errors
            except StoreError as error:
                errors = (str(error),)
            if errors and errors != trouble:
                tell("notices-not-delivered", level="warning", why=errors)
            trouble = errors
