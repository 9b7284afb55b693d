"""Invented citizens whose numbers are well formed; any likeness to a person is chance.

A personal number has 12 digits: province of birth registration (3), century and sex (1), year of
birth (2), and 6 more (Decree 137/2015/NĐ-CP Art. 13, Circular 07/2016/TT-BCA Art. 7).
"""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from random import Random

PROVINCES: Final = {
    "001": "Hà Nội", "031": "Hải Phòng", "036": "Nam Định", "038": "Thanh Hóa", "040": "Nghệ An",
    "046": "Thừa Thiên Huế", "048": "Đà Nẵng", "056": "Khánh Hòa", "066": "Đắk Lắk",
    "075": "Đồng Nai", "079": "TP. Hồ Chí Minh", "089": "An Giang", "092": "Cần Thơ",
}  # fmt: skip
FAMILY: Final = ("Nguyễn", "Trần", "Lê", "Phạm", "Hoàng", "Vũ", "Đặng", "Bùi", "Đỗ", "Hồ", "Ngô")
MIDDLE: Final = {"Nam": ("Văn", "Đức", "Quang", "Minh"), "Nữ": ("Thị", "Ngọc", "Thu", "Thanh")}
GIVEN: Final = {
    "Nam": ("An", "Bình", "Cường", "Dũng", "Hải", "Hùng", "Khoa", "Long", "Phúc", "Sơn", "Tuấn"),
    "Nữ": ("Anh", "Chi", "Dung", "Hạnh", "Hương", "Lan", "Mai", "Ngân", "Phương", "Thảo", "Yến"),
}
PREFIXES: Final = ("032", "036", "058", "070", "079", "083", "086", "090", "091", "096", "098")
STREETS: Final = ("Lê Lợi", "Trần Hưng Đạo", "Hai Bà Trưng", "Nguyễn Trãi", "Phan Chu Trinh")
EARLIEST: Final = date(1945, 1, 1)


@dataclass(frozen=True, slots=True)
class Person:
    """One row of the file."""

    number: str
    name: str
    born: date
    sex: str
    phone: str
    address: str


def people(rng: Random, count: int) -> list[Person]:
    """``count`` persons, each with another personal number."""
    found: dict[str, Person] = {}
    while len(found) < count:
        province = rng.choice(sorted(PROVINCES))
        sex = rng.choice(("Nam", "Nữ"))
        born = EARLIEST + timedelta(days=rng.randrange(365 * 63))
        digit = (0 if born.year < 2000 else 2) + (sex == "Nữ")
        number = f"{province}{digit}{born:%y}{rng.randrange(1_000_000):06d}"
        name = f"{rng.choice(FAMILY)} {rng.choice(MIDDLE[sex])} {rng.choice(GIVEN[sex])}"
        phone = f"{rng.choice(PREFIXES)}{rng.randrange(10_000_000):07d}"
        address = f"{rng.randrange(1, 300)} {rng.choice(STREETS)}, {PROVINCES[province]}"
        found[number] = Person(number, name, born, sex, phone, address)
    return list(found.values())


def table(persons: list[Person]) -> bytes:
    """The persons as a CSV file in UTF-8."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(("so_dinh_danh", "ho_ten", "ngay_sinh", "gioi_tinh", "dien_thoai", "dia_chi"))
    writer.writerows(
        (one.number, one.name, f"{one.born:%d/%m/%Y}", one.sex, one.phone, one.address)
        for one in persons
    )
    return text.getvalue().encode()
