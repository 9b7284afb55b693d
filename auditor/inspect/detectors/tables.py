"""Columns of tables: whose values a detector takes, by the column's name or by all of its values.

Work is done once for each different value of a batch, not for each cell.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter
from typing import TYPE_CHECKING, Final

from auditor.inspect.detectors.masks import masked
from auditor.inspect.detectors.patterns import plain
from auditor.inspect.detectors.values import canonical_all
from auditor.model.content import MOST_SAMPLES
from auditor.model.subjects import Subjects

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from auditor.inspect.detectors.sought import Sought
    from auditor.model.finding import Certainty

MOST_COLUMNS: Final = 1_024
"""Columns of a table that are judged; further ones are searched as text."""

_TRIED: Final = 64
"""Values of a column without a telling name that are tried first: if hardly any fits, none is."""

_MOST_KNOWN: Final = 65_536  # names of columns whose detectors are remembered

MOST_HELD: Final = 1 << 16
"""Bytes of values of a column that are kept before they are hashed."""

_SMALL: Final = 64  # rows up to which it is quicker to ask first whether all values differ
_PARTS: Final = re.compile(r"[(\[/|.]")
_REST: Final = re.compile(r"[^0-9a-z]+")


def folded(name: str) -> str:
    """A column's name without letter case, diacritics and what stands between its words.

    ``soCCCD``, ``SO_CCCD`` and ``Số CCCD`` are one name.
    """
    return _REST.sub("", plain(name).casefold())


def names_of(name: str) -> set[str]:
    """A name, and its parts where it has several: ``Khách.SĐT``, ``CMND (9 số)``, ``SĐT/Zalo``."""
    parts = _PARTS.split(name)
    return {one for one in map(folded, (name, *parts[:8])) if one}


class Column:
    """What one detector sees in one column.

    Attributes:
        passing: rows whose value the detector takes.
        samples: masked, at most ``MOST_SAMPLES``.
    """

    __slots__ = ("_held", "_place", "_size", "_subjects", "passing", "samples", "sought")

    def __init__(self, place: _Place, sought: Sought) -> None:
        self.sought = sought
        self.passing = 0
        self.samples: list[str] = []
        self._place = place
        self._held: set[bytes] = set()
        """Different values as they are counted: most columns are no hit and need no hashes."""
        self._size = 0
        self._subjects: Subjects | None = None

    @property
    def fits(self) -> bool:
        """Whether enough of the values are of its form."""
        return self.passing > 0 and (
            self.sought.detector.any_value
            or self.passing >= self.sought.detector.minimum.share * self._place.filled
        )

    @property
    def distinct(self) -> int:
        """Different values."""
        return len(self._held) if self._subjects is None else self.subjects.count

    @property
    def subjects(self) -> Subjects:
        """The hashes of its values."""
        if self._subjects is None:
            self._subjects = Subjects(self.sought.hashing.of_many(self._held))
        return self._subjects

    def take(self, values: Values, places: Sequence[int]) -> None:
        """Counts the different values at some places."""
        whole = len(places) == len(values.cells)
        fresh = values.cells if whole else list(map(values.cells.__getitem__, places))
        self.passing += values.filled if whole else sum(map(values.rows.__getitem__, places))
        if len(self.samples) < MOST_SAMPLES:
            self._show(fresh[: 4 * MOST_SAMPLES])
        self._count(canonical_all(fresh))

    def _count(self, counted: list[bytes]) -> None:
        fresh = set(counted) - self._held
        if self._subjects is None:
            self._size += sum(map(len, fresh))
            if self._size <= MOST_HELD:
                self._held |= fresh
                return
        self.subjects.add_many(self.sought.hashing.of_many(fresh))

    def _show(self, values: Iterable[bytes]) -> None:
        for value in values:
            sample = masked(value, self.sought.detector.shown)
            if sample not in self.samples:
                self.samples.append(sample)
                if len(self.samples) == MOST_SAMPLES:
                    return


class Values:
    """The different values of a column that are not empty.

    Attributes:
        cells: without the blanks around them.
        rows: in how many rows each stands.
        filled: rows with a value.
        shortest: bytes of a value.
        longest: likewise.
    """

    __slots__ = ("_rows_by_length", "_sizes", "cells", "filled", "longest", "rows", "shortest")

    def __init__(self, column: Sequence[str | None]) -> None:
        if len(column) > _SMALL and (column[0] is None or column[-1] is None):
            column = list(filter(None, column))  # hardly filled, as some are: quicker by far
        counts: dict[str | None, int] = {}
        if len(column) <= _SMALL or len(set(column[:_SMALL])) == _SMALL:
            counts = dict.fromkeys(column, 1)  # most such columns are of different values only
        if len(counts) < len(column):
            counts = Counter(column)
        counts.pop(None, None)
        self.cells = _trimmed(list(counts))  # type: ignore[arg-type] # null was dropped
        self.rows = list(counts.values())
        self._sizes = set(map(len, self.cells))
        if 0 in self._sizes:
            self._sizes.discard(0)
            full = [place for place, cell in enumerate(self.cells) if cell]
            self.cells = [self.cells[place] for place in full]
            self.rows = [self.rows[place] for place in full]
        self.filled = sum(self.rows)
        self.longest = max(self._sizes, default=0)
        self.shortest = min(self._sizes, default=0)
        self._rows_by_length: dict[int, int] = {}

    def of(self, sought: Sought, *, by_name: bool, among: bytearray | None = None) -> Sequence[int]:
        """Places of those (of those marked in ``among``) that a detector takes, ascending."""
        if by_name and sought.detector.any_value:
            return range(len(self.cells))
        low, high = sought.shortest, sought.longest
        if low > self.longest or high < self.shortest:
            return ()
        share = sought.detector.minimum.share
        if not by_name and self._rows_between(low, high) < share * self.filled:
            return ()
        places: Sequence[int] = range(len(self.cells))
        if low > self.shortest or high < self.longest:
            if not any(low <= size <= high for size in self._sizes):
                return ()
            lengths = map(len, self.cells)
            places = [place for place, one in enumerate(lengths) if low <= one <= high]
        if among is not None:
            places = [place for place in places if among[place]]
        if not by_name:
            tried = places[:: max(1, len(places) // _TRIED)]
            fitting = sought.cells_among(self.cells, tried)
            if not fitting or len(fitting) < share * len(tried) / 4:
                return ()
            if len(tried) == len(places):
                return sorted(fitting)
        return sorted(sought.cells_among(self.cells, places))

    def _rows_between(self, low: int, high: int) -> int:
        """Rows with a value of so many bytes."""
        if low <= self.shortest and high >= self.longest:
            return self.filled
        if not any(low <= size <= high for size in self._sizes):
            return 0
        by_length = self._rows_by_length
        if not by_length:
            for length, rows in zip(map(len, self.cells), self.rows, strict=True):
                by_length[length] = by_length.get(length, 0) + rows
        return sum(rows for length, rows in by_length.items() if low <= length <= high)


class Fitting:
    """Which detectors a column of some name may belong to.

    Attributes:
        guessed: those that may take a column whose name tells nothing, those that need the fewest
            values first.
        fewest: different values that each of these needs.
    """

    def __init__(self, detectors: Sequence[Sought]) -> None:
        self.guessed = sorted(
            (one for one in detectors if one.detector.minimum.unnamed_column), key=_fewest
        )
        self.fewest = list(map(_fewest, self.guessed))
        self._by_name: dict[str, list[Sought]] = {}
        for sought in detectors:
            for name in sought.detector.columns:
                self._by_name.setdefault(folded(name), []).append(sought)
        self._known: dict[str, tuple[Sought, ...]] = {}

    def of(self, name: str) -> tuple[Sought, ...]:
        """Detectors by a column's name."""
        known = self._known.get(name)
        if known is None:
            fitting = {
                sought.rank: sought
                for one in names_of(name)
                for sought in self._by_name.get(one, ())
            }
            if len(self._known) >= _MOST_KNOWN:
                self._known.clear()
            known = self._known[name] = tuple(fitting[rank] for rank in sorted(fitting))
        return known


