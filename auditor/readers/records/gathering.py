"""The records of one kind of log, over all its files: counted once, paired, handed on in parts."""

from __future__ import annotations

from secrets import randbits
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from auditor.readers.capture.numbers import entry, mixed
from auditor.readers.reading import ROWS
from auditor.readers.records.checked import bools, completed
from auditor.readers.records.kernels import NOTHING, added
from auditor.readers.records.pairing import SECOND, half, longest_window, paired
from auditor.readers.witnesses import counted_once

if TYPE_CHECKING:
    import numpy.typing as npt

    from auditor.readers.reading import Settings, Take
    from auditor.readers.records.tally import Tally

    Ints = npt.NDArray[np.int64]
    Bools = npt.NDArray[np.bool_]

PART: Final = 1 << 20
"""Records that are looked at together; what belongs together further apart is two flows."""

WAIT: Final = 60 * SECOND
"""Flows that end less than this (and one window) before the newest record wait for more of them."""

USUAL_ENDS: Final = 999
"""Of a thousand flows so many end no later than what is taken for now."""

MOST_WAITING: Final = PART // 2
MOST_SESSIONS: Final = 4 * PART
"""Sessions that may be open at once, waiting for the record that tells all."""

_IDENTITY: Final = (
    "src_key", "dst_key", "src_port", "dst_port", "protocol", "start", "end", "src_packets",
    "dst_packets", "src_bytes", "dst_bytes", "src_payload", "dst_payload", "session", "observer",
    "blocked",
)  # fmt: skip


class Gathering:
    """Takes checked records file by file, and hands flows on in parts of bounded size."""

    def __init__(
        self,
        tallies: list[Tally],
        settings: Settings,
        take: Take,
        seen_by: str,
        *,
        one_way: bool = False,
    ) -> None:
        """Gets ready; ``tallies`` are of the files, which are numbered from 0."""
        self._tallies = tallies
        self._settings = settings
        self._take = take
        self._seen_by = seen_by
        self._one_way = one_way
        self._waiting: list[pa.Table] = []
        self._news = 0
        self._known = Known() if len(tallies) > 1 else None

    def add(self, number: int, records: pa.Table) -> None:
        """More records (``checked``) of file ``number``."""
        file = pa.repeat(pa.scalar(number, pa.int32()), len(records))
        records = records.append_column("file", file)
        if self._known is not None and len(records):
            records = self._told_first(number, records)
        # parts end after so many records, wherever the blocks of the file end
        while self._news + len(records) >= PART:
            room = PART - self._news
            self._waiting.append(records.slice(0, room))
            records = records.slice(room)
            self._hand_on(last=False)
        if len(records):
            self._waiting.append(records)
            self._news += len(records)

    def finish(self) -> None:
        """Hands on what is left."""
        if self._waiting:
            self._hand_on(last=True)

    def _told_first(self, number: int, records: pa.Table) -> pa.Table:
        """Without the records that a file before told in the same words."""
        assert self._known is not None  # noqa: S101 - asked only then
        again = self._known.told_before(_hashes(records, _IDENTITY), number)
        if not again.any():
            return records
        self._tallies[number].add("duplicate-records", 0, count=int(np.count_nonzero(again)))
        return records.filter(pa.array(~again))

    def _hand_on(self, *, last: bool) -> None:
        records = pa.concat_tables(self._waiting, promote_options="default").combine_chunks()
        self._waiting, self._news = [], 0
        if "session" in records.column_names:
            records = self._latest(records, last=last)
        if "observer" in records.column_names:
            records = self._once(records)
        flows = self._paired(records, last=last) if self._one_way else records
        if not len(flows):
            return
        start, files = np.asarray(flows["start"]).view(np.int64), np.asarray(flows["file"])
        if (np.diff(files) < 0).any() or ((np.diff(start) < 0) & (np.diff(files) == 0)).any():
            order = np.lexsort((start, files))
            flows, files = flows.take(pa.array(order)), files[order]
        flows = completed(flows, self._seen_by).select(ROWS.names)
        numbers, firsts = np.unique(files, return_index=True)
        for number, first, last_one in zip(
            numbers.tolist(), firsts, [*firsts[1:], len(files)], strict=True
        ):
            self._take(number, flows.slice(first, last_one - first))

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
        if not last and "unfinished" in records.column_names:
            goes_on = kept & bools(records["unfinished"])
            if 0 < np.count_nonzero(goes_on) <= MOST_SESSIONS:
                self._waiting.append(records.filter(pa.array(goes_on)))
                kept &= ~goes_on
        return records if kept.all() else records.filter(pa.array(kept))

    def _once(self, records: pa.Table) -> pa.Table:
        """Traffic that several observers saw, as the one has it that saw the most."""
        observers = pc.count_distinct(records["observer"]).as_py()
        if observers < 2:
            return records
        keys = _hashes(records, ("src_key", "dst_key", "src_port", "dst_port", "protocol"))
        observer = np.asarray(pc.fill_null(records["observer"], 0))
        size = np.zeros(len(records), np.int64)
        for side in ("src", "dst"):  # some count payload only
            names = (f"{side}_bytes", f"{side}_payload")
            for name in [name for name in names if name in records.column_names][:1]:
                size += np.asarray(pc.fill_null(records[name], 0))
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
        halves = half(flows)
        if not last and len(flows):
            end = np.asarray(flows["end"]).view(np.int64)
            # a few records that claim to be of another age must not end the waiting of all others
            usual = (len(end) - 1) * USUAL_ENDS // 1000
            latest = int(np.partition(end, usual)[usual])
            going_on = end >= latest - WAIT - longest_window(records) * SECOND
            if np.count_nonzero(going_on[made.flow_of]) > MOST_WAITING:
                going_on &= halves  # of the others at least both directions are there
            waits = going_on[made.flow_of]
            if 0 < np.count_nonzero(waits) <= MOST_WAITING:
                self._waiting.append(records.filter(pa.array(waits)))
                flows, halves = flows.filter(pa.array(~going_on)), halves[~going_on]
        self._count_by_file("one-way", flows, halves)
        return flows

    def _count_by_file(self, kind: str, rows: pa.Table, marked: Bools, detail: str = "") -> None:
        files = np.asarray(rows["file"])[marked]
        for number, count in zip(*np.unique(files, return_counts=True), strict=True):
            self._tallies[number].add(kind, 0, count=int(count), detail=detail)


