"""Pieces of PostgreSQL messages, and binary values as text (``pg_type.dat``, ``*_send``)."""

from __future__ import annotations

import datetime
import struct
import uuid
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

MOST_COLUMNS: Final = 1664
"""Columns of a result, as the server limits them."""

EPOCH: Final = datetime.datetime(2000, 1, 1)  # noqa: DTZ001 - a wall clock, as the server has it
MOST_DIGITS: Final = 1000
"""Decimal places of a number, as a column may declare them."""


MOST_NAME: Final = 63
"""Bytes of a name that the server keeps (NAMEDATALEN)."""
MOST_ROW: Final = 1 << 20
"""Bytes of a row that is taken apart here."""

_ROW_HEAD: Final = struct.Struct(">BIH").unpack_from
_LENGTH: Final = struct.Struct(">I").unpack_from
_NULL: Final = 0xFFFFFFFF


class Columns(NamedTuple):
    """The columns of a result: names, and by column the number of its type and its format."""

    names: tuple[bytes, ...]
    types: tuple[int, ...]
    formats: tuple[int, ...]


def string(body: bytes, place: int) -> tuple[bytes, int]:
    """The string that ends with a zero byte, and the place after it.

    Raises:
        ValueError: it does not end.
    """
    end = body.index(b"\0", place)
    return body[place:end], end + 1


def name(body: bytes, place: int) -> tuple[bytes, int]:
    """A name, as far as the server keeps it, and the place after it.

    Raises:
        ValueError: it does not end.
    """
    found, place = string(body, place)
    return found[:MOST_NAME], place


def formats(body: bytes, place: int) -> tuple[tuple[int, ...], int]:
    """A counted list of formats (0 text, 1 binary), and the place after it.

    Raises:
        struct.error: it is longer than the message.
    """
    (count,) = struct.unpack_from(">H", body, place)
    place += 2
    return struct.unpack_from(f">{count}H", body, place), place + 2 * count


def columns(body: bytes) -> Columns:
    """The columns of a RowDescription.

    Raises:
        ValueError: it is damaged.
        struct.error: it is cut.
    """
    (count,) = struct.unpack_from(">H", body)
    if count > MOST_COLUMNS:
        raise ValueError("more columns than a server has")
    names, types, kinds, place = [], [], [], 2
    for _ in range(count):
        found, place = name(body, place)
        _, _, number, _, _, kind = struct.unpack_from(">IHIhiH", body, place)
        place += 18
        names.append(found)
        types.append(number)
        kinds.append(kind)
    return Columns(tuple(names), tuple(types), tuple(kinds))


def parameters(body: bytes, place: int) -> tuple[list[tuple[bytes, int]], int]:
    """Values of a Bind with their formats (without absent ones), and the place after them.

    Raises:
        ValueError: it is damaged.
        struct.error: it is cut.
    """
    kinds, place = formats(body, place)
    (count,) = struct.unpack_from(">H", body, place)
    place += 2
    values = []
    for number in range(count):
        (size,) = struct.unpack_from(">i", body, place)
        place += 4
        if size < 0:
            continue
        if place + size > len(body):
            raise ValueError("a parameter is longer than its message")
        kind = 0
        if kinds:
            kind = kinds[0] if len(kinds) == 1 else kinds[number]
        values.append((body[place : place + size], kind))
        place += size
    return values, place


def row(body: bytes) -> list[bytes]:
    """The values of a DataRow; absent ones are empty.

    Raises:
        ValueError: it is damaged.
        struct.error: it is cut.
    """
    (count,) = struct.unpack_from(">H", body)
    place, values, end = 2, [], len(body)
    for _ in range(count):
        (length,) = _LENGTH(body, place)
        place += 4
        if length == _NULL:
            values.append(b"")
            continue
        values.append(body[place : place + length])
        place += length
        if place > end:
            raise ValueError("a value is longer than its row")
    return values


