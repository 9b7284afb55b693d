"""Records of a document, gathered into tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from auditor.inspect.contracts import Pages

MOST_ROWS: Final = 65_536
"""Rows of one table that is handed on."""

MOST_CELLS: Final = 1 << 19
"""Cells that are held until they are handed on."""

MOST_CHARACTERS: Final = 1 << 22
"""Characters of cells that are held until they are handed on."""

MOST_EMPTY: Final = 64
"""Cells for each that is filled, from a quarter of ``MOST_CELLS`` on: names that are ever new."""

MOST_COLUMNS: Final = 10_000
"""Columns of a table; what stands beyond is written as text."""

MOST_SAME: Final = 16
"""Fields of one name in one record that are columns of their own; one more takes the rest."""

_LIKELY_LENGTH: Final = 8

Fields = list[tuple[str, str | None]]
"""A record: names and values in their order; a name may come again."""


def cleaned(values: Sequence[str | None]) -> Sequence[str | None]:
    """The values, without halves of surrogate pairs, which no encoding can write."""
    try:
        "".join(filter(None, values)).encode()
    except UnicodeEncodeError:
        return [v and v.encode("utf-8", "replace").decode() for v in values]
    return values


def lines(fields: Iterable[tuple[str, str | None]]) -> bytes:
    """Fields as text: ``name: value`` by lines."""
    text = "".join(f"{name}: {value}\n" for name, value in fields if value)
    return text.encode("utf-8", "replace")


class _Shape:
    """Records with the same names.

    Attributes:
        places: of its columns among all.
        columns: values, by names.
        rows: number of each record among all.
    """

    def __init__(self, places: list[int]) -> None:
        self.places = places
        self.columns: list[list[str | None]] = [[] for _ in places]
        self.rows: list[int] = []


class Rows:
    """Records of one kind that become tables of a column per name.

    Records may differ in their names: where one has none, the cell is null. A name that comes
    twice in a record is two columns of that name.

    Attributes:
        begun: there was a record.
    """

    def __init__(self, pages: Pages) -> None:
        self.begun = False
        self._pages = pages
        self._places: dict[tuple[str, int], int] = {}
        self._shapes: dict[tuple[str, ...], _Shape] = {}
        self._rows = 0
        self._filled = 0
        self._size = 0

    def add(self, names: tuple[str, ...], values: Sequence[str | None]) -> None:
        """One more record."""
        self.begun = True
        shape = self._shapes.get(names) or self._shape_of(names)
        shape.rows.append(self._rows)
        for column, value in zip(shape.columns, values, strict=False):
            column.append(value)
        if len(shape.columns) < len(values):
            self._pages.text(lines(list(zip(names, values, strict=True))[len(shape.columns) :]))
        self._rows += 1
        self._filled += len(values)
        self._size += sum(map(len, filter(None, values)))
        if self._rows >= MOST_ROWS or self._is_full():
            self.flush()

    def _is_full(self) -> bool:
        cells = self._rows * len(self._places)
        empty = cells >= MOST_CELLS // 4 and cells >= MOST_EMPTY * self._filled
        return empty or cells >= MOST_CELLS or self._size >= MOST_CHARACTERS

    def extend(self, names: tuple[str, ...], columns: Sequence[list[str | None]]) -> None:
        """Many records with the same names: at most ``MOST_ROWS``."""
        self.extend_all([(names, columns, None)])

    def extend_all(
        self,
        groups: Sequence[tuple[tuple[str, ...], Sequence[list[str | None]], Sequence[int] | None]],
    ) -> None:
        """Many records of several kinds, at most ``MOST_ROWS`` together.

        Args:
            groups: names, columns, and each record's number among them all; null = in their order.
        """
        width = sum(len(names) for names, _, _ in groups)
        if width > MOST_COLUMNS or any(not columns for _, columns, _ in groups):
            for names, columns, _ in groups:
                for record in zip(*columns, strict=True):
                    self.add(names, record)
            return
        count = sum(len(columns[0]) for _, columns, _ in groups)
        if self._rows + count > MOST_ROWS or len(self._places) + width > MOST_COLUMNS:
            self.flush()
        begin = self._rows
        for names, columns, numbers in groups:
            self.begun = True
            shape = self._shapes.get(names) or self._shape_of(names)
            for held, column in zip(shape.columns, columns, strict=True):
                held.extend(column)
            places = range(len(columns[0])) if numbers is None else numbers
            shape.rows.extend(map(begin.__add__, places))
            self._filled += len(columns[0]) * len(names)
            self._size += len(columns[0]) * len(names) * _LIKELY_LENGTH
        self._rows = begin + count
        if self._is_full():
            self.flush()

    def flush(self) -> None:
        """Hands on what is held."""
        shapes, count = list(self._shapes.values()), self._rows
        if count and self._places:
            columns: list[list[str | None]]
            if len(shapes) == 1 and len(self._places) == len(shapes[0].columns):
                columns = shapes[0].columns
            else:
                columns = [[None] * count for _ in self._places]
                for shape in shapes:
                    for place, column in zip(shape.places, shape.columns, strict=True):
                        whole = columns[place]
                        for row, value in zip(shape.rows, column, strict=True):
                            whole[row] = value
            names = [name for name, _ in self._places]
            self._pages.table(names, [cleaned(column) for column in columns])
        self._places, self._shapes = {}, {}
        self._rows = self._filled = self._size = 0

    def _shape_of(self, names: tuple[str, ...]) -> _Shape:
        """Begins to hold records with these names."""
        if self._places and len(self._places) + len(names) > MOST_COLUMNS and self._rows:
            self.flush()
        seen: dict[str, int] = {}
        places: list[int] = []
        for name in names[:MOST_COLUMNS]:
            again = seen[name] = seen.get(name, -1) + 1
            places.append(self._places.setdefault((name, again), len(self._places)))
        shape = self._shapes[names] = _Shape(places)
        return shape
