"""The live flows: finding, starting, ending them (compiled; see ``layout`` for the columns)."""

from __future__ import annotations

import numpy as np

from auditor.readers.capture.layout import (
    ADDRESS, ANSWER_TIME, BUDGET, CONTINUED, END, ENCRYPTED, FEEDER, FILE, FILE_SHIFT,
    FIRST_FROM_1, FLAGS, FLOWS_DONE, FLOWS_LIVE, HOLES, HOLES_FREE, MARKS, MOST_HOLES, NAMED_0,
    NAMED_1, NEXT, OCTETS, PACKETS, PAYLOAD, PIECES, PORTS, ROLE_CLIENT_0, ROLE_CLIENT_1, START,
    SYN_FROM_0, SYN_FROM_1, SYN_TIME, SYNACK_FROM_0, SYNACK_FROM_1, CLEAR, ECH, SUITE, SUITES,
    WIDTH, State, rows_of_flows,
)  # fmt: skip
from auditor.readers.capture.numbers import compiled, entry, hot, mixed

LOOKS = 6
"""Payload packets per direction that are looked into before a flow is left alone."""

SLACK = 60_000_000_000
"""ns that a flow is kept beyond its timeout, for captures whose packets are out of order."""

_KEPT = (
    SYN_FROM_0 | SYN_FROM_1 | SYNACK_FROM_0 | SYNACK_FROM_1 | ROLE_CLIENT_0 | ROLE_CLIENT_1
    | ENCRYPTED | CLEAR | ECH | FIRST_FROM_1 | CONTINUED
    | NAMED_0 | NAMED_1 | SUITES << SUITE
)  # fmt: skip


@hot
def flow_hash(high_0: int, low_0: int, high_1: int, low_1: int, ports: int, seed: int) -> int:
    """The hash of a flow's key; ``seed`` keeps crafted captures from colliding on purpose."""
    return mixed(mixed(mixed(low_0, seed), low_1), mixed(ports, high_0 ^ (high_1 << 1)))


@hot
def begun(s: State, row: int, time: int, direction: int) -> None:
    """Starts the row whose key is already written."""
    flows = s.flows
    flows[row, START] = time
    flows[row, END] = time
    for column in range(PACKETS, WIDTH):
        flows[row, column] = 0
    flows[row, FLAGS] = LOOKS << BUDGET | LOOKS << (BUDGET + 8)
    flows[row, NEXT] = -1
    flows[row, NEXT + 1] = -1
    flows[row, MARKS] = s.counters[FILE] << FILE_SHIFT | (FIRST_FROM_1 if direction else 0)
    held = s.held[row & (PIECES - 1)]
    if held[FEEDER] >> 1 == row + 1:
        held[FEEDER] = 0  # of the flow that had this row before
    flows[row, SYN_TIME] = -1
    flows[row, ANSWER_TIME] = -1


@compiled
def emitted(s: State, row: int) -> None:
    """Copies a flow to the ended ones; the caller has made sure that there is room."""
    place = s.counters[FLOWS_DONE]
    for column in range(WIDTH):
        s.done[place, column] = s.flows[row, column]
    s.counters[FLOWS_DONE] = place + 1


@compiled
def holes_freed(s: State, row: int) -> None:
    """Gives a flow's row of sequence holes back."""
    held = s.flows[row, HOLES]
    if held:
        s.holes[held - 1, 0, 0, 0] = s.counters[HOLES_FREE]
        s.counters[HOLES_FREE] = held
        s.flows[row, HOLES] = 0


@compiled
def continued(s: State, row: int, time: int, direction: int) -> None:
    """Ends a row at the active timeout and goes on in the same place with empty counts."""
    emitted(s, row)
    flows = s.flows
    flows[row, START] = time
    flows[row, END] = time
    for pair in (PACKETS, OCTETS, PAYLOAD):
        flows[row, pair] = 0
        flows[row, pair + 1] = 0
    flows[row, FLAGS] &= ~0xFFFF
    kept = flows[row, MARKS] & _KEPT
    flows[row, MARKS] = s.counters[FILE] << FILE_SHIFT | kept | CONTINUED


