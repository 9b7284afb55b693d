"""What ``status`` says: for people, for machines, for monitoring."""

from __future__ import annotations

from datetime import timedelta

from auditor.agent import standing
from auditor.agent.live.state import State, written
from auditor.store import files, jobs
from auditor.store.files import FileRow


def test_a_store_that_no_agent_has_seen_yet_is_told_of(agent, clock):
    settings = agent.settings()
    found = standing.stood(agent.store, settings, clock())
    document = standing.document(found, settings)
    assert document["agent"]["running"] is False
    assert document["jobs"][0]["next"] == f"{clock():%Y-%m-%d}T19:00:00+00:00"
    assert document["worries"] == []
    assert standing.lines(found, settings.clock)[0].endswith("No agent is at work.")


def test_who_works_is_told_and_since_when(agent, clock):
    settings = agent.settings()
    with agent.service():
        found = standing.stood(agent.store, settings, clock())
    assert found.holder is not None
    since = standing.document(found, settings)["agent"]["since"]
    assert since == f"{clock():%Y-%m-%d}T05:00:00+00:00"
    assert f"{clock():%Y-%m-%d} 12:00" in standing.lines(found, settings.clock)[0]


def test_silence_a_backlog_and_a_run_that_nobody_makes_are_worries(agent, clock):
    settings = agent.settings(silent_after="1h")
    with agent.service():
        pass
    begin = clock()
    with agent.store.writing() as connection:
        jobs.requested(connection, "night", begin, "schedule")
        files.put(connection, "night", [FileRow("/a", "1", 10, "waiting", begin, begin)])
    clock.forward(minutes=30)
    assert standing.stood(agent.store, settings, clock()).worries == ()
    clock.forward(hours=2)
    assert standing.stood(agent.store, settings, clock()).worries == (("night", "silent"),)
    clock.forward(days=2)
    found = standing.stood(agent.store, settings, clock())
    assert found.worries == (("night", "silent"), ("night", "backlog"), ("night", "late"))
    backlog = standing.document(found, settings)["jobs"][0]["backlog"]
    assert (backlog["files"], backlog["bytes"]) == (1, 10)
    assert backlog["seconds"] == timedelta(days=2, hours=2, minutes=30).total_seconds()
    told = "\n".join(standing.lines(found, settings.clock))
    assert "! night: trễ hơn một ngày / more than a day late" in told


def test_a_failure_is_told_with_its_reason(agent, clock, turns):
    agent.inputs.rmdir()
    with agent.service(retries=0) as made:
        agent.night()
        turns(made)
    settings = agent.settings()
    found = standing.stood(agent.store, settings, clock())
    assert found.worries == (("night", "failed"),)
    told = standing.lines(found, settings.clock)
    assert any("thất bại / failed" in line for line in told)
    assert any("The folder" in line for line in told)


def test_what_does_not_fit_this_machine_is_listed(agent, clock):
    settings = agent.settings(inventory="missing.yaml")
    checked = standing.checked(settings, clock())
    assert checked.lines[1] == f"  {clock() + timedelta(days=1):%a %Y-%m-%d} 02:00:00 +07"
    assert [each.partition(":")[0] for each in checked.mistakes] == ["jobs.night.inventory"]


def test_captures_are_shown_with_what_they_lost(agent, clock):
    state = State("mirror", "eth1", "dumpcap", clock(), clock(), 7, packets=1_000, lost_files=2)
    written(state, agent.store.folder)
    settings = agent.settings()
    found = standing.stood(agent.store, settings, clock())
    (told,) = standing.document(found, settings)["captures"]
    assert (told["running"], told["packets"], told["dropped"]) == (True, 1_000, None)
    shown = standing.lines(found, settings.clock)
    assert any("mirror (eth1)" in line and "? mất / lost" in line for line in shown)
    assert any("2 tệp mất" in line for line in shown)
    clock.forward(minutes=2)
    found = standing.stood(agent.store, settings, clock())
    assert any("not running" in line for line in standing.lines(found, settings.clock))
