"""The folder of a capture: finished files come in, the oldest go when it is full."""

from __future__ import annotations

import os
import re
import shutil
import stat
import struct
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

PART: Final = ".part"
"""Folder of files that are still written; watchers leave out what begins with a dot."""

STILL: Final = 2_000_000_000
"""Nanoseconds after which a file that is not the newest is surely closed."""

_HEAD: Final = 4096
_NAME: Final = re.compile(r"-\d{8}T\d{6}\.\d{6}Z(-\d+)?\.pcap(ng)?")
_PACKETS: Final = (2, 3, 6)
"""Blocks of pcapng that are packets: the obsolete, the simple, the enhanced."""


@dataclass(frozen=True, slots=True)
class Removed:
    """What had to go: files that were audited, and files that never will be."""

    audited: int = 0
    lost: int = 0
    lost_bytes: int = 0


def current(part: Path) -> Path | None:
    """The file that is written now."""
    found = _by_age(part)
    return found[-1][1] if found else None


def taken_over(part: Path, name: str, *, ended: bool, now_ns: int) -> tuple[int, int]:
    """Moves finished files from ``part`` into its parent; (moved, without a packet).

    A file without packets is deleted: an interface that hears nothing must look like one.

    Args:
        part: the folder that the tool writes into.
        name: of the capture; its files begin with it.
        ended: the tool has ended, so that all files are finished.
        now_ns: now, in nanoseconds since 1970.
    """
    found = _by_age(part)
    if not ended:
        found = [each for each in found[:-1] if now_ns - each[0] > STILL]
    empty = 0
    for written, path in found:
        if not holds_packets(path):
            path.unlink()
            empty += 1
            continue
        _closed(path)
        suffix = ".pcapng" if ".pcapng" in path.name else ".pcap"
        path.rename(_place(part.parent, name, written, suffix))
    return len(found) - empty, empty


def _closed(path: Path) -> None:
    """Shuts others out; a link is not followed: its end may be anybody's."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        os.fchmod(descriptor, 0o600)
    finally:
        os.close(descriptor)


def _place(folder: Path, name: str, written: int, suffix: str) -> Path:
    seconds, rest = divmod(written, 1_000_000_000)
    moment = f"{datetime.fromtimestamp(seconds, UTC):%Y%m%dT%H%M%S}.{rest // 1000:06}Z"
    place = folder / f"{name}-{moment}{suffix}"
    number = 1
    while place.exists():
        number += 1
        place = folder / f"{name}-{moment}-{number}{suffix}"
    return place


def _by_age(part: Path) -> list[tuple[int, Path]]:
    """Files by when they were last written; by the tool's numbers where that is the same."""
    found = [
        (about.st_mtime_ns, [int(each) for each in re.findall(r"\d+", path.name)], path)
        for path in part.glob("live*.pcap*")
        if stat.S_ISREG((about := path.lstat()).st_mode)
    ]
    return [(written, path) for written, _, path in sorted(found, key=lambda each: each[:2])]


def holds_packets(path: Path) -> bool:
    """Whether a capture has a packet, or is too broken to say."""
    if path.stat().st_size >= _HEAD:
        return True
    head = path.read_bytes()
    if head[:4] != b"\x0a\x0d\x0d\x0a":
        return len(head) > 24
    order = "<" if head[8:12] == b"\x4d\x3c\x2b\x1a" else ">"
    at = 0
    while at + 8 <= len(head):
        kind, size = struct.unpack_from(order + "II", head, at)
        if kind in _PACKETS or size < 12:
            return True
        at += size
    return False


def made_room(
    folder: Path, name: str, most: int, reserve: int, audited: Callable[[Path], bool]
) -> Removed:
    """Removes the oldest files of a capture until it fits; those that were audited first.

    Args:
        folder: of the finished files.
        name: of the capture: files of others are not touched.
        most: bytes that its files may take.
        reserve: bytes that must stay free on the disk.
        audited: whether a file's packets were counted by an audit.
    """
    files = list(_finished(folder, name))
    excess = max(sum(size for _, size in files) - most, reserve - shutil.disk_usage(folder).free)
    gone: set[Path] = set()
    for path, size in files:
        if excess <= 0:
            break
        if audited(path):
            path.unlink(missing_ok=True)
            gone.add(path)
            excess -= size
    lost = lost_bytes = 0
    for path, size in files:
        if excess <= 0:
            break
        if path not in gone:
            path.unlink(missing_ok=True)
            lost, lost_bytes, excess = lost + 1, lost_bytes + size, excess - size
    return Removed(len(gone), lost, lost_bytes)


def _finished(folder: Path, name: str) -> Iterator[tuple[Path, int]]:
    """The finished files of a capture with their sizes, oldest first."""
    for path in sorted(folder.glob(f"{name}-*.pcap*")):
        if _NAME.fullmatch(path.name[len(name) :]) and not path.is_symlink():
            yield path, path.stat().st_size
