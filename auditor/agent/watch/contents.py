"""What a file holds, out of its packing: told by its first bytes, and by digests where need be."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from auditor.readers.listing import members
from auditor.readers.streams import CHUNK, HEAD, ZIP, DamagedError, Source

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from auditor.model.problem import Problem

LEVELS: Final = tuple(4**power for power in range(8, -1, -1))
"""Lengths of first bytes, longest first (64 KiB). A content is marked by the longest that it has:
so a short log is found again by its mark after it grew, among the shorter marks of the long one."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What the first bytes of one content tell.

    Attributes:
        marks: digests of its first bytes, longest first; the first one marks it.
        digest: of all of it, where these are all.
        length: of all of it, out of its packing; null = not known.
        packed: whether it is packed.
        is_text: whether it may be a log of lines.
    """

    marks: tuple[str, ...]
    digest: str | None = None
    length: int | None = None
    packed: bool = False
    is_text: bool = False

    @property
    def mark(self) -> str:
        """The mark; empty for what is empty."""
        return self.marks[0] if self.marks else ""


@dataclass(frozen=True, slots=True)
class Digests:
    """Digests of a content, as far as it could be unpacked.

    Attributes:
        length: bytes of it.
        whole: of all of it.
        until: of its first so many bytes.
    """

    length: int
    whole: str
    until: dict[int, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Member:
    """A member of an archive: its name in a run, and what it holds."""

    source: Source
    facts: Facts


def facts_of(source: Source, length: int | None = None) -> Facts:
    """What the first bytes of a content tell.

    Args:
        source: a file or a member.
        length: bytes of the file on disk, if it is one.

    Raises:
        OSError: it cannot be opened or read.
    """
    with source.open() as opened:
        head, broken, packed = opened.head, opened.broken, bool(opened.packings)
    if isinstance(broken, OSError):
        raise broken
    marks = tuple(hashlib.sha256(head[:each]).hexdigest() for each in LEVELS if each <= len(head))
    is_text = b"\0" not in head and head.lstrip()[:1] != b"["  # a JSON list is no lines
    if len(head) < HEAD and broken is None:
        return Facts(marks, hashlib.sha256(head).hexdigest(), len(head), packed, is_text)
    known = length if not packed and source.part is None else None
    return Facts(marks, None, known, packed, is_text)


def digests_of(source: Source, lengths: Iterable[int] = (), most: int | None = None) -> Digests:
    """Digests of a content and of its first so many bytes, read once; damage ends it.

    Args:
        source: a file or a member.
        lengths: of the beginnings whose digests are wanted.
        most: bytes to read at most: what was appended since is left alone.

    Raises:
        OSError: it cannot be opened or read.
    """
    waiting = sorted({each for each in lengths if each > 0}, reverse=True)
    digest = hashlib.sha256()
    buffer = memoryview(bytearray(CHUNK))
    done, until = 0, {}
    with source.open() as opened:
        while most is None or done < most:
            room = CHUNK if most is None else min(CHUNK, most - done)
            if waiting:
                room = min(room, waiting[-1] - done)
            try:
                got = opened.readinto(buffer[:room])
            except DamagedError:
                break
            if not got:
                break
            digest.update(buffer[:got])
            done += got
            if waiting and waiting[-1] == done:
                until[waiting.pop()] = digest.hexdigest()
    return Digests(done, digest.hexdigest(), until)


def archive_of(path: Path) -> tuple[Member, ...] | None:
    """The members of an archive that can be read; null if the file is none.

    Raises:
        OSError: it cannot be opened or read.
    """
    with path.open("rb") as file:
        head = file.read(512)
    if not head.startswith(ZIP) and head[257:262] != b"ustar":
        return None
    unsaid: list[Problem] = []  # the audit will say them
    found = members(Source(path), unsaid.append) or []
    return tuple(Member(source, facts_of(source)) for source in found)


def ends_open(path: Path, length: int) -> bool:
    """Whether the last line has no end: the next bytes may belong to it.

    Raises:
        OSError: it cannot be opened or read.
    """
    with path.open("rb") as file:
        file.seek(max(length - 1, 0), os.SEEK_SET)
        return file.read(1) not in (b"\n", b"")
