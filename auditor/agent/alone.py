"""One child at a time in a folder: the child of an agent that was killed may live a moment longer.

A child holds its folder by a lock that ends with it, and looks once it has the lock whether its
agent still lives. So whoever gets the lock after the end of that agent knows that nobody writes
there any more, or will.
"""

from __future__ import annotations

import os
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from auditor.model.errors import StoreError

if TYPE_CHECKING:
    from pathlib import Path

LONGEST: Final = 60.0
"""Seconds that a child whose agent is gone may take to notice."""


def claimed(folder: Path) -> None:
    """Holds a folder until this process ends.

    Raises:
        OSError: the folder is not there.
    """
    import fcntl

    descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    with suppress(OSError):  # a file system without locks
        fcntl.flock(descriptor, fcntl.LOCK_SH)


def abandoned(folder: Path) -> None:
    """Waits until nobody holds a folder.

    Raises:
        StoreError: somebody does not let go of it.
    """
    import fcntl

    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return  # it is not there
    end = time.monotonic() + LONGEST
    try:
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() > end:
                    raise StoreError(
                        "a process of an earlier agent is still at work there",
                        place=str(folder),
                        hint="End it; what it does will not count.",
                    ) from None
                time.sleep(0.02)
            except OSError:
                return  # a file system without locks
            else:
                return
    finally:
        os.close(descriptor)
