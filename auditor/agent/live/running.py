"""One capture from begin to end: the tool watched, started again, its files taken over."""

from __future__ import annotations

import fcntl
import os
import select
import signal
import subprocess
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from auditor.agent.journal import tell
from auditor.agent.live import ring
from auditor.agent.live.figures import Figures, lost_by_interface, told
from auditor.agent.live.state import State, written
from auditor.agent.live.tools import checked, command, complaint, surroundings, tool_for
from auditor.model.errors import InputError, StoreError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime
    from threading import Event

    from auditor.agent.live.tools import Kind, Tool
    from auditor.agent.settings import Capture

BEAT: Final = 5.0
"""Seconds between two looks at the folder, and two states written."""

RENEW: Final = 24 * 3600.0
"""Seconds after which dumpcap is ended and begun anew: only at its end it tells what it lost."""

WELL: Final = 60.0
"""Seconds that a tool must have run for its next end not to count as the same trouble."""

LONGEST_WAIT: Final = 60.0
LAST_WORDS: Final = 10.0
"""Seconds that a tool gets for writing its last file."""

MOST_KEPT: Final = 8_192
"""Bytes of a tool's words that are kept for a message."""


@dataclass(slots=True)
class _Process:
    """A running tool, and what it has said."""

    child: subprocess.Popen[bytes]
    begun: float
    figures: Figures = field(default_factory=Figures)
    text: bytes = b""

    def listen(self, seconds: float) -> bool:
        """Takes in what it says within so many seconds; whether it goes on."""
        pipe = self.child.stderr
        if pipe is None or not select.select([pipe], [], [], seconds)[0]:
            return self.child.poll() is None
        more = os.read(pipe.fileno(), 65_536)
        if not more:
            return False
        self.text = (self.text + more)[-MOST_KEPT:]
        self.figures = told(self.figures, self.text)
        return True

    def end(self) -> None:
        """Ends it, takes in its last words, and leaves nothing open."""
        with self.child:
            self.child.terminate()
            latest = time.monotonic() + LAST_WORDS
            while time.monotonic() < latest and self.listen(0.2):
                pass
            with suppress(subprocess.TimeoutExpired):
                self.child.wait(max(0.1, latest - time.monotonic()))
            self.child.kill()


def capture(
    what: Capture,
    *,
    data: Path,
    audited: Callable[[Path], bool],
    now: Callable[[], datetime],
    stop: Event,
    wanted: Kind | None = None,
) -> State:
    """Captures until ``stop`` is set; gives the last state. Call it in a thread's whole life.

    Args:
        what: interface, filter, folder and limits, of ``agent.yaml``.
        data: the data directory, where ``live/NAME.json`` tells how it goes.
        audited: whether a finished file was taken by an audit, so that it may go when room is
            needed. A StoreError of it counts as "not known": the file stays as long as it can.
        now: the clock.
        stop: set by whoever ends the capture.
        wanted: the tool; null = the best one that is installed.

    Raises:
        InputError: no such interface, a wrong filter, no right to capture, or the same capture
            runs already.
        StoreError: the folder or the state cannot be written.
    """
    tool = tool_for(wanted)
    with _own(what) as part:
        checked(tool, what)
        state = State(what.name, what.interface, tool.kind, since=now(), beat=now())
        run = _Run(what, tool, part, data, audited, now, state)
        run.look(ended=True)  # what an earlier capture left
        wait = 1.0
        while not stop.is_set():
            began = time.monotonic()
            whole = run.process(stop)
            if stop.is_set():
                break
            if whole:
                wait = 1.0
                continue
            if time.monotonic() - began > WELL:
                wait = 1.0
            tell("capture-restart", level="error", capture=what.name, error=run.state.last_error)
            run.state = replace(run.state, restarts=run.state.restarts + 1)
            run.look(ended=True)
            stop.wait(wait)
            wait = min(2 * wait, LONGEST_WAIT)
        run.look(ended=True)
        tell("capture-ended", capture=what.name, packets=run.state.packets)
        return run.state


@contextmanager
def _own(what: Capture) -> Iterator[Path]:
    """The folder that the tool writes into, for this process alone."""
    part = what.folder / ring.PART
    try:
        part.mkdir(mode=0o700, parents=True, exist_ok=True)
        about = what.folder.stat()
        if about.st_uid == os.geteuid() and all(
            _ours(each, what) for each in what.folder.iterdir()
        ):
            what.folder.chmod(0o700)
        lock = _lock(part, about)
    except OSError as error:
        raise _unusable(what, error, "Name a folder that this user may write.") from None
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise InputError(
                f"the capture {what.name} runs already",
                place=str(what.folder),
                hint="Give each capture a folder of its own, and start it once.",
            ) from None
        _orphan_ended(part)
        yield part
    finally:
        os.close(lock)


