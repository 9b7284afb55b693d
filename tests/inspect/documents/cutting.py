"""Reads bytes as one kind of document, cut as a test wants, into pages that remember."""

from __future__ import annotations

import io
import random

from auditor.inspect.contracts import About, Document, WholeDocument
from tests.inspect.recorder import RecordedPages


def pages_of(
    document: Document, data: bytes, size: int | None = None, about: About | None = None
) -> RecordedPages:
    """What a document that is read as it comes writes; ``size`` cuts the bytes."""
    pages = RecordedPages()
    reading = document.reading(about or About(), pages)
    step = size or max(len(data), 1)
    for begin in range(0, len(data), step):
        reading.feed(data[begin : begin + step])
    reading.close()
    return pages


def whole_pages_of(document: WholeDocument, data: bytes) -> RecordedPages:
    """What a document that must be there whole writes."""
    pages = RecordedPages()
    document.read(io.BytesIO(data), len(data), About(), pages)
    return pages


def written(pages: RecordedPages) -> tuple:
    """Everything but how text was cut."""
    return pages.data, pages.tables, pages.facts, pages.unread_why


def rows_of(pages: RecordedPages) -> list[tuple]:
    """Rows of all tables, in their order."""
    return [row for _, columns in pages.tables for row in zip(*columns, strict=True)]


def damaged(data: bytes, times: int = 30, seed: int = 8) -> list[bytes]:
    """The bytes cut, overwritten, doubled and shuffled in many ways, the same ones each time."""
    luck = random.Random(seed)
    found = []
    for _ in range(times):
        other = bytearray(data)
        for _ in range(luck.randint(1, 8)):
            at = luck.randrange(len(other)) if other else 0
            match luck.randrange(4):
                case 0:
                    del other[at:]
                case 1:
                    other[at : at + 4] = luck.randbytes(4)
                case 2:
                    other[at:at] = other[at : at + luck.randint(1, 200)]
                case _:
                    del other[at : at + luck.randint(1, 20)]
        found.append(bytes(other))
    return [*found, luck.randbytes(3000), b"", b"\0" * 100, data[:1]]
