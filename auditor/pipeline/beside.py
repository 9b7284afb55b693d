"""Work that other processes do beside this one, each a piece of it.

They are started anew, not split off: this process has threads. They end with it: none outlives
the block that started it, nor, for longer than it takes to tell of progress, a parent that is gone.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import traceback
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar

from auditor.model.errors import AuditorError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from concurrent.futures import Future
    from multiprocessing.connection import Connection
    from types import TracebackType

Task = TypeVar("Task")
Result = TypeVar("Result")

PATIENCE: Final = 5
"""Seconds that a process that is told to end may take."""

_CONTEXT: Final = multiprocessing.get_context("spawn")


@dataclass(frozen=True, slots=True)
class Ended:
    """A process ended without a result; ``how`` says it to people: ``signal 9``."""

    how: str


@dataclass(frozen=True, slots=True)
class _Done:
    """How a process tells that it is through: by its result, or by what stopped it."""

    result: Any = None
    failure: AuditorError | None = None
    crash: str = ""


class Beside(Generic[Task, Result]):
    """Processes that work on tasks while the block runs; leaving it ends those that still do.

    Args:
        work: a function of a module; gets a task, and whom to tell of bytes that are done. It
            runs in the other process, and its task and result go through a pipe.
        tasks: one process for each.
        advance: told here of bytes done there; by other threads.
    """

    def __init__(
        self,
        work: Callable[[Task, Callable[[int], None]], Result],
        tasks: Sequence[Task],
        advance: Callable[[int], None],
    ) -> None:
        self._work = work
        self._advance = advance
        self._over = False
        self._lock = threading.Lock()
        self._processes: list[Any] = []
        self._threads = ThreadPoolExecutor(max(len(tasks), 1))
        self._results: list[Future[Result | Ended]] = [
            self._threads.submit(self._served, task) for task in tasks
        ]

    def __enter__(self) -> Beside[Task, Result]:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with self._lock:
            self._over = True
            for process in self._processes:
                process.terminate()
        self._threads.shutdown(wait=True, cancel_futures=True)

    def results(self) -> list[Result | Ended]:
        """What each task came to, in their order; waits for them.

        Raises:
            AuditorError: as the work did.
            RuntimeError: the work failed by a mistake of this program; has its trace.
        """
        return [each.result() for each in self._results]

    def _served(self, task: Task) -> Result | Ended:
        """Starts a process and hears what it says until it is through."""
        reader, writer = _CONTEXT.Pipe(duplex=False)
        process = _CONTEXT.Process(target=_worked, args=(self._work, task, writer), daemon=True)
        with reader:
            # An interrupt from the keyboard reaches all processes of a terminal: this one alone
            # is to act on it. What a thread holds off, the processes it starts do.
            signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
            with writer:
                process.start()
            with self._lock:
                self._processes.append(process)
                if self._over:
                    process.terminate()
            try:
                done = self._heard(reader)
            finally:
                process.join(PATIENCE)
                if process.exitcode is None:
                    process.kill()
                    process.join()
        if done is None:
            code = process.exitcode or 0
            return Ended(f"signal {-code}" if code < 0 else f"exit code {code}")
        if done.failure is not None:
            raise done.failure
        if done.crash:
            raise RuntimeError(done.crash)
        result: Result = done.result
        return result

    def _heard(self, reader: Connection) -> _Done | None:
        """What a process comes to; null = it ended before it said so."""
        with suppress(EOFError, ConnectionError):
            while True:
                said = reader.recv()
                if isinstance(said, _Done):
                    return said
                self._advance(said)
        return None


def _worked(
    work: Callable[[Task, Callable[[int], None]], Result], task: Task, writer: Connection
) -> None:
    """What the other process does."""

    def advance(size: int) -> None:
        try:
            writer.send(size)
        except OSError:  # nobody hears any more
            os._exit(1)

    done = _Done()
    try:
        done = _Done(work(task, advance))
    except AuditorError as error:
        done = _Done(failure=error)
    except Exception:  # noqa: BLE001 - it is raised again by who waits for the result
        done = _Done(crash=traceback.format_exc())
    with suppress(OSError):
        writer.send(done)
