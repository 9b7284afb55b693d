import struct

import pytest

from auditor.inspect.contracts import About
from auditor.inspect.documents.dbase import DbaseTable
from tests.inspect.documents.cutting import damaged, pages_of, rows_of, written


def table(rows: list[tuple[bytes, bytes]], language: int = 0) -> bytes:
    fields = b"".join(
        name.ljust(11, b"\0") + kind + bytes(4) + bytes([size]) + bytes(15)
        for name, kind, size in ((b"SO_THUA", b"N", 6), (b"CHU", b"C", 30))
    )
    head = bytes([3, 120, 5, 17]) + struct.pack("<IHH", len(rows), 32 + len(fields) + 1, 37)
    head += bytes(17) + bytes([language]) + bytes(2)
    body = b"".join(b" " + number.rjust(6) + name.ljust(30) for number, name in rows)
    return head + fields + b"\r" + body + b"\x1a"


def test_attributes_become_a_table():
    data = table([(b"12", b"Nguyen Van A"), (b"13", b"")])
    assert DbaseTable().sniff(data[:4096], About()) > 0.9
    pages = pages_of(DbaseTable(), data)
    assert pages.tables[0][0] == ("SO_THUA", "CHU")
    assert rows_of(pages) == [("12", "Nguyen Van A"), ("13", None)]


@pytest.mark.parametrize(
    ("name", "language", "meant"),
    [
        ("Nguyễn Văn".encode(), 0, "Nguyễn Văn"),
        (b"Nguy\xd4n V\xa8n H\xe3ng", 0, "Nguyễn Văn Hóng"),  # TCVN3
        ("Привет".encode("cp1251"), 0xC9, "Привет"),
    ],
)
def test_charsets_are_told_by_code_page_or_content(name, language, meant):
    rows = rows_of(pages_of(DbaseTable(), table([(b"1", name), (b"2", b"A")] * 2, language)))
    assert rows[0][1] == meant


def test_other_bytes_are_not_taken_for_a_table():
    for data in (b"\x03" + bytes(100), b"\x03plain text that goes on " * 5, b"PK\x03\x04" * 20):
        assert DbaseTable().sniff(data, About()) == 0


@pytest.mark.parametrize("size", [1, 31, 1000])
def test_cuts_change_nothing(size):
    data = table([(b"%d" % at, b"ten %d" % at) for at in range(300)])
    assert written(pages_of(DbaseTable(), data, size)) == written(pages_of(DbaseTable(), data))


def test_damaged_bytes_do_no_harm():
    for data in damaged(table([(b"1", b"x")] * 50), 60):
        if DbaseTable().sniff(data[:4096], About()):
            pages_of(DbaseTable(), data, 100)
        pages_of(DbaseTable(), data, 100)
