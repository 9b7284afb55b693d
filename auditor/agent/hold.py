"""The agent's hold on its store: one agent at a time, kept while it works."""

from __future__ import annotations

import threading
import time
from datetime import timedelta
from typing import TYPE_CHECKING, Final
from uuid import uuid4

from auditor.agent.journal import tell
from auditor.model.errors import StoreError
from auditor.store import leases

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from sqlalchemy import Connection

    from auditor.store import Store

NAME: Final = "agent"
LENGTH: Final = timedelta(seconds=60)
EVERY: Final = 15.0
"""Seconds between two renewals."""
SAFE: Final = 45.0
"""Seconds without a renewal after which nobody may rely on it any more: less than ``LENGTH``."""


class Hold:
    """The lease ``agent``. A thread renews it while work or the network keeps the agent busy."""

    def __init__(self, store: Store, now: Callable[[], datetime]) -> None:
        self._store = store
        self._now = now
        self._holder = uuid4().hex
        self._process = leases.this_process()
        self._renewed = 0.0
        self._gone = True
        self._end = threading.Event()
        self._thread: threading.Thread | None = None

    def taken(self) -> None:
        """Takes the lease.

        Raises:
            StoreError: another agent has it; the message says which.
        """
        began = time.monotonic()
        with self._store.writing() as connection:
            now = self._now()
            got = leases.taken(connection, NAME, self._holder, self._process, now, LENGTH)
            other = None if got else leases.holder_of(connection, NAME)
        if other is not None:
            who = f"process {other.process.get('pid')} on {other.process.get('host')}"
            raise StoreError(
                f"another agent is at work on this store: {who}, since {other.taken:%F %T} UTC",
                place=str(self._store.folder),
                hint="Use `auditor agent trigger` to have it run a job, or end it first.",
            )
        self._renewed, self._gone = began, False
        if self._thread is None:
            self._thread = threading.Thread(target=self._keep, name="lease", daemon=True)
            self._thread.start()

    def lost(self) -> bool:
        """Whether somebody else may have it by now."""
        return self._gone or time.monotonic() - self._renewed > SAFE

    def regained(self) -> bool:
        """Holds on after a time without renewals; false if somebody else had it meanwhile.

        Raises:
            StoreError: the database does not answer.
        """
        began = time.monotonic()
        with self._store.writing() as connection:
            now = self._now()
            if not leases.renewed(connection, NAME, self._holder, now, LENGTH):
                return False
        self._renewed, self._gone = began, False
        return True

    def check(self, connection: Connection) -> None:
        """Holds on within a transaction: either it has the lease, or nothing of it is written.

        Raises:
            StoreError: the lease is lost.
        """
        if not leases.renewed(connection, NAME, self._holder, self._now(), LENGTH):
            self._gone = True
            raise StoreError(
                "another agent has taken over",
                place=str(self._store.folder),
                hint="Look which one runs: `auditor agent status`.",
            )

    def released(self) -> None:
        """Gives it back; without the database it ends by itself."""
        self._end.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None
        try:
            with self._store.writing() as connection:
                leases.released(connection, NAME, self._holder)
        except StoreError as error:
            tell("lease-not-released", level="warning", failed=error)

    def _keep(self) -> None:
        while not self._end.wait(EVERY):
            began = time.monotonic()
            try:
                with self._store.writing() as connection:
                    self.check(connection)
            except StoreError as error:
                tell("lease-not-renewed", level="warning", failed=error)
            else:
                self._renewed = began
