"""HTTP/2 is taken apart by frames, after an upgrade too, over gaps and from the middle."""

import base64

import hpack
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.inspect.protocols.http1 import Http1
from auditor.inspect.protocols.http2 import PREFACE, Http2
from tests.inspect.recorder import RecordedContent, conversed, head

HTTP2 = Http2()


def frame(kind, data=b"", stream=0, flags=0):
    return len(data).to_bytes(3, "big") + bytes([kind, flags]) + stream.to_bytes(4, "big") + data


class Sender:
    """Frames of one side, with the state of its header fields."""

    def __init__(self):
        self.encoder = hpack.Encoder()

    def headers(self, stream, fields, end=False, cut=None):
        block = self.encoder.encode(fields)
        first, rest = block[:cut], block[cut:] if cut is not None else b""
        if not rest:
            return frame(1, first, stream, 4 | end)
        return frame(1, first, stream, int(end)) + frame(9, rest, stream, 4)


def data(stream, body, end=False, padding=None):
    if padding is None:
        return frame(0, body, stream, int(end))
    return frame(0, bytes([padding]) + body + bytes(padding), stream, 8 | end)


def posted(path="/up/khach.csv?ten=%C4%90%E1%BA%A5t", **fields):
    return {
        ":method": "POST", ":scheme": "http", ":path": path, "authorization": "Bearer abc",
        **{name.replace("_", "-"): value for name, value in fields.items()},
    }  # fmt: skip


def talk():
    client, server = Sender(), Sender()
    settings = frame(4, (1).to_bytes(2, "big") + (65_536).to_bytes(4, "big"))
    asked = (
        PREFACE
        + settings
        + client.headers(1, posted(content_type="text/csv; charset=UTF-8", cookie="a=1"), cut=11)
        + data(1, b"so_cccd\n", padding=5)
        + client.headers(3, posted("/b", content_encoding="gzip", content_length="3"))
        + data(3, b"zip", end=True)
        + frame(6, bytes(8))
        + data(1, b"001", end=True, padding=0)
    )
    answered = (
        settings
        + frame(4, b"", flags=1)
        + server.headers(1, {":status": "100"})
        + server.headers(1, {":status": "200", "content-type": "text/plain"})
        + data(1, b"answer")
        + frame(8, bytes(4), 1)
        + server.headers(1, {"x-sum": "abc"}, end=True)
        + server.headers(3, {":status": "204"}, end=True)
    )
    return [(0, asked), (1, answered)]


def talked(chunks, size=None):
    content = conversed(HTTP2, head(), chunks, size)
    assert all(part.closed for part in content.parts)
    return content


def parts(content):
    return [(part.side, part.place, part.data) for part in content.parts]


@pytest.mark.parametrize("size", [None, 1, 3, 50])
def test_streams_come_apart_however_they_are_cut(size):
    content = talked(talk(), size)
    assert parts(content) == [
        (0, "HTTP/2 request body", b"so_cccd\n001"),
        (0, "HTTP/2 request body", b"zip"),
        (1, "HTTP/2 response body", b"answer"),
    ]
    first, packed, answer = content.parts
    assert (first.media_type, first.charset) == ("text/csv; charset=UTF-8", "utf-8")
    assert packed.encodings == ("gzip",)
    assert answer.filename == "khach.csv"
    assert content.texts == [
        (0, "HTTP/2 request URL", "POST /up/khach.csv?ten=Đất".encode()),
        (0, "HTTP/2 request header", b"authorization: Bearer\ncookie: a=1"),
        (0, "HTTP/2 request URL", b"POST /b"),
        (0, "HTTP/2 request header", b"authorization: Bearer"),
        (1, "HTTP/2 trailer", b"x-sum: abc"),
    ]
    assert content.problems == []


def test_an_upgraded_connection_goes_on_as_http2():
    (_, asked), (_, answered) = talk()
    larger = base64.urlsafe_b64encode((1).to_bytes(2, "big") + (65_536).to_bytes(4, "big"))
    upgrade = (
        b"GET /a HTTP/1.1\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n"
        b"HTTP2-Settings: " + larger.rstrip(b"=") + b"\r\n\r\n"
    )
    switched = b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n"
    for size in (None, 1):
        content = conversed(Http1(), head(), [(0, upgrade + asked), (1, switched + answered)], size)
        assert [part.data for part in content.parts] == [b"so_cccd\n001", b"zip", b"answer"]
        assert all(part.closed for part in content.parts)


