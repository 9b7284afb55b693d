"""Child processes: what they see, how they end, and that they never outlive their agent."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from auditor.agent import child as child_room
from auditor.agent import orders
from auditor.agent.child import Child
from auditor.agent.commit import emptied
from auditor.agent.work import ALONE
from auditor.pipeline import Order, data_folder


@pytest.fixture
def folder(tmp_path):
    """A child's folder whose order never ends: it waits for somebody to write into a pipe."""
    place = tmp_path / "work" / "night"
    emptied(place)
    os.mkfifo(tmp_path / "pipe")
    audit = Order((tmp_path / "pipe",), data_folder("policies"), data_folder("geoip"))
    orders.write_work(place, orders.Work("night", datetime.now(UTC), None, audit))
    return place


def test_a_child_ends_by_itself_when_its_agent_is_gone(folder):
    code = (
        "import sys, time; from pathlib import Path; from auditor.agent.child import Child;"
        "child = Child(Path(sys.argv[1]), (), bytes(32)); print(child._process.pid, flush=True);"
        "time.sleep(600)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, folder], stdout=subprocess.PIPE, text=True
    ) as agent:
        number = int(agent.stdout.readline())
        agent.kill()
    end = time.monotonic() + 30
    while Path(f"/proc/{number}/cmdline").exists() and _is_ours(number):
        assert time.monotonic() < end, "the child goes on without its agent"
        time.sleep(0.05)


def _is_ours(number: int) -> bool:
    try:
        return b"auditor" in Path(f"/proc/{number}/cmdline").read_bytes()
    except OSError:
        return False


def test_a_child_is_ended_and_says_by_what(folder):
    child = Child(folder, (), bytes(32))
    assert child.exit_code() is None
    child.end()
    assert child.exit_code() == -15
    assert child.why(-15) == "it was ended by signal 15"
    assert "memory" in child.why(-9)


def test_what_a_child_says_last_is_the_reason_of_its_failure(tmp_path, monkeypatch):
    monkeypatch.setenv("HOOK_SECRET", "s3cret")
    emptied(tmp_path / "work")
    child = Child(tmp_path / "work", ["HOOK_SECRET"], b"k" * 32)
    environment = Path(f"/proc/{child._process.pid}/environ").read_bytes()
    child.wait(60)
    code = child.exit_code()
    child.close()
    assert b"HOOK_SECRET" not in environment
    assert (b"k" * 32).hex().encode() not in environment
    assert code == 70
    assert "order.json" in child.why(code)
    assert ALONE not in (0, 70)


def test_what_a_child_leaves_running_ends_with_it(folder):
    code = (
        "import subprocess, sys; subprocess.Popen([sys.executable, '-c', "
        "'import time; time.sleep(600)'])"
    )
    begun = subprocess.Popen

    def instead(words, **more):
        return begun([sys.executable, "-c", code], **more)

    child_room.subprocess.Popen = instead
    try:
        child = Child(folder, (), bytes(32))
    finally:
        child_room.subprocess.Popen = begun
    child.wait(60)
    before = time.monotonic()
    child.close()
    assert child.exit_code() == 0 and time.monotonic() - before < child_room.GRACE
