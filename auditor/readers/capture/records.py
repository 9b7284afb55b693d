"""The records of a capture file, window by window (compiled).

pcap: draft-ietf-opsawg-pcap; pcapng: draft-ietf-opsawg-pcapng. A walk goes on until the window
is used up, something is full, or the bytes make no sense, and says where it stopped.
"""

from __future__ import annotations

import numpy as np

from auditor.readers.capture.layout import (
    BLOCK, DAMAGED, DONE_FULL, FLOWS_DONE, FLOWS_FULL, FLOWS_LIVE, HOLES_FREE, HOLES_FULL,
    HOLES_USED, LAST_TIME, LINK, MORE, NAME_BYTES, NAMES, NAMES_FULL, NO_TIME, SNAP, TIME_BY,
    TIME_KIND, TIME_OFFSET, TUNNELS_FULL, TUNNELS_USED, Bytes, Ints, State,
)  # fmt: skip
from auditor.readers.capture.numbers import entry, hot, word16, word32
from auditor.readers.capture.packet import taken

MOST_CAPTURED = 1 << 18
"""Bytes of one packet; a record that claims more is damaged (as libpcap and Wireshark hold it)."""

MOST_BLOCK = 1 << 24
"""Bytes of one pcapng block (as Wireshark holds it)."""


@hot
def lacking(s: State) -> int:
    """What has no room for one more packet; ``MORE`` (= 0) if all have."""
    c = s.counters
    if c[FLOWS_LIVE] + 2 > s.flows.shape[0]:
        return FLOWS_FULL
    if c[FLOWS_DONE] + 4 > s.done.shape[0]:
        return DONE_FULL
    if c[NAMES] + 32 > s.name_ends.size - 1 or c[NAME_BYTES] + 8192 > s.name_bytes.size:
        return NAMES_FULL
    if c[HOLES_FREE] == 0 and c[HOLES_USED] + 2 > s.holes.shape[0]:
        return HOLES_FULL
    if c[TUNNELS_USED] * 2 > s.tunnels.shape[0]:
        return TUNNELS_FULL
    return MORE


@entry
def pcap_records(
    s: State, data: Bytes, p: int, end: int, swapped: bool, nanoseconds: bool, snap: int, link: int
) -> tuple[int, int]:
    """Walks records from ``p``; where it stopped and why."""
    scale = 1 if nanoseconds else 1000
    most = max(MOST_CAPTURED, snap) if snap <= MOST_BLOCK else MOST_BLOCK
    while p + 16 <= end:
        why = lacking(s)
        if why != MORE:
            return p, why
        captured = word32(data, p + 8, swapped)
        wire = word32(data, p + 12, swapped)
        fraction = word32(data, p + 4, swapped)
        if captured > most:
            return p, DAMAGED
        if p + 16 + captured > end:
            return p, MORE
        time = word32(data, p, swapped) * 1_000_000_000 + fraction * scale
        stop = p + 16 + (min(captured, snap) if snap else captured)
        taken(s, data, p + 16, stop, max(wire, stop - p - 16), link, time)
        p += 16 + captured
    return p, MORE


@hot
def block_time(interfaces: Ints, number: int, high: int, low: int) -> int:
    """A pcapng time in ns since the epoch; -1 where it lies outside what 64 bits hold."""
    ticks = high << 32 | low
    kind = interfaces[number, TIME_KIND]
    by = interfaces[number, TIME_BY]
    if ticks < 0:
        return -1
    if kind == 0:
        if ticks > np.int64(9_200_000_000_000_000_000) // by:
            return -1
        time = ticks * by
    elif kind == 1:
        time = ticks // by
    else:
        seconds = ticks >> by
        if seconds > 9_200_000_000:
            return -1
        rest = ticks & ((1 << by) - 1)
        if by > 33:
            rest >>= by - 33
            by = 33
        time = seconds * 1_000_000_000 + ((rest * 1_000_000_000) >> by)
    offset = interfaces[number, TIME_OFFSET]
    if offset > 0 and time > np.int64(9_200_000_000_000_000_000) - offset:
        return -1
    return time + offset


@entry
def pcapng_blocks(
    s: State, data: Bytes, p: int, end: int, swapped: bool, interfaces: Ints, known: int
) -> tuple[int, int]:
    """Walks blocks from ``p``; stops with ``BLOCK`` at section headers and interfaces."""
    while p + 12 <= end:
        why = lacking(s)
        if why != MORE:
            return p, why
        kind = word32(data, p, swapped)
        if kind == 0x0A0D0D0A or kind == 1:
            return p, BLOCK
        size = word32(data, p + 4, swapped)
        if size < 12 or size % 4 or size > MOST_BLOCK:
            return p, DAMAGED
        if p + size > end:
            return p, MORE
        if word32(data, p + size - 4, swapped) != size:
            return p, DAMAGED
        if kind == 6 or kind == 2 or kind == 3:
            number = 0
            begin = p + 28
            if size < (16 if kind == 3 else 32):
                return p, DAMAGED
            if kind == 3:
                begin = p + 12
                wire = word32(data, p + 8, swapped)
                captured = min(wire, size - 16)
                time = max(s.counters[LAST_TIME], 0)
                s.counters[NO_TIME] += known > 0
            else:
                number = word32(data, p + 8, swapped) if kind == 6 else word16(data, p + 8, swapped)
                captured = word32(data, p + 20, swapped)
                wire = word32(data, p + 24, swapped)
                time = 0
            if number >= known or captured > size - (begin - p) - 4:
                return p, DAMAGED
            if kind != 3:
                high, low = word32(data, p + 12, swapped), word32(data, p + 16, swapped)
                time = block_time(interfaces, number, high, low)
            snap = interfaces[number, SNAP]
            stop = begin + (min(captured, snap) if snap else captured)
            taken(s, data, begin, stop, max(wire, stop - begin), interfaces[number, LINK], time)
        p += size
    return p, MORE
