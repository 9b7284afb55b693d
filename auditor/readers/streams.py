"""A file's bytes, out of whatever it was packed in.

gzip (RFC 1952), bzip2, xz, Zstandard (RFC 8878), LZ4 frames and the members of zip (APPNOTE) and
tar files are taken apart as they are read; nothing is written to disk or held whole. What a file
is packed in is told by its first bytes, never by its name.
"""

from __future__ import annotations

import bz2
import hashlib
import lzma
import os
import stat
import zlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Final, Protocol

from auditor.readers import storage
from auditor.readers.storage import Stored

if TYPE_CHECKING:
    from types import TracebackType

    from auditor.readers.reading import Progress

MAGICS: Final = {
    b"\x1f\x8b": "gzip",
    b"BZh": "bzip2",
    b"\xfd7zXZ\x00": "xz",
    b"\x28\xb5\x2f\xfd": "zstd",
    b"\x04\x22\x4d\x18": "lz4",
}
"""First bytes of packed files."""

ZIP: Final = (b"PK\x03\x04", b"PK\x05\x06")
MOST_LAYERS: Final = 3
MOST_MEMORY: Final = 1 << 27
"""Bytes that a Zstandard window or an xz dictionary may ask for (as the command-line tools)."""

HEAD: Final = 1 << 16
"""Bytes of a file that the readers are shown."""

PIECE: Final = 1 << 16
SMALL_PIECE: Final = 1 << 10
"""Zstandard: 1 KiB can unpack to 32 MiB at most, and its library gives all at once."""

CHUNK: Final = 1 << 20
STANDARD_INPUT: Final = "-"


