"""Files that are open over SMB, and what of them is on its way.

Bytes that follow one another by their offsets are one part; a jump begins a new part, so that
several readers of one file, or answers out of order, each go on where they were.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from auditor.inspect.contracts import Content, Part

MOST_OPEN: Final = 1024
"""Files that are remembered at once; the oldest is taken for closed."""
MOST_AWAITED: Final = 2048
"""Requests whose answers are awaited."""
MOST_RUNS: Final = 8
"""Parts of one file and direction that grow at the same time."""


class Run:
    """Bytes of a file that follow one another."""

    def __init__(self, part: Part, offset: int) -> None:
        self._part = part
        self.following = offset
        self._closed = False

    def feed(self, data: bytes) -> None:
        """Its next bytes."""
        self.following += len(data)
        if not self._closed:
            self._part.feed(data)

    def gap(self, size: int) -> None:
        """So many of them are missing."""
        self.following += size
        if not self._closed:
            self._part.gap(size)

    def close(self) -> None:
        """Nothing more will come."""
        if not self._closed:
            self._closed = True
            self._part.close()


class Open:
    """One open file.

    Attributes:
        name: path within the share; empty = not captured.
        closed: nothing more may be written into it.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.closed = False
        self._runs: tuple[list[Run], list[Run]] = ([], [])

    def run(self, content: Content, side: int, offset: int | None, *, written: bool) -> Run:
        """Where bytes at an offset go; null = after those that came last."""
        runs = self._runs[written]
        for each in runs:
            if offset is None or each.following == offset:
                return each
        if len(runs) >= MOST_RUNS:
            runs.pop(0).close()
        place = "SMB write" if written else "SMB read"
        part = content.part(
            side,
            f"{place} / {self.name}" if self.name else place,
            filename=self.name.rpartition("\\")[2],
        )
        runs.append(Run(part, offset or 0))
        return runs[-1]

    def close(self) -> None:
        """Ends its parts."""
        self.closed = True
        for runs in self._runs:
            for each in runs:
                each.close()
            runs.clear()


class Files:
    """The open files of a connection, by their identifiers and by unanswered requests."""

    def __init__(self) -> None:
        self._open: dict[bytes, Open] = {}
        self._creating: dict[int, Open] = {}
        self._reading: dict[int, tuple[Open, int]] = {}
        self._closing: dict[int, bytes] = {}
        self._nameless = Open("")
        self.last: Open | None = None

    def asked(self, message: int, name: str) -> None:
        """A file is to be opened."""
        _room(self._creating)
        self.last = self._creating[message] = Open(name)

    def opened(self, message: int, number: bytes) -> None:
        """The answer to it, with the file's identifier."""
        found = self._creating.pop(message, None)
        if found is None:
            return
        if len(self._open) >= MOST_OPEN:
            self._open.pop(next(iter(self._open))).close()
        old = self._open.pop(number, None)
        if old is not None:
            old.close()
        self._open[number] = found

    def refused(self, message: int) -> None:
        """The answer is that it failed."""
        found = self._creating.pop(message, None)
        if found is not None:
            found.close()
        self._reading.pop(message, None)
        self._closing.pop(message, None)

    def file(self, number: bytes) -> Open:
        """The open file; all ones stand for the one that was asked for last."""
        if number.endswith(b"\xff" * 16):
            return self.last if self.last is not None and not self.last.closed else self._nameless
        found = self._open.get(number)
        if found is None:
            if len(self._open) >= MOST_OPEN:
                self._open.pop(next(iter(self._open))).close()
            found = self._open[number] = Open("")
        return found

    def read(self, message: int, number: bytes, offset: int) -> None:
        """Bytes of a file are asked for."""
        _room(self._reading)
        self._reading[message] = (self.file(number), offset)

    def answered(self, message: int) -> tuple[Open, int | None]:
        """The file and offset of the bytes that answer it."""
        found = self._reading.pop(message, None)
        return found if found is not None and not found[0].closed else (self._nameless, None)

    def leaving(self, message: int, number: bytes) -> None:
        """A file is to be closed."""
        _room(self._closing)
        self._closing[message] = number

    def left(self, message: int) -> None:
        """It is closed."""
        number = self._closing.pop(message, None)
        if number is None:
            return
        if number.endswith(b"\xff" * 16):
            if self.last is not None:
                self.last.close()
            return
        found = self._open.pop(number, None)
        if found is not None:
            found.close()

    def close(self) -> None:
        """Nothing more will come."""
        for found in (*self._open.values(), *self._creating.values(), self._nameless, self.last):
            if found is not None:
                found.close()
        for found, _ in self._reading.values():
            found.close()


def _room(awaited: dict[int, Open] | dict[int, tuple[Open, int]] | dict[int, bytes]) -> None:
    """Forgets the oldest where there are too many."""
    if len(awaited) >= MOST_AWAITED:
        oldest = awaited.pop(next(iter(awaited)))
        if isinstance(oldest, Open):
            oldest.close()
