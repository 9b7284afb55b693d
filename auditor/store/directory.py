"""The data directory: whom it belongs to, and what stands in it."""

from __future__ import annotations

import os
import stat
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Final

from auditor.model.errors import StoreError
from auditor.model.text import legible

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FILE: Final = "auditor.db"
OURS: Final = (FILE, "runs", "flows", "work")
"""What is made in every data directory: a folder with one of these is one."""
_LOG_AND_INDEX: Final = ("", "-wal", "-shm")


def prepared(folder: Path, *, create: bool, sqlite: bool) -> None:
    """Makes the folder, and the database's file, for their owner's eyes only.

    Raises:
        StoreError: there is none (unless ``create``), others may write it, it cannot be made.
    """
    place = legible(str(folder))
    if not create and (not folder.is_dir() or (sqlite and not (folder / FILE).is_file())):
        raise StoreError(
            "there is no store here",
            place=place,
            hint="Run `auditor agent once` first, or name another data directory (--data).",
        )
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        _closed(folder, place)
        if sqlite:
            _file(folder)
    except OSError as error:
        raise StoreError(
            f"cannot be made: {error.strerror}",
            place=place,
            hint="Name a data directory that this user may write (--data, AUDITOR_DATA).",
        ) from None


def _closed(folder: Path, place: str) -> None:
    """Shuts others out of what is ours, and leaves alone what only may hold a store as well."""
    about = folder.stat()
    if about.st_uid == os.geteuid() and about.st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        held = {path.name for path in folder.iterdir()}
        if not held or held & set(OURS):
            folder.chmod(0o700)
            return
    if about.st_mode & stat.S_IWOTH:
        raise StoreError(
            "everybody may write into this folder, so what it holds could be anybody's",
            place=place,
            hint="Name a folder of its own as data directory.",
        )


def _file(folder: Path) -> None:
    """The database's file, mode 600 before anything is in it; its companions take its mode."""
    flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        descriptor = os.open(folder / FILE, flags, 0o600)
    except PermissionError:
        if (folder / FILE).exists():
            return  # another user's: the database itself says what it allows
        raise
    try:
        owner = folder.stat()
        if os.geteuid() == 0 and owner.st_uid != os.fstat(descriptor).st_uid:
            # an administrator looks: the agent must be able to go on
            os.fchown(descriptor, owner.st_uid, owner.st_gid)
    finally:
        os.close(descriptor)
    for end in _LOG_AND_INDEX:
        path = folder / f"{FILE}{end}"
        if path.exists() and path.stat().st_uid == os.geteuid():
            path.chmod(0o600)


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Only one program at a time gets past here with this folder; the end of a program opens it."""
    import fcntl

    descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        with suppress(OSError):  # a file system without locks: the database's own must do
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
