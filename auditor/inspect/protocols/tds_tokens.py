"""The tokens of SQL Server's answers and bulk loads ([MS-TDS] 2.2.7)."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final, NamedTuple

from auditor.inspect.protocols.framing import MOST_WHOLE
from auditor.inspect.protocols.rows import Rows
from auditor.inspect.protocols.tds_values import LONG, SHORT_TEXT, Cursor, Kind, Short

if TYPE_CHECKING:
    from auditor.inspect.contracts import Content, Part

COLUMNS, ROW, SPARSE_ROW, RETURNED = 0x81, 0xD1, 0xD2, 0xAC
DONE: Final = frozenset({0xFD, 0xFE, 0xFF})
TOLD: Final = {0xAA: "TDS error", 0xAB: "TDS message"}
PASSED: Final = {
    0xE3: 2, 0xAD: 2, 0xA9: 2, 0xA4: 2, 0xA5: 2, 0xED: 2, 0xE4: 4, 0xEE: 4,
}  # fmt: skip
"""Tokens with their length before them, by its bytes: environment, login, order, table and column
information, SSPI, session state, federated login."""
SHORT: Final = {0x79: 4, 0x78: 4}
"""Tokens of one size: status of a procedure, offset."""
FEATURES: Final = 0xAE
MOST_COLUMNS: Final = 4096
"""Columns of a result, as the server limits them."""
NO_COLUMNS: Final = 0xFFFF


class Column(NamedTuple):
    """A column of a result."""

    name: bytes
    kind: Kind
    short_text: bool


class Tokens:
    """The tokens of one side; a message ends with ``end``.

    What is not understood is handed on as it stands without the zero bytes, which leaves of
    UTF-16 what is ASCII.
    """

    def __init__(self, content: Content, side: int) -> None:
        self._content = content
        self._side = side
        self._rows = Rows(content, side, "TDS rows" if side else "TDS bulk load")
        self._columns: list[Column] | None = None
        self._held: list[bytes] = []
        self._size = 0
        self._wanted = 1
        self._raw: Part | None = None
        self._lost = False

    def feed(self, data: bytes) -> None:
        """The next bytes of a message."""
        if self._lost:
            self._as_it_stands(data)
            return
        self._held.append(data)
        self._size += len(data)
        if self._size >= self._wanted:
            self._read()

    def gap(self, size: int) -> None:
        """So many bytes of the message were lost."""
        if not self._lost:
            self._read()
        if not self._lost:
            self._give_up()
        if self._raw is not None:
            self._raw.gap(size)

    def flush(self) -> None:
        """Hands on what was gathered."""
        self._rows.flush()

    def end(self) -> None:
        """The message is over."""
        if not self._lost:
            self._read()
            if self._size:
                self._give_up()
        if self._raw is not None:
            self._raw.close()
            self._raw = None
        self._rows.close()
        self._columns, self._lost, self._wanted = None, False, 1

    def _read(self) -> None:
        """Reads tokens as far as the bytes reach; twice as many must be there the next time."""
        data = b"".join(self._held)
        place, end = 0, len(data)
        sound = True
        while place < end:
            cursor = Cursor(data, place)
            try:
                self._token(cursor)
            except Short:
                sound = end - place <= MOST_WHOLE
                break
            except (ValueError, OverflowError, struct.error):
                sound = False
                break
            if cursor.place - place > MOST_WHOLE:
                sound = False
                break
            place = cursor.place
        self._held = [data[place:]] if place < end else []
        self._size = end - place
        self._wanted = max(2 * self._size, 1)
        if not sound:
            self._give_up()

    def _give_up(self) -> None:
        """The rest of the message is handed on as it stands."""
        self._lost = True
        self._rows.close()
        self._content.problem(
            "message-damaged", "TDS: the rest of a message is searched as it stands"
        )
        held, self._held, self._size = self._held, [], 0
        for data in held:
            self._as_it_stands(data)

    def _as_it_stands(self, data: bytes) -> None:
        if self._raw is None:
            self._raw = self._content.part(self._side, "TDS")
        self._raw.feed(data.replace(b"\0", b""))

    def _token(self, cursor: Cursor) -> None:
        """One token; ``Short`` where it goes on, ``ValueError`` where it is not understood."""
        token = cursor.number(1)
        if token in (ROW, SPARSE_ROW):
            self._row(cursor, sparse=token == SPARSE_ROW)
        elif token == COLUMNS:
            self._described(cursor)
        elif token in DONE:
            cursor.take(12)
            self._rows.flush()
        elif token in TOLD:
            self._told(cursor.take(cursor.number(2)), TOLD[token])
        elif token in PASSED:
            cursor.take(cursor.number(PASSED[token]))
        elif token in SHORT:
            cursor.take(SHORT[token])
        elif token == RETURNED:
            cursor.take(2)
            cursor.wide(1)
            cursor.take(7)
            value = cursor.value(cursor.kind())
            if value:
                self._content.text(self._side, "TDS returned value", value)
        elif token == FEATURES:
            while cursor.number(1) != 0xFF:
                cursor.take(cursor.number(4))
        else:
            raise ValueError("a token that is not known")

    def _described(self, cursor: Cursor) -> None:
        """The columns of the rows that follow."""
        count = cursor.number(2)
        if count == NO_COLUMNS:
            return
        if count > MOST_COLUMNS:
            raise ValueError("more columns than a server has")
        columns = []
        for _ in range(count):
            cursor.take(6)
            kind = cursor.kind()
            if kind.number in LONG:
                for _ in range(cursor.number(1)):
                    cursor.wide(2)
            short_text = kind.number in SHORT_TEXT and not kind.unbounded
            columns.append(Column(cursor.wide(1), kind, short_text))
        self._columns = columns
        self._rows.header([column.name for column in columns])

    def _row(self, cursor: Cursor, *, sparse: bool) -> None:
        """One row; a sparse one tells first which values are absent."""
        if self._columns is None:
            raise ValueError("a row before its columns")
        absent = cursor.number((len(self._columns) + 7) // 8) if sparse else 0
        values, binary = [], 0
        for number, column in enumerate(self._columns):
            if absent >> number & 1:
                values.append(b"")
                continue
            if column.short_text:
                values.append(cursor.short_text())
                continue
            begin = cursor.place
            value = cursor.value(column.kind)
            if value is None:
                binary += cursor.place - begin
            values.append(value or b"")
        if binary:
            self._content.unread(self._side, binary, "unsupported")
        self._rows.row(values)

    def _told(self, body: bytes, place: str) -> None:
        """What the server says: number, state, class, then the words."""
        cursor = Cursor(body, 6)
        try:
            words = cursor.wide(2)
        except Short:
            raise ValueError("a message is cut") from None
        self._content.text(self._side, place, words)
