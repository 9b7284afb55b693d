"""A folder of JSON files."""

from __future__ import annotations

import json
import os
import stat

import pytest

from auditor.agent.channels import Drop
from auditor.agent.notices import drop
from auditor.agent.notices.sending import Undelivered
from tests.agent.notices.conftest import NOON, notice


def test_a_notice_is_one_file_by_time_and_id_for_its_owner_alone(tmp_path):
    folder = tmp_path / "in" / "notices"
    before = os.umask(0)
    try:
        for _ in range(2):
            assert drop.sent(Drop(folder=str(folder)), notice(), NOON) == ""
    finally:
        os.umask(before)
    (file,) = folder.iterdir()
    assert file.name == f"20261122T050000Z-{notice().id}.json"
    assert json.loads(file.read_bytes())["id"] == notice().id
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_what_an_agent_left_that_was_killed_over_a_notice_goes_with_the_next_try(tmp_path):
    (tmp_path / f".{drop.name(notice())}.0123456789abcdef.tmp").write_text('{"half')
    drop.sent(Drop(folder=str(tmp_path)), notice(), NOON)
    assert [path.name for path in tmp_path.iterdir()] == [drop.name(notice())]


def test_a_folder_that_is_there_keeps_its_permissions(tmp_path):
    tmp_path.chmod(0o750)
    drop.sent(Drop(folder=str(tmp_path)), notice(), NOON)
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o750


def test_a_folder_that_cannot_be_written_is_undelivered(tmp_path, powerless):
    tmp_path.chmod(0o500)
    with pytest.raises(Undelivered, match="cannot be written"):
        drop.sent(Drop(folder=str(tmp_path)), notice(), NOON)
    with pytest.raises(Undelivered, match="Permission"):
        drop.sent(Drop(folder=str(tmp_path / "in")), notice(), NOON)
    tmp_path.chmod(0o700)
