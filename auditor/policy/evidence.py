"""What was seen, gathered per finding in columns: the loops here run over findings, not flows."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final, Literal

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from auditor.model.finding import Counted, Evidence, FlowLine
from auditor.policy import masks
from auditor.policy.facts import column_of, control_traffic_of, days_of, encoded, numbers_of

if TYPE_CHECKING:
    from auditor.policy.masks import Integers
    from auditor.policy.members import FlowSets

MOST_FLOW_IDS: Final = 1000
MOST_LINES: Final = 10
MOST_COUNTED: Final = 10
MOST_WITNESSES: Final = 20
MOST: Final = 2**62
"""What a sum ends at."""
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_COLUMN_OF: Final = {"country": "peer_country"}
"""Fields of a flow line that are not named as their column is."""


@dataclass(frozen=True, slots=True)
class Seen:
    """How the flows of one finding are known, in numbers of flows.

    Attributes:
        host_basis, class_basis, geo_state: flows by value; ``""`` = null.
        labels: flows by what was recognised in them.
        crossing_unknown: flows of which nobody can say whether they cross the border.
        amount_unknown: flows whose outbound bytes are not known.
        not_whole: flows of which not every packet is known to be counted, without an estimate.
        estimated: flows of sampled traffic, whose amounts are estimates.
        covered_name: flows whose name stood beside an Encrypted Client Hello.
        country_unknown: flows that cross the border to a country nobody knows.
        control: flows that are name, time or control messages.
    """

    flows: int
    host_basis: dict[str, int]
    class_basis: dict[str, int]
    labels: dict[str, int]
    geo_state: dict[str, int]
    encrypted: int
    clear: int
    crossing_unknown: int
    amount_unknown: int
    not_whole: int
    estimated: int
    covered_name: int
    country_unknown: int
    control: int


class Gathering:
    """What was seen in each of ``sets``, the sets of flows behind findings.

    Attributes:
        outbound_bytes: per flow of the table; 0 where it is not known.
        countries: per set, the countries of its flows.
    """

    def __init__(self, flows: pa.Table, sets: FlowSets) -> None:
        self._table = flows
        self._sets = sets
        self.outbound_bytes = _plain(flows, "outbound_bytes")
        self._ids = np.asarray(column_of(flows, "flow_id"))
        self._sums()
        self._lists()
        self._lines, self._line_starts = self._flow_lines()

    def best(self, score: Integers) -> Integers:
        """Per set: the highest ``score`` (given per flow) among its flows."""
        best: Integers = np.maximum.reduceat(score[self._sets.members], self._sets.starts[:-1])
        return best

    def days(self, number: int) -> tuple[date, date]:
        """First and last day, in Vietnam, on which a flow of set ``number`` began."""
        return self._first_day[number], self._last_day[number]

    def evidence(self, number: int, most_subjects: int | None) -> Evidence:
        """What was seen in set ``number``; estimates end at ``most_subjects``."""
        first, end = self._starts[number], self._starts[number + 1]
        ids = np.sort(self._ids[self._sets.members[first:end]])[:MOST_FLOW_IDS].tolist()
        subjects, basis = self._subjects_of(number, most_subjects)
        whole = self._packets_known[number] == end - first
        return Evidence(
            flows=end - first,
            packets=self._packets[number] if whole else None,
            outbound_bytes=self._outbound[number],
            inbound_bytes=self._inbound[number],
            first=_time(self._first[number]),
            last=_time(self._last[number]),
            home=self._home[number],
            peers=self._peers[number],
            hosts=self._hosts[number],
            countries=self.countries[number][:MOST_COUNTED],
            apps=self._apps[number],
            clear_text_flows=self._clear[number],
            encrypted_flows=self._encrypted[number],
            subjects=subjects,
            subjects_basis=basis,
            flow_ids=tuple(ids),
            flow_ids_cut=end - first - len(ids),
            lines=tuple(self._lines[self._line_starts[number] : self._line_starts[number + 1]]),
            unknown_flows=self._amount_unknown[number],
            estimated_bytes=self._estimated_bytes[number],
            samplings=self._samplings[number],
            sources=self._sources[number],
            witnesses=self._witnesses.get(number, ()),
            read_bytes=self._read[number],
            raw_bytes=self._raw[number],
        )

    def seen(self, number: int) -> Seen:
        """How the flows of set ``number`` are known."""
        return Seen(
            flows=self._starts[number + 1] - self._starts[number],
            host_basis=self._host_basis[number],
            class_basis=self._class_basis[number],
            labels=self._labels.get(number, {}),
            geo_state=self._geo_state[number],
            encrypted=self._encrypted[number],
            clear=self._clear[number],
            crossing_unknown=self._crossing_unknown[number],
            amount_unknown=self._amount_unknown[number],
            not_whole=self._not_whole[number],
            estimated=self._estimated[number],
            covered_name=self._covered_name[number],
            country_unknown=self._country_unknown[number],
            control=self._control[number],
        )

    def _total(self, per_flow: Integers) -> list[int]:
        """Per set: the sum of ``per_flow`` over its flows, at most what 64 bits hold."""
        values, starts = per_flow[self._sets.members], self._sets.starts[:-1]
        about = np.add.reduceat(values.astype(np.float64), starts)
        # A log may claim any number: a sum that does not fit must not come out negative.
        total: list[int] = np.where(about < MOST, np.add.reduceat(values, starts), MOST).tolist()
        return total

    def _count(self, answers: pa.Array) -> list[int]:
        """Per set: of how many flows ``answers`` is true (neither false nor null)."""
        true = np.asarray(pc.fill_null(answers, False), np.bool_)[self._sets.members]
        count: list[int] = np.add.reduceat(true, self._sets.starts[:-1], dtype=np.int64).tolist()
        return count

    def _sums(self) -> None:
        table, members, starts = self._table, self._sets.members, self._sets.starts
        self._starts: list[int] = starts.tolist()
        self._outbound = self._total(self.outbound_bytes)
        self._inbound = self._total(_plain(table, "inbound_bytes"))
        sides = ("src_packets", "dst_packets")
        known = pc.and_(*(pc.is_valid(column_of(table, side)) for side in sides))
        sent, answered = (np.minimum(_plain(table, side), MOST // 4) for side in sides)
        self._packets = self._total(sent + answered)
        self._packets_known = self._count(known)
        start = np.asarray(column_of(table, "start").cast(pa.int64()))
        end = np.asarray(column_of(table, "end").cast(pa.int64()))
        self._first = np.minimum.reduceat(start[members], starts[:-1]).tolist()
        self._last = np.maximum.reduceat(end[members], starts[:-1]).tolist()
        days = days_of(table).astype("datetime64[D]")[members]
        self._first_day: list[date] = np.minimum.reduceat(days, starts[:-1]).tolist()
        self._last_day: list[date] = np.maximum.reduceat(days, starts[:-1]).tolist()
        encrypted = column_of(table, "encrypted")
        self._encrypted = self._count(encrypted)
        self._clear = self._count(pc.invert(encrypted))
        self._crossing_unknown = self._count(pc.is_null(column_of(table, "crosses_border")))
        self._amount_unknown = self._count(pc.is_null(column_of(table, "outbound_bytes")))
        self._read = self._total(_plain(table, "read_bytes"))
        self._raw = self._total(_plain(table, "raw_bytes"))
        sampling = column_of(table, "sampling")
        self._not_whole = self._count(pc.is_null(sampling))
        sampled = pc.fill_null(pc.not_equal(sampling, 1), False)
        self._estimated = self._count(sampled)
        self._estimated_bytes = self._total(np.where(np.asarray(sampled), self.outbound_bytes, 0))
        self._covered_name = self._count(
            pa.array(masks.equals(column_of(table, "host_basis"), "ech-outer").hit)
        )
        crosses = pc.fill_null(column_of(table, "crosses_border"), False)
        somewhere = pc.is_null(column_of(table, "peer_country"))
        self._country_unknown = self._count(pc.and_(crosses, somewhere))
        control = pa.array(control_traffic_of(table))
        self._control = self._count(control)
        # Control messages carry no records: nobody is counted in them.
        subjects = pc.if_else(control, None, column_of(table, "subjects"))
        self._subjects = self._total(np.asarray(pc.fill_null(subjects, 0)))
        self._subjects_known = self._count(pc.is_valid(subjects))
        counted = masks.equals(column_of(table, "subjects_basis"), "counted").hit
        self._subjects_counted = self._count(pc.and_(pc.is_valid(subjects), pa.array(counted)))

    def _lists(self) -> None:
        table = self._table
        side = column_of(table, "home_side")
        src, dst = (pa.array(masks.equals(side, end).hit) for end in ("src", "dst"))
        at_home = pc.if_else(
            src, column_of(table, "src_ip"), pc.if_else(dst, column_of(table, "dst_ip"), None)
        )
        # The name that a flow asked a resolver for is not the name of its far side.
        asked = masks.equals(column_of(table, "host_basis"), "dns-query").hit
        hosts = encoded(table, "host")
        named = pc.if_else(pa.array(asked), None, hosts.indices)
        self._home = self._heaviest(at_home.dictionary_encode())
        self._peers = self._heaviest(encoded(table, "peer_ip"))
        self._hosts = self._heaviest(pa.DictionaryArray.from_arrays(named, hosts.dictionary))
        self._apps = self._heaviest(encoded(table, "app"))
        sampling = column_of(table, "sampling")
        factors = pc.if_else(pc.not_equal(sampling, 1), sampling, None).cast(pa.string())
        self._samplings = self._heaviest(factors.dictionary_encode())
        self._sources = self._heaviest(encoded(table, "seen_by"))
        self._witnesses = self._by_set(column_of(table, "witnesses"))
        self.countries = self._heaviest(encoded(table, "peer_country"), table.num_rows)
        self._host_basis = self._by_value("host_basis")
        self._class_basis = self._by_value("class_basis")
        self._labels = self._by_label(column_of(table, "content_labels"))
        self._geo_state = self._by_value("geo_state")

    def _heaviest(
        self, column: pa.DictionaryArray, most: int = MOST_COUNTED
    ) -> list[tuple[Counted, ...]]:
        sets, members = self._sets, self._sets.members
        names, weights = numbers_of(column)[members], self.outbound_bytes[members]
        return heaviest(sets.set_of, names, weights, column.dictionary, sets.count, most)

    def _by_set(self, lists: pa.Array) -> dict[int, tuple[int, ...]]:
        """Per set that has any: the distinct members of its flows' lists."""
        if lists.null_count == len(lists):
            return {}
        mine = lists.take(pa.array(self._sets.members))
        sets = self._sets.set_of[np.asarray(pc.list_parent_indices(mine))]
        pairs = np.unique(np.stack([sets, np.asarray(pc.list_flatten(mine), np.int64)]), axis=1)
        found: dict[int, tuple[int, ...]] = {}
        for number, member in pairs.T.tolist():
            found[number] = (*found.get(number, ()), member)[:MOST_WITNESSES]
        return found

    def _by_label(self, lists: pa.Array) -> dict[int, dict[str, int]]:
        """Per set that has any: how many of its flows show each label."""
        mine = lists.take(pa.array(self._sets.members))
        labels = pc.list_flatten(mine).dictionary_encode()
        if not len(labels):
            return {}
        sets = self._sets.set_of[np.asarray(pc.list_parent_indices(mine))]
        names = labels.dictionary.to_pylist()
        numbers, pairs = pd.factorize(sets * len(names) + np.asarray(labels.indices, np.int64))
        found: dict[int, dict[str, int]] = {}
        for pair, count in zip(pairs.tolist(), np.bincount(numbers).tolist(), strict=True):
            of_set, name = divmod(pair, len(names))
            found.setdefault(of_set, {})[names[name]] = count
        return found

    def _by_value(self, name: str) -> list[dict[str, int]]:
        column = encoded(self._table, name)
        values = [*column.dictionary.to_pylist(), ""]
        codes = numbers_of(column)[self._sets.members] % len(values)  # -1, null, is the last
        counts = np.bincount(
            self._sets.set_of * len(values) + codes, minlength=self._sets.count * len(values)
        ).reshape(self._sets.count, len(values))
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
        total = self._subjects[number]
        total = total if most is None else min(total, most)
        return total, "counted" if self._subjects_counted[number] == known else "estimated"

    def _flow_lines(self) -> tuple[list[FlowLine], list[int]]:
        """The heaviest flows of every set, one set after the other, and where each set begins."""
        sets = self._sets
        rank = np.empty(len(self._ids), np.int64)
        rank[np.lexsort((self._ids, -self.outbound_bytes))] = np.arange(len(rank))
        order = np.argsort(sets.set_of * len(rank) + rank[sets.members])
        shown = order[_places(sets.set_of, sets.count) < MOST_LINES]
        flows, at = np.unique(sets.members[shown], return_inverse=True)
        lines = _lines(self._table.take(pa.array(flows)))
        starts = np.concatenate([[0], np.cumsum(np.minimum(sets.sizes, MOST_LINES))])
        return [lines[number] for number in at.tolist()], starts.tolist()


