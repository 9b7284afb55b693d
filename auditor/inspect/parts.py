"""Bodies and files: unpacked, recognised, read, and searched.

A part is fed as it was on the wire. Its first bytes decide which document it is; what a document
holds (members of an archive, attachments) comes back as parts within it.
"""

from __future__ import annotations

import tempfile
from typing import TYPE_CHECKING, Final, Protocol, cast

from auditor.inspect.budget import BEGUN, CELL, DEAR, Budget
from auditor.inspect.contracts import MOST_DEPTH, About
from auditor.inspect.decoding import BombError, DamagedError, decoder
from auditor.inspect.documents import DOCUMENTS, PLAIN
from auditor.inspect.documents.media import looks_random
from auditor.inspect.places import legible_place
from auditor.inspect.small_documents import SmallDocument

if TYPE_CHECKING:
    from collections.abc import Sequence

    from auditor.inspect.contracts import Document, Reading, WholeDocument
    from auditor.inspect.decoding import Decoder
    from auditor.inspect.detectors.items import Item
    from auditor.model.content import Unread

HEAD: Final = 4096
"""Bytes by which a document is recognised."""

SURE: Final = 0.95
"""Surer than this is nobody who comes later in the list."""

LEAST: Final = 16
"""Fewer bytes are text of no kind: what is in every message must be cheap."""

IN_MEMORY: Final = 1 << 20
"""Bytes of a whole document in memory; beyond that it waits in a nameless file."""

MOST_WHOLE: Final = 1 << 29
"""Bytes of a document that must be there whole before it can be read."""


class Owner(Protocol):
    """The flow that a part belongs to.

    Attributes:
        budget: of all its parts together.
    """

    budget: Budget

    def begun(self, part: FlowPart) -> None:
        """The part is open."""

    def over(self, part: FlowPart) -> None:
        """The part is closed, and what it found told."""

    def text(self, side: int, place: str, data: bytes) -> None:
        """As ``Content.text``."""

    def small(self, side: int, place: str, document: SmallDocument) -> None:
        """A small document: it is searched together with others."""

    def item(self, side: int, place: str) -> Item:
        """A new search."""

    def judged(self, side: int, item: Item) -> None:
        """The search is over."""

    def lost(self, side: int, size: int, why: Unread) -> None:
        """So many bytes on the wire were not read."""

    def raw(self, side: int, size: int) -> None:
        """So many bytes on the wire were searched as they stood."""

    def left_out(self, place: str, why: Unread, what: str) -> None:
        """A document was not read, or not to its end; it may lie in one that was."""

    def problem(self, code: str, message: str) -> None:
        """As ``Content.problem``."""


