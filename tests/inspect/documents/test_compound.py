from __future__ import annotations

import random

from auditor.inspect.contracts import About
from auditor.inspect.documents.compound import MAGIC, Compound
from tests.inspect.documents.reading import damaged_copies, read_whole


def compound(name, content):
    directory = name.encode("utf-16-le").ljust(64, b"\0") + bytes(64)
    return MAGIC + bytes(504) + content.ljust(512, b"\0") + directory.ljust(512, b"\0")


def test_a_locked_workbook_is_told_and_not_searched():
    pages = read_whole(Compound(), compound("EncryptedPackage", b"letters and letters"))
    assert pages.unread_why == [("locked", "Office Open XML")]
    assert not pages.pieces


def test_the_letters_of_an_old_letter_are_searched_as_they_stand():
    content = b"\x01\x02\x03" + b"plain 001089012345" + b"\0\0\xff"
    content += bytes(len(content) % 2) + "Nguyễn Thị Ước ở Huế".encode("utf-16-le") + b"\0\0"
    pages = read_whole(Compound(), compound("WordDocument", content))
    lines = pages.data.decode().split("\n")
    assert "plain 001089012345" in lines
    assert "Nguyễn Thị Ước ở Huế" in lines
    assert pages.unread_why == [("unsupported", "Word 97-2003")]


def test_kinds_are_told_apart():
    for name, what in (
        ("Workbook", "Excel 97-2003"),
        ("PowerPoint Document", "PowerPoint 97-2003"),
        ("__properties_version1.0", "Outlook message"),
        ("Nothing known", "compound file"),
    ):
        assert read_whole(Compound(), compound(name, b"")).unread_why == [("unsupported", what)]


def test_a_run_of_letters_may_be_longer_than_what_is_read_at_once():
    text = "0123456789 chữ " * 40_000
    pages = read_whole(Compound(), compound("WordDocument", text.encode("utf-16-le")))
    assert len(pages.data) > 0.99 * len(text.encode())


def test_random_and_damaged_files_are_survived():
    chance = random.Random(5)
    read_whole(Compound(), MAGIC + chance.randbytes(600_000))
    for copy in damaged_copies(compound("WordDocument", "chữ ấy".encode("utf-16-le") * 20), 100):
        read_whole(Compound(), copy)


def test_files_are_known_by_their_beginning():
    assert Compound().sniff(MAGIC, About()) > 0.9
    assert not Compound().sniff(MAGIC[:7], About())