def heaviest(
    group: Integers, code: Integers, weight: Integers, names: pa.Array, groups: int, most: int
) -> list[tuple[Counted, ...]]:
    """Per group: the names of its members, by weight, then flows, then alphabet.

    Args:
        group: per member, its group.
        code: per member, the number of its name in ``names``; -1 = none.
        weight: per member, its outbound bytes.
        names: the distinct names.
        groups: how many groups there are.
        most: how many names a group shows.
    """
    has = code >= 0
    if not has.any():
        return [()] * groups
    numbers, pairs = pd.factorize(group[has] * len(names) + code[has])
    flows = np.bincount(numbers)
    # Sums of whole numbers below 2^53 (8 petabytes) are exact in float64.
    sizes = np.bincount(numbers, weights=weight[has].astype(np.float64))
    sizes = np.minimum(sizes, MOST).astype(np.int64)
    of_group, code = pairs // len(names), pairs % len(names)
    near = _heaviest_and_alike(of_group, sizes, groups, most)
    texts = names.take(pa.array(code[near]))
    alphabetical = np.empty(len(near), np.int64)  # UTF-8 bytes sort as the letters do
    alphabetical[pc.array_sort_indices(texts)] = np.arange(len(near))
    order = np.lexsort((alphabetical, -flows[near], -sizes[near], of_group[near]))
    near = near[order]
    shown = _places(of_group[near], groups) < most
    near, texts = near[shown], texts.take(pa.array(order[shown])).to_pylist()
    counted = list(map(Counted, texts, flows[near].tolist(), sizes[near].tolist()))
    starts = np.searchsorted(of_group[near], np.arange(groups + 1)).tolist()
    return [tuple(counted[first:end]) for first, end in pairwise(starts)]


