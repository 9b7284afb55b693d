"""The same traffic, seen by several: which of them is counted, and what the others add."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, field
from itertools import takewhile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from auditor.readers.records.kernels import combined, text_keys

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    import numpy.typing as npt

    from auditor.readers.flow_parts import Told

    Ints = npt.NDArray[np.int64]
    Bools = npt.NDArray[np.bool_]

TOLERANCE: Final = 2_000_000_000
"""ns that the clocks of two devices may differ beyond what their records say of themselves."""

OVERLAP: Final = 4
"""Folders follow one another that share less than one part in so many of the shorter's time."""

SECOND: Final = 1_000_000_000
MAPPED: Final = "::ffff:"
PORTED: Final = (6, 17, 33, 132, 136)
_LENT: Final = (
    ("host", "host_basis"), ("app",), ("encrypted",), ("ech",), ("alpn",), ("tls_version",),
    ("tls_cipher",), ("ja4",), ("src_log_country",), ("dst_log_country",),
)  # fmt: skip
_OF_ONE_SIDE: Final = frozenset({"src_log_country", "dst_log_country"})


@dataclass(frozen=True, slots=True)
class Seen:
    """Rows that several witnesses saw, and the traffic of each.

    Attributes:
        rows: the rows.
        traffic: per such row, the number of its traffic, from 0.
        counts: per such row, whether it is counted.
    """

    rows: Ints
    traffic: Ints
    counts: Bools


def counted_once(
    keys: Ints, witness: Ints, start: Ints, end: Ints, size: Ints, *, tolerance: int
) -> Ints:
    """Per row: -1 = it counts; else the first row that is counted for this traffic.

    See ``seen_by_several`` for the arguments.
    """
    counted = np.full(len(keys), -1, np.int64)
    seen = seen_by_several(keys, witness, start, end, size, tolerance=tolerance)
    if len(seen.rows):
        lost = ~seen.counts
        counted[seen.rows[lost]] = first_counted(seen)[seen.traffic[lost]]
    return counted


def first_counted(seen: Seen) -> Ints:
    """Per traffic, the first row that is counted for it."""
    chosen = np.flatnonzero(seen.counts)[::-1]
    first = np.full(int(seen.traffic.max(initial=-1)) + 1, -1, np.int64)
    first[seen.traffic[chosen]] = seen.rows[chosen]
    return first


def seen_by_several(
    keys: Ints, witness: Ints, start: Ints, end: Ints, size: Ints, *, tolerance: int
) -> Seen:
    """The rows of traffic of which several witnesses tell.

    Rows of one key that overlap in time, or follow one another within ``tolerance`` ns, are one
    traffic. The witness whose rows sum up to most is counted, and no other: what two saw is never
    summed.

    Args:
        keys: what traffic it is, such as a hash of the five-tuple.
        witness: who saw it.
        start: ns.
        end: ns.
        size: bytes; of witnesses with equal sums the one with the lowest number counts.
        tolerance: ns that clocks may differ.
    """
    rows = _of_several(keys, witness)
    if not len(rows):
        nothing = np.zeros(0, np.int64)
        return Seen(nothing, nothing, np.zeros(0, np.bool_))
    rows = rows[np.lexsort((rows, start[rows], keys[rows]))]
    key = keys[rows]
    import pandas as pd  # late: it loads while the first packets are swept

    latest = pd.Series(end[rows]).groupby(key, sort=False).cummax().to_numpy()
    opens = np.ones(len(rows), np.bool_)
    opens[1:] = (key[1:] != key[:-1]) | (start[rows[1:]] > latest[:-1] + tolerance)
    traffic = np.cumsum(opens) - 1
    _, names = np.unique(witness[rows], return_inverse=True)
    width = int(names.max()) + 1
    pairs, of_row = np.unique(traffic * width + names, return_inverse=True)
    sums = np.bincount(of_row, weights=size[rows].astype(np.float64))
    of_traffic = pairs // width
    order = np.lexsort((pairs, -sums, of_traffic))
    first = np.ones(len(order), np.bool_)
    first[1:] = of_traffic[order[1:]] != of_traffic[order[:-1]]
    best = order[first]  # one per traffic, in their order
    alone = np.bincount(of_traffic) == 1
    several = ~alone[traffic]
    numbers = np.cumsum(~alone) - 1
    return Seen(rows[several], numbers[traffic[several]], (of_row == best[traffic])[several])


