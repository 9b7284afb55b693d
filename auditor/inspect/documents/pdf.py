"""The text of PDF files (ISO 32000-2), page by page: lines in drawing order, forms, remarks.

pypdf takes them apart. It knows no end of work, so every stream that it asks for is counted by
what it holds, each time anew; without a clock, the same file always ends at the same place.
"""

from __future__ import annotations

import logging
import re
from typing import IO, TYPE_CHECKING, Any, Final

from pypdf import Configuration, PdfReader, apply_configuration
from pypdf.errors import DependencyError, LimitReachedError, PyPdfError
from pypdf.generic import ArrayObject, DictionaryObject, StreamObject

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pypdf import PageObject
    from pypdf.generic import IndirectObject, PdfObject

    from auditor.inspect.contracts import About, Pages

MOST_SIZE: Final = 64 << 20
"""Bytes of a file: one without a table of its objects is searched for them in memory."""

MOST_PAGES: Final = 2_000

MOST_WORK: Final = 12_000_000
"""Bytes of content, fonts and tables that are taken apart in one file: 400 dense pages of text in
9 seconds. What is made to be slow takes up to 1.5 microseconds a byte."""

MOST_DAMAGED: Final = 100
"""Pages that cannot be read, before the rest is given up."""

MOST_REMARKS: Final = 1_000
"""Remarks and fields of forms on a page."""

MOST_ATTACHED: Final = 100

_UNPACKED: Final = 4_000_000
_LIMITS: Final[dict[str, Any]] = {
    "array_based_stream_maximum_output_length": _UNPACKED,
    "brotli_maximum_output_length": _UNPACKED,
    "jbig2_maximum_output_length": _UNPACKED,
    "lzw_maximum_output_length": _UNPACKED,
    "run_length_maximum_output_length": _UNPACKED,
    "zlib_maximum_output_length": _UNPACKED,
    "zlib_maximum_recovery_input_length": 1_000_000,
    "stream_decoding_work_maximum_length": 3 * _UNPACKED,
    "stream_parsing_work_maximum_count": 300_000,
    "stream_filters_maximum_length": 4,
    "xform_maximum_invocations_per_extraction": 500,
    "page_tree_maximum_entries": 20_000,
    "page_tree_maximum_page_entries": 40_000,
    "jbig2dec_binary": None,
}
"""Tighter than the library's own; see its ``Configuration``. No other program is ever called."""

_DAMAGE: Final = (
    PyPdfError,
    DependencyError,
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    OSError,
    RuntimeError,  # RecursionError and NotImplementedError among them
    TypeError,
    ValueError,
)
"""What pypdf raises for files that are damaged on purpose; found by damaging thousands."""


class _SpentError(BaseException):
    """The work that one file is worth is done.

    No ``Exception``: pypdf goes on behind those in places.
    """


class _Metered(PdfReader):
    """Counts what is taken apart."""

    def __init__(self, file: IO[bytes]) -> None:
        self._left = MOST_WORK
        self._work: dict[int, int] = {}
        super().__init__(file)

    def get_object(self, indirect_reference: int | IndirectObject) -> PdfObject | None:
        """As the library's.

        Raises:
            _SpentError: see there.
        """
        found = super().get_object(indirect_reference)
        given = indirect_reference
        number = given if isinstance(given, int) else given.idnum
        work = self._work.get(number)
        if work is None:
            self._work[number] = 0  # it may lead to itself
            work = self._work[number] = _LOOK + _work(found)
        self._left -= work
        if self._left < 0:
            raise _SpentError
        return found


_LOOK: Final = 50
_SHOWN: Final = 12
"""More for each piece of text that is shown, however short."""
_LETTER: Final = 8
"""More for each letter of a font's table: one line of it may stand for thousands."""
_DRAWN: Final = 600
"""More for a drawing within a page, however small."""
_VAIN: Final = 100_000


def _work(found: PdfObject | None) -> int:
    """What it costs to use an object once, in bytes of content."""
    if not isinstance(found, StreamObject):
        return _widths(found) // 8
    if found.get("/Subtype") == "/Image":
        return 0
    if found.get("/Type") == "/ObjStm":  # its table is gone through for each object in it
        count = found.get("/N")
        return count if isinstance(count, int) and count > 0 else 0
    try:
        data = found.get_data()
        shown = data.count(b"(") + data.count(b"<") + data.count(b"Tj")
        drawn = _DRAWN if found.get("/Subtype") == "/Form" else 0
        return len(data) + _SHOWN * shown + _LETTER * _letters(data) + _widths(found) // 8 + drawn
    except _DAMAGE:
        return _VAIN  # whether it is needed shows when it is used


