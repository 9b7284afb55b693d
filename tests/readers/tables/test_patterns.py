"""Moments and amounts out of texts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.readers.tables.patterns import ISO, amounts, bare, moments, pattern, zone_ns

SECOND = 10**9
MOMENTS = st.datetimes(datetime(1970, 1, 2), datetime(2261, 1, 1)).map(  # noqa: DTZ001
    lambda moment: moment.replace(tzinfo=UTC)
)


def read(form: str, text: str | None, zone: str = "UTC") -> tuple[int, bool]:
    found, stated = moments(pa.array([text], pa.string()), pattern(form), zone_ns(zone))
    return int(found[0]), bool(stated[0])


def ns(moment: datetime) -> int:
    whole = moment - datetime(1970, 1, 1, tzinfo=UTC)
    return (whole.days * 86400 + whole.seconds) * SECOND + whole.microseconds * 1000


@settings(deadline=None)
@given(MOMENTS, st.integers(-12, 14))
def test_iso_times_are_read_as_python_reads_them(moment, hours):
    there = moment.astimezone(timezone(timedelta(hours=hours)))
    found = read(ISO, there.isoformat())
    assert found == (ns(moment), True) or ns(moment) < 0


@settings(deadline=None)
@given(MOMENTS, st.sampled_from(
    ["%d/%m/%Y %H:%M:%S", "%H:%M:%S %d-%m-%Y", "%m/%d/%Y %I:%M:%S %p", "%b %d %Y %H:%M:%S",
     "%Y%m%d%H%M%S", "%d %B %Y, %H:%M:%S"]
))  # fmt: skip
def test_patterns_are_read_as_python_writes_them(moment, form):
    moment = moment.replace(microsecond=0)
    assert read(form, moment.strftime(form), "+07:00") == (
        ns(moment) - 7 * 3600 * SECOND,
        False,
    ) or (ns(moment) < 7 * 3600 * SECOND)


@pytest.mark.parametrize(
    ("form", "text", "seconds"),
    [
        (ISO, "2026-09-28 08:00", 1790582400),
        (ISO, "2026-09-28T08:00:00,5+0700", 1790557200.5),
        (ISO, " 2026-09-28T08:00:00.123456789Z ", 1790582400.123456789),
        ("%d/%m/%Y %H:%M", "8/9/2026   7:05", 1788851100),
        ("%d/%m/%Y %I:%M:%S %p", "28/09/2026 08:00:00 SA", 1790582400),
        ("%d/%m/%Y %I:%M:%S %p", "28/09/2026 12:00:00 CH", 1790596800),
        ("%d/%m/%Y %H:%M:%S.%f", "28/09/2026 08:00:00.250", 1790582400.25),
    ],
)
def test_what_vietnamese_and_other_exports_write_is_read(form, text, seconds):
    assert abs(read(form, text)[0] / SECOND - seconds) < 1e-6


@pytest.mark.parametrize(
    "text",
    [
        None, "", "x", "2026-02-29T00:00:00Z", "2026-13-01T00:00:00Z", "2026-09-28T24:00:00Z",
        "2026-09-28T08:00:00Zx", "2026-09-28T08:00:00+25:00", "1969-12-31T23:59:59Z",
        "9999-09-28T08:00:00Z", "2026-09-28", "2026-09-28T08:60:00Z", "2026-09-28T08:00:61Z",
        "0000-00-00T00:00:00", "２０２６-09-28T08:00:00Z", "2026-09-28T08:00:00.",
    ],
)  # fmt: skip
def test_what_is_no_moment_is_none(text):
    assert read(ISO, text)[0] == -1


@settings(deadline=None)
@given(st.lists(st.text(max_size=40)))
def test_nothing_written_makes_the_reader_stumble(texts):
    column = pa.array([text.encode("utf-8", "replace").decode() for text in texts], pa.string())
    for form in (ISO, "%d/%m/%Y %H:%M:%S", "%I:%M %p %e %b %y %z"):
        found, _ = moments(column, pattern(form), 0)
        assert len(found) == len(texts)
    assert all(value >= -1 for value in amounts(column, times=SECOND, decimal=",", thousands="."))


@pytest.mark.parametrize(
    ("text", "decimal", "thousands", "value"),
    [
        ("1234", ".", "", 1234), ("1.234.567", ",", ".", 1234567), ("1.234,6", ",", ".", 1235),
        ("12.34", ",", ".", -1), ("1234.567", ",", ".", -1), ("1,234", ".", "", -1),
        ("-5", ".", "", -1), ("1e3", ".", "", 1000), ("1,5E+3", ",", "", 1500), ("", ".", "", -1),
        ("nan", ".", "", -1), ("99999999999999999999999", ".", "", -1), ("1e99", ".", "", -1),
        ("+7", ".", "", 7), (" 7 ", ".", "", 7), ("7 KB", ".", "", -1), (".", ".", "", -1),
    ],
)  # fmt: skip
def test_numbers_are_read_by_their_signs(text, decimal, thousands, value):
    column = pa.array([text])
    assert amounts(column, times=1, decimal=decimal, thousands=thousands)[0] == value


@settings(deadline=None)
@given(st.integers(0, 9_000_000_000), st.integers(0, 999_999_999))
def test_seconds_with_decimals_are_exact_to_the_nanosecond(whole, part):
    found = amounts(pa.array([f"{whole}.{part:09d}"]), times=SECOND)
    assert found[0] == (whole * SECOND + part if whole <= (1 << 62) // SECOND else -1)


def test_bits_are_eighths_of_bytes():
    assert amounts(pa.array(["12"]), times=1, over=8)[0] == 2
    assert amounts(pa.array(["1.5"]), times=1 << 20)[0] == 3 << 19


@pytest.mark.parametrize(
    ("texts", "is_bare"),
    [
        ([], True), (["a", "b c"], True), (["a", ""], False), (["a", None], False),
        ([" a"], False), (["a\t"], False), (["\u00a0a"], False),
    ],
)  # fmt: skip
def test_texts_without_blanks_around_them_are_told_apart(texts, is_bare):
    assert bare(pa.array(texts, pa.string())) is is_bare
