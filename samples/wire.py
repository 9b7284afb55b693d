"""Packets as a sensor at the agency's border sees them: conversations in, pcap files out.

Everything is given: times, identifiers, sequence numbers come from arguments and seeded
generators, so that the same call writes the same bytes on every machine.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from random import Random
from typing import Final

from scapy.layers.dns import DNS, DNSQR, DNSRR
from scapy.layers.inet import IP, TCP, UDP
from scapy.layers.inet6 import IPv6
from scapy.layers.l2 import Ether
from scapy.packet import Packet, Raw

VIETNAM: Final = timezone(timedelta(hours=7))
HOME_MAC: Final = "02:00:0a:14:00:01"
ROUTER_MAC: Final = "02:00:cb:a2:0a:fe"
NEAR: Final = 250
"""Microseconds a host inside the agency takes to answer."""
VLAN: Final = 0x8100
SERVICE_VLAN: Final = 0x88A8


def at(text: str) -> int:
    """Microseconds since 1970 of a moment in Vietnam, such as ``2026-09-14 02:07:00``."""
    moment = datetime.fromisoformat(text).replace(tzinfo=VIETNAM)
    return int(moment.timestamp()) * 1_000_000


@dataclass(frozen=True, slots=True)
class Frame:
    """One captured packet: time in microseconds, bytes, and its length before any cut."""

    time: int
    data: bytes
    length: int = 0

    @property
    def on_wire(self) -> int:
        """Bytes the packet had on the wire."""
        return self.length or len(self.data)


def pcap(frames: list[Frame], *, snap: int = 262_144) -> bytes:
    """A little-endian microsecond pcap file of Ethernet frames, in the order of time."""
    parts = [struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, snap, 1)]
    for frame in sorted(frames, key=lambda frame: frame.time):
        data = frame.data[:snap]
        seconds, micros = divmod(frame.time, 1_000_000)
        parts.append(struct.pack("<IIII", seconds, micros, len(data), frame.on_wire) + data)
    return b"".join(parts)


def tagged(data: bytes, tags: tuple[tuple[int, int], ...]) -> bytes:
    """An Ethernet frame with VLAN tags (EtherType, VLAN identifier), outer first."""
    return data[:12] + b"".join(struct.pack("!HH", *tag) for tag in tags) + data[12:]


@dataclass
class Wire:
    """Where packets are put together; ``outbound`` packets come from inside the agency."""

    rng: Random
    tags: tuple[tuple[int, int], ...] = ()
    frames: list[Frame] = field(default_factory=list)

    def put(self, time: int, packet: Packet, *, outbound: bool) -> None:
        """Adds one IP packet at ``time``."""
        macs = (HOME_MAC, ROUTER_MAC) if outbound else (ROUTER_MAC, HOME_MAC)
        data = bytes(Ether(src=macs[0], dst=macs[1]) / packet)
        self.frames.append(Frame(time, tagged(data, self.tags)))

    def network(self, source: str, target: str, *, outbound: bool) -> Packet:
        """The IP header of the next packet between two addresses."""
        hops = 64 if outbound else 51
        if ":" in source:
            return IPv6(src=source, dst=target, hlim=hops, fl=0, tc=0)
        number = self.rng.randrange(1, 65_536)
        return IP(src=source, dst=target, id=number, ttl=hops, flags="DF")

    def datagram(
        self,
        time: int,
        source: tuple[str, int],
        target: tuple[str, int],
        payload: Packet | bytes,
        *,
        outbound: bool = True,
    ) -> None:
        """Adds one UDP datagram."""
        body = Raw(payload) if isinstance(payload, bytes) else payload
        network = self.network(source[0], target[0], outbound=outbound)
        packet = network / UDP(sport=source[1], dport=target[1]) / body
        self.put(time, packet, outbound=outbound)

    def lookup(self, time: int, client: str, resolver: str, name: str, address: str) -> int:
        """A DNS question and its answer; gives the time after it."""
        ident, port = self.rng.randrange(65_536), self.rng.randrange(32_768, 61_000)
        kind = "AAAA" if ":" in address else "A"
        question = DNSQR(qname=name, qtype=kind, qclass="IN")
        answer = DNSRR(rrname=name, type=kind, rclass="IN", ttl=300, rdata=address)
        asked = DNS(id=ident, qr=0, rd=1, qd=[question])
        told = DNS(id=ident, qr=1, rd=1, ra=1, qd=[question], an=[answer])
        self.datagram(time, (client, port), (resolver, 53), asked)
        self.datagram(time + 3_100, (resolver, 53), (client, port), told, outbound=False)
        return time + 4_000


@dataclass
class Tcp:
    """One TCP connection; ``home`` says which end stands inside the agency.

    ``rtt`` is the time from the sensor to the far end and back, in microseconds.
    """

    wire: Wire
    client: tuple[str, int]
    server: tuple[str, int]
    now: int
    rtt: int = 35_000
    home: str = "client"
    next: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for side in ("client", "server"):
            self.next.setdefault(side, self.wire.rng.randrange(1, 2**32 - 2**28))

    @property
    def mss(self) -> int:
        """Payload of a full segment on Ethernet."""
        return 1440 if ":" in self.client[0] else 1460

    def answer_after(self, side: str) -> int:
        """How long ``side`` takes to answer, as the sensor sees it."""
        return NEAR if side == self.home else self.rtt

    def segment(self, side: str, flags: str, data: bytes = b"", **at: int) -> None:
        """Puts one segment of ``side``; ``at`` may give time, seq and ack."""
        other = "server" if side == "client" else "client"
        source, target = (
            (self.client, self.server) if side == "client" else (self.server, self.client)
        )
        opening = "S" in flags
        options = [("MSS", self.mss), ("SAckOK", b""), ("NOP", None), ("WScale", 7)]
        packet = self.wire.network(source[0], target[0], outbound=side == self.home) / TCP(
            sport=source[1],
            dport=target[1],
            seq=at.get("seq", self.next[side]),
            ack=at.get("ack", self.next[other]) if "A" in flags else 0,
            flags=flags,
            window=64_240 if opening else 4096,
            options=options if opening else [],
        )
        if data:
            packet /= Raw(data)
        self.wire.put(at.get("time", self.now), packet, outbound=side == self.home)

    def open(self) -> None:
        """SYN, SYN-ACK, ACK."""
        self.segment("client", "S")
        self.next["client"] += 1
        self.now += self.answer_after("server")
        self.segment("server", "SA")
        self.next["server"] += 1
        self.now += self.answer_after("client")
        self.segment("client", "A")

    def send(
        self,
        side: str,
        data: bytes,
        *,
        again: frozenset[int] = frozenset(),
        swapped: frozenset[int] = frozenset(),
    ) -> None:
        """``data`` in segments; the other side acknowledges every second one and the last.

        Segments numbered in ``again`` are seen twice (retransmitted); those in ``swapped`` arrive
        after the one that follows them.
        """
        other = "server" if side == "client" else "client"
        pieces = [data[i : i + self.mss] for i in range(0, len(data), self.mss)]
        self.now += 400
        begin, first = self.now, self.next[side]
        for index, piece in enumerate(pieces):
            time = begin + index * 130
            seq = first + index * self.mss
            shift = 200 if index in swapped else 0
            last = index == len(pieces) - 1
            self.segment(side, "PA" if last else "A", piece, time=time + shift, seq=seq)
            if index in again:
                late = time + self.rtt + 200_000
                self.segment(side, "A", piece, time=late, seq=seq)
                self.now = max(self.now, late)
            if index % 2 or last:
                when = time + shift + self.answer_after(other)
                end = seq + len(piece)
                self.segment(other, "A", time=when, seq=self.next[other], ack=end)
                self.now = max(self.now, when)
        self.next[side] = first + len(data)

    def close(self, side: str = "client") -> None:
        """FIN from ``side``, FIN from the other, last ACK."""
        other = "server" if side == "client" else "client"
        self.now += 500
        self.segment(side, "FA")
        self.next[side] += 1
        self.now += self.answer_after(other)
        self.segment(other, "FA")
        self.next[other] += 1
        self.now += self.answer_after(side)
        self.segment(side, "A")

    def reset(self, side: str) -> None:
        """RST from ``side``."""
        self.now += 500
        self.segment(side, "RA")
