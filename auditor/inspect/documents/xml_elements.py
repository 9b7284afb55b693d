"""Elements of XML on their way to tables and lines: a parser, and what it met so far."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from xml.parsers import expat

from auditor.inspect.documents.rows import MOST_CHARACTERS, MOST_ROWS, Fields, Rows, lines

if TYPE_CHECKING:
    from collections.abc import Sequence

    from auditor.inspect.contracts import Pages, Part
    from auditor.inspect.documents.xml_records import Rowed, Shape
    from auditor.model.content import Unread

MOST_NESTED: Final = 200
"""Elements within elements; what lies deeper is read as text."""

MOST_FIELDS: Final = 4096
"""Fields that an element holds until it ends; more are written at once."""

MOST_TEXT: Final = 1 << 20
"""Characters of one element's text that are held; more are written at once."""

MOST_KINDS: Final = 64
"""Kinds of records that are gathered, and kinds of children that an element holds."""

MOST_PATTERNED: Final = 8
"""Kinds of records of which patterns are made."""


class _RefusedError(ValueError):
    """The document declares entities, or nests too deep."""


class _Element:
    """An element that is open."""

    __slots__ = ("fields", "pending", "size", "tag", "text")

    def __init__(self, tag: str) -> None:
        self.tag = tag
        self.text: list[str] = []
        self.size = 0
        self.fields: Fields = []
        self.pending: dict[str, Fields] = {}


class Kind:
    """Records of one name in one place.

    Attributes:
        opening: how the first tag of one begins.
        closing: its last tag.
        depth: elements around one, the document included.
        within: path of what it lies in.
        shapes: how they are written, what came lately first; null = too differently.
        failures: records that had no shape.
    """

    def __init__(self, tag: str, depth: int, within: str) -> None:
        self.opening = f"<{tag}"
        self.closing = f"</{tag}>".encode()
        self.depth, self.within = depth, within
        self.shapes: list[Shape] | None = []
        self.failures = 0