def taken_rows(data: bytes, place: int, count: int, take: Callable[[list[bytes]], None]) -> int:
    """Takes DataRow messages of so many values as long as they are whole and sound.

    Returns:
        The place after the last one.
    """
    end = len(data)
    while end - place >= 7 and data[place] == 0x44:
        _, size, told = _ROW_HEAD(data, place)
        after = place + 1 + size
        if after > end or told != count or size > MOST_ROW:
            break
        values, at = [], place + 7
        try:
            for _ in range(count):
                (length,) = _LENGTH(data, at)
                at += 4
                if length == _NULL:
                    values.append(b"")
                    continue
                values.append(data[at : at + length])
                at += length
        except struct.error:
            break
        if at != after:
            break
        take(values)
        place = after
    return place


def taken_pieces(data: bytes, place: int) -> tuple[bytes, int]:
    """What whole CopyData messages hold, and the place after the last of them."""
    end, pieces = len(data), []
    while end - place >= 5 and data[place] == 0x64:
        (size,) = _LENGTH(data, place + 1)
        after = place + 1 + size
        if size < 4 or after > end:
            break
        pieces.append(data[place + 5 : after])
        place = after
    return b"".join(pieces), place


def text(number: int, value: bytes) -> bytes | None:
    """A binary value as text by the number of its type; null = not known, or damaged."""
    plain = _PLAIN.get(number)
    if plain is None:
        return as_text(value)
    try:
        return plain(value)
    except (struct.error, ValueError, OverflowError):
        return None


def as_text(value: bytes) -> bytes | None:
    """A value of an unknown type, if it is text: strings are sent as they are in binary too."""
    try:
        return value if value.decode().isprintable() else None
    except UnicodeDecodeError:
        return None


def _number(form: str) -> Callable[[bytes], bytes]:
    reading = struct.Struct(form)
    return lambda value: str(reading.unpack(value)[0]).encode()


def _date(value: bytes) -> bytes:
    (days,) = struct.unpack(">i", value)
    return (EPOCH + datetime.timedelta(days=days)).date().isoformat().encode()


def _moment(value: bytes) -> bytes:
    (microseconds,) = struct.unpack(">q", value)
    return (EPOCH + datetime.timedelta(microseconds=microseconds)).isoformat(sep=" ").encode()


def _decimal(value: bytes) -> bytes:
    """Groups of four decimal digits; the weight is the place of the first."""
    count, weight, sign, scale = struct.unpack_from(">HhHH", value)
    groups = struct.unpack_from(f">{count}H", value, 8)
    if sign not in (0, 0x4000) or abs(weight) > MOST_DIGITS or scale > MOST_DIGITS:
        raise ValueError("not a number, or out of all proportion")
    digits = "".join(f"{group:04}" for group in groups)
    point = (weight + 1) * 4
    digits = digits.rjust(len(digits) - min(point, 0), "0")
    point = max(point, 0)
    whole = digits[:point].ljust(point, "0").lstrip("0") or "0"
    part = digits[point:][:scale].ljust(scale, "0")
    return (("-" if sign else "") + whole + ("." + part if scale else "")).encode()


_PLAIN: Final[dict[int, Callable[[bytes], bytes]]] = {
    16: lambda value: b"t" if value == b"\1" else b"f",
    20: _number(">q"),
    21: _number(">h"),
    23: _number(">i"),
    26: _number(">I"),
    700: _number(">f"),
    701: _number(">d"),
    1082: _date,
    1114: _moment,
    1184: _moment,
    1700: _decimal,
    2950: lambda value: str(uuid.UUID(bytes=value)).encode(),
    3802: lambda value: value[1:],
} | dict.fromkeys((18, 19, 25, 114, 142, 705, 1042, 1043), lambda value: value)  # fmt: skip
"""By number of type: bool, int8, int2, int4, oid, float4, float8, date, timestamp, timestamptz,
numeric, uuid, jsonb; char, name, text, json, xml, unknown, bpchar, varchar."""
