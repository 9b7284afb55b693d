"""Syslog in datagrams and over TCP (RFC 5424, 5426, 6587, 3164)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from auditor.inspect.protocols.incoming import Incoming

if TYPE_CHECKING:
    from auditor.inspect.contracts import Content, Conversation, FlowHead, Part

_PORTS: Final = (514, 601, 1514, 5514)
_PRIORITY: Final = re.compile(rb"<([0-9]{1,3})>")
_COUNTED: Final = re.compile(rb"([1-9][0-9]{0,8}) (?=<)")


class Syslog:
    """Messages of machines and programs."""

    name = "syslog"

    def sniff(self, flow: FlowHead, heads: tuple[bytes, bytes]) -> float:
        """By the priority in front: 191 is the highest there is."""
        client = heads[0]
        counted = _COUNTED.match(client)
        match = _PRIORITY.match(client, counted.end() if counted else 0)
        if match is None or int(match[1]) > 191:
            return 0.4 if flow.app == "syslog" else 0.0
        return 0.95 if flow.dst_port in _PORTS or flow.app == "syslog" else 0.6

    def conversation(self, flow: FlowHead, content: Content) -> Conversation:
        """Datagrams become texts; a TCP stream becomes one part, a message a line."""
        return _Datagrams(content) if flow.protocol == 17 else _Stream(content)


class _Datagrams:
    """Each chunk is one message."""

    def __init__(self, content: Content) -> None:
        self._content = content

    def feed(self, side: int, data: bytes, gap: int) -> None:
        if data:
            self._content.text(side, "syslog message", data)

    def close(self) -> None:
        pass


class _Stream:
    """Messages with their length before them, or with a line end behind them."""

    def __init__(self, content: Content) -> None:
        self._content = content
        self._waiting = (Incoming(), Incoming())
        self._parts: list[Part | None] = [None, None]
        self._counted: list[bool | None] = [None, None]  # null = not known yet
        self._left = [0, 0]

    def feed(self, side: int, data: bytes, gap: int) -> None:
        part = self._parts[side]
        if part is None:
            part = self._content.part(side, "syslog messages", media_type="text/plain")
            self._parts[side] = part
        incoming = self._waiting[side]
        if gap:
            self._flush(side, part)
            part.gap(gap)
            self._left[side] = max(0, self._left[side] - gap)
            if not self._left[side]:
                self._counted[side] = False
        incoming.add(data)
        if self._counted[side] is None:
            self._counted[side] = self._judged(incoming.head(11))
        if self._counted[side] is False:
            self._given(part, incoming.rest())
        elif self._counted[side]:
            self._messages(side, part, incoming)

    def close(self) -> None:
        for side, part in enumerate(self._parts):
            if part:
                self._flush(side, part)
                part.close()

    def _judged(self, head: bytes) -> bool | None:
        """Whether lengths stand before messages; null = too few bytes to tell."""
        if _COUNTED.match(head):
            return True
        if len(head) < 11 and re.fullmatch(rb"[1-9][0-9]* ?", head):
            return None
        return False

    def _messages(self, side: int, part: Part, incoming: Incoming) -> None:
        pieces: list[bytes] = []
        while len(incoming):
            if self._left[side]:
                piece = incoming.some(self._left[side])
                self._left[side] -= len(piece)
                pieces.append(piece)
                if not self._left[side]:
                    pieces.append(b"\n")
                continue
            head = incoming.head(11)
            match = _COUNTED.match(head)
            if match is None:
                if self._judged(head) is None:
                    break
                self._counted[side] = False  # from here by lines
                pieces.append(incoming.rest())
                break
            incoming.some(match.end())
            self._left[side] = int(match[1])
        self._given(part, b"".join(pieces))

    def _flush(self, side: int, part: Part) -> None:
        self._given(part, self._waiting[side].rest())

    def _given(self, part: Part, data: bytes) -> None:
        if data:
            part.feed(data)
