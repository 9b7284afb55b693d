"""HTTP/1 is taken apart whole, from the middle, over gaps, and however hostile it is."""

import base64
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.inspect.protocols.http1 import Http1
from tests.inspect.recorder import RecordedContent, conversed, head

HTTP = Http1()

GET = b"GET /tra-cuu?ten=Nguy%E1%BB%85n+A HTTP/1.1\r\nHost: a.vn\r\nCookie: so=001%3D\r\n\r\n"
CHUNKED = (
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, Chunked\r\nContent-Encoding: br\r\n"
    b"Content-Type: text/csv; charset=utf-8\r\n\r\n"
    b"5;name=value\r\nhello\r\n0006 \r\n world\r\n0\r\nX-Sum: 1\r\n\r\n"
)
POST = b"POST /up HTTP/1.1\r\nContent-Length: 7\r\nAuthorization: Bearer abc\r\n\r\n1234567"


def talked(*chunks, size=None):
    content = conversed(HTTP, head(), list(chunks), size)
    assert all(part.closed for part in content.parts)
    return content


def parts(content):
    return [(part.side, part.place, part.data) for part in content.parts]


@pytest.mark.parametrize("size", [None, 1, 3, 40])
def test_requests_and_answers_come_apart_however_they_are_cut(size):
    content = talked((0, GET), (1, CHUNKED), (0, POST + POST), (1, CHUNKED), size=size)
    assert parts(content) == [
        (1, "HTTP response body", b"hello world"),
        (0, "HTTP request body", b"1234567"),
        (0, "HTTP request body", b"1234567"),
        (1, "HTTP response body", b"hello world"),
    ]
    assert content.parts[0].encodings == ("gzip", "br")
    assert content.parts[0].charset == "utf-8"
    assert content.texts[:3] == [
        (0, "HTTP request URL", "GET /tra-cuu?ten=Nguyễn A".encode()),
        (0, "HTTP request header", b"cookie: so=001="),
        (1, "HTTP trailer", b"x-sum: 1"),
    ]
    assert (0, "HTTP request header", b"authorization: Bearer") in content.texts


def test_small_chunks_are_handed_on_together():
    start = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    content = talked((1, start + b"1\r\na\r\n" * 1_000), (1, b"1\r\nb\r\n" * 1_000))
    assert content.parts[0].pieces == [b"a" * 1_000, b"b" * 1_000]


def test_answers_without_body_are_known_by_request_and_status():
    ok = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n"
    content = talked(
        (0, b"HEAD /a HTTP/1.1\r\n\r\nGET /b HTTP/1.1\r\n\r\nGET /c.csv HTTP/1.1\r\n\r\n"),
        (1, b"HTTP/1.1 100 Continue\r\n\r\n" + ok),
        (1, b"HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n"),
        (1, b"HTTP/1.0 200\r\n\r\nuntil the end\r\n\r\n"),
    )
    assert parts(content) == [(1, "HTTP response body", b"until the end\r\n\r\n")]
    assert content.parts[0].filename == "c.csv"


def test_either_side_may_be_the_one_that_asks():
    assert parts(talked((1, POST), (0, CHUNKED))) == [
        (1, "HTTP request body", b"1234567"),
        (0, "HTTP response body", b"hello world"),
    ]


@pytest.mark.parametrize("size", [None, 1, 7])
def test_a_stream_may_begin_in_the_middle(size):
    rubbish = b"end of a body\0 HTTP/1.1 GET /x HTTP/1.1 and HTTP/1.1 200 OK\n or so"
    content = talked((0, rubbish + POST), (1, b"tail" + CHUNKED), size=size)
    assert parts(content) == [
        (0, "HTTP, beginning not captured", rubbish),
        (0, "HTTP request body", b"1234567"),
        (1, "HTTP, beginning not captured", b"tail"),
        (1, "HTTP response body", b"hello world"),
    ]


def test_a_long_beginning_that_was_not_captured_is_not_held():
    rubbish = random.Random(1).randbytes(300_000)
    content = talked((0, rubbish + POST), size=1_000)
    assert parts(content)[0][2] == rubbish
    assert len(content.parts[0].pieces) > 3
    assert parts(content)[1][2] == b"1234567"


def gapped(*chunks):
    content = RecordedContent()
    conversation = HTTP.conversation(head(), content)
    for side, data, gap in chunks:
        conversation.feed(side, data, gap)
    conversation.close()
    return content


def test_a_gap_within_a_body_leaves_what_follows_in_step():
    content = gapped((0, POST[:-5], 0), (0, POST[-2:] + POST, 3))
    assert [(part.data, part.gaps) for part in content.parts] == [(b"1267", [3]), (b"1234567", [])]


