"""What content inspection looks into: documents and records abroad, in clear text.

Persons and their numbers are made by ``people``; the papers say of themselves that they are
samples. Nothing is compressed: zlib versions write other bytes.
"""

from __future__ import annotations

import base64
import json
import struct
import zlib
from random import Random
from typing import Final

from papers import headed_docx, stored_zip, workbook
from people import people, table
from scapy.layers.dns import DNS, DNSQR
from wire import Tcp, Wire, at, pcap

STAFF: Final = "10.20.3.30"
LAND: Final = "203.162.10.6"
PORTAL: Final = "203.162.10.21"
PORTAL_INSIDE: Final = "10.20.2.40"
WEB: Final = "203.162.10.36"
WEB_READER: Final = "203.162.10.37"
MAIL: Final = "51.38.20.30"
SHARE: Final = ("share.example.net", "88.198.10.60")
RESOLVER: Final = "5.9.77.53"
HIDDEN_BELOW: Final = "sync-status.example.org"
PAYMENTS: Final = ("api.payments.example.sg", "13.228.10.40")
FILES: Final = "51.38.20.40"
REGISTER: Final = ("register.example.jp", "133.11.93.40")

CITIZENS: Final = 120
QUERIES: Final = 40

_LETTERS: Final = (
    "ĂÂÊÔƠƯĐăâêôơưđ      àảãáạ ằẳẵắ       ặầẩẫấậè ẻẽéẹềểễếệìỉ   ĩíịò ỏõóọồổỗốộờởỡớợù ủũúụừửữứựỳỷỹýỵ"
)
_TCVN3: Final = {
    ord(letter): 0xA1 + place for place, letter in enumerate(_LETTERS) if letter != " "
}
"""TCVN 5712:1993 (third table): small letters, and capitals without tone marks."""


def documents() -> bytes:
    """Five ways of sending something abroad, and one of fetching it."""
    wire = Wire(Random(1014))
    start = at("2026-09-18 09:00:00")
    for conversation in (_mail, _share, _queries, _payments, _upload, _download):
        conversation(wire, start)
        start += 60_000_000
    return pcap(wire.frames)


def _mail(wire: Wire, start: int) -> None:
    """A mail with a zip that holds a workbook of citizens."""
    names = ("so_dinh_danh", "ho_ten", "dien_thoai")
    rows = [(one.number, one.name, one.phone) for one in people(wire.rng, CITIZENS)]
    archive = stored_zip((("danh-sach/cong-dan.xlsx", workbook([names, *rows])),))
    lines = base64.encodebytes(archive).replace(b"\n", b"\r\n").decode()
    edge = "=_mau-2026-09-18"
    mail = (
        "From: can-bo@mau.gov.vn\r\nTo: partner@example.fr\r\nSubject: Danh sach mau\r\n"
        "Date: Fri, 18 Sep 2026 09:00:00 +0700\r\nMIME-Version: 1.0\r\n"
        f'Content-Type: multipart/mixed; boundary="{edge}"\r\n\r\n'
        f"--{edge}\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n"
        "Gui kem danh sach. Day la du lieu mau, khong co nguoi that.\r\n"
        f'--{edge}\r\nContent-Type: application/zip; name="danh-sach.zip"\r\n'
        'Content-Disposition: attachment; filename="danh-sach.zip"\r\n'
        f"Content-Transfer-Encoding: base64\r\n\r\n{lines}\r\n--{edge}--\r\n.\r\n"
    )
    _talk(
        Tcp(wire, (STAFF, 38_210), (MAIL, 25), start, rtt=233_000),
        ("server", "220 mail.example.fr ESMTP\r\n"),
        ("client", "EHLO mail.mau.gov.vn\r\n"),
        ("server", "250-mail.example.fr\r\n250 8BITMIME\r\n"),
        ("client", "MAIL FROM:<can-bo@mau.gov.vn>\r\n"),
        ("server", "250 2.1.0 Ok\r\n"),
        ("client", "RCPT TO:<partner@example.fr>\r\n"),
        ("server", "250 2.1.5 Ok\r\n"),
        ("client", "DATA\r\n"),
        ("server", "354 End data with <CR><LF>.<CR><LF>\r\n"),
        ("client", mail),
        ("server", "250 2.0.0 Ok: queued\r\n"),
        ("client", "QUIT\r\n"),
        ("server", "221 2.0.0 Bye\r\n"),
    )


def _share(wire: Wire, start: int) -> None:
    """A gzipped document whose page header carries a mark of secrecy, in a form."""
    header = (
        "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM",
        "Độc lập - Tự do - Hạnh phúc",
        "TỐI MẬT",
    )
    lines = (
        "Tài liệu mẫu của phần mềm, hoàn toàn hư cấu: không có bí mật nào, không có người thật.",
        *(
            f"Ông/Bà {one.name}, số CCCD {one.number}, điện thoại {one.phone}"
            for one in people(wire.rng, 6)
        ),
    )
    edge = "----tai-lieu-2026-09-18"
    opening = (
        f'--{edge}\r\nContent-Disposition: form-data; name="file"; filename="mau.docx.gz"\r\n'
        "Content-Type: application/gzip\r\n\r\n"
    )
    file = _gzipped(headed_docx(header, lines))
    body = opening.encode() + file + f"\r\n--{edge}--\r\n".encode()
    head = (
        f"POST /upload HTTP/1.1\r\nHost: {SHARE[0]}\r\n"
        f"Content-Type: multipart/form-data; boundary={edge}\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    _talk(
        Tcp(wire, (LAND, 40_610), (SHARE[1], 80), start, rtt=205_000),
        ("client", head.encode() + body),
        ("server", _answer("application/json", b'{"id":17}\n')),
    )


