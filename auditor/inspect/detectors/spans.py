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

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from auditor.inspect.detectors.search import Search
    from auditor.inspect.detectors.sought import Places, Sought


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
    """Texts that stand in one buffer and do not reach into each other."""

    def __init__(self, starts: Sequence[int], size: int) -> None:
        """``starts``: where each begins, ascending; ``size``: of the buffer."""
        self._starts = np.array(starts, np.int64)
        self._ends = np.append(self._starts[1:] - 1, size)

    def around(self, ends: Places) -> tuple[Places, Places]:
        """Begin and end of the texts in which matches end."""
        piece = np.maximum(np.searchsorted(self._starts, ends - 1, side="right") - 1, 0)
        return self._starts[piece], self._ends[piece]


def matches(
    search: Search,
    ends: dict[int, Places],
    data: bytes,
    pieces: Pieces,
    begin: int,
    last_ends: list[int],
) -> list[Span]:
    """Matches that start at ``begin`` or later, by rule 1 and 2, with their contexts.

    Args:
        search: the detectors.
        ends: as ``Search.ends`` gives them for ``data``.
        data: the text, one byte that belongs to nothing at either end.
        pieces: the texts in it.
        begin: place in ``data``.
        last_ends: for each detector, where its last match of before ends.
    """
    found: list[Span] = []
    for sought in {
        one.rank: one for number in ends for one in search.by_number.get(number, ())
    }.values():
        words = _words(sought, ends)
        if sought.near and not len(words):
            continue
        candidates = _candidates(search, sought, ends, data, pieces, words)
        if candidates is None:
            continue
        starts, stops, distances = candidates
        last = last_ends[sought.rank]
        keep = (starts >= max(begin, last)) & (stops < len(data))
        if sought.near:
            keep &= distances >= 0
        starts, stops, distances = starts[keep], stops[keep], distances[keep]
        order = np.lexsort((-stops, starts))
        for start, end, distance in zip(
            starts[order].tolist(), stops[order].tolist(), distances[order].tolist(), strict=True
        ):
            if start < last:
                continue
            value = data[start:end]
            if sought.passes(value):
                found.append(Span(start, end, sought, distance, value))
                last = end
    return found


def _words(sought: Sought, ends: dict[int, Places]) -> Places:
    own = [ends[word] for word in sought.words if word in ends]
    return np.unique(np.concatenate(own)) if own else np.empty(0, np.int64)


def _candidates(
    search: Search,
    sought: Sought,
    ends: dict[int, Places],
    data: bytes,
    pieces: Pieces,
    words: Places,
) -> tuple[Places, Places, Places] | None:
    """Starts, ends and distances of all that a detector's expressions match."""
    all_starts: list[Places] = []
    all_ends: list[Places] = []
    for number in sought.numbers:
        own = ends.get(number)
        if own is None:
            continue
        expression = search.expressions[number]
        fewest, most = expression.widths
        low, high = pieces.around(own)
        if sought.near:  # the second look is dear: only where a word can be near
            close = np.searchsorted(words, own - most - sought.within) < np.searchsorted(
                words, own + sought.within, side="right"
            )
            own, low, high = own[close], low[close], high[close]
        if fewest == most:
            starts = own - most
        else:
            starts = np.array(
                [
                    -1 if (start := expression.start(data, end, earliest)) is None else start
                    for end, earliest in zip(own.tolist(), low.tolist(), strict=True)
                ],
                np.int64,
            )
        inside = (starts >= np.maximum(low, 0)) & (own <= high)
        all_starts.append(starts[inside])
        all_ends.append(own[inside])
    if not all_starts:
        return None
    starts, stops = np.concatenate(all_starts), np.concatenate(all_ends)
    return starts, stops, _distances(starts, stops, words, sought.within, pieces)


def _distances(starts: Places, stops: Places, words: Places, within: int, pieces: Pieces) -> Places:
    """Bytes from each match to the nearest word's end, -1 where none is near.

    A word is near if it ends at most ``within`` bytes before the match begins or after it ends.
    """
    out = np.full(len(starts), -1, np.int64)
    if not len(words) or not len(starts):
        return out
    low, high = pieces.around(stops)
    low = np.maximum(low, starts - within)
    high = np.minimum(high, stops + within)
    following = np.searchsorted(words, starts, side="right")
    before = words[np.maximum(following - 1, 0)]
    after = words[np.minimum(following, len(words) - 1)]
    is_before = (following > 0) & (before >= low)
    is_after = (following < len(words)) & (after <= high)
    out[is_after] = np.maximum(after - stops, 0)[is_after]
    ahead = starts - before
    nearer = is_before & (~is_after | (ahead <= out))
    out[nearer] = ahead[nearer]
    return out


def undisputed(spans: list[Span]) -> list[Span]:
    """Those that no other identifier outranks (rule 3), in order of their starts."""
    spans = sorted(spans, key=lambda span: (span.start, span.end, span.sought.rank))
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
