"""Tables as text: values between commas, semicolons, tabs or pipes (RFC 4180 and its relatives)."""

from __future__ import annotations

import codecs
import csv
import io
import re
from dataclasses import dataclass
from itertools import zip_longest
from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa
from pyarrow import csv as arrow_csv

from auditor.inspect.charsets import TextDecoder
from auditor.inspect.documents.plain import head_text, looks_like_text
from auditor.inspect.documents.rows import MOST_COLUMNS, MOST_ROWS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from auditor.inspect.contracts import About, Pages

BLOCK: Final = 1 << 20
"""Bytes that are taken apart at once."""

SAMPLE: Final = 1 << 18
"""Bytes that tell how a table is written."""

MOST_RECORD: Final = 1 << 22
"""Bytes of one record; a longer one is read as text."""

MOST_FIELD: Final = 1 << 16
"""Characters of a field that stands in a table; a longer one is read as text."""

_DELIMITERS: Final = (b",", b";", b"\t", b"|")
_MEDIA_TYPES: Final = frozenset(
    {"text/csv", "application/csv", "text/tab-separated-values", "application/vnd.ms-excel"}
)
_NAMES: Final = re.compile(r"\.(?:csv|tsv|tab|psv)$", re.IGNORECASE)
_NUMBER: Final = re.compile(rb"[\s+\-.,:/0-9Ee%$]*[0-9][\s+\-.,:/0-9Ee%$]*")
_LINE_BREAK: Final = 0x0A
_MANY: Final = 100  # delimiters before the first line break that make a wide table likely
_SAMPLE_LINES: Final = 200
_LEAST_SHARE: Final = 0.8
_SMALL: Final = 1 << 16  # bytes up to which Python's reader is quicker


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a table is written: between its values, how many there are, their names."""

    delimiter: bytes
    width: int
    header: bool


def _lines(sample: bytes, *, whole: bool) -> list[bytes]:
    """Lines of a sample that are complete; quoted line breaks do not end one."""
    lines = sample.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
    if not whole:
        lines.pop()
    records: list[bytes] = []
    open_quote = False
    for line in lines[: _SAMPLE_LINES * 4]:
        if open_quote and len(records[-1]) < MOST_FIELD:
            records[-1] += b"\n" + line
        else:
            records.append(line)
            open_quote = False
        if line.count(b'"') % 2:
            open_quote = not open_quote
        if len(records) > _SAMPLE_LINES:
            break
    return [record for record in records if record.strip()]


def _widths(records: list[bytes], delimiter: bytes) -> list[int]:
    """Fields of each record."""
    plain = delimiter if delimiter == b"\t" else b""
    found = []
    for record in records:
        if delimiter not in record:
            found.append(1)
        elif b'"' in record:
            text = record.decode("utf-8", "replace")
            try:
                row = next(csv.reader([text], delimiter=delimiter.decode()), [])
            except csv.Error:
                row = []
            found.append(len(row))
        else:
            found.append((record if plain else record.strip()).count(delimiter) + 1)
    return found


def dialect_of(sample: bytes, *, whole: bool) -> Dialect | None:
    """How a table is written; null = this is no table.

    Args:
        sample: its first bytes.
        whole: they are all there are.
    """
    records = _lines(sample, whole=whole)
    if len(records) < 2:  # a single line is no table
        return None
    best: tuple[float, int, bytes] = (0.0, 0, b"")
    for delimiter in _DELIMITERS:
        widths = _widths(records, delimiter)
        width = max(set(widths), key=lambda one: (widths.count(one), one))
        share = widths.count(width) / len(widths)
        if width > 1 and (share, width) > best[:2]:
            best = (share, width, delimiter)
    share, width, delimiter = best
    if share < _LEAST_SHARE or _is_prose(records, delimiter, width):
        return None
    return Dialect(delimiter, width, _is_header(records, delimiter))


def _is_prose(records: list[bytes], delimiter: bytes, width: int) -> bool:
    """Whether the delimiter only parts sentences: a space follows it nearly always."""
    if delimiter != b"," or width > 3:
        return False
    spaced = sum(record.count(b", ") for record in records)
    return spaced > 0.9 * sum(record.count(b",") for record in records) and len(records) < 5


def _is_header(records: list[bytes], delimiter: bytes) -> bool:
    """Whether the first record names the columns: distinct, no numbers, not all empty."""
    text = records[0].decode("utf-8", "replace")
    try:
        names = next(csv.reader([text], delimiter=delimiter.decode()), [])
    except csv.Error:
        return False
    filled = [name.strip() for name in names if name.strip()]
    if not filled or any(_NUMBER.fullmatch(name.encode()) for name in filled):
        return False
    return len(set(filled)) == len(filled) and all(len(name) <= 200 for name in filled)


class DelimitedTable:
    """Tables as text."""

    name = "CSV"

    def sniff(self, head: bytes, about: About) -> float:
        """By lines of equally many fields; surer where name or media type agree."""
        said = about.media_type in _MEDIA_TYPES or bool(_NAMES.search(about.filename))
        if not looks_like_text(head):
            return 0.0
        text = head_text(head, about.charset)
        whole = len(head) < 4096
        if b"\n" not in text and b"\r" not in text:
            wide = not whole and any(text.count(delimiter) > _MANY for delimiter in _DELIMITERS)
            return 0.55 if said else 0.3 * wide
        dialect = dialect_of(text, whole=whole)
        if dialect is None:
            return 0.55 if said else 0.0
        return 0.9 if said else 0.6

    def reading(self, about: About, pages: Pages) -> DelimitedReading:
        """Reads a table."""
        return DelimitedReading(about, pages)


class DelimitedReading:
    """A table that is taken apart by blocks of whole records."""

    def __init__(self, about: About, pages: Pages) -> None:
        self._pages = pages
        self._decoder = TextDecoder(about.charset)
        self._held = bytearray()
        self._dialect: Dialect | None = None
        self._names: list[str] = []
        self._begun = False
        self._skipping = False

    def feed(self, data: bytes) -> None:
        """Its next bytes."""
        text = self._decoder.feed(data)
        if self._begun and self._dialect is None:
            if text:
                self._pages.text(text)
            return
        self._held += text
        while len(self._held) >= BLOCK and self._take(whole=False):
            pass

    def gap(self, size: int) -> None:
        """The record that is cut ends here."""
        self.feed(b"\n")

    def close(self) -> None:
        """It has ended."""
        text = self._decoder.close()
        if self._begun and self._dialect is None:
            if text:
                self._pages.text(text)
            return
        self._held += text
        while len(self._held) >= BLOCK and self._take(whole=False):
            pass
        while self._held and self._take(whole=True):
            pass

    def _take(self, *, whole: bool) -> bool:
        """Takes the first block apart; false = more bytes are needed."""
        if not self._begun:
            self._begun = True
            sample = bytes(self._held[:SAMPLE])
            self._dialect = dialect_of(sample, whole=len(self._held) < SAMPLE)
        if self._dialect is None:
            self._pages.text(bytes(self._held))
            self._held.clear()
            return False
        size = BLOCK
        while True:
            block = bytes(self._held[:size])
            end = len(block) if whole and size >= len(self._held) else _record_end(block)
            if end or size >= MOST_RECORD:
                break
            if len(self._held) <= size:
                return False
            size *= 2
        if not end:  # one endless record
            self._pages.text(block)
            self._skipping = True
        elif self._skipping:
            end = block.find(b"\n") + 1 or end
            self._pages.text(block[:end])
            self._skipping = False
        else:
            self._table(block[:end])
        del self._held[: end or len(block)]
        return True

    def _table(self, block: bytes) -> None:
        dialect = self._dialect
        if dialect is None:
            return
        if b"\r" in block:
            block = block.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        if not self._names:
            block = self._named(block, dialect)
        columns = _parsed(block, dialect) if b'"' in block else _split(block, dialect)
        if columns is not None:
            self._hand_on(columns)
            return
        self._irregular(block, dialect)

    def _named(self, block: bytes, dialect: Dialect) -> bytes:
        """Takes the names of the columns off the first block."""
        if dialect.width > MOST_COLUMNS:
            self._names = [""]
        elif not dialect.header:
            self._names = [""] * dialect.width
        else:
            text = block.decode("utf-8", "replace")
            reader = csv.reader(io.StringIO(text), delimiter=dialect.delimiter.decode())
            first: list[str] = []
            try:
                while not any(first):
                    first = next(reader)
            except (csv.Error, StopIteration):
                first = []
            rest = text.split("\n", reader.line_num)
            block = rest[reader.line_num].encode() if len(rest) > reader.line_num else b""
            names = [name.strip() for name in first][: dialect.width]
            self._names = names + [""] * (dialect.width - len(names))
        return block

    def _irregular(self, block: bytes, dialect: Dialect) -> None:
        """A block whose records differ in length, or hold very long fields."""
        if block.count(dialect.delimiter) * 2 < block.count(b"\n") * (dialect.width - 1):
            self._pages.text(block)  # hardly a record of it is one
            return
        text = block.decode("utf-8", "replace").replace("\0", " ")
        reader = csv.reader(io.StringIO(text), delimiter=dialect.delimiter.decode())
        rows: list[list[str]] = []
        cells = 0
        try:
            for row in reader:
                if not row:
                    continue
                if len(row) > MOST_COLUMNS or any(len(cell) > MOST_FIELD for cell in row):
                    self._pages.text("\n".join([*row, ""]).encode())
                    continue
                rows.append(row)
                cells += len(row)
        except csv.Error:
            self._pages.text(block)
            return
        # A few long rows would make a table of empty cells: they go as text.
        widest = max(dialect.width * 2, 64)
        for row in rows:
            if len(row) > widest:
                self._pages.text("\n".join([*row, ""]).encode())
        kept = [row for row in rows if len(row) <= widest]
        if kept:
            self._hand_on([list(column) for column in zip_longest(*kept)])

    def _hand_on(self, columns: Sequence[Sequence[str | None]]) -> None:
        """Writes columns as tables of as many rows as a table may have."""
        rows = len(columns[0]) if columns else 0
        names = self._names + [""] * (len(columns) - len(self._names))
        for begin in range(0, rows, MOST_ROWS):
            if rows <= MOST_ROWS:
                part = columns
            else:
                part = [column[begin : begin + MOST_ROWS] for column in columns]
            self._pages.table(names[: len(part)], part)


def _record_end(block: bytes) -> int:
    """Where the last complete record of a block ends; 0 = none does."""
    if b"\n" not in block and b"\r" in block[:-1]:
        return block.rfind(b"\r", 0, -1) + 1
    end = block.rfind(b"\n") + 1
    if b'"' not in block:
        return end
    # A line break between quotes ends no record: an even number of quotes stands before a real
    # one. Where hardly any line break qualifies, the quotes are no quotes: the last one counts.
    last, quotes = end, block.count(b'"', 0, end)
    for _ in range(1000):
        if not quotes % 2 or not end:
            break
        before = block.rfind(b"\n", 0, end - 1) + 1
        quotes -= block.count(b'"', before, end)
        end = before
    return end if end or len(block) < MOST_RECORD else last


def _split(block: bytes, dialect: Dialect) -> list[list[str]] | None:
    """Columns of a block without quotes; null where its records are not equally long."""
    block = block.removesuffix(b"\n")
    if not block:
        return []
    codes = np.frombuffer(block, dtype=np.uint8)
    marks = np.flatnonzero((codes == ord(dialect.delimiter)) | (codes == _LINE_BREAK))
    ends = np.flatnonzero(codes[marks] == _LINE_BREAK)
    count = len(ends) + 1
    width = dialect.width
    if len(marks) != count * width - 1 or not np.array_equal(ends, np.arange(1, count) * width - 1):
        return None
    if np.diff(marks, prepend=0, append=len(block)).max() > MOST_FIELD:
        return None
    delimiter = dialect.delimiter.decode()
    text = block.decode("utf-8", "replace")
    cells = text.replace("\n", delimiter).split(delimiter)
    return [cells[at::width] for at in range(width)]


def _parsed(block: bytes, dialect: Dialect) -> list[list[str]] | None:
    """Columns of a block with quotes; null where its records are not equally long."""
    try:
        text, _ = codecs.utf_8_decode(block, "strict", True)
        if len(block) <= _SMALL:
            reader = csv.reader(io.StringIO(text), delimiter=dialect.delimiter.decode())
            rows = [row for row in reader if row]
            if any(len(row) != dialect.width for row in rows):
                return None
            columns = list(map(list, zip(*rows, strict=True)))
        else:
            columns = _parsed_by_arrow(block, dialect)
    except (pa.ArrowInvalid, UnicodeDecodeError, csv.Error):
        return None
    longest = max((max(map(len, column), default=0) for column in columns), default=0)
    return columns if longest <= MOST_FIELD else None


def _parsed_by_arrow(block: bytes, dialect: Dialect) -> list[list[str]]:
    """The same of a large block: arrow begins slowly, and goes on fast.

    Raises:
        pa.ArrowInvalid: its records are not equally long.
    """
    names = [str(at) for at in range(dialect.width)]
    table = arrow_csv.read_csv(
        pa.BufferReader(block),
        arrow_csv.ReadOptions(use_threads=False, column_names=names, block_size=len(block) + 1),
        arrow_csv.ParseOptions(delimiter=dialect.delimiter.decode(), newlines_in_values=True),
        arrow_csv.ConvertOptions(
            column_types=dict.fromkeys(names, pa.large_string()),
            strings_can_be_null=False,
            check_utf8=False,
        ),
    )
    return [column.to_numpy(zero_copy_only=False).tolist() for column in table.columns]
