"""Working days across Tết, and calendar months."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest
import yaml

from auditor.checklist.working_days import months_before, working_days

FILE = Path(__file__).parents[2] / "policies" / "checklists" / "holidays.yaml"
DAYS = yaml.safe_load(FILE.read_text(encoding="utf-8"))["days"]
HOLIDAYS = frozenset(date.fromisoformat(day) for day in DAYS)


def counted_one_by_one(start, end, holidays):
    days = (start + timedelta(days=number) for number in range(1, (end - start).days + 1))
    return sum(day.weekday() < 5 and day not in holidays for day in days)


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        (date(2026, 2, 13), date(2026, 2, 23), 1),  # Friday before Tết, Monday after
        (date(2026, 8, 28), date(2026, 9, 3), 1),  # National Day with its swap
        (date(2026, 11, 23), date(2026, 11, 25), 1),  # Culture Day between
        (date(2026, 11, 16), date(2026, 11, 20), 4),
        (date(2026, 11, 20), date(2026, 11, 22), 0),  # a weekend
        (date(2026, 11, 20), date(2026, 11, 20), 0),
        (date(2026, 11, 20), date(2026, 11, 1), 0),
    ],
)
def test_working_days(start, end, expected):
    assert working_days(start, end, HOLIDAYS) == expected


def test_working_days_are_the_same_counted_one_by_one():
    start = date(2025, 1, 1)
    for length in range(0, 1000, 7):
        for shift in range(7):
            first = start + timedelta(days=shift)
            end = first + timedelta(days=length + shift)
            assert working_days(first, end, HOLIDAYS) == counted_one_by_one(first, end, HOLIDAYS)


@pytest.mark.parametrize(("year", "weekdays"), [(2025, 12), (2026, 14), (2027, 12)])
def test_each_year_has_the_days_off_of_its_notices(year, weekdays):
    assert sum(day.year == year and day.weekday() < 5 for day in HOLIDAYS) == weekdays


def test_days_that_nobody_announced_yet_are_marked_as_expected():
    assert all("dự kiến" in name for day, name in DAYS.items() if day.startswith("2027"))


@pytest.mark.parametrize(
    ("day", "months", "expected"),
    [
        (date(2026, 11, 21), 6, date(2026, 5, 21)),
        (date(2026, 8, 31), 6, date(2026, 2, 28)),
        (date(2024, 8, 31), 6, date(2024, 2, 29)),
        (date(2026, 1, 15), 12, date(2025, 1, 15)),
        (date(2026, 1, 31), 1, date(2025, 12, 31)),
        (date(2025, 12, 31), -2, date(2026, 2, 28)),
        (date(2026, 5, 1), 0, date(2026, 5, 1)),
    ],
)
def test_months_before(day, months, expected):
    assert months_before(day, months) == expected


def test_months_before_the_first_year_are_refused():
    with pytest.raises(OverflowError):
        months_before(date(2026, 1, 1), 100_000)
