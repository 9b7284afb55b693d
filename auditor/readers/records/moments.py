"""Moments out of texts: dates as devices write them, with or without a zone, compiled."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa

from auditor.readers.capture.numbers import entry, hot
from auditor.readers.records.kernels import buffers

if TYPE_CHECKING:
    import numpy.typing as npt

    from auditor.readers.reading import Settings
    from auditor.readers.records.batch import Where
    from auditor.readers.records.tally import Tally

    Bools = npt.NDArray[np.bool_]
    Ints = npt.NDArray[np.int64]

SECOND: Final = 1_000_000_000
UTC, GMT = int.from_bytes(b"UTC", "big"), int.from_bytes(b"GMT", "big")
NONE, ZONED, LOCAL, YEARLESS = 0, 1, 2, 3
"""What stands there: no date, one with its zone, one without, one without zone and year."""


def offset(settings: Settings) -> int:
    """The zone of logs that name none, in ns east of UTC."""
    found = re.fullmatch(r"([+-])(\d\d):?(\d\d)", settings.log_zone)
    if found is None:
        return 0
    sign, hours, minutes = found.groups()
    return (int(hours) * 60 + int(minutes)) * 60 * SECOND * (-1 if sign == "-" else 1)


def moments(texts: pa.StringArray, *, year: int = 1970) -> tuple[Ints, Ints]:
    """Nanoseconds since 1970 of each text, and what it is (``NONE`` to ``YEARLESS``).

    Read are ``2026-10-02T10:15:32.123+07:00`` with any of its parts behind the seconds left out, a
    space for the T and slashes for the dashes; ``Oct  2 2026 10:15:32.123`` and ``Oct 2 10:15:32``,
    which is of ``year``; and 10, 13, 16 or 19 digits, which are s, ms, µs or ns since 1970.
    """
    found = np.zeros(len(texts), np.int64)
    kinds = np.zeros(len(texts), np.int64)
    if len(texts):
        _moments(*buffers(texts), found, kinds, year)
    return found, kinds


def placed(
    found: Ints, kinds: Ints, settings: Settings, where: Where, tally: Tally
) -> tuple[pa.Array, pa.Array]:
    """Moments in UTC and how their zone is known (``clock``); tells where one was assumed."""
    local = kinds >= LOCAL
    if local.any():
        first, count = int(np.argmax(local)), int(np.count_nonzero(local))
        tally.add("zone-assumed", where.number(first), count=count, detail=settings.log_zone)
        found = np.where(local, found - offset(settings), found)
    words = pa.DictionaryArray.from_arrays(
        pa.array(local.astype(np.int32)), pa.array(["stated", "assumed"])
    )
    return pa.array(found, mask=kinds == NONE), words


@hot
def _digits(data: Any, place: int, end: int, most: int) -> tuple[int, int]:  # noqa: ANN401 - compiled
    """The number that stands there, of so many digits at most, and the place behind it."""
    value, first = 0, place
    while place < end and place - first < most and 48 <= data[place] <= 57:
        value = value * 10 + data[place] - 48
        place += 1
    return value, place


@hot
def _days(year: int, month: int, day: int) -> int:
    """Days since 1970; after Howard Hinnant's algorithm ``days_from_civil``."""
    if month <= 2:
        year -= 1
    era = year // 400
    of_era = year - era * 400
    of_year = (153 * (month + (-3 if month > 2 else 9)) + 2) // 5 + day - 1
    return era * 146097 + of_era * 365 + of_era // 4 - of_era // 100 + of_year - 719468


@hot
def _month(data: Any, place: int) -> int:  # noqa: ANN401 - compiled
    """1 to 12 for Jan to Dec, whatever the case; 0 for others."""
    first, second, third = data[place] | 32, data[place + 1] | 32, data[place + 2] | 32
    name = (first << 16) | (second << 8) | third
    for month in range(12):
        if name == MONTHS[month]:
            return month + 1
    return 0


MONTHS: Final = tuple(
    int.from_bytes(name.encode(), "big")
    for name in ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
)


@entry
def _moments(offsets: Any, data: Any, found: Any, kinds: Any, usual: int) -> None:  # noqa: ANN401 - compiled
    for row in range(found.shape[0]):
        place, end = offsets[row] + 0, offsets[row + 1] + 0
        first = place
        value, place = _digits(data, place, end, 19)
        count = place - first
        if place == end and count in (10, 13, 16, 19):
            if data[first] < 57:  # what begins with a 9 lies beyond 2255, and would not fit
                for _ in range(19 - count):
                    value *= 10
                found[row], kinds[row] = value, ZONED
            continue
        year, month, day, kind = usual, 0, 0, LOCAL
        if count == 4 and place < end and (data[place] == 45 or data[place] == 47):
            year = value
            month, place = _digits(data, place + 1, end, 2)
            if place < end and (data[place] == 45 or data[place] == 47):
                day, place = _digits(data, place + 1, end, 2)
        elif count == 0 and end - place > 6:
            month = _month(data, place)
            place += 3
            while place < end and data[place] == 32:
                place += 1
            day, place = _digits(data, place, end, 2)
            kind = YEARLESS
            rest, behind = _digits(data, place + 1, end, 4)
            if behind - place == 5:
                year, place, kind = rest, behind, LOCAL
        if not (1 <= month <= 12 and 1 <= day <= 31 and 1970 <= year <= 2260 and place < end):
            continue
        if data[place] != 32 and data[place] != 84:
            continue
        hour, place = _digits(data, place + 1, end, 2)
        if place >= end or data[place] != 58:
            continue
        minute, place = _digits(data, place + 1, end, 2)
        if place >= end or data[place] != 58:
            continue
        second, place = _digits(data, place + 1, end, 2)
        if hour > 23 or minute > 59 or second > 60:
            continue
        part = 0
        if place < end and (data[place] == 46 or data[place] == 44):
            behind = place + 1
            part, place = _digits(data, behind, end, 9)
            for _ in range(9 - (place - behind)):
                part *= 10
        while place < end and data[place] == 32:
            place += 1
        shift = 0
        if place < end and data[place] | 32 == 122 and place + 1 == end:
            kind = ZONED
        elif place < end and (data[place] == 43 or data[place] == 45):
            sign = -1 if data[place] == 45 else 1
            hours, place = _digits(data, place + 1, end, 2)
            if place < end and data[place] == 58:
                place += 1
            minutes, place = _digits(data, place, end, 2)
            if place != end or hours > 14 or minutes > 59:
                continue
            shift, kind = sign * (hours * 60 + minutes) * 60, ZONED
        elif place + 3 == end and _names_utc(data, place):
            kind = ZONED
        elif place != end:
            continue
        seconds = _days(year, month, day) * 86400 + hour * 3600 + minute * 60 + second - shift
        found[row], kinds[row] = seconds * SECOND + part, kind


@hot
def _names_utc(data: Any, place: int) -> bool:  # noqa: ANN401 - compiled
    """Whether UTC or GMT stands there."""
    first, second, third = data[place] + 0, data[place + 1] + 0, data[place + 2] + 0
    name = (first << 16) | (second << 8) | third
    return bool(name in (UTC, GMT))