_RANGES: Final = re.compile(rb"begin(?:bf|cid)range(.{0,20000}?)end(?:bf|cid)range", re.DOTALL)
_RANGE: Final = re.compile(rb"<\s*([0-9A-Fa-f]{1,8})\s*>\s*<\s*([0-9A-Fa-f]{1,8})\s*>")


def _letters(data: bytes) -> int:
    """Letters that ranges in a font's table of letters stand for."""
    if b"range" not in data:
        return 0
    count = 0
    for within in _RANGES.finditer(data):
        for first, last in _RANGE.findall(within[1]):
            count += max(0, int(last, 16) - int(first, 16))
    return min(count, MOST_WORK)


def _widths(found: PdfObject | None) -> int:
    """Widths of letters that fonts spell out; three numbers may stand for thousands."""
    count = 0
    left: list[object] = [found]
    while left:
        within = left.pop()
        if isinstance(within, DictionaryObject):
            left += within.values()
            widths = within.raw_get("/W") if "/W" in within else None
            if isinstance(widths, ArrayObject):
                numbers = [entry for entry in widths if isinstance(entry, int)]
                count += max(numbers, default=0) * len(numbers) // 3
        elif isinstance(within, ArrayObject):
            left += within
    return min(count, MOST_WORK)


class Pdf:
    """See the module."""

    name = "PDF"

    def sniff(self, head: bytes, about: About) -> float:
        """See ``WholeDocument``; programs accept the mark within the first 1,024 bytes."""
        del about
        if head.startswith(b"%PDF-"):
            return 0.98
        return 0.7 if b"%PDF-1." in head[:1024] else 0.0

    def read(self, file: IO[bytes], size: int, about: About, pages: Pages) -> None:
        """See ``WholeDocument``."""
        del about
        if size > MOST_SIZE:
            pages.unread("too-large", self.name)
            return
        # it tells of every oddity, with names out of the document; what matters is raised
        logging.getLogger("pypdf").setLevel(logging.CRITICAL)
        file.seek(0)
        try:
            with apply_configuration(Configuration(**_LIMITS)):
                _read(_Metered(file), pages)
        except (_SpentError, LimitReachedError):
            pages.unread("too-large", self.name)
        except _DAMAGE:
            pages.unread("damaged", self.name)


def _read(reader: PdfReader, pages: Pages) -> None:
    if reader.is_encrypted and not reader.decrypt(""):
        pages.unread("locked", Pdf.name)
        return
    _give_properties(reader, pages)
    bare = damaged = large = 0
    count = len(reader.pages)
    for number in range(min(count, MOST_PAGES)):
        if damaged + large > MOST_DAMAGED:
            break
        try:
            page = reader.pages[number]
            text = page.extract_text() + "\n" + _remarks(page)
        except LimitReachedError:
            large += 1
            continue
        except _DAMAGE:
            damaged += 1
            continue
        bare += not text.strip()
        pages.text(text.encode("utf-8", "replace") + b"\n")
    _give_attached(reader, pages)
    if damaged:
        pages.unread("damaged", Pdf.name)
    elif large or count > MOST_PAGES:
        pages.unread("too-large", Pdf.name)
    elif count and bare == count:
        pages.unread("media", "PDF without text")


def _give_properties(reader: PdfReader, pages: Pages) -> None:
    said: Mapping[str, Any] = reader.metadata or {}
    texts = [str(value)[:10_000] for value in list(said.values())[:50] if isinstance(value, str)]
    if texts:
        pages.text("\n".join(texts).encode("utf-8", "replace") + b"\n")


def _remarks(page: PageObject) -> str:
    """What remarks on a page say, and fields of forms hold."""
    notes = page.get("/Annots")
    notes = notes.get_object() if notes is not None else None
    if not isinstance(notes, ArrayObject):
        return ""
    texts = []
    for entry in notes[:MOST_REMARKS]:
        note = entry.get_object()
        if isinstance(note, DictionaryObject):
            values = (note.get(key) for key in ("/Contents", "/V"))
            texts += [value for value in values if isinstance(value, str)]
    return "\n".join(texts)


def _give_attached(reader: PdfReader, pages: Pages) -> None:
    for number, attached in enumerate(reader.attachment_list):
        if number >= MOST_ATTACHED:
            pages.unread("too-large", Pdf.name)
            return
        part = pages.member(str(attached.name)[:255])
        try:
            part.feed(attached.content)
        finally:
            part.close()
