"""Which bytes of a TCP direction have been seen: exact intervals of sequence numbers."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from typing import Final

WORD: Final = 1 << 32


class Spans:
    """The sequence numbers one end has sent, as disjoint intervals that know no wrap."""

    __slots__ = ("_begins", "_ends", "_near")

    def __init__(self) -> None:
        self._begins: list[int] = []
        self._ends: list[int] = []
        self._near: int | None = None

    def add(self, sequence: int, length: int) -> int:
        """Notes ``length`` bytes from ``sequence`` on; returns how many of them are new."""
        if length <= 0:
            return 0
        begin = self._unwrapped(sequence)
        end = begin + length
        self._near = end if self._near is None else max(self._near, end)
        first = bisect_left(self._ends, begin)
        last = bisect_right(self._begins, end)
        known = 0
        for index in range(first, last):
            known += max(min(end, self._ends[index]) - max(begin, self._begins[index]), 0)
        if first < last:
            merged_begin = min(begin, self._begins[first])
            merged_end = max(end, self._ends[last - 1])
        else:
            merged_begin, merged_end = begin, end
        self._begins[first:last] = [merged_begin]
        self._ends[first:last] = [merged_end]
        return length - known

    def _unwrapped(self, sequence: int) -> int:
        """The number without its wrap: nearest to the highest one seen (RFC 9293 section 3.4)."""
        if self._near is None:
            return sequence
        return self._near + (sequence - self._near + WORD // 2) % WORD - WORD // 2
