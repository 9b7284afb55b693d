"""Jobs in both databases: what is asked for is done once, and nothing asked for is lost."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import insert, select

from auditor.store import jobs
from auditor.store.tables import attempts, planned

NOW = datetime(2026, 11, 22, 1, 30, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def does(store):
    """Calls a function of jobs in a transaction of its own."""

    def call(function, *given, **named):
        with store.writing() as connection:
            return function(connection, *given, **named)

    call(jobs.known, ["night", "hourly"], NOW - timedelta(days=1))
    return call


def standing(does, name="night"):
    return does(jobs.standings)[name]


def begun(does, now=NOW):
    """A request, and the attempt that answers it."""
    does(jobs.requested, "night", now, "schedule", scheduled=True)
    asked = standing(does)
    return asked, does(jobs.begun, asked, now)


def attempt(store, number):
    with store.reading() as connection:
        return connection.execute(select(attempts).where(attempts.c.id == number)).one()


def test_a_job_that_is_known_keeps_its_row(does):
    does(jobs.paused, ["night"])
    does(jobs.known, ["night", "new"], NOW)
    assert standing(does).paused
    assert standing(does).heard == NOW - timedelta(days=1)
    assert standing(does, "new").heard == NOW


def test_what_is_asked_for_twice_is_due_once(does):
    does(jobs.requested, "night", NOW - MINUTE, "person")
    asked, number = begun(does)
    does(jobs.done, number, asked, NOW + MINUTE, "done", None)
    assert standing(does).requested is None
    assert not standing(does).due(NOW + MINUTE)


def test_a_request_that_came_during_the_attempt_stands(does):
    asked, number = begun(does)
    does(jobs.requested, "night", NOW + MINUTE, "person")
    does(jobs.done, number, asked, NOW + 2 * MINUTE, "done", None)
    assert standing(does).due(NOW + 2 * MINUTE)
    assert standing(does).requested_by == "person"


def test_a_request_that_came_during_the_last_try_stands(does):
    asked, number = begun(does)
    does(jobs.requested, "night", NOW + MINUTE, "person")
    does(jobs.failed, number, asked, NOW + 2 * MINUTE, "failed", "x", again=None)
    assert standing(does).requested == NOW + MINUTE


def test_only_a_schedule_sets_when_it_fired(does):
    does(jobs.requested, "night", NOW, "person")
    assert does(jobs.fired) == {}
    does(jobs.requested, "night", NOW + MINUTE, "schedule", scheduled=True)
    assert does(jobs.fired) == {"night": NOW + MINUTE}


def test_after_a_failure_a_schedule_waits_and_a_person_does_not(does):
    asked, number = begun(does)
    does(jobs.failed, number, asked, NOW, "failed", "x", again=NOW + 5 * MINUTE)
    does(jobs.requested, "night", NOW + MINUTE, "schedule", scheduled=True)
    assert not standing(does).due(NOW + MINUTE)
    assert standing(does).due(NOW + 5 * MINUTE), "the wait is over to the second"
    does(jobs.requested, "night", NOW + MINUTE, "person")
    assert standing(does).due(NOW + MINUTE)


def test_a_wait_longer_than_any_is_of_a_clock_that_was_ahead(does):
    asked, number = begun(does)
    does(jobs.failed, number, asked, NOW, "failed", "x", again=NOW + jobs.LONGEST_WAIT)
    assert not standing(does).due(NOW)
    assert standing(does).due(NOW - MINUTE), "the clock was set back"


def test_failures_add_up_and_success_forgets_them(does):
    for failures in (1, 2):
        asked, number = begun(does)
        does(jobs.failed, number, asked, NOW, "ended", "x", again=NOW + MINUTE)
        assert standing(does).failures == failures
        assert standing(does).requested == NOW, "it is tried again for the same request"
    asked, number = begun(does)
    does(jobs.done, number, asked, NOW, "nothing-new")
    assert (standing(does).failures, standing(does).not_before) == (0, None)


def test_a_job_at_rest_keeps_what_is_asked_for(does):
    does(jobs.paused, ["night", "hourly"])
    does(jobs.requested, "night", NOW, "schedule", scheduled=True)
    assert not standing(does).due(NOW)
    does(jobs.resumed, ["night"])
    assert standing(does).due(NOW)
    assert standing(does, "hourly").paused


def test_one_job_changes_nothing_of_another(does):
    before = standing(does, "hourly")
    asked, number = begun(does)
    does(jobs.failed, number, asked, NOW, "failed", "x", again=None)
    does(jobs.heard, "night", NOW)
    does(jobs.silence, "night", NOW)
    assert standing(does, "hourly") == before


def test_silence_is_longer_than_its_limit_and_a_new_input_ends_it(does):
    day = timedelta(days=1)
    assert not standing(does).silent(day, NOW)
    assert standing(does).silent(day, NOW + timedelta(seconds=1))
    does(jobs.silence, "night", NOW)
    assert standing(does).silence_told == NOW
    does(jobs.heard, "night", NOW)
    assert standing(does).silence_told is None
    assert not standing(does).silent(day, NOW + day)


def test_an_attempt_is_over_once_its_end_is_written(does):
    asked, number = begun(does)
    assert not does(jobs.over, number)
    does(jobs.done, number, asked, NOW, "done", None)
    assert does(jobs.over, number)
    assert not does(jobs.over, number + 1), "an attempt that was never begun is not"


def test_interruptions_in_a_row_are_counted_for_the_jobs_that_had_one_now(does, store):
    for _ in range(2):
        begun(does)
        does(jobs.interrupted, NOW, "the agent ended")
    other = standing(does, "hourly")
    does(jobs.begun, other, NOW)
    begun(does)
    assert does(jobs.interrupted, NOW, "it ended") == {"night": 3, "hourly": 1}
    assert does(jobs.interrupted, NOW, "it ended") == {}
    assert standing(does).requested == NOW
    assert standing(does).failures == 0
    asked, number = begun(does)
    does(jobs.done, number, asked, NOW, "done", None)
    begun(does)
    assert does(jobs.interrupted, NOW, "it ended") == {"night": 1}, "an end in between counts anew"
    assert attempt(store, number).outcome == "done"


def test_a_message_is_kept_as_far_as_a_database_takes_it(does, store):
    hostile = "tệp\0 \ud800 " + "x" * jobs.MESSAGE
    asked, number = begun(does)
    does(jobs.failed, number, asked, NOW, "failed", hostile, again=None)
    kept = attempt(store, number).message
    assert kept.startswith("tệp")
    assert len(kept) == jobs.MESSAGE
    assert kept == jobs.kept(hostile), "what is compared is what was stored"
    assert jobs.kept("") is jobs.kept(None) is None


def test_the_message_before_is_the_jobs_own_and_no_interruption(does):
    asked, first = begun(does)
    does(jobs.failed, first, asked, NOW, "failed", "the folder is gone", again=NOW)
    does(jobs.failed, does(jobs.begun, standing(does, "hourly"), NOW), standing(does, "hourly"),
         NOW, "failed", "another's", again=NOW)  # fmt: skip
    begun(does)
    does(jobs.interrupted, NOW, "the agent ended")
    asked, last = begun(does)
    assert does(jobs.message_before, "night", last) == "the folder is gone"
    assert does(jobs.message_before, "night", first) is None
    does(jobs.done, last, asked, NOW, "done", None)
    assert does(jobs.message_before, "night", last + 1) is None, "it ended without a word"


def test_the_next_times_are_moments_in_utc(does):
    row = {"id": "night", "next_run_time": NOW.timestamp(), "job_state": b"{}"}
    does(lambda connection: connection.execute(insert(planned).values(row)))
    assert does(jobs.next_times) == {"night": NOW}
