"""What is wrong is said plainly by the commands themselves, and nothing is half-written."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml
from sqlalchemy import func, select, text

from auditor import cli
from auditor.store import consistency, jobs, opened, runs
from auditor.store.tables import metadata

LOG = Path(__file__).parents[2] / "samples" / "logs" / "zeek" / "conn.log"
JOB = {
    "name": "night",
    "schedule": {"cron": "0 2 * * *"},
    "sources": [{"folder": "in", "settle": "1s"}],
}
HOOK = {"name": "siem", "webhook": {"url": "https://siem.example.gov.vn/in", "secret_env": "KEY"}}
SECRET = "hunter2-hunter2"  # noqa: S105 - a made-up one that must never be shown


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A folder with inputs and no store yet; commands work in it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("AUDITOR_DATABASE_URL", raising=False)
    (tmp_path / "in").mkdir()
    return tmp_path


@pytest.fixture
def auditor(monkeypatch, capsys):
    """The command line as a function: arguments in, exit code and standard error out."""

    def call(*words: object) -> tuple[int, str]:
        monkeypatch.setattr(sys, "argv", ["auditor", *map(str, words)])
        handlers = {each: signal.getsignal(each) for each in (signal.SIGTERM, signal.SIGINT)}
        capsys.readouterr()
        code: object = 0
        try:
            cli.main()
        except SystemExit as end:
            code = end.code or 0
        finally:
            for number, handler in handlers.items():
                signal.signal(number, handler)
        return int(str(code)), capsys.readouterr().err

    return call


def written(place: Path, *some: dict[str, object], **more: object) -> None:
    """agent.yaml with these jobs."""
    content = {"version": 1, "data": "data", "jobs": some or [JOB], "health": None, **more}
    (place / "agent.yaml").write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")


def mistaken(**changes: object) -> dict[str, object]:
    return {**JOB, **changes}


@pytest.mark.parametrize(
    ("some", "channel", "told"),
    [
        ([mistaken(schedule={"cron": "0 2 31 2,4 *"})], HOOK, "schedule.cron: never fires"),
        ([mistaken(schedule={"cron": "61 2 * * *"})], HOOK, "minute: '61' is not from 0 to 59"),
        ([JOB, mistaken(sources=[{"folder": "b"}])], HOOK, "night is the name of number 1 as well"),
        ([], {"name": "a", "webhook": {**HOOK["webhook"], "secret": SECRET}}, "secret"),
        ([], {"name": "a", "webhook": {"url": f"https://a:{SECRET}@b.example/"}}, "url"),
    ],
)
@pytest.mark.parametrize("command", ["once", "run", "status", "check"])
def test_mistakes_of_the_settings_end_every_command(place, auditor, command, some, channel, told):
    written(place, *some, channels=[channel])
    code, said = auditor("agent", command)
    assert code == 12
    assert "agent.yaml:" in said
    assert told in said
    assert "Correct the lines named" in said
    assert SECRET not in said
    assert not (place / "data").exists()


def test_a_secret_that_others_may_read_is_said_before_anything_is_sent(place, auditor):
    (place / "key").write_text(SECRET, encoding="utf-8")
    (place / "key").chmod(0o644)
    hook = {**HOOK["webhook"], "secret_file": "key", "secret_env": None}
    written(place, channels=[{"name": "siem", "webhook": hook}])
    code, said = auditor("agent", "check")
    assert code == 12
    assert "channels.siem.secret: others may read or change the secret's file" in said
    assert "chmod 600" in said
    assert SECRET not in said


def test_a_store_of_a_newer_version_is_refused_and_left_alone(place, auditor):
    written(place)
    store = opened(place / "data")
    with store.writing() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    for command in ("once", "run", "status", "pause"):
        code, said = auditor("agent", command)
        assert (code, "newer version (9999)" in said) == (14, True)
        assert "nothing was changed" in said
    with store.reading() as connection:
        for table in metadata.sorted_tables:
            assert connection.scalar(select(func.count()).select_from(table)) == 0
    store.close()


@pytest.mark.parametrize("command", ["once", "run", "status"])
def test_a_database_that_does_not_answer_is_said_without_its_password(
    place, auditor, monkeypatch, command
):
    written(place)
    url = f"postgresql://auditor:{SECRET}@/auditor?host={place}"
    monkeypatch.setenv("AUDITOR_DATABASE_URL", url)
    code, said = auditor("agent", command)
    if command != "status":  # which makes nothing, and says that there is nothing
        assert "the database cannot be used" in said
        assert "Check the disk, or the database server" in said
    assert code == 14
    assert SECRET not in said
    assert len(said.splitlines()) == 2


def test_a_data_directory_that_is_a_file_is_said(place, auditor):
    written(place)
    (place / "data").write_text("mine", encoding="utf-8")
    for command in ("once", "run"):
        code, said = auditor("agent", command)
        assert (code, len(said.splitlines())) == (14, 2)
        assert f"{place / 'data'}: cannot be made" in said
    assert (place / "data").read_text(encoding="utf-8") == "mine"


def test_a_data_directory_that_may_not_be_written_is_said(place, auditor, powerless):
    written(place)
    (place / "data").mkdir(mode=0o500)
    code, said = auditor("agent", "once")
    assert code == 14
    assert f"{place / 'data'}: cannot be made: Permission denied" in said
    assert "--data" in said


def test_a_folder_that_vanished_is_a_failure_with_its_name(place, auditor):
    written(place, mistaken(retries=0))
    (place / "in").rmdir()
    code, said = auditor("agent", "once", "night")
    assert code == 11
    assert f"{place / 'in'}: The folder cannot be listed: No such file or directory" in said
    code, said = auditor("agent", "check")
    assert (code, f"there is no folder {place / 'in'}" in said) == (12, True)


def test_a_relative_data_directory_is_enough(place, auditor):
    written(place)
    settled(place)
    assert auditor("agent", "once", "night", "--data", "elsewhere")[0] == 0
    assert len(list(place.glob("elsewhere/runs/*/*/run.json"))) == 1


def settled(place: Path) -> None:
    """A log among the inputs, of which the agent's clock says that it has stood still."""
    path = place / "in" / "conn.log"
    shutil.copyfile(LOG, path)
    while time.time() - path.stat().st_ctime < 1.1:
        time.sleep(0.05)


