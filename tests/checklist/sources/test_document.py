from __future__ import annotations

import os
from pathlib import Path

import pytest

from auditor.checklist.sources import document as module
from auditor.checklist.sources.document import (
    Untold,
    document,
    registered_facts,
)
from auditor.model.errors import InputError

PAPERS = Path(__file__).parents[3] / "samples" / "checklist" / "papers"
TEXT = "UBND TỈNH MẪU\nSố: 7/BC-UBND\nMẫu, ngày 05 tháng 3 năm 2026\nBÁO CÁO đánh giá rủi ro\n"


@pytest.mark.parametrize("name", ["risk-report.docx", "risk-report.pdf", "signed.pdf"])
def test_the_same_report_says_the_same_in_every_format(name):
    found = document(PAPERS / name)
    assert (found.number, found.dated) == ("123/QĐ-SNNMT", "2026-03-05")
    assert (found.signer, found.issuer) == ("Nguyễn Văn Mẫu", "SỞ NÔNG NGHIỆP VÀ MÔI TRƯỜNG")
    assert found.readable
    assert found.secrecy == ""
    assert len(found.signatures) == (name == "signed.pdf")


@pytest.mark.parametrize("code", ["utf-8", "utf-8-sig", "utf-16"])
def test_plain_text_is_read_in_its_encoding(tmp_path, code):
    path = tmp_path / "a.txt"
    path.write_bytes(TEXT.encode(code))
    assert (document(path).format, document(path).number) == ("txt", "7/BC-UBND")


def test_content_decides_what_a_file_is_and_not_its_name(tmp_path):
    path = tmp_path / "report.docx"
    path.write_bytes((PAPERS / "risk-report.pdf").read_bytes())
    assert document(path).format == "pdf"
    path = tmp_path / "report.pdf"
    path.write_text(TEXT, encoding="utf-8")
    assert document(path).format == "txt"


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (b"", "0 bytes"),
        (b"\0" * 50, "no text in UTF-8"),
        (b"\x4d\x5a\x90\x00 program", "no text in UTF-8"),
        (b"Ti\xea\xecng Vi\xd2\xeat", "no text in UTF-8"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "old Office file"),
        (b"{\\rtf1 x}", "RTF"),
        (b"PK\x03\x04garbage", "damaged"),
        (b"%PDF-1.7\ngarbage", "no PDF that can be read"),
    ],
)
def test_what_cannot_be_read_is_told_with_a_way_out(tmp_path, content, word):
    path = tmp_path / "a.bin"
    path.write_bytes(content)
    with pytest.raises(InputError, match=word) as caught:
        document(path)
    assert caught.value.hint
    assert registered_facts(path).secrecy is Untold.CANNOT_TELL
    assert registered_facts(path).why


def test_a_folder_a_missing_file_and_a_pipe_are_told(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path, tmp_path / "nothing.pdf", tmp_path / "pipe"):
        with pytest.raises(InputError):
            document(path)


def test_a_file_that_is_too_large_is_not_read(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "MOST_BYTES", 100)
    path = tmp_path / "a.txt"
    path.write_bytes(b"x" * 101)
    with pytest.raises(InputError, match="larger than"):
        document(path)


def test_longer_text_is_cut_and_told_even_inside_a_letter(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "MOST_TEXT", 10)
    monkeypatch.setattr(module, "MOST_PLAIN_BYTES", 16)
    path = tmp_path / "a.txt"
    path.write_text("ậ" * 50, encoding="utf-8")
    found = document(path)
    assert found.cut
    assert found.text == "ậ" * 5


def test_a_scan_is_held_but_not_readable(tmp_path):
    found = document(PAPERS / "scan.pdf")
    assert (found.readable, found.pages, found.bare) == (False, 2, 2)
    path = tmp_path / "scan.jpg"
    path.write_bytes(b"\xff\xd8\xff\xe0" + b"\0" * 50)
    assert (document(path).format, document(path).readable) == ("image", False)


def test_the_text_of_a_document_with_a_secrecy_mark_is_not_kept():
    found = document(PAPERS / "secret.docx")
    assert (found.secrecy, found.text, found.readable) == ("TỐI MẬT", "", False)
    assert found.number == "123/QĐ-SNNMT"


def test_the_mark_is_seen_before_copying_or_the_answer_is_cannot_tell(tmp_path):
    assert registered_facts(PAPERS / "secret.docx").secrecy == "TỐI MẬT"
    assert registered_facts(PAPERS / "risk-report.pdf").secrecy is None
    assert registered_facts(PAPERS / "scan.pdf").secrecy is Untold.CANNOT_TELL
    named = tmp_path / "QD 12 (TOI MAT).pdf"
    named.write_bytes((PAPERS / "scan.pdf").read_bytes())
    assert registered_facts(named).secrecy == "TỐI MẬT"
    named.write_bytes(b"")
    assert registered_facts(named).secrecy == "TỐI MẬT"


def test_text_that_was_cut_may_hide_a_mark(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "MOST_TEXT", 50)
    path = tmp_path / "a.txt"
    path.write_text(TEXT * 5, encoding="utf-8")
    assert registered_facts(path).secrecy is Untold.CANNOT_TELL


def test_a_title_with_a_mark_counts(tmp_path):
    path = tmp_path / "a.pdf"
    whole = (PAPERS / "risk-report.pdf").read_bytes()
    path.write_bytes(whole.replace(b"(Risk report)", b"(R (TOI MAT))"))
    assert registered_facts(path).secrecy == "TỐI MẬT"


def test_what_the_register_takes_from_a_file():
    found = registered_facts(PAPERS / "risk-report.docx")
    assert (found.number, found.dated, found.signer) == (
        "123/QĐ-SNNMT", "2026-03-05", "Nguyễn Văn Mẫu",
    )  # fmt: skip
    assert (found.secrecy, found.why) == (None, "")
