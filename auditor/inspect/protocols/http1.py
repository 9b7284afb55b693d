"""HTTP/1.0 and HTTP/1.1 (RFC 9110, RFC 9112), with what it can turn into."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Final

from auditor.inspect.protocols import http2
from auditor.inspect.protocols.http1_side import Request, Side
from auditor.inspect.protocols.start_lines import METHODS, REQUEST, RESPONSE
from auditor.inspect.protocols.tunnel import SideOfHttp2, Tunnel
from auditor.inspect.protocols.websocket import Frames

if TYPE_CHECKING:
    from auditor.inspect.contracts import Content, FlowHead

_MOST_PENDING: Final = 1_000  # requests without an answer yet


class Http1:
    """HTTP/1 on any port."""

    name = "http"

    def sniff(self, flow: FlowHead, heads: tuple[bytes, bytes]) -> float:
        """By the first line of a side; in the middle of a stream by what the engine says."""
        if any(head.startswith(http2.PREFACE[:16]) for head in heads):
            return 0.0
        for head in heads:
            line = head.lstrip(b"\r\n").partition(b"\n")[0].rstrip(b"\r")
            if RESPONSE.fullmatch(line) or REQUEST.fullmatch(line):
                return 0.95
            method, space, target = line.partition(b" ")
            if method in METHODS and space and b" " not in target:  # the line goes on
                return 0.7
        return 0.5 if flow.app == "http" else 0.0

    def conversation(self, flow: FlowHead, content: Content) -> Conversation:
        """As ``Dissector.conversation``."""
        return Conversation(content)


class Conversation:
    """Both sides; either may be the one that asks."""

    def __init__(self, content: Content) -> None:
        self.content = content
        self.pending: deque[Request] = deque(maxlen=_MOST_PENDING)
        self.sides = (Side(self, 0), Side(self, 1))

    def feed(self, side: int, data: bytes, gap: int) -> None:
        """As ``auditor.inspect.contracts.Conversation.feed``."""
        self.sides[side].feed(data, gap)

    def close(self) -> None:
        """As ``auditor.inspect.contracts.Conversation.close``."""
        for side in self.sides:
            side.close()

    def tunnel(self) -> None:
        """Both sides speak something else from here on (RFC 9110 section 9.3.6)."""
        for side in self.sides:
            side.switch(Tunnel(self.content, side.number))

    def websocket(self) -> None:
        """Both sides speak WebSocket from here on."""
        for side in self.sides:
            side.switch(Frames(self.content, side.number))

    def http2(self, settings: bytes | None) -> None:
        """Both sides speak HTTP/2; ``settings`` came with an upgrade (RFC 7540 section 3.2)."""
        conversation = http2.Conversation(self.content)
        if settings is not None:
            conversation.upgraded(settings)
        for side in self.sides:
            side.switch(SideOfHttp2(conversation, side.number))
