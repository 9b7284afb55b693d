"""The agent without end: it lives on without its database, and ends in good order."""

from __future__ import annotations

import sqlite3
import threading
import time
from contextlib import closing
from datetime import UTC, datetime

import pytest

from auditor.agent import loop
from auditor.agent.loop import Loop, stepped
from auditor.agent.settings import settings as read_settings
from auditor.store import database, jobs, leases, opened
from tests.agent.conftest import Agent


def until(there, most: float = 60) -> None:
    """Waits for something that another thread does."""
    end = time.monotonic() + most
    while not there():
        assert time.monotonic() < end
        time.sleep(0.05)


def finished(store) -> int:
    with store.reading() as connection:
        standing = jobs.standings(connection).get("night")
    return standing is not None and standing.requested is None


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_database_that_goes_away_and_comes_back(agent, postgresql, database_url, monkeypatch):
    monkeypatch.setattr(loop, "TROUBLED", 0.1)
    settings = agent.settings(schedule={"every": "1d"})
    work = opened(agent.folder / "data", database_url)
    running = Loop(work, settings, lambda: datetime.now(UTC), lambda: settings)
    thread = threading.Thread(target=running.run)
    thread.start()
    until(lambda: finished(agent.store))
    postgresql.stop()
    time.sleep(0.5)
    assert thread.is_alive()
    postgresql.start()
    with agent.store.writing() as connection:
        jobs.requested(connection, "night", datetime.now(UTC), "person")
    until(lambda: finished(agent.store))
    running.stop.set()
    thread.join(30)
    assert not thread.is_alive()
    assert agent.outcomes() == ["nothing-new", "nothing-new"]
    with agent.store.reading() as connection:
        assert leases.holder_of(connection, "agent") is None
    work.close()


def test_what_is_to_be_told_is_delivered_meanwhile(agent, monkeypatch):
    monkeypatch.setattr(loop, "DELIVERY", 0.1)
    agent.inputs.rmdir()
    settings = agent.settings(schedule={"every": "1d"}, retries=0)
    running = Loop(agent.store, settings, lambda: datetime.now(UTC), lambda: settings)
    thread = threading.Thread(target=running.run)
    thread.start()
    until(lambda: (agent.folder / "drop").is_dir() and any((agent.folder / "drop").iterdir()))
    running.stop.set()
    thread.join(30)
    assert agent.told() == ["trouble job-failed"]


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_an_agent_that_could_not_tell_anybody_any_more_ends(agent, monkeypatch):
    def broken(*_):
        raise AssertionError("a mistake of ours")

    monkeypatch.setattr(loop, "DELIVERY", 0.1)
    monkeypatch.setattr(loop.notices, "deliver", broken)
    settings = agent.settings(schedule={"cron": "0 2 1 1 *"})
    running = Loop(agent.store, settings, lambda: datetime.now(UTC), lambda: settings)
    with pytest.raises(RuntimeError, match="nobody delivers"):
        running.run()


class Released(threading.Event):
    """Waits as long as another program holds the database, and no longer."""

    def __init__(self, other: sqlite3.Connection) -> None:
        super().__init__()
        self._other = other

    def wait(self, timeout: float | None = None) -> bool:
        if self._other.in_transaction:
            self._other.rollback()
        return super().wait(0 if timeout is None else min(timeout, 0.02))


def test_a_run_by_a_timer_waits_for_a_store_that_another_program_holds(
    tmp_path, clock, monkeypatch
):
    monkeypatch.setattr(database, "BUSY", 0.1)
    store = opened(tmp_path / "data")
    agent = Agent(tmp_path, store, clock)
    with (
        agent.service() as made,
        closing(sqlite3.connect(tmp_path / "data" / "auditor.db", isolation_level=None)) as other,
    ):
        agent.night()
        other.execute("BEGIN IMMEDIATE")
        while stepped(made, {"night"}, Released(other)):
            pass
    assert agent.outcomes() == ["nothing-new"]
    store.close()


def test_settings_with_mistakes_are_told_and_so_is_their_end(agent):
    settings = agent.settings()
    (agent.folder / "drop").mkdir()

    def read():
        return read_settings(agent.folder / "agent.yaml")

    running = Loop(agent.store, settings, lambda: datetime.now(UTC), read)
    thread = threading.Thread(target=running.run)
    thread.start()
    right = (agent.folder / "agent.yaml").read_text(encoding="utf-8")
    told = ["trouble settings", "recovery settings"]
    for number, content in enumerate((right + "nonsense: 1\n", right), start=1):
        (agent.folder / "agent.yaml").write_text(content, encoding="utf-8")
        running.again.set()
        until(lambda wanted=told[:number]: agent.told() == wanted)
    running.stop.set()
    thread.join(30)
    assert agent.told() == told


def test_a_signal_that_comes_while_settings_are_read_is_not_lost(agent):
    settings = agent.settings(schedule={"cron": "0 2 1 1 *"})
    reads = []

    def read():
        reads.append(len(reads))
        if len(reads) == 1:
            running.again.set()  # somebody wrote the file once more
        return settings

    running = Loop(agent.store, settings, lambda: datetime.now(UTC), read)
    thread = threading.Thread(target=running.run)
    thread.start()
    running.again.set()
    until(lambda: len(reads) == 2)
    running.stop.set()
    thread.join(30)
    assert reads == [0, 1]
