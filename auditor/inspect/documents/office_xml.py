"""The XML inside office documents, read as a stream into text and tables.

Formats: ECMA-376 (WordprocessingML, PresentationML, DrawingML) and OpenDocument 1.3. Elements are
known by their names alone; the few that both formats have mean the same. A document type
declaration is refused, so that no entity is ever expanded.
"""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Final, Protocol
from xml.parsers import expat

from auditor.inspect.documents.sheet_rows import Rows
from auditor.model.markup import TagTooLongError, fed

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from auditor.inspect.documents.sheet_rows import Words

MOST_DEPTH: Final = 256
"""Elements within elements; office programs stay below 100."""

MOST_CELL: Final = 1 << 16
"""Characters of a cell or a line; what stands beyond is searched as text as it comes."""

MOST_COLUMNS: Final = 1 << 14
MOST_SPACES: Final = 100


class BrokenXmlError(Exception):
    """A part is no XML, is nested too deeply, or declares a document type."""


class Seen(Protocol):
    """What takes the parser's events; names without their namespaces."""

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        """An element begins."""

    def words(self, text: str) -> None:
        """Text in it."""

    def end(self, name: str) -> None:
        """It ends."""


def read_xml(blocks: Iterable[bytes], seen: Seen) -> None:
    """Feeds a part of a document to ``seen``.

    Raises:
        BrokenXmlError: see there; also what ``blocks`` and ``seen`` raise.
    """
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True
    depth = size = 0
    short: dict[str, str] = {}

    def local(name: str) -> str:
        found = short.get(name)
        if found is None:
            found = name.rpartition(" ")[2]
            if len(short) < 1_000:
                short[name] = found
        return found

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal depth
        depth += 1
        if depth > MOST_DEPTH:
            raise BrokenXmlError(f"is nested more than {MOST_DEPTH} deep")
        seen.start(local(name), attributes)

    def end(name: str) -> None:
        nonlocal depth
        depth -= 1
        seen.end(local(name))

    def declared(*_: object) -> None:
        raise BrokenXmlError("declares a document type, which no office program writes")

    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = seen.words
    parser.StartDoctypeDeclHandler = declared
    try:
        for block in blocks:
            size = fed(parser, block, size)
        parser.Parse(b"", True)
    except (expat.ExpatError, TagTooLongError, LookupError, ValueError) as error:
        raise BrokenXmlError(str(error)) from None  # the last two: an unknown encoding


def plain_number(value: str) -> str:
    """A number without an exponent: ``7.9089012345E10`` becomes ``79089012345``."""
    if "E" not in value and "e" not in value:
        return value
    try:
        number = Decimal(value)
    except InvalidOperation:
        return value
    if not number.is_finite() or not -20 < number.adjusted() < 30:
        return value
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


_PARAGRAPHS: Final = frozenset({"p", "h"})
_TABLES: Final = frozenset({"tbl", "table"})
_ROWS: Final = frozenset({"tr", "table-row"})
_CELLS: Final = frozenset({"tc", "table-cell", "covered-table-cell"})
_LINES: Final = frozenset({"br", "cr", "line-break"})
_ENDS: Final = frozenset(
    {"v", "text", "si", "creator", "date", "title", "subject", "description", "keyword", "author"}
)
"""Elements outside of paragraphs whose text stands alone: comments, values of charts."""
_LEFT_OUT: Final = frozenset(
    {
        "Fallback", "binData", "binary-data",
        "number-style", "currency-style", "percentage-style", "date-style", "time-style",
    }
)  # fmt: skip
"""What says again what stands beside it, is no text, or says how numbers look."""


