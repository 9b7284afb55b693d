"""ClientHellos that offer just what is asked about, and what servers answer to them.

They are written by hand because the local OpenSSL no longer offers what old servers still accept
(SSL 3.0, RC4, export suites). SSL 3.0: RFC 6101; TLS: RFC 2246, 4346, 5246, 8446; server name: RFC
6066. The handshake is never finished: the server's first answer says all.
"""

from __future__ import annotations

import ipaddress
import secrets
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from auditor.model.cipher_suites import NAMES, weakness

if TYPE_CHECKING:
    from auditor.checklist.sources.scan.result import Group, Version

SSL3, TLS10, TLS11, TLS12, TLS13 = 0x0300, 0x0301, 0x0302, 0x0303, 0x0304
VERSION_NAMES: Final[dict[int, Version]] = {
    TLS13: "TLS 1.3", TLS12: "TLS 1.2", TLS11: "TLS 1.1", TLS10: "TLS 1.0", SSL3: "SSL 3.0",
}  # fmt: skip
"""The newest first."""

MOST_RECORD: Final = 16384 + 2048
MOST_CHAIN: Final = 10
WARNING, CLOSING = 1, 0
SIGNALLING: Final = 0x00FF  # secure renegotiation (RFC 5746); some servers insist on it

_SECRETS: Final = ("PSK", "KRB5", "SRP", "GOST", "ECCPWD", "ECJPAKE")
"""Suites that need a secret or an algorithm that a stranger does not have."""

_ASKABLE: Final = {
    number: name
    for number, name in NAMES.items()
    if not any(word in name for word in _SECRETS) and "_WITH_" in name
}


def _preference(number: int) -> tuple[bool, bool, bool, int]:
    name = NAMES[number]
    sealed = any(word in name for word in ("_GCM_", "_CCM", "_POLY1305"))
    return weakness(name) is not None, "_ECDHE_" not in name, not sealed, number


OLDER_SUITES: Final = tuple(sorted(_ASKABLE, key=_preference))
"""All suites up to TLS 1.2 that can be asked for, the best first."""

NEW_SUITES: Final = (0x1301, 0x1302, 0x1303, 0x1304, 0x1305)
_KINDS: Final[tuple[tuple[Group, tuple[str, ...]], ...]] = (
    ("null-anon-export", ("null", "anon", "export")),
    ("rc4", ("rc4",)),
    ("des", ("des",)),
    ("cbc-sha1", ("cbc-sha1",)),
)
WEAK_GROUPS: Final = {
    group: tuple(number for number in OLDER_SUITES if weakness(NAMES[number]) in kinds)
    for group, kinds in _KINDS
}


@dataclass(frozen=True, slots=True)
class Heard:
    """What a server answered so far.

    Attributes:
        version, suite: of its hello; null = it sent none.
        alert: its number, if it sent one.
        chain: the certificates it sent, as DER; TLS 1.3 hides them.
        foreign: it does not speak TLS.
        complete: nothing more is to be waited for.
    """

    version: int | None = None
    suite: int | None = None
    alert: int | None = None
    chain: tuple[bytes, ...] = ()
    foreign: bool = False
    complete: bool = False


def client_hello(version: int, suites: tuple[int, ...], name: str) -> bytes:
    """The record with a ClientHello that offers this version only, and these suites."""
    offered = suites if version == TLS13 else (*suites, SIGNALLING)
    body = struct.pack("!H", min(version, TLS12)) + secrets.token_bytes(32) + b"\0"
    body += _listed(struct.pack(f"!{len(offered)}H", *offered)) + b"\x01\x00"
    if version != SSL3:  # it knows no extensions
        body += _listed(b"".join(_extensions(version, name)))
    message = b"\x01" + len(body).to_bytes(3, "big") + body
    return b"\x16" + struct.pack("!HH", min(version, TLS10), len(message)) + message


