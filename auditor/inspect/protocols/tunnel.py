"""What HTTP/1 hands a side over to: a tunnel, or HTTP/2. Each is fed as a part is."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from auditor.inspect.contracts import Content, Conversation, Part

TLS_RECORD = re.compile(rb"\x16\x03[\x00-\x04]")
"""A handshake's first record (RFC 8446 section 5.1)."""


class Tunnel:
    """One side of a tunnel, fed as a part is: TLS, or something to be looked at as it stands."""

    def __init__(self, content: Content, side: int) -> None:
        self._content = content
        self._side = side
        self._head = b""
        self._part: Part | None = None
        self._encrypted = False

    def feed(self, data: bytes) -> None:
        """Its next bytes."""
        if self._part is not None:
            self._part.feed(data)
            return
        if self._encrypted:
            self._content.unread(self._side, len(data), "encrypted")
            return
        self._head += data
        if TLS_RECORD.match(self._head):
            self._content.secure()
            self._content.unread(self._side, len(self._head), "encrypted")
            self._encrypted = True
        elif len(self._head) >= 3:
            self._decided()

    def _decided(self) -> None:
        self._part = self._content.part(self._side, "HTTP tunnel")
        self._part.feed(self._head)

    def gap(self, size: int) -> None:
        """So many are missing."""
        if self._part is None and not self._encrypted:
            self._decided()
        if self._part is not None:
            self._part.gap(size)

    def close(self) -> None:
        """No more will come."""
        if self._part is None and not self._encrypted and self._head:
            self._decided()
        if self._part is not None:
            self._part.close()


class SideOfHttp2:
    """One side of HTTP/2, fed as a part is."""

    def __init__(self, conversation: Conversation, side: int) -> None:
        self._conversation = conversation
        self._side = side

    def feed(self, data: bytes) -> None:
        """Its next bytes."""
        self._conversation.feed(self._side, data, 0)

    def gap(self, size: int) -> None:
        """So many are missing."""
        self._conversation.feed(self._side, b"", size)

    def close(self) -> None:
        """No more will come."""
        self._conversation.close()
