"""What one side of an HTTP/1 connection sends: headers, bodies, chunks (RFC 9112)."""

from __future__ import annotations

import binascii
import functools
import re
from typing import TYPE_CHECKING, Final, NamedTuple

from auditor.inspect import bodies, header_fields
from auditor.inspect.contracts import MOST_HELD
from auditor.inspect.protocols.start_lines import BEGINNING, REQUEST, RESPONSE, Stray, asked_for
from auditor.inspect.protocols.tunnel import TLS_RECORD, Tunnel

if TYPE_CHECKING:
    from collections.abc import Callable

    from auditor.inspect.contracts import Part
    from auditor.inspect.protocols.http1 import Conversation

_MOST_CHUNK_LINE: Final = 4_096  # a chunk's size and its extensions

_BLANK_LINE = re.compile(rb"\r?\n\r?\n")
_LINE_END = re.compile(rb"\r?\n")
_LINE_ENDS = re.compile(rb"[\r\n]*")
_CHUNK_LINE = re.compile(rb"(?:\r?\n)?[ \t]*([0-9A-Fa-f]{1,16})[ \t]*(?:;[^\n]*)?\r?\n")
_NO_CHUNK_LINE = re.compile(rb"(?:\r?\n)?+[^\n]*\n")
_NUMBER = re.compile(rb"[0-9]{1,18}")


class Request(NamedTuple):
    """What the answer to a request depends on."""

    method: bytes
    filename: str
    upgrade: str
    settings: bytes


