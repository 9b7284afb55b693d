"""Clear-text talk of databases and mail servers, each message well formed."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from random import Random

    from people import Person


def mysql_packet(number: int, body: bytes) -> bytes:
    """One packet of the MySQL protocol."""
    return len(body).to_bytes(3, "little") + bytes([number]) + body


def mysql(rng: Random, persons: list[Person]) -> list[tuple[str, bytes]]:
    """A login and one INSERT for each person: (side, bytes) in order."""
    plugin = b"mysql_native_password\0"
    capabilities = 0x0008_A20D | 0x0000_0008
    greeting = (
        b"\x0a8.0.36\0" + struct.pack("<I", 4711) + rng.randbytes(8).replace(b"\0", b"x") + b"\0"
        + struct.pack("<HBHHB", capabilities & 0xFFFF, 45, 2, capabilities >> 16, 21) + bytes(10)
        + rng.randbytes(12).replace(b"\0", b"y") + b"\0" + plugin
    )  # fmt: skip
    login = (
        struct.pack("<IIB", capabilities, 1 << 24, 45) + bytes(23) + b"nhansu\0"
        + bytes([20]) + rng.randbytes(20) + b"nhansu\0" + plugin
    )  # fmt: skip
    fine = b"\x00\x00\x00\x02\x00\x00\x00"
    talk = [
        ("server", mysql_packet(0, greeting)),
        ("client", mysql_packet(1, login)),
        ("server", mysql_packet(2, fine)),
    ]
    for one in persons:
        row = f"('{one.number}', '{one.name}', '{one.born}', '{one.phone}')"
        query = "INSERT INTO can_bo (so_dinh_danh, ho_ten, ngay_sinh, dien_thoai) VALUES " + row  # noqa: S608 - no database ever sees it
        talk.append(("client", mysql_packet(0, b"\x03" + query.encode())))
        talk.append(("server", mysql_packet(1, b"\x00\x01\x00\x02\x00\x00\x00")))
    return [*talk, ("client", mysql_packet(0, b"\x01"))]


def _postgres(kind: bytes, body: bytes) -> bytes:
    return kind + struct.pack("!I", len(body) + 4) + body


def postgresql(persons: list[Person]) -> list[tuple[str, bytes]]:
    """A start-up without TLS and one INSERT for each person."""
    start = b"user\0nhansu\0database\0nhansu\0\0"
    ready = _postgres(b"Z", b"I")
    talk = [
        ("client", struct.pack("!II", len(start) + 8, 196_608) + start),
        (
            "server",
            _postgres(b"R", struct.pack("!I", 0))
            + _postgres(b"S", b"server_encoding\0UTF8\0")
            + _postgres(b"K", struct.pack("!II", 2026, 915))
            + ready,
        ),
    ]
    for one in persons:
        row = f"('{one.number}', '{one.name}', '{one.address}');"
        query = "INSERT INTO luong VALUES " + row  # noqa: S608 - no database ever sees it
        talk.append(("client", _postgres(b"Q", query.encode() + b"\0")))
        talk.append(("server", _postgres(b"C", b"INSERT 0 1\0") + ready))
    return [*talk, ("client", _postgres(b"X", b""))]


def smtp(persons: list[Person]) -> list[tuple[str, bytes]]:
    """One mail with a list of persons in its body, sent without STARTTLS."""
    rows = "\r\n".join(f"{one.number}; {one.name}; {one.born:%d/%m/%Y}" for one in persons)
    mail = (
        "From: nhansu@mau.gov.vn\r\nTo: payroll@example.fr\r\nSubject: Danh sach can bo\r\n"
        "Date: Thu, 17 Sep 2026 14:31:00 +0700\r\nMIME-Version: 1.0\r\n"
        "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
        f"{rows}\r\n.\r\n"
    )
    lines = (
        ("server", "220 mail.example.fr ESMTP\r\n"),
        ("client", "EHLO mail.mau.gov.vn\r\n"),
        ("server", "250-mail.example.fr\r\n250 8BITMIME\r\n"),
        ("client", "MAIL FROM:<nhansu@mau.gov.vn>\r\n"),
        ("server", "250 2.1.0 Ok\r\n"),
        ("client", "RCPT TO:<payroll@example.fr>\r\n"),
        ("server", "250 2.1.5 Ok\r\n"),
        ("client", "DATA\r\n"),
        ("server", "354 End data with <CR><LF>.<CR><LF>\r\n"),
        ("client", mail),
        ("server", "250 2.0.0 Ok: queued\r\n"),
        ("client", "QUIT\r\n"),
        ("server", "221 2.0.0 Bye\r\n"),
    )
    return [(side, text.encode()) for side, text in lines]
