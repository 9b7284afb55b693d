from __future__ import annotations

import unicodedata
from datetime import date, timedelta

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.checklist.sources import values
from auditor.checklist.sources.rules import Column

TODAY = date(2026, 11, 21)


def array(*texts):
    return pa.array(texts, pa.string())


def malformed(kind, *texts, **more):
    column = Column.model_validate({"name": "c", "kind": kind} | more)
    return [not wrong for wrong in values.malformed(array(*texts), column, TODAY)]


@pytest.mark.parametrize(
    ("kind", "right", "wrong"),
    [
        ("citizen-id", ["079200123456", "001199000001", "201099123456", "096326000000"],
         ["79200123456", "000200123456", "003200123456", "079427123456", "079227000000",
          "0792001234567", "07920012345a", "０79200123456", "079 200123456"]),
        ("tax-code", ["0100233488", "0314409058-002"],
         ["010023348", "0314409058002", "A100233488"]),
        ("date", ["2026-11-21", "21/11/2026", "1.1.1900", "29/02/2024", "2026-11-21T10:00:00+07:00",
                  "21/11/2026 10:00"],
         ["2026-02-29", "31/04/2026", "2026-13-01", "0/1/2026", "1/1/1899", "1/1/2201", "2026", "x",
          "2026-11-21 at noon"]),
        ("number", ["1", "-1,5", "+2.5", "0"], ["1e5", "1.000,5", "٣", "", ".5"]),
        ("email", ["an.nguyen@example.gov.vn"],
         ["an@", "@b.vn", "a b@c.vn", "an@example", "đ@b.vn"]),
        ("phone", ["0912345678", "+84 912 345 678", "024.3825.1234"], ["912345678", "0123", "09x"]),
    ],
)  # fmt: skip
def test_forms_of_kinds(kind, right, wrong):
    assert malformed(kind, *right) == [True] * len(right)
    assert malformed(kind, *wrong) == [False] * len(wrong)


def test_enums_and_patterns_are_those_of_the_rules():
    assert malformed("enum", "a", "A", "b", values=["a", "b"]) == [True, False, True]
    assert malformed("pattern", "TD01", "xTD01", "TD01\n", pattern="TD[0-9]+|x") == [
        True, False, False]  # fmt: skip


def test_a_birth_year_that_is_still_to_come_is_no_personal_number():
    texts = array("079226000000", "079227000000")
    for year, right in ((2026, [True, False]), (2027, [True, True])):
        pattern = f"^{values.citizen_id(date(year, 1, 1))}$"
        assert list(values.matching(texts, pattern)) == right


def test_check_digits_are_those_of_well_known_tax_codes():
    texts = array("0100233488", "0100233480", "0314409058-002", "0100112437", "no", "")
    assert list(values.check_digit_wrong(texts)) == [False, True, False, False, False, False]


@given(st.lists(st.dates(date(1900, 1, 1), date(2200, 12, 31)), min_size=1))
def test_days_are_those_of_the_calendar(days):
    for written in ("%Y-%m-%d", "%d/%m/%Y"):
        found = values.days(array(*[f"{day:{written}}" for day in days]))
        assert [date(1970, 1, 1) + timedelta(days=int(n)) for n in found] == days
    assert [values.day_number(day) for day in days] == list(found)


@pytest.mark.parametrize(
    "text",
    ["NguyÔn V¨n An", "Nguyá»…n", "Ä‘ường", "Nguy?n", "Nguy\ufffdn", "\x91", "Ã¡", "Æ°ớc"],
)
def test_signs_of_a_wrong_encoding(text):
    assert values.damaged(array(text), "text")[0]


@pytest.mark.parametrize(
    "text",
    ["Nguyễn Văn Ánh", "XÃ ĐÃ NẴNG", "5µm", "Có? Không?", "«ABC»", "Ä", "§ 5", "São Paulo", "ƯỚC"],
)
def test_vietnamese_text_is_no_wrong_encoding(text):
    assert not values.damaged(array(text), "text")[0]


def test_junk_depends_on_the_kind():
    texts = array("000", "Test 1", "01/01/1900", "9999-12-31 00:00", "111111", "12345678901", "ok")
    assert list(values.junk(texts, "text")) == [True] * 6 + [False]
    assert list(values.junk(texts, "number")) == [False, True] + [False] * 5
    assert list(values.junk(texts, "date")) == [False, True, True, True] + [False] * 3


@pytest.mark.parametrize(
    ("text", "mark"),
    [("MẬT", True), ("Tối mật", True), ("Độ mật: TUYỆT  MẬT", True), ("[mật]", True),
     (unicodedata.normalize("NFD", "MẬT"), True), ("BẢO MẬT", False),
     ("mật khẩu", False), ("bí mật", False), ("MAT", False)],
)  # fmt: skip
def test_a_secrecy_mark_stands_alone(text, mark):
    assert values.secrecy_marks(array(text))[0] == mark


def test_numbers_out_of_range_are_told_apart_from_what_is_no_number():
    column = Column(name="c", kind="number", least=1, most=2)
    found = values.outside(array("0", "1", "2", "2,5", "x"), column, TODAY)
    assert list(found) == [True, False, False, True, False]
    assert np.isnan(values.numbers(array("x", ""))).all()
