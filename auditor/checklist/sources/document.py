"""A signed paper that is evidence: what it says, who signed it, whether it carries a secrecy mark.

What a file is, is told by its content, never by its name. Everything that cannot be read ends as
``InputError`` with a plain word and a way out.
"""

from __future__ import annotations

import stat
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Final, Literal

from auditor.checklist.sources import letterhead
from auditor.checklist.sources.pdf_signatures import DigitalSignature
from auditor.checklist.sources.pdf_signatures import signatures as signatures_of
from auditor.model.errors import InputError

if TYPE_CHECKING:
    from pathlib import Path

MOST_BYTES: Final = 100 * 1024 * 1024
MOST_TEXT: Final = 2_000_000
MOST_PLAIN_BYTES: Final = 4 * MOST_TEXT
FEWEST_LETTERS: Final = 30
"""With fewer letters a document counts as a scan without a text layer."""
_HEAD: Final = 1024

Format = Literal["pdf", "docx", "odt", "xlsx", "txt", "image"]


class Untold(Enum):
    """The third answer beside a mark and no mark."""

    CANNOT_TELL = "cannot tell"


@dataclass(frozen=True, slots=True)
class Paper:
    """One document.

    Attributes:
        format: by content; ``image`` = a scanned picture.
        text: composed Unicode, one line each paragraph, cells of a table row joined by tabs; at
            most ``MOST_TEXT`` characters. Empty when the document carries a secrecy mark.
        cut: there is more text than that.
        pages: null = the format does not say.
        bare: pages without any text, such as scanned ones.
        readable: false = there is no text to speak of: a scan, or a document with a secrecy mark.
        number, dated, signer, issuer: what it says of itself; ``dated`` is an ISO date; empty =
            not there or not sure.
        secrecy: ``MẬT``, ``TỐI MẬT`` or ``TUYỆT MẬT``; empty = none was seen.
        signatures: digital ones; only those of a PDF are known.
        macros: it carries programs; they are never run.
    """

    format: Format
    text: str
    cut: bool = False
    pages: int | None = None
    bare: int = 0
    readable: bool = True
    number: str = ""
    dated: str = ""
    signer: str = ""
    issuer: str = ""
    secrecy: str = ""
    signatures: tuple[DigitalSignature, ...] = ()
    macros: bool = False


@dataclass(frozen=True, slots=True)
class RegisteredFacts:
    """What can be written into the register of evidence from the file itself.

    Attributes:
        number, dated, signer: of the document; empty = not there or not sure, ask the person.
        secrecy: ``MẬT``, ``TỐI MẬT`` or ``TUYỆT MẬT``, where the mark stands on a line of its own
            in the text, in the document's properties or in the file name: the file must not be
            copied. Null = its whole text was read and carries none (a stamp that is only a picture
            on a page with text is not seen). ``CANNOT_TELL`` = a scan, a locked or damaged file, an
            unknown format, a page without text: a person must look before it is copied.
        why: why it cannot be told; empty = it could be.
    """

    number: str
    dated: str
    signer: str
    secrecy: str | Untold | None
    why: str = ""


@dataclass(frozen=True, slots=True)
class _Content:
    format: Format
    text: str
    cut: bool = False
    pages: int | None = None
    bare: int = 0
    titles: tuple[str, ...] = ()
    macros: bool = False


def document(path: Path) -> Paper:
    """The document in ``path``.

    Raises:
        InputError: it cannot be read, is locked, damaged, too large or of no known format.
    """
    content = _content(path)
    text = letterhead.normal(content.text)
    mark = _mark(path, text, content.titles)
    signatures = signatures_of(path) if content.format == "pdf" else ()
    readable = not mark and sum(map(str.isalpha, text[:10_000])) >= FEWEST_LETTERS
    return Paper(
        content.format,
        "" if mark else text,
        content.cut,
        content.pages,
        content.bare,
        readable,
        letterhead.number(text),
        letterhead.dated(text),
        letterhead.signer(text),
        letterhead.issuer(text),
        mark,
        signatures,
        content.macros,
    )


