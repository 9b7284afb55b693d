"""A child process as the agent sees it: begun, watched, ended."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from typing import IO, TYPE_CHECKING, Any, Final

from auditor.agent.orders import TEMPORARY
from auditor.model.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

KEPT: Final = 64 * 1024
"""Bytes of standard error that are kept, the last ones."""
TOLD: Final = 2000
"""Characters of it that become the reason of a failure."""
GRACE: Final = 10.0
"""Seconds between asking a child to end and ending it."""
LINE: Final = 4096
"""Bytes of a line of progress that are read."""


class Child:
    """One run in a process group of its own.

    Attributes:
        progress: the last thing it said about what it does: ``stage``, ``total``, ``done``.
    """

    def __init__(self, folder: Path, without: Iterable[str], key: bytes) -> None:
        """Begins it.

        Args:
            folder: with its order; its results and its temporary files go there.
            without: environment variables it must not see.
            key: of the store's hashes; the child is told through its standard input alone.

        Raises:
            StoreError: no process can be started.
        """
        hidden = set(without)
        environment = {name: text for name, text in os.environ.items() if name not in hidden}
        self.progress: dict[str, Any] = {}
        self._errors = b""
        self._began = time.monotonic()
        try:
            self._process = subprocess.Popen(  # noqa: S603 - this program itself
                [sys.executable, "-P", "-m", "auditor", "agent", "work", str(folder)],
                stdin=subprocess.PIPE,  # stays open: its end is how a child knows it is alone
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                cwd=folder,
                env={**environment, "TMPDIR": str(folder / TEMPORARY)},
                start_new_session=True,
            )
        except OSError as error:
            raise StoreError(
                f"a process cannot be started: {error.strerror}",
                place=sys.executable,
                hint="Look at the memory and the limits of processes; it is tried again.",
            ) from None
        self._tell(key)
        pipes = ((self._listen, self._process.stdout), (self._keep, self._process.stderr))
        self._threads = [
            threading.Thread(target=each, args=(pipe,), daemon=True) for each, pipe in pipes
        ]
        for thread in self._threads:
            thread.start()

    @property
    def seconds(self) -> float:
        """How long it has been running, whatever the clock says."""
        return time.monotonic() - self._began

    def exit_code(self) -> int | None:
        """Its exit code, negative if a signal ended it; null = it runs.

        What it started ends with it: it would keep its pipes open, and nobody would watch it.
        """
        if self._process.returncode is None and self._is_over():
            self._signal(signal.SIGKILL)  # it was not reaped: the number of its group is still its
        return self._process.poll()

    def wait(self, seconds: float) -> None:
        """Waits for its end, but no longer than this."""
        until = time.monotonic() + seconds
        while self.exit_code() is None and time.monotonic() < until:
            time.sleep(0.02)

    def end(self) -> None:
        """Ends it with everything it started: asked first, ended after ``GRACE`` seconds."""
        if self.exit_code() is None:
            self._signal(signal.SIGTERM)
            until = time.monotonic() + GRACE
            while not self._is_over() and time.monotonic() < until:
                time.sleep(0.05)
            self._signal(signal.SIGKILL)  # as above
        self.close()

    def close(self) -> None:
        """Lets its pipes go once it has ended."""
        self._process.wait()
        for thread in self._threads:
            thread.join(GRACE)
        if any(thread.is_alive() for thread in self._threads):
            return  # something that left its group holds them; the agent goes on
        for pipe in (self._process.stdin, self._process.stdout, self._process.stderr):
            if pipe is not None:
                with suppress(OSError):
                    pipe.close()

    def why(self, code: int) -> str:
        """Why it failed, out of its exit code and what it said last."""
        if code == -signal.SIGKILL:
            return "it was ended by signal 9, as when memory runs out"
        if code < 0:
            return f"it was ended by signal {-code}"
        said = self._errors.decode("utf-8", "backslashreplace").strip().removeprefix("auditor: ")
        return said[-TOLD:] or f"it ended with code {code}"

    def _is_over(self) -> bool:
        flags = os.WEXITED | os.WNOWAIT | os.WNOHANG
        return os.waitid(os.P_PID, self._process.pid, flags) is not None

    def _signal(self, number: signal.Signals) -> None:
        with suppress(ProcessLookupError, PermissionError):  # the group is gone already
            os.killpg(self._process.pid, number)

    def _tell(self, key: bytes) -> None:
        stream = self._process.stdin
        assert stream is not None  # noqa: S101 - it was asked for
        with suppress(BrokenPipeError):  # its exit code tells why it ended
            stream.write(key.hex().encode() + b"\n")
            stream.flush()

    def _listen(self, pipe: IO[bytes]) -> None:
        for line in iter(lambda: pipe.readline(LINE), b""):
            with suppress(ValueError, RecursionError):  # a line that was cut
                said = json.loads(line)
                if isinstance(said, dict):
                    self.progress = said if "stage" in said else {**self.progress, **said}

    def _keep(self, pipe: IO[bytes]) -> None:
        for part in iter(lambda: os.read(pipe.fileno(), 8192), b""):
            self._errors = (self._errors + part)[-KEPT:]
