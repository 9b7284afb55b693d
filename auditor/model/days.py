"""Days and moments as documents carry them: written in one way, and within the calendar."""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import Annotated, Final

from pydantic import AfterValidator, AwareDatetime

YEARS: Final = range(1900, 2262)
"""Programs count nanoseconds from 1970 and cannot count further; before 1900 nothing was signed."""
_ISO: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def iso_day(text: str) -> date:
    """The day in ``2026-11-21``.

    Raises:
        ValueError: it is written otherwise, or the calendar has no such day.
    """
    # fromisoformat alone also takes 20261121 and 2026-W47-6
    if _ISO.fullmatch(text):
        try:
            found = date.fromisoformat(text)
        except ValueError:
            found = date.min
        if found.year in YEARS:
            return found
    raise ValueError("write a day of the calendar in quotes, such as '2026-11-21'")


def _day(text: str) -> str:
    iso_day(text)
    return text


def _moment(moment: datetime) -> datetime:
    if moment.year not in YEARS:
        raise ValueError(f"use a year from {YEARS[0]} to {YEARS[-1]}")
    return moment


Day = Annotated[str, AfterValidator(_day)]
"""An ISO date, in quotes; YAML would make another type of it."""
Moment = Annotated[AwareDatetime, AfterValidator(_moment)]
"""A moment with its zone, far enough from the calendar's ends to be told in any zone."""
