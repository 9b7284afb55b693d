"""Flow samples of sFlow v5 (sflow.org, sFlow version 5, section 5), as records of flows.

Each sample is the beginning of one packet. Those of one flow that one port of one switch took
are one record, until there is none for a while: that makes few rows out of many samples, and
lets ports that saw the same traffic be told apart from more traffic.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from auditor.readers.capture.layout import Bytes, Ints
from auditor.readers.capture.link import IP4, IP6, network
from auditor.readers.capture.numbers import be16, be32, be64, compiled, entry, octet
from auditor.readers.capture.packet import above_ip
from auditor.readers.exports.columns import four_as_text, nowhere, numbers_as_text, sixteen_as_text
from auditor.readers.exports.domains import Sequence
from auditor.readers.records.batch import Batch
from auditor.readers.records.kernels import combined
from auditor.readers.records.tally import Tally

if TYPE_CHECKING:
    from collections.abc import Iterator

# Columns of a sample.
TIME, AGENT, PORT, RATE, DROPS = 0, 1, 2, 3, 4
PROTOCOL, SOURCE, TARGET, SOURCE_PORT, TARGET_PORT = 5, 6, 8, 10, 11  # addresses: two columns
OCTETS, FLAGS, VLAN, VERSION = 12, 13, 14, 15
WIDTH: Final = 16

# What else was seen.
NOT_IP, COUNTERS, DAMAGED, FULL = 0, 1, 2, 3
SEEN: Final = 4

MOST_AGENTS: Final = 1 << 14
MOST_PORTS: Final = 1 << 16
ROOM: Final = 1 << 17
LARGE: Final = 1 << 11
"""More samples of packets than a datagram can hold."""

SILENCE: Final = 60 * 1_000_000_000
"""ns without a sample that end a record."""


@compiled
def sampled_packet(data: Bytes, p: int, end: int, link: int, length: int, row: Ints) -> bool:
    """Takes the outermost IP header of a sampled packet; whether it has one."""
    begin = p
    kind, p, vlan = network(data, p, end, link)
    if kind == IP4 and p + 20 <= end and data[p] >> 4 == 4:
        octets = be16(data, p + 2)
        protocol, body = octet(data, p + 9), p + (octet(data, p) & 15) * 4
        later = be16(data, p + 6) & 0x1FFF
        row[SOURCE], row[SOURCE + 1] = 0, be32(data, p + 12)
        row[TARGET], row[TARGET + 1] = 0, be32(data, p + 16)
        row[VERSION] = 4
    elif kind == IP6 and p + 40 <= end and data[p] >> 4 == 6:
        octets = be16(data, p + 4)
        octets += 40 * (octets > 0)
        row[SOURCE], row[SOURCE + 1] = be64(data, p + 8), be64(data, p + 16)
        row[TARGET], row[TARGET + 1] = be64(data, p + 24), be64(data, p + 32)
        row[VERSION] = 6
        protocol, body, place = above_ip(data, p + 40, end, octet(data, p + 6))
        later = be16(data, place + 2) & 0xFFF8 if place >= 0 and protocol >= 0 else 0
    else:
        return False
    row[OCTETS] = octets if octets > 0 else max(length - (p - begin), 0)
    row[PROTOCOL] = protocol
    row[VLAN] = vlan >> 4 & 0xFFF if vlan & 15 else 0
    ported = protocol == 6 or protocol == 17 or protocol == 132 or protocol == 136
    if ported and later == 0 and body + 4 <= end:
        row[SOURCE_PORT], row[TARGET_PORT] = be16(data, body), be16(data, body + 2)
        if protocol == 6 and body + 14 <= end:
            row[FLAGS] = octet(data, body + 13)
    return True


@compiled
def described_packet(data: Bytes, p: int, size: int, six: bool, row: Ints) -> bool:
    """Takes a packet that the agent describes by its IP fields, without its header."""
    wide = 16 if six else 4
    if size < 16 + 2 * wide + 8:
        return False
    row[OCTETS], row[PROTOCOL] = be32(data, p), be32(data, p + 4)
    if six:
        row[SOURCE], row[SOURCE + 1] = be64(data, p + 8), be64(data, p + 16)
        row[TARGET], row[TARGET + 1] = be64(data, p + 24), be64(data, p + 32)
    else:
        row[SOURCE], row[SOURCE + 1] = 0, be32(data, p + 8)
        row[TARGET], row[TARGET + 1] = 0, be32(data, p + 12)
    q = p + 8 + 2 * wide
    row[SOURCE_PORT], row[TARGET_PORT], row[FLAGS] = (
        be32(data, q),
        be32(data, q + 4),
        be32(data, q + 8),
    )
    row[VERSION] = 6 if six else 4
    return True


@compiled
def link_of(header: int) -> int:
    """The link type of a header protocol of sFlow; -1 = none that is read."""
    if header == 1:
        return 1
    if header == 11 or header == 12:
        return 101
    if header == 7:
        return 9
    return -1


@compiled
def sample(data: Bytes, p: int, end: int, wide: bool, row: Ints, seen: Ints) -> bool:
    """Takes one flow sample; whether it is of an IP packet."""
    head = 44 if wide else 32
    if p + head > end:
        seen[DAMAGED] += 1
        return False
    row[PORT] = be32(data, p + 4) << 32 | be32(data, p + 8) if wide else be32(data, p + 4)
    q = p + 12 if wide else p + 8
    row[RATE], row[DROPS] = be32(data, q), be32(data, q + 8)
    left = be32(data, p + head - 4)
    p += head
    row[SOURCE_PORT], row[TARGET_PORT], row[FLAGS], row[VLAN] = -1, -1, -1, 0
    found = False
    switched = 0
    while left > 0:
        if p + 8 > end:
            seen[DAMAGED] += 1
            break
        kind, size = be32(data, p), be32(data, p + 4)
        p += 8
        if p + size > end:
            seen[DAMAGED] += 1
            break
        if kind == 1 and size >= 16:
            link = link_of(be32(data, p))
            header = min(be32(data, p + 12), size - 16)
            if link >= 0:
                length = be32(data, p + 4)
                found = sampled_packet(data, p + 16, p + 16 + header, link, length, row) or found
        elif (kind == 3 or kind == 4) and not found:
            found = described_packet(data, p, size, kind == 4, row)
        elif kind == 1001 and size >= 16:
            switched = be32(data, p) & 0xFFF
        p += (size + 3) // 4 * 4
        left -= 1
    if found and row[VLAN] == 0:
        row[VLAN] = switched
    if not found:
        seen[NOT_IP] += 1
    return found


@entry
def samples(
    data: Bytes, p: int, end: int, time: int, agent: int, out: Ints, count: int, seen: Ints
) -> int:
    """Takes the flow samples of a datagram, whose samples begin at ``p``; how many rows are used.

    ``data`` ends with its datagram, or behind it; nothing behind ``end`` is looked at.
    """
    left = be32(data, p)
    p += 4
    while left > 0:
        if p + 8 > end:
            seen[DAMAGED] += 1
            return count
        kind, size = be32(data, p), be32(data, p + 4)
        p += 8
        if p + size > end:
            seen[DAMAGED] += 1
            return count
        if kind == 1 or kind == 3:
            if count == out.shape[0]:
                seen[FULL] += 1
            elif sample(data, p, p + size, kind == 3, out[count], seen):
                out[count, TIME], out[count, AGENT] = time, agent
                count += 1
        elif kind == 2 or kind == 4:
            seen[COUNTERS] += 1
        p += size
        left -= 1
    return count


@dataclass(slots=True)
class SFlow:
    """Takes datagrams in their order, and gives batches of records now and then."""

    tally: Tally
    _agents: dict[bytes, int] = field(default_factory=dict)
    _sequences: list[Sequence] = field(default_factory=list)
    _drops: dict[tuple[int, int], int] = field(default_factory=dict)
    _rows: Ints = field(default_factory=lambda: np.zeros((ROOM, WIDTH), np.int64))
    _count: int = 0
    _seen: Ints = field(default_factory=lambda: np.zeros(SEEN, np.int64))

    def take(self, stream: int, payload: bytes, time: int) -> None:
        """One datagram of a stream (agent and collector, with their ports)."""
        wide = {1: 4, 2: 16}.get(int.from_bytes(payload[4:8], "big"))
        if payload[:4] != b"\0\0\0\5" or wide is None or len(payload) < wide + 24:
            self.tally.add("export-damaged", 0)
            return
        name = stream.to_bytes(4, "big") + payload[4 : 12 + wide]  # address and part of the agent
        agent = self._agents.get(name)
        if agent is None:
            if len(self._agents) == MOST_AGENTS:
                self.tally.add("export-limit", 0)
                return
            agent = self._agents[name] = len(self._agents)
            self._sequences.append(Sequence())
        number = int.from_bytes(payload[12 + wide : 16 + wide], "big")
        sequence = self._sequences[agent]
        if sequence.again(number, payload):
            self.tally.add("export-repeated", 0)
            return
        sequence.follow(number, 1, counts_itself=True)
        data = np.frombuffer(payload, np.uint8)
        self._count = samples(
            data, 20 + wide, len(payload), time, agent, self._rows, self._count, self._seen
        )

    def full(self) -> bool:
        """Whether there are enough samples to make columns of: a datagram more may be too much."""
        return self._count > ROOM - LARGE

    def batches(self) -> Iterator[tuple[str, bool, Batch]]:
        """Who saw them, whether they tell who opened the flows (no), and the records so far."""
        rows, self._count = self._rows[: self._count], 0
        if len(rows):
            self._dropped(rows)
            yield "sflow", False, _batch(rows)

    def ended(self) -> None:
        """Counts what was seen besides samples, and what never arrived."""
        for kind, counter in (
            ("not-ip", NOT_IP), ("counter-samples", COUNTERS), ("export-damaged", DAMAGED),
            ("export-limit", FULL),
        ):  # fmt: skip
            if self._seen[counter]:
                self.tally.add(kind, 0, count=int(self._seen[counter]))
        missing = sum(sequence.missing for sequence in self._sequences)
        if missing:
            self.tally.add("export-lost", 0, count=missing)

    def _dropped(self, rows: Ints) -> None:
        """Counts the samples that the switches had no time for, by what their counters grew."""
        keys = rows[:, AGENT] << 40 ^ rows[:, PORT]
        _, first = np.unique(keys, return_index=True)
        _, last = np.unique(keys[::-1], return_index=True)
        pairs = zip(rows[first].tolist(), rows[len(rows) - 1 - last].tolist(), strict=True)
        for begin, end in pairs:
            key = (end[AGENT], end[PORT])
            grown = (end[DROPS] - self._drops.get(key, begin[DROPS])) & 0xFFFFFFFF
            if key in self._drops or len(self._drops) < MOST_PORTS:
                self._drops[key] = end[DROPS]
            if 0 < grown < 1 << 31:
                self.tally.add("samples-dropped", 0, count=grown)


def _batch(rows: Ints) -> Batch:
    """Samples, added up to records."""
    keys = combined([rows[:, column] for column in (AGENT, PORT, RATE, *range(PROTOCOL, OCTETS))])
    order = np.lexsort((rows[:, TIME], keys))
    rows, keys = rows[order], keys[order]
    opens = np.ones(len(rows), np.bool_)
    opens[1:] = (keys[1:] != keys[:-1]) | (np.diff(rows[:, TIME]) > SILENCE)
    first = np.flatnonzero(opens)
    last = np.append(first[1:], len(rows)) - 1
    one = rows[first]
    flags = np.bitwise_or.reduceat(np.maximum(rows[:, FLAGS], 0), first)
    columns: dict[str, Any] = {
        "start": pa.array(one[:, TIME]),
        "end": pa.array(rows[last, TIME]),
        "time_basis": pa.repeat("log-time", len(first)),
        "protocol": pa.array(one[:, PROTOCOL]),
        "src_ip": _addresses(one, SOURCE),
        "dst_ip": _addresses(one, TARGET),
        "src_packets": pa.array(last - first + 1),
        "src_bytes": pa.array(np.add.reduceat(rows[:, OCTETS], first)),
        "sampling": pa.array(one[:, RATE], mask=one[:, RATE] <= 0),
        "vlan": numbers_as_text(one[:, VLAN]),
        "observer": numbers_as_text(one[:, AGENT] << 40 ^ one[:, PORT], zero=True),
    }
    for name, column in (("src_port", SOURCE_PORT), ("dst_port", TARGET_PORT)):
        columns[name] = pa.array(one[:, column], mask=one[:, column] < 0)
    unflagged = np.maximum.reduceat(rows[:, FLAGS], first) < 0
    columns["src_tcp_flags"] = pa.array(flags, mask=unflagged)
    return Batch(columns, nowhere(len(first)))


def _addresses(rows: Ints, column: int) -> pa.Array:
    four = four_as_text(rows[:, column + 1])
    six = rows[:, VERSION] == 6
    if not six.any():
        return four
    raw = rows[:, column : column + 2].astype(">i8").view(np.uint8).reshape(-1, 16)
    return pc.if_else(pa.array(six), sixteen_as_text(raw).cast(pa.string()), four)
