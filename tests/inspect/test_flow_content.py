"""One flow: every byte is told once, other cuts change nothing, and what fails is told."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.inspect import flow_content
from auditor.model.content import UNREAD
from auditor.model.stream import Ended
from tests.inspect.inspecting import CCCD, TALKS, account, all_of, chunks, found, inspected, one
from tests.inspect.recorder import head

POST = b"POST /up HTTP/1.1\r\nContent-Length: %d\r\n\r\n%s"


@st.composite
def conversations(draw, names=tuple(TALKS)):
    """A real conversation with bytes changed, cut off and lost."""
    flow, said = TALKS[draw(st.sampled_from(names))]
    broken = []
    for side, data in said:
        wild, gap = bytearray(data), 0
        for _ in range(draw(st.sampled_from([0, 0, 1, 3])) if wild else 0):
            wild[draw(st.integers(0, len(wild) - 1))] = draw(st.sampled_from([0, 1, 127, 128, 255]))
        if draw(st.integers(0, 7)) == 0:
            gap = draw(st.sampled_from([1, 5, 100, 100_000, 1 << 40]))
            wild = wild[min(gap, len(wild)) :]
        broken.append((side, bytes(wild), gap))
    return flow, broken


@settings(max_examples=120, deadline=None)
@given(conversations(), st.tuples(st.integers(0, 9), st.integers(0, 9)))
def test_every_byte_of_any_conversation_is_told_once(conversation, unordered):
    flow, said = conversation
    inspection, _ = one(flow, said, ended=Ended(0, unread=unordered))
    for side, row in enumerate(inspection.coverage.to_pylist()):
        told = [row[name] for name in ("read", "raw", *UNREAD)]
        fed = sum(len(data) + gap for sender, data, gap in said if sender == side)
        assert min(told) >= 0
        assert sum(told) == fed + unordered[side]


@settings(max_examples=60, deadline=None)
@given(conversations(), st.integers(1, 80))
def test_cutting_elsewhere_changes_nothing_of_any_conversation(conversation, size):
    flow, said = conversation
    assert all_of(*one(flow, said, size)) == all_of(*one(flow, said))


@pytest.mark.parametrize("name", TALKS)
def test_no_protocol_tells_more_bytes_than_it_got(name, monkeypatch):
    class Strict(flow_content.FlowContent):
        def _once(self, side, size):
            assert size <= self._fed[side] - self._told[side]
            return super()._once(side, size)

    monkeypatch.setattr("auditor.inspect.inspector.FlowContent", Strict)
    _, problems = one(*TALKS[name])
    assert "content-not-taken-apart" not in {problem.code for problem in problems}


def test_a_protocol_is_recognised_by_the_first_bytes_of_both_however_they_come():
    said = [(0, b"EHLO a"), (0, b".vn\r\n"), (1, b"220 mx ESMTP\r\n"), (0, CCCD)]
    for size in (1, 4, None):
        inspection, _ = one(head(4711), said, size)
        assert account(inspection)[0] == {"read": sum(len(d) for side, d in said if not side)}


def test_nothing_but_gaps_and_empty_datagrams_is_counted_too():
    inspection, _ = one(head(), [(0, b"", 5), (1, b"", 7), (0, b"", 2)])
    assert account(inspection) == [{"missing": 7}, {"missing": 7}]
    many = chunks(0, head(53, protocol=17), [(0, b"x")] * 500)
    assert account(inspected(head(4711, protocol=17), many)[0]) == [{"raw": 500}, {}]


@pytest.mark.parametrize("record", [b"\x16\x03\x03", b"\x17\x03\x02", b"\x15\x03\x01"])
def test_tls_that_nobody_recognised_before_is_encrypted(record):
    inspection, _ = one(head(4711), [(1, record + bytes(900)), (0, b"x" * 10)], 100)
    assert account(inspection) == [{"encrypted": 10}, {"encrypted": 903}]


def test_after_a_turn_to_tls_each_byte_is_encrypted_once():
    said = [
        (1, b"220 mx ESMTP\r\n"),
        (0, b"EHLO a\r\n"),
        (1, b"250 STARTTLS\r\n"),
        (0, b"STARTTLS\r\n"),
        (1, b"220 go\r\n"),
        (0, b"\x16\x03\x01" + bytes(50)),
        (1, b"\x16\x03\x03" + bytes(40)),
    ]
    for size in (1, 7, None):
        inspection, _ = one(head(25), said, size)
        assert [row["encrypted"] for row in account(inspection)] == [53, 43]


class _Fails:
    """A dissector with a mistake."""

    name = "failing"

    def __init__(self, *, closing):
        self.closing = closing

    def sniff(self, flow, heads):
        return 1.0

    def conversation(self, flow, content):
        self.content, self.part = content, content.part(0, "a file", filename="a.txt")
        return self

    def feed(self, side, data, gap):
        if b"!" in data:
            raise KeyError("001099012345")
        self.content.text(side, "a line", CCCD)
        self.part.feed(data)

    def close(self):
        if self.closing:
            raise IndexError
        self.part.close()


@pytest.mark.parametrize("closing", [False, True])
def test_a_parser_that_fails_is_told_once_and_what_it_found_counts(monkeypatch, closing):
    monkeypatch.setattr(flow_content, "DISSECTORS", (_Fails(closing=closing),))
    text = CCCD.replace(b"9012345", b"9012346") * 20
    said = [(0, text)] if closing else [(0, text), (0, b"!" * 9), (1, b"!"), (0, b"!" * 5)]
    inspection, problems = one(head(), said)
    assert [(problem.code, problem.count) for problem in problems] == [
        ("content-not-taken-apart", 1)
    ]
    assert "001099" not in problems[0].message and "_Fails: " in problems[0].message
    [(_, _, distinct, places)] = found(inspection, detector="personal-number")
    assert (distinct, set(places)) == (2, {"a file / a.txt", "a line"})
    lost = {} if closing else {"damaged": 14}
    assert account(inspection) == [{"read": len(text), **lost}, {} if closing else {"damaged": 1}]


def test_a_document_that_fails_at_its_end_was_not_read(monkeypatch):
    class Mistaken:
        name = "failing"

        def sniff(self, head, about):
            return float(head.startswith(b"xxx"))

        def read(self, file, size, about, pages):
            member = pages.member("inside.txt")
            member.feed(CCCD)
            raise RecursionError

    monkeypatch.setattr("auditor.inspect.parts.DOCUMENTS", (Mistaken(),))
    inspection, [problem] = one(head(), [(0, POST % (90, b"x" * 90)), (0, POST % (1, b"y"))])
    assert "RecursionError" in problem.message
    # what the part held before counts, its bytes were not read
    assert [places for *_, places in found(inspection)] == [
        ("HTTP request body / inside.txt",),
    ]
    assert account(inspection)[0]["damaged"] >= 90


def test_names_from_the_content_are_harmless_where_they_are_shown():
    name = b"CCCD 001099012345 \xe2\x80\xaegpj.exe\x1b[31m" + b"x" * 500
    body = b'--b\r\nContent-Disposition: form-data; name=a; filename="' + name + b'"\r\n\r\n'
    body += CCCD * 40 + b"\r\n--b--\r\n"
    post = b"POST / HTTP/1.1\r\nContent-Type: multipart/form-data; boundary=b\r\n"
    inspection, _ = one(head(), [(0, post + b"Content-Length: %d\r\n\r\n" % len(body) + body)])
    places = [place for hit in inspection.hits for place in hit.places if "body" in place]
    assert places
    for place in places:
        assert place.isprintable() and len(place) < 500 and "001099012345" not in place


MARK = "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM\nTUYỆT MẬT\nSố: 12/BC\n".encode()


class _Complains(_Fails):
    """A dissector whose files are damaged."""

    def feed(self, side, data, gap):
        self.content.problem("damaged-content", "a file / ke-hoach.zip: it is cut")
        self.part.feed(data)


@pytest.mark.parametrize("text", [MARK, CCCD])
def test_where_a_mark_was_seen_neither_places_nor_problems_name_a_file(monkeypatch, text):
    monkeypatch.setattr(flow_content, "DISSECTORS", (_Complains(closing=False),))
    inspection, problems = one(head(), [(0, text * 20)])
    named = text != MARK
    assert [problem.message for problem in problems] == [
        "a file / ke-hoach.zip: it is cut" if named else "a file"
    ]
    assert {place for hit in inspection.hits for place in hit.places} == {
        "a file / a.txt" if named else "a file"
    }
    assert all(hit.withheld != named for hit in inspection.hits)
