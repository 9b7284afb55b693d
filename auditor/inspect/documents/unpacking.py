"""Packed bytes come out in pieces of bounded size, and no document unpacks without end.

Formats: RFC 1950 to 1952 (deflate, gzip), bzip2, xz, RFC 8878 (zstd), the LZ4 frame
format. Each may hold several streams one after the other.
"""

from __future__ import annotations

import bz2
import lzma
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

import lz4.frame
import zstandard

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

AT_ONCE: Final = 1 << 18
"""Most bytes in a piece."""

FREE: Final = 16 << 20
"""Below this size a high ratio harms nobody: empty tables and logs pack well."""

MOST_RATIO: Final = 200
"""Text packs to a twentieth, tables of one value to a hundredth; deflate can do a thousand."""

MOST_UNPACKED: Final = 1 << 30
"""Of one document, unless it packs no better than ``FAIR_RATIO``."""

FAIR_RATIO: Final = 20
"""What real text packs to: a dump of many gigabytes that was sent is read however long it is."""

LARGEST_WINDOW: Final = 1 << 25
"""Memory of one unpacker in bytes; ``xz -9`` wants 64 MiB and is refused, ``xz`` wants 8."""

MOST_STREAMS: Final = 50_000
"""In one file; programs that write many put 64 KiB and more into each."""

_SLICE: Final = 1 << 15

_ZSTD_AT_ONCE: Final = 1 << 10
"""zstd knows no limit on what comes out; a block of 4 bytes may hold 128 KiB."""


class BombError(Exception):
    """A document unpacks to more than any document holds."""


class UnpackingError(Exception):
    """Packed bytes are damaged."""


class WindowError(Exception):
    """Packed bytes ask for more memory than ``LARGEST_WINDOW``."""


@dataclass(slots=True)
class Budget:
    """What one document may unpack to.

    Attributes:
        packed: bytes of it that are there.
        unpacked: bytes that came out of it.
    """

    packed: int = 0
    unpacked: int = 0

    @property
    def most(self) -> int:
        """Bytes that may come out of so many packed ones."""
        most = min(MOST_RATIO * self.packed, max(MOST_UNPACKED, FAIR_RATIO * self.packed))
        return max(FREE, most)

    def spend(self, size: int) -> None:
        """Counts bytes that came out.

        Raises:
            BombError: they are too many.
        """
        self.unpacked += size
        if self.unpacked > self.most:
            raise BombError


class Unpacker(Protocol):
    """One packed stream."""

    @property
    def over(self) -> bool:
        """The stream has ended; nothing more is taken."""

    @property
    def rest(self) -> bytes:
        """What was fed behind its end."""

    def unpacked(self, data: bytes) -> Iterator[bytes]:
        """What comes out of further bytes, in pieces of ``AT_ONCE`` or a few blocks more.

        Raises:
            UnpackingError: they are damaged.
            WindowError: see there.
        """


class Deflate:
    """zlib's: raw (``-15``), zlib (``15``), gzip (``31``)."""

    def __init__(self, window: int) -> None:
        self._object = zlib.decompressobj(window)

    @property
    def over(self) -> bool:
        """See ``Unpacker``."""
        return self._object.eof

    @property
    def rest(self) -> bytes:
        """See ``Unpacker``."""
        return self._object.unused_data

    def unpacked(self, data: bytes) -> Iterator[bytes]:
        """See ``Unpacker``."""
        try:
            while data and not self._object.eof:
                piece = self._object.decompress(data, AT_ONCE)
                data = self._object.unconsumed_tail
                if piece:
                    yield piece
        except zlib.error as error:
            raise UnpackingError(str(error)) from None


class _Bounded:
    """bz2, lzma and lz4 share their way of asking."""

    def __init__(
        self, made: bz2.BZ2Decompressor | lzma.LZMADecompressor | lz4.frame.LZ4FrameDecompressor
    ) -> None:
        self._object = made

    @property
    def over(self) -> bool:
        """See ``Unpacker``."""
        return bool(self._object.eof)

    @property
    def rest(self) -> bytes:
        """See ``Unpacker``."""
        return self._object.unused_data or b""

    def unpacked(self, data: bytes) -> Iterator[bytes]:
        """See ``Unpacker``."""
        try:
            while not self._object.eof:
                piece = self._object.decompress(data, AT_ONCE)
                data = b""
                if piece:
                    yield piece
                if self._object.needs_input or not piece:
                    return
        except lzma.LZMAError as error:
            if "Memory usage limit" in str(error):
                raise WindowError from None
            raise UnpackingError(str(error)) from None
        except (OSError, RuntimeError, ValueError) as error:  # bz2, lz4, lz4
            raise UnpackingError(str(error)) from None