def _lock(part: Path, owner: os.stat_result) -> int:
    """The file that is locked, in a folder that belongs to whom the tool runs as.

    No link is followed: root would give away, or make, what the folder's owner chooses.
    """
    flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
    folder = os.open(part, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        if os.geteuid() == 0:
            os.fchown(folder, owner.st_uid, owner.st_gid)
        return os.open("lock", flags, 0o600, dir_fd=folder)
    finally:
        os.close(folder)


def _unusable(what: Capture, error: OSError, hint: str) -> StoreError:
    return StoreError(
        f"the folder of the capture cannot be used: {error.strerror}",
        place=str(what.folder),
        hint=hint,
    )


def _ours(path: Path, what: Capture) -> bool:
    """Whether a file is of the capture: a folder of others keeps its permissions."""
    return path.name == ring.PART or path.name.startswith(f"{what.name}-")


def _orphan_ended(part: Path) -> None:
    """Ends a tool that outlived the process that started it: two would write everything twice."""
    latest, orphans = time.monotonic() + LAST_WORDS, list[int]()
    while time.monotonic() < latest:
        orphans = [process for process, words in _processes() if _writes_into(part, words)]
        if not orphans:
            return
        for process in orphans:
            with suppress(ProcessLookupError, PermissionError):
                os.kill(process, signal.SIGTERM)
        time.sleep(0.1)
    raise InputError(
        f"another process ({orphans[0]}) writes into the folder and does not end",
        place=str(part),
        hint="End it (kill), and start the capture again.",
    )


def _processes() -> Iterator[tuple[int, bytes]]:
    """Number and words of each process, as far as this user may know them."""
    for place in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):  # it has ended, or is none of ours
            yield int(place.parent.name), place.read_bytes()


def _writes_into(part: Path, words: bytes) -> bool:
    return os.fsencode(part / "live") in words or b"\0" + os.fsencode(part) + b"\0" in words


class _Run:
    """What goes on from one process of the tool to the next."""

    def __init__(
        self,
        what: Capture,
        tool: Tool,
        part: Path,
        data: Path,
        audited: Callable[[Path], bool],
        now: Callable[[], datetime],
        state: State,
    ) -> None:
        self.what, self.tool, self.part, self.data = what, tool, part, data
        self.asked, self.now, self.state = audited, now, state
        self.lost_before = lost_by_interface(what.interface)

    def process(self, stop: Event) -> bool:
        """Runs the tool once; whether it ended because we wanted it to."""
        words = command(self.tool, self.what, self.part)
        before = self.state
        try:
            child = subprocess.Popen(  # noqa: S603 - an argument vector, no shell
                words,
                env=surroundings(self.tool, os.environ),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                cwd=self.part,
                umask=0o077,
            )
        except OSError as error:
            self.state = replace(before, pid=None, last_error=f"{words[0]}: {error.strerror}")
            return False
        running = _Process(child, time.monotonic())
        tell("capture-begun", capture=self.what.name, tool=self.tool.kind, pid=child.pid)
        alive = True
        looked = running.begun - BEAT
        try:
            while alive and not stop.is_set():
                alive = running.listen(0.5)
                if self.tool.kind == "dumpcap" and time.monotonic() - running.begun > RENEW:
                    break
                if alive and time.monotonic() - looked >= BEAT:
                    looked = time.monotonic()
                    if self.tool.kind != "dumpcap" and looked - running.begun > BEAT:
                        child.send_signal(signal.SIGUSR1)
                    self._counted(before, running.figures, child.pid)
                    self.look(ended=False)
        finally:
            running.end()
            self._counted(before, running.figures, None)
        if not alive:
            self.state = replace(self.state, last_error=complaint(running.text))
        return alive

    def _counted(self, before: State, figures: Figures, pid: int | None) -> None:
        dropped = before.dropped
        if figures.dropped is not None:
            dropped = (dropped or 0) + figures.dropped
        self.state = replace(
            self.state,
            pid=pid,
            packets=before.packets + (figures.packets or 0),
            dropped=dropped,
        )

    def look(self, *, ended: bool) -> None:
        """Takes finished files over, makes room, and writes the state."""
        state, what = self.state, self.what
        try:
            moved, empty = ring.taken_over(
                self.part, what.name, ended=ended, now_ns=int(self.now().timestamp() * 1e9)
            )
            gone = ring.made_room(
                what.folder, what.name, what.most, 2 * what.file_size, self._audited
            )
            current = ring.current(self.part)
        except OSError as error:
            raise _unusable(what, error, "Check the disk and the permissions.") from None
        if gone.lost:
            tell("capture-lost", level="error", capture=what.name, files=gone.lost,
                 bytes=gone.lost_bytes)  # fmt: skip
        lost = lost_by_interface(what.interface)
        if lost is not None and self.lost_before is not None and lost >= self.lost_before:
            state = replace(state, interface_dropped=lost - self.lost_before)
        self.state = replace(
            state,
            beat=self.now(),
            current=current.name if current else None,
            files=state.files + moved,
            empty=state.empty + empty,
            removed=state.removed + gone.audited,
            lost_files=state.lost_files + gone.lost,
            lost_bytes=state.lost_bytes + gone.lost_bytes,
        )
        written(self.state, self.data)

    def _audited(self, path: Path) -> bool:
        try:
            return self.asked(path)
        except StoreError:
            return False
