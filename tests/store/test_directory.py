"""The data directory: nothing that stands in it leads a program elsewhere."""

import os
import stat

import pytest

from auditor.model.errors import StoreError
from auditor.store import opened
from auditor.store.directory import new_file, scratch


def test_a_link_in_place_of_the_scratch_folder_is_not_emptied(tmp_path):
    (tmp_path / "prey" / "kept").mkdir(parents=True)
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "upkeep").symlink_to(tmp_path / "prey")
    with pytest.raises(StoreError, match="is a link"), scratch(tmp_path / "data", "backup"):
        pass
    assert (tmp_path / "prey" / "kept").is_dir()


def test_a_link_in_place_of_the_log_of_the_database_does_not_lead_elsewhere(tmp_path):
    (tmp_path / "data").mkdir(mode=0o700)
    (tmp_path / "prey").touch(mode=0o644)
    (tmp_path / "data" / "auditor.db-shm").symlink_to(tmp_path / "prey")
    with pytest.raises(StoreError):
        opened(tmp_path / "data")
    assert stat.S_IMODE((tmp_path / "prey").stat().st_mode) == 0o644


def test_what_others_left_in_a_shared_folder_keeps_no_file_from_being_made(tmp_path):
    os.mkfifo(tmp_path / ".a.auditor-part")
    (tmp_path / ".b.auditor-part").symlink_to(tmp_path / "absent")
    (tmp_path / ".c.auditor-part").mkdir()
    with new_file(tmp_path / "new") as file:
        file.write(b"x")
    assert (tmp_path / "new").read_bytes() == b"x"
    assert len(list(tmp_path.iterdir())) == 4
