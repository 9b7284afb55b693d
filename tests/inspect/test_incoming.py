from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.inspect.protocols.incoming import Body, Incoming
from tests.inspect.recorder import RecordedPart


def test_lines_blocks_and_the_rest_are_taken_in_order():
    incoming = Incoming()
    incoming.add(b"one\r\ntw")
    assert incoming.line() == b"one\r\n"
    assert incoming.line() is None
    incoming.add(b"o\n12345")
    assert incoming.line() == b"two\n"
    assert incoming.block(9) is None
    assert incoming.block(2) == b"12"
    assert incoming.head(9) == b"345"
    assert incoming.some(2) == b"34"
    incoming.back(1)
    assert incoming.rest() == b"45"
    assert len(incoming) == 0


def test_a_line_without_end_comes_in_pieces():
    incoming = Incoming()
    incoming.add(b"a" * 70_000)
    assert incoming.line() == b"a" * 65_536
    assert incoming.line() is None


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.sampled_from([b"\r", b"\n", b".", b"\r\n", b"a", b"\r\n.", b".."]), max_size=20),
    st.integers(1, 4),
)
def test_a_body_ends_at_its_lone_dot_wherever_it_is_cut(pieces, size):
    data = b"".join(pieces) + b"\r\n.\r\nREST"
    lone = (b"\r\n" + data).index(b"\r\n.\r\n")
    expected = (b"\r\n" + data)[: lone + 2].replace(b"\r\n.", b"\r\n")[2:]
    part, incoming = RecordedPart(0, ""), Incoming()
    body, ended = Body(part), False
    for begin in range(0, len(data), size):
        incoming.add(data[begin : begin + size])
        ended = ended or body.take(incoming)
    assert ended and part.closed
    assert part.data == expected
    assert incoming.rest() == (b"\r\n" + data)[lone + 5 :]
