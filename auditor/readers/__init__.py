"""What flowed? Captures and logs become the flow table.

A format is one entry of ``READERS``; ``reader_of`` asks each how sure it is of a file's head.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from auditor.readers.capture.reader import CaptureReader
from auditor.readers.reading import Progress, Reader, Reading, Settings
from auditor.readers.zeek import ZeekConn

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["READERS", "Progress", "Reader", "Reading", "Settings", "reader_of"]

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
