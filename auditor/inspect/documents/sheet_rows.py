"""Rows of a sheet or of a table in a text, gathered into tables with names of columns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from auditor.inspect.contracts import Pages
    from auditor.inspect.documents.unpacking import Budget

MOST_ROWS: Final = 1 << 16
"""Rows of one batch, see ``Pages.table``."""

MOST_CELLS: Final = 1 << 18
"""Cells of one batch, empty ones too: a few MiB of memory."""

MOST_CHARACTERS: Final = 1 << 21
"""Of one batch, and of one row; what a row holds beyond is searched as text."""

HEAD: Final = 20
"""Rows among which the names of columns are looked for: forms have titles above their table."""

LONGEST_NAME: Final = 100
"""Characters of a cell that may be the name of a column."""

SPARSE: Final = 32
"""A batch with one cell in so many filled is no table: it is searched as text."""

_TEXT_AT_ONCE: Final = 1 << 16


class Words:
    """Text on its way to the pages, in pieces worth handing on."""

    def __init__(self, pages: Pages, budget: Budget) -> None:
        self.pages, self.budget = pages, budget
        self._pieces: list[str] = []
        self._size = 0

    def write(self, text: str) -> None:
        """More text.

        Raises:
            BombError: the document has unpacked to too much.
        """
        self._pieces.append(text)
        self._size += len(text)
        if self._size >= _TEXT_AT_ONCE:
            self.flush()

    def flush(self) -> None:
        """Hands on what waits; errors as above."""
        if self._pieces:
            text, self._pieces, self._size = "".join(self._pieces), [], 0
            self.budget.spend(len(text))
            self.pages.text(text.encode("utf-8", "replace"))


class Rows:
    """The rows of one table.

    Args:
        words: where goes what is no table.
        loose: without names of columns it is no table: in texts, tables also serve to place
            letterheads and signatures side by side.
    """

    def __init__(self, words: Words, *, loose: bool) -> None:
        self._words, self._loose = words, loose
        self._row: dict[int, str] = {}
        self._row_size = 0
        self._head: list[dict[int, str]] = []
        self._names: dict[int, str] | None = None
        self._as_text = False
        self._columns: dict[int, dict[int, str]] = {}
        self._count = self._filled = self._size = 0

    def put(self, column: int, value: str) -> None:
        """A cell of the row that is open; empty ones need not be told."""
        self._row_size += len(value)
        if self._row_size > MOST_CHARACTERS:
            self._words.write(f"{value}\n")
        elif value:
            self._row[column] = value

    def end_row(self) -> None:
        """The row is complete; empty ones are left out."""
        row, self._row = self._row, {}
        size, self._row_size = min(self._row_size, MOST_CHARACTERS), 0
        if not row:
            return
        if self._as_text:
            self._line(row)
        elif self._names is not None:
            self._keep(row, size)
        else:
            self._head.append(row)
            self._size += size
            if len(self._head) >= HEAD or self._size > MOST_CHARACTERS:
                self._decide()

    def close(self) -> None:
        """There are no more rows."""
        if self._names is None and not self._as_text:
            self._decide()
        self._flush()

    def _decide(self) -> None:
        rows, self._head, self._size = self._head, [], 0
        header = header_row(rows)
        if header is None:
            self._names, header = {}, -1
            if self._loose:
                self._as_text = True
        else:
            self._names = rows[header]
        for row in rows[: header + 1]:  # titles, and the names: nothing is lost if they were none
            self._line(row)
        for row in rows[header + 1 :]:
            if self._as_text:
                self._line(row)
            else:
                self._keep(row, sum(map(len, row.values())))

    def _line(self, row: dict[int, str]) -> None:
        self._words.write("\t".join(row[column] for column in sorted(row)) + "\n")

    def _keep(self, row: dict[int, str], size: int) -> None:
        number = self._count
        columns = self._columns
        for column, value in row.items():
            if column in columns:
                columns[column][number] = value
            else:
                columns[column] = {number: value}
        self._count += 1
        self._filled += len(row)
        self._size += size
        if (
            self._count >= MOST_ROWS
            or self._count * len(columns) >= MOST_CELLS
            or self._size >= MOST_CHARACTERS
        ):
            self._flush()

    def _flush(self) -> None:
        count, columns = self._count, self._columns
        size, filled = self._size, self._filled
        self._count = self._size = self._filled = 0
        self._columns = {}
        if not count:
            return
        if count * len(columns) > max(SPARSE * filled, MOST_ROWS):
            self._words.write("\n".join(v for c in sorted(columns) for v in columns[c].values()))
            self._words.write("\n")
            return
        self._words.flush()  # what stands above comes before
        self._words.budget.spend(size)
        numbers = range(count)
        names = self._names or {}
        ordered = sorted(columns)
        self._words.pages.table(
            [names.get(column, "") for column in ordered],
            [list(map(columns[column].get, numbers)) for column in ordered],
        )


def header_row(rows: list[dict[int, str]]) -> int | None:
    """Which of the first rows of a table names its columns; null = none."""
    width = max(map(len, rows), default=0)
    found = None
    for number, row in enumerate(rows[:-1]):
        named = all(map(_is_name, row.values()))
        if width > 1 and named and len(row) >= max(2, 0.6 * width):
            return number
        if width == 1:
            if not named:
                break
            found = number
    return found


def _is_name(value: str) -> bool:
    if len(value) > LONGEST_NAME or not any(map(str.isalpha, value)):
        return False
    return sum(map(str.isdigit, value)) <= min(4, len(value) // 2)