def test_a_preface_where_http1_was_expected_hands_over():
    chunks = [(side, b"\r\n" * (1 - side) + sent) for side, sent in talk()]
    content = conversed(Http1(), head(), chunks)
    assert [part.data for part in content.parts] == [b"so_cccd\n001", b"zip", b"answer"]


def test_bodies_of_several_documents_come_apart():
    body = b"--x\r\nContent-Disposition: form-data; name=f; filename=a.csv\r\n\r\n1;2\r\n--x--\r\n"
    grpc = b"\0\0\0\0\5hello\1\0\0\0\3zip"
    client = Sender()
    asked = (
        PREFACE
        + client.headers(1, posted(content_type="multipart/form-data; boundary=x"))
        + data(1, body[:30])
        + client.headers(3, posted(content_type="application/grpc", grpc_encoding="gzip"))
        + data(3, grpc[:7])
        + data(1, body[30:], end=True)
        + data(3, grpc[7:], end=True)
    )
    content = talked([(0, asked)])
    assert [(part.place, part.filename, part.data) for part in content.parts] == [
        ("HTTP/2 request message", "", b"hello"),
        ("HTTP/2 request body", "a.csv", b"1;2"),
        ("HTTP/2 request message", "", b"zip"),
    ]


def test_a_reset_closes_a_stream_of_both_sides():
    client, server = Sender(), Sender()
    content = RecordedContent()
    conversation = HTTP2.conversation(head(), content)
    conversation.feed(0, PREFACE + client.headers(1, posted()) + data(1, b"a"), 0)
    conversation.feed(1, frame(4) + server.headers(1, {":status": "200"}) + data(1, b"b"), 0)
    conversation.feed(1, frame(3, bytes(4), 1), 0)
    assert [part.closed for part in content.parts] == [True, True]


def test_more_streams_than_anyone_opens_close_the_oldest():
    client = Sender()
    block = client.headers(1, {":method": "POST"})[9:]
    asked = bytearray(PREFACE)
    for number in range(1, 20_101, 2):
        asked += frame(1, block if number == 1 else b"\x83", number, 4) + data(number, b"x")
    content = RecordedContent()
    conversation = HTTP2.conversation(head(), content)
    conversation.feed(0, bytes(asked), 0)
    assert sum(not part.closed for part in content.parts) == 10_000
    assert {code for code, _ in content.problems} == {"http2-too-many-streams"}
    conversation.close()


def gapped(chunks):
    content = RecordedContent()
    conversation = HTTP2.conversation(head(), content)
    for side, sent, gap in chunks:
        conversation.feed(side, sent, gap)
    conversation.close()
    assert all(part.closed for part in content.parts)
    return content


def test_a_gap_within_data_leaves_all_in_step():
    (_, asked), _ = talk()
    cut = asked.index(b"so_cccd") + 2
    content = gapped([(0, asked[:cut], 0), (0, asked[cut + 4 :], 4)])
    assert [(part.data, part.gaps) for part in content.parts] == [
        (b"sod\n001", [4]), (b"zip", []),
    ]  # fmt: skip
    assert content.problems == []


def test_after_a_gap_within_header_fields_data_is_read_without_type():
    (_, asked), _ = talk()
    cut = len(PREFACE) + 15 + 12  # behind the settings, within the first header frame
    content = gapped([(0, asked[:cut], 0), (0, asked[cut + 3 :], 3)])
    assert [(part.data, part.media_type) for part in content.parts] == [
        (b"so_cccd\n001", ""), (b"zip", ""),
    ]  # fmt: skip
    assert [code for code, _ in content.problems] == ["http2-headers-lost"]
    assert {why for _, _, why in content.unread_bytes} == {"missing"}


@pytest.mark.parametrize("size", [1, 9, 1_000])
def test_frames_are_found_again_after_a_gap_over_several(size):
    client = Sender()
    asked = PREFACE + client.headers(1, posted()) + data(1, b"before")
    after = b"the end of lost data" + data(1, b"one" * 2_000) + data(3, b"two", end=True)
    after += frame(8, bytes(4), 3)
    content = RecordedContent()
    conversation = HTTP2.conversation(head(), content)
    conversation.feed(0, asked, 0)
    for begin in range(0, len(after), size):
        conversation.feed(0, after[begin : begin + size], 0 if begin else 5_000)
    conversation.close()
    assert parts(content) == [
        (0, "HTTP/2 request body", b"before"),
        (0, "HTTP/2, beginning not captured", b"the end of lost data"),
        (0, "HTTP/2 request body", b"one" * 2_000),
        (0, "HTTP/2 request body", b"two"),
    ]