def _of_several(keys: Ints, witness: Ints) -> Ints:
    """The rows whose key more than one witness has."""
    import pandas as pd  # late: as above

    codes, distinct = pd.factorize(keys)
    one = np.empty(len(distinct), np.int64)
    one[codes] = witness
    several = np.zeros(len(distinct), np.bool_)
    several[codes[witness != one[codes]]] = True
    return np.flatnonzero(several[codes])


@dataclass(frozen=True, slots=True)
class Confirmed:
    """What is known of flows that several inputs tell of.

    Attributes:
        rows: these flows, by their place among all, ascending.
        stands: per such flow, the place of the flow that counts for it; -1 = it counts itself.
        inputs: per such flow, which other inputs saw it (``input_id``), if it counts.
        lent: by column, what the other witnesses know of each such flow that counts.
        by_input: by ``input_id``, how many of its flows only confirm.
    """

    rows: Ints
    stands: Ints
    inputs: pa.Array
    lent: dict[str, pa.Array] = field(default_factory=dict)
    by_input: dict[int, int] = field(default_factory=dict)

    def told(self, table: pa.Table, first: int) -> pa.Table:
        """``table``, whose first flow is number ``first`` of all, with the columns on witnesses."""
        begin, end = np.searchsorted(self.rows, [first, first + len(table)])
        mine = slice(begin, end)
        places = self.rows[mine] - first
        stands = np.full(len(table), -1, np.int64)
        stands[places] = self.stands[mine]
        at = np.full(len(table), -1, np.int64)
        at[places] = np.arange(begin, end)
        index = pa.array(at, mask=at < 0)
        for name, values in self.lent.items():
            place = table.schema.get_field_index(name)
            column = pc.coalesce(table.column(place), values.take(index))
            table = table.set_column(place, table.schema.field(place), column)
        table = table.append_column("witnesses", self.inputs.take(index))
        return table.append_column("witness_of", pa.array(stands + 1, mask=stands < 0))


def confirmed(tables: Callable[[], Iterable[tuple[Told, pa.Table]]]) -> Confirmed:
    """Which flows several inputs tell of: packets and logs, or logs of two kinds.

    All captures together are one witness: what two of them saw is told by ``readers.inputs``.
    Flows match by addresses, ports and protocol, whichever end opened them, and time; behind an
    address translation also by the translated addresses. Flows without ports match nothing but
    their like, and those of which one port is unknown match nothing.

    Args:
        tables: gives all flows, in order, as often as it is called.
    """
    nobody = Confirmed(
        np.zeros(0, np.int64), np.zeros(0, np.int64), pa.array([], pa.list_(pa.int32()))
    )
    found = {
        _witness(name, told.folder)
        for told, table in tables()
        for name in pc.unique(table["seen_by"]).to_pylist()
    }
    if len(found) < 2:
        return nobody
    # packets first: of equal sums theirs count; the order of the inputs must not matter
    order = sorted(found, key=lambda witness: (witness[0] != "packets", witness))
    witnesses = {witness: number for number, witness in enumerate(order)}
    every = []
    first = 0
    for told, table in tables():
        every.append(_facts(told, table, witnesses, first))
        first += len(table)
    keys, outside, witness, start, end, coarse, size, number = (
        np.concatenate([one[at] for one in every]) for at in range(8)
    )
    del every
    # where only the translated addresses are known to others, they are what matches
    translated = outside != keys
    plain = keys[~translated]
    matched = translated & np.isin(outside, plain) & ~np.isin(keys, plain)
    keys = np.where(matched, outside, keys)
    witness = _rotated(order, keys, witness, start, end, coarse)
    seen = seen_by_several(keys, witness, start, end, size, tolerance=TOLERANCE)
    if not len(seen.rows):
        return nobody
    ranked = np.argsort(seen.rows)
    rows, traffic, counts = seen.rows[ranked], seen.traffic[ranked], seen.counts[ranked]
    stands = np.where(counts, -1, first_counted(seen)[traffic])
    numbers, count = np.unique(number[rows[~counts]], return_counts=True)
    return Confirmed(
        rows,
        stands,
        _other_inputs(traffic, counts, number[rows]),
        _lent(tables(), rows, traffic, counts),
        dict(zip(numbers.tolist(), count.tolist(), strict=True)),
    )


