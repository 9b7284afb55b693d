"""Records of XML that are written alike, taken many at a time.

Of one record that was parsed a pattern is made: its tags as they stand, its values as groups. Where
the pattern matches, what follows is records of the same build, without a parser looking at each.
"""

from __future__ import annotations

import re
from itertools import chain
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from auditor.inspect.documents.rows import Fields

    Rowed = list[tuple[str, tuple[str, ...], list[int]]]
    Written = list[tuple[str, Fields]]
    """What a record gave: paths of tables, and a row for each."""

LONGEST: Final = 1 << 14
"""Characters of a record of which a pattern is made."""

MOST_SHAPES: Final = 16
"""Patterns of one kind of record."""

_MOST_VALUES: Final = 500
_MOST_FAILURES: Final = 4  # times that records of a block were not all alike, until no more tried
_PIECE: Final = re.compile(
    r"<!\[CDATA\[(?P<data>.*?)\]\]>|(?P<tag></?[A-Za-z_][^<>\"'!]*+(?:\"[^\"<]*+\"[^<>\"']*+|"
    r"'[^'<]*+'[^<>\"']*+)*+>)|(?P<text>[^<]++)",
    re.DOTALL,
)
_ATTRIBUTE: Final = re.compile(r"=(?:\"([^\"<]*+)\"|'([^'<]*+)')")
_REFERENCE: Final = re.compile(r"&(?:#([0-9]{1,7})|#x([0-9A-Fa-f]{1,6})|(amp|lt|gt|quot|apos));")
_MEANINGS: Final = {"amp": "&", "lt": "<", "gt": ">", "quot": '"', "apos": "'"}
_LAST_CODE: Final = 0x10FFFF


class Shape:
    """One way in which records are written.

    Attributes:
        rows: path of a table, names of its columns, and which values of the record they are.
    """

    def __init__(self, pattern: str, rows: Rowed) -> None:
        self.rows = rows
        self._pattern = re.compile(pattern, re.DOTALL)
        self._failures = 0
        self._constant = 0

    def one(self, text: str, at: int) -> tuple[int, Sequence[str]] | None:
        """The record that begins at a place: where it ends, and its values."""
        found = self._pattern.match(text, at)
        if found is None:
            return None
        self._constant = found.end() - at - sum(map(len, found.groups()))
        return found.end(), found.groups()

    def every(self, text: str, at: int) -> list[list[str]] | None:
        """Values of all records up to the end, by columns; null = they are not all so.

        ``one`` has matched here.
        """
        if self._failures > _MOST_FAILURES:
            return None
        found = self._pattern.findall(text, at)
        size = self._constant * len(found)
        size += sum(map(len, chain.from_iterable(found)))  # of one group: strings of letters
        if size != len(text) - at:
            self._failures += 1
            return None
        if self._pattern.groups == 1:
            return [found]
        return list(map(list, zip(*found, strict=True)))


def learned(record: str, read: Callable[[str], Written | None]) -> Shape | None:
    """The shape of a record; null = it has none that could be told.

    Args:
        record: from its first tag (or the space before it) to its last.
        read: what the parser makes of a record; null = more than rows of tables.
    """
    pattern: list[str] = []
    marked: list[str] = []
    count = 0
    at = 0
    opened = False  # the piece before was an opening tag
    while at < len(record):
        piece = _PIECE.match(record, at)
        if piece is None or count > _MOST_VALUES:
            return None
        at = piece.end()
        tag, text = piece["tag"], piece["text"]
        closing = record.startswith("</", at)
        if tag is not None:
            begin = 0
            for value in _ATTRIBUTE.finditer(tag):
                quote = value[0][1]
                pattern += re.escape(tag[begin : value.start() + 2]), f"([^{quote}<]*+)"
                marked += tag[begin : value.start() + 2], _mark(count)
                begin = value.end() - 1
                count += 1
            pattern.append(re.escape(tag[begin:]))
            marked.append(tag[begin:])
            opened = not tag.startswith("</") and not tag.endswith("/>")
            if not opened or not closing:
                continue
            pattern.append("([^<]*+)")  # an empty element may be filled in the next record
        elif text is None:
            pattern.append(r"<!\[CDATA\[((?:[^\]]++|\](?!\]>))*+)\]\]>")
        elif text.strip() or (opened and closing):
            pattern.append("([^<]*+)")
        else:
            pattern.append(re.escape(text))
            marked.append(text)
            continue
        marked.append(_mark(count))
        count += 1
        opened = False
    return _with_rows("".join(pattern), count, read("".join(marked))) if count else None


def _mark(number: int) -> str:
    return f"\ue000{number}\ue001"


def _with_rows(pattern: str, count: int, written: Written | None) -> Shape | None:
    """A shape, if every field of what was read is exactly one of the values."""
    if not written:
        return None
    numbers = {_mark(number): number for number in range(count)}
    rows = []
    for path, fields in written:
        names = tuple(name for name, _ in fields)
        places = [numbers.get(value or "", -1) for _, value in fields]
        if -1 in places:
            return None
        rows.append((path, names, places))
    return Shape(pattern, rows)


def meant(values: Sequence[str]) -> list[str]:
    """Values without space around them, their references (``&amp;``) as what they stand for."""
    return [
        (_REFERENCE.sub(_character, value) if "&" in value else value).strip() for value in values
    ]


def _character(match: re.Match[str]) -> str:
    decimal, hexadecimal, name = match.groups()
    if name:
        return _MEANINGS[name]
    code = int(decimal) if decimal else int(hexadecimal, 16)
    if not 0 < code <= _LAST_CODE or 0xD800 <= code <= 0xDFFF:
        return " "
    return chr(code)
