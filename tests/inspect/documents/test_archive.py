from __future__ import annotations

import bz2
import gzip
import io
import struct
import zipfile
import zlib

import pytest

from auditor.inspect.contracts import About
from auditor.inspect.documents.archive import BZIP2, GZIP, LZ4, XZ, ZSTD, Zip
from tests.inspect.documents.reading import (
    damaged_copies,
    held,
    read_as_it_comes,
    read_whole,
    why,
)
from tests.inspect.recorder import RecordedPages


def zipped(members, method=zipfile.ZIP_DEFLATED):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return file.getvalue()


MEMBERS = {"khách hàng.csv": b"cccd\n001089012345\n" * 50, "b/c.txt": b"xin ch\xc3\xa0o", "d": b""}


@pytest.mark.parametrize(
    "method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA]
)
def test_members_come_out_of_a_zip_file(method):
    pages = read_whole(Zip(), zipped(MEMBERS, method))
    assert held(pages) == MEMBERS
    assert not pages.unread_why


def test_a_zip_file_behind_a_program_is_read():
    assert held(read_whole(Zip(), b"MZ" + bytes(500) + zipped(MEMBERS))) == MEMBERS


def test_zip64_is_read(monkeypatch):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, content in MEMBERS.items():
            with archive.open(name, "w", force_zip64=True) as member:
                member.write(content)
        monkeypatch.setattr(zipfile, "ZIP64_LIMIT", 10)
        monkeypatch.setattr(zipfile, "ZIP_FILECOUNT_LIMIT", 1)
    data = file.getvalue()
    assert b"PK\x06\x06" in data
    assert held(read_whole(Zip(), data)) == MEMBERS


def test_without_its_directory_a_zip_file_is_read_by_the_headers_of_its_members():
    data = zipped(MEMBERS)
    pages = read_whole(Zip(), data[: data.index(b"PK\x01\x02")])
    assert held(pages) == MEMBERS
    assert why(pages) == {"damaged"}


def test_sizes_that_stand_behind_members_are_found_without_the_directory():
    class Pipe(io.RawIOBase):
        def __init__(self):
            self.kept = bytearray()

        def writable(self):
            return True

        def write(self, data):
            self.kept += data
            return len(data)

    pipe = Pipe()
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in MEMBERS.items():
            archive.writestr(name, content)
    data = bytes(pipe.kept)
    assert held(read_whole(Zip(), data[: data.index(b"PK\x01\x02")])) == MEMBERS


def test_a_zip_file_that_was_cut_off_gives_what_is_there():
    data = zipped({"a": b"a" * 1000, "b": bytes(range(256)) * 4}, zipfile.ZIP_STORED)
    pages = read_whole(Zip(), data[:1500])
    assert held(pages)["a"] == b"a" * 1000
    assert held(pages)["b"].startswith(bytes(range(200)))
    assert why(pages) == {"damaged"}


def test_locked_members_are_told_and_open_ones_read():
    data = bytearray(zipped({"secret": b"x" * 30, "open": b"y" * 30}))
    for mark, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(mark) + place] |= 1
    pages = read_whole(Zip(), bytes(data))
    assert held(pages) == {"secret": b"", "open": b"y" * 30}
    assert why(pages) == {"locked"}


def test_a_way_of_packing_that_is_not_read_is_named():
    data = bytearray(zipped({"a": b"x" * 30}))
    for mark, place in ((b"PK\x03\x04", 8), (b"PK\x01\x02", 10)):
        data[data.index(mark) + place] = 98
    assert read_whole(Zip(), bytes(data)).unread_why == [("unsupported", "ZIP, method 98")]


def test_a_claim_to_unpack_to_gigabytes_is_not_even_tried():
    data = bytearray(zipped({"a": b"x" * 30}))
    struct.pack_into("<I", data, data.index(b"PK\x01\x02") + 24, 4_000_000_000)
    pages = read_whole(Zip(), bytes(data))
    assert why(pages) == {"bomb"}
    assert not pages.members


