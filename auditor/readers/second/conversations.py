"""Packets, one by one, made into flows by the rules of the flow table.

Written from ``docs/flow-table.md`` and ``docs/architecture.md`` in dicts and plain integers, so
that it shares no mistake with the compiled engine.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import chain
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa

from auditor.readers.reading import ROWS
from auditor.readers.second.names import Heads
from auditor.readers.second.packets import (
    ACK,
    BASES,
    FIN,
    HEADERS,
    RST,
    SYN,
    TCP,
    Basis,
    Packet,
    Packets,
    Said,
)  # fmt: skip
from auditor.readers.second.spans import Spans

if TYPE_CHECKING:
    from auditor.readers.reading import Settings

SECOND: Final = 1_000_000_000
ANSWER_LASTS: Final = 3600 * SECOND
FRAGMENT_LASTS: Final = 60 * SECOND
MOST_WAITING: Final = 4096
"""Later fragments that are held back until their first one comes."""

End = tuple[str, int]
Key = tuple[int, End, End]
Pair = list[int]


def _pair() -> Pair:
    return [0, 0]


@dataclass(slots=True)
class Flow:
    """One flow while it lives; pairs are by direction (0 = sent by ``ends[0]``)."""

    ends: tuple[End, End]
    protocol: int
    ported: bool
    start: int
    end: int
    first: int
    packets: Pair = field(default_factory=_pair)
    octets: Pair = field(default_factory=_pair)
    payload: Pair = field(default_factory=_pair)
    flags: Pair = field(default_factory=_pair)
    seen: list[bool] = field(default_factory=lambda: [False, False])
    proven: list[bool] = field(default_factory=lambda: [False, False])
    syn: list[bool] = field(default_factory=lambda: [False, False])
    syn_ack: list[bool] = field(default_factory=lambda: [False, False])
    client: list[bool] = field(default_factory=lambda: [False, False])
    syn_time: list[int | None] = field(default_factory=lambda: [None, None])
    syn_next: list[int | None] = field(default_factory=lambda: [None, None])
    spans: tuple[Spans, Spans] = field(default_factory=lambda: (Spans(), Spans()))
    rtt: int | None = None
    closed: bool = False
    vlans: tuple[int, ...] = ()
    tunnels: tuple[str, ...] = ()
    outer: tuple[str, str] | None = None
    app: str | None = None
    encrypted: bool | None = None
    host: str | None = None
    basis: Basis | None = None
    ech: bool = False
    answered: list[str | None] = field(default_factory=lambda: [None, None])
    heads: tuple[Heads, Heads] = field(default_factory=lambda: (Heads(), Heads()))


def flows_of_packets(packets: Packets, settings: Settings) -> pa.Table:
    """The flow table (stage ``read`` without ids) of packets in the order of their file."""
    tally = Conversations(settings)
    for packet in packets:
        tally.add(packet)
    return tally.table()


class Conversations:
    """The flows there are, and those that have ended."""

    def __init__(self, settings: Settings) -> None:
        self._tcp = settings.tcp_timeout * SECOND
        self._other = settings.udp_timeout * SECOND
        self._active = settings.active_timeout * SECOND
        self._live: dict[Key, Flow] = {}
        self._ended: list[Flow] = []
        self._answers: dict[tuple[str, str], tuple[str, int]] = {}
        self._firsts: dict[tuple[str, str, int, int], tuple[int, Packet]] = {}
        self._waiting: dict[tuple[str, str, int, int], list[Packet]] = {}
        self._held = 0

    def add(self, packet: Packet) -> None:
        """Adds one packet; later fragments wait for the one that has the ports."""
        if packet.fragment is None:
            self._take(packet, packet.ports)
            return
        number, offset = packet.fragment
        datagram = (packet.source, packet.target, packet.protocol, number)
        if offset == 0:
            self._firsts[datagram] = (packet.time, packet)
            self._take(packet, packet.ports)
            for later in self._waiting.pop(datagram, ()):
                self._held -= 1
                self._part(later, packet)
            return
        known = self._firsts.get(datagram)
        if known is not None and abs(packet.time - known[0]) <= FRAGMENT_LASTS:
            self._part(packet, known[1])
        elif self._held < MOST_WAITING:
            self._waiting.setdefault(datagram, []).append(packet)
            self._held += 1
        else:
            self._take(packet, None)

    def table(self) -> pa.Table:
        """All flows as columns, sorted by start and endpoints."""
        for packet in chain.from_iterable(self._waiting.values()):
            self._take(packet, None)
        self._waiting.clear()
        rows = [_row(flow) for flow in chain(self._ended, self._live.values())]
        table = pa.Table.from_pylist(rows, schema=ROWS)
        by = ("start", "src_ip", "src_port", "dst_ip", "dst_port", "protocol", "end")
        return table.sort_by([(name, "ascending") for name in by])

    def _part(self, packet: Packet, first: Packet) -> None:
        """A later fragment, by the ports and the TCP place of its first one."""
        packet.sequence = first.sequence + bool((first.flags or 0) & SYN)
        packet.header = first.header
        packet.flags = None
        self._take(packet, first.ports, known=first.flags is not None)

    def _take(self, packet: Packet, ports: tuple[int, int] | None, *, known: bool = True) -> None:
        source, target = (packet.source, -1), (packet.target, -1)
        if ports is not None:
            source, target = (packet.source, ports[0]), (packet.target, ports[1])
        ends = (source, target) if source <= target else (target, source)
        direction = 0 if source <= target else 1
        key = (packet.protocol, *ends)
        flow = self._flow(key, packet, direction, ported=ports is not None)
        if packet.time < flow.start or not any(flow.packets):
            flow.first, flow.vlans = direction, packet.vlans
            flow.tunnels, flow.outer = packet.tunnels, packet.outer
            if packet.outer is not None and direction == 1:
                flow.outer = (packet.outer[1], packet.outer[0])
        flow.start, flow.end = min(flow.start, packet.time), max(flow.end, packet.time)
        flow.packets[direction] += 1
        flow.seen[direction] = True
        flow.octets[direction] += packet.octets
        later = packet.fragment is not None and packet.fragment[1] > 0
        if packet.protocol == TCP:
            if later and known and packet.fragment is not None:
                behind = packet.fragment[1] - packet.header
                options = max(-behind, 0)  # a header that goes on in this fragment
                begin, size = packet.sequence + behind + options, packet.segment - options
                flow.payload[direction] += flow.spans[direction].add(begin, size)
            elif not later:
                _segment(flow, packet, direction)
        else:
            header = 0 if later else HEADERS.get(packet.protocol, 0)
            flow.payload[direction] += max(packet.segment - header, 0)
            if packet.kind is not None and not later:
                _icmp_role(flow, packet, direction)
        said = packet.said
        if said is None and packet.payload and not later:
            said = flow.heads[direction].said(packet)
        if said is not None:
            self._told(flow, said, packet, direction)

    def _flow(self, key: Key, packet: Packet, direction: int, *, ported: bool) -> Flow:
        flow = self._live.get(key)
        if flow is not None:
            silence = self._tcp if packet.protocol == TCP else self._other
            if packet.time - flow.end > silence or _reopens(flow, packet, direction):
                self._ended.append(flow)
                flow = None
            elif packet.time - flow.start > self._active:
                self._ended.append(flow)
                flow = _continued(flow, packet.time, direction)
                self._live[key] = flow
        if flow is None:
            ends = (key[1], key[2])
            flow = Flow(ends, packet.protocol, ported, packet.time, packet.time, direction)
            self._live[key] = flow
            for client in (0, 1):
                asked = (ends[client][0], ends[1 - client][0])
                name, time = self._answers.get(asked, (None, 0))
                if name is not None and abs(packet.time - time) < ANSWER_LASTS:
                    flow.answered[client] = name
        return flow

    def _told(self, flow: Flow, said: Said, packet: Packet, direction: int) -> None:
        if said.client is not None:
            flow.client[direction if said.client == "source" else 1 - direction] = True
        flow.app = flow.app or said.app
        if said.encrypted is not None:
            flow.encrypted = bool(flow.encrypted) or said.encrypted
        flow.ech = flow.ech or said.ech
        if said.host and said.basis:
            rank = BASES.index(said.basis)
            if flow.basis is None or rank > BASES.index(flow.basis):
                flow.host, flow.basis = said.host, said.basis
        for name, address in said.answers:  # the answer goes to the one who asked
            self._answers[(packet.target, address)] = (name, packet.time)


def _continued(flow: Flow, time: int, direction: int) -> Flow:
    """The next row of a flow that the active timeout ended: what is known of it stays known."""
    later = Flow(flow.ends, flow.protocol, flow.ported, time, time, direction)
    for name in ("seen", "proven", "syn", "syn_ack", "client", "syn_time", "syn_next", "answered"):
        setattr(later, name, list(getattr(flow, name)))
    for name in ("spans", "heads", "closed", "app", "encrypted", "host", "basis", "ech"):
        setattr(later, name, getattr(flow, name))
    later.rtt = flow.rtt
    return later


def _reopens(flow: Flow, packet: Packet, direction: int) -> bool:
    """Whether a SYN begins another connection between the same ports."""
    if packet.flags is None or not packet.flags & SYN:
        return False
    if flow.syn_next[direction] == (packet.sequence + 1) % (1 << 32):
        return False  # the same SYN once more
    if packet.flags & ACK:
        asked = flow.syn_next[1 - direction]
        return flow.closed and asked != packet.acknowledged
    return flow.closed or sum(flow.payload) > 0


def _segment(flow: Flow, packet: Packet, direction: int) -> None:
    """Adds what one TCP segment says: flags, handshake, payload that is new."""
    flags = packet.flags
    if flags is None:
        return
    flow.flags[direction] |= flags & 0xFF
    if flags & ACK:
        flow.proven[1 - direction] = True
    sequence, spans = packet.sequence, flow.spans[direction]
    if flags & SYN:
        if flags & ACK:
            flow.syn_ack[direction] = True
            asked = flow.syn_time[1 - direction]
            if asked is not None and flow.rtt is None:
                flow.rtt = max(packet.time - asked, 0)
        else:
            flow.syn[direction] = True
            if flow.syn_time[direction] is None:
                flow.syn_time[direction] = packet.time
        spans.add(sequence, 1)
        sequence += 1
        flow.syn_next[direction] = sequence % (1 << 32)
    length = max(packet.segment - max(packet.header, 20), 0)
    flow.payload[direction] += spans.add(sequence, length)
    if flags & FIN and packet.fragment is None:  # else nobody knows here where its data ends
        spans.add(sequence + length, 1)
    if flags & (FIN | RST):
        flow.closed = True


def _icmp_role(flow: Flow, packet: Packet, direction: int) -> None:
    """A request comes from the client, a reply goes to it (RFC 792, RFC 950, RFC 4443)."""
    asks, replies = ((8, 13, 15, 17), (0, 14, 16, 18)) if packet.protocol == 1 else ((128,), (129,))
    if packet.kind in asks:
        flow.client[direction] = True
    elif packet.kind in replies:
        flow.client[1 - direction] = True


def _initiator(flow: Flow) -> tuple[int, str]:
    """Which end opened the flow, and how that is known."""
    for marks, turned, basis in (
        (flow.syn, False, "syn"),
        (flow.syn_ack, True, "syn-ack"),
        (flow.client, False, "role"),
    ):
        if marks[0] != marks[1]:  # both: this rule cannot tell
            return (1 if marks[1] else 0) ^ int(turned), basis
    if flow.ported:
        low, high = sorted((flow.ends[0][1], flow.ends[1][1]))
        if low != high and (flow.protocol == TCP or low < 1024 <= high):
            return (0 if flow.ends[1][1] == low else 1), "port"
    return flow.first, "first-packet"


def _row(flow: Flow) -> dict[str, Any]:
    src, basis = _initiator(flow)
    dst = 1 - src
    tcp = flow.protocol == TCP
    host, host_basis = flow.host, flow.basis
    answer = flow.answered[src]
    if answer is not None and host is None:
        host, host_basis = answer, "dns-answer"
    row: dict[str, Any] = {
        "start": flow.start,
        "end": flow.end,
        "seen_by": "packets",
        "time_basis": "packets",
        "clock": "stated",
        "protocol": flow.protocol,
        "initiator_basis": basis,
        "rtt_us": None if flow.rtt is None else flow.rtt // 1000,
        "sampling": 1,
        "vlan": ".".join(map(str, flow.vlans)) or None,
        "tunnel": "/".join(flow.tunnels) or None,
        "outer_src_ip": flow.outer[src] if flow.outer else None,
        "outer_dst_ip": flow.outer[dst] if flow.outer else None,
        "app": flow.app,
        "encrypted": flow.encrypted,
        "host": host,
        "host_basis": host_basis,
        "ech": flow.ech if flow.app == "tls" else None,
    }
    for side, end in (("src", src), ("dst", dst)):
        # acknowledged, so it was sent, but this capture never saw that direction
        unseen = tcp and not flow.seen[end] and flow.proven[end]
        row[f"{side}_ip"] = flow.ends[end][0]
        row[f"{side}_port"] = flow.ends[end][1] if flow.ported else None
        row[f"{side}_packets"] = None if unseen else flow.packets[end]
        row[f"{side}_bytes"] = None if unseen else flow.octets[end]
        row[f"{side}_payload"] = None if unseen else flow.payload[end]
        row[f"{side}_tcp_flags"] = flow.flags[end] if tcp and not unseen else None
    return row
