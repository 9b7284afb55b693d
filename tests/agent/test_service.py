"""The agent's turns on both databases, with real child processes."""

from __future__ import annotations

import json
import os
import struct
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from auditor.agent import commit, hold, service
from auditor.agent.hold import Hold
from auditor.agent.orders import Result, write_result
from auditor.model.errors import StoreError
from auditor.model.subjects import Subjects
from auditor.store import files, jobs, runs, subjects
from auditor.store.consistency import checked
from auditor.store.tables import flow_files, keys, leases
from tests.agent.conftest import SAMPLES

one_database = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
"""Children take seconds to start: what does not depend on the database is tried on one."""


def test_what_came_is_counted_once(agent, turns):
    agent.put("a.pcap")
    with agent.service(results="out") as made:
        turns(made)
        assert agent.outcomes() == []
        agent.night()
        turns(made)
        agent.night()
        turns(made)
    assert agent.outcomes() == ["done", "nothing-new"]  # nothing so old is left open
    with agent.store.reading() as connection:
        (first,) = runs.listed(connection)
        files = connection.execute(select(flow_files)).all()
        left = jobs.standings(connection)["night"]
    assert (first.inputs, first.flows) == (1, 2)
    assert (left.requested, left.failures) == (None, 0)
    assert [(agent.store.folder / file.path).stat().st_size for file in files] == [
        file.size for file in files
    ]
    document = json.loads((agent.store.folder / first.folder / "run.json").read_text())
    assert document["run_id"] == first.run_id
    assert (agent.folder / "out" / first.run_id / "report.html").is_file()
    assert agent.told() == ["news"]
    assert list((agent.store.folder / "work").iterdir()) == []


@one_database
def test_a_copy_under_another_name_is_nothing_new(agent, turns):
    agent.put("a.log", "logs/zeek/conn.log")
    with agent.service() as made:
        agent.night()
        turns(made)
        agent.put("b.log", "logs/zeek/conn.log")
        agent.night()
        turns(made)
    assert agent.outcomes() == ["done", "nothing-new"]


def test_a_failure_is_tried_again_then_told_once_and_its_end_too(agent, clock, turns):
    agent.inputs.rmdir()
    with agent.service(retries=1, backoff="5m") as made:
        agent.night()
        turns(made)
        assert agent.outcomes() == ["failed"]
        clock.forward(minutes=4)
        turns(made)
        assert agent.outcomes() == ["failed"]
        clock.forward(minutes=2)
        turns(made)
        assert agent.told() == ["trouble job-failed"]
        clock.forward(hours=2)
        turns(made)
        assert agent.outcomes() == ["failed"] * 2
        agent.night()
        turns(made)
        assert (agent.outcomes(), agent.told()) == (["failed"] * 3, ["trouble job-failed"])
        agent.inputs.mkdir()
        agent.night()
        turns(made)
    assert agent.outcomes()[-1] == "nothing-new"
    assert agent.told() == ["trouble job-failed", "recovery job-failed"]
    assert "in" in agent.attempts()[0][1]


@one_database
def test_the_reason_of_a_child_is_kept_with_its_exit_code(agent, turns):
    agent.put("a.pcap")
    with agent.service(inventory="missing.yaml", retries=0) as made:
        agent.night()
        turns(made)
        assert made.exit_code == 12
    ((outcome, message),) = agent.attempts()
    assert outcome == "failed"
    assert "missing.yaml" in message
    assert "no such file" in message


@one_database
def test_a_run_that_takes_too_long_is_ended(agent, turns):
    agent.put("a.pcap")
    with agent.service(limit="1s", retries=0) as made:
        agent.night()
        turns(made)
    assert agent.outcomes() == ["ended"]
    assert agent.told() == ["trouble job-ended"]


@one_database
def test_a_file_that_nobody_can_read_is_quarantined_and_told(agent, turns):
    (agent.inputs / "noise.bin").write_bytes(bytes(range(256)) * 40)
    with agent.service() as made:
        agent.night()
        turns(made)
        agent.night()
        turns(made)
    assert agent.outcomes() == ["failed", "nothing-new"]
    assert agent.told() == ["trouble quarantine"]


