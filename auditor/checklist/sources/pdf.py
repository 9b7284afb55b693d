"""The text of a PDF, under limits: pages, characters, unpacked bytes and time."""

from __future__ import annotations

import logging
import re
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from auditor.model.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pypdf import PageObject, PdfReader

MOST_PAGES: Final = 500
MOST_SECONDS: Final = 30.0
"""For all pages together; a single page is bound by the limits below."""
MISSED_LETTERS: Final = 2
_UNPACKED: Final = 20_000_000
_LIMITS: Final[dict[str, Any]] = {
    "array_based_stream_maximum_output_length": _UNPACKED,
    "brotli_maximum_output_length": _UNPACKED,
    "jbig2_maximum_output_length": _UNPACKED,
    "lzw_maximum_output_length": _UNPACKED,
    "run_length_maximum_output_length": _UNPACKED,
    "zlib_maximum_output_length": _UNPACKED,
    "stream_decoding_work_maximum_length": 3 * _UNPACKED,
    "stream_parsing_work_maximum_count": 500_000,
    "stream_filters_maximum_length": 4,
    "xform_maximum_invocations_per_extraction": 500,
    "page_tree_maximum_entries": 20_000,
    "page_tree_maximum_page_entries": 20_000,
    "jbig2dec_binary": None,
}
"""Tighter than the library's own; see its ``Configuration``. No other program is ever called."""
_TITLES: Final = ("/Title", "/Subject", "/Keywords")


@dataclass(frozen=True, slots=True)
class PdfText:
    """What stands in a PDF.

    Attributes:
        pages: how many it has.
        bare: pages without any text, such as scanned ones.
        cut: there is more than was read.
        titles: what its properties say (title, subject, keywords).
    """

    text: str
    pages: int
    bare: int
    cut: bool
    titles: tuple[str, ...]


def pdf_text(path: Path, most: int) -> PdfText:
    """The text layer of a PDF, at most ``most`` characters of it.

    Raises:
        InputError: locked with a password, damaged, or it asks for more work than any document.
    """
    from pypdf import Configuration, PdfReader, apply_configuration

    # it tells of every oddity, with names out of the document; what matters is raised
    logging.getLogger("pypdf").setLevel(logging.CRITICAL)

    try:
        with path.open("rb") as file, apply_configuration(Configuration(**_LIMITS)):
            return _read(PdfReader(file), most, str(path))
    except InputError:
        raise
    except OSError as error:
        raise InputError(
            f"cannot be read: {error.strerror}", place=str(path), hint="Check the file."
        ) from None
    except Exception as error:  # noqa: BLE001 - a hostile PDF makes the library fail in any way
        raise InputError(
            f"is no PDF that can be read ({type(error).__name__})",
            place=str(path),
            hint="Open it, print it to PDF anew and attach that copy.",
        ) from None


def _page_text(page: PageObject, in_time: Callable[..., None]) -> str:
    """The lines of a page, columns apart by tabs.

    In drawing order words fall apart where a font lacks a letter (``S ố``); by place they hold
    together, but what a form drawn on the page says is missed. Where it was missed, both are kept.
    """
    from pypdf.errors import PyPdfError

    drawn = page.extract_text(visitor_operand_before=in_time)
    in_time()
    try:
        placed = page.extract_text(extraction_mode="layout", layout_mode_strip_rotated=False)
    except (PyPdfError, ArithmeticError, AttributeError, LookupError, TypeError, ValueError):
        return drawn  # fonts and matrices that the layout cannot place: nothing of the text is lost
    lines = (re.sub(r" {3,}", "\t", line.strip()) for line in placed.splitlines())
    placed = "\n".join(re.sub(r" {2}", " ", line) for line in lines if line)
    missed = _letters(drawn) - _letters(placed)
    return f"{placed}\n{drawn}" if missed > MISSED_LETTERS else placed


def _letters(text: str) -> int:
    return sum(map(str.isalpha, text))


def _read(reader: PdfReader, most: int, place: str) -> PdfText:
    if reader.is_encrypted and not reader.decrypt(""):
        raise InputError(
            "is locked with a password",
            place=place,
            hint="Attach a copy without a password, or register its metadata only.",
        )
    ends = time.monotonic() + MOST_SECONDS

    def in_time(*_: object) -> None:
        if time.monotonic() > ends:
            raise InputError(
                f"takes more than {MOST_SECONDS:.0f} seconds to read",
                place=place,
                hint="Print it to PDF anew and attach that copy.",
            )

    texts: list[str] = []
    size = bare = 0
    pages = len(reader.pages)
    for page in reader.pages[:MOST_PAGES]:
        in_time()
        text = _page_text(page, in_time)
        bare += not text.strip()
        texts.append(text[: most - size])
        size += len(text) + 1
        if size >= most:
            break
    said = reader.metadata
    titles = tuple(str(said[key])[:1_000] for key in _TITLES if said and said.get(key))
    return PdfText(
        "\n".join(texts), pages, bare, cut=len(texts) < pages or size > most, titles=titles
    )
