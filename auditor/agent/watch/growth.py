"""A file that grew after it was taken: only what is new of it is audited.

The new part is staged as a file of the same name: the head that its format needs (title lines, or
a capture's own header and interfaces), then everything behind the last whole record that counted.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import shutil
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from auditor.model.errors import InputError
from auditor.model.problem import Problem
from auditor.model.text import legible
from auditor.readers import Settings
from auditor.readers.formats import Choice
from auditor.readers.streams import CHUNK, DamagedError, Source

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO

    from auditor.model.problem import Note
    from auditor.readers import Reader
    from auditor.readers.streams import Raw
    from auditor.readers.tables.mapping import Mapping

LONGEST_LINE: Final = 1 << 20
SPARE: Final = 1 << 30
"""Bytes of the disk that copies leave free."""
_NANO_MICRO: Final = {
    b"\xd4\xc3\xb2\xa1": "<",
    b"\x4d\x3c\xb2\xa1": "<",
    b"\xa1\xb2\xc3\xd4": ">",
    b"\xa1\xb2\x3c\x4d": ">",
}
_SECTION: Final = b"\x0a\x0d\x0d\x0a"
_INTERFACE: Final = 1


class CannotGoOnError(Exception):
    """What is new in the file cannot be told from what was taken; the text says why."""


@dataclass(frozen=True, slots=True)
class Rest:
    """The new part: a file of its own, and where in the whole it begins."""

    path: Path
    begin: int


def rest_of(
    path: Path, taken: int, length: int, scratch: Path, mappings: tuple[Mapping, ...], note: Note
) -> Rest:
    """What a file holds behind its first ``taken`` bytes (unpacked), up to ``length``.

    Raises:
        CannotGoOnError: its format is not continued here.
        OSError: it cannot be read, or the staged file not be written.
    """
    scratch.mkdir(mode=0o700, parents=True, exist_ok=True)
    if shutil.disk_usage(scratch).free - (length - taken) < SPARE:
        raise OSError(errno.ENOSPC, "the disk would be full")
    choice = Choice(mappings)
    with Source(path).open() as opened:
        head, packed = opened.head, bool(opened.packings)
    reader = choice.reader_for(head)
    if reader is None:
        raise CannotGoOnError("no reader takes it")
    if reader.name == "capture":
        if packed:
            raise CannotGoOnError("it is a packed capture")
        begin, first = _capture(path, taken)
        with _staged(path, scratch) as (staged, file):
            file.write(first)
            _copied(path, begin, length, file)
        return Rest(staged, begin)
    if b"\0" in head or head.lstrip()[:1] == b"[":
        raise CannotGoOnError("its format is not one of lines")
    title = _title(head, path.name, reader, scratch)
    begin, again = _line_place(path, (taken, length), reader, title, scratch, note)
    with _staged(path, scratch) as (staged, file):
        file.write(title)
        file.write(again)
        _copied(path, begin, length, file)
    return Rest(staged, begin - len(again))


def _line_place(
    path: Path, span: tuple[int, int], reader: Reader, title: bytes, scratch: Path, note: Note
) -> tuple[int, bytes]:
    """Where the new lines begin, and the beginning of a line that counts only now."""
    taken, length = span
    before = b"".join(_pieces(path, max(taken - LONGEST_LINE, 0), taken))
    after = b"".join(_pieces(path, taken, min(taken + LONGEST_LINE, length)))
    line = before[before.rfind(b"\n") + 1 :]
    if not line:
        return taken, b""
    if len(line) == LONGEST_LINE:
        raise CannotGoOnError("its lines are too long")
    end = after.find(b"\n")
    if not after[: max(end, 0)].strip(b"\r") and end >= 0:
        return taken + end + 1, b""  # it was whole but for its end
    if not _records(title + line + b"\n", path.name, reader, scratch):
        return taken, line  # it was no record as it stood: it counts now
    if end < 0 and len(after) == LONGEST_LINE:
        raise CannotGoOnError("its lines are too long")
    what = "A line was counted in the shorter form that it had when the file was taken first."
    hint = "Take files less early: set rotating, or a longer settle."
    note(Problem("shortened-line", legible(str(path)), what, hint, taken - len(line)))
    return taken + (end + 1 if end >= 0 else len(after)), b""


def _title(head: bytes, name: str, reader: Reader, scratch: Path) -> bytes:
    """The lines above the records: those with #, and a first one that is no record."""
    lines = head.splitlines(keepends=True)
    count = 0
    while count < len(lines) and lines[count].startswith(b"#"):
        count += 1
    title = b"".join(lines[:count])
    if count < len(lines) and not _records(title + lines[count], name, reader, scratch):
        return title + lines[count]
    return title


