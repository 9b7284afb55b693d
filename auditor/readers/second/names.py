"""What the first payload bytes of one direction say, read in plain Python.

TLS and DTLS ClientHello (RFC 8446 section 4.1.2, server name RFC 6066 section 3) also when it spans
several segments or records, HTTP/1 (RFC 9112), NTP (RFC 5905), QUIC long headers (RFC 9000
section 17.2; what they carry is encrypted and is not opened here).
"""

from __future__ import annotations

import re
from typing import Final

from auditor.readers.second.packets import SYN, TCP, UDP, Basis, Client, Packet, Said, host_name

MOST_BYTES: Final = 1 << 15
MOST_SEGMENTS: Final = 24
MOST_LOOKS: Final = 8
"""Payload segments after which a direction that says nothing known is left alone."""

WORD: Final = 1 << 32

REQUEST: Final = re.compile(
    rb"(?:GET|POST|PUT|HEAD|DELETE|OPTIONS|PATCH|CONNECT|PROPFIND|REPORT) ([^ \r\n]*)"
)
OPENS: Final = re.compile(
    rb"\x16\x03[\x00-\x04]..[\x01\x02]|(?:GET|POST|PUT|HEAD|CONNECT) ", re.DOTALL
)
DTLS: Final = re.compile(rb"[\x14-\x17]\xfe[\xff\xfd]\0[\0\1]", re.DOTALL)
SYSLOG: Final = re.compile(rb"<[0-9]")
HOST: Final = re.compile(rb"\r?\nhost:[ \t]*([^\r\n]*?)[ \t]*\r?\n", re.IGNORECASE)


class Heads:
    """The first segments of one direction of a flow, put in order."""

    __slots__ = ("_begin", "_done", "_looked", "_parts")

    def __init__(self) -> None:
        self._parts: dict[int, bytes] = {}
        self._begin: int | None = None
        self._done = False
        self._looked = 0

    def said(self, packet: Packet) -> Said | None:
        """What the direction says, now that this packet was seen; none = nothing new."""
        if packet.protocol == UDP:
            return datagram_said(packet)
        if packet.protocol != TCP or self._done:
            return None
        place = (packet.sequence + bool((packet.flags or 0) & SYN)) % WORD
        if self._looked < MOST_LOOKS and OPENS.match(packet.payload):
            # a protocol before it (SOCKS, SMTP, RDP) has made room for this one
            self._begin = place
            self._parts = {
                part: data
                for part, data in self._parts.items()
                if (part - place) % WORD < WORD // 2
            }
        self._looked += 1
        if self._begin is None or (self._begin - place) % WORD < WORD // 2:
            self._begin = place
        if len(self._parts.get(place, b"")) < len(packet.payload):
            self._parts[place] = packet.payload
        stream = self._stream()
        said, complete = stream_said(stream)
        full = len(self._parts) >= MOST_SEGMENTS or len(stream) >= MOST_BYTES
        if (complete and (said is not None or self._looked >= MOST_LOOKS)) or full:
            self._done = True
            self._parts.clear()
        return said

    def _stream(self) -> bytes:
        """The bytes from the first one on, up to the first gap."""
        begin = self._begin or 0
        stream = b""
        for place in sorted(self._parts, key=lambda each: (each - begin) % WORD):
            offset = (place - begin) % WORD
            if offset > len(stream):
                break
            stream += self._parts[place][len(stream) - offset :]
        return stream


def stream_said(stream: bytes) -> tuple[Said | None, bool]:
    """What the beginning of a TCP direction says, and whether more bytes could say no more."""
    if len(stream) >= 6 and 20 <= stream[0] <= 23 and stream[1] == 3 and stream[2] <= 4:
        return _tls_said(stream)
    if stream.startswith(b"HTTP/1."):
        return Said(client="target", app="http", encrypted=False), True
    if stream.startswith(b"PRI * HTTP/2"):
        return Said(client="source", app="http2", encrypted=False), True
    asked = REQUEST.match(stream)
    if asked is None:
        return None, len(stream) > 16
    host = None
    if asked[1].startswith(b"http://"):
        host = re.split(rb"[/@]", asked[1][7:], maxsplit=1)[0]
    elif (found := HOST.search(stream.partition(b"\r\n\r\n")[0] + b"\r\n")) is not None:
        host = found[1]
    name = host_name(host.decode("latin-1")) if host else None
    said = Said(
        client="source", app="http", encrypted=False, host=name, basis="http-host" if name else None
    )
    return said, name is not None or b"\r\n\r\n" in stream


