"""A flow being read, when its parser fails and when a secrecy mark is in it."""

from __future__ import annotations

import secrets
from collections import Counter

import pytest

from auditor import classify, inspect, pipeline
from auditor.inspect import flow_content
from auditor.inspect.contracts import FlowHead
from auditor.inspect.flow_content import FlowContent
from auditor.model.content import UNREAD
from auditor.model.stream import Chunk

NUMBERS = b"S\xe1\xbb\x91 CCCD: 079085012345\n"
MARK = "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM\nTUYỆT MẬT\nSố: 12/BC\n".encode()


@pytest.fixture(scope="module")
def search():
    folder = pipeline.data_folder("policies")
    codes = classify.catalogue(folder).by_code
    return inspect.compiled(folder, codes, secrets.token_bytes(inspect.KEY_BYTES))


class Heard:
    """Whoever counts what flows tell."""

    def __init__(self, search):
        self.search = search
        self.problems = Counter()

    def problem(self, code, message, count=1):
        self.problems[code, message] += count

    def covert(self, flow, side, place, size, distinct):
        raise AssertionError


class Stumbling:
    """A protocol whose second chunk cannot be stood; what came before lies in an open part."""

    name = "stumbling"

    def sniff(self, flow, heads):
        return 1.0

    def conversation(self, flow, content):
        self.part = content.part(0, "upload", filename="CCCD_079085012345.txt")
        self.content, self.seen = content, 0
        return self

    def feed(self, side, data, gap):
        self.seen += 1
        if self.seen == 2:
            self.content.unread(side, 5, "media")
            raise IndexError
        self.part.feed(data)

    def close(self):
        raise AssertionError


def flow(search, *pieces):
    heard = Heard(search)
    content = FlowContent(heard, FlowHead(1, 6, 40000, 9000, None, None), "src", 0, 0)
    for piece in pieces:
        content.take(Chunk(1, 0, piece))
    content.end(None)
    return content, heard


def test_what_a_failed_parser_left_open_is_read_and_every_byte_counted_once(search, monkeypatch):
    monkeypatch.setattr(flow_content, "DISSECTORS", (Stumbling(),))
    first, second, third = NUMBERS * 200, b"x" * 40, b"y" * 30
    content, heard = flow(search, first, second, third)
    assert content.found[0, "personal-number"].matches == 200
    assert content.found[0, "personal-number"].places == ("upload / CCCD_************.txt",)
    read, raw, *unread = content.counts(0)
    lost = dict(zip(UNREAD, unread, strict=True))
    assert (read, raw, lost["media"]) == (len(first) - 5, 0, 5)
    assert read + sum(unread) == len(first) + len(second) + len(third)
    assert heard.problems == {("content-not-taken-apart", "Stumbling: IndexError"): 1}


def test_problems_name_no_file_where_a_mark_was_seen(search, monkeypatch):
    class Marked(Stumbling):
        def feed(self, side, data, gap):
            self.content.problem("damaged-content", "upload / ke-hoach.zip: it is cut")
            self.part.feed(data)

        def close(self):
            self.part.close()

    monkeypatch.setattr(flow_content, "DISSECTORS", (Marked(),))
    content, heard = flow(search, MARK * 3)
    assert content.secret
    assert heard.problems == {("damaged-content", "upload"): 1}
    content, heard = flow(search, NUMBERS * 3)
    assert not content.secret
    assert heard.problems == {("damaged-content", "upload / ke-hoach.zip: it is cut"): 1}
