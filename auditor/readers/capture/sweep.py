"""A sweep over one capture: feeds windows to the compiled walk and gathers the flows."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import numpy as np

from auditor.readers.capture import carried, fragments, names, rows, table, tunnels, units
from auditor.readers.capture.layout import (
    DONE_FULL, FLOWS_DONE, FLOWS_FULL, FLOWS_LIVE, HOLES_FULL, LAST_TIME, NAMES_FULL,
    TUNNELS_FULL, fresh,
)  # fmt: skip

if TYPE_CHECKING:
    import pyarrow as pa

    from auditor.readers.capture.layout import Ints
    from auditor.readers.reading import Settings

SECOND = 1_000_000_000
MILLISECOND = 1_000_000

MOST_ROWS = 1 << 20
"""Ended flows that are kept as rows (200 bytes each) before they are made columns."""


class Sweep:
    """The state of the walk, and the flows that have ended so far."""

    def __init__(self, settings: Settings, before: bytes | None = None) -> None:
        timeouts = (settings.tcp_timeout, settings.udp_timeout, settings.active_timeout)
        tcp, other, active = (seconds * SECOND for seconds in timeouts)
        copies = settings.copies_within * MILLISECOND
        if before is None:
            seed = int.from_bytes(os.urandom(7), "little")
            self.state = fresh((tcp, other, active), seed, copies)
        else:
            self.state = carried.restored(before, (tcp, other, active), copies)
        units.linked(self.state)
        self._ended: list[Ints] = []
        self._parts: list[pa.Table] = []

    def make_room(self, lacking: int) -> None:
        """Gives the walk what it had no room for."""
        counters = self.state.counters
        if lacking == FLOWS_FULL:
            self._take_ended()
            now = int(counters[LAST_TIME])
            while not table.expired(self.state, now):
                self._take_ended()
            if counters[FLOWS_LIVE] > self.state.flows.shape[0] // 2:
                self.state = table.grown(self.state)
        elif lacking == DONE_FULL:
            self._take_ended()
        elif lacking == NAMES_FULL:
            self._take_ended()
            self._make_columns()  # they name their hosts by numbers that thinning changes
            self.state = names.with_more_names(self.state)
        elif lacking == HOLES_FULL:
            self.state = table.with_more_holes(self.state)
        elif lacking == TUNNELS_FULL:
            self.state = tunnels.with_more_tunnels(self.state)

    def flows(self) -> pa.Table:
        """All flows, ended or not, in order; the sweep is over after this."""
        self._give_up_fragments()
        self._take_ended()
        live = int(self.state.counters[FLOWS_LIVE])
        if live:
            self._ended.append(self.state.flows[:live])
        self._make_columns()
        return rows.joined(self._parts)

    def add(self, flows: pa.Table) -> None:
        """Flows that have ended elsewhere, in order (schema ``rows.SWEPT``)."""
        self._parts.append(flows)

    def ended(self) -> pa.Table:
        """The flows that have ended, in order; the others go on: ``state_kept``."""
        later = carried.given_up_later(self.state)
        waiting = self.state.fragments[later].copy()
        self.state.fragments[later] = 0
        self._give_up_fragments()
        self.state.fragments[later] = waiting
        self._take_ended()
        self.state, over = carried.narrowed(self.state)
        if len(over):
            self._ended.append(over)
        self._make_columns()
        flows = rows.joined(self._parts)
        self._parts.clear()
        return flows

    def state_kept(self) -> bytes:
        """What a later sweep needs to go on with the flows that have not ended."""
        self.state = names.thinned(self.state)
        return carried.packed(self.state)

    def counted(self, counter: int) -> int:
        """One of the counters of ``layout``."""
        return int(self.state.counters[counter])

    def _give_up_fragments(self) -> None:
        rows = fragments.waiting(self.state)
        place = 0
        while place < len(rows):
            self.make_room(DONE_FULL)
            room = self.state.flows.shape[0] - int(self.state.counters[FLOWS_LIVE])
            if room == 0:
                self.make_room(FLOWS_FULL)
            place = fragments.all_given_up(self.state, rows, place, min(room, 1 << 12))

    def _take_ended(self) -> None:
        count = int(self.state.counters[FLOWS_DONE])
        if count:
            self._ended.append(self.state.done[:count].copy())
            self.state.counters[FLOWS_DONE] = 0
            if sum(map(len, self._ended)) >= MOST_ROWS:
                self._make_columns()

    def _make_columns(self) -> None:
        if self._ended:
            done = rows.ordered(
                self._ended[0] if len(self._ended) == 1 else np.concatenate(self._ended)
            )
            self._ended.clear()
            self._parts.append(rows.columns(done, names.decoded(self.state), self.state.tunnels))
