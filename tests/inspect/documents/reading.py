"""Ways to let a document read bytes, for tests of documents alone."""

from __future__ import annotations

import io
import random

from auditor.inspect.contracts import About, Document, WholeDocument
from tests.inspect.recorder import RecordedPages

NOTHING_SAID = About()


def read_whole(document: WholeDocument, data: bytes, about: About = NOTHING_SAID) -> RecordedPages:
    """What a document that must be there whole writes."""
    pages = RecordedPages()
    document.read(io.BytesIO(data), len(data), about, pages)
    return pages


def read_as_it_comes(
    document: Document, data: bytes, size: int = 1 << 16, about: About = NOTHING_SAID
) -> RecordedPages:
    """What a document writes that is fed ``size`` bytes at a time."""
    pages = RecordedPages()
    reading = document.reading(about, pages)
    for begin in range(0, len(data), size):
        reading.feed(data[begin : begin + size])
    reading.close()
    return pages


def held(pages: RecordedPages) -> dict[str, bytes]:
    """Members by name; all of them were closed."""
    assert all(member.closed for member in pages.members)
    return {member.filename: member.data for member in pages.members}


def why(pages: RecordedPages) -> set[str]:
    """Reasons for which something was not read."""
    return {reason for reason, _ in pages.unread_why}


def damaged_copies(data: bytes, count: int, seed: int = 1):
    """Copies with bytes changed, cut off, left out or doubled."""
    chance = random.Random(seed)
    for _ in range(count):
        copy = bytearray(data)
        for _ in range(chance.choice((1, 1, 3, 30))):
            at = chance.randrange(len(copy))
            match chance.randrange(5):
                case 0:
                    copy[at] = chance.randrange(256)
                case 1:
                    copy[at] = chance.choice((0, 0xFF, 0x7F, 0x80))
                case 2:
                    del copy[at : at + chance.randrange(1, 40)]
                case 3:
                    copy[at:at] = copy[at : at + chance.randrange(1, 40)]
                case 4 if chance.random() < 0.1:
                    del copy[at + 1 :]
            if not copy:
                break
        yield bytes(copy)
