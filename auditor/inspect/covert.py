"""What hides in a protocol that is not for it, judged over many flows.

One long label in a DNS query means nothing: content delivery, antivirus and measurement use them
too. A channel shows by many different ones under one domain, and each query is a flow of its own.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from auditor.model.subjects import Subjects

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from auditor.inspect.detectors.search import Search

FACT: Final = "covert"
"""What detectors call it."""

LEAST_DISTINCT: Final = 20
"""Different pieces under one place: what a browser asks of one service in an hour stays below."""

LEAST_BYTES: Final = 1_000
"""Bytes of different pieces: a small document."""

MOST_PLACES: Final = 100_000
"""Places that are told apart; a capture made to fill memory has more."""

Way = tuple[int, bool | None, str]
"""Group of flows, direction and place."""


@dataclass(slots=True)
class Channel:
    """What went one way between one system and one recipient, under one place.

    Attributes:
        pieces: the different ones, by their size in bytes.
        flows: how many pieces by flow.
    """

    pieces: dict[int, Subjects] = field(default_factory=dict)
    flows: dict[int, int] = field(default_factory=dict)

    def join(self, other: Channel) -> None:
        """Adds what other flows brought."""
        for size, pieces in other.pieces.items():
            self.pieces.setdefault(size, Subjects()).update(pieces)
        for flow, count in other.flows.items():
            self.flows[flow] = self.flows.get(flow, 0) + count

    @property
    def distinct(self) -> int:
        """Different pieces."""
        return sum(each.count for each in self.pieces.values())

    @property
    def bytes(self) -> int:
        """Of all different pieces together."""
        return sum(size * each.count for size, each in self.pieces.items())


def _rank(way: Way) -> tuple[int, str, str]:
    group, outbound, place = way
    return group, place, str(outbound)


@dataclass(frozen=True, slots=True)
class Hidden:
    """A flow with pieces of a channel.

    Attributes:
        pieces: of this flow.
        place: where, and how much went there in all flows together.
    """

    flow_id: int
    outbound: bool | None
    pieces: int
    place: str


class Channels:
    """Pieces of all flows, by where they went.

    Of more than ``MOST_PLACES`` ways the first in order count. One that is among them in the end
    was so whenever it came, so what is found does not depend on the order of flows.

    Attributes:
        found: the ways that count, and for a while some that do not.
    """

    def __init__(self, search: Search) -> None:
        self._sought = next((each for each in search.sought if FACT in each.detector.facts), None)
        self.found: dict[Way, Channel] = {}
        self._last: tuple[int, str, str] | None = None  # of those that count; null = all do

    @property
    def detector(self) -> str | None:
        """The detector that asks for them; null = none does."""
        return None if self._sought is None else self._sought.detector.id

    def add(
        self,
        flow_id: int,
        group: int,
        outbound: bool | None,  # noqa: FBT001 - a direction, as everywhere
        place: str,
        size: int,
        piece: bytes,
    ) -> None:
        """One piece."""
        if self._sought is None:
            return
        channel = self._channel((group, outbound, place))
        if channel is not None:
            channel.pieces.setdefault(size, Subjects()).add(self._sought.hashing.of(piece))
            channel.flows[flow_id] = channel.flows.get(flow_id, 0) + 1

    def join(self, others: Mapping[Way, Channel]) -> None:
        """Adds what other flows brought."""
        for way, other in others.items():
            channel = self._channel(way)
            if channel is not None:
                channel.join(other)

    def hidden(self) -> Iterator[Hidden]:
        """The flows of every place that has enough."""
        self._thin()
        for way, channel in sorted(self.found.items(), key=lambda item: _rank(item[0])):
            distinct, size = channel.distinct, channel.bytes
            if distinct < LEAST_DISTINCT and size < LEAST_BYTES:
                continue
            where = f"{way[2]}: {size:,} bytes in {distinct:,} different labels"
            for flow_id, pieces in sorted(channel.flows.items()):
                yield Hidden(flow_id, way[1], pieces, where)

    def _channel(self, way: Way) -> Channel | None:
        """Where what goes this way is counted; null = it is not."""
        channel = self.found.get(way)
        if channel is None and (self._last is None or _rank(way) < self._last):
            channel = self.found[way] = Channel()
            if len(self.found) >= 2 * MOST_PLACES:
                self._thin()
                channel = self.found.get(way)
        return channel

    def _thin(self) -> None:
        """Leaves out those that do not count."""
        if len(self.found) > MOST_PLACES:
            ways = sorted(self.found, key=_rank)
            self._last = _rank(ways[MOST_PLACES - 1])
            for way in ways[MOST_PLACES:]:
                del self.found[way]
