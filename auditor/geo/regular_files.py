"""Reading files of a geo folder, which may hold anything: also pipes that nobody writes into."""

from __future__ import annotations

import errno
import os
import stat
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def content_of(path: Path, most: int) -> bytes:
    """What the file at ``path`` holds, at most ``most`` bytes and one more.

    Raises:
        OSError: it cannot be read, or is no regular file: reading a pipe may never end.
    """
    if not stat.S_ISREG(path.stat().st_mode):
        raise OSError(errno.EINVAL, "it is no regular file")
    with path.open("rb") as file:
        return file.read(most + 1)


def is_named(path: Path) -> bool:
    """Whether the folder has that name, also for a link that leads nowhere.

    What is named and cannot be read is a mistake to tell, never a reason to go on without it.
    """
    return os.path.lexists(path)
