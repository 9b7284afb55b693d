"""Zip containers of unknown origin: measured before anything in them is unpacked.

Format: PKWARE APPNOTE 6.3.10 (zip, zip64). Where the directory at the end is damaged or was cut
off, the headers in front of the members are followed.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from itertools import pairwise
from typing import IO, TYPE_CHECKING, Final

from auditor.inspect.documents import unpacking
from auditor.inspect.documents.unpacking import BombError, Budget, UnpackingError, WindowError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.inspect.contracts import Pages
    from auditor.inspect.documents.unpacking import Unpacker
    from auditor.model.content import Unread

MOST_ENTRIES: Final = 50_000
"""Members of a container; each takes a few hundred bytes of memory."""

MOST_DIRECTORY: Final = 16 << 20
"""Bytes of its directory, which is held at once."""

LOCAL: Final = b"PK\x03\x04"
_CENTRAL: Final = b"PK\x01\x02"
_END: Final = b"PK\x05\x06"
_END_64: Final = b"PK\x06\x06"
_LOCATOR_64: Final = b"PK\x06\x07"
_DESCRIPTOR: Final = b"PK\x07\x08"
_LONGEST_COMMENT: Final = 0xFFFF
_MANY: Final = 0xFFFFFFFF
_PIECE: Final = 1 << 16
_LOCKED: Final = 1
_SIZES_BEHIND: Final = 8
_UTF_8: Final = 0x800

STORED, DEFLATED, BZIP2, LZMA, ZSTD, XZ = 0, 8, 12, 14, 93, 95


class LockedError(Exception):
    """A member is protected with a password."""


class MethodError(Exception):
    """A member is packed in a way that is not read."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One member.

    Attributes:
        offset: of the header in front of it.
        packed: its size in the container, bytes.
        unpacked: its size as it claims, bytes.
    """

    name: str
    method: int
    flags: int
    offset: int
    packed: int
    unpacked: int


class Container:
    """The members of a zip file, in the order of its directory.

    Attributes:
        damaged: the directory is not there; members were found by the headers in front of them.

    Raises:
        BombError: it claims too many members, bytes that belong to several of them, or to unpack
            to more than any document holds.
    """

    def __init__(self, file: IO[bytes], size: int) -> None:
        self._file, self._size = file, size
        self.budget = Budget(packed=size)
        self._told: set[tuple[Unread, str]] = set()
        found = _directory(file, size)
        self.damaged = found is None
        self.entries = list(_scanned(file, size)) if found is None else found
        self._measure()

    def _measure(self) -> None:
        by_place = sorted(self.entries, key=lambda entry: entry.offset)
        for one, next_one in pairwise(by_place):
            if one.offset + _LOCAL_HEADER.size + one.packed > next_one.offset:
                raise BombError
        claimed = sum(entry.unpacked for entry in self.entries)
        if claimed > max(unpacking.FREE, unpacking.MOST_RATIO * self._size):
            raise BombError

    def blocks(self, entry: Entry) -> Iterator[bytes]:
        """The bytes of a member, in pieces.

        Raises:
            LockedError, MethodError: see there.
            BombError: the container has unpacked to too much.
            UnpackingError: it is damaged.
            WindowError: it asks for too much memory.
        """
        if entry.flags & _LOCKED:
            raise LockedError
        start = self._start(entry)
        left = max(0, min(entry.packed, self._size - start))
        unpacker, used = self._unpacker(entry, start)
        start, left = start + used, left - used
        while left > 0 and not (unpacker and unpacker.over):
            self._file.seek(start)
            data = self._file.read(min(_PIECE, left))
            if not data:
                break
            start, left = start + len(data), left - len(data)
            for piece in unpacker.unpacked(data) if unpacker else (data,):
                self.budget.spend(len(piece))
                yield piece
        if (unpacker and not unpacker.over and entry.method != LZMA) or (
            not unpacker and start < entry.offset + entry.packed
        ):
            raise UnpackingError("is cut off")

    def _start(self, entry: Entry) -> int:
        self._file.seek(entry.offset)
        head = self._file.read(_LOCAL_HEADER.size)
        if len(head) < _LOCAL_HEADER.size or not head.startswith(LOCAL):
            raise UnpackingError("has no header")
        names, extra = struct.unpack_from("<HH", head, 26)
        return entry.offset + _LOCAL_HEADER.size + int(names) + int(extra)

    def _unpacker(self, entry: Entry, start: int) -> tuple[Unpacker | None, int]:
        """What unpacks a member (null = it is not packed), and bytes in front that it took."""
        if entry.method == LZMA:
            self._file.seek(start)
            return unpacking.lzma_of_zip(self._file.read(9)), 9
        if entry.method == STORED:
            return None, 0
        made = {
            DEFLATED: unpacking.deflate,
            BZIP2: unpacking.bzip2,
            ZSTD: unpacking.zstd,
            XZ: unpacking.xz,
        }.get(entry.method)
        if made is None:
            raise MethodError
        return made(), 0

    def give(self, pages: Pages, kind: str) -> None:
        """All members become members of ``pages``.

        Raises:
            BombError: the container has unpacked to too much.
        """
        if self.damaged:
            self.tell(pages, "damaged", kind)
        for entry in self.entries:
            if not entry.name.endswith("/") or entry.unpacked:
                self.give_one(entry, pages, kind)

    def give_one(self, entry: Entry, pages: Pages, kind: str) -> None:
        """One member becomes a member of ``pages``; errors as above."""
        part = pages.member(entry.name)
        try:
            for piece in self.blocks(entry):
                part.feed(piece)
        except FAILURES as error:
            self.tell(pages, *why_unread(error, entry, kind))
        finally:
            part.close()

    def tell(self, pages: Pages, why: Unread, what: str) -> None:
        """Tells once that something in it is not read, however many members it concerns."""
        if (why, what) not in self._told:
            self._told.add((why, what))
            pages.unread(why, what)


FAILURES: Final = (LockedError, MethodError, UnpackingError, WindowError)
"""Why one member cannot be read, while others can."""


def why_unread(error: Exception, entry: Entry, kind: str) -> tuple[Unread, str]:
    """What to tell of one of ``FAILURES``."""
    if isinstance(error, LockedError):
        return "locked", kind
    if isinstance(error, MethodError):
        return "unsupported", f"{kind}, method {entry.method}"
    return "too-large" if isinstance(error, WindowError) else "damaged", kind


_LOCAL_HEADER: Final = struct.Struct("<4sHHHHHIIIHH")
_CENTRAL_HEADER: Final = struct.Struct("<4sHHHHHHIIIHHHHHII")
_END_RECORD: Final = struct.Struct("<4sHHHHIIH")
_LOCATOR: Final = struct.Struct("<4sIQI")
_END_RECORD_64: Final = struct.Struct("<4sQHHIIQQQQ")


def _directory(file: IO[bytes], size: int) -> list[Entry] | None:
    """The members as the directory at the end lists them; null = there is none that holds."""
    begin = max(0, size - _END_RECORD.size - _LONGEST_COMMENT - _LOCATOR.size)
    file.seek(begin)
    tail = file.read(size - begin)
    at = tail.rfind(_END)
    if at < 0 or len(tail) - at < _END_RECORD.size:
        return None
    *_, count, length, offset, _ = _END_RECORD.unpack_from(tail, at)
    end = begin + at
    if tail[max(0, at - _LOCATOR.size) : at].startswith(_LOCATOR_64):
        _, _, end, _ = _LOCATOR.unpack_from(tail, at - _LOCATOR.size)
        if end > size - _END_RECORD_64.size:
            return None
        file.seek(end)
        record = file.read(_END_RECORD_64.size)
        if not record.startswith(_END_64):
            return None
        *_, count, length, offset = _END_RECORD_64.unpack(record)
    if count > MOST_ENTRIES or length > MOST_DIRECTORY:
        raise BombError
    start = end - length
    if start < 0:
        return None
    file.seek(start)
    return _listed(file.read(length), start - offset, size) if length or not count else None


def _listed(directory: bytes, shift: int, size: int) -> list[Entry] | None:
    """``shift``: bytes in front of the container, such as of a program that unpacks it."""
    entries: list[Entry] = []
    at = 0
    while at < len(directory):
        if len(directory) - at < _CENTRAL_HEADER.size or directory[at : at + 4] != _CENTRAL:
            return None
        fields = _CENTRAL_HEADER.unpack_from(directory, at)
        flags, method, packed, unpacked = fields[3], fields[4], fields[8], fields[9]
        names, extras, comment, offset = fields[10], fields[11], fields[12], fields[16]
        name = at + _CENTRAL_HEADER.size
        extra = directory[name + names : name + names + extras]
        unpacked, packed, offset = _with_64(extra, unpacked, packed, offset)
        offset += shift
        if not 0 <= offset < size or packed > size or len(entries) >= MOST_ENTRIES:
            return None
        called = _name(directory[name : name + names], flags)
        entries.append(Entry(called, method, flags, offset, packed, unpacked))
        at = name + names + extras + comment
    return entries


def _with_64(extra: bytes, unpacked: int, packed: int, offset: int = 0) -> tuple[int, int, int]:
    """Sizes and place, with those from the zip64 field where 32 bits do not hold them."""
    at = 0
    while at + 4 <= len(extra):
        kind, length = struct.unpack_from("<HH", extra, at)
        if kind == 1:
            field = extra[at + 4 : at + 4 + length]
            numbers = iter(struct.unpack_from(f"<{len(field) // 8}Q", field))
            unpacked = next(numbers, unpacked) if unpacked == _MANY else unpacked
            packed = next(numbers, packed) if packed == _MANY else packed
            offset = next(numbers, offset) if offset == _MANY else offset
            break
        at += 4 + length
    return unpacked, packed, offset


def _name(raw: bytes, flags: int) -> str:
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw.decode("utf-8" if flags & _UTF_8 else "cp437", "replace")


def _scanned(file: IO[bytes], size: int) -> Iterator[Entry]:
    """The members by the headers in front of them, one behind the other."""
    at, _ = _next_mark(file, 0, size, (LOCAL,))
    count = 0
    while at < size and count < MOST_ENTRIES:
        file.seek(at)
        head = file.read(_LOCAL_HEADER.size)
        if len(head) < _LOCAL_HEADER.size or not head.startswith(LOCAL):
            return
        _, _, flags, method, _, _, _, packed, unpacked, names, extras = _LOCAL_HEADER.unpack(head)
        name = file.read(names)
        unpacked, packed, _ = _with_64(file.read(extras), unpacked, packed)
        start = at + _LOCAL_HEADER.size + names + extras
        if flags & _SIZES_BEHIND and not packed:
            end, _ = _next_mark(file, start, size, (_DESCRIPTOR, LOCAL, _CENTRAL))
        else:
            end = min(start + packed, size)
        yield Entry(_name(name, flags), method, flags, at, max(0, end - start), unpacked)
        count += 1
        at, _ = _next_mark(file, end, size, (LOCAL, _CENTRAL))


def _next_mark(
    file: IO[bytes], start: int, size: int, marks: tuple[bytes, ...]
) -> tuple[int, bytes]:
    """Where the first of some marks stands at ``start`` or behind; ``size`` = nowhere."""
    piece = 1 << 10  # the next member may be near
    while start < size:
        file.seek(start)
        window = file.read(piece)
        found = [(window.find(mark), mark) for mark in marks if mark in window]
        if found:
            at, mark = min(found)
            return start + at, mark
        if len(window) < piece:
            break
        start += piece - 3
        piece = _PIECE
    return size, b""
