"""What values are, by their looks: addresses, moments, numbers."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from ipaddress import ip_address
from typing import Any, Final

import numpy as np
import pyarrow as pa

from auditor.readers.tables.patterns import EPOCHS, ISO, amounts, moments, pattern

LIKELY: Final = (631_152_000 * 10**9, 4_102_444_800 * 10**9)
"""Moments that logs tell of, in ns: from 1990 to 2100."""

_CLOCK: Final = (
    r"(?P<clock>\d{1,2}:\d{2}(?P<s>:\d{2})?(?P<f>\.\d+)?)(?P<p>\s*(?:[AaPp][Mm]|SA|CH|sa|ch))?"
)
_DAY: Final = (
    r"(?P<one>\d{1,4})(?P<sign>[/.-])(?P<two>\d{1,2}|[A-Za-z]{3,9})(?P=sign)"
    r"(?P<three>\d{4}|\d{1,2})"
)
_ZONE: Final = r"(?P<z>\s*(?:Z|[+-]\d{2}:?\d{2}))?"
_DAY_FIRST: Final = re.compile(rf"{_DAY}(?P<gap>,?[ T]+){_CLOCK}{_ZONE}")
_CLOCK_FIRST: Final = re.compile(rf"{_CLOCK}{_ZONE}(?P<gap>,?\s+){_DAY}")
MOST: Final = 0.6
"""Share of values that must look alike: some may be damaged."""


@dataclass(frozen=True, slots=True)
class TimeShape:
    """How a column writes its moments.

    Attributes:
        format: as a mapping has it; null = none was found.
        other: a second format that fits as well: day and month may stand either way.
        zoned: whether the values name their zone.
    """

    format: str | None
    other: str | None = None
    zoned: bool = False


def addresses(values: list[Any]) -> float:
    """The share of values that are IP addresses."""
    found = sum(is_address(value) for value in values)
    return found / len(values) if values else 0.0


def is_address(value: Any) -> bool:  # noqa: ANN401 - a value of a table
    """Whether this is an IP address as text."""
    if not isinstance(value, str) or not ("." in value or ":" in value) or len(value) > 60:
        return False
    try:
        ip_address(value.strip().strip("[]"))
    except ValueError:
        return False
    return True


def numbers(values: list[Any], decimal: str, thousands: str) -> float:
    """The share of values that are numbers, none of them negative."""
    plain = [value for value in values if not isinstance(value, bool)]
    found = sum(value >= 0 for value in plain if isinstance(value, (int, float)))
    words = pa.array([value for value in plain if isinstance(value, str)], pa.string())
    read = amounts(words, times=1, decimal=decimal, thousands=thousands)
    return (found + int(np.count_nonzero(read >= 0))) / len(values) if values else 0.0


def time_shape(values: list[Any]) -> TimeShape:
    """How these values write moments."""
    if values and all(isinstance(value, datetime) for value in values):
        return TimeShape(ISO, zoned=values[0].tzinfo is not None)
    if values and all(isinstance(value, (int, float)) for value in values):
        return TimeShape(_epoch([float(value) for value in values if not isinstance(value, bool)]))
    words = [value.strip() for value in values if isinstance(value, str)]
    if not words or len(words) < len(values):
        return TimeShape(None)
    if all(re.fullmatch(r"\d{9,19}(\.\d+)?", word) for word in words):
        return TimeShape(_epoch([float(word) for word in words]))
    if fits(words, ISO):
        return TimeShape(ISO, zoned=bool(re.search(r"(Z|[+-]\d{2}:?\d{2})$", words[0])))
    for shape in (_DAY_FIRST, _CLOCK_FIRST):
        found = shape.fullmatch(words[0])
        if found is not None:
            return _by_day(words, found, clock_first=shape is _CLOCK_FIRST)
    return TimeShape(None)


def fits(words: list[str], form: str) -> bool:
    """Whether most of these are moments of this format: some may be damaged."""
    return share_of(words, form) >= MOST


def share_of(words: list[str], form: str) -> float:
    """The share of these that are moments of this format."""
    if not words:
        return 0.0
    column = pa.array(words, pa.string())
    if form in EPOCHS:
        found = amounts(column, times=EPOCHS[form])
        return float(np.mean((found >= LIKELY[0]) & (found < LIKELY[1])))
    return float(np.mean(moments(column, pattern(form), 0)[0] >= 0))


def _epoch(numbers_: list[float]) -> str | None:
    for form, scale in EPOCHS.items():
        if numbers_ and all(LIKELY[0] <= number * scale < LIKELY[1] for number in numbers_):
            return form
    return None


def _by_day(words: list[str], found: re.Match[str], *, clock_first: bool) -> TimeShape:
    sign = found["sign"]
    if found["two"][0].isalpha():
        days = [f"%d{sign}%b{sign}%Y"]
    elif len(found["one"]) == 4:
        days = [f"%Y{sign}%m{sign}%d"]
    else:
        year = "%Y" if len(found["three"]) == 4 else "%y"
        days = [f"%d{sign}%m{sign}{year}", f"%m{sign}%d{sign}{year}"]
    hour = "%I" if found["p"] else "%H"
    clock = hour + ":%M" + (":%S" if found["s"] else "") + (".%f" if found["f"] else "")
    clock += (" %p" if found["p"].startswith(" ") else "%p") if found["p"] else ""
    zone = "" if not found["z"] else " %z" if found["z"].startswith(" ") else "%z"
    gap = re.sub(" +", " ", found["gap"])
    forms = [clock + zone + gap + day if clock_first else day + gap + clock + zone for day in days]
    # of equals the first: the day stands first in Vietnam
    form = max(forms, key=lambda each: share_of(words, each))
    if not fits(words, form):
        return TimeShape(None)
    other = next((each for each in forms if each != form), None)
    if other is not None and _told_apart(words, form, other):
        other = None
    return TimeShape(form, other, bool(zone))


def _told_apart(words: list[str], form: str, other: str) -> bool:
    """Whether enough values are of the one form only: a single one may be damaged."""
    column = pa.array(words, pa.string())
    of_one, of_other = (moments(column, pattern(each), 0)[0] >= 0 for each in (form, other))
    only = int(np.count_nonzero(of_one & ~of_other))
    return only > int(np.count_nonzero(of_other & ~of_one)) and (only > 1 or only == len(words))
