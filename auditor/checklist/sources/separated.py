"""Registers as text with separators (CSV)."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Final

from auditor.checklist.sources.register import Header, Row, cell_text, header_in, no_header
from auditor.model.errors import InputError
from auditor.model.text import Text

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

BYTES: Final = 64 << 20
SEPARATORS: Final = (",", ";", "\t")


def rows_of_text(path: Path, columns: tuple[str, ...]) -> tuple[Header, Iterator[Row], list[Text]]:
    """The header, all rows and what was guessed.

    Raises:
        InputError: it is no such text, too large, or no row names the columns.
    """
    with path.open("rb") as file:
        content = file.read(BYTES + 1)
    if len(content) > BYTES:
        raise InputError(
            f"is larger than {BYTES >> 20} MiB",
            place=path.name,
            hint="Attach the part that concerns this system.",
        )
    text, notes = _decoded(content, path.name)
    fits = [
        (len(header.places), -number, separator, header)
        for number, separator in enumerate(SEPARATORS)
        if (header := header_in(_rows(text, separator, path.name), columns, path.name))
    ]
    if not fits:
        raise no_header(path.name, columns)
    _, _, separator, header = max(fits, key=lambda fit: fit[:2])
    return header, _rows(text, separator, path.name), notes


def _decoded(content: bytes, place: str) -> tuple[str, list[Text]]:
    odd, even = content[1:4096:2].count(0), content[0:4096:2].count(0)
    half = len(content[:4096]) // 4
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        encodings = ["utf-16"]
    elif odd > half > even or even > half > odd:
        encodings = ["utf-16-le" if odd > even else "utf-16-be"]
    elif b"\0" in content:
        raise InputError(
            "holds zero bytes, so it is no text", place=place, hint="Export it as CSV (UTF-8)."
        )
    else:
        encodings = ["utf-8-sig", "cp1258"]
    for encoding in encodings:
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        guessed = Text(
            "Tệp không phải UTF-8; đã đọc theo bảng mã Windows-1258.",
            "The file is not UTF-8; it was read as Windows-1258.",
        )
        return text, [guessed] if encoding == "cp1258" else []
    raise InputError(
        "is neither UTF-8, UTF-16 nor Windows-1258 text",
        place=place,
        hint="Export it as CSV (UTF-8).",
    )


def _rows(text: str, separator: str, place: str) -> Iterator[Row]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=False)
    line = 1
    try:
        for cells in reader:
            yield line, [cell_text(cell) for cell in cells]
            line = reader.line_num + 1
    except csv.Error as error:
        raise InputError(
            f"line {line} is no row: {error}",
            place=place,
            hint="Look for a quotation mark that is never closed.",
        ) from None
