"""Conversations whose sides are read each by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from auditor.inspect.contracts import Part


class Sides:
    """A ``Conversation`` of which each side goes to a part of its own."""

    def __init__(self, client: Part, server: Part) -> None:
        self._sides = client, server

    def feed(self, side: int, data: bytes, gap: int) -> None:
        """As ``Conversation.feed``."""
        if gap:
            self._sides[side].gap(gap)
        self._sides[side].feed(data)

    def close(self) -> None:
        """As ``Conversation.close``."""
        for side in self._sides:
            side.close()


class Late:
    """A part that begins when the first of its bytes comes, or is missing."""

    def __init__(self, begun: Callable[[], Part]) -> None:
        self._begun = begun
        self._part: Part | None = None

    def feed(self, data: bytes) -> None:
        """As ``Part.feed``."""
        if data:
            self._opened().feed(data)

    def gap(self, size: int) -> None:
        """As ``Part.gap``."""
        self._opened().gap(size)

    def close(self) -> None:
        """As ``Part.close``; what never began has no end."""
        if self._part is not None:
            self._part.close()

    def _opened(self) -> Part:
        if self._part is None:
            self._part = self._begun()
        return self._part
