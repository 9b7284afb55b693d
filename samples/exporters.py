"""Datagrams of exporters on their way to a collector: NetFlow v5, v9, IPFIX, sFlow v5.

Three were recorded once from softflowd 1.1.0, which read other samples; the rest is put together
here, with what goes wrong between exporter and collector.
"""

from __future__ import annotations

import base64
import struct
import zlib
from ipaddress import ip_address
from random import Random
from typing import Final

from scapy.layers.inet import IP, TCP
from scapy.layers.l2 import Ether
from wire import Wire, at, pcap

NETFLOW9: Final = (
    "eNqtkz9PwlAUxc+trZTSaNXC4J+EoINxYWJBTRwZMCHG0YWoi8GkCYkzTpLoJ3CBmPgFnPwOLowOuvsRZBHP41FKi0YG"
    "X/JryH3nnXvfaUEaGWClffG0/QhAoFfNBJZhw4RLciRLhBjEIQtkn5U2SbGaGe4I5skesUiZtV0CVEyBN7NffuQ17VOz"
    "1Vxr9Fon/zCXreaa1e/2l7kEqwxO3U3tF8gma0fwWN0YJSrSrF8GjfNmMTitB83iVYMR118eHN9KHzoYL+tt4jXwlJ81"
    "jCU6wgem1fY9H0akVs9QzbjxumVVwJuFkvyOmJ+uO27gAXMfGguTjSF+TjWeH1r95BKqnXePLqmeBmdxl04fpdAleSrp"
    "yom7GhzHQ0Cp0w9dGLTgJIoi86xJnrEhOgclU3LAvdPEperXSMrugt7fmS12NajGjVooR1edPDJ9VS/QxC1ErkOLr1b0"
    "mjm8DIyoz4Db6l+rwUF8ipvQQn8D1dm/AbOQDEat0OwbC3RKDg=="
)
"""What `softflowd -a -v 9 -T vlan` makes of vlan-ipv6.pcap."""

NETFLOW5: Final = (
    "eNpjYGXgZmBn3Z21X/ANr2jJBwYoiDjGJXJ6EZcIAwIwArEGAwP7eQYGjjkKv4/UMIiwwSVBakF60NSbwNQfqVH4zcCE"
    "UI/FfA4GBp7rDAz88xkYhK4x7j5SyyCH13yQ+lCY+iO1jLsZpBDqWTl9uTDNZ3zEwKDOz8BQvpYhYI4DgzSq+SA9SOp5"
    "GBiYcmDqgaoDCKhnAuJZDIwW9QxMM/hFRJiAfEG4JO8TLnT3cAKt+M/A8CoeFP5A/z5ANx+kB0k9kM11Aqb+yAOgf6Xx"
    "+peZgYFFCMq+AjRfmUECr/tZGBgEwmDqjygDzUdSDwA3K0kE"
)
"""What `softflowd -a -v 5` makes of midstream-and-resets.pcap."""

IPFIX: Final = (
    "eNq1UjFLQlEYPfe9p+/5NNO4ubyKaJJAzKLN/kFD1OqQVCBRZDmFQy5h4NDgErSINASNjQ4tRYNjQ0tEjTa2NtS5710V"
    "WnLpwrkffOc73/cd7oVrpnevL5oAwlDHQMkCJBxYiBEpYpIQhEG4RJxYYeaMsJmN+oxgB4E8EYKoqXocHdcMHZnzYziI"
    "VGxaAhMjz5nVM/7qr+qC/iVH+fCQwBTxjz4c5WPUOY0RfTS0DxNzAv5G56xowRE5WGKRWGDFOhJk54GNE0C02s3PU76h"
    "8F9SVIr75b2dSra8VSxXstsHHJvvtq27btuVCI5JFAYKX4Xlx3pSLQPu7DOHrYKrNSo9DeQyjOMDjSk6Nx9hT5FOhNcY"
    "vOrMkqQmTZKbmfxf9gOZ0FCDtcuXQCMy/u/zXClCrjRslj0Tr0DqnkxsqLlKik6giX3zisCLv5sy2M3uEk/Mrv7yU0VV"
    "+9GMK83IG/AFRG8D9J32NbIne1qjzw8HFlUj"
)
"""What `softflowd -a -v 10 -b` makes of domestic-only.pcap."""

