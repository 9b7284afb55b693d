"""Content encodings are taken off whole, in bounded pieces, and bombs are stopped."""

import base64
import contextlib
import gzip
import quopri
import random
import zlib

import brotli
import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.inspect.decoding import BombError, DamagedError, Limits, decoder

TEXT = "Họ tên;Số CCCD\n".encode() * 3 + bytes(range(256)) * 40 + b"A=B;" * 900


def raw_deflate(data):
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return packer.compress(data) + packer.flush()


def signed_chunks(data):
    line = b"%x;chunk-signature=" + b"0f" * 32 + b"\r\n"
    cut = [data[begin : begin + 700] for begin in range(0, len(data), 700)]
    chunks = [line % len(piece) + piece + b"\r\n" for piece in cut]
    return b"".join(chunks) + line % 0 + b"x-amz-checksum-crc32:AAAAAA==\r\n\r\n"


PACKERS = {
    "aws-chunked": signed_chunks,
    "gzip": gzip.compress,
    "x-gzip": lambda data: gzip.compress(data[:100]) + gzip.compress(data[100:]) + bytes(512),
    "deflate": zlib.compress,
    "br": brotli.compress,
    "zstd": zstandard.ZstdCompressor().compress,
    "base64": base64.encodebytes,
    "quoted-printable": quopri.encodestring,
    "identity": bytes,
}


def unpacked(encodings, packed, size=None, limits=None):
    taking = decoder(encodings, limits)
    out = []
    step = size or max(len(packed), 1)
    for begin in range(0, len(packed), step):
        out += taking.feed(packed[begin : begin + step])
    return b"".join([*out, *taking.close()])


@pytest.mark.parametrize("name", PACKERS)
@pytest.mark.parametrize("size", [None, 1, 7, 1000])
def test_every_encoding_comes_off_however_it_is_cut(name, size):
    assert unpacked([name], PACKERS[name](TEXT), size) == TEXT


def test_deflate_without_its_wrapping_is_understood():
    assert unpacked(["deflate"], raw_deflate(TEXT), 1) == TEXT


def test_what_is_in_no_signed_chunk_is_given_as_it_stands():
    packed = b"3;chunk-signature=00\r\nabc\r\nno size\r\nat all"
    for size in (None, 1):
        assert unpacked(["aws-chunked"], packed, size) == b"abc\r\nno size\r\nat all"


def test_several_zstd_frames_follow_one_another():
    pack = zstandard.ZstdCompressor().compress
    assert unpacked(["zstd"], pack(TEXT) + pack(b"more")) == TEXT + b"more"


def test_the_outermost_encoding_comes_off_first():
    packed = base64.encodebytes(gzip.compress(brotli.compress(TEXT)))
    assert unpacked(["Base64", " GZIP", "identity", "br"], packed, 5) == TEXT


@pytest.mark.parametrize("encodings", [["compress"], ["gzip", "aes128gcm"], ["gzip"] * 5])
def test_unknown_encodings_and_too_many_are_refused(encodings):
    assert decoder(encodings) is None


def test_base64_passes_over_rubbish_and_goes_on_after_padding():
    assert unpacked(["base64"], b"Q!U-J\tD\r\n==R\x00EVG\nQQ==\r\nQg") == b"ABCDEFAB"


def test_base64_is_in_step_again_after_the_next_line_break():
    lines = base64.encodebytes(TEXT).splitlines(keepends=True)
    taking = decoder(["base64"])
    out = [*taking.feed(b"".join(lines[:2]) + lines[2][:11])]
    assert taking.resumed()
    out += taking.feed(lines[2][30:] + b"".join(lines[3:]))
    out += taking.close()
    assert b"".join(out) == TEXT[: 57 * 2 + 6] + TEXT[57 * 3 :]


def test_packed_bytes_cannot_go_on_after_a_gap():
    assert not decoder(["base64", "gzip"]).resumed()
    assert decoder([]).resumed()


