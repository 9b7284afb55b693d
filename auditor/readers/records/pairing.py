"""One-way records put together into two-way flows, as the packet engine would have counted them."""

from __future__ import annotations

from dataclasses import dataclass
from secrets import randbits
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from auditor.readers.capture.numbers import compiled, entry, mixed
from auditor.readers.records.checked import bools

if TYPE_CHECKING:
    import numpy.typing as npt

    from auditor.readers.reading import Settings

    Ints = npt.NDArray[np.int64]

TCP: Final = 6
FIN, SYN, RST, ACK = 1, 2, 4, 16
LOGGED: Final = 256
"""Stands beside TCP flags that are known, even if they are none."""

MOST_SUM: Final = (1 << 62) - 1
"""What a sum ends at: neither one more counter nor the other side may make it negative."""

SYSTEM_PORT, DYNAMIC_PORT = 1024, 32768
SECOND: Final = 1_000_000_000
NEITHER: Final = -1

SRC, SRC_PORT, DST, DST_PORT, PROTOCOL, BLOCKED, START, END, FLAGS = range(9)
COLUMNS: Final = 9
"""Rows of the numbers of the records, a column each, in the order of time."""

FIRST, FIRST_BACK, F_END, F_START, SEEN, SEEN_BACK = range(6)
FLOW_COLUMNS: Final = 6

_SIDES: Final = ("packets", "bytes", "payload")
_SWAPPED: Final = (
    ("src_ip", "dst_ip"), ("src_port", "dst_port"), ("outer_src_ip", "outer_dst_ip"),
    ("nat_src_ip", "nat_dst_ip"), ("nat_src_port", "nat_dst_port"),
    ("src_log_country", "dst_log_country"),
)  # fmt: skip


@compiled
def _same_ends(n: Any, one: int, two: int) -> int:  # noqa: ANN401 - compiled
    """1: both records go the same way; 2: opposite ways; 0: they are of different flows."""
    if n[PROTOCOL, one] != n[PROTOCOL, two] or n[BLOCKED, one] != n[BLOCKED, two]:
        return 0
    if (
        n[SRC, one] == n[SRC, two]
        and n[DST, one] == n[DST, two]
        and n[SRC_PORT, one] == n[SRC_PORT, two]
        and n[DST_PORT, one] == n[DST_PORT, two]
    ):
        return 1
    if (
        n[SRC, one] == n[DST, two]
        and n[DST, one] == n[SRC, two]
        and n[SRC_PORT, one] == n[DST_PORT, two]
        and n[DST_PORT, one] == n[SRC_PORT, two]
    ):
        return 2
    return 0


@entry
def _followed(n: Any, slots: Any, flows: Any, flow_of: Any, back: Any, limits: Any) -> int:  # noqa: ANN401 - compiled
    """The flow of each record and whether it goes against the flow's first; how many flows.

    ``slots`` has a power of two of entries, all -1; ``limits``: silence that ends a TCP flow, any
    other flow, length of a flow, in ns; and a secret number, so that nobody can write a log whose
    flows all want one slot.
    """
    count = 0
    mask = slots.shape[0] - 1
    for row in range(n.shape[1]):
        one = mixed(mixed(n[SRC, row], limits[3]), n[SRC_PORT, row])
        two = mixed(mixed(n[DST, row], limits[3]), n[DST_PORT, row])
        slot = mixed(one + two, n[PROTOCOL, row]) & mask
        silence = limits[0] if n[PROTOCOL, row] == TCP else limits[1]
        found, way = -1, 0
        while slots[slot] >= 0:
            there = slots[slot] + 0
            way = _same_ends(n, flows[FIRST, there], row)
            if way:
                found = there
                break
            slot = (slot + 1) & mask
        if found >= 0:
            seen = SEEN if way == 1 else SEEN_BACK
            ended = flows[seen, found] & (FIN | RST)
            if (
                n[START, row] - flows[F_END, found] > silence
                or n[START, row] - flows[F_START, found] >= limits[2]
                or (ended and n[FLAGS, row] & SYN and n[PROTOCOL, row] == TCP)
            ):
                found = -1
        if found < 0:
            found, way = count, 1
            count += 1
            slots[slot] = found
            flows[FIRST, found] = row
            flows[FIRST_BACK, found] = -1
            flows[F_START, found] = n[START, row]
            flows[F_END, found] = n[END, row]
            flows[SEEN, found] = 0
            flows[SEEN_BACK, found] = 0
        flow_of[row] = found
        back[row] = way == 2
        if way == 2:
            if flows[FIRST_BACK, found] < 0:
                flows[FIRST_BACK, found] = row
            flows[SEEN_BACK, found] |= n[FLAGS, row]
        else:
            flows[SEEN, found] |= n[FLAGS, row]
        if n[END, row] > flows[F_END, found]:
            flows[F_END, found] = n[END, row]
    return count


