"""TLS sessions between two memory buffers, as captures with their secrets."""

from __future__ import annotations

import datetime
import ssl
import struct
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.readers.capture.packets import (
    T0,
    Packet,
    block,
    enhanced,
    handshake,
    interface,
    section,
    segment,
)

TLS_KEY_LOG = 0x544C534B


@cache
def _certificate() -> bytes:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "may.example.vn")])
    day = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(day)
        .not_valid_after(day + datetime.timedelta(days=3650))
        .sign(key, hashes.SHA256())
    )
    plain = serialization.NoEncryption()
    form = serialization.PrivateFormat.PKCS8
    pem = serialization.Encoding.PEM
    return key.private_bytes(pem, form, plain) + made.public_bytes(pem)


@dataclass
class Session:
    """What was sent: pieces by side in their order, the plain texts, the key log."""

    wire: list[tuple[int, bytes]] = field(default_factory=list)
    plain: list[bytes] = field(default_factory=lambda: [b"", b""])
    keys: bytes = b""


def session(
    said: list[tuple[int, bytes]], version: ssl.TLSVersion, protocols: list[str] | None = None
) -> Session:
    """A session in which both say what is given (0 = the client)."""
    with TemporaryDirectory() as folder:
        pem, keys = Path(folder, "pem"), Path(folder, "keys")
        pem.write_bytes(_certificate())
        contexts = [
            ssl.SSLContext(kind) for kind in (ssl.PROTOCOL_TLS_CLIENT, ssl.PROTOCOL_TLS_SERVER)
        ]
        for context in contexts:
            context.minimum_version = context.maximum_version = version
            if protocols:
                context.set_alpn_protocols(protocols)
        contexts[0].check_hostname = False
        contexts[0].verify_mode = ssl.CERT_NONE
        contexts[0].keylog_filename = str(keys)
        contexts[1].load_cert_chain(pem)
        wires = [ssl.MemoryBIO(), ssl.MemoryBIO()]  # from the client, from the server
        ends = [
            contexts[0].wrap_bio(wires[1], wires[0], server_hostname="may.example.vn"),
            contexts[1].wrap_bio(wires[0], wires[1], server_side=True),
        ]
        found = Session()
        done = [False, False]
        while not all(done):
            for side, end in enumerate(ends):
                try:
                    end.do_handshake()
                    done[side] = True
                except ssl.SSLWantReadError:
                    pass
                _sent(found, wires, side)
        for side, data in said:
            ends[side].write(data)
            found.plain[side] += data
            _sent(found, wires, side)
            got = b""
            while len(got) < len(data):
                got += ends[1 - side].read(len(data))
        found.keys = keys.read_bytes()
    return found


def _sent(found: Session, wires: list[ssl.MemoryBIO], side: int) -> None:
    """Notes what a side has put on the wire, and leaves it there."""
    data = wires[side].read()
    if data:
        found.wire.append((side, data))
        wires[side].write(data)


def packets(found: Session, *, port: int = 40000, time: int = T0, most: int = 1400) -> list[Packet]:
    """The session as TCP segments."""
    out = handshake(time, sport=port)
    places = [1001, 5001]
    moment = time + 100_000_000
    for side, data in found.wire:
        for begin in range(0, len(data), most):
            piece = data[begin : begin + most]
            moment += 1_000_000
            out.append(segment(moment, places[side], piece, back=side == 1, sport=port))
            places[side] += len(piece)
    return out


def pcapng(found: list[Packet], keys: bytes | None = None) -> bytes:
    """A pcapng file, with a block of secrets if there are some."""
    out = section() + interface(options=b"\x09\0\1\0\x09\0\0\0\0\0\0\0")
    if keys is not None:
        out += block(10, struct.pack("<II", TLS_KEY_LOG, len(keys)) + keys)
    return out + b"".join(enhanced(0, time, data) for time, data in found)
