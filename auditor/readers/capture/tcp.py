"""One TCP segment and its flow: handshakes, new payload, the look into first bytes (compiled).

Source: RFC 9293.
"""

from __future__ import annotations

from numba import types

from auditor.readers.capture.layout import (
    ANSWER_TIME, BUDGET, CLOSED, FLAGS, LOOK_TCP, MARKS, NEXT, PAYLOAD, START, SYN_FROM_0,
    SYN_TIME, SYNACK_FROM_0, Bytes, State,
)  # fmt: skip
from auditor.readers.capture.naming import name_guessed
from auditor.readers.capture.numbers import be32, compiled, hot, octet, through
from auditor.readers.capture.sequence import new_bytes
from auditor.readers.capture.table import restarted

looked_into = through(types.boolean)


@hot
def tcp(
    s: State,
    row: int,
    new: bool,
    direction: int,
    data: Bytes,
    p: int,
    end: int,
    segment: int,
    source: int,
    target: int,
    time: int,
) -> None:
    """Adds one TCP segment to its flow: flags, new payload, handshake times, first bytes."""
    f = s.flows
    if p + 14 > end:  # ports without flags
        if new:
            name_guessed(s, row, time)
        return
    if octet(data, p + 12) >> 4 < 5:  # no TCP header: nothing in it can be believed
        if new:
            name_guessed(s, row, time)
        return
    flags = octet(data, p + 13)
    syn, fin = (flags >> 1) & 1, flags & 1
    sequence = be32(data, p + 4)
    if syn and not new and begins_anew(s, row, direction, data, p, time):
        restarted(s, row, time, direction)
        new = True
    if new:
        name_guessed(s, row, time)
    if syn:
        handshake(s, row, direction, flags, time)
    f[row, FLAGS] |= flags << (8 * direction)
    header = (octet(data, p + 12) >> 4) * 4
    length = max(segment - header, 0)
    before = f[row, NEXT + direction]
    if length or syn or fin or before < 0:
        f[row, PAYLOAD + direction] += new_bytes(s, row, direction, sequence, length, syn, fin)
    if flags & 5:
        f[row, MARKS] |= CLOSED
    shift = BUDGET + 8 * direction
    if length and (f[row, FLAGS] >> shift) & 255 and p + header < end:
        f[row, FLAGS] -= 1 << shift
        first = (sequence + syn) & 0xFFFFFFFF
        look = (s, row, direction, data, p + header, end, source, target, time, first, before)
        if looked_into(s.settings[LOOK_TCP], look):
            f[row, FLAGS] &= ~(255 << shift)


@compiled
def begins_anew(s: State, row: int, direction: int, data: Bytes, p: int, time: int) -> bool:
    """Whether a SYN opens another connection between the same ports."""
    f = s.flows
    answer = octet(data, p + 13) & 16
    if time <= f[row, START]:  # the file has its packets out of order
        return False
    if f[row, NEXT + direction] == (be32(data, p + 4) + 1) & 0xFFFFFFFF:
        return False  # repeated
    if answer and f[row, NEXT + 1 - direction] == be32(data, p + 8):
        return False  # it answers the SYN of this connection
    busy = f[row, PAYLOAD] + f[row, PAYLOAD + 1] > 0
    return f[row, MARKS] & CLOSED > 0 or (busy and answer == 0)


@compiled
def handshake(s: State, row: int, direction: int, flags: int, time: int) -> None:
    """Notes who sent a SYN or SYN-ACK and when the first of each was sent."""
    f = s.flows
    answer = flags & 16
    f[row, MARKS] |= (SYNACK_FROM_0 if answer else SYN_FROM_0) << direction
    column = ANSWER_TIME if answer else SYN_TIME
    if f[row, column] < 0 or time < f[row, column]:
        f[row, column] = time