class _Place:
    """A column of a table and the detectors that it may belong to.

    Attributes:
        named: by its name.
        patterned: one of these looks at the values.
        filled: rows with a value, whoever takes it.
        rows: all rows.
        tried: so many of ``Fitting.guessed`` have seen the values.
        guessed: those of them that take some.
        waiting: values that not all of them have seen.
    """

    __slots__ = ("filled", "guessed", "named", "patterned", "rows", "tried", "waiting")

    def __init__(self, named: Sequence[Sought]) -> None:
        self.named = [Column(self, one) for one in named]
        self.patterned = any(not one.detector.any_value for one in named)
        self.filled = self.rows = self.tried = 0
        self.guessed: dict[int, Column] = {}
        self.waiting: list[Values] = []

    def counted(self, values: Values, rows: int, fitting: Fitting) -> bool:
        """Counts further values; whether they are told by the column."""
        self.filled += values.filled
        self.rows += rows
        told = self._by_name(values) if self.named else False
        if not self.patterned:
            self._guess(values, fitting)
        return told or (bool(self.guessed) and self.best() is not None)

    def _by_name(self, values: Values) -> bool:
        left: bytearray | None = None
        for column in self.named:
            taken = values.of(column.sought, by_name=True, among=left)
            if not taken:
                continue
            if not column.sought.detector.any_value and len(self.named) > 1:
                left = left or bytearray(b"\x01" * len(values.cells))
                for place in taken:
                    left[place] = 0
            column.take(values, taken)
        return any(one.fits and not one.sought.detector.any_value for one in self.named)

    def _guess(self, values: Values, fitting: Fitting) -> None:
        """Tries values on detectors that no name points to, once there are enough for each."""
        ready, guessed = bisect_right(fitting.fewest, self.rows), fitting.guessed
        self._try(guessed[: self.tried], values)
        if self.tried < len(guessed):
            self.waiting.append(values)
            for batch in self.waiting if ready > self.tried else ():
                self._try(guessed[self.tried : ready], batch)
            self.tried = ready
            if ready == len(guessed):
                self.waiting.clear()

    def _try(self, several: Sequence[Sought], values: Values) -> None:
        low, high = values.shortest, values.longest
        for sought in several:
            if sought.shortest > high or sought.longest < low:
                continue
            taken = values.of(sought, by_name=False)
            if taken:
                column = self.guessed.get(sought.rank)
                if column is None:
                    column = self.guessed[sought.rank] = Column(self, sought)
                column.take(values, taken)

    def best(self) -> Column | None:
        """The detector that a column without a telling name belongs to."""
        best: Column | None = None
        for column in self.guessed.values():
            enough = column.fits and column.distinct >= _fewest(column.sought)
            if enough and (best is None or _strength(column) > _strength(best)):
                best = column
        return best


