"""A nanosecond pcapng with two interfaces, written block by block (draft-ietf-opsawg-pcapng)."""

from __future__ import annotations

import struct
from ipaddress import ip_address
from random import Random
from typing import Final

from tls import greet, sealed
from wire import Tcp, Wire, at

ETHERNET: Final = 1
RAW_IP: Final = 101
NANOSECONDS: Final = b"\x09"


def _block(kind: int, body: bytes) -> bytes:
    size = len(body) + 12
    return struct.pack("<II", kind, size) + body + struct.pack("<I", size)


def _padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % 4)


def _option(code: int, value: bytes) -> bytes:
    return struct.pack("<HH", code, len(value)) + _padded(value)


def _section() -> bytes:
    options = _option(3, b"sensor") + _option(4, b"samples/make_samples.py") + _option(0, b"")
    return _block(0x0A0D0D0A, struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1) + options)


def _interface(link: int, name: bytes) -> bytes:
    options = _option(2, name) + _option(9, NANOSECONDS) + _option(0, b"")
    return _block(1, struct.pack("<HHI", link, 0, 262_144) + options)


def _packet(interface: int, nanoseconds: int, data: bytes) -> bytes:
    high, low = divmod(nanoseconds, 1 << 32)
    head = struct.pack("<5I", interface, high, low, len(data), len(data))
    return _block(6, head + _padded(data))


def _names(address: str, name: bytes) -> bytes:
    record = ip_address(address).packed + name + b"\0"
    body = struct.pack("<HH", 1, len(record)) + _padded(record) + struct.pack("<HH", 0, 0)
    return _block(4, body)


def _statistics(interface: int, nanoseconds: int, received: int) -> bytes:
    high, low = divmod(nanoseconds, 1 << 32)
    options = _option(4, struct.pack("<Q", received)) + _option(5, bytes(8)) + _option(0, b"")
    return _block(5, struct.pack("<III", interface, high, low) + options)


def two_interfaces_ns() -> bytes:
    """The public web site on one interface; an unlisted host sending abroad on the other."""
    start = at("2026-10-07 11:11:00")
    site = Wire(Random(1012))
    visitor = Tcp(
        site, ("211.233.10.20", 61_001), ("203.162.10.40", 443), start, rtt=61_000, home="server"
    )
    greet(visitor, "www.mau.gov.vn")
    visitor.send("client", sealed(site.rng, 500))
    visitor.send("server", sealed(site.rng, 12_000))
    visitor.close()
    tunnel = Wire(Random(1013))
    name, address = "sync.example.sg", "139.162.20.30"
    now = tunnel.lookup(start + 50_000, "203.162.10.200", "203.162.4.191", name, address)
    stranger = Tcp(tunnel, ("203.162.10.200", 45_454), (address, 443), now, rtt=37_000)
    greet(stranger, name)
    stranger.send("client", sealed(tunnel.rng, 30_000))
    stranger.close()
    found = [(frame.time * 1000 + 137, 0, frame.data) for frame in site.frames]
    found += [(frame.time * 1000 + 641, 1, frame.data[14:]) for frame in tunnel.frames]
    found.sort(key=lambda packet: packet[0])
    blocks = [_section(), _interface(ETHERNET, b"bien0"), _interface(RAW_IP, b"tun0")]
    blocks += [_packet(interface, time, data) for time, interface, data in found]
    blocks.insert(6, _names("203.162.10.40", b"www.mau.gov.vn"))
    blocks.insert(9, _block(0x80000A0D, b"a block of a kind nobody knows.."))
    last = found[-1][0]
    blocks += [_statistics(0, last, len(site.frames)), _statistics(1, last, len(tunnel.frames))]
    return b"".join(blocks)
