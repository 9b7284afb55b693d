"""Tar archives: POSIX.1-1988 (ustar), POSIX.1-2001 (pax), GNU, and those before them.

Read as they come. Links, devices and folders have no content; of a file with holes (GNU) the
parts that are there are read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from auditor.inspect.contracts import MOST_HELD

if TYPE_CHECKING:
    from auditor.inspect.contracts import About, Pages, Part, Reading

_BLOCK: Final = 512
_EMPTY: Final = frozenset(b"123456")
_ABOUT: Final = frozenset(b"LKxg")
_LONG_NAME, _PAX, _SPARSE = b"LxS"


class Tar:
    """See the module."""

    name = "tar"

    def sniff(self, head: bytes, about: About) -> float:
        """See ``Document``."""
        del about
        if len(head) < _BLOCK or not _holds(head[:_BLOCK]):
            return 0.0
        return 0.95 if head[257:262] == b"ustar" else 0.85

    def reading(self, about: About, pages: Pages) -> Reading:
        """See ``Document``."""
        del about
        return _Reading(pages)


def _holds(block: bytes) -> bool:
    """The checksum of a header is right."""
    said = _number(block[148:156])
    return said > 0 and said == sum(block) - sum(block[148:156]) + 8 * 0x20


def _number(field: bytes) -> int:
    """A number in octal digits, or (GNU) in binary; -1 = neither."""
    if field[:1] == b"\x80":
        return int.from_bytes(field[1:], "big")
    digits = field.strip(b" \0")
    if digits.strip(b"01234567"):
        return -1
    return int(digits, 8) if digits else 0


def _words(field: bytes) -> str:
    return field.split(b"\0", 1)[0].decode("utf-8", "replace")


class _Reading:
    def __init__(self, pages: Pages) -> None:
        self._pages = pages
        self._block = bytearray()
        self._kind = 0
        self._size = 0
        self._left = 0
        """Bytes of the member that are still to come; then so many that only fill its block."""
        self._filling = 0
        self._part: Part | None = None
        self._about = bytearray()
        """What a header says of the next member."""
        self._called = ""
        self._said_size = -1
        self._more_headers = False
        self._over = False

    def feed(self, data: bytes) -> None:
        at = 0
        while at < len(data) and not self._over:
            if self._left:
                at += self._body(data[at : at + self._left] if at else data[: self._left])
            elif self._filling:
                step = min(self._filling, len(data) - at)
                self._filling -= step
                at += step
            else:
                step = min(_BLOCK - len(self._block), len(data) - at)
                self._block += data[at : at + step]
                at += step
                if len(self._block) == _BLOCK:
                    block, self._block = bytes(self._block), bytearray()
                    self._header(block)

    def gap(self, size: int) -> None:
        step = min(size, self._left)
        if step:
            self._left -= step
            if self._part is not None:
                self._part.gap(step)
            if not self._left:
                self._ended()
        size -= step
        step = min(size, self._filling)
        self._filling -= step
        if size > step and not self._over:  # where the next header stands is lost
            self._fail()

    def close(self) -> None:
        if not self._over and (self._left or self._block):
            self._fail()
        self._ended()

    def _header(self, block: bytes) -> None:
        if self._more_headers:  # where the parts of a file with holes lie
            self._more_headers = bool(block[504])
            self._begin()
            return
        if not block.strip(b"\0"):
            self._over = True
            return
        size = _number(block[124:136])
        if size < 0 or not _holds(block):
            self._fail()
            return
        self._kind = block[156]
        if self._kind in _ABOUT:
            self._size = size
        else:
            self._size = size if self._said_size < 0 else self._said_size
            if self._kind in _EMPTY:
                self._size = 0
            if not self._called:
                prefix = _words(block[345:500]) if block[257:263] == b"ustar\0" else ""
                self._called = "/".join(filter(None, (prefix, _words(block[:100]))))
        self._more_headers = self._kind == _SPARSE and bool(block[482])
        self._begin()

    def _begin(self) -> None:
        if self._more_headers:
            return
        self._left, self._filling = self._size, -self._size % _BLOCK
        if self._kind in _ABOUT:
            self._about = bytearray()
            return
        if self._left:
            self._part = self._pages.member(self._called)
        self._called, self._said_size = "", -1

    def _body(self, piece: bytes) -> int:
        if self._part is not None:
            self._part.feed(piece)
        elif len(self._about) < MOST_HELD:
            self._about += piece[:MOST_HELD]
        self._left -= len(piece)
        if not self._left:
            self._ended()
        return len(piece)

    def _ended(self) -> None:
        if self._part is not None:
            self._part.close()
            self._part = None
        elif self._kind == _LONG_NAME:
            self._called = _words(bytes(self._about))
        elif self._kind == _PAX:
            self._told(bytes(self._about))
        self._kind = 0

    def _told(self, records: bytes) -> None:
        """Records of pax: ``length key=value``, each with a line end."""
        at = 0
        while at < len(records):
            length, _, _ = records[at : at + 8].partition(b" ")
            if not length.isdigit() or int(length) < 5:
                return
            record = records[at + len(length) + 1 : at + int(length) - 1]
            key, _, value = record.partition(b"=")
            if key == b"path":
                self._called = value.decode("utf-8", "replace")
            elif key == b"size" and value.isdigit() and len(value) < 20:
                self._said_size = int(value)
            at += int(length)

    def _fail(self) -> None:
        self._over = True
        self._pages.unread("damaged", "tar")
