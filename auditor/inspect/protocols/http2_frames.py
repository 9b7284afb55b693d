"""Frames of HTTP/2 (RFC 9113 sections 4 and 6)."""

from __future__ import annotations

import re
from typing import Final

DATA, HEADERS, RST, SETTINGS, PUSH, CONTINUATION = 0, 1, 3, 4, 5, 9
COLLECTED: Final = frozenset({HEADERS, RST, SETTINGS, PUSH, CONTINUATION})
MOST_KIND: Final = 9
END_STREAM, END_HEADERS, PADDED, PRIORITY = 0x01, 0x04, 0x08, 0x20
TABLE_SIZE: Final = 1  # a setting


FIRST_SETTINGS: Final = re.compile(rb"\x00\x00[\x00-\x60]\x04\x00\x00\x00\x00\x00", re.DOTALL)
"""What a server begins with."""

FRAME: Final = re.compile(
    rb"\x00[\x00-\x40].(?:\x00[\x00\x01\x08\x09]|\x01[\x00\x01\x04\x05\x08\x09\x0c\x0d\x20-\x2d])"
    rb"\x00(?!\x00\x00\x00).{3}"
    rb"|\x00\x00\x04\x03\x00\x00(?!\x00\x00\x00).{3}"
    rb"|\x00\x00[\x00-\x60]\x04[\x00\x01]\x00{4}|\x00\x00\x08\x06[\x00\x01]\x00{4}"
    rb"|\x00\x00\x04\x08\x00\x00.{3}",
    re.DOTALL,
)
"""Where a frame may begin in the middle of a stream: up to 16 KiB, with the flags of its kind."""

_FIXED_SIZES: Final = {2: 5, RST: 4, 6: 8, 8: 4}


def plausible(head: bytes | bytearray) -> bool:
    """Size and stream are such as the kind of frame allows (section 6)."""
    size, kind = int.from_bytes(head[:3], "big"), head[3]
    connection = not int.from_bytes(head[5:9], "big") & 0x7FFFFFFF
    if kind == SETTINGS:
        return connection and size % 6 == 0
    if kind in _FIXED_SIZES:
        return size == _FIXED_SIZES[kind] and (kind == 8 or connection == (kind == 6))
    return connection == (kind == 7)


def fragment(kind: int, flags: int, payload: bytes) -> bytes:
    """The header fields within a frame, still packed (sections 6.2 and 6.6)."""
    begin, end = 0, len(payload)
    if flags & PADDED and payload:
        begin, end = 1, max(1, end - payload[0])
    if kind == PUSH:
        begin += 4
    elif flags & PRIORITY:
        begin += 5
    return payload[begin:end]
