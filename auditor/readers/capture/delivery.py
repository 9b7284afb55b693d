"""Pieces of streams, window by window, as chunks: the second pass over a time line of captures."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from auditor.model.stream import Chunk, Ended
from auditor.readers.capture import fragments, ordering, table, units, wanted
from auditor.readers.capture.holding import MASK
from auditor.readers.capture.layout import (
    END, FLOWS_DONE, FLOWS_FULL, FLOWS_LIVE, PICK, PORTS,
)  # fmt: skip
from auditor.readers.capture.ordering import (
    LATE, MADE, PIECE_DIRECTION, PIECE_GAP, PIECE_LENGTH, PIECE_PLACE, PIECE_ROW, PIECE_WHOLE,
)  # fmt: skip
from auditor.readers.capture.wanted import CONFLICTS, FROM_1, MIDSTREAM, STATE, UNREAD

if TYPE_CHECKING:
    from auditor.readers.capture.layout import Bytes, Ints

SLACK: Final = 60_000_000_000
"""ns that a flow is kept beyond its end: captures have packets out of order."""

Delivered = Iterator[Chunk] | Iterator[Ended]
"""Events that come together: they are millions, so that handing on each by itself would cost.

They are made one by one all the same: a list of them would busy the garbage collector.
"""

# As the classes do it, without their step through Python.
_chunk: Any = partial(tuple.__new__, Chunk)
_end: Any = partial(tuple.__new__, Ended)


class Delivery:
    """The payload of wanted flows (rows of ``wanted.rows_of``), while their packets are walked.

    ``ids``: the number of each flow, by row.
    """

    def __init__(
        self, rows: Ints, ids: Ints, copies_ns: int, timeouts_ns: tuple[int, int, int]
    ) -> None:
        self.state = ordering.furnished(wanted.state_of(rows, copies_ns, timeouts_ns))
        self.state.settings[PICK] = units.picker()
        self._count = len(rows)
        self._ids = ids
        self._out: Bytes = np.empty(1 << 20, np.uint8)
        ends = rows[:, END].copy()
        # what waits for its first fragment is given up at the very end
        ends[(rows[:, PORTS] >> 48) & 1 == 0] = np.iinfo(np.int64).max
        self._by_end = np.argsort(ends, kind="stable")
        self._ends = ends[self._by_end]
        self._over = 0  # so many of these have ended

    @property
    def late(self) -> int:
        """Bytes that came so long after the end of their flow that nobody waited for them."""
        return int(self.state.work[LATE])

    def make_room(self, lacking: int) -> None:
        """Gives the walk what it had no room for; records have been taken by now."""
        if lacking == FLOWS_FULL:  # flows without ports that nobody wants
            self.state.counters[FLOWS_LIVE] = self._count
            table.indexed(self.state)

    def taken(self, data: Bytes) -> Iterator[Delivered]:
        """The chunks of all packets noted so far, which lie in this window."""
        counters = self.state.counters
        place = 0
        while place < counters[FLOWS_DONE]:
            if ordering.lacking_holes(self.state):
                self.state = table.with_more_holes(self.state)
            place = ordering.ordered(self.state, data, place)
            yield self._gathered(data)
        counters[FLOWS_DONE] = 0

    def ended(self, time: int) -> Iterator[Delivered]:
        """Ends all flows that were over long before ``time`` (ns)."""
        until = int(np.searchsorted(self._ends, time - SLACK))
        if until > self._over:
            yield from self._closed(self._by_end[self._over : until])
            self._over = until

    def finished(self) -> Iterator[Delivered]:
        """Ends all flows that are left."""
        rows = fragments.waiting(self.state)
        place = 0
        while place < len(rows):
            room = self.state.flows.shape[0] - int(self.state.counters[FLOWS_LIVE])
            if room == 0:
                self.make_room(FLOWS_FULL)
                continue
            place = fragments.all_given_up(self.state, rows, place, room)
        yield from self._closed(self._by_end[self._over :])
        self._over = self._count

    def _closed(self, rows: Ints) -> Iterator[Delivered]:
        rows = np.sort(rows)
        place = 0
        while place < len(rows):
            before, place = place, int(ordering.closed(self.state, rows, place))
            yield self._gathered(self._out[:0])
            yield self._ends_of(rows[before:place])

    def _gathered(self, data: Bytes) -> Iterator[Chunk]:
        """The pieces made so far as chunks: flow after flow, each in its own order.

        The flow that was heard of first comes first: it may tell what another one carries.
        """
        made = int(self.state.work[MADE])
        pieces = self.state.tunnels[:made]
        total = int(pieces[:, PIECE_LENGTH].sum())
        if total > len(self._out):
            self._out = np.empty(total, np.uint8)
        _, first, of = np.unique(pieces[:, PIECE_ROW], return_index=True, return_inverse=True)
        order = np.argsort(first[of], kind="stable")
        runs = np.empty((made, 6), np.int64)
        count = ordering.gathered(self.state, data, order, self._out, runs)
        runs = runs[:count]
        begins = runs[:, PIECE_PLACE]
        ends = (begins + runs[:, PIECE_LENGTH]).tolist()
        bytes_of = self._out[:total].tobytes()
        columns = (
            self._ids[runs[:, PIECE_ROW]].tolist(), runs[:, PIECE_DIRECTION].tolist(),
            [bytes_of[begin:end] for begin, end in zip(begins.tolist(), ends, strict=True)],
            runs[:, PIECE_GAP].tolist(), (runs[:, PIECE_WHOLE] > 0).tolist(),
        )  # fmt: skip
        return map(_chunk, zip(*columns, strict=True))

    def _ends_of(self, rows: Ints) -> Iterator[Ended]:
        flows = self.state.flows[rows]
        from_1 = flows[:, STATE] & FROM_1 > 0
        ported = (flows[:, PORTS] >> 48) & 1 > 0
        columns = []
        for pair in (
            np.where(ported[:, None], flows[:, CONFLICTS : CONFLICTS + 2] & MASK, 0),
            np.stack([flows[:, STATE] & (MIDSTREAM << side) > 0 for side in (0, 1)], axis=1),
            flows[:, UNREAD : UNREAD + 2],
        ):
            sides = np.where(from_1[:, None], pair[:, ::-1], pair)
            columns.append(map(tuple, sides.tolist()))
        return map(_end, zip(self._ids[rows].tolist(), *columns, strict=True))
