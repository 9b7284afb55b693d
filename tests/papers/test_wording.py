from __future__ import annotations

from datetime import UTC, datetime

from auditor.papers import wording
from tests.papers.conftest import day


def test_numbers_are_written_the_vietnamese_way():
    assert wording.number(1_234_567) == "1.234.567"
    assert [wording.size(n) for n in (0, 999, 1000, 2_450_000, 999_960)] == [
        "0 B", "999 B", "1,0 kB", "2,5 MB", "1,0 MB",
    ]  # fmt: skip
    assert [wording.rounded(n) for n in (7, 2_849, 355_000)] == ["≈ 7", "≈ 2.800", "≈ 360.000"]


def test_a_day_is_that_of_vietnam():
    assert wording.day(wording.day_of(datetime(2026, 9, 14, 18, tzinfo=UTC))) == "15/09/2026"
    assert wording.day(day("0900-01-02")) == "02/01/0900"


def test_what_is_no_country_is_shown_as_it_stands():
    assert wording.country("sg") == "Singapore"
    assert wording.country(None) == "chưa xác định"
    assert wording.countries(()) == "chưa xác định"
    assert wording.countries(("SG", "JP", "JP", "DE"), 2) == "Singapore, Nhật Bản và 1 nơi khác"


def test_long_lists_say_how_many_more_there_are():
    assert wording.listed("abca") == "a, b, c"
    assert wording.listed("abcdef", 2) == "a, b (và 4 mục khác)"
