from __future__ import annotations

import bz2
import gzip
import lzma

import lz4.frame
import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.inspect.documents import unpacking
from auditor.inspect.documents.unpacking import (
    BombError,
    Budget,
    Streams,
    UnpackingError,
    WindowError,
)

KINDS = {
    "gzip": (gzip.compress, unpacking.gzip, b"\x1f\x8b\x08"),
    "bzip2": (bz2.compress, unpacking.bzip2, b"BZh"),
    "xz": (lzma.compress, unpacking.xz, b"\xfd7zXZ\0"),
    "zstd": (zstandard.compress, unpacking.zstd, b"\x28\xb5\x2f\xfd"),
    "lz4": (lz4.frame.compress, unpacking.lz4_frame, b"\x04\x22\x4d\x18"),
}


def streams(kind):
    _, made, magic = KINDS[kind]
    return Streams(made, magic)


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=15, deadline=None)
@given(parts=st.lists(st.binary(max_size=300), min_size=1, max_size=4), size=st.integers(1, 50))
def test_streams_one_after_the_other_come_out_however_they_are_cut(kind, parts, size):
    packed = b"".join(map(KINDS[kind][0], parts))
    reading = streams(kind)
    out = b""
    for at in range(0, len(packed), size):
        out += b"".join(reading.unpacked(packed[at : at + size]))
    assert out == b"".join(parts)
    assert reading.over


@pytest.mark.parametrize("kind", KINDS)
def test_what_unpacks_to_far_more_comes_in_bounded_pieces(kind):
    packed = KINDS[kind][0](bytes(20 << 20))
    reading = streams(kind)
    sizes = [len(piece) for piece in reading.unpacked(packed)]
    assert sum(sizes) == 20 << 20
    # zstd has no limit: a thousand bytes of blocks may hold a few MiB
    assert max(sizes) <= (unpacking.AT_ONCE if kind != "zstd" else 40 << 20)


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_no_stream_behind_one_is_left_alone(kind):
    reading = streams(kind)
    packed = KINDS[kind][0](b"abc")
    assert b"".join(reading.unpacked(packed + b"\0" * 600)) == b"abc"
    assert reading.filling


@pytest.mark.parametrize("kind", KINDS)
def test_damage_is_told(kind):
    packed = bytearray(KINDS[kind][0](bytes(range(256)) * 40))
    packed[5:40] = b"\xee" * 35
    with pytest.raises((UnpackingError, WindowError)):
        list(streams(kind).unpacked(bytes(packed)))


def test_xz_that_wants_too_much_memory_is_refused():
    with pytest.raises(WindowError):
        list(unpacking.xz().unpacked(lzma.compress(b"abc", preset=9)))


def test_text_may_unpack_to_what_text_packs_to_and_nothing_to_more():
    budget = Budget(packed=100 << 20)
    budget.spend(2 << 30 - 1)
    assert budget.most == 20 * (100 << 20)
    with pytest.raises(BombError):
        budget.spend(1 << 31)
    small = Budget(packed=10)
    small.spend(unpacking.FREE)
    with pytest.raises(BombError):
        small.spend(1)