class DamagedError(Exception):
    """The packing is damaged or ends too early; ``offset`` is the place in the packed bytes."""

    def __init__(self, reason: str, offset: int, lost: int | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.offset = offset
        self.lost = lost


class Raw(Protocol):
    """Where bytes come from."""

    def readinto(self, buffer: memoryview, /) -> int | None:
        """Fills the buffer as far as it can; 0 at the end."""


@dataclass(frozen=True, slots=True)
class Part:
    """The place of an archive's member.

    Attributes:
        name: as the archive has it.
        offset: of its packed bytes in the file.
        packed: how many these are.
        method: 0 stored, else as in the zip format (8 deflate, 12 bzip2, 93 Zstandard).
        check: CRC-32 of the unpacked bytes; null = unknown.
    """

    name: str
    offset: int
    packed: int
    method: int = 0
    check: int | None = None


@dataclass(frozen=True, slots=True)
class Source:
    """One input: a file, a member of an archive, or a pipe that is open already.

    Attributes:
        path: as it was named; of files on shared storage, what stands behind the ``://``.
        stored: where on shared storage the file lies; null = on a disk of this machine.
        root: folder that a relative path is meant from; null = the one the program runs in.
    """

    path: Path
    part: Part | None = None
    pipe: Opened | None = field(default=None, compare=False)
    stored: Stored | None = None
    root: Path | None = None

    @property
    def name(self) -> str:
        """As it is shown: ``archive.zip/member.pcap`` for members."""
        if self.part is not None:
            return f"{self.file_name}/{self.part.name}"
        return "standard input" if self.file_name == STANDARD_INPUT else self.file_name

    @property
    def file_name(self) -> str:
        """The name of the file, or of the archive that it is a member of."""
        return str(self.path) if self.stored is None else self.stored.url

    @property
    def folder(self) -> str:
        """The folder, or the archive, that it lies in."""
        if self.part is not None:
            return self.file_name
        return str(self.path.parent) if self.stored is None else self.stored.url.rpartition("/")[0]

    @property
    def absolute_folder(self) -> str:
        """The same by its whole path, links in it not resolved; addresses are whole already."""
        folder = self.folder
        return folder if self.stored is not None else os.path.abspath(folder)  # noqa: PTH100

    @property
    def local(self) -> Path | None:
        """Where the file can be opened on this machine; null if it lies elsewhere."""
        if self.stored is not None:
            return None
        return self.path if self.root is None else self.root / self.path

    @property
    def size(self) -> int:
        """Bytes on disk; 0 for what cannot be known before it is read."""
        if self.part is not None:
            return self.part.packed
        if self.pipe is not None:
            return self.pipe.size
        return self.file_size

    @property
    def file_size(self) -> int:
        """Bytes of the file, or of the archive that it is a member of; 0 if it is gone."""
        if self.stored is not None:
            return self.stored.size
        try:
            return (self.local or self.path).stat().st_size
        except OSError:
            return 0  # gone since it was listed: opening it will tell

    @property
    def written(self) -> int | None:
        """When the file was last written, in ns since 1970; null for members and pipes."""
        if self.part is not None or self.pipe is not None:
            return None
        if self.stored is not None:
            return self.stored.written
        try:
            return (self.local or self.path).stat().st_mtime_ns
        except OSError:
            return None  # as above

    def is_there(self, size: int) -> bool:
        """Whether the file can be seen from this process, with as many bytes at least."""
        if self.stored is not None:
            return storage.is_as_listed(self.stored)
        try:
            return (self.local or self.path).stat().st_size >= size
        except OSError:
            return False

    def open(self, progress: Progress | None = None) -> Opened:
        """Its content as a stream; ``progress`` hears of bytes on disk.

        Raises:
            OSError: it cannot be opened.
        """
        told = progress or _nobody
        if self.pipe is not None:
            self.pipe.told_to(told)
            return self.pipe
        file = self.file(buffering=0)
        try:
            return Opened(_Counted(file, told), self.part)
        except BaseException:
            file.close()
            raise

    def file(self, buffering: int = -1) -> BinaryIO:
        """The file it is, or lies in, to be read and sought in.

        Raises:
            OSError: it cannot be opened.
        """
        if self.stored is not None:
            return storage.opened(self.stored)
        return (self.local or self.path).open("rb", buffering)


def opened_pipe(path: Path) -> Opened:
    """Standard input (``-``) or a named pipe, opened for once.

    Raises:
        OSError: it cannot be opened.
    """
    if str(path) == STANDARD_INPUT:
        return Opened(_Counted(os.fdopen(0, "rb", buffering=0, closefd=False), _nobody), None)
    return Opened(_Counted(path.open("rb", buffering=0), _nobody), None)


def is_pipe(path: Path) -> bool:
    """Whether this is standard input or a pipe.

    Raises:
        OSError: nothing is known of the path.
    """
    return str(path) == STANDARD_INPUT or stat.S_ISFIFO(path.stat().st_mode)


class Opened:
    """The content of a source: its first bytes to look at, then all of it, once.

    Attributes:
        head: the first bytes of the content, at most ``HEAD``; fewer where they are damaged.
        packings: what it was packed in, outermost first.
    """

    def __init__(self, file: _Counted, part: Part | None) -> None:
        self._file = file
        self._part = part
        self.packings: list[str] = []
        self.broken: DamagedError | OSError | None = None
        stream: Raw = file
        if part is not None:
            file.seek(part.offset)
            stream = _Slice(file, part.packed)
            if part.method:
                self.packings.append("zip")
                stream = _Unpacked(_METHODS[part.method](), stream)
            if part.check is not None:
                stream = _Checked(stream, part.check)
        while True:
            self.head: bytes = self._read_head(stream)
            kind = next((k for magic, k in MAGICS.items() if self.head.startswith(magic)), None)
            if kind is None or len(self.packings) == MOST_LAYERS:
                break
            file.plain = part is not None  # the digest of a member is that of its content
            self.packings.append(kind)
            stream = _Unpacked(_LAYERS[kind](), _Ahead(self.head, stream, self.broken))
            self.broken = None
        self._stream: Raw = _Ahead(self.head, stream, self.broken)

    def __enter__(self) -> Opened:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def size(self) -> int:
        """Bytes on disk that have been read so far."""
        return self._file.count

    def readinto(self, buffer: memoryview, /) -> int | None:
        """Fills the buffer as far as it can; 0 at the end.

        Raises:
            DamagedError: the packing is damaged here.
            OSError: the disk is.
        """
        return self._stream.readinto(buffer)

    def sha256(self, content: str) -> str:
        """Hex digest of the file on disk; of the content (which is given) for a member."""
        if self._part is not None or not self.packings:
            return content
        return self._file.digest()

    def told_to(self, progress: Progress) -> None:
        """From now on ``progress`` hears of the bytes, and at once of those read so far."""
        self._file.told = progress
        progress(self._file.count)

    def close(self) -> None:
        """Closes the file."""
        self._file.close()

    def _read_head(self, stream: Raw) -> bytes:
        head = bytearray(HEAD)
        size = 0
        while size < HEAD:
            try:
                got = stream.readinto(memoryview(head)[size:])
            except (DamagedError, OSError) as error:
                self.broken = error
                break
            if not got:
                break
            size += got
        return bytes(head[:size])


class _Counted:
    """The file on disk: what is read is counted, and hashed where the content is another."""

    def __init__(self, file: Any, told: Progress) -> None:  # noqa: ANN401 - a raw file
        self._file = file
        self.told = told
        self.count = 0
        self.plain = True
        self._hash: Any = None
        self._first = bytearray()

    def seek(self, offset: int) -> None:
        self._file.seek(offset)

    def readinto(self, buffer: memoryview, /) -> int:
        got = self._file.readinto(buffer) or 0
        self.count += got
        if self.plain and self.count <= HEAD:
            self._first += buffer[:got]  # until it is known whether it is packed
        elif not self.plain:
            self._hashed().update(buffer[:got])
        self.told(got)
        return int(got)

    def digest(self) -> str:
        """Hex digest of the whole file, whose rest is read for it."""
        rest = memoryview(bytearray(CHUNK))
        while self.readinto(rest):
            pass
        return str(self._hashed().hexdigest())

    def close(self) -> None:
        self._file.close()

    def _hashed(self) -> Any:  # noqa: ANN401 - hashlib's own type is not public
        if self._hash is None:
            self._hash = hashlib.sha256(self._first)
            self._first = bytearray()
        return self._hash


class _Ahead:
    """Bytes read before, then the rest of the stream, then what it broke with."""

    def __init__(self, head: bytes, rest: Raw, broken: Exception | None) -> None:
        self._head = memoryview(head)
        self._rest = rest
        self._broken = broken

    def readinto(self, buffer: memoryview, /) -> int | None:
        if len(self._head):
            size = min(len(self._head), len(buffer))
            buffer[:size] = self._head[:size]
            self._head = self._head[size:]
            return size
        if self._broken is not None:
            raise self._broken
        return self._rest.readinto(buffer)


class _Slice:
    """So many bytes of a file."""

    def __init__(self, file: Raw, size: int) -> None:
        self._file = file
        self._size = self._left = size

    def readinto(self, buffer: memoryview, /) -> int | None:
        if not self._left:
            return 0
        got = self._file.readinto(buffer[: self._left])
        if not got:
            raise DamagedError("the archive ends inside it", self._size - self._left, self._left)
        self._left -= got
        return got


class _Checked:
    """A member whose content must have the checksum that its archive names."""

    def __init__(self, stream: Raw, check: int) -> None:
        self._stream = stream
        self._wanted = check
        self._sum = 0
        self._size = 0

    def readinto(self, buffer: memoryview, /) -> int | None:
        got = self._stream.readinto(buffer)
        if got:
            self._sum = zlib.crc32(buffer[:got], self._sum)
            self._size += got
        elif len(buffer) and self._sum != self._wanted:
            self._wanted = self._sum  # told once
            raise DamagedError("its checksum is wrong", self._size)
        return got


class _Decoder(Protocol):
    """What bz2, lzma and lz4 agree on."""

    @property
    def eof(self) -> bool:
        """Whether the stream is over."""

    @property
    def needs_input(self) -> bool:
        """Whether nothing more comes without more bytes."""

    @property
    def unused_data(self) -> bytes:
        """What was given to it and stands behind the stream."""

    def decompress(self, data: bytes, max_length: int) -> bytes:
        """Unpacks what it has been given so far, at most so many bytes of it."""


class _Inflate:
    """zlib in the manner of the others; gives what stands before damage."""

    def __init__(self, wrapper: int) -> None:
        self._inner = zlib.decompressobj(wrapper)
        self._left = b""
        self._broken: zlib.error | None = None
        self.needs_input = True

    @property
    def eof(self) -> bool:
        return self._inner.eof

    @property
    def unused_data(self) -> bytes:
        return self._inner.unused_data

    def decompress(self, data: bytes, max_length: int) -> bytes:
        if self._broken is not None:
            raise self._broken
        data = self._left + data
        before = self._inner.copy()
        try:
            text = self._inner.decompress(data, max_length)
        except zlib.error as error:
            # zlib throws away what it had unpacked when it meets damage: byte by byte it does not
            self._broken = error
            self.needs_input = False
            self._inner = before
            out = bytearray()
            for place in range(len(data)):
                try:
                    out += before.decompress(data[place : place + 1])
                except zlib.error:
                    break
            return bytes(out)
        self._left = self._inner.unconsumed_tail
        self.needs_input = not self._left and len(text) < max_length
        return text


class _Zstandard:
    """Zstandard in the manner of the others; fed by small pieces, it gives what these hold."""

    def __init__(self) -> None:
        import zstandard  # late: few captures are packed so

        self._inner: Any = zstandard.ZstdDecompressor(max_window_size=MOST_MEMORY).decompressobj()
        self._error = zstandard.ZstdError
        self.needs_input = True

    @property
    def eof(self) -> bool:
        return bool(self._inner.eof)

    @property
    def unused_data(self) -> bytes:
        return bytes(self._inner.unused_data)

    def decompress(self, data: bytes, max_length: int) -> bytes:
        del max_length
        try:
            return bytes(self._inner.decompress(data))
        except self._error as error:
            raise ValueError(str(error)) from None


def _lz4() -> _Decoder:
    import lz4.frame  # late: few captures are packed so

    decoder: _Decoder = lz4.frame.LZ4FrameDecompressor()
    return decoder


_LAYERS: Final[dict[str, Any]] = {
    "gzip": lambda: _Layer("gzip", lambda: _Inflate(31), b"\x1f\x8b"),
    "bzip2": lambda: _Layer("bzip2", bz2.BZ2Decompressor, b"BZh"),
    "xz": lambda: _Layer("xz", _xz, b"\xfd7zXZ\x00"),
    "zstd": lambda: _Layer("Zstandard", _Zstandard, b"", SMALL_PIECE),
    "lz4": lambda: _Layer("LZ4", _lz4, b""),
}
_METHODS: Final[dict[int, Any]] = {
    8: lambda: _Layer("deflate", lambda: _Inflate(-15), None),
    12: lambda: _Layer("bzip2", bz2.BZ2Decompressor, b"BZh"),
    93: lambda: _Layer("Zstandard", _Zstandard, b"", SMALL_PIECE),
}
METHODS: Final = frozenset({0, *_METHODS})
"""Packings of zip members that are read."""


def _xz() -> _Decoder:
    return lzma.LZMADecompressor(memlimit=MOST_MEMORY)


@dataclass(frozen=True, slots=True)
class _Layer:
    """One kind of packing.

    Attributes:
        name: as people call it.
        decoder: makes what unpacks one stream of it.
        again: what another stream behind the first begins with; null = none may follow.
        piece: bytes that are fed at a time.
    """

    name: str
    decoder: Any
    again: bytes | None
    piece: int = PIECE


class _Unpacked:
    """Packed bytes, unpacked: all streams that stand one behind the other."""

    def __init__(self, layer: _Layer, packed: Raw) -> None:
        self._layer = layer
        self._packed = packed
        self._decoder: _Decoder = layer.decoder()
        self._input = memoryview(bytearray(layer.piece))
        self._fed = 0
        self._last = 0
        self._ready = memoryview(b"")
        self._broken: DamagedError | OSError | None = None

    def readinto(self, buffer: memoryview, /) -> int | None:
        if not len(buffer):
            return 0
        while not len(self._ready):
            if self._broken is not None:
                raise self._broken
            data = b""
            if self._decoder.eof:
                data = self._next()
                if not data:
                    return 0
            elif self._decoder.needs_input:
                data = self._more()
                if not data:
                    raise self._damaged("its end is missing", 0)
            try:
                self._ready = memoryview(self._decoder.decompress(data, max(len(buffer), 4096)))
            except (zlib.error, lzma.LZMAError, EOFError, ValueError, RuntimeError, OSError) as err:
                # OSError: bz2 says so of damage; this decoder never touches the disk
                raise self._damaged(str(err).strip().rstrip("."), self._last) from None
        size = min(len(self._ready), len(buffer))
        buffer[:size] = self._ready[:size]
        self._ready = self._ready[size:]
        return size

    def _more(self) -> bytes:
        try:
            got = self._packed.readinto(self._input) or 0
        except (DamagedError, OSError) as error:
            self._broken = error
            raise
        self._fed += got
        self._last = got
        return bytes(self._input[:got])

    def _next(self) -> bytes:
        """The first bytes of the next stream, whose decoder is made; empty at the end."""
        if self._layer.again is None:
            return b""
        data = (self._decoder.unused_data or b"").lstrip(b"\0")  # files may be padded with zeros
        while len(data) < 6:
            more = self._more()
            if not more:
                break
            data = (data + more).lstrip(b"\0")
        if not data:
            return b""
        if not data.startswith(self._layer.again[: len(data)]):
            raise self._damaged("the bytes behind it are none of it", len(data))
        self._decoder = self._layer.decoder()
        return data

    def _damaged(self, why: str, lost: int) -> DamagedError:
        """Damage in the last ``lost`` bytes; what stands behind them is lost too."""
        offset = self._fed - lost
        while self._more():
            pass
        why = f"{self._layer.name}: {why or 'its bytes make no sense'}"
        self._broken = DamagedError(why, offset, self._fed - offset)
        return self._broken


def _nobody(size: int) -> None:
    """Hears of bytes and does nothing."""
