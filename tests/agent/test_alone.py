"""Who waits for a folder gets it when its last holder has ended."""

from __future__ import annotations

import subprocess
import sys

import pytest

from auditor.agent import alone
from auditor.agent.commit import emptied
from auditor.agent.work import ALONE
from auditor.model.errors import StoreError

HOLDER = (
    "import sys; from pathlib import Path; from auditor.agent.alone import claimed;"
    "claimed(Path(sys.argv[1])); print(flush=True); sys.stdin.read()"
)


@pytest.fixture
def holder(tmp_path):
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, tmp_path], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        process.stdout.readline()
        yield process
        process.kill()


def test_a_folder_that_is_held_is_not_given_away(tmp_path, holder, monkeypatch):
    monkeypatch.setattr(alone, "LONGEST", 0.1)
    with pytest.raises(StoreError, match="an earlier agent is still at work"):
        alone.abandoned(tmp_path)
    holder.kill()
    holder.wait()
    alone.abandoned(tmp_path)


def test_a_folder_that_is_not_there_needs_no_wait(tmp_path):
    alone.abandoned(tmp_path / "nothing")


def test_a_child_that_begins_after_its_agent_ended_touches_nothing(tmp_path):
    folder = tmp_path / "night"
    emptied(folder)
    begun = [sys.executable, "-m", "auditor", "agent", "work", folder]
    ended = subprocess.run(begun, stdin=subprocess.DEVNULL, capture_output=True, check=False)
    assert (ended.returncode, ended.stdout, ended.stderr) == (ALONE, b"", b"")
