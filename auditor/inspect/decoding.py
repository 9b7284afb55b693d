"""Content encodings taken off while the bytes stream: gzip, deflate, br, zstd, base64 and others.

Nothing inflates more than about 1 MiB before it hands it on, and what unpacks to far more than
any real document does is stopped (``BombError``).
"""

from __future__ import annotations

import binascii
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

import brotli
import zstandard

from auditor.inspect.aws_chunks import AwsChunks

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

MOST_ENCODINGS: Final = 4
"""Encodings one within another; senders use one, rarely two."""

MOST_AT_ONCE: Final = 1 << 20
"""Bytes unpacked before they are handed on."""

_SLICE: Final = 1 << 16  # packed bytes taken at a time: what is left of them is copied each time
_BROTLI_AT_ONCE: Final = 1 << 18  # the library may give up to twice as much, and a block
_SMALL_SLICE: Final = 1 << 12  # br, zstd: output of the slice in which the damage lies is lost
_SALVAGE: Final = 32  # gzip, deflate: bytes at a time when the last good ones are sought
_ZSTD_WINDOW: Final = 1 << 23  # RFC 9659: senders of content must not ask for more than 8 MB
_LONGEST_LINE: Final = 1 << 16  # of quoted-printable; RFC 2045 allows 76 characters


class DamagedError(Exception):
    """The bytes are not what the encoding says; what could be unpacked has been given."""


class BombError(Exception):
    """It unpacks to more than any document holds."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How much may come out.

    Attributes:
        ratio: bytes out per byte in. Text and dumps of databases pack 3 to 20 fold, the most
            repetitive logs about 100 fold; deflate reaches 1,032 fold with zeros alone.
        free: bytes that may come out whatever the ratio: small bodies of blanks are no attack.
        most: bytes that may come out at all; at 100 MB/s ten minutes for one body.
    """

    ratio: int = 200
    free: int = 16 << 20
    most: int = 64 << 30


class _Stage(Protocol):
    """One encoding being taken off."""

    def pieces(self, data: bytes) -> Iterator[bytes]: ...

    def rest(self) -> Iterator[bytes]: ...

    def resumed(self) -> bool: ...


class Decoder:
    """Takes a chain of encodings off. After an error it must not be fed again."""

    def __init__(self, stages: Sequence[_Stage], limits: Limits) -> None:
        self._stages = stages
        self._limits = limits
        self._taken = 0
        self._given = [0] * len(stages)

    def feed(self, data: bytes) -> Iterator[bytes]:
        """The unpacked bytes in pieces of at most about 1 MiB (or ``data`` itself).

        The iterator must be used up before the next call.

        Raises:
            DamagedError: all that could be unpacked has been given before.
            BombError: as above; what was given so far is sound.
        """
        self._taken += len(data)
        return self._through(0, iter((data,)))

    def close(self) -> Iterator[bytes]:
        """What was held back; an end that comes too early is no error.

        Raises:
            BombError, DamagedError: as above.
        """
        for index, stage in enumerate(self._stages):
            yield from self._through(index + 1, stage.rest())

    def resumed(self) -> bool:
        """Bytes are missing here: whether what follows can be decoded all the same."""
        able = True
        for stage in self._stages:
            able = stage.resumed() and able  # each is told
        return able

    def _through(self, begin: int, pieces: Iterator[bytes]) -> Iterator[bytes]:
        for index in range(begin, len(self._stages)):
            pieces = self._unpacked(index, pieces)
        return pieces

    def _unpacked(self, index: int, pieces: Iterator[bytes]) -> Iterator[bytes]:
        limits = self._limits
        stage = self._stages[index]
        for packed in pieces:
            for piece in stage.pieces(packed):
                self._given[index] += len(piece)
                given = self._given[index]
                if given > limits.most or given > max(limits.free, limits.ratio * self._taken):
                    raise BombError(f"{self._taken} bytes unpack to more than {given}")
                yield piece


