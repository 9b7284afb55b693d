"""What would be recognised in a file, if it left in clear text."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import PurePath
from typing import IO, TYPE_CHECKING, Final

from auditor.inspect.contracts import About, FlowHead
from auditor.inspect.flow_content import FlowContent
from auditor.inspect.parts import FlowPart
from auditor.model.content import COVERT_CHANNEL, STATE_SECRET, Unread
from auditor.model.finding import CERTAINTIES, Certainty
from auditor.model.text import Text

if TYPE_CHECKING:
    from collections.abc import Callable

    from auditor.inspect.detectors.items import Found
    from auditor.inspect.detectors.search import Search

PIECE: Final = 1 << 20
"""Bytes that are read at once."""

MOST_TOLD: Final = 20
"""Documents that were not read, and problems, that are told one by one."""

_CAPTURES: Final = (
    b"\xd4\xc3\xb2\xa1",
    b"\xa1\xb2\xc3\xd4",
    b"\x4d\x3c\xb2\xa1",
    b"\xa1\xb2\x3c\x4d",
    b"\x0a\x0d\x0d\x0a",
)
"""How pcap and pcapng begin (draft-ietf-opsawg-pcap, draft-ietf-opsawg-pcapng)."""

OUTSIDE: Final[dict[str, Text]] = {
    STATE_SECRET: Text("Dấu độ mật", "Secrecy mark"),
    COVERT_CHANNEL: Text(
        "Nội dung giấu trong giao thức khác", "Content hidden in another protocol"
    ),
}
"""Labels that are no categories of data."""


@dataclass(frozen=True, slots=True)
class Recognised:
    """What one detector found in a file.

    Attributes:
        labels: codes of data categories, or of ``OUTSIDE``.
        matches: how often.
        distinct: how many different values; an estimate unless ``exact``.
        samples: masked; none where ``withheld``.
        places: where it stood.
        withheld: the file carries a secrecy mark: nothing of it is copied.
    """

    detector: str
    title: Text
    labels: tuple[str, ...]
    certainty: Certainty
    matches: int
    distinct: int
    exact: bool
    samples: tuple[str, ...]
    places: tuple[str, ...]
    withheld: bool


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A document that was not read, or not to its end.

    Attributes:
        place: the file, or where in it.
        kind: such as ``JPEG``; empty = not said.
    """

    place: str
    why: Unread
    kind: str


@dataclass(frozen=True, slots=True)
class Scanned:
    """What would be recognised in a file.

    Attributes:
        size: its bytes.
        capture: it is one of packets: only an audit takes those apart, here they are searched raw.
        unread: why it was not read (to its end); null = it was.
        secret: it carries a secrecy mark.
        recognised: surest first, then as the detectors stand.
        left_out: at most ``MOST_TOLD``, the file itself or documents within it.
        left_out_in_all: how many there are.
        problems: code and message, at most ``MOST_TOLD``.
    """

    name: str
    size: int
    capture: bool
    unread: Unread | None
    secret: bool
    recognised: tuple[Recognised, ...]
    left_out: tuple[LeftOut, ...]
    left_out_in_all: int
    problems: tuple[tuple[str, str], ...]


def scanned(file: IO[bytes], name: str, search: Search, advance: Callable[[int], None]) -> Scanned:
    """Reads a file of any size as one document that leaves.

    Args:
        file: from its beginning; need not seek.
        name: path of the file; its ending helps to tell what it is.
        search: the detectors.
        advance: told how many more bytes have been read.

    Raises:
        OSError: the file cannot be read.
    """
    told = _Told(search)
    content = _FileContent(told, name)
    size, capture = 0, False
    while piece := file.read(PIECE):
        capture = capture or (size == 0 and piece.startswith(_CAPTURES))
        size += len(piece)
        advance(len(piece))
        content.feed(piece)
    content.close()
    return Scanned(
        name,
        size,
        capture,
        content.why,
        content.secret,
        tuple(_recognised(content, search)),
        tuple(content.documents[:MOST_TOLD]),
        content.documents_in_all,
        tuple(told.problems)[:MOST_TOLD],
    )


def _recognised(content: FlowContent, search: Search) -> list[Recognised]:
    rank = {each.detector.id: each.rank for each in search.sought}
    ordered = sorted(
        content.found.values(),
        key=lambda found: (-CERTAINTIES.index(found.certainty), rank[found.detector.id]),
    )
    return [_shown(found, withheld=found.withheld or content.secret) for found in ordered]


def _shown(found: Found, *, withheld: bool) -> Recognised:
    title = found.detector.title
    return Recognised(
        found.detector.id,
        Text(title.vi, title.en),
        found.detector.labels,
        found.certainty,
        found.matches,
        found.subjects.count,
        found.subjects.exact,
        () if withheld else found.samples,
        found.places,
        withheld,
    )


class _Told:
    """Hears of problems; a file has no hidden channels."""

    def __init__(self, search: Search) -> None:
        self.search = search
        self.problems: Counter[tuple[str, str]] = Counter()

    def problem(self, code: str, message: str, count: int = 1) -> None:
        if len(self.problems) < MOST_TOLD:
            self.problems[code, message] += count

    def covert(self, flow: FlowContent, side: int, place: str, size: int, distinct: bytes) -> None:
        """Nothing: only protocols tell of it."""

    def announced(self, flow: FlowContent, side: int, port: int, path: str) -> None:
        """Nothing: likewise."""


class _FileContent(FlowContent):
    """The content of a flow that is one file."""

    def __init__(self, told: _Told, name: str) -> None:
        super().__init__(told, FlowHead(0, 0, 0, 0, None, None), "src", 0, 0)
        self.why: Unread | None = None
        self.documents: list[LeftOut] = []
        self.documents_in_all = 0
        short = PurePath(name).name
        self._part = FlowPart(self, 0, About(filename=short, place=short))

    def feed(self, data: bytes) -> None:
        """The next bytes; none of them is read once its parser has failed."""
        if self.why != "damaged":
            self._step(lambda: self._part.feed(data))

    def close(self) -> None:
        """Nothing more will come."""
        if self.why != "damaged":
            self._step(self._part.close)
        self.end(None)

    def lost(self, side: int, size: int, why: Unread) -> None:
        """See ``Owner.lost``."""
        super().lost(side, size, why)
        self.why = why

    def left_out(self, place: str, why: Unread, what: str) -> None:
        """See ``Owner.left_out``."""
        self.documents_in_all += 1
        if len(self.documents) < MOST_TOLD:
            self.documents.append(LeftOut(place, why, what))

    def _step(self, step: Callable[[], None]) -> None:
        if not self.guarded(step, self._part):
            self.why = "damaged"
