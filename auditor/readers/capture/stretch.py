"""One sweep over captures that follow one another, also over those of an earlier run."""

from __future__ import annotations

from typing import Final

import numpy as np
import pyarrow as pa

from auditor.model.problem import Note, Problem
from auditor.readers.capture import carried, standing
from auditor.readers.capture.layout import FRAGMENTS_LOST, LAST_TIME
from auditor.readers.capture.sweep import SECOND, Sweep
from auditor.readers.reading import OpenFlows, Settings

TOLERANCE: Final = SECOND
"""ns that a file may begin before the end of the one it follows."""

WHOLE: Final = "Capture with a larger snap length (`tcpdump -s 0`)."


class Stretch:
    """One sweep over files that follow one another, and its flows when it has ended.

    Attributes:
        flows: with the file they began in; the first one for those of an earlier run.
        open: flows that go on in a later run, as they stand.
    """

    def __init__(self, sweep: Sweep, first: int, since: int | None = None, name: str = "") -> None:
        self.sweep = sweep
        self.first = first
        self.files = 0
        self.flows: pa.Table = None
        self.open: pa.Table = None
        self._since = since
        self._names = [name, name]  # of the first file, and of the last

    def follow(self, name: str, number: int) -> None:
        """One more file is read."""
        self._names = [self._names[0] or name, name]
        self.files = number + 1 - self.first

    def goes_on(self, begin: int | None) -> bool:
        """Whether a file whose first packet has this time may follow."""
        return begin is None or begin >= self.sweep.counted(LAST_TIME) - TOLERANCE

    def ended(self, note: Note, keep_from: int | None = None) -> OpenFlows | None:
        """Makes the flows and lets the state of the sweep go; gives what stays open.

        Nothing does unless the last packet has the time ``keep_from`` (ns) or a later one.
        """
        sweep, (begin, end) = self.sweep, self._names
        time = sweep.counted(LAST_TIME)
        keep = keep_from is not None and time >= max(keep_from, 0)
        flows = sweep.ended() if keep else sweep.flows()
        lost = sweep.counted(FRAGMENTS_LOST)
        if lost:  # known only now: their first fragment may come in any order
            what = f"{lost:,} IP fragments came without their first one; they have no ports."
            note(Problem("lost-fragment", end, what, WHOLE, count=lost))
        self.flows, count = _home(flows, self.first)
        if self._since is not None and count:
            note(_carried(count, self._since, begin))
        left = None
        if keep:
            state = sweep.state_kept()
            self.open = sweep.flows()
            count = len(self.open)
            left = OpenFlows(time, count, state, standing.written(self.open))
            if count:
                what = f"{count:,} flows had not ended with the last packet; the next run has them."
                note(Problem("open-flows", end, what, count=count))
        del self.sweep
        return left


def resumed(before: OpenFlows, settings: Settings, number: int, name: str, note: Note) -> Stretch:
    """A sweep that goes on with the flows of an earlier run.

    Where its state is of no use, the flows are taken as they stood, and end there.
    """
    try:
        return Stretch(Sweep(settings, before.state), number, before.end, name)
    except carried.UnfitError as error:
        what = (
            f"The saved state of an earlier run {error}: its {before.count:,} open flows "
            "count as they stood; what follows of them counts as flows of its own."
        )
        note(Problem("flows-broken-off", name, what, count=before.count))
        sweep = Sweep(settings)
        sweep.add(standing.read(before.table))
        sweep.state.counters[LAST_TIME] = before.end
        return Stretch(sweep, number, before.end, name)


def _home(flows: pa.Table, first: int) -> tuple[pa.Table, int]:
    """The flows, those of an earlier run in the first file; and how many these are."""
    numbers = flows["file"].to_numpy()
    earlier = numbers == carried.CARRIED
    count = int(earlier.sum())
    if count:
        place = flows.schema.get_field_index("file")
        numbers = np.where(earlier, np.int32(first), numbers)
        flows = flows.set_column(place, flows.schema.field(place), pa.array(numbers, pa.int32()))
    return flows, count


def _carried(count: int, since: int, name: str) -> Problem:
    until = np.datetime64(since // SECOND, "s")
    what = (
        f"{count:,} flows began in captures of an earlier run, which ended at {until}Z; they count "
        "here, with all their packets."
    )
    return Problem("carried-flows", name, what, count=count)