@entry
def _summed(values: Any, flow_of: Any, back: Any, sums: Any) -> None:  # noqa: ANN401 - compiled
    """Adds each value (-1 = null) to its flow and side; a side without any value stays -1."""
    for row in range(values.shape[0]):
        if values[row] < 0:
            continue
        flow, side = flow_of[row], back[row]
        if sums[side, flow] < 0:
            sums[side, flow] = values[row]
        else:
            sums[side, flow] = min(sums[side, flow] + values[row], MOST_SUM)


@dataclass(frozen=True, slots=True)
class Paired:
    """Flows made of one-way records.

    Attributes:
        flows: in columns of the flow table, in the order of time; ``file`` of the first record.
        flow_of: per record, its flow.
    """

    flows: pa.Table
    flow_of: Ints


def paired(records: pa.Table, settings: Settings) -> Paired:
    """The flows of one-way ``records`` (checked, with ``file``; only their src sides count).

    Records of one five-tuple are one flow until it is silent for the timeout, is longer than the
    active timeout, or a TCP connection begins anew.
    """
    numbers = _numbers(records)
    start = numbers[START]
    order: Ints | None = None
    if len(start) > 1 and (np.diff(start) < 0).any():
        order = np.argsort(start, kind="stable")
        numbers = np.ascontiguousarray(numbers[:, order])
    rows = len(start)
    flow_of, back = np.zeros(rows, np.int64), np.zeros(rows, np.int64)
    made = np.zeros((FLOW_COLUMNS, rows), np.int64)
    slots = np.full(1 << max((2 * rows - 1).bit_length(), 4), -1, np.int32)
    window = longest_window(records)
    limits = [settings.tcp_timeout + window, settings.udp_timeout + window, settings.active_timeout]
    given = np.array([*(limit * SECOND for limit in limits), randbits(62)], np.int64)
    count = int(_followed(numbers, slots, made, flow_of, back, given))
    made = made[:, :count]
    turn, basis = _initiators(numbers, made)
    first, second = made[FIRST], made[FIRST_BACK]
    if order is not None:
        unsorted_flow, unsorted_back = np.empty_like(flow_of), np.empty_like(back)
        unsorted_flow[order], unsorted_back[order] = flow_of, back
        flow_of, back = unsorted_flow, unsorted_back
        first, second = order[first], np.where(second < 0, -1, order[second])
    columns = _of_first(records, first, second, turn)
    columns["start"] = _moments(made[F_START])
    columns["end"] = _moments(made[F_END])
    columns["initiator_basis"] = pa.array(_BASES).take(pa.array(basis))
    for name in _SIDES:
        if f"src_{name}" in records.column_names:
            columns |= _sums(records[f"src_{name}"], name, flow_of, back, count, turn)
    for name, flags in (
        ("src_tcp_flags", np.where(turn, made[SEEN_BACK], made[SEEN])),
        ("dst_tcp_flags", np.where(turn, made[SEEN], made[SEEN_BACK])),
    ):
        if "src_tcp_flags" in records.column_names:
            columns[name] = pa.array(flags.astype(np.uint8), mask=flags < LOGGED)
    return Paired(pa.table(columns), flow_of)


def longest_window(records: pa.Table) -> int:
    """Seconds of the longest span that one of the records may sum up."""
    if "window_s" not in records.column_names:
        return 0
    return pc.max(records["window_s"]).as_py() or 0


def half(flows: pa.Table) -> npt.NDArray[np.bool_]:
    """Which flows have records of one direction only, though nothing refused the other."""
    silent = []
    for side in ("src", "dst"):
        names = [f"{side}_packets", f"{side}_bytes"]
        known = [pc.is_valid(flows[name]) for name in names if name in flows.column_names]
        if not known:
            return np.zeros(len(flows), np.bool_)
        silent.append(~np.any([np.asarray(mask, np.bool_) for mask in known], axis=0))
    one: npt.NDArray[np.bool_] = silent[0] ^ silent[1]
    if "blocked" in flows.column_names:
        one &= ~bools(flows["blocked"])
    return one


_BASES: Final = ["syn", "syn-ack", "port", "first-packet"]
_BY_SYN, _BY_SYN_ACK, _BY_PORT, _BY_FIRST = range(4)


def _numbers(records: pa.Table) -> Ints:
    numbers = np.empty((COLUMNS, len(records)), np.int64)
    for place, name in (
        (SRC, "src_key"), (SRC_PORT, "src_port"), (DST, "dst_key"), (DST_PORT, "dst_port"),
        (PROTOCOL, "protocol"), (BLOCKED, "blocked"), (START, "start"), (END, "end"),
        (FLAGS, "src_tcp_flags"),
    ):  # fmt: skip
        null = 0 if place == FLAGS else NEITHER
        if name not in records.column_names:
            numbers[place] = null
            continue
        column = records[name]
        if pa.types.is_boolean(column.type):
            column = column.cast(pa.int8())
        if place in (START, END):
            numbers[place] = np.asarray(column).view(np.int64)
        elif column.null_count:
            numbers[place] = np.asarray(pc.fill_null(column.cast(pa.int64()), null))
        else:
            numbers[place] = np.asarray(column)
        if place == FLAGS:
            numbers[place] += LOGGED * np.asarray(pc.is_valid(column))
    return numbers


