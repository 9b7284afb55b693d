"""What all detectors look for, compiled once: where it ends in a text, and what an end means.

Three automata make one search. One finds words, as literals of a text in which all that belongs to
no word is a blank. One finds the patterns that may count without a word near them. Patterns that
count for nothing without one (most numbers) run in the third, and only over the surroundings of
the words found: ordinary text holds a number in every line, and each costs more to report than a
hundred bytes cost to search.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from auditor.inspect.detectors.items import Item
from auditor.inspect.detectors.patterns import (
    context_words,
    database,
    ends_word,
    expressions,
    spaced,
    whole,
)
from auditor.inspect.detectors.sought import Sought, structure_checks
from auditor.model.subjects import Hashing

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import hyperscan

    from auditor.inspect.detectors.patterns import Expression
    from auditor.inspect.detectors.rules import Detector
    from auditor.inspect.detectors.sought import Check

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
        words = {one for one in first if self.expressions[one].spaced}
        self._words = database({one: self.expressions[one] for one in sorted(words)})
        self._first = database({one: self.expressions[one] for one in sorted(first - words)})
        self._second = database({one: self.expressions[one] for one in sorted(second)})
        self._found: list[int] = []
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

    def _reaches(self, second: set[int]) -> dict[int, int]:
        """How far around each word the second automaton must run."""
        reach: dict[int, int] = {}
        for sought in self.sought:
            own = second.intersection(sought.numbers)
            if own:
                widest = max(self.expressions[one].widths[1] for one in own)
                for word in sought.words:
                    # 8: the characters before and after a match, and what an end includes
                    reach[word] = max(reach.get(word, 0), sought.within + widest + 8)
        return reach

    def ends(self, data: bytes) -> dict[int, list[int]]:
        """Where each expression's matches end, ascending; ``data`` is shorter than 4 GiB.

        Ends of patterns that need a context word are told only where one is near (and a few more).
        The text begins and ends with a byte that belongs to no match.
        """
        found = self._found
        found.clear()
        if self._words is not None:
            self._words.scan(spaced(data), self._seen)
        if self._first is not None:
            self._first.scan(data, self._seen)
        if not found:
            return {}
        codes = found.copy()
        if self._second is not None:
            codes += self._around(data, codes, self._second)
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

    def _around(self, data: bytes, codes: list[int], second: hyperscan.Database) -> list[int]:
        """What the second automaton finds in the surroundings of words."""
        regions: list[list[int]] = []
        reaches = self._reach
        near = sorted(
            (max((code & _LOW) - reach, 0), (code & _LOW) + reach)
            for code in codes
            if (reach := reaches.get(code >> _BITS, 0))
        )
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
