"""Dumps of databases as SQL: rows of INSERT and COPY as tables, everything else as text.

Sources: MySQL manual 11.1.1 (strings), PostgreSQL manual 4.1.2 and COPY (text format),
Transact-SQL INSERT.
"""

from __future__ import annotations

import codecs
import csv
import re
from itertools import zip_longest
from typing import TYPE_CHECKING, Final

from auditor.inspect.charsets import TextDecoder
from auditor.inspect.documents.plain import looks_like_text
from auditor.inspect.documents.rows import MOST_COLUMNS, MOST_ROWS, Rows

if TYPE_CHECKING:
    from collections.abc import Callable

    from auditor.inspect.contracts import About, Pages

WINDOW: Final = 1 << 18
"""Characters of a row or head of a statement; a longer one is read as text."""

MOST_FAILURES: Final = 4
"""Times that rows turned out not to be written alike, before it is no longer tried."""

MOST_TABLES: Final = 10_000
"""Tables whose columns are remembered."""

_NAME: Final = r"((?:[`\"\[]?[^\s`\"\[\]().,;]{1,128}[`\"\]]?\.?){1,3})"
_STATEMENT: Final = re.compile(
    r"(?:^|(?<=;))[ \t]*+(?:INSERT|REPLACE|COPY|CREATE\s+(?:\w+\s+){0,2}TABLE)\b",
    re.IGNORECASE | re.MULTILINE,
)
_INSERT: Final = re.compile(
    rf"\s*(?:INSERT|REPLACE)\s+(?:(?:IGNORE|LOW_PRIORITY|DELAYED|OR\s+\w+)\s+)?(?:INTO\s+)?{_NAME}"
    r"\s*(?:\(([^()]*+)\))?\s*(?:OVERRIDING\s+\w+\s+VALUE\s*)?VALUES?\s*(?=\()",
    re.IGNORECASE,
)
_COPY: Final = re.compile(
    rf"\s*COPY\s+{_NAME}\s*(?:\(([^()]*+)\))?\s+FROM\s+stdin[^\n;]{{0,500}}+;[ \t]*\r?\n",
    re.IGNORECASE,
)
_CREATE: Final = re.compile(
    rf"\s*CREATE\s+(?:\w+\s+){{0,2}}TABLE\s+(?:IF\s+NOT\s+EXISTS\s+)?{_NAME}\s*\(", re.IGNORECASE
)
_CONSTRAINTS: Final = frozenset(
    ("primary", "key", "unique", "constraint", "index", "foreign", "check", "fulltext", "spatial")
)
_BACKSLASHES: Final = r"'(?:[^'\\]++|\\.|'')*+'"
_LITERAL: Final = r"'(?:[^']++|'')*+'"
_DUMP: Final = re.compile(
    rb"^(?:-- (?:MySQL|MariaDB|PostgreSQL|SQLite|phpMyAdmin)|PRAGMA foreign_keys|"
    rb"DROP TABLE (?:IF EXISTS )?|CREATE TABLE |INSERT (?:IGNORE )?INTO |INSERT \[|"
    rb"COPY [^\n]{1,2000} FROM stdin;|SET IDENTITY_INSERT )",
    re.IGNORECASE | re.MULTILINE,
)
_STANDARD: Final = re.compile(
    r"PostgreSQL database dump|PRAGMA foreign_keys|IDENTITY_INSERT|INSERT \[dbo\]"
)
_ESCAPE: Final = re.compile(r"\\(.)|''", re.DOTALL)
_ESCAPED: Final = re.compile(r"\\([^'\"%_])", re.DOTALL)
# Values that are more than a number or string: N'..', CAST(..), '..'::date.
_PREFIXED: Final = re.compile(r"[,\0] ?(?:[A-Za-z_]\w{0,9} ?'|\w{0,30}\()")
_COPY_ESCAPE: Final = re.compile(r"\\(.)", re.DOTALL)
_MEANINGS: Final = {"n": "\n", "t": "\t", "r": "\r", "0": " ", "b": "\b", "Z": "\x1a"}


def _row_pattern(string: str) -> re.Pattern[str]:
    """A row in parentheses, with the comma before it."""
    inner = rf"(?:[^'()]++|{string}|\((?:[^'()]++|{string})*+\))*+"
    return re.compile(rf"\s*+,?\s*+\(({inner})\)", re.DOTALL)


def _value_pattern(string: str) -> re.Pattern[str]:
    """A value of a row, with the comma behind it."""
    text = string[1:-1]  # between the quotes
    return re.compile(
        rf"\s*+(?:\w*+\s*+'({text})'(?:::[\w \[\]]++)?|((?:[^,'()]++|\((?:[^'()]++|{string})*+\)"
        rf"|{string})*+))\s*+(?:,|\Z)",
        re.DOTALL,
    )