@hot
def found(
    s: State,
    high_0: int,
    low_0: int,
    high_1: int,
    low_1: int,
    ports: int,
    time: int,
    direction: int,
) -> tuple[int, bool]:
    """The row of this flow, started if it is new, or if the old one had fallen silent."""
    flows = s.flows
    index = s.slots
    code = flow_hash(high_0, low_0, high_1, low_1, ports, s.settings[3])
    mask = index.size - 1
    slot = code & mask
    tag = (code >> 32) & 0x7FFFFFFF
    while True:
        entry = index[slot]
        if entry == 0:
            break
        if entry >> 32 == tag:
            row = (entry & 0xFFFFFFFF) - 1
            if (
                flows[row, ADDRESS + 1] == low_0
                and flows[row, ADDRESS + 3] == low_1
                and flows[row, PORTS] == ports
                and flows[row, ADDRESS] == high_0
                and flows[row, ADDRESS + 2] == high_1
            ):
                silence = s.settings[0] if (ports >> 32) & 0xFF == 6 else s.settings[1]
                if time - flows[row, END] > silence:
                    emitted(s, row)
                    holes_freed(s, row)
                    begun(s, row, time, direction)
                    return row, True
                if time - flows[row, START] > s.settings[2]:
                    continued(s, row, time, direction)
                return row, False
        slot = (slot + 1) & mask
    row = s.counters[FLOWS_LIVE]
    s.counters[FLOWS_LIVE] = row + 1
    index[slot] = tag << 32 | (row + 1)
    flows[row, ADDRESS] = high_0
    flows[row, ADDRESS + 1] = low_0
    flows[row, ADDRESS + 2] = high_1
    flows[row, ADDRESS + 3] = low_1
    flows[row, PORTS] = ports
    begun(s, row, time, direction)
    return row, True


@compiled
def restarted(s: State, row: int, time: int, direction: int) -> None:
    """Ends the flow of a row and starts a new one with the same key."""
    emitted(s, row)
    holes_freed(s, row)
    begun(s, row, time, direction)


@entry
def indexed(s: State) -> None:
    """Builds the hash index over the live rows anew."""
    index = s.slots
    flows = s.flows
    index[:] = 0
    mask = index.size - 1
    for row in range(s.counters[FLOWS_LIVE]):
        code = flow_hash(
            flows[row, ADDRESS], flows[row, ADDRESS + 1], flows[row, ADDRESS + 2],
            flows[row, ADDRESS + 3], flows[row, PORTS], s.settings[3],
        )  # fmt: skip
        slot = code & mask
        while index[slot]:
            slot = (slot + 1) & mask
        index[slot] = ((code >> 32) & 0x7FFFFFFF) << 32 | (row + 1)


@entry
def expired(s: State, now: int) -> bool:
    """Moves silent flows to the ended ones; False when these are full before the end."""
    flows = s.flows
    row = 0
    complete = True
    while row < s.counters[FLOWS_LIVE]:
        silence = s.settings[0] if (flows[row, PORTS] >> 32) & 0xFF == 6 else s.settings[1]
        if now - flows[row, END] > silence + SLACK:
            if s.counters[FLOWS_DONE] >= s.done.shape[0]:
                complete = False
                break
            emitted(s, row)
            holes_freed(s, row)
            last = s.counters[FLOWS_LIVE] - 1
            s.held[row & (PIECES - 1), FEEDER] = 0
            s.held[last & (PIECES - 1), FEEDER] = 0
            if row != last:
                for column in range(WIDTH):
                    flows[row, column] = flows[last, column]
            s.counters[FLOWS_LIVE] = last
        else:
            row += 1
    indexed(s)
    return complete


def grown(s: State) -> State:
    """The same state with room for twice as many live flows."""
    rows = s.flows.shape[0]
    flows = rows_of_flows(rows * 2)
    flows[:rows] = s.flows
    larger = s.having(flows=flows, slots=np.zeros(rows * 4, np.int64))
    indexed(larger)
    return larger


def with_more_holes(s: State) -> State:
    """The same state with twice as many rows for sequence holes."""
    rows = s.holes.shape[0]
    holes = np.zeros((rows * 2, 2, MOST_HOLES, 2), np.int64)
    holes[:rows] = s.holes
    return s.having(holes=holes)
