"""``auditor agent capture`` as a process."""

from __future__ import annotations

import signal
import subprocess
import sys
import time

import pytest

from auditor.agent.live import states
from tests.agent.live.test_running import Line, needs

PROGRAM = """
import sys
from auditor.cli.capture import app
app.pretty_exceptions_enable = False
from auditor.model.errors import AuditorError
try:
    app()
except AuditorError as error:
    sys.exit(str(error))
"""
COMMAND = [sys.executable, "-c", PROGRAM]


@pytest.fixture
def line():
    made = Line()
    yield made
    made.held.close()


@pytest.fixture
def agent_yaml(line, tmp_path):
    path = tmp_path / "agent.yaml"
    path.write_text(
        f"""
version: 1
data: data
jobs:
  - name: nightly
    schedule: {{every: 1d}}
    sources: [{{folder: ring, rotating: true}}]
captures:
  - {{name: mirror, interface: lo, folder: ring, filter: udp port {line.port}}}
"""
    )
    (tmp_path / "ring").mkdir()
    return path


def test_it_captures_until_sigterm_and_closes_its_last_file(line, agent_yaml, tmp_path):
    needs("dumpcap", line.wanted(tmp_path))
    with subprocess.Popen(
        [*COMMAND, "mirror", "--config", str(agent_yaml)], stderr=subprocess.PIPE, text=True
    ) as process:
        line.listening(tmp_path / "data", tmp_path / "ring", "dumpcap")
        line.sent(5)
        time.sleep(0.5)
        process.send_signal(signal.SIGTERM)
        _, told = process.communicate(timeout=20)
    assert process.returncode == 0, told
    assert '"event": "capture-begun"' in told and '"event": "capture-ended"' in told
    assert len(list((tmp_path / "ring").glob("mirror-*.pcapng"))) == 1
    (state,) = states(tmp_path / "data")
    assert state.pid is None and state.packets >= 5
    assert not list((tmp_path / "ring" / ".part").glob("live*"))


def test_a_capture_that_is_not_there_is_said_with_those_that_are(agent_yaml):
    ended = subprocess.run(
        [*COMMAND, "other", "--config", str(agent_yaml)], capture_output=True, text=True
    )
    assert "there is no capture other" in ended.stderr
    assert "There are: mirror." in ended.stderr