class Table:
    """A table whose rows come in batches."""

    def __init__(self, fitting: Fitting, names: tuple[str, ...]) -> None:
        self._names = names
        self._fitting = fitting
        self._places: dict[int, _Place] = {}

    def _name(self, place: int) -> str:
        return self._names[place] if place < len(self._names) else ""

    def add(self, columns: Sequence[Sequence[str | None]]) -> bytes:
        """Further rows.

        Returns:
            What is to be searched as text: names, then rows, of all columns but those whose values
            are counted already.
        """
        texts = [
            place
            for place, column in enumerate(columns)
            if place >= MOST_COLUMNS or not self._counted(place, column)
        ]
        return _written(self._names, texts, columns)

    def _counted(self, number: int, column: Sequence[str | None]) -> bool:
        place = self._places.get(number)
        if place is None:
            place = self._places[number] = _Place(self._fitting.of(self._name(number)))
        return place.counted(Values(column), len(column), self._fitting)

    def hits(self) -> Iterator[tuple[Sought, str, Certainty, Column]]:
        """Columns in which a detector has enough values: name, how sure, what it saw."""
        for number, place in self._places.items():
            name = self._name(number)
            for column in place.named:
                rules = column.sought.detector
                if column.fits and column.distinct >= rules.minimum.column:
                    yield column.sought, name, rules.certainty.column, column
            guess = place.best()
            if guess is not None:
                certainty = guess.sought.detector.certainty.unnamed_column
                yield guess.sought, name, certainty, guess


def _strength(column: Column) -> tuple[int, bool, int]:
    return column.passing, column.sought.check is not None, -column.sought.rank


def as_text(names: Sequence[str], columns: Sequence[Sequence[str | None]]) -> bytes:
    """A table of which no column is judged: names, then rows."""
    return _written(names, range(len(columns)), columns)


def _written(
    names: Sequence[str], places: Sequence[int], columns: Sequence[Sequence[str | None]]
) -> bytes:
    """Columns at some places, as lines."""
    if not places or not len(columns[places[0]]):
        return b""
    head = "\t".join(names[place] if place < len(names) else "" for place in places)
    return head.encode("utf-8", "replace") + b"\n" + _rows([columns[one] for one in places])


def _fewest(sought: Sought) -> int:
    """Different values without which it takes no column whose name tells nothing."""
    return sought.detector.minimum.unnamed_column or 0


def _trimmed(cells: Sequence[str]) -> list[bytes]:
    """Cells in UTF-8 without the blanks around them."""
    trimmed = list(map(str.strip, cells))
    whole = "\n".join(trimmed)
    if whole.count("\n") + 1 == len(cells):  # else there is none, or one has lines
        return whole.encode("utf-8", "replace").split(b"\n")
    return [cell.encode("utf-8", "replace") for cell in trimmed]


def _rows(columns: Sequence[Sequence[str | None]]) -> bytes:
    """Cells with tabs between them, lines between rows."""
    try:
        text = "\n".join(map("\t".join, zip(*columns, strict=True)))
    except TypeError:  # there are nulls, which is quicker to learn so
        full = [[cell or "" for cell in one] for one in columns]
        text = "\n".join(map("\t".join, zip(*full, strict=True)))
    return f"{text}\n".encode("utf-8", "replace")
