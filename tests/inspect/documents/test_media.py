from __future__ import annotations

import base64
import random
import struct
import zlib

import pytest

from auditor.inspect.contracts import About
from auditor.inspect.documents.media import HEAD, MARKS, Dicom, Media, looks_random
from tests.inspect.documents.reading import damaged_copies, read_as_it_comes


def tiff(entries, order="<"):
    """A TIFF file with one directory; values that are directories are given as lists."""
    data = bytearray({"<": b"II*\0", ">": b"MM\0*"}[order] + struct.pack(f"{order}I", 8))

    def put(listed):
        begin = len(data)
        data.extend(struct.pack(f"{order}H", len(listed)) + bytes(12 * len(listed)) + bytes(4))
        for number, (tag, kind, value) in enumerate(listed):
            if isinstance(value, list):
                value, count = struct.pack(f"{order}I", put(value)), 1
            else:
                count = len(value)
                if count > 4:
                    place = len(data)
                    data.extend(value)
                    value = struct.pack(f"{order}I", place)
            entry = struct.pack(f"{order}HHI4s", tag, kind, count, value)
            data[begin + 2 + 12 * number : begin + 14 + 12 * number] = entry
        return begin

    put(entries)
    return bytes(data)


POSITION = [(2, 7, b"12345678" * 3), (4, 7, b"12345678" * 3)]
PICTURE = [
    (0x010E, 2, b"H\xe1\xbb\x99 chi\xe1\xba\xbfu 001089012345\0"),
    (0x9C9C, 1, "ghi chú".encode("utf-16-le")),
    (0x8769, 4, [(0xA430, 2, b"Nguyen Van A\0"), (0x9286, 7, b"ASCII\0\0\0user words")]),
    (0x8825, 4, POSITION),
]


def jpeg(*segments):
    body = b"".join(
        b"\xff" + bytes([kind]) + struct.pack(">H", len(data) + 2) + data for kind, data in segments
    )
    return b"\xff\xd8" + body + b"\xff\xda" + random.Random(1).randbytes(3_000)


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("size", [1, 100, 1 << 16])
def test_a_photograph_says_where_and_what_and_is_not_read_further(order, size):
    data = jpeg(
        (0xE0, b"JFIF\0"),
        (0xE1, b"Exif\0\0" + tiff(PICTURE, order)),
        (0xE1, b"http://ns.adobe.com/xap/1.0/\0<x:xmpmeta>xmp</x:xmpmeta>"),
        (0xFE, b"remark"),
    )
    pages = read_as_it_comes(Media(), data, size)
    text = pages.data.decode()
    for words in (
        "Hộ chiếu 001089012345",
        "ghi chú",
        "Nguyen Van A",
        "user words",
        "xmp",
        "remark",
    ):
        assert words in text
    assert pages.facts == [("geodata", "EXIF position")]
    assert pages.unread_why == [("media", "JPEG")]


def test_only_the_beginning_of_a_picture_is_kept():
    pages = read_as_it_comes(Media(), jpeg() + bytes(10 * HEAD), 1000)
    assert pages.unread_why == [("media", "JPEG")]


@pytest.mark.parametrize("mark", MARKS, ids=lambda mark: mark.what)
def test_every_kind_is_known_by_its_mark(mark):
    head = bytearray(mark.begins.rjust(mark.at + len(mark.begins), b"\0").ljust(300, b"\0"))
    place, more = mark.also
    head[place : place + len(more)] = more
    assert Media().sniff(bytes(head), About()) > 0.9
    assert read_as_it_comes(Media(), bytes(head)).unread_why == [(mark.why, mark.what)]