def _records(content: bytes, name: str, reader: Reader, scratch: Path) -> int:
    """How many records the reader finds in a piece of a log."""
    with _staged(Path(name), scratch) as (path, file):
        file.write(content)
    unsaid: list[Problem] = []  # the audit says what is wrong with the file
    try:
        answers = reader.read(
            [Source(path)], Settings(), unsaid.append, lambda _: None, lambda _, __: None
        )
    except InputError:
        return 0
    finally:
        path.unlink()
    return sum(0 if isinstance(answer, InputError) else answer.packets for answer in answers)


def _pieces(path: Path, begin: int, end: int) -> Iterator[bytes]:
    """The content of a file from one place to another, out of its packing."""
    buffer = memoryview(bytearray(CHUNK))
    place = 0
    with contextlib.ExitStack() as stack:
        opened = stack.enter_context(Source(path).open())
        stream: Raw = opened
        if not opened.packings:
            stream = file = stack.enter_context(Source(path).file(buffering=0))  # type: ignore[assignment]
            place = file.seek(begin)
        while place < end:
            try:
                got = stream.readinto(buffer[: min(CHUNK, end - place)])
            except DamagedError:
                return
            if not got:
                return
            if place + got > begin:
                yield bytes(buffer[max(begin - place, 0) : got])
            place += got


def _copied(path: Path, begin: int, end: int, file: BinaryIO) -> None:
    file.writelines(_pieces(path, begin, end))


@contextlib.contextmanager
def _staged(path: Path, scratch: Path) -> Iterator[tuple[Path, BinaryIO]]:
    """A new file of that name, for its owner only; files of one folder stay side by side."""
    folder = scratch / hashlib.sha256(os.fsencode(path.parent)).hexdigest()[:16]
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    made = folder / path.name
    handle = os.open(made, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            yield made, file
    except BaseException:
        made.unlink(missing_ok=True)
        raise
    if path.exists():  # logs without a year are dated by when they were written
        status = path.stat()
        os.utime(made, ns=(status.st_atime_ns, status.st_mtime_ns))


def _capture(path: Path, taken: int) -> tuple[int, bytes]:
    """Where the first packet begins that was not whole before, and what a capture opens with."""
    with Source(path).file() as file:
        window = _Window(file)
        magic = window.get(0, 4)
        if magic in _NANO_MICRO:
            return _classic(window, taken, _NANO_MICRO[magic])
        if magic == _SECTION:
            return _next_generation(window, taken)
    raise CannotGoOnError("it is a capture of a rare kind")


def _classic(window: _Window, taken: int, order: str) -> tuple[int, bytes]:
    """The pcap format: 24 bytes, then records of 16 bytes and the packet."""
    place, size_of = 24, struct.Struct(f"{order}8xI4x").unpack
    while len(head := window.get(place, 16)) == 16:
        end = place + 16 + int(size_of(head)[0])
        if end > taken:
            break
        place = end
    return place, window.get(0, 24)


def _next_generation(window: _Window, taken: int) -> tuple[int, bytes]:
    """The pcapng format: blocks; sections and interfaces are needed to read what follows."""
    place, first, order = 0, b"", "<"
    while len(head := window.get(place, 12)) == 12:
        if head[:4] == _SECTION:
            order = "<" if head[8:12] == b"\x4d\x3c\x2b\x1a" else ">"
            first = b""
        kind, size = struct.unpack(f"{order}II", head[:8])
        if size < 12 or size % 4:
            raise CannotGoOnError("it is a damaged capture")
        if place + size > taken:
            break
        if head[:4] == _SECTION or kind == _INTERFACE:
            if size > CHUNK or len(first) > CHUNK:
                raise CannotGoOnError("its headers are too large")
            first += window.get(place, size)
        place += size
    return place, first


class _Window:
    """Bytes of a file by their place, read in large pieces."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._begin = 0
        self._held = b""

    def get(self, place: int, size: int) -> bytes:
        """So many bytes; fewer at the end."""
        if place < self._begin or place + size > self._begin + len(self._held):
            self._file.seek(place)
            self._held = self._file.read(max(size, CHUNK))
            self._begin = place
        return self._held[place - self._begin : place - self._begin + size]