class FlowPart:
    """One part of one side of a flow; see ``contracts.Part`` and ``contracts.Pages``.

    Args:
        owner: whose it is.
        side: who sent it.
        about: what the surroundings say of it.
        encodings: what it is packed in, outermost first.
        budget: of the outermost part around it; null = this is the outermost.
        unframed: no protocol was recognised: text in it counts as ``raw``.
    """

    __slots__ = (
        "_about",
        "_budget",
        "_closed",
        "_counted",
        "_decoder",
        "_head",
        "_item",
        "_owner",
        "_reading",
        "_side",
        "_small",
        "_spent",
        "_unframed",
        "_what",
        "_why",
        "_wire",
        "_within",
    )

    def __init__(
        self,
        owner: Owner,
        side: int,
        about: About,
        encodings: Sequence[str] = (),
        budget: Budget | None = None,
        *,
        unframed: bool = False,
    ) -> None:
        self._owner, self._side, self._about = owner, side, about
        self._within = budget is not None
        self._budget = budget or Budget(owner.budget)
        self._unframed = unframed
        self._wire = 0  # bytes fed, of which nothing has been told to the owner yet
        self._why: Unread | None = None
        self._what = ""
        self._head = bytearray()
        self._item: Item | None = None
        self._small = SmallDocument()  # what it holds, until it has a search of its own
        self._reading: Reading | None = None
        self._decoder: Decoder | None = None
        self._closed = False
        self._counted = 0  # matches of its search that are paid for
        self._spent = False
        owner.begun(self)
        if encodings:
            self._decoder = decoder(encodings)
            if self._decoder is None:
                self.unread("unsupported", "/".join(encodings))

    # What a conversation, or a document around this one, does.

    def feed(self, data: bytes) -> None:
        """See ``Part.feed``."""
        if self._within:
            if self._why is None and not self._budget.allows(len(data)):
                self._stop("bomb", "content-bomb", "unpacks to more than any document holds")
        else:
            self._wire += len(data)
            self._budget.pays(len(data))
        if self._why is not None:
            return
        if self._decoder is None:
            self._take(data)
            return
        try:
            for piece in self._decoder.feed(data):
                if not self._budget.allows(len(piece)):
                    raise BombError("unpacks to more than any document holds")  # noqa: TRY301
                self._take(piece)
                if self._why is not None:
                    return
        except BombError as error:
            self._stop("bomb", "content-bomb", str(error))
        except DamagedError as error:
            self._stop("damaged", "damaged-content", str(error))

    def gap(self, size: int) -> None:
        """See ``Part.gap``."""
        if self._why is not None:
            return
        if self._decoder is not None and not self._decoder.resumed():
            self._stop("damaged", "damaged-content", "bytes are missing inside packed content")
            return
        if self._reading is None and self._head:
            self._begin()
        if self._reading is not None:
            self._reading.gap(size)

    def close(self) -> None:
        """See ``Part.close``."""
        if self._closed:
            return
        self._closed = True
        if self._why is None and self._decoder is not None:
            self._rest_of(self._decoder)
        if self._head:  # also where damage followed: what came before it is searched
            self._small.short = True
            self._begin()
        if self._reading is not None:
            self._reading.close()
        self._over()

    def abandon(self) -> None:
        """Its reading failed: it is not read, and what was found before counts."""
        self._why = self._why or "damaged"
        self._over()

    def _over(self) -> None:
        """Tells what was found, and what became of the bytes on the wire."""
        item, self._item = self._item, None
        self._reading = self._decoder = None
        self._owner.over(self)
        self._settle()
        small = self._small
        if item is None and (small.tables or (small.short and small.pieces)):
            # short ones, and tables, are searched together: each search has its price
            self._owner.small(self._side, self._about.place, small)
            return
        if item is None and small.pieces:
            item = self._owner.item(self._side, self._about.place)
            small.write(item)
        if item is not None:
            item.close()
            self._owner.judged(self._side, item)

    # What the document in it does.

    def text(self, data: bytes) -> None:
        """See ``Pages.text``."""
        if not self._spent and (self._item is not None or not self._small.text(data)):
            item = self._searched()
            item.text(data)
            self._pay(DEAR * self._matched(item))

    def table(self, names: Sequence[str], columns: Sequence[Sequence[str | None]]) -> None:
        """See ``Pages.table``."""
        if self._spent:
            return
        matched = 0
        if self._item is not None or not self._small.table(names, columns):
            item = self._searched()
            item.table(names, columns)
            matched = self._matched(item)
        cells = len(columns) * len(columns[0]) if columns else 0
        self._pay(DEAR * (1 + len(columns) + matched) + CELL * cells)

    def fact(self, name: str, detail: str = "") -> None:
        """See ``Pages.fact``."""
        self._searched().fact(name, detail)

    def member(self, name: str, media_type: str = "", charset: str = "") -> FlowPart:
        """See ``Pages.member``."""
        place = legible_place(self._about.place, name)
        depth = self._about.depth + 1
        about = About(media_type, name, charset, place, depth)
        part = FlowPart(self._owner, self._side, about, (), self._budget)
        if depth > MOST_DEPTH:
            part._stop("bomb", "content-bomb", f"lies within {depth} documents")
        return part

    def unread(self, why: Unread, what: str = "") -> None:
        """See ``Pages.unread``."""
        if self._why is not None:
            return
        self._why, self._what = why, what
        if why in ("bomb", "damaged", "locked", "too-large"):
            about = f" ({what})" if what else ""
            self._owner.problem(_CODES[why], f"{self._about.place}{about}")

    # The rest.

    def _pay(self, size: int) -> None:
        """Counts work on what was packed, as so many bytes; beyond bounds nothing is searched."""
        packed = self._within or self._decoder is not None
        if packed and not self._spent and not self._budget.allows(size):
            self._spent = True
            self._stop("bomb", "content-bomb", "makes more work than any packed document")

    def _matched(self, item: Item) -> int:
        """Matches that were not counted yet."""
        fresh = item.matches - self._counted
        self._counted += fresh
        return fresh

    def _rest_of(self, packed: Decoder) -> None:
        """What its decoder held back."""
        try:
            for piece in packed.close():
                self._take(piece)
        except BombError as error:
            self._stop("bomb", "content-bomb", str(error))
        except DamagedError as error:
            self._stop("damaged", "damaged-content", str(error))

    def _stop(self, why: Unread, code: str, message: str) -> None:
        if self._why is None:
            self._why = why
            self._owner.problem(code, f"{self._about.place}: {message}")

    def _take(self, data: bytes) -> None:
        if self._reading is not None:
            self._reading.feed(data)
            return
        self._head += data
        if len(self._head) >= HEAD:
            self._begin()

    def _begin(self) -> None:
        head, self._head = bytes(self._head), bytearray()
        self._pay(BEGUN)
        if self._spent:
            return
        document = recognised(head[:HEAD], self._about) if len(head) >= LEAST else PLAIN
        if document is None:
            if looks_random(head[:HEAD]):
                self._why = self._why or "opaque"
                return
            document = PLAIN
        self._unframed = self._unframed and document is PLAIN
        self._reading = begun(document, self._about, self)
        self._reading.feed(head)

    def _searched(self) -> Item:
        if self._item is None:
            self._item = self._owner.item(self._side, self._about.place)
            self._small.write(self._item)
        return self._item

    def _settle(self) -> None:
        """Tells the owner what became of it and its bytes on the wire, once, at the end."""
        if self._why is not None:
            self._owner.left_out(self._about.place, self._why, self._what)
        if self._within or not self._wire:
            return
        if self._why is not None:
            self._owner.lost(self._side, self._wire, self._why)
        elif self._unframed:
            self._owner.raw(self._side, self._wire)
        self._wire = 0


