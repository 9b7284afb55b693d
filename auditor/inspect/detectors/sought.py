"""A detector that is ready to be looked for."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import Final

import numpy as np
from numpy.typing import NDArray

from auditor.inspect.detectors.counting import Hashing
from auditor.inspect.detectors.rules import Detector

Check = Callable[[bytes], bool]
"""Whether what a pattern matched has the structure it should have."""

Places = NDArray[np.int64]

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
    """

    detector: Detector
    rank: int
    numbers: list[int]
    words: list[int]
    within: int
    near: bool
    hashing: Hashing
    check: Check | None
    cells: list[re.Pattern[bytes]]
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

    def is_cell(self, value: bytes) -> bool:
        """Whether a whole cell of a table is such a value."""
        return any(one.fullmatch(value) for one in self.cells) and (
            self.check is None or bool(self.check(value))
        )

    def forget(self) -> None:
        """No value outlives what it was found in."""
        self._judged.clear()
