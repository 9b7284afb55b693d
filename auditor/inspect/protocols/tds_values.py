"""Types and values of SQL Server's protocol as text ([MS-TDS] 2.2.5.4 to 2.2.5.6)."""

from __future__ import annotations

import codecs
import datetime
import struct
import uuid
from typing import Final, NamedTuple

from auditor.inspect.protocols.framing import MOST_WHOLE

FIXED: Final = {
    0x1F: 0, 0x30: 1, 0x32: 1, 0x34: 2, 0x38: 4, 0x3A: 4, 0x3B: 4, 0x3C: 8, 0x3D: 8, 0x3E: 8,
    0x7A: 4, 0x7F: 8,
}  # fmt: skip
"""Sizes of types that have one: null, int1, bit, int2, int4, datetime4, flt4, money, datetime,
flt8, money4, int8."""
SIZED: Final = frozenset({0x24, 0x26, 0x68, 0x6D, 0x6E, 0x6F, 0x25, 0x27, 0x2D, 0x2F})
"""One byte tells the greatest size: GUID, and the types above where they may be null."""
DECIMALS: Final = frozenset({0x37, 0x3F, 0x6A, 0x6C})
DATE, TIME, MOMENT, OFFSET_MOMENT = 0x28, 0x29, 0x2A, 0x2B
WIDE: Final = frozenset({0xE7, 0xEF, 0x63})
SHORT_TEXT: Final = frozenset({0xE7})
"""UTF-16 with its size in two bytes before it: nvarchar."""
PADDED: Final = frozenset({0xEF, 0xAF})
"""Text with spaces up to the width of its column: nchar, char."""
NARROW: Final = frozenset({0xA7, 0xAF, 0x23, 0x27, 0x2F})
LONG: Final = frozenset({0x22, 0x23, 0x63})
BINARY, VARIANT, XML, UDT, GUID = frozenset({0xA5, 0xAD, 0x25, 0x2D, 0x22}), 0x62, 0xF1, 0xF0, 0x24
UNBOUNDED: Final = 0xFFFF
UTF8: Final = 1 << 26
CODE_PAGES: Final = {0x2A: "cp1258", 0x11: "cp932", 0x12: "cp949", 0x19: "cp1251", 0x1E: "cp874"}
"""Code pages by language of the collation: Vietnamese, Japanese, Korean, Russian, Thai."""
CHINESE: Final = {0x0404: "cp950", 0x0804: "cp936"}
YEAR_1, YEAR_1900 = datetime.datetime(1, 1, 1), datetime.datetime(1900, 1, 1)  # noqa: DTZ001


class Short(Exception):  # noqa: N818 - no error: bytes are still to come
    """The bytes at hand end before the token does."""


class Kind(NamedTuple):
    """A type: its number, whether values come in pieces, digits after the point, code page."""

    number: int
    unbounded: bool = False
    scale: int = 0
    charset: str = "cp1252"


class Cursor:
    """A place in bytes that moves on as they are read."""

    def __init__(self, data: bytes, place: int) -> None:
        self.data = data
        self.place = place

    def take(self, size: int) -> bytes:
        """The next bytes.

        Raises:
            Short: there are not so many yet.
            ValueError: it is more than can be held.
        """
        after = self.place + size
        if after > len(self.data):
            if size > MOST_WHOLE:
                raise ValueError("a value is too long")
            raise Short
        found = self.data[self.place : after]
        self.place = after
        return found

    def number(self, size: int) -> int:
        """The next bytes as a number, the smallest first."""
        return int.from_bytes(self.take(size), "little")

    def wide(self, size: int) -> bytes:
        """A string with its length in characters before it, in so many bytes; as UTF-8."""
        return utf8(self.take(2 * self.number(size)))

    def kind(self) -> Kind:
        """A TYPE_INFO.

        Raises:
            ValueError: it is not known.
        """
        number = self.number(1)
        if number in FIXED or number == DATE:
            return Kind(number)
        if number in SIZED:
            self.take(1)
            return Kind(number)
        if number in DECIMALS:
            return Kind(number, scale=self.take(3)[2])
        if number in (TIME, MOMENT, OFFSET_MOMENT):
            return Kind(number, scale=self.number(1))
        if number in (0xA5, 0xAD):
            return Kind(number, self.number(2) == UNBOUNDED)
        if number in (0xA7, 0xAF, 0xE7, 0xEF):
            return Kind(number, self.number(2) == UNBOUNDED, charset=_charset(self.take(5)))
        if number in LONG:
            return Kind(number, charset=_charset(self.take(4 if number == 0x22 else 9)[4:]))
        if number == VARIANT:
            self.take(4)
            return Kind(number)
        if number == XML:
            if self.number(1):
                for size in (1, 1, 2):
                    self.wide(size)
            return Kind(number, unbounded=True)
        if number == UDT:
            self.take(2)
            for size in (1, 1, 1, 2):
                self.wide(size)
            return Kind(number, unbounded=True)
        raise ValueError("a type that is not known")

    def value(self, kind: Kind) -> bytes | None:
        """A value as UTF-8 text; empty where it is absent, null where it is binary or damaged.

        Raises:
            Short: it is not there to its end yet.
            ValueError: it is too long.
        """
        raw = self._raw(kind)
        if not raw:
            return b""
        try:
            return plain(kind, raw)
        except (ValueError, OverflowError, struct.error):
            return None

    def short_text(self) -> bytes:
        """A value of one of ``SHORT_TEXT``, by far the most frequent, in one go."""
        data, place = self.data, self.place + 2
        if place > len(data):
            raise Short
        size = data[place - 2] | data[place - 1] << 8
        if size == UNBOUNDED:
            self.place = place
            return b""
        after = place + size
        if after > len(data):
            raise Short
        self.place = after
        return utf8(data[place:after])

    def _raw(self, kind: Kind) -> bytes:
        number = kind.number
        if number in FIXED:
            return self.take(FIXED[number])
        if kind.unbounded:
            return self._pieces()
        if number in LONG:
            pointer = self.number(1)
            if not pointer:
                return b""
            self.take(pointer + 8)
            return self.take(self.number(4))
        if number == VARIANT:
            return self.take(self.number(4))
        if number in (0xA5, 0xAD, 0xA7, 0xAF, 0xE7, 0xEF):
            size = self.number(2)
            return b"" if size == UNBOUNDED else self.take(size)
        return self.take(self.number(1))

    def _pieces(self) -> bytes:
        """A value of unbounded size: its length (or that it is absent), then pieces."""
        begin = self.place
        if self.take(8) == b"\xff" * 8:
            return b""
        pieces = []
        while size := self.number(4):
            pieces.append(self.take(size))
            if self.place - begin > MOST_WHOLE:
                raise ValueError("a value is too long")
        return b"".join(pieces)


