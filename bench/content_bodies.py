"""Bodies of the content benchmark: invented people, things and sentences in usual formats."""

from __future__ import annotations

import base64
import io
import random
import zipfile
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

FAMILY = (
    "Nguyễn", "Trần", "Lê", "Phạm", "Hoàng", "Huỳnh", "Phan", "Vũ",
    "Võ", "Đặng", "Bùi", "Đỗ", "Hồ", "Ngô", "Dương", "Lý",
)  # fmt: skip
MIDDLE = (
    "Văn", "Thị", "Hữu", "Minh", "Ngọc", "Thanh", "Quốc", "Đức", "Kim", "Thu", "Gia", "Hoài",
)  # fmt: skip
GIVEN = [
    "An",
    "Bình",
    "Chi",
    "Dũng",
    "Giang",
    "Hà",
    "Hùng",
    "Khánh",
    "Lan",
    "Long",
    "Mai",
    "Nam",
    "Phúc",
    "Quân",
    "Sơn",
    "Tâm",
    "Uyên",
    "Vy",
    "Yến",
]
STREETS = ("Lê Lợi", "Trần Phú", "Hai Bà Trưng", "Nguyễn Huệ", "Điện Biên Phủ", "Phan Chu Trinh")
TOWNS = ("TP.HCM", "Hà Nội", "Đà Nẵng", "Vinh, Nghệ An", "Cần Thơ", "Huế")
PROVINCES = (1, 8, 19, 25, 27, 30, 31, 34, 36, 38, 40, 46, 48, 52, 56, 66, 68, 74, 75, 79, 92, 96)
GOODS = ("máy in", "bàn làm việc", "giấy A4", "cáp mạng", "tủ hồ sơ", "đèn LED", "pin mặt trời")
WORDS = [
    "Trong",
    "phiên",
    "họp",
    "thường",
    "kỳ",
    "các",
    "đại",
    "biểu",
    "đã",
    "thảo",
    "luận",
    "về",
    "kế",
    "hoạch",
    "phát",
    "triển",
    "kinh",
    "tế",
    "xã",
    "hội",
    "năm",
    "tới",
    "trong",
    "đó",
    "chú",
    "trọng",
    "chuyển",
    "đổi",
    "số",
    "và",
    "chất",
    "lượng",
    "dịch",
    "vụ",
    "nhiều",
    "ý",
    "kiến",
    "cho",
    "rằng",
    "cần",
    "bảo",
    "đảm",
    "quyền",
    "lợi",
    "của",
    "người",
    "dân",
    "trên",
    "địa",
    "bàn",
    "nhất",
    "là",
    "ở",
    "vùng",
    "sâu",
    "vùng",
    "xa",
    "the",
    "committee",
    "asked",
    "for",
    "a",
    "report",
    "on",
    "delivery",
    "times",
    "prices",
    "and",
    "the",
    "quality",
    "of",
    "service",
    "by",
    "the",
    "end",
    "of",
    "the",
    "quarter",
]
NAMES = {
    "image/jpeg": "anh.jpg", "application/zip": "bao-cao.zip",
    "application/gzip": "du-lieu.json.gz",
}  # fmt: skip
RECORDS = 9_000


@dataclass(frozen=True)
class Person:
    """Who does not exist."""

    number: int
    name: str
    born: str
    identity: str
    phone: str
    mail: str
    address: str
    account: str
    amount: int


def people(chance: random.Random) -> list[Person]:
    made = []
    for number in range(RECORDS):
        year, man = chance.randint(1950, 2009), chance.random() < 0.5
        digit = (0 if man else 1) + (2 if year >= 2000 else 0)
        family, given = chance.choice(FAMILY), chance.choice(GIVEN)
        made.append(
            Person(
                number + 1,
                f"{family} {chance.choice(MIDDLE)} {given}",
                f"{chance.randint(1, 28):02}/{chance.randint(1, 12):02}/{year}",
                f"{chance.choice(PROVINCES):03}{digit}{year % 100:02}{chance.randrange(10**6):06}",
                f"09{chance.randrange(10**8):08}",
                f"khach{number}@thu{number % 40}.example.vn",
                f"{chance.randint(1, 400)} {chance.choice(STREETS)}, {chance.choice(TOWNS)}",
                f"{chance.randrange(10**12, 10**13)}",
                chance.randrange(10_000, 90_000_000),
            )
        )
    return made


class Records:
    """A document of as many records as wanted, from anywhere in a supply of them."""

    def __init__(self, kind: str, head: str, records: list[str], tail: str, between: str = ""):
        encoded = [(each + between).encode() for each in records]
        self.kind = kind
        self.head, self.tail = head.encode(), tail.encode()
        self.ends = np.cumsum([0, *map(len, encoded)])
        self.supply = b"".join(encoded)
        self.between = len(between.encode())

    def body(self, size: int, at: int) -> bytes:
        """About so many bytes, from record ``at`` on."""
        first = at % (len(self.ends) - 1)
        begin = int(self.ends[first])
        rounds, rest = divmod(begin + max(size - len(self.head) - len(self.tail), 1),
                              len(self.supply))  # fmt: skip
        end = int(self.ends[np.searchsorted(self.ends, rest)])
        if rounds:
            text = self.supply[begin:] + self.supply * (rounds - 1) + self.supply[:end]
        else:
            text = self.supply[begin:end]
        return self.head + text[: len(text) - self.between] + self.tail


