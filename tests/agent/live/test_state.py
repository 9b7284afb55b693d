from __future__ import annotations

import os
from datetime import UTC, datetime

import pytest

from auditor.agent.live.state import State, states, written
from auditor.model.errors import StoreError

SINCE = datetime(2026, 11, 22, 1, 45, tzinfo=UTC)


def test_a_state_comes_back_as_it_was_written(tmp_path):
    state = State("mirror", "eth\ud8001\n", "dumpcap", SINCE, SINCE, pid=12, dropped=3)
    written(state, tmp_path)
    assert states(tmp_path) == (state,)
    assert [each.name for each in (tmp_path / "live").iterdir()] == ["mirror.json"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        "nul\0",
        '{"since": 1}',
        "[" * 5000,
        '{"name": {"a": 1}}',
        '{"name": "a", "interface": "b", "tool": "c", "since": "2026-11-22", "beat": "2026-11-22"}',
    ],
)
def test_a_file_that_is_no_state_is_left_out(tmp_path, text):
    written(State("good", "lo", "scapy", SINCE, SINCE), tmp_path)
    (tmp_path / "live" / "bad.json").write_text(text)
    assert [each.name for each in states(tmp_path)] == ["good"]


def test_without_a_folder_there_are_no_captures(tmp_path):
    assert states(tmp_path) == ()


def test_a_state_that_cannot_be_written_is_said(tmp_path):
    (tmp_path / "live").write_text("in the way")
    with pytest.raises(StoreError, match="cannot be written"):
        written(State("good", "lo", "scapy", SINCE, SINCE), tmp_path)


def test_what_is_written_is_for_its_owner_only(tmp_path):
    written(State("good", "lo", "scapy", SINCE, SINCE), tmp_path / "new")
    for folder in (tmp_path / "new", tmp_path / "new" / "live"):
        assert folder.stat().st_mode & 0o777 == 0o700
    assert (tmp_path / "new" / "live" / "good.json").stat().st_mode & 0o777 == 0o600


@pytest.mark.skipif(os.geteuid() != 0, reason="only root writes for somebody else")
def test_what_root_writes_belongs_to_who_owns_the_data(tmp_path):
    os.chown(tmp_path, 65_534, 65_534)
    written(State("good", "lo", "scapy", SINCE, SINCE), tmp_path)
    assert (tmp_path / "live").stat().st_uid == 65_534
    assert (tmp_path / "live" / "good.json").stat().st_uid == 65_534


def test_links_in_the_data_directory_lead_nowhere(tmp_path):
    state = State("mirror", "lo", "scapy", SINCE, SINCE)
    (tmp_path / "prey").write_text("kept")
    (tmp_path / "data" / "live").mkdir(parents=True)
    (tmp_path / "data" / "live" / ".mirror.json").symlink_to(tmp_path / "prey")
    written(state, tmp_path / "data")
    assert states(tmp_path / "data") == (state,)
    assert (tmp_path / "prey").read_text() == "kept"
    (tmp_path / "other" / "live").mkdir(parents=True)
    (tmp_path / "linked").mkdir()
    (tmp_path / "linked" / "live").symlink_to(tmp_path / "other" / "live")
    with pytest.raises(StoreError, match="cannot be written"):
        written(state, tmp_path / "linked")
    assert list((tmp_path / "other" / "live").iterdir()) == []
