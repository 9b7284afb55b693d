"""Small captures as hypothesis draws them: a few conversations, their packets interleaved in time.

A story is what happens between two hosts: a TCP connection with data both ways (segments late,
repeated, overlapping, sequence numbers about to wrap), a name looked up and then used, datagrams,
pings, fragments. Times are whole microseconds, so that every file format can hold them.

Some times are equal: those of packets that go the same way one after the other, and of packets of
different stories, each of which has hosts of its own. A reply never has the time of what it
answers, and where no handshake tells the first sequence number no two segments share a time: then
nothing but the order in the file could tell which came first.
"""

from __future__ import annotations

import struct

from hypothesis import assume
from hypothesis import strategies as st

from tests.readers.capture.packets import (
    ACK,
    FIN,
    PSH,
    RST,
    SECOND,
    SYN,
    T0,
    Packet,
    client_hello,
    dns,
    ether,
    ip4,
    ip6,
    tcp,
    udp,
)

RESOLVER = ("8.8.8.8", "2a01::53")
NAMES = ("a.example", "s3.example", "long-name-of-a-server.cloud.example")
STEP = 1000
"""Nanoseconds between two possible times."""


class Path:
    """The way of packets between two hosts: addresses of one IP version, tags, perhaps a tunnel."""

    def __init__(self, draw, number: int):
        self.six = draw(st.booleans())
        self.client = f"2405:4800:10:2::{number:x}" if self.six else f"203.162.10.{number}"
        self.server = f"2a01:4f8::{number:x}" if self.six else f"52.219.40.{number}"
        self.tags = draw(st.sampled_from([(), (), ((0x8100, 7),), ((0x88A8, 3), (0x8100, 9))]))
        self.tunnel = draw(st.sampled_from(["", "", "", "ip", "gre", "vxlan"]))
        self.gates = f"198.51.100.{number}", f"198.51.100.{number + 100}"
        self.together = 0  # packets with the same number may share a time
        self.sent: list[tuple[tuple[int, bool], bytes]] = []

    def send(self, protocol: int, data: bytes, *, back: bool = False) -> None:
        """One packet."""
        source, target = (self.server, self.client) if back else (self.client, self.server)
        pack, kind = (ip6, 0x86DD) if self.six else (ip4, 0x0800)
        self._keep(pack(source, target, protocol, data), kind, back=back)

    def _keep(self, packet: bytes, kind: int, *, back: bool) -> None:
        """The packet as it is seen: in its tunnel (RFC 2003, 2784, 7348) and its frame."""
        if self.tunnel:
            protocol, inner = {
                "ip": (41 if self.six else 4, packet),
                "gre": (47, struct.pack(">HH", 0, kind) + packet),
                "vxlan": (17, udp(51000, 4789, b"\x08\0\0\0\0\0\x07\0" + ether(packet, kind))),
            }[self.tunnel]
            near, far = self.gates[::-1] if back else self.gates
            packet, kind = ip4(near, far, protocol, inner), 0x0800
        self.sent.append(((self.together, back), ether(packet, kind, self.tags)))

    def send_in_parts(self, protocol: int, data: bytes, number: int, size: int = 400) -> None:
        """One datagram in fragments (RFC 791 section 3.2, RFC 8200 section 4.5)."""
        for offset in range(0, len(data), size):
            part, more = data[offset : offset + size], offset + size < len(data)
            if self.six:
                head = struct.pack(">BBHI", protocol, 0, offset | more, number)
                packet = ip6(self.client, self.server, 44, head + part)
            else:
                packet = ip4(self.client, self.server, protocol, part, number=number,
                             offset=offset, more=more)  # fmt: skip
            kind = 0x86DD if self.six else 0x0800
            self._keep(packet, kind, back=False)


