"""Moments in every way of writing that devices have, and in none."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.readers.reading import Settings
from auditor.readers.records.batch import Where
from auditor.readers.records.moments import LOCAL, NONE, YEARLESS, ZONED, moments, offset, placed
from auditor.readers.records.tally import Tally

MOMENT = datetime(2026, 10, 2, 3, 15, 32, tzinfo=UTC)
NS = int(MOMENT.timestamp()) * 10**9


@pytest.mark.parametrize(
    ("text", "ns", "kind"),
    [
        ("2026-10-02T10:15:32+07:00", NS, ZONED),
        ("2026-10-02 10:15:32 +0700", NS, ZONED),
        ("2026-10-02 10:15:32+07", NS, ZONED),
        ("2026-10-01T22:45:32-04:30", NS, ZONED),
        ("2026-10-02T03:15:32Z", NS, ZONED),
        ("2026-10-02T03:15:32.123456789Z", NS + 123456789, ZONED),
        ("2026/10/02 03:15:32", NS, LOCAL),
        ("2026/10/02 03:15:32.5", NS + 500_000_000, LOCAL),
        ("2026-10-02 03:15:32,25", NS + 250_000_000, LOCAL),
        ("Oct 02 2026 03:15:32", NS, LOCAL),
        ("Oct  2 2026 03:15:32.120 UTC", NS + 120_000_000, ZONED),
        ("oct 2 2026 03:15:32 GMT", NS, ZONED),
        ("Oct  2 03:15:32", NS, YEARLESS),
        ("Oct 2 03:15:32.001", NS + 1_000_000, YEARLESS),
        (str(NS // 10**9), NS, ZONED),
        (str(NS // 10**6 + 5), NS + 5_000_000, ZONED),
        (str(NS // 10**3), NS, ZONED),
        (str(NS + 7), NS + 7, ZONED),
    ],
)
def test_moments_are_read(text, ns, kind):
    found, kinds = moments(pa.array([text]), year=2026)
    assert (found[0], kinds[0]) == (ns, kind)


@pytest.mark.parametrize(
    "text",
    [
        None, "", " ", "2026", "2026-10-02", "2026-10-02T", "2026-10-02 03:15",
        "2026-13-02 03:15:32",
        "2026-00-02 03:15:32", "2026-10-32 03:15:32", "2026-10-02 24:15:32", "2026-10-02 03:60:32",
        "2026-10-02 03:15:61", "2026-10-02 03:15:32 CET", "2026-10-02 03:15:32+99:00",
        "Okt 2 03:15:32",
        "Oct", "Oct 2", "Oct 2 03:15", "9999999999", "9" * 19, "12345", "1" * 25,
        "0001-01-01 00:00:00",
        "9999-01-01 00:00:00", "2026-10-02 03:15:32 tomorrow", "-1790910932", "NaN",
    ],
)  # fmt: skip
def test_what_is_no_moment_is_none(text):
    assert moments(pa.array([text], pa.string()))[1][0] == NONE


@settings(max_examples=200, deadline=None)
@given(
    st.integers(86400, 9_150_000_000),
    st.integers(-14 * 60, 14 * 60),
)
def test_any_date_is_what_the_calendar_says(seconds, minutes):
    moment = datetime.fromtimestamp(seconds, timezone(timedelta(minutes=minutes)))
    [found], [kind] = moments(pa.array([moment.isoformat()]))
    assert (int(found), int(kind)) == (seconds * 10**9, ZONED)


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=40))
def test_any_text_is_a_moment_or_none(text):
    assert moments(pa.array([text]))[1][0] in (NONE, ZONED, LOCAL, YEARLESS)


@pytest.mark.parametrize(
    ("zone", "hours"), [("+07:00", 7), ("-04:30", -4.5), ("+0530", 5.5), ("+00:00", 0)]
)
def test_the_zone_is_an_offset(zone, hours):
    assert offset(Settings(log_zone=zone)) == hours * 3600 * 10**9


def test_moments_without_a_zone_get_the_assumed_one_and_are_counted():
    tally = Tally()
    found, clock = placed(
        np.array([NS, NS, 0]), np.array([ZONED, LOCAL, NONE]), Settings(), Where(), tally
    )
    assert found.to_pylist() == [NS, NS - 7 * 3600 * 10**9, None]
    assert clock.to_pylist()[:2] == ["stated", "assumed"]
    problems = []
    tally.tell("x", problems.append, offsets=True)
    assert [(each.code, each.count) for each in problems] == [("zone-assumed", 1)]
