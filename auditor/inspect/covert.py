"""What hides in a protocol that is not for it, judged over many flows.

One long label in a DNS query means nothing: content delivery, antivirus and measurement use them
too. A channel shows by many different ones under one domain, and each query is a flow of its own.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from auditor.model.subjects import Subjects

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.inspect.detectors.search import Search

FACT: Final = "covert"
"""What detectors call it."""

LEAST_DISTINCT: Final = 20
"""Different pieces under one place: what a browser asks of one service in an hour stays below."""

LEAST_BYTES: Final = 1_000
"""Bytes of different pieces: a small document."""

MOST_PLACES: Final = 100_000
"""Places that are told apart; a capture made to fill memory has more."""


@dataclass(slots=True)
class _Channel:
    """What went one way between one system and one recipient, under one place."""

    bytes: int = 0
    pieces: Subjects = field(default_factory=Subjects)
    flows: dict[tuple[int, bool | None], int] = field(default_factory=dict)


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
    """Pieces of all flows, by where they went."""

    def __init__(self, search: Search) -> None:
        self._sought = next((each for each in search.sought if FACT in each.detector.facts), None)
        self._channels: dict[tuple[int, bool | None, str], _Channel] = {}

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
        key = group, outbound, place
        channel = self._channels.get(key)
        if channel is None:
            if len(self._channels) >= MOST_PLACES:
                return
            channel = self._channels[key] = _Channel()
        if channel.pieces.add(self._sought.hashing.of(piece)):
            channel.bytes += size
        flow = flow_id, outbound
        channel.flows[flow] = channel.flows.get(flow, 0) + 1

    def hidden(self) -> Iterator[Hidden]:
        """The flows of every place that has enough."""
        for (_, _, place), channel in sorted(
            self._channels.items(), key=lambda item: (item[0][0], item[0][2], str(item[0][1]))
        ):
            distinct = channel.pieces.count
            if distinct < LEAST_DISTINCT and channel.bytes < LEAST_BYTES:
                continue
            where = f"{place}: {channel.bytes:,} bytes in {distinct:,} different labels"
            for (flow_id, outbound), pieces in channel.flows.items():
                yield Hidden(flow_id, outbound, pieces, where)