def test_a_member_that_unpacks_to_more_than_it_claims_is_stopped():
    data = bytearray(zipped({"a": bytes(40 << 20)}))
    struct.pack_into("<I", data, data.index(b"PK\x01\x02") + 24, 1000)
    pages = read_whole(Zip(), bytes(data))
    assert why(pages) == {"bomb"}
    assert len(held(pages)["a"]) <= 17 << 20


def test_members_that_share_bytes_are_a_bomb():
    """As Fifield's: many entries of the directory stand for the same packed bytes."""
    packed = zlib.compress(bytes(100_000))[2:-4]
    local = struct.pack("<4sHHHHHIIIHH", b"PK\3\4", 20, 0, 8, 0, 0, 0, len(packed), 100_000, 1, 0)
    directory = b"".join(
        struct.pack(
            "<4sHHHHHHIIIHHHHHII", b"PK\1\2", 20, 20, 0, 8, 0, 0, 0, len(packed), 100_000, 1,
            0, 0, 0, 0, 0, 0,
        ) + b"a"
        for _ in range(100)
    )  # fmt: skip
    body = local + b"a" + packed
    end = struct.pack("<4sHHHHIIH", b"PK\5\6", 0, 0, 100, 100, len(directory), len(body), 0)
    pages = read_whole(Zip(), body + directory + end)
    assert why(pages) == {"bomb"}
    assert not pages.members


def test_more_members_than_any_archive_has_are_a_bomb(monkeypatch):
    monkeypatch.setattr("auditor.inspect.documents.container.MOST_ENTRIES", 2)
    assert why(read_whole(Zip(), zipped(MEMBERS))) == {"bomb"}


def test_damaged_zip_files_are_survived():
    for copy in damaged_copies(zipped(MEMBERS), 300):
        held(read_whole(Zip(), copy))
    for junk in (b"", b"PK\x03\x04", b"PK\x05\x06", b"PK\x05\x06" + bytes(18), b"PK\x03\x04" * 500):
        held(read_whole(Zip(), junk))


@pytest.mark.parametrize("size", [1, 7, 1 << 16])
def test_a_packed_file_is_a_member_with_its_own_name(size):
    packed = gzip.compress(b"so;ten\n" * 20) + gzip.compress(b"1;An\n")
    pages = read_as_it_comes(GZIP, packed, size, About(filename="Dữ liệu.csv.GZ"))
    assert held(pages) == {"Dữ liệu.csv": b"so;ten\n" * 20 + b"1;An\n"}
    assert not pages.unread_why


def test_names_of_packed_archives_become_those_of_archives():
    assert GZIP.name_within("a.tgz") == "a.tar"
    assert BZIP2.name_within("a.tar.bz2") == "a.tar"
    assert XZ.name_within("a") == "a"


def test_a_packed_bomb_is_stopped():
    pages = read_as_it_comes(GZIP, gzip.compress(bytes(40 << 20)))
    assert why(pages) == {"bomb"}
    assert len(held(pages)[""]) <= 17 << 20


def test_a_packed_file_that_is_cut_off_or_has_a_hole_is_damaged():
    packed = bz2.compress(b"abc" * 1000)
    assert why(read_as_it_comes(BZIP2, packed[:-5])) == {"damaged"}
    pages = RecordedPages()
    reading = GZIP.reading(About(), pages)
    reading.feed(gzip.compress(b"abc" * 1000)[:20])
    reading.gap(5)
    reading.feed(b"more")
    reading.close()
    assert why(pages) == {"damaged"}


def test_damaged_packed_files_are_survived():
    for kind, packed in ((GZIP, gzip.compress(b"abc" * 99)), (BZIP2, bz2.compress(b"abc" * 99))):
        for copy in damaged_copies(packed, 100):
            held(read_as_it_comes(kind, copy))
    for kind in (XZ, ZSTD, LZ4):
        for copy in damaged_copies(kind.magic + bytes(range(100)), 60):
            held(read_as_it_comes(kind, copy))


def test_kinds_are_known_by_their_first_bytes():
    assert Zip().sniff(zipped(MEMBERS), About()) > 0.8
    assert GZIP.sniff(gzip.compress(b""), About()) > 0.8
    assert not Zip().sniff(b"PKA", About())
