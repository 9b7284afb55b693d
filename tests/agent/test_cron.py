"""What people write in crontabs means here what it means there."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from apscheduler.triggers.cron import CronTrigger

from auditor.agent import cron


def times(text: str, count: int = 3) -> list[str]:
    when = CronTrigger(**cron.fields(text), timezone=UTC)
    found, now = [], datetime(2026, 11, 22, 12, 30, tzinfo=UTC)  # a Sunday
    for _ in range(count):
        found.append(when.get_next_fire_time(None, now))
        now = found[-1].replace(microsecond=1)
    return [f"{each:%a %d %b %H:%M}" for each in found]


def test_days_of_the_week_are_counted_from_sunday():
    assert times("0 2 * * 0", 2) == ["Sun 29 Nov 02:00", "Sun 06 Dec 02:00"]
    assert times("0 2 * * 7", 1) == ["Sun 29 Nov 02:00"]
    assert times("0 2 * * 1-5", 6)[4:] == ["Fri 27 Nov 02:00", "Mon 30 Nov 02:00"]
    assert times("0 2 * * fri-6", 3) == ["Fri 27 Nov 02:00", "Sat 28 Nov 02:00", "Fri 04 Dec 02:00"]


def test_steps_lists_and_names_of_months():
    assert times("*/20 13 * * *") == ["Sun 22 Nov 13:00", "Sun 22 Nov 13:20", "Sun 22 Nov 13:40"]
    assert times("5/25 13 * * *") == ["Sun 22 Nov 13:05", "Sun 22 Nov 13:30", "Sun 22 Nov 13:55"]
    assert times("0 0 1,15 dec-12 *") == [
        "Tue 01 Dec 00:00",
        "Tue 15 Dec 00:00",
        "Wed 01 Dec 00:00",
    ]
    assert times("0 0 29 2 *", 1) == ["Tue 29 Feb 00:00"]


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("0 2 31 2 *", "never fires"),
        ("0 2 31 4,6,9,11 *", "never fires"),
        ("0 2 1 * 1", "days of the month and of the week"),
        ("0 2 * *", "has 4 fields"),
        ("@daily", "has 1 fields"),
        ("60 2 * * *", "minute: '60' is not from 0 to 59"),
        ("0 2 * * 8", "day_of_week: '8' is not"),
        ("0 2 * * mo", "day_of_week: 'mo' is not"),
        ("0 5-2 * * *", "ends before it begins"),
        ("0/0 * * * *", "a step of 0"),
        ("0 2 last * *", "day: 'last' is not understood"),
        ("0 2 ٣ * *", "day: '٣' is not understood"),
        ("0 , * * *", "is not understood"),
    ],
)
def test_what_is_wrong_is_said(text, what):
    with pytest.raises(ValueError, match=what.replace("(", r"\(")):
        cron.fields(text)
