"""A log file as blocks of whole lines: decompressed, hashed, and bounded in memory."""

from __future__ import annotations

import hashlib
import zlib
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator
    from pathlib import Path

    from auditor.readers.reading import Progress
    from auditor.readers.zeek.tally import Tally

    Inflate = zlib._Decompress  # typeshed's name: the class itself is not public

GZIP: Final = b"\x1f\x8b"
BOM: Final = b"\xef\xbb\xbf"
CHUNK: Final = 1 << 20
BLOCK: Final = 8 << 20
MOST_LINE: Final = 1 << 20
_GZIP_WINDOW: Final = 31  # zlib's number for: gzip wrapper, 32 kB window


@dataclass(frozen=True, slots=True)
class Block:
    """Some lines of the log.

    Attributes:
        text: the lines with their ends; only the last line of a file may lack it.
        line: number of the first line, from 1.
        offset: where the text begins in the (decompressed) log.
    """

    text: bytes
    line: int
    offset: int


class LogFile:
    """One log file; iterate ``blocks`` once, then ask for the rest."""

    def __init__(self, path: Path, tally: Tally, progress: Progress) -> None:
        self._path = path
        self._tally = tally
        self._progress = progress
        self._hash = hashlib.sha256()
        self._read = 0
        self._damage: tuple[str, int] | None = None
        self._stream: Inflate = zlib.decompressobj(_GZIP_WINDOW)
        self.line = 1
        self.compressed = False

    @property
    def sha256(self) -> str:
        """Hex digest of the file's bytes, once ``blocks`` is exhausted."""
        return self._hash.hexdigest()

    @property
    def damaged(self) -> bool:
        """Whether a gzip stream broke off."""
        return self._damage is not None

    def blocks(self) -> Iterator[Block]:
        """The log's lines in blocks of about 8 MiB.

        Raises:
            OSError: the file cannot be opened or read.
        """
        pending = bytearray()
        offset = 0
        skipping = False
        for piece in self._plain():
            if skipping:
                rest = piece.find(b"\n") + 1
                self._tally.add("line-too-long", self.line, count=0, lost=rest or len(piece))
                offset += rest or len(piece)
                if not rest:
                    continue
                skipping = False
                self.line += 1
                piece = piece[rest:]
            pending += piece
            if len(pending) < BLOCK and (len(pending) < MOST_LINE or b"\n" in piece):
                continue
            cut = pending.rfind(b"\n") + 1
            if cut:
                yield Block(bytes(pending[:cut]), self.line, offset)
                self.line += pending.count(b"\n", 0, cut)
                offset += cut
                del pending[:cut]
            if len(pending) >= MOST_LINE:
                self._tally.add("line-too-long", self.line, offset=offset, lost=len(pending))
                offset += len(pending)
                pending.clear()
                skipping = True
        yield from self._remaining(bytes(pending), offset)
        if self._damage:
            detail, lost = self._damage
            self._tally.add("gzip-damaged", self.line, lost=lost, detail=detail)

    def _remaining(self, text: bytes, offset: int) -> Iterator[Block]:
        cut = text.rfind(b"\n") + 1
        if cut:
            yield Block(text[:cut], self.line, offset)
            self.line += text.count(b"\n", 0, cut)
        if cut < len(text):
            yield Block(text[cut:], self.line, offset + cut)

    def _chunks(self) -> Iterator[bytes]:
        """The file's bytes as they are, hashed on the way."""
        with self._path.open("rb") as file:
            while chunk := file.read(CHUNK):
                self._hash.update(chunk)
                self._read += len(chunk)
                self._progress(len(chunk))
                yield chunk

    def _plain(self) -> Iterator[bytes]:
        """The log's bytes: decompressed where the file is gzip, without a byte-order mark."""
        chunks = self._chunks()
        first = next(chunks, b"")
        if not first.startswith(GZIP):
            yield first.removeprefix(BOM)
            yield from chunks
            return
        self.compressed = True
        for chunk in chain((first,), chunks):
            if self._damage is None:
                yield from self._inflated(self._stream, chunk)
            else:  # only the hash still wants the bytes
                self._damage = (self._damage[0], self._damage[1] + len(chunk))
        if self._damage is None and not self._stream.eof:
            self._damage = ("the end of the stream is missing", 0)

    def _inflated(self, stream: Inflate, data: bytes) -> Iterator[bytes]:
        """The text in ``data``, of which the first part may end a stream begun before."""
        more = True
        while more:
            if stream.eof:
                data = data.lstrip(b"\0")  # gzip files may be padded with zeros
                if not data:
                    break
                if not data.startswith(GZIP[: len(data)]):
                    self._damage = ("the bytes behind it are no gzip", len(data))
                    break
                stream = zlib.decompressobj(_GZIP_WINDOW)
            before = stream.copy()
            try:
                text = stream.decompress(data, CHUNK)
            except zlib.error:
                good = yield from _salvaged(before, data)
                self._damage = ("its bytes are not what was written", len(data) - good)
                break
            yield text
            data = stream.unused_data if stream.eof else stream.unconsumed_tail
            more = bool(data) or len(text) == CHUNK
        self._stream = stream


def _salvaged(stream: Inflate, data: bytes) -> Generator[bytes, None, int]:
    """What can be had of ``data`` before it breaks; returns how many bytes that took.

    zlib throws away what it had inflated when it meets damage, so this goes byte by byte.
    """
    for place in range(len(data)):
        try:
            text = stream.decompress(data[place : place + 1])
        except zlib.error:
            return place
        yield text
    return len(data)
