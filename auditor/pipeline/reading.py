"""The inputs, read beside everything else."""

from __future__ import annotations

import threading
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING

from auditor import readers
from auditor.pipeline.orders import wanted

if TYPE_CHECKING:
    from types import TracebackType

    from auditor.model.problem import Problem
    from auditor.model.run import InputFile
    from auditor.pipeline.orders import Order, Progress

Read = tuple[tuple["InputFile", ...], readers.FlowParts, list["Problem"]]


class Reading(readers.Watch):
    """The inputs, read in a thread of their own while the audit makes itself ready.

    Leaving the block without having asked for the result ends the reading.
    """

    def __init__(self, order: Order, progress: Progress) -> None:
        self.progress = progress
        self._wanted = wanted(order)
        self._begun = threading.Event()
        self._over = threading.Event()
        self._thread = ThreadPoolExecutor(1)
        self._read: Future[Read] = self._thread.submit(self._all)

    def __enter__(self) -> Reading:
        self._begun.wait()  # else imports there and here take turns, and packets wait for both
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._over.set()
        self._thread.shutdown(wait=True)

    def result(self) -> Read:
        """The inputs, their flows, and what could not be read.

        Raises:
            InputError: as ``readers.read_inputs``.
        """
        return self._read.result()

    def prepare(self) -> None:
        """See ``Watch.prepare``."""
        self.progress.stage("compile")

    def begin(self, total: int) -> None:
        """See ``Watch.begin``."""
        self.progress.stage("read", total)
        self._begun.set()

    def advance(self, size: int) -> None:
        """See ``Watch.advance``."""
        if self._over.is_set():
            raise _OverError
        self.progress.advance(size)

    def _all(self) -> Read:
        problems: list[Problem] = []
        try:
            inputs, flows = readers.read_inputs(self._wanted, problems.append, self)
        finally:
            self._begun.set()
        return inputs, flows, problems


class _OverError(Exception):
    """Nobody waits for the reading any more."""
