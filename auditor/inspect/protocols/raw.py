"""What no protocol was recognised in: recognised as a document, or searched as it stands."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from auditor.inspect.documents.media import looks_random
from auditor.inspect.protocols.sides import Late, Sides

if TYPE_CHECKING:
    from auditor.inspect.contracts import Content, Conversation, FlowHead

UDP = 17
JUDGED = 4096
"""Bytes of datagrams of one side by which it is told whether they look random."""


class Raw:
    """The dissector of last resort."""

    name = "raw"

    def sniff(self, flow: FlowHead, heads: tuple[bytes, bytes]) -> float:
        """Never sure: it is taken when nobody is."""
        return 0.0

    def conversation(self, flow: FlowHead, content: Content) -> Conversation:
        """A document per side of a stream; datagrams one by one."""
        if flow.protocol == UDP:
            return _Datagrams(content)
        client, server = (
            Late(partial(content.unframed, side, "unrecognised protocol")) for side in (0, 1)
        )
        return Sides(client, server)


class _Datagrams:
    """Datagrams of each side wait until there are enough to tell whether they look random."""

    def __init__(self, content: Content) -> None:
        self._content = content
        self._waiting: list[list[bytes]] = [[], []]
        self._sizes = [0, 0]
        self._opaque: list[bool | None] = [None, None]

    def feed(self, side: int, data: bytes, gap: int) -> None:
        if self._opaque[side] is not None:
            self._put(side, data)
            return
        self._waiting[side].append(data)
        self._sizes[side] += len(data)
        if self._sizes[side] >= JUDGED or len(self._waiting[side]) >= JUDGED:
            self._judge(side)

    def close(self) -> None:
        for side in (0, 1):
            if self._waiting[side]:
                self._judge(side)

    def _judge(self, side: int) -> None:
        waiting, self._waiting[side] = self._waiting[side], []
        self._opaque[side] = looks_random(b"".join(waiting)[:JUDGED])
        for data in waiting:
            self._put(side, data)

    def _put(self, side: int, data: bytes) -> None:
        if self._opaque[side]:
            self._content.unread(side, len(data), "opaque")
        else:
            self._content.text(side, "unrecognised protocol", data)
            self._content.raw(side, len(data))


RAW = Raw()
