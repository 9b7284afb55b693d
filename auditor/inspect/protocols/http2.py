"""HTTP/2 in clear text (RFC 9113): by prior knowledge, or after an upgrade of HTTP/1."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from auditor.inspect import bodies, header_fields
from auditor.inspect.contracts import MOST_HELD
from auditor.inspect.protocols.http2_fields import FieldTable
from auditor.inspect.protocols.http2_frames import (
    COLLECTED,
    CONTINUATION,
    DATA,
    END_HEADERS,
    END_STREAM,
    FIRST_SETTINGS,
    FRAME,
    HEADERS,
    MOST_KIND,
    PADDED,
    PUSH,
    RST,
    SETTINGS,
    TABLE_SIZE,
    fragment,
    plausible,
)
from auditor.inspect.protocols.start_lines import asked_for

if TYPE_CHECKING:
    from collections.abc import Callable

    from auditor.inspect.contracts import Content, FlowHead, Part
    from auditor.model.content import Unread

PREFACE: Final = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
"""What the client begins with (section 3.4)."""

_MOST_STREAMS: Final = 10_000  # open at once; servers allow 100 to 1,000
_STRAY: Final = "HTTP/2, beginning not captured"


class Http2:
    """HTTP/2 on any port."""

    name = "http2"

    def sniff(self, flow: FlowHead, heads: tuple[bytes, bytes]) -> float:
        """By the client's preface, or a server's settings; else by what the engine says."""
        if any(head.startswith(PREFACE) for head in heads):
            return 1.0
        if any(_begins_with_settings(head) for head in heads):
            return 0.6
        return 0.5 if flow.app == "http2" else 0.0

    def conversation(self, flow: FlowHead, content: Content) -> Conversation:
        """As ``Dissector.conversation``."""
        return Conversation(content)


def _begins_with_settings(head: bytes) -> bool:
    if not FIRST_SETTINGS.match(head) or head[2] % 6:
        return False
    following = 9 + head[2]
    return len(head) < following + 9 or bool(FRAME.match(head, following))


class Conversation:
    """Both sides of a connection; either may be the client."""

    def __init__(self, content: Content) -> None:
        self.content = content
        self.filenames: dict[int, str] = {}  # by stream, of what was asked for
        self.sides = (_Side(self, 0), _Side(self, 1))

    def feed(self, side: int, data: bytes, gap: int) -> None:
        """As ``auditor.inspect.contracts.Conversation.feed``."""
        self.sides[side].feed(data, gap)

    def close(self) -> None:
        """As ``auditor.inspect.contracts.Conversation.close``."""
        for side in self.sides:
            side.close()

    def upgraded(self, settings: bytes) -> None:
        """The connection was HTTP/1; the client's settings came in its last request."""
        self.sides[1].allow(settings)

    def reset(self, stream: int) -> None:
        """Nothing more comes on a stream."""
        self.filenames.pop(stream, None)
        for side in self.sides:
            side.end_stream(stream)


class _Stream:
    """One direction of a stream: its body begins with the first byte of data."""

    __slots__ = ("fields", "part")

    def __init__(self) -> None:
        self.fields: header_fields.Fields = {}
        self.part: Part | None = None


