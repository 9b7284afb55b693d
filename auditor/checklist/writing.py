"""Changes to an assessment folder: one file at a time, and nothing lost.

Every change writes the new file beside the old one and then takes its name; what it replaced goes
into ``history.jsonl`` first. Who finds that somebody else wrote meanwhile changes nothing.
"""

from __future__ import annotations

import hashlib
import json
import os
from typing import TYPE_CHECKING, Final

import yaml

from auditor.checklist import assessment as nouns
from auditor.checklist.folder import opened, sha256
from auditor.model.errors import StoreError
from auditor.model.files import written

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from auditor.checklist.folder import Folder
    from auditor.model.documents import Document

HISTORY: Final = "history.jsonl"


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


def _remember(folder: Folder, name: str, after: str, at: datetime, what: str) -> None:
    """One more line of the history: what was there before, chained to the line before it."""
    path, history = folder.path / name, folder.path / HISTORY
    lines = history.read_bytes().splitlines() if history.exists() else []
    line = {
        "at": at.isoformat(),
        "file": name,
        "what": what,
        "before": path.read_text(encoding="utf-8")
        if path.exists() and name.endswith(".yaml")
        else "",
        "before_sha256": folder.hashes.get(name, ""),
        "after_sha256": after,
        "previous": hashlib.sha256(lines[-1] if lines else b"").hexdigest(),
    }
    try:
        with history.open("ab") as file:
            file.write(json.dumps(line, ensure_ascii=False).encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise StoreError(
            f"cannot be written: {error.strerror}; nothing was changed",
            place=str(history),
            hint="Check the disk and who may write there.",
        ) from None


def edited(folder: Folder) -> tuple[str, ...]:
    """Files that are not as the last command left them; a file that none wrote is not named."""
    history = folder.path / HISTORY
    left: dict[str, str] = {}
    for line in history.read_bytes().splitlines() if history.exists() else []:
        try:
            told = json.loads(line)
            left[str(told["file"])] = str(told["after_sha256"])
        except (ValueError, KeyError, TypeError):
            continue  # ``broken_history`` tells of it
    return tuple(
        sorted(name for name, after in left.items() if folder.hashes.get(name, "") != after)
    )


def broken_history(folder: Path) -> int | None:
    """The first line of the history that does not fit the line before it; null = all fit."""
    history = folder / HISTORY
    previous = b""
    for number, line in enumerate(
        history.read_bytes().splitlines() if history.exists() else [], start=1
    ):
        try:
            named = json.loads(line)["previous"]
        except (ValueError, KeyError, TypeError):
            return number
        if named != hashlib.sha256(previous).hexdigest():
            return number
        previous = line
    return None
