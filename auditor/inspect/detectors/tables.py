"""Columns of tables: whose values a detector takes, by the column's name or by all of its values.

Work is done once for each different value of a batch, not for each cell.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from auditor.inspect.detectors.masks import masked
from auditor.inspect.detectors.patterns import plain
from auditor.inspect.detectors.sought import Sought
from auditor.inspect.detectors.values import canonical_all
from auditor.model.content import MOST_SAMPLES
from auditor.model.subjects import Subjects

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from numpy.typing import NDArray

    from auditor.inspect.detectors.rules import Certain

MOST_COLUMNS: Final = 1_024
"""Columns of a table that are judged; further ones are searched as text."""

_TRIED: Final = 64
"""Values of a column without a telling name that are tried first: if hardly any fits, none is."""

_MOST_KNOWN: Final = 65_536  # names of columns whose detectors are remembered
_SMALL: Final = 256  # cells up to which counting them is quicker than setting up for many
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


@dataclass(slots=True)
class Column:
    """What one detector sees in one column.

    Attributes:
        filled: rows with a value, whoever takes it.
        passing: rows whose value the detector takes.
        samples: masked, at most ``MOST_SAMPLES``.
    """

    sought: Sought
    filled: int = 0
    passing: int = 0
    subjects: Subjects = field(default_factory=Subjects)
    samples: list[str] = field(default_factory=list)

    @property
    def fits(self) -> bool:
        """Whether enough of the values are of its form."""
        return self.passing > 0 and (
            self.sought.detector.any_value
            or self.passing >= self.sought.detector.minimum.share * self.filled
        )

    def take(self, values: Values, taken: NDArray[np.bool_]) -> None:
        """Counts the different values that are marked in ``taken``."""
        if not taken.any():
            return
        self.passing += int(values.rows[taken].sum())
        fresh = [values.cells[place] for place in np.flatnonzero(taken).tolist()]
        self.subjects.add_many(self.sought.hashing.of_many(canonical_all(fresh)))
        for value in fresh[: 4 * MOST_SAMPLES]:
            sample = masked(value, self.sought.detector.shown)
            if len(self.samples) < MOST_SAMPLES and sample not in self.samples:
                self.samples.append(sample)


class Values:
    """The different values of a column, and in how many rows each stands."""

    def __init__(self, column: pa.Array) -> None:
        self.cells: list[bytes]
        if len(column) <= _SMALL:
            counts = Counter(column.to_pylist())
            counts.pop(None, None)
            self.cells = [one.strip().encode() for one in counts]
            self.rows = np.fromiter(counts.values(), np.int64, len(counts))
        else:
            different = column.dictionary_encode()
            trimmed = pc.utf8_trim_whitespace(different.dictionary)
            indices = different.indices.drop_null().to_numpy(zero_copy_only=False)
            self.cells = trimmed.cast(pa.binary()).to_pylist()
            self.rows = np.bincount(indices, minlength=len(self.cells))
        lengths = list(map(len, self.cells))
        self.lengths: NDArray[np.int64] = np.array(lengths, np.int64)
        self._longest = max(lengths, default=0)
        self._shortest = min(filter(None, lengths), default=0)
        self.full: NDArray[np.bool_] = self.lengths > 0
        self.filled = int(self.rows[self.full].sum())

    def of(
        self, sought: Sought, *, by_name: bool, among: NDArray[np.bool_] | None = None
    ) -> NDArray[np.bool_]:
        """Which of them (of those marked in ``among``) a detector takes."""
        if by_name and sought.detector.any_value:
            return self.full
        out = np.zeros(len(self.cells), bool)
        if sought.shortest > self._longest or sought.longest < self._shortest:
            return out
        right = (self.lengths >= sought.shortest) & (self.lengths <= sought.longest) & self.full
        if among is not None:
            right &= among
        if not right.any():
            return out
        places = np.flatnonzero(right)
        share = sought.detector.minimum.share
        if not by_name:
            if self.rows[right].sum() < share * self.filled:
                return out
            tried = places[:: max(1, len(places) // _TRIED)].tolist()
            if len(sought.cells_among(self.cells, tried)) < share * len(tried) / 4:
                return out
        out[sought.cells_among(self.cells, places.tolist())] = True
        return out


class Fitting:
    """Which detectors a column of some name may belong to.

    Attributes:
        guessed: those that may take a column whose name tells nothing.
        fewest: different values without which none of these takes one.
    """

    def __init__(self, detectors: Sequence[Sought]) -> None:
        self.guessed = [one for one in detectors if one.detector.minimum.unnamed_column]
        self.fewest = min(
            (one.detector.minimum.unnamed_column or 0 for one in self.guessed), default=0
        )
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


class Table:
    """A table whose rows come in batches."""

    def __init__(self, fitting: Fitting, names: tuple[str, ...]) -> None:
        self._names = names
        self._fitting = fitting
        self._named: dict[int, list[Column]] = {}
        self._unnamed: dict[int, list[Column]] = {}
        self._patterned: set[int] = set()
        self._waiting: dict[int, list[pa.Array]] = {}
        self._rows: dict[int, int] = {}

    def _begin(self, place: int) -> None:
        name = self._names[place] if place < len(self._names) else ""
        named = self._named[place] = [Column(one) for one in self._fitting.of(name)]
        if any(not one.sought.detector.any_value for one in named):
            self._patterned.add(place)

    def add(self, columns: Sequence[Sequence[str | None]]) -> bytes:
        """Further rows.

        Returns:
            What is to be searched as text: names, then rows, of all columns but those whose values
            are counted already.
        """
        texts: list[tuple[int, pa.Array]] = []
        for place, column in enumerate(columns):
            cells = _cells(column)
            if place >= MOST_COLUMNS or not self._counted(place, cells):
                texts.append((place, cells))
        return _written(self._names, texts)

    def _counted(self, place: int, cells: pa.Array) -> bool:
        if place not in self._named:
            self._begin(place)
        named, counted = self._named[place], False
        if named:
            values = Values(cells)
            left = np.ones(len(values.cells), bool)
            for column in named:
                column.filled += values.filled
                taken = values.of(column.sought, by_name=True, among=left)
                if not column.sought.detector.any_value:
                    left &= ~taken
                column.take(values, taken)
            counted = any(one.fits and not one.sought.detector.any_value for one in named)
        if place not in self._patterned:
            self._try(place, cells)
        return self._guess(place) is not None or counted

    def _try(self, place: int, cells: pa.Array) -> None:
        """Tries values on detectors that no name points to, once there are enough for any."""
        waiting = self._waiting.setdefault(place, [])
        waiting.append(cells)
        rows = self._rows[place] = self._rows.get(place, 0) + len(cells)
        if rows < self._fitting.fewest:
            return
        if place not in self._unnamed:
            self._unnamed[place] = [Column(one) for one in self._fitting.guessed]
        for batch in waiting:
            values = Values(batch)
            for column in self._unnamed[place]:
                column.filled += values.filled
                column.take(values, values.of(column.sought, by_name=False))
        waiting.clear()

    def _guess(self, place: int) -> Column | None:
        """The detector that a column without a telling name belongs to."""
        best: Column | None = None
        for column in self._unnamed.get(place, ()):
            fewest = column.sought.detector.minimum.unnamed_column
            enough = fewest is not None and column.subjects.count >= fewest
            if enough and column.fits and (best is None or _strength(column) > _strength(best)):
                best = column
        return best

    def hits(self) -> Iterator[tuple[Sought, str, Certain, Column]]:
        """Columns in which a detector has enough values: name, how sure, what it saw."""
        for place, columns in self._named.items():
            name = self._names[place] if place < len(self._names) else ""
            for column in columns:
                rules = column.sought.detector
                if column.fits and column.subjects.count >= rules.minimum.column:
                    yield column.sought, name, rules.certainty.column, column
            guess = self._guess(place)
            if guess is not None:
                certainty = guess.sought.detector.certainty.unnamed_column
                yield guess.sought, name, certainty, guess


def _strength(column: Column) -> tuple[int, bool, int]:
    return column.passing, column.sought.check is not None, -column.sought.rank


def as_text(names: Sequence[str], columns: Sequence[Sequence[str | None]]) -> bytes:
    """A table of which no column is judged: names, then rows."""
    return _written(names, [(place, _cells(column)) for place, column in enumerate(columns)])


def _written(names: Sequence[str], columns: Sequence[tuple[int, pa.Array]]) -> bytes:
    """Columns by their places, as lines."""
    if not columns or not len(columns[0][1]):
        return b""
    head = "\t".join(names[place] if place < len(names) else "" for place, _ in columns)
    return head.encode("utf-8", "replace") + b"\n" + _rows([cells for _, cells in columns])


def _cells(column: Sequence[str | None]) -> pa.Array:
    try:
        return pa.array(column, pa.string())
    except UnicodeEncodeError:  # half a character
        whole = [one and one.encode("utf-8", "replace").decode() for one in column]
        return pa.array(whole, pa.string())


def _rows(columns: Iterable[pa.Array]) -> bytes:
    """Cells with tabs between them, lines between rows."""
    lines = pc.binary_join_element_wise(
        *columns, "\t", null_handling="replace", null_replacement=""
    )
    ended = pc.binary_join_element_wise(lines, "", "\n")
    data = ended.buffers()[2]
    return b"" if data is None else data.to_pybytes()