class Body:
    """Paragraphs as lines, tables as tables.

    Args:
        words: where text goes.
        sheet: its tables are sheets, whose cells say their values (OpenDocument).
    """

    def __init__(self, words: Words, *, sheet: bool = False) -> None:
        self._words, self._sheet = words, sheet
        self._line: list[str] = []
        self._line_size = 0
        self._rows: Rows | None = None
        self._tables = 0
        self._column = 0
        self._cell: list[str] | None = None
        self._cell_size = 0
        self._value = ""
        self._repeated = self._span = 1
        self._left_out = self._remark = 0

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        """See ``Seen``."""
        if self._left_out or name in _LEFT_OUT:
            self._left_out += 1
        elif name in _PARAGRAPHS:
            self._end_line()
        elif name == "tab":
            self._line.append("\t")
        elif name in _LINES:
            self._line.append("\n")
        elif name == "s":
            self._line.append(" " * _count(attributes, " c", MOST_SPACES))
        elif name in _TABLES:
            self._end_line()
            self._tables += 1
            if self._tables == 1:
                self._rows = Rows(self._words, loose=not self._sheet)
        elif name == "annotation":
            self._end_line()
            self._remark += 1
        elif self._tables == 1:
            if name in _ROWS:
                self._column = 0
            elif name in _CELLS:
                self._begin_cell(attributes)
            elif name == "gridSpan":
                self._span = _count(attributes, " val", MOST_COLUMNS)

    def words(self, text: str) -> None:
        """See ``Seen``."""
        if self._left_out:
            return
        self._line.append(text)
        self._line_size += len(text)
        if self._line_size > MOST_CELL:
            self._words.write("".join(self._line))
            self._line, self._line_size = [], 0

    def end(self, name: str) -> None:
        """See ``Seen``."""
        if self._left_out:
            self._left_out -= 1
        elif name in _PARAGRAPHS or name in _ENDS:
            self._end_line()
        elif name == "annotation":
            self._end_line()
            self._remark = max(0, self._remark - 1)
        elif name in _TABLES and self._tables:
            self._end_line()
            self._tables -= 1
            if not self._tables and self._rows is not None:
                self._rows.close()
                self._rows = None
        elif self._rows is not None and self._tables == 1:
            if name in _CELLS:
                self._end_cell()
            elif name in _ROWS:
                self._rows.end_row()

    def close(self) -> None:
        """The part is over, or cannot be read further."""
        self._end_line()
        if self._rows is not None:
            self._rows.close()
        self._words.flush()

    def _begin_cell(self, attributes: Mapping[str, str]) -> None:
        self._end_line()
        self._cell, self._cell_size, self._value, self._span = [], 0, "", 1
        self._repeated = 1
        if not self._sheet:
            return
        for key, value in attributes.items():
            name = key.rpartition(" ")[2]
            if name == "number-columns-repeated":
                self._repeated = _count(attributes, " number-columns-repeated", MOST_COLUMNS)
            elif name in ("date-value", "time-value"):
                self._value = value
            elif name == "value" and not self._value:
                self._value = plain_number(value)

    def _end_cell(self) -> None:
        self._end_line()
        if self._cell is None or self._rows is None:
            return
        shown = "\n".join(self._cell)
        self._cell = None
        # what is shown keeps leading zeros, and what is stored keeps all digits
        value = shown if not self._value or shown.isdigit() else self._value
        if value and self._column < MOST_COLUMNS:
            # a value that is repeated is one value more, not thousands
            self._rows.put(self._column, value)
        self._column += self._repeated * self._span

    def _end_line(self) -> None:
        line = "".join(self._line)
        self._line, self._line_size = [], 0
        if not line or line.isspace():
            return
        if self._cell is None or self._remark or self._cell_size > MOST_CELL:
            self._words.write(f"{line}\n")
        else:
            self._cell_size += len(line)
            self._cell.append(line)


def _count(attributes: Mapping[str, str], ending: str, most: int) -> int:
    for key, value in attributes.items():
        if key.endswith(ending) and value.isdecimal() and len(value) < 9:
            return min(int(value), most)
    return 1


class Values:
    """Every element with a text of its own as a line: properties, data bound to a form."""

    def __init__(self, words: Words) -> None:
        self._words = words
        self._line: list[str] = []
        self._line_size = 0

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        """See ``Seen``."""
        del name, attributes
        self.end("")

    def words(self, text: str) -> None:
        """See ``Seen``."""
        self._line.append(text)
        self._line_size += len(text)
        if self._line_size > MOST_CELL:
            self.end("")

    def end(self, name: str) -> None:
        """See ``Seen``."""
        del name
        line = "".join(self._line)
        self._line, self._line_size = [], 0
        if line and not line.isspace():
            self._words.write(f"{line}\n")

    def close(self) -> None:
        """The part is over."""
        self.end("")
        self._words.flush()


class Attributes:
    """One attribute of each element of some names as a line: names of sheets, cached rows."""

    def __init__(self, words: Words, wanted: Mapping[str, str]) -> None:
        self._words, self._wanted = words, wanted

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        """See ``Seen``."""
        wanted = self._wanted.get(name)
        if wanted is not None and attributes.get(wanted):
            self._words.write(f"{plain_number(attributes[wanted])}\n")

    def words(self, text: str) -> None:
        """See ``Seen``."""

    def end(self, name: str) -> None:
        """See ``Seen``."""

    def close(self) -> None:
        """The part is over."""
        self._words.flush()
