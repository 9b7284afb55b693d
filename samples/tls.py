"""TLS on the wire, well formed where it is in clear text (RFC 8446, RFC 5246, RFC 6066)."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from random import Random

    from wire import Tcp

HANDSHAKE: Final = 22
DATA: Final = 23
CHANGE_CIPHER: Final = b"\x14\x03\x03\x00\x01\x01"
SUITES: Final = (0x1301, 0x1302, 0x1303, 0xC02B, 0xC02F, 0xC02C, 0xC030, 0xCCA9, 0xCCA8)


def record(kind: int, body: bytes, version: int = 0x0303) -> bytes:
    """One TLS record."""
    return struct.pack("!BHH", kind, version, len(body)) + body


def sealed(rng: Random, size: int) -> bytes:
    """Records of ``size`` encrypted bytes altogether, at most 16 kB each."""
    parts = []
    while size > 0:
        piece = min(size, 16_384)
        parts.append(record(DATA, rng.randbytes(piece + 17)))
        size -= piece
    return b"".join(parts)


def _extension(kind: int, body: bytes) -> bytes:
    return struct.pack("!HH", kind, len(body)) + body


def _listed(body: bytes, width: str = "!H") -> bytes:
    return struct.pack(width, len(body)) + body


def _handshake(kind: int, body: bytes) -> bytes:
    return struct.pack("!B", kind) + len(body).to_bytes(3, "big") + body


def client_hello(rng: Random, name: str, session: bytes, *, tls13: bool) -> bytes:
    """The record with a ClientHello for ``name``."""
    server_name = b"\0" + _listed(name.encode())
    extensions = [
        _extension(0, _listed(server_name)),
        _extension(23, b""),
        _extension(10, _listed(struct.pack("!3H", 29, 23, 24))),
        _extension(11, b"\x01\x00"),
        _extension(16, _listed(b"\x02h2\x08http/1.1")),
        _extension(13, _listed(struct.pack("!6H", 0x0403, 0x0804, 0x0401, 0x0503, 0x0805, 0x0501))),
    ]
    if tls13:
        share = struct.pack("!HH", 29, 32) + rng.randbytes(32)
        extensions += [
            _extension(43, _listed(struct.pack("!HH", 0x0304, 0x0303), "!B")),
            _extension(45, b"\x01\x01"),
            _extension(51, _listed(share)),
        ]
    body = b"\x03\x03" + rng.randbytes(32) + _listed(session, "!B")
    body += _listed(struct.pack(f"!{len(SUITES)}H", *SUITES)) + b"\x01\x00"
    return record(HANDSHAKE, _handshake(1, body + _listed(b"".join(extensions))), 0x0301)


def server_hello(rng: Random, session: bytes, *, tls13: bool) -> bytes:
    """The record with the ServerHello."""
    suite = 0x1301 if tls13 else 0xC02F
    extensions = _extension(23, b"")
    if tls13:
        share = struct.pack("!HH", 29, 32) + rng.randbytes(32)
        extensions = _extension(43, b"\x03\x04") + _extension(51, share)
    body = b"\x03\x03" + rng.randbytes(32) + _listed(session, "!B")
    body += struct.pack("!HB", suite, 0) + _listed(extensions)
    return record(HANDSHAKE, _handshake(2, body))


def greet(talk: Tcp, name: str, *, tls13: bool = True) -> None:
    """Opens the connection and agrees on keys: TLS 1.3, or a resumed session of TLS 1.2."""
    rng = talk.wire.rng
    session = rng.randbytes(32)
    talk.open()
    talk.send("client", client_hello(rng, name, session, tls13=tls13))
    hello = server_hello(rng, session, tls13=tls13)
    finished = record(HANDSHAKE, rng.randbytes(40))
    if tls13:
        talk.send("server", hello + CHANGE_CIPHER + sealed(rng, 2_800))
        talk.send("client", CHANGE_CIPHER + sealed(rng, 36))
    else:
        talk.send("server", hello + CHANGE_CIPHER + finished)
        talk.send("client", CHANGE_CIPHER + finished)
