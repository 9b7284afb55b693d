"""A detector that is ready to be looked for."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from typing import Final

from auditor.inspect.detectors.digit_columns import passing
from auditor.inspect.detectors.rules import Detector
from auditor.model.subjects import Hashing

Check = Callable[[bytes], bool]
"""Whether what a pattern matched has the structure it should have."""

MOST_JUDGED: Final = 65_536
"""Values of a detector whose check is remembered."""


def structure_checks() -> Mapping[str, Check]:
    """The checks that detectors name."""
    checks: Mapping[str, Check] = import_module("auditor.inspect.detectors.checks").CHECKS
    return checks


@dataclass(slots=True)
class Sought:
    """One detector, ready to be looked for.

    Attributes:
        rank: place among all detectors.
        numbers: its expressions.
        words: its context words.
        near: a match counts for nothing without a context word.
        hashing: of its values.
        cells: for a cell of a table as a whole.
        shortest: bytes of a value.
        longest: likewise.
    """

    detector: Detector
    rank: int
    numbers: frozenset[int]
    words: frozenset[int]
    within: int
    near: bool
    hashing: Hashing
    check: Check | None
    cells: re.Pattern[bytes] | None
    shortest: int
    longest: int
    _judged: dict[bytes, bool] = field(default_factory=dict)

    def passes(self, value: bytes) -> bool:
        """Whether a match has the structure it should have."""
        if self.check is None:
            return True
        verdict = self._judged.get(value)
        if verdict is None:
            if len(self._judged) >= MOST_JUDGED:
                self._judged.clear()
            verdict = self._judged[value] = bool(self.check(value))
        return verdict

    def cells_among(self, values: list[bytes], places: Sequence[int]) -> list[int]:
        """Those places in ``values`` whose whole value is one; in any order."""
        if self.cells is None:
            return []
        fits, check = self.cells.fullmatch, self.check
        fitting = [place for place in places if fits(values[place])]
        return fitting if check is None else passing(check, values, fitting)

    def forget(self) -> None:
        """No value outlives what it was found in."""
        self._judged.clear()
