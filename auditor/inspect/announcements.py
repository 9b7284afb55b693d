"""Connections that another one has announced: those over which FTP carries its files."""

from __future__ import annotations

from collections import OrderedDict, deque
from dataclasses import replace
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from auditor.inspect.contracts import FlowHead

CONTROL_PORT: Final = 21
"""Of the connections that announce others; all flows between the same two addresses as such a one
must be given to one inspector. At other ports nothing is announced, however many inspectors."""

MOST_WAITING: Final = 1 << 15
"""Announced connections that have not come; of more the oldest are forgotten."""

MOST_PATH: Final = 255
"""Characters of a path that are kept: its last ones."""

Listener = tuple[str, int, str]
"""Address and port that are connected to, and the address that connects."""


class Announcements:
    """Connections that were announced and have not come."""

    def __init__(self) -> None:
        self._paths: OrderedDict[Listener, deque[str]] = OrderedDict()
        self._waiting = 0

    def add(self, listener: Listener, path: str) -> None:
        """One more connection to the listener will come, with a file of this path."""
        self._paths.setdefault(listener, deque()).append(path[-MOST_PATH:])
        self._waiting += 1
        while self._waiting > MOST_WAITING:
            self._waiting -= len(self._paths.popitem(last=False)[1])

    def known(self, head: FlowHead) -> FlowHead:
        """A flow that begins, with the file that was announced for it.

        Where several connections to one listener were announced, they come in that order. Where
        the beginning was not captured, either end may be the listener.
        """
        (source, target), source_port, target_port = head.ends, head.src_port, head.dst_port
        for listener in ((target, target_port, source), (source, source_port, target)):
            paths = self._paths.get(listener)
            if paths is not None:
                path = paths.popleft()
                self._waiting -= 1
                if not paths:
                    del self._paths[listener]
                return replace(head, app="ftp-data", file=path)
        return head
