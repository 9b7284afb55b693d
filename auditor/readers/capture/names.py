"""The store of host names: grown when full, rid of names that no live flow holds any more."""

from __future__ import annotations

import numpy as np

from auditor.readers.capture.layout import (
    ALPN, FLOWS_DONE, FLOWS_LIVE, HELLO, NAME, NAME_BYTES, NAMES, PRINTS, VERSION, Bytes, State,
)  # fmt: skip
from auditor.readers.capture.naming import names_indexed

MOST_BYTES = 64 << 20
"""Beyond this the store is thinned out before it grows."""


def decoded(s: State) -> list[str]:
    """All names, by number."""
    text = s.name_bytes[: s.counters[NAME_BYTES]].tobytes().decode("latin-1")
    ends = s.name_ends[: s.counters[NAMES] + 1].tolist()
    return [text[ends[i] : ends[i + 1]] for i in range(len(ends) - 1)]


def with_more_names(s: State) -> State:
    """The same state with room for more names."""
    if s.counters[NAME_BYTES] > MOST_BYTES:
        s = thinned(s)
    count, size = int(s.counters[NAMES]), int(s.counters[NAME_BYTES])
    name_ends = np.zeros(max(count * 2, 1 << 14) + 1, np.int64)
    name_ends[: count + 1] = s.name_ends[: count + 1]
    name_bytes = np.zeros(max(size * 2, 1 << 20), np.uint8)
    name_bytes[:size] = s.name_bytes[:size]
    slots = 1 << (name_ends.size * 2 - 1).bit_length()
    larger = s.having(
        name_bytes=name_bytes, name_ends=name_ends, name_index=np.zeros(slots, np.int64)
    )
    names_indexed(larger)
    return larger


def thinned(s: State) -> State:
    """The same state without the names that nothing holds any more, and with no room for more."""
    flows = s.flows[: s.counters[FLOWS_LIVE]]
    done = s.done[: s.counters[FLOWS_DONE]]
    places = (
        (NAME, 0, 32),
        (HELLO, 0, ALPN),
        (HELLO, ALPN, VERSION - ALPN),
    )  # column, first bit and bits of each number of a name
    held = [
        (rows[:, column] >> first) & ((1 << bits) - 1)
        for rows in (flows, done)
        for column, first, bits in places
    ]
    used = np.unique(np.concatenate([*held, s.answers[:, 4]]))
    used = used[used > 0]
    number = np.zeros(int(s.counters[NAMES]) + 1, np.int64)
    number[used] = np.arange(1, used.size + 1)
    for rows in (flows, done):
        for column, first, bits in places:
            mask = ((1 << bits) - 1) << first
            anew = number[(rows[:, column] & mask) >> first]
            rows[:, column] = (rows[:, column] & ~mask) | anew << first
    s.answers[:, 4] = number[s.answers[:, 4]]
    starts, ends = s.name_ends[used - 1], s.name_ends[used]
    name_ends = np.zeros(used.size + 1, np.int64)
    np.cumsum(ends - starts, out=name_ends[1:])
    kept: Bytes = np.concatenate(
        [s.name_bytes[start:end] for start, end in zip(starts, ends, strict=True)]
        or [np.zeros(0, np.uint8)]
    )
    s.work[PRINTS:] = 0  # they are numbers of names too
    s.counters[NAMES] = used.size
    s.counters[NAME_BYTES] = kept.size
    return s.having(name_bytes=kept, name_ends=name_ends)
