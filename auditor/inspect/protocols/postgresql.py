"""PostgreSQL, protocol version 3 (PostgreSQL manual, "Frontend/Backend Protocol")."""

from __future__ import annotations

import re
import struct
from collections import deque
from typing import TYPE_CHECKING, Final, NamedTuple

from auditor.inspect.protocols import postgresql_values as values_of
from auditor.inspect.protocols.framing import (
    FOREVER,
    MOST_WHOLE,
    Beginning,
    Body,
    Missing,
    OutOfStep,
    Run,
    Steps,
    framed,
    passed,
    unread,
)
from auditor.inspect.protocols.postgresql_values import Columns, name, string
from auditor.inspect.protocols.rows import Rows

if TYPE_CHECKING:
    from auditor.inspect.contracts import Content, FlowHead, Part

SSL_REQUEST: Final = 80877103
GSS_REQUEST: Final = 80877104
CANCEL_REQUEST: Final = 80877102
PORT: Final = 5432
MOST_STARTUP: Final = 10000
"""Bytes of a start-up packet, as the server itself limits them."""
MOST_NAMES: Final = 128
"""Prepared statements and portals that are remembered."""
MOST_AWAITED: Final = 4096
"""Answers of the server that are awaited."""
COPY_CSV: Final = re.compile(rb"\s*copy\b.*\bcsv\b", re.IGNORECASE | re.DOTALL)

ANEW_SERVER: Final = Beginning(
    re.compile(rb"D\x00[\x00-\x0f]..[\x00-\x06].(?:\x00[\x00-\x0f]..|\xff\xff\xff\xff)", re.DOTALL),
    11,
)
"""A row: its length below 1 MB, up to 1,664 columns, the length of the first or that it is null."""
ANEW_CLIENT: Final = Beginning(
    re.compile(rb"(?:Q\x00[\x00-\x0f]..|P\x00[\x00-\x0f]..)[\x20-\x7e]{4}", re.DOTALL), 9
)

CLIENT_KINDS: Final = frozenset(b"BCcdDEFfHpPQSX")
SERVER_KINDS: Final = frozenset(b"123ACcDdEGHIKNnRsStTVvWZ")


class Awaited(NamedTuple):
    """What the server answers next: ``D`` a description, ``E`` an execution, ``Z`` readiness."""

    kind: str
    statement: bytes = b""
    formats: tuple[int, ...] = ()


class PostgreSQL:
    """Queries, their parameters, rows and COPY; passwords are passed over."""

    name = "postgresql"

    def sniff(self, flow: FlowHead, heads: tuple[bytes, bytes]) -> float:
        """Sure by a start-up packet, likely by messages on the server's own port."""
        client, server = heads
        if len(client) >= 8:
            size, code = struct.unpack_from(">II", client)
            if code in (SSL_REQUEST, GSS_REQUEST) and size == 8:
                return 1.0
            if code == 0x30000 and 8 < size <= MOST_STARTUP and client[8:13] in (b"user\0", b""):
                return 1.0
            if code == CANCEL_REQUEST and size == 16:
                return 1.0
        if PORT not in (flow.dst_port, flow.src_port):
            return 0.0
        if _message(client, CLIENT_KINDS) or _message(server, SERVER_KINDS):
            return 0.7
        return 0.0

    def conversation(self, flow: FlowHead, content: Content) -> PostgreSQLConversation:
        """A conversation from its beginning, or from the middle."""
        return PostgreSQLConversation(content)


def _message(head: bytes, kinds: frozenset[int]) -> bool:
    return len(head) >= 5 and head[0] in kinds and 4 <= int.from_bytes(head[1:5], "big") < 1 << 24


