"""TCP payload counted once: retransmissions and overlaps left out, late segments not (compiled).

Per direction the highest sequence number seen is kept, and up to ``MOST_HOLES`` ranges below it
that have not been seen yet. Bytes in a hole are new when they come; bytes elsewhere below the
highest number are not (RFC 9293 section 3.4 for the arithmetic).
"""

from __future__ import annotations


from auditor.readers.capture.layout import (
    HOLES, HOLES_FREE, HOLES_USED, MOST_HOLES, NEXT, PAYLOAD, State,
)  # fmt: skip
from auditor.readers.capture.numbers import ahead, compiled, hot

FARTHEST = 1 << 30
"""A jump beyond this is another numbering, not a gap."""

BEFORE = 1 << 20
"""Without a SYN, so many bytes before the first segment count as not seen yet."""


@compiled
def hole_row(s: State, row: int) -> int:
    """The row of the hole table that belongs to a flow, taken if it has none."""
    held = s.flows[row, HOLES]
    if held == 0:
        held = s.counters[HOLES_FREE]
        if held:
            s.counters[HOLES_FREE] = s.holes[held - 1, 0, 0, 0]
        else:
            held = s.counters[HOLES_USED] + 1
            s.counters[HOLES_USED] = held
        s.holes[held - 1] = 0
        s.flows[row, HOLES] = held
    return held - 1


@compiled
def hole_kept(s: State, row: int, direction: int, start: int, end: int) -> None:
    """Remembers a range not seen yet; beyond the limit the smallest range is forgotten."""
    holes = s.holes[hole_row(s, row), direction]
    smallest = 0
    size = 1 << 40
    for i in range(MOST_HOLES):
        length = (holes[i, 1] - holes[i, 0]) & 0xFFFFFFFF
        if length < size:
            smallest, size = i, length
    if (end - start) & 0xFFFFFFFF > size:
        holes[smallest, 0] = start & 0xFFFFFFFF
        holes[smallest, 1] = end & 0xFFFFFFFF


@compiled
def filled(s: State, row: int, direction: int, start: int, end: int) -> int:
    """How many bytes of a range had not been seen yet; they have now."""
    if s.flows[row, HOLES] == 0:
        return 0
    new = 0
    number = s.flows[row, HOLES] - 1
    for i in range(MOST_HOLES):
        first = s.holes[number, direction, i, 0]
        length = (s.holes[number, direction, i, 1] - first) & 0xFFFFFFFF
        if length == 0:
            continue
        low = max(ahead(start, first), 0)
        high = min(ahead(end, first), length)
        if high <= low:
            continue
        new += high - low
        s.holes[number, direction, i, 1] = (first + low) & 0xFFFFFFFF
        if high < length:
            hole_kept(s, row, direction, first + high, first + length)
    return new


@hot
def new_bytes(
    s: State, row: int, direction: int, sequence: int, length: int, syn: int, fin: int
) -> int:
    """How many of a segment's payload bytes are seen for the first time."""
    column = NEXT + direction
    expected = s.flows[row, column]
    if syn:
        sequence = (sequence + 1) & 0xFFFFFFFF
    end = (sequence + length) & 0xFFFFFFFF
    after = (end + fin) & 0xFFFFFFFF
    if syn and expected >= 0 and sequence != expected:
        if s.flows[row, PAYLOAD + direction] == 0:
            s.flows[row, column] = -1  # which of two numberings is true, the first data tells
            return length
    elif expected < 0:
        if not syn:
            hole_kept(s, row, direction, sequence - BEFORE, sequence)
        s.flows[row, column] = after
        return length
    gap = ahead(sequence, expected)
    if gap == -1 and length <= 1 and not syn:
        return 0  # a keep-alive repeats the last byte (RFC 9293 section 3.8.4)
    if gap >= FARTHEST or gap < -FARTHEST:
        if length or syn:
            s.flows[row, column] = after
        return length
    if gap >= 0:
        if gap > 0 and length == 0 and not fin:
            return 0
        if gap > 0:
            hole_kept(s, row, direction, expected, sequence)
        s.flows[row, column] = after
        return length
    beyond = ahead(end, expected)
    if beyond <= 0:
        new = filled(s, row, direction, sequence, end)
    else:
        new = beyond + filled(s, row, direction, sequence, expected)
    if ahead(after, expected) > 0:
        s.flows[row, column] = after
    return new
