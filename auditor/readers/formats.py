"""The formats there are, and which of them a file has."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from auditor.readers.capture.reader import CaptureReader
from auditor.readers.zeek import ZeekConn

if TYPE_CHECKING:
    from pathlib import Path

    from auditor.readers.reading import Reader

READERS: Final[tuple[Reader, ...]] = (CaptureReader(), ZeekConn())

HEAD: Final = 1 << 16
"""Bytes of a file that the readers are shown."""


def reader_of(path: Path) -> Reader | None:
    """The reader that is surest of a file; none if no reader takes it.

    Raises:
        OSError: the file cannot be opened.
    """
    with path.open("rb") as file:
        head = file.read(HEAD)
    sure, reader = max(((reader.sniff(head), reader) for reader in READERS), key=lambda it: it[0])
    return reader if sure > 0 else None