def _hashes(records: pa.Table, names: tuple[str, ...]) -> Ints:
    """One number for the named columns of each record; a column without values adds nothing."""
    keys = np.zeros(len(records), np.int64)
    for place, name in enumerate(names):
        if name in records.column_names:
            column = records[name]
            number = column if column.type == pa.int64() else column.cast(pa.int64())
            added(keys, np.asarray(pc.fill_null(number, NOTHING)), place)
    return keys


MOST_KNOWN: Final = 1 << 22


class Known:
    """Hashes of records, and the file that told each first; older ones are forgotten."""

    def __init__(self) -> None:
        self._tables = [_Table(1 << 16)]
        self._seed = randbits(62)  # nobody can write a log whose records all want one place

    def told_before(self, hashes: Ints, file: int) -> Bools:
        """Which records another file told; the others are known from now on."""
        newest = self._tables[-1]
        if newest.count + len(hashes) > MOST_KNOWN and newest.count:
            newest = _Table(len(newest.hashes))
            self._tables = [self._tables[-1], newest]
        while (newest.count + len(hashes)) * 2 > len(newest.hashes):
            larger = _Table(len(newest.hashes) * 2)
            _moved(newest.hashes, newest.files, self._seed, larger.hashes, larger.files)
            larger.count = newest.count
            newest = self._tables[-1] = larger
        again = np.zeros(len(hashes), np.bool_)
        for older in self._tables[:-1]:
            _looked_up(hashes, file, self._seed, older.hashes, older.files, again)
        count = _learned(hashes, file, self._seed, newest.hashes, newest.files, again)
        newest.count += int(count)
        return again


class _Table:
    """A hash table: a power of two of places."""

    def __init__(self, size: int) -> None:
        self.hashes = np.zeros(size, np.int64)
        self.files = np.full(size, -1, np.int32)
        self.count = 0


@entry
def _looked_up(hashes: Any, file: int, seed: int, known: Any, files: Any, again: Any) -> None:  # noqa: ANN401 - compiled
    """Marks the hashes that another file has."""
    mask = known.shape[0] - 1
    for row in range(hashes.shape[0]):
        slot = mixed(hashes[row], seed) & mask
        while files[slot] >= 0 and known[slot] != hashes[row]:
            slot = (slot + 1) & mask
        if files[slot] >= 0 and files[slot] != file:
            again[row] = True


@entry
def _learned(hashes: Any, file: int, seed: int, known: Any, files: Any, again: Any) -> int:  # noqa: ANN401 - compiled
    """Enters hashes that are new, marks those that another file has; how many are new."""
    count = 0
    mask = known.shape[0] - 1
    for row in range(hashes.shape[0]):
        slot = mixed(hashes[row], seed) & mask
        while files[slot] >= 0 and known[slot] != hashes[row]:
            slot = (slot + 1) & mask
        if files[slot] < 0:
            known[slot], files[slot] = hashes[row], file
            count += 1
        elif files[slot] != file:
            again[row] = True
    return count


@entry
def _moved(old: Any, old_files: Any, seed: int, known: Any, files: Any) -> None:  # noqa: ANN401 - compiled
    """Enters all of one table into a larger one."""
    mask = known.shape[0] - 1
    for place in range(old.shape[0]):
        if old_files[place] < 0:
            continue
        slot = mixed(old[place], seed) & mask
        while files[slot] >= 0:
            slot = (slot + 1) & mask
        known[slot], files[slot] = old[place], old_files[place]