def _rotated(
    order: list[tuple[str, str]], keys: Ints, witness: Ints, start: Ints, end: Ints, coarse: Ints
) -> Ints:
    """``witness``, where folders that follow one another (of an hour, of a day) are one.

    What such folders tell of one key is added up only where none tells of a time that one before
    told of: sessions that are told again from their beginning are not.
    """
    stems = [(kind, re.sub(r"\d+", "0", folder)) for kind, folder in order]
    if len(set(stems)) == len(stems):
        return witness
    exact = end - coarse
    line, turn = _lines_of_folders(order, stems, witness, exact)
    if not turn.any():
        return witness
    as_one = line[witness]
    several = _of_several(keys, witness)
    if not len(several):
        return witness
    import pandas as pd  # late: as above

    told = pd.DataFrame(
        {
            "key": keys[several],
            "line": as_one[several],
            "turn": turn[witness[several]],
            "start": start[several],
            "end": exact[several],
        }
    )
    by_folder = told.groupby(["key", "line", "turn"]).agg({"start": "min", "end": "max"})
    group = ["key", "line"]
    latest = by_folder["end"].groupby(level=group).cummax()
    before = latest.groupby(level=group).shift()
    again = (by_folder["start"] + SECOND < before).groupby(level=group).any()
    apart = again.reindex(pd.MultiIndex.from_frame(told[group])).to_numpy()
    as_one[several] = np.where(apart, witness[several], as_one[several])
    return as_one


def _lines_of_folders(
    order: list[tuple[str, str]], stems: list[tuple[str, str]], witness: Ints, end: Ints
) -> tuple[Ints, Ints]:
    """Per witness: the first of the folders that it follows, and its place behind that one.

    Folders follow one another if their names differ in digits only and the times at which their
    flows ended overlap by no more than a part of the shorter.
    """
    first = np.full(len(order), np.iinfo(np.int64).max)
    last = np.full(len(order), np.iinfo(np.int64).min)
    np.minimum.at(first, witness, end)
    np.maximum.at(last, witness, end)
    line, turn = np.arange(len(order)), np.zeros(len(order), np.int64)
    lines: dict[tuple[str, str], list[list[int]]] = defaultdict(list)
    for each in np.argsort(first, kind="stable").tolist():
        if stems[each][0] == "packets":
            continue
        fitting = [
            members
            for members in lines[stems[each]]
            if _follow(first[members[-1]], last[members[-1]], first[each], last[each])
        ]
        if fitting:
            folder = order[each][1]
            members = max(fitting, key=lambda its: _shared(order[its[-1]][1], folder))
            line[each], turn[each] = members[0], len(members)
            members.append(each)
        else:
            lines[stems[each]].append([each])
    return line, turn


def _shared(one: str, two: str) -> int:
    """How many folders two paths have in common from the beginning."""
    pairs = zip(Path(one).parts, Path(two).parts, strict=False)
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))


def _follow(first: int, last: int, its_first: int, its_last: int) -> bool:
    shorter = min(last - first, its_last - its_first)
    return last - its_first <= shorter // OVERLAP and its_last > last + TOLERANCE


def _witness(seen_by: str, folder: str) -> tuple[str, str]:
    return (seen_by, "" if seen_by == "packets" else folder)


def _facts(
    told: Told, table: pa.Table, witnesses: dict[tuple[str, str], int], first: int
) -> tuple[Any, ...]:
    """Per flow: key, key outside, witness, start, end, what the window adds to it, size, input.

    ``first`` flows came before.
    """
    names = pc.unique(table["seen_by"]).to_pylist()
    places = pc.index_in(table["seen_by"], pa.array(names, pa.string()))
    numbers = np.array([witnesses[_witness(name, told.folder)] for name in names], np.int64)
    start, end = (np.asarray(table[name].cast(pa.int64()), np.int64) for name in ("start", "end"))
    coarse = np.asarray(pc.fill_null(table["window_s"], 0), np.int64) * SECOND
    end = end + coarse
    keys = _tuple_keys(table, "", first)
    outside = keys
    if table["nat_src_ip"].null_count < len(table) or table["nat_dst_ip"].null_count < len(table):
        outside = _tuple_keys(table, "nat_", first)
    sizes = np.zeros(len(table), np.int64)
    for side in ("src", "dst"):
        sent = pc.coalesce(table[f"{side}_bytes"], table[f"{side}_payload"])
        sizes += np.asarray(pc.fill_null(sent, 0), np.int64)
    # an estimate counts only where nobody counted every packet, and of what was refused nothing
    # moved: who saw bytes pass knows more
    estimated = np.asarray(pc.fill_null(pc.not_equal(table["sampling"], 1), False), np.bool_)
    refused = np.asarray(pc.fill_null(table["blocked"], False), np.bool_)
    sizes[estimated | refused] = 0
    witness = numbers[np.asarray(places)]
    number = np.full(len(table), told.number, np.int64)
    return keys, outside, witness, start, end, coarse, sizes, number


