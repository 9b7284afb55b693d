"""One packet as a second engine saw it: neutral, in plain Python values."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

TCP: Final = 6
UDP: Final = 17
HEADERS: Final = {17: 8, 136: 8, 132: 12, 1: 8, 58: 8}
"""Bytes of the transport header that are no payload (UDP, UDP-Lite, SCTP, ICMP, ICMPv6)."""

IP_IN_IP: Final = "ipip"
FIN, SYN, RST, ACK = 1, 2, 4, 16

Client = Literal["source", "target"] | None
"""Which end of a packet is the client: the one that sent it, or the one it goes to."""

Basis = Literal["dns-answer", "dns-query", "http-host", "quic-sni", "tls-sni"]
BASES: Final[tuple[Basis, ...]] = (
    "dns-answer", "dns-query", "http-host", "quic-sni", "tls-sni",
)  # fmt: skip
"""Where a host name comes from, best last."""


@dataclass(frozen=True, slots=True)
class Said:
    """What the payload of a packet says.

    Attributes:
        client: which end asks: the one that sent this packet, or the one it goes to.
        app: application protocol, as in the flow table.
        encrypted: whether the payload is protected; null = not known.
        host, basis: a server's name and where it stood.
        answers: names and the addresses a DNS answer gives for them.
        ech: Encrypted Client Hello was offered.
    """

    client: Client = None
    app: str | None = None
    encrypted: bool | None = None
    host: str | None = None
    basis: Basis | None = None
    answers: tuple[tuple[str, str], ...] = ()
    ech: bool = False


@dataclass(slots=True)
class Packet:
    """One packet, by its innermost IP header.

    Attributes:
        time: ns since the epoch.
        source, target: addresses in canonical text.
        protocol: the transport's IANA number.
        octets: length of the IP packet, cut to what the frame could hold.
        segment: of these, the bytes after the IP headers.
        ports: source and target port; null = none, or not captured.
        flags: TCP flags; null = not TCP, or not captured.
        sequence, acknowledged: TCP numbers.
        header: length of the TCP header.
        fragment: identification and offset in bytes, where it is part of a datagram.
        kind: ICMP type.
        vlans: tags from the outermost in.
        tunnels: kinds of the tunnels around it, outer to inner.
        outer: source and target of the outermost tunnel.
        payload: transport payload as far as it was captured and is wanted.
        said: what the source of the packets has found out about the payload by itself.
    """

    time: int
    source: str
    target: str
    protocol: int
    octets: int
    segment: int
    ports: tuple[int, int] | None = None
    flags: int | None = None
    sequence: int = 0
    acknowledged: int = 0
    header: int = 20
    fragment: tuple[int, int] | None = None
    kind: int | None = None
    vlans: tuple[int, ...] = ()
    tunnels: tuple[str, ...] = ()
    outer: tuple[str, str] | None = None
    payload: bytes = b""
    said: Said | None = None


Packets = Iterator[Packet]


def canonical(address: str) -> str:
    """An address as text in the form of RFC 5952, as the C library writes it."""
    packed = ipaddress.ip_address(address).packed
    return socket.inet_ntop(socket.AF_INET if len(packed) == 4 else socket.AF_INET6, packed)


def is_address(text: str) -> bool:
    """Whether a text is an IP address."""
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def host_name(text: str) -> str | None:
    """A server's name in lower case without port and last dot; none if it cannot be a name."""
    name = text.strip().lower()
    if not name.startswith("["):  # an IPv6 literal keeps its colons
        name = name.partition(":")[0]
    name = name.removesuffix(".")
    letters = set("abcdefghijklmnopqrstuvwxyz0123456789-._:[]")
    return name if 0 < len(name) <= 255 and set(name) <= letters else None
