"""What must be told of content, in a bounded number of messages that no order decides."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

MOST_MESSAGES: Final = 20
"""Different messages of one code that are told."""

FURTHER: Final = "further content of this kind"
"""What stands for all others."""


class Messages:
    """Messages of each code, counted; of too many the first in alphabetical order are told.

    A message that is among the first in the end was so whenever it came: so its count is whole,
    and what is told does not depend on the order or the parts in which messages came.
    """

    __slots__ = ("_counts", "_further")

    def __init__(self) -> None:
        self._counts: dict[str, dict[str, int]] = {}
        self._further: Counter[str] = Counter()

    def add(self, code: str, message: str, count: int = 1) -> None:
        """So many more of one message."""
        if message == FURTHER:
            self._further[code] += count
            return
        counts = self._counts.setdefault(code, {})
        if message not in counts and len(counts) >= MOST_MESSAGES:
            last = max(counts)
            if message > last:
                self._further[code] += count
                return
            self._further[code] += counts.pop(last)
        counts[message] = counts.get(message, 0) + count

    def join(self, other: Messages) -> None:
        """Adds all that another one counted."""
        for code, message, count in other.told():
            self.add(code, message, count)

    def told(self) -> Iterator[tuple[str, str, int]]:
        """Code, message and count, in order; ``FURTHER`` is the last message of its code."""
        for code in sorted({*self._counts, *self._further}):
            for message, count in sorted(self._counts.get(code, {}).items()):
                yield code, message, count
            if self._further[code]:
                yield code, FURTHER, self._further[code]
