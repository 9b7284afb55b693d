"""Writing a report so that the old one stays whole until the new one is complete."""

from __future__ import annotations

import errno
import glob
import os
import secrets
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

from auditor.model.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from typing import IO

    Content = str | bytes | Callable[[IO[bytes]], object]

_FULL: Final = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_FORBIDDEN: Final = (errno.EACCES, errno.EPERM, errno.EROFS)


def written(folder: Path, files: Mapping[str, Content], *, private: bool = False) -> None:
    """Puts ``files`` (name to content) into ``folder``, making it if need be; all or none.

    Every file is written whole under a temporary name beside its place and forced to the disk;
    only when all of them stand does each take its name. A reader therefore sees the old file or
    the new one, never a part.

    Args:
        folder: where the files go.
        files: plain file names; text is written as UTF-8; a function is given the open file, for
            content too large to hold twice. Functions run in threads of their own.
        private: only their owner may read and write them (mode 600), whatever the umask says.

    Raises:
        StoreError: the disk is full, the folder may not be written, a name is taken by a folder;
            what stood there before is untouched, and nothing temporary is left behind.
    """
    for name in files:
        if Path(name).name != name or name in ("", ".."):
            raise ValueError(f"{name!r} is not a plain file name")
    temporary: dict[str, Path] = {}
    replaced: list[str] = []
    place = folder
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name in files:
            place = folder / name
            if place.is_dir():
                raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
            temporary[name] = folder / f".{name}.{secrets.token_hex(8)}.tmp"
        # Side by side: one may be busy with a table or the disk while another makes its text.
        with ThreadPoolExecutor(max(1, len(files))) as pool:
            made = [pool.submit(_write, temporary[name], files[name], private) for name in files]
        for name, outcome in zip(files, made, strict=True):
            place = folder / name
            outcome.result()
        for name, path in temporary.items():
            place = folder / name
            path.replace(place)
            replaced.append(name)
        _settle(folder)
    except OSError as error:
        kept = "what stood there before is untouched"
        if replaced:  # renaming failed half-way: each file is whole, but the set is mixed
            kept = f"already new: {', '.join(replaced)}; the others are as they were before"
        raise StoreError(
            f"cannot be written: {error.strerror or error}; {kept}",
            place=str(place),
            hint=_hint(error),
        ) from None
    finally:
        for path in temporary.values():
            with suppress(OSError):
                path.unlink(missing_ok=True)


def left_over(folder: Path, names: Iterable[str]) -> None:
    """Removes the temporary files of programs that were killed while they wrote these.

    Only for who alone writes them: another program that is about to would lose its own.
    """
    for name in names:
        for path in folder.glob(f".{glob.escape(name)}.*.tmp"):
            with suppress(OSError):
                path.unlink(missing_ok=True)


def _write(path: Path, content: Content, private: bool) -> None:  # noqa: FBT001 - of a pool
    mode = 0o600 if private else 0o666
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
        if isinstance(content, str):
            file.write(content.encode("utf-8", "backslashreplace"))
        elif isinstance(content, bytes):
            file.write(content)
        else:
            content(file)
        file.flush()
        os.fsync(file.fileno())


def _settle(folder: Path) -> None:
    """Forces the new names to the disk, where the system can do that to a folder."""
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _hint(error: OSError) -> str:
    if error.errno in _FULL:
        return "The disk is full or a limit is reached: free some space, or choose another folder."
    if error.errno in _FORBIDDEN:
        return "This user may not write there: choose another folder, or change its permissions."
    if error.errno in (errno.EISDIR, errno.ENOTDIR, errno.EEXIST):
        return "A file and a folder are in each other's place: choose another folder."
    return "Check the folder and the disk, or choose another folder."