class _Side:
    """What one side sends. ``_step`` reads on at ``_begin`` of ``_data``."""

    def __init__(self, conversation: Conversation, number: int) -> None:
        self._conversation = conversation
        self._content = conversation.content
        self._number = number
        self._data = b""
        self._begin = 0
        self._held = bytearray()
        self._searched = 0  # bytes of ``_held`` in which no frame begins
        self._left = 0  # bytes of the frame's payload still to come, without
        self._padding = 0  # those at its end that mean nothing
        self._kind = self._flags = self._stream = 0
        self._open: dict[int, _Stream] = {}
        self._skipped: Unread | None = None  # why a frame that is passed over counts as unread
        self._block = bytearray()  # of header fields, until the last of its frames
        self._block_stream = 0
        self._block_ends_stream = False
        self._fields = FieldTable(conversation.content, number)
        self._stray_part: Part | None = None
        self._step: Callable[[], None] = self._preface

    def allow(self, settings: bytes) -> None:
        """Takes the settings of the other side, by which this one sends from now on."""
        for begin in range(0, len(settings) - 5, 6):
            if int.from_bytes(settings[begin : begin + 2], "big") == TABLE_SIZE:
                self._fields.allow(int.from_bytes(settings[begin + 2 : begin + 6], "big"))

    def feed(self, data: bytes, gap: int) -> None:
        if gap:
            self._lose(gap)
        self._data, self._begin = data, 0
        while self._begin < len(self._data):
            self._step()
        self._data = b""

    def _collect(self, size: int) -> bool:
        """Holds bytes until there are ``size`` of them."""
        piece = self._data[self._begin : self._begin + size - len(self._held)]
        self._held += piece
        self._begin += len(piece)
        return len(self._held) == size

    def _preface(self) -> None:
        """The client's first bytes are the preface, the server's are settings (section 3.4)."""
        whole = self._collect(len(PREFACE))
        held = self._held
        if PREFACE.startswith(held):
            if whole:
                held.clear()
                self._step = self._frame
        elif len(held) >= 9 or not b"\x00\x00".startswith(held[:2]):
            self._data, self._begin = bytes(held) + self._data[self._begin :], 0
            begins = FIRST_SETTINGS.match(held)
            held.clear()
            self._step = self._frame
            if not begins:
                self._fields.forget("the beginning was not captured", "missing")
                self._step = self._search

    # Frames (section 4.1)

    def _frame(self) -> None:
        if not self._collect(9):
            return
        head = bytes(self._held)
        self._left = int.from_bytes(head[:3], "big")
        self._kind, self._flags = head[3], head[4]
        self._stream = int.from_bytes(head[5:], "big") & 0x7FFFFFFF
        self._padding = 0
        if self._kind <= MOST_KIND and not plausible(head):
            self._fields.forget("no frame where one must begin", "damaged")
            self._lose_step()
            return
        self._held.clear()
        if self._kind == DATA:
            self._step = self._pad_length if self._flags & PADDED and self._left else self._body
        elif self._kind in COLLECTED and self._left <= MOST_HELD:
            self._step = self._payload
        else:
            self._begin_skipped()
        if not self._left:
            self._step()

    def _begin_skipped(self) -> None:
        """Frames that say nothing (priorities, pings, windows), and such as are not known."""
        self._skipped = None
        if self._kind in (HEADERS, PUSH, CONTINUATION):
            self._fields.forget("a frame of header fields is too large", "damaged")
            self._skipped = "too-large"
        elif self._kind > MOST_KIND:
            self._skipped = "unsupported"
        self._step = self._skip

    def _pad_length(self) -> None:
        padding = self._data[self._begin]
        self._begin += 1
        self._padding = min(padding, self._left - 1)
        self._left -= 1 + self._padding
        self._step = self._body
        if not self._left:
            self._body()

    def _body(self) -> None:
        piece = self._data[self._begin : self._begin + self._left]
        if piece:
            self._begin += len(piece)
            self._left -= len(piece)
            self._part().feed(piece)
        if not self._left:
            self._end_payload()

    def _skip(self) -> None:
        size = min(self._left, len(self._data) - self._begin)
        if size and self._skipped is not None:
            self._content.unread(self._number, size, self._skipped)
        self._begin += size
        self._left -= size
        if not self._left:
            self._end_payload()

    def _end_payload(self) -> None:
        """Of a frame that was not collected."""
        if self._padding:
            self._left, self._padding = self._padding, 0
            self._skipped = None
            self._step = self._skip
            return
        self._step = self._frame
        if self._kind == DATA and self._flags & END_STREAM:
            self.end_stream(self._stream)

    def _payload(self) -> None:
        if not self._collect(self._left):
            return
        payload = bytes(self._held)
        self._held.clear()
        self._left = 0
        self._step = self._frame
        if self._kind == SETTINGS and not self._flags & 1:
            self._conversation.sides[1 - self._number].allow(payload)
        elif self._kind == RST:
            self._conversation.reset(self._stream)
        elif self._kind in (HEADERS, PUSH):
            self._block[:] = fragment(self._kind, self._flags, payload)
            self._block_stream = self._stream
            self._block_ends_stream = self._kind == HEADERS and bool(self._flags & END_STREAM)
            self._end_block()
        elif self._kind == CONTINUATION:
            self._block += payload
            self._end_block()

    # Header fields

    def _end_block(self) -> None:
        if len(self._block) > MOST_HELD:
            self._fields.forget("header fields are too large", "damaged")
            self._content.unread(self._number, len(self._block), "too-large")
            self._block.clear()
        if not self._flags & END_HEADERS:
            return
        fields = self._fields.decoded(bytes(self._block))
        self._block.clear()
        if fields:
            self._tell(self._of(self._block_stream), fields)
        if self._block_ends_stream:
            self.end_stream(self._block_stream)

    def _tell(self, stream: _Stream, fields: header_fields.Fields) -> None:
        method = fields.get(b":method")
        if method is not None:
            url, filename = asked_for(fields.get(b":path", b""))
            self._content.text(self._number, "HTTP/2 request URL", method + b" " + url)
            if "." in filename and len(self._conversation.filenames) < _MOST_STREAMS:
                self._conversation.filenames[self._block_stream] = filename
        answer = b":status" in fields
        place = "response header" if answer else "trailer" if method is None else "request header"
        header_fields.tell_fields(self._content, self._number, f"HTTP/2 {place}", fields)
        if place != "trailer" and not fields.get(b":status", b"").startswith(b"1"):
            stream.fields = fields

    # Streams

    def _of(self, number: int) -> _Stream:
        stream = self._open.get(number)
        if stream is None:
            if len(self._open) >= _MOST_STREAMS:
                self._content.problem("http2-too-many-streams", f"more than {_MOST_STREAMS} open")
                self.end_stream(next(iter(self._open)))
            stream = self._open[number] = _Stream()
        return stream

    def _part(self) -> Part:
        stream = self._of(self._stream)
        if stream.part is None:
            answer = b":status" in stream.fields or (not stream.fields and self._number == 1)
            place = "HTTP/2 response body" if answer else "HTTP/2 request body"
            method = stream.fields.get(b":method")
            filename = self._conversation.filenames.get(self._stream, "")
            stream.part = bodies.begun(
                self._content,
                self._number,
                place,
                stream.fields,
                filename=filename if answer or method == b"PUT" else "",
            )
        return stream.part

    def end_stream(self, number: int) -> None:
        """Nothing more comes from this side on a stream."""
        stream = self._open.pop(number, None)
        if stream is None:
            return
        if stream.part is not None:
            stream.part.close()
        if b":status" in stream.fields:
            self._conversation.filenames.pop(number, None)

    # Gaps

    def _lose(self, gap: int) -> None:
        """``gap`` bytes are missing before the next ones."""
        collected = len(self._held) if self._step == self._payload else 0
        within = self._step in (self._body, self._skip, self._payload)
        if not within or gap > self._left - collected:
            if self._step == self._body:
                self._part().gap(self._left)
            self._fields.forget("bytes are missing", "missing")
            self._lose_step()
            return
        self._left -= collected + gap
        if self._step == self._body:
            self._part().gap(gap)
        elif self._step == self._payload:
            if self._kind in (HEADERS, PUSH, CONTINUATION):
                self._fields.forget("bytes are missing", "missing")
                self._content.unread(self._number, collected, "missing")
            self._held.clear()
            self._skipped = None
            self._step = self._skip
        if not self._left:
            self._end_payload()

    def _lose_step(self) -> None:
        """No stream can be trusted to go on as it was; the next frame is looked for."""
        for number in list(self._open):
            self.end_stream(number)
        self._block.clear()
        self._flush_stray(len(self._held))
        self._step = self._search

    def _search(self) -> None:
        """What is not known to be a frame is looked at as it stands."""
        held = self._held
        held += self._data[self._begin :]
        self._begin = len(self._data)
        while match := FRAME.search(held, self._searched):
            begin = self._searched = match.start()
            following = begin + 9 + int.from_bytes(held[begin : begin + 3], "big")
            if following + 9 > len(held):
                break  # the frame after it will tell
            if FRAME.match(held, following):
                self._flush_stray(begin)
                self._data, self._begin = bytes(held), 0
                held.clear()
                self._close_stray()
                self._step = self._frame
                return
            self._searched += 1
        else:
            self._searched = max(self._searched, len(held) - 8)
        if self._searched > MOST_HELD:
            self._flush_stray(self._searched)

    def _flush_stray(self, end: int) -> None:
        if end:
            if self._stray_part is None:
                self._stray_part = self._content.part(self._number, _STRAY)
            self._stray_part.feed(bytes(self._held[:end]))
            del self._held[:end]
        self._searched = 0

    def _close_stray(self) -> None:
        if self._stray_part is not None:
            self._stray_part.close()
            self._stray_part = None

    def close(self) -> None:
        if self._step in (self._search, self._preface):
            self._flush_stray(len(self._held))
        self._close_stray()
        for number in list(self._open):
            self.end_stream(number)