class Small:
    """A disk of a few megabytes under the data directory."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()
        mount = ["mount", "-t", "tmpfs", "-o", "size=6m,mode=700", "auditor-test", str(folder)]
        done = subprocess.run(mount, capture_output=True, text=True, check=False)
        if done.returncode:
            pytest.skip(f"no disk can be made here: {done.stderr.strip()}")

    def fill(self) -> None:
        """Leaves no room."""
        with (self.folder / "ballast").open("wb", buffering=0) as file:
            try:
                while file.write(bytes(4096)):
                    pass
            except OSError:
                return

    def clear(self) -> None:
        """Makes room again."""
        (self.folder / "ballast").unlink()

    def remove(self) -> None:
        subprocess.run(["umount", str(self.folder)], check=True)


@pytest.fixture
def disk(tmp_path):
    if os.geteuid() != 0 or shutil.which("mount") is None:
        pytest.skip("only root may make a disk")
    made = Small(tmp_path / "data")
    yield made
    made.remove()


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_disk_that_is_full_half_way_or_at_the_end_leaves_nothing_half_written(
    disk, agent, clock, turns
):
    agent.put("a.log", "logs/zeek/conn.log")
    kept = agent.store.folder / "runs"
    with agent.service(retries=1) as made:
        agent.night()
        made.step()
        disk.fill()
        with pytest.raises(Exception, match="full"):  # of the database, which is on it too
            turns(made)
        disk.clear()
        turns(made)
        outcome, message = agent.attempts()[0]
        assert (outcome, "No space left on device" in message) == ("failed", True)
        assert not kept.exists()
        assert consistency.checked(agent.store, clock(), deep=True) == ()

        clock.forward(minutes=2)
        made.step()
        end = time.monotonic() + 120
        while not (agent.store.folder / "work" / "night" / "result.json").exists():
            assert time.monotonic() < end
            time.sleep(0.05)
        disk.fill()
        with pytest.raises(Exception, match="full"):
            turns(made)
        disk.clear()
        turns(made)
    assert agent.outcomes() == ["failed", "done"]
    assert agent.told() == ["news"]
    assert consistency.checked(agent.store, clock(), deep=True) == ()
    with agent.store.reading() as connection:
        (run,) = runs.listed(connection)
    assert [each.name for each in kept.glob("*/*")] == [run.run_id]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_an_agent_that_is_ended_during_a_run_takes_its_child_along(place, database_url):
    written(place)
    settled(place)
    command = [sys.executable, "-m", "auditor", "agent", "once", "night"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        order = place / "data" / "work" / "night" / "order.json"
        end = time.monotonic() + 120
        while not order.exists() and time.monotonic() < end:
            time.sleep(0.05)
        process.send_signal(signal.SIGTERM)
        _, said = process.communicate(timeout=120)
    assert process.returncode == 0, said
    events = [json.loads(line)["event"] for line in said.splitlines()]
    assert "run-done" not in events
    assert not any(
        str(place).encode() in each.read_bytes() for each in Path("/proc").glob("[0-9]*/cmdline")
    )
    store = opened(place / "data")
    with store.reading() as connection:
        assert jobs.standings(connection)["night"].requested is not None
        assert runs.listed(connection) == ()
    assert consistency.checked(store, datetime.now(UTC), deep=True) == ()
    store.close()
