"""One item: a document, a body, or the short texts of one side of a flow, being searched.

Text is searched in windows at fixed places of the whole, each with ``MARGIN`` bytes of what stands
before and behind it, so that nothing depends on how the text came in pieces. Values are kept only
while their window is judged; what stays are counts, keyed hashes and masked samples.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from auditor.inspect.detectors.masks import legible, masked
from auditor.inspect.detectors.names import shown
from auditor.inspect.detectors.patterns import WIDEST, plain
from auditor.inspect.detectors.rules import Detector
from auditor.inspect.detectors.spans import Pieces, Span, matches, undisputed
from auditor.inspect.detectors.tables import Table, as_text
from auditor.inspect.detectors.values import canonical_all
from auditor.model.content import MOST_SAMPLES
from auditor.model.finding import CERTAINTIES, Certainty
from auditor.model.subjects import Subjects

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from auditor.inspect.detectors.search import Search
    from auditor.inspect.detectors.sought import Sought

WINDOW: Final = 1 << 18
"""Bytes judged at once. An item holds one window and its margins at most: thousands are open."""

MARGIN: Final = 3 * WIDEST + 2_048 + 64
"""Bytes known on both sides of what is judged: the widest match, those that overlap it, and the
context of these."""

MOST_TABLES: Final = 256
"""Tables of an item whose columns are judged; further ones are searched as text."""

_MOST_NAME: Final = 40


@dataclass(slots=True)
class Found:
    """What one detector found in one item.

    Attributes:
        matches: how often.
        subjects: different values, as keyed hashes.
        samples: masked, at most ``MOST_SAMPLES``; none where ``withheld``.
        places: where it stood, at most ``MOST_SAMPLES``.
        withheld: the item carries a secrecy mark, or lies in something that does.
    """

    detector: Detector
    certainty: Certainty
    matches: int
    subjects: Subjects
    samples: tuple[str, ...]
    places: tuple[str, ...]
    withheld: bool = False


@dataclass(slots=True)
class Gathered:
    """What came up for one detector in one way."""

    matches: int = 0
    subjects: Subjects = field(default_factory=Subjects)
    samples: list[str] = field(default_factory=list)
    places: list[str] = field(default_factory=list)

    def show(self, sample: str, place: str) -> None:
        """Keeps the first different ones."""
        if len(self.samples) < MOST_SAMPLES and sample not in self.samples:
            self.samples.append(sample)
        if len(self.places) < MOST_SAMPLES and place not in self.places:
            self.places.append(place)


class Item:
    """See ``auditor.inspect.contracts.Item``.

    Attributes:
        side: who sent it.
        secret: a secrecy mark was found; nothing of it may be copied.
        matches: so many were looked at, whatever became of them.
        found: after ``close``.
    """

    def __init__(self, search: Search, side: int, place: str, *, withheld: bool = False) -> None:
        self.side = side
        self.place = place
        self.secret = False
        self.matches = 0
        self.found: list[Found] = []
        self._search = search
        self._withheld = withheld
        self._buffer = bytearray(b"\n")
        self._origin = 0
        """Place in the whole text at which the buffer begins."""
        self._done = 1
        """Place up to which the text is judged."""
        self._starts: list[int] = []
        self._places: list[str] = []
        self._last_ends = [0] * len(search.sought)
        self._before: list[Span] = []
        """Matches that reach beyond ``_done``, with places in the whole text."""
        self._near: dict[int, Gathered] = {}
        self._alone: dict[int, Gathered] = {}
        self._facts: dict[int, Gathered] = {}
        self._tables: dict[tuple[str, ...], Table] = {}
        self._apart = True
        """What comes next is a piece by itself."""

    def text(self, data: bytes, place: str = "") -> None:
        """More text; with ``place`` set it begins a piece by itself."""
        if place or self._apart:
            self._begin(" / ".join(part for part in (self.place, place) if part))
        view = memoryview(data)
        for begin in range(0, len(data), WINDOW):
            self._buffer += view[begin : begin + WINDOW]
            self._advance()

    def _begin(self, place: str) -> None:
        if self._starts:
            self._buffer += b"\n"
        self._starts.append(self._origin + len(self._buffer))
        self._places.append(place)
        self._apart = False

    def table(self, names: Sequence[str], columns: Sequence[Sequence[str | None]]) -> None:
        """Rows of a table: columns of their own, and what is not told by its column as text."""
        key = tuple(names)
        table = self._tables.get(key)
        if table is None and len(self._tables) < MOST_TABLES:
            table = self._tables[key] = Table(self._search.fitting, key)
        rest = as_text(key, columns) if table is None else table.add(columns)
        if rest:
            self._apart = True
            self.text(rest)
            self._apart = True

    def apart(self) -> None:
        """What comes next is a piece by itself, at the item's place."""
        self._apart = True

    def fact(self, name: str, detail: str = "") -> None:
        """Something that detectors ask for by name."""
        for sought in self._search.sought:
            if name in sought.detector.facts:
                gathered = self._facts.setdefault(sought.rank, Gathered())
                gathered.matches += 1
                gathered.subjects.add(sought.hashing.of(detail.encode("utf-8", "replace")))
                gathered.show(legible(detail or name, _MOST_NAME), self.place)

    def _advance(self) -> None:
        while self._origin + len(self._buffer) >= self._done + WINDOW + MARGIN:
            self._judge(self._done + WINDOW, self._done + WINDOW + MARGIN)
            begin = max(self._done - MARGIN, 0)
            del self._buffer[: begin - self._origin]
            self._origin = begin
            passed = bisect_right(self._starts, begin) - 1
            if passed > 0:
                del self._starts[:passed], self._places[:passed]

    def _judge(self, until: int, known: int) -> None:
        """Counts the matches that begin before ``until``, of text known up to ``known``."""
        origin, search = self._origin, self._search
        data = bytes(memoryview(self._buffer)[: known - origin])
        ends = search.ends(data)
        if ends:
            starts = [start - origin for start in self._starts]
            pieces = Pieces(starts, len(data) - 1, origin)
            last_ends = [end - origin for end in self._last_ends]
            found = matches(search, ends, data, pieces, self._done - origin, last_ends)
            self.matches += len(found)
            counted: dict[tuple[int, bool], list[Span]] = {}
            for span in undisputed(self._before + found):
                if self._done <= span.start < until:
                    way = span.sought.rank, span.distance >= 0
                    counted.setdefault(way, []).append(span)
            for (_, near), spans in counted.items():
                self._count(spans, self._near if near else self._alone)
            self._before = [span for span in self._before + found if span.start < until < span.end]
            for span in found:
                if span.start < until:
                    self._last_ends[span.sought.rank] = span.end
        self._done = until

    def _count(self, spans: list[Span], by_way: dict[int, Gathered]) -> None:
        """Counts matches of one detector, in order."""
        sought = spans[0].sought
        gathered = by_way.get(sought.rank)
        if gathered is None:
            gathered = by_way[sought.rank] = Gathered()
        gathered.matches += len(spans)
        values = list(dict.fromkeys([span.value for span in spans]))
        if sought.detector.words:  # one word, with or without diacritics
            values = [plain(value.decode("utf-8", "replace")).encode() for value in values]
        gathered.subjects.add_many(sought.hashing.of_many(set(canonical_all(values))))
        self._show(spans, gathered)
        if sought.detector.kind == "mark" and not self.secret:
            self.secret = self._in_text(sought) is not None

    def _show(self, spans: list[Span], gathered: Gathered) -> None:
        """Keeps the first samples and places."""
        shown = spans[0].sought.detector.shown
        for span in spans:
            place = self._places[max(bisect_right(self._starts, span.start) - 1, 0)]
            if len(gathered.samples) < MOST_SAMPLES or place not in gathered.places:
                gathered.show(masked(span.value, shown), place)
            if len(gathered.samples) == MOST_SAMPLES and (
                len(self._places) == 1 or len(gathered.places) == MOST_SAMPLES
            ):
                return

    def close(self) -> None:
        """Judges what was found."""
        self._buffer += b"\n"
        end = self._origin + len(self._buffer)
        if end > self._done + 1:
            self._judge(end, end)
        self._buffer = bytearray()
        self._before = []
        found: dict[int, list[tuple[Certainty, Gathered]]] = {}
        columns = self._in_columns()
        for rank in sorted({*self._near, *self._alone, *self._facts, *columns}):
            ways = [*self._ways(self._search.sought[rank]), *columns.get(rank, ())]
            if ways:
                found[rank] = ways
        self.secret |= any(self._search.sought[rank].detector.kind == "mark" for rank in found)
        hidden = self.secret or self._withheld
        self.found = [
            _together(self._search.sought[rank].detector, ways, withheld=hidden)
            for rank, ways in found.items()
        ]
        self._near, self._alone, self._facts, self._tables = {}, {}, {}, {}
        self._search.forget()

    def _ways(self, sought: Sought) -> Iterable[tuple[Certainty, Gathered]]:
        """All ways in which a detector has a hit."""
        text = self._in_text(sought)
        if text is not None:
            yield text
        if sought.rank in self._facts:
            yield sought.detector.certainty.alone, self._facts[sought.rank]

    def _in_columns(self) -> dict[int, list[tuple[Certainty, Gathered]]]:
        """Hits in tables, by rank."""
        found: dict[int, list[tuple[Certainty, Gathered]]] = {}
        for table in self._tables.values():
            for sought, name, certainty, column in table.hits():
                place = (
                    f"column {legible(shown(name), _MOST_NAME)}"
                    if name
                    else "column without a name"
                )
                gathered = Gathered(column.passing, column.subjects)
                for value in column.samples:
                    gathered.show(value, " / ".join(p for p in (self.place, place) if p))
                found.setdefault(sought.rank, []).append((certainty, gathered))
        return found

    def _in_text(self, sought: Sought) -> tuple[Certainty, Gathered] | None:
        minimum, certainty = sought.detector.minimum, sought.detector.certainty
        near, alone = self._near.get(sought.rank), self._alone.get(sought.rank)
        by_words = near is not None and near.subjects.count >= minimum.with_context
        by_itself = (
            minimum.alone is not None
            and (alone is not None or near is not None)
            and _merged([one for one in (near, alone) if one]).subjects.count >= minimum.alone
        )
        if by_words and near is not None:
            ways = [near, alone] if by_itself and alone is not None else [near]
            return certainty.with_context, _merged(ways)
        if by_itself:
            return certainty.alone, _merged([one for one in (near, alone) if one])
        return None


def _merged(ways: Sequence[Gathered]) -> Gathered:
    if len(ways) == 1:
        return ways[0]
    out = Gathered()
    for way in ways:
        out.matches += way.matches
        out.subjects.update(way.subjects)
        for sample in way.samples:
            out.show(sample, way.places[0])
        for place in way.places:
            out.show(way.samples[0], place)
    return out


def _together(
    detector: Detector, ways: list[tuple[Certainty, Gathered]], *, withheld: bool
) -> Found:
    merged = _merged([gathered for _, gathered in ways])
    return Found(
        detector=detector,
        certainty=max((certainty for certainty, _ in ways), key=CERTAINTIES.index),
        matches=merged.matches,
        subjects=merged.subjects,
        samples=() if withheld else tuple(merged.samples),
        places=tuple(merged.places),
        withheld=withheld,
    )