def test_a_gap_within_a_chunk_leaves_what_follows_in_step():
    begin = CHUNKED.index(b"hello")
    content = gapped((1, CHUNKED[:begin], 0), (1, CHUNKED[begin + 3 :], 3))
    assert [(part.data, part.gaps) for part in content.parts] == [(b"lo world", [3])]


def test_a_gap_between_chunks_is_told_to_the_body():
    begin = CHUNKED.index(b"\r\n0006")
    content = gapped((1, CHUNKED[:begin], 0), (1, CHUNKED[begin + 9 :], 9))
    assert [(part.data, part.gaps) for part in content.parts] == [
        (b"hello", [9]),
        (b" world\r\n0\r\nX-Sum: 1\r\n\r\n", []),
    ]


def test_after_a_gap_over_a_header_the_next_message_is_found():
    content = gapped((0, POST[:-4], 0), (0, b"rest of another" + POST, 500))
    assert [(part.place, part.data, part.gaps) for part in content.parts] == [
        ("HTTP request body", b"123", [4]),
        ("HTTP, beginning not captured", b"rest of another", []),
        ("HTTP request body", b"1234567", []),
    ]
    content = gapped((0, GET[:20], 0), (0, GET[40:] + POST, 20))
    assert parts(content)[0] == (0, "HTTP, beginning not captured", GET[:20] + GET[40:])
    assert parts(content)[1] == (0, "HTTP request body", b"1234567")


def test_a_body_until_the_end_goes_on_after_a_gap():
    content = gapped((1, b"HTTP/1.1 200 OK\r\n\r\nab", 0), (1, b"cd", 9), (1, b"", 3))
    assert [(part.data, part.gaps) for part in content.parts] == [(b"abcd", [9, 3])]


@pytest.mark.parametrize("size", [b"FFFFFFFF", b"ffffffffffffffff"])
def test_a_chunk_may_claim_any_size(size):
    start = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    assert parts(talked((1, start + size + b"\r\nabc")))[0][2] == b"abc"


@pytest.mark.parametrize("line", [b"xyz\r\n", b"11111111111111111\r\n", b"5;" + b"a" * 9_000])
def test_a_damaged_chunk_is_told_and_the_next_message_found(line):
    start = b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n"
    for size in (None, 11):
        content = talked((0, start + line + POST), size=size)
        assert [data for _, _, data in parts(content)][::2] == [b"abc", b"1234567"]
        assert [code for code, _ in content.problems] == ["http-chunks-damaged"]


def test_a_header_without_end_is_given_up_and_read_as_it_stands():
    long = b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * 20_000
    content = talked((0, long), (0, b"\r\n" + POST), size=1_000)
    assert parts(content)[0][2].startswith(long)
    assert parts(content)[-1][2] == b"1234567"
    assert [code for code, _ in content.problems] == ["http-header-too-long"]


def test_a_form_upload_comes_apart():
    body = b"--x\r\nContent-Disposition: form-data; name=f; filename=a.csv\r\n\r\n1;2\r\n--x--\r\n"
    start = b"POST / HTTP/1.1\r\nContent-Type: multipart/form-data; boundary=x\r\n"
    content = talked((0, start + b"Content-Length: %d\r\n\r\n" % len(body) + body + GET), size=9)
    assert [(part.filename, part.data) for part in content.parts] == [("a.csv", b"1;2")]
    assert len(content.texts) == 3


CONNECT = b"CONNECT a.vn:443 HTTP/1.1\r\nHost: a.vn\r\n\r\n"
CONNECTED = b"HTTP/1.1 200 Connection established\r\n\r\n"
HELLO = b"\x16\x03\x01\x00\x05hello"


@pytest.mark.parametrize("size", [None, 1, 2])
def test_a_tunnel_with_tls_is_encrypted(size):
    content = talked((0, CONNECT), (1, CONNECTED), (0, HELLO), (1, HELLO + b"x"), size=size)
    assert content.secured
    assert content.parts == []
    assert sum(size for side, size, why in content.unread_bytes if why == "encrypted") == 21


@pytest.mark.parametrize("size", [None, 1])
def test_another_tunnel_is_read_as_it_stands(size):
    content = talked((0, CONNECT + b"HELO"), (1, CONNECTED + b"220 hi"), (0, b" a"), size=size)
    assert sorted(parts(content)) == [
        (0, "HTTP tunnel", b"HELO a"),
        (1, "HTTP tunnel", b"220 hi"),
    ]
    assert not content.secured