class _Zstd:
    def __init__(self) -> None:
        made = zstandard.ZstdDecompressor(max_window_size=LARGEST_WINDOW)
        self._object = made.decompressobj(write_size=AT_ONCE)
        self._behind = b""

    @property
    def over(self) -> bool:
        return self._object.eof

    @property
    def rest(self) -> bytes:
        return self._object.unused_data + self._behind

    def unpacked(self, data: bytes) -> Iterator[bytes]:
        at = 0
        try:
            while at < len(data) and not self._object.eof:
                piece = self._object.decompress(data[at : at + _ZSTD_AT_ONCE])
                at += _ZSTD_AT_ONCE
                if piece:
                    yield piece
        except zstandard.ZstdError as error:
            if "memory" in str(error):
                raise WindowError from None
            raise UnpackingError(str(error)) from None
        self._behind = data[at:]


def deflate() -> Unpacker:
    """An unpacker of deflate without any frame."""
    return Deflate(-15)


def bzip2() -> Unpacker:
    """An unpacker of bzip2."""
    return _Bounded(bz2.BZ2Decompressor())


def xz() -> Unpacker:
    """An unpacker of one xz stream."""
    return _Bounded(lzma.LZMADecompressor(memlimit=LARGEST_WINDOW + (1 << 20)))


def zstd() -> Unpacker:
    """An unpacker of one zstd frame."""
    return _Zstd()


def lz4_frame() -> Unpacker:
    """An unpacker of one LZ4 frame."""
    return _Bounded(lz4.frame.LZ4FrameDecompressor())


def gzip() -> Unpacker:
    """An unpacker of one gzip member."""
    return Deflate(31)


def lzma_of_zip(head: bytes) -> Unpacker:
    """An unpacker of LZMA as zip has it: ``head`` is 4 bytes and the properties (APPNOTE 5.8.8).

    Raises:
        UnpackingError: they are damaged.
        WindowError: see there.
    """
    if len(head) != 9 or head[2:4] != b"\x05\0" or head[4] >= 9 * 5 * 5:
        raise UnpackingError("LZMA properties")
    window = int.from_bytes(head[5:9], "little")
    if window > LARGEST_WINDOW:
        raise WindowError
    others, lc = divmod(head[4], 9)
    pb, lp = divmod(others, 5)
    if lc + lp > 4:
        raise UnpackingError("LZMA properties")
    chain = [
        {"id": lzma.FILTER_LZMA1, "dict_size": max(window, 4096), "lc": lc, "lp": lp, "pb": pb}
    ]
    return _Bounded(lzma.LZMADecompressor(lzma.FORMAT_RAW, filters=chain))


class Streams:
    """Streams of one kind, one after the other, as ``cat a.gz b.gz`` makes them.

    Args:
        made: gives an unpacker of the next stream.
        magic: how each stream begins; what begins otherwise is filling and is left alone.
    """

    def __init__(self, made: Callable[[], Unpacker], magic: bytes) -> None:
        self._made, self._magic = made, magic
        self._open: Unpacker | None = made()
        self._waiting = b""
        self._count = 1
        self.filling = False
        """What follows the last stream is none."""

    @property
    def over(self) -> bool:
        """Nothing is begun and not ended."""
        return self._open is None

    def unpacked(self, data: bytes) -> Iterator[bytes]:
        """What comes out of further bytes; errors as ``Unpacker.unpacked``, and ``BombError``."""
        # what is behind the end of a stream is copied: short pieces keep many tiny streams cheap
        for at in range(0, len(data), _SLICE):
            yield from self._of_slice(data[at : at + _SLICE])

    def _of_slice(self, data: bytes) -> Iterator[bytes]:
        while data and not self.filling:
            if self._open is None:
                data = self._waiting + data
                if len(data) < len(self._magic) and self._magic.startswith(data):
                    self._waiting = data
                    return
                self._waiting = b""
                if not data.startswith(self._magic):
                    self.filling = True
                    return
                self._count += 1
                if self._count > MOST_STREAMS:
                    raise BombError
                self._open = self._made()
            yield from self._open.unpacked(data)
            if not self._open.over:
                return
            data = self._open.rest
            self._open = None