def decoder(encodings: Sequence[str], limits: Limits | None = None) -> Decoder | None:
    """Takes off the encodings, the outermost first; null = one is not known, or they are too many.

    Names in any letter case: ``gzip``, ``x-gzip``, ``deflate`` (RFC 1950, and RFC 1951 as some
    send it), ``br`` (RFC 7932), ``zstd`` (RFC 8878), ``base64``, ``quoted-printable`` (RFC 2045),
    ``aws-chunked``;
    ``identity``, ``7bit``, ``8bit``, ``binary`` and the empty name change nothing.
    """
    stages: list[_Stage] = []
    for encoding in encodings:
        name = encoding.strip().lower()
        if name in _UNCHANGED:
            continue
        stage = _STAGES.get(name)
        if stage is None or len(stages) == MOST_ENCODINGS:
            return None
        stages.append(stage())
    return Decoder(stages, limits or Limits())


class _Inflating:
    """Deflate in one of its wrappings; ``members``: several may follow one another (gzip)."""

    def __init__(self, window_bits: int, *, members: bool) -> None:
        self._window_bits = window_bits
        self._members = members
        self._inflater = zlib.decompressobj(window_bits)
        self._ended = False

    def pieces(self, data: bytes) -> Iterator[bytes]:
        for begin in range(0, len(data), _SLICE):
            yield from self._of_slice(data[begin : begin + _SLICE])

    def _of_slice(self, data: bytes) -> Iterator[bytes]:
        while data:
            if self._ended:
                data = data.lstrip(b"\0" if self._members else b"\0\r\n")  # padding
                if not data:
                    return
                if not self._members:
                    raise DamagedError("bytes follow the end of the packed ones")
                self._inflater, self._ended = zlib.decompressobj(self._window_bits), False
            before = self._inflater.copy()
            try:
                piece = self._inflater.decompress(data, MOST_AT_ONCE)
            except zlib.error as error:
                yield from _salvaged(before, data)
                raise DamagedError(str(error)) from error
            if piece:
                yield piece
            self._ended = self._inflater.eof
            data = self._inflater.unused_data if self._ended else self._inflater.unconsumed_tail

    def rest(self) -> Iterator[bytes]:
        if not self._ended:
            try:
                yield self._inflater.flush()
            except zlib.error as error:
                raise DamagedError(str(error)) from error

    def resumed(self) -> bool:
        return False


def _salvaged(inflater: zlib._Decompress, data: bytes) -> Iterator[bytes]:
    """What comes out before the damage (to about 32 packed bytes)."""
    for begin in range(0, len(data), _SALVAGE):
        try:
            yield inflater.decompress(data[begin : begin + _SALVAGE])
        except zlib.error:
            return  # the damage is told by who asked


class _Deflated:
    """``deflate``: zlib's wrapping as RFC 9110 has it, or none as many send it."""

    def __init__(self) -> None:
        self._head = b""
        self._inflating: _Inflating | None = None

    def pieces(self, data: bytes) -> Iterator[bytes]:
        if self._inflating is None:
            data = self._head + data
            if len(data) < 2:
                self._head = data
                return
            self._inflating = _begun(data)
        yield from self._inflating.pieces(data)

    def rest(self) -> Iterator[bytes]:
        if self._inflating is not None:
            yield from self._inflating.rest()

    def resumed(self) -> bool:
        return False


def _begun(head: bytes) -> _Inflating:
    """By the first two bytes: RFC 1950 section 2.2; no packer begins raw deflate that way."""
    wrapped = head[0] & 0x0F == 8 and head[0] >> 4 <= 7 and (head[0] << 8 | head[1]) % 31 == 0
    return _Inflating(zlib.MAX_WBITS if wrapped else -zlib.MAX_WBITS, members=False)


class _Brotli:
    def __init__(self) -> None:
        self._decompressor = brotli.Decompressor()

    def pieces(self, data: bytes) -> Iterator[bytes]:
        for begin in range(0, len(data), _SMALL_SLICE):
            if self._decompressor.is_finished():
                raise DamagedError("bytes follow the end of the packed ones")
            packed = data[begin : begin + _SMALL_SLICE]
            try:
                while piece := self._decompressor.process(
                    packed, output_buffer_limit=_BROTLI_AT_ONCE
                ):
                    yield piece
                    packed = b""
            except brotli.error as error:
                raise DamagedError(str(error)) from error

    def rest(self) -> Iterator[bytes]:
        return iter(())

    def resumed(self) -> bool:
        return False


class _Waiting(Exception):  # noqa: N818 - no error: it ends a read without ending the stream
    """All packed bytes so far have been taken."""


