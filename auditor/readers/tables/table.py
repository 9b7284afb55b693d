"""What a table looks like, by its first bytes: its columns and some of its values."""

from __future__ import annotations

import codecs
import csv
import json
from dataclasses import dataclass, field
from typing import Any, Final

from auditor.readers.records.lines import BOM
from auditor.readers.records.unfolding import unfolding
from auditor.readers.streams import HEAD
from auditor.readers.tables.mapping import MOST_COLUMNS, plain_name

DELIMITERS: Final = ",;\t|"
LEAST_COLUMNS: Final = 3
"""Two addresses and a time."""
MOST_ROWS: Final = 200
MOST_DEPTH: Final = 8
COMMENTS: Final = ("#", "//")
UTF_16: Final = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
LEGACY: Final = "cp1258"
"""Vietnamese Windows: what text is taken for that is no UTF-8."""

Path = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """A table, as far as its first bytes show it.

    Attributes:
        kind: ``csv``, ``json`` (objects, one a line or in one array) or ``parquet``.
        names: of its columns, in their order; dotted paths in nested objects.
        rows: some of its rows, a value per name; null = nothing there.
        encoding: ``utf-8``, ``utf-16`` or ``cp1258``.
        delimiter: between the values of a line.
        begin: lines up to and with the header.
        paths: names of JSON objects and the keys that lead to them.
        folded: whether the JSON objects do not stand on a line each.
    """

    kind: str
    names: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]
    encoding: str = "utf-8"
    delimiter: str = ","
    begin: int = 0
    paths: dict[str, Path] = field(default_factory=dict)
    folded: bool = False

    def values(self, name: str) -> list[Any]:
        """The values of a column that are not null."""
        place = self.names.index(name)
        return [row[place] for row in self.rows if row[place] not in (None, "")]


def table_in(
    head: bytes, *, delimiter: str | None = None, header: tuple[str, ...] = ()
) -> Table | None:
    """The table that begins with ``head``; null = none does.

    Args:
        head: first bytes of the file.
        delimiter: between the values of a line; null = found by itself.
        header: names of the columns of a table without a line for them.
    """
    text, encoding = _text(head)
    if text.lstrip().startswith(("{", "[")):
        return _objects(text, encoding)
    return _lines(text, encoding, delimiter, header) if text else None


def _text(head: bytes) -> tuple[str, str]:
    """The text of the first bytes, as far as whole lines go where they are but the first."""
    whole = len(head) < HEAD
    if head.startswith(UTF_16):
        decoder = codecs.getincrementaldecoder("utf-16")("replace")
        return _whole_lines(decoder.decode(head), whole=whole), "utf-16"
    head = head.removeprefix(BOM)
    if b"\0" in head:
        return "", "utf-8"
    try:
        return _whole_lines(
            codecs.getincrementaldecoder("utf-8")().decode(head), whole=whole
        ), "utf-8"
    except UnicodeDecodeError:
        text = head.decode(LEGACY, "replace")
    strange = sum(letter < " " and letter not in "\t\r\n" for letter in text)
    return ("", LEGACY) if strange else (_whole_lines(text, whole=whole), LEGACY)


def _whole_lines(text: str, *, whole: bool) -> str:
    cut = text.rfind("\n")
    text = text if whole or cut < 0 else text[: cut + 1]
    return text.replace("\r\n", "\n")


def _lines(text: str, encoding: str, wanted: str | None, header: tuple[str, ...]) -> Table | None:
    lines = text.split("\n")[: MOST_ROWS + 50]
    begin = 0
    while begin < len(lines) and (
        not lines[begin].strip() or lines[begin].lstrip().startswith(COMMENTS)
    ):
        begin += 1
    if begin < len(lines) and lines[begin].lower().startswith("sep=") and len(lines[begin]) == 5:
        wanted = wanted or lines[begin][4]
        begin += 1
    best: tuple[float, str, int, list[list[str]]] | None = None
    for sign in wanted or DELIMITERS:
        rows = _split(lines[begin:], sign)
        at = next((at for at, row in enumerate(rows[:10]) if len(row) >= LEAST_COLUMNS), None)
        if at is None or (at and lines[begin + at - 1].count(sign)):
            continue
        width = len(rows[at])
        later = rows[at + 1 :]
        alike = sum(len(row) == width for row in later) / len(later) if later else 1.0
        sure = alike * width
        if alike >= 0.5 and width <= MOST_COLUMNS and (best is None or sure > best[0]):
            best = (sure, sign, at, rows)
    if best is None:
        return None
    _, sign, at, rows = best
    width = len(rows[at])
    if header:
        if width != len(header):
            return None
        names, first = tuple(header), at
    else:
        names, first = tuple(plain_name(name) for name in rows[at]), at + 1
        if not all(_is_name(name) for name in names if name) or not any(names):
            return None
    kept = tuple(tuple(value.strip() for value in row) for row in rows[first:] if len(row) == width)
    return Table("csv", names, kept[:MOST_ROWS], encoding, sign, begin + first)


def _split(lines: list[str], sign: str) -> list[list[str]]:
    """The values of each line; each line by itself, for no value may hold a line end."""
    out = []
    for line in lines:
        if not line.strip():
            continue
        try:
            out.append(next(csv.reader([line], delimiter=sign)))
        except csv.Error:
            out.append([])
    return out


def _is_name(text: str) -> bool:
    """Whether a word of the first line may be a column's name: no number, address or moment."""
    letters = sum(letter.isalpha() for letter in text)
    digits = sum(letter.isdigit() for letter in text)
    return letters > 0 and (letters > digits or digits < 3) and text.count(":") < 2


def _objects(text: str, encoding: str) -> Table | None:
    unfolded = unfolding(text.encode("utf-8", "replace"))
    if unfolded is not None:
        text = unfolded(text.encode("utf-8", "replace")).decode("utf-8", "replace")
    paths: dict[str, Path] = {}
    rows: list[dict[str, Any]] = []
    for line in text.split("\n")[:MOST_ROWS]:
        try:
            value = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if isinstance(value, dict):
            row: dict[str, Any] = {}
            _flattened(value, (), row, paths)
            rows.append(row)
    if not rows or len(paths) > MOST_COLUMNS:
        return None
    names = tuple(paths)
    kept = tuple(tuple(row.get(name) for name in names) for row in rows)
    return Table("json", names, kept, encoding, paths=paths, folded=unfolded is not None)


def _flattened(
    value: dict[str, Any], path: Path, row: dict[str, Any], paths: dict[str, Path]
) -> None:
    for key, inner in value.items():
        here = (*path, key)
        if isinstance(inner, dict) and len(here) < MOST_DEPTH:
            _flattened(inner, here, row, paths)
        elif not isinstance(inner, (list, dict)):
            name = plain_name(".".join(here))
            paths.setdefault(name, here)
            row[name] = inner


class Utf8:
    """Makes UTF-8 of UTF-16, piece by piece."""

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-16")("replace")

    def __call__(self, piece: bytes) -> bytes:
        """The next bytes."""
        return self._decoder.decode(piece).encode("utf-8", "replace")
