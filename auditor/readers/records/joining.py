"""Logs that tell of one flow in several events: names in some, volumes in another."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from auditor.readers.records.checked import CHECKED, bools
from auditor.readers.records.gathering import PART, Gathering
from auditor.readers.records.kernels import combined, text_keys

if TYPE_CHECKING:
    import numpy.typing as npt

    from auditor.readers.reading import Settings, Take
    from auditor.readers.records.tally import Tally

    Ints = npt.NDArray[np.int64]
    Bools = npt.NDArray[np.bool_]

_GIVEN: Final = (
    "host", "host_basis", "app", "encrypted", "alpn", "tls_version", "tls_cipher", "ja4",
    "tunnel", "outer_src_ip", "outer_dst_ip", "community_id", "vlan",
)  # fmt: skip
"""What an event may add to its flow, which keeps what it says itself."""

_KEPT: Final = (
    *_GIVEN, "start", "end", "time_basis", "clock", "initiator_basis", "protocol",
    "src_ip", "src_port", "dst_ip", "dst_port", "src_key", "dst_key", "observer", "session",
    "src_packets", "src_bytes", "src_tcp_flags", "file",
)  # fmt: skip
"""What is kept of an event until its flow comes."""

_ALL: Final = (*_KEPT, "dst_packets", "dst_bytes", "dst_tcp_flags", "blocked")
FIELDS: Final = pa.schema(
    [CHECKED.field(name) for name in _ALL if name != "file"] + [pa.field("file", pa.int32())]
)

RANKS: Final = ("tls-sni", "quic-sni", "http-host", "dns-query")
"""Of several events of a flow the one whose name is surest is taken, then the first."""

NAMED: Final = ("tls", "quic", "http", "http1", "http2", "dns")
"""Flows of these protocols are worth waiting for their events."""

_ROW: Final = 1 << 40


class Joining(Gathering):
    """Gathers flows, and gives each what other events (``unfinished``) tell of it.

    Events with counters are halves of flows told once more: they count where no flow comes.
    Events whose flow never comes become flows without volumes, at the time they were logged.
    Events wait for their flows, and in logs of several files flows for their events, but never
    more than ``PART`` of each.
    """

    def __init__(
        self,
        tallies: list[Tally],
        settings: Settings,
        take: Take,
        seen_by: str,
        *,
        one_way: bool = False,
    ) -> None:
        super().__init__(tallies, settings, take, seen_by, one_way=one_way)
        self._arrived: list[pa.Table] = []
        self._count = 0
        self._events = FIELDS.empty_table().select(_KEPT)
        self._halves = self._events
        self._nameless = FIELDS.empty_table()
        self._several = len(tallies) > 1
        self._done: list[Ints] = []

    def add(self, number: int, records: pa.Table) -> None:
        """More records of file ``number``."""
        event = bools(records["unfinished"])
        if event.any():
            events = records.filter(pa.array(event))
            file = pa.repeat(pa.scalar(number, pa.int32()), len(events))
            self._arrived.append(_whole(events.append_column("file", file)).select(_KEPT))
            self._count += len(events)
            records = records.filter(pa.array(~event))
        super().add(number, records)
        if self._count + self._news >= PART:
            self._hand_on(last=False)

    def finish(self) -> None:
        """Hands on what is left."""
        self._hand_on(last=True)

    def _hand_on(self, *, last: bool) -> None:
        arrived = [_whole(flows) for flows in self._waiting]
        flows = pa.concat_tables([self._nameless, *arrived]).combine_chunks()
        self._waiting, self._news = [], 0
        flows = self._joined(flows, last=last)
        if len(flows):
            self._waiting = [flows.drop_columns(["session"])]
            super()._hand_on(last=last)

    def _joined(self, flows: pa.Table, *, last: bool) -> pa.Table:
        """The flows with what their events tell, and what stands for flows that never came."""
        arrived = pa.concat_tables([self._events, *self._arrived]).combine_chunks()
        self._arrived, self._count = [], 0
        keys = _keys(flows)
        self._done.append(np.sort(keys))
        half = bools(pc.is_valid(arrived["src_packets"]))
        if half.any() or len(self._halves):
            halves = arrived.filter(pa.array(half))
            arrived = arrived.filter(pa.array(~half))
            flows = pa.concat_tables([flows, self._of_halves(halves, last=last)])
            keys = _keys(flows)
        flows, events = self._named(flows, keys, arrived)
        if last:
            self._nameless, self._events = FIELDS.empty_table(), events.slice(0, 0)
            return pa.concat_tables([flows, self._alone(events)])
        waits = self._worth_waiting(flows)
        if waits.any():
            self._nameless = flows.filter(pa.array(waits))
            flows = flows.filter(pa.array(~waits))
        else:
            self._nameless = FIELDS.empty_table()
        surplus = max(len(events) - PART // 2, 0)
        if surplus:
            flows = pa.concat_tables([flows, self._alone(events.slice(0, surplus))])
        self._events = events.slice(surplus)
        return flows

    def _worth_waiting(self, flows: pa.Table) -> Bools:
        """Which flows may still get a name out of another file."""
        if not self._several:
            return np.zeros(len(flows), np.bool_)
        nameless = bools(pc.is_null(flows["host"]))
        waits = nameless & bools(pc.is_in(flows["app"], pa.array(NAMED)))
        return waits if np.count_nonzero(waits) <= PART // 2 else np.zeros(len(flows), np.bool_)

    def _named(self, flows: pa.Table, keys: Ints, events: pa.Table) -> tuple[pa.Table, pa.Table]:
        """The flows with what their best events tell; and the best events of flows to come."""
        if not len(events):
            return flows, events
        import pandas as pd  # late: only logs of events need it

        codes, distinct = pd.factorize(_keys(events))
        best = self._best(events, codes, len(distinct))
        at = pd.Index(distinct).get_indexer(pd.Index(keys))
        of_flow = at >= 0
        used = np.zeros(len(distinct), np.bool_)
        used[at[of_flow]] = True
        waiting = events.take(pa.array(np.sort(best[~used])))
        if not of_flow.any():
            return flows, waiting
        index = pa.array(best[at], mask=~of_flow)
        for name in _GIVEN:
            column = events[name]
            if column.null_count == len(column):
                continue
            told = column.take(index)
            if name in ("app", "community_id", "vlan"):
                told = pc.coalesce(flows[name], told)
            elif name == "encrypted":
                told = pc.coalesce(told, flows[name])
            place = flows.column_names.index(name)
            flows = flows.set_column(place, FIELDS.field(name), told)
        return flows, waiting

    def _best(self, events: pa.Table, codes: Ints, count: int) -> Ints:
        """The row of the event that is taken of each flow."""
        ranks = pc.fill_null(pc.index_in(events["host_basis"], pa.array(RANKS)), len(RANKS))
        score = np.asarray(ranks).astype(np.int64) * _ROW + np.arange(len(events))
        best = np.full(count, np.iinfo(np.int64).max)
        np.minimum.at(best, codes, score)
        best %= _ROW
        names = text_keys(events["host"].combine_chunks())
        other = (names != names[best][codes]) & bools(pc.is_valid(events["host"]))
        if other.any():
            self._count_by_file("several-names", events, other)
        return best

    def _alone(self, events: pa.Table) -> pa.Table:
        """Flows without volumes, of events whose flows are not in the log."""
        late = self._counted(_keys(events))
        if late.any():
            self._count_by_file("late-names", events, late)
            events = events.filter(pa.array(~late))
        if not len(events):
            return FIELDS.empty_table()
        self._count_by_file("no-flow-event", events, np.ones(len(events), np.bool_))
        place = events.column_names.index("time_basis")
        basis = pa.repeat("log-time", len(events))
        return _whole(events.set_column(place, FIELDS.field("time_basis"), basis))

    def _counted(self, keys: Ints) -> Bools:
        """Which of these flows were handed on."""
        known = np.zeros(len(keys), np.bool_)
        for done in self._done:
            if len(done):
                place = np.minimum(np.searchsorted(done, keys), len(done) - 1)
                known |= done[place] == keys
        return known

    def _of_halves(self, arrived: pa.Table, *, last: bool) -> pa.Table:
        """Flows out of one-way records that waited long enough for a flow that tells the same."""
        ready = np.unique(_keys(self._halves))
        halves = pa.concat_tables([self._halves, arrived]).combine_chunks()
        keys = _keys(halves)
        again = self._counted(keys)
        if again.any():
            self._count_by_file("duplicate-records", halves, again)
        now = ~again & (np.ones(len(keys), np.bool_) if last else np.isin(keys, ready))
        self._halves = halves.filter(pa.array(~again & ~now))
        halves, keys = halves.filter(pa.array(now)), keys[now]
        if not len(halves):
            return FIELDS.empty_table()
        import pandas as pd  # late: as above

        codes, distinct = pd.factorize(keys)
        first = np.zeros(len(distinct), np.int64)
        first[codes[::-1]] = np.arange(len(keys))[::-1]
        src, port = np.asarray(halves["src_key"]), _numbers(halves["src_port"])
        back = (src != src[first][codes]) | (port != port[first][codes])
        columns: dict[str, Any] = {
            name: halves[name].take(pa.array(first)).combine_chunks() for name in _KEPT
        }
        for name in ("packets", "bytes"):
            # no record of the way back: nothing came back (such records are not written)
            sums = np.zeros((2, len(distinct)), np.int64)
            np.add.at(sums, (back.astype(np.int64), codes), _numbers(halves[f"src_{name}"], 0))
            columns[f"src_{name}"], columns[f"dst_{name}"] = pa.array(sums[0]), pa.array(sums[1])
        answered = np.zeros(len(distinct), np.int64)
        np.bitwise_or.at(answered, codes[back], _numbers(halves["src_tcp_flags"], 0)[back])
        flagged = pc.is_valid(columns["src_tcp_flags"])
        columns["dst_tcp_flags"] = pc.if_else(
            flagged, pa.array(answered.astype(np.uint8)), pa.scalar(None, pa.uint8())
        )
        flows = _whole(pa.table(columns))
        self._done.append(np.sort(distinct))
        return flows


def _keys(records: pa.Table) -> Ints:
    """What flow each record is of: its session, and both ends whichever way they stand."""
    ends = [
        combined([np.asarray(records[f"{side}_key"]), _numbers(records[f"{side}_port"])])
        for side in ("src", "dst")
    ]
    names = ("session", "protocol", "observer")
    return combined([ends[0] + ends[1], *(_numbers(records[name], 0) for name in names)])


def _numbers(column: pa.ChunkedArray, unknown: int = -1) -> Ints:
    return np.asarray(pc.fill_null(column.cast(pa.int64()), unknown))


def _whole(records: pa.Table) -> pa.Table:
    """The same with all columns of ``FIELDS``."""
    rows = len(records)
    names = set(records.column_names)
    columns = [
        records[field.name] if field.name in names else pa.nulls(rows, field.type)
        for field in FIELDS
    ]
    return pa.table(columns, schema=FIELDS)
