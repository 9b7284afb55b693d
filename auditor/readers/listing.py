"""Paths become sources: folders walked, archives opened, pipes told apart from files."""

from __future__ import annotations

import os
import stat
import struct
import tarfile
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final

from auditor.model.errors import InputError
from auditor.model.problem import Problem
from auditor.readers.storage import Url, found_at
from auditor.readers.streams import METHODS, STANDARD_INPUT, ZIP, Part, Source

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from auditor.model.problem import Note

MOST_MEMBERS: Final = 100_000
MOST_SHARED: Final = 1_000
"""Words that a tar archive may say of all its members: each member keeps a copy of them."""

_HOSTILE: Final = (OverflowError, MemoryError, RecursionError, LookupError)
"""What else the libraries answer to sizes that no archive has and heads without end."""


def listed(places: Iterable[Path | Url], note: Note) -> Iterator[tuple[Source, bool]]:
    """Every file once, and whether it was named: files, and all in folders, in a fixed order.

    Raises:
        InputError: a path does not exist, or a storage cannot be asked.
    """
    seen: set[str] = set()
    for path in places:
        if isinstance(path, Url):
            for stored in found_at(path):
                if stored.url not in seen:
                    seen.add(stored.url)
                    inside = stored.url.partition("://")[2]
                    yield Source(Path(inside), stored=stored), stored.url == path.text
            continue
        named = True
        try:
            if str(path) != STANDARD_INPUT and stat.S_ISDIR(path.stat().st_mode):
                named, found = False, _walked(path, note)
            else:
                found = [path]
        except (FileNotFoundError, NotADirectoryError):
            hint = "Check the path."
            raise InputError("no such file or folder", place=str(path), hint=hint) from None
        except OSError:
            found = [path]  # opening it will tell why not
        for file in found:
            real = str(file) if str(file) == STANDARD_INPUT else os.path.realpath(file)
            if real not in seen:
                seen.add(real)
                yield Source(file), named


def members(source: Source, note: Note) -> list[Source] | None:
    """The members of a zip or tar archive that can be read; null if the file is none.

    Raises:
        OSError: the file cannot be opened or read.
    """
    name = source.name
    with source.file() as file:
        head = file.read(512)
        if head.startswith(ZIP):
            parts = _zip_parts(name, source.size, file, note)
        elif head[257:262] == b"ustar":
            parts = _tar_parts(name, file, note)
        else:
            return None
    if len(parts) > MOST_MEMBERS:
        what = f"The archive has {len(parts):,} members; the first {MOST_MEMBERS:,} were read."
        note(Problem("archive-too-large", name, what, "Unpack it and name the folder."))
    return [replace(source, part=part) for part in parts[:MOST_MEMBERS]]


def _zip_parts(archive_name: str, size: int, file: BinaryIO, note: Note) -> list[Part]:
    parts: list[Part] = []
    try:
        with zipfile.ZipFile(file) as archive:
            entries = archive.infolist()
    except (zipfile.BadZipFile, NotImplementedError, ValueError, struct.error, EOFError) as error:
        what = f"The zip file has no directory that can be read ({error}); nothing of it was read."
        hint = "Copy it again from its source, or repair a copy (`zip -FF`)."
        note(Problem("packing-damaged", archive_name, what, hint, lost_bytes=size))
        return parts
    for entry in entries:
        name = f"{archive_name}/{entry.filename}"
        if entry.is_dir():
            continue
        if entry.flag_bits & 1:
            what = "The member is protected by a password and was not read."
            note(Problem("locked-member", name, what, "Unpack it and name the folder.",
                         lost_bytes=entry.compress_size))  # fmt: skip
            continue
        if entry.compress_type not in METHODS:
            what = f"The member is packed by method {entry.compress_type}, which is not read."
            note(Problem("unknown-packing", name, what, "Unpack it and name the folder.",
                         lost_bytes=entry.compress_size))  # fmt: skip
            continue
        local = _local_head(file, entry.header_offset)
        if len(local) < 30 or local[:4] != ZIP[0]:
            what = "The member does not stand where the archive's directory says."
            note(Problem("packing-damaged", name, what, "Copy the file again from its source.",
                         entry.header_offset, entry.compress_size))  # fmt: skip
            continue
        names = sum(struct.unpack_from("<HH", local, 26))
        parts.append(
            Part(entry.filename, entry.header_offset + 30 + names, entry.compress_size,
                 entry.compress_type, entry.CRC)
        )  # fmt: skip
    return parts


def _local_head(file: BinaryIO, place: int) -> bytes:
    """The head of a member; empty where there can be none."""
    try:
        file.seek(place)
        return file.read(30)
    except (OSError, ValueError, OverflowError):
        return b""


def _tar_parts(name: str, file: BinaryIO, note: Note) -> list[Part]:
    parts: list[Part] = []
    file.seek(0)
    try:
        with tarfile.open(fileobj=file, mode="r:") as archive:
            place = -1
            while (entry := archive.next()) is not None:
                archive.members.clear()  # type: ignore[attr-defined]  # else it keeps all
                if entry.offset <= place or len(archive.pax_headers) > MOST_SHARED:
                    raise tarfile.ReadError
                place = entry.offset
                if entry.isreg() and not entry.issparse():
                    parts.append(Part(entry.name, entry.offset_data, entry.size))
                if len(parts) > MOST_MEMBERS:
                    break
    except (tarfile.TarError, ValueError, EOFError, OSError, *_HOSTILE):
        what = "The tar file is damaged; its members before that were read."
        note(Problem("packing-damaged", name, what, "Copy it again from its source."))
    return parts


def _walked(folder: Path, note: Note) -> list[Path]:
    found: list[Path] = []
    todo = [folder]
    while todo:
        inner = todo.pop()
        try:
            entries = sorted(inner.iterdir())
        except OSError as error:
            what = f"The folder cannot be listed: {error.strerror}."
            note(Problem("unreadable-file", str(inner), what, "Check the permissions."))
            continue
        for entry in entries:
            if entry.name.startswith("."):
                continue
            try:
                mode = entry.stat().st_mode
            except OSError:
                mode = stat.S_IFREG  # opening it will tell why not
            if stat.S_ISDIR(mode) and entry.is_symlink():  # it could lead round in a circle
                what = "A link to another folder was not followed."
                note(Problem("not-followed", str(entry), what, "Name the other folder too."))
            elif stat.S_ISDIR(mode):
                todo.append(entry)
            else:
                found.append(entry)
    return sorted(found)
