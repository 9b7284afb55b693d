"""Five-field cron expressions, as crontab(5) means them.

APScheduler counts the days of the week from Monday, and lets a day of the month and a day of the
week hold together; cron counts from Sunday, and takes either. What people write is therefore read
here, and handed on with names of days; an expression that names both kinds of days is refused.
"""

from __future__ import annotations

import re
from typing import Final

FIELDS: Final = ("minute", "hour", "day", "month", "day_of_week")
_BOUNDS: Final = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 7))
_MONTHS: Final = (
    "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
)  # fmt: skip
_DAYS: Final = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_LONGEST: Final = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_PART: Final = re.compile(r"(\*|\w{1,3}(?:-\w{1,3})?)(?:/([0-9]{1,2}))?", re.ASCII)


def fields(text: str) -> dict[str, str]:
    """The fields of ``text`` as APScheduler's ``CronTrigger`` takes them.

    Raises:
        ValueError: it is no cron expression, or names days that never come.
    """
    words = text.lower().split()
    if len(words) != len(FIELDS):
        raise ValueError(
            f"has {len(words)} fields; write five: minute hour day month day-of-week, "
            "such as '30 1 * * *' for half past one every night"
        )
    minutes, hours, days, months, weekdays = (
        _values(word, name, bounds)
        for word, name, bounds in zip(words, FIELDS, _BOUNDS, strict=True)
    )
    if not words[2].startswith("*") and not words[4].startswith("*"):
        raise ValueError("names days of the month and of the week: write one of them as *")
    if min(days) > max(_LONGEST[month - 1] for month in months):
        raise ValueError(f"never fires: no such month has a day {min(days)}")
    weekdays = {day % 7 for day in weekdays}
    return {
        "minute": _listed(minutes),
        "hour": _listed(hours),
        "day": _listed(days),
        "month": _listed(months),
        "day_of_week": ",".join(_DAYS[day] for day in sorted(weekdays)),
    }


def _values(word: str, name: str, bounds: tuple[int, int]) -> set[int]:
    """Every number that a field allows."""
    found: set[int] = set()
    lowest, highest = bounds
    for part in word.split(","):
        match = _PART.fullmatch(part)
        if match is None:
            raise ValueError(f"{name}: {part!r} is not understood; write *, 5, 1-5, */10 or 1,15")
        span, step = match[1], int(match[2] or 1)
        if span == "*":
            first, last = lowest, 6 if name == "day_of_week" else highest
        else:
            first = _number(span.split("-")[0], name, bounds)
            last = _number(span.split("-")[1], name, bounds) if "-" in span else first
            if match[2] and "-" not in span:  # 5/15 = from 5 on
                last = highest
        if first > last:
            raise ValueError(f"{name}: {part!r} ends before it begins")
        if not 1 <= step <= highest:
            raise ValueError(f"{name}: a step of {step} is none")
        found |= set(range(first, last + 1, step))
    return found


def _number(word: str, name: str, bounds: tuple[int, int]) -> int:
    if name == "month" and word in _MONTHS:
        return _MONTHS.index(word) + 1
    if name == "day_of_week" and word in _DAYS:
        return _DAYS.index(word)
    if not word.isdigit() or not bounds[0] <= int(word) <= bounds[1]:
        raise ValueError(f"{name}: {word!r} is not from {bounds[0]} to {bounds[1]}")
    return int(word)


def _listed(numbers: set[int]) -> str:
    return ",".join(str(number) for number in sorted(numbers))