def test_a_stream_that_begins_in_the_middle_is_read_from_the_next_frame():
    content = talked([(1, b"\x07tail" + data(5, b"body" * 50) + data(7, b"x") + data(5, b"more"))])
    assert parts(content) == [
        (1, "HTTP/2, beginning not captured", b"\x07tail"),
        (1, "HTTP/2 response body", b"body" * 50 + b"more"),
        (1, "HTTP/2 response body", b"x"),
    ]


def test_what_holds_no_frames_is_read_as_it_stands():
    sent = b"EHLO nobody here speaks it\r\n" * 9_000
    content = talked([(0, sent)], 4_000)
    assert parts(content) == [(0, "HTTP/2, beginning not captured", sent)]
    assert len(content.parts[0].pieces) > 2


def test_a_flood_of_continuations_is_given_up():
    asked = PREFACE + frame(1, b"\0" * 50, 1, 0) + frame(9, b"\0" * 16_000, 1, 0) * 40
    content = talked([(0, asked + data(1, b"after"))])
    assert parts(content) == [(0, "HTTP/2 request body", b"after")]
    assert [code for code, _ in content.problems] == ["http2-headers-lost"]


def test_a_list_of_fields_that_unpacks_to_too_much_is_given_up():
    encoder = hpack.Encoder()
    block = encoder.encode({"x-a": "v" * 4_000}) + b"\xbe" * 1_000
    content = talked([(0, PREFACE + frame(1, block, 1, 4) + data(1, b"after"))])
    assert content.parts[0].data == b"after"
    assert [code for code, _ in content.problems] == ["http2-headers-lost"]
    assert content.texts == []


def test_frames_of_unknown_kinds_and_sizes_are_passed_over():
    asked = PREFACE + frame(200, bytes(300), 9) + frame(5, b"\0\0\0\2", 1, 4) + frame(7, bytes(8))
    asked += b"\xff\xff\xff\x00\x00\x00\x00\x00\x01" + b"abc"
    content = talked([(0, asked)])
    assert content.unread_bytes == [(0, 300, "unsupported")]
    assert content.parts[0].data == b"abc"


@pytest.mark.parametrize(
    ("client", "server", "app", "sure"),
    [
        (PREFACE, b"", None, 1.0),
        (b"", frame(4, bytes(6)), None, 0.6),
        (b"", frame(4) + frame(8, bytes(4)), None, 0.6),
        (b"", frame(4) + b"something of another kind", None, 0),
        (b"\0\1\2", b"", "http2", 0.5),
        (b"GET / HTTP/1.1\r\n", b"", None, 0),
    ],
)
def test_it_is_recognised_by_its_preface_on_any_port(client, server, app, sure):
    assert HTTP2.sniff(head(4711, app=app), (client, server)) == sure


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_cutting_elsewhere_changes_nothing_even_where_it_is_damaged(drawn):
    chunks = []
    for side, whole in talk():
        broken = bytearray(whole[drawn.draw(st.sampled_from([0, 0, 0, 30])) :])
        for _ in range(drawn.draw(st.integers(0, 3))):
            place = drawn.draw(st.integers(0, len(broken)))
            broken[place : place + drawn.draw(st.integers(0, 9))] = drawn.draw(
                st.binary(max_size=4)
            )
        chunks.append((side, bytes(broken)))
    whole = talked(chunks).summary
    assert talked(chunks, drawn.draw(st.integers(1, 60))).summary == whole


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_gaps_anywhere_end_in_closed_parts(drawn):
    chunks = []
    for side, whole in talk():
        begin = 0
        while begin < len(whole):
            gap = drawn.draw(st.sampled_from([0, 0, 1, 5, 100]))
            end = begin + gap + drawn.draw(st.integers(0, 80))
            chunks.append((side, whole[begin + gap : end], gap))
            begin = end + 1
    gapped(chunks)
