"""IP fragments: every byte counted in its flow, whatever order they come in (compiled).

Only a datagram's first fragment shows its ports. Later ones that come before it wait, as sums; a
datagram whose first fragment never comes is counted in a flow without ports in the end.

Columns of the table: 0-3 addresses from and to, 4 identification << 9 | IPv6 << 8 | protocol,
5 state (ports of the datagram, or below), 6 time of the last fragment seen, 7 packets,
8 IP bytes, 9 payload, 10 time of the first fragment waiting.
"""

from __future__ import annotations

import numpy as np

from auditor.readers.capture.layout import (
    END,
    FRAGMENTS,
    FRAGMENTS_LOST,
    NEXT,
    OCTETS,
    PACKETS,
    PAYLOAD,
    START,
    Ints,
    State,
)  # fmt: skip
from auditor.readers.capture.numbers import compiled, entry, mixed
from auditor.readers.capture.table import found

WAITING = -1
TUNNELLED = -2
"""The datagram carries a packet that was counted, whole, with the first fragment."""
EMPTY = -3

LIFE = 30_000_000_000
"""ns that fragments belong together (RFC 791 lets a datagram live 15-60 s)."""


@compiled
def held(s: State, high_0: int, low_0: int, high_1: int, low_1: int, number: int, time: int) -> int:
    """The row of a fragmented datagram, emptied if it held another one."""
    f = s.fragments
    # seeded, so that nobody can aim at a row; mixed in turn, so that like pairs of hosts differ
    pair = mixed(mixed(s.settings[3] ^ high_0, low_0), mixed(high_1, low_1))
    row = mixed(pair, number) & (FRAGMENTS - 1)
    if (
        f[row, 4] == number
        and f[row, 1] == low_0 and f[row, 3] == low_1
        and f[row, 0] == high_0 and f[row, 2] == high_1
        and abs(time - f[row, 6]) < LIFE
    ):  # fmt: skip
        return row
    given_up(s, row)
    f[row, 0], f[row, 1], f[row, 2], f[row, 3] = high_0, low_0, high_1, low_1
    f[row, 4], f[row, 5], f[row, 6] = number, EMPTY, time
    return row


@compiled
def waits(s: State, row: int, octets: int, payload: int, time: int) -> None:
    """Adds a fragment to those that wait for their first."""
    f = s.fragments
    if f[row, 5] == EMPTY:
        f[row, 5], f[row, 10] = WAITING, time
        f[row, 7], f[row, 8], f[row, 9] = 0, 0, 0
    f[row, 10] = min(f[row, 10], time)
    f[row, 6] = max(f[row, 6], time)
    f[row, 7] += 1
    f[row, 8] += octets
    f[row, 9] += payload


@compiled
def taken_up(s: State, row: int, flow: int, direction: int) -> None:
    """Adds what waits in a row to the flow it turned out to belong to."""
    f = s.fragments
    flows = s.flows
    if f[row, 5] == WAITING:
        flows[flow, PACKETS + direction] += f[row, 7]
        flows[flow, OCTETS + direction] += f[row, 8]
        flows[flow, PAYLOAD + direction] += f[row, 9]
        flows[flow, START] = min(flows[flow, START], f[row, 10])
        flows[flow, END] = max(flows[flow, END], f[row, 6])
        if f[row, 4] & 0xFF == 6 and flows[flow, NEXT + direction] >= 0:
            flows[flow, NEXT + direction] += f[row, 9]
            flows[flow, NEXT + direction] &= 0xFFFFFFFF


@compiled
def given_up(s: State, row: int) -> None:
    """Counts what waits in a row in a flow without ports."""
    f = s.fragments
    if f[row, 4] == 0 or f[row, 5] != WAITING:
        return
    high_0, low_0, high_1, low_1 = f[row, 0], f[row, 1], f[row, 2], f[row, 3]
    direction = 0
    if high_0 > high_1 or (high_0 == high_1 and low_0 > low_1):
        high_0, low_0, high_1, low_1 = high_1, low_1, high_0, low_0
        direction = 1
    version = 6 if f[row, 4] & 0x100 else 4
    key = (f[row, 4] & 0xFF) << 32 | version << 40
    flow, _ = found(s, high_0, low_0, high_1, low_1, key, f[row, 10], direction)
    s.counters[FRAGMENTS_LOST] += f[row, 7]
    s.flows[flow, NEXT + direction] = max(s.flows[flow, NEXT + direction], 0)
    taken_up(s, row, flow, direction)
    f[row, 5] = EMPTY


def waiting(s: State) -> Ints:
    """The rows whose fragments still wait for their first, by time.

    Where a datagram has its row is decided by a number drawn anew each time, and in what order
    rows are given up decides which flows they make: so the order must not be that of rows.
    """
    f = s.fragments
    rows = np.flatnonzero((f[:, 5] == WAITING) & (f[:, 4] != 0))
    order = np.lexsort([f[rows, column] for column in (3, 2, 1, 0, 4, 6, 10)])
    return rows[order]


@entry
def all_given_up(s: State, rows: Ints, place: int, room: int) -> int:
    """Gives up ``rows[place]`` and those behind while there is room for so many flows.

    Gives the place of the first that was not given up.
    """
    while place < rows.size and room > 0:
        given_up(s, rows[place])
        room -= 1
        place += 1
    return place
