"""Times as logs write them (ISO 8601, RFC 3339), into nanoseconds."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from auditor.model.errors import InputError
from auditor.readers.capture.numbers import compiled, entry
from auditor.readers.logs.kernels import buffers

if TYPE_CHECKING:
    import numpy.typing as npt

    from auditor.readers.reading import Settings

SECOND: Final = 1_000_000_000
_ZERO, _NINE = 48, 57
_T, _SMALL_T, _SPACE, _Z, _SMALL_Z, _DASH, _PLUS, _COLON, _DOT, _COMMA = (
    84, 116, 32, 90, 122, 45, 43, 58, 46, 44,
)  # fmt: skip
_ZONE: Final = re.compile(r"([+-])(\d\d):?(\d\d)")


@compiled
def _digits(data: Any, place: int, count: int) -> int:  # noqa: ANN401 - compiled
    """The number that so many digits make; -1 where one is none."""
    value = 0
    for step in range(count):
        letter = data[place + step] + 0
        if letter < _ZERO or letter > _NINE:
            return -1
        value = value * 10 + letter - _ZERO
    return value


@compiled
def _days(year: int, month: int, day: int) -> int:
    """Days since 1970 (proleptic Gregorian calendar)."""
    shifted = year - (1 if month <= 2 else 0)
    era = shifted // 400
    of_era = shifted - era * 400
    of_year = (153 * (month + (-3 if month > 2 else 9)) + 2) // 5 + day - 1
    return era * 146097 + of_era * 365 + of_era // 4 - of_era // 100 + of_year - 719468


@entry
def _read(offsets: Any, data: Any, zone: int, times: Any, zoned: Any) -> None:  # noqa: ANN401 - compiled
    """Writes the ns of each text into ``times``, -1 for what is no time; ``zone`` in seconds."""
    for row in range(times.shape[0]):
        place, end = offsets[row] + 0, offsets[row + 1] + 0
        times[row] = -1
        zoned[row] = False
        if end - place < 19:
            continue
        year, month = _digits(data, place, 4), _digits(data, place + 5, 2)
        day, hour = _digits(data, place + 8, 2), _digits(data, place + 11, 2)
        minute, second = _digits(data, place + 14, 2), _digits(data, place + 17, 2)
        between = data[place + 10] + 0
        if (
            year < 1970 or year > 2260 or month < 1 or month > 12 or day < 1 or day > 31
            or hour < 0 or hour > 23 or minute < 0 or minute > 59 or second < 0 or second > 60
            or data[place + 4] != _DASH or data[place + 7] != _DASH
            or data[place + 13] != _COLON or data[place + 16] != _COLON
            or (between != _T and between != _SMALL_T and between != _SPACE)
        ):  # fmt: skip
            continue
        if day > 28:  # the day must be one of its month
            month_after = month % 12 + 1
            if _days(year, month, day) >= _days(year + (1 if month == 12 else 0), month_after, 1):
                continue
        place += 19
        parts, scale = 0, SECOND
        if place < end and (data[place] == _DOT or data[place] == _COMMA):
            place += 1
            while place < end and _ZERO <= data[place] <= _NINE:
                if scale > 1:
                    scale //= 10
                    parts += (data[place] + 0 - _ZERO) * scale
                place += 1
        offset, good = zone, place == end
        if place < end:
            sign = data[place] + 0
            if sign in (_Z, _SMALL_Z):
                offset, good = 0, place + 1 == end
            elif sign in (_PLUS, _DASH) and end - place >= 5:
                colon = 1 if data[place + 3] == _COLON else 0
                hours = _digits(data, place + 1, 2)
                if end - place == 5 + colon:
                    minutes = _digits(data, place + 3 + colon, 2)
                    good = 0 <= hours <= 23 and 0 <= minutes <= 59
                    offset = (hours * 3600 + minutes * 60) * (1 if sign == _PLUS else -1)
            zoned[row] = True
        if good:
            seconds = _days(year, month, day) * 86400 + hour * 3600 + minute * 60 + second - offset
            times[row] = seconds * SECOND + parts


def moments(texts: pa.Array, zone: int) -> tuple[pa.Array, npt.NDArray[np.bool_]]:
    """The moments in ns since 1970 UTC, null for what is no time; and which name no zone.

    Texts without a zone are taken for ``zone`` (seconds east of UTC).
    """
    times = np.full(len(texts), -1, np.int64)
    zoned = np.zeros(len(texts), np.bool_)
    if len(texts):
        _read(*buffers(texts), zone, times, zoned)
    known = (times >= 0) & np.asarray(pc.is_valid(texts), np.bool_)
    return pa.array(times, mask=~known), known & ~zoned


def zone_of(settings: Settings) -> int:
    """Seconds east of UTC of the clocks behind logs that name no zone.

    Raises:
        InputError: the setting is no offset.
    """
    found = _ZONE.fullmatch(settings.log_zone)
    if found is None:
        raise InputError(
            f"the zone {settings.log_zone!r} is no offset from UTC",
            place="--log-zone",
            hint="Write it like +07:00.",
        )
    sign, hours, minutes = found.groups()
    return (int(hours) * 3600 + int(minutes) * 60) * (1 if sign == "+" else -1)