def registered_facts(path: Path) -> RegisteredFacts:
    """What the register of evidence can take from a file; cheap, and never raises for bad content.

    Its digital signatures are not checked here.
    """
    by_name = letterhead.secrecy_in_name(path.name)
    try:
        content = _content(path)
    except InputError as error:
        return RegisteredFacts("", "", "", by_name or Untold.CANNOT_TELL, error.message)
    text = letterhead.normal(content.text)
    mark: str | Untold | None = _mark(path, text, content.titles) or None
    why = ""
    if mark is None:
        if sum(map(str.isalpha, text[:10_000])) < FEWEST_LETTERS:
            why = "it has no text (a scan?)"
        elif content.bare:
            why = f"{content.bare} of {content.pages} pages have no text"
        elif content.cut:
            why = "it has more text than is read"
        mark = Untold.CANNOT_TELL if why else None
    return RegisteredFacts(
        letterhead.number(text), letterhead.dated(text), letterhead.signer(text), mark, why
    )


def _mark(path: Path, text: str, titles: tuple[str, ...]) -> str:
    named = (letterhead.secrecy_in_name(name) for name in (path.name, *titles))
    alone = (letterhead.secrecy(letterhead.normal(title)) for title in titles)
    return letterhead.secrecy(text) or next((mark for mark in (*named, *alone) if mark), "")


def _content(path: Path) -> _Content:
    head = _head(path)
    if b"%PDF-" in head:
        from auditor.checklist.sources.pdf import pdf_text

        pdf = pdf_text(path, MOST_TEXT)
        return _Content("pdf", pdf.text, pdf.cut, pdf.pages, pdf.bare, pdf.titles)
    if head.startswith(b"PK\x03\x04"):
        from auditor.checklist.sources.office import office_text

        office = office_text(path, MOST_TEXT)
        return _Content(
            office.format, office.text, office.cut, titles=office.titles, macros=office.macros
        )
    if head.startswith((b"\xff\xd8\xff", b"\x89PNG\r\n", b"II*\x00", b"MM\x00*")):
        return _Content("image", "", pages=1, bare=1)
    if head.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
        raise InputError(
            "is an old Office file, or one that is locked with a password",
            place=str(path),
            hint="Save it as DOCX or PDF without a password, or register its metadata only.",
        )
    if head.startswith(b"{\\rtf"):
        raise InputError("is an RTF file", place=str(path), hint="Save it as DOCX or PDF.")
    return _plain(path)


def _head(path: Path) -> bytes:
    try:
        about = path.stat()  # before it is opened: opening a pipe would wait for ever
        head = b""
        if stat.S_ISREG(about.st_mode) and about.st_size <= MOST_BYTES:
            with path.open("rb") as file:
                head = file.read(_HEAD)
    except OSError as error:
        raise InputError(
            f"cannot be read: {error.strerror}", place=str(path), hint="Check the file."
        ) from None
    if not stat.S_ISREG(about.st_mode):
        raise InputError("is no file", place=str(path), hint="Name a regular file.")
    if about.st_size > MOST_BYTES:
        raise InputError(
            f"is larger than {MOST_BYTES // (1024 * 1024)} MB",
            place=str(path),
            hint="Attach the document without its large pictures, or as smaller parts.",
        )
    if not head:
        raise InputError(
            "is empty (0 bytes)", place=str(path), hint="Copy the file again and attach that copy."
        )
    return head


def _plain(path: Path) -> _Content:
    with path.open("rb") as file:
        raw = file.read(MOST_PLAIN_BYTES + 1)
    code = "utf-16" if raw.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8-sig"
    cut = len(raw) > MOST_PLAIN_BYTES
    try:
        # the last bytes of a cut text may be half a letter
        text = raw[:MOST_PLAIN_BYTES].decode(code, errors="ignore" if cut else "strict")
    except UnicodeDecodeError:
        text = "\0"
    if "\0" in text:
        raise InputError(
            "is no PDF, DOCX, ODT or XLSX, and no text in UTF-8 either",
            place=str(path),
            hint="Attach the document as PDF or DOCX; save plain texts as UTF-8.",
        )
    return _Content("txt", text[:MOST_TEXT], cut or len(text) > MOST_TEXT)
