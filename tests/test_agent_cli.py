"""``auditor agent`` as people, timers and systemd use it."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

import pytest
import yaml

from auditor import cli
from auditor.agent.hold import Hold
from auditor.cli.terminal import say_json
from auditor.store import jobs, opened, runs
from tests.agent.conftest import Clock

LOG = Path(__file__).parents[1] / "samples" / "logs" / "zeek" / "conn.log"
COMMAND = (sys.executable, "-m", "auditor", "agent")


class Answer(NamedTuple):
    code: int
    out: str
    err: str


class Place:
    """A folder with agent.yaml, its inputs, and its store."""

    def __init__(self, folder: Path, inputs: Path, url: str) -> None:
        self.folder = folder
        self.inputs = inputs
        self.url = url
        self.settings = folder / "agent.yaml"
        self.write()

    def write(self, **job: object) -> None:
        """Writes agent.yaml."""
        night = {
            "name": "night",
            "schedule": {"cron": "0 2 1 1 *"},
            "sources": [{"folder": str(self.inputs), "settle": "1s"}],
            **job,
        }
        content = {"version": 1, "data": "data", "jobs": [night], "health": None}
        self.settings.write_text(yaml.safe_dump(content), encoding="utf-8")

    def store(self):
        """The store, as another process sees it."""
        return opened(self.folder / "data", self.url)

    def runs(self) -> int:
        """How many runs count."""
        store = self.store()
        with store.reading() as connection:
            found = len(runs.listed(connection))
        store.close()
        return found

    def begun(self, *words: str) -> subprocess.Popen:
        """The command as a process."""
        environment = {**os.environ, "AUDITOR_DATABASE_URL": self.url}
        return subprocess.Popen(
            [*COMMAND, *words, "--config", self.settings],
            env=environment,
            stderr=subprocess.PIPE,
            text=True,
        )


@pytest.fixture(scope="session")
def settled(tmp_path_factory):
    """A folder with a log that has stood still for a second."""
    folder = tmp_path_factory.mktemp("in")
    shutil.copyfile(LOG, folder / "conn.log")
    while time.time() - (folder / "conn.log").stat().st_ctime < 1.1:
        time.sleep(0.05)
    return folder


@pytest.fixture
def place(tmp_path, settled, database_url, monkeypatch):
    monkeypatch.setenv("AUDITOR_DATABASE_URL", database_url)
    return Place(tmp_path, settled, database_url)


@pytest.fixture
def agent(monkeypatch, capsys, place):
    """``auditor agent`` as a function: arguments in, exit code and texts out."""

    def call(*arguments: str) -> Answer:
        words = ["auditor", "agent", *arguments, "--config", str(place.settings)]
        monkeypatch.setattr(sys, "argv", words)
        handlers = {each: signal.getsignal(each) for each in (signal.SIGTERM, signal.SIGINT)}
        capsys.readouterr()
        try:
            cli.main()
            code = 0
        except SystemExit as end:
            code = end.code or 0
        finally:
            for number, handler in handlers.items():
                signal.signal(number, handler)
        return Answer(code, *capsys.readouterr())

    return call


one_database = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def until(there, process: subprocess.Popen) -> None:
    """Waits for something that the process does."""
    end = time.monotonic() + 120
    while not there():
        assert process.poll() is None, process.stderr.read()
        assert time.monotonic() < end
        time.sleep(0.1)


def test_once_runs_a_named_job_and_status_tells_of_it(agent, place):
    assert agent("status").code == 14
    assert agent("once", "night").code == 0
    status = agent("status", "--json")
    document = json.loads(status.out)
    (job,) = document["jobs"]
    assert (job["name"], job["last"]["outcome"], job["run"]["inputs"]) == ("night", "done", 1)
    assert document["agent"]["running"] is False
    assert document["worries"] == []
    shown = agent("status", "--check")
    assert shown.code == 0
    assert "night: lần tới / next" in shown.out


def test_what_falls_due_never_waits_for_a_person(agent, place):
    place.write(schedule={"every": "10m"})
    assert agent("once").code == 0
    assert place.runs() == 1


@one_database
def test_once_ends_with_the_code_of_the_failure_and_check_says_so(agent, place):
    place.write(inventory="missing.yaml", retries=0)
    assert agent("once", "night").code == 12
    shown = agent("status", "--check")
    assert shown.code == 1
    assert "! night: lần chạy gần nhất thất bại / its last run failed" in shown.out


@one_database
def test_a_file_in_quarantine_is_shown_with_its_reason_and_can_be_released(agent, place):
    place.write(sources=[{"folder": str(place.folder / "odd"), "settle": "1s"}])
    (place.folder / "odd").mkdir()
    noise = place.folder / "odd" / "noise.bin"
    noise.write_bytes(bytes(range(256)) * 40)
    os.utime(noise, (1, 1))
    time.sleep(1.1)
    assert agent("once", "night").code == 11
    assert agent("status", "--check").code == 1
    (held,) = json.loads(agent("quarantine", "--json").out)
    assert (held["job"], held["file"]) == ("night", str(noise))
    assert "No reader takes this file" in held["reason"]
    assert str(noise) in agent("quarantine").out
    assert agent("release", "night", str(noise), "/not/there").code == 11
    assert json.loads(agent("quarantine", "--json").out) == [held]
    assert agent("release", "night", str(noise)).code == 0
    assert json.loads(agent("quarantine", "--json").out) == []


def test_a_job_that_got_another_name_keeps_its_memory(agent, place):
    assert agent("once", "night").code == 0
    place.write(name="nightly")
    assert agent("rename", "nightly", "nightly").code == 12
    assert agent("rename", "never", "nightly").code == 12
    assert agent("rename", "night", "nightly").code == 0
    assert agent("once", "nightly").code == 0
    assert place.runs() == 1
    assert agent("rename", "night", "nightly").code == 12


def test_a_job_that_is_not_there_is_said_with_those_that_are(agent):
    for words in (("once", "nihgt"), ("trigger", "nihgt"), ("pause", "nihgt")):
        answer = agent(*words)
        assert (answer.code, "Jobs are: night." in answer.err) == (12, True)


@one_database
def test_two_agents_never_work_at_once(agent, place):
    store = place.store()
    hold = Hold(store, Clock())
    hold.taken()
    answer = agent("once", "night")
    assert answer.code == 14
    assert f"another agent is at work on this store: process {os.getpid()}" in answer.err
    assert json.loads(agent("status", "--json").out)["agent"]["pid"] == os.getpid()
    hold.released()
    store.close()


def test_a_running_agent_is_triggered_paused_and_ended(agent, place):
    assert agent("pause").out.strip() == "night: tạm dừng / paused"
    with place.begun("run") as process:
        assert "paused: it runs once it is resumed" in agent("trigger", "night").out
        agent("resume", "night")
        until(place.runs, process)
        process.send_signal(signal.SIGTERM)
        _, told = process.communicate(timeout=60)
    assert process.returncode == 0, told
    events = [json.loads(line)["event"] for line in told.splitlines()]
    assert events[0] == "agent-begun"
    assert events[-1] == "agent-ends"
    assert "run-done" in events


@one_database
def test_settings_with_mistakes_do_not_replace_those_that_work(place):
    with place.begun("run") as process:
        line = process.stderr.readline()
        assert json.loads(line)["event"] == "agent-begun"
        place.settings.write_text("version: 1\njobs: []\n")
        process.send_signal(signal.SIGHUP)
        refused = json.loads(process.stderr.readline())
        place.write(name="day")
        process.send_signal(signal.SIGHUP)
        renamed, read = (json.loads(process.stderr.readline()) for _ in range(2))
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=60)
    events = [each["event"] for each in (refused, renamed, read)]
    assert events == ["settings-refused", "jobs-renamed-perhaps", "settings-read"]
    assert read["jobs"] == ["day"]
    assert process.returncode == 0


def test_an_agent_that_is_killed_leaves_nothing_that_counts_and_the_next_one_goes_on(agent, place):
    with place.begun("once", "night") as process:
        until(lambda: list(place.folder.glob("data/work/night/order.json")), process)
        process.kill()
        process.communicate(timeout=60)
    assert agent("once").code == 0
    document = json.loads(agent("status", "--json").out)
    assert document["runs"] == 1
    assert document["jobs"][0]["requested"] is None
    store = place.store()
    with store.reading() as connection:
        assert jobs.standings(connection)["night"].failures == 0
    store.close()
    assert len(list(place.folder.glob("data/runs/*/*"))) == 1


@one_database
def test_a_channel_can_be_tried(agent, place):
    content = yaml.safe_load(place.settings.read_text())
    content["channels"] = [{"name": "box", "drop": {"folder": "drop"}}]
    place.settings.write_text(yaml.safe_dump(content))
    assert "taken by box" in agent("tell-test", "box").out
    assert list((place.folder / "drop").iterdir())
    assert agent("tell-test", "bix").code == 12


def test_check_lists_what_does_not_fit_this_machine(agent, place):
    place.write(sources=[{"folder": "gone"}])
    answer = agent("check")
    assert answer.code == 12
    assert answer.out.count("01-01 02:00:00 +07") == 5
    assert "jobs.night.sources[1]: there is no folder" in answer.err


@one_database
def test_every_mistake_of_the_settings_is_listed_with_its_line(agent, place):
    place.settings.write_text(
        """\
