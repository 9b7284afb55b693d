from __future__ import annotations

from datetime import timedelta

from sqlalchemy import insert, update

from auditor.store import findings, runs, tables
from auditor.store.overview import Attempt, Backlog, LastRun, Outbox, overview
from tests.store import made

NOW = made.BEGIN
NONE = {"critical": 0, "high": 0, "medium": 0, "low": 0, "info": 0}


def hours(number):
    return NOW - timedelta(hours=number)


def seen(store):
    with store.reading() as connection:
        return overview(connection, NOW)


def job(store, name, **values):
    row = {"name": name, "paused": False, "failures": 0}
    with store.writing() as connection:
        connection.execute(insert(tables.jobs), {**row, **values})


def attempt(store, name, started, **values):
    with store.writing() as connection:
        connection.execute(insert(tables.attempts), {"job": name, "started": started, **values})


def night(store, name, run):
    with store.writing() as connection:
        runs.added(connection, name, run, None, findings.recorded(connection, name, run))


def test_a_new_store_has_nothing_to_show_but_its_size(store):
    found = seen(store)
    assert (found.at, found.jobs, found.outboxes, found.runs, found.present) == (
        NOW,
        (),
        (),
        0,
        NONE,
    )
    assert found.size > 10_000


def test_a_job_that_never_ran_is_shown_with_what_it_waits_for(store):
    job(
        store,
        "nightly",
        paused=True,
        requested=hours(2),
        requested_by="person",
        failures=3,
        not_before=hours(-1),
        heard=hours(5),
    )
    (found,) = seen(store).jobs
    assert (found.name, found.paused, found.requested, found.requested_by) == (
        "nightly",
        True,
        hours(2),
        "person",
    )
    assert (found.failures, found.not_before, found.heard) == (3, hours(-1), hours(5))
    assert (found.last, found.running, found.run) == (None, None, None)
    assert (found.present, found.backlog, found.quarantined) == (NONE, Backlog(), 0)


def test_the_last_attempt_is_the_one_that_began_last_of_those_that_are_over(store):
    for name in ("one", "two"):
        job(store, name)
    attempt(store, "one", hours(9), finished=hours(8), outcome="done", run_id="r")
    attempt(
        store, "one", hours(7), scheduled=hours(7), finished=hours(6), outcome="failed", message="x"
    )
    attempt(store, "one", hours(1))
    attempt(store, "two", hours(3), finished=hours(2), outcome="nothing-new")
    attempt(store, "unknown", hours(1))
    one, two = seen(store).jobs
    assert one.last == Attempt(one.last.id, hours(7), hours(7), hours(6), "failed", "x", None)
    assert one.running == Attempt(one.running.id, None, hours(1), None, None, None, None)
    assert (two.last.outcome, two.running) == ("nothing-new", None)


def test_the_last_run_and_the_findings_of_each_job_are_shown(store):
    for name in ("one", "two"):
        job(store, name)
    night(store, "one", made.run(1, made.finding("F-1"), made.finding("F-2", severity="low")))
    night(store, "one", made.run(2, made.finding("F-2", severity="low")))
    night(store, "one", made.run(10, made.finding("F-2", severity="info"), made.finding("F-3")))
    night(store, "two", made.run(3))
    night(store, "gone-from-agent.yaml", made.run(4, made.finding("F-9")))
    found = seen(store)
    one, two = found.jobs
    last = made.run(10)
    assert one.run == LastRun(
        last.run_id, last.started, last.finished, inputs=1, problems=0, flows=100,
        crossing_flows=20, outbound_bytes=5000, findings=2, new=1, changed=1, gone=1,
    )  # fmt: skip
    assert (one.present, two.present) == (NONE | {"high": 1, "info": 1}, NONE)
    assert two.run.run_id == made.run(3).run_id
    assert (found.runs, found.present) == (5, one.present), "another job is none of these"
    assert list(one.present) == ["critical", "high", "medium", "low", "info"]


def test_files_that_wait_are_counted_with_their_bytes_and_the_oldest(store):
    for name in ("one", "two"):
        job(store, name)
    states = ["waiting", "waiting", "taken", "known", "quarantined", "quarantined", "quarantined"]
    rows = [
        {"job": "one", "name": f"/x/{number}", "stamp": "s", "size": 10**number, "state": state,
         "first_seen": hours(number), "steady_since": NOW}
        for number, state in enumerate(states)
    ]  # fmt: skip
    rows += [{**rows[0], "job": "two", "name": name, "size": 2**63 - 1} for name in ("a", "b")]
    rows += [{**rows[0], "name": "/y", "state": "released", "first_seen": hours(8), "size": 100}]
    with store.writing() as connection:
        connection.execute(insert(tables.files), rows)
        connection.execute(
            insert(tables.files),
            [{**rows[0], "name": state, "state": state, "gone": NOW} for state in set(states)],
        )
    one, two = seen(store).jobs
    assert (one.backlog, one.quarantined) == (Backlog(3, 111, hours(8)), 3)
    assert two.backlog == Backlog(2, 2**64, hours(0))


def test_notices_that_wait_or_were_given_up_are_counted_by_channel(store):
    states = [("mail", "waiting"), ("mail", "waiting"), ("mail", "sent"), ("hook", "given-up")]
    with store.writing() as connection:
        connection.execute(
            insert(tables.notices),
            [
                {"id": str(number), "channel": channel, "kind": "news", "content": {}, "tries": 0,
                 "created": hours(number), "not_before": NOW, "state": state}
                for number, (channel, state) in enumerate([*states, ("drop", "sent")])
            ],
        )  # fmt: skip
    assert seen(store).outboxes == (
        Outbox("hook", given_up=1),
        Outbox("mail", waiting=2, oldest_waiting=hours(1)),
    )


def test_all_of_it_is_of_one_moment(store):
    job(store, "nightly")
    with store.reading() as connection:
        before = overview(connection, NOW)
        with store.writing() as other:
            other.execute(update(tables.jobs).values(paused=True))
        assert overview(connection, NOW).jobs == before.jobs
    assert seen(store).jobs[0].paused


def test_jobs_that_nobody_names_any_more_are_not_shown(store):
    for name in ("kept", "removed"):
        job(store, name, failures=3)
        night(store, name, made.run(0 if name == "kept" else 1, made.finding()))
    with store.reading() as connection:
        found = overview(connection, NOW, {"kept"})
    assert [each.name for each in found.jobs] == ["kept"]
    assert found.present == {**NONE, "high": 1}
