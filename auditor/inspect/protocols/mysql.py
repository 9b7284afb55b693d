"""MySQL and MariaDB, protocol 4.1 (MySQL manual, "Client/Server Protocol")."""

from __future__ import annotations

import re
import struct
from collections.abc import Generator
from typing import TYPE_CHECKING, Final

from auditor.inspect.protocols import mysql_values as values_of
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
from auditor.inspect.protocols.mysql_values import MOST_PACKET, Column
from auditor.inspect.protocols.rows import Rows

if TYPE_CHECKING:
    from auditor.inspect.contracts import Content, FlowHead, Part

PORT: Final = 3306
COMPRESS: Final = 0x20 | 0x4000000  # zlib, zstd
TLS: Final = 0x800
QUERY_ATTRIBUTES: Final = 0x8000000
SSL_REQUEST: Final = 32
"""Bytes of the packet that asks for TLS: the beginning of the one it comes before."""
MORE_RESULTS: Final = 8

QUERY, FIELD_LIST, CHANGE_USER, PREPARE, EXECUTE, LONG_DATA = 3, 4, 0x11, 0x16, 0x17, 0x18
LAST_COMMAND: Final = 0x1F
MOST_STATEMENTS: Final = 1024
"""Prepared statements that are remembered."""
MOST_PARAMETERS: Final = 65535
MOST_BOUND: Final = 256
"""Parameters of a statement whose types are remembered for the next time."""

ANEW_CLIENT: Final = Beginning(
    re.compile(
        rb"..[\x00-\x0f]\x00\x03(?i:select|insert|update|delete|replace|set |show|call|load)",
        re.DOTALL,
    ),
    11,
)
ANEW_SERVER: Final = Beginning(
    re.compile(rb"\x01\x00\x00\x01.[^\x00].\x00\x02\x03def", re.DOTALL), 13
)
"""One packet with the number of columns, after it the first column."""


PacketSteps = Generator[int, bytes, bytes]
ColumnSteps = Generator[int, bytes, list[Column]]
MoreSteps = Generator[int | Body | Run, bytes, bool]


class MySQL:
    """Queries, parameters, rows, files that are loaded; passwords are passed over."""

    name = "mysql"

    def sniff(self, flow: FlowHead, heads: tuple[bytes, bytes]) -> float:
        """Sure by the server's greeting, likely by commands on the server's own port."""
        client, server = heads
        if re.match(rb"[\x20-\xff][\x00\x01]\x00\x00\x0a\d+\.\d[\x21-\x7e]*\x00", server):
            return 0.95
        if PORT not in (flow.dst_port, flow.src_port):
            return 0.0
        if len(client) >= 5 and not client[3] and 0 < client[4] <= LAST_COMMAND:
            return 0.6
        if len(client) >= 36 and client[1:4] == b"\0\0\1":
            return 0.6
        return 0.5 if len(server) >= 5 and server[3] == 1 else 0.0

    def conversation(self, flow: FlowHead, content: Content) -> MySQLConversation:
        """A conversation from its beginning, or from the middle."""
        return MySQLConversation(content)