@one_database
def test_a_job_that_may_have_got_another_name_is_told(agent, turns):
    with agent.service() as made:
        turns(made)
    with agent.service(name="nightly") as made:
        turns(made)
    assert agent.told() == ["trouble job-renamed"]


@one_database
def test_a_source_that_cannot_be_listed_is_told_once_though_another_one_has_news(agent, turns):
    sources = [{"folder": "in", "settle": "1s"}, {"folder": "unmounted"}]
    agent.put("a.log", "logs/zeek/conn.log")
    with agent.service(sources=sources) as made:
        agent.night()
        turns(made)
        agent.put("b.log", "logs/squid/access.log")
        agent.night()
        turns(made)
    assert agent.outcomes() == ["done", "done"]
    assert "unmounted" in agent.attempts()[0][1]
    assert agent.told().count("trouble source") == 1


@one_database
def test_a_file_that_changes_while_it_is_read_waits_and_the_others_count(agent, turns):
    agent.put("a.log", "logs/zeek/conn.log")
    restless = agent.put("b.pcap")
    with agent.service(retries=0) as made:
        agent.night()
        made.step()
        os.utime(restless)
        turns(made)
        assert (agent.outcomes(), agent.told()) == (["done"], ["news"])
        with agent.store.reading() as connection:
            (run,) = runs.listed(connection)
            left = files.backlog(connection, "night")
        assert (run.inputs, left.files) == (1, 1)
        agent.night()
        turns(made)
    assert agent.outcomes() == ["done", "done"]


@one_database
def test_persons_of_two_nights_are_told_apart_by_one_key(agent, turns):
    first = agent.put("a.pcap").read_bytes()  # 200 citizens
    with agent.service() as made:
        agent.night()
        turns(made)
        with agent.store.reading() as connection:
            before = list(subjects.listed(connection))
            key = connection.scalar(select(keys.c.key))
        second = agent.inputs / "b.pcap"
        second.write_bytes(later(first, 86_400))
        os.utime(second, ns=(0, 0))
        agent.night()
        turns(made)
    assert agent.outcomes() == ["done", "done"]
    with agent.store.reading() as connection:
        every = list(subjects.listed(connection))
        assert connection.scalars(select(keys.c.key)).all() == [key]
    after = every[len(before) :]
    (day,) = {each.day for each in before}
    assert {each.day for each in after} == {day + timedelta(days=1)}
    states = {each.detector: each.state for each in before}
    assert Subjects.from_bytes(states["personal-number"]).count == 200
    assert [replace(each, day=day) for each in after] == before
    number = key.hex().encode()
    for path in agent.folder.rglob("*"):
        if path.is_file() and path.suffix in (".json", ".html", ".parquet", ".yaml", ".jsonl"):
            assert number not in path.read_bytes(), path


def later(capture: bytes, seconds: int) -> bytes:
    """The same packets of a pcap file, so much later."""
    out, place = bytearray(capture), 24
    while place < len(out):
        time, _, size = struct.unpack_from("<III", out, place)
        struct.pack_into("<I", out, place, time + seconds)
        place += 16 + size
    return bytes(out)


def test_another_agent_has_to_wait(agent, clock):
    with agent.service(), pytest.raises(StoreError, match="another agent is at work"):
        Hold(agent.store, clock).taken()
    second = Hold(agent.store, clock)
    second.taken()
    second.released()


def test_who_lost_the_hold_commits_nothing(agent, turns):
    agent.put("a.pcap")
    with agent.service() as made:
        agent.night()
        assert made.step()
        with agent.store.writing() as connection:
            connection.execute(update(leases).values(holder="another"))
        with pytest.raises(StoreError, match="has taken over"):
            turns(made)
        with pytest.raises(StoreError, match="another agent is at work"):
            made.step()
        with agent.store.reading() as connection:
            assert runs.listed(connection) == ()
            assert jobs.standings(connection)["night"].requested is not None
        assert not list(agent.store.folder.glob("runs/*/*"))


def test_a_paused_job_is_made_up_once(agent, turns):
    with agent.service() as made:
        with agent.store.writing() as connection:
            jobs.paused(connection, ["night"])
        for _ in range(3):
            agent.night()
            turns(made)
        assert agent.outcomes() == []
        with agent.store.writing() as connection:
            jobs.resumed(connection, ["night"])
        turns(made)
    assert agent.outcomes() == ["nothing-new"]