def test_a_refused_tunnel_stays_http():
    content = talked((0, CONNECT + POST), (1, b"HTTP/1.1 407 No\r\nContent-Length: 2\r\n\r\nno"))
    assert parts(content) == [
        (0, "HTTP request body", b"1234567"),
        (1, "HTTP response body", b"no"),
    ]


def test_tls_behind_a_connect_whose_answer_was_not_captured_is_encrypted():
    assert talked((0, CONNECT + HELLO)).secured


ASK_WEBSOCKET = b"GET /ws HTTP/1.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"
WEBSOCKET = b"HTTP/1.1 101 Switching\r\nUpgrade: WebSocket\r\nConnection: Upgrade\r\n\r\n"
FRAME = b"\x81\x02hi"


def test_an_upgraded_connection_goes_on_as_websocket():
    content = talked((0, ASK_WEBSOCKET + FRAME), (1, WEBSOCKET + FRAME), size=5)
    assert max(content.texts) == (1, "WebSocket message", b"hi")
    assert (0, "WebSocket message", b"hi") in content.texts


@pytest.mark.parametrize("size", [None, 50_000])
def test_upgrades_that_are_never_answered_are_not_waited_for(size):
    content = talked((0, ASK_WEBSOCKET * 3_000 + POST), size=size)
    assert len(content.texts) == 3_002
    assert parts(content) == [(0, "HTTP request body", b"1234567")]
    content = talked((0, ASK_WEBSOCKET * 3 + POST))
    assert parts(content) == [(0, "HTTP request body", b"1234567")]


def test_a_refused_upgrade_stays_http():
    content = talked((0, ASK_WEBSOCKET + POST), (1, CHUNKED))
    assert {place for _, place, _ in parts(content)} == {"HTTP request body", "HTTP response body"}


@pytest.mark.parametrize(
    ("client", "server", "app", "sure"),
    [
        (GET, b"", None, 0.95),
        (b"", CHUNKED, None, 0.95),
        (b"GET /" + b"a" * 60, b"", None, 0.7),
        (b"\0\1\2", b"", "http", 0.5),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"", None, 0),
        (b"EHLO me\r\n", b"220 mail ESMTP\r\n", None, 0),
        (b"OPTIONS sip:a@b SIP/2.0\r\n", b"SIP/2.0 200 OK\r\n", None, 0),
    ],
)
def test_it_is_recognised_by_its_first_line_on_any_port(client, server, app, sure):
    assert HTTP.sniff(head(4711, app=app), (client, server)) == sure


TALK = [(0, GET), (1, CHUNKED), (0, POST), (1, WEBSOCKET), (0, ASK_WEBSOCKET)]
TALKS = [
    TALK,
    [(0, CONNECT + HELLO), (1, CONNECTED + HELLO), (0, POST)],
    [(0, ASK_WEBSOCKET), (1, WEBSOCKET + FRAME), (0, FRAME * 3)],
    [(0, b"tail" + POST * 2 + ASK_WEBSOCKET), (1, b"x\r\n" + CHUNKED + CHUNKED), (0, POST)],
]


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_cutting_elsewhere_changes_nothing_even_where_it_is_damaged(data):
    talk = []
    for side, whole in data.draw(st.sampled_from(TALKS)):
        broken = bytearray(whole)
        for _ in range(data.draw(st.integers(0, 3))):
            place = data.draw(st.integers(0, len(broken)))
            broken[place : place + data.draw(st.integers(0, 9))] = data.draw(st.binary(max_size=4))
        talk.append((side, bytes(broken)))
    whole = talked(*talk).summary
    assert talked(*talk, size=data.draw(st.integers(1, 60))).summary == whole


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_gaps_anywhere_end_in_closed_parts(data):
    content = RecordedContent()
    conversation = HTTP.conversation(head(), content)
    for side, whole in data.draw(st.sampled_from(TALKS)):
        begin = 0
        while begin < len(whole):
            gap = data.draw(st.sampled_from([0, 0, 1, 5, 100]))
            end = begin + gap + data.draw(st.integers(0, 80))
            conversation.feed(side, whole[begin + gap : end], gap)
            begin = end + 1
    conversation.close()
    assert all(part.closed for part in content.parts)


def test_settings_of_an_upgrade_to_http2_may_be_rubbish():
    ask = (
        b"GET / HTTP/1.1\r\nUpgrade: h2c\r\nHTTP2-Settings: "
        + base64.b64encode(b"abc")
        + b"=\r\n\r\n"
    )
    switched = b"HTTP/1.1 101 Switching\r\nUpgrade: h2c\r\n\r\n"
    content = talked((0, ask), (1, switched + b"nothing of the kind"))
    assert parts(content) == [(1, "HTTP/2, beginning not captured", b"nothing of the kind")]