def _tls_said(stream: bytes) -> tuple[Said | None, bool]:
    if int.from_bytes(stream[3:5], "big") > 16384 + 2048:
        return None, True
    if stream[0] != 22:
        return Said(app="tls", encrypted=True), True
    if stream[5] == 2:
        return Said(client="target", app="tls", encrypted=True), True
    if stream[5] != 1:
        return Said(app="tls", encrypted=True), True
    message = b""
    place = 0
    while place + 5 <= len(stream) and stream[place] == 22:  # a hello may span several records
        size = int.from_bytes(stream[place + 3 : place + 5], "big")
        message += stream[place + 5 : place + 5 + size]
        place += 5 + size
    name, ech = _server_name(message[4:], (1, 2, 1))
    whole = len(message) >= 4 and len(message) >= 4 + int.from_bytes(message[1:4], "big")
    said = Said(
        client="source", app="tls", encrypted=True, host=name, basis="tls-sni" if name else None,
        ech=ech,
    )  # fmt: skip
    return said, whole


def _dtls_said(data: bytes) -> Said:
    """What a DTLS record says (RFC 9147 section 4, RFC 6347 section 4.2.2)."""
    kind = data[13] if data[0] == 22 and len(data) > 13 else 0
    if kind != 1:
        client: Client = "target" if kind in (2, 3) else None
        return Said(client=client, app="dtls", encrypted=True)
    name, ech = _server_name(data[25:], (1, 1, 2, 1))
    basis: Basis | None = "tls-sni" if name else None
    return Said(client="source", app="dtls", encrypted=True, host=name, basis=basis, ech=ech)


def _server_name(hello: bytes, widths: tuple[int, ...]) -> tuple[str | None, bool]:
    """The server name in a ClientHello's body, and whether it offers ECH.

    ``widths``: sizes of the length fields of what stands before the extensions: session,
    (cookie,) cipher suites, compression.
    """
    place = 34
    for width in widths:
        if place + width > len(hello):
            return None, False
        place += width + int.from_bytes(hello[place : place + width], "big")
    stop = min(len(hello), place + 2 + int.from_bytes(hello[place : place + 2], "big"))
    place += 2
    name, ech = None, False
    while place + 4 <= stop:
        kind = int.from_bytes(hello[place : place + 2], "big")
        size = int.from_bytes(hello[place + 2 : place + 4], "big")
        body = hello[place + 4 : place + 4 + size]
        if kind == 0 and len(body) >= 5 and body[2] == 0:
            length = int.from_bytes(body[3:5], "big")
            if 5 + length <= len(body):
                name = host_name(body[5 : 5 + length].decode("latin-1"))
        ech = ech or kind == 0xFE0D
        place += 4 + size
    return name, ech


def datagram_said(packet: Packet) -> Said | None:
    """What one UDP payload says by itself."""
    data = packet.payload
    source, target = packet.ports or (0, 0)
    if len(data) >= 1200 and data[0] >= 0xC0 and data[1:5] in (b"\0\0\0\1", b"\x6b\x33\x43\xcf"):
        asks = target == 443 and source != 443
        return Said(client="source" if asks else None, app="quic", encrypted=True)
    if 123 in (source, target) and len(data) >= 48 and 1 <= (data[0] >> 3) & 7 <= 4:
        mode = data[0] & 7
        client: Client = "source" if mode == 3 else "target" if mode == 4 else None
        return Said(client=client, app="ntp", encrypted=False) if mode else None
    if DTLS.match(data):
        return _dtls_said(data)
    if target == 514 and SYSLOG.match(data):
        return Said(client="source", app="syslog", encrypted=False)
    return None