@one_database
def test_what_is_asked_for_during_a_run_runs_afterwards(agent, turns):
    agent.put("a.log", "logs/zeek/conn.log")
    with agent.service() as made:
        agent.night()
        made.step()
        agent.clock.forward(seconds=5)
        with agent.store.writing() as connection:
            jobs.requested(connection, "night", agent.clock(), "person")
        turns(made)
    assert agent.outcomes() == ["done", "nothing-new"]


@one_database
def test_an_agent_that_ends_leaves_the_request_and_nothing_else(agent, turns):
    agent.put("a.log", "logs/zeek/conn.log")
    with agent.service() as made:
        agent.night()
        made.step()
    assert agent.outcomes() == ["interrupted"]
    assert list((agent.store.folder / "work").iterdir()) == []
    with agent.service() as made:
        turns(made)
    assert agent.outcomes() == ["interrupted", "done"]


@one_database
def test_results_that_cannot_be_copied_are_told_and_the_run_counts(agent, turns):
    agent.put("a.log", "logs/zeek/conn.log")
    (agent.folder / "out").write_text("in the way")
    with agent.service(results="out") as made:
        agent.night()
        turns(made)
    assert agent.outcomes() == ["done"]
    assert "trouble results" in agent.told()


@one_database
def test_a_checklist_is_checked_and_its_changes_are_told(agent, turns):
    from auditor import pipeline
    from auditor.checklist.beginning import begun
    from auditor.checklist.catalogue import load
    from auditor.store import assessments

    policies = pipeline.data_folder("policies")
    begun(agent.folder / "ready", policies, load(policies), system="S1", level=3)
    with agent.service(checklist="ready", sources=None) as made:
        agent.night()
        turns(made)
    assert agent.outcomes() == ["done"]
    with agent.store.reading() as connection:
        found = assessments.latest(connection, "night")
    assert found.system == "S1"
    assert (agent.folder / "ready" / "checks.json").exists()


@one_database
def test_results_that_a_crash_kept_from_their_folder_are_copied_at_the_next_start(agent, turns):
    agent.put("a.log", "logs/zeek/conn.log")
    with agent.service() as made:
        agent.night()
        turns(made)
    with agent.store.reading() as connection:
        (run,) = runs.listed(connection)
    # as an agent leaves it that is killed between the commit and what comes after it
    left = agent.store.folder / "work" / "night"
    left.mkdir()
    write_result(left, Result("audit", run.run_id))
    with agent.service(results="out"):
        assert (agent.folder / "out" / run.run_id / "run.json").is_file()
    assert not left.exists()
    assert (agent.store.folder / run.folder / "run.json").is_file()


@one_database
def test_what_was_moved_and_not_committed_is_taken_away(agent):
    left = agent.store.folder / "work" / "night"
    moved = agent.store.folder / "runs" / "2026" / "20261122T000000000Z-aaaaaaaa"
    for folder in (left, moved):
        folder.mkdir(parents=True)
    write_result(left, Result("audit", moved.name))
    with agent.service():
        assert not left.exists()
        assert not moved.exists()


def test_an_agent_that_never_ends_a_job_is_told_of_once(agent):
    for number in range(7):
        with agent.store.writing() as connection:
            jobs.known(connection, ["night"], agent.clock())
            jobs.begun(connection, jobs.standings(connection)["night"], agent.clock())
        with agent.service():
            assert agent.told() == (["trouble agent"] if number >= 4 else [])


@one_database
def test_files_with_hostile_names_count_like_others(agent, turns):
    for number, name in enumerate((b"\xff\xfe.log", b"a\nb\x1b[2J.log", "‮gpj.log".encode())):
        log = (SAMPLES / "logs" / "zeek" / "conn.log").read_bytes()
        path = os.path.join(os.fsencode(agent.inputs), name)  # noqa: PTH118 - bytes
        with open(path, "wb") as file:  # noqa: PTH123 - bytes
            file.write(log.replace(b"\tC", b"\tC%dx" % number))
    with agent.service(results="out") as made:
        agent.night()
        turns(made)
        agent.night()
        turns(made)
    assert agent.outcomes() == ["done", "nothing-new"]
    with agent.store.reading() as connection:
        (run,) = runs.listed(connection)
    assert run.inputs == 3


