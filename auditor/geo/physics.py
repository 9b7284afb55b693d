"""Where a destination cannot be: no answer comes back faster than light in fibre.

A handshake measures the way from the sensor to the responder and back, and nothing of the way to
the initiator. Sensors are taken to stand in Vietnam; rows of clouds' own logs, measured in their
region, are left out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from auditor.geo.addresses import numbered
from auditor.geo.distances import FARTHEST
from auditor.model.problem import Problem

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

KM_PER_MS: Final = 103
"""Kilometres to a destination per millisecond of round trip, at most: light in the glass of
long-haul cables, at the lowest group index sold (1.462, pure silica: 102.5 km), rounded up. Radio
and lasers between satellites are faster by half; no such way is known to lead out of Vietnam fast
enough to matter: up to 2,700 km the climb to a satellite costs more than the vacuum gives back."""

SLACK_US: Final = 1000
"""Microseconds added to each round trip: clocks that tick in milliseconds, and stamps that are
given when a batch of packets is fetched from the card."""

LEAST_US: Final = 20
"""No host answers through a network in less: such stamps were made by a tool or a coarse clock."""

INSTANT_SHARE: Final = 0.1
"""With more of an input's handshakes under ``LEAST_US`` (and at least ``FEW``), its clock tells
nothing: other handshakes of it may be too short as well without being under ``LEAST_US``."""

FEW: Final = 3
"""Networks (handshakes) that answer too fast, below which it is no pattern."""

FAR_KM: Final = 500
"""What is claimed to lie beyond is far: something near that answers in its stead shows itself."""

COLUMNS: Final = (
    *("input_id", "seen_by", "initiator_basis", "dst_ip", "dst_port", "dst_tcp_flags", "rtt_us"),
    *("tunnel", "nat_dst_ip", "blocked"),
)
"""What is read of a flow table."""

_KEYS: Final = ["input_id", "dst_port", "dst_ip"]
_SYN: Final = 2
_COMPACT_ROWS: Final = 1 << 20


def reach_km(rtt_us: int) -> int:
    """The kilometres within which whoever answered after ``rtt_us`` µs must be."""
    return int(reaches_km(np.array([rtt_us], np.int64))[0])


def reaches_km(rtt_us: np.ndarray) -> np.ndarray:
    """The same for many (int64): rounded up, never more than half around the earth."""
    longest = FARTHEST * 1000 // KM_PER_MS
    micros = np.clip(rtt_us, 0, longest) + SLACK_US
    return np.asarray(np.minimum(-(-micros * KM_PER_MS // 1000), FARTHEST))


class Handshakes:
    """The smallest round trips of a run, gathered part by part.

    Only what bounds a distance is kept: handshakes seen as packets, opened by one end and answered
    by the other, neither translated to another responder, nor refused, nor inside a tunnel (of
    mirrored traffic it is not known where the mirror stands).
    """

    def __init__(self) -> None:
        self._parts: list[pa.Table] = []
        self._rows = 0
        self._limit = _COMPACT_ROWS

    def add(self, flows: pa.Table) -> None:
        """Takes in (a part of) a flow table of the stage ``read`` or later; needs ``COLUMNS``."""
        table = flows.select(list(COLUMNS))
        refused = pc.fill_null(table["blocked"], False)
        answered = pc.not_equal(
            pc.bit_wise_and(table["dst_tcp_flags"], pa.scalar(_SYN, pa.uint8())), 0
        )
        usable = pc.is_valid(table["rtt_us"])
        for one in (
            pc.equal(table["seen_by"], "packets"),
            # one end alone sent a bare SYN: where both did, neither's SYN-ACK closes a round trip
            pc.equal(table["initiator_basis"], "syn"),
            pc.fill_null(answered, False),
            pc.is_null(table["tunnel"]),
            pc.is_null(table["nat_dst_ip"]),
            pc.invert(refused),
            pc.is_valid(table["dst_port"]),
        ):
            usable = pc.and_(usable, one)
        kept = table.filter(usable).select([*_KEYS, "rtt_us"])
        if not len(kept):
            return
        instant = pc.less(kept["rtt_us"], LEAST_US)
        kept = kept.set_column(3, "rtt_us", pc.if_else(instant, None, kept["rtt_us"]))
        counted = kept.append_column("seen", pa.repeat(1, len(kept)))
        counted = counted.append_column("instant", instant.cast(pa.int64()))
        self._parts.append(_grouped(counted))
        self._rows += len(self._parts[-1])
        if self._rows > self._limit:
            self._gathered()

    def addresses(self) -> list[str]:
        """The responders, in the order of their texts."""
        return [str(each) for each in _distinct(self._gathered()["dst_ip"]).to_pylist()]

    def believed(
        self, claimed_km: np.ndarray, inputs: Mapping[int, str]
    ) -> tuple[np.ndarray, list[Problem]]:
        """The smallest round trip of each responder that can be believed, and what cannot be.

        Args:
            claimed_km: for each of ``addresses()`` the least distance to the country (of several:
                to the nearest) that it is said to be in; nan = not known, anycast, or at home.
            inputs: names of the inputs by ``input_id``, for the problems.

        Returns:
            µs per address (int64); -1 = none, or none that is believed.
        """
        table = self._gathered()
        addresses = _distinct(table["dst_ip"])
        codes = _numbers(pc.index_in(table["dst_ip"], value_set=addresses))
        source, port = _numbers(table["input_id"]), _numbers(table["dst_port"])
        rtt = _numbers(pc.fill_null(table["rtt_us"], -1))
        coarse = _coarse(source, _numbers(table["seen"]), _numbers(table["instant"]))
        problems = [_clock_problem(inputs.get(each, f"input {each}")) for each in coarse]
        trusted = (rtt >= 0) & ~np.isin(source, coarse)
        claimed = np.asarray(claimed_km, np.float64)[codes]
        early = trusted & (claimed > reaches_km(rtt))
        far = trusted & ((claimed >= FAR_KM) | early)
        networks = _networks(addresses.to_pylist())[codes]
        by_port = _patterned(source << 16 | port, networks, far, early)
        # a device or clock that spoils every port shows itself where no port alone is enough
        rest = trusted & ~by_port
        by_input = rest & _patterned(source, networks, far & rest, early & rest)
        near = trusted & (by_port | by_input)
        for each in np.unique(source[near]).tolist():
            its = near & (source == each)
            name = inputs.get(each, f"input {each}")
            problems.append(_near_problem(name, np.unique(port[its]), int((its & early).sum())))
        smallest = np.full(len(addresses), np.iinfo(np.int64).max)
        good = trusted & ~near
        np.minimum.at(smallest, codes[good], rtt[good])
        return np.where(smallest < np.iinfo(np.int64).max, smallest, -1), problems

    def _gathered(self) -> pa.Table:
        """Everything so far as one table, a row for each input, port and responder."""
        if not self._parts:
            self._parts = [_EMPTY]
        if len(self._parts) > 1:
            self._parts = [_grouped(pa.concat_tables(self._parts))]
        self._rows = len(self._parts[0])
        self._limit = max(2 * self._rows, _COMPACT_ROWS)
        return self._parts[0]


_EMPTY: Final = pa.schema(
    [
        *(("input_id", pa.int32()), ("dst_port", pa.uint16()), ("dst_ip", pa.string())),
        *(("rtt_us", pa.int64()), ("seen", pa.int64()), ("instant", pa.int64())),
    ]
).empty_table()


def _grouped(table: pa.Table) -> pa.Table:
    sums = [("rtt_us", "min"), ("seen", "sum"), ("instant", "sum")]
    grouped = table.group_by(_KEYS).aggregate(sums).select([*_KEYS, *("_".join(s) for s in sums)])
    return grouped.rename_columns(_EMPTY.column_names)


def _distinct(texts: pa.ChunkedArray) -> pa.Array:
    distinct = pc.unique(texts)
    return distinct.take(pc.sort_indices(distinct))


def _numbers(column: pa.ChunkedArray) -> np.ndarray:
    return np.asarray(column.to_numpy(), np.int64)


def _coarse(source: np.ndarray, seen: np.ndarray, instant: np.ndarray) -> list[int]:
    """Inputs whose clock tells nothing."""
    inputs, codes = np.unique(source, return_inverse=True)
    all_seen = np.bincount(codes, seen, len(inputs))
    at_once = np.bincount(codes, instant, len(inputs))
    found: list[int] = inputs[(at_once >= FEW) & (at_once > INSTANT_SHARE * all_seen)].tolist()
    return found


def _networks(addresses: Sequence[str]) -> np.ndarray:
    """A number for each address's network: /16 of IPv4, /32 of IPv6."""
    numbers = numbered(addresses)
    four, six = numbers.low >> np.uint64(16), numbers.high >> np.uint64(32)
    six |= np.uint64(1 << 32)
    return np.where(numbers.family == 6, six, four).astype(np.int64)