class PostgreSQLConversation:
    """One connection."""

    def __init__(self, content: Content) -> None:
        self._content = content
        self._encrypted = False
        self._started = False
        self._awaited: deque[Awaited] = deque()
        self._portals: dict[bytes, Awaited] = {}
        self._statements: dict[bytes, Columns] = {}
        self._asked = False
        self._copy_csv = False
        self._current: Columns | None = None
        self._rows = Rows(content, 1, "PostgreSQL rows")
        self._copies: list[Part | None] = [None, None]
        self._copied = ["", ""]
        self._sides = framed(
            content, "PostgreSQL", (self._client, self._server), (ANEW_CLIENT, ANEW_SERVER)
        )

    def feed(self, side: int, data: bytes, gap: int) -> None:
        """The next bytes of a side."""
        self._sides.feed(side, data, gap)
        if side == 1:
            self._rows.flush()

    def close(self) -> None:
        """No more bytes will come."""
        self._sides.close()
        for side in (0, 1):
            self._copy_ended(side)
        self._rows.close()

    def _client(self) -> Steps:
        """What the client sends: start-up packets have no letter before their length."""
        while not self._started:
            head = yield 5
            if head[0] == 0x16 and head[1] == 3:  # TLS after a request for it
                yield from self._secured(0)
                return
            if head[0]:
                self._started = True
                yield from self._typed(0, head)
                continue
            size = int.from_bytes(head[:4], "big")
            if not 8 <= size <= MOST_STARTUP:
                return
            packet = head[4:] + (yield size - 5)
            code = int.from_bytes(packet[:4], "big")
            if code >> 16 == 3:
                self._started = True
                self._text(0, "PostgreSQL startup", packet[4:].replace(b"\0", b"\n"))
            elif code in (SSL_REQUEST, GSS_REQUEST):
                self._asked = True
            else:
                yield passed(FOREVER)  # cancels a query: nothing else comes
        while True:
            yield Run(lambda data, place: self._swift_copy(0, data, place))
            yield from self._typed(0, (yield 5))

    def _server(self) -> Steps:
        """What the server sends: one letter answers each request for encryption."""
        while not self._started:
            head = yield 1
            if head == b"S" and not self._asked:
                head += yield 1
                # it begins the message of a setting, unless the question was not captured
                self._asked = head[1:] != b"\0"
            if self._asked and head[:1] in (b"S", b"G"):
                yield from self._secured(1, len(head))
                return
            if self._asked and head == b"N":
                self._asked = False
                continue
            yield from self._typed(1, head + (yield 5 - len(head)))
        while True:
            yield Run(self._swift_rows)
            yield Run(lambda data, place: self._swift_copy(1, data, place))
            yield from self._typed(1, (yield 5))

    def _secured(self, side: int, seen: int = 5) -> Steps:
        """All that follows is encrypted."""
        if not self._encrypted:
            self._encrypted = True
            self._content.secure()
        self._content.unread(side, seen, "encrypted")
        yield unread(self._content, side, FOREVER, "encrypted")

    def _typed(self, side: int, head: bytes) -> Steps:
        """One message: a letter, its length with itself, the rest."""
        kind, size = head[0], int.from_bytes(head[1:5], "big") - 4
        if size < 0 or kind not in (CLIENT_KINDS, SERVER_KINDS)[side]:
            raise OutOfStep
        if kind == 0x64:  # d: a piece of COPY, of any size
            yield self._copy(side, size)
        elif side == 0 and kind == 0x70:  # p: a password, or what proves one
            yield passed(size)
        elif size > MOST_WHOLE:
            yield from self._large(side, kind, size)
        else:
            try:
                body = yield size
            except Missing:
                return
            try:
                self._message(side, kind, body)
            except (IndexError, ValueError, struct.error):
                self._content.unread(side, size, "damaged")
                self._content.problem(
                    "message-damaged", f"PostgreSQL: a message {chr(kind)} cannot be taken apart"
                )

    def _large(self, side: int, kind: int, size: int) -> Steps:
        """A message that is not held whole: rows and queries are searched as they stand."""
        if kind not in (b"QPB", b"D")[side]:
            yield unread(self._content, side, size, "too-large")
            return
        part = self._content.part(side, ("PostgreSQL query", "PostgreSQL row")[side])
        try:
            yield Body(size, part.feed, part.gap)
        finally:
            part.close()

    def _message(self, side: int, kind: int, body: bytes) -> None:
        (self._from_server if side else self._from_client)(chr(kind), body)

    def _from_client(self, kind: str, body: bytes) -> None:
        """A message of the client's; ``ValueError`` where it is damaged."""
        if kind == "Q":
            self._query(body.rstrip(b"\0"))
            self._awaits(Awaited("Z"))
        elif kind == "P":
            statement, rest = name(body, 0)
            query, _ = string(body, rest)
            self._statements.pop(statement, None)
            self._query(query)
        elif kind == "B":
            self._bind(body)
        elif kind == "D":
            described, _ = name(body, 1)
            if body[:1] == b"S":
                self._awaits(Awaited("D", described))
            else:
                bound = self._portals.get(described)
                self._awaits(Awaited("D", bound.statement if bound else b""))
        elif kind == "E":
            portal, _ = name(body, 0)
            self._awaits(self._portals.get(portal, Awaited("E")))
        elif kind == "S":
            self._awaits(Awaited("Z"))
        elif kind in "cf":
            self._copy_ended(0)
        elif kind == "F":
            self._text(0, "PostgreSQL function call", body[4:])

    def _query(self, query: bytes) -> None:
        self._copy_csv = COPY_CSV.match(query) is not None
        self._text(0, "PostgreSQL query", query)

    def _bind(self, body: bytes) -> None:
        """Parameters of a statement, one line for each."""
        portal, place = name(body, 0)
        statement, place = name(body, place)
        found, place = values_of.parameters(body, place)
        lines = []
        for value, binary in found:
            line = values_of.as_text(value) if binary else value
            if line is None:
                self._content.unread(0, len(value), "unsupported")
            else:
                lines.append(line)
        self._text(0, "PostgreSQL parameters", b"\n".join(lines))
        results, _ = values_of.formats(body, place)
        if len(self._portals) >= MOST_NAMES:
            self._portals.clear()
        self._portals[portal] = Awaited("E", statement, results)

    def _from_server(self, kind: str, body: bytes) -> None:
        """A message of the server's; ``ValueError`` where it is damaged."""
        if kind == "D":
            self._row(body)
        elif kind == "T":
            self._described(values_of.columns(body))
        elif kind in "CIsE":
            if kind == "s":
                self._rows.flush()
            else:
                self._rows.close()
                self._current = None
            self._answered("E")
            self._copy_ended(1)
        elif kind == "n":
            self._answered("D")
        elif kind == "Z":
            self._rows.close()
            self._current = None
            while self._awaited and self._awaited.popleft().kind != "Z":
                pass
        elif kind in "GHW":
            for side in (0, 1) if kind == "W" else (0,) if kind == "G" else (1,):
                self._copy_ended(side)
                self._copied[side] = "binary" if body[:1] == b"\1" else "text"
        elif kind == "c":
            self._copy_ended(1)
        if kind in "EN":
            self._text(1, "PostgreSQL message", body.replace(b"\0", b"\n"))
        elif kind == "A":
            self._text(1, "PostgreSQL notification", body[4:].replace(b"\0", b"\n"))

    def _described(self, columns: Columns) -> None:
        statement = self._answered("D")
        if statement is None:
            self._current = columns
            self._rows.header(columns.names)
            return
        if len(self._statements) >= MOST_NAMES:
            self._statements.clear()
        self._statements[statement] = columns

    def _answered(self, kind: str) -> bytes | None:
        """The statement whose description this is; none where it belongs to a simple query."""
        if self._awaited and self._awaited[0].kind == kind:
            return self._awaited.popleft().statement
        return None

    def _swift_rows(self, data: bytes, place: int) -> int:
        columns = self._current
        if columns is None or any(columns.formats):
            return place
        return values_of.taken_rows(data, place, len(columns.names), self._rows.row)

    def _row(self, body: bytes) -> None:
        """One row; binary values are read where their type is known."""
        values = values_of.row(body)
        columns = self._current or self._executed(len(values))
        if any(columns.formats):
            self._plain(values, columns)
        self._rows.row(values)

    def _executed(self, count: int) -> Columns:
        """The columns of the statement that is executed; nameless ones where it is not known."""
        awaited = self._awaited[0] if self._awaited else Awaited("E")
        known = self._statements.get(awaited.statement)
        if known is None or len(known.names) != count:
            known = Columns(tuple(b"column %d" % (n + 1) for n in range(count)), (0,) * count, ())
        formats = awaited.formats
        if len(formats) == 1:
            formats *= count
        self._current = known._replace(formats=formats)
        self._rows.header(known.names)
        return self._current

    def _plain(self, values: list[bytes], columns: Columns) -> None:
        """Turns binary values into text, in place."""
        for number, binary in enumerate(columns.formats[: len(values)]):
            if not binary or not values[number]:
                continue
            value = values_of.text(columns.types[number], values[number])
            if value is None:
                self._content.unread(1, len(values[number]), "unsupported")
            values[number] = value or b""

    def _copy(self, side: int, size: int) -> Body:
        """A piece of COPY."""
        if self._copied[side] == "binary":
            return unread(self._content, side, size, "unsupported")
        return Body(
            size,
            lambda data: self._copy_part(side).feed(data),
            lambda lost: self._copy_part(side).gap(lost),
        )

    def _swift_copy(self, side: int, data: bytes, place: int) -> int:
        if self._copied[side] == "binary":
            return place
        pieces, place = values_of.taken_pieces(data, place)
        if pieces:
            self._copy_part(side).feed(pieces)
        return place

    def _copy_part(self, side: int) -> Part:
        part = self._copies[side]
        if part is None:
            kind = "text/csv" if self._copy_csv else "text/tab-separated-values"
            part = self._copies[side] = self._content.part(side, "PostgreSQL COPY", media_type=kind)
        return part

    def _copy_ended(self, side: int) -> None:
        part = self._copies[side]
        if part is not None:
            part.close()
        self._copies[side] = None
        self._copied[side] = ""

    def _awaits(self, answer: Awaited) -> None:
        if len(self._awaited) >= MOST_AWAITED:
            self._awaited.clear()
        self._awaited.append(answer)

    def _text(self, side: int, place: str, data: bytes) -> None:
        if data:
            self._content.text(side, place, data)
