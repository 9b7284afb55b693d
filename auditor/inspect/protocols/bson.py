"""BSON as lines of JSON (bsonspec.org, version 1.1)."""

from __future__ import annotations

import datetime
import functools
import json
import struct
from typing import Final

MOST_NESTED: Final = 100
"""Documents within documents, as the server limits them."""
MOST_NAMES: Final = 1024
"""Names of fields that are kept as JSON; documents of a collection have the same ones."""
SECRETS: Final = frozenset({b"payload", b"pwd", b"digestPassword", b"speculativeAuthenticate"})
"""Fields of commands that carry or prove passwords."""
AUTHENTICATION: Final = (
    b"saslStart",
    b"saslContinue",
    b"authenticate",
    b"createUser",
    b"updateUser",
)

_DOUBLE: Final = struct.Struct("<d").unpack_from
_INT: Final = struct.Struct("<i").unpack_from
_SIZE: Final = struct.Struct("<I").unpack_from
_LONG: Final = struct.Struct("<q").unpack_from
_EPOCH: Final = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
_quoted = json.encoder.encode_basestring

_SIZES: Final = {0x01: 8, 0x06: 0, 0x07: 12, 0x08: 1, 0x09: 8, 0x0A: 0, 0x10: 4, 0x11: 8,
                 0x12: 8, 0x13: 16, 0x7F: 0, 0xFF: 0}  # fmt: skip
"""Sizes of values that have one, by type."""
STRINGS: Final = frozenset({0x02, 0x0D, 0x0E})
TEXT = 0x02
DOCUMENT, ARRAY, BINARY, REGEX, POINTER, SCOPED = 0x03, 0x04, 0x05, 0x0B, 0x0C, 0x0F
SIZED: Final = STRINGS | {DOCUMENT, ARRAY, BINARY, POINTER, SCOPED}
"""Types whose values begin with their size."""


def line(document: bytes) -> tuple[bytes, int]:
    """One document as JSON in UTF-8, and how many bytes of binary values are left out.

    Passwords and what proves them are left out of commands that have them.

    Raises:
        ValueError, IndexError, struct.error: it is damaged, or nested too deeply.
    """
    (size,) = _SIZE(document)
    if size != len(document) or size < 5 or document[-1]:
        raise ValueError("a document of another length")
    first = document[5 : document.index(b"\0", 5)] if size > 5 else b""
    hidden = SECRETS if first in AUTHENTICATION or b"speculativeAuth" in document else frozenset()
    return _written(document, hidden)


def _written(data: bytes, hidden: frozenset[bytes]) -> tuple[bytes, int]:
    """The text of a document; what is open is kept in a list instead of the stack."""
    out: list[str] = ["{"]
    open_ends: list[tuple[int, bool]] = [(len(data), False)]
    place, binary, first = 4, 0, True
    while open_ends:
        end, array = open_ends[-1]
        kind = data[place]
        place += 1
        if not kind:
            if place != end:
                raise ValueError("a document ends before its length")
            out.append("]" if array else "}")
            open_ends.pop()
            first = False
            continue
        after = data.index(b"\0", place)
        name = data[place:after]
        place = after + 1
        if not first:
            out.append(",")
        first = False
        if not array:
            out.append(_named(name))
        if kind == TEXT and name not in hidden:
            (size,) = _SIZE(data, place)
            place += 4 + size
            if place > end or not size:
                raise ValueError("a string is longer than its document")
            out.append(_quoted(data[place - size : place - 1].decode("utf-8", "replace")))
            continue
        if kind in (DOCUMENT, ARRAY) and name not in hidden:
            (size,) = _SIZE(data, place)
            if size < 5 or place + size > end or len(open_ends) >= MOST_NESTED:
                raise ValueError("a document within is longer than its own, or nested too deeply")
            open_ends.append((place + size, kind == ARRAY))
            out.append("[" if kind == ARRAY else "{")
            place += 4
            first = True
            continue
        size = _size(data, place, kind)
        if place + size > end:
            raise ValueError("a value is longer than its document")
        if name in hidden:
            out.append("null")
        elif kind == BINARY:
            out.append("null")
            binary += size
        else:
            out.append(_value(data, place, size, kind))
        place += size
    return "".join(out).encode("utf-8", "replace"), binary


@functools.lru_cache(maxsize=MOST_NAMES)
def _named(name: bytes) -> str:
    return _quoted(name.decode("utf-8", "replace")) + ":"


def size_of(kind: int, told: bytes) -> int:
    """Bytes of a value by its type and its first four bytes; -1 = not known."""
    size = _SIZES.get(kind)
    if size is not None:
        return size
    if kind not in SIZED or len(told) < 4:
        return -1
    number = int.from_bytes(told[:4], "little")
    if kind in STRINGS:
        return 4 + number
    if kind == BINARY:
        return 5 + number
    if kind == POINTER:
        return 16 + number
    return number if number >= 5 else -1


def _size(data: bytes, place: int, kind: int) -> int:
    """Bytes of a value."""
    if kind == REGEX:
        return data.index(b"\0", data.index(b"\0", place) + 1) + 1 - place
    size = size_of(kind, data[place : place + 4])
    if size < 0:
        raise ValueError("a type that is not known, or a damaged length")
    return size


def _value(data: bytes, place: int, size: int, kind: int) -> str:
    """A value that is no document, as JSON."""
    if kind in STRINGS:
        return _quoted(data[place + 4 : place + size - 1].decode("utf-8", "replace"))
    if kind == 0x10:
        return str(_INT(data, place)[0])
    if kind == 0x12:
        return str(_LONG(data, place)[0])
    if kind == 0x01:
        return json.dumps(_DOUBLE(data, place)[0])
    if kind == 0x08:
        return "true" if data[place] else "false"
    if kind == 0x07:
        return f'"{data[place : place + 12].hex()}"'
    if kind == 0x09:
        try:
            moment = _EPOCH + datetime.timedelta(milliseconds=_LONG(data, place)[0])
        except OverflowError:
            return "null"
        return f'"{moment.isoformat()}"'
    if kind in (REGEX, SCOPED):
        return _quoted(data[place : place + size].replace(b"\0", b" ").decode("utf-8", "replace"))
    if kind == 0x13:
        return _decimal(data[place : place + 16])
    return "null"


def _decimal(raw: bytes) -> str:
    """A decimal number of 128 bits, in the usual of its two forms (IEEE 754, binary integer)."""
    number = int.from_bytes(raw, "little")
    if number >> 125 & 3 == 3:
        return "null"
    exponent = (number >> 113 & 0x3FFF) - 6176
    return f'"{"-" if number >> 127 else ""}{number & (1 << 113) - 1}E{exponent}"'