_CODES: Final[dict[Unread, str]] = {
    "bomb": "content-bomb",
    "damaged": "damaged-content",
    "locked": "locked-content",
    "too-large": "content-too-large",
}


def recognised(head: bytes, about: About) -> Document | WholeDocument | None:
    """The kind of document that begins with ``head``; null = none is sure of it."""
    best: Document | WholeDocument | None = None
    most = 0.0
    for document in DOCUMENTS:
        sure = document.sniff(head, about)
        if sure > most:
            best, most = document, sure
            if sure >= SURE:
                break
    return best


def begun(document: Document | WholeDocument, about: About, pages: FlowPart) -> Reading:
    """The reading of a document; one that must be there whole is collected first."""
    if hasattr(document, "read"):  # asking for the whole protocol costs more than a small document
        return _Whole(cast("WholeDocument", document), about, pages)
    return document.reading(about, pages)


class _Whole:
    """Collects a document that must be there whole, and reads it at its end."""

    def __init__(self, document: WholeDocument, about: About, pages: FlowPart) -> None:
        self._document, self._about, self._pages = document, about, pages
        self._file = tempfile.SpooledTemporaryFile(IN_MEMORY)  # noqa: SIM115 - closed at its end
        self._size = 0

    def feed(self, data: bytes) -> None:
        if self._grows(len(data)):
            self._file.write(data)

    def gap(self, size: int) -> None:
        if not self._grows(size):
            return
        if self._size > IN_MEMORY:
            self._file.rollover()  # there a hole takes no room
        self._file.seek(self._size)

    def _grows(self, size: int) -> bool:
        """Whether so many bytes more can be held."""
        self._size += size
        if self._size > MOST_WHOLE and not self._file.closed:
            self._file.close()
            self._pages.unread("too-large", self._document.name)
        return not self._file.closed

    def close(self) -> None:
        if self._file.closed:
            return
        with self._file:
            self._file.seek(0)
            self._document.read(self._file, self._size, self._about, self._pages)
