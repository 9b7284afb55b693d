"""Where the values of ``key=value`` pairs stand in lines of text, compiled."""

# ruff: noqa: ANN401, FBT001 - what compiled code takes has no names of types, and no keywords

from __future__ import annotations

from typing import Any, Final

from auditor.readers.capture.numbers import entry, hot

SPACE, QUOTE, EQUALS, BACKSLASH, PIPE, TAB = 32, 34, 61, 92, 124, 9
RESETTING: Final = (ord("<"), ord(">"), ord("["), ord("]"), QUOTE)
HEADER: Final = 7
"""Fields before the pairs: CEF has seven, LEEF five."""


@hot
def _found(
    data: Any, begin: int, end: int, value: int, slots: Any, letters: Any, offsets: Any
) -> int:
    """Number of the key that stands there; -1 if it is not wanted."""
    mask = slots.shape[0] - 1
    slot = value & mask
    while slots[slot] >= 0:
        at = slots[slot] + 0
        first = offsets[at] + 0
        if offsets[at + 1] - first == end - begin:
            place = 0
            while place < end - begin and data[begin + place] == letters[first + place]:
                place += 1
            if place == end - begin:
                return int(at)
        slot = (slot + 1) & mask
    return -1


@entry
def quoted(
    data: Any, begins: Any, ends: Any, slots: Any, letters: Any, offsets: Any, starts: Any,
    stops: Any, separator: int,
) -> None:  # fmt: skip
    """Notes where the wanted values of ``a=1 b="x y"`` stand; the first of equal keys counts."""
    for row in range(begins.shape[0]):
        place, end = begins[row] + 0, ends[row] + 0
        while place < end:
            key, value, letter = place, 0, 0
            while place < end:
                letter = data[place] + 0
                if letter in (EQUALS, separator):
                    break
                if letter in RESETTING:  # <189>, and the like before the first pair
                    key, value = place + 1, 0
                else:
                    value = value * 31 + letter
                place += 1
            if place >= end or letter != EQUALS:
                place += 1
                continue
            at = _found(data, key, place, value, slots, letters, offsets)
            place += 1
            if place < end and data[place] == QUOTE:
                place += 1
                begin = place
                while place < end and data[place] != QUOTE:
                    place += 2 if data[place] == BACKSLASH else 1
                stop = min(place, end)
            else:
                begin = place
                while place < end and data[place] != separator:
                    place += 1
                stop = place
            if at >= 0 and starts[row, at] < 0:
                starts[row, at], stops[row, at] = begin, stop
            place += 1


@hot
def _after(data: Any, begin: int, end: int, first: int) -> int:
    """The place behind ``CEF:`` (``first`` = C) or ``LEEF:`` (L); -1 if it is not there."""
    place = begin
    while place + 5 < end:
        if data[place] == ord(":") and data[place - 1] == ord("F") and data[place - 2] == ord("E"):
            if first == ord("C") and data[place - 3] == first:
                return place + 1
            if first == ord("L") and data[place - 3] == ord("E") and data[place - 4] == first:
                return place + 1
        place += 1
    return -1


@entry
def cef(
    data: Any, begins: Any, ends: Any, slots: Any, letters: Any, offsets: Any, starts: Any,
    stops: Any,
) -> None:  # fmt: skip
    """The same for CEF: a header, then pairs whose values may hold spaces; a backslash escapes."""
    base = starts.shape[1] - HEADER
    for row in range(begins.shape[0]):
        end = ends[row] + 0
        place = _after(data, begins[row] + 3, end, ord("C"))
        place = _header(data, place, end, row, base, HEADER, starts, stops)
        if place < 0:
            continue
        token, value, plain = place, 0, True
        opened, last = -1, -1
        while place < end:
            letter = data[place] + 0
            if letter == BACKSLASH:
                plain = False
                place += 2
                continue
            if letter == SPACE:
                token, value, plain = place + 1, 0, True
            elif letter == EQUALS and plain and place > token:
                if last >= 0 and starts[row, last] < 0:
                    stop = token
                    while stop > opened and data[stop - 1] == SPACE:
                        stop -= 1
                    starts[row, last], stops[row, last] = opened, stop
                last = _found(data, token, place, value, slots, letters, offsets)
                opened = place + 1
                plain = False
            else:
                value = value * 31 + letter
            place += 1
        if last >= 0 and starts[row, last] < 0:
            starts[row, last], stops[row, last] = opened, end


@hot
def _header(
    data: Any, begin: int, end: int, row: int, base: int, fields: int, starts: Any, stops: Any,
) -> int:  # fmt: skip
    """The place behind so many fields, which are noted; -1 if they are not all there."""
    if begin < 0:
        return -1
    place, field, opened = begin, 0, begin
    while place < end and field < fields:
        letter = data[place] + 0
        if letter == BACKSLASH:
            place += 2
            continue
        if letter == PIPE:
            starts[row, base + field], stops[row, base + field] = opened, place
            field += 1
            opened = place + 1
        place += 1
    if field == fields:
        return place
    for each in range(fields):
        starts[row, base + each] = -1
    return -1


