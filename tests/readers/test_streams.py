"""Packings: each gives the same bytes, damage is told, nothing is held whole."""

import bz2
import gzip
import hashlib
import io
import lzma
import os
import tarfile
import threading
import tracemalloc
import zipfile
from pathlib import Path

import lz4.frame
import pytest
import zstandard

from auditor.model.errors import InputError
from auditor.readers import Settings, Wanted, Watch, read_inputs
from auditor.readers.streams import HEAD, DamagedError, Source
from tests.readers.capture.packets import SECOND, T0, client_hello, handshake, pcap, segment

SCENE = [
    *handshake(T0),
    *(
        segment(T0 + i * SECOND // 50, 1001 + 1000 * i, os.urandom(1000))
        for i in range(1, 200)
    ),
    segment(T0 + 5 * SECOND, 1001, client_hello("s3.example")),
]  # fmt: skip
CONTENT = pcap(SCENE)
HALF = len(CONTENT) // 2

PACKINGS = {
    "gzip": gzip.compress(CONTENT),
    "gzip of two members": gzip.compress(CONTENT[:HALF]) + gzip.compress(CONTENT[HALF:]),
    "bzip2": bz2.compress(CONTENT),
    "bzip2 of two streams": bz2.compress(CONTENT[:HALF]) + bz2.compress(CONTENT[HALF:]),
    "xz": lzma.compress(CONTENT),
    "xz of two streams": lzma.compress(CONTENT[:HALF]) + lzma.compress(CONTENT[HALF:]),
    "Zstandard": zstandard.compress(CONTENT),
    "Zstandard of two frames": zstandard.compress(CONTENT[:HALF])
    + b"\x50\x2a\x4d\x18\x04\0\0\0skip"
    + zstandard.compress(CONTENT[HALF:]),
    "lz4": lz4.frame.compress(CONTENT),
    "lz4 of two frames": lz4.frame.compress(CONTENT[:HALF]) + lz4.frame.compress(CONTENT[HALF:]),
    "gzip in gzip": gzip.compress(gzip.compress(CONTENT)),
}


def unpacked(path):
    buffer = memoryview(bytearray(5000))
    out = b""
    with Source(path).open() as opened:
        while size := opened.readinto(buffer):
            out += buffer[:size]
        return out, opened.sha256(hashlib.sha256(out).hexdigest())


def broken(path):
    try:
        unpacked(path)
    except DamagedError as error:
        return error
    return None


def taken(*paths, jobs=1):
    problems = []
    wanted = Wanted(tuple(Path(path) for path in paths), Settings(), jobs)
    inputs, flows = read_inputs(wanted, problems.append, Watch())
    return inputs, flows.whole(), problems


def same_flows(one, other):
    return one.drop_columns(["input_id"]).equals(other.drop_columns(["input_id"]))


@pytest.mark.parametrize("packing", PACKINGS)
def test_every_packing_gives_the_same_table_whatever_the_name(tmp_path, packing):
    plain, packed = tmp_path / "plain", tmp_path / "packed.pcap"
    plain.write_bytes(CONTENT)
    packed.write_bytes(PACKINGS[packing])
    assert unpacked(packed) == (CONTENT, hashlib.sha256(PACKINGS[packing]).hexdigest())
    [file], flows, problems = taken(packed)
    assert problems == []
    assert (file.sha256, file.size) == (
        hashlib.sha256(PACKINGS[packing]).hexdigest(),
        len(PACKINGS[packing]),
    )
    assert same_flows(flows, taken(plain)[1])


@pytest.mark.parametrize("packing", [name for name in PACKINGS if name != "bzip2"])
def test_a_packed_file_cut_off_gives_what_stands_before_and_says_so(tmp_path, packing):
    path = tmp_path / "a"
    whole = PACKINGS[packing]
    path.write_bytes(whole[: len(whole) * 3 // 4])
    [file], _, problems = taken(path)
    assert 0 < file.packets < len(SCENE)
    assert [problem.code for problem in problems] == ["packing-damaged"]


@pytest.mark.parametrize("packing", ["gzip", "bzip2", "xz", "Zstandard", "lz4"])
def test_a_flipped_byte_never_breaks_the_reading(tmp_path, packing):
    path = tmp_path / "a"
    whole = PACKINGS[packing]
    for place in range(len(whole) // 3, len(whole), len(whole) // 23):
        damaged = bytearray(whole)
        damaged[place] ^= 0x55
        path.write_bytes(damaged)
        error = broken(path)
        if error is not None:
            assert 0 <= error.offset <= len(whole)
            assert error.lost is None or 0 <= error.lost <= len(whole) - error.offset


def zipped(members, method=zipfile.ZIP_DEFLATED):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return out.getvalue()


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2])
def test_each_member_of_a_zip_file_is_an_input(tmp_path, method):
    path, plain = tmp_path / "a.zip", tmp_path / "b.pcap"
    plain.write_bytes(CONTENT)
    members = [("in/one.pcap", CONTENT), ("notes.txt", b"hello"), ("in/", b"")]
    path.write_bytes(zipped(members, method))
    inputs, flows, problems = taken(path)
    assert [file.name for file in inputs] == [f"{path}/in/one.pcap", f"{path}/notes.txt"]
    assert inputs[0].sha256 == hashlib.sha256(CONTENT).hexdigest()
    assert same_flows(flows, taken(plain)[1])
    assert [problem.code for problem in problems] == ["unknown-format"]


def test_a_packed_member_of_a_zip_file_is_unpacked_too(tmp_path):
    path = tmp_path / "a.zip"
    path.write_bytes(zipped([("one.pcap.gz", gzip.compress(CONTENT))]))
    [file], flows, problems = taken(path)
    assert (file.packets, problems) == (len(SCENE), [])
    assert len(flows) == 1


def test_members_of_a_tar_file_are_inputs(tmp_path):
    path = tmp_path / "a.tar"
    with tarfile.open(path, "w") as archive:
        entry = tarfile.TarInfo("in/one.pcap")
        entry.size = len(CONTENT)
        archive.addfile(entry, io.BytesIO(CONTENT))
    [file], flows, problems = taken(path)
    assert (file.name, file.packets, problems) == (f"{path}/in/one.pcap", len(SCENE), [])
    assert len(flows) == 1


def head_of(kind, size, name="x"):
    """A head of a tar file as no program writes it."""
    entry = tarfile.TarInfo(name)
    entry.type, entry.size = kind, size
    head = bytearray(entry.tobuf(tarfile.GNU_FORMAT))
    head[257:265] = b"ustar\x0000"
    head[148:156] = b" " * 8
    head[148:156] = b"%06o\0 " % sum(head)
    return bytes(head)


SHARED = b"".join(b"13 w%05d=x\n" % number for number in range(2000))
HOSTILE_TARS = {
    "names without end": (head_of(b"L", 5) + b"abcde".ljust(512, b"\0")) * 3000,
    "words without end": (head_of(b"x", 12) + b"12 path=abc\n".ljust(512, b"\0")) * 3000,
    "words of a terabyte": head_of(b"x", 1 << 40),
    "words of no size": head_of(b"x", (1 << 64) + 5),
    "a member that ends before it begins": head_of(b"S", -512),
    "a member behind all files": head_of(b"S", 1 << 62),
    "a map that is cut": head_of(b"S", 0)[:482] + b"\1" + head_of(b"S", 0)[483:],
    "words of all members": head_of(b"g", len(SHARED)) + SHARED.ljust(26112, b"\0")
    + head_of(b"0", 0) * 9,
}  # fmt: skip


TAKEN_FOR_ENDS = {
    "a map that is cut", "a member that ends before it begins", "words of all members",
}  # fmt: skip


@pytest.mark.parametrize("kind", HOSTILE_TARS)
def test_a_tar_file_made_to_harm_gives_what_stands_before_and_says_so(tmp_path, kind):
    path = tmp_path / "a.tar"
    first = io.BytesIO()
    with tarfile.open(fileobj=first, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        entry = tarfile.TarInfo("one.pcap")
        entry.size = len(CONTENT)
        archive.addfile(entry, io.BytesIO(CONTENT))
        end = archive.offset
    path.write_bytes(first.getvalue()[:end] + HOSTILE_TARS[kind] + bytes(1024))
    [file], _, problems = taken(path)
    assert file.packets == len(SCENE)
    told = [each.code for each in problems]
    # versions of Python differ in what they take for the end of such an archive
    assert told == ["packing-damaged"] or (kind in TAKEN_FOR_ENDS and not told)


@pytest.mark.parametrize("place", [1 << 40, 1 << 63, (1 << 64) - 1])
def test_a_member_of_a_zip_file_beyond_its_end_is_told(tmp_path, place):
    path = tmp_path / "a.zip"
    content = zipped([("a.pcap", CONTENT), ("b.pcap", CONTENT)])
    begin = content.rindex(b"PK\x01\x02")
    entry = bytearray(content[begin : content.index(b"PK\x05\x06")])
    more = b"\1\0\x08\0" + place.to_bytes(8, "little")
    entry[30:32], entry[42:46] = len(more).to_bytes(2, "little"), b"\xff" * 4
    tail = bytearray(content[content.index(b"PK\x05\x06") :])
    tail[12:16] = (int.from_bytes(tail[12:16], "little") + len(more)).to_bytes(4, "little")
    path.write_bytes(content[:begin] + entry + more + tail)
    inputs, _, problems = taken(path)
    assert [file.name for file in inputs] == [f"{path}/a.pcap"]
    assert [problem.code for problem in problems] == ["packing-damaged"]


def test_members_with_passwords_and_unknown_packings_are_told(tmp_path):
    path = tmp_path / "a.zip"
    content = bytearray(zipped([("a.pcap", CONTENT), ("b.pcap", CONTENT), ("c.pcap", CONTENT)]))
    directory = [at for at in range(len(content)) if content[at : at + 4] == b"PK\x01\x02"]
    content[directory[0] + 8] |= 1
    content[directory[1] + 10] = 9
    path.write_bytes(content)
    inputs, _, problems = taken(path)
    assert [file.name for file in inputs] == [f"{path}/c.pcap"]
    assert [problem.code for problem in problems] == ["locked-member", "unknown-packing"]


def test_a_zip_file_without_its_directory_is_told(tmp_path):
    path = tmp_path / "a.zip"
    path.write_bytes(zipped([("a.pcap", CONTENT)])[:-30])
    with pytest.raises(InputError):
        taken(path)
    (tmp_path / "b.pcap").write_bytes(CONTENT)
    _, _, problems = taken(tmp_path)
    assert [problem.code for problem in problems] == ["packing-damaged"]


def test_a_member_with_a_wrong_checksum_is_told(tmp_path):
    path = tmp_path / "a.zip"
    content = bytearray(zipped([("a.pcap", CONTENT)], zipfile.ZIP_STORED))
    content[content.index(CONTENT) + len(CONTENT) - 3] ^= 1
    path.write_bytes(content)
    [file], _, problems = taken(path)
    assert file.packets == len(SCENE)
    assert [problem.code for problem in problems] == ["packing-damaged"]


def test_many_members_are_read_in_one_go(tmp_path):
    path = tmp_path / "a.zip"
    packets = [pcap([(T0 + i * SECOND, SCENE[0][1])]) for i in range(300)]
    path.write_bytes(zipped([(f"{i:04}.pcap", content) for i, content in enumerate(packets)]))
    inputs, flows, problems = taken(path)
    assert (len(inputs), len(flows), problems) == (300, 1, [])
    assert flows["src_packets"].to_pylist() == [300]


@pytest.mark.parametrize("packing", ["gzip", "Zstandard", "xz", "bzip2", "lz4"])
def test_zeros_without_end_do_not_fill_the_memory(tmp_path, packing):
    size, part = 200 << 20, bytes(1 << 20)
    path = tmp_path / "zeros"
    if packing == "Zstandard":
        with path.open("wb") as file, zstandard.ZstdCompressor().stream_writer(file) as out:
            for _ in range(size >> 20):
                out.write(part)
    else:
        make = {"gzip": gzip.open, "xz": lzma.open, "bzip2": bz2.open, "lz4": lz4.frame.open}
        with make[packing](path, "wb") as out:
            for _ in range(size >> 20):
                out.write(part)
    buffer = memoryview(bytearray(1 << 20))
    total = 0
    tracemalloc.start()
    try:
        with Source(path).open() as opened:
            assert opened.head == bytes(HEAD)
            while got := opened.readinto(buffer):
                total += got
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert total == size
    assert peak < 160 << 20


def test_a_copy_in_another_packing_is_counted_once(tmp_path):
    (tmp_path / "a.pcap").write_bytes(CONTENT)
    (tmp_path / "b.pcap.gz").write_bytes(gzip.compress(CONTENT))
    inputs, flows, problems = taken(tmp_path)
    assert len(flows) == 1
    assert [problem.code for problem in problems] == ["same-content"]
    assert [file.flows for file in inputs] == [1, 0]
    assert inputs[1].sha256 == hashlib.sha256((tmp_path / "b.pcap.gz").read_bytes()).hexdigest()


@pytest.mark.parametrize("packed", [False, True])
def test_a_named_pipe_is_read_once_and_from_its_begin(tmp_path, packed):
    content = gzip.compress(CONTENT) if packed else CONTENT
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_bytes, args=(content,))
    writer.start()
    [file], flows, problems = taken(pipe, jobs=2)
    writer.join()
    assert (file.packets, file.size, problems) == (len(SCENE), len(content), [])
    assert file.sha256 == hashlib.sha256(content).hexdigest()
    assert len(flows) == 1
