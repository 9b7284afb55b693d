from __future__ import annotations

import io
import json
import shutil
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
import yaml

from auditor import cli

ROOT = Path(__file__).parents[1]
ROWS = "ho_ten,so_cccd\n" + "".join(f"Trần Văn {i},0790850{12345 + i:05d}\n" for i in range(60))


@pytest.fixture(scope="module")
def policies(tmp_path_factory):
    """The lists, and two detectors: all of them take longer to compile."""
    folder = tmp_path_factory.mktemp("policies")
    for path in (ROOT / "policies").glob("*.yaml"):
        shutil.copy(path, folder)
    (folder / "detectors").mkdir()
    for name, wanted in (("persons", "personal-number"), ("state-secrets", "secrecy-mark-high")):
        whole = ROOT / "policies" / "detectors" / f"{name}.yaml"
        content = yaml.safe_load(whole.read_text(encoding="utf-8"))
        content["detectors"] = [one for one in content["detectors"] if one["id"] == wanted]
        (folder / "detectors" / whole.name).write_text(yaml.safe_dump(content), encoding="utf-8")
    return folder


@pytest.fixture
def scan(monkeypatch, capsys, policies):
    def call(*arguments: object) -> tuple[int, str, str]:
        given = ["auditor", "scan", "--policies", policies, *arguments]
        monkeypatch.setattr(sys, "argv", [str(each) for each in given])
        capsys.readouterr()
        try:
            cli.main()
            code = 0
        except SystemExit as end:
            code = end.code or 0
        out, err = capsys.readouterr()
        return code, out, err

    return call


@pytest.fixture
def customers(tmp_path):
    path = tmp_path / "khach.csv"
    path.write_text(ROWS, encoding="utf-8")
    return path


def test_a_scan_says_what_would_be_recognised_and_writes_nothing(scan, customers):
    code, out, err = scan(customers)
    assert (code, err) == (0, "")
    assert "Số định danh cá nhân" in out
    assert "B7: Số điện thoại, số định danh cá nhân" in out
    assert "60 different values" in out
    assert "@ khach.csv / column so_cccd" in out
    assert "079085012345" not in out
    assert list(customers.parent.iterdir()) == [customers]


def test_json_has_labels_with_titles_and_what_was_left_out(scan, customers):
    picture = customers.with_name("anh.jpg")
    picture.write_bytes(b"\xff\xd8\xff\xe0\x00\x10JFIF" + b"\0" * 5000)
    code, out, _ = scan("--json", customers, picture)
    table, image = json.loads(out)
    assert code == 0
    assert table["name"] == str(customers)
    assert table["recognised"][0]["labels"][0]["code"] == "B7"
    assert table["recognised"][0]["labels"][0]["title"]["en"].startswith("Telephone number")
    assert image["unread"] == "media"
    assert image["left_out"] == [{"place": "anh.jpg", "why": "media", "kind": "JPEG"}]


def test_a_secrecy_mark_is_said_first_and_hides_the_samples(scan, tmp_path):
    path = tmp_path / "mat.txt"
    path.write_text("UBND TỈNH\nTUYỆT MẬT\n\nSố CCCD: 079085012345 do Cục cấp\n", encoding="utf-8")
    _, out, _ = scan(path)
    assert out.splitlines()[1].strip().startswith("Mang dấu độ mật")
    assert "state-secret: Dấu độ mật / Secrecy mark" in out
    assert "personal-number" in out
    assert "masked" not in out


def test_files_that_cannot_be_read_are_told_and_the_others_are_read(scan, customers):
    code, out, err = scan(customers.with_name("nope"), customers.parent, customers)
    assert code == 0
    assert "nope: cannot be read: No such file or directory" in err
    assert f"{customers.parent}: cannot be read: Is a directory" in err
    assert "60 different values" in out
    code, out, err = scan(customers.with_name("nope"))
    assert (code, out) == (11, "")
    assert "none of the files could be read" in err


def test_fail_on_ends_with_1_when_something_is_that_sure(scan, customers):
    assert scan("--fail-on", "firm", customers)[0] == 1
    empty = customers.with_name("empty.txt")
    empty.write_text("không có gì\n", encoding="utf-8")
    assert scan("--fail-on", "weak", empty)[0] == 0


def test_standard_input_is_one_file(scan, monkeypatch):
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(ROWS.encode())))
    code, out, _ = scan("-")
    assert code == 0
    assert out.startswith("standard input")
    assert "60 different values" in out


def test_whoever_scans_a_capture_is_shown_the_way(scan):
    _, out, _ = scan(ROOT / "samples" / "pcaps" / "truncated.pcap")
    assert "`auditor audit` takes it apart" in out
