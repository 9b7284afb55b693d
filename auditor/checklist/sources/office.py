"""The text of office documents: DOCX, ODT, XLSX. Nothing in them is run, linked or followed.

Formats: ECMA-376 (WordprocessingML, SpreadsheetML) and OpenDocument 1.3. A document type
declaration is refused, so that no XML entity is ever expanded. Paragraphs become lines; the cells
of a table row whose cells hold one paragraph each become one line with tabs between them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal
from xml.parsers import expat

from auditor.checklist.sources.archive import Archive
from auditor.model.errors import InputError
from auditor.model.markup import TagTooLongError, fed

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

Format = Literal["docx", "odt", "xlsx"]
MOST_SHEETS: Final = 50
MOST_DEPTH: Final = 200


@dataclass(frozen=True, slots=True)
class OfficeText:
    """What stands in an office document.

    Attributes:
        format: ``docx``, ``odt`` or ``xlsx``.
        cut: there is more text than was read.
        macros: it carries programs; they are never run.
        titles: what its properties say (title, subject, keywords).
    """

    format: Format
    text: str
    cut: bool
    macros: bool
    titles: tuple[str, ...]


def office_text(path: Path, most: int) -> OfficeText:
    """The text of a DOCX, ODT or XLSX, at most ``most`` characters of it.

    Raises:
        InputError: damaged, locked, of another kind, or unpacks to more than any document holds.
    """
    with path.open("rb") as file:
        archive = Archive(path, file)
        names = frozenset(archive.names)
        macros = any(name.lower().endswith("vbaproject.bin") for name in names) or any(
            name.startswith("Basic/") for name in names
        )
        lines = _Lines(most)
        form, parts = _form(path, names)
        about = [name for name in _ABOUT if name in names]
        archive.check([*parts, *about])
        if form == "xlsx":
            _sheets(archive, parts, lines)
        else:
            for name in parts:
                _parse(archive, name, _Paragraphs(lines, _WORD if form == "docx" else _OPEN))
        titles = tuple(title for name in about for title in _values(archive, name))
    return OfficeText(form, "\n".join(lines.kept), lines.full, macros, titles)


def _form(path: Path, names: frozenset[str]) -> tuple[Format, list[str]]:
    """What the container is, and its parts that hold text, in the order they are read."""
    if "word/document.xml" in names:
        heads = sorted(name for name in names if re.fullmatch(_WORD_HEADERS, name))
        return "docx", [*heads, "word/document.xml"]
    if "xl/workbook.xml" in names:
        sheets = (name for name in names if re.fullmatch(_WORKSHEETS, name))
        ordered = sorted(sheets, key=lambda name: int(name[19:-4]))
        return "xlsx", [name for name in (_STRINGS, *ordered) if name in names]
    if "content.xml" in names and "mimetype" in names:
        # the stamp of a page header stands in the styles
        return "odt", [name for name in ("styles.xml", "content.xml") if name in names]
    raise InputError(
        "is a container, but no DOCX, XLSX or ODT",
        place=str(path),
        hint="Attach the document itself, as PDF or DOCX; packed files are not opened.",
    )


@dataclass(slots=True)
class _Lines:
    """Collects lines up to a number of characters."""

    most: int
    kept: list[str] = field(default_factory=list)
    size: int = 0
    full: bool = False

    def add(self, line: str) -> None:
        room = self.most - self.size
        if len(line) > room:
            self.full = True
            line = line[: max(0, room)]
        if line.strip():
            self.kept.append(line)
        self.size += len(line) + 1


@dataclass(frozen=True, slots=True)
class _Tags:
    """How a format calls its parts."""

    text: frozenset[str]
    paragraph: frozenset[str]
    row: str
    cell: str
    tab: str
    line: str


_WORD: Final = _Tags(frozenset({"t"}), frozenset({"p"}), "tr", "tc", "tab", "br")
_OPEN: Final = _Tags(
    frozenset({"p", "h"}), frozenset({"p", "h"}), "table-row", "table-cell", "tab", "line-break"
)
_WORKSHEETS: Final = r"xl/worksheets/sheet[0-9]{1,4}\.xml"
_STRINGS: Final = "xl/sharedStrings.xml"
_ABOUT: Final = ("docProps/core.xml", "docProps/custom.xml", "meta.xml")
_WORD_HEADERS: Final = r"word/(header|footer)[0-9]{1,3}\.xml"
_SPACES: Final = {
    "http://schemas.openxmlformats.org/wordprocessingml/2006/main",
    "http://purl.oclc.org/ooxml/wordprocessingml/main",
    "urn:oasis:names:tc:opendocument:xmlns:text:1.0",
    "urn:oasis:names:tc:opendocument:xmlns:table:1.0",
}


class _Paragraphs:
    """Turns the parser's events into lines."""

    def __init__(self, lines: _Lines, tags: _Tags) -> None:
        self.lines = lines
        self.tags = tags
        self.inside = 0
        self.open: list[list[str]] = []
        """Open paragraphs; a text box is a paragraph inside another one."""
        self.rows: list[list[list[str]]] = []
        """Open rows, each its cells, each its paragraphs."""

    def start(self, space: str, name: str) -> None:
        if space not in _SPACES:
            return
        if name in self.tags.paragraph:
            self.open.append([])
        if name in self.tags.text:
            self.inside += 1
        elif name == self.tags.tab:
            self._put("\t")
        elif name == self.tags.line:
            self._put("\n")
        elif name == self.tags.row:
            self.rows.append([])
        elif name == self.tags.cell and self.rows:
            self.rows[-1].append([])
        elif name == "s" and self.inside:  # OpenDocument: several spaces
            self._put(" ")

    def words(self, text: str) -> None:
        if self.inside:
            self._put(text)

    def _put(self, text: str) -> None:
        if self.open:
            self.open[-1].append(text)

    def end(self, space: str, name: str) -> None:
        if space not in _SPACES:
            return
        if name in self.tags.text:
            self.inside = max(0, self.inside - 1)
        if name in self.tags.paragraph and self.open:
            self._paragraph("".join(self.open.pop()))
        elif name == self.tags.row and self.rows:
            self._row(self.rows.pop())

    def _paragraph(self, text: str) -> None:
        if self.rows and self.rows[-1]:
            if text.strip():
                self.rows[-1][-1].append(text)
            return
        for line in text.split("\n"):
            self.lines.add(line)

    def _row(self, cells: list[list[str]]) -> None:
        if all(len(cell) <= 1 for cell in cells):
            together = ["\t".join(" ".join("".join(cell).split()) for cell in cells)]
        else:
            together = [line for cell in cells for text in cell for line in text.split("\n")]
        if self.rows and self.rows[-1]:  # a table in a cell of another one
            self.rows[-1][-1].extend(together)
            return
        for line in together:
            self.lines.add(line)


