"""Records of packets become pieces of streams, in their order (compiled).

TCP by RFC 9293: what was sent again is left out, the first copy counts; what comes early is held
(``holding``); what is missing is told as a gap once more is held than may be, or the flow is over.
Sequence numbers are judged as the first pass does (``sequence``), so that both count the same.

A piece is a row of ``tunnels``: row of the flow, direction, place (in the window; below 0: in the
spill, from -1 on), bytes, missing bytes before it, whether it is a datagram. Behind the blocks of
``holding`` stand in ``scratch`` the spill, with what was held and is in order now, and the ring,
with what was last handed on: bytes that are sent again are compared with it.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from auditor.readers.capture.holding import (
    BLOCK, CAPTURED as HELD_CAPTURED, LENGTH, MASK, MOST_NODES, NODES, SEQUENCE as HELD_SEQUENCE,
    conflicting, differing, freed, inserted,
)  # fmt: skip
from auditor.readers.capture.layout import (
    FLOWS_DONE, HOLES_FREE, HOLES_USED, PORTS, Bytes, Ints, State,
)  # fmt: skip
from auditor.readers.capture.numbers import ahead, compiled, copied, entry, mixed
from auditor.readers.capture.sequence import BEFORE, FARTHEST, filled, hole_kept
from auditor.readers.capture.table import holes_freed
from auditor.readers.capture.wanted import (
    CAPTURED, COUNT_BITS, COUNTS, DATAGRAM, DIRECTION, EXPECTED, FLAGS, FRAGMENT, FROM_1, GAP,
    GOES_ON, HELD, KIND, MIDSTREAM, OVER, PLACE, ROW, SEQUENCE, STARTED, STATE, SYN_SEEN, TOUCHED,
    UNREAD, WIRE,
)  # fmt: skip

SPILL: Final = 1 << 23
MOST_SPILLED: Final = (MOST_NODES + 256) * BLOCK
"""Bytes of held segments that one record may bring in order."""

PIECES: Final = 1 << 16
MOST_PIECES: Final = 1 << 13
"""Pieces that one record may make."""

RING: Final = 1 << 23
RECALLED: Final = 1 << 14

# In ``work``, behind those of ``holding``.
SPILLED: Final = 2
MADE: Final = 3  # pieces
RING_AT: Final = 4  # bytes that ever went into the ring
LATE: Final = 5  # bytes that came when their flow was over
RECALL: Final = 8  # from here on triples: whose bytes, place in the ring, bytes

# Columns of a piece.
PIECE_ROW, PIECE_DIRECTION, PIECE_PLACE, PIECE_LENGTH, PIECE_GAP, PIECE_WHOLE = range(6)

LONGEST: Final = 1 << 20
"""Bytes that are handed on in one piece."""


def furnished(s: State, nodes: int = NODES) -> State:
    """The state with the tables that putting in order needs."""
    return s.having(
        answers=np.zeros((nodes, 6), np.int64),
        tunnels=np.zeros((PIECES, 6), np.int64),
        scratch=np.empty(nodes * BLOCK + SPILL + RING, np.uint8),
        work=np.zeros(RECALL + 3 * RECALLED, np.int64),
    )


@compiled
def delivered(
    s: State, row: int, direction: int, place: int, captured: int, wire: int, whole: int
) -> None:
    """Hands the next bytes on; those that were not captured are told with the next ones."""
    f = s.flows
    gap = f[row, GAP + direction]
    if captured > 0:
        piece = s.tunnels[s.work[MADE]]
        s.work[MADE] += 1
        piece[PIECE_ROW], piece[PIECE_DIRECTION], piece[PIECE_PLACE] = row, direction, place
        piece[PIECE_LENGTH], piece[PIECE_GAP], piece[PIECE_WHOLE] = captured, gap, whole
        gap = 0
    f[row, GAP + direction] = gap + wire - captured
    f[row, STATE] |= TOUCHED << direction


@compiled
def recalled(s: State, row: int, direction: int, sequence: int) -> int:
    """Where in ``work`` stands what is known of bytes that were handed on."""
    code = mixed(row << 1 | direction, sequence ^ s.settings[3])
    return RECALL + 3 * (code & (RECALLED - 1))


@compiled
def remembered(
    s: State, row: int, direction: int, sequence: int, data: Bytes, p: int, size: int
) -> None:
    """Keeps bytes that are handed on for a while."""
    if size <= 0:
        return
    w = s.work
    at = w[RING_AT]
    if at % RING + size > RING:
        at += RING - at % RING
    ring = s.answers.shape[0] * BLOCK + SPILL + at % RING
    copied(s.scratch, ring, data, p, size)
    w[RING_AT] = at + size
    place = recalled(s, row, direction, sequence)
    w[place], w[place + 1], w[place + 2] = row << 33 | direction << 32 | sequence, at, size


@compiled
def came_again(
    s: State, data: Bytes, row: int, direction: int, sequence: int, p: int, captured: int, size: int
) -> None:
    """Looks at bytes before the expected ones: are they the same, or from before the begin?"""
    f = s.flows
    w = s.work
    done = 0
    while done < min(size, captured):
        at = (sequence + done) & MASK
        place = recalled(s, row, direction, at)
        kept = w[place + 2]
        if w[place] != row << 33 | direction << 32 | at or kept == 0:
            break
        if w[RING_AT] - w[place + 1] > RING:
            break
        both = min(kept, min(size, captured) - done)
        ring = s.answers.shape[0] * BLOCK + SPILL + w[place + 1] % RING
        conflicting(s, row, direction, differing(data, p + done, s.scratch, ring, both))
        done += kept
    f[row, UNREAD + direction] += filled(s, row, direction, sequence, (sequence + size) & MASK)


@compiled
def lost(s: State, row: int, direction: int, size: int) -> None:
    """So many bytes are not in the capture: the stream goes on behind them."""
    f = s.flows
    f[row, GAP + direction] += size
    f[row, STATE] |= TOUCHED << direction
    f[row, COUNTS + direction] += size << COUNT_BITS
    f[row, EXPECTED + direction] = (f[row, EXPECTED + direction] + size) & MASK


@compiled
def brought(s: State, row: int, direction: int) -> None:
    """Hands on the first held segment, which begins with the expected byte or before it."""
    f = s.flows
    nodes = s.answers
    node = (f[row, HELD + direction] & MASK) - 1
    expected = f[row, EXPECTED + direction]
    skip = ahead(expected, nodes[node, HELD_SEQUENCE])
    size = nodes[node, LENGTH] - skip
    captured = max(nodes[node, HELD_CAPTURED] - skip, 0)
    if size > 0:
        spilled = s.work[SPILLED]
        to = nodes.shape[0] * BLOCK + spilled
        copied(s.scratch, to, s.scratch, node * BLOCK + skip, captured)
        s.work[SPILLED] = spilled + captured
        delivered(s, row, direction, -1 - spilled, captured, size, 0)
        remembered(s, row, direction, expected, s.scratch, to, captured)
        f[row, EXPECTED + direction] = (expected + size) & MASK
    freed(s, row, direction)


@compiled
def caught_up(s: State, row: int, direction: int) -> None:
    """Hands on what is held and in order now."""
    f = s.flows
    while f[row, HELD + direction]:
        node = (f[row, HELD + direction] & MASK) - 1
        if ahead(f[row, EXPECTED + direction], s.answers[node, HELD_SEQUENCE]) < 0:
            return
        brought(s, row, direction)


@compiled
def given_up(s: State, row: int, direction: int) -> None:
    """What is missing before the first held segment will not come: goes on with that."""
    node = (s.flows[row, HELD + direction] & MASK) - 1
    missing = ahead(s.answers[node, HELD_SEQUENCE], s.flows[row, EXPECTED + direction])
    lost(s, row, direction, max(missing, 0))
    caught_up(s, row, direction)


@compiled
def in_order(
    s: State, data: Bytes, row: int, direction: int, p: int, captured: int, wire: int
) -> None:
    """A segment that begins with the expected byte; of what is held already that copy counts."""
    f = s.flows
    nodes = s.answers
    while wire > 0:
        expected = f[row, EXPECTED + direction]
        size = wire
        if f[row, HELD + direction]:
            node = (f[row, HELD + direction] & MASK) - 1
            size = min(size, ahead(nodes[node, HELD_SEQUENCE], expected))
            if size == 0:
                size = min(wire, nodes[node, LENGTH])
                both = min(size, captured, nodes[node, HELD_CAPTURED])
                if both > 0:
                    count = differing(data, p, s.scratch, node * BLOCK, both)
                    conflicting(s, row, direction, count)
                held = nodes[node, LENGTH]
                brought(s, row, direction)
                if held >= wire:
                    break
                p, captured, wire = p + size, max(captured - size, 0), wire - size
                continue
        there = min(size, captured)
        delivered(s, row, direction, p, there, size, 0)
        remembered(s, row, direction, expected, data, p, there)
        f[row, EXPECTED + direction] = (expected + size) & MASK
        p, captured, wire = p + size, captured - there, wire - size
    caught_up(s, row, direction)


@compiled
def started(s: State, row: int, syn: int) -> None:
    """The first segment of a row: one that goes on with a connection expects what that did."""
    f = s.flows
    f[row, STATE] |= STARTED
    if f[row, STATE] & GOES_ON and not syn:
        for direction in range(2):
            if f[row - 1, EXPECTED + direction] >= 0:
                f[row, EXPECTED + direction] = f[row - 1, EXPECTED + direction]
                f[row, STATE] |= MIDSTREAM << direction


@compiled
def expected_from(s: State, row: int, direction: int, sequence: int, wire: int, syn: int) -> bool:
    """Sets which byte is expected where a numbering begins; false = nothing more to do."""
    f = s.flows
    column = EXPECTED + direction
    expected = f[row, column]
    if syn:
        f[row, STATE] |= SYN_SEEN << direction
    if expected < 0:
        if f[row, STATE] & (SYN_SEEN << direction) == 0:
            f[row, STATE] |= MIDSTREAM << direction
            hole_kept(s, row, direction, sequence - BEFORE, sequence)
        f[row, column] = sequence
        return True
    untouched = f[row, STATE] & (TOUCHED << direction) == 0
    if syn and sequence != expected and untouched and f[row, HELD + direction] == 0:
        # which of two numberings is true, the first data tells
        f[row, column] = sequence if wire else -1
        f[row, STATE] &= ~(MIDSTREAM << direction)
        return wire > 0
    by = ahead(sequence, expected)
    if by == -1 and wire <= 1 and syn == 0:
        return False  # a keep-alive repeats the last byte (RFC 9293 section 3.8.4)
    if by >= FARTHEST or by < -FARTHEST or (syn and by > 0):
        if wire == 0 and syn == 0:
            return False
        while f[row, HELD + direction]:
            given_up(s, row, direction)
        lost(s, row, direction, 1)  # how much is missing cannot be known: something is
        f[row, column] = sequence
    return True


@compiled
def placed(
    s: State, data: Bytes, row: int, direction: int, sequence: int, p: int, captured: int,
    wire: int, flags: int,
) -> None:  # fmt: skip
    """Puts one TCP segment where it belongs."""
    f = s.flows
    syn = (flags >> 1) & 1
    sequence = (sequence + syn) & MASK
    if f[row, STATE] & STARTED == 0:
        started(s, row, syn)
    if not expected_from(s, row, direction, sequence, wire, syn):
        return
    after = (sequence + wire) & MASK
    while wire > 0:
        by = ahead(sequence, f[row, EXPECTED + direction])
        size = wire
        if by < 0:
            size = min(-by, wire)
            came_again(s, data, row, direction, sequence, p, captured, size)
        elif by == 0:
            in_order(s, data, row, direction, p, captured, wire)
        else:
            size = inserted(s, row, direction, sequence, data, p, captured, wire)
            if size < wire and f[row, HELD + direction]:
                given_up(s, row, direction)
            elif size < wire:  # other flows hold all there is room for
                lost(s, row, direction, by)
        sequence = (sequence + size) & MASK
        p, captured, wire = p + size, max(captured - size, 0), wire - size
    if flags & 1 and f[row, EXPECTED + direction] == after:
        f[row, EXPECTED + direction] = (after + 1) & MASK


@compiled
def lacking_room(s: State) -> bool:
    """Whether the pieces must be taken before the next record."""
    w = s.work
    return w[MADE] + MOST_PIECES > s.tunnels.shape[0] or w[SPILLED] + MOST_SPILLED > SPILL


@entry
def lacking_holes(s: State) -> bool:
    """Whether no row is left for what came before the begin of a stream."""
    return s.counters[HOLES_FREE] == 0 and s.counters[HOLES_USED] + 4 > s.holes.shape[0]


@entry
def ordered(s: State, data: Bytes, place: int) -> int:
    """Makes pieces of the records from number ``place`` on; the first that was not reached."""
    f = s.flows
    while place < s.counters[FLOWS_DONE] and not lacking_room(s) and not lacking_holes(s):
        record = s.done[place]
        place += 1
        row, direction = record[ROW], record[DIRECTION]
        captured, wire = record[CAPTURED], record[WIRE]
        if f[row, STATE] & OVER:
            s.work[LATE] += wire
        elif record[KIND] == DATAGRAM:
            delivered(s, row, direction, record[PLACE], captured, wire, 1)
        elif record[KIND] == FRAGMENT and f[row, EXPECTED + direction] < 0:
            f[row, UNREAD + direction] += wire
        elif record[KIND] == FRAGMENT:
            f[row, GAP + direction] += wire
            f[row, STATE] |= TOUCHED << direction
            f[row, EXPECTED + direction] = (f[row, EXPECTED + direction] + wire) & MASK
            caught_up(s, row, direction)
        else:
            placed(
                s, data, row, direction, record[SEQUENCE], record[PLACE], captured, wire,
                record[FLAGS],
            )  # fmt: skip
    return place


@entry
def closed(s: State, rows: Ints, place: int) -> int:
    """Ends flows from ``rows[place]`` on: what they hold, and is missing, becomes pieces."""
    f = s.flows
    while place < rows.size and not lacking_room(s):
        row = rows[place]
        place += 1
        for direction in range(2):
            while f[row, HELD + direction]:
                given_up(s, row, direction)
            gap = f[row, GAP + direction]
            if gap > 0 and (f[row, PORTS] >> 48) & 1:
                piece = s.tunnels[s.work[MADE]]
                s.work[MADE] += 1
                piece[:] = 0
                piece[PIECE_ROW], piece[PIECE_DIRECTION], piece[PIECE_GAP] = row, direction, gap
        f[row, STATE] |= OVER
        holes_freed(s, row)
    return place


@entry
def gathered(s: State, data: Bytes, order: Ints, out: Bytes, runs: Ints) -> int:
    """Copies pieces, in this order, to ``out``; how many runs they are.

    A run is a row of ``runs``, in the columns of a piece: bytes that one end of a flow sent
    without a gap and before the other end sent any; its place is that in ``out``. The pieces are
    done with after this.
    """
    pieces = s.tunnels
    spill = s.answers.shape[0] * BLOCK
    at = 0
    run = -1
    for number in range(order.size):
        piece = pieces[order[number]]
        place, size = piece[PIECE_PLACE], piece[PIECE_LENGTH]
        direction = piece[PIECE_DIRECTION]
        if (
            run < 0 or piece[PIECE_GAP] > 0 or piece[PIECE_WHOLE]
            or runs[run, PIECE_ROW] != piece[PIECE_ROW]
            or runs[run, PIECE_DIRECTION] != direction
            or runs[run, PIECE_LENGTH] + size > LONGEST
        ):  # fmt: skip
            run += 1
            for column in range(6):
                runs[run, column] = piece[column]
            runs[run, PIECE_PLACE], runs[run, PIECE_LENGTH] = at, 0
        if place >= 0:
            copied(out, at, data, place, size)
        else:
            copied(out, at, s.scratch, spill - 1 - place, size)
        at += size
        runs[run, PIECE_LENGTH] += size
    for number in range(run + 1):
        if s.flows[runs[number, PIECE_ROW], STATE] & FROM_1:
            runs[number, PIECE_DIRECTION] = 1 - runs[number, PIECE_DIRECTION]
    s.work[MADE] = s.work[SPILLED] = 0
    return run + 1