_ROWS: Final = {True: _row_pattern(_BACKSLASHES), False: _row_pattern(_LITERAL)}
_VALUES: Final = {True: _value_pattern(_BACKSLASHES), False: _value_pattern(_LITERAL)}


class SqlDump:
    """Statements of SQL that fill tables."""

    name = "SQL"

    def sniff(self, head: bytes, about: About) -> float:
        """By statements at the beginning of lines."""
        decoder = TextDecoder(about.charset)
        text = decoder.feed(head) + decoder.close()
        found = _DUMP.search(text)
        if not looks_like_text(head):
            return 0.0
        if about.filename.lower().endswith(".sql") or "sql" in about.media_type:
            return 0.9 if found else 0.5
        return 0.8 if found else 0.0

    def reading(self, about: About, pages: Pages) -> SqlReading:
        """Reads a dump."""
        return SqlReading(about, pages)


class SqlReading:
    """A dump that is read statement by statement, its rows one by one."""

    def __init__(self, about: About, pages: Pages) -> None:
        self._pages = pages
        self._bytes = TextDecoder(about.charset)
        self._characters = codecs.getincrementaldecoder("utf-8")("replace")
        self._text = ""
        self._at = 0
        self._waiting: list[str] = []
        self._size = 0
        self._begun = False
        self._escapes = True
        self._rows = Rows(pages)
        self._table = ""
        self._names: tuple[str, ...] = ()
        self._columns: dict[str, tuple[str, ...]] = {}
        self._state: Callable[[int], None] = self._statements
        self._head = ""
        self._failures = 0

    def feed(self, data: bytes) -> None:
        """Its next bytes."""
        text = self._characters.decode(self._bytes.feed(data))
        self._waiting.append(text)
        self._size += len(text)
        if self._size >= 2 * WINDOW:
            self._work(last=False)

    def gap(self, size: int) -> None:
        """The statement that is cut ends here."""
        self.feed(b"\n")

    def close(self) -> None:
        """It has ended."""
        self._waiting.append(self._characters.decode(self._bytes.close(), final=True))
        self._work(last=True)
        self._rows.flush()

    def _work(self, *, last: bool) -> None:
        # One character before the place stays: it tells whether a line begins there.
        kept = max(self._at - 1, 0)
        self._text = self._text[kept:] + "".join(self._waiting)
        self._at -= kept
        self._waiting.clear()
        if not self._begun:
            self._begun = True
            self._escapes = not _STANDARD.search(self._text[:8192])
        end = len(self._text) if last else len(self._text) - WINDOW
        while self._at < end:
            self._state(end)
        self._size = len(self._text) - self._at

    def _statements(self, end: int) -> None:
        """Outside of rows: text up to the next statement that may have some."""
        text, at = self._text, self._at
        found = _STATEMENT.search(text, at)
        begin = min(found.start(), end) if found else end
        if begin > at:
            self._write(text[at:begin])
            self._at = begin
        if found is None or begin < found.start() or begin >= end:
            return
        if head := _INSERT.match(text, begin, begin + WINDOW):
            self._enter(head[1], head[2])
            self._head = head[0].strip()
            self._state = self._values
        elif head := _COPY.match(text, begin, begin + WINDOW):
            self._enter(head[1], head[2])
            self._rows.flush()
            self._state = self._copied
        else:
            if head := _CREATE.match(text, begin, begin + WINDOW):
                self._remember(head[1], text[head.end() : head.end() + WINDOW])
            head = None
        stop = head.end() if head else found.end()
        self._write(text[begin:stop])
        self._at = stop

    def _enter(self, table: str, columns: str | None) -> None:
        """Rows of a table follow."""
        names = _names(columns) if columns else self._columns.get(_bare(table), ())
        if (table, names) != (self._table, self._names):
            self._rows.flush()
            self._failures = 0
        self._table, self._names = table, names

    def _values(self, _end: int) -> None:
        """One row of an INSERT."""
        row = _ROWS[self._escapes].match(self._text, self._at, self._at + WINDOW)
        if row is None:
            self._state = self._statements
            return
        self._at = row.end()
        found = _VALUES[self._escapes].findall(row[1])
        if len(found) > 1:
            found.pop()  # the pattern matches once more, empty, at the end
        values = [self._value(text, raw) for text, raw in found]
        names = self._names
        if len(names) != len(values):
            names = (names + ("",) * len(values))[: len(values)]
        self._rows.add(names, values)
        if self._failures <= MOST_FAILURES and not self._many(names):
            self._failures += 1

    def _many(self, names: tuple[str, ...]) -> bool:
        """Takes the rows that follow in the window at once, if they are written alike.

        What stands between two rows now (``),(`` or the head of the next statement) parts all of
        them; a part that is no row by itself shows, and they are taken one by one.
        """
        text, at = self._text, self._at
        between = re.compile(rf"\s*(?:,|;\s*{re.escape(self._head)})\s*\(").match(
            text, at, at + WINDOW
        )
        if between is None:
            return False
        stop = at + WINDOW
        if between[0].lstrip().startswith(","):  # the statement's own rows end with it
            end = text.find(";\n", at, stop)
            stop = end if end >= 0 else stop
        elif re.compile(r"\)\s*,\s*\(").search(text, at, text.find(";\n", between.end(), stop)):
            return True  # the next statement has many rows of its own
        last = text.rfind(f"){between[0]}", at, stop)
        if last < 0:
            return stop < at + WINDOW  # the last row of a statement
        rows = text[between.end() : last].split(f"){between[0]}")
        body = "\0".join(["", *rows])
        if "'::" in body or _PREFIXED.search(body):
            return False
        if "\\" in body and self._escapes:
            meant = _ESCAPED.sub(lambda match: _MEANINGS.get(match[1], match[0]), body)[1:]
            rows = meant.split("\0")
        reader = csv.reader(
            rows,
            quotechar="'",
            escapechar="\\" if self._escapes else None,
            skipinitialspace=True,
            strict=True,
        )
        try:
            values = list(reader)
        except csv.Error:
            return False
        if len(values) != len(rows) or set(map(len, values)) != {len(names)}:
            return False
        columns: list[list[str | None]] = [
            [None if cell == "NULL" else cell for cell in column]
            for column in zip(*values, strict=True)
        ]
        for begin in range(0, len(rows), MOST_ROWS):
            self._rows.extend(names, [column[begin : begin + MOST_ROWS] for column in columns])
        self._at = last + 1
        return True

    def _value(self, text: str, raw: str) -> str | None:
        if text:
            if "\\" in text or "''" in text:
                return _ESCAPE.sub(self._meant, text)
            return text
        bare = raw.strip()
        return None if bare.upper() == "NULL" else bare

    def _meant(self, match: re.Match[str]) -> str:
        """What an escape in a string stands for."""
        letter = match[1]
        if letter is None:
            return "'"
        return _MEANINGS.get(letter, letter) if self._escapes else match[0]

    def _copied(self, end: int) -> None:
        """Lines of a COPY block, up to the one of a backslash and a full stop."""
        text, at = self._text, self._at
        stop = text.find("\\.", at, at + 4)
        if stop == at:
            self._state = self._statements
            return
        stop = text.find("\n\\.", at, end + 2)
        last = stop + 1 if stop >= 0 else text.rfind("\n", at, end) + 1
        if last <= at:  # a line longer than what is held
            last = min(max(end, at + 1), len(text))
            self._write(text[at:last])
            self._at = last
            return
        self._at = last
        rows = [line.split("\t") for line in text[at:last].replace("\r\n", "\n").split("\n")[:-1]]
        wide = [row for row in rows if len(row) > MOST_COLUMNS]
        for row in wide:
            self._write("\n".join([*row, ""]))
        if wide:
            rows = [row for row in rows if len(row) <= MOST_COLUMNS]
        for begin in range(0, len(rows), MOST_ROWS):
            columns = [
                [cell if cell is None or "\\" not in cell else _copy_meant(cell) for cell in column]
                for column in zip_longest(*rows[begin : begin + MOST_ROWS])
            ]
            names = (self._names + ("",) * len(columns))[: len(columns)]
            self._pages.table(names, columns)

    def _remember(self, table: str, body: str) -> None:
        """Keeps the columns of a table that is created."""
        statement = re.sub(_BACKSLASHES, "", body[: body.find(";") if ";" in body else None])
        for _ in range(3):
            statement = re.sub(r"\([^()]*+\)", "", statement)
        statement = statement.split(")", 1)[0]
        names = _names(statement)
        if len(self._columns) < MOST_TABLES and len(names) <= MOST_COLUMNS:
            self._columns[_bare(table)] = names

    def _write(self, text: str) -> None:
        self._pages.text(text.encode("utf-8", "replace"))


def _bare(table: str) -> str:
    """The name of a table without its schema and quotes."""
    return table.rsplit(".", 1)[-1].strip('`"[]').lower()


def _names(columns: str) -> tuple[str, ...]:
    """Names of columns in a list of them, or of definitions."""
    found = []
    for part in columns.split(","):
        quoted = re.match(r"\s*[`\"\[]([^`\"\]]{1,200})[`\"\]]", part)
        plain = None if quoted else re.match(r"\s*([^\s`\"\[\]]{1,200})", part)
        if quoted:
            found.append(quoted[1])
        elif plain and plain[1].lower() not in _CONSTRAINTS:
            found.append(plain[1])
    return tuple(found)


def _copy_meant(cell: str) -> str | None:
    """A cell of a COPY block without its escapes."""
    if cell == "\\N":
        return None
    return _COPY_ESCAPE.sub(lambda match: _MEANINGS.get(match[1], match[1]), cell)
