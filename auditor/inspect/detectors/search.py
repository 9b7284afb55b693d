"""What all detectors look for, compiled once: where it ends in a text, and what an end means.

Three automata make one search. One finds words, as literals of a text in which all that belongs to
no word is a blank. One finds the patterns that may count without a word near them. Patterns that
count for nothing without one (most numbers) run in the third, and only over the surroundings of
the words found: ordinary text holds a number in every line, and each costs more to report than a
hundred bytes cost to search.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from typing import TYPE_CHECKING, Final

import hyperscan
import numpy as np

from auditor.inspect.detectors.items import Item
from auditor.inspect.detectors.patterns import (
    WIDEST,
    context_words,
    database,
    digit_runs,
    ends_word,
    expressions,
    spaced,
    whole,
)
from auditor.inspect.detectors.sought import Sought, structure_checks
from auditor.inspect.detectors.structure import digits
from auditor.inspect.detectors.tables import Fitting
from auditor.model.subjects import Hashing

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from auditor.inspect.detectors.patterns import Expression
    from auditor.inspect.detectors.rules import Detector
    from auditor.inspect.detectors.sought import Check

_BITS: Final = 32
_LOW: Final = (1 << _BITS) - 1
_AT_ONCE: Final = 4
_MANY: Final = 16
"""Words from which it is cheaper to ask first where numbers stand."""


@lru_cache(maxsize=16)
def _compiled_once(numbered: tuple[tuple[int, Expression], ...]) -> hyperscan.Database | None:
    """A database; the next audit of this process has the same detectors and needs it again."""
    return database(dict(numbered))


def _unpacked(packed: bytes | None) -> hyperscan.Database | None:
    """A database that ``Search.packed`` gave."""
    if packed is None:
        return None
    database = hyperscan.loadb(packed, hyperscan.HS_MODE_BLOCK)
    database.scratch = hyperscan.Scratch(database)
    return database


class Search:
    """All detectors, compiled; used by one thread of a process at a time.

    Attributes:
        detectors, key: as given, for whoever makes another one like it.
    """

    def __init__(
        self,
        detectors: Iterable[Detector],
        key: bytes,
        checks: Mapping[str, Check] | None = None,
        packed: Sequence[bytes | None] | None = None,
    ) -> None:
        """Compiles.

        Args:
            detectors: as ``lint.load_detectors`` gives them.
            key: 32 bytes for hashes of values.
            checks: other structure checks than those that come with the program.
            packed: what another one with the same detectors has compiled (``packed``).

        Raises:
            ValueError: the key has another length, or a check is not known.
            hyperscan.error: a pattern is refused (``lint`` tells it properly).
        """
        known = structure_checks() if checks is None else checks
        self.detectors, self.key = tuple(detectors), key
        self._numbers: dict[Expression, int] = {}
        self.expressions: list[Expression] = []
        self.sought: list[Sought] = [
            self._sought(rank, detector, key, known) for rank, detector in enumerate(self.detectors)
        ]
        self.by_number: dict[int, list[Sought]] = {}
        first: set[int] = set()
        for sought in self.sought:
            for number in sought.numbers:
                self.by_number.setdefault(number, []).append(sought)
            first.update(sought.words if sought.near else (*sought.words, *sought.numbers))
        second = {number for number in self.by_number if number not in first}
        self._far, self._few, self._idle = self._reaches(second)
        words = {one for one in first if self.expressions[one].spaced}
        apart = {one for one in first - words if self.expressions[one].is_apart}
        parts = (words, second, first - words - apart, *({one} for one in sorted(apart)))
        if packed is None:
            with ThreadPoolExecutor(_AT_ONCE) as pool:  # compiling leaves Python alone
                self._databases = list(pool.map(self._compiled, parts))
        else:
            self._databases = list(map(_unpacked, packed))
        self._words, self._second, *found = self._databases
        self._first = [one for one in found if one is not None]
        self._found: list[int] = []
        self.fitting = Fitting(self.sought)
        self.judging: dict[int, Sought] = {}
        """Those that remember values."""

    def _sought(
        self, rank: int, detector: Detector, key: bytes, checks: Mapping[str, Check]
    ) -> Sought:
        if detector.check is not None and detector.check not in checks:
            raise ValueError(f"{detector.id}: there is no check {detector.check!r}")
        own = expressions(detector)
        context, minimum = detector.context, detector.minimum
        near = context is not None and (context.required or minimum.alone is None)
        in_text = near or minimum.alone is not None
        return Sought(
            detector=detector,
            rank=rank,
            numbers=frozenset(map(self._number, own)) if in_text else frozenset(),
            words=(
                frozenset(map(self._number, context_words(detector))) if in_text else frozenset()
            ),
            within=context.within if context else 0,
            near=near,
            hashing=Hashing(key, detector.id),
            check=checks[detector.check] if detector.check else None,
            cells=whole(own),
            shortest=min((one.widths[0] for one in own), default=0),
            longest=max((one.widths[1] for one in own), default=0),
        )

    def _number(self, expression: Expression) -> int:
        number = self._numbers.setdefault(expression, len(self.expressions))
        if number == len(self.expressions):
            self.expressions.append(expression)
        return number

    def _compiled(self, numbers: set[int]) -> hyperscan.Database | None:
        return _compiled_once(tuple((one, self.expressions[one]) for one in sorted(numbers)))

    def _reaches(
        self, second: set[int]
    ) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.bool_]]:
        """What each expression asks of the second automaton.

        Returns:
            How far around it that must run (0 = it is no word of such patterns), how many digits
            must stand together there, and whether it counts for nothing where they do not.
        """
        size = len(self.expressions)
        far, idle = np.zeros(size, np.int64), np.ones(size, bool)
        few = np.full(size, WIDEST, np.int64)
        for sought in self.sought:
            words = sorted(sought.words)
            own = [self.expressions[one] for one in second.intersection(sought.numbers)]
            if own:
                # 8: the characters before and after a match, and what an end includes
                reach = sought.within + max(one.widths[1] for one in own) + 8
                far[words] = np.maximum(far[words], reach)
                few[words] = np.minimum(few[words], min(digits(one.source) for one in own))
            if len(own) < len(sought.numbers):
                idle[words] = False
            idle[sorted(sought.numbers)] = False
        return far, few, idle

    def ends(self, data: bytes) -> dict[int, list[int]]:
        """Where each expression's matches end, ascending; ``data`` is shorter than 4 GiB.

        Ends of patterns that need a context word are told only where one is near (and a few more).
        The text begins and ends with a byte that belongs to no match.
        """
        found = self._found
        found.clear()
        if self._words is not None:
            self._words.scan(spaced(data), self._seen)
        for first in self._first:
            first.scan(data, self._seen)
        if not found:
            return {}
        codes = found.copy()
        if self._second is not None:
            codes, regions = self._regions(data, codes)
            codes += self._around(data, regions, self._second)
        out: dict[int, list[int]] = {}
        for code in sorted(set(codes)):
            number = code >> _BITS
            expression = self.expressions[number]
            end = (code & _LOW) - expression.taken
            if expression.after == "word" and data[end] >= 0x80 and not ends_word(data, end):
                continue
            out.setdefault(number, []).append(end)
        return out

    def _seen(self, number: int, _start: int, end: int, _flags: int, _context: object) -> None:
        self._found.append(number << _BITS | end)

    def _regions(self, data: bytes, codes: list[int]) -> tuple[list[int], list[tuple[int, int]]]:
        """What still counts, and the surroundings of words in which there may be a number."""
        every = np.array(codes, np.int64)
        numbers, ends = every >> _BITS, every & _LOW
        far = self._far[numbers]
        lows, highs = ends - far, ends + far
        there = far > 0
        few = self._few[numbers] * there
        for less in np.flatnonzero(np.bincount(few)[1:] >= _MANY).tolist():
            fewest = less + 1  # most of these words stand near no number
            these = few == fewest
            starts = digit_runs(data, fewest)
            there[these] = starts.searchsorted(highs[these]) > starts.searchsorted(lows[these])
        kept = every[there | ~(self._idle[numbers] & (far > 0))]
        regions = zip(np.maximum(lows[there], 0).tolist(), highs[there].tolist(), strict=True)
        return kept.tolist(), list(regions)

    def _around(
        self, data: bytes, near: list[tuple[int, int]], second: hyperscan.Database
    ) -> list[int]:
        """What the second automaton finds in the surroundings of words."""
        regions: list[list[int]] = []
        near.sort()
        for low, high in near:
            if regions and low <= regions[-1][1]:
                regions[-1][1] = max(regions[-1][1], high)
            else:
                regions.append([low, high])
        view = memoryview(data)
        out: list[int] = []
        for low, high in regions:
            self._found.clear()
            second.scan(view[low:high], self._seen)  # type: ignore[type-var] # any buffer will do
            out += [code + low for code in self._found]
        self._found.clear()
        return out

    @property
    def size(self) -> int:
        """Bytes of what is compiled."""
        return sum(one.size() for one in self._databases if one is not None)

    def packed(self) -> tuple[bytes | None, ...]:
        """What is compiled, for another process of this machine that is to search for the same."""
        return tuple(None if one is None else hyperscan.dumpb(one) for one in self._databases)

    def item(self, side: int, place: str = "", *, withheld: bool = False) -> Item:
        """Begins to search an item.

        Args:
            side: who sent it.
            place: where it stands, for people.
            withheld: it lies in something that carries a secrecy mark: no sample is shown.
        """
        return Item(self, side, place, withheld=withheld)

    def forget(self) -> None:
        """Drops what it remembers of values."""
        for sought in self.judging.values():
            sought.forget()
        self.judging.clear()
