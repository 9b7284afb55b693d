"""The beginning of a byte stream, put together from pieces that come in any order (compiled).

``held`` is a row of ``WIDTH_HELD`` numbers, ``piece`` a row of ``SIZE`` bytes. A row of zeros is
an empty one. The first bytes seen for a place stay: what is sent again cannot change them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from auditor.readers.capture.numbers import compiled

if TYPE_CHECKING:
    from auditor.readers.capture.layout import Bytes, Ints

SIZE: Final = 8192
"""Bytes of a stream's beginning that are kept: a ClientHello with post-quantum keys has 2000."""
RANGES: Final = 6
OWNER: Final = 16
"""From here on a row of ``held`` belongs to who feeds it (QUIC keeps its connection ID there)."""
WIDTH_HELD: Final = 32
"""0: number of ranges, 1-12: their starts and ends, ascending and not touching, 16-31: OWNER."""


@compiled
def emptied(held: Ints) -> None:
    """Forgets all pieces, and what the owner kept."""
    for i in range(WIDTH_HELD):
        held[i] = 0


@compiled
def put(held: Ints, piece: Bytes, offset: int, data: Bytes, p: int, end: int) -> bool:
    """Puts ``data[p:end]`` at a place of the stream; False if there was no room for it."""
    if offset < 0 or offset >= SIZE or end <= p:
        return False
    start, stop = offset, min(offset + end - p, SIZE)
    count = held[0]
    first = 0  # the ranges from first to before last meet the new one
    while first < count and held[2 + 2 * first] < start:
        first += 1
    last = first
    while last < count and held[1 + 2 * last] <= stop:
        last += 1
    met = last - first
    if met == 0 and count == RANGES:
        return False
    shift = p - offset
    at = start
    for i in range(first, last):
        for j in range(at, held[1 + 2 * i]):
            piece[j] = data[j + shift]
        at = max(at, held[2 + 2 * i])
    for j in range(at, stop):
        piece[j] = data[j + shift]
    if met == 0:
        for i in range(2 * count, 2 * first, -1):
            held[i + 2] = held[i]
    else:
        start = min(start, held[1 + 2 * first])
        stop = max(stop, held[2 * last])
        for i in range(2 * last + 1, 2 * count + 1):
            held[i - 2 * (met - 1)] = held[i]
    held[1 + 2 * first] = start
    held[2 + 2 * first] = stop
    held[0] = count + 1 - met
    return True


@compiled
def whole(held: Ints) -> int:
    """How many bytes stand at the beginning without a gap."""
    if held[0] == 0 or held[1] != 0:
        return 0
    return held[2]