version: 1
jobs:
  - name: a
    schedule: {cron: "0 2 31 2 *"}
    sources: [{folder: x}]
  - name: a
    schedule: {every: 5s}
    sources: [{folder: y}]
"""
    )
    answer = agent("check")
    assert answer.code == 12
    assert "agent.yaml:4: jobs[1].schedule.cron: never fires" in answer.err
    assert "agent.yaml:7: jobs[2].schedule.every: write a length of time from 10s" in answer.err


@one_database
def test_what_the_agent_makes_is_for_its_user_alone_whoever_started_it(place, agent):
    place.write(results=str(place.folder / "results"))
    before = os.umask(0)
    try:
        assert agent("once", "night").code == 0
    finally:
        os.umask(before)
    made = [*(place.folder / "data").rglob("*"), *(place.folder / "results").rglob("*")]
    assert len(made) > 8
    assert [each for each in made if each.stat().st_mode & 0o077] == []


def test_a_document_for_machines_stays_one_whatever_files_are_called(capsys):
    names = ["Sở", "\x1b[2J", "\x9b31m", "\u202egol", "\U000e0001", "\ud800", "a\nb", "\x7f"]
    say_json({"names": names})
    told = capsys.readouterr().out
    assert json.loads(told) == {"names": names} and "Sở" in told
    assert not {"\x1b", "\x9b", "\u202e", "\U000e0001", "\x7f"} & set(told)
