from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.model.errors import InputError
from auditor.readers.logs.moments import moments, zone_of
from auditor.readers.reading import Settings

HOUR = 3600
OF_1970 = datetime(1970, 1, 1, tzinfo=UTC)


def ns(moment: datetime) -> int:
    return (moment - OF_1970) // timedelta(microseconds=1) * 1000


def one(text: str | None, zone: int = 0) -> tuple[int | None, bool]:
    times, assumed = moments(pa.array([text], pa.string()), zone)
    return times.to_pylist()[0], bool(assumed[0])


@settings(deadline=None)  # the first run compiles
@given(
    st.datetimes(datetime(1971, 1, 1), datetime(2259, 1, 1)),  # noqa: DTZ001 - the zone comes next
    st.integers(-12 * 60, 14 * 60),
    st.booleans(),
    st.sampled_from("T t"),
)
def test_every_moment_is_read_as_python_reads_it(naive, minutes, colon, between):
    moment = naive.replace(tzinfo=timezone(timedelta(minutes=minutes)))
    text = moment.strftime("%Y-%m-%d|%H:%M:%S.%f%z").replace("|", between)
    text = text if not colon else f"{text[:-2]}:{text[-2:]}"
    assert one(text) == (ns(moment), False)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("1970-01-01T00:00:01Z", 1_000_000_000),
        ("1970-01-01T00:00:00.000000001Z", 1),
        ("1970-01-01T00:00:00.1234567891234Z", 123_456_789),
        ("1970-01-01T00:00:00,5z", 500_000_000),
        ("2024-02-29T00:00:00Z", 1_709_164_800_000_000_000),
        ("1970-01-01T07:00:00+0700", 0),
    ],
)
def test_parts_of_seconds_and_zones_are_kept(text, wanted):
    assert one(text) == (wanted, False)


@pytest.mark.parametrize(
    "text",
    [
        None, "", "x", "2026-10-01", "2026-13-01T00:00:00Z", "2026-02-29T00:00:00Z",
        "2026-12-32T00:00:00Z", "2026-04-31T00:00:00Z", "2026-10-01T24:00:00Z",
        "2026-10-01T00:60:00Z", "2026-10-01T00:00:61Z", "2026-10-01x00:00:00Z",
        "2026-10-01T00:00:00+7", "2026-10-01T00:00:00+07:0", "2026-10-01T00:00:00+99:00",
        "2026-10-01T00:00:00Zx", "2026-10-01T00:00:00 UTC", "0001-01-01T00:00:00Z",
        "9999-01-01T00:00:00Z", "-026-10-01T00:00:00Z", "２026-10-01T00:00:00Z",
        "1969-12-31T23:59:59Z", "1970-01-01T00:00:00+14:00",
    ],
)  # fmt: skip
def test_what_is_no_time_is_null(text):
    assert one(text) == (None, False)


def test_a_time_without_a_zone_is_of_the_zone_that_was_set():
    assert one("1970-01-01T07:00:00.5", 7 * HOUR) == (500_000_000, True)


def test_slices_of_a_column_are_read_where_they_lie():
    column = pa.array(["x", "1970-01-01T00:00:01Z", None, "1970-01-01T00:00:02Z"]).slice(1)
    assert moments(column, 0)[0].to_pylist() == [1_000_000_000, None, 2_000_000_000]


def test_the_zone_is_read_from_the_settings():
    assert zone_of(Settings(log_zone="+07:00")) == 7 * HOUR
    assert zone_of(Settings(log_zone="-0330")) == -(3 * HOUR + 1800)
    with pytest.raises(InputError, match="no offset"):
        zone_of(Settings(log_zone="Asia/Ho_Chi_Minh"))
