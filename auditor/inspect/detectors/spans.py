"""Which matches of a text count: each thing once, for the detector that speaks for it best.

1. Of each end of a pattern the first start counts; matches that fail their check are nothing.
2. Of one detector's matches that overlap, the one that begins first counts, then the longer one;
   what overlaps a match that counts does not.
3. Of identifiers of several detectors that overlap, one counts: the one that contains the other and
   is longer; else the one with a context word, and if both have one, the one whose word is nearer;
   else the one with a structure check; else the longer one; else the one that stands first in the
   files. Nearness goes before checks: a tenth of all phone numbers are good tax codes, but one that
   stands behind the word "phone" is none. Where nothing of this differs but the words are the same
   ones, the check decides.

Marks and topics are outside of 3.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.inspect.detectors.search import Search
    from auditor.inspect.detectors.sought import Sought


class Span(NamedTuple):
    """A match.

    Attributes:
        start: place of its first byte.
        end: place after its last one.
        distance: bytes to the nearest context word; -1 = none is near.
    """

    start: int
    end: int
    sought: Sought
    distance: int
    value: bytes


class Pieces:
    """Texts that stand in one buffer and do not reach into each other.

    Attributes:
        origin: place of the buffer in the whole text.
    """

    def __init__(self, starts: list[int], size: int, origin: int = 0) -> None:
        """Takes places.

        Args:
            starts: where each begins, ascending.
            size: of the buffer.
            origin: place of the buffer in the whole text.
        """
        self.origin = origin
        self._starts = starts
        self._size = size
        self._only = (max(starts[0], 1), size) if len(starts) == 1 else None

    def around(self, end: int) -> tuple[int, int]:
        """Begin and end of the text in which a match ends."""
        if self._only is not None:
            return self._only
        place = bisect_left(self._starts, end) - 1  # it begins before its matches end
        following = place + 1
        return (
            max(self._starts[max(place, 0)], 1),
            self._starts[following] - 1 if following < len(self._starts) else self._size,
        )


def matches(
    search: Search,
    ends: dict[int, list[int]],
    data: bytes,
    pieces: Pieces,
    begin: int,
    last_ends: list[int],
) -> list[Span]:
    """Matches that start at ``begin`` or later, by rules 1 and 2, with their contexts.

    Args:
        search: the detectors.
        ends: as ``Search.ends`` gives them for ``data``.
        data: the text, one byte that belongs to nothing at either end.
        pieces: the texts in it.
        begin: place in ``data``.
        last_ends: for each detector, where its last match of before ends.

    Returns:
        Their places are those in the whole text (see ``Pieces``).
    """
    found: list[Span] = []
    origin = pieces.origin
    ended = {one.rank: one for number in ends for one in search.by_number.get(number, ())}
    for sought in ended.values():
        words = _words(sought, ends)
        if sought.near and not words:
            continue
        search.judging[sought.rank] = sought
        last = max(last_ends[sought.rank], begin)
        passes, size = sought.passes, len(data)
        for start, late, distance in sorted(_candidates(search, sought, ends, data, pieces, words)):
            end = -late
            if start < last or end >= size:
                continue
            value = data[start:end]
            if passes(value):
                found.append(Span(start + origin, end + origin, sought, distance, value))
                last = end
    return found


def _words(sought: Sought, ends: dict[int, list[int]]) -> list[int]:
    own = [places for number, places in ends.items() if number in sought.words]
    if len(own) == 1:
        return own[0]
    return sorted({end for places in own for end in places})


def _candidates(
    search: Search,
    sought: Sought,
    ends: dict[int, list[int]],
    data: bytes,
    pieces: Pieces,
    words: list[int],
) -> Iterator[tuple[int, int, int]]:
    """Start, negative end and distance of all that a detector's expressions match."""
    near, within = sought.near, sought.within
    for number in sought.numbers.intersection(ends):
        expression = search.expressions[number]
        most = expression.widths[1]
        reach = within + most
        start_of = None if expression.is_fixed else expression.start
        for end in ends[number]:
            if near:  # the second look is dear: only where a word can be near
                following = bisect_left(words, end - reach)
                if following == len(words) or words[following] > end + within:
                    continue
            low, high = pieces.around(end)
            if end > high:
                continue
            start = end - most if start_of is None else start_of(data, end, low)
            if start is None or start < low:
                continue
            distance = -1
            if words:
                distance = _distance(
                    words, start, end, max(low, start - within), min(high, end + within)
                )
            if distance >= 0 or not near:
                yield start, -end, distance


def _distance(words: list[int], start: int, end: int, low: int, high: int) -> int:
    """Bytes from a match to the nearest word's end, -1 where none is near.

    A word is near if it ends at most ``within`` bytes before the match begins or after it ends,
    and in the same text.
    """
    following = bisect_right(words, start)
    nearest = -1
    if following and words[following - 1] >= low:
        nearest = start - words[following - 1]
    if following < len(words) and words[following] <= high:
        after = max(words[following] - end, 0)
        if nearest < 0 or after < nearest:
            nearest = after
    return nearest


def undisputed(spans: list[Span]) -> list[Span]:
    """Those that no other identifier outranks (rule 3), in order of their starts."""
    spans = sorted(spans, key=lambda span: (span.start, span.end, span.sought.rank))
    if all(one.end <= other.start for one, other in pairwise(spans)):
        return spans
    lost: set[int] = set()
    open_ones: list[int] = []
    for place, span in enumerate(spans):
        if span.sought.detector.kind != "identifier":
            continue
        open_ones = [one for one in open_ones if spans[one].end > span.start]
        for one in open_ones:
            other = spans[one]
            if other.sought is not span.sought:
                lost.add(one if _better(span, other) else place)
        open_ones.append(place)
    return [span for place, span in enumerate(spans) if place not in lost]


def _better(one: Span, other: Span) -> bool:
    return _strength(one, other) > _strength(other, one)


def _strength(one: Span, other: Span) -> tuple[bool, bool, int, bool, int, int]:
    size = one.end - one.start
    contains = one.start <= other.start and one.end >= other.end
    return (
        contains and size > other.end - other.start,
        one.distance >= 0,
        -one.distance,
        one.sought.check is not None,
        size,
        -one.sought.rank,
    )