COLLECTOR: Final = "10.20.0.9"
SECOND: Final = 1_000_000
UPTIME: Final = 90_000_000  # ms


def exporters() -> bytes:
    """A border router that samples, a firewall, a switch, and three hosts with softflowd."""
    wire = Wire(Random(1012))
    for text, host, port in ((NETFLOW9, 11, 2055), (NETFLOW5, 12, 9995), (IPFIX, 13, 4739)):
        datagram = zlib.decompress(base64.b64decode(text))
        place = 4 if text is IPFIX else 8
        time = int.from_bytes(datagram[place : place + 4], "big") * SECOND
        wire.datagram(time, (f"10.20.0.{host}", 52_000 + host), (COLLECTOR, port), datagram)
    start = at("2026-09-22 14:10:00")
    for number, datagram in enumerate(_router(start // SECOND)):
        wire.datagram(start + number * SECOND, ("10.20.0.1", 50_001), (COLLECTOR, 2055), datagram)
    for number, datagram in enumerate(_firewall(start // SECOND)):
        moment = start + number * SECOND + 100_000
        wire.datagram(moment, ("10.20.0.2", 50_002), (COLLECTOR, 9996), datagram)
    for number, datagram in enumerate(_switch()):
        moment = start + number * 5 * SECOND + 200_000
        wire.datagram(moment, ("10.20.0.3", 50_003), (COLLECTOR, 6343), datagram)
    return pcap(wire.frames)


def _set(number: int, body: bytes) -> bytes:
    body += b"\0" * (-len(body) % 4)
    return struct.pack(">HH", number, 4 + len(body)) + body


def _fields(*fields: tuple[int, int]) -> bytes:
    return b"".join(struct.pack(">HH", *field) for field in fields)


def _netflow9(number: int, seconds: int, source: int, *sets: bytes) -> bytes:
    return struct.pack(">HHIIII", 9, len(sets), UPTIME, seconds, number, source) + b"".join(sets)


def _router(now: int) -> list[bytes]:
    """Samples 1 in 100, tells of what comes in and of what goes out; one datagram is lost."""
    fields = _fields(
        (8, 4), (12, 4), (7, 2), (11, 2), (4, 1), (6, 1), (61, 1), (89, 1), (10, 4), (14, 4),
        (1, 4), (2, 4), (22, 4), (21, 4), (48, 1),
    )  # fmt: skip
    templates = _set(0, struct.pack(">HH", 256, len(fields) // 4) + fields)
    options = _set(1, struct.pack(">HHH", 257, 4, 12) + _fields((1, 4), (48, 1), (49, 1), (50, 4)))
    sampler = _set(257, struct.pack(">IBBI", 0, 1, 2, 100))

    def record(
        ends: tuple[str, int, str, int], size: int, count: int, *, out: bool = False,
        flags: int = 0x1A, dropped: bool = False, ago: int = 40_000,
    ) -> bytes:  # fmt: skip
        source, port, target, other = ends
        status = 0x80 if dropped else 0x40
        return ip_address(source).packed + ip_address(target).packed + struct.pack(
            ">HHBBBBIIIIIIB", port, other, 6, flags, out, status, 3, 7, size, count,
            UPTIME - ago, UPTIME - ago // 8, 1,
        )  # fmt: skip

    there = ("203.162.10.20", 40_112, "52.219.40.10", 443)
    back = ("52.219.40.10", 443, "203.162.10.20", 40_112)
    probe = ("203.162.10.30", 40_200, "88.198.10.20", 22)
    first = _set(256, record(there, 90_000, 70))
    both = record(back, 4_000, 60) + record(there, 30_000, 25, ago=8_000, flags=0x19)
    twice = record(there, 90_000, 70, out=True)
    twice += record(there, 29_000, 24, out=True, ago=8_000, flags=0x19)
    refused = _set(256, record(probe, 120, 2, flags=2, dropped=True))
    last = _netflow9(5, now + 4, 7, refused)
    return [
        _netflow9(1, now, 7, first),  # before its template
        _netflow9(2, now + 1, 7, templates, options, sampler),
        _netflow9(3, now + 2, 7, _set(256, both + twice)),
        last,  # the fourth is lost
        last,  # a mirror port shows it twice
        _netflow9(6, now + 5, 7, _set(300, bytes(40))),  # its template never comes
    ]


def _firewall(now: int) -> list[bytes]:
    """Events of connections, with what the addresses became."""
    fields = _fields(
        (148, 4), (8, 4), (7, 2), (12, 4), (11, 2), (4, 1), (225, 4), (227, 2), (226, 4), (228, 2),
        (233, 1), (323, 8), (152, 8), (231, 4), (232, 4),
    )  # fmt: skip
    templates = _set(0, struct.pack(">HH", 261, len(fields) // 4) + fields)

    def event(number: int, kind: int, ports: tuple[int, int], sent: int, got: int) -> bytes:
        port, changed = ports
        inside, peer = ip_address("10.20.3.9").packed, ip_address("133.11.93.20").packed
        outside = ip_address("203.162.10.2").packed if changed else bytes(4)
        begun = (now - 30) * 1000 + number
        ended = begun + (0 if kind == 1 else 25_000)
        return struct.pack(
            ">I4sH4sHB4sH4sHBQQII", number, inside, port, peer, 443, 6, outside, changed, peer,
            443, kind, ended, begun, sent, got,
        )  # fmt: skip

    begun = event(1, 1, (51_000, 20_111), 0, 0) + event(2, 1, (51_001, 20_112), 0, 0)
    ended = event(1, 2, (51_000, 20_111), 734_003, 9_120) + event(3, 3, (51_002, 0), 0, 0)
    return [
        _netflow9(1, now, 0, templates, _set(261, begun)),
        _netflow9(2, now + 1, 0, _set(261, ended)),
    ]


def _switch() -> list[bytes]:
    """One packet in 512 of two ports, and the counters of one."""
    agent = ip_address("10.20.0.3").packed

    def sample(number: int, port: int, packet: bytes, length: int) -> bytes:
        header = packet[:128] + b"\0" * (-len(packet[:128]) % 4)
        raw = struct.pack(">IIII", 1, length + 4, 4, len(packet[:128])) + header
        record = struct.pack(">II", 1, len(raw)) + raw
        head = (number, port, 512, number * 512, 0, port, 3 - port, 1)
        body = struct.pack(">8I", *head) + record
        return struct.pack(">II", 1, len(body)) + body

    out = []
    for number in range(1, 14):
        body = bytes(1400) if number % 2 else b""
        there = IP(src="203.162.10.40", dst="88.198.10.20", id=number) / TCP(
            sport=41_003, dport=443, flags="A", seq=number
        )
        back = IP(src="88.198.10.20", dst="203.162.10.40", id=number) / TCP(
            sport=443, dport=41_003, flags="A", ack=number
        )
        packets = [bytes(Ether(src="02:00:0a:14:00:01", dst="02:00:cb:a2:0a:fe") / each)
                   for each in (there / body, back)]  # fmt: skip
        counters = struct.pack(">II", 2, 12) + struct.pack(">III", number, 1, 0)
        samples = sample(number, 1, packets[0], len(packets[0])) + counters
        if number % 3 == 0:
            samples += sample(number, 2, packets[1], len(packets[1]))
        count = 3 if number % 3 == 0 else 2
        head = struct.pack(">II4sIIII", 5, 1, agent, 0, number, number * 5000, count)
        out.append(head + samples)
    return out