def test_a_commit_that_the_database_did_not_confirm_counts_once(agent, turns, monkeypatch):
    agent.put("a.pcap")
    committed = commit.committed

    def unconfirmed(*some):
        committed(*some)
        monkeypatch.setattr(commit, "committed", committed)
        raise StoreError("the connection was lost", place="server", hint="Look at it.")

    monkeypatch.setattr(commit, "committed", unconfirmed)
    with agent.service(results="out") as made:
        agent.night()
        with pytest.raises(StoreError, match="was lost"):
            turns(made)
        turns(made)
    assert agent.outcomes() == ["done"]
    with agent.store.reading() as connection:
        (run,) = runs.listed(connection)
    assert (agent.folder / "out" / run.run_id / "run.json").is_file()
    assert checked(agent.store, agent.clock(), deep=True) == ()


@one_database
def test_the_files_of_a_run_that_counts_stay_however_often_its_commit_seemed_to_fail(
    agent, turns, monkeypatch
):
    agent.put("a.log", "logs/zeek/conn.log")
    committed = commit.committed

    def unconfirmed(*some):
        committed(*some)
        raise StoreError("the connection was lost", place="server", hint="Look at it.")

    monkeypatch.setattr(commit, "committed", unconfirmed)
    with agent.service() as made:
        agent.night()
        for _ in range(service.TRIES - 1):
            with pytest.raises(StoreError, match="was lost"):
                turns(made)
        turns(made)
    assert agent.outcomes() == ["done"]
    assert checked(agent.store, agent.clock(), deep=True) == ()


@one_database
def test_what_comes_after_a_commit_is_made_up_by_the_next_agent(agent, turns, monkeypatch):
    agent.put("a.pcap")

    class Killed(BaseException):
        """As if the process were gone."""

    def gone(*_):
        raise Killed

    def life(patch):
        with agent.service(results="out") as made:
            last = ((commit, "copied"), (commit, "cleared"), (service.jobs, "interrupted"))
            for where, name in last:  # nothing more happens in this process
                patch.setattr(where, name, gone)
            agent.night()
            turns(made)

    with monkeypatch.context() as patch, pytest.raises(Killed):
        life(patch)
    left = agent.store.folder / "open"
    left.mkdir(exist_ok=True)
    (left / "20261121T000000000Z-00000000.flows").write_bytes(b"of a run before")
    with agent.service(results="out") as made:
        turns(made)
    with agent.store.reading() as connection:
        (run,) = runs.listed(connection)
    assert sorted(path.name for path in (agent.folder / "out" / run.run_id).iterdir()) == [
        "report.html",
        "run.json",
    ]
    assert list((agent.store.folder / "work").iterdir()) == []
    agent.clock.forward(hours=1)
    assert checked(agent.store, agent.clock(), deep=True) == ()


def test_a_run_that_has_ended_is_committed_when_the_store_is_back(agent, turns, monkeypatch):
    agent.put("a.log", "logs/zeek/conn.log")
    with agent.service() as made:
        agent.night()
        made.step()
        made._running.child.wait(120)
        made._running.child.close()
        made._running.child = None
        monkeypatch.setattr(hold, "SAFE", 0.0)
        made.step()
    assert agent.outcomes() == ["done"]


@one_database
def test_a_commit_that_came_through_unheard_counts_once(agent, turns):
    agent.put("a.log", "logs/zeek/conn.log")
    with agent.service() as made:
        agent.night()
        made.step()
        running = made._running
        turns(made)
        with agent.store.reading() as connection:
            (run,) = runs.listed(connection)
        # as if the connection had broken after the commit: the same results once more
        write_result(emptied_again(running.done.folder), Result("audit", run.run_id))
        running.placed, running.child = True, None
        made._running = running
        turns(made)
    assert agent.outcomes() == ["done"]
    assert (agent.store.folder / run.folder / "run.json").is_file()


def emptied_again(folder):
    folder.mkdir()
    return folder
