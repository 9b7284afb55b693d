"""What the runs of a job had of late."""

from __future__ import annotations

from datetime import timedelta

from auditor.store import findings, lately, runs
from tests.store import made


def night(store, number, *found, job="nightly"):
    run = made.run(number, *found)
    with store.writing() as connection:
        runs.added(connection, job, run, None, findings.recorded(connection, job, run))
    return run.started


def test_absence_is_counted_from_a_run_of_the_job_that_is_old_enough(store):
    first = night(store, 1)
    night(store, 2, job="other")
    night(store, 3)
    with store.reading() as connection:
        at = first + lately.ABSENT
        assert lately.absent_since(connection, "nightly", at) == first
        assert lately.absent_since(connection, "nightly", at - timedelta(seconds=1)) is None


def test_the_most_is_that_of_the_last_thirty_days(store):
    night(store, 1, made.finding(outbound=10**9))
    night(store, 2, made.finding(outbound=10**6))
    last = night(store, 3, made.finding(outbound=10))
    here = {"F-1": made.finding(outbound=10**8)}
    with store.reading() as connection:
        late = last - timedelta(days=2) + lately.LATELY
        assert lately.most_bytes(connection, "nightly", late, here) == {"F-1": 10**9}
        late += timedelta(days=1)
        assert lately.most_bytes(connection, "nightly", late, here) == {"F-1": 10**6}
