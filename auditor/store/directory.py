"""The data directory: whom it belongs to, and what stands in it."""

from __future__ import annotations

import os
import secrets
import shutil
import stat
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Final

from auditor.model.errors import StoreError
from auditor.model.text import legible

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import IO

FILE: Final = "auditor.db"
FOLDERS: Final = ("runs", "flows", "open")
"""Folders in which every file belongs to something in the database."""
SCRATCH: Final = "upkeep"
OURS: Final = (FILE, *FOLDERS, "work", SCRATCH)
"""What is made in every data directory: a folder with one of these is one."""
PARTS: Final = (FILE, f"{FILE}-wal", f"{FILE}-shm")
"""The files of SQLite's database: itself, its log, and the index of the log."""
_PART: Final = ".auditor-part"


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
        if not folder.is_dir():
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            folder.chmod(0o700)  # whatever the umask took
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
    for name in PARTS:
        with suppress(FileNotFoundError, PermissionError):
            _shut(folder / name)


def _shut(path: Path) -> None:
    """Mode 600 for a file of ours; a link is not followed, for its end may be anything.

    Raises:
        OSError: it cannot be opened.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        if os.fstat(descriptor).st_uid == os.geteuid():
            os.fchmod(descriptor, 0o600)
    finally:
        os.close(descriptor)


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


def inside(folder: Path, path: str) -> Path:
    """A path of the database under the data directory; the database may come from elsewhere.

    Raises:
        StoreError: it leads out of the directory, or into what is not for files of runs.
    """
    parts = path.split("/")
    plain = all(part not in ("", ".", "..") and part.isprintable() for part in parts)
    if not plain or "\\" in path or len(parts) < 2 or parts[0] not in FOLDERS:
        raise StoreError(
            "is no path of a file that the store may hold",
            place=repr(path)[:200],
            hint="The database was changed by something else; restore a backup.",
        )
    return folder / path


@contextmanager
def scratch(folder: Path, kind: str, *, alone: bool = False) -> Iterator[Path]:
    """A new folder in the data directory, gone afterwards; what killed programs left goes too.

    It does not lie in ``work``, which an agent clears when it starts.

    Raises:
        StoreError: another program has one of this kind, and ``alone`` is wanted.
    """
    top = folder / SCRATCH
    top.mkdir(mode=0o700, exist_ok=True)
    if top.is_symlink():  # what it leads to would be removed
        raise StoreError(
            "is a link", place=legible(str(top)), hint="Remove it; it is no part of a store."
        )
    for left in top.iterdir():
        with suppress(BlockingIOError), _claimed(left):
            shutil.rmtree(left, ignore_errors=True)
    new = made(top / f"{kind}-{secrets.token_hex(8)}")
    try:
        with _claimed(new):
            if alone and len(list(top.glob(f"{kind}-*"))) > 1:
                raise StoreError(
                    f"another {kind} is at work",
                    place=legible(str(folder)),
                    hint="Wait until it is done.",
                )
            yield new
    finally:
        shutil.rmtree(new, ignore_errors=True)
        with suppress(OSError):
            top.rmdir()


@contextmanager
def new_file(target: Path) -> Iterator[IO[bytes]]:
    """A file of mode 600 that takes its name when it is whole and on the disk, or never.

    Raises:
        OSError: it cannot be written.
        StoreError: something has that name already.
    """
    for left in target.parent.glob(f".*{_PART}"):
        about = left.lstat()
        if stat.S_ISREG(about.st_mode) and about.st_uid == os.geteuid():
            with suppress(BlockingIOError), _claimed(left):
                left.unlink(missing_ok=True)
    path = target.with_name(f".{target.name[:100]}.{secrets.token_hex(8)}{_PART}")
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(descriptor, "w+b") as file, _claimed(path):
            os.fchmod(descriptor, 0o600)
            yield file
            file.flush()
            os.fsync(descriptor)
            try:
                target.hardlink_to(path)  # unlike a rename it replaces nothing
            except FileExistsError:
                raise taken(target) from None
            except PermissionError:  # a file system without links
                if target.exists():
                    raise taken(target) from None
                path.rename(target)
    finally:
        path.unlink(missing_ok=True)
    settled(target.parent)


def made(folder: Path) -> Path:
    """The folder, and what it stands in, made for their owner's eyes where they were missing."""
    if not folder.is_dir():
        made(folder.parent)
        folder.mkdir(mode=0o700, exist_ok=True)
    return folder


def taken(target: Path) -> StoreError:
    """That something has this name."""
    return StoreError(
        "is there already", place=legible(str(target)), hint="Name another file; it stays."
    )


def settled(folder: Path) -> None:
    """Forces the names in a folder to the disk."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def _claimed(path: Path) -> Iterator[None]:
    """Says to other programs that somebody is at work on this.

    Raises:
        BlockingIOError: somebody else is.
    """
    import fcntl

    flags = os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
    descriptor = os.open(path, flags)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    finally:
        os.close(descriptor)
