"""Registers as workbooks (XLSX, ISO/IEC 29500); values are read, never formulas."""

from __future__ import annotations

import re
import warnings
import zipfile
import zlib
from datetime import date, datetime, time
from itertools import chain, islice
from typing import IO, TYPE_CHECKING, Any, Final
from xml.parsers import expat

from auditor.checklist.sources.archive import AT_ONCE, check_directory
from auditor.checklist.sources.register import (
    COLUMNS,
    HEADER_WITHIN,
    ROWS,
    Header,
    Row,
    cell_text,
    header_in,
    no_header,
)
from auditor.model.errors import InputError
from auditor.model.markup import fed
from auditor.model.text import Text

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PARTS: Final = 2000
BYTES: Final = 96 << 20
"""Of all parts unpacked."""
RATIO: Final = 200
"""Unpacked to packed, of parts over 1 MiB; what people write packs about twenty to one."""
LAST_ROW: Final = 1_048_576
"""A worksheet has no further row."""
SHEETS: Final = 50
MOST_ELEMENTS: Final = 2_500_000
"""Rows, cells, values and shared strings together: half a minute of reading."""
MOST_ROWS: Final = ROWS + HEADER_WITHIN + 1

_DAMAGE: Final = (
    zipfile.BadZipFile, zlib.error, SyntaxError, KeyError, ValueError, TypeError, AttributeError,
    IndexError, EOFError, OSError, RuntimeError, OverflowError,
)  # fmt: skip
"""What the library raises on damaged parts; a parse error of XML is a ``SyntaxError``."""


def rows_of_workbook(
    path: Path, columns: tuple[str, ...]
) -> tuple[Header, Iterator[Row], list[Text]]:
    """The header, all rows of the first sheet whose header fits, and what was left out.

    Raises:
        InputError: it is damaged, too large when unpacked, or no visible sheet fits.
    """
    try:
        formulas = _guarded(path)
        header, rows, notes = _sheet(path, columns, formulas=formulas)
    except _DAMAGE as error:
        raise _damaged(path, error) from None
    return header, iter(rows), notes


def _damaged(path: Path, error: Exception) -> InputError:
    return InputError(
        f"is no workbook that can be read ({type(error).__name__})",
        place=path.name,
        hint="Open it in a spreadsheet program, save it as .xlsx or CSV (UTF-8) and attach that.",
    )


def _guarded(path: Path) -> bool:
    """Whether any sheet holds formulas; looked at before a library unpacks anything.

    Raises:
        InputError: it would unpack to more than is sensible, or its XML declares entities.
    """
    with path.open("rb") as packed, zipfile.ZipFile(_checked(packed, path)) as archive:
        parts = archive.infolist()
        total = sum(part.file_size for part in parts)
        packed_well = [
            part for part in parts
            if part.file_size > 1 << 20 and part.file_size > RATIO * max(1, part.compress_size)
        ]  # fmt: skip
        if len(parts) > PARTS or total > BYTES or packed_well:
            raise InputError(
                f"unpacks to {len(parts)} parts of {total >> 20} MiB, more than a register needs",
                place=path.name,
                hint="Save the sheet alone as CSV (UTF-8) and attach that.",
            )
        if "xl/workbook.xml" not in {part.filename for part in parts}:
            raise InputError(
                "is a zip archive, but no .xlsx workbook",
                place=path.name,
                hint="Save the table as .xlsx or CSV (UTF-8) and attach that.",
            )
        formulas = False
        elements = 0
        for part in parts:
            if part.filename.endswith((".xml", ".rels")):
                with archive.open(part) as file:
                    whole = part.filename.startswith("xl/")
                    elements += _without_entities(file, path, whole=whole)
            if elements > MOST_ELEMENTS:
                raise InputError(
                    f"holds more than {MOST_ELEMENTS:,} elements; as a workbook it takes too long",
                    place=path.name,
                    hint="Save the sheet alone as CSV (UTF-8) and attach that.",
                )
            if part.filename.startswith("xl/worksheets/") and not formulas:
                with archive.open(part) as file:
                    formulas = _has_formulas(file)
    return formulas


def _checked(packed: IO[bytes], path: Path) -> IO[bytes]:
    if zipfile.is_zipfile(packed):  # what is none is told by who opens it
        check_directory(packed, path.name)
    return packed


