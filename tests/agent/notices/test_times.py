"""Quiet hours and digests: nothing before its time, nothing never."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.agent.channels import Channel, Quiet
from auditor.agent.notices import times
from auditor.model.finding import SEVERITIES

VIETNAM = ZoneInfo("Asia/Ho_Chi_Minh")
CLOCKS = st.times().map(lambda found: f"{found:%H:%M}")
ZONES = st.sampled_from(
    [VIETNAM, *map(ZoneInfo, ("UTC", "Europe/Berlin", "Australia/Lord_Howe", "Pacific/Apia"))]
)
MOMENTS = st.datetimes(datetime(2000, 1, 1), datetime(2040, 1, 1)).map(  # noqa: DTZ001 - made UTC
    lambda found: found.replace(tzinfo=UTC)
)


def channel(**more):
    return Channel(name="drop", drop={"folder": "notices"}, **more)


def at(clock, day=22):
    return datetime.combine(datetime(2026, 11, day), time.fromisoformat(clock), VIETNAM)  # noqa: DTZ001


@pytest.mark.parametrize(
    ("now", "severity", "goes"),
    [
        (at("21:59"), "low", at("21:59")),
        (at("22:00"), "low", at("06:00", 23)),
        (at("03:00"), "low", at("06:00")),
        (at("05:59"), "high", at("06:00")),
        (at("06:00"), "low", at("06:00")),
        (at("23:00"), "critical", at("23:00")),
        (at("23:00"), None, at("06:00", 23)),
    ],
)
def test_the_night_is_quiet_but_for_what_is_critical(now, severity, goes):
    quiet = Quiet(begin="22:00", end="06:00")
    assert times.not_before(channel(quiet=quiet), severity, now, VIETNAM) == goes


def test_hours_in_the_day_and_hours_that_nothing_goes_through():
    lunch = channel(quiet=Quiet(begin="12:00", end="13:00", but=None))
    assert times.not_before(lunch, "critical", at("12:30"), VIETNAM) == at("13:00")
    assert times.not_before(lunch, "low", at("13:00"), VIETNAM) == at("13:00")


def test_a_digest_gathers_even_what_is_critical():
    digest = channel(digest="07:30")
    assert times.not_before(digest, "critical", at("07:31"), VIETNAM) == at("07:30", 23)
    assert times.not_before(digest, "low", at("07:30"), VIETNAM) == at("07:30")
    assert times.not_before(digest, "low", at("00:10"), VIETNAM) == at("07:30")


@given(clock=CLOCKS, now=MOMENTS, zone=ZONES)
def test_the_next_time_comes_within_a_day_and_shows_the_clock(clock, now, zone):
    found = times.next_time(clock, now, zone)
    assert now <= found <= now + timedelta(hours=25)
    shown = found.astimezone(zone)
    gap = (
        shown.utcoffset()
        != (shown - timedelta(hours=2)).astimezone(UTC).astimezone(zone).utcoffset()
    )
    assert f"{shown:%H:%M}" == clock or gap


@given(
    begin=CLOCKS,
    end=CLOCKS,
    but=st.none() | st.sampled_from(SEVERITIES),
    severity=st.sampled_from(SEVERITIES),
    now=MOMENTS,
    zone=ZONES,
)
def test_quiet_hours_hold_back_until_their_end_and_no_longer(begin, end, but, severity, now, zone):
    if begin == end:
        return
    quiet = channel(quiet=Quiet(begin=begin, end=end, but=but))
    goes = times.not_before(quiet, severity, now, zone)
    assert now <= goes <= now + times.LONGEST
    shown = f"{now.astimezone(zone):%H:%M}"
    inside = begin <= shown < end if begin < end else not end <= shown < begin
    through = but is not None and SEVERITIES.index(severity) <= SEVERITIES.index(but)
    assert (goes > now) == (inside and not through)
