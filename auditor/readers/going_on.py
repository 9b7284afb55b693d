"""Time lines of captures that go on from one run into the next."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from auditor.model.errors import InputError
from auditor.model.problem import Problem
from auditor.readers.capture import standing
from auditor.readers.open_flows import OpenLine, read_open, write_open
from auditor.readers.time_lines import LONGEST_SILENCE, Fate, pattern_of

if TYPE_CHECKING:
    from pathlib import Path

    import pyarrow as pa

    from auditor.model.problem import Note
    from auditor.readers.reading import OpenFlows
    from auditor.readers.streams import Source

SECOND: Final = 1_000_000_000


class GoingOn:
    """What earlier runs left open, and what this one leaves.

    Attributes:
        earlier: time lines of earlier runs.
        sha256: digest of the file they come from; empty = there is none.
        keeps: whether flows that have not ended are kept for a later run.

    Raises:
        InputError: the file cannot be read; or it would be replaced before this run is over.
    """

    def __init__(self, before: Path | None, after: Path | None, until: datetime | None) -> None:
        self.earlier: tuple[OpenLine, ...] = ()
        self.sha256 = ""
        self.keeps = after is not None
        self.fates: dict[int, Fate] = {}
        self._before = before
        self._after = after
        self._until = None if until is None else int(until.timestamp()) * SECOND
        self._left: list[OpenLine] = []
        self._followed: set[int] = set()
        if before is not None and after is not None and before.absolute() == after.absolute():
            raise InputError(
                "open flows cannot be kept in the file they come from",
                place=str(after),
                hint="Name another file: this run may still fail.",
            )
        if before is not None:
            self.earlier, self.sha256 = read_open(before)

    def before(self, first: int) -> OpenFlows | None:
        """What the time line goes on with that begins with file number ``first``."""
        fate = self.fates.get(first)
        return None if fate is None or fate.earlier is None else self.earlier[fate.earlier].flows

    def keep_from(self, first: int) -> int | None:
        """The end (ns) that a time line must reach to go on in a later run; null = none may."""
        fate = self.fates.get(first)
        if not self.keeps or fate is None:
            return None
        return self._latest(fate.newest) - LONGEST_SILENCE

    def left(self, first: int, last: Source, flows: OpenFlows | None) -> None:
        """What a time line of this run leaves open."""
        earlier = self.fates[first].earlier if first in self.fates else None
        if earlier is not None and flows is self.earlier[earlier].flows:
            return  # nothing of it could be read
        if earlier is not None:
            self._followed.add(earlier)
        if flows is not None:
            self._left.append(OpenLine(last.absolute_folder, pattern_of(last), last.name, flows))

    def begun(self, first: int) -> datetime | None:
        """When the time line that begins with file number ``first`` was left by an earlier run."""
        flows = self.before(first)
        return None if flows is None else datetime.fromtimestamp(flows.end // SECOND, UTC)

    def over(self, note: Note) -> list[pa.Table]:
        """Flows of earlier runs that nothing goes on with; the others are kept.

        Raises:
            InputError: they cannot be read.
        """
        newest: dict[str, int] = {}
        for fate in self.fates.values():
            newest[fate.folder] = max(fate.newest, newest.get(fate.folder, 0))
        tables = []
        for number, line in enumerate(self.earlier):
            if number in self._followed:
                continue
            silence = self._latest(newest.get(line.folder, 0)) - line.flows.end
            if self.keeps and silence <= LONGEST_SILENCE:
                self._left.append(line)
            elif line.flows.count:
                tables.append(standing.read(line.flows.table).drop_columns(["file"]))
                what = (
                    f"{len(tables[-1]):,} flows of {line.name}, from an earlier run, count as they "
                    "stood: no capture that was read goes on with them."
                )
                note(Problem("flows-over", str(self._before), what, count=len(tables[-1])))
        return tables

    def finish(self) -> None:
        """Writes what stays open.

        Raises:
            StoreError: it cannot be written.
        """
        if self._after is not None:
            # threads leave them in any order
            write_open(self._after, sorted(self._left, key=lambda line: (line.folder, line.name)))

    def _latest(self, newest: int) -> int:
        return newest if self._until is None else max(newest, self._until)
