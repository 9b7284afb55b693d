"""Segments that came before what stands in front of them: held in one bounded room (compiled).

Per flow and direction a list of nodes, by sequence number, none overlapping another. A node is a
row of ``answers``: the next node, sequence number, bytes, bytes captured. Node ``n`` (from 1) has
its bytes in block ``n - 1`` at the begin of ``scratch``. Freed nodes are a list of their own.
"""

from __future__ import annotations

from typing import Final

from auditor.readers.capture.layout import Bytes, State
from auditor.readers.capture.numbers import ahead, compiled, copied
from auditor.readers.capture.wanted import CONFLICTS, COUNT_BITS, COUNTS, HELD

BLOCK: Final = 1 << 11
"""Bytes of a node: a packet of Ethernet has one, a large one of segmentation offload several."""

NODES: Final = 1 << 15
"""64 MB for all flows together."""

MOST_NODES: Final = 1 << 10
"""For one direction of a flow: 1.5 MB of packets of Ethernet; a window is rarely larger."""

FOLLOWING: Final = 0
SEQUENCE: Final = 1
LENGTH: Final = 2
CAPTURED: Final = 3

# In ``work``.
FREED: Final = 0  # first of the freed nodes
USED: Final = 1  # nodes that were ever used

MASK: Final = 0xFFFFFFFF


@compiled
def differing(one: Bytes, p: int, other: Bytes, q: int, size: int) -> int:
    """How many of so many bytes differ."""
    count = 0
    for i in range(size):
        count += one[p + i] != other[q + i]
    return count


@compiled
def conflicting(s: State, row: int, direction: int, count: int) -> None:
    """Counts bytes that came again with another content."""
    column = CONFLICTS + direction
    known = s.flows[row, column] & MASK
    s.flows[row, column] += min(count, 0x7FFFFFFF - known)


@compiled
def taken_node(s: State, row: int, direction: int) -> int:
    """An empty node; 0 if this direction, or all together, hold as much as they may."""
    if s.flows[row, COUNTS + direction] & ((1 << COUNT_BITS) - 1) >= MOST_NODES:
        return 0
    node = s.work[FREED]
    if node:
        s.work[FREED] = s.answers[node - 1, FOLLOWING]
    elif s.work[USED] < s.answers.shape[0]:
        s.work[USED] += 1
        node = s.work[USED]
    else:
        return 0
    s.flows[row, COUNTS + direction] += 1
    return node


@compiled
def freed(s: State, row: int, direction: int) -> None:
    """Takes the first node off the list."""
    column = HELD + direction
    held = s.flows[row, column]
    node = held & MASK
    following = s.answers[node - 1, FOLLOWING]
    s.flows[row, column] = (held >> 32) << 32 | following if following else 0
    s.answers[node - 1, FOLLOWING] = s.work[FREED]
    s.work[FREED] = node
    s.flows[row, COUNTS + direction] -= 1


@compiled
def inserted(
    s: State, row: int, direction: int, sequence: int, data: Bytes, p: int, captured: int, wire: int
) -> int:
    """Holds a segment as far as there is room; how many of its bytes need no more care.

    Bytes that are held already stay as they are; those that differ are counted.
    """
    nodes = s.answers
    column = HELD + direction
    held = s.flows[row, column]
    previous, node = 0, held & MASK
    last = held >> 32
    if last and ahead(sequence, nodes[last - 1, SEQUENCE] + nodes[last - 1, LENGTH]) >= 0:
        previous, node = last, 0
    done = 0
    while done < wire:
        at = (sequence + done) & MASK
        there = max(captured - done, 0)  # bytes from here on that were captured
        while node and ahead(nodes[node - 1, SEQUENCE] + nodes[node - 1, LENGTH], at) <= 0:
            previous, node = node, nodes[node - 1, FOLLOWING]
        size = wire - done
        if node:
            before = ahead(nodes[node - 1, SEQUENCE], at)
            if before <= 0:
                size = min(size, nodes[node - 1, LENGTH] + before)
                both = min(size, there, nodes[node - 1, CAPTURED] + before)
                if both > 0:
                    block = (node - 1) * BLOCK - before
                    count = differing(data, p + done, s.scratch, block, both)
                    conflicting(s, row, direction, count)
                done += size
                continue
            size = min(size, before)
        size = min(size, BLOCK)
        new = taken_node(s, row, direction)
        if new == 0:
            return done
        nodes[new - 1, SEQUENCE], nodes[new - 1, LENGTH] = at, size
        nodes[new - 1, CAPTURED] = min(size, there)
        block = (new - 1) * BLOCK
        copied(s.scratch, block, data, p + done, min(size, there))
        nodes[new - 1, FOLLOWING] = node
        held = s.flows[row, column]
        if previous:
            nodes[previous - 1, FOLLOWING] = new
        else:
            held = (held >> 32) << 32 | new
        if node == 0:
            held = new << 32 | (held & MASK)
        s.flows[row, column] = held
        previous = new
        done += size
    return done
