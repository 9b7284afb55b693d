"""Zip archives, and single files packed with gzip, bzip2, xz, zstd or LZ4.

What is in them comes out as members. Nothing is written anywhere; names are for people only.
"""

from __future__ import annotations

from typing import IO, TYPE_CHECKING, Final

from auditor.inspect.documents import office, unpacking
from auditor.inspect.documents.container import LOCAL
from auditor.inspect.documents.unpacking import (
    BombError,
    Budget,
    Streams,
    UnpackingError,
    WindowError,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from auditor.inspect.contracts import About, Pages, Part, Reading
    from auditor.inspect.documents.unpacking import Unpacker
    from auditor.model.content import Unread


class Zip:
    """Zip files, also behind a program that unpacks them, and without their directory."""

    name = "ZIP"

    def sniff(self, head: bytes, about: About) -> float:
        """See ``WholeDocument``."""
        if head.startswith((LOCAL, b"PK\x05\x06", b"PK\x07\x08")):
            return 0.9
        return 0.6 if head.startswith(b"MZ") and about.filename.lower().endswith(".zip") else 0.0

    def read(self, file: IO[bytes], size: int, about: About, pages: Pages) -> None:
        """See ``WholeDocument``."""
        del about
        office.read_container(file, size, pages, self.name)


class Packed:
    """A single packed file of one kind, read as it comes."""

    def __init__(
        self, name: str, magic: bytes, endings: tuple[str, ...], made: Callable[[], Unpacker]
    ) -> None:
        self.name = name
        self.magic = magic
        self.endings = endings
        self.made = made

    def sniff(self, head: bytes, about: About) -> float:
        """See ``Document``."""
        del about
        return 0.95 if head.startswith(self.magic) else 0.0

    def reading(self, about: About, pages: Pages) -> Reading:
        """See ``Document``."""
        return _PackedReading(self, about, pages)

    def name_within(self, filename: str) -> str:
        """Name of the file within, by the name of the packed one."""
        for ending in self.endings:
            if filename.lower().endswith(ending):
                instead = ".tar" if ending.startswith(".t") else ""
                return filename[: -len(ending)] + instead
        return filename


GZIP: Final = Packed("gzip", b"\x1f\x8b\x08", (".tgz", ".gz"), unpacking.gzip)
BZIP2: Final = Packed("bzip2", b"BZh", (".tbz2", ".tbz", ".bz2"), unpacking.bzip2)
XZ: Final = Packed("xz", b"\xfd7zXZ\0", (".txz", ".xz"), unpacking.xz)
ZSTD: Final = Packed("zstd", b"\x28\xb5\x2f\xfd", (".tzst", ".zst"), unpacking.zstd)
LZ4: Final = Packed("LZ4", b"\x04\x22\x4d\x18", (".lz4",), unpacking.lz4_frame)


class _PackedReading:
    def __init__(self, kind: Packed, about: About, pages: Pages) -> None:
        self._kind, self._pages = kind, pages
        self._name = kind.name_within(about.filename)
        self._streams = Streams(kind.made, kind.magic)
        self._budget = Budget()
        self._part: Part | None = None
        self._failed = False

    def feed(self, data: bytes) -> None:
        if self._failed:
            return
        if self._part is None:
            self._part = self._pages.member(self._name)
        self._budget.packed += len(data)
        try:
            for piece in self._streams.unpacked(data):
                self._budget.spend(len(piece))
                self._part.feed(piece)
        except BombError:
            self._fail("bomb")
        except WindowError:
            self._fail("too-large")
        except UnpackingError:
            self._fail("damaged")

    def gap(self, size: int) -> None:
        del size  # nothing can be unpacked behind it
        if not self._failed:
            self._fail("damaged")

    def close(self) -> None:
        if not self._failed and not self._streams.over:
            self._fail("damaged")
        self._end()

    def _fail(self, why: Unread) -> None:
        self._failed = True
        self._pages.unread(why, self._kind.name)
        self._end()

    def _end(self) -> None:
        if self._part is not None:
            self._part.close()
            self._part = None
