"""What a flow may unpack to, in bytes and in work."""

from __future__ import annotations

from typing import Final

UNPACKED: Final = 1 << 25
RATIO: Final = 100
"""Bytes that come out of one part, or of all parts of a flow: so many, or so many times what came
in. Text packs up to about 20 times, tables of zeros to 1,000; nobody sends gigabytes of those."""

DEAR: Final = 128
"""Bytes that each match counts as, beside its own: it costs as much work as a thousand without one.
Text packed to a seventh that is full of numbers stays within bounds."""


class Budget:
    """What all documents within one part, or all parts of one flow, may still unpack to."""

    __slots__ = (
        "_around",
        "_unpacked",
        "_wire",
    )

    def __init__(self, around: Budget | None = None) -> None:
        self._around = around
        self._wire = 0
        self._unpacked = 0

    def pays(self, size: int) -> None:
        """So many bytes came on the wire."""
        self._wire += size
        if self._around is not None:
            self._around.pays(size)

    def allows(self, size: int) -> bool:
        """Counts ``size`` bytes more, and whether they are within bounds."""
        self._unpacked += size
        within = self._unpacked <= max(UNPACKED, RATIO * self._wire)
        return within and (self._around is None or self._around.allows(size))
