"""SQL Server ([MS-TDS], versions 7.2 to 7.4)."""

from __future__ import annotations

import re
import struct
from typing import TYPE_CHECKING, Final

from auditor.inspect.protocols.framing import (
    FOREVER,
    MOST_WHOLE,
    Beginning,
    Body,
    Missing,
    OutOfStep,
    Steps,
    framed,
    unread,
)
from auditor.inspect.protocols.tds_tokens import Tokens
from auditor.inspect.protocols.tds_values import Cursor, Short, utf8

if TYPE_CHECKING:
    from auditor.inspect.contracts import Content, FlowHead, Part

PORT: Final = 1433
BATCH, CALL, ANSWER, BULK, LOGIN, PRELOGIN = 1, 3, 4, 7, 0x10, 0x12
TYPES: Final = frozenset({1, 2, 3, 4, 6, 7, 8, 0x0E, 0x10, 0x11, 0x12})
TLS_RECORDS: Final = range(0x14, 0x18)
LAST: Final = 1
ENCRYPTION: Final = 1
"""The option of a PRELOGIN that tells what is encrypted: 1 and 3 all, 0 only the login."""
NAMED: Final = (36, 40, 48, 52, 68)
"""Where a LOGIN7 tells place and length of host, user, program, server and database."""
PROCEDURES: Final = {10: b"sp_executesql", 11: b"sp_prepare", 12: b"sp_execute", 13: b"sp_prepexec"}

ANEW: Final = Beginning(
    re.compile(rb"[\x01\x03\x04\x07][\x00\x01\x08\x09][\x00-\x7f]...[\x00-\xff]\x00", re.DOTALL), 8
)


class TDS:
    """Batches, calls, rows and bulk loads; logins without the password."""

    name = "tds"

    def sniff(self, flow: FlowHead, heads: tuple[bytes, bytes]) -> float:
        """Sure by a PRELOGIN, likely by packets on the server's own port."""
        client, server = heads
        if _packet(client) and client[0] == PRELOGIN and client[8:9] == b"\0":
            return 0.95
        if PORT not in (flow.dst_port, flow.src_port):
            return 0.0
        return 0.7 if _packet(client) or _packet(server) else 0.0

    def conversation(self, flow: FlowHead, content: Content) -> TDSConversation:
        """A conversation from its beginning, or from the middle."""
        return TDSConversation(content)


def _packet(head: bytes) -> bool:
    return (
        len(head) >= 8
        and head[0] in TYPES
        and head[1] < 0x20
        and int.from_bytes(head[2:4], "big") >= 8
        and not head[7]
    )


