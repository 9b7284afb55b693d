"""Profiles of an invented land registry: what a look at its tables on the spot counts."""

from __future__ import annotations

import csv
import io
import tempfile
from datetime import date, timedelta
from pathlib import Path
from typing import Final

from auditor.checklist.sources.profile import profile
from auditor.checklist.sources.rules import Rules
from auditor.checklist.sources.sample import to_json
from auditor.model.documents import read

TODAY: Final = date(2026, 11, 20)
RULES: Final = Path(__file__).parent / "checklist" / "files" / "land.rules.yaml"
FAMILIES: Final = ("Nguyễn", "Trần", "Lê", "Phạm", "Hoàng", "Vũ", "Đặng", "Bùi")
GIVEN: Final = ("An", "Bình", "Châu", "Dũng", "Giang", "Hạnh", "Khánh", "Lộc", "Minh")
CODES: Final = [
    ["list", "code", "ends"],
    ["wards", "26734", ""], ["wards", "26737", ""], ["wards", "26740", "2025-07-01"],
]  # fmt: skip
Tables = dict[str, list[list[str]]]


def tables(persons: int) -> Tables:
    """The tables, with nothing wrong in them."""
    changed = [(TODAY - timedelta(days=1 + n % 300)).isoformat() for n in range(persons)]
    people = [
        [
            f"079{n % 2}{70 + n % 30:02}{n:06}",
            f"{FAMILIES[n % 8]} Văn {GIVEN[n % 9]}",
            (date(1970 + n % 30, 1 + n % 12, 2 + n % 27)).strftime("%d/%m/%Y"),
            f"09{n:08}",
            changed[n],
        ]
        for n in range(persons)
    ]
    parcels = [
        [
            f"TD{n:05}", str(1 + n // 20), str(1 + n % 20), ("26734", "26737")[n % 2],
            people[n][0], people[n][1], "0100233488", str(80 + n), "2020-05-04", "2070-05-04",
            changed[n],
        ]
        for n in range(persons)
    ]  # fmt: skip
    invented = [[f"000{n:09}", "dữ liệu tạo sinh"] for n in range(persons)]
    return {
        "persons": [
            ["Số định danh", "Họ và tên", "Ngày sinh", "Điện thoại", "Ngày cập nhật"],
            *people,
        ],
        "parcels": [
            ["Mã thửa", "Tờ bản đồ", "Số thửa", "Mã xã", "Chủ sử dụng", "Tên chủ", "Mã số thuế",
             "Diện tích", "Ngày cấp", "Ngày hết hạn", "Ngày cập nhật"],
            *parcels,
        ],
        "try": [["Số định danh", "Ghi chú"], *invented],
    }  # fmt: skip


def counted(content: Tables, rules: Rules) -> bytes:
    """The profile of the tables."""
    with tempfile.TemporaryDirectory() as folder:
        paths = {}
        for name, rows in {**content, "codes": CODES}.items():
            text = io.StringIO(newline="")
            csv.writer(text, lineterminator="\n").writerows(rows)
            paths[name] = Path(folder) / f"{name}.csv"
            paths[name].write_text(text.getvalue(), encoding="utf-8")
        codes = paths.pop("codes")
        return to_json(profile(paths, rules, TODAY, codes=codes)).encode()


def good() -> bytes:
    """Nothing is wrong."""
    return counted(tables(60), read(RULES, Rules))


def fair() -> bytes:
    """One row in 60 is wrong in each way, which identifier keys do not forgive."""
    return counted(spoilt(tables(60), 1), read(RULES, Rules))


def bad() -> bytes:
    """Ten rows of 60 are wrong in each way."""
    return counted(spoilt(tables(60), 10), read(RULES, Rules))


def small() -> bytes:
    """Twelve rows are too few to tell anything."""
    return counted(tables(12), read(RULES, Rules))


def picked() -> bytes:
    """Nothing is wrong, but the rows were picked by hand."""
    rules = read(RULES, Rules)
    by_hand = tuple(table.model_copy(update={"drawn": "picked"}) for table in rules.tables)
    return counted(tables(60), rules.model_copy(update={"tables": by_hand}))


def silent() -> bytes:
    """The rules ask next to nothing: text in one table."""
    rules = Rules.model_validate({
        "format": 1,
        "tables": [{"name": "try", "drawn": "all", "columns": [
            {"name": "note", "title": "Ghi chú"}]}],
    })  # fmt: skip
    return counted({"try": tables(60)["try"]}, rules)


def spoilt(content: Tables, rows: int) -> Tables:
    """The tables with so many rows wrong in each way."""
    persons, parcels, test = (content[name] for name in ("persons", "parcels", "try"))
    for n in range(1, rows + 1):
        persons[n][1] = ("", "đang cập nhật", "test")[n % 3]  # parcels still hold the name
        persons[n][4] = "2031-01-01" if n % 2 else "2005-03-02"
        parcels[n][3] = ("26740", "99999")[n % 2]
        parcels[n + 20][4] = f"999{n:09}"
        parcels[n + 20][9] = "2019-01-01"
        parcels[n + 40][7] = "không đo"
        parcels[n + 40][1:4] = parcels[40][1:4]
        parcels[n + 40][10] = ""
        if rows > 1:
            test[n] = [persons[n][0], "TỐI MẬT" if n == 1 else "sao chép từ dữ liệu thật"]
    return content
