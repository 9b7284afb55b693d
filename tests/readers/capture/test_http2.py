"""The host of a clear-text HTTP/2 request, however it is coded and framed."""

import hpack
import numpy as np
import pytest
from hpack.huffman_constants import REQUEST_CODES, REQUEST_CODES_LENGTH
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.readers.capture import http2 as http2_module
from auditor.readers.capture.http2 import LENGTHS, PREFACE, SCRATCH_HTTP2, SYMBOLS
from tests.readers.capture.direct import Direct

http2 = Direct(http2_module)

USUAL = [(":method", "GET"), (":scheme", "http"), (":path", "/a/b?c"), (":authority", "a.example"),
         ("user-agent", "tést/1"), ("x-long", "y" * 300)]  # fmt: skip


def array(content):
    return np.frombuffer(content, np.uint8).copy()


def frame(kind, flags, stream, content):
    return (
        len(content).to_bytes(3, "big") + bytes([kind, flags]) + stream.to_bytes(4, "big") + content
    )


SETTINGS = frame(4, 0, 0, bytes(6)) + frame(8, 0, 0, b"\0\0\x0f\0")


def block(fields, huffman=True):
    return hpack.Encoder().encode(fields, huffman=huffman)


def host(content, size=255):
    name, scratch = np.zeros(size, np.uint8), np.zeros(SCRATCH_HTTP2, np.uint8)
    length = http2.authority(array(content + b"\xff" * 30), 0, len(content), name, scratch)
    return name[:length].tobytes().decode() if length > 0 else length


def test_the_huffman_code_is_that_of_the_standard():
    code, bits = 0, 0
    for symbol in SYMBOLS.tolist():
        code <<= LENGTHS[symbol] - bits
        bits = LENGTHS[symbol]
        assert (code, bits) == (REQUEST_CODES[symbol], REQUEST_CODES_LENGTH[symbol])
        code += 1


@pytest.mark.parametrize("huffman", [True, False])
def test_the_authority_of_the_first_request(huffman):
    content = PREFACE + SETTINGS + frame(1, 4, 1, block(USUAL, huffman))
    assert host(content) == "a.example"
    assert host(content[24:]) == "a.example"


def test_a_host_field_does_where_there_is_no_authority():
    fields = [(":method", "GET"), ("host", "b.example:8080")]
    assert host(PREFACE + frame(1, 4, 1, block(fields))) == "b.example:8080"
    # Names spelled out, never indexed.
    spelled = b"\x00\x04host\x09b.example"
    assert host(PREFACE + frame(1, 4, 1, spelled)) == "b.example"
    assert host(PREFACE + frame(1, 4, 1, b"\x10\x0a:authority\x01c" + spelled)) == "c"


def test_padding_and_priority_are_stepped_over():
    content = b"\x07" + bytes(5) + block(USUAL) + bytes(7)
    assert host(PREFACE + frame(1, 0x2C, 1, content)) == "a.example"


def test_padding_larger_than_its_frame_is_not_http2():
    assert host(PREFACE + frame(1, 0x0C, 1, b"\x07" + bytes(5))) == -1


@pytest.mark.parametrize("cut", range(1, 30))
def test_a_block_may_go_on_in_further_frames(cut):
    fields = block(USUAL)
    content = (
        PREFACE + frame(1, 0, 1, fields[:cut]) + frame(9, 0, 1, b"") + frame(9, 4, 1, fields[cut:])
    )
    assert host(content) == "a.example"


@pytest.mark.parametrize(
    "content",
    [b"PRI * HTTP/1.1", b"GET / HTTP/1.1\r\n", PREFACE + frame(9, 4, 1, b""),
     PREFACE + frame(1, 4, 0, block(USUAL)), PREFACE + frame(1, 0, 1, b"") + SETTINGS,
     PREFACE + b"\x7f\xff\xff\x00\x00\x00\x00\x00\x00", PREFACE + frame(0x55, 0, 0, b"")],
)  # fmt: skip
def test_what_is_not_http2(content):
    assert host(content) == -1


def test_a_request_that_is_cut_has_its_host_once_it_is_there():
    content = PREFACE + SETTINGS + frame(1, 4, 1, block(USUAL[3:]))
    first = next(end for end in range(len(content)) if host(content[:end]) == "a.example")
    assert first < len(content)
    assert all(host(content[:end]) == 0 for end in range(first))


def test_an_answer_has_no_host_and_a_long_name_is_none():
    assert host(PREFACE + frame(1, 4, 1, block([(":status", "200"), ("server", "x")]))) == 0
    assert host(PREFACE + frame(1, 4, 1, block([(":authority", "a" * 300)]))) == 0


def test_broken_huffman_text_is_no_name():
    for text in (b"\xff\xff\xff\xff", b"\x00\xff\xff", b"\x1e"):  # the end mark, too much filling
        value = bytes([0x41, 0x80 | len(text)]) + text
        assert host(PREFACE + frame(1, 4, 1, value)) == 0


LETTERS = st.text(st.characters(max_codepoint=255), min_size=1, max_size=60)


@settings(deadline=None)  # the first call compiles
@given(
    before=st.lists(st.tuples(LETTERS, LETTERS), max_size=5), name=LETTERS, huffman=st.booleans()
)
def test_what_another_library_encodes_is_read(before, name, huffman):
    value = name.encode("latin-1")
    fields = [(b"x" + a.encode("latin-1"), b.encode("latin-1")) for a, b in before]
    content = PREFACE + frame(1, 4, 1, block([*fields, (b":authority", value)], huffman))
    out, scratch = np.zeros(255, np.uint8), np.zeros(SCRATCH_HTTP2, np.uint8)
    length = http2.authority(array(content), 0, len(content), out, scratch)
    assert out[:length].tobytes() == value


@settings(deadline=None)
@given(
    changes=st.lists(st.tuples(st.integers(0, 200), st.integers(0, 255)), max_size=6),
    cut=st.integers(0, 200),
    noise=st.binary(max_size=60),
    preface=st.booleans(),
)
def test_nothing_outside_the_bytes_is_read(changes, cut, noise, preface):
    base = (
        PREFACE * preface + SETTINGS + frame(1, 0, 1, block(USUAL)) + frame(9, 4, 1, b"\x41\x01a")
    )
    content = bytearray(base[:cut] + noise)
    for place, byte in changes:
        if place < len(content):
            content[place] = byte
    said = []
    for padding in (0, 255):
        data = np.full(len(content) + 400, padding, np.uint8)
        data[100 : 100 + len(content)] = array(bytes(content))
        name, scratch = np.zeros(64, np.uint8), np.full(SCRATCH_HTTP2, padding, np.uint8)
        length = http2.authority(data, 100, 100 + len(content), name, scratch)
        said.append((length, name[: max(length, 0)].tobytes()))
    assert said[0] == said[1]
