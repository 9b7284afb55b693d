"""Zip containers of office documents: measured before anything in them is unpacked."""

from __future__ import annotations

import struct
import zipfile
import zlib
from typing import IO, TYPE_CHECKING, Final

from auditor.model.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

MOST_ENTRIES: Final = 5_000
MOST_DIRECTORY: Final = 2 * 1024 * 1024
MOST_UNPACKED: Final = 64 * 1024 * 1024
"""Of one entry."""
MOST_IN_ALL: Final = 128 * 1024 * 1024
"""Of all entries that are read together."""
MOST_RATIO: Final = 200
RATIO_FROM: Final = 4 * 1024 * 1024
"""Below this size a high ratio harms nobody: empty tables pack well."""
AT_ONCE: Final = 1 << 16
_END: Final = b"PK\x05\x06"
_END_SIZE: Final = 22
_LOCATOR: Final = b"PK\x06\x07"
_LOCATOR_SIZE: Final = 20
_LONGEST_COMMENT: Final = 0xFFFF


class Archive:
    """A container whose parts are read by name; parts inside parts are never opened."""

    def __init__(self, path: Path, file: IO[bytes]) -> None:
        self.place = str(path)
        check_directory(file, self.place)
        try:
            self._zip = zipfile.ZipFile(file)
        except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
            raise self.broken() from None
        if len(self._zip.infolist()) > MOST_ENTRIES:
            raise self.broken()
        self._entries = {entry.filename: entry for entry in self._zip.infolist()}

    @property
    def names(self) -> tuple[str, ...]:
        """Names of its parts, in the container's order."""
        return tuple(self._entries)

    def check(self, names: Iterable[str]) -> None:
        """Looks at parts that are to be read, before any of them is.

        Raises:
            InputError: one is locked, or they unpack to more than any document holds.
        """
        entries = [self._entries[name] for name in names]
        if any(entry.flag_bits & 1 for entry in entries):
            raise InputError(
                "is locked with a password",
                place=self.place,
                hint="Attach a copy without a password, or register its metadata only.",
            )
        total = sum(entry.file_size for entry in entries)
        for entry in entries:
            ratio = entry.file_size / max(1, entry.compress_size)
            if (
                total > MOST_IN_ALL
                or entry.file_size > MOST_UNPACKED
                or (ratio > MOST_RATIO and entry.file_size > RATIO_FROM)
            ):
                raise InputError(
                    f"unpacks to too much ({total} bytes in {len(entries)} parts)",
                    place=self.place,
                    hint="Attach the document as PDF; a container like this is not opened.",
                )

    def blocks(self, name: str) -> Iterator[bytes]:
        """The bytes of a part that was checked, in blocks.

        Raises:
            InputError: it is damaged.
        """
        entry = self._entries[name]
        if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise self.broken()
        try:
            with self._zip.open(entry) as part:
                while block := part.read(AT_ONCE):
                    yield block
        except (zipfile.BadZipFile, zlib.error, OSError, EOFError, ValueError):
            raise self.broken() from None

    def broken(self) -> InputError:
        """What to raise when the container does not hold together."""
        return _broken(self.place)


def _broken(place: str) -> InputError:
    return InputError(
        "is damaged or cut off (the container does not hold together)",
        place=place,
        hint="Open it, save it anew and attach the new copy.",
    )


def check_directory(file: IO[bytes], place: str) -> None:
    """Looks at what the end of a zip file claims, before a library lists it all.

    Raises:
        InputError: it is no zip file, or claims more parts than any document has.
    """
    size = file.seek(0, 2)
    start = max(0, size - _LOCATOR_SIZE - _END_SIZE - _LONGEST_COMMENT)
    file.seek(start)
    tail = file.read()
    at = tail.rfind(_END)
    if at < 0 or len(tail) - at < _END_SIZE:
        raise _broken(place)
    entries, directory = struct.unpack_from("<HI", tail, at + 10)
    # a second directory (ZIP64) takes the place of the small numbers that stand here
    large = tail[max(0, at - _LOCATOR_SIZE) : at].startswith(_LOCATOR)
    if entries > MOST_ENTRIES or directory > MOST_DIRECTORY or large:
        raise InputError(
            f"claims {'countless' if large else entries} parts; no document has so many",
            place=place,
            hint="Save it anew, or attach it as PDF or CSV; a container like this is not opened.",
        )
    file.seek(0)
