"""The flows whose payload is wanted, and the packets that carry it (compiled).

The second pass has tables of the same kinds as the first (``layout``), with another meaning:

- ``flows``: one row per wanted flow, columns below. Rows with the same endpoints follow one
  another by start; the first of them is in the index ``slots``. Behind them stand, as in the first
  pass, flows without ports that are made of fragments whose first one never came.
- ``done``: one row per packet with payload (a record), columns below, until ``ordering`` takes it.
- ``answers``, ``tunnels``, ``scratch``, ``work``: see ``holding`` and ``ordering``.
"""

from __future__ import annotations

import os
import socket
from typing import TYPE_CHECKING, Final

import numpy as np

from auditor.readers.capture.fragments import WAITING
from auditor.readers.capture.layout import (
    ADDRESS, END, FILE, FILE_SHIFT, FLOWS_DONE, FLOWS_LIVE, NEXT, PAYLOAD, PORTS, START, WIDTH,
    Bytes, Ints, State, fresh, rows_of_flows,
)  # fmt: skip
from auditor.readers.capture.numbers import be32, compiled, entry, hot, octet
from auditor.readers.capture.packet import payload_of
from auditor.readers.capture.table import flow_hash, indexed

if TYPE_CHECKING:
    import pyarrow as pa

# Columns of a wanted flow; pairs are by direction, as in the first pass.
GROUP: Final = 7  # in the first row of some endpoints: how many rows | the last one used << 32
GAP: Final = 8  # 8-9: missing bytes to be told with the next ones
CONFLICTS: Final = 10  # 10-11: bytes that came again with another content
UNREAD: Final = PAYLOAD  # 12-13: bytes that could not be put in order
EXPECTED: Final = NEXT  # 14-15: TCP sequence number expected next; -1 = nothing seen
STATE: Final = 16  # bits below; from FILE_SHIFT the number of the file the flow began in
HELD: Final = 17  # 17-18: first node of segments out of order | last << 32; 0 = none
COUNTS: Final = 19  # 19-20: nodes held | bytes lost << COUNT_BITS
# 21 is HOLES: bytes before the begin of a stream that was not captured, as in the first pass
LATEST: Final = 22  # time of the last packet; where rows have the same endpoints
EARLIEST: Final = 23  # time of its first packet; likewise

COUNT_BITS: Final = 16

# Bits of STATE.
FROM_1: Final = 1  # end 1 is the initiator
SYN_SEEN: Final = 2  # 2, 4: by direction
MIDSTREAM: Final = 8  # 8, 16: by direction
TOUCHED: Final = 32  # 32, 64: by direction: bytes were handed on, or told missing
STARTED: Final = 128
GOES_ON: Final = 256  # with the connection of the row before
OVER: Final = 512  # nothing of it is handed on any more
VISITED: Final = 1024  # packets have come; where rows have the same endpoints

# Columns of a record.
ROW: Final = 0
DIRECTION: Final = 1
SEQUENCE: Final = 2
PLACE: Final = 3  # of the payload in the window
CAPTURED: Final = 4
WIRE: Final = 5  # bytes the payload had
FLAGS: Final = 6  # of TCP
KIND: Final = 7
MOMENT: Final = 8

SEGMENT: Final = 0
DATAGRAM: Final = 1
FRAGMENT: Final = 2  # of a TCP segment: its bytes are missing, of a known number

EVER: Final = 1 << 62
"""A timeout that never comes."""

SPARE: Final = 1 << 12
"""Rows for flows without ports."""

MOST_ROWS_TRIED: Final = 64
"""Rows with the same endpoints that are looked at for a packet; few overlap in time."""

# In ``settings``, behind those of ``layout``.
SILENCE_TCP: Final = 9  # ns after which a flow does not go on
SILENCE: Final = 10  # the same for all others
ACTIVE: Final = 11  # ns after which a flow goes on as another row

_SYN: Final = 2


@compiled
def row_at(s: State, first: int, time: int, opens: bool) -> int:
    """Which of the rows with the same endpoints a packet belongs to; -1 = none.

    ``opens``: it is a SYN, which may begin a row at the very time that the one before ends.
    """
    f = s.flows
    row = first
    if f[first, GROUP] & 0xFFFFFFFF > 1:
        row = row_among(s, first, time, opens)
    elif not (f[row, START] <= time <= f[row, END]):
        return -1
    if row < 0 or f[row, STATE] >> FILE_SHIFT > s.counters[FILE]:
        return -1
    return row


