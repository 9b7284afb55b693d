"""What was seen, gathered per finding in columns: the loops here run over findings, not flows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final, Literal

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from auditor.model.finding import Counted, Evidence, FlowLine
from auditor.policy.facts import column_of

if TYPE_CHECKING:
    from auditor.policy.masks import Integers

MOST_FLOW_IDS: Final = 1000
MOST_LINES: Final = 10
MOST_COUNTED: Final = 10
MOST: Final = 2**62
"""What a sum ends at."""
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_LINE: Final = (
    "flow_id",
    "input_id",
    "start",
    "end",
    "protocol",
    "src_ip",
    "src_port",
    "dst_ip",
    "dst_port",
    "host",
    "host_basis",
    "app",
    "encrypted",
    "initiator_basis",
    "geo_basis",
    "outbound_bytes",
    "inbound_bytes",
)


@dataclass(frozen=True, slots=True)
class Seen:
    """How the flows of one finding are known, in numbers of flows.

    Attributes:
        host_basis, class_basis, geo_state: flows by value; ``""`` = null.
        geo_basis: what places rest on, heaviest first, at most ``MOST_COUNTED``.
        crossing_unknown: flows of which nobody can say whether they cross the border.
        amount_unknown: flows whose outbound bytes are not known.
        not_whole: flows of which not every packet is known to be counted.
        covered_name: flows that offered Encrypted Client Hello.
    """

    flows: int
    host_basis: dict[str, int]
    class_basis: dict[str, int]
    geo_state: dict[str, int]
    geo_basis: tuple[Counted, ...]
    encrypted: int
    clear: int
    crossing_unknown: int
    amount_unknown: int
    not_whole: int
    covered_name: int


class Gathering:
    """The flows of all findings; ``group`` and ``flow`` name, per member, the finding and its flow.

    Every finding from 0 to ``groups`` - 1 must have a member; no flow may stand in a finding twice.

    Attributes:
        order: the order in which ``group`` and ``flow`` are kept here: by finding, and within one
            the heaviest flow first.
    """

    def __init__(self, flows: pa.Table, group: Integers, flow: Integers, groups: int) -> None:
        self._table = flows
        self._outbound = _plain(flows, "outbound_bytes")
        self._ids = np.asarray(column_of(flows, "flow_id"))
        heaviest = np.lexsort((self._ids, -self._outbound))
        rank = np.empty(len(heaviest), np.int64)
        rank[heaviest] = np.arange(len(heaviest))
        self.order = np.argsort(group * len(heaviest) + rank[flow])
        self.group = group[self.order]
        self.flow = flow[self.order]
        self._starts = np.searchsorted(self.group, np.arange(groups + 1))
        self._groups = groups
        self._sums()
        self._lists()
        self._lines = self._flow_lines()

    def best(self, score: Integers) -> Integers:
        """Per finding: the highest ``score`` (given per flow) among its flows."""
        best: Integers = np.maximum.reduceat(score[self.flow], self._starts[:-1])
        return best

    def sizes(self) -> Integers:
        """Per finding: how many flows it has."""
        return np.diff(self._starts)

    def total(self, per_flow: Integers) -> Integers:
        """Per finding: the sum of ``per_flow`` over its flows, at most what 64 bits hold."""
        values, starts = per_flow[self.flow], self._starts[:-1]
        about = np.add.reduceat(values.astype(np.float64), starts)
        # A log may claim any number: a sum that does not fit must not come out negative.
        return np.where(about < 2.0**62, np.add.reduceat(values, starts), MOST)

    def evidence(self, number: int, most_subjects: int | None) -> Evidence:
        """What was seen for finding ``number``; estimates end at ``most_subjects``."""
        first, end = self._starts[number], self._starts[number + 1]
        flows = self.flow[first:end]
        ids = np.sort(self._ids[flows])[:MOST_FLOW_IDS].tolist()
        subjects, basis = self._subjects_of(number, most_subjects)
        whole = self._packets_known[number] == end - first
        return Evidence(
            flows=int(end - first),
            packets=int(self._packets[number]) if whole else None,
            outbound_bytes=int(self.outbound[number]),
            inbound_bytes=int(self._inbound[number]),
            first=_time(self._first[number]),
            last=_time(self._last[number]),
            home=self._home[number],
            peers=self._peers[number],
            hosts=self._hosts[number],
            countries=self.countries[number][:MOST_COUNTED],
            apps=self._apps[number],
            clear_text_flows=int(self._clear[number]),
            encrypted_flows=int(self._encrypted[number]),
            subjects=subjects,
            subjects_basis=basis,
            flow_ids=tuple(ids),
            flow_ids_cut=int(end - first) - len(ids),
            lines=tuple(self._lines[flow] for flow in flows[:MOST_LINES].tolist()),
        )

    def seen(self, number: int) -> Seen:
        """How the flows of finding ``number`` are known."""
        return Seen(
            flows=int(self._starts[number + 1] - self._starts[number]),
            host_basis=self._host_basis[number],
            class_basis=self._class_basis[number],
            geo_state=self._geo_state[number],
            geo_basis=self._geo_basis[number],
            encrypted=int(self._encrypted[number]),
            clear=int(self._clear[number]),
            crossing_unknown=int(self._crossing_unknown[number]),
            amount_unknown=int(self._amount_unknown[number]),
            not_whole=int(self._not_whole[number]),
            covered_name=int(self._covered_name[number]),
        )

    def heaviest(self, codes: Integers, names: list[str], most: int) -> list[tuple[Counted, ...]]:
        """Per finding: the names its flows have, by outbound bytes; ``codes`` are per flow."""
        return self.heaviest_of_members(codes[self.flow], names, most)

    def heaviest_of_members(
        self, codes: Integers, names: list[str], most: int
    ) -> list[tuple[Counted, ...]]:
        """The same, with ``codes`` per member in the order of ``flow``; -1 = no name."""
        has = codes >= 0
        if not has.any():
            return [()] * self._groups
        keys, pairs = pd.factorize(self.group[has] * len(names) + codes[has])
        flows = np.bincount(keys)
        # Sums of whole numbers below 2^53 (8 petabytes) are exact in float64.
        weights = self._outbound[self.flow[has]].astype(np.float64)
        sizes = np.minimum(np.bincount(keys, weights=weights), 2.0**62).astype(np.int64)
        groups, codes = pairs // len(names), pairs % len(names)
        alphabetical = np.argsort(np.argsort(np.array(names, dtype=object), kind="stable"))
        order = np.lexsort((alphabetical[codes], -flows, -sizes, groups))
        groups = groups[order]
        place = np.arange(len(order)) - np.searchsorted(groups, groups)
        shown = order[place < most]
        starts = np.searchsorted(groups[place < most], np.arange(self._groups + 1)).tolist()
        counted = [
            Counted(names[code], flow_count, size)
            for code, flow_count, size in zip(
                codes[shown].tolist(), flows[shown].tolist(), sizes[shown].tolist(), strict=True
            )
        ]
        return [tuple(counted[first:end]) for first, end in pairwise(starts)]

    def _sums(self) -> None:
        table, total = self._table, self.total
        self.outbound = total(self._outbound)
        self._inbound = total(_plain(table, "inbound_bytes"))
        sides = ("src_packets", "dst_packets")
        known = pc.and_(*(pc.is_valid(column_of(table, side)) for side in sides))
        sent, answered = (np.minimum(_plain(table, side), MOST // 4) for side in sides)
        self._packets = total(sent + answered)
        self._packets_known = total(_ones(known))
        start = np.asarray(column_of(table, "start").cast(pa.int64()))
        end = np.asarray(column_of(table, "end").cast(pa.int64()))
        self._first = np.minimum.reduceat(start[self.flow], self._starts[:-1])
        self._last = np.maximum.reduceat(end[self.flow], self._starts[:-1])
        encrypted = column_of(table, "encrypted")
        self._encrypted = total(_ones(pc.equal(encrypted, True)))
        self._clear = total(_ones(pc.equal(encrypted, False)))
        self._crossing_unknown = total(_ones(pc.is_null(column_of(table, "crosses_border"))))
        self._amount_unknown = total(_ones(pc.is_null(column_of(table, "outbound_bytes"))))
        whole = pc.fill_null(pc.equal(column_of(table, "sampling"), 1), False)
        self._not_whole = total(_ones(pc.invert(whole)))
        self._covered_name = total(_ones(column_of(table, "ech")))
        subjects = column_of(table, "subjects")
        self._subjects = total(np.asarray(pc.fill_null(subjects, 0)))
        self._subjects_known = total(_ones(pc.is_valid(subjects)))
        counted = pc.and_(
            pc.is_valid(subjects), pc.equal(column_of(table, "subjects_basis"), "counted")
        )
        self._subjects_counted = total(_ones(counted))

    def _lists(self) -> None:
        table = self._table
        side = column_of(table, "home_side")
        at_home = pc.if_else(
            pc.equal(side, "src"),
            column_of(table, "src_ip"),
            pc.if_else(pc.equal(side, "dst"), column_of(table, "dst_ip"), None),
        )
        # The name that a flow asked a resolver for is not the name of its far side.
        asked = pc.fill_null(pc.equal(column_of(table, "host_basis"), "dns-query"), False)
        hosts = pc.if_else(asked, None, column_of(table, "host"))
        self._home = self._heaviest_of(at_home, MOST_COUNTED)
        self._peers = self._heaviest_of(column_of(table, "peer_ip"), MOST_COUNTED)
        self._hosts = self._heaviest_of(hosts, MOST_COUNTED)
        self._apps = self._heaviest_of(column_of(table, "app"), MOST_COUNTED)
        self._geo_basis = self._heaviest_of(column_of(table, "geo_basis"), MOST_COUNTED)
        self.countries = self._heaviest_of(column_of(table, "peer_country"), table.num_rows)
        self._host_basis = self._by_value("host_basis")
        self._class_basis = self._by_value("class_basis")
        self._geo_state = self._by_value("geo_state")

    def _heaviest_of(self, column: pa.Array, most: int) -> list[tuple[Counted, ...]]:
        encoded = column.dictionary_encode()
        codes = np.asarray(pc.fill_null(encoded.indices, -1)).astype(np.int64)
        return self.heaviest(codes, encoded.dictionary.to_pylist(), most)

    def _by_value(self, name: str) -> list[dict[str, int]]:
        column = pc.fill_null(column_of(self._table, name), "")
        encoded = column.dictionary_encode()
        values = encoded.dictionary.to_pylist()
        codes = np.asarray(encoded.indices).astype(np.int64)[self.flow]
        counts = np.bincount(
            self.group * len(values) + codes, minlength=self._groups * len(values)
        ).reshape(self._groups, len(values))
        return [
            {value: count for value, count in zip(values, row, strict=True) if count}
            for row in counts.tolist()
        ]

    def _subjects_of(
        self, number: int, most: int | None
    ) -> tuple[int | None, Literal["counted", "estimated"] | None]:
        known = self._subjects_known[number]
        if not known:
            return None, None
        total = int(self._subjects[number])
        total = total if most is None else min(total, most)
        return total, "counted" if self._subjects_counted[number] == known else "estimated"

    def _flow_lines(self) -> dict[int, FlowLine]:
        """The heaviest flows of every finding, each built once."""
        place = np.arange(len(self.flow)) - self._starts[self.group]
        shown = np.unique(self.flow[place < MOST_LINES])
        table = self._table.select([*_LINE, "peer_country"]).take(pa.array(shown))
        columns = {name: _listed(table, name) for name in table.schema.names}
        lines: dict[int, FlowLine] = {}
        for at, flow in enumerate(shown.tolist()):
            values = {name: columns[name][at] for name in _LINE}
            # A flow whose amount is not known counts as none here; the finding says so.
            values["outbound_bytes"] = values["outbound_bytes"] or 0
            values["inbound_bytes"] = values["inbound_bytes"] or 0
            lines[flow] = FlowLine(country=columns["peer_country"][at], **values)
        return lines


def _listed(table: pa.Table, name: str) -> list[Any]:
    if name not in ("start", "end"):
        values: list[Any] = table.column(name).to_pylist()
        return values
    return [_time(value) for value in table.column(name).cast(pa.int64()).to_pylist()]


def _time(nanoseconds: int) -> datetime:
    return _EPOCH + timedelta(microseconds=int(nanoseconds) // 1000)


def _plain(table: pa.Table, name: str) -> Integers:
    """A column of numbers with null as 0: for sums, which say elsewhere what they miss."""
    values: Integers = np.asarray(pc.fill_null(column_of(table, name), 0))
    return values


def _ones(answers: pa.Array) -> Integers:
    """1 where true, 0 where false or null."""
    return np.asarray(pc.fill_null(answers, False)).astype(np.int64)
