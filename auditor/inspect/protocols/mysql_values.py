"""Pieces of MySQL packets: lengths, columns, text and binary values (MySQL manual, "Protocol")."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

MOST_COLUMNS: Final = 4096
"""Columns of a table, as the server limits them."""
MOST_PACKET: Final = 0xFFFFFF
"""Size of a packet that goes on in the next."""

MOST_ROW: Final = 1 << 20
"""Bytes of a row that is taken apart here."""

UNSIGNED: Final = 0x20
_NUMBERS: Final = {1: "b", 2: "h", 3: "i", 8: "q", 9: "i", 13: "H", 4: "f", 5: "d"}
"""By number of type: tiny, short, long, long long, 24 bits, year, float, double."""
_DATES: Final = (7, 10, 12)
_TIME: Final = 11
_NULL: Final = 6


class Column(NamedTuple):
    """A column of a result, or a parameter."""

    name: bytes
    kind: int
    unsigned: bool


def length(body: bytes, place: int) -> tuple[int | None, int]:
    """A length-encoded integer (null = the value is absent) and the place after it.

    Raises:
        IndexError, ValueError: it is cut.
    """
    first = body[place]
    if first < 0xFB:
        return first, place + 1
    if first == 0xFB:
        return None, place + 1
    if first == 0xFF:
        raise ValueError("no length begins so")
    size = {0xFC: 2, 0xFD: 3, 0xFE: 8}[first]
    after = place + 1 + size
    if after > len(body):
        raise ValueError("a length is cut")
    return int.from_bytes(body[place + 1 : after], "little"), after


def string(body: bytes, place: int) -> tuple[bytes, int]:
    """A string with its length before it (absent = empty), and the place after it.

    Raises:
        IndexError, ValueError: it is cut.
    """
    size, place = length(body, place)
    after = place + (size or 0)
    if after > len(body):
        raise ValueError("a string is longer than its packet")
    return body[place:after], after


def column(body: bytes) -> Column:
    """A column definition of protocol 4.1.

    Raises:
        IndexError, ValueError, struct.error: it is damaged.
    """
    place, name = 0, b""
    for number in range(6):  # catalogue, schema, table, its own name, name, its own name
        found, place = string(body, place)
        if number == 4:
            name = found
    _, place = length(body, place)
    _, _, kind, flags = struct.unpack_from("<HIBH", body, place)
    return Column(name, kind, bool(flags & UNSIGNED))


def text_row(body: bytes, count: int) -> list[bytes]:
    """The values of a row of a text result.

    Raises:
        IndexError, ValueError: it is damaged.
    """
    values, place = [], 0
    for _ in range(count):
        value, place = string(body, place)
        values.append(value)
    if place != len(body):
        raise ValueError("a row is longer than its values")
    return values


def taken_rows(data: bytes, place: int, count: int, take: Callable[[list[bytes]], None]) -> int:
    """Takes packets with text rows of so many short values, as long as they are whole and sound.

    Returns:
        The place after the last one.
    """
    end = len(data)
    while end - place > 4:
        size = data[place] | data[place + 1] << 8 | data[place + 2] << 16
        after = place + 4 + size
        if after > end or not 0 < size <= MOST_ROW or data[place + 4] == 0xFE:
            break
        values, at = [], place + 4
        for _ in range(count):
            size = data[at] if at < after else 0xFF
            at += 1
            if size < 0xFB:
                values.append(data[at : at + size])
                at += size
            elif size == 0xFB:
                values.append(b"")
            elif size == 0xFC and at + 2 <= after:
                size = data[at] | data[at + 1] << 8
                values.append(data[at + 2 : at + 2 + size])
                at += 2 + size
            else:
                return place
        if at != after:
            break
        take(values)
        place = after
    return place


def binary_row(body: bytes, columns: list[Column]) -> list[bytes]:
    """The values of a row of a binary result.

    Raises:
        IndexError, ValueError, struct.error: it is damaged.
    """
    count = len(columns)
    absent = int.from_bytes(body[1 : 1 + (count + 9) // 8], "little") >> 2
    return binary_values(body, 1 + (count + 9) // 8, absent, columns)


def binary_values(body: bytes, place: int, absent: int, columns: list[Column]) -> list[bytes]:
    """Binary values as text, one after another; bit n of ``absent`` tells that n has none.

    Raises:
        IndexError, ValueError, struct.error: they are damaged.
    """
    values = []
    for number, each in enumerate(columns):
        if absent >> number & 1 or each.kind == _NULL:
            values.append(b"")
            continue
        form = _NUMBERS.get(each.kind)
        if form is not None:
            form = "<" + (form.upper() if each.unsigned and form not in "fd" else form)
            values.append(str(struct.unpack_from(form, body, place)[0]).encode())
            place += struct.calcsize(form)
        elif each.kind in _DATES or each.kind == _TIME:
            size = body[place]
            if place + 1 + size > len(body):
                raise ValueError("a time is cut")
            values.append(_moment(body[place + 1 : place + 1 + size], each.kind))
            place += 1 + size
        else:
            value, place = string(body, place)
            values.append(value)
    return values


def _moment(value: bytes, kind: int) -> bytes:
    """A date, a date with time, or a span of time."""
    if kind == _TIME:
        negative, days, hours, minutes, seconds = struct.unpack_from(
            "<BIBBB", value.ljust(8, b"\0")
        )
        return f"{'-' if negative else ''}{days * 24 + hours}:{minutes:02}:{seconds:02}".encode()
    year, month, day, *clock = struct.unpack_from("<HBBBBB", value.ljust(7, b"\0"))
    date = f"{year:04}-{month:02}-{day:02}"
    return (date + (" {:02}:{:02}:{:02}".format(*clock) if len(value) > 4 else "")).encode()
