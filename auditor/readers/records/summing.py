"""Logs that tell of one flow in several records, each with what was added since the last."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from auditor.readers.records.checked import MOMENTS, bools
from auditor.readers.records.gathering import PART, Gathering
from auditor.readers.records.kernels import combined
from auditor.readers.records.pairing import MOST_SUM

if TYPE_CHECKING:
    import numpy.typing as npt

    Ints = npt.NDArray[np.int64]

_KEYS: Final = ("src_key", "dst_key", "src_port", "dst_port", "protocol", "observer", "blocked")
_COUNTERS: Final = ("src_packets", "dst_packets", "src_bytes", "dst_bytes")

_OPENS, _GOES_ON, _ENDS = range(3)


class Summing(Gathering):
    """Adds up records of one flow as one observer saw it.

    By ``unfinished``: null begins a flow (and has no counters), true goes on with it, false ends
    it. Flows that have not ended wait for the rest, but never more than half of ``PART`` records.
    """

    def _hand_on(self, *, last: bool) -> None:
        records = pa.concat_tables(self._waiting, promote_options="default").combine_chunks()
        self._waiting, self._news = [], 0
        flow_of, order = _flows(records)
        if not last:
            ended = np.zeros(int(flow_of.max()) + 1, np.bool_)
            ended[flow_of[_steps(records) == _ENDS]] = True
            ended[flow_of[bools(records["blocked"])]] = True
            waits = ~ended[flow_of]
            if 0 < np.count_nonzero(waits) <= PART // 2:
                later = records.filter(pa.array(waits))
                records = records.filter(pa.array(~waits))
                self._sum_up(records, *_flows(records), last=last)
                self._waiting = [later]
                return
        self._sum_up(records, flow_of, order, last=last)

    def _sum_up(self, records: pa.Table, flow_of: Ints, order: Ints, *, last: bool) -> None:
        if len(records):
            flows = _summed(records, flow_of, order)
            for basis, what in MOMENTS.items():
                marked = bools(pc.equal(flows["time_basis"], basis))
                self._count_by_file("one-moment", flows, marked, what)
            self._waiting = [flows]
            super()._hand_on(last=last)


def _flows(records: pa.Table) -> tuple[Ints, Ints]:
    """The number of each record's flow, and the order in which records follow one another."""
    if not len(records):
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    keys = combined(
        [np.asarray(pc.fill_null(records[name].cast(pa.int64()), -1)) for name in _KEYS]
    )
    start = np.asarray(records["start"]).view(np.int64)
    steps = _steps(records)
    order = np.lexsort((start, keys))  # what is of one moment stays as it was logged
    key, step = keys[order], steps[order]
    new = np.ones(len(order), np.bool_)
    new[1:] = (key[1:] != key[:-1]) | (step[1:] == _OPENS) | (step[:-1] == _ENDS)
    flow_of = np.empty(len(order), np.int64)
    flow_of[order] = np.cumsum(new) - 1
    return flow_of, order


def _steps(records: pa.Table) -> Ints:
    goes_on = records["unfinished"].cast(pa.int64())
    step = pc.if_else(pc.equal(goes_on, 1), _GOES_ON, _ENDS)
    return np.asarray(pc.fill_null(step, _OPENS))


def _summed(records: pa.Table, flow_of: Ints, order: Ints) -> pa.Table:
    """One row per flow, as its first record has it, with all that was counted."""
    ordered = flow_of[order]
    opens = np.ones(len(order), np.bool_)
    opens[1:] = ordered[1:] != ordered[:-1]
    starts = np.flatnonzero(opens)
    first = order[starts]
    ends = order[np.append(starts[1:], len(order)) - 1]
    flows = records.take(pa.array(first))
    columns: dict[str, Any] = {"end": records["end"].take(pa.array(ends))}
    for name in [name for name in _COUNTERS if name in records.column_names]:
        values = np.asarray(pc.fill_null(records[name], 0))[order]
        known = np.asarray(pc.is_valid(records[name]), np.bool_)[order]
        about = np.add.reduceat(values.astype(np.float64), starts)
        # a log may claim any number: a sum that does not fit must not come out negative
        sums = np.where(about < MOST_SUM, np.add.reduceat(values, starts), MOST_SUM)
        some = np.logical_or.reduceat(known, starts)
        columns[name] = pa.array(sums, mask=~some)
    begun = _steps(flows) == _OPENS
    alone = np.diff(np.append(starts, len(order))) == 1
    basis = np.where(begun, np.where(alone, 0, 1), np.where(alone, 2, 3))
    columns["time_basis"] = pa.array(np.array(_BASES, object)[basis], pa.string())
    for name, column in columns.items():
        if name in flows.column_names:
            place = flows.column_names.index(name)
            flows = flows.set_column(place, flows.schema.field(name), column)
        else:
            flows = flows.append_column(name, column)
    return flows.combine_chunks()


# began only; began and went on; one record of a flow that began before; several of such a flow
_BASES: Final = ("start-only", "recorded", "end-only", "window")