@entry
def leef(
    data: Any, begins: Any, ends: Any, slots: Any, letters: Any, offsets: Any, starts: Any,
    stops: Any,
) -> None:  # fmt: skip
    """The same for LEEF: a header, perhaps a separator, then pairs between separators."""
    base = starts.shape[1] - HEADER
    for row in range(begins.shape[0]):
        end = ends[row] + 0
        begin = _after(data, begins[row] + 4, end, ord("L"))
        place = _header(data, begin, end, row, base, 5, starts, stops)
        if place < 0:
            continue
        separator = TAB
        if data[begin] == ord("2"):
            bar = place
            while bar < end and bar - place < 7 and data[bar] != PIPE:
                bar += 1
            if bar < end and data[bar] == PIPE:
                separator = _separator(data, place, bar)
                place = bar + 1
        if separator == TAB:
            separator = _used(data, place, end)
        while place < end:
            key, value, letter = place, 0, 0
            while place < end:
                letter = data[place] + 0
                if letter in (EQUALS, separator):
                    break
                value = value * 31 + letter
                place += 1
            if place >= end or letter != EQUALS:
                place += 1
                continue
            at = _found(data, key, place, value, slots, letters, offsets)
            place += 1
            begin_value = place
            while place < end and data[place] != separator:
                place += 1
            if at >= 0 and starts[row, at] < 0:
                starts[row, at], stops[row, at] = begin_value, place
            place += 1


@hot
def _used(data: Any, begin: int, end: int) -> int:
    """The separator in use where tabs are due: some devices write bars instead."""
    bars = False
    for place in range(begin, end):
        if data[place] == TAB:
            return TAB
        bars = bars or data[place] == PIPE
    return PIPE if bars else TAB


@hot
def _separator(data: Any, begin: int, end: int) -> int:
    """The separator that LEEF 2.0 names: one character, or its number as ``x09`` or ``0x09``."""
    if end - begin == 1:
        return int(data[begin])
    place = begin + (1 if data[begin] == ord("0") else 0)
    value, digits = 0, 0
    if place < end and data[place] in (ord("x"), ord("X")):
        place += 1
        while place < end:
            letter = data[place] | 32
            digit = letter - ord("0") if letter <= ord("9") else letter - ord("a") + 10
            if not 0 <= digit <= 15:
                return TAB
            value, digits = value * 16 + digit, digits + 1
            place += 1
    return value if digits and value < 128 else TAB


@entry
def separated(
    data: Any, begins: Any, ends: Any, slots: Any, starts: Any, stops: Any, separator: int,
    counts: Any,
) -> None:  # fmt: skip
    """Notes where the wanted fields of delimited lines stand, and how many fields there are.

    ``slots`` has the number of the value that each field is, -1 for fields that are not wanted.
    """
    for row in range(begins.shape[0]):
        place, end = begins[row] + 0, ends[row] + 0
        field = 0
        while place <= end:
            begin = place
            if place < end and data[place] == QUOTE:
                begin += 1
                place += 1
                while place < end:
                    if data[place] != QUOTE:
                        place += 1
                    elif place + 1 < end and data[place + 1] == QUOTE:
                        place += 2
                    else:
                        break
                stop = min(place, end)
                while place < end and data[place] != separator:
                    place += 1
            else:
                while place < end and data[place] != separator:
                    place += 1
                stop = place
            at = slots[field] if field < slots.shape[0] else -1
            if at >= 0:
                starts[row, at], stops[row, at] = begin, stop
            field += 1
            place += 1
        counts[row] = field


@entry
def copied(data: Any, starts: Any, stops: Any, offsets: Any, letters: Any, escaped: bool) -> int:
    """Copies stretches of the text one behind another; how many bytes that gives."""
    size = 0
    for row in range(starts.shape[0]):
        place, stop = starts[row] + 0, stops[row] + 0
        if place >= 0:
            while place < stop:
                letter = data[place] + 0
                if escaped and letter == BACKSLASH and place + 1 < stop:
                    place += 1
                    letter = data[place] + 0
                letters[size] = letter
                size += 1
                place += 1
        offsets[row + 1] = size
    return size


@entry
def whole(data: Any, starts: Any, stops: Any, found: Any, states: Any) -> None:
    """Whole numbers of up to 18 digits; states: 0 found, 1 nothing there, 2 something else."""
    for row in range(starts.shape[0]):
        place, stop = starts[row] + 0, stops[row] + 0
        if place < 0 or place >= stop:
            states[row] = 1
            continue
        sign = 1
        if data[place] == ord("-"):
            sign, place = -1, place + 1
        value = 0
        good = 0 < stop - place <= 19
        while place < stop and good:
            digit = data[place] - ord("0")
            good = 0 <= digit <= 9 and value <= 900_000_000_000_000_000
            value = value * 10 + digit
            place += 1
        if good:
            found[row] = value * sign
        else:
            states[row] = 2