def connection(draw, path: Path, first: bytes = b"") -> None:
    """A TCP connection: whole or half, tidy or not."""
    port, service = draw(st.integers(40000, 40003)), draw(st.sampled_from([443, 80, 8443, 40001]))
    there, back = (draw(st.sampled_from([1000, 2**32 - 700, 2**31 - 50])) for _ in range(2))
    whole = draw(st.booleans())
    path.together += 1
    if whole:
        path.send(6, tcp(port, service, there, SYN))
        path.send(6, tcp(service, port, back, SYN | ACK, ack=there + 1), back=True)
        path.send(6, tcp(port, service, there + 1, ACK, ack=(back + 1) % 2**32))
    ends = {False: there + 1, True: back + 1}
    pieces = [(False, first)] if first else []
    pieces += draw(
        st.lists(st.tuples(st.booleans(), st.binary(min_size=1, max_size=600)), max_size=5)
    )
    for reply, data in pieces:
        fate = draw(st.sampled_from(["once", "once", "again", "overlap", "late", "lost"]))
        source, target = (service, port) if reply else (port, service)
        begin, half = ends[reply], len(data) // 2
        parts = {
            "once": [(0, len(data))],
            "again": [(0, len(data)), (0, len(data))],
            "overlap": [(0, half + 1), (half // 2, len(data))],
            "late": [(half, len(data)), (0, half)],
            "lost": [],
        }[fate]
        for low, high in parts:
            path.together += not whole
            path.send(6, tcp(source, target, begin + low, ACK | PSH, data[low:high]), back=reply)
        ends[reply] += len(data)
    for reply, flags in draw(st.sampled_from([(), ((False, FIN | ACK), (True, FIN | ACK)),
                                              ((True, RST),)])):  # fmt: skip
        source, target = (service, port) if reply else (port, service)
        path.together += not whole
        path.send(6, tcp(source, target, ends[reply], flags), back=reply)


def secure(draw, path: Path) -> None:
    """A name is looked up, and a TLS connection made to the address in the answer."""
    name = draw(st.sampled_from(NAMES))
    port, server = draw(st.integers(50000, 50003)), path.server
    path.server = RESOLVER[path.six]
    path.send(17, udp(port, 53, dns(name)))
    path.send(17, udp(53, port, dns(name, (server,), reply=True)), back=True)
    path.server = server
    connection(draw, path, client_hello(name, ech=draw(st.booleans())))


def web(draw, path: Path) -> None:
    name = draw(st.sampled_from(NAMES))
    connection(draw, path, f"GET /x HTTP/1.1\r\nHost: {name}\r\n\r\n".encode())


def datagrams(draw, path: Path) -> None:
    """Questions and answers over UDP."""
    port, service = draw(st.integers(41000, 41002)), draw(st.sampled_from([123, 5060, 41001]))
    for reply in draw(st.lists(st.booleans(), min_size=1, max_size=4)):
        data = draw(st.binary(max_size=60))
        source, target = (service, port) if reply else (port, service)
        path.send(17, udp(source, target, data), back=reply)


def pings(draw, path: Path) -> None:
    protocol, ask, answer = (58, 128, 129) if path.six else (1, 8, 0)
    for number in range(draw(st.integers(1, 3))):
        for kind in (ask, answer):
            echo = struct.pack(">BBHHH", kind, 0, 0, 77, number) + bytes(24)
            path.send(protocol, echo, back=kind == answer)


def fragments(draw, path: Path) -> None:
    data = udp(4000, draw(st.sampled_from([5000, 53])), bytes(draw(st.integers(401, 1300))))
    path.send_in_parts(17, data, draw(st.integers(1, 65535)))


STORIES = (connection, secure, web, datagrams, pings, fragments)


@st.composite
def captures(draw) -> list[Packet]:
    """Packets of one to four stories, by time."""
    packets: list[Packet] = []
    stories = draw(st.lists(st.sampled_from(STORIES), min_size=1, max_size=4))
    for number, story in enumerate(stories, 1):
        path = Path(draw, number)
        story(draw, path)
        time, before = T0 + draw(st.integers(0, 5)) * STEP, None
        for group, data in path.sent:
            paces = [STEP, 3 * STEP, SECOND] if group != before else [0, 0, STEP, SECOND]
            time, before = time + draw(st.sampled_from(paces)), group
            packets.append((time, data))
    assume(packets)
    return sorted(packets, key=lambda packet: packet[0])