class MySQLConversation:
    """One connection."""

    def __init__(self, content: Content) -> None:
        self._content = content
        self._encrypted = False
        self._greeted = False
        self._compressed = False
        self._attributes = False
        self._authenticating = False
        self._command = 0
        self._statements: dict[int, int] = {}
        self._bound: dict[int, list[Column]] = {}
        self._file: Part | None = None
        self._rows = Rows(content, 1, "MySQL rows")
        self._sides = framed(
            content, "MySQL", (self._client, self._server), (ANEW_CLIENT, ANEW_SERVER)
        )

    def feed(self, side: int, data: bytes, gap: int) -> None:
        """The next bytes of a side."""
        self._sides.feed(side, data, gap)
        if side == 1:
            self._rows.flush()

    def close(self) -> None:
        """No more bytes will come."""
        self._sides.close()
        self._file_ended()
        self._rows.close()

    def _client(self) -> Steps:
        """What the client sends: number 0 begins a command, others answer the server."""
        while True:
            head = yield 4
            if self._encrypted or (head[:2] == b"\x16\x03" and self._authenticating):
                yield from self._secured(0, 4)
            size, number = int.from_bytes(head[:3], "little"), head[3]
            if self._compressed and not self._authenticating:
                self._content.unread(0, 4, "unsupported")
                yield unread(self._content, 0, FOREVER, "unsupported")
            elif number and self._file is not None:
                yield Body(size, self._loaded, self._loading_missed)
                if not size:
                    self._file_ended()
            elif number:
                yield from self._proof(size, number)
            elif size:
                yield from self._commanded(size)

    def _proof(self, size: int, number: int) -> Steps:
        """A packet while the client proves who it is; all but its flags is passed over."""
        if number != 1 or size < SSL_REQUEST or self._greeted:
            yield passed(size)
            return
        (flags,) = struct.unpack("<I", (yield 4))
        self._authenticating = True
        if flags & TLS and size == SSL_REQUEST:
            yield passed(size - 4)
            yield from self._secured(0)
        self._greeted = True
        self._compressed = bool(flags & COMPRESS)
        self._attributes = bool(flags & QUERY_ATTRIBUTES)
        yield passed(size - 4)

    def _secured(self, side: int, seen: int = 0) -> Steps:
        """All that follows is encrypted."""
        if not self._encrypted:
            self._encrypted = True
            self._content.secure()
        if seen:
            self._content.unread(side, seen, "encrypted")
        yield unread(self._content, side, FOREVER, "encrypted")

    def _commanded(self, size: int) -> Steps:
        """A command, of one packet or several."""
        (command,) = yield 1
        if command > LAST_COMMAND:
            raise OutOfStep
        self._command = command
        self._file_ended()
        if command == CHANGE_USER:
            self._authenticating = True
            yield passed(size - 1)
        elif size > MOST_WHOLE:
            yield from self._large(0, size, size - 1, "MySQL query")
        else:
            try:
                body = yield size - 1
            except Missing:
                return
            try:
                self._asked(command, body)
            except (IndexError, ValueError, struct.error):
                self._damaged(0, size, "command")

    def _asked(self, command: int, body: bytes) -> None:
        """A whole command; ``ValueError`` where it is damaged."""
        if command == QUERY and self._attributes:
            count, place = values_of.length(body, 0)
            _, place = values_of.length(body, place)
            body = body[place:] if not count else body
        if command in (QUERY, PREPARE):
            self._text(0, "MySQL query", body)
        elif command == EXECUTE:
            self._text(0, "MySQL parameters", b"\n".join(self._parameters(body)))
        elif command == LONG_DATA:
            self._text(0, "MySQL parameters", body[6:])
        elif command in (2, FIELD_LIST):
            self._text(0, "MySQL command", body)

    def _parameters(self, body: bytes) -> list[bytes]:
        """Values of a statement that is executed."""
        (statement,) = struct.unpack_from("<I", body)
        count, place = self._statements.get(statement, 0), 9
        if not count:
            return []
        if self._attributes and body[4] & 8:
            told, place = values_of.length(body, place)
            count = told or 0
        if count > MOST_PARAMETERS or place + (count + 7) // 8 >= len(body):
            raise ValueError("more parameters than the packet holds")
        absent = int.from_bytes(body[place : place + (count + 7) // 8], "little")
        place += (count + 7) // 8
        if body[place] == 1:
            place, kinds = place + 1, []
            for _ in range(count):
                kind, flags = body[place], body[place + 1]
                place += 2
                if self._attributes:
                    _, place = values_of.string(body, place)
                kinds.append(Column(b"", kind, bool(flags & 0x80)))
            if count <= MOST_BOUND:
                self._bound[statement] = kinds
        else:
            kinds, place = self._bound.get(statement, []), place + 1
        return [value for value in values_of.binary_values(body, place, absent, kinds) if value]

    def _server(self) -> Steps:
        """What the server sends: a greeting, then one answer to each command."""
        while True:
            head = yield 4
            if self._encrypted:
                yield from self._secured(1, 4)
            if self._compressed and not self._authenticating:
                self._content.unread(1, 4, "unsupported")
                yield unread(self._content, 1, FOREVER, "unsupported")
            size, number = int.from_bytes(head[:3], "little"), head[3]
            if size > MOST_WHOLE:
                raise OutOfStep
            body = yield size
            if not number and body[:1] == b"\x0a":
                self._authenticating = True
                self._text(1, "MySQL server", body[1:].partition(b"\0")[0])
            elif self._authenticating:
                # 0 = welcome, 255 = refused; others ask for more proof
                self._authenticating = body[:1] not in (b"\0", b"\xff")
            else:
                yield from self._answered(body)

    def _answered(self, body: bytes) -> Steps:
        """The answer to a command; several results may follow one another."""
        more = True
        while more:
            more = False
            kind = body[0] if body else 0
            if kind == 0 and self._command == PREPARE and len(body) >= 9:
                yield from self._prepared(body)
            elif kind == 0:
                more = bool(_status(body) & MORE_RESULTS)
            elif kind == 0xFF:
                self._text(1, "MySQL message", body[3:])
            elif kind == 0xFB:
                self._file_ended()
                place, name = "MySQL file", body[1:].decode("utf-8", "replace")
                self._file = self._content.part(0, place, filename=name)
            elif kind != 0xFE:
                columns = yield from self._columns(body)
                more = yield from self._result(columns)
            if more:
                body = yield from self._packet()

    def _packet(self) -> PacketSteps:
        """The next packet, which is small."""
        head = yield 4
        size = int.from_bytes(head[:3], "little")
        if size > MOST_WHOLE:
            raise OutOfStep
        return (yield size)

    def _prepared(self, body: bytes) -> Steps:
        """A statement was prepared: what its parameters and columns are follows."""
        statement, columns, parameters = struct.unpack_from("<IHH", body, 1)
        if len(self._statements) >= MOST_STATEMENTS:
            self._statements.clear()
            self._bound.clear()
        self._statements[statement] = parameters
        self._bound.pop(statement, None)
        left = parameters + columns
        while left:
            packet = yield from self._packet()
            left -= not _separates(packet)

    def _columns(self, body: bytes) -> ColumnSteps:
        """The columns of a result, whose number was told."""
        try:
            count, _ = values_of.length(body, 0)
            if not count or count > values_of.MOST_COLUMNS:
                raise OutOfStep
            columns: list[Column] = []
            while len(columns) < count:
                columns.append(values_of.column((yield from self._packet())))
        except (IndexError, ValueError, struct.error):
            raise OutOfStep from None
        self._rows.header([column.name for column in columns])
        return columns

    def _result(self, columns: list[Column]) -> MoreSteps:
        """Rows up to the packet that ends them; whether another result follows."""
        binary, first = self._command == EXECUTE, True
        while True:
            if not binary and not first:
                yield Run(
                    lambda data, place: values_of.taken_rows(
                        data, place, len(columns), self._rows.row
                    )
                )
            size = int.from_bytes((yield 4)[:3], "little")
            if size > MOST_WHOLE:
                yield from self._large(1, size, size, "MySQL row")
                continue
            try:
                body = yield size
            except Missing:
                continue
            if first and _separates(body):
                first = False
                continue
            first = False
            if body[:1] in (b"\xfe", b"\xff"):
                self._rows.close()
                return body[:1] == b"\xfe" and bool(_status(body) & MORE_RESULTS)
            try:
                self._rows.row(
                    values_of.binary_row(body, columns)
                    if binary
                    else values_of.text_row(body, len(columns))
                )
            except (IndexError, ValueError, struct.error):
                self._damaged(1, size, "row")

    def _large(self, side: int, packet: int, size: int, place: str) -> Steps:
        """A command or row that is not held whole, with the packets it goes on in."""
        part = self._content.part(side, place)
        try:
            yield Body(size, part.feed, part.gap)
            while packet == MOST_PACKET:
                packet = int.from_bytes((yield 4)[:3], "little")
                yield Body(packet, part.feed, part.gap)
        finally:
            part.close()

    def _loaded(self, data: bytes) -> None:
        """More of a file that the server asked for."""
        if self._file is not None:
            self._file.feed(data)

    def _loading_missed(self, size: int) -> None:
        if self._file is not None:
            self._file.gap(size)

    def _file_ended(self) -> None:
        if self._file is not None:
            self._file.close()
        self._file = None

    def _damaged(self, side: int, size: int, what: str) -> None:
        self._content.unread(side, size, "damaged")
        self._content.problem("message-damaged", f"MySQL: a {what} cannot be taken apart")

    def _text(self, side: int, place: str, data: bytes) -> None:
        if data:
            self._content.text(side, place, data)


def _separates(packet: bytes) -> bool:
    """Whether columns end here (servers that do not leave this packet out)."""
    return len(packet) == 5 and packet[0] == 0xFE


def _status(packet: bytes) -> int:
    """The server's flags in a packet that ends an answer; 0 where it is damaged."""
    if len(packet) == 5 and packet[0] == 0xFE:
        return int.from_bytes(packet[3:5], "little")
    try:
        _, place = values_of.length(packet, 1)
        _, place = values_of.length(packet, place)
    except (IndexError, ValueError):
        return 0
    return int.from_bytes(packet[place : place + 2], "little")