def _tuple_keys(table: pa.Table, prefix: str, first: int) -> Ints:
    """A number for addresses, ports and protocol, the same in both directions."""
    ends = []
    partial = np.zeros(len(table), np.bool_)
    protocol = np.asarray(table["protocol"], np.int64)
    ported = np.isin(protocol, PORTED)
    for side in ("src", "dst"):
        address, port = table[f"{side}_ip"], table[f"{side}_port"]
        if prefix:
            address = pc.coalesce(table[f"{prefix}{side}_ip"], address)
            port = pc.coalesce(table[f"{prefix}{side}_port"], port)
        texts = address.combine_chunks() if isinstance(address, pa.ChunkedArray) else address
        if pc.any(pc.starts_with(texts, MAPPED)).as_py():
            # servers that listen on both write IPv4 so, packets never do
            texts = pc.replace_substring_regex(texts, f"^{MAPPED}([0-9.]+)$", r"\1")
        partial |= ported & np.asarray(pc.is_null(port), np.bool_)
        ports = np.asarray(pc.fill_null(port.cast(pa.int64()), -1), np.int64)
        ends.append(combined([_texts(texts), ports]))
    low, high = np.minimum(*ends), np.maximum(*ends)
    keys = combined([low, high, protocol])
    # a flow with a port missing is like no other: its place among all flows makes it so
    own: Ints = np.where(partial, combined([keys, np.arange(first, first + len(keys))]), keys)
    return own


def _texts(texts: pa.Array) -> Ints:
    whole = pa.concat_arrays(texts.chunks) if isinstance(texts, pa.ChunkedArray) else texts
    return text_keys(whole)


def _other_inputs(traffic: Ints, counts: Bools, number: Ints) -> pa.Array:
    """Per flow: the inputs that saw the same traffic and are not counted for it; null = none."""
    import pandas as pd  # late: as above

    lost = pd.DataFrame({"traffic": traffic[~counts], "number": number[~counts]})
    lists = lost.drop_duplicates().sort_values(["traffic", "number"]).groupby("traffic")["number"]
    by_traffic = lists.agg(list)
    found = by_traffic.reindex(traffic)
    return pa.array(
        [
            values if counted and isinstance(values, list) else None
            for values, counted in zip(found.tolist(), counts.tolist(), strict=True)
        ],
        pa.list_(pa.int32()),
    )


def _lent(
    tables: Iterable[tuple[Told, pa.Table]], rows: Ints, traffic: Ints, counts: Bools
) -> dict[str, pa.Array]:
    """By column: what the witnesses that do not count know, for each flow that counts."""
    columns = ["src_ip", *(name for names in _LENT for name in names)]
    parts = []
    first = 0
    for _, table in tables:
        begin, end = np.searchsorted(rows, [first, first + len(table)])
        parts.append(table.select(columns).take(pa.array(rows[begin:end] - first)))
        first += len(table)
    known = pa.concat_tables(parts).combine_chunks()
    lent: dict[str, pa.Array] = {}
    source = known["src_ip"]
    for names in _LENT:
        has = np.asarray(pc.is_valid(known[names[0]]), np.bool_) & ~counts
        if not has.any():
            continue
        giving = np.flatnonzero(has)
        # of several the first: an assignment keeps the last, so they go backwards
        giver = np.full(int(traffic.max()) + 1, -1, np.int64)
        giver[traffic[giving[::-1]]] = giving[::-1]
        needs = np.asarray(pc.is_null(known[names[0]]), np.bool_) & counts
        at = np.where(needs, giver[traffic], -1)
        if names[0] in _OF_ONE_SIDE:  # the other may have taken the other end for the initiator
            theirs = source.take(pa.array(at, mask=at < 0))
            at[~np.asarray(pc.fill_null(pc.equal(theirs, source), False), np.bool_)] = -1
        for name in names:
            lent[name] = known[name].take(pa.array(at, mask=at < 0)).combine_chunks()
    return lent
