"""What a flow may unpack to, in bytes and in work."""

from __future__ import annotations

from typing import Final

UNPACKED: Final = 1 << 25
RATIO: Final = 100
"""Bytes that come out of one part, or of all parts of a flow: so many, or so many times what came
in. Text packs up to about 20 times, tables of zeros to 1,000; nobody sends gigabytes of those."""

DEAR: Final = 128
"""Bytes that each match in packed content counts as, beside its own, and each column that is handed
on: it costs as much work as a thousand bytes of text. Text packed to a seventh that is full of
numbers stays within bounds."""

CELL: Final = 16
"""The same of each cell of a table."""

BEGUN: Final = 2048
"""The same of each document that is begun to be read: those in archives may be tiny."""


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
