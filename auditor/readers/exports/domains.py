"""What is known of one observation domain of one exporter: templates, sampling, sequence."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import Final

from auditor.readers.exports.templates import Template

MOST_SAMPLERS: Final = 1 << 12
REMEMBERED: Final = 256
"""Datagrams of which a copy is known again."""

FAR: Final = 1 << 20
"""A sequence number further away than this is of an exporter that began anew."""

Head = tuple[int, int, int, int]
"""Of a datagram: export time (ns), uptime of the exporter (ms; -1 = not told), place of the domain,
1 in how many packets (0 = not told)."""


@dataclass(slots=True)
class Sequence:
    """Follows the sequence numbers of one stream.

    Attributes:
        missing: how much never arrived so far; what comes late is taken off again.
    """

    missing: int = 0
    _before: tuple[int, int] | None = None  # number of the last, and how many records it had
    _seen: deque[tuple[int, int]] = field(default_factory=lambda: deque(maxlen=REMEMBERED))

    def again(self, number: int, payload: bytes) -> bool:
        """Whether this very datagram was taken a moment ago."""
        mark = (number, hash(payload))
        expected = self._before is None or 0 < (number - self._before[0]) & 0xFFFFFFFF < FAR
        if not expected and mark in self._seen:
            return True
        self._seen.append(mark)
        return False

    def follow(self, number: int, count: int, *, counts_itself: bool) -> None:
        """Takes the number of a datagram with ``count`` records; -1 = nobody knows how many.

        ``counts_itself``: the numbers should count datagrams, not records. Exporters get this
        wrong: a number that fits either way is no loss.
        """
        before = self._before
        self._before = (number, count)
        if before is None:
            return
        ahead = (number - before[0]) & 0xFFFFFFFF
        step = 1 if counts_itself else before[1]
        if step < 0 or ahead in (1, before[1]):
            return
        own = 1 if counts_itself else count
        if step < ahead < FAR:
            self.missing += ahead - step
        elif (1 << 32) - ahead < FAR and 0 < own <= self.missing:
            self.missing -= own
            self._before = before


@dataclass(slots=True)
class Told:
    """What options tell.

    Attributes:
        samplers: 1 in how many packets, by the number of the sampler.
        sampling: the same where no sampler is named; 0 = not told.
        boot: ms since 1970 when the exporter started; -1 = not told.
    """

    samplers: dict[int, int] = field(default_factory=dict)
    sampling: int = 0
    boot: int = -1

    def sampled(self, sampler: int, rate: int) -> None:
        """Takes a rate; -1 = of no sampler in particular."""
        if sampler < 0:
            self.sampling = rate
        elif sampler in self.samplers or len(self.samplers) < MOST_SAMPLERS:
            self.samplers[sampler] = rate

    def rate(self, sampler: int) -> int:
        """1 in how many packets records of a sampler tell of (-1 = none is named); 0 = unknown."""
        if sampler in self.samplers:
            return self.samplers[sampler]
        if sampler < 0 and not self.sampling:
            rates = set(self.samplers.values())
            return rates.pop() if len(rates) == 1 else 0
        return self.sampling


@dataclass(slots=True)
class Domain:
    """One observation domain of one stream of datagrams.

    Attributes:
        number: its place among all domains, which tells observers apart.
        own: what its options tell.
        exporter: what those of domain 0 tell, which stands for the exporter as a whole.
        templates: by their number; none = its records hold nothing that is read.
        waiting: sets of records whose template has not come yet, with the head of their datagram.
    """

    number: int
    own: Told
    exporter: Told
    templates: dict[int, Template | None] = field(default_factory=dict)
    waiting: dict[int, list[tuple[bytes, Head]]] = field(default_factory=dict)
    sequence: Sequence = field(default_factory=Sequence)

    def rate(self, sampler: int) -> int:
        """As ``Told.rate``; sampler 0 that nobody told of looked at every packet."""
        found = self.own.rate(sampler) or self.exporter.rate(sampler)
        return 1 if found == 0 and sampler == 0 else found

    @property
    def boot(self) -> int:
        """When the exporter started, in ms since 1970; -1 = not told."""
        return self.own.boot if self.own.boot >= 0 else self.exporter.boot
