from __future__ import annotations

import os
import shutil
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from auditor.model.errors import StoreError
from auditor.report import pdf, readiness_html
from auditor.report.readiness import printed

if TYPE_CHECKING:
    from auditor.model.readiness import Readiness

INSTALLED = next(printed._installed(), None)
with_browser = pytest.mark.skipif(INSTALLED is None, reason="no browser is installed")


def a_browser(folder: Path, script: str) -> Path:
    """A program that stands where a browser would."""
    path = folder / "bin" / "chromium"
    path.parent.mkdir()
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path


def alive(process: int) -> bool:
    """Whether a process runs; one that ended and waits for its parent does not."""
    try:
        os.kill(process, 0)
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except ProcessLookupError:
        return False
    except FileNotFoundError:  # it ended between the two, or there is no such folder here
        return not Path("/proc").exists()


@with_browser
def test_the_page_becomes_a_pdf_with_text_and_nothing_is_left_behind(
    readiness: Readiness, tmp_path: Path
) -> None:
    content = pdf(readiness_html(readiness), tmp_path)
    assert content.startswith(b"%PDF-")
    assert list(tmp_path.iterdir()) == []
    if shutil.which("pdftotext") is None:
        pytest.skip("pdftotext is not installed: nobody can read the PDF")
    text = subprocess.run(
        ["pdftotext", "-", "-"], input=content, capture_output=True, check=True
    ).stdout.decode()
    assert "Chưa đủ điều kiện" in text
    assert "Quyết định phê duyệt cấp độ" in text
    assert "Not ready" not in text


@with_browser
def test_a_page_that_asks_the_network_is_printed_without_it(tmp_path: Path) -> None:
    page = "<!doctype html><p>xin chào</p><img src='http://localhost:1/x.png'>"
    assert pdf(page, tmp_path).startswith(b"%PDF-")
    assert pdf(page).startswith(b"%PDF-")


def test_without_a_browser_the_way_out_is_to_print_the_page(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(printed, "_installed", lambda: iter(()))
    with pytest.raises(StoreError, match="no Chromium, Chrome or Edge") as caught:
        pdf("<p>", tmp_path)
    assert "readiness.html" in caught.value.hint


@pytest.mark.skipif(os.name != "posix", reason="stands a shell script in for a browser")
@pytest.mark.parametrize(
    ("script", "told"),
    [
        ("echo 'cannot open display' >&2; exit 3", "exit 3.: cannot open display"),
        ("exit 0", "exit 0"),
    ],
)
def test_a_browser_that_makes_no_pdf_is_told_with_its_own_words(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, script: str, told: str
) -> None:
    browser = a_browser(tmp_path, script)
    monkeypatch.setattr(printed, "_installed", lambda: iter([str(browser)]))
    with pytest.raises(StoreError, match=told):
        pdf("<p>", tmp_path / "out")
    assert list((tmp_path / "out").iterdir()) == []


@pytest.mark.skipif(os.name != "posix", reason="stands a shell script in for a browser")
def test_a_browser_that_hangs_is_ended_with_what_it_started(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    browser = a_browser(tmp_path, f"sleep 300 & echo $! > {tmp_path}/child; sleep 300")
    monkeypatch.setattr(printed, "_installed", lambda: iter([str(browser)]))
    monkeypatch.setattr(printed, "SECONDS", 1)
    with pytest.raises(StoreError, match="within 1 seconds"):
        pdf("<p>", tmp_path / "out")
    child = int((tmp_path / "child").read_text())
    for _ in range(100):  # the signal is on its way; a dead process may wait for its parent
        if not alive(child):
            break
        time.sleep(0.1)
    assert not alive(child)


@pytest.mark.skipif(os.name != "posix", reason="stands a shell script in for a browser")
def test_the_sandbox_is_given_up_for_root_alone(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    script = f'printf "%s\\n" "$@" > {tmp_path}/given'
    browser = a_browser(tmp_path, script)
    monkeypatch.setattr(printed, "_installed", lambda: iter([str(browser)]))
    for user, given_up in ((0, True), (1000, False)):
        monkeypatch.setattr(os, "geteuid", lambda user=user: user)
        with pytest.raises(StoreError):
            pdf("<p>", tmp_path / "out")
        options = (tmp_path / "given").read_text().splitlines()
        assert ("--no-sandbox" in options) == given_up
        assert "--host-resolver-rules=MAP * ~NOTFOUND" in options
        assert any(each.startswith(f"--user-data-dir={tmp_path}/out/print-") for each in options)


def test_a_folder_that_may_not_be_written_is_told(tmp_path: Path) -> None:
    if INSTALLED is None:
        pytest.skip("no browser is installed")
    taken = tmp_path / "file"
    taken.write_text("")
    with pytest.raises(StoreError, match="could not be printed"):
        pdf("<p>", taken)
