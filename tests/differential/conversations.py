"""Conversations of a capture by two ways that share no code: the packet engine and tshark.

A conversation is (protocol, two endpoints): packets and IP bytes in each direction, summed over
all flows of the same endpoints. tshark dissects each packet on its own (no defragmentation, no
reassembly), and the outermost IP header counts. Later fragments are given the ports of their
first fragment here, from the identification that tshark shows.
"""

from __future__ import annotations

import ipaddress
import os
import subprocess
from collections import Counter
from typing import TYPE_CHECKING

from auditor.readers.capture.reader import CaptureReader
from auditor.readers.reading import Settings
from auditor.readers.streams import Source

if TYPE_CHECKING:
    from pathlib import Path

Key = tuple[int, str, int | None, str, int | None]
"""Protocol, source address and port, destination address and port of one direction."""

Ports = tuple[int | None, int | None]

PORTED = {6: "tcp", 17: "udp", 132: "sctp", 136: "udp"}
FIELDS = (
    "ip.src", "ip.dst", "ip.proto", "ip.len", "ip.frag_offset", "ipv6.src", "ipv6.dst", "ipv6.plen",
    "ipv6.nxt", "tcp.srcport", "tcp.dstport", "udp.srcport", "udp.dstport", "sctp.srcport",
    "sctp.dstport", "frame.protocols", "ipv6.fraghdr.offset", "ip.id", "ipv6.fraghdr.ident",
    "ipv6.fraghdr.nxt", "ip.flags.mf",
)  # fmt: skip


def of_engine(path: Path) -> tuple[Counter[Key], Counter[Key]]:
    """Packets and IP bytes per direction, as the packet engine counts them."""
    [reading] = CaptureReader().read(
        [Source(path)], Settings(), lambda problem: None, lambda size: None
    )
    packets: Counter[Key] = Counter()
    octets: Counter[Key] = Counter()
    names = (
        "protocol", "src_ip", "src_port", "dst_ip", "dst_port", "src_packets", "dst_packets",
        "src_bytes", "dst_bytes",
    )  # fmt: skip
    for row in zip(*(reading.flows[name].to_pylist() for name in names), strict=True):
        protocol, src, src_port, dst, dst_port, out, back, out_bytes, back_bytes = row
        for key, count, size in (
            ((protocol, src, src_port, dst, dst_port), out, out_bytes),
            ((protocol, dst, dst_port, src, src_port), back, back_bytes),
        ):
            if count:
                packets[key] += count
                octets[key] += size
    return packets, octets


def of_tshark(path: Path) -> tuple[Counter[Key], Counter[Key]]:
    """Packets and IP bytes per direction, as tshark dissects them."""
    command = ["tshark", "-n", "-r", str(path), "-T", "fields", "-E", "occurrence=f"]
    for setting in (
        "ip.defragment:FALSE", "ipv6.defragment:FALSE", "tcp.desegment_tcp_streams:FALSE",
        "tcp.analyze_sequence_numbers:FALSE", "ip.check_checksum:FALSE",
    ):  # fmt: skip
        command += ["-o", setting]
    for field in FIELDS:
        command += ["-e", field]
    environment = {**os.environ, "LC_ALL": "C"}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    seen = [
        found
        for line in done.stdout.splitlines()
        if (found := _packet(dict(zip(FIELDS, line.split("\t"), strict=True)))) is not None
    ]
    # tshark shows a fragmented datagram's ports at one of its fragments, for IPv6 at the last:
    # the others share the ports seen before, else those seen later
    later = {datagram: ports for _, datagram, ports, _ in seen if ports[0] is not None}
    before: dict[tuple[str, str, str, int], Ports] = {}
    packets: Counter[Key] = Counter()
    octets: Counter[Key] = Counter()
    for (protocol, source, target), datagram, ports, size in seen:
        if datagram[2] and ports[0] is None:
            ports = before.get(datagram) or later.get(datagram, ports)
        before[datagram] = ports
        key = (protocol, source, ports[0], target, ports[1])
        packets[key] += 1
        octets[key] += size
    return packets, octets


def _packet(
    row: dict[str, str],
) -> tuple[tuple[int, str, str], tuple[str, str, str, int], Ports, int] | None:
    """Protocol and addresses, datagram (no identification: a whole one), ports, size."""
    layers = row["frame.protocols"].split(":")
    versions = [layer for layer in layers if layer in ("ip", "ipv6")]
    if not versions:
        return None
    after = layers[layers.index(versions[0]) + 1 :]
    number = ""
    if versions[0] == "ip":
        if not row["ip.src"] or not row["ip.proto"]:
            return None
        source, target, protocol = row["ip.src"], row["ip.dst"], int(row["ip.proto"])
        size = int(row["ip.len"] or 0)
        if int(row["ip.frag_offset"] or 0) > 0 or row["ip.flags.mf"] in ("1", "True"):
            number = row["ip.id"]
    else:
        if not row["ipv6.src"]:
            return None
        source, target = row["ipv6.src"], row["ipv6.dst"]
        size = int(row["ipv6.plen"]) + 40
        named = {"tcp": 6, "udp": 17, "icmpv6": 58, "sctp": 132, "esp": 50, "udplite": 136}
        skipped = [x for x in after if not x.startswith("ipv6.")]
        protocol = named.get(skipped[0], int(row["ipv6.nxt"])) if skipped else int(row["ipv6.nxt"])
        if row["ipv6.fraghdr.ident"]:
            number, protocol = row["ipv6.fraghdr.ident"], int(row["ipv6.fraghdr.nxt"])
    ports: Ports = (None, None)
    layer = PORTED.get(protocol)
    if layer and row[f"{layer}.srcport"] and layer in after[:4]:
        ports = (int(row[f"{layer}.srcport"]), int(row[f"{layer}.dstport"]))
    source, target = (str(ipaddress.ip_address(text)) for text in (source, target))
    return (protocol, source, target), (source, target, number, protocol), ports, size
