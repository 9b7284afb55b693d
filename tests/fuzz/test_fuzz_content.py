"""Flows whose payload is damaged: inspection goes on, and counts every byte once.

The headers of the captures stay as they are, so that the damage reaches dissectors and documents.
"""

from pathlib import Path
from random import Random

import pytest

from auditor.model.content import UNREAD
from auditor.model.stream import Chunk
from tests.differential.inspected import carried, inspected, shipped_search

SAMPLES = sorted((Path(__file__).parents[2] / "samples" / "pcaps").glob("*.pcap*"))
MARKS = (
    b"\xff\xff\xff\xff", b"\0\0\0\0\0\0\0\0", b"\x7f\xff\xff\xff", b"9" * 30, b"\r\n\r\n", b"\n",
    b'"', b"<", b"{", b"Content-Length: 99999999999999999999\r\n", b"Content-Encoding: gzip\r\n",
    b"Transfer-Encoding: chunked\r\n", b"Content-Type: text/html; charset=utf-16\r\n\r\n",
    b"PK\x03\x04", b"%PDF-1.4\n", b"\x1f\x8b\x08", b"=?utf-8?B?", "１²".encode(),
)  # fmt: skip
LARGE = 1 << 33
"""Missing bytes, as a segment with a made-up place makes them."""


def flipped(draw, data):
    data[draw.randrange(len(data))] = draw.choice((0, 1, 0x7F, 0x80, 0xFF, draw.randrange(256)))


def left_out(draw, data):
    place = draw.randrange(len(data))
    del data[place : place + draw.choice((1, 4, 50, 1000))]


def repeated(draw, data):
    place = draw.randrange(len(data))
    data[place:place] = data[place : place + draw.choice((1, 4, 60))] * draw.choice((1, 50))


def marked(draw, data):
    place = draw.randrange(len(data))
    mark = draw.choice(MARKS)
    data[place : place + draw.choice((0, len(mark)))] = mark


def damaged(draw, event):
    """An event, perhaps with damage to its payload."""
    if not isinstance(event, Chunk) or not event.data or draw.random() < 0.6:
        return event
    data = bytearray(event.data)
    for _ in range(draw.choice((1, 2, 8))):
        if data:
            draw.choice((flipped, left_out, repeated, marked))(draw, data)
    side = 1 - event.side if draw.random() < 0.05 else event.side
    gap = draw.choice((1, 1000, LARGE)) if not event.whole and draw.random() < 0.1 else event.gap
    return event._replace(data=bytes(data), side=side, gap=gap)


@pytest.fixture(scope="module")
def search():
    return shipped_search()


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.name)
def test_damaged_payload_is_read_as_far_as_it_goes(path, search):
    one = carried(path)
    for seed in range(2):
        draw = Random(f"{path.name} {seed}")
        events = [damaged(draw, event) for event in one.events[:400]]
        found, problems = inspected(one.flows, events, search)
        assert not [each for each in problems if each.code == "content-not-taken-apart"]
        given = sum(len(each.data) + each.gap for each in events if isinstance(each, Chunk))
        given += sum(sum(each.unread) for each in events if not isinstance(each, Chunk))
        counted = [
            size for each in ("read", "raw", *UNREAD) for size in found.coverage[each].to_pylist()
        ]
        assert sum(counted) == given
        assert min(counted, default=0) >= 0