def _heaviest_and_alike(group: Integers, size: Integers, groups: int, most: int) -> Integers:
    """Per group, its ``most`` heaviest members and all others of the last one's size."""
    rank = np.empty(len(size), np.int64)
    rank[np.argsort(-size)] = np.arange(len(size))
    order = np.argsort(group * len(size) + rank)
    last = _places(group[order], groups) == most - 1
    least = np.full(groups, np.iinfo(np.int64).min)
    least[group[order[last]]] = size[order[last]]
    return np.flatnonzero(size >= least[group])


def _places(group: Integers, groups: int) -> Integers:
    """The place of each member in its group, from 0; ``group`` ascends."""
    sizes = np.bincount(group, minlength=groups)
    places: Integers = np.arange(len(group)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    return places


def _lines(flows: pa.Table) -> list[FlowLine]:
    columns = [_listed(flows, field.name) for field in fields(FlowLine)]
    return list(map(FlowLine, *columns))


def _listed(table: pa.Table, name: str) -> list[Any]:
    column = table.column(_COLUMN_OF.get(name, name))
    if name in ("start", "end"):
        return [_time(value) for value in column.cast(pa.int64()).to_pylist()]
    if pa.types.is_dictionary(column.type):
        column = column.cast(pa.string())
    values: list[Any] = column.to_pylist()
    return values


def _time(nanoseconds: int) -> datetime:
    return _EPOCH + timedelta(microseconds=nanoseconds // 1000)


def _plain(table: pa.Table, name: str) -> Integers:
    """A column of numbers with null as 0: for sums, which say elsewhere what they miss."""
    values: Integers = np.asarray(pc.fill_null(column_of(table, name), 0))
    return values