def utf8(wide: bytes) -> bytes:
    """UTF-16 as UTF-8; halves of pairs become marks of replacement."""
    return codecs.utf_16_le_decode(wide, "replace", True)[0].encode()


def plain(kind: Kind, raw: bytes) -> bytes | None:
    """Bytes of a value as text; null = binary.

    Raises:
        ValueError, struct.error, OverflowError: they are damaged.
    """
    number, size = kind.number, len(raw)
    if number in WIDE or number in NARROW:
        text = utf8(raw) if number in WIDE else _narrow(raw, kind.charset)
        return text.rstrip(b" ") if number in PADDED else text
    if number == XML:
        return utf8(raw.removeprefix(b"\xff\xfe"))
    if number in (0x30, 0x32, 0x34, 0x38, 0x7F, 0x26, 0x68):
        return b"%d" % int.from_bytes(raw, "little", signed=size > 1)
    if number in DECIMALS:
        return _point(int.from_bytes(raw[1:], "little") * (1 if raw[0] else -1), kind.scale)
    if number in (0x3B, 0x3E, 0x6D):
        return str(struct.unpack("<f" if size == 4 else "<d", raw)[0]).encode()
    if number in (0x3C, 0x7A, 0x6E):
        high_first = raw[4:] + raw[:4] if size == 8 else raw
        return _point(int.from_bytes(high_first, "little", signed=True), 4)
    if number == GUID:
        return str(uuid.UUID(bytes_le=raw)).encode()
    if number == VARIANT:
        return _variant(raw)
    if number in (0x3A, 0x3D, 0x6F, DATE, TIME, MOMENT, OFFSET_MOMENT):
        return _moment(number, raw, kind.scale)
    return None


def _narrow(raw: bytes, charset: str) -> bytes:
    return raw if raw.isascii() else raw.decode(charset, "replace").encode()


def _variant(raw: bytes) -> bytes | None:
    """A value that brings its type along."""
    if len(raw) < 2 or len(raw) < 2 + raw[1]:
        raise ValueError("a variant is cut")
    about, rest = raw[2 : 2 + raw[1]], raw[2 + raw[1] :]
    if raw[0] == VARIANT or not rest:
        return None
    scale = about[-1] if raw[0] in DECIMALS or raw[0] in (TIME, MOMENT, OFFSET_MOMENT) else 0
    charset = _charset(about[:5]) if raw[0] in NARROW else "cp1252"
    return plain(Kind(raw[0], scale=scale, charset=charset), rest)


def _charset(collation: bytes) -> str:
    """The code page of text that is not UTF-16."""
    told = int.from_bytes(collation[:4], "little")
    if told & UTF8:
        return "utf-8"
    return CHINESE.get(told & 0xFFFF) or CODE_PAGES.get(told & 0xFF, "cp1252")


def _point(number: int, scale: int) -> bytes:
    digits = str(abs(number)).rjust(scale + 1, "0")
    whole, part = (digits[:-scale], "." + digits[-scale:]) if scale else (digits, "")
    return f"{'-' if number < 0 else ''}{whole}{part}".encode()


def _moment(number: int, raw: bytes, scale: int) -> bytes:
    """A date, a time, or both."""
    if number == DATE:
        days = int.from_bytes(raw, "little")
        return (YEAR_1 + datetime.timedelta(days=days)).date().isoformat().encode()
    if number in (0x3A, 0x3D, 0x6F):
        if len(raw) == 4:
            days, minutes = struct.unpack("<HH", raw)
            after = datetime.timedelta(days=days, minutes=minutes)
        else:
            days, ticks = struct.unpack("<iI", raw)
            after = datetime.timedelta(days=days, seconds=ticks // 300)
        return (YEAR_1900 + after).isoformat(sep=" ").encode()
    behind = {TIME: 0, MOMENT: 3, OFFSET_MOMENT: 5}[number]
    clock = raw[: len(raw) - behind]
    if scale > 7 or not clock:
        raise ValueError("a time is damaged")
    seconds = int.from_bytes(clock, "little") // 10**scale
    day = int.from_bytes(raw[len(clock) : len(clock) + 3], "little")
    moment = YEAR_1 + datetime.timedelta(days=day, seconds=seconds)
    return (moment.time() if number == TIME else moment).isoformat().replace("T", " ").encode()