class _Values:
    """The texts of elements, one each."""

    def __init__(self, wanted: frozenset[str] | None) -> None:
        self.wanted = wanted
        self.found: list[str] = []
        self.open = False

    def start(self, space: str, name: str) -> None:
        del space
        self.open = self.wanted is None or name in self.wanted
        if self.open and len(self.found) < 200:
            self.found.append("")

    def words(self, text: str) -> None:
        if self.open and self.found and len(self.found[-1]) < 1_000:
            self.found[-1] += text

    def end(self, space: str, name: str) -> None:
        del space, name
        self.open = False


_NAMED: Final = frozenset(
    {"title", "subject", "keywords", "keyword", "category", "lpwstr", "lpstr", "user-defined"}
)


def _values(archive: Archive, name: str) -> Iterator[str]:
    seen = _Values(_NAMED)
    _parse(archive, name, seen)
    yield from (text.strip() for text in seen.found if text.strip())


class _Strings:
    """Shared strings of a workbook, by their number."""

    def __init__(self, most: int) -> None:
        self.found: list[str] = []
        self.left = most
        self.open = False

    def start(self, space: str, name: str) -> None:
        del space
        if name == "si":
            self.found.append("")
        self.open = name == "t"

    def words(self, text: str) -> None:
        if self.open and self.found and self.left > 0:
            self.left -= len(text)
            self.found[-1] += text

    def end(self, space: str, name: str) -> None:
        del space, name
        self.open = False


class _Rows:
    """Rows of a sheet as lines; formulas are not worked out, their last value is taken."""

    def __init__(self, lines: _Lines, strings: list[str]) -> None:
        self.lines = lines
        self.strings = strings
        self.cells: list[str] = []
        self.value = ""
        self.shared = False
        self.open = False

    def start(self, space: str, name: str, kind: str = "") -> None:
        del space
        if name == "row":
            self.cells = []
        elif name == "c":
            self.value, self.shared = "", kind == "s"
        self.open = name in ("v", "t")

    def words(self, text: str) -> None:
        if self.open and len(self.value) < 32_768:  # what a cell may hold
            self.value += text

    def end(self, space: str, name: str) -> None:
        del space
        self.open = False
        if name == "c":
            value = self.value
            if self.shared:
                at = int(value) if value.isdecimal() and len(value) < 9 else -1
                value = self.strings[at] if 0 <= at < len(self.strings) else ""
            self.cells.append(" ".join(value.split()))
        elif name == "row" and not self.lines.full:
            self.lines.add("\t".join(self.cells))


def _sheets(archive: Archive, parts: list[str], lines: _Lines) -> None:
    strings = _Strings(lines.most)
    sheets = [name for name in parts if name != _STRINGS]
    if _STRINGS in parts:
        _parse(archive, _STRINGS, strings)
    for name in sheets[:MOST_SHEETS]:
        _parse(archive, name, _Rows(lines, strings.found))
    if len(sheets) > MOST_SHEETS or strings.left <= 0:
        lines.full = True


def _parse(archive: Archive, name: str, seen: _Paragraphs | _Values | _Strings | _Rows) -> None:
    """Feeds a part to ``seen``, block by block.

    Raises:
        InputError: it is no XML, declares a document type, or is nested too deeply.
    """
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True
    depth = size = 0

    def start(tag: str, attributes: dict[str, str]) -> None:
        nonlocal depth
        depth += 1
        if depth > MOST_DEPTH:
            raise _refused(archive, f"{name} is nested more than {MOST_DEPTH} deep")
        space, _, local = tag.rpartition(" ")
        if isinstance(seen, _Rows):
            seen.start(space, local, attributes.get("t", ""))
        else:
            seen.start(space, local)

    def end(tag: str) -> None:
        nonlocal depth
        depth -= 1
        space, _, local = tag.rpartition(" ")
        seen.end(space, local)

    def declared(*_: object) -> None:
        raise _refused(archive, f"{name} declares a document type, which no office program writes")

    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = seen.words
    parser.StartDoctypeDeclHandler = declared
    try:
        for block in archive.blocks(name):
            size = fed(parser, block, size)
            if isinstance(seen, _Paragraphs | _Rows) and seen.lines.full:
                return
        parser.Parse(b"", True)
    except (expat.ExpatError, TagTooLongError):
        raise archive.broken() from None


def _refused(archive: Archive, message: str) -> InputError:
    return InputError(
        message,
        place=archive.place,
        hint="Attach the document as PDF; a file like this is not read.",
    )