class Elements:
    """A parser, and the elements that are open.

    Attributes:
        tables: records by the path of their elements.
        kinds: records that a pattern may be made of.
    """

    def __init__(self, pages: Pages) -> None:
        self.tables: dict[str, Rows] = {}
        self.kinds: list[Kind] = []
        self._pages = pages
        self._stack = [_Element("")]
        self._gathered = 0
        self._size = 0
        self._fed = 0
        self._before = b""
        # What comes has been decoded: the declaration's encoding no longer holds.
        self._parser = expat.ParserCreate("utf-8")
        self._parser.buffer_text = True
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._characters
        self._parser.EntityDeclHandler = self._entity

    def parse(self, piece: bytes, *, last: bool = False) -> bytes | None:
        """Parses the next bytes.

        Returns:
            Null; or what was not parsed: the parser failed there, nothing more can be parsed.
        """
        try:
            self._parser.Parse(piece, last)
        except expat.ExpatError:
            begin = self._parser.ErrorByteIndex - self._fed
        except _RefusedError:
            begin = self._parser.CurrentByteIndex - self._fed
        else:
            self._fed += len(piece)
            if piece:
                self._before = piece
            return None
        # It may fail at a tag that began in the piece before.
        both = self._before + piece
        return both[max(begin + len(self._before), 0) :]

    def close(self) -> None:
        """Writes what is held."""
        while len(self._stack) > 1:  # elements that were never closed
            self._end(self._stack[-1].tag)
        self._write(self._stack[0].fields + _merged(self._stack[0]))
        for rows in self.tables.values():
            rows.flush()

    def stands(self, kind: Kind) -> bool:
        """Whether a record of a kind may begin here."""
        return len(self._stack) == kind.depth and self._path("") == kind.within

    def add(self, rows: Rowed, values: list[str], size: int) -> None:
        """Takes a record of ``size`` characters by the values of its shape."""
        for path, names, places in rows:
            self.tables[path].add(names, [values[place] for place in places])
        self._count(len(rows), size)

    def extend(self, rows: Rowed, columns: list[list[str]], size: int) -> None:
        """Takes records of one shape, by columns."""
        for path, names, places in rows:
            self.tables[path].extend(names, [list[str | None](columns[one]) for one in places])
        self._count(len(columns[0]) * len(rows), size)

    def read_alone(self, record: str) -> list[tuple[str, Fields]] | None:
        """What an element would write here: rows of tables that are known; null = more."""
        aside = _Aside()
        other = Elements(aside)
        within = other._stack = [_Element(element.tag) for element in self._stack]
        written: list[tuple[str, Fields]] = []
        other.tables = {path: _Noted(aside, path, written) for path in self.tables}
        try:
            other._parser.StartElementHandler = None
            other._parser.Parse("<a>" * max(len(within) - 1, 1))
            other._parser.StartElementHandler = other._start
            other._parser.Parse(record)
        except (expat.ExpatError, _RefusedError):
            return None
        told = len(other.tables) > len(self.tables) or aside.wrote
        left = any(one.fields or one.pending or "".join(one.text).strip() for one in within)
        return None if told or left else written

    def _entity(self, *declared: object) -> None:
        raise _RefusedError

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        if len(self._stack) > MOST_NESTED:
            raise _RefusedError
        element = _Element(_local(tag))
        for name, value in attributes.items():
            if not name.startswith("xmlns") and value:
                element.fields.append((_local(name), value))
        self._stack.append(element)

    def _characters(self, text: str) -> None:
        element = self._stack[-1]
        element.text.append(text)
        element.size += len(text)
        if element.size > MOST_TEXT:
            self._pages.text("".join(element.text).encode())
            element.text.clear()
            element.size = 0

    def _end(self, qualified: str) -> None:
        element = self._stack.pop()
        parent = self._stack[-1]
        tag = element.tag
        text = "".join(element.text).strip()
        if not element.fields and not element.pending:
            if text:
                parent.fields.append((tag, text))
                if len(parent.fields) > MOST_FIELDS:
                    self._spill(parent)
            return
        record: Fields = [(tag, text)] if text else []
        record += element.fields
        record += _merged(element)
        self._record(parent, tag, record, qualified)

    def _record(self, parent: _Element, tag: str, record: Fields, qualified: str) -> None:
        """An element with parts has ended: a record of a table, or a part of its parent."""
        path = self._path(tag)
        rows = self.tables.get(path)
        if rows is None and tag not in parent.pending:
            if len(parent.pending) < MOST_KINDS:
                parent.pending[tag] = record
            else:
                self._write([(f"{path}.{name}", value) for name, value in record])
            return
        if rows is None:
            if len(self.tables) >= MOST_KINDS:
                self._write([(f"{path}.{name}", value) for name, value in record])
                return
            rows = self.tables[path] = Rows(self._pages)
            self._add(rows, parent.pending.pop(tag))
            if len(self.kinds) < MOST_PATTERNED:
                self.kinds.append(Kind(qualified, len(self._stack), self._path("")))
        self._add(rows, record)

    def _add(self, rows: Rows, record: Fields) -> None:
        names, values = zip(*record, strict=True)
        rows.add(names, values)
        self._count(1, sum(map(len, filter(None, values))))

    def _count(self, records: int, size: int) -> None:
        self._gathered += records
        self._size += size
        if self._gathered >= MOST_ROWS or self._size >= MOST_CHARACTERS:
            for one in self.tables.values():
                one.flush()
            self._gathered = self._size = 0

    def _spill(self, element: _Element) -> None:
        """Writes the fields of an element that has very many."""
        path = self._path("")
        self._write([(path + name, value) for name, value in element.fields])
        element.fields = [("", None)]

    def _path(self, tag: str) -> str:
        return ".".join([element.tag for element in self._stack[1:]] + [tag])

    def _write(self, fields: Fields) -> None:
        text = lines(fields)
        if text:
            self._pages.text(text)


class _Aside:
    """Pages that nobody reads."""

    wrote = False

    def text(self, data: bytes) -> None:
        self.wrote = True

    def table(self, names: Sequence[str], columns: Sequence[Sequence[str | None]]) -> None:
        self.wrote = True

    def fact(self, name: str, detail: str = "") -> None:
        self.wrote = True

    def member(self, name: str, media_type: str = "", charset: str = "") -> Part:
        raise NotImplementedError

    def unread(self, why: Unread, what: str = "") -> None:
        self.wrote = True


class _Noted(Rows):
    """Rows that only note what is added."""

    def __init__(self, pages: Pages, path: str, written: list[tuple[str, Fields]]) -> None:
        super().__init__(pages)
        self._path, self._written = path, written

    def add(self, names: tuple[str, ...], values: Sequence[str | None]) -> None:
        self._written.append((self._path, list(zip(names, values, strict=True))))


def _local(tag: str) -> str:
    """A name without its namespace's prefix."""
    return tag.rsplit(":", 1)[-1]


def _merged(element: _Element) -> Fields:
    """Fields of the children that came once, under dotted names."""
    return [
        (f"{tag}.{name}" if name != tag else tag, value)
        for tag, fields in element.pending.items()
        for name, value in fields
    ]