def test_a_line_of_quoted_printable_without_end_is_not_held():
    taking = decoder(["quoted-printable"])
    out = b""
    for _ in range(40):
        out += b"".join(taking.feed(b"=C4=90a" * 1000))
    assert len(out) > 80_000
    assert out + b"".join(taking.close()) == "Đa".encode() * 40_000


def bomb(name):
    zeros = bytes(24 << 20)
    if name == "twice":
        return ["gzip", "gzip"], gzip.compress(gzip.compress(zeros))
    if name == "zstd":  # blocks of one repeated byte: 4 bytes become 128 KiB
        frame = b"\x28\xb5\x2f\xfd\x00\x58" + b"\x02\x00\x10A" * 800 + b"\x03\x00\x10A"
        return ["zstd"], frame
    if name == "br":
        return ["br"], brotli.compress(zeros, quality=5)
    return [name], PACKERS[name](zeros)


@pytest.mark.parametrize("name", ["gzip", "deflate", "br", "zstd", "twice"])
def test_a_bomb_is_stopped_and_comes_in_bounded_pieces(name):
    encodings, packed = bomb(name)
    assert len(packed) < 64 << 10
    taking = decoder(encodings)
    sizes = []
    with pytest.raises(BombError):
        sizes.extend(len(piece) for piece in taking.feed(packed))
    assert sum(sizes) <= 16 << 20
    assert max(sizes) <= 1 << 20


def test_what_unpacks_within_the_ratio_is_no_bomb():
    limits = Limits(ratio=200, free=1000)
    packed = gzip.compress(random.Random(1).randbytes(5000))
    assert len(unpacked(["gzip"], packed, limits=limits)) == 5000


def test_the_absolute_limit_holds_whatever_the_ratio():
    with pytest.raises(BombError):
        unpacked(["identity", "base64"], base64.encodebytes(TEXT), limits=Limits(most=1000))


@pytest.mark.parametrize("name", ["gzip", "deflate", "br", "zstd"])
def test_what_was_unpacked_before_the_damage_is_kept(name):
    noise = random.Random(2).randbytes(90_000)
    packed = bytearray(PACKERS[name](noise))
    packed[60_000:60_400] = b"\xff" * 400
    if name == "zstd":
        packed[65_536 + 200 : 65_536 + 300] = b"\xff" * 100
        packed[131_000:] = b""
    out = []
    taking = decoder([name])
    try:
        for piece in taking.feed(bytes(packed)):
            out.append(piece)
        out.extend(taking.close())
    except DamagedError:
        pass
    kept = b"".join(out)
    assert kept[:50_000] == noise[:50_000]


@pytest.mark.parametrize("name", ["gzip", "deflate", "br", "zstd"])
def test_bytes_after_the_end_are_damage(name):
    taking = decoder([name])
    assert b"".join(taking.feed(PACKERS[name](TEXT))) == TEXT
    with pytest.raises(DamagedError):
        list(taking.feed(b"and something else that is not packed"))


def test_a_cut_off_end_is_no_error():
    assert unpacked(["gzip"], gzip.compress(TEXT)[:-9], 100)[:5000] == TEXT[:5000]


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(sorted(PACKERS)), st.binary(max_size=300), st.integers(0, 300))
def test_any_bytes_end_in_bytes_or_in_damage(name, noise, kept):
    packed = PACKERS[name](TEXT)[:kept] + noise
    with contextlib.suppress(DamagedError, BombError):
        unpacked([name], packed, 17)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from([b"=", b"A", b"QUJD", b"\r", b"\n", b"=4", b"1", b"\xff"])))
def test_damaged_transfer_encodings_come_off_alike_for_all_cuts(pieces):
    data = b"".join(pieces)
    for encoding in ("base64", "quoted-printable"):
        whole = unpacked([encoding], data)
        assert all(unpacked([encoding], data, size) == whole for size in (1, 2, 3, 7))
