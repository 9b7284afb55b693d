"""Moments and amounts out of texts, compiled: formats that no library reads as whole columns."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from auditor.readers.capture.numbers import compiled, entry
from auditor.readers.records.kernels import buffers

if TYPE_CHECKING:
    import numpy.typing as npt
    import pyarrow as pa

    Ints = npt.NDArray[np.int64]
    Array = Any
    """Of compiled code: any numbers."""

ISO: Final = "iso8601"
EPOCHS: Final = {"epoch-s": 10**9, "epoch-ms": 10**6, "epoch-us": 10**3, "epoch-ns": 1}
"""Nanoseconds in one of each."""

# Steps of a pattern above the bytes, which stand for themselves.
YEAR, SHORT_YEAR, MONTH, DAY, HOUR, HALF_HOUR, MINUTE, SECOND, FRACTION = range(256, 265)
HALF, ZONE, NAME, GAP, REST = range(265, 270)
_STEPS: Final = {
    "Y": YEAR, "y": SHORT_YEAR, "m": MONTH, "d": DAY, "e": DAY, "H": HOUR, "I": HALF_HOUR,
    "M": MINUTE, "S": SECOND, "f": FRACTION, "p": HALF, "z": ZONE, "b": NAME, "B": NAME,
    "%": ord("%"),
}  # fmt: skip
_LONGER: Final = {"T": "%H:%M:%S", "F": "%Y-%m-%d", "R": "%H:%M"}
_ISO_PATTERN: Final = (
    YEAR, ord("-"), MONTH, ord("-"), DAY, GAP, HOUR, ord(":"), MINUTE, REST
)  # fmt: skip
DIGIT_0, DIGIT_9, BLANK, PLUS, MINUS, COLON, DOT, COMMA = 48, 57, 32, 43, 45, 58, 46, 44
LAST_SIGN: Final = 126
LAST_YEAR: Final = 2261
DAYS: Final = np.array([31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31], np.int64)
BEFORE: Final = np.array([0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334], np.int64)
SECOND_NS: Final = 10**9
_NAMES: Final = b"janfebmaraprmayjunjulaugsepoctnovdec"
NAMES: Final = np.frombuffer(_NAMES, np.uint8).astype(np.int64)


def pattern(text: str) -> Ints:
    """The steps of a time format.

    Raises:
        ValueError: it has a sign that is not understood, or tells no whole moment.
    """
    if text == ISO:
        return np.array(_ISO_PATTERN, np.int64)
    text = re.sub("%([TFR])", lambda found: _LONGER[found[1]], text)
    steps: list[int] = []
    parts = iter(text)
    for letter in parts:
        if letter != "%":
            steps += letter.encode("utf-8", "replace")
            continue
        sign = next(parts, "")
        if sign not in _STEPS:
            raise ValueError(
                f"%{sign} is not understood; write {ISO}, {', '.join(EPOCHS)}, or a pattern of "
                "%Y %y %m %b %d %H %I %p %M %S %f %z, such as %d/%m/%Y %H:%M:%S"
            )
        steps.append(_STEPS[sign])
    needed = (("%Y", {YEAR, SHORT_YEAR}), ("%m", {MONTH, NAME}), ("%d", {DAY}),
              ("%H", {HOUR, HALF_HOUR}), ("%M", {MINUTE}))  # fmt: skip
    missing = [sign for sign, either in needed if not either & set(steps)]
    if missing:
        raise ValueError(
            f"lacks {' '.join(missing)}; write {ISO}, {', '.join(EPOCHS)}, or a pattern such as "
            "%d/%m/%Y %H:%M:%S"
        )
    if HALF_HOUR in steps and HALF not in steps:
        raise ValueError("%I (hours to 12) needs %p (AM or PM)")
    return np.array(steps, np.int64)


def zone_ns(zone: str) -> int:
    """Nanoseconds that clocks of a zone are ahead of UTC.

    Raises:
        ValueError: it is no offset.
    """
    if zone in ("UTC", "Z"):
        return 0
    found = re.fullmatch(r"([+-])([01][0-9]):([0-5][0-9])", zone)
    if not found:
        raise ValueError("write the offset from UTC such as '+07:00' (Vietnam), or UTC")
    minutes = int(found[2]) * 60 + int(found[3])
    return (-minutes if found[1] == "-" else minutes) * 60 * SECOND_NS


def moments(texts: pa.StringArray, steps: Ints, zone: int) -> tuple[Ints, npt.NDArray[np.bool_]]:
    """Nanoseconds since 1970 UTC of each text, -1 where it is no moment of this pattern (or null).

    Args:
        texts: as written.
        steps: of ``pattern``.
        zone: ns that clocks are ahead of UTC where the text names no zone.

    Returns:
        The moments, and which texts named their zone.
    """
    found = np.full(len(texts), -1, np.int64)
    stated = np.zeros(len(texts), np.bool_)
    if len(texts):
        _moments(*buffers(texts), steps, zone, NAMES, DAYS, BEFORE, found, stated)
    return found, stated


def amounts(
    texts: pa.StringArray, *, times: int, over: int = 1, decimal: str = ".", thousands: str = ""
) -> Ints:
    """``times / over`` of the number in each text, rounded; -1 where it is none, or negative."""
    found = np.full(len(texts), -1, np.int64)
    if len(texts):
        offsets, data = buffers(texts)
        _amounts(offsets, data, ord(decimal), ord(thousands or "\0"), times, over, found)
    return found


def bare(texts: pa.StringArray) -> bool:
    """Whether no text is empty, or has a blank (or what is no ASCII) at one of its ends."""
    return not len(texts) or bool(_bare(*buffers(texts)))


@entry
def _bare(offsets: Array, data: Array) -> bool:
    for row in range(offsets.shape[0] - 1):
        place, end = offsets[row] + 0, offsets[row + 1] + 0
        if place == end:
            return False
        first, last = data[place] + 0, data[end - 1] + 0
        if first <= BLANK or first > LAST_SIGN or last <= BLANK or last > LAST_SIGN:
            return False
    return True


@compiled
def _number(data: Array, place: int, end: int, most: int) -> tuple[int, int]:
    """The number of at most so many digits at ``place``, and where it ends; -1 = none."""
    value = 0
    first = place
    while place < end and place - first < most and DIGIT_0 <= data[place] <= DIGIT_9:
        value = value * 10 + data[place] - DIGIT_0
        place += 1
    return (value if place > first else -1), place


@compiled
def _fraction(data: Array, place: int, end: int) -> tuple[int, int]:
    """Nanoseconds out of the digits behind a decimal point; -1 = none."""
    first = place
    value, weight = 0, 100_000_000
    while place < end and DIGIT_0 <= data[place] <= DIGIT_9:
        value += (data[place] - DIGIT_0) * weight
        weight //= 10
        place += 1
    return (value if place > first else -1), place


@compiled
def _offset(data: Array, place: int, end: int) -> tuple[int, int]:
    """Seconds ahead of UTC out of Z, +07, +0700 or +07:00; a million = none."""
    if place < end and (data[place] == 90 or data[place] == 122):  # Z
        return 0, place + 1
    if place >= end or (data[place] != PLUS and data[place] != MINUS):
        return 1_000_000, place
    sign = -1 if data[place] == MINUS else 1
    hours, after = _number(data, place + 1, end, 2)
    if after != place + 3 or hours > 23:
        return 1_000_000, place
    place = after
    if place < end and data[place] == COLON:
        place += 1
    minutes, after = _number(data, place, end, 2)
    if minutes < 0:
        return sign * hours * 3600, place
    if after != place + 2 or minutes > 59:
        return 1_000_000, place
    return sign * (hours * 3600 + minutes * 60), after


@compiled
def _month(data: Array, place: int, end: int, names: Array) -> tuple[int, int]:
    """The month of an English name, and where it ends; -1 = none."""
    if end - place < 3:
        return -1, place
    for month in range(12):
        same = True
        for at in range(3):
            same = same and (data[place + at] | 32) == names[month * 3 + at]
        if same:
            place += 3
            while place < end and 97 <= (data[place] | 32) <= 122:
                place += 1
            return month + 1, place
    return -1, place


@entry
def _moments(
    offsets: Array, data: Array, steps: Array, zone: int, names: Array, days: Array, before: Array,
    found: Array, stated: Array,
) -> None:  # fmt: skip
    """Writes the moment of each text; stops at the first step that does not fit."""
    for row in range(found.shape[0]):
        place, end = offsets[row] + 0, offsets[row + 1] + 0
        while place < end and data[place] == BLANK:
            place += 1
        while end > place and data[end - 1] == BLANK:
            end -= 1
        year, month, day, hour, minute, second, nanos = 0, 0, 0, 0, 0, 0, 0
        half, ahead = 0, 1_000_000
        good = end > place
        step = 0
        while good and step < steps.shape[0]:
            what = steps[step]
            step += 1
            if what < YEAR:
                good = place < end and data[place] == what
                place += 1
                while what == BLANK and place < end and data[place] == BLANK:
                    place += 1
            elif what == YEAR:
                first = place
                year, place = _number(data, place, end, 4)
                good = place == first + 4
            elif what == SHORT_YEAR:
                first = place
                year, place = _number(data, place, end, 2)
                good = place == first + 2
                year += 2000 if year < 69 else 1900
            elif what == MONTH:
                month, place = _number(data, place, end, 2)
                good = month >= 1
            elif what == NAME:
                month, place = _month(data, place, end, names)
                good = month >= 1
            elif what == DAY:
                while place < end and data[place] == BLANK:
                    place += 1
                day, place = _number(data, place, end, 2)
                good = day >= 1
            elif what in (HOUR, HALF_HOUR):
                hour, place = _number(data, place, end, 2)
                good = 0 <= hour < 24 and (what == HOUR or 1 <= hour <= 12)
            elif what == MINUTE:
                minute, place = _number(data, place, end, 2)
                good = 0 <= minute < 60
            elif what == SECOND:
                second, place = _number(data, place, end, 2)
                good = 0 <= second <= 60
            elif what == FRACTION:
                nanos, place = _fraction(data, place, end)
                good = nanos >= 0
            elif what == HALF:
                # AM and PM, or SA (sáng) and CH (chiều) as Vietnamese programs write
                if place + 2 > end:
                    good = False
                else:
                    one, two = data[place] | 32, data[place + 1] | 32
                    if (one == 97 and two == 109) or (one == 115 and two == 97):
                        half = 1
                    elif (one == 112 and two == 109) or (one == 99 and two == 104):
                        half = 2
                    else:
                        good = False
                    place += 2
            elif what == ZONE:
                ahead, place = _offset(data, place, end)
                good = ahead < 1_000_000
            elif what == GAP:
                good = place < end and (data[place] | 32 == 116 or data[place] == BLANK)
                place += 1
            else:  # REST of ISO 8601: seconds, fraction, zone, each of which may be missing
                if place < end and data[place] == COLON:
                    second, place = _number(data, place + 1, end, 2)
                    good = 0 <= second <= 60
                if good and place < end and (data[place] == DOT or data[place] == COMMA):
                    nanos, place = _fraction(data, place + 1, end)
                    good = nanos >= 0
                while place < end and data[place] == BLANK:
                    place += 1
                if good and place < end:
                    ahead, place = _offset(data, place, end)
                    good = ahead < 1_000_000
        leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
        good = good and place == end and 1970 <= year <= LAST_YEAR and 1 <= month <= 12
        if not good or day > days[month - 1] or (month == 2 and day == 29 and not leap):
            continue
        if half:
            hour = hour % 12 + (12 if half == 2 else 0)
        past = year - 1970
        past = past * 365 + (year - 1) // 4 - 492 - ((year - 1) // 100 - 19) + (year - 1) // 400 - 4
        past += before[month - 1] + day - 1 + (1 if leap and month > 2 else 0)
        moment = (past * 86400 + hour * 3600 + minute * 60 + second) * SECOND_NS + nanos
        if ahead < 1_000_000:
            stated[row] = True
            moment -= ahead * SECOND_NS
        else:
            moment -= zone
        found[row] = moment if moment >= 0 else -1


@entry
def _amounts(
    offsets: Array, data: Array, decimal: int, thousands: int, times: int, over: int, found: Array
) -> None:
    """Writes ``times / over`` of each number."""
    most = (1 << 62) // times
    for row in range(found.shape[0]):
        place, end = offsets[row] + 0, offsets[row + 1] + 0
        while place < end and data[place] == BLANK:
            place += 1
        while end > place and data[end - 1] == BLANK:
            end -= 1
        if place < end and data[place] == PLUS:
            place += 1
        whole, digits, since, grouped, good = 0, 0, 0, False, True
        while place < end and good:
            letter = data[place] + 0
            if DIGIT_0 <= letter <= DIGIT_9:
                whole = whole * 10 + letter - DIGIT_0
                digits += 1
                since += 1
                good = whole <= most and (not grouped or since <= 3)
            elif letter == thousands and thousands and digits:
                good = since == 3 or (not grouped and since < 3)
                grouped, since = True, 0
            else:
                break
            place += 1
        good = good and (not grouped or since == 3)
        part, weight = 0, 1
        if good and place < end and data[place] == decimal:
            place += 1
            while place < end and DIGIT_0 <= data[place] <= DIGIT_9:
                if weight < 1_000_000_000:
                    part = part * 10 + data[place] - DIGIT_0
                    weight *= 10
                digits += 1
                place += 1
        power, raised = 0, False
        if good and digits and place < end and (data[place] | 32) == 101:  # E: spreadsheets
            place += 1
            sign = 1
            if place < end and (data[place] == PLUS or data[place] == MINUS):
                sign = -1 if data[place] == MINUS else 1
                place += 1
            power, place = _number(data, place, end, 2)
            good = power >= 0
            power *= sign
            raised = True
        if not good or not digits or place != end:
            continue
        if raised:
            value = (whole + part / weight) * 10.0**power * times / over
            if value < 4e18:
                found[row] = int(value + 0.5)
            continue
        # the fraction has at most nine digits; ``times`` at most ten
        value = whole * times + (part * times + weight // 2) // weight
        found[row] = (value + over // 2) // over
