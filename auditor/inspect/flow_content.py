"""One flow being read: its protocol, what it wrote, and what became of its bytes."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

from auditor.inspect.budget import Budget
from auditor.inspect.contracts import About
from auditor.inspect.parts import FlowPart
from auditor.inspect.places import legible_place, outermost
from auditor.inspect.protocols import DISSECTORS
from auditor.inspect.protocols.raw import RAW
from auditor.inspect.small_documents import SmallDocuments
from auditor.model.content import MOST_SAMPLES, UNREAD
from auditor.model.finding import CERTAINTIES

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from auditor.inspect.contracts import Conversation, Dissector, FlowHead
    from auditor.inspect.detectors.items import Found, Item
    from auditor.inspect.detectors.search import Search
    from auditor.inspect.small_documents import SmallDocument
    from auditor.model.content import Unread
    from auditor.model.stream import Chunk, Ended

HEAD: Final = 512
"""Bytes of a side by which a protocol is recognised: a first message of most of them."""

MOST_WAITING: Final = 64
"""Datagrams, or pieces between gaps, that wait for a protocol to be recognised."""

SURE_ENOUGH: Final = 0.2
"""How sure a dissector must be to get a flow."""

SURE: Final = 0.95
"""So sure a dissector must be that nobody else is asked, where the packet engine says the same."""

_TLS: Final = re.compile(rb"[\x14-\x17](?:\x03[\x00-\x04]..|\xfe[\xfd\xff])", re.DOTALL)
"""A record of TLS (RFC 8446, section 5.1) or DTLS (RFC 6347, section 4.1)."""

MOST_MESSAGE: Final = 200
"""Characters of a problem's text that may come from the content's surroundings (file names)."""

MOST_PROBLEMS: Final = 100
"""Different problems of a flow that wait for its end."""


def _together(one: Found, other: Found) -> Found:
    """What one detector found in two items of one side."""
    one.subjects.update(other.subjects)
    hidden = one.withheld or other.withheld
    samples = tuple(dict.fromkeys(one.samples + other.samples))
    return replace(
        one,
        certainty=max(one.certainty, other.certainty, key=CERTAINTIES.index),
        matches=one.matches + other.matches,
        samples=() if hidden else samples[:MOST_SAMPLES],
        places=tuple(dict.fromkeys(one.places + other.places))[:MOST_SAMPLES],
        withheld=hidden,
    )


def _dissector(head: FlowHead, heads: tuple[bytes, bytes]) -> Dissector:
    """Whoever reads a flow that begins so."""
    expected = next((one for one in DISSECTORS if one.name == head.app), None)
    if expected is not None and expected.sniff(head, heads) >= SURE:
        return expected
    sure = [dissector.sniff(head, heads) for dissector in DISSECTORS]
    best = max(range(len(sure)), key=sure.__getitem__)
    return DISSECTORS[best] if sure[best] >= SURE_ENOUGH else RAW


class _Waiting(NamedTuple):
    """Bytes of a flow whose protocol is not known yet."""

    side: int
    data: bytes
    gap: int


class Told(Protocol):
    """Whoever counts what flows tell."""

    search: Search

    def problem(self, code: str, message: str, count: int = 1) -> None:
        """As ``Content.problem``, so many times."""

    def covert(self, flow: FlowContent, side: int, place: str, size: int, distinct: bytes) -> None:
        """As ``Content.covert``, of that flow."""

    def announced(self, flow: FlowContent, side: int, port: int, path: str) -> None:
        """As ``Content.announced``, by that flow."""


class FlowContent:
    """What one flow carried; the ``Content`` of its conversation and the ``Owner`` of its parts.

    Attributes:
        found: by side and detector.
        secret: a secrecy mark was seen: no samples of anything in this flow, no names of files.
        budget: what its parts may unpack to.
    """

    __slots__ = (
        "_conversation",
        "_failed",
        "_fed",
        "_home_side",
        "_inspector",
        "_items",
        "_lost",
        "_parts",
        "_problems",
        "_raw",
        "_secure",
        "_small",
        "_told",
        "_waiting",
        "budget",
        "found",
        "group",
        "head",
        "place",
        "secret",
    )

    def __init__(
        self, inspector: Told, head: FlowHead, home_side: str | None, group: int, place: int
    ) -> None:
        self.head, self.group, self.place = head, group, place
        self.found: dict[tuple[int, str], Found] = {}
        self.secret = False
        self.budget = Budget()
        self._inspector = inspector
        self._home_side = home_side
        self._conversation: Conversation | None = None
        self._waiting: list[_Waiting] = []
        self._fed = [0, 0]
        self._told = [0, 0]  # bytes that are raw or were not read
        self._raw = [0, 0]
        self._lost: dict[tuple[int, Unread], int] = {}
        self._items: list[Item | None] = [None, None]
        self._small = SmallDocuments(self, 0), SmallDocuments(self, 1)
        self._parts: dict[FlowPart, None] = {}  # that are open, in the order in which they began
        self._secure = self._failed = False
        self._problems: dict[tuple[str, str], int] = {}

    # From the inspector.

    def take(self, chunk: Chunk) -> None:
        """The next bytes."""
        side, data, gap = chunk.side, chunk.data, chunk.gap
        self._fed[side] += len(data) + gap
        if gap:
            self.lost(side, gap, "missing")
        if self._secure or self._failed:
            self.lost(side, len(data), "encrypted" if self._secure else "damaged")
        elif self._conversation is not None:
            self._feed(side, data, gap)
        else:
            self._wait(_Waiting(side, data, gap), whole=chunk.whole)

    def end(self, event: Ended | None) -> None:
        """No more bytes will come; ``event`` says what else is known of the stream."""
        if self._conversation is None and self._waiting:
            self._begin()
        if self._conversation is not None and not self._failed:
            self.guarded(self._conversation.close, self._conversation)
        self._close_parts()
        for small in self._small:
            self.guarded(small.close, self._conversation)
        for side, item in enumerate(self._items):
            if item is not None and self.guarded(item.close, self._conversation):
                self.judged(side, item)
        if event is not None:
            self._known_at_end(event)
        for (code, message), count in self._problems.items():
            told = outermost(message) if self.secret else message
            self._inspector.problem(code, told, count)
        self._problems.clear()

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
        return self._fed[side] - self._told[side], self._raw[side], *lost

    def outbound(self, side: int) -> bool | None:
        """Whether what this side sent left home; null = which end is home is not known."""
        if self._home_side not in ("src", "dst"):
            return None
        return (self._home_side == "src") == (side == 0)

    # From its conversation.

    def text(self, side: int, place: str, data: bytes) -> None:
        """See ``Content.text``."""
        self._short(side).text(data, legible_place(place))

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
            legible_place(place, "" if place.endswith(filename) else filename),
        )
        return FlowPart(self, side, about, encodings)

    def unframed(self, side: int, place: str) -> FlowPart:
        """See ``Content.unframed``."""
        return FlowPart(self, side, About(place=legible_place(place)), unframed=True)

    def unread(self, side: int, size: int, why: Unread) -> None:
        """See ``Content.unread``."""
        self.lost(side, size, why)

    def raw(self, side: int, size: int) -> None:
        """See ``Content.raw``."""
        self._raw[side] += self._once(side, size)

    def covert(self, side: int, place: str, size: int, distinct: bytes) -> None:
        """See ``Content.covert``."""
        self._inspector.covert(self, side, legible_place(place), size, distinct)

    def announced(self, side: int, port: int, path: str) -> None:
        """See ``Content.announced``."""
        self._inspector.announced(self, side, port, path)

    def secure(self) -> None:
        """See ``Content.secure``."""
        self._secure = True

    def problem(self, code: str, message: str) -> None:
        """See ``Content.problem``; told at the end, when it is known whether names may be."""
        key = code, legible_place(message)[:MOST_MESSAGE]
        if key not in self._problems and len(self._problems) >= MOST_PROBLEMS:
            key = code, "further content of this kind"
        self._problems[key] = self._problems.get(key, 0) + 1

    # From its parts.

    def begun(self, part: FlowPart) -> None:
        """See ``Owner.begun``."""
        self._parts[part] = None

    def over(self, part: FlowPart) -> None:
        """See ``Owner.over``."""
        self._parts.pop(part, None)

    def small(self, side: int, place: str, document: SmallDocument) -> None:
        """See ``Owner.small``."""
        if document.tables:
            self._small[side].add(place, document)
        else:
            self.text(side, place, b"".join(document.texts()))

    def item(self, side: int, place: str) -> Item:
        """See ``Owner.item``."""
        return self._inspector.search.item(side, place, withheld=self.secret)

    def judged(self, side: int, item: Item) -> None:
        """See ``Owner.judged``."""
        self.secret |= item.secret
        for found in item.found:
            key = side, found.detector.id
            known = self.found.get(key)
            self.found[key] = found if known is None else _together(known, found)

    def lost(self, side: int, size: int, why: Unread) -> None:
        """See ``Owner.lost``."""
        self._lost[side, why] = self._lost.get((side, why), 0) + self._once(side, size)

    def left_out(self, place: str, why: Unread, what: str) -> None:
        """See ``Owner.left_out``: flows count bytes on the wire, and problems tell the rest."""

    # The rest.

    def _short(self, side: int) -> Item:
        """The search of a side's short texts."""
        item = self._items[side] = self._items[side] or self.item(side, "")
        return item

    def _once(self, side: int, size: int) -> int:
        """How many of so many bytes can be told without telling one twice.

        A part that a conversation writes from decoded values may be larger than they were.
        """
        size = min(size, self._fed[side] - self._told[side])
        self._told[side] += size
        return size

    def _wait(self, new: _Waiting, *, whole: bool) -> None:
        """Holds bytes back until the protocol can be told: the same however they are cut.

        It can when a side has sent ``HEAD`` bytes, or both have and the first one goes on.
        """
        waiting = self._waiting
        if waiting and waiting[0].side == new.side != waiting[-1].side:
            self._begin()
            self._resume(new)
            return
        last = waiting[-1] if waiting else None
        if not whole and last and last.side == new.side and not (new.gap and last.data):
            waiting[-1] = _Waiting(new.side, last.data + new.data, last.gap + new.gap)
        else:
            waiting.append(new)
        if len(waiting) > MOST_WAITING or len(self._head(new.side)) >= HEAD:
            self._begin()

    def _head(self, side: int) -> bytes:
        """The first bytes of a side, at most ``HEAD``."""
        return b"".join(each.data for each in self._waiting if each.side == side)[:HEAD]

    def _begin(self) -> None:
        """Recognises the protocol and reads what waits."""
        heads = self._head(0), self._head(1)
        waiting, self._waiting = self._waiting, []
        if any(map(_TLS.match, heads)):
            self._secure = True  # nobody recognised it before: no hello was whole
        else:
            chosen = _dissector(self.head, heads)
            self._conversation = chosen.conversation(self.head, self)
        for each in waiting:
            self._resume(each)

    def _resume(self, each: _Waiting) -> None:
        """Reads what waited."""
        if self._secure or self._failed:
            self.lost(each.side, len(each.data), "encrypted" if self._secure else "damaged")
        else:
            self._feed(*each)

    def _feed(self, side: int, data: bytes, gap: int) -> None:
        conversation = self._conversation
        assert conversation is not None  # noqa: S101 - the callers made sure
        if not self.guarded(lambda: conversation.feed(side, data, gap), conversation):
            self.lost(side, len(data), "damaged")

    def guarded(self, step: Callable[[], None], parser: object) -> bool:
        """Whether a step of a parser went well; if not, the rest of the flow is not read.

        A mistake in one of many parsers must not end the audit of a night (ADR 0011).
        """
        try:
            step()
        except Exception as error:  # noqa: BLE001 - see above: told, and counted as damaged
            if not self._failed:
                self._failed = True
                name = type(parser).__name__
                self.problem(
                    "content-not-taken-apart", f"{name}: {type(error).__name__} in {_where(error)}"
                )
                self._close_parts()
            return False
        return True

    def _close_parts(self) -> None:
        """Closes what the conversation left open, what lies within first: what was found counts."""
        while self._parts:
            part = next(reversed(self._parts))
            self.guarded(part.close, self._conversation)
            if part in self._parts:  # it failed, now or before
                self.guarded(part.abandon, self._conversation)
                self._parts.pop(part, None)


def _where(error: Exception) -> str:
    """The module of this program in which a mistake showed."""
    place, step = "", error.__traceback__
    while step is not None:
        name = str(step.tb_frame.f_globals.get("__name__", ""))
        if name.startswith("auditor."):
            place = f"{name}, line {step.tb_lineno}"
        step = step.tb_next
    return place
