"""A file as a row of windows of bounded memory, hashed on the way.

Windows instead of a memory map: the memory held does not depend on the file's size, a file that
is cut while it is read ends the reading instead of the process, and streams can be read the same
way. The next window is read and hashed in a thread while the last one is looked at.
"""

from __future__ import annotations

import hashlib
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, BinaryIO

import numpy as np

if TYPE_CHECKING:
    from types import TracebackType

    from auditor.readers.capture.layout import Bytes
    from auditor.readers.reading import Progress

WINDOW = 8 << 20
ROOM = 1 << 19
"""Bytes before a window for the rest of the one before; grows when one record needs more."""


class Windows:
    """The bytes of a stream, a window at a time.

    ``data[start:end]`` is what can be looked at. ``advance(used_to)`` moves on: what was not used
    comes again, in front of the next bytes. ``offset`` is the place of ``data[0]`` in the stream.
    """

    def __init__(self, stream: BinaryIO, progress: Progress, window: int = WINDOW) -> None:
        self._stream = stream
        self._progress = progress
        self._hash = hashlib.sha256()
        self._window = window
        self._room = ROOM
        self._buffers = [self._buffer(), self._buffer()]
        self._pool = ThreadPoolExecutor(1)
        self._future: Future[int] = self._pool.submit(self._fill, self._buffers[0])
        self.data: Bytes = self._buffers[1]
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
        self._pool.shutdown(wait=True)

    @property
    def sha256(self) -> str:
        """Hex digest of everything read so far."""
        return self._hash.hexdigest()

    def advance(self, used_to: int) -> None:
        """Goes on to the next window; bytes from ``used_to`` on stand in front of it."""
        read = self._future.result()
        rest = self.data[used_to : self.end]
        place = self.offset + used_to
        following, spare = self._buffers
        if rest.size > self._room:
            larger = rest.size * 2
            grown = np.empty(larger + self._window, np.uint8)
            grown[larger : larger + read] = following[self._room : self._room + read]
            self._room, following = larger, grown
        following[self._room - rest.size : self._room] = rest
        if spare.size != following.size:
            spare = self._buffer()
        self._buffers = [spare, following]
        self.data = following
        self.start = self._room - rest.size
        self.end = self._room + read
        self.offset = place - self.start
        self.finished = read == 0
        if not self.finished:
            self._future = self._pool.submit(self._fill, spare)

    def drained(self) -> None:
        """Reads and hashes what is left of the stream without looking at it."""
        while not self.finished:
            self.advance(self.end)

    def _buffer(self) -> Bytes:
        return np.empty(self._room + self._window, np.uint8)

    def _fill(self, buffer: Bytes) -> int:
        view = buffer.data[self._room :]
        size = 0
        while size < len(view):  # a pipe gives less than asked for
            got = self._stream.readinto(view[size:])  # type: ignore[attr-defined]
            if not got:
                break
            size += got
        self._hash.update(view[:size])
        self._progress(size)
        return size
