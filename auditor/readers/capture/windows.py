"""A stream as a row of windows of bounded memory, hashed on the way.

Windows instead of a memory map: the memory held does not depend on the file's size, a file that
is cut while it is read ends the reading instead of the process, and streams can be read the same
way. While one window is looked at, a thread reads the next and another hashes the last.
"""

from __future__ import annotations

import hashlib
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

from auditor.readers.capture.layout import Bytes
from auditor.readers.streams import DamagedError

if TYPE_CHECKING:
    from types import TracebackType

WINDOW = 16 << 20
ROOM = 1 << 19
"""Bytes before a window for the rest of the one before; grows when one record needs more."""

BUFFERS = 4
"""One looked at, one being filled, the others waiting to be hashed."""


@dataclass(slots=True, eq=False)
class _Buffer:
    data: Bytes
    hashed: Future[None] | None = None


class Stream(Protocol):
    """What windows are filled from."""

    def readinto(self, buffer: memoryview, /) -> int | None:
        """Fills the buffer as far as it can; 0 at the end."""


class Windows:
    """The bytes of a stream, a window at a time.

    ``data[start:end]`` is what can be looked at. ``advance(used_to)`` moves on: what was not used
    comes again, in front of the next bytes. ``offset`` is the place of ``data[0]`` in the stream.
    ``broken``: why the stream ends before its end, its packing damaged or the disk failing.
    """

    def __init__(self, stream: Stream, window: int = WINDOW) -> None:
        self._stream = stream
        self.broken: DamagedError | OSError | None = None
        self._hash = hashlib.sha256()
        self._window = window
        self._room = ROOM
        self._ring = [_Buffer(self._empty()) for _ in range(BUFFERS)]
        self._turn = 0
        self._reading = ThreadPoolExecutor(1)
        self._hashing = ThreadPoolExecutor(1)
        self._filled: Future[int] = self._reading.submit(self._fill, self._ring[0])
        self.data: Bytes = self._ring[-1].data
        self.start = self.end = self._room
        self.offset = -self._room
        self.finished = False
        self.advance(self._room)

    def __enter__(self) -> Windows:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._reading.shutdown(wait=True)
        self._hashing.shutdown(wait=True)

    @property
    def sha256(self) -> str:
        """Hex digest of everything read so far."""
        for buffer in self._ring:
            if buffer.hashed is not None:
                buffer.hashed.result()
        return self._hash.hexdigest()

    def advance(self, used_to: int) -> None:
        """Goes on to the next window; bytes from ``used_to`` on stand in front of it."""
        read = self._filled.result()
        rest = self.data[used_to : self.end]
        place = self.offset + used_to
        buffer = self._ring[self._turn]
        if rest.size > self._room:
            self._make_room(rest.size, buffer, read)
        buffer.data[self._room - rest.size : self._room] = rest
        self.data = buffer.data
        self.start = self._room - rest.size
        self.end = self._room + read
        self.offset = place - self.start
        self.finished = read == 0
        if not self.finished:
            self._turn = (self._turn + 1) % BUFFERS
            self._filled = self._reading.submit(self._fill, self._ring[self._turn])

    def drained(self) -> None:
        """Reads and hashes what is left of the stream without looking at it."""
        while not self.finished:
            self.advance(self.end)

    def _empty(self) -> Bytes:
        return np.empty(self._room + self._window, np.uint8)

    def _make_room(self, size: int, filled: _Buffer, read: int) -> None:
        """Replaces the ring by one with more room in front; nothing is being read just now."""
        before = self._room
        self._room = size * 2
        for buffer in self._ring:
            if buffer.hashed is not None:
                buffer.hashed.result()
            larger = self._empty()
            if buffer is filled:
                larger[self._room : self._room + read] = buffer.data[before : before + read]
            buffer.data = larger

    def _fill(self, buffer: _Buffer) -> int:
        if buffer.hashed is not None:
            buffer.hashed.result()
        view = buffer.data.data[self._room :]
        size = 0
        while size < len(view) and self.broken is None:  # a pipe gives less than asked for
            try:
                got = self._stream.readinto(view[size:])
            except (DamagedError, OSError) as error:
                self.broken = error
                break
            if not got:
                break
            size += got
        buffer.hashed = self._hashing.submit(self._hash.update, view[:size])
        return size
