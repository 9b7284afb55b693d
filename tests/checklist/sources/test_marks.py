from __future__ import annotations

import zipfile

import pytest

from auditor.checklist.sources import marks
from auditor.checklist.sources.marks import marked

RUNS = "<w:document><w:p><w:r><w:t>{}</w:t></w:r><w:r><w:t>{}</w:t></w:r></w:p></w:document>"


def packed(path, **members):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as package:
        for name, text in members.items():
            package.writestr(name.replace("__", "/").replace("_", "."), text)
    return path


@pytest.mark.parametrize(
    ("text", "hit"),
    [
        ("TỐI MẬT\nSố: 01/BC", 1),
        ("Báo cáo\r\n  Độ mật: Mật\r\n", 1),
        ("a,b\n1,MẬT\n", 1),
        ('{"do_mat": "TUYỆT MẬT"}', 1),
        ("<html><p>TỐI<b> MẬT</b></p></html>", 1),
        ("Quy chế bảo mật, mật khẩu, bí mật nhà nước\nKHÔNG MẬT\n", 0),
        ("", 0),
    ],
)
def test_a_mark_alone_in_a_line_or_cell_is_counted(tmp_path, text, hit):
    path = tmp_path / "a.txt"
    path.write_text(text, encoding="utf-8")
    assert marked([path]) == (1, hit, 0)


def test_a_mark_is_seen_in_utf_16(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("MẬT\n", encoding="utf-16")
    assert marked([path]) == (1, 1, 0)


def test_office_files_count_as_one_and_marks_cut_into_runs_are_seen(tmp_path):
    hit = packed(tmp_path / "a.docx", word__document_xml=RUNS.format("MẬ", "T"), more_xml="<a/>")
    miss = packed(tmp_path / "b.docx", word__document_xml=RUNS.format("bảo mật", "MẬT"))
    assert marked([hit, miss]) == (2, 1, 0)


def test_files_in_a_package_count_one_by_one(tmp_path):
    path = packed(tmp_path / "a.zip", a_txt="MẬT", b_txt="x", c_pdf="%PDF")
    assert marked([path]) == (2, 1, 1)


def test_what_cannot_be_read_is_counted_apart(tmp_path, monkeypatch):
    broken = tmp_path / "a.zip"
    broken.write_bytes(b"PK\x03\x04 broken")
    other = tmp_path / "a.pdf"
    other.write_bytes(b"%PDF")
    legacy = tmp_path / "b.txt"
    legacy.write_bytes(b"M\xcaT TCVN3")
    monkeypatch.setattr(marks, "MOST", 10)
    large = tmp_path / "c.txt"
    large.write_text("x" * 100)
    assert marked([broken, other, legacy, large, tmp_path / "no.txt"]) == (0, 0, 5)


def test_a_package_that_swells_is_cut(tmp_path, monkeypatch):
    monkeypatch.setattr(marks, "MOST", 1000)
    monkeypatch.setattr(marks, "MEMBERS", 2)
    path = packed(tmp_path / "a.zip", a_txt="x" * 5_000_000, b_txt="MẬT", c_txt="MẬT")
    assert marked([path]) == (1, 1, 2)
