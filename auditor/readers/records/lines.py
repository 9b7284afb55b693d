"""A log as blocks of whole lines: hashed, and bounded in memory."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from auditor.readers.streams import DamagedError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from auditor.readers.records.tally import Tally
    from auditor.readers.streams import Raw

BOM: Final = b"\xef\xbb\xbf"
CHUNK: Final = 1 << 20
BLOCK: Final = 8 << 20
MOST_LINE: Final = 1 << 20
NEWLINE: Final = 10


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


def ends_in(text: bytes) -> int:
    """How many line ends there are: over long texts faster than ``bytes.count``."""
    return int(np.count_nonzero(np.frombuffer(text, np.uint8) == NEWLINE))


class LogFile:
    """One log file; iterate ``blocks`` once, then ask for the rest."""

    def __init__(
        self,
        stream: Raw,
        tally: Tally,
        unfolded: Callable[[bytes], bytes] | None = None,
        longest: int = MOST_LINE,
    ) -> None:
        """Gets ready; ``unfolded`` makes lines of content that has none, piece by piece."""
        self._unfolded = unfolded
        self._longest = longest
        self._stream = stream
        self._tally = tally
        self._hash = hashlib.sha256()
        self.broken: DamagedError | OSError | None = None
        self.line = 1

    @property
    def content(self) -> str:
        """Hex digest of the log's bytes, once ``blocks`` is exhausted."""
        return self._hash.hexdigest()

    def blocks(self) -> Iterator[Block]:
        """The log's lines in blocks of about 8 MiB."""
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
            if len(pending) < BLOCK and (len(pending) < self._longest or b"\n" in piece):
                continue
            cut = pending.rfind(b"\n") + 1
            if cut:
                with memoryview(pending) as view:
                    text = bytes(view[:cut])
                yield Block(text, self.line, offset)
                self.line += ends_in(text)
                offset += cut
                del pending[:cut]
            if len(pending) >= self._longest:
                self._tally.add("line-too-long", self.line, offset=offset, lost=len(pending))
                offset += len(pending)
                pending.clear()
                skipping = True
        yield from self._remaining(bytes(pending), offset)
        if isinstance(self.broken, DamagedError):
            reason, lost = self.broken.reason, self.broken.lost
            self._tally.add("packing-damaged", self.line, lost=lost, detail=reason)
        elif self.broken is not None:
            self._tally.add("unreadable-file", self.line, detail=str(self.broken.strerror))

    def _remaining(self, text: bytes, offset: int) -> Iterator[Block]:
        cut = text.rfind(b"\n") + 1
        if cut:
            yield Block(text[:cut], self.line, offset)
            self.line += ends_in(text[:cut])
        if cut < len(text):
            yield Block(text[cut:], self.line, offset + cut)

    def _plain(self) -> Iterator[bytes]:
        """The log's bytes, hashed on the way, without a byte-order mark.

        Where they break off the reason is kept in ``broken``.
        """
        buffer = memoryview(bytearray(CHUNK))
        first = True
        while True:
            try:
                size = self._stream.readinto(buffer)
            except (DamagedError, OSError) as error:
                self.broken = error
                return
            if not size:
                return
            self._hash.update(buffer[:size])
            piece = bytes(buffer[:size])
            piece = piece.removeprefix(BOM) if first else piece
            first = False
            yield piece if self._unfolded is None else self._unfolded(piece)
