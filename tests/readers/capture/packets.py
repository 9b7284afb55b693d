"""Packets and capture files built by hand, byte by byte, for the tests of the packet engine."""

from __future__ import annotations

import ipaddress
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyarrow as pa

from auditor.model.errors import InputError
from auditor.readers.capture.reader import CaptureReader
from auditor.readers.reading import Settings
from auditor.readers.streams import Source

if TYPE_CHECKING:
    from pathlib import Path

    from auditor.model.problem import Problem
    from auditor.readers.reading import Reading

SECOND = 1_000_000_000
T0 = 1_790_000_000 * SECOND
HOME, ABROAD = "203.162.10.5", "52.219.40.10"
HOME6, ABROAD6 = "2405:4800:10:2::20", "2a01:4f8::1"
FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16


def tcp(source: int, target: int, seq: int, flags: int, data: bytes = b"", ack: int = 0) -> bytes:
    head = struct.pack(">HHIIBBHHH", source, target, seq % 2**32, ack, 0x50, flags, 64000, 0, 0)
    return head + data


def udp(source: int, target: int, data: bytes) -> bytes:
    return struct.pack(">HHHH", source, target, 8 + len(data), 0) + data


def ip4(src: str, dst: str, protocol: int, data: bytes, *, options: bytes = b"", number: int = 1,
        offset: int = 0, more: bool = False, length: int | None = None) -> bytes:  # fmt: skip
    words = 5 + len(options) // 4
    total = words * 4 + len(data) if length is None else length
    part = offset // 8 | (0x2000 if more else 0)
    head = struct.pack(">BBHHHBBH", 0x40 | words, 0, total, number, part, 64, protocol, 0)
    return (
        head + ipaddress.ip_address(src).packed + ipaddress.ip_address(dst).packed + options + data
    )


def ip6(src: str, dst: str, following: int, data: bytes, *, length: int | None = None) -> bytes:
    size = len(data) if length is None else length
    head = struct.pack(">IHBB", 0x60000000, size, following, 64)
    return head + ipaddress.ip_address(src).packed + ipaddress.ip_address(dst).packed + data


def ether(data: bytes, kind: int = 0x0800, tags: tuple[tuple[int, int], ...] = ()) -> bytes:
    out = b"\x02\0\0\0\0\1\x02\0\0\0\0\2"
    for tag, number in tags:
        out += struct.pack(">HH", tag, number)
    return out + struct.pack(">H", kind) + data


Packet = tuple[int, bytes]
"""Time in ns, bytes from the link layer on."""


