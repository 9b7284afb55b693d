"""Office documents: DOCX, XLSX, PPTX (ECMA-376), ODT, ODS, ODP (OpenDocument 1.3).

Text comes in reading order, sheets and lists as tables; headers, footers, notes, comments,
properties and what pivot tables keep of their source come too. Pictures and documents within are
members. Nothing is run, linked or followed.
"""

from __future__ import annotations

import re
from typing import IO, TYPE_CHECKING, Final

from auditor.inspect.documents.container import FAILURES, LOCAL, Container, why_unread
from auditor.inspect.documents.office_xml import (
    Attributes,
    Body,
    BrokenXmlError,
    Values,
    read_xml,
)
from auditor.inspect.documents.sheet_rows import Words
from auditor.inspect.documents.sheets import Sheet, Strings, Styles
from auditor.inspect.documents.unpacking import BombError

if TYPE_CHECKING:
    from auditor.inspect.contracts import About, Pages
    from auditor.inspect.documents.container import Entry
    from auditor.inspect.documents.office_xml import Seen

_ENDINGS: Final = (
    ".docx", ".docm", ".dotx", ".xlsx", ".xlsm", ".xltx", ".pptx", ".pptm", ".ppsx",
    ".odt", ".ods", ".odp", ".odg", ".ott",
)  # fmt: skip
_MIMETYPE: Final = b"mimetypeapplication/vnd.oasis.opendocument"
_TYPES: Final = "[Content_Types].xml"
_MANIFEST: Final = "META-INF/manifest.xml"
_LONGEST_MANIFEST: Final = 1 << 20

_STRINGS: Final = "xl/sharedStrings.xml"
_STYLES: Final = "xl/styles.xml"
_WORKBOOK: Final = "xl/workbook.xml"
_SHEETS: Final = r"xl/worksheets/[^/]+\.xml"
_VALUES: Final = r"(docProps|customXml)/[^/]+\.xml|meta\.xml"
_PIVOTS: Final = r"xl/pivotCache/[^/]+\.xml"
_LOOKS: Final = (
    "theme|settings|styles|numbering|slideLayouts|_rels|webSettings|fontTable|tableStyles|calcChain"
    "|presProps|viewProps"
)
"""How documents look, which says nothing of what they say."""

_ORDER: Final = tuple(
    re.compile(pattern)
    for pattern in (
        r"word/header[0-9]*\.xml|styles\.xml",
        r"word/document[0-9]*\.xml|content\.xml",
        r"word/(footer|footnotes|endnotes|comments)[^/]*\.xml",
        r"ppt/slides/[^/]+\.xml",
        _SHEETS,
        rf"(word|ppt|xl)/(?!{_LOOKS}).+\.xml|.+/content\.xml",
        _VALUES,
    )
)
"""Parts with text, in the order they are read; other XML only says how things look."""

_CACHED: Final = {"s": "v", "n": "v", "d": "v", "cacheField": "name"}


class Office:
    """See the module."""

    name = "office document"

    def sniff(self, head: bytes, about: About) -> float:
        """See ``WholeDocument``."""
        if not head.startswith(LOCAL):
            return 0.0
        if _TYPES.encode() in head or head[30:].startswith(_MIMETYPE):
            return 0.97
        return 0.93 if about.filename.lower().endswith(_ENDINGS) else 0.0

    def read(self, file: IO[bytes], size: int, about: About, pages: Pages) -> None:
        """See ``WholeDocument``."""
        del about
        read_container(file, size, pages, self.name)


def read_container(file: IO[bytes], size: int, pages: Pages, kind: str) -> None:
    """Reads a zip file: an office document as such, of any other the members."""
    try:
        container = Container(file, size)
        names = {entry.name for entry in container.entries}
        if _TYPES in names or _MANIFEST in names:
            _Document(container, pages).read()
        else:
            container.give(pages, kind)
    except BombError:
        pages.unread("bomb", kind)


class _Document:
    def __init__(self, container: Container, pages: Pages) -> None:
        self._container, self._pages = container, pages
        self._entries = {entry.name: entry for entry in container.entries}
        self._words = Words(pages, container.budget)
        self._strings = Strings(self._words)
        self._styles = Styles()
        self._from_1904 = False
        self._open_sheets = False
        self._kind = "OpenDocument" if _MANIFEST in self._entries else "Office Open XML"

    def read(self) -> None:
        if self._container.damaged:
            self._container.tell(self._pages, "damaged", self._kind)
        if _MANIFEST in self._entries:
            kind = self._beginning("mimetype", 100)
            self._open_sheets = b"spreadsheet" in kind
            if b":encryption-data" in self._beginning(_MANIFEST, _LONGEST_MANIFEST):
                self._pages.unread("locked", self._kind)
                return
        if "xl/workbook.bin" in self._entries:
            self._pages.unread("unsupported", "XLSB")
        if _WORKBOOK in self._entries:
            self._workbook()
        ordered = sorted(
            (rank, _numbered(name), name)
            for name in self._entries
            if (rank := _rank(name)) is not None
        )
        for _, _, name in ordered:
            if name not in (_STRINGS, _STYLES, _WORKBOOK):
                self._xml(name, self._reader(name))
        for entry in self._entries.values():
            if not entry.name.endswith((".xml", ".rels", ".rdf", "/", "mimetype")):
                self._container.give_one(entry, self._pages, self._kind)

    def _workbook(self) -> None:
        beginning = self._beginning(_WORKBOOK, 1 << 16)
        self._from_1904 = bool(re.search(rb'date1904="(1|true)"', beginning))
        self._xml(_WORKBOOK, Attributes(self._words, {"sheet": "name"}))
        if _STYLES in self._entries:
            self._xml(_STYLES, self._styles)
        if _STRINGS in self._entries:
            self._xml(_STRINGS, self._strings)

    def _reader(self, name: str) -> Body | Values | Sheet | Attributes:
        if re.fullmatch(_SHEETS, name):
            return Sheet(
                self._words, self._strings.found, self._styles.shown, from_1904=self._from_1904
            )
        if re.fullmatch(_PIVOTS, name):
            return Attributes(self._words, _CACHED)
        if re.fullmatch(_VALUES, name):
            return Values(self._words)
        return Body(self._words, sheet=self._open_sheets)

    def _xml(self, name: str, seen: Seen) -> None:
        """Reads a part; of a damaged one what stands before the damage."""
        entry = self._entries[name]
        try:
            read_xml(self._container.blocks(entry), seen)
        except FAILURES as error:
            self._container.tell(self._pages, *why_unread(error, entry, self._kind))
        except BrokenXmlError:
            self._container.tell(self._pages, "damaged", self._kind)
        if isinstance(seen, Body | Values | Sheet | Attributes | Strings):
            seen.close()

    def _beginning(self, name: str, most: int) -> bytes:
        """The first bytes of a part; what cannot be read is told when it is read for its text."""
        found = bytearray()
        entry: Entry | None = self._entries.get(name)
        try:
            for block in self._container.blocks(entry) if entry else ():
                found += block
                if len(found) >= most:
                    break
        except FAILURES:
            return bytes(found)
        return bytes(found)


def _rank(name: str) -> int | None:
    for rank, pattern in enumerate(_ORDER):
        if pattern.fullmatch(name):
            return rank
    return None


def _numbered(name: str) -> int:
    """The number in a name: ``slide10.xml`` comes behind ``slide9.xml``."""
    found = re.search(r"([0-9]{1,9})\.xml$", name)
    return int(found[1]) if found else 0
