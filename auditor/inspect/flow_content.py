"""One flow being read: its protocol, what it wrote, and what became of its bytes."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Final, Protocol

from auditor.inspect.contracts import About
from auditor.inspect.detectors.names import outermost, shown
from auditor.inspect.parts import FlowPart
from auditor.inspect.protocols import DISSECTORS
from auditor.inspect.protocols.raw import RAW
from auditor.model.content import MOST_SAMPLES, UNREAD

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from auditor.inspect.contracts import Conversation, FlowHead
    from auditor.inspect.detectors.items import Found, Item
    from auditor.inspect.detectors.search import Search
    from auditor.model.content import Unread
    from auditor.model.stream import Chunk, Ended

HEAD: Final = 64
"""Bytes of a side by which a protocol is recognised."""

SURE_ENOUGH: Final = 0.2
"""How sure a dissector must be to get a flow."""

_TLS: Final = (b"\x16\x03\x00", b"\x16\x03\x01", b"\x16\x03\x03", b"\x17\x03\x03", b"\x17\x03\x01")
"""Records of a handshake or of data (RFC 8446, section 5.1)."""

MOST_MESSAGE: Final = 200
"""Characters of a problem's text that may come from the content's surroundings (file names)."""


MOST_PARTS_KNOWN: Final = 64
"""Parts of which it is known whether they are closed, before those that are get forgotten."""

MOST_PROBLEMS: Final = 100
"""Different problems of a flow that wait for its end."""

_SURE: Final = ("weak", "likely", "firm")


def _together(one: Found, other: Found) -> Found:
    """What one detector found in two items of one side."""
    one.subjects.update(other.subjects)
    hidden = one.withheld or other.withheld
    samples = tuple(dict.fromkeys(one.samples + other.samples))
    return replace(
        one,
        certainty=max(one.certainty, other.certainty, key=_SURE.index),
        matches=one.matches + other.matches,
        samples=() if hidden else samples[:MOST_SAMPLES],
        places=tuple(dict.fromkeys(one.places + other.places))[:MOST_SAMPLES],
        withheld=hidden,
    )


class Told(Protocol):
    """Whoever counts what flows tell."""

    search: Search

    def problem(self, code: str, message: str, count: int = 1) -> None:
        """As ``Content.problem``, so many times."""

    def covert(self, flow: FlowContent, side: int, place: str, size: int, distinct: bytes) -> None:
        """As ``Content.covert``, of that flow."""


class FlowContent:
    """What one flow carried; the ``Content`` of its conversation and the ``Owner`` of its parts.

    Attributes:
        found: by side and detector.
        secret: a secrecy mark was seen: no samples of anything in this flow, no names of files.
    """

    def __init__(
        self, inspector: Told, head: FlowHead, home_side: str | None, group: int, place: int
    ) -> None:
        self.head, self.group, self.place = head, group, place
        self.found: dict[tuple[int, str], Found] = {}
        self.secret = False
        self._inspector = inspector
        self._home_side = home_side
        self._conversation: Conversation | None = None
        self._waiting: list[tuple[int, bytes, int]] = []
        self._heads = [b"", b""]
        self._fed = [0, 0]
        self._raw = [0, 0]
        self._lost: dict[tuple[int, Unread], int] = {}
        self._items: list[Item | None] = [None, None]
        self._unjudged: dict[int, tuple[int, Item]] = {}
        self._parts: list[tuple[int, FlowPart]] = []
        self._secure = False
        self._failed = False
        self._problems: Counter[tuple[str, str]] = Counter()

    # From the inspector.

    def take(self, chunk: Chunk) -> None:
        """The next bytes."""
        side, data, gap = chunk.side, chunk.data, chunk.gap
        self._fed[side] += len(data)
        if gap:
            self.lost(side, gap, "missing")
            self._fed[side] += gap
        if self._secure or self._failed:
            self.lost(side, len(data), "encrypted" if self._secure else "damaged")
            return
        if self._conversation is not None:
            self._feed(side, data, gap)
            return
        self._waiting.append((side, data, gap))
        if len(self._heads[side]) < HEAD:
            self._heads[side] += data[:HEAD]
        enough = max(map(len, self._heads)) >= HEAD
        if enough or all(self._heads) or len(self._waiting) > HEAD:
            self._begin()

    def end(self, event: Ended | None) -> None:
        """No more bytes will come; ``event`` says what else is known of the stream."""
        if self._conversation is None and self._waiting:
            self._begin()
        if self._conversation is not None and not self._failed:
            self.guarded(self._conversation.close, self._conversation)
        for side, item in enumerate(self._items):
            if item is not None:
                item.close()
                self.judged(side, item)
        self._broken_off()
        if event is not None:
            self._known_at_end(event)
        for (code, message), count in self._problems.items():
            told = outermost(message) if self.secret else message
            self._inspector.problem(code, told, count)
        self._problems.clear()

    def _broken_off(self) -> None:
        """What a parser that failed left open ends here, so that no mark in it goes unseen."""
        for side, part in self._parts:
            if self._failed and not part.closed and not self.guarded(part.close, part):
                self.lost(side, min(part.wire, self.counts(side)[0]), "damaged")
        self._parts.clear()
        for side, item in list(self._unjudged.values()):
            item.close()
            self.judged(side, item)

    def _known_at_end(self, event: Ended) -> None:
        for side in (0, 1):
            if event.unread[side]:
                self._fed[side] += event.unread[side]
                self.lost(side, event.unread[side], "unordered")
            if event.conflicts[side]:
                self.problem("conflicting-segments", "segments sent again with other content")

    def counts(self, side: int) -> tuple[int, ...]:
        """Bytes read, raw, and unread by why (``UNREAD``)."""
        lost = [self._lost.get((side, why), 0) for why in UNREAD]
        raw = self._raw[side]
        return self._fed[side] - raw - sum(lost), raw, *lost

    def outbound(self, side: int) -> bool | None:
        """Whether what this side sent left home; null = which end is home is not known."""
        if self._home_side not in ("src", "dst"):
            return None
        return (self._home_side == "src") == (side == 0)

    # From its conversation.

    def text(self, side: int, place: str, data: bytes) -> None:
        """See ``Content.text``."""
        self._short(side).text(data, place)

    def part(
        self,
        side: int,
        place: str,
        *,
        media_type: str = "",
        filename: str = "",
        charset: str = "",
        encodings: Sequence[str] = (),
    ) -> FlowPart:
        """See ``Content.part``."""
        kind, _, rest = media_type.partition(";")
        if not charset and "charset=" in rest.lower():
            charset = rest.lower().partition("charset=")[2].partition(";")[0]
        about = About(
            kind.strip().lower(),
            filename,
            charset.strip("\"' ").lower(),
            f"{place} / {shown(filename)}" if filename else place,
        )
        return self._begun(side, FlowPart(self, side, about, encodings))

    def unframed(self, side: int, place: str) -> FlowPart:
        """See ``Content.unframed``."""
        return self._begun(side, FlowPart(self, side, About(place=place), unframed=True))

    def unread(self, side: int, size: int, why: Unread) -> None:
        """See ``Content.unread``."""
        self.lost(side, size, why)

    def raw(self, side: int, size: int) -> None:
        """See ``Content.raw``."""
        self._raw[side] += size

    def covert(self, side: int, place: str, size: int, distinct: bytes) -> None:
        """See ``Content.covert``."""
        self._inspector.covert(self, side, place, size, distinct)

    def secure(self) -> None:
        """See ``Content.secure``."""
        self._secure = True

    def problem(self, code: str, message: str) -> None:
        """See ``Content.problem``; told at the end, when it is known whether names may be."""
        key = code, message[:MOST_MESSAGE]
        if key not in self._problems and len(self._problems) >= MOST_PROBLEMS:
            key = code, "further content of this kind"
        self._problems[key] += 1

    # From its parts.

    def item(self, side: int, place: str) -> Item:
        """See ``Owner.item``."""
        item = self._inspector.search.item(side, place, withheld=self.secret)
        self._unjudged[id(item)] = side, item
        return item

    def judged(self, side: int, item: Item) -> None:
        """See ``Owner.judged``."""
        self._unjudged.pop(id(item), None)
        self.secret |= item.secret
        for found in item.found:
            key = side, found.detector.id
            known = self.found.get(key)
            self.found[key] = found if known is None else _together(known, found)

    def lost(self, side: int, size: int, why: Unread) -> None:
        """See ``Owner.lost``."""
        self._lost[side, why] = self._lost.get((side, why), 0) + size

    def left_out(self, place: str, why: Unread, what: str) -> None:
        """See ``Owner.left_out``: flows count bytes on the wire, and problems tell the rest."""

    # The rest.

    def _short(self, side: int) -> Item:
        """The search of a side's short texts."""
        item = self._items[side]
        if item is None:
            item = self._items[side] = self.item(side, "")
        return item

    def _begun(self, side: int, part: FlowPart) -> FlowPart:
        if len(self._parts) >= MOST_PARTS_KNOWN:
            self._parts = [known for known in self._parts if not known[1].closed]
        self._parts.append((side, part))
        return part

    def _begin(self) -> None:
        heads = self._heads[0], self._heads[1]
        waiting, self._waiting = self._waiting, []
        if any(head.startswith(_TLS) for head in heads):
            self._secure = True  # nobody recognised it before: no hello was whole
            for side, data, _ in waiting:
                self.lost(side, len(data), "encrypted")
            return
        sure = [dissector.sniff(self.head, heads) for dissector in DISSECTORS]
        best = max(range(len(sure)), key=sure.__getitem__)
        chosen = DISSECTORS[best] if sure[best] >= SURE_ENOUGH else RAW
        self._conversation = chosen.conversation(self.head, self)
        for side, data, gap in waiting:
            if self._secure or self._failed:
                self.lost(side, len(data), "encrypted" if self._secure else "damaged")
            else:
                self._feed(side, data, gap)

    def _feed(self, side: int, data: bytes, gap: int) -> None:
        conversation = self._conversation
        assert conversation is not None  # noqa: S101 - the callers made sure
        if not self.guarded(lambda: conversation.feed(side, data, gap), conversation):
            # it may have told of some of them before
            self.lost(side, min(len(data), self.counts(side)[0]), "damaged")

    def guarded(self, step: Callable[[], None], parser: object) -> bool:
        """Whether a step of a parser went well; if not, the rest of the flow is not read.

        A mistake in one of many parsers must not end the audit of a night (ADR 0011).
        """
        try:
            step()
        except Exception as error:  # noqa: BLE001 - see above: told, and counted as damaged
            self._failed = True
            name = type(parser).__name__
            self.problem("content-not-taken-apart", f"{name}: {type(error).__name__}")
            return False
        return True
