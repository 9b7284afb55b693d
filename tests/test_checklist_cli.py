"""The commands of the checklist, from an empty folder to signed papers."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path
from typing import NamedTuple

import pytest
import yaml

from auditor import cli

ROOT = Path(__file__).parents[1]
LOG = ROOT / "samples" / "agency" / "paper-only" / "traffic"
WHO = ("--name", "Nguyễn Văn Mẫu", "--role", "owner")


class Answer(NamedTuple):
    code: int
    out: str
    err: str


@pytest.fixture
def checklist(monkeypatch, capsys):
    """``auditor checklist`` as a function: arguments in, exit code and texts out."""
    monkeypatch.setenv("AUDITOR_KEY_PASSPHRASE", "")

    def call(*arguments: object) -> Answer:
        words = ["auditor", "checklist", *(str(each) for each in arguments)]
        monkeypatch.setattr(sys, "argv", words)
        capsys.readouterr()
        try:
            cli.main()
            code = 0
        except SystemExit as end:
            code = end.code or 0
        return Answer(code, *capsys.readouterr())

    return call


@pytest.fixture
def place(checklist, tmp_path):
    folder = tmp_path / "hoso"
    assert checklist("new", folder, "--system", "land-registry", "--level", 3).code == 0
    return folder


def test_a_new_folder_holds_what_is_to_be_filled_in_and_is_never_made_over_another(
    checklist, place
):
    assert {path.name for path in place.iterdir()} == {
        "assessment.yaml", "network.yaml", "endpoints.yaml", "answers.yaml", "evidence.yaml",
        "evidence",
    }  # fmt: skip
    again = checklist("new", place, "--system", "x", "--level", 3)
    assert (again.code, "not empty" in again.err) == (11, True)


def test_answer_attach_check_attest_and_show_go_together(checklist, place, tmp_path):
    said = checklist("answer", place, "org-02", "--say", "yes", "--because", "QĐ 9", "--by", "An")
    assert (said.code, said.out[:6]) == (0, "ORG-02")
    paper = tmp_path / "quyet-dinh.txt"
    paper.write_text(
        "SỞ MẪU\nSố: 9/QĐ-SM\nMẫu, ngày 05 tháng 3 năm 2026\nQUYẾT ĐỊNH giao nhiệm vụ chuyên trách "
        "an ninh mạng cho Phòng An toàn thông tin\nGIÁM ĐỐC\nNguyễn Văn Mẫu\n",
        encoding="utf-8",
    )
    attached = checklist("attach", place, paper, "--kind", "security-unit-decision", "--by", "An")
    assert attached.code == 0, attached.err
    assert "number: 9/QĐ-SM" in attached.out
    checked = checklist("check", place, LOG)
    assert checked.code == 0, checked.err
    assert "CHƯA ĐỦ ĐIỀU KIỆN" in checked.out
    before = checklist("show", place, "ORG-02").out
    assert "Chờ xác nhận / Awaiting attestation" in before
    assert "không tính / does not count" in before
    word = checklist("attest", place, "ORG-02", *WHO, "--until", "2027-06-30")
    assert (word.code, "Đã xác nhận" in word.out) == (0, True), word.err


def test_a_secret_document_is_never_copied(checklist, place, tmp_path):
    secret = tmp_path / "cong-van.txt"
    secret.write_text("MẬT\n\nCông văn về phương án bảo vệ, số 7/SM", encoding="utf-8")
    done = checklist("attach", place, secret, "--kind", "cipher-document", "--not-secret")
    assert done.code == 0, done.err
    assert "metadata only" in done.out
    assert not any((place / "evidence").iterdir())


def test_what_nobody_can_look_into_is_not_copied_unasked(checklist, place, tmp_path):
    scan = tmp_path / "scan.pdf"
    shutil.copy(ROOT / "samples" / "checklist" / "papers" / "scan.pdf", scan)
    refused = checklist("attach", place, scan, "--kind", "regulation")
    assert (refused.code, "--not-secret" in refused.err) == (11, True)
    assert checklist("attach", place, scan, "--kind", "regulation", "--not-secret").code == 0


def test_a_file_that_is_not_there_is_not_registered_either(checklist, place, tmp_path):
    for more in ((), ("--secret",)):
        missing = checklist("attach", place, tmp_path / "x.pdf", "--kind", "regulation", *more)
        assert (missing.code, "no such file" in missing.err) == (11, True)


def test_signed_verified_changed_and_told(checklist, place, tmp_path):
    key = tmp_path / "owner.pem"
    first = checklist("sign", place, *WHO, "--new-key", key)
    assert (first.code, key.stat().st_mode & 0o777) == (0, 0o600)
    line = next(text for text in first.out.splitlines() if text.startswith("  people:"))
    assessment = yaml.safe_load((place / "assessment.yaml").read_text(encoding="utf-8"))
    assessment |= yaml.safe_load(line)
    (place / "assessment.yaml").write_text(yaml.safe_dump(assessment), encoding="utf-8")
    assert checklist("verify", place).code == 1
    assert checklist("sign", place, *WHO, "--key", key).code == 0
    held = checklist("verify", place)
    assert held.code == 0, held.out + held.err
    checklist("answer", place, "ORG-01", "--say", "no", "--by", "An")
    told = checklist("verify", place)
    assert (told.code, "The answer to ORG-01" in told.out) == (1, True)


def test_the_papers_are_written_and_what_differs_is_shown(checklist, place, tmp_path):
    assert checklist("report", place, "--out", tmp_path / "papers").code == 0
    assert {path.name for path in (tmp_path / "papers").iterdir()} == {
        "readiness.html", "phuong-an.docx", "readiness.json",
    }  # fmt: skip
    asked = (
        "--oscal", tmp_path / "oscal", "--ciso", tmp_path / "list.yaml",
        "--xlsx", tmp_path / "hoi.xlsx",
    )  # fmt: skip
    assert checklist("export", place, *asked).code == 0
    results = json.loads((tmp_path / "oscal" / "assessment-results.json").read_text())
    assert "assessment-results" in results
    same = checklist("diff", tmp_path / "papers" / "readiness.json", place)
    assert (same.code, same.out) == (0, "Không khác. / No difference.\n")
    checklist("answer", place, "ORG-01", "--say", "no", "--by", "An")
    other = checklist("diff", tmp_path / "papers" / "readiness.json", place)
    assert (other.code, "ORG-01" in other.out) == (1, True)


def test_an_import_is_a_preview_until_it_is_applied(checklist, place, tmp_path):
    import openpyxl

    book = tmp_path / "hoi.xlsx"
    checklist("export", place, "--xlsx", book)
    sheet = openpyxl.load_workbook(book)
    sheet["Tra loi"].cell(2, 6, "có")
    sheet.save(book)
    before = (place / "answers.yaml").read_bytes()
    preview = checklist("import", place, book)
    assert (preview.code, "ORG-01: nothing → yes" in preview.out) == (0, True)
    assert (place / "answers.yaml").read_bytes() == before
    assert checklist("import", place, book, "--apply").code == 0
    assert "ORG-01" in (place / "answers.yaml").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (("answer", "NET-99", "--say", "yes"), 11, "no item of this id"),
        (("attach", "--kind", "regulatio"), 11, "Near: regulation"),
        (("waive", "DOS-03", *WHO, "--because", "x", "--until", "2027-01-01"), 11, "cannot be"),
        (("check", "--scan"), 11, "no scan"),
        (("show", "XYZ-01"), 11, "Ids look like"),
        (("answer",), 11, "needs a terminal"),
        (("export",), 2, "--xlsx"),
    ],
)
def test_a_mistake_is_told_with_a_way_out(checklist, place, arguments, code, told):
    command, *rest = arguments
    found = checklist(command, place, *rest)
    assert found.code == code
    assert told in found.err


def test_a_checklist_newer_than_the_program_is_refused_and_nothing_is_lost(
    checklist, place, tmp_path
):
    policies = tmp_path / "policies"
    shutil.copytree(ROOT / "policies", policies)
    file = policies / "checklists" / "pre-sync.yaml"
    file.write_text(file.read_text(encoding="utf-8").replace("format: 1", "format: 2", 1))
    before = (place / "answers.yaml").read_bytes()
    found = checklist("answer", place, "ORG-01", "--say", "yes", "--policies", policies)
    assert (found.code, "Use a newer auditor" in found.err) == (12, True)
    assert (place / "answers.yaml").read_bytes() == before
