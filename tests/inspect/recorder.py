"""Content and pages that remember what was written into them, for tests of one parser alone."""

from __future__ import annotations

from dataclasses import dataclass, field

from auditor.inspect.contracts import Conversation, Dissector, FlowHead


@dataclass
class RecordedPart:
    """A part and the pieces it got; ``data`` joins them."""

    side: int
    place: str
    media_type: str = ""
    filename: str = ""
    charset: str = ""
    encodings: tuple[str, ...] = ()
    pieces: list[bytes] = field(default_factory=list)
    gaps: list[int] = field(default_factory=list)
    closed: bool = False

    @property
    def data(self) -> bytes:
        return b"".join(self.pieces)

    def feed(self, data: bytes) -> None:
        assert not self.closed
        self.pieces.append(bytes(data))

    def gap(self, size: int) -> None:
        assert not self.closed
        self.gaps.append(size)

    def close(self) -> None:
        assert not self.closed
        self.closed = True


@dataclass
class RecordedContent:
    """What a conversation wrote."""

    texts: list[tuple[int, str, bytes]] = field(default_factory=list)
    parts: list[RecordedPart] = field(default_factory=list)
    unread_bytes: list[tuple[int, int, str]] = field(default_factory=list)
    coverts: list[tuple[int, str, int, bytes]] = field(default_factory=list)
    problems: list[tuple[str, str]] = field(default_factory=list)
    announcements: list[tuple[int, int, str]] = field(default_factory=list)
    secured: bool = False

    def text(self, side, place, data):
        self.texts.append((side, place, bytes(data)))

    def part(self, side, place, *, media_type="", filename="", charset="", encodings=()):
        part = RecordedPart(side, place, media_type, filename, charset, tuple(encodings))
        self.parts.append(part)
        return part

    def unframed(self, side, place):
        return self.part(side, place)

    def unread(self, side, size, why):
        self.unread_bytes.append((side, size, why))

    def raw(self, side, size):
        self.unread_bytes.append((side, size, "raw"))

    def covert(self, side, place, size, distinct):
        self.coverts.append((side, place, size, distinct))

    def announced(self, side, port, path):
        self.announcements.append((side, port, path))

    def secure(self):
        self.secured = True

    def problem(self, code, message):
        self.problems.append((code, message))

    @property
    def summary(self):
        """Everything but how pieces were cut: equal for all cuts of the same stream."""
        parts = [
            (p.side, p.place, p.media_type, p.filename, p.charset, p.encodings, p.data, p.closed)
            for p in self.parts
        ]
        lost = {}
        for side, size, why in self.unread_bytes:
            lost[side, why] = lost.get((side, why), 0) + size
        codes = [code for code, _ in self.problems]
        return self.texts, parts, lost, self.coverts, codes, self.secured, self.announcements


@dataclass
class RecordedPages:
    """What a document wrote."""

    pieces: list[bytes] = field(default_factory=list)
    tables: list[tuple[tuple[str, ...], list[list[str | None]]]] = field(default_factory=list)
    facts: list[tuple[str, str]] = field(default_factory=list)
    members: list[RecordedPart] = field(default_factory=list)
    unread_why: list[tuple[str, str]] = field(default_factory=list)

    @property
    def data(self) -> bytes:
        return b"".join(self.pieces)

    def text(self, data):
        self.pieces.append(bytes(data))

    def table(self, names, columns):
        assert len(names) == len(columns)
        assert len({len(column) for column in columns}) <= 1
        self.tables.append((tuple(names), [list(column) for column in columns]))

    def fact(self, name, detail=""):
        self.facts.append((name, detail))

    def member(self, name, media_type="", charset=""):
        part = RecordedPart(0, name, media_type, name, charset)
        self.members.append(part)
        return part

    def unread(self, why, what=""):
        self.unread_why.append((why, what))


def head(port: int = 80, protocol: int = 6, app: str | None = None) -> FlowHead:
    """A flow to a port."""
    return FlowHead(1, protocol, 50000, port, app, None)


def conversed(
    dissector: Dissector, flow: FlowHead, chunks: list[tuple[int, bytes]], size: int | None = None
) -> RecordedContent:
    """The content of a conversation; ``size`` cuts every chunk into pieces of that many bytes."""
    content = RecordedContent()
    conversation: Conversation = dissector.conversation(flow, content)
    for side, data in chunks:
        step = size or max(len(data), 1)
        for begin in range(0, len(data), step):
            conversation.feed(side, data[begin : begin + step], 0)
    conversation.close()
    return content
