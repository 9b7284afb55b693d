"""dBase tables, which hold the attributes of shapefiles (dBase table file format)."""

from __future__ import annotations

import codecs
import struct
from typing import TYPE_CHECKING, Final

from auditor.inspect.charsets import TextDecoder
from auditor.inspect.documents.rows import MOST_ROWS

if TYPE_CHECKING:
    from auditor.inspect.contracts import About, Pages

_VERSIONS: Final = frozenset(b"\x02\x03\x30\x31\x43\x63\x83\x8b\xcb\xf5")
_FIELD: Final = 32
_HEAD: Final = 32
_LATEST_MONTH: Final = 12
_LATEST_DAY: Final = 31
MOST_AT_ONCE: Final = 1 << 20
"""Bytes of records that are taken apart at once."""

# Language drivers (byte 29) that say more than that nobody cared.
_CODE_PAGES: Final = {
    0x01: "cp437", 0x02: "cp850", 0x03: "cp1252", 0x57: "cp1252", 0x26: "cp866", 0x65: "cp866",
    0x7B: "cp932", 0x13: "cp932", 0x4D: "cp936", 0x7A: "cp936", 0x4E: "cp949", 0x79: "cp949",
    0x4F: "cp950", 0x78: "cp950", 0x50: "cp874", 0x7C: "cp874", 0xC8: "cp1250", 0xC9: "cp1251",
    0xCA: "cp1254", 0xCB: "cp1253", 0x59: "cp1252", 0x58: "cp1252",
}  # fmt: skip


class DbaseTable:
    """dBase tables."""

    name = "dBase"

    def sniff(self, head: bytes, about: About) -> float:
        """By the shape of the head: there are no magic bytes."""
        if len(head) < _HEAD + 1 or head[0] not in _VERSIONS:
            return 0.0
        if not 1 <= head[2] <= _LATEST_MONTH or not 1 <= head[3] <= _LATEST_DAY:
            return 0.0
        begin, size = struct.unpack_from("<HH", head, 8)
        fields = (begin - _HEAD - 1) // _FIELD
        if fields < 1 or size < 2:
            return 0.0
        kinds = head[_HEAD + 11 : min(len(head), _HEAD + fields * _FIELD) : _FIELD]
        if not kinds or not set(kinds) <= set(b"CNDLFMBGPYTIV@+O0"):
            return 0.0
        return 0.95

    def reading(self, about: About, pages: Pages) -> DbaseReading:
        """Reads a table."""
        return DbaseReading(about, pages)


class DbaseReading:
    """A table that is read record by record."""

    def __init__(self, about: About, pages: Pages) -> None:
        self._pages = pages
        self._charset = about.charset
        self._held = bytearray()
        self._begin = 0
        self._size = 0
        self._fields: list[tuple[str, int, int]] = []

    def feed(self, data: bytes) -> None:
        """Its next bytes."""
        self._held += data
        self._work(last=False)

    def gap(self, size: int) -> None:
        """Records stand at fixed places: zeros keep the ones that follow there."""
        while size > 0:
            part = min(size, MOST_AT_ONCE)
            self.feed(bytes(part))
            size -= part

    def close(self) -> None:
        """It has ended."""
        self._work(last=True)

    def _work(self, *, last: bool) -> None:
        if not self._fields and not self._headed(last=last):
            return
        least = self._size if last else max(MOST_AT_ONCE // self._size, 1) * self._size
        while len(self._held) >= least:
            count = min(len(self._held), max(MOST_AT_ONCE, self._size)) // self._size
            self._records(min(count, MOST_ROWS))

    def _headed(self, *, last: bool) -> bool:
        """Reads the head; false = it is not there yet, or is none."""
        held = self._held
        if len(held) < _HEAD:
            return False
        begin, size = struct.unpack_from("<HH", held, 8)
        if len(held) < begin:
            if last:
                self._pages.unread("damaged", "dBase")
                held.clear()
            return False
        if not self._charset:
            self._charset = _CODE_PAGES.get(held[29], "")
        at = 1  # the mark of deletion
        for place in range(_HEAD, begin - _FIELD + 1, _FIELD):
            if held[place] == 0x0D:  # ends the fields
                break
            name = bytes(held[place : place + 11]).split(b"\0")[0].decode("latin-1")
            length = held[place + 16]
            if chr(held[place + 11]) == "C":
                length += held[place + 17] << 8
            self._fields.append((name, at, at + length))
            at += length
        self._size = max(size, 1)
        del held[:begin]
        return bool(self._fields)

    def _records(self, count: int) -> None:
        """Writes that many records as a table."""
        block = bytes(self._held[: count * self._size])
        del self._held[: count * self._size]
        rows = [block[at : at + self._size] for at in range(0, len(block), self._size)]
        rows = [row for row in rows if row[0] in b" *"]  # others are no records: the end, a gap
        if not rows:
            return
        columns = []
        for _, begin, end in self._fields:
            cells = b"\n".join([row[begin:end].replace(b"\n", b" ") for row in rows])
            columns.append([cell.strip(" \0") or None for cell in self._text(cells).split("\n")])
        self._pages.table([name for name, _, _ in self._fields], columns)

    def _text(self, data: bytes) -> str:
        """Cells of a column: the charset is told by all of them together."""
        decoder = TextDecoder(self._charset)
        return codecs.decode(decoder.feed(data) + decoder.close(), "utf-8", "replace")
