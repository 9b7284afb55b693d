"""What all detectors look for, compiled once: where it ends in a text, and what an end means.

Two automata make one search. The first one finds the words of contexts and everything that may
count without such a word. Patterns that count for nothing without one (most numbers) run in the
second, and only over the surroundings of the words found: ordinary text holds a number in every
line, and each costs more to report than a hundred bytes cost to search.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from auditor.inspect.detectors.counting import Hashing
from auditor.inspect.detectors.items import Item
from auditor.inspect.detectors.patterns import (
    context_words,
    database,
    ends_word,
    expressions,
)
from auditor.inspect.detectors.sought import Sought, structure_checks

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from auditor.inspect.detectors.patterns import Expression
    from auditor.inspect.detectors.rules import Detector
    from auditor.inspect.detectors.sought import Check, Places

_BITS: Final = 32
_LOW: Final = (1 << _BITS) - 1


class Search:
    """All detectors, compiled; one for each process, used by one thread."""

    def __init__(
        self,
        detectors: Iterable[Detector],
        key: bytes,
        checks: Mapping[str, Check] | None = None,
    ) -> None:
        """Compiles.

        Args:
            detectors: as ``lint.load_detectors`` gives them.
            key: 32 bytes for hashes of values.
            checks: other structure checks than those that come with the program.

        Raises:
            ValueError: the key has another length, or a check is not known.
            hyperscan.error: a pattern is refused (``lint`` tells it properly).
        """
        known = structure_checks() if checks is None else checks
        self._numbers: dict[Expression, int] = {}
        self.expressions: list[Expression] = []
        self.sought: list[Sought] = [
            self._sought(rank, detector, key, known) for rank, detector in enumerate(detectors)
        ]
        self.by_number: dict[int, list[Sought]] = {}
        first: set[int] = set()
        for sought in self.sought:
            for number in sought.numbers:
                self.by_number.setdefault(number, []).append(sought)
            first.update(sought.words if sought.near else (*sought.words, *sought.numbers))
        second = {number for number in self.by_number if number not in first}
        self._reach = self._reaches(second)
        widest = max((self.expressions[one].widths[1] for one in second), default=0)
        self._wide = widest + 8  # the character before and after
        self._first = database({one: self.expressions[one] for one in sorted(first)})
        self._second = database({one: self.expressions[one] for one in sorted(second)})
        self._taken = np.array([one.taken for one in self.expressions] or [0], np.int64)
        self._wordy = np.array([one.after == "word" for one in self.expressions] or [False])
        self._found: list[int] = []

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
            numbers=[self._number(one) for one in own] if in_text else [],
            words=[self._number(one) for one in context_words(detector)] if in_text else [],
            within=context.within if context else 0,
            near=near,
            hashing=Hashing(key, detector.id),
            check=checks[detector.check] if detector.check else None,
            cells=[one.whole for one in own],
            shortest=min((one.widths[0] for one in own), default=0),
            longest=max((one.widths[1] for one in own), default=0),
        )

    def _number(self, expression: Expression) -> int:
        number = self._numbers.setdefault(expression, len(self.expressions))
        if number == len(self.expressions):
            self.expressions.append(expression)
        return number

    def _reaches(self, second: set[int]) -> Places:
        """How far around each word the second automaton must run; 0 = it is no such word."""
        reach = np.zeros(max(len(self.expressions), 1), np.int64)
        for sought in self.sought:
            if second.intersection(sought.numbers):
                for word in sought.words:
                    reach[word] = max(reach[word], sought.within)
        return reach

    def ends(self, data: bytes) -> dict[int, Places]:
        """Where each expression's matches end, ascending; at most ``_LOW`` bytes.

        Ends of patterns that need a context word are told only where one is near (and perhaps a
        few more). The text begins and ends with a byte that belongs to no match.
        """
        found = self._found
        found.clear()
        if self._first is not None:
            self._first.scan(data, self._seen)
        if not found:
            return {}
        codes = np.array(found, np.int64)
        if self._second is not None:
            further = self._around(data, codes)
            codes = np.concatenate((codes, *further)) if further else codes
        codes.sort()
        numbers = codes >> _BITS
        ends = (codes & _LOW) - self._taken[numbers]
        begins = np.flatnonzero(np.diff(numbers, prepend=-1))
        out: dict[int, Places] = {}
        for begin, end in zip(begins, (*begins[1:], len(codes)), strict=True):
            number = int(numbers[begin])
            own = ends[begin:end]
            out[number] = self._true_ends(data, own) if self._wordy[number] else own
        return out

    def _seen(self, number: int, _start: int, end: int, _flags: int, _context: object) -> None:
        self._found.append(number << _BITS | end)

    def _around(self, data: bytes, codes: Places) -> list[Places]:
        """What the second automaton finds in the surroundings of words."""
        reach = self._reach[codes >> _BITS]
        words = reach > 0
        if not words.any() or self._second is None:
            return []
        places, reach = (codes & _LOW)[words], reach[words] + self._wide
        order = np.argsort(places - reach)
        low = np.maximum((places - reach)[order], 0)
        high = np.maximum.accumulate(np.minimum((places + reach)[order], len(data)))
        opens = np.flatnonzero(np.concatenate(([True], low[1:] > high[:-1])))
        closes = np.concatenate((opens[1:] - 1, [len(low) - 1]))
        view = memoryview(data)
        out: list[Places] = []
        for begin, end in zip(low[opens].tolist(), high[closes].tolist(), strict=True):
            self._found.clear()
            self._second.scan(view[begin:end], self._seen)  # type: ignore[type-var] # any buffer will do
            if self._found:
                out.append(np.array(self._found, np.int64) + begin)
        return out

    @staticmethod
    def _true_ends(data: bytes, ends: Places) -> Places:
        """Those ends after which no word character follows."""
        after = np.frombuffer(data, np.uint8)[np.minimum(ends, len(data) - 1)]
        unsure = np.flatnonzero(after >= 0x80)
        if not len(unsure):
            return ends
        keep = np.ones(len(ends), bool)
        keep[unsure] = [ends_word(data, int(ends[place])) for place in unsure]
        return ends[keep]

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
        for sought in self.sought:
            sought.forget()