def _queries(wire: Wire, start: int) -> None:
    """Questions to a resolver abroad whose names carry packed data, each another one."""
    for number in range(QUERIES):
        name = f"{wire.rng.randbytes(24).hex()}.{number:02}.{HIDDEN_BELOW}"
        port, ident = 42_000 + number, wire.rng.randrange(65_536)
        question = DNSQR(qname=name, qtype="TXT", qclass="IN")
        now = start + number * 400_000
        asked = DNS(id=ident, qr=0, rd=1, qd=[question])
        told = DNS(id=ident, qr=1, rd=1, ra=1, rcode=3, qd=[question])
        ends = (PORTAL_INSIDE, port), (RESOLVER, 53)
        wire.datagram(now, *ends, asked)
        wire.datagram(now + 208_000, *ends[::-1], told, outbound=False)


def _payments(wire: Wire, start: int) -> None:
    """A call of an interface with a customer, a company and a payment code."""
    (one,) = people(wire.rng, 1)
    body = json.dumps(
        {
            "customer": {"phone": one.phone, "email": "nguyen.van.mau@mau.gov.vn"},
            "invoice": {"tax_code": _tax_code(wire.rng), "amount": 250_000},
            "qr": _payment_code(wire.rng),
        },
        indent=1,
    ).encode()
    head = (
        f"POST /v1/payments HTTP/1.1\r\nHost: {PAYMENTS[0]}\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    _talk(
        Tcp(wire, (PORTAL, 40_710), (PAYMENTS[1], 80), start, rtt=36_000),
        ("client", head.encode() + body),
        ("server", _answer("application/json", b'{"accepted":true}\n')),
    )


def _upload(wire: Wire, start: int) -> None:
    """A table in the TCVN3 charset by FTP; the file goes over a connection of its own."""
    control = Tcp(wire, (WEB, 40_810), (FILES, 21), start, rtt=231_000)
    control.open()
    for side, line in (
        ("server", "220 files.example.fr FTP"),
        ("client", "USER trang-tin"),
        ("server", "331 Password required"),
        ("client", "PASS mat-khau-mau"),
        ("server", "230 Logged in"),
        ("client", "TYPE I"),
        ("server", "200 Type set to I"),
        ("client", "PASV"),
        ("server", f"227 Entering Passive Mode ({FILES.replace('.', ',')},195,149)"),
        ("client", "STOR dang-ky.csv"),
        ("server", "150 Ok to send data"),
    ):
        control.send(side, line.encode() + b"\r\n")
    file = Tcp(wire, (WEB, 40_811), (FILES, 195 * 256 + 149), control.now, rtt=231_000)
    file.open()
    file.send("client", table(people(wire.rng, 40)).decode().translate(_TCVN3).encode("latin-1"))
    file.close()
    control.now = file.now
    control.send("server", b"226 Transfer complete\r\n")
    control.send("client", b"QUIT\r\n")
    control.send("server", b"221 Goodbye\r\n")
    control.close()


def _download(wire: Wire, start: int) -> None:
    """A table of persons that is fetched from abroad: nothing leaves but the question."""
    rows = table(people(wire.rng, 30))
    _talk(
        Tcp(wire, (WEB_READER, 40_910), (REGISTER[1], 80), start, rtt=78_000),
        ("client", f"GET /danh-sach.csv HTTP/1.1\r\nHost: {REGISTER[0]}\r\n\r\n"),
        ("server", _answer("text/csv; charset=utf-8", rows)),
    )


def _talk(connection: Tcp, *messages: tuple[str, str | bytes]) -> None:
    """One connection from its beginning to its end."""
    connection.open()
    for side, data in messages:
        connection.send(side, data.encode() if isinstance(data, str) else data)
    connection.close()


def _answer(kind: str, body: bytes) -> bytes:
    head = f"HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


def _gzipped(data: bytes) -> bytes:
    """Gzip (RFC 1952) of one stored block: at most 65,535 bytes."""
    block = b"\x01" + struct.pack("<HH", len(data), len(data) ^ 0xFFFF) + data
    ends = struct.pack("<II", zlib.crc32(data), len(data))
    return b"\x1f\x8b\x08" + bytes(6) + b"\xff" + block + ends


def _tax_code(rng: Random) -> str:
    """Ten digits, the last of which checks the others (Circular 90/2026/TT-BTC Article 5)."""
    while True:
        number = f"03{rng.randrange(10_000_000):07d}"
        weights = (31, 29, 23, 19, 17, 13, 7, 5, 3)
        total = sum(weight * int(digit) for weight, digit in zip(weights, number, strict=True))
        if total % 11:
            return f"{number}{10 - total % 11}"


def _payment_code(rng: Random) -> str:
    """A transfer to an account of bank 970415 as VietQR (NAPAS IBFT; EMVCo, CRC at the end)."""

    def field(name: str, content: str) -> str:
        return f"{name}{len(content):02}{content}"

    account = field("00", "970415") + field("01", f"{rng.randrange(10**12):012d}")
    transfer = field("00", "A000000727") + field("01", account) + field("02", "QRIBFTTA")
    text = (
        field("00", "01") + field("01", "12") + field("38", transfer) + field("53", "704")
        + field("54", "250000") + field("58", "VN") + field("62", field("08", "mau")) + "6304"
    )  # fmt: skip
    return f"{text}{_crc16(text.encode()):04X}"


def _crc16(data: bytes) -> int:
    """CRC-16/CCITT-FALSE: polynomial 0x1021, from 0xFFFF on."""
    rest = 0xFFFF
    for byte in data:
        rest ^= byte << 8
        for _ in range(8):
            rest = (rest << 1 ^ 0x1021) & 0xFFFF if rest & 0x8000 else rest << 1
    return rest
