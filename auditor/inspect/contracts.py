"""What a protocol and a document are to inspection, and what they write to.

A **dissector** takes the bytes of a conversation apart and writes what it carried into
``Content``: short pieces whole, bodies and files as parts. A part is unpacked, recognised and read
as a **document**, which writes text, tables and members into ``Pages``. All text ends in the item
of one search, where detectors see it.

All bytes are hostile: lengths are checked before slicing, depths and counts are capped, nothing
recurses over input, and a parser holds at most ``MOST_HELD`` bytes of a stream.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from auditor.model.content import Unread

MOST_HELD: Final = 1 << 16
"""Bytes that a dissector may hold back while it waits for the rest of a line or header."""

MOST_DEPTH: Final = 8
"""Documents within documents."""


@dataclass(frozen=True, slots=True)
class FlowHead:
    """What is known of a flow before its bytes are read.

    Attributes:
        app: application protocol as the packet engine recognised it; null = not.
        host: name of the server.
        ends: addresses of the initiator and the responder; empty = no flow.
        file: path of the file that it carries, as an FTP control connection announced it (empty =
            a listing, or not said); null = nobody announced it.
    """

    flow_id: int
    protocol: int
    src_port: int
    dst_port: int
    app: str | None
    host: str | None
    ends: tuple[str, str] = ("", "")
    file: str | None = None


@dataclass(frozen=True, slots=True)
class About:
    """What the surroundings say of a document; all of it may be wrong.

    Attributes:
        media_type: such as ``text/csv``, lower case, without parameters; empty = not said.
        filename: as the sender wrote it; empty = not said.
        charset: as declared, lower case; empty = not said.
        place: where it stood, for people: ``HTTP request body / khach.zip / khach.csv``.
        depth: documents it lies within.
    """

    media_type: str = ""
    filename: str = ""
    charset: str = ""
    place: str = ""
    depth: int = 0


class Part(Protocol):
    """A body or file that a conversation carries, piece by piece."""

    def feed(self, data: bytes) -> None:
        """Its next bytes, as they were on the wire (still packed, see ``Content.part``)."""

    def gap(self, size: int) -> None:
        """So many of its bytes are missing."""

    def close(self) -> None:
        """It has ended, or nothing more of it will come."""


class Content(Protocol):
    """Where a dissector writes what one flow carried.

    Every byte fed to a conversation counts as read unless it says otherwise.
    """

    def text(self, side: int, place: str, data: bytes) -> None:
        """A short piece, whole: a header, a command, a query, a row. UTF-8, or nearly."""

    def part(
        self,
        side: int,
        place: str,
        *,
        media_type: str = "",
        filename: str = "",
        charset: str = "",
        encodings: Sequence[str] = (),
    ) -> Part:
        """Begins a body or file.

        Args:
            side: who sends it.
            place: where it stands, for people: ``HTTP request body``.
            media_type: as declared, parameters and letter case as they came.
            filename: as declared.
            charset: as declared.
            encodings: what it is packed in, outermost first: ``gzip``, ``deflate``, ``br``,
                ``zstd``, ``base64``, ``quoted-printable``; unknown ones make it unread.
        """

    def unframed(self, side: int, place: str) -> Part:
        """As ``part``, where no protocol is known: plain text in it counts as raw, not as read."""

    def unread(self, side: int, size: int, why: Unread) -> None:
        """So many of the bytes fed were not read (and lie in no part)."""

    def raw(self, side: int, size: int) -> None:
        """So many of the bytes fed were searched without their protocol being understood."""

    def covert(self, side: int, place: str, size: int, distinct: bytes) -> None:
        """So many bytes hide in a protocol that is not for them; ``distinct`` tells two apart."""

    def announced(self, side: int, port: int, path: str) -> None:
        """A connection to this port of a side, from the other one, will carry a file of that path.

        The path is as ``FlowHead.file``.
        """

    def secure(self) -> None:
        """From now on both sides speak TLS: what follows is encrypted."""

    def problem(self, code: str, message: str) -> None:
        """Something that a reader must know; counted by code, told once per input."""


class Conversation(Protocol):
    """One flow being taken apart. Chunks may be cut anywhere; the cut must change nothing."""

    def feed(self, side: int, data: bytes, gap: int) -> None:
        """The next bytes of a side, ``gap`` bytes missing before them (``data`` may be empty)."""

    def close(self) -> None:
        """No more bytes will come; open parts are closed."""


class Dissector(Protocol):
    """One protocol."""

    @property
    def name(self) -> str:
        """Lower case, as in the flow table's ``app`` where the engine knows it too."""

    def sniff(self, flow: FlowHead, heads: tuple[bytes, bytes]) -> float:
        """How sure it is (0 to 1) by the first bytes of each side (one may be empty).

        Asked once, when a side has sent 64 bytes or more, both have sent, or the flow has ended.
        """

    def conversation(self, flow: FlowHead, content: Content) -> Conversation:
        """A conversation from its beginning (or from the middle, where that was not captured)."""


class Pages(Protocol):
    """Where a document writes what it holds."""

    def text(self, data: bytes) -> None:
        """More text in UTF-8; pieces are searched as if they were one."""

    def table(self, names: Sequence[str], columns: Sequence[Sequence[str | None]]) -> None:
        """Rows of a table: the names of its columns, and for each column its values.

        May be called again with further rows of the same table. At most 65,536 rows a call.
        """

    def fact(self, name: str, detail: str = "") -> None:
        """Something that detectors ask for by name: ``geodata``, with ``GeoTIFF``."""

    def member(self, name: str, media_type: str = "", charset: str = "") -> Part:
        """A document within: a file of an archive, an attachment, a picture's text."""

    def unread(self, why: Unread, what: str = "") -> None:
        """(The rest of) the document is not read; ``what`` says its kind to people: ``JPEG``."""


class Reading(Protocol):
    """A document being read."""

    def feed(self, data: bytes) -> None:
        """Its next bytes, unpacked."""

    def gap(self, size: int) -> None:
        """So many bytes are missing here."""

    def close(self) -> None:
        """It has ended."""


class Document(Protocol):
    """One kind of document that is read as it comes."""

    @property
    def name(self) -> str:
        """Short and for people: ``CSV``, ``PDF``."""

    def sniff(self, head: bytes, about: About) -> float:
        """How sure it is (0 to 1) by the first 4,096 bytes (all, if there are fewer)."""

    def reading(self, about: About, pages: Pages) -> Reading:
        """Begins to read."""


class WholeDocument(Protocol):
    """One kind of document that must be there whole before it can be read."""

    @property
    def name(self) -> str:
        """As above."""

    def sniff(self, head: bytes, about: About) -> float:
        """As above."""

    def read(self, file: IO[bytes], size: int, about: About, pages: Pages) -> None:
        """Reads it; ``file`` can seek, and belongs to the caller. Damage goes to ``pages``."""


class Item(Protocol):
    """One search: a document, a body, or the short texts of one side of a flow."""

    def text(self, data: bytes, place: str = "") -> None:
        """More text in UTF-8 (other bytes do no harm); pieces are searched as if they were one.

        With ``place`` set it is a piece by itself: no match reaches into it from before.
        """

    def table(self, names: Sequence[str], columns: Sequence[Sequence[str | None]]) -> None:
        """As ``Pages.table``."""

    def fact(self, name: str, detail: str = "") -> None:
        """As ``Pages.fact``."""

    def close(self) -> None:
        """Judges what was found; see ``auditor.inspect.detectors``."""
