"""Registers: tables of rows that agencies keep (CSV, XLSX)."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Final

import pandas as pd

from auditor.checklist.facts import VIETNAM
from auditor.checklist.sources.titles import TITLES
from auditor.model.errors import InputError
from auditor.model.text import Text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

ROWS: Final = 200_000
COLUMNS: Final = 100
CHARACTERS: Final = 8000
"""Longer cells are cut."""
HEADER_WITHIN: Final = 20
"""Rows in which the header is looked for; titles of the paper stand above it."""

Row = tuple[int, list[str]]
"""Its number in the file, and its cells."""


@dataclass(frozen=True, slots=True)
class Register:
    """A table; ``rows`` holds text, indexed by the row's number in the file (``line``).

    Attributes:
        columns: the asked columns that are there.
        rows: all asked columns in their asked order; cells that are not there are empty.
        missing: asked columns that are not there.
        ignored: titles of the file's other columns.
        notes: what had to be guessed or was left out.
    """

    columns: tuple[str, ...]
    rows: pd.DataFrame
    missing: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()
    notes: tuple[Text, ...] = ()


@dataclass(frozen=True, slots=True)
class Header:
    """Where the header stands, and which cell holds which column."""

    line: int
    places: dict[str, int]
    ignored: tuple[str, ...]


def register(path: Path, columns: tuple[str, ...]) -> Register:
    """The register in ``path`` with the columns that its kind asks for.

    Raises:
        InputError: it is damaged, too large, no table, or has none of the columns.
    """
    with path.open("rb") as file:
        head = file.read(8)
    if head.startswith(b"PK"):
        from auditor.checklist.sources.workbook import rows_of_workbook

        header, rows, notes = rows_of_workbook(path, columns)
    elif head == b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1":
        raise InputError(
            "is an old or locked workbook (.xls, or .xlsx with a password)",
            place=path.name,
            hint="Save it as an .xlsx without password, or as CSV (UTF-8), and attach that.",
        )
    else:
        from auditor.checklist.sources.separated import rows_of_text

        header, rows, notes = rows_of_text(path, columns)
    return _register(path, columns, header, rows, notes)


def _register(
    path: Path, columns: tuple[str, ...], header: Header, rows: Iterable[Row], notes: list[Text]
) -> Register:
    lines: list[int] = []
    table: list[list[str]] = []
    places = [header.places.get(column, -1) for column in columns]
    cut = 0
    for line, cells in rows:
        if line <= header.line or not any(cells):
            continue
        if len(lines) >= ROWS:
            raise InputError(
                f"has more than {ROWS:,} rows",
                place=path.name,
                hint="Attach the part that concerns this system.",
            )
        if any(cells[COLUMNS:]):
            raise too_wide(path)
        asked = [cells[place] if 0 <= place < len(cells) else "" for place in places]
        cut += sum(len(cell) > CHARACTERS for cell in asked)
        lines.append(line)
        table.append([cell[:CHARACTERS] for cell in asked])
    if cut:
        notes.append(
            Text(
                f"{cut} ô dài hơn {CHARACTERS} ký tự bị cắt bớt.",
                f"{cut} cells longer than {CHARACTERS} characters were cut.",
            )
        )
    return Register(
        tuple(column for column in columns if column in header.places),
        pd.DataFrame(table, columns=list(columns), index=pd.Index(lines, name="line"), dtype="str"),
        tuple(column for column in columns if column not in header.places),
        header.ignored,
        tuple(notes),
    )


def too_wide(path: Path) -> InputError:
    """What is said of a table with more columns than anybody keeps."""
    return InputError(
        f"has more than {COLUMNS} columns",
        place=path.name,
        hint="Attach a table with the asked columns only.",
    )


def header_in(rows: Iterator[Row], columns: tuple[str, ...], place: str) -> Header | None:
    """The row that names most of the columns; null = no row names enough of them.

    Raises:
        InputError: two columns of it bear the same title.
    """
    best: tuple[int, int, list[str]] | None = None
    for seen, (line, cells) in enumerate(rows):
        if seen >= HEADER_WITHIN:
            break
        named = {column for cell in cells[:COLUMNS] if (column := _column(cell, columns))}
        if len(named) >= min(2, len(columns)) and (best is None or len(named) > best[0]):
            best = (len(named), line, cells)
    if best is None:
        return None
    _, line, cells = best
    places: dict[str, int] = {}
    ignored: list[str] = []
    for number, cell in enumerate(cells[:COLUMNS]):
        column = _column(cell, columns)
        if column is None:
            if cell:
                ignored.append(cell[:60])
        elif column in places:
            raise InputError(
                f"two columns stand for {column}: {cells[places[column]]!r} and {cell!r}",
                place=f"{place}:{line}",
                hint="Keep the one that is meant.",
            )
        else:
            places[column] = number
    return Header(line, places, tuple(ignored))


def no_header(place: str, columns: tuple[str, ...]) -> InputError:
    """What is said when no row names the columns."""
    return InputError(
        f"no row of the first {HEADER_WITHIN} names its columns",
        place=place,
        hint=f"Write a first row with the columns: {', '.join(columns)}.",
    )


def _column(cell: str, columns: tuple[str, ...]) -> str | None:
    """The column that a title stands for; ``Tài khoản (account)`` stands for both its parts."""
    if not cell or len(cell) > 120:
        return None
    outside, _, inside = cell.partition("(")
    for title in (cell, outside, inside):
        folded = plain(title)
        if not folded:
            continue
        for column in columns:
            if folded in _FOLDED.get(column, ()) or folded == plain(column):
                return column
    return None


def plain(text: str) -> str:
    """The text without case, diacritics, spaces and marks, to compare titles and ids."""
    bare = unicodedata.normalize("NFD", text.casefold().replace("đ", "d"))
    return "".join(letter for letter in bare if letter.isalnum())


_FOLDED: Final = {
    column: frozenset(plain(title) for title in titles) for column, titles in TITLES.items()
}


_UNSEEN: Final = re.compile(
    r"[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]"
)
"""What steers terminals and the direction of text, and widths of nothing."""


def cell_text(text: str) -> str:
    """A cell in one line, composed, without space around it and without unseen marks."""
    return unicodedata.normalize("NFC", " ".join(_UNSEEN.sub("", text).split()))


_ISO: Final = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})(?:[T ](.{1,30}))?")
_VIETNAMESE: Final = re.compile(r"(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})(?:[ ,T]+(.{1,30}))?")
_TIME_FIRST: Final = re.compile(
    r"(\d{1,2}(?:[:hg]\d{0,2}){1,2}),?\s(?:ngày )?(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})"
)
FIRST_YEAR: Final = 1900
LAST_YEAR: Final = 2200
"""Days outside are slips of the pen; and sums with them leave the calendar."""
_CLOCK: Final = re.compile(
    r"(\d{1,2})(?::|h|g|giờ )(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?(?: ?(Z|[+-]\d{2}:?\d{2}))?"
)


def day(text: str) -> date | None:
    """The day written as 2026-11-21 or 21/11/2026, with or without a time; null = neither."""
    when = moment(text)
    return when.astimezone(VIETNAM).date() if when else None


def moment(text: str) -> datetime | None:
    """The moment written as ISO 8601 or 21/11/2026 08:30; Vietnam's time where none is given.

    A day alone is its first moment (``timed`` tells them apart). Null = neither.
    """
    text = text.strip()
    if found := _ISO.fullmatch(text):
        year, month, number, clock = found.groups()
    elif found := _VIETNAMESE.fullmatch(text):
        number, month, year, clock = found.groups()
    elif found := _TIME_FIRST.fullmatch(text):
        clock, number, month, year = found.groups()
    else:
        return None
    parsed = _CLOCK.fullmatch(clock.strip()) if clock else None
    if (clock and parsed is None) or not FIRST_YEAR <= int(year) <= LAST_YEAR:
        return None
    hour, minute, second, fraction, zone = parsed.groups() if parsed else (None,) * 5
    stamp = (
        f"{int(year):04}-{int(month):02}-{int(number):02}"
        f"T{int(hour or 0):02}:{minute or '00'}:{second or '00'}.{(fraction or '')[:6]:0<6}"
    )
    try:
        when = datetime.fromisoformat(stamp + (zone or ""))
        return when if when.tzinfo else when.replace(tzinfo=VIETNAM)
    except (ValueError, OverflowError):
        return None


def timed(text: str) -> bool:
    """Whether a moment is written with its time of day."""
    return ":" in text or re.search(r"\d[hg]", text) is not None


_YES: Final = frozenset((
    "yes", "y", "true", "1", "x", "v", "có", "co", "đúng", "dung", "rồi", "roi", "đã", "da", "bật",
    "bat", "on", "enabled", "active", "✓", "✔", "☑",
))  # fmt: skip
_NO: Final = frozenset((
    "no", "n", "false", "0", "không", "khong", "ko", "sai", "chưa", "chua", "tắt", "tat", "off",
    "disabled", "inactive", "✗", "✘", "☐",
))  # fmt: skip


def truth(text: str) -> bool | None:
    """Yes or no, in Vietnamese or English; null = neither."""
    word = unicodedata.normalize("NFC", text.strip().casefold())
    return True if word in _YES else False if word in _NO else None


_GROUPED: Final = re.compile(r"\d{1,3}(?:([.,  ])\d{3})(?:\1\d{3})*|\d+")
_DECIMAL: Final = re.compile(r"[+-]?\d{1,18}(?:[.,]\d{1,18})?")


def count(text: str) -> int | None:
    """A whole number, with or without groups: 100000, 100.000, 100,000; null = none.

    Where a point may be a decimal one, use ``number``.
    """
    text = text.strip()
    if len(text) > 24 or not _GROUPED.fullmatch(text):
        return None
    return int(re.sub(r"\D", "", text))


def number(text: str) -> float | None:
    """A measured number: 0.5, 0,5, 65 %; null = none, or not to be told from groups (1,234)."""
    text = text.strip().removesuffix("%").strip().replace("−", "-")
    if not _DECIMAL.fullmatch(text) or re.fullmatch(r"[+-]?[1-9]\d{0,2},\d{3}", text):
        return None
    return float(text.replace(",", "."))