class Side:
    """What one side sends. ``_step`` reads on at ``_begin`` of ``_data``."""

    def __init__(self, conversation: Conversation, number: int) -> None:
        self.number = number
        self._conversation = conversation
        self._content = conversation.content
        self._data = b""
        self._begin = 0
        self._held = bytearray()  # of a header or a chunk's line, or until the answer comes
        self._left = 0  # bytes of the body or chunk still to come
        self._gathered: list[bytes] = []  # small chunks are handed on together
        self._part: Part | None = None
        self._begun: Callable[[], Part]  # the part, when the first byte of the body comes
        self._stray = Stray(conversation.content, number)
        self._step: Callable[[], None] = self._head
        self._next: Callable[[], None] = self._head  # after the message
        self._switched: Part | None = None
        self._patient = True  # answers are waited for

    def feed(self, data: bytes, gap: int) -> None:
        """The next bytes, ``gap`` missing before them."""
        if gap:
            self._lose(gap)
        self._data, self._begin = data, 0
        while self._begin < len(self._data):
            self._step()
        self._data = b""
        self._give_gathered()

    # Headers

    def _head(self) -> None:
        data, held = self._data, self._held
        if not held:
            match = _LINE_ENDS.match(data, self._begin)
            begin = self._begin = match.end() if match else self._begin
            if begin == len(data):
                return
            match = _BLANK_LINE.search(data, begin, begin + MOST_HELD)
            if match:
                self._begin = match.end()
                self._message(data[begin : self._begin])
                return
        before = len(held)
        held += data[self._begin : self._begin + MOST_HELD - before]
        match = _BLANK_LINE.search(held, max(0, before - 3))
        end = match.end() if match else len(held)
        self._begin += end - before
        if match:
            head = bytes(held[:end])
            held.clear()
            self._message(head)
        elif not BEGINNING.match(held):
            self._go_astray()
        elif end == MOST_HELD:
            self._content.problem("http-header-too-long", f"no end within {MOST_HELD} bytes")
            line = held.find(b"\n") + 1  # its start line is not to be found again
            start = bytes(held[:line])
            del held[:line]
            self._go_astray(start)

    def _message(self, head: bytes) -> None:
        line, *lines = head.split(b"\n")
        line = line.rstrip(b"\r")
        if match := RESPONSE.fullmatch(line):
            self._response(int(match[1]), header_fields.fields_of(lines))
        elif not (match := REQUEST.fullmatch(line)):
            self._held += head
            self._go_astray()
        elif match[1] == b"PRI" and match[2] == b"*":
            self._data, self._begin = head + self._data[self._begin :], 0
            self._conversation.http2(None)
        else:
            self._request(match[1], match[2], header_fields.fields_of(lines))

    def _request(self, method: bytes, target: bytes, fields: header_fields.Fields) -> None:
        url, filename = asked_for(target)
        self._content.text(self.number, "HTTP request URL", method + b" " + url)
        header_fields.tell_fields(self._content, self.number, "HTTP request header", fields)
        upgrade = (header_fields.listed(fields.get(b"upgrade", b"")) or [""])[0]
        settings = fields.get(b"http2-settings", b"")
        self._conversation.pending.append(
            Request(method, filename if "." in filename else "", upgrade, settings)
        )
        waits = self._patient and (method == b"CONNECT" or upgrade)
        self._next = self._wait if waits else self._head
        self._begin_body(fields, "HTTP request body", filename if method == b"PUT" else "")

    def _response(self, status: int, fields: header_fields.Fields) -> None:
        pending = self._conversation.pending
        header_fields.tell_fields(self._content, self.number, "HTTP response header", fields)
        if status == 101:
            self._upgrade(pending.popleft() if pending else None, fields)
            return
        if status < 200:
            return
        request = pending.popleft() if pending else None
        if request and request.method == b"CONNECT" and status < 300:
            self._conversation.tunnel()
            return
        if request and (request.upgrade or request.method == b"CONNECT"):
            self._conversation.sides[1 - self.number].go_on()
        if status in (204, 304) or (request and request.method == b"HEAD"):
            return
        self._begin_body(
            fields, "HTTP response body", request.filename if request else "", to_the_end=True
        )

    def _upgrade(self, request: Request | None, fields: header_fields.Fields) -> None:
        words = header_fields.listed(fields.get(b"upgrade", b""))
        word = words[0] if words else request.upgrade if request else ""
        if word == "websocket":
            self._conversation.websocket()
        elif word == "h2c":
            settings = request.settings if request else b""
            self._conversation.http2(_from_base64url(settings))
        else:
            self._conversation.tunnel()

    # Bodies

    def _begin_body(
        self, fields: header_fields.Fields, place: str, filename: str, *, to_the_end: bool = False
    ) -> None:
        """RFC 9112 section 6.3; ``to_the_end``: where no length is told."""
        coded = header_fields.listed(fields.get(b"transfer-encoding", b""))
        length = _NUMBER.match(fields.get(b"content-length", b""))
        packed = [name for name in reversed(coded) if name != "chunked"]

        self._begun = functools.partial(
            bodies.begun,
            self._content,
            self.number,
            place,
            fields,
            packed=packed,
            filename=filename,
        )
        if "chunked" in coded:
            self._step = self._chunk_line
        elif length and not coded:
            self._left = int(length[0])
            self._step = self._body
            if not self._left:
                self._end_message()
        elif to_the_end or coded:
            self._step = self._rest
        else:
            self._end_message()

    def _opened(self) -> Part:
        if self._part is None:
            self._part = self._begun()
        return self._part

    def _body(self) -> None:
        piece = self._data[self._begin : self._begin + self._left]
        self._begin += len(piece)
        self._left -= len(piece)
        self._opened().feed(piece)
        if not self._left:
            self._end_message()

    def _rest(self) -> None:
        self._opened().feed(self._data[self._begin :])
        self._begin = len(self._data)

    def _end_message(self) -> None:
        self._close_part()
        self._step, self._next = self._next, self._head
        if self._switched is not None:
            self._part, self._switched = self._switched, None
            self._step = self._rest

    def _close_part(self) -> None:
        self._give_gathered()
        if self._part is not None:
            self._part.close()
            self._part = None

    # Chunks (RFC 9112 section 7.1)

    def _chunk(self) -> None:
        piece = self._data[self._begin : self._begin + self._left]
        self._begin += len(piece)
        self._left -= len(piece)
        self._gathered.append(piece)
        if not self._left:
            self._step = self._chunk_line

    def _give_gathered(self) -> None:
        if self._gathered:
            self._opened().feed(b"".join(self._gathered))
            self._gathered.clear()

    def _chunk_line(self) -> None:
        held = self._held
        if not held:
            match = _CHUNK_LINE.match(self._data, self._begin, self._begin + _MOST_CHUNK_LINE)
            if match:
                self._begin = match.end()
                self._begin_chunk(int(match[1], 16))
                return
        before = len(held)
        held += self._data[self._begin : self._begin + _MOST_CHUNK_LINE - before]
        match = _CHUNK_LINE.match(held)
        end = match.end() if match else len(held)
        self._begin += end - before
        if match:
            size = int(match[1], 16)
            held.clear()
            self._begin_chunk(size)
        elif end == _MOST_CHUNK_LINE or _NO_CHUNK_LINE.match(held):
            self._content.problem("http-chunks-damaged", "no size where a chunk must begin")
            self._go_astray()

    def _begin_chunk(self, size: int) -> None:
        self._left = size
        self._step = self._chunk if size else self._trailers

    def _trailers(self) -> None:
        before = len(self._held)
        self._held += self._data[self._begin : self._begin + MOST_HELD - before]
        match = _LINE_END.match(self._held) or _BLANK_LINE.search(self._held, max(0, before - 3))
        end = match.end() if match else len(self._held)
        self._begin += end - before
        if not match and end < MOST_HELD:
            return
        fields = header_fields.fields_of(bytes(self._held[:end]).split(b"\n"))
        self._held.clear()
        header_fields.tell_fields(self._content, self.number, "HTTP trailer", fields)
        self._end_message()

    # Other protocols

    def _wait(self) -> None:
        """The answer decides how to read on."""
        self._held += self._data[self._begin : self._begin + MOST_HELD]
        self._begin = min(len(self._data), self._begin + MOST_HELD)
        if len(self._held) >= MOST_HELD:
            self._decide()

    def _decide(self) -> None:
        """There is no answer: by the bytes themselves, and no other is waited for."""
        self._patient = False
        if TLS_RECORD.match(self._held):
            self.switch(Tunnel(self._content, self.number))
        else:
            self.go_on()

    def go_on(self) -> None:
        """The other side did not agree to speak something else."""
        if self._step == self._wait:
            self._step = self._head
            self._read_held()
        elif self._next == self._wait:
            self._next = self._head

    def switch(self, reader: Part) -> None:
        """From the end of the message on ``reader`` gets what the side sends."""
        if self._step in (self._wait, self._head, self._seek):
            self._stray.close()
            self._part, self._step = reader, self._rest
            self._read_held()
        else:
            self._switched = reader

    def _read_held(self) -> None:
        """Bytes that came too early are read now, before those of this call."""
        held = bytes(self._held)
        self._held.clear()
        self._data, self._begin = held + self._data[self._begin :], 0
        while self._begin < len(self._data):
            self._step()
        self._give_gathered()

    # Out of step

    def _go_astray(self, line: bytes = b"") -> None:
        """What is held and follows is looked at as it stands; in ``line`` no message begins."""
        self._close_part()
        self._stray = Stray(self._content, self.number)
        self._stray.give(line)
        self._step, self._next = self._seek, self._head
        self._data, self._begin = bytes(self._held) + self._data[self._begin :], 0
        self._held.clear()

    def _seek(self) -> None:
        self._data, self._begin = self._stray.found(self._data[self._begin :]), 0
        if self._data:
            self._step = self._head

    def _lose(self, gap: int) -> None:
        """``gap`` bytes are missing before the next ones."""
        if self._step == self._rest:
            self._opened().gap(gap)
            return
        if self._step in (self._body, self._chunk):
            within = min(gap, self._left)
            self._opened().gap(within)
            self._left -= within
            gap -= within
            if not self._left and self._step == self._body:
                self._end_message()
            elif not self._left:
                self._step = self._chunk_line
        if gap == 0:
            return
        if self._step == self._rest:
            self._opened().gap(gap)
            return
        self._conversation.pending.clear()
        if self._part is not None:
            self._part.gap(gap)
        if self._step != self._seek:
            self._go_astray(bytes(self._held))
        self._stray.gap(gap)

    def close(self) -> None:
        """No more bytes will come."""
        if self._step == self._wait:
            self._decide()
        if self._step == self._head and self._held:
            self._go_astray(bytes(self._held))
        self._stray.close()
        self._close_part()
        if self._switched is not None:
            self._switched.close()


def _from_base64url(text: bytes) -> bytes:
    text = text.strip().translate(bytes.maketrans(b"-_", b"+/"))[:1024]
    try:
        return binascii.a2b_base64(text + b"=" * (-len(text) % 4))
    except binascii.Error:
        return b""  # settings only raise limits: without them the usual ones hold
