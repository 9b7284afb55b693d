"""Working days and calendar months, as time limits count them (Bộ luật Dân sự 2015 Đ147-148)."""

from __future__ import annotations

from calendar import monthrange
from datetime import date, timedelta
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet

SATURDAY: Final = 5


def working_days(start: date, end: date, holidays: AbstractSet[date]) -> int:
    """Working days after ``start`` up to and with ``end``; the first day is never counted.

    Saturdays that are worked in exchange for a day off are not known, so not counted.
    """
    if end <= start:
        return 0
    weeks, rest = divmod((end - start).days, 7)
    last = (start + timedelta(days=number) for number in range(1, rest + 1))
    counted = weeks * 5 + sum(day.weekday() < SATURDAY for day in last)
    return counted - sum(start < day <= end and day.weekday() < SATURDAY for day in holidays)


def months_before(day: date, months: int) -> date:
    """The same day so many months earlier, or that month's last day where it has no such day.

    Raises:
        OverflowError: there is no such year.
    """
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    if not date.min.year <= year <= date.max.year:
        raise OverflowError(f"{months} months before {day} is no date")
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))
