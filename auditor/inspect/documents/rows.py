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
        self._columns: dict[tuple[str, int], list[str | None]] = {}
        self._shape: tuple[str, ...] = ()
        self._shaped: list[list[str | None]] = []
        self._rows = 0
        self._size = 0

    def add(self, names: tuple[str, ...], values: Sequence[str | None]) -> None:
        """One more record."""
        self.begun = True
        if names != self._shape:
            self._reshape(names)
        for column, value in zip(self._shaped, values, strict=False):
            column.append(value)
        if len(self._shaped) < len(values):
            self._pages.text(lines(list(zip(names, values, strict=True))[len(self._shaped) :]))
        self._rows += 1
        self._size += sum(map(len, filter(None, values)))
        if (
            self._rows >= MOST_ROWS
            or self._rows * len(self._columns) >= MOST_CELLS
            or self._size >= MOST_CHARACTERS
        ):
            self.flush()

    def extend(self, names: tuple[str, ...], columns: Sequence[list[str | None]]) -> None:
        """Many records with the same names, each once: at most ``MOST_ROWS``."""
        if self._rows and (names != self._shape or len(names) != len(self._columns)):
            self.flush()
        count = len(columns[0]) if columns else 0
        if self._rows + count > MOST_ROWS:
            self.flush()
        if not count or len(names) > MOST_COLUMNS:
            for record in zip(*columns, strict=True):
                self.add(names, record)
            return
        self.begun = True
        if names != self._shape:
            self._reshape(names)
        for held, column in zip(self._shaped, columns, strict=True):
            held.extend(column)
        self._rows += count
        self._size += count * len(names) * _LIKELY_LENGTH
        if self._rows * len(names) >= MOST_CELLS or self._size >= MOST_CHARACTERS:
            self.flush()

    def flush(self) -> None:
        """Hands on what is held."""
        if self._rows and self._columns:
            for column in self._columns.values():
                column.extend([None] * (self._rows - len(column)))
            names = [name for name, _ in self._columns]
            self._pages.table(names, [cleaned(column) for column in self._columns.values()])
        self._columns = {}
        self._shape, self._shaped = (), []
        self._rows = self._size = 0

    def _reshape(self, names: tuple[str, ...]) -> None:
        """The columns of records with these names, filled up to here."""
        if self._columns and (len(self._columns) + len(names)) > MOST_COLUMNS:
            self.flush()
        seen: dict[str, int] = {}
        self._shape, self._shaped = names, []
        for name in names[:MOST_COLUMNS]:
            again = seen[name] = seen.get(name, -1) + 1
            column = self._columns.setdefault((name, again), [])
            column.extend([None] * (self._rows - len(column)))
            self._shaped.append(column)