def test_programs_and_encrypted_messages_are_known():
    program = b"MZ".ljust(60, b"\0") + struct.pack("<I", 128) + bytes(64) + b"PE\0\0"
    enveloped = b"0\x80" + bytes.fromhex("06092a864886f70d010703") + b"\xa0\x80"
    by_key, by_word = b"\x85\x01\x0c\x03" + bytes(20), b"\x8c\x0d\x04\x09\x03\x08" + bytes(20)
    for data, reason in (
        (program, ("media", "Windows program")),
        (enveloped, ("encrypted", "PKCS #7")),
        (by_key, ("encrypted", "PGP")),
        (by_word, ("encrypted", "PGP")),
        (tiff(PICTURE), ("media", "TIFF")),
    ):
        assert Media().sniff(data, About())
        assert read_as_it_comes(Media(), data).unread_why == [reason]


@pytest.mark.parametrize(
    "head",
    [b"", b"M", b"MZ", b"BM quoted text that is long", b"so,ten\n1,An\n", "Đường".encode(), b"{}"],
)
def test_text_is_none_of_these(head):
    assert not Media().sniff(head, About())
    assert not Dicom().sniff(head, About())


def element(group, number, kind, value):
    value += b" " * (len(value) % 2)
    if kind in (b"SQ", b"OB", b"UT"):
        return struct.pack("<HH2sHI", group, number, kind, 0, len(value)) + value
    return struct.pack("<HH2sH", group, number, kind, len(value)) + value


def scan(implicit=False):
    syntax = b"1.2.840.10008.1.2" if implicit else b"1.2.840.10008.1.2.1"
    head = bytes(128) + b"DICM" + element(2, 0x10, b"UI", syntax)
    patient = [(0x10, "Nguyễn^Văn A"), (0x20, "001089012345"), (0x30, "19900517")]
    for number, value in patient:
        raw = value.encode()
        if implicit:
            raw += b" " * (len(raw) % 2)
            head += struct.pack("<HHI", 0x10, number, len(raw)) + raw
        else:
            kind = {0x10: b"PN", 0x20: b"LO", 0x30: b"DA"}[number]
            head += element(0x10, number, kind, raw)
    if not implicit:
        item = element(0x8, 0x104, b"LO", b"within")
        head += element(0x8, 0x1140, b"SQ", struct.pack("<HHI", 0xFFFE, 0xE000, len(item)) + item)
        head += element(0x7FE0, 0x10, b"OB", b"\0\1" * 50)
    return head


@pytest.mark.parametrize("implicit", [False, True])
@pytest.mark.parametrize("size", [1, 1 << 16])
def test_the_patient_of_a_scan_is_read(implicit, size):
    pages = read_as_it_comes(Dicom(), scan(implicit), size)
    lines = pages.data.decode().split("\n")
    assert "Patient name: Nguyễn^Văn A" in lines
    assert "Patient ID: 001089012345" in lines
    assert "Date of birth: 19900517" in lines
    assert implicit or "within" in lines
    assert pages.unread_why == [("media", "DICOM")]
    assert Dicom().sniff(scan(), About()) > 0.9


def test_damaged_pictures_and_scans_are_survived():
    for copy in damaged_copies(jpeg((0xE1, b"Exif\0\0" + tiff(PICTURE))), 200):
        read_as_it_comes(Media(), copy)
    for copy in damaged_copies(tiff(PICTURE), 200):
        read_as_it_comes(Media(), copy)
    for copy in damaged_copies(scan(), 200):
        read_as_it_comes(Dicom(), copy)


def test_random_bytes_look_random_and_others_do_not():
    chance = random.Random(2)
    for size in (256, 300, 512, 1000, 2048, 4096):
        for _ in range(30):
            assert looks_random(chance.randbytes(size))
    words = b" ".join(b"%d word" % n for n in range(1000))[:4096]
    numbers = struct.pack("<1000I", *range(10**6, 10**6 + 1000))
    for plain in (
        words,
        base64.b64encode(chance.randbytes(3000)),
        "Họ và tên ".encode("utf-16-le") * 300,
        numbers,
        bytes(4096),
        bytes(range(64)) * 64,
        chance.randbytes(255),
    ):
        assert not looks_random(plain)
    assert looks_random(zlib.compress(chance.randbytes(4096)))