def _without_entities(file: Any, path: Path, *, whole: bool) -> int:  # noqa: ANN401 - zipfile's file has no name
    """Refuses a document type: entities live there, and no spreadsheet program writes one.

    ``whole``: tags that never end are refused too, all over the part. Gives the number of elements
    that were seen, at most one more than a workbook may hold.
    """
    parser = expat.ParserCreate()
    elements = 0

    def starts(_name: str, _attributes: dict[str, str]) -> None:
        nonlocal elements
        elements += 1

    def doctype(*_: object) -> None:
        raise InputError(
            "its XML declares a document type, which no spreadsheet program writes",
            place=path.name,
            hint="Do not open it; ask for a file saved anew.",
        )

    parser.StartElementHandler = starts
    parser.StartDoctypeDeclHandler = doctype
    size = 0
    while (whole or not elements) and elements <= MOST_ELEMENTS and (block := file.read(AT_ONCE)):
        try:
            size = fed(parser, block, size)
        except expat.ExpatError as error:
            raise ValueError(str(error)) from None
    return elements


_FORMULA: Final = re.compile(rb"<(?:\w{1,20}:)?f[\s/>]|\x00")
"""A formula's element; zero bytes mean UTF-16, in which nobody looks for it."""


def _has_formulas(file: Any) -> bool:  # noqa: ANN401 - as above
    tail = b""
    while block := file.read(1 << 20):
        if _FORMULA.search(tail + block):
            return True
        tail = block[-32:]
    return False


def _sheet(
    path: Path, columns: tuple[str, ...], *, formulas: bool
) -> tuple[Header, list[Row], list[Text]]:
    """The first visible sheet whose header fits."""
    from openpyxl import load_workbook

    notes: list[Text] = []
    with path.open("rb") as file, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of drawings and validations, which nobody reads here
        book = load_workbook(file, read_only=True, data_only=True, keep_links=False)
        try:
            for sheet in book.worksheets[:SHEETS]:
                name = sheet.title[:60]
                if sheet.sheet_state != "visible":
                    notes.append(
                        Text(
                            f"Trang tính ẩn “{name}” không được đọc.",
                            f"The hidden sheet “{name}” was not read.",
                        )
                    )
                    continue
                rows = _rows(sheet, path)
                first = list(islice(rows, HEADER_WITHIN))
                header = header_in(iter(first), columns, f"{path.name}:{name}")
                if header is None:
                    continue
                whole = list(chain(first, rows))
                if formulas:
                    _with_values(path, sheet.title, header, whole)
                return header, whole, notes
        finally:
            book.close()
    hidden = " " + " ".join(note.en for note in notes) if notes else ""
    refused = no_header(path.name, columns)
    raise InputError(refused.message + "." + hidden, place=path.name, hint=refused.hint)


def _rows(sheet: Any, path: Path) -> Iterator[Row]:  # noqa: ANN401 - openpyxl has no types
    sheet.reset_dimensions()  # what a sheet says of its size need not be true
    seen = 0
    for line, cells in enumerate(sheet.iter_rows(max_col=COLUMNS + 1), start=1):
        if line > LAST_ROW:
            raise InputError(
                f"claims rows beyond {LAST_ROW:,}",
                place=path.name,
                hint="Save the sheet alone as CSV (UTF-8) and attach that.",
            )
        filled = [number for number, cell in enumerate(cells) if cell.value is not None]
        texts = [_text(cell) for cell in cells[: filled[-1] + 1]] if filled else []
        if any(texts):
            seen += 1
            if seen > MOST_ROWS:
                return  # one more than a register may have: who counts them refuses it
            yield line, texts


def _text(cell: Any) -> str:  # noqa: ANN401 - openpyxl has no types
    value = cell.value
    if value is None:
        return ""
    if isinstance(value, str):
        return cell_text(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        midnight = value.time() == time(0)
        return value.date().isoformat() if midnight else value.isoformat(timespec="seconds")
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, int | float):
        if "%" in (cell.number_format or ""):
            return f"{value * 100:.10g}%"
        return str(int(value)) if float(value).is_integer() else repr(value)
    return cell_text(str(value))


def _with_values(path: Path, title: str, header: Header, rows: list[Row]) -> None:
    """Refuses formulas whose value nobody computed: an empty cell would say something else."""
    from openpyxl import load_workbook
    from openpyxl.utils import get_column_letter

    values = dict(rows)
    with path.open("rb") as file:
        book = load_workbook(file, read_only=True, data_only=False, keep_links=False)
        sheet = book[title]
        sheet.reset_dimensions()
        for line, cells in enumerate(
            sheet.iter_rows(max_col=COLUMNS + 1, values_only=True), start=1
        ):
            texts = values.get(line, ())
            for place in header.places.values() if line > header.line else ():
                formula = place < len(cells) and str(cells[place] or "").startswith("=")
                if formula and not (place < len(texts) and texts[place]):
                    raise InputError(
                        "holds a formula whose value was never computed",
                        place=f"{path.name}:{title[:60]}!{get_column_letter(place + 1)}{line}",
                        hint="Open it in a spreadsheet program, save it and attach it anew.",
                    )
