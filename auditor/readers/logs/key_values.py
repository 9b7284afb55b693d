"""Values out of lines of ``key=value`` pairs, compiled: where each wanted value stands in the text.

Three ways of writing are known: quoted values (``a=1 b="x y"``), CEF, and LEEF.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa

from auditor.readers.capture.numbers import entry, hot
from auditor.readers.logs.batch import Where

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from auditor.readers.logs.tally import Tally

    Bools = npt.NDArray[np.bool_]
    Ints = npt.NDArray[np.int64]
    Places = npt.NDArray[np.int32]

SPACE, QUOTE, EQUALS, BACKSLASH, PIPE, TAB = 32, 34, 61, 92, 124, 9
RESETTING: Final = (ord("<"), ord(">"), ord("["), ord("]"), QUOTE)
SHORTEST: Final = 32
"""Bytes below which no line tells of a flow: two addresses alone need as much with their keys."""
HEADER: Final = 7
"""Fields before the pairs: CEF has seven, LEEF five."""


class Keys:
    """Names of the values that are wanted, ready to be found."""

    def __init__(self, *names: str) -> None:
        """Gets ready; names are ASCII."""
        self.names = names
        self.places = {name: at for at, name in enumerate(names)}
        size = 1
        while size < len(names) * 4:
            size *= 2
        self.slots = np.full(size, -1, np.int64)
        encoded = [name.encode() for name in names]
        for at, name in enumerate(encoded):
            value = 0
            for letter in name:
                value = value * 31 + letter
            slot = value & (size - 1)
            while self.slots[slot] >= 0:
                slot = (slot + 1) & (size - 1)
            self.slots[slot] = at
        self.letters = np.frombuffer(b"".join(encoded), np.uint8)
        self.offsets = np.cumsum([0, *(len(name) for name in encoded)], dtype=np.int64)


@dataclass(frozen=True, slots=True)
class Values:
    """What was found: per line, where each wanted value begins and ends; -1 = it is not there."""

    keys: Keys
    data: npt.NDArray[np.uint8]
    starts: Places
    stops: Places
    where: Where

    def __len__(self) -> int:
        return len(self.starts)

    def taken(self, mask: Bools) -> Values:
        """The same for the lines that ``mask`` marks."""
        if mask.all():
            return self
        return Values(
            self.keys, self.data, self.starts[mask], self.stops[mask], self.where.taken(mask)
        )

    def has(self, name: str) -> bool:
        """Whether any line has that value."""
        return bool((self.starts[:, self.keys.places[name]] >= 0).any())

    def places(self, name: str) -> tuple[Places, Places]:
        """Where the values of that name begin and end."""
        return self._places(self.keys.places[name])

    def texts(self, name: str, *, escaped: bool = False) -> pa.StringArray:
        """The values of that name; null where there is none or it is empty.

        Args:
            name: the key.
            escaped: whether a backslash stands before letters that would mean something else.
        """
        return self._texts(self.keys.places[name], escaped=escaped)

    def header(self, number: int) -> pa.StringArray:
        """Field ``number`` of the header, from 0."""
        return self._texts(len(self.keys.names) + number, escaped=True)

    def numbers(self, name: str, tally: Tally) -> pa.Int64Array:
        """The values as whole numbers; what is none is counted as ``bad-number`` and null."""
        starts, stops = self.places(name)
        found = np.zeros(len(self), np.int64)
        states = np.zeros(len(self), np.int8)
        if len(self):
            _whole(self.data, starts, stops, found, states)
        wrong = states == 2
        if wrong.any():
            count, first = int(np.count_nonzero(wrong)), int(np.argmax(wrong))
            tally.add("bad-number", self.where.number(first), count=count, detail=name)
        return pa.array(found, mask=states != 0)

    def _places(self, at: int) -> tuple[Places, Places]:
        return np.ascontiguousarray(self.starts[:, at]), np.ascontiguousarray(self.stops[:, at])

    def _texts(self, at: int, *, escaped: bool) -> pa.StringArray:
        return gathered(self.data, *self._places(at), escaped=escaped)


def gathered(
    data: npt.NDArray[np.uint8], starts: Places, stops: Places, *, escaped: bool
) -> pa.StringArray:
    """Stretches of the text as texts; null where one is empty or not there."""
    rows = len(starts)
    if not rows:
        return pa.array([], pa.string())
    offsets = np.zeros(rows + 1, np.int32)
    most = int(np.maximum(stops.astype(np.int64) - starts, 0)[starts >= 0].sum())
    letters = np.empty(most, np.uint8)
    size = int(_copied(data, starts, stops, offsets, letters, escaped))
    present = offsets[1:] > offsets[:-1]
    bits = None if present.all() else pa.py_buffer(np.packbits(present, bitorder="little"))
    buffers = [bits, pa.py_buffer(offsets), pa.py_buffer(letters[:size])]
    return pa.Array.from_buffers(pa.string(), rows, buffers)


def quoted_values(
    text: bytes, keys: Keys, tally: Tally, *, line: int, separator: int = SPACE
) -> Values:
    """Values of lines such as ``a=1 b="x y"``; the first of several equal keys counts."""
    return _values(text, keys, tally, line, lambda *each: _quoted(*each, separator))


def cef_values(text: bytes, keys: Keys, tally: Tally, *, line: int) -> Values:
    """Values of CEF lines: seven header fields, then ``key=value`` with spaces in values."""
    return _values(text, keys, tally, line, _cef)


def leef_values(text: bytes, keys: Keys, tally: Tally, *, line: int) -> Values:
    """Values of LEEF lines: five header fields, then pairs with a separator of their own."""
    return _values(text, keys, tally, line, _leef)


def _values(text: bytes, keys: Keys, tally: Tally, line: int, kernel: Any) -> Values:  # noqa: ANN401 - compiled
    data = np.frombuffer(text, np.uint8)
    ends = np.flatnonzero(data == ord("\n"))
    begins = np.concatenate([[0], ends[:-1] + 1]) if len(ends) else ends
    long = ends - begins >= SHORTEST
    short = np.flatnonzero(~long & (ends > begins))
    if len(short):
        first = int(short[0])
        examples = [text[begins[row] : ends[row]] for row in short[:3].tolist()]
        lost = int((ends[short] - begins[short] + 1).sum())
        tally.add("bad-line", line + first, count=len(short), lost=lost, examples=examples)
    kept = np.flatnonzero(long)
    shape = (len(kept), len(keys.names) + HEADER)
    starts, stops = np.full(shape, -1, np.int32), np.full(shape, -1, np.int32)
    if len(kept):
        table = (keys.slots, keys.letters, keys.offsets)
        kernel(data, begins[kept], ends[kept], *table, starts, stops)
    return Values(keys, data, starts, stops, Where(text, line, kept.astype(np.int64)))


@hot
def _found(data: Any, begin: int, end: int, value: int, slots: Any, letters: Any, offsets: Any) -> int:  # noqa: ANN401, E501 - compiled
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
                return at
        slot = (slot + 1) & mask
    return -1


@entry
def _quoted(
    data: Any, begins: Any, ends: Any, slots: Any, letters: Any, offsets: Any, starts: Any,  # noqa: ANN401
    stops: Any, separator: int,  # noqa: ANN401 - compiled
) -> None:  # fmt: skip
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
def _after(data: Any, begin: int, end: int, first: int) -> int:  # noqa: ANN401 - compiled
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
def _cef(
    data: Any, begins: Any, ends: Any, slots: Any, letters: Any, offsets: Any, starts: Any,  # noqa: ANN401
    stops: Any,  # noqa: ANN401 - compiled
) -> None:  # fmt: skip
    base = starts.shape[1] - HEADER
    for row in range(begins.shape[0]):
        end = ends[row] + 0
        place = _after(data, begins[row] + 4, end, ord("C"))
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
    data: Any, begin: int, end: int, row: int, base: int, fields: int, starts: Any, stops: Any,  # noqa: ANN401
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
    starts[row, base] = -1
    return -1


@entry
def _leef(
    data: Any, begins: Any, ends: Any, slots: Any, letters: Any, offsets: Any, starts: Any,  # noqa: ANN401
    stops: Any,  # noqa: ANN401 - compiled
) -> None:  # fmt: skip
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
def _separator(data: Any, begin: int, end: int) -> int:  # noqa: ANN401 - compiled
    """The separator that LEEF 2.0 names: one character, or its number as ``x09`` or ``0x09``."""
    if end - begin == 1:
        return data[begin] + 0
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
def _copied(data: Any, starts: Any, stops: Any, offsets: Any, letters: Any, escaped: bool) -> int:  # noqa: ANN401, FBT001 - compiled
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
def _whole(data: Any, starts: Any, stops: Any, found: Any, states: Any) -> None:  # noqa: ANN401 - compiled
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
