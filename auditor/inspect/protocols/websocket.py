"""WebSocket (RFC 6455) after an upgrade of HTTP: what one side sends."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from auditor.inspect.contracts import Content, Part

_SHORT: Final = 4_096  # bytes of a text that is told whole, without a part of its own
_TEXT: Final = 1
_BINARY: Final = 2
_CLOSE: Final = 8  # this and above: control frames, at most 125 bytes, between frames of a message
_PACKED: Final = 0x40  # RSV1: permessage-deflate (RFC 7692)


class Frames:
    """The frames of one side, fed as a part is."""

    def __init__(self, content: Content, side: int) -> None:
        self._content = content
        self._side = side
        self._head = bytearray()
        self._left = 0  # bytes of the payload still to come
        self._mask = b""
        self._control = False
        self._final = True
        self._packed = False
        self._text = False  # the message is one
        self._short: bytearray | None = None  # a payload that is collected to be told whole
        self._message: Part | None = None
        self._astray = False

    def feed(self, data: bytes) -> None:
        """The next bytes of the side."""
        begin = 0
        while begin < len(data):
            if self._astray:
                self._content.unread(self._side, len(data) - begin, "damaged")
                return
            if self._left == 0:
                begin = self._begin_frame(data, begin)
                continue
            piece = data[begin : begin + self._left]
            begin += len(piece)
            self._left -= len(piece)
            self._take(piece)
            if self._left == 0:
                self._end_frame()

    def _begin_frame(self, data: bytes, begin: int) -> int:
        """Reads (some of) a frame's header (section 5.2); gives the place after it."""
        head = self._head
        while True:
            needed = _head_size(head) - len(head)
            if needed <= 0:
                break
            piece = data[begin : begin + needed]
            if not piece:
                return begin
            head += piece
            begin += len(piece)
        opcode = head[0] & 0x0F
        if head[0] & 0x30 or opcode not in (0, _TEXT, _BINARY, 8, 9, 10):
            self._content.problem("websocket-damaged", "no frame where one must begin")
            self._content.unread(self._side, len(head), "damaged")
            self._astray = True
            return begin
        masked = head[1] & 0x80
        size = head[1] & 0x7F
        if size >= 126:
            size = int.from_bytes(head[2 : 4 if size == 126 else 10], "big")
        self._mask = bytes(head[-4:]) if masked else b""
        self._control = opcode >= _CLOSE
        if not self._control:
            self._final = bool(head[0] & 0x80)
            if opcode:
                self._close_message()
                self._text = opcode == _TEXT
                self._packed = bool(head[0] & _PACKED)
                if self._packed:
                    self._content.problem("websocket-compressed", "permessage-deflate is not read")
        self._left = size
        head.clear()
        whole = self._message is None and self._final and self._text and size <= _SHORT
        self._short = bytearray() if self._control or whole else None
        if size == 0:
            self._end_frame()
        return begin

    def _take(self, piece: bytes) -> None:
        if self._packed and not self._control:
            self._content.unread(self._side, len(piece), "unsupported")
            return
        if self._mask:
            piece = self._unmasked(piece)
        if self._short is not None:
            self._short += piece
            return
        if self._message is None:
            self._message = self._content.part(
                self._side,
                "WebSocket message",
                media_type="text/plain" if self._text else "",
                charset="utf-8" if self._text else "",
            )
        self._message.feed(piece)

    def _unmasked(self, piece: bytes) -> bytes:
        """Section 5.3; the mask is turned to where the next piece begins."""
        size = len(piece)
        mask = (self._mask * (size // 4 + 1))[:size]
        turn = size % 4
        self._mask = self._mask[turn:] + self._mask[:turn]
        both = int.from_bytes(piece, "little") ^ int.from_bytes(mask, "little")
        return both.to_bytes(size, "little")

    def _end_frame(self) -> None:
        if self._short:
            place = "WebSocket control frame" if self._control else "WebSocket message"
            self._content.text(self._side, place, bytes(self._short))
        self._short = None
        if self._final and not self._control:
            self._close_message()

    def _close_message(self) -> None:
        if self._message is not None:
            self._message.close()
            self._message = None

    def gap(self, size: int) -> None:
        """Within a payload the frames go on after it, else they cannot be found again."""
        if size > self._left or self._left == 0:
            self.close()
            self._astray = True
            return
        self._left -= size
        turn = size % 4
        self._mask = self._mask[turn:] + self._mask[:turn]
        if self._message is not None and not self._control:
            self._message.gap(size)
        if self._left == 0:
            self._end_frame()

    def close(self) -> None:
        """No more will come."""
        if self._short:
            self._end_frame()
        self._close_message()


def _head_size(head: bytearray) -> int:
    """Bytes of a frame's header as far as its first two tell."""
    if len(head) < 2:
        return 2
    size = head[1] & 0x7F
    extended = 2 if size == 126 else 8 if size == 127 else 0
    return 2 + extended + (4 if head[1] & 0x80 else 0)