def sentence(chance: random.Random, words: int) -> str:
    return " ".join(chance.choices(WORDS, k=words)).capitalize() + "."


def tables(chance: random.Random) -> dict[str, tuple[Records, Records]]:
    """Of each kind of text: one document about people, one about things."""
    who = people(chance)
    what = [(i, chance.choice(GOODS), chance.randrange(1, 500), chance.randrange(1000, 10**7))
            for i in range(RECORDS)]  # fmt: skip
    prose = [sentence(chance, 60) for _ in range(RECORDS // 3)]
    page = '<!DOCTYPE html><html lang="vi"><head><meta charset="utf-8"><title>Trang</title>'
    page += '<link rel="stylesheet" href="/style.css"></head><body><main class="wide">\n'
    soap = '<?xml version="1.0" encoding="UTF-8"?>\n<soap:Envelope xmlns:soap='
    soap += '"http://schemas.xmlsoap.org/soap/envelope/"><soap:Body><DanhSach>\n'
    return {
        "json": (
            Records("application/json", '{"data":[', [
                f'{{"id":{p.number},"ho_ten":"{p.name}","ngay_sinh":"{p.born}","cccd":"'
                f'{p.identity}","dien_thoai":"{p.phone}","email":"{p.mail}","dia_chi":"{p.address}"'
                f',"so_du":{p.amount},"trang_thai":"hoat_dong","ghi_chu":null}}' for p in who
            ], "]}", ","),
            Records("application/json", '{"items":[', [
                f'{{"sku":"SP-{i:06}","ten":"{name}","so_luong":{many},"gia":{price},"kho":'
                f'{{"ma":"K{i % 40}","vi_tri":[{i % 90},{i % 180}]}},"con_hang":true,"nhan":'
                f'["moi","giam gia"]}}' for i, name, many, price in what
            ], '],"next":null}', ","),
        ),
        "html": (
            Records("text/html; charset=utf-8", page + "<table>\n", [
                f"<tr><td>{p.number}</td><td>{p.name}</td><td>{p.phone}</td><td>{p.mail}</td>"
                f"<td>{p.address}</td><td><a href=\"/khach/{p.number}\">Xem</a></td></tr>\n"
                for p in who
            ], "</table></main></body></html>"),
            Records("text/html; charset=utf-8", page, [
                f"<article class=\"tin\"><h2>{text[:40]}</h2><p>{text}</p>"
                f"<p class=\"them\"><a href=\"/tin/{i}.html\">Xem thêm</a></p></article>\n"
                for i, text in enumerate(prose)
            ], "</main></body></html>"),
        ),
        "csv": (
            Records("text/csv; charset=utf-8",
                    "stt,ho_ten,ngay_sinh,cccd,dien_thoai,email,dia_chi,so_tai_khoan,so_tien\n", [
                f'{p.number},{p.name},{p.born},{p.identity},{p.phone},{p.mail},"{p.address}",'
                f"{p.account},{p.amount}\n" for p in who
            ], ""),
            Records("text/csv; charset=utf-8",
                    "thoi_diem,tram,nhiet_do,do_am,ap_suat,trang_thai\n", [
                f"2026-09-{1 + i % 28:02}T{i % 24:02}:{many % 60:02}:00,TRAM-{i % 300:03},"
                f"{price % 4000 / 100},{many % 100},{980 + many / 10},binh thuong\n"
                for i, _, many, price in what
            ], ""),
        ),
        "xml": (
            Records("text/xml; charset=utf-8", soap, [
                f"<CongDan stt=\"{p.number}\"><HoTen>{p.name}</HoTen><SoCCCD>{p.identity}</SoCCCD>"
                f"<NgaySinh>{p.born}</NgaySinh><DiaChi>{p.address}</DiaChi><DienThoai>{p.phone}"
                "</DienThoai></CongDan>\n" for p in who
            ], "</DanhSach></soap:Body></soap:Envelope>"),
            Records("application/xml", "<?xml version=\"1.0\"?>\n<HoaDon>\n", [
                f"<Dong so=\"{i}\"><Ten>{name}</Ten><SoLuong>{many}</SoLuong><DonGia tien=\"VND\">"
                f"{price}</DonGia><ThanhTien>{many * price}</ThanhTien></Dong>\n"
                for i, name, many, price in what
            ], "</HoaDon>"),
        ),
        "text": (
            Records("application/sql", "-- dump\nSET NAMES utf8mb4;\n", [
                "INSERT INTO `benh_nhan` (`id`, `ho_ten`, `cccd`, `ngay_sinh`, `ket_qua`) VALUES "  # noqa: S608
                f"({p.number}, '{p.name}', '{p.identity}', '{p.born}', 'theo dõi sau điều trị');\n"
                for p in who
            ], "COMMIT;\n"),
            Records("text/plain; charset=utf-8", "", [
                f"10.1.{i % 256}.{many % 256} - - [21/Sep/2026:10:{i % 60:02}:{many % 60:02} +0700]"
                f' "GET /api/v1/items/{i}?page={many} HTTP/1.1" 200 {price} "-" "Mozilla/5.0"\n'
                for i, _, many, price in what
            ], ""),
        ),
    }  # fmt: skip


JPEG = bytes.fromhex(
    "ffd8ffe000104a46494600010101004800480000ffdb004300" + "08" * 64 + "ffc0000b080400040001011100"
    "ffda0008010100003f00"
)
"""SOI, JFIF, a quantisation table, a frame of 1024 x 1024 and the head of a scan (T.81)."""


class Bodies:
    """Bodies of all kinds and sizes."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)  # noqa: S311 - a benchmark
        self.tables = tables(self.chance)
        noise = np.random.default_rng(seed).integers(0, 255, 1 << 22, dtype=np.uint8)
        self.noise = noise.tobytes()  # no 0xFF, which would be a marker
        self.archives = [self.archive() for _ in range(24)]
        self.zipped = [self.gzip() for _ in range(24)]
        self.makers: dict[str, Callable[[int], tuple[str, bytes]]] = {
            "picture": self.picture, "archive": self.packed,
        }  # fmt: skip

    def made(self, kind: str, size: int) -> tuple[str, bytes]:
        """Content type and bytes of a body of about this size."""
        maker = self.makers.get(kind)
        if maker is not None:
            return maker(size)
        records = self.tables[kind][self.chance.random() < 0.6]
        return records.kind, records.body(size, self.chance.randrange(RECORDS))

    def picture(self, size: int) -> tuple[str, bytes]:
        """Bytes as a JPEG file has them: a head, then what looks like noise."""
        at = self.chance.randrange(len(self.noise))
        wanted = max(size - len(JPEG) - 2, 1)
        noise = self.noise[at : at + wanted]
        while len(noise) < wanted:
            noise += self.noise[: wanted - len(noise)]
        return "image/jpeg", JPEG + noise + b"\xff\xd9"

    def packed(self, size: int) -> tuple[str, bytes]:
        """The packed body that comes closest."""
        supply, kind = self.archives, "application/zip"
        if self.chance.random() < 0.5:
            supply, kind = self.zipped, "application/gzip"
        return kind, min(supply, key=lambda each: abs(len(each) - size))

    def archive(self) -> bytes:
        """A ZIP file of tables."""
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as packed:
            for number in range(self.chance.randint(1, 4)):
                info = zipfile.ZipInfo(f"bao-cao-{number}.csv", (2026, 9, 21, 8, 0, 0))
                info.compress_type = zipfile.ZIP_DEFLATED
                packed.writestr(info, self.drawn("csv"))
        return out.getvalue()

    def gzip(self) -> bytes:
        """JSON behind gzip."""
        return zlib.compress(self.drawn("json"), 1, 31)

    def drawn(self, kind: str) -> bytes:
        """A text of this kind, of some size."""
        records = self.tables[kind][self.chance.random() < 0.6]
        size = int(min(self.chance.lognormvariate(12.5, 1.2), 8e6))
        return records.body(size, self.chance.randrange(RECORDS))

    def mail(self, size: int) -> bytes:
        """A message with one attachment, in base64 (RFC 2045)."""
        kind, inside = self.made(self.chance.choice(("csv", "picture", "archive")), size * 3 // 4)
        name = {"image/jpeg": "anh.jpg", "application/zip": "bao-cao.zip"}.get(
            kind, "danh-sach.csv"
        )
        if kind == "application/gzip":
            name = "du-lieu.json.gz"
        number = self.chance.randrange(10**9)
        head = (
            f"From: van.thu@so{number % 60}.example.vn\r\nTo: nhan@doi-tac.example\r\n"
            f"Subject: =?utf-8?b?{base64.b64encode('Báo cáo định kỳ'.encode()).decode()}?=\r\n"
            f"Message-ID: <{number}@example.vn>\r\nMIME-Version: 1.0\r\n"
            f'Content-Type: multipart/mixed; boundary="b{number}"\r\n\r\n--b{number}\r\n'
            "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
            f"Kính gửi quý cơ quan,\r\n{sentence(self.chance, 40)}\r\n--b{number}\r\n"
            f'Content-Type: {kind.split(";")[0]}; name="{name}"\r\n'
            f'Content-Disposition: attachment; filename="{name}"\r\n'
            "Content-Transfer-Encoding: base64\r\n\r\n"
        ).encode()
        attached = base64.encodebytes(inside).replace(b"\n", b"\r\n")
        return head + attached + f"--b{number}--\r\n".encode()
