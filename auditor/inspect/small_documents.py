"""Small documents with tables: those that are built alike are searched as one.

An interface that answers with thirty records at a time sends one table in many pieces. To judge
each by itself costs several times what its cells cost, and tells less: a minimum of values may
never be reached. So documents of one side of a flow that stand at the same place and hold tables
with the same columns are one item, and their rows are judged some thousand cells at a time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from auditor.inspect.detectors.items import Item

    Columns = Sequence[Sequence[str | None]]
    Layout = tuple[object, ...]

MOST_TEXT: Final = 1 << 12
"""Bytes of text in a small document."""

MOST_CELLS: Final = 1 << 15
"""Characters of cells and names in its tables, each cell and name counted as one more."""

MOST_GATHERED: Final = 1 << 16
"""The same of tables that wait to be judged together."""

MOST_OPEN: Final = 4
"""Kinds of small documents of one side that are open; one more ends the one that rested longest."""

_TELLING: Final = 8  # digits of the shortest number that is told from others by its length
_MOST_WRITTEN: Final = 32  # characters of a number
_BETWEEN_DIGITS: Final = dict.fromkeys(map(ord, " .-/+()"))


class SmallDocument:
    """What a document held so far, as long as it is small; in its order.

    Attributes:
        short: all of it was no more than what it is recognised by: its text is small.
        pieces: texts, and tables as names and columns.
        tables: how many of them are tables.
        size: characters of these and of their names, each counted as one more.
    """

    __slots__ = ("_text", "pieces", "short", "size", "tables")

    def __init__(self) -> None:
        self.pieces: list[bytes | tuple[Sequence[str], Columns]] = []
        self.tables = self.size = 0
        self.short = False
        self._text = 0

    def text(self, data: bytes) -> bool:
        """Takes more text; false = with it the document is no longer small."""
        self._text += len(data)
        if self._text > MOST_TEXT and not self.short:
            return False
        last = self.pieces[-1] if self.pieces else None
        if isinstance(last, bytes):
            self.pieces[-1] = last + data
        else:
            self.pieces.append(data)
        return True

    def table(self, names: Sequence[str], columns: Columns) -> bool:
        """Takes rows of a table; false = with them the document is no longer small."""
        self.size += 1 + len(names) + sum(map(len, names))
        for column in columns:
            self.size += len(column)
            if self.size <= MOST_CELLS:
                self.size += sum(map(len, filter(None, column)))
        if self.size > MOST_CELLS:
            return False
        self.pieces.append((names, columns))
        self.tables += 1
        return True

    def texts(self) -> list[bytes]:
        """Its texts, without the tables between them."""
        return [piece for piece in self.pieces if isinstance(piece, bytes)]

    def layout(self) -> Layout:
        """What documents that are built alike have in common: names, and what begins columns.

        Two lists with a column ``value`` are alike only if both hold, say, telephone numbers.
        """
        return tuple(
            (tuple(piece[0]), tuple(map(_likeness, piece[1])))
            for piece in self.pieces
            if not isinstance(piece, bytes)
        )

    def write(self, item: Item) -> None:
        """Hands everything on; it holds nothing afterwards."""
        for piece in self.pieces:
            if isinstance(piece, bytes):
                item.text(piece)
            else:
                item.table(*piece)
        self.pieces = []


class Owner(Protocol):
    """The flow that they belong to."""

    def item(self, side: int, place: str) -> Item:
        """A new search."""

    def judged(self, side: int, item: Item) -> None:
        """The search is over."""


class SmallDocuments:
    """The small documents with tables of one side of a flow."""

    __slots__ = ("_kinds", "_owner", "_side")

    def __init__(self, owner: Owner, side: int) -> None:
        self._owner, self._side = owner, side
        self._kinds: dict[Layout, _Kind] = {}

    def add(self, place: str, document: SmallDocument) -> None:
        """One that has ended."""
        key = place, *document.layout()
        kind = self._kinds.pop(key, None)
        if kind is None:
            if len(self._kinds) >= MOST_OPEN:
                self._end(next(iter(self._kinds)))
            kind = _Kind(self._owner.item(self._side, place))
        self._kinds[key] = kind  # the last one
        kind.add(document)

    def close(self) -> None:
        """Nothing more will come."""
        while self._kinds:
            self._end(next(iter(self._kinds)))

    def _end(self, key: Layout) -> None:
        kind = self._kinds.pop(key)
        kind.flush()
        kind.item.close()
        self._owner.judged(self._side, kind.item)


class _Kind:
    """Documents of one kind: their item, and rows that wait."""

    __slots__ = ("_size", "_tables", "item")

    def __init__(self, item: Item) -> None:
        self.item = item
        self._tables: list[tuple[Sequence[str], list[list[str | None]]]] = []
        self._size = 0

    def add(self, document: SmallDocument) -> None:
        """One that is built like the others."""
        tables = [piece for piece in document.pieces if not isinstance(piece, bytes)]
        for text in document.texts():
            self.item.apart()
            self.item.text(text)
        if self._tables:
            for (_, held), (_, columns) in zip(self._tables, tables, strict=True):
                for all_rows, column in zip(held, columns, strict=True):
                    all_rows.extend(column)
        else:
            self._tables = [(names, list(map(list, columns))) for names, columns in tables]
        self._size += document.size
        if self._size >= MOST_GATHERED:
            self.flush()

    def flush(self) -> None:
        """Judges what waits."""
        for names, columns in self._tables:
            self.item.table(names, columns)
        self._tables, self._size = [], 0


def _likeness(column: Sequence[str | None]) -> int:
    """Of a column's first value: how many digits it is, if many; -1 = other text, 0 = the rest."""
    first = next(filter(None, column), "")
    digits = first[:_MOST_WRITTEN].translate(_BETWEEN_DIGITS)
    if digits and not digits.isdecimal():
        return -1
    return len(digits) if len(digits) >= _TELLING else 0