@compiled
def row_among(s: State, first: int, time: int, opens: bool) -> int:
    """The same where several rows have these endpoints.

    Where the capture's times are out of order, rows overlap. As in the first pass a packet stays
    with the flow before it, unless that fell silent or is too old; else the last to begin has it.
    """
    f = s.flows
    last = first + (f[first, GROUP] & 0xFFFFFFFF) - 1
    row = first + (f[first, GROUP] >> 32)
    inside = f[row, START] <= time <= f[row, END]
    silence = s.settings[SILENCE_TCP if (f[row, PORTS] >> 32) & 0xFF == 6 else SILENCE]
    known = f[row, STATE] & VISITED > 0
    old = time - f[row, LATEST] > silence or time - f[row, EARLIEST] > s.settings[ACTIVE]
    if row < last and opens and f[row + 1, START] <= time <= f[row + 1, END]:
        row += 1
    elif not inside or not known or old:
        new, again = -1, row if inside else -1
        place = begun_by(s, first, last, time)
        for _ in range(MOST_ROWS_TRIED):
            if place < first or new >= 0:
                break
            if time <= f[place, END]:
                if not f[place, STATE] & VISITED:
                    new = place
                elif again < 0:
                    again = place
            place -= 1
        row = new if new >= 0 else again
        if row < 0:
            return -1
    if f[row, STATE] & VISITED:
        f[row, LATEST] = max(f[row, LATEST], time)
        f[row, EARLIEST] = min(f[row, EARLIEST], time)
    else:
        f[row, STATE] |= VISITED
        f[row, LATEST] = f[row, EARLIEST] = time
    f[first, GROUP] = (f[first, GROUP] & 0xFFFFFFFF) | (row - first) << 32
    return row


@compiled
def begun_by(s: State, first: int, last: int, time: int) -> int:
    """The last of these rows that begins by then; the first if none does."""
    while first < last:
        middle = (first + last + 1) >> 1
        if s.flows[middle, START] <= time:
            first = middle
        else:
            last = middle - 1
    return first


@hot
def first_row(s: State, high_0: int, low_0: int, high_1: int, low_1: int, key: int) -> int:
    """The first row with these endpoints; -1 = they are not wanted."""
    f = s.flows
    index = s.slots
    code = flow_hash(high_0, low_0, high_1, low_1, key, s.settings[3])
    mask = index.size - 1
    slot = code & mask
    tag = (code >> 32) & 0x7FFFFFFF
    while True:
        found = index[slot]
        if found == 0:
            return -1
        if found >> 32 == tag:
            row = (found & 0xFFFFFFFF) - 1
            if (
                f[row, ADDRESS + 1] == low_0
                and f[row, ADDRESS + 3] == low_1
                and f[row, PORTS] == key
                and f[row, ADDRESS] == high_0
                and f[row, ADDRESS + 2] == high_1
            ):
                return row
        slot = (slot + 1) & mask


@entry
def picked(
    s: State,
    high_0: int,
    low_0: int,
    high_1: int,
    low_1: int,
    key: int,
    direction: int,
    fragment: int,
    datagram: int,
    data: Bytes,
    p: int,
    end: int,
    segment: int,
    time: int,
) -> bool:
    """Notes a packet whose flow is wanted and that carries payload; ``packet.taken`` calls it.

    ``high_0`` to ``key`` are the flow's key as in the first pass, ``direction`` is 0 from end 0,
    ``fragment`` the offset of an IP fragment (-1 = whole) and ``datagram`` the row of its datagram
    in ``fragments``. The transport header begins at ``data[p]``, the packet ends at ``end``;
    ``segment`` counts the bytes of the transport layer, captured or not. There is room for one
    more record.
    """
    waited = 0
    if fragment == 0:
        if s.fragments[datagram, 5] == WAITING:
            waited = s.fragments[datagram, 9]
        source, target = key & 0xFFFF, (key >> 16) & 0xFFFF
        if direction:
            source, target = target, source
        s.fragments[datagram, 5] = source | target << 16
    first = first_row(s, high_0, low_0, high_1, low_1, key)
    if first < 0:
        return False
    protocol = (key >> 32) & 0xFF
    whole_head = protocol == 6 and fragment <= 0 and p + 14 <= end
    flags = octet(data, p + 13) if whole_head else 0
    row = row_at(s, first, time, flags & _SYN > 0)
    if row < 0:
        return False
    f = s.flows
    if protocol == 17 and fragment < 0 and (key >> 48) & 1:
        if segment > 8:
            noted(s, row, direction, 0, p + 8, end, segment - 8, 0, DATAGRAM, time)
    elif protocol != 6:
        length = payload_of(data, p, end, segment, protocol, fragment)
        f[row, UNREAD + direction] += length + waited
    elif fragment > 0:
        noted(s, row, direction, 0, p, p, segment, 0, FRAGMENT, time)
    elif whole_head and octet(data, p + 12) >> 4 >= 5:
        header = (octet(data, p + 12) >> 4) * 4
        length = max(segment - header, 0)
        if length or flags & 3:
            sequence = be32(data, p + 4)
            noted(s, row, direction, sequence, p + header, end, length, flags, SEGMENT, time)
        if waited:
            noted(s, row, direction, 0, p, p, waited, 0, FRAGMENT, time)
    return True


@compiled
def noted(
    s: State, row: int, direction: int, sequence: int, p: int, end: int, wire: int, flags: int,
    kind: int, time: int,
) -> None:  # fmt: skip
    """Writes one record."""
    record = s.done[s.counters[FLOWS_DONE]]
    s.counters[FLOWS_DONE] += 1
    record[ROW], record[DIRECTION], record[SEQUENCE] = row, direction, sequence
    record[PLACE], record[CAPTURED], record[WIRE] = p, max(min(end - p, wire), 0), wire
    record[FLAGS], record[KIND], record[MOMENT] = flags, kind, time