def _extensions(version: int, name: str) -> list[bytes]:
    groups = struct.pack("!7H", 29, 23, 24, 25, 30, 256, 257)
    algorithms = (
        0x0403, 0x0503, 0x0603, 0x0807, 0x0804, 0x0805, 0x0806, 0x0401, 0x0501, 0x0601, 0x0203,
        0x0201, 0x0402, 0x0202,
    )  # fmt: skip
    extensions = [
        _extension(10, _listed(groups)),
        _extension(11, b"\x01\x00"),
        _extension(23, b""),
    ]
    if name and not _is_address(name):
        extensions.insert(0, _extension(0, _listed(b"\0" + _listed(name.encode("ascii")))))
    if version >= TLS12:
        extensions.append(_extension(13, _listed(struct.pack(f"!{len(algorithms)}H", *algorithms))))
    if version == TLS13:
        share = struct.pack("!HH", 29, 32) + secrets.token_bytes(32)  # any 32 bytes are a key
        extensions += [
            _extension(43, b"\x02" + struct.pack("!H", TLS13)),
            _extension(45, b"\x01\x01"),
            _extension(51, _listed(share)),
        ]
    return extensions


def _extension(kind: int, body: bytes) -> bytes:
    return struct.pack("!HH", kind, len(body)) + body


def _listed(body: bytes) -> bytes:
    return struct.pack("!H", len(body)) + body


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def heard(data: bytes) -> Heard:
    """What the bytes that a server sent say, as far as they go."""
    handshake, alert, foreign, complete = _records(data)
    version = suite = None
    chain: tuple[bytes, ...] = ()
    place = 0
    while place + 4 <= len(handshake):
        place, kind, body, whole = _message(handshake, place)
        if not whole:
            break
        if kind == 2 and version is None:
            version, suite = _server_hello(body)
            complete |= version is None or version == TLS13  # what follows is encrypted
        elif kind == 11:
            chain = _certificates(body)
        elif kind == 14:  # ServerHelloDone
            complete = True
    return Heard(version, suite, alert, chain, foreign, complete)


def _records(data: bytes) -> tuple[bytes, int | None, bool, bool]:
    """The handshake messages; the alert; whether this is no TLS; whether nothing more matters."""
    handshake = b""
    place = 0
    while place < len(data):
        kind = data[place]
        head = data[place : place + 5]
        if not 20 <= kind <= 23 or (len(head) > 1 and head[1] != 3):
            return handshake, None, place == 0, True
        if len(head) < 5:
            break
        length = _be16(head, 3)
        if length > MOST_RECORD:
            return handshake, None, place == 0, True
        body = data[place + 5 : place + 5 + length]
        if len(body) < length:
            break
        if kind == 21 and length == 2 and body[0] == WARNING and body[1] != CLOSING:
            body = b""  # such as: the name is not known; the hello follows
        elif kind == 21 and length == 2:
            return handshake, body[1], False, True
        elif kind != 22:
            return handshake, None, False, True
        handshake += body
        place += 5 + length
    return handshake, None, False, False


def _message(handshake: bytes, place: int) -> tuple[int, int, bytes, bool]:
    size = int.from_bytes(handshake[place + 1 : place + 4], "big")
    body = handshake[place + 4 : place + 4 + size]
    return place + 4 + size, handshake[place], body, len(body) == size


def _server_hello(body: bytes) -> tuple[int | None, int | None]:
    if len(body) < 38 or body[34] > 32 or len(body) < 38 + body[34]:
        return None, None
    version, place = _be16(body, 0), 35 + body[34]
    suite = _be16(body, place)
    place += 3
    if place + 2 <= len(body):
        place += 2
        while place + 4 <= len(body):
            kind, size = _be16(body, place), _be16(body, place + 2)
            if kind == 43 and size == 2 and place + 6 <= len(body):
                version = _be16(body, place + 4)
            place += 4 + size
    return version, suite


def _certificates(body: bytes) -> tuple[bytes, ...]:
    found: list[bytes] = []
    place = 3
    while place + 3 <= len(body) and len(found) < MOST_CHAIN:
        size = int.from_bytes(body[place : place + 3], "big")
        der = body[place + 3 : place + 3 + size]
        if len(der) < size:
            break
        found.append(der)
        place += 3 + size
    return tuple(found)


def _be16(data: bytes, place: int) -> int:
    return data[place] << 8 | data[place + 1]
