"""MongoDB (its manual, "MongoDB Wire Protocol"; driver specifications, "Wire Compression")."""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Generator, Iterator
from typing import TYPE_CHECKING, Final

import zstandard

from auditor.inspect.protocols import bson
from auditor.inspect.protocols.framing import (
    MOST_WHOLE,
    Aside,
    Beginning,
    Body,
    Framed,
    Missing,
    OutOfStep,
    Steps,
    framed,
    passed,
    unread,
)

if TYPE_CHECKING:
    from auditor.inspect.contracts import Content, FlowHead, Part

PORT: Final = 27017
REPLY, UPDATE, INSERT, QUERY, GET_MORE, DELETE, KILL = 1, 2001, 2002, 2004, 2005, 2006, 2007
COMPRESSED, MESSAGE = 2012, 2013
CODES: Final = frozenset(
    {REPLY, UPDATE, INSERT, QUERY, GET_MORE, DELETE, KILL, COMPRESSED, MESSAGE}
)
MOST_MESSAGE: Final = 48_000_000
"""Bytes of a message, as the server limits them (maxMessageSizeBytes)."""
MOST_PACKED: Final = 1 << 22
"""Bytes of a compressed message, which is held whole."""
PIECE: Final = 1 << 20
"""Bytes that are unpacked at once."""
MOST_NAME: Final = 1024
"""Bytes of a field's or collection's name that is looked at."""
NO_COMPRESSION, SNAPPY, ZLIB, ZSTD = 0, 1, 2, 3

ANEW: Final = Beginning(
    re.compile(rb"..[\x00-\x02]\x00.{8}(?:\xdd|\xdc)\x07\x00\x00", re.DOTALL), 16
)


NameSteps = Generator[int, bytes, bytes]


class MongoDB:
    """Commands, documents and answers; what proves passwords is left out."""

    name = "mongodb"

    def sniff(self, flow: FlowHead, heads: tuple[bytes, bytes]) -> float:
        """Sure by a message's length, number and kind."""
        for head in heads:
            if len(head) < 16:
                continue
            size, number, answered, code = struct.unpack_from("<iiii", head)
            if _sound(size, number, answered, code):
                if PORT in (flow.dst_port, flow.src_port):
                    return 0.9
                if code != REPLY:  # its number is too small to mean anything by itself
                    return 0.7
        return 0.0

    def conversation(self, flow: FlowHead, content: Content) -> MongoDBConversation:
        """A conversation from its beginning, or from the middle."""
        return MongoDBConversation(content)


def _sound(size: int, number: int, answered: int, code: int) -> bool:
    return 16 < size <= MOST_MESSAGE and code in CODES and (code != REPLY or answered != 0)