class TDSConversation:
    """One connection."""

    def __init__(self, content: Content) -> None:
        self._content = content
        self._all_encrypted = False
        self._secured = False
        self._asked = False
        self._tokens = (Tokens(content, 0), Tokens(content, 1))
        self._sides = framed(
            content, "TDS", (lambda: self._packets(0), lambda: self._packets(1)), (ANEW, ANEW)
        )

    def feed(self, side: int, data: bytes, gap: int) -> None:
        """The next bytes of a side."""
        self._sides.feed(side, data, gap)
        self._tokens[side].flush()

    def close(self) -> None:
        """No more bytes will come."""
        self._sides.close()
        for side in (0, 1):
            self._tokens[side].end()

    def _packets(self, side: int) -> Steps:
        """Packets, each with its type and length before it; several make one message."""
        while True:
            head = yield 8
            if head[0] in TLS_RECORDS and head[1] == 3:
                yield from self._record(side, head)
            elif not _packet(head):
                raise OutOfStep
            elif head[0] == ANSWER and self._asked:
                self._asked = False
                yield from self._message(side, head, PRELOGIN)
            elif head[0] in (ANSWER, BULK):
                tokens = self._tokens[side]
                yield Body(int.from_bytes(head[2:4], "big") - 8, tokens.feed, tokens.gap)
                if head[1] & LAST:
                    tokens.end()
            else:
                yield from self._message(side, head)

    def _record(self, side: int, head: bytes) -> Steps:
        """A record of TLS: the login alone, or all that follows."""
        self._content.unread(side, len(head), "encrypted")
        if self._all_encrypted:
            if not self._secured:
                self._secured = True
                self._content.secure()
            yield unread(self._content, side, FOREVER, "encrypted")
        size = 5 + int.from_bytes(head[3:5], "big") - len(head)
        if size < 0:
            raise OutOfStep
        yield unread(self._content, side, size, "encrypted")

    def _message(self, side: int, head: bytes, meant: int | None = None) -> Steps:
        """A message of a client, whole unless it is too large; ``meant`` tells another type."""
        kind, held = head[0], 0
        pieces: list[bytes] = []
        while True:
            size = int.from_bytes(head[2:4], "big") - 8
            held += size
            if held > MOST_WHOLE:
                yield from self._large(side, head, b"".join(pieces))
                return
            try:
                pieces.append((yield size))
            except Missing:
                self._content.unread(side, held - size, "missing")
                return
            if head[1] & LAST:
                break
            head = yield 8
            if head[0] != kind or not _packet(head):
                raise OutOfStep
        self._read(side, meant or kind, b"".join(pieces))

    def _large(self, side: int, head: bytes, begun: bytes) -> Steps:
        """A message that is not held whole is a part."""
        if head[0] not in (BATCH, CALL):
            yield unread(self._content, side, int.from_bytes(head[2:4], "big") - 8, "too-large")
            return
        part: Part = self._content.part(side, "TDS batch", charset="utf-16-le")
        try:
            part.feed(begun[_headers(begun) :])
            while True:
                yield Body(int.from_bytes(head[2:4], "big") - 8, part.feed, part.gap)
                if head[1] & LAST:
                    return
                head = yield 8
                if not _packet(head):
                    raise OutOfStep
        finally:
            part.close()

    def _read(self, side: int, kind: int, body: bytes) -> None:
        """A whole message of a client."""
        if kind == PRELOGIN:
            self._negotiated(side, body)
        elif kind == BATCH:
            self._text(side, "TDS batch", utf8(body[_headers(body) :]))
        elif kind == CALL:
            self._called(side, body)
        elif kind == LOGIN:
            lines = []
            for place in NAMED:
                begin, size = struct.unpack_from("<HH", body.ljust(place + 4, b"\0"), place)
                lines.append(utf8(body[begin : begin + 2 * size]))
            self._text(side, "TDS login", b"\n".join(lines))

    def _negotiated(self, side: int, body: bytes) -> None:
        """What both agree to encrypt; a handshake of TLS comes in packets of the same type."""
        if body[:1] in (b"\x14", b"\x15", b"\x16", b"\x17"):
            self._content.unread(side, len(body), "encrypted")
            return
        self._asked = side == 0
        place = 0
        while place + 5 <= len(body) and body[place] != 0xFF:
            option, begin, size = struct.unpack_from(">BHH", body, place)
            if option == ENCRYPTION and size and begin < len(body):
                self._all_encrypted = body[begin] in (1, 3)
            place += 5

    def _called(self, side: int, body: bytes) -> None:
        """Calls of procedures with their parameters, one line for each."""
        cursor = Cursor(body, _headers(body))
        lines: list[bytes] = []
        try:
            while cursor.place < len(body):
                size = cursor.number(2)
                if size == 0xFFFF:
                    number = cursor.number(2)
                    lines.append(PROCEDURES.get(number, b"procedure %d" % number))
                else:
                    lines.append(utf8(cursor.take(2 * size)))
                cursor.take(2)
                self._parameters(side, cursor, lines)
        except (Short, ValueError, OverflowError, struct.error):
            self._content.problem(
                "message-damaged", "TDS: the rest of a message is searched as it stands"
            )
            lines.append(body[cursor.place :].replace(b"\0", b""))
        self._text(side, "TDS call", b"\n".join(lines))

    def _parameters(self, side: int, cursor: Cursor, lines: list[bytes]) -> None:
        """Parameters up to the next call of the same message."""
        while cursor.place < len(cursor.data):
            if cursor.data[cursor.place] in (0x80, 0xFF, 0xFE):
                cursor.place += 1
                return
            name = cursor.wide(1)
            cursor.take(1)
            begin = cursor.place
            value = cursor.value(cursor.kind())
            if value is None:
                self._content.unread(side, cursor.place - begin, "unsupported")
            elif value:
                lines.append(name + b" = " + value if name else value)

    def _text(self, side: int, place: str, data: bytes) -> None:
        if data:
            self._content.text(side, place, data)


def _headers(body: bytes) -> int:
    """Bytes of ALL_HEADERS before a message of version 7.2 or later; 0 without them."""
    if len(body) < 10:
        return 0
    total, first, kind = struct.unpack_from("<IIH", body)
    return total if 10 <= total <= len(body) and first <= total - 4 and kind in (1, 2, 3) else 0
