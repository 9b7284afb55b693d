"""Frames of WebSocket give their messages, however they are cut, masked or damaged."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.inspect.protocols.websocket import Frames
from tests.inspect.recorder import RecordedContent


def framed(sent, size=None):
    content = RecordedContent()
    frames = Frames(content, 0)
    step = size or max(len(sent), 1)
    for begin in range(0, len(sent), step):
        frames.feed(sent[begin : begin + step])
    frames.close()
    assert all(part.closed for part in content.parts)
    return content


def frame(opcode, data, final=True, mask=None, packed=False):
    size = len(data)
    first = opcode | 0x80 * final | 0x40 * packed
    length = bytes([size]) if size < 126 else b"\x7f" + size.to_bytes(8, "big")
    if 126 <= size <= 0xFFFF:
        length = b"\x7e" + size.to_bytes(2, "big")
    if mask is None:
        return bytes([first]) + length + data
    masked = bytes(byte ^ mask[i % 4] for i, byte in enumerate(data))
    return bytes([first, length[0] | 0x80]) + length[1:] + mask + masked


LONG = "Đất đai ".encode() * 1_000
FRAMES = (
    frame(1, "số 1".encode(), mask=b"abcd")
    + frame(2, b"first ", final=False, mask=b"\x01\x02\x03\xff")
    + frame(9, b"ping", mask=b"zzzz")
    + frame(0, b"second", mask=b"\xf1\xf2\xf3\xf4")
    + frame(1, LONG, mask=b"1234")
    + frame(2, bytes(70_000), mask=b"1234")
    + frame(8, b"", mask=b"1234")
)


@pytest.mark.parametrize("size", [None, 1, 5_001])
def test_messages_of_websocket_are_unmasked(size):
    content = framed(FRAMES, size)
    assert content.texts == [
        (0, "WebSocket message", "số 1".encode()),
        (0, "WebSocket control frame", b"ping"),
    ]
    assert [part.data for part in content.parts] == [b"first second", LONG, bytes(70_000)]
    assert content.parts[1].media_type == "text/plain"


def test_packed_messages_of_websocket_are_unread():
    content = framed(frame(1, b"12345", packed=True) + frame(1, b"ok"))
    assert content.unread_bytes == [(0, 5, "unsupported")]
    assert content.texts == [(0, "WebSocket message", b"ok")]
    assert [code for code, _ in content.problems] == ["websocket-compressed"]


def test_a_gap_within_a_message_of_websocket_keeps_the_mask_in_step():
    content = RecordedContent()
    frames = Frames(content, 0)
    sent = frame(2, bytes(range(100)), mask=b"abcd")
    frames.feed(sent[:20])
    frames.gap(7)
    frames.feed(sent[27:] + frame(1, b"next", mask=b"wxyz"))
    frames.gap(30)
    frames.feed(b"?????")
    frames.close()
    assert content.parts[0].data == bytes([*range(14), *range(21, 100)])
    assert content.texts[-1] == (0, "WebSocket message", b"next")
    assert content.unread_bytes == [(0, 5, "damaged")]


def test_bytes_that_are_no_frames_are_damaged():
    content = framed(b"\xff\xff" + b"nothing of a frame")
    assert sum(size for _, size, _ in content.unread_bytes) == 20
    assert [code for code, _ in content.problems] == ["websocket-damaged"]


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_cutting_elsewhere_changes_nothing_even_where_it_is_damaged(data):
    broken = bytearray(FRAMES[:300])
    for _ in range(data.draw(st.integers(0, 3))):
        place = data.draw(st.integers(0, len(broken)))
        broken[place : place + data.draw(st.integers(0, 9))] = data.draw(st.binary(max_size=4))
    whole = framed(bytes(broken)).summary
    assert framed(bytes(broken), data.draw(st.integers(1, 60))).summary == whole
