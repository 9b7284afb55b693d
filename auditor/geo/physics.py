"""Where a destination cannot be: no answer comes back faster than light in fibre.

A handshake measures the way from the sensor to the responder and back, and nothing of the way to
the initiator. Sensors are taken to stand in Vietnam; rows of clouds' own logs, measured in their
region, are left out.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from auditor.geo.addresses import numbered
from auditor.geo.distances import FARTHEST
from auditor.model.problem import Problem

if TYPE_CHECKING:
    from collections.abc import Mapping

KM_PER_MS: Final = 103
"""Kilometres to a destination per millisecond of round trip, at most: light in the glass of
long-haul cables, at the lowest group index sold (1.462, pure silica: 102.5 km), rounded up. Radio
and lasers between satellites go half as fast again: up to 2,700 km the climb of 550 km to a
satellite costs more than that gains; beyond, only satellites without any delay of their own would
beat this bound."""

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

_KEYS: Final = ("input_id", "dst_port", "dst_ip")
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
        self._addresses: pa.Array | None = None
        self._seen: Counter[int] = Counter()
        self._instant: Counter[int] = Counter()

    def add(self, flows: pa.Table) -> None:
        """Takes in (a part of) a flow table of the stage ``read`` or later; needs ``COLUMNS``."""
        kept = _bounding(flows.select(list(COLUMNS)))
        instant = pc.less(kept["rtt_us"], LEAST_US)
        self._seen.update(_counts(kept["input_id"]))
        self._instant.update(_counts(kept["input_id"].filter(instant)))
        kept = kept.filter(pc.invert(instant))
        if len(kept):
            self._parts.append(_grouped(kept))
            self._rows += len(self._parts[-1])
            self._addresses = None
        if self._rows > self._limit:
            self._gathered()

    def addresses(self) -> list[str]:
        """The responders, in the order of their texts."""
        texts: list[str] = self._distinct().to_pylist()
        return texts

    def believed(
        self, claimed_km: np.ndarray, inputs: Mapping[int, str]
    ) -> tuple[np.ndarray, list[Problem]]:
        """The smallest round trip of each responder that can be believed, and what cannot be.

        Args:
            claimed_km: for each of ``addresses()`` the least distance to the country (of several:
                to the nearest) that it is said to be in; nan = not known, anycast, or at home.
            inputs: names of the inputs by ``input_id``, for the problems.

        Returns:
            µs per address (int64); -1 = none that is believed.
        """
        table = self._gathered()
        addresses = self._distinct()
        codes = _numbers(pc.index_in(table["dst_ip"], value_set=addresses))
        source, port, rtt = (_numbers(table[name]) for name in ("input_id", "dst_port", "rtt_us"))
        coarse = [each for each in sorted(self._seen) if self._clock_tells_nothing(each)]
        trusted = ~np.isin(source, coarse)
        claimed = np.asarray(claimed_km, np.float64)[codes]
        early = trusted & (claimed > reaches_km(rtt))
        far = trusted & ((claimed >= FAR_KM) | early)
        networks = _networks(addresses, codes) if early.sum() >= FEW else np.zeros_like(codes)
        by_port = _patterned(source << 16 | port, networks, far, early)
        # a device or clock that spoils every port shows itself where no port alone is enough
        rest = trusted & ~by_port
        by_input = rest & _patterned(source, networks, far & rest, early & rest)
        near = trusted & (by_port | by_input)
        good = trusted & ~near
        smallest = np.full(len(addresses), _NONE)
        np.minimum.at(smallest, codes[good], rtt[good])
        problems = [_clock_problem(inputs.get(each, f"input {each}")) for each in coarse]
        for each in np.unique(source[near]).tolist():
            its = near & (source == each)
            name = inputs.get(each, f"input {each}")
            problems.append(_near_problem(name, np.unique(port[its]), int((its & early).sum())))
        return np.where(smallest < _NONE, smallest, -1), problems

    def _clock_tells_nothing(self, source: int) -> bool:
        instant = self._instant[source]
        return instant >= FEW and instant > INSTANT_SHARE * self._seen[source]

    def _distinct(self) -> pa.Array:
        if self._addresses is None:
            distinct = pc.unique(self._gathered()["dst_ip"])
            self._addresses = distinct.take(pc.sort_indices(distinct))
        return self._addresses

    def _gathered(self) -> pa.Table:
        """Everything so far as one table, a row for each input, port and responder."""
        if not self._parts:
            self._parts = [_EMPTY]
        if len(self._parts) > 1:
            self._parts = [_grouped(pa.concat_tables(self._parts))]
        self._rows = len(self._parts[0])
        self._limit = max(2 * self._rows, _COMPACT_ROWS)
        return self._parts[0]


_NONE: Final = np.iinfo(np.int64).max
_EMPTY: Final = pa.schema(
    [
        *(("input_id", pa.int32()), ("dst_port", pa.uint16())),
        *(("dst_ip", pa.string()), ("rtt_us", pa.int64())),
    ]
).empty_table()


def _bounding(table: pa.Table) -> pa.Table:
    """The rows whose round trip bounds the distance of their responder."""
    flags = pc.bit_wise_and(table["dst_tcp_flags"], pa.scalar(_SYN, pa.uint8()))
    usable = pc.is_valid(table["rtt_us"])
    for one in (
        pc.equal(table["seen_by"], "packets"),
        # one end alone sent a bare SYN: where both did, neither's SYN-ACK closes a round trip
        pc.equal(table["initiator_basis"], "syn"),
        pc.fill_null(pc.equal(flags, _SYN), False),
        pc.is_valid(table["dst_port"]),
        pc.is_null(table["tunnel"]),
        pc.is_null(table["nat_dst_ip"]),
        pc.invert(pc.fill_null(table["blocked"], False)),
    ):
        usable = pc.and_(usable, one)
    return table.filter(usable).select(_EMPTY.column_names)


def _counts(values: pa.ChunkedArray) -> dict[int, int]:
    return {each["values"].as_py(): each["counts"].as_py() for each in pc.value_counts(values)}


def _grouped(table: pa.Table) -> pa.Table:
    return (
        table.group_by(list(_KEYS))
        .aggregate([("rtt_us", "min")])
        .select([*_KEYS, "rtt_us_min"])
        .rename_columns(_EMPTY.column_names)
    )


def _numbers(column: pa.ChunkedArray) -> np.ndarray:
    return np.asarray(column.to_numpy(), np.int64)


def _networks(addresses: pa.Array, codes: np.ndarray) -> np.ndarray:
    """A number from 0 for the network of each row's address: /16 of IPv4, /32 of IPv6."""
    numbers = numbered(addresses.to_pylist())
    four, six = numbers.low >> np.uint64(16), numbers.high >> np.uint64(32) | np.uint64(1 << 32)
    networks = np.unique(np.where(numbers.family == 6, six, four), return_inverse=True)[1]
    return np.asarray(networks[codes])


def _patterned(
    groups: np.ndarray, networks: np.ndarray, far: np.ndarray, early: np.ndarray
) -> np.ndarray:
    """Rows of groups in which something near answers for whoever is far.

    So it is where at least ``FEW`` networks, and more than half of all that are said to be far,
    answer earlier than light allows. Networks are counted, not addresses: one cache at home
    has many addresses in one network.
    """
    distinct, codes = np.unique(groups, return_inverse=True)
    width = int(networks.max(initial=0)) + 1
    pairs = codes * width + networks
    all_far, too_early = (
        np.bincount(np.unique(pairs[rows]) // width, minlength=len(distinct))
        for rows in (far, early)
    )
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
