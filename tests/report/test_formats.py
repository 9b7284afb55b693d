from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from auditor.model.text import MOST_MARKS, Text
from auditor.report import formats


@pytest.mark.parametrize(
    ("value", "vi", "en"),
    [
        (0, "0", "0"),
        (999, "999", "999"),
        (1_234_567, "1.234.567", "1,234,567"),
        (-4_500, "-4.500", "-4,500"),
        (None, "chưa biết", "not known"),
    ],
)
def test_numbers_are_grouped_as_each_language_does(value: int | None, vi: str, en: str) -> None:
    assert formats.number(value) == Text(vi, en)


@pytest.mark.parametrize(
    ("value", "vi", "en"),
    [
        (0, "0 B", "0 B"),
        (999, "999 B", "999 B"),
        (1_000, "1,0 kB", "1.0 kB"),
        (2_412_345_678, "2,4 GB", "2.4 GB"),
        (999_949, "999,9 kB", "999.9 kB"),
        (999_950, "1,0 MB", "1.0 MB"),
        (999_999_999_999, "1,0 TB", "1.0 TB"),
        (10**22, "10000,0 EB", "10000.0 EB"),
    ],
)
def test_bytes_take_the_unit_that_fits_and_never_round_to_a_thousand(
    value: int, vi: str, en: str
) -> None:
    assert formats.size(value) == Text(vi, en)


def test_exact_bytes_keep_the_last_byte() -> None:
    assert formats.exact_bytes(48_211_904_512) == Text(
        "48.211.904.512 byte", "48,211,904,512 bytes"
    )
    assert formats.exact_bytes(1).en == "1 byte"


def test_one_flow_is_singular_in_english() -> None:
    assert formats.flow_count(1) == Text("1 luồng", "1 flow")
    assert formats.flow_count(2000) == Text("2.000 luồng", "2,000 flows")


@pytest.mark.parametrize(
    ("part", "whole", "vi"),
    [
        (0, 100, "0%"),
        (1, 3, "33,3%"),
        (1, 1_000_000, "dưới 0,1%"),
        (999_999, 1_000_000, "trên 99,9%"),
        (100, 100, "100%"),
        (5, 0, "–"),
    ],
)
def test_a_share_never_says_nothing_or_all_unless_it_is(part: int, whole: int, vi: str) -> None:
    assert formats.share(part, whole).vi == vi


def test_times_are_shown_in_vietnam_whatever_the_zone_they_come_in() -> None:
    late = datetime(2026, 7, 14, 20, 30, 5, 123_456, tzinfo=UTC)
    expected = Text("15/07/2026 03:30:05", "2026-07-15 03:30:05")
    assert formats.moment(late) == expected
    assert formats.moment(late.astimezone(formats.VIETNAM)) == expected
    assert formats.moment(late.replace(tzinfo=None)) == expected
    assert formats.moment(late, fine=True) == Text(
        "15/07/2026 03:30:05,123", "2026-07-15 03:30:05.123"
    )


def test_times_at_the_ends_of_the_calendar_do_not_stop_a_report() -> None:
    assert formats.moment(datetime.max.replace(tzinfo=UTC)).en.startswith("9999-12-31")
    assert formats.moment(datetime.min.replace(tzinfo=UTC)).en.startswith("0001-01-01")


def test_a_period_within_one_vietnamese_day_names_the_day_once() -> None:
    first = datetime(2026, 7, 14, 18, 0, tzinfo=UTC)
    assert formats.period(first, first + timedelta(hours=3)).vi == "15/07/2026 01:00:00 – 04:00:00"
    over = formats.period(first, first + timedelta(hours=30)).vi
    assert over == "15/07/2026 01:00:00 – 16/07/2026 07:00:00"
    assert formats.period(first, first).vi == "15/07/2026 01:00:00"
    assert formats.period(None, first) == formats.NOT_KNOWN


@pytest.mark.parametrize(
    ("seconds", "vi"),
    [
        (0, "0 giây"),
        (64, "1 phút 4 giây"),
        (3600, "1 giờ"),
        (86_400 + 6 * 3600 + 720, "1 ngày 6 giờ"),
        (86_400 + 59, "1 ngày"),
        (-5, "0 giây"),
    ],
)
def test_a_duration_names_its_two_largest_units(seconds: int, vi: str) -> None:
    first = datetime(2026, 7, 14, tzinfo=UTC)
    assert formats.duration(first, first + timedelta(seconds=seconds)).vi == vi


def test_an_ipv6_endpoint_is_bracketed() -> None:
    assert formats.endpoint("2001:db8::1", 443) == "[2001:db8::1]:443"
    assert formats.endpoint("203.0.113.1", 443) == "203.0.113.1:443"
    assert formats.endpoint("203.0.113.1", None) == "203.0.113.1"


def test_flow_ids_become_ranges_and_what_does_not_fit_is_counted() -> None:
    assert formats.ranges([3, 4, 5, 9, 11, 12], 10) == ("3–5, 9, 11–12", 0)
    assert formats.ranges([1, 3, 5, 6, 7], 2) == ("1, 3", 3)
    assert formats.ranges([], 3) == ("", 0)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("safe.example.vn", "safe.example.vn"),
        ("Cơ sở dữ liệu đất đai", "Cơ sở dữ liệu đất đai"),
        ("a\u202egpj.exe", "a⟨U+202E⟩gpj.exe"),
        ("a\u2066b\u200bc\ufeffd", "a⟨U+2066⟩b⟨U+200B⟩c⟨U+FEFF⟩d"),
        ("nul\x00esc\x1b[31m", "nul⟨U+0000⟩esc⟨U+001B⟩[31m"),
        ("one\r\ntwo\tthree", "one  two three"),
        ("lone \ud800 half", "lone ⟨U+D800⟩ half"),
        ("private \ue000", "private ⟨U+E000⟩"),
        ("line\u2028sep", "line⟨U+2028⟩sep"),
    ],
)
def test_what_would_hide_or_turn_text_is_written_out(text: str, shown: str) -> None:
    assert formats.visible(text) == shown


def test_marks_piled_on_a_letter_are_written_out_but_decomposed_vietnamese_stays() -> None:
    assert formats.visible("e\u0302\u0301") == "e\u0302\u0301"
    piled = formats.visible("e" + "\u0301" * 50)
    assert piled.count("\u0301") == MOST_MARKS
    assert piled.count("⟨U+0301⟩") == 47


def test_long_text_loses_its_middle_and_says_how_much() -> None:
    shown = formats.visible("a" * 5_000 + "b" * 5_000, 120)
    assert shown == "a" * 80 + " […9890…] " + "b" * 30


def test_records_keep_two_digits_where_they_are_estimates_and_all_where_counted() -> None:
    assert formats.records(287_412, estimated=True) == Text(
        "≈ 290.000 lượt bản ghi (ước tính)", "≈ 290,000 records (estimate)"
    )
    assert formats.records(287_412, estimated=False).vi == "287.412 lượt bản ghi (đếm được)"
    assert formats.records(1, estimated=False).en == "1 record (counted)"
    assert formats.records(None, estimated=True) == Text("", "")
    rounded = [formats.rounded(value) for value in (0, 7, 42, 995, 104, 1_250, -1_250)]
    assert rounded == [0, 7, 42, 1000, 100, 1300, -1300]


def test_round_trips_keep_a_digit_that_tells_something() -> None:
    assert formats.milliseconds(2_149) == Text("2,1 ms", "2.1 ms")
    assert formats.milliseconds(40) == Text("0,04 ms", "0.04 ms")
    assert formats.kilometres(12_345) == Text("12.345 km", "12,345 km")