def _initiators(n: Ints, made: Ints) -> tuple[npt.NDArray[np.bool_], Ints]:
    """Which flows their second side opened, and how that is known."""
    first = made[FIRST]
    seen, answered = made[SEEN] & ~LOGGED, made[SEEN_BACK] & ~LOGGED
    alone = made[FIRST_BACK] < 0
    tcp = n[PROTOCOL, first] == TCP
    asked = tcp & (seen & (SYN | ACK) == SYN)
    asked_back = tcp & ~asked & (answered & (SYN | ACK) == SYN)
    # exporters that or all flags: the side that spoke first, if both begin here
    both = tcp & ~asked & ~asked_back & (seen & answered & SYN > 0)
    earlier = ~alone & (n[START, first] < n[START, made[FIRST_BACK]])
    by_syn = asked | asked_back | (both & earlier)
    # only the answer was seen: exactly SYN and ACK, at most FIN or RST besides
    answer = tcp & ~by_syn & alone & (seen & ~(FIN | RST) == SYN | ACK)
    src, dst = n[SRC_PORT, first], n[DST_PORT, first]
    server = np.where(_serves(src, dst), 1, np.where(_serves(dst, src), 2, 0))
    by_port = ~by_syn & ~answer & (server > 0)
    turn = asked_back | answer | (by_port & (server == 1))
    basis = np.select([by_syn, answer, by_port], [_BY_SYN, _BY_SYN_ACK, _BY_PORT], _BY_FIRST)
    return turn, basis


def _serves(port: Ints, other: Ints) -> npt.NDArray[np.bool_]:
    """Whether ``port`` is a server's and ``other`` is not."""
    system = (port >= 0) & (port < SYSTEM_PORT) & (other >= SYSTEM_PORT)
    registered = (port >= SYSTEM_PORT) & (port < DYNAMIC_PORT) & (other >= DYNAMIC_PORT)
    return np.asarray(system | registered, np.bool_)


def _of_first(
    records: pa.Table, first: Ints, second: Ints, turn: npt.NDArray[np.bool_]
) -> dict[str, Any]:
    """The columns that are not sums: of the first record, else of the first that goes back."""
    at, back = pa.array(first), pa.array(second, mask=second < 0)
    partner = {one: other for pair in _SWAPPED for one, other in (pair, pair[::-1])}
    there = [name for name in records.column_names if name not in _LEFT_OUT]
    columns: dict[str, Any] = {}
    for name in dict.fromkeys([*there, *(partner[name] for name in there if name in partner)]):
        other = partner.get(name, name)
        mine = _taken(records, name, at)
        if mine is None:
            columns[name] = _taken(records, other, back)
        elif mine.null_count and name != "blocked" and other in there:
            columns[name] = pc.coalesce(mine, _taken(records, other, back))
        else:
            columns[name] = mine
    if not turn.any():
        return columns
    turned = pa.array(turn)
    swapped = {
        name: pc.if_else(turned, columns[partner[name]], columns[name])
        for name in columns
        if name in partner
    }
    return columns | swapped


_LEFT_OUT: Final = frozenset((
    "src_key", "dst_key", "observer", "session", "unfinished", "start", "end", "initiator_basis",
    *(f"{side}_{name}" for side in ("src", "dst") for name in (*_SIDES, "tcp_flags")),
))  # fmt: skip
"""What is not of one record of a flow, or has served its purpose."""


def _taken(records: pa.Table, name: str, at: pa.Array) -> pa.Array | None:
    if name not in records.column_names:
        return None
    taken = records[name].take(at)
    return taken.combine_chunks() if isinstance(taken, pa.ChunkedArray) else taken


def _sums(
    column: pa.ChunkedArray,
    name: str,
    flow_of: Ints,
    back: Ints,
    count: int,
    turn: npt.NDArray[np.bool_],
) -> dict[str, pa.Array]:
    sums = np.full((2, count), -1, np.int64)
    _summed(np.asarray(pc.fill_null(column, -1)), flow_of, back, sums)
    src, dst = np.where(turn, sums[1], sums[0]), np.where(turn, sums[0], sums[1])
    return {
        f"src_{name}": pa.array(src, mask=src < 0),
        f"dst_{name}": pa.array(dst, mask=dst < 0),
    }


def _moments(times: Ints) -> pa.Array:
    return pa.array(times).cast(pa.timestamp("ns", tz="UTC"))
