from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from auditor.model.errors import StoreError
from auditor.report import written

if TYPE_CHECKING:
    from pathlib import Path


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_text_bytes_and_streams_are_written_into_a_new_folder(tmp_path: Path) -> None:
    folder = tmp_path / "a" / "b"

    def stream(file: Any) -> None:
        file.write(b"part one, ")
        file.write(b"part two")

    written(folder, {"report.html": "Hồ sơ", "data.bin": b"\x00\xff", "flows.parquet": stream})
    assert (folder / "report.html").read_text("utf-8") == "Hồ sơ"
    assert (folder / "data.bin").read_bytes() == b"\x00\xff"
    assert (folder / "flows.parquet").read_bytes() == b"part one, part two"
    assert names(folder) == ["data.bin", "flows.parquet", "report.html"]


def test_a_new_report_takes_the_place_of_the_old_one(tmp_path: Path) -> None:
    written(tmp_path, {"report.html": "old", "run.json": "old"})
    written(tmp_path, {"report.html": "new", "run.json": "new"})
    assert [(tmp_path / name).read_text() for name in names(tmp_path)] == ["new", "new"]


def test_a_name_taken_by_a_folder_leaves_every_old_file_whole(tmp_path: Path) -> None:
    written(tmp_path, {"report.html": "old"})
    (tmp_path / "run.json").mkdir()
    with pytest.raises(StoreError) as caught:
        written(tmp_path, {"report.html": "new", "run.json": "new"})
    assert caught.value.place == str(tmp_path / "run.json")
    assert "untouched" in caught.value.message
    assert caught.value.hint
    assert (tmp_path / "report.html").read_text() == "old"
    assert names(tmp_path) == ["report.html", "run.json"]


def test_a_stream_that_fails_half_way_leaves_the_old_files_whole(tmp_path: Path) -> None:
    written(tmp_path, {"report.html": "old", "flows.parquet": b"old"})

    def broken(file: Any) -> None:
        file.write(b"half")
        raise OSError(28, "No space left on device")

    with pytest.raises(StoreError) as caught:
        written(tmp_path, {"report.html": "new", "flows.parquet": broken})
    assert "No space left" in caught.value.message
    assert "free some space" in caught.value.hint
    assert (tmp_path / "report.html").read_text() == "old"
    assert (tmp_path / "flows.parquet").read_bytes() == b"old"
    assert names(tmp_path) == ["flows.parquet", "report.html"]


def test_a_set_left_half_new_says_which_files_are_new(tmp_path: Path) -> None:
    def takes_its_own_name(file: Any) -> None:
        file.write(b"new")
        (tmp_path / "run.json").mkdir()

    written(tmp_path, {"report.html": "old"})
    with pytest.raises(StoreError) as caught:
        written(tmp_path, {"report.html": "new", "run.json": takes_its_own_name})
    assert "already new: report.html" in caught.value.message
    assert (tmp_path / "report.html").read_text() == "new"
    assert names(tmp_path) == ["report.html", "run.json"]


def test_our_own_mistake_in_a_stream_leaves_nothing_temporary(tmp_path: Path) -> None:
    def broken(_: Any) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        written(tmp_path, {"flows.parquet": broken})
    assert names(tmp_path) == []


FULL = """
import resource, sys
from pathlib import Path
from auditor.model.errors import StoreError
from auditor.model.files import written
resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
try:
    written(Path(sys.argv[1]), {"small": "new", "large": b"x" * 100_000})
except StoreError as error:
    sys.exit(error.exit_code)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="resource limits are POSIX")
def test_when_the_system_takes_no_more_bytes_the_old_report_stays_whole(tmp_path: Path) -> None:
    written(tmp_path, {"small": "old", "large": b"old"})
    done = subprocess.run([sys.executable, "-c", FULL, str(tmp_path)], check=False)
    assert done.returncode == StoreError.exit_code
    assert (tmp_path / "small").read_text() == "old"
    assert (tmp_path / "large").read_bytes() == b"old"
    assert names(tmp_path) == ["large", "small"]


def test_a_file_where_the_folder_should_be_is_named(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("a file")
    with pytest.raises(StoreError) as caught:
        written(tmp_path / "out", {"report.html": "new"})
    assert caught.value.place == str(tmp_path / "out")
    assert (tmp_path / "out").read_text() == "a file"


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write")
def test_a_folder_without_permission_is_named_with_a_way_out(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(StoreError) as caught:
            written(tmp_path, {"report.html": "new"})
    finally:
        tmp_path.chmod(0o700)
    assert "permissions" in caught.value.hint


@pytest.mark.parametrize("name", ["../report.html", "a/b", "/etc/passwd", "", ".."])
def test_only_plain_names_are_taken(tmp_path: Path, name: str) -> None:
    with pytest.raises(ValueError, match="plain file name"):
        written(tmp_path, {name: "text"})


def test_text_that_is_not_unicode_is_written_escaped_and_not_lost(tmp_path: Path) -> None:
    written(tmp_path, {"run.json": "half \ud800"})
    assert (tmp_path / "run.json").read_text("utf-8") == "half \\ud800"
