from __future__ import annotations

import base64
import quopri

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.inspect.transfer_encodings import decoder


def undone(encoding: str, data: bytes, size: int) -> bytes:
    undo = decoder(encoding)
    pieces = [undo.feed(data[begin : begin + size]) for begin in range(0, len(data), size)]
    return b"".join([*pieces, undo.close()])


@settings(max_examples=40, deadline=None)
@given(st.binary(max_size=300), st.integers(1, 90))
def test_what_was_packed_comes_back_wherever_it_is_cut(data, size):
    assert undone("base64", base64.encodebytes(data).replace(b"\n", b"\r\n"), size) == data
    packed = quopri.encodestring(data)
    assert undone("quoted-printable", packed, size) == quopri.decodestring(packed)
    assert undone("8bit", data, size) == data


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from([b"=", b"A", b"QUJD", b"\r", b"\n", b"=4", b"1", b"\xff"])))
def test_damage_is_undone_alike_for_all_cuts(pieces):
    data = b"".join(pieces)
    for encoding in ("base64", "quoted-printable"):
        whole = undone(encoding, data, len(data) or 1)
        assert all(undone(encoding, data, size) == whole for size in (1, 2, 3, 7))


def test_padding_within_starts_anew():
    joined = base64.b64encode(b"one") + base64.b64encode(b"four") + base64.b64encode(b"five!")
    assert undone("base64", joined, 5) == b"onefourfive!"


@pytest.mark.parametrize("size", [1000, 100_000])
def test_a_line_without_end_is_not_held(size):
    undo = decoder("quoted-printable")
    given = sum(len(undo.feed(b"a" * size)) for _ in range(400_000 // size))
    assert given >= 300_000
