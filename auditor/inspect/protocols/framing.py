"""One side of a stream cut into messages, whatever the pieces it comes in.

A protocol is written as a generator that says what it needs next: ``head = yield 5`` (so many
bytes, whole) or ``yield Body(size, take, miss)`` (so many bytes, handed on as they come). What the
capture lost inside a body is told to it; where more was lost the side is out of step, and bytes go
to ``aside`` until a message begins anew.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import TYPE_CHECKING, Final, NamedTuple

from auditor.inspect.protocols.sides import Sides

if TYPE_CHECKING:
    import re

    from auditor.inspect.contracts import Content, Part
    from auditor.model.content import Unread

FOREVER: Final = 1 << 62
"""Size of a body that lasts as long as the stream."""

MOST_WHOLE: Final = 1 << 20
"""Bytes of one message that may be held back; larger ones stream or are not taken apart."""


class Body(NamedTuple):
    """The next bytes of the stream, handed on as they come.

    Attributes:
        miss: takes the number of bytes that were lost within.
    """

    size: int
    take: Callable[[bytes], None]
    miss: Callable[[int], None]


class Run(NamedTuple):
    """Many small messages at once, as far as the bytes at hand reach.

    Attributes:
        take: takes bytes and the place where a message begins, gives the place after the last
            whole message that it took; may take none.
    """

    take: Callable[[bytes, int], int]


Steps = Generator[int | Body | Run, bytes, None]
"""What a side needs next; ends (returns) where it cannot be taken apart any further."""


class Missing(Exception):  # noqa: N818 - no error: the capture lost bytes
    """Thrown into the steps that waited for bytes, some of which were lost; the rest is skipped."""


class OutOfStep(Exception):  # noqa: N818 - no error: a stream from its middle begins anywhere
    """Raised by steps: what comes is no message."""


class Beginning(NamedTuple):
    """How a message is known where the side is out of step.

    Attributes:
        pattern: matches at the first byte of a message, never more than ``width`` bytes.
    """

    pattern: re.Pattern[bytes]
    width: int


class Framed:
    """One side of a stream, taken apart by steps.

    Args:
        begin: begins the steps, at the first byte or where a message begins anew.
        aside: takes the bytes of a side that is out of step.
        beginning: how a message is known again; null = never.
    """

    def __init__(
        self, begin: Callable[[], Steps], aside: Aside, beginning: Beginning | None = None
    ) -> None:
        self._begin = begin
        self._aside = aside
        self._beginning = beginning
        self._steps: Steps | None = begin()
        self._need: int = 0
        self._body: Body | None = None
        self._run: Run | None = None
        self._lost = False
        self._held: list[bytes] = []
        self._size = 0
        self._wants(next(self._steps, None))

    @property
    def held(self) -> int:
        """Bytes that wait for more."""
        return self._size

    def feed(self, data: bytes) -> None:
        """The next bytes."""
        if not data:
            return
        self._held.append(data)
        self._size += len(data)
        if self._steps is not None and self._body is None and self._size < self._need:
            return
        if len(self._held) > 1:
            data = b"".join(self._held)
        place, more = 0, True
        while more:
            if self._steps is None:
                place, more = self._searched(data, place)
            else:
                place, more = self._stepped(data, place)
        rest = data[place:] if place else data
        self._held = [rest] if rest else []
        self._size = len(rest)

    def gap(self, size: int) -> None:
        """So many bytes were lost here."""
        if self._run is not None:
            self._answered(b"")
        if self._steps is None:
            self._flush()
            self._aside.gap(size)
            return
        if self._body is not None:
            lost = min(size, self._need)
            self._body.miss(lost)
            self._need -= lost
            size -= lost
            if not self._need:
                self._answered(b"")
            if not size:
                return
        elif self._size + size <= self._need:
            # a message that is told by its head: the rest of it is skipped
            left = self._need - self._size - size
            self._aside.lost(self._size)
            self._held, self._size = [], 0
            self._body, self._need, self._lost = Body(left, self._aside.lost, _nothing), left, True
            if not left:
                self._answered(b"")
            return
        self._out_of_step()
        self._flush()
        self._aside.gap(size)

    def close(self) -> None:
        """No more bytes will come; what waits for more was not read."""
        if self._steps is not None:
            self._steps.close()
            if self._size and self._body is None:
                self._aside.cut(self._size)
        else:
            self._flush()
        self._aside.close()

    def _stepped(self, data: bytes, place: int) -> tuple[int, bool]:
        """Goes as far as the bytes reach; gives the place, and whether to search from there."""
        end = len(data)
        while self._steps is not None:
            need, body = self._need, self._body
            if self._run is not None:
                place = self._run.take(data, place)
                self._answered(b"")
                continue
            if body is None:
                if end - place < need:
                    return place, False
                place += need
                self._answered(data[place - need : place])
                continue
            size = min(need, end - place)
            if size:
                body.take(data if size == end else data[place : place + size])
                self._need = need - size
                place += size
            if self._need:
                return place, False
            self._answered(b"")
        return place, True

    def _answered(self, piece: bytes) -> None:
        """Gives the steps what they waited for."""
        steps, lost = self._steps, self._lost
        self._body, self._run, self._lost = None, None, False
        if steps is None:
            return
        try:
            self._wants(steps.throw(Missing) if lost else steps.send(piece))
        except (StopIteration, Missing, OutOfStep):
            self._wants(None)

    def _wants(self, next_step: int | Body | Run | None) -> None:
        if next_step is None:
            self._out_of_step()
        elif isinstance(next_step, int):
            self._need = next_step
        elif isinstance(next_step, Run):
            self._run, self._need = next_step, 0
        else:
            self._body, self._need = next_step, next_step.size

    def _out_of_step(self) -> None:
        if self._steps is not None:
            self._steps.close()
        self._steps, self._body, self._run, self._lost, self._need = None, None, None, False, 0

    def _searched(self, data: bytes, place: int) -> tuple[int, bool]:
        """Sets bytes aside up to the next beginning; gives the place, and whether there is one."""
        if self._beginning is None:
            self._aside.feed(data[place:])
            return len(data), False
        found = self._beginning.pattern.search(data, place)
        if found is None:
            keep = max(place, len(data) - self._beginning.width + 1)
            self._aside.feed(data[place:keep])
            return keep, False
        self._aside.feed(data[place : found.start()])
        self._aside.close()
        self._steps = self._begin()
        self._wants(next(self._steps, None))
        return found.start(), True

    def _flush(self) -> None:
        for piece in self._held:
            self._aside.feed(piece)
        self._held, self._size = [], 0


class Aside:
    """Where the bytes of a side go that is out of step: a part without a kind.

    Args:
        place: as in ``Content.part``, such as ``PostgreSQL``.
    """

    def __init__(self, content: Content, side: int, place: str) -> None:
        self._content = content
        self._side = side
        self._place = place
        self._part: Part | None = None

    def feed(self, data: bytes) -> None:
        """More bytes that were not taken apart."""
        if not data:
            return
        if self._part is None:
            self._content.problem(
                "messages-out-of-step", f"{self._place}: the beginning of a message was not found"
            )
            self._part = self._content.part(self._side, self._place)
        self._part.feed(data)

    def gap(self, size: int) -> None:
        """So many bytes were lost."""
        if self._part is not None:
            self._part.gap(size)

    def lost(self, data: bytes | int) -> None:
        """Bytes of a message of which others were lost."""
        size = data if isinstance(data, int) else len(data)
        self._content.unread(self._side, size, "missing")

    def cut(self, size: int) -> None:
        """Bytes of a message whose end never came."""
        self._content.unread(self._side, size, "missing")

    def close(self) -> None:
        """No more bytes will come, or a message begins anew."""
        if self._part is not None:
            self._part.close()
            self._part = None


def framed(
    content: Content,
    place: str,
    begins: tuple[Callable[[], Steps], Callable[[], Steps]],
    beginnings: tuple[Beginning, Beginning],
) -> Sides:
    """Both sides of a conversation, each taken apart by its own steps.

    Args:
        content: where they write.
        place: as for ``Aside``.
        begins: of each side, as for ``Framed``.
        beginnings: likewise.
    """
    client, server = (
        Framed(begin, Aside(content, side, place), beginnings[side])
        for side, begin in enumerate(begins)
    )
    return Sides(client, server)


def unread(content: Content, side: int, size: int, why: Unread) -> Body:
    """A body that is not read."""
    return Body(size, lambda data: content.unread(side, len(data), why), _nothing)


def passed(size: int) -> Body:
    """A body that is read, and holds nothing to search."""
    return Body(size, _nothing, _nothing)


def _nothing(_: bytes | int) -> None:
    """Takes what needs nothing done."""