class _Packed:
    """What the zstd reader reads from: bytes as they come."""

    def __init__(self) -> None:
        self.data = b""
        self.ended = False

    def read(self, _size: int = -1) -> bytes:
        if not self.data and not self.ended:
            raise _Waiting
        data, self.data = self.data, b""
        return data


class _Zstandard:
    """The only interface of the library that bounds its output pulls; so it is fed by pulling."""

    def __init__(self) -> None:
        self._packed = _Packed()
        self._reader = zstandard.ZstdDecompressor(max_window_size=_ZSTD_WINDOW).stream_reader(
            self._packed,  # type: ignore[arg-type] # only ``read`` is called
            read_across_frames=True,
            closefd=False,
        )

    def pieces(self, data: bytes) -> Iterator[bytes]:
        for begin in range(0, len(data), _SMALL_SLICE):
            self._packed.data = data[begin : begin + _SMALL_SLICE]
            yield from self._read()

    def rest(self) -> Iterator[bytes]:
        self._packed.ended = True
        yield from self._read()

    def _read(self) -> Iterator[bytes]:
        try:
            while piece := self._reader.read1(MOST_AT_ONCE):
                yield piece
        except _Waiting:
            return
        except zstandard.ZstdError as error:
            raise DamagedError(str(error)) from error

    def resumed(self) -> bool:
        return False


_BASE64: Final = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
_NOT_BASE64: Final = bytes(set(range(256)) - set(_BASE64 + b"="))


class _Base64:
    """RFC 2045 section 6.8: what is no letter of the alphabet is passed over."""

    def __init__(self) -> None:
        self._held = b""
        self._until_line_end = False

    def pieces(self, data: bytes) -> Iterator[bytes]:
        for begin in range(0, len(data), MOST_AT_ONCE):
            piece = self._decoded(data[begin : begin + MOST_AT_ONCE])
            if piece:
                yield piece

    def _decoded(self, data: bytes) -> bytes:
        if self._until_line_end:
            _, found, data = data.partition(b"\n")
            self._until_line_end = not found
        letters = self._held + data.translate(None, _NOT_BASE64)
        *padded, last = letters.split(b"=")  # after padding another text may begin
        whole = len(last) & ~3
        self._held = last[whole:]
        texts = [_completed(text) for text in padded if text]
        texts.append(binascii.a2b_base64(last[:whole]))
        return b"".join(texts)

    def rest(self) -> Iterator[bytes]:
        yield _completed(self._held)

    def resumed(self) -> bool:
        # Lines of MIME hold whole groups of four: the next line is in step again.
        self._held, self._until_line_end = b"", True
        return True


def _completed(letters: bytes) -> bytes:
    """The bytes of letters whose padding is missing; a single last letter says nothing."""
    if len(letters) % 4 == 1:
        letters = letters[:-1]
    return binascii.a2b_base64(letters + b"=" * (-len(letters) % 4))


class _QuotedPrintable:
    """RFC 2045 section 6.7, line by line."""

    def __init__(self) -> None:
        self._held = bytearray()

    def pieces(self, data: bytes) -> Iterator[bytes]:
        for begin in range(0, len(data), MOST_AT_ONCE):
            self._held += data[begin : begin + MOST_AT_ONCE]
            end = self._held.rfind(b"\n", max(0, len(self._held) - MOST_AT_ONCE)) + 1
            if not end and len(self._held) > _LONGEST_LINE:
                escape = self._held.rfind(b"=", len(self._held) - 3)
                end = escape if escape >= 0 else len(self._held)
            if end:
                yield binascii.a2b_qp(self._held[:end])
                del self._held[:end]

    def rest(self) -> Iterator[bytes]:
        yield binascii.a2b_qp(self._held)
        self._held.clear()

    def resumed(self) -> bool:
        return True


_UNCHANGED: Final = frozenset({"", "identity", "7bit", "8bit", "binary"})

_STAGES: Final[dict[str, Callable[[], _Stage]]] = {
    "gzip": lambda: _Inflating(zlib.MAX_WBITS | 16, members=True),
    "x-gzip": lambda: _Inflating(zlib.MAX_WBITS | 16, members=True),
    "deflate": _Deflated,
    "br": _Brotli,
    "zstd": _Zstandard,
    "base64": _Base64,
    "quoted-printable": _QuotedPrintable,
    "aws-chunked": AwsChunks,
}
