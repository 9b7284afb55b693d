"""Values out of lines of ``key=value`` pairs, compiled: where each wanted value stands in the text.

Three ways of writing are known: quoted values (``a=1 b="x y"``), CEF, and LEEF.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from auditor.readers.records.batch import Batch, Where
from auditor.readers.records.pairs import HEADER, SPACE, cef, copied, leef, quoted, separated, whole

if TYPE_CHECKING:
    from collections.abc import Callable

    from auditor.readers.records.tally import Tally

    Bools = npt.NDArray[np.bool_]
    Ints = npt.NDArray[np.int64]
    Places = npt.NDArray[np.int32]
    Kernel = Callable[..., None]

SHORTEST: Final = 32
"""Bytes below which no line tells of a flow: two addresses alone need as much with their keys."""


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


VENDOR: Final = 1
"""Which field of a CEF or LEEF header names the maker."""


@dataclass(frozen=True, slots=True)
class Values:
    """What was found: per line, where each wanted value begins and ends; -1 = it is not there.

    Attributes:
        bounds: where each line begins and ends.
    """

    keys: Keys
    data: npt.NDArray[np.uint8]
    starts: Places
    stops: Places
    where: Where
    bounds: Places

    def __len__(self) -> int:
        return len(self.starts)

    def taken(self, mask: Bools) -> Values:
        """The same for the lines that ``mask`` marks."""
        if mask.all():
            return self
        return Values(
            self.keys,
            self.data,
            self.starts[mask],
            self.stops[mask],
            self.where.taken(mask),
            self.bounds[mask],
        )

    def headed(self, tally: Tally) -> Values:
        """The same without lines whose header is not whole, which are counted as ``bad-line``."""
        vendor = self.header(VENDOR)
        missing = np.asarray(vendor.is_null(), np.bool_)
        Batch({"vendor": vendor}, self.where).without(missing, "bad-line", tally)
        return self.taken(~missing)

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

    def lines(self) -> pa.StringArray:
        """The lines themselves."""
        begins, ends = (np.ascontiguousarray(self.bounds[:, at]) for at in (0, 1))
        return gathered(self.data, begins, ends, escaped=False)

    def numbers(self, name: str, tally: Tally) -> pa.Int64Array:
        """The values as whole numbers; what is none is counted as ``bad-number`` and null."""
        starts, stops = self.places(name)
        found = np.zeros(len(self), np.int64)
        states = np.zeros(len(self), np.int8)
        if len(self):
            whole(self.data, starts, stops, found, states)
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
    size = int(copied(data, starts, stops, offsets, letters, escaped))
    present = offsets[1:] > offsets[:-1]
    bits = None if present.all() else pa.py_buffer(np.packbits(present, bitorder="little"))
    buffers = [bits, pa.py_buffer(offsets), pa.py_buffer(letters[:size])]
    return pa.Array.from_buffers(pa.string(), rows, buffers)


def quoted_values(
    text: bytes, keys: Keys, tally: Tally, *, line: int, separator: int = SPACE
) -> Values:
    """Values of lines such as ``a=1 b="x y"``; the first of several equal keys counts."""
    return _values(text, keys, tally, line, lambda *each: quoted(*each, separator))


def cef_values(text: bytes, keys: Keys, tally: Tally, *, line: int) -> Values:
    """Values of CEF lines: seven header fields, then ``key=value`` with spaces in values."""
    return _values(text, keys, tally, line, cef)


def leef_values(text: bytes, keys: Keys, tally: Tally, *, line: int) -> Values:
    """Values of LEEF lines: five header fields, then pairs with a separator of their own."""
    return _values(text, keys, tally, line, leef)


def plain_lines(text: bytes, tally: Tally, *, line: int) -> tuple[pa.StringArray, Where]:
    """The lines that are long enough to tell of a flow, and where they stand."""
    values = _values(text, Keys("line"), tally, line, lambda *_: None)
    return values.lines(), values.where


def separated_values(
    text: bytes, keys: Keys, places: list[int], tally: Tally, *, line: int, separator: str = ","
) -> tuple[Values, Ints]:
    """Values of delimited lines by the places of their fields, and how many fields each line has.

    Args:
        text: whole lines, cleaned.
        keys: names of the values.
        places: of each value the number of its field, from 0; -1 = the log does not have it.
        tally: told of what is wrong.
        line: number of the first line.
        separator: one ASCII character; fields may stand in double quotes.
    """
    slots = np.full(max(places) + 1, -1, np.int64)
    for at, place in enumerate(places):
        if place >= 0:
            slots[place] = at
    counts: list[Ints] = []

    def kernel(*each: Any) -> None:  # noqa: ANN401 - arrays for compiled code
        data, begins, ends, *_, starts, stops = each
        found = np.zeros(len(begins), np.int64)
        separated(data, begins, ends, slots, starts, stops, ord(separator), found)
        counts.append(found)

    values = _values(text, keys, tally, line, kernel)
    return values, counts[0] if counts else np.zeros(0, np.int64)


def _values(text: bytes, keys: Keys, tally: Tally, line: int, kernel: Kernel) -> Values:
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
    bounds = np.stack([begins[kept], ends[kept]], axis=1).astype(np.int32)
    where = Where(text, line, kept.astype(np.int64))
    return Values(keys, data, starts, stops, where, bounds)
