"""The host that the first request of a clear-text HTTP/2 connection asks for (compiled).

Frames: RFC 9113 section 4 and 6; header compression (HPACK): RFC 7541. Only the first block of
header fields is read, so the dynamic table is empty but for what that block itself adds, and no
client names its host through that.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from auditor.readers.capture.numbers import be32, compiled, octet

if TYPE_CHECKING:
    from auditor.readers.capture.layout import Bytes

SCRATCH_HTTP2: Final = 4096
"""Of a block of header fields that is larger, the beginning is read."""
MOST_FRAMES: Final = 64
HEADERS: Final = 1
CONTINUATION: Final = 9
MOST_KIND: Final = 0x10
PREFACE: Final = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
AUTHORITY: Final = b":authority"
HOST: Final = b"host"

LENGTHS: Final = (
    13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 30, 28,
    28, 28, 28, 28, 28, 28, 28, 28, 6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6,
    5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 7, 8, 15, 6, 12, 10, 13, 6, 7, 7, 7, 7, 7, 7,
    7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19, 13, 14, 6,
    15, 5, 6, 5, 6, 5, 6, 6, 6, 5, 7, 7, 6, 6, 6, 5, 6, 7, 6, 5, 5, 6, 7, 7,
    7, 7, 7, 15, 11, 14, 13, 28, 20, 22, 20, 20, 22, 22, 22, 23, 22, 23, 23, 23, 23, 23, 24, 23,
    24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24, 22, 21, 20, 22, 22, 23, 23, 21,
    23, 22, 22, 24, 21, 22, 23, 23, 21, 21, 22, 21, 23, 22, 23, 23, 20, 22, 22, 22, 23, 22, 22, 23,
    26, 26, 20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25, 19, 21, 26, 27, 27, 26, 27, 24,
    21, 21, 26, 26, 28, 27, 27, 27, 20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25, 25, 24, 24, 26, 23,
    26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27, 27, 27, 27, 26, 30,
)  # fmt: skip
"""Bits of the Huffman code of each byte, and of the end mark (RFC 7541 appendix B)."""

SYMBOLS = np.array(sorted(range(257), key=lambda symbol: (LENGTHS[symbol], symbol)), np.int64)
COUNTS = np.bincount(np.array(LENGTHS), minlength=32).astype(np.int64)
"""The code is canonical: codes of one length follow each other in the order of their symbols."""


@compiled
def number(data: Bytes, p: int, end: int, bits: int) -> tuple[int, int]:
    """An integer that begins in the low bits of a byte, and the place behind it; -1 = cut off.

    RFC 7541 section 5.1; numbers of more than 28 further bits count as cut off.
    """
    if p >= end:
        return 0, -1
    most = (1 << bits) - 1
    value = octet(data, p) & most
    if value < most:
        return value, p + 1
    for i in range(4):
        p += 1
        if p >= end:
            return 0, -1
        value += (octet(data, p) & 0x7F) << 7 * i
        if octet(data, p) < 0x80:
            return value, p + 1
    return 0, -1


@compiled
def plain(data: Bytes, p: int, end: int, out: Bytes) -> int:
    """Writes Huffman-coded text to ``out``; its length, -1 = not valid or too long (RFC 7541)."""
    length = 0
    code = first = index = bits = 0
    for i in range(8 * (end - p)):
        code |= octet(data, p + i // 8) >> (7 - i % 8) & 1
        bits += 1
        count = COUNTS[bits]
        if code - first < count:
            symbol = SYMBOLS[index + code - first]
            if symbol == 256 or length == out.size:
                return -1
            out[length] = symbol
            length += 1
            code = first = index = bits = 0
        else:
            index += count
            first = (first + count) << 1
            code <<= 1
            if bits == 30:
                return -1
    # What is left is filled with the beginning of the end mark: ones, less than a byte of them.
    return length if bits < 8 and code == (1 << (bits + 1)) - 2 else -1


@compiled
def text(data: Bytes, p: int, end: int, out: Bytes) -> tuple[int, int]:
    """Writes a string to ``out``; its length (-1 = not valid or too long) and the place behind it.

    The place is -1 if the string is cut off (RFC 7541 section 5.2).
    """
    coded = p < end and data[p] & 0x80 != 0
    size, p = number(data, p, end, 7)
    if p < 0 or size > end - p:
        return -1, -1
    if coded:
        return plain(data, p, p + size, out), p + size
    if size > out.size:
        return -1, p + size
    for i in range(size):
        out[i] = data[p + i]
    return size, p + size


@compiled
def same(name: Bytes, length: int, wanted: bytes) -> bool:
    """Whether a name is the wanted one."""
    if length != len(wanted):
        return False
    for i in range(length):
        if name[i] != wanted[i]:
            return False
    return True


@compiled
def field_found(data: Bytes, p: int, end: int, name: Bytes) -> int:
    """Writes the value of ``:authority`` or ``host`` in a block of fields to ``name``; its length.

    0 = the block, as far as it goes, has neither (RFC 7541 section 6).
    """
    while p >= 0 and p < end:
        kind = octet(data, p)
        if kind >= 0x80:  # an indexed field: no entry of the static table has a host
            _, p = number(data, p, end, 7)
            continue
        if kind & 0xE0 == 0x20:  # size of the dynamic table
            _, p = number(data, p, end, 5)
            continue
        index, p = number(data, p, end, 6 if kind & 0x40 else 4)
        wanted = index == 1 or index == 38
        if p >= 0 and index == 0:
            length, p = text(data, p, end, name)
            wanted = same(name, length, AUTHORITY) or same(name, length, HOST)
        if p < 0:
            return 0
        length, p = text(data, p, end, name)
        if wanted and p >= 0 and length > 0:
            return length
    return 0


@compiled
def authority(data: Bytes, p: int, end: int, name: Bytes, scratch: Bytes) -> int:
    """Writes the host of the first request to ``name``, with a port if one is given; its length.

    ``data[p:end]`` begins at the connection preface or at a frame; ``scratch`` has
    ``SCRATCH_HTTP2`` bytes. 0 = none, or not yet there; -1 = this is not HTTP/2.
    """
    if p < end and data[p] == 80:
        for i in range(min(24, end - p)):
            if data[p + i] != PREFACE[i]:
                return -1
        p += 24
    size = 0
    begun = False
    for _ in range(MOST_FRAMES):
        if p + 9 > end:
            break
        length, kind, flags = be32(data, p) >> 8, octet(data, p + 3), octet(data, p + 4)
        if length > 16384 or kind > MOST_KIND or (begun and kind != CONTINUATION):
            return -1  # larger frames have to be agreed on; nothing may come between
        stream = be32(data, p + 5) & 0x7FFFFFFF
        p += 9
        start, stop, whole = p, min(p + length, end), p + length
        p = whole
        if kind == HEADERS and not begun:
            if stream == 0:
                return -1
            begun = True
            if flags & 0x08 and start < stop:  # padded
                whole -= octet(data, start)
                start += 1
            if flags & 0x20:  # priority
                start += 5
            if whole < start:
                return -1
            stop = min(stop, whole)
        elif kind == CONTINUATION and not begun:
            return -1
        if begun:
            for place in range(start, stop):
                if size < SCRATCH_HTTP2:
                    scratch[size] = data[place]
                    size += 1
            if flags & 0x04:  # the end of the header fields
                break
    return field_found(scratch, 0, size, name)