def _patterned(
    groups: np.ndarray, networks: np.ndarray, far: np.ndarray, early: np.ndarray
) -> np.ndarray:
    """Rows of groups in which something near answers for whoever is far.

    So it is where at least ``FEW`` networks, and more than half of all that are said to be far,
    answer earlier than light allows. Networks are counted, not addresses: one cache at home
    has many addresses in one network.
    """
    distinct, codes = np.unique(groups, return_inverse=True)
    counts = []
    for rows in (far, early):
        pairs = np.unique(np.stack([codes[rows], networks[rows]]), axis=1)
        counts.append(np.bincount(pairs[0], minlength=len(distinct)))
    all_far, too_early = counts
    return np.asarray(((too_early >= FEW) & (2 * too_early > all_far))[codes])


def _near_problem(source: str, ports: np.ndarray, count: int) -> Problem:
    named = ", ".join(map(str, ports[:5].tolist())) + (", ..." if len(ports) > 5 else "")
    return Problem(
        code="handshakes-answered-near",
        source=source,
        message=f"handshakes to port {named} are answered faster than light allows for most far "
        "destinations: something near answers in their stead, or the clock is wrong",
        hint="A firewall with SYN proxy or a transparent proxy does so, and stamps of two clocks "
        "in one file. The round trips of these ports say nothing about places and were not used.",
        count=count,
    )


def _clock_problem(source: str) -> Problem:
    return Problem(
        code="handshake-clock",
        source=source,
        message=f"many handshakes take less than {LEAST_US} µs: its time stamps are too coarse, or "
        "were made by a tool that rewrote the file",
        hint="Round trips in it say nothing about places and were not used; capture with stamps "
        "of microseconds to have them.",
    )
