"""UDP datagrams to certain ports, taken out of a capture by a second pass over it.

The first pass has told which flows carry exports; this one goes over the file again with the same
walk and hands on their payload. Of fragmented datagrams only the number is known.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from auditor.readers.capture import form as forms
from auditor.readers.capture.container import Container
from auditor.readers.capture.form import (
    FCS, GAP_FROM, HEADER, LAST, LINKTYPE, MOST, OFFSET, PCAPNG, SCALE, SNAP_LENGTH, SWAPPED,
)  # fmt: skip
from auditor.readers.capture.layout import (
    BLOCK, DAMAGED, LAST_TIME, MORE, Bytes, Ints, State, fresh,
)  # fmt: skip
from auditor.readers.capture.link import IP4, IP6, network
from auditor.readers.capture.numbers import be16, be32, be64, compiled, entry, octet
from auditor.readers.capture.packet import above_ip
from auditor.readers.capture.records import (
    BAD_BLOCK, PACKET, SKIP, YES, block_read, gap_ended, record_read, settled, sought,
)  # fmt: skip
from auditor.readers.capture.tunnels import MOST_NESTED, may_carry, unwrapped
from auditor.readers.capture.windows import Windows

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.readers.streams import Source

UDP: Final = 17

# Columns of a datagram found.
TIME, BEGIN, END, SIZE, PORTS, SOURCE, TARGET, FRAGMENT = 0, 1, 2, 3, 4, 5, 7, 9
WIDTH: Final = 10
FULL: Final = 1000
"""Answer of the walk: there is no more room for datagrams."""

ROOM: Final = 1 << 14


@compiled
def found(data: Bytes, p: int, end: int, link: int, time: int, ports: Bytes, row: Ints) -> bool:
    """Whether a packet is a UDP datagram to one of the ports; ``row`` takes where its payload is.

    Of a packet in a tunnel the innermost IP packet counts, as in the engine.
    """
    kind, p, _ = network(data, p, end, link)
    for _ in range(MOST_NESTED):
        later, version = 0, 4
        if kind == IP4:
            if p + 20 > end or data[p] >> 4 != 4:
                return False
            header = (octet(data, p) & 15) * 4
            octets = be16(data, p + 2)
            if header < 20 or (0 < octets < header):
                return False
            if octets:
                end = min(end, p + octets)
            later = be16(data, p + 6) & 0x3FFF
            protocol, body = octet(data, p + 9), p + header
            row[SOURCE], row[SOURCE + 1] = 0, be32(data, p + 12)
            row[TARGET], row[TARGET + 1] = 0, be32(data, p + 16)
        elif kind == IP6:
            if p + 40 > end or data[p] >> 4 != 6:
                return False
            version = 6
            octets = be16(data, p + 4)
            if octets:
                end = min(end, p + 40 + octets)
            row[SOURCE], row[SOURCE + 1] = be64(data, p + 8), be64(data, p + 16)
            row[TARGET], row[TARGET + 1] = be64(data, p + 24), be64(data, p + 32)
            protocol, body, place = above_ip(data, p + 40, end, octet(data, p + 6))
            if place >= 0:
                later = be16(data, place + 2) & 0xFFF9
        else:
            return False
        if later & (0x1FFF if version == 4 else 0xFFF8):
            return False  # its first part is counted
        if protocol == UDP and body + 8 > end:
            return False
        source, target = 0, 0
        if protocol == UDP:
            source, target = be16(data, body), be16(data, body + 2)
        if may_carry(protocol, source, target):
            code, inner, q = unwrapped(data, body, end, protocol, version, source, target)
            if code:
                kind, p = inner, q
                continue
        if protocol != UDP or ports[target] == 0:
            return False
        size = be16(data, body + 4)
        row[TIME], row[PORTS] = time, source | target << 16
        row[SIZE] = size - 8 if size > 8 else end - body - 8
        row[BEGIN], row[END] = body + 8, min(end, body + 8 + row[SIZE])
        row[FRAGMENT] = later > 0
        return True
    return False


@entry
def walked(
    s: State, data: Bytes, p: int, end: int, form: Ints, interfaces: Ints, gaps: Ints,
    ports: Bytes, out: Ints,
) -> tuple[int, int, int]:  # fmt: skip
    """Walks records from ``p`` as ``records.walked``; where it stopped, why, datagrams found."""
    pcapng = form[PCAPNG] == 1
    swapped, header, scale = form[SWAPPED] == 1, form[HEADER], form[SCALE]
    most, snap, fcs = form[MOST], form[SNAP_LENGTH], form[FCS]
    link = form[LINKTYPE]
    seeking = form[GAP_FROM] >= 0
    count = 0
    while True:
        if seeking:
            p, answer = sought(data, p, end, form)
            if answer != YES:
                return p, MORE, count
            gap_ended(form, gaps, form[OFFSET] + p)
            seeking = False
        if count == out.shape[0]:
            return p, FULL, count
        if pcapng:
            what, begin, stop, wire, link, time, after = block_read(
                s, data, p, end, form, interfaces
            )
        else:
            what, begin, stop, wire, time, after = record_read(
                data, p, end, form, swapped, header, scale, most, snap, form[LAST]
            )
            if fcs > 0:
                stop = max(min(stop, begin + max(wire - fcs, 0)), begin)
        if what == PACKET:
            count += found(data, begin, stop, link, time, ports, out[count])
            s.counters[LAST_TIME] = max(s.counters[LAST_TIME], time)  # for blocks without one
            if time >= 0 and (pcapng or settled(data, after, end, form, time)):
                form[LAST] = time
            p = after
        elif what == SKIP or what == BAD_BLOCK:
            p = after
        elif what == DAMAGED:
            form[GAP_FROM] = form[OFFSET] + p
            seeking = True
            p += 1
        else:
            return p, what, count


@dataclass(frozen=True, slots=True)
class Datagrams:
    """Datagrams of one window.

    Attributes:
        data: the window.
        rows: one per datagram; columns above.
    """

    data: Bytes
    rows: Ints


def datagrams(source: Source, ports: set[int]) -> Iterator[Datagrams]:
    """All UDP datagrams of a capture to these ports, in the order of the file.

    Raises:
        OSError: the file cannot be opened again.
    """
    wanted = np.zeros(1 << 16, np.uint8)
    wanted[list(ports)] = 1
    out = np.zeros((ROOM, WIDTH), np.int64)
    state = fresh((0, 0, 0), 0, capacity=2)
    with source.open() as opened, Windows(opened) as windows:
        seen = Container(opened.head)
        if seen.begin < 0:
            return
        form = seen.form
        place = windows.start + seen.begin
        while place > windows.end and not windows.finished:  # tiny windows
            windows.advance(windows.start)
            place = windows.start + seen.begin
        while True:
            form[forms.OFFSET], form[forms.FINISHED] = windows.offset, windows.finished
            place, why, count = walked(
                state, windows.data, place, windows.end, form, seen.interfaces, seen.gaps,
                wanted, out,
            )  # fmt: skip
            if count:
                yield Datagrams(windows.data, out[:count])
            if why == FULL:
                continue
            if why == BLOCK:
                after = seen.block(windows.data, place, windows.end)
                if after is not None:
                    place = after
                    continue
            if windows.finished:
                return
            windows.advance(place)
            place = windows.start
