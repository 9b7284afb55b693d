"""Conversations of a capture by two ways that share no code: the packet engine and tshark.

A conversation is (protocol, two endpoints): packets and IP bytes in each direction, summed over
all flows of the same endpoints. tshark dissects each packet on its own (IP fragments are not put
together). Where IP travels inside IP, the innermost header counts; the packet that an ICMP message
quotes is no such thing and is left alone. Later fragments are given the ports of their first
fragment here, from the identification that tshark shows.
"""

from __future__ import annotations

import ipaddress
import os
import subprocess
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pyarrow.compute as pc

from auditor.readers.inputs import Wanted, Watch, read_inputs

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import pyarrow as pa

Key = tuple[int, str, int | None, str, int | None]
"""Protocol, source address and port, destination address and port of one direction."""

Pair = tuple[int, tuple[str, int | None], tuple[str, int | None]]
"""Protocol and the two ends of a conversation, the smaller first."""

Ports = tuple[int | None, int | None]

Datagram = tuple[str, str, str, int]
"""Addresses, identification (empty: a whole one) and protocol."""

NAMED = {"tcp": 6, "udp": 17, "icmpv6": 58, "sctp": 132, "esp": 50, "udplite": 136}
PORTED = {"tcp": (6, "tcp"), "udp": (17, "udp"), "sctp": (132, "sctp"), "udplite": (136, "udp")}
QUOTING = ("icmp", "icmpv6", "sflow")
"""What shows packets of others: those were not sent by whom they name in this frame."""

NAMES = ("tls.handshake.extensions_server_name", "http.host", "dns.qry.name")
FIELDS = (
    "frame.protocols", "ip.src", "ip.dst", "ip.proto", "ip.len", "ip.frag_offset", "ip.flags.mf",
    "ip.id", "ipv6.src", "ipv6.dst", "ipv6.plen", "ipv6.nxt", "ipv6.fraghdr.offset",
    "ipv6.fraghdr.ident", "ipv6.fraghdr.nxt", "tcp.srcport", "tcp.dstport", "udp.srcport",
    "udp.dstport", "sctp.srcport", "sctp.dstport", *NAMES,
)  # fmt: skip
SETTINGS = (
    "ip.defragment:FALSE", "ipv6.defragment:FALSE", "tcp.analyze_sequence_numbers:TRUE",
    "tcp.reassemble_out_of_order:TRUE", "ip.check_checksum:FALSE",
)  # fmt: skip


@dataclass
class Seen:
    """What one way saw in a capture.

    Attributes:
        packets, octets: per direction.
        names: server names, HTTP hosts and DNS questions by conversation (tshark only).
    """

    packets: Counter[Key] = field(default_factory=Counter)
    octets: Counter[Key] = field(default_factory=Counter)
    names: dict[Pair, set[str]] = field(default_factory=lambda: defaultdict(set))


def pair_of(key: Key) -> Pair:
    """The conversation that a direction belongs to."""
    protocol, src, src_port, dst, dst_port = key
    low, high = sorted(((src, src_port), (dst, dst_port)), key=lambda end: (end[0], end[1] or 0))
    return protocol, low, high


def flows_of(path: Path) -> pa.Table:
    """What was seen of flows in the packets of one capture."""
    _, flows = read_inputs(Wanted((path,)), lambda problem: None, Watch())
    return flows.filter(pc.equal(flows["seen_by"], "packets"))


def of_flows(flows: pa.Table) -> Seen:
    """Packets and IP bytes per direction, as the packet engine counts them."""
    seen = Seen()
    names = (
        "protocol", "src_ip", "src_port", "dst_ip", "dst_port", "src_packets", "dst_packets",
        "src_bytes", "dst_bytes",
    )  # fmt: skip
    for row in zip(*(flows[name].to_pylist() for name in names), strict=True):
        protocol, src, src_port, dst, dst_port, out, back, out_bytes, back_bytes = row
        for key, count, size in (
            ((protocol, src, src_port, dst, dst_port), out, out_bytes),
            ((protocol, dst, dst_port, src, src_port), back, back_bytes),
        ):
            if count:
                seen.packets[key] += count
                seen.octets[key] += size
    return seen


