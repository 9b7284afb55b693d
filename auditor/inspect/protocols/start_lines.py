"""The lines that HTTP/1 messages begin with (RFC 9112), also in the middle of other bytes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote_to_bytes

from auditor.inspect.contracts import MOST_HELD

if TYPE_CHECKING:
    from auditor.inspect.contracts import Content, Part

METHODS: Final = (
    b"GET", b"POST", b"PUT", b"HEAD", b"DELETE", b"OPTIONS", b"PATCH", b"CONNECT", b"TRACE",
    b"PROPFIND", b"PROPPATCH", b"MKCOL", b"COPY", b"MOVE", b"LOCK", b"UNLOCK", b"REPORT",
    b"SEARCH", b"SUBSCRIBE", b"NOTIFY", b"M-SEARCH",
)  # fmt: skip
REQUEST = re.compile(rb"([A-Za-z][A-Za-z0-9_-]{0,31}) ([^\r\n]*[^\r\n ]) +HTTP/[0-9]\.[0-9][ \t]*")
RESPONSE = re.compile(rb"HTTP/1\.[0-9] ([1-5][0-9]{2})(?: [^\r\n]*)?")
BEGINNING = re.compile(rb"[A-Za-z][A-Za-z0-9./_-]{0,31}(?: |\Z)")  # of any of the two

_MOST_TARGET: Final = 8_192  # bytes of a request line that is looked for in the middle
_MOST_REASON: Final = 512  # bytes of a status line that is looked for in the middle

_CONTROLS: Final = bytes([*range(33), 127])


def asked_for(target: bytes) -> tuple[bytes, str]:
    """The target of a request as it reads, and the last part of its path: perhaps a file's name."""
    path, mark, query = target.partition(b"?")
    url = unquote_to_bytes(path + mark + query.replace(b"+", b" "))
    return url, unquote_to_bytes(path.rpartition(b"/")[2]).decode("utf-8", "replace")[:255]


class Stray:
    """Bytes of a side that belong to no known message: read as they stand until one begins."""

    def __init__(self, content: Content, side: int) -> None:
        self._content = content
        self._side = side
        self._held = bytearray()
        self._searched = 0  # bytes of them in which no start line's end begins
        self._part: Part | None = None

    def found(self, data: bytes) -> bytes:
        """What follows from the next start line on; empty = there is none so far."""
        held, place = self._held, self._searched
        held += data
        while (found := held.find(b"HTTP/1.", place)) >= 0:
            end = held.find(b"\n", found, found + _MOST_REASON)
            if end < 0 and len(held) - found < _MOST_REASON:
                break
            begin = _start_line(held, found, end)
            if begin >= 0:
                rest = bytes(held[begin:])
                del held[begin:]
                self.close()
                return rest
            place = found + 1
        self._searched = found if found >= 0 else max(place, len(held) - 6)
        if len(held) > MOST_HELD:
            end = max(0, self._searched - _MOST_TARGET)
            self.give(bytes(held[:end]))
            del held[:end]
            self._searched -= end
        return b""

    def give(self, data: bytes) -> None:
        """No message begins in these bytes."""
        if data:
            if self._part is None:
                self._part = self._content.part(self._side, "HTTP, beginning not captured")
            self._part.feed(data)

    def _give_held(self) -> None:
        self.give(bytes(self._held))
        self._held.clear()
        self._searched = 0

    def gap(self, size: int) -> None:
        """So many bytes are missing."""
        self._give_held()
        if self._part is not None:
            self._part.gap(size)

    def close(self) -> None:
        """A message begins, or no more bytes will come."""
        self._give_held()
        if self._part is not None:
            self._part.close()
            self._part = None


def _start_line(held: bytearray, found: int, end: int) -> int:
    """Where the start line begins whose ``HTTP/1.`` was found and whose line ends; -1 = none.

    Asked in the middle of other bytes, so it is narrower than a parser: known methods only.
    """
    if end < 0:
        return -1
    line = bytes(held[found:end])
    if line.endswith(b"\r") and RESPONSE.fullmatch(line[:-1]):
        return found
    if not re.fullmatch(rb"HTTP/1\.[01]\r?", line):
        return -1
    before = bytes(held[max(0, found - _MOST_TARGET) : found])
    space = before.rfind(b" ", 0, len(before) - 1)
    target = before[space + 1 : -1]
    if (
        space < 0
        or not target
        or not before.endswith(b" ")
        or target.translate(None, _CONTROLS) != target
    ):
        return -1
    for method in METHODS:
        if before.endswith(method, 0, space):
            return found - len(before) + space - len(method)
    return -1
