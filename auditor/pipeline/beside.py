"""Work that other processes do beside this one, each a piece of it.

They are started anew, not split off: this process has threads. They end with it, however it ends.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar

from auditor.model.errors import AuditorError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from concurrent.futures import Future
    from types import TracebackType

Task = TypeVar("Task")
Result = TypeVar("Result")

PATIENCE: Final = 5
"""Seconds that a process that is told to end may take."""

_ALONE: Final = 75
"""Exit code of a process that nobody waits for any more."""


@dataclass(frozen=True, slots=True)
class Ended:
    """A process ended without a result; ``how`` says it to people: ``signal 9``."""

    how: str


@dataclass(frozen=True, slots=True)
class _Done:
    """How a process tells that it is through: by its result, or by what stopped it."""

    result: Any = None
    failure: AuditorError | None = None


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
        self._processes: list[subprocess.Popen[bytes]] = []
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

        A mistake of this program ends the other process, and whoever does its task again meets it.

        Raises:
            AuditorError: as the work did.
        """
        return [each.result() for each in self._results]

    def _served(self, task: Task) -> Result | Ended:
        """Starts a process and hears what it says until it is through."""
        # An interrupt from the keyboard reaches all processes of a terminal: this one alone is
        # to act on it. What a thread holds off, the processes it starts do.
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        here, there = multiprocessing.Pipe()
        with here:
            with there:
                process = _started(there.fileno())
            with self._lock:
                self._processes.append(process)
                if self._over:
                    process.terminate()
            try:
                done = self._heard(here, task)
            finally:
                code = _ended(process)
        if done is None:
            return Ended(f"signal {-code}" if code < 0 else f"exit code {code}")
        if done.failure is not None:
            raise done.failure
        result: Result = done.result
        return result

    def _heard(self, connection: Connection, task: Task) -> _Done | None:
        """What a process comes to with a task; null = it ended before it said so."""
        with suppress(EOFError, ConnectionError):
            connection.send((self._work, task))
            while True:
                said = connection.recv()
                if isinstance(said, _Done):
                    return said
                self._advance(said)
        return None


def _started(descriptor: int) -> subprocess.Popen[bytes]:
    """A process of this program that hears of its work through a descriptor."""
    path = os.pathsep.join(filter(None, sys.path))
    text = f"from auditor.pipeline.beside import worked; worked({descriptor})"
    return subprocess.Popen(  # noqa: S603 - this interpreter, a fixed text
        [sys.executable, "-P", "-c", text],
        env={**os.environ, "PYTHONPATH": path},
        pass_fds=(descriptor,),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
    )


def _ended(process: subprocess.Popen[bytes]) -> int:
    """The exit code of a process that is through, or is made to be."""
    try:
        return process.wait(PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
        return process.wait()


def worked(descriptor: int) -> None:
    """What the other process does: the work it is sent, once."""
    # Never closed here: the thread would take that for the parent's end, before a mistake is told.
    connection = Connection(descriptor)
    work, task = connection.recv()
    threading.Thread(target=_end_with_parent, args=(connection,), daemon=True).start()
    done = _done(work, task, connection)
    with suppress(OSError):
        connection.send(done)
    os._exit(0)  # the thread still hears the connection


def _done(work: Any, task: Any, connection: Connection) -> _Done:  # noqa: ANN401 - as sent
    def advance(size: int) -> None:
        try:
            connection.send(size)
        except OSError:
            os._exit(_ALONE)

    try:
        return _Done(work(task, advance))
    except AuditorError as error:
        return _Done(failure=error)


def _end_with_parent(connection: Connection) -> None:
    """Ends this process at once when nobody is left to hear it."""
    with suppress(EOFError, OSError):
        connection.recv()
    os._exit(_ALONE)
