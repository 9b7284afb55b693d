"""Sheets of XLSX workbooks (ECMA-376, SpreadsheetML) as tables, row by row.

Numbers come out with all their digits; formulas are not worked out, their last value is taken.
"""

from __future__ import annotations

import datetime
import re
from typing import TYPE_CHECKING, Final

from auditor.inspect.documents.office_xml import plain_number
from auditor.inspect.documents.sheet_rows import Rows

if TYPE_CHECKING:
    from collections.abc import Mapping

    from auditor.inspect.documents.sheet_rows import Words

MOST_STRINGS: Final = 24 << 20
"""Memory for shared strings, bytes; those beyond are searched as text, without their column."""

MOST_STYLES: Final = 1 << 16
"""Formats of cells; Excel allows 65,490."""

LONGEST_VALUE: Final = 1 << 15
"""Characters of a cell, as in Excel; what stands beyond is searched as text."""

_STRING_OVERHEAD: Final = 80
_DATE_FORMATS: Final = frozenset({*range(14, 23), 27, 30, 36, *range(45, 48), 50, 57})
_DAY_NAMED: Final = re.compile(r"[dy]", re.IGNORECASE)
_NOT_SHOWN: Final = re.compile(r'"[^"]*"|\[[^\]]*\]|\\.')
_ZEROS: Final = re.compile(r"0{2,30}")
_FIRST_DAY: Final = datetime.date(1899, 12, 30).toordinal()
_DAYS: Final = 2_958_466
"""Of the calendar that Excel knows: to the end of the year 9999."""
_DAYS_FROM_1904: Final = 1462


class Strings:
    """Shared strings of a workbook, by their number."""

    def __init__(self, words: Words) -> None:
        self.found: list[str] = []
        self._words = words
        self._left = MOST_STRINGS
        self._pieces: list[str] = []
        self._size = 0
        self._open = False

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        """See ``Seen``."""
        del attributes
        if name == "si":
            self._pieces, self._size = [], 0
        self._open = name == "t"

    def words(self, text: str) -> None:
        """See ``Seen``."""
        if not self._open:
            return
        self._size += len(text)
        if self._size > LONGEST_VALUE:
            self._words.write(text)
        else:
            self._pieces.append(text)

    def end(self, name: str) -> None:
        """See ``Seen``."""
        self._open = False
        if name != "si":
            return
        value = "".join(self._pieces)
        if self._left <= 0:
            self._words.write(f"{value}\n")
            return
        self.found.append(value)
        self._left -= _STRING_OVERHEAD + 2 * len(value)

    def close(self) -> None:
        """The part is over."""
        self._words.flush()


class Styles:
    """How cells show their numbers, as far as it changes what a number means.

    Attributes:
        shown: for each format of cells: a number of digits, zeros in front; -1 = a day; 0 = other.
    """

    def __init__(self) -> None:
        self.shown: list[int] = []
        self._formats: dict[str, str] = {}
        self._in_cells = False

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        """See ``Seen``."""
        if name == "numFmt" and len(self._formats) < MOST_STYLES:
            self._formats[attributes.get("numFmtId", "")] = attributes.get("formatCode", "")[:255]
        elif name == "cellXfs":
            self._in_cells = True
        elif name == "xf" and self._in_cells and len(self.shown) < MOST_STYLES:
            self.shown.append(self._way(attributes.get("numFmtId", "")))

    def _way(self, number: str) -> int:
        code = self._formats.get(number)
        if code is None:
            return -1 if number.isdecimal() and int(number[:4]) in _DATE_FORMATS else 0
        if _ZEROS.fullmatch(code):
            return len(code)
        return -1 if _DAY_NAMED.search(_NOT_SHOWN.sub("", code)) else 0

    def words(self, text: str) -> None:
        """See ``Seen``."""

    def end(self, name: str) -> None:
        """See ``Seen``."""
        if name == "cellXfs":
            self._in_cells = False


class Sheet:
    """One sheet.

    Args:
        words: where goes what is no table.
        strings: shared strings.
        shown: see ``Styles``.
        from_1904: days are counted from 1904 on.
    """

    def __init__(
        self, words: Words, strings: list[str], shown: list[int], *, from_1904: bool
    ) -> None:
        self._words, self._strings, self._shown = words, strings, shown
        self._shift = _FIRST_DAY + (_DAYS_FROM_1904 if from_1904 else 0)
        self._rows = Rows(words, loose=False)
        self._column = -1
        self._letters: dict[str, int] = {}
        self._kind = self._style = ""
        self._pieces: list[str] = []
        self._size = 0
        self._open = self._beside = False

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        """See ``Seen``."""
        if name == "c":
            self._kind = attributes.get("t", "n")
            self._style = attributes.get("s", "")
            self._column = self._place(attributes.get("r", ""))
            self._pieces, self._size = [], 0
        elif name in ("v", "t"):
            self._open = True
        elif name == "row":
            self._column = -1
        elif name in ("oddHeader", "oddFooter", "evenHeader", "evenFooter", "firstHeader"):
            self._open = self._beside = True

    def words(self, text: str) -> None:
        """See ``Seen``."""
        if not self._open:
            return
        self._size += len(text)
        if self._beside or self._size > LONGEST_VALUE:
            self._words.write(text)
        else:
            self._pieces.append(text)

    def end(self, name: str) -> None:
        """See ``Seen``."""
        if name == "c":
            if self._pieces:
                self._rows.put(self._column, self._value("".join(self._pieces)))
                self._pieces = []
        elif name == "row":
            self._rows.end_row()
        elif self._beside:
            self._words.write("\n")
        self._open = self._beside = False

    def close(self) -> None:
        """The sheet is over, or cannot be read further."""
        self._rows.end_row()
        self._rows.close()
        self._words.flush()

    def _place(self, reference: str) -> int:
        letters = reference.rstrip("0123456789")
        place = self._letters.get(letters)
        if place is None:
            if not 0 < len(letters) < 4 or not letters.isascii() or not letters.isalpha():
                return self._column + 1
            place = 0
            for letter in letters.upper():
                place = 26 * place + ord(letter) - 64
            place -= 1
            self._letters[letters] = place
        return place

    def _value(self, value: str) -> str:
        if self._kind == "s":
            at = int(value) if value.isdecimal() and len(value) < 9 else -1
            return self._strings[at] if 0 <= at < len(self._strings) else ""
        if self._kind != "n":
            return value
        value = plain_number(value)
        style = int(self._style) if self._style.isdecimal() and len(self._style) < 9 else -1
        way = self._shown[style] if 0 <= style < len(self._shown) else 0
        if way > 0 and value.isdecimal():
            return value.zfill(way)
        return self._day(value) if way < 0 else value

    def _day(self, value: str) -> str:
        """A day by its number, such as ``1990-05-17``; a time of the day is left out."""
        whole = value.partition(".")[0]
        if (
            not whole.isdecimal()
            or not 0 < len(whole) < 8
            or not 0 < int(whole) < _DAYS - _DAYS_FROM_1904
        ):
            return value
        return datetime.date.fromordinal(self._shift + int(whole)).isoformat()