def state_of(rows: Ints, copies_ns: int, timeouts_ns: tuple[int, int, int]) -> State:
    """The state of a second pass over the flows of these rows (``rows_of``).

    ``timeouts_ns``: of TCP, of others and of rows, by which the first pass told flows apart.
    """
    seed = int.from_bytes(os.urandom(7), "little")
    s = fresh((EVER, EVER, EVER), seed, copies_ns, capacity=1)
    room = rows_of_flows(len(rows) + SPARE)
    room[: len(rows)] = rows
    size = 1 << (2 * len(room) - 1).bit_length()
    settings = np.append(s.settings, np.array(timeouts_ns, np.int64))
    s = s.having(flows=room, slots=np.zeros(size, np.int64), settings=settings)
    s.counters[FLOWS_LIVE] = len(rows)
    indexed(s)
    return s


def rows_of(flows: pa.Table, files: Ints, silence_ns: int) -> tuple[Ints, Ints]:
    """Wanted flows as rows, in their order; and for each its place in ``flows``.

    Args:
        flows: columns of the flow table.
        files: number of the file that each began in.
        silence_ns: silence after which a TCP connection does not go on.
    """
    count = len(flows)
    rows = np.zeros((count, WIDTH), np.int64)
    address, seen, four = [], [], []
    for side in ("src", "dst"):
        address.append(_addresses(flows[f"{side}_ip"]))
        four.append(address[-1][2])
    ports = [_filled(flows[f"{side}_port"]) for side in ("src", "dst")]
    seen = flows["src_port"].is_valid().to_numpy()
    protocol = _filled(flows["protocol"])
    (high_0, low_0, _), (high_1, low_1, _) = address
    from_1 = np.where(
        high_0 != high_1, high_0 > high_1, np.where(low_0 != low_1, low_0 > low_1,
                                                    ports[0] > ports[1])
    )  # fmt: skip
    ends = ((high_0, low_0, ports[0]), (high_1, low_1, ports[1]))
    rows[:, ADDRESS] = np.where(from_1, ends[1][0], ends[0][0])
    rows[:, ADDRESS + 1] = np.where(from_1, ends[1][1], ends[0][1])
    rows[:, ADDRESS + 2] = np.where(from_1, ends[0][0], ends[1][0])
    rows[:, ADDRESS + 3] = np.where(from_1, ends[0][1], ends[1][1])
    port_0 = np.where(from_1, ports[1], ports[0])
    port_1 = np.where(from_1, ports[0], ports[1])
    version = np.where(four[0], 4, 6)
    rows[:, PORTS] = port_0 | port_1 << 16 | protocol << 32 | version << 40
    rows[:, PORTS] |= seen.astype(np.int64) << 48
    rows[:, START] = flows["start"].cast("int64").to_numpy()
    rows[:, END] = flows["end"].cast("int64").to_numpy()
    rows[:, EXPECTED] = rows[:, EXPECTED + 1] = -1
    rows[:, STATE] = files << FILE_SHIFT | np.where(from_1, FROM_1, 0)
    keys = (START, PORTS, ADDRESS + 3, ADDRESS + 2, ADDRESS + 1, ADDRESS)
    order = np.lexsort([rows[:, column] for column in keys])
    rows = rows[order]
    _grouped(rows, silence_ns)
    return rows, order


def _grouped(rows: Ints, silence_ns: int) -> None:
    """Writes which rows have the same endpoints, and which go on with the one before."""
    if not len(rows):
        return
    same = np.zeros(len(rows), bool)
    same[1:] = (rows[1:, :START] == rows[:-1, :START]).all(axis=1)
    firsts = np.flatnonzero(~same)
    rows[firsts, GROUP] = np.diff(np.append(firsts, len(rows)))
    goes_on = same.copy()
    goes_on[1:] &= rows[1:, START] - rows[:-1, END] <= silence_ns
    goes_on &= (rows[:, PORTS] >> 32) & 0xFF == 6
    rows[goes_on, STATE] |= GOES_ON


def _addresses(column: pa.ChunkedArray) -> tuple[Ints, Ints, np.ndarray]:
    """High and low half of addresses, and whether they are IPv4; each distinct one is read once."""
    encoded = column.combine_chunks().dictionary_encode()
    distinct = encoded.dictionary.to_pylist()
    four = np.array([":" not in text for text in distinct], bool)
    packed = b"".join(
        bytes(12) + socket.inet_pton(socket.AF_INET, text) if short
        else socket.inet_pton(socket.AF_INET6, text)
        for text, short in zip(distinct, four.tolist(), strict=True)
    )  # fmt: skip
    halves = np.frombuffer(packed, ">i8").astype(np.int64).reshape(-1, 2)
    codes = encoded.indices.to_numpy()
    return halves[codes, 0], halves[codes, 1], four[codes]


def _filled(column: pa.ChunkedArray) -> Ints:
    numbers: Ints = column.fill_null(0).to_numpy().astype(np.int64)
    return numbers
