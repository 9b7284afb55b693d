"""What is known is a sample, and what is not known is none: a nought would be a lie."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from prometheus_client.parser import text_string_to_metric_families

from auditor.agent.health import Pulse, Standing
from auditor.agent.health.metrics import last_success, text
from auditor.agent.health.standing import MOST_LISTED
from auditor.agent.live import State
from auditor.agent.live.state import LATE
from auditor.store.overview import Attempt, Backlog, JobOverview, LastRun, Outbox, Overview

NOW = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
NONE = dict.fromkeys(("critical", "high", "medium", "low", "info"), 0)
RUN = LastRun("r", NOW - 3 * HOUR, NOW - 2 * HOUR, 3, 1, 900, 40, 12_345, 2, 1, 0, 0)
NEW = JobOverview(
    "new", False, None, None, 0, None, None, None, None, None, NONE, Backlog(0, 0, None), 0
)
"""A job that never ran."""


def attempt(outcome, finished=NOW - HOUR, started=NOW - 2 * HOUR):
    return Attempt(1, None, started, finished, outcome, None, None)


def samples(*jobs, captures=(), pulse=None, boxes=()):
    overview = Overview(NOW, jobs, boxes, 0, NONE, 0)
    standing = Standing(NOW, pulse or Pulse(NOW, True), overview, captures)
    return {
        (sample.name, *sorted(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(text(standing).decode())
        for sample in family.samples
    }


def test_of_a_job_that_never_ran_only_what_is_known_is_told():
    found = samples(NEW)
    told = {name for name, *labels in found if "new" in labels}
    assert told == {
        "auditor_job_paused",
        "auditor_job_running",
        "auditor_job_consecutive_failures",
        "auditor_backlog_files",
        "auditor_backlog_bytes",
        "auditor_quarantined_files",
        "auditor_findings",
    }


def test_a_loop_that_made_no_turn_has_no_last_beat():
    assert ("auditor_agent_last_beat_timestamp_seconds",) not in samples(pulse=Pulse(None, False))
    assert samples(pulse=Pulse(None, False))["auditor_agent_lease_held",] == 0


@pytest.mark.parametrize(
    ("job", "when"),
    [
        (NEW, None),
        (replace(NEW, last=attempt("failed")), None),
        (replace(NEW, last=attempt("nothing-new")), NOW - HOUR),
        (replace(NEW, last=attempt("failed"), run=RUN), RUN.finished),
        (replace(NEW, last=attempt("ended"), run=RUN), RUN.finished),
        (replace(NEW, last=attempt("nothing-new"), run=RUN), NOW - HOUR),
        (replace(NEW, last=attempt("done", RUN.finished - HOUR), run=RUN), RUN.finished),
        (replace(NEW, last=attempt("done", None)), None),
    ],
)
def test_success_is_the_later_of_the_last_run_and_an_attempt_that_went_well(job, when):
    assert last_success(job) == when
    found = samples(job)
    assert found.get(("auditor_job_last_success_timestamp_seconds", "new")) == (
        when and when.timestamp()
    )


def test_exactly_one_outcome_is_the_last_one():
    found = samples(replace(NEW, last=attempt("ended")))
    outcomes = {labels[0]: value for (name, *labels), value in found.items() if "outcome" in name}
    assert [name for name, value in outcomes.items() if value] == ["ended"]
    assert len(outcomes) == 5


def test_an_attempt_across_a_clock_set_back_has_no_negative_length():
    back = attempt("done", finished=NOW - 2 * HOUR, started=NOW - HOUR)
    assert samples(replace(NEW, last=back))["auditor_job_last_attempt_duration_seconds", "new"] == 0


def test_a_name_that_is_no_utf_8_is_told_all_the_same():
    hostile = 'a"\n\\\ud800' + "x" * 500
    found = samples(replace(NEW, name=hostile), boxes=(Outbox(hostile, 2),))
    (label,) = [labels[0] for name, *labels in found if name == "auditor_job_paused"]
    assert label.startswith('a"\n\\\\ud800')
    assert len(label) == 100
    assert found["auditor_notices_waiting", label] == 2


def test_of_very_many_jobs_the_first_are_told():
    many = [replace(NEW, name=f"job-{number}") for number in range(MOST_LISTED + 1)]
    told = [labels for name, *labels in samples(*many) if name == "auditor_job_paused"]
    assert len(told) == MOST_LISTED


def test_a_capture_counts_from_its_start_and_stands_still_when_it_is_not_heard():
    since = NOW - HOUR
    heard = State("one", "lo", "dumpcap", since, NOW, pid=1, packets=7)
    quiet = State("two", "lo", "tcpdump", since, NOW - LATE * 2, pid=2, dropped=0)
    found = samples(captures=(heard, quiet))
    assert found["auditor_capture_packets_total", "one"] == 7
    assert found["auditor_capture_running", "one"] == 1
    assert found["auditor_capture_running", "two"] == 0
    assert ("auditor_capture_dropped_packets_total", "one") not in found, "dumpcap has not told yet"
    assert found["auditor_capture_dropped_packets_total", "two"] == 0
    assert ("auditor_capture_interface_dropped_packets_total", "two") not in found