def of_tshark(path: Path) -> Seen:
    """Packets and IP bytes per direction, as tshark dissects them, and the names it reads."""
    command = ["tshark", "-n", "-r", str(path), "-T", "fields", "-E", "occurrence=a"]
    command += ["-E", "aggregator=|"]
    for setting in SETTINGS:
        command += ["-o", setting]
    for name in FIELDS:
        command += ["-e", name]
    environment = {**os.environ, "LC_ALL": "C"}
    done = subprocess.run(command, capture_output=True, check=False, env=environment)
    lines = done.stdout.decode("utf-8", "replace").split("\n")
    rows = [dict(zip(FIELDS, line.split("\t"), strict=True)) for line in lines if line]
    found = [(packet, row) for row in rows if (packet := _innermost(row)) is not None]
    # tshark shows a fragmented datagram's ports at one of its fragments, for IPv6 at the last:
    # the others share the ports seen before, else those seen later
    later = {packet.datagram: packet.ports for packet, _ in found if packet.ports[0] is not None}
    before: dict[Datagram, Ports] = {}
    seen = Seen()
    for packet, row in found:
        if packet.datagram[2] and packet.ports[0] is None:
            packet.ports = before.get(packet.datagram) or later.get(packet.datagram, (None, None))
        before[packet.datagram] = packet.ports
        key = (packet.protocol, packet.source, packet.ports[0], packet.target, packet.ports[1])
        seen.packets[key] += 1
        seen.octets[key] += packet.size
        for name in NAMES:
            seen.names[pair_of(key)].update(filter(None, row[name].lower().split("|")))
    return seen


@dataclass
class _Packet:
    """One IP header of a frame and the ports behind it; ``number`` tells fragments' datagrams."""

    protocol: int
    source: str
    target: str
    size: int
    number: str = ""
    ports: Ports = (None, None)

    @property
    def datagram(self) -> Datagram:
        return self.source, self.target, self.number, self.protocol


def _innermost(row: dict[str, str]) -> _Packet | None:
    """The last IP header of a frame with its ports; none where there is none.

    tshark gives one value per layer for each field, in the order of the layers.
    """
    values = {name: iter(text.split("|") if text else ()) for name, text in row.items()}
    packet = None
    for layer in row["frame.protocols"].split(":"):
        if layer in QUOTING:
            if packet and layer == "icmpv6":
                packet.protocol = NAMED[layer]
            break
        if layer == "ip":
            packet = _ip4(values) or packet
        elif layer == "ipv6":
            packet = _ip6(values) or packet
        elif packet is None:
            continue
        elif layer == "ipv6.fraghdr":
            packet.number = next(values["ipv6.fraghdr.ident"], "")
            packet.protocol = int(next(values["ipv6.fraghdr.nxt"], packet.protocol))
        elif layer in NAMED and packet.ports[0] is None:
            if ":" in packet.source:  # behind extension headers the base header names another
                packet.protocol = NAMED[layer]
            protocol, prefix = PORTED.get(layer, (0, ""))
            if protocol == packet.protocol:
                source, target = (next(values[f"{prefix}.{end}port"], "") for end in ("src", "dst"))
                packet.ports = (int(source), int(target)) if source and target else (None, None)
    return packet


def _ip4(values: dict[str, Iterator[str]]) -> _Packet | None:
    names = ("src", "dst", "proto", "len", "frag_offset", "flags.mf", "id")
    source, target, protocol, size, offset, more, number = (
        next(values[f"ip.{name}"], "") for name in names
    )
    if not (source and target and protocol):
        return None
    fragment = int(offset or 0) > 0 or more in ("1", "True")
    return _Packet(int(protocol), source, target, int(size or 0), number if fragment else "")


def _ip6(values: dict[str, Iterator[str]]) -> _Packet | None:
    source, target, size, following = (
        next(values[f"ipv6.{name}"], "") for name in ("src", "dst", "plen", "nxt")
    )
    if not (source and target and following):
        return None
    source, target = (str(ipaddress.ip_address(text)) for text in (source, target))
    return _Packet(int(following), source, target, int(size or 0) + 40)
