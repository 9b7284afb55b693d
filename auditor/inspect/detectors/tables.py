"""Columns of tables: whose values a detector takes, by the column's name or by all of its values.

Work is done once for each different value of a batch, not for each cell.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from auditor.inspect.detectors.masks import masked
from auditor.inspect.detectors.patterns import plain
from auditor.inspect.detectors.sought import Sought
from auditor.inspect.detectors.values import canonical
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
        self.passing += int(values.rows[taken].sum())
        fresh = [values.cells[place] for place in np.flatnonzero(taken).tolist()]
        self.subjects.add_many(self.sought.hashing.of_many(map(canonical, fresh)))
        for value in fresh[: 4 * MOST_SAMPLES]:
            sample = masked(value, self.sought.detector.shown)
            if len(self.samples) < MOST_SAMPLES and sample not in self.samples:
                self.samples.append(sample)


class Values:
    """The different values of a column, and in how many rows each stands."""

    def __init__(self, column: pa.Array) -> None:
        different = column.dictionary_encode()
        trimmed = pc.utf8_trim_whitespace(different.dictionary)
        indices = different.indices.drop_null().to_numpy(zero_copy_only=False)
        self.cells: list[bytes] = trimmed.cast(pa.binary()).to_pylist()
        self.rows = np.bincount(indices, minlength=len(self.cells))
        self.lengths: NDArray[np.int64] = np.fromiter(
            map(len, self.cells), np.int64, len(self.cells)
        )
        self.full: NDArray[np.bool_] = self.lengths > 0
        self.filled = int(self.rows[self.full].sum())

    def of(
        self, sought: Sought, *, by_name: bool, among: NDArray[np.bool_] | None = None
    ) -> NDArray[np.bool_]:
        """Which of them (of those marked in ``among``) a detector takes."""
        if by_name and sought.detector.any_value:
            return self.full
        out = np.zeros(len(self.cells), bool)
        right = (self.lengths >= sought.shortest) & (self.lengths <= sought.longest) & self.full
        if among is not None:
            right &= among
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


class Table:
    """A table whose rows come in batches."""

    def __init__(self, detectors: Sequence[Sought], names: tuple[str, ...]) -> None:
        self._names = names
        self._named: dict[int, list[Column]] = {}
        self._unnamed: dict[int, list[Column]] = {}
        self._fitting: dict[str, list[Sought]] = {}
        for sought in detectors:
            for name in sought.detector.columns:
                self._fitting.setdefault(folded(name), []).append(sought)
        self._guessed = [one for one in detectors if one.detector.minimum.unnamed_column]

    def _begin(self, place: int) -> None:
        name = self._names[place] if place < len(self._names) else ""
        fitting = {
            sought.rank: sought for one in names_of(name) for sought in self._fitting.get(one, ())
        }
        self._named[place] = [Column(fitting[rank]) for rank in sorted(fitting)]
        patterned = any(not one.sought.detector.any_value for one in self._named[place])
        self._unnamed[place] = [] if patterned else [Column(one) for one in self._guessed]

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
        if not texts or not len(texts[0][1]):
            return b""
        names = "\t".join(
            self._names[place] if place < len(self._names) else "" for place, _ in texts
        )
        return names.encode("utf-8", "replace") + b"\n" + _rows([cells for _, cells in texts])

    def _counted(self, place: int, cells: pa.Array) -> bool:
        if place not in self._named:
            self._begin(place)
        named, unnamed = self._named[place], self._unnamed[place]
        if not named and not unnamed:
            return False
        values = Values(cells)
        left = np.ones(len(values.cells), bool)
        for column in named:
            column.filled += values.filled
            taken = values.of(column.sought, by_name=True, among=left)
            if not column.sought.detector.any_value:
                left &= ~taken
            column.take(values, taken)
        for column in unnamed:
            column.filled += values.filled
            column.take(values, values.of(column.sought, by_name=False))
        return self._guess(place) is not None or any(
            column.fits and not column.sought.detector.any_value for column in named
        )

    def _guess(self, place: int) -> Column | None:
        """The detector that a column without a telling name belongs to."""
        best: Column | None = None
        for column in self._unnamed[place]:
            fewest = column.sought.detector.minimum.unnamed_column
            enough = fewest is not None and column.subjects.count >= fewest
            if enough and column.fits and (best is None or _strength(column) > _strength(best)):
                best = column
        return best

    def hits(self, sought: Sought) -> Iterator[tuple[str, Certain, Column]]:
        """Columns in which a detector has enough values: name, how sure, what it saw."""
        certainty, fewest = sought.detector.certainty, sought.detector.minimum.column
        for place, columns in self._named.items():
            name = self._names[place] if place < len(self._names) else ""
            for column in columns:
                if column.sought is sought and column.fits and column.subjects.count >= fewest:
                    yield name, certainty.column, column
            guess = self._guess(place)
            if guess is not None and guess.sought is sought:
                yield name, certainty.unnamed_column, guess


def _strength(column: Column) -> tuple[int, bool, int]:
    return column.passing, column.sought.check is not None, -column.sought.rank


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
