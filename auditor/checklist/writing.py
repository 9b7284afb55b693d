"""Changes to an assessment folder: one file at a time, and nothing lost.

Every change writes the new file beside the old one and then takes its name; what it replaced goes
into ``history.jsonl`` first. Who finds that somebody else wrote meanwhile changes nothing.
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Final

import yaml

from auditor.checklist import assessment as nouns
from auditor.checklist.folder import opened, sha256
from auditor.model.errors import StoreError
from auditor.model.files import written

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from pathlib import Path

    from auditor.checklist.folder import Folder
    from auditor.model.documents import Document

HISTORY: Final = "history.jsonl"
LONGEST_LINE: Final = 64 << 20
"""A line holds a whole YAML file, escaped."""


def saved(folder: Folder, name: str, document: Document, *, at: datetime, what: str) -> Folder:
    """The folder after one of its YAML files was replaced; the old one goes into the history.

    Args:
        folder: as it was read.
        name: the file, such as ``answers.yaml``.
        document: its new content.
        at: now.
        what: what was done, in a few words.

    Raises:
        StoreError: the file changed since the folder was read, or cannot be written.
    """
    content = yaml.safe_dump(
        document.model_dump(mode="json", exclude_defaults=True) | {"format": nouns.FORMAT},
        allow_unicode=True,
        sort_keys=False,
        width=100,
    )
    return replaced(folder, name, content, at=at, what=what)


def replaced(folder: Folder, name: str, content: str, *, at: datetime, what: str) -> Folder:
    """The folder after one of its files got this content; the old one goes into the history.

    Raises:
        StoreError: the file changed since the folder was read, or cannot be written.
    """
    path = folder.path / name
    with _alone(folder.path):
        before = sha256(path) if path.exists() else None
        if before != folder.hashes.get(name):
            raise StoreError(
                "somebody else changed it meanwhile; nothing was written",
                place=str(path),
                hint="Run the command again.",
            )
        after = hashlib.sha256(content.encode()).hexdigest()
        _remember(folder, name, after, at, what)
        try:
            written(folder.path, {name: content})
        except StoreError:
            _remember(folder, name, before or "", at, f"not written: {what}")
            raise
    return opened(folder.path)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """No other process of this program writes into the folder meanwhile, where locks exist."""
    try:
        import fcntl  # late: Windows has none
    except ImportError:
        yield
        return
    try:
        handle = os.open(folder, os.O_RDONLY)
    except OSError:  # writing will say why
        yield
        return
    try:
        with suppress(OSError):  # some network drives know no locks
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _remember(folder: Folder, name: str, after: str, at: datetime, what: str) -> None:
    """One more line of the history: what was there before, chained to the line before it."""
    path, history = folder.path / name, folder.path / HISTORY
    last, whole = _last_line(history)
    line = {
        "at": at.isoformat(),
        "file": name,
        "what": what,
        "before": path.read_text(encoding="utf-8")
        if path.exists() and name.endswith(".yaml")
        else "",
        "before_sha256": folder.hashes.get(name, ""),
        "after_sha256": after,
        "previous": hashlib.sha256(last).hexdigest(),
    }
    size = history.stat().st_size if history.exists() else 0
    try:
        with history.open("ab") as file:
            # what a crash cut off stays a line of its own
            file.write(b"" if whole else b"\n")
            file.write(json.dumps(line, ensure_ascii=False).encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        with suppress(OSError):  # half a line would look as if somebody had edited it
            os.truncate(history, size)
        raise StoreError(
            f"cannot be written: {error.strerror}; nothing was changed",
            place=str(history),
            hint="Check the disk and who may write there.",
        ) from None


def edited(folder: Folder) -> tuple[str, ...]:
    """Files that are not as the last command left them; a file that none wrote is not named."""
    history = folder.path / HISTORY
    left: dict[str, str] = {}
    with suppress(StoreError):  # ``broken_history`` tells of it
        for line in _lines(history):
            with suppress(ValueError, KeyError, TypeError, RecursionError):  # and of this
                told = json.loads(line)
                left[str(told["file"])] = str(told["after_sha256"])
    return tuple(
        sorted(name for name, after in left.items() if folder.hashes.get(name, "") != after)
    )


def broken_history(folder: Path) -> int | None:
    """The first line of the history that does not fit the line before it; null = all fit."""
    previous = b""
    number = 0
    try:
        for number, line in enumerate(_lines(folder / HISTORY), start=1):
            named = json.loads(line)["previous"]
            if named != hashlib.sha256(previous).hexdigest():
                return number
            previous = line.rstrip(b"\r\n")
    except (ValueError, KeyError, TypeError, RecursionError):
        return number
    except StoreError:
        return number + 1
    return None


def _last_line(history: Path) -> tuple[bytes, bool]:
    """The last line of the history, and whether it ends as a line does."""
    last = b"\n"
    for line in _lines(history):
        last = line
    return last.rstrip(b"\r\n"), last.endswith(b"\n")


def _lines(history: Path) -> Iterator[bytes]:
    """The lines of the history, one at a time.

    Raises:
        StoreError: it is no file, cannot be read, or holds a line that was never written here.
    """
    hint = "Put the history back as it was, or move it away: a new one begins."
    if not os.path.lexists(history):
        return
    try:
        if not stat.S_ISREG(history.stat().st_mode):
            raise StoreError("is no file", place=str(history), hint=hint)
        with history.open("rb") as file:
            while line := file.readline(LONGEST_LINE):
                if len(line) == LONGEST_LINE:
                    raise StoreError("holds a line too long", place=str(history), hint=hint)
                yield line
    except OSError as error:
        raise StoreError(
            f"cannot be read: {error.strerror}", place=str(history), hint=hint
        ) from None