class MongoDBConversation:
    """One connection."""

    def __init__(self, content: Content) -> None:
        self._content = content
        self._unpacking = False
        self._parts: list[Part | None] = [None, None]
        self._sides = framed(
            content, "MongoDB", (lambda: self._messages(0), lambda: self._messages(1)), (ANEW, ANEW)
        )

    def feed(self, side: int, data: bytes, gap: int) -> None:
        """The next bytes of a side."""
        self._sides.feed(side, data, gap)

    def close(self) -> None:
        """No more bytes will come."""
        self._sides.close()
        for side in (0, 1):
            self._ended(side)

    def _messages(self, side: int) -> Steps:
        """Messages: length, number, number that is answered, kind."""
        while True:
            size, number, answered, code = struct.unpack("<iiii", (yield 16))
            if not _sound(size, number, answered, code):
                raise OutOfStep
            size -= 16
            if code in (GET_MORE, KILL):
                yield passed(size)
                continue
            if code == COMPRESSED:
                yield from self._packed(side, size)
                continue
            inner = self._inner(side, code, size)
            try:
                yield Body(size, inner.feed, inner.gap)
            finally:
                inner.close()
                self._ended(side)

    def _inner(self, side: int, code: int, size: int) -> Framed:
        return Framed(lambda: self._body(side, code, size), Aside(self._content, side, "MongoDB"))

    def _packed(self, side: int, size: int) -> Steps:
        """A compressed message: kind within, size within, method."""
        if size < 9:
            raise OutOfStep
        code, full, method = struct.unpack("<iIB", (yield 9))
        size -= 9
        if size > MOST_PACKED or full > MOST_MESSAGE:
            yield unread(self._content, side, size, "too-large")
            return
        if method not in (NO_COMPRESSION, ZLIB, ZSTD) or code not in CODES or code == COMPRESSED:
            yield unread(self._content, side, size, "unsupported")
            return
        try:
            packed = yield size
        except Missing:
            return
        inner = self._inner(side, code, full)
        self._unpacking = True
        try:
            for piece in _unpacked(packed, method, full):
                inner.feed(piece)
        except (zlib.error, zstandard.ZstdError, MemoryError):
            self._content.unread(side, size, "damaged")
            self._content.problem("message-damaged", "MongoDB: a message cannot be unpacked")
        inner.close()
        self._unpacking = False
        self._ended(side)

    def _body(self, side: int, code: int, size: int) -> Steps:
        """What is in a message of so many bytes."""
        if code in (GET_MORE, KILL):
            yield passed(size)
        elif code == MESSAGE:
            yield from self._sections(side, size)
        elif code == REPLY:
            yield passed(20)
            yield from self._documents(side, size - 20, "MongoDB reply")
        else:
            yield passed(4)
            collection = yield from _name()
            more = {QUERY: 8, INSERT: 0}.get(code, 4)
            yield passed(more)
            name = {QUERY: "MongoDB query", INSERT: "MongoDB insert"}.get(code, "MongoDB update")
            yield from self._documents(side, size - 5 - len(collection) - more, name)

    def _sections(self, side: int, size: int) -> Steps:
        """A command or an answer: one document, and sequences of documents."""
        (flags,) = struct.unpack("<I", (yield 4))
        left = size - 4 - 4 * (flags & 1)
        name = "MongoDB reply" if side else "MongoDB command"
        while left > 5:
            kind, length = struct.unpack("<BI", (yield 5))
            if kind > 1 or length < 5 or length > left - 1:
                raise OutOfStep
            if kind:
                sequence = yield from _name()
                yield from self._documents(side, length - 5 - len(sequence), name)
            else:
                yield from self._document(side, length, name)
            left -= 1 + length
        yield passed(4 * (flags & 1))

    def _documents(self, side: int, left: int, name: str) -> Steps:
        """Documents one after another, a line for each."""
        while left > 4:
            (size,) = struct.unpack("<I", (yield 4))
            if not 5 <= size <= left:
                raise OutOfStep
            yield from self._document(side, size, name)
            left -= size

    def _document(self, side: int, size: int, name: str) -> Steps:
        """A document whose size was read; of a large one those within have lines of their own."""
        if size > MOST_WHOLE:
            yield from self._taken_apart(side, size, name)
            return
        try:
            body = yield size - 4
        except Missing:
            return
        self._line(side, size.to_bytes(4, "little") + body, name)

    def _taken_apart(self, side: int, size: int, name: str) -> Steps:
        """The fields of a large document; its large documents are taken apart in their turn."""
        place, ends = 4, [size]
        while ends:
            (kind,) = yield 1
            place += 1
            if not kind:
                if place != ends.pop():
                    raise OutOfStep
                continue
            place += 1 + len((yield from _name()))
            told = b""
            if kind in bson.SIZED:
                told = yield 4
            length = bson.size_of(kind, told)
            if length < len(told) or place + length >= ends[-1]:
                raise OutOfStep
            if kind in (bson.DOCUMENT, bson.ARRAY) and length > MOST_WHOLE:
                if len(ends) >= bson.MOST_NESTED:
                    raise OutOfStep
                ends.append(place + length)
                place += 4
                continue
            place += length
            if kind in (bson.DOCUMENT, bson.ARRAY):
                yield from self._document(side, length, name)
            else:
                part = self._part(side, name)
                yield Body(length - len(told), part.feed, part.gap)

    def _line(self, side: int, document: bytes, name: str) -> None:
        try:
            text, binary = bson.line(document)
        except (IndexError, ValueError, struct.error):
            if not self._unpacking:
                self._content.unread(side, len(document), "damaged")
            self._content.problem("message-damaged", "MongoDB: a document cannot be taken apart")
            return
        if binary and not self._unpacking:
            self._content.unread(side, binary, "unsupported")
        self._part(side, name).feed(text + b"\n")

    def _part(self, side: int, name: str) -> Part:
        part = self._parts[side]
        if part is None:
            part = self._parts[side] = self._content.part(
                side, name, media_type="application/x-ndjson", charset="utf-8"
            )
        return part

    def _ended(self, side: int) -> None:
        part = self._parts[side]
        if part is not None:
            part.close()
        self._parts[side] = None


def _name() -> NameSteps:
    """A name that ends with a zero byte."""
    letters = bytearray()
    while (letter := (yield 1)) != b"\0":
        letters += letter
        if len(letters) > MOST_NAME:
            raise OutOfStep
    return bytes(letters)


def _unpacked(packed: bytes, method: int, size: int) -> Iterator[bytes]:
    """A compressed message in pieces, no more than its told size.

    Raises:
        zlib.error, zstandard.ZstdError, MemoryError: it is damaged.
    """
    if method == NO_COMPRESSION:
        yield packed[:size]
        return
    if method == ZSTD:
        unpacker = zstandard.ZstdDecompressor(max_window_size=1 << 27)
        with unpacker.stream_reader(packed) as reader:
            while size > 0 and (piece := reader.read(min(size, PIECE))):
                size -= len(piece)
                yield piece
        return
    inflating = zlib.decompressobj()
    while size > 0 and (piece := inflating.decompress(packed, min(size, PIECE))):
        packed = inflating.unconsumed_tail
        size -= len(piece)
        yield piece
