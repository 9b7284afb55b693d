"""The records of one kind of log, over all its files: counted once, paired, handed on in parts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from auditor.readers.capture.numbers import entry, mixed
from auditor.readers.logs.checked import bools
from auditor.readers.logs.kernels import combined
from auditor.readers.logs.pairing import SECOND, half, paired
from auditor.readers.reading import ROWS
from auditor.readers.witnesses import counted_once

if TYPE_CHECKING:
    import numpy.typing as npt

    from auditor.readers.logs.tally import Tally
    from auditor.readers.reading import Settings, Take

    Ints = npt.NDArray[np.int64]
    Bools = npt.NDArray[np.bool_]

PART: Final = 1 << 20
"""Records that are looked at together; what belongs together further apart is two flows."""

WAIT: Final = 60 * SECOND
"""Flows that end less than this before the newest record wait for more of them."""

_IDENTITY: Final = (
    "src_key", "dst_key", "src_port", "dst_port", "protocol", "start", "end", "src_packets",
    "dst_packets", "src_bytes", "dst_bytes", "src_payload", "dst_payload", "session", "observer",
)  # fmt: skip


class Gathering:
    """Takes checked records file by file, and hands flows on in parts of bounded size."""

    def __init__(
        self,
        tallies: list[Tally],
        settings: Settings,
        take: Take,
        *,
        one_way: bool = False,
    ) -> None:
        """Gets ready; ``tallies`` are of the files, which are numbered from 0."""
        self._tallies = tallies
        self._settings = settings
        self._take = take
        self._one_way = one_way
        self._waiting: list[pa.Table] = []
        self._rows = 0
        self._known = _Known() if len(tallies) > 1 else None

    def add(self, number: int, records: pa.Table) -> None:
        """More records (``CHECKED``) of file ``number``."""
        if not len(records):
            return
        file = pa.repeat(pa.scalar(number, pa.int32()), len(records))
        records = records.append_column("file", file)
        if self._known is not None:
            records = self._told_first(number, records)
        self._waiting.append(records)
        self._rows += len(records)
        if self._rows >= PART:
            self._hand_on(last=False)

    def finish(self) -> None:
        """Hands on what is left."""
        if self._waiting:
            self._hand_on(last=True)

    def _told_first(self, number: int, records: pa.Table) -> pa.Table:
        """Without the records that a file before told in the same words."""
        assert self._known is not None  # noqa: S101 - asked only then
        columns = [
            np.asarray(pc.fill_null(records[name].cast(pa.int64()), -1))
            for name in _IDENTITY
            if records[name].null_count < len(records)
        ]
        again = self._known.told_before(combined(columns), number)
        if not again.any():
            return records
        self._tallies[number].add("duplicate-records", 0, count=int(np.count_nonzero(again)))
        return records.filter(pa.array(~again))

    def _hand_on(self, *, last: bool) -> None:
        records = pa.concat_tables(self._waiting).combine_chunks()
        self._waiting, self._rows = [], 0
        if records["session"].null_count < len(records):
            records = self._latest(records, last=last)
        observers = pc.count_distinct(records["observer"]).as_py() or 0
        if observers > 1:
            records = self._once(records, observers)
        flows = self._paired(records, last=last) if self._one_way else records
        start = np.asarray(flows["start"]).view(np.int64)
        if len(start) > 1 and (np.diff(start) < 0).any():
            flows = flows.take(pa.array(np.argsort(start, kind="stable")))
        files = np.asarray(flows["file"])
        for number in np.unique(files).tolist():
            mine = flows if (files == number).all() else flows.filter(pa.array(files == number))
            self._take(number, mine.select(ROWS.names))

    def _wait(self, records: pa.Table) -> None:
        if len(records):
            self._waiting.append(records)
            self._rows += len(records)

    def _latest(self, records: pa.Table, *, last: bool) -> pa.Table:
        """Of each session the record that ends last; sessions that go on wait."""
        session = np.asarray(pc.fill_null(records["session"], 0))
        named = np.flatnonzero(bools(pc.is_valid(records["session"])))
        end = np.asarray(records["end"]).view(np.int64)
        order = named[np.lexsort((named, end[named], session[named]))]
        is_last = np.ones(len(order), np.bool_)
        is_last[:-1] = session[order[1:]] != session[order[:-1]]
        dropped = order[~is_last]
        kept = np.ones(len(records), np.bool_)
        kept[dropped] = False
        if len(dropped):
            self._count_by_file("interim-records", records, ~kept)
        if not last:
            goes_on = kept & bools(records["unfinished"])
            if np.count_nonzero(goes_on) <= PART // 2:
                self._wait(records.filter(pa.array(goes_on)))
                kept &= ~goes_on
        return records if kept.all() else records.filter(pa.array(kept))

    def _once(self, records: pa.Table, observers: int) -> pa.Table:
        """Traffic that several observers saw, as the one has it that saw the most."""
        keys = combined(
            [
                np.asarray(pc.fill_null(records[name].cast(pa.int64()), -1))
                for name in ("src_key", "dst_key", "src_port", "dst_port", "protocol")
            ]
        )
        observer = np.asarray(pc.fill_null(records["observer"], 0))
        size = np.zeros(len(records), np.int64)
        for side in ("src", "dst"):
            known = pc.coalesce(records[f"{side}_bytes"], records[f"{side}_payload"])
            size = size + np.asarray(pc.fill_null(known, 0))
        start, end = (np.asarray(records[name]).view(np.int64) for name in ("start", "end"))
        chosen = counted_once(keys, observer, start, end, size, tolerance=SECOND)
        dropped = chosen >= 0
        if not dropped.any():
            return records
        self._count_by_file("several-observers", records, dropped, f"{observers:,}")
        return records.filter(pa.array(~dropped))

    def _paired(self, records: pa.Table, *, last: bool) -> pa.Table:
        made = paired(records, self._settings)
        flows = made.flows
        if not last:
            end = np.asarray(flows["end"]).view(np.int64)
            going_on = end >= int(end.max(initial=0)) - WAIT
            waits = going_on[made.flow_of]
            if 0 < np.count_nonzero(waits) <= PART // 2:
                self._wait(records.filter(pa.array(waits)))
                flows = flows.filter(pa.array(~going_on))
        self._count_by_file("one-way", flows, half(flows))
        return flows

    def _count_by_file(self, kind: str, rows: pa.Table, marked: Bools, detail: str = "") -> None:
        files = np.asarray(rows["file"])[marked]
        for number, count in zip(*np.unique(files, return_counts=True), strict=True):
            self._tallies[number].add(kind, 0, count=int(count), detail=detail)


class _Known:
    """Hashes of records, and the file that told each first."""

    def __init__(self) -> None:
        self._hashes = np.zeros(1 << 16, np.int64)
        self._files = np.full(1 << 16, -1, np.int32)
        self._count = 0

    def told_before(self, hashes: Ints, file: int) -> Bools:
        """Which records another file told; the others are known from now on."""
        while (self._count + len(hashes)) * 2 > len(self._hashes):
            old, files = self._hashes, self._files
            self._hashes = np.zeros(len(old) * 2, np.int64)
            self._files = np.full(len(old) * 2, -1, np.int32)
            _moved(old, files, self._hashes, self._files)
        again = np.zeros(len(hashes), np.bool_)
        self._count += int(_learned(hashes, file, self._hashes, self._files, again))
        return again


@entry
def _learned(hashes: Any, file: int, known: Any, files: Any, again: Any) -> int:  # noqa: ANN401 - compiled
    """Enters hashes that are new, marks those that another file has; how many are new."""
    count = 0
    mask = known.shape[0] - 1
    for row in range(hashes.shape[0]):
        slot = mixed(hashes[row], 1) & mask
        while files[slot] >= 0 and known[slot] != hashes[row]:
            slot = (slot + 1) & mask
        if files[slot] < 0:
            known[slot], files[slot] = hashes[row], file
            count += 1
        elif files[slot] != file:
            again[row] = True
    return count


@entry
def _moved(old: Any, old_files: Any, known: Any, files: Any) -> None:  # noqa: ANN401 - compiled
    """Enters all of one table into a larger one."""
    mask = known.shape[0] - 1
    for place in range(old.shape[0]):
        if old_files[place] < 0:
            continue
        slot = mixed(old[place], 1) & mask
        while files[slot] >= 0:
            slot = (slot + 1) & mask
        known[slot], files[slot] = old[place], old_files[place]