def pcap(packets: list[Packet], *, order: str = "<", nano: bool = False, link: int = 1,
         snap: int = 65535, cut: int | None = None) -> bytes:  # fmt: skip
    magic = 0xA1B23C4D if nano else 0xA1B2C3D4
    out = [struct.pack(order + "IHHiIII", magic, 2, 4, 0, 0, snap, link)]
    for time, data in packets:
        kept = data if cut is None else data[:cut]
        fraction = time % SECOND // (1 if nano else 1000)
        out += struct.pack(order + "IIII", time // SECOND, fraction, len(kept), len(data)), kept
    return b"".join(out)


def block(kind: int, body: bytes, order: str = "<") -> bytes:
    body += b"\0" * (-len(body) % 4)
    size = struct.pack(order + "I", 12 + len(body))
    return struct.pack(order + "I", kind) + size + body + size


def section(order: str = "<") -> bytes:
    return block(0x0A0D0D0A, struct.pack(order + "IHHq", 0x1A2B3C4D, 1, 0, -1), order)


def interface(link: int = 1, options: bytes = b"", snap: int = 0, order: str = "<") -> bytes:
    return block(1, struct.pack(order + "HHI", link, 0, snap) + options, order)


def option(code: int, value: bytes, order: str = "<") -> bytes:
    return struct.pack(order + "HH", code, len(value)) + value + b"\0" * (-len(value) % 4)


def enhanced(
    number: int, ticks: int, data: bytes, order: str = "<", wire: int | None = None
) -> bytes:
    size = len(data) if wire is None else wire
    head = struct.pack(order + "IIIII", number, ticks >> 32, ticks & 0xFFFFFFFF, len(data), size)
    return block(6, head + data + b"\0" * (-len(data) % 4), order)


def read(
    path: Path, content: bytes, settings: Settings | None = None
) -> tuple[Reading, list[Problem]]:
    """What the reader makes of a file with this content."""
    path.write_bytes(content)
    return read_file(path, settings)


@dataclass
class Read:
    """A reading with the flows that were handed on."""

    reading: Reading
    flows: pa.Table

    def __getattr__(self, name: str):
        return getattr(self.reading, name)


def read_file(path: Path, settings: Settings | None = None) -> tuple[Read, list[Problem]]:
    """What the reader makes of one file."""
    [reading], problems = read_files([path], settings)
    return reading, problems


def read_files(
    paths: list[Path], settings: Settings | None = None
) -> tuple[list[Read], list[Problem]]:
    """What the reader makes of files that follow one another.

    Raises:
        InputError: the answer to one of them.
    """
    problems: list[Problem] = []
    flows: dict[int, pa.Table] = {}
    answers = CaptureReader().read(
        [Source(path) for path in paths],
        settings or Settings(),
        problems.append,
        lambda size: None,
        flows.__setitem__,
    )
    for answer in answers:
        if isinstance(answer, InputError):
            raise answer
    return [Read(answer, flows[number]) for number, answer in enumerate(answers)], problems


def rows(reading: Read) -> list[dict[str, object]]:
    return reading.flows.to_pylist()


def handshake(time: int, *, client: str = HOME, server: str = ABROAD, sport: int = 40000,
              dport: int = 443, isn: int = 1000, peer: int = 5000, rtt: int = 35_000_000
              ) -> list[Packet]:  # fmt: skip
    def there(data: bytes) -> bytes:
        return ether(ip4(client, server, 6, data))

    def back(data: bytes) -> bytes:
        return ether(ip4(server, client, 6, data))

    return [
        (time, there(tcp(sport, dport, isn, SYN))),
        (time + rtt, back(tcp(dport, sport, peer, SYN | ACK, ack=isn + 1))),
        (time + rtt + 100_000, there(tcp(sport, dport, isn + 1, ACK, ack=peer + 1))),
    ]


def segment(time: int, seq: int, data: bytes, *, flags: int = ACK | PSH, back: bool = False,
            client: str = HOME, server: str = ABROAD, sport: int = 40000, dport: int = 443
            ) -> Packet:  # fmt: skip
    if back:
        return time, ether(ip4(server, client, 6, tcp(dport, sport, seq, flags, data)))
    return time, ether(ip4(client, server, 6, tcp(sport, dport, seq, flags, data)))


def client_hello(name: str | None, *, ech: bool = False) -> bytes:
    extensions = b""
    if name is not None:
        host = name.encode()
        extensions += struct.pack(">HHHBH", 0, len(host) + 5, len(host) + 3, 0, len(host)) + host
    if ech:
        extensions += struct.pack(">HH", 0xFE0D, 4) + bytes(4)
    extensions += struct.pack(">HHBH", 43, 3, 2, 0x0304)
    body = b"\x03\x03" + bytes(32) + b"\0" + struct.pack(">HH", 2, 0x1301) + b"\x01\0"
    body += struct.pack(">H", len(extensions)) + extensions
    hello = b"\x01" + len(body).to_bytes(3, "big") + body
    return b"\x16\x03\x01" + struct.pack(">H", len(hello)) + hello


def dns(name: str, answers: tuple[str, ...] = (), *, reply: bool = False, number: int = 7) -> bytes:
    asked = b"".join(bytes([len(label)]) + label.encode() for label in name.split(".")) + b"\0"
    flags = 0x8180 if reply else 0x0100
    out = struct.pack(">HHHHHH", number, flags, 1, len(answers), 0, 0)
    out += asked + struct.pack(">HH", 1, 1)
    for answer in answers:
        packed = ipaddress.ip_address(answer).packed
        kind = 1 if len(packed) == 4 else 28
        out += struct.pack(">HHHIH", 0xC00C, kind, 1, 300, len(packed)) + packed
    return out
