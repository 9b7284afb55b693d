"""ISO 8583: card payments between terminals, banks and switches, recognised by their shape.

The standard says nothing of how messages travel; read are a length of two bytes or four digits
before each, then nothing, a TPDU of five bytes or a header of twelve characters (``ISO...``).
ISO 20022 (``pain.``, ``pacs.``, ``camt.``) is XML, and is read as such.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

from auditor.inspect.protocols.incoming import Incoming
from auditor.inspect.protocols.iso8583_fields import NAMES, SECRET, VERSIONS

if TYPE_CHECKING:
    from auditor.inspect.contracts import Content, Conversation, FlowHead
    from auditor.inspect.protocols.iso8583_fields import Field

_TYPE: Final = re.compile(rb"[01][1-8][0-5][0-9]\Z")
_DIGITS: Final = re.compile(rb"[0-9]*\Z")
_TRACK: Final = re.compile(rb"[0-9]{8,19}[=D^][0-9=D^F]*\Z", re.IGNORECASE)
_MOMENT: Final = re.compile(
    r"(0[1-9]|1[0-2])(0[1-9]|[12][0-9]|3[01])([01][0-9]|2[0-3])[0-5][0-9][0-5][0-9]\Z"
)
_UNPRINTED: Final = re.compile(rb"[\x00-\x1f\x7f]")
_LEAST_FIELDS: Final = 3
"""Fields of a first message that must make sense, and one more where only a part of it is there."""

_LONGEST: Final = 8192
"""Bytes of a message; real ones have some hundred."""


class _Layout(NamedTuple):
    """How messages are framed and written.

    Attributes:
        prefix: ``binary`` or ``digits``.
        own: the length counts itself.
        header: bytes between the length and the message.
        packed: digits are packed two to a byte (BCD).
        hexadecimal: the bitmap is written in hexadecimal digits.
    """

    prefix: str
    own: bool
    header: int
    packed: bool
    hexadecimal: bool


_LAYOUTS: Final = tuple(
    _Layout(prefix, own, header, packed, hexadecimal)
    for prefix, own in (("binary", False), ("binary", True), ("digits", False), ("digits", True))
    for header in (0, 5, 12)
    for packed, hexadecimal in ((False, True), (False, False), (True, False))
)


class _Read(NamedTuple):
    """What was read of a message.

    Attributes:
        lines: one per field.
        values: the fields as text.
        reached: bytes understood.
        short: it goes on beyond the bytes that are there.
    """

    lines: list[str]
    values: dict[int, str]
    reached: int
    short: bool


class Iso8583:
    """Card payments."""

    name = "iso8583"

    def sniff(self, flow: FlowHead, heads: tuple[bytes, bytes]) -> float:
        """Only where the first message makes sense from end to end, as far as it is there."""
        if flow.protocol != 6:
            return 0.0
        return 0.9 if any(_layout(head) for head in heads) else 0.0

    def conversation(self, flow: FlowHead, content: Content) -> Conversation:
        """A text per message, a line per field; PIN blocks and keys are not copied."""
        return _Session(content)


def _framed(layout: _Layout, head: bytes) -> tuple[int, int] | None:
    """Where the message type stands and where the message ends; null = not of this layout."""
    end = _size(layout, head)
    if end is None:
        return None
    begin = 2 if layout.prefix == "binary" else 4
    at = begin + layout.header
    if layout.header == 5 and head[begin : begin + 1] != b"\x60":
        return None
    if layout.header == 12 and head[begin : begin + 3] != b"ISO":
        return None
    return (at, end) if at + 12 <= end else None


def _layout(head: bytes) -> _Layout | None:
    """The layout by which the first message makes sense, null = none."""
    if len(head) < 20:
        return None
    for layout in _LAYOUTS:
        framed = _framed(layout, head)
        if framed is None:
            continue
        at, end = framed
        read = _message(head[at:end], layout)
        whole = len(head) >= end
        if read is None:
            continue
        if not layout.header and not _dated(read.values):
            continue
        if whole and read.reached == end - at and len(read.values) >= _LEAST_FIELDS:
            return layout
        if not whole and read.short and len(read.values) > _LEAST_FIELDS:
            return layout
    return None


def _dated(values: dict[int, str]) -> bool:
    """Whether a message says when it was sent: random digits hardly ever do."""
    if 7 in values:
        return _MOMENT.match(values[7]) is not None
    moment = values.get(13, "") + values.get(12, "")
    return _MOMENT.match(moment[-10:]) is not None


def _bitmap(data: bytes, at: int, layout: _Layout) -> tuple[list[int], int] | None:
    """Numbers of the fields that follow, and where they begin; null = there is no bitmap."""
    size = 16 if layout.hexadecimal else 8
    numbers: list[int] = []
    for first in (0, 64):
        text = data[at : at + size]
        if len(text) < size:
            return None
        if layout.hexadecimal:
            if not re.fullmatch(rb"[0-9A-Fa-f]{16}", text):
                return None
            text = bytes.fromhex(text.decode("ascii"))
        bits = int.from_bytes(text, "big")
        numbers += [first + bit for bit in range(1, 65) if bits >> (64 - bit) & 1]
        at += size
        if not numbers or numbers[0] != 1:
            break
    return [number for number in numbers if number not in (1, 65)], at


def _message(data: bytes, layout: _Layout) -> _Read | None:
    """Reads a message from its type on; null = it is none."""
    kind = data[:2].hex().encode() if layout.packed else data[:4]
    at = 2 if layout.packed else 4
    if not _TYPE.match(kind):
        return None
    found = _bitmap(data, at, layout)
    if found is None or 11 not in found[0]:  # every message has a trace number
        return None
    numbers, at = found
    fields = VERSIONS[chr(kind[0])]
    lines = [f"ISO 8583 message {kind.decode('ascii')}"]
    values: dict[int, str] = {}
    for number in numbers:
        value = _value(data, at, fields[number], layout)
        if value is None:
            return _Read(lines, values, at, short=False)
        text, end = value
        if end > len(data):
            return _Read(lines, values, at, short=True)
        values[number] = text
        if number not in SECRET:
            lines.append(f"{NAMES.get(number, f'field {number}')}: {text}")
        at = end
    return _Read(lines, values, at, short=False)


def _value(data: bytes, at: int, field: Field, layout: _Layout) -> tuple[str, int] | None:
    """A field as text and where it ends (beyond ``data``, if it is cut); null = it is not one."""
    size = field.size
    if field.length:
        width = (field.length + 1) // 2 if layout.packed else field.length
        digits = data[at : at + width]
        if len(digits) < width:
            return "", len(data) + 1
        text = digits.hex().encode() if layout.packed else digits
        if not text.isdigit() or int(text) > size:
            return None
        size = int(text)
        at += width
    if layout.packed and field.kind in "nzx":
        return _digits(data, at, field.kind, size)
    return _plain(data, at, field, size, doubled=layout.hexadecimal)


def _digits(data: bytes, at: int, kind: str, size: int) -> tuple[str, int] | None:
    """Digits packed two to a byte, an odd one with a zero before or an F behind it."""
    sign = ""
    if kind == "x":
        sign = data[at : at + 1].decode("ascii", "replace")
        at, size = at + 1, size - 1
        if sign not in ("C", "D", ""):
            return None
    end = at + (size + 1) // 2
    text = data[at:end].hex()
    if end <= len(data) and size % 2:
        text = text[1:] if text.startswith("0") and not text.endswith("f") else text[:size]
    whole = end <= len(data) and size > 0
    good = _TRACK if kind == "z" and whole else _DIGITS
    if (kind != "z" or whole) and not good.match(text.encode()):
        return None
    return sign + text.replace("d", "="), end


def _plain(
    data: bytes, at: int, field: Field, size: int, *, doubled: bool
) -> tuple[str, int] | None:
    """Characters; bytes are written in hexadecimal digits where the bitmap is."""
    end = at + size * (2 if field.kind == "b" and doubled else 1)
    value = data[at:end]
    if field.kind == "b":
        return (value.decode("ascii", "replace") if doubled else value.hex()), end
    if field.kind == "x" and value[:1] not in (b"C", b"D", b""):
        return None
    if field.kind in "nx" and not _DIGITS.match(value[1:] if field.kind == "x" else value):
        return None
    if field.kind == "z" and end <= len(data) and size and not _TRACK.match(value):
        return None
    if field.size < 255 and _UNPRINTED.search(value):
        return None
    return value.decode("utf-8", "replace"), end


def _size(layout: _Layout, head: bytes) -> int | None:
    """Bytes of a message with the length before it; null = that is no length."""
    begin = 2 if layout.prefix == "binary" else 4
    if begin == 4 and not head[:4].isdigit():
        return None
    size = int.from_bytes(head[:2], "big") if begin == 2 else int(head[:4])
    end = size + (0 if layout.own else begin)
    return end if begin <= end <= _LONGEST else None


class _Session:
    """One connection; both sides write in one layout."""

    def __init__(self, content: Content) -> None:
        self._content = content
        self._waiting = (Incoming(), Incoming())
        self._layout: _Layout | None = None
        self._lost = [False, False]

    def feed(self, side: int, data: bytes, gap: int) -> None:
        if gap:
            self._lose(side)
        if self._lost[side]:
            if data:
                self._content.unread(side, len(data), "damaged")
            return
        self._waiting[side].add(data)
        while self._next(side):
            pass

    def close(self) -> None:
        for side in (0, 1):
            rest = len(self._waiting[side].rest())
            if rest:
                self._content.unread(side, rest, "damaged")

    def _lose(self, side: int) -> None:
        """Where messages begin is not known any more."""
        if not self._lost[side]:
            self._content.problem("iso8583-lost", "ISO 8583 messages could not be told apart")
        self._lost[side] = True
        rest = len(self._waiting[side].rest())
        if rest:
            self._content.unread(side, rest, "damaged")

    def _next(self, side: int) -> bool:
        """Takes one message; false = none is there whole."""
        incoming = self._waiting[side]
        if self._layout is None:
            self._layout = self._first(side)
        layout = self._layout
        head = incoming.head(20)
        if layout is None or len(head) < 4:
            return False
        size = _size(layout, head)
        if size is None:
            self._lose(side)
            return False
        message = incoming.block(size)
        if message is None:
            return False
        framed = _framed(layout, message)
        read = _message(message[framed[0] :], layout) if framed else None
        if framed is None or read is None:
            if size > 4:  # else it is a sign of life
                self._content.unread(side, size, "damaged")
            return True
        self._content.text(side, "ISO 8583 message", "\n".join(read.lines).encode())
        if framed[0] + read.reached < size:
            self._content.unread(side, size - framed[0] - read.reached, "damaged")
        return True

    def _first(self, side: int) -> _Layout | None:
        """The layout, once a first message is there; a side that makes no sense is given up."""
        incoming = self._waiting[side]
        head = incoming.head(_LONGEST)
        for layout in _LAYOUTS:
            framed = _framed(layout, head)
            if framed and len(head) >= framed[1] and _layout(head[: framed[1]]) == layout:
                return layout
        if len(head) >= _LONGEST:
            self._lose(side)
        return None
