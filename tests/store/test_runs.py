from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from auditor.model.errors import StoreError
from auditor.model.problem import Problem
from auditor.store import findings, runs, tables
from tests.store import made


def remember(store, run, job="nightly", folder="runs/2026/x"):
    with store.writing() as connection:
        news = findings.recorded(connection, job, run)
        runs.added(connection, job, run, folder, news)


def test_a_run_comes_back_as_it_was_given(store):
    run = made.run(
        1,
        made.finding("F-1"),
        made.finding("F-2"),
        problems=(Problem("lost", "a.pcap", "3 packets"),),
        inputs=(made.input_file(1), made.input_file(2)),
    )
    remember(store, run)
    with store.reading() as connection:
        (found,) = runs.listed(connection)
    assert found == runs.StoredRun(
        run_id=run.run_id,
        job="nightly",
        audit_id=run.audit_id,
        auditor_version="0.1.0",
        agency="Sở Nội vụ",
        started=run.started,
        finished=run.finished,
        folder="runs/2026/x",
        inputs=2,
        problems=1,
        flows=100,
        crossing_flows=20,
        undecided_flows=3,
        outbound_bytes=5000,
        findings=2,
        new=2,
        changed=0,
        gone=0,
    )


def test_the_news_is_counted_beside_the_run_and_what_came_back_is_new(store):
    remember(store, made.run(1, made.finding("F-1"), made.finding("F-2"), made.finding("F-3")))
    remember(store, made.run(2, made.finding("F-2", severity="low"), made.finding("F-3")))
    remember(store, made.run(10, made.finding("F-2", severity="low"), made.finding("F-3")))
    remember(store, made.run(19, made.finding("F-1"), made.finding("F-2", severity="low")))
    with store.reading() as connection:
        listed = runs.listed(connection)
    assert [(each.new, each.changed, each.gone) for each in listed] == [
        (1, 0, 0),
        (0, 0, 1),
        (0, 1, 0),
        (3, 0, 0),
    ]


def test_every_input_stands_beside_its_run(store):
    files = tuple(made.input_file(number) for number in range(1, 2001))
    remember(store, made.run(1, inputs=(*files, made.input_file(2001, first=None, sha256=None))))
    with store.reading() as connection:
        rows = connection.execute(select(tables.inputs).order_by(tables.inputs.c.number)).all()
    assert [row.number for row in rows] == list(range(1, 2002))
    assert (rows[0].name, rows[0].size, rows[0].sha256, rows[0].last) == (
        files[0].name,
        files[0].size,
        files[0].sha256,
        files[0].last,
    )
    assert (rows[-1].first, rows[-1].sha256) == (None, None)


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("a\0b.pcap", r"a\x00b.pcap"),
        ("b\udcff.pcap", r"b\xff.pcap"),
        ("c\ud800\0.pcap", r"c\ud800\x00.pcap"),
        ("d\n\u202e.pcap", "d\n\u202e.pcap"),
    ],
)
def test_names_that_a_database_refuses_are_made_legible(store, name, shown):
    remember(store, made.run(1, inputs=(made.input_file(1, name=name),), agency=name))
    with store.reading() as connection:
        assert connection.scalar(select(tables.inputs.c.name)) == shown
        assert runs.listed(connection)[0].agency == shown


def test_numbers_beyond_what_a_database_holds_become_the_largest(store):
    totals = replace(made.TOTALS, outbound_bytes=2**70)
    remember(store, made.run(1, made.finding(outbound=2**66), totals=totals))
    with store.reading() as connection:
        assert runs.listed(connection)[0].outbound_bytes == 2**63 - 1
        (seen,) = findings.history(connection, "nightly", "F-1")
    assert seen.outbound_bytes == 2**63 - 1


def test_a_run_counts_once(store):
    remember(store, made.run(1))
    with pytest.raises(IntegrityError):
        remember(store, made.run(1))
    with store.reading() as connection:
        assert len(runs.listed(connection)) == 1


def test_sightings_without_their_run_are_refused_when_the_transaction_ends(store):
    with pytest.raises(IntegrityError), store.writing() as connection:
        findings.recorded(connection, "nightly", made.run(1, made.finding()))
    with store.reading() as connection:
        assert findings.present(connection) == ()


def test_runs_are_listed_newest_first_by_job_and_no_more_than_asked(store):
    for number, job in enumerate(("one", "two", "one"), 1):
        remember(store, made.run(number), job)
    with store.reading() as connection:
        assert [each.started.day for each in runs.listed(connection)] == [25, 24, 23]
        assert [each.started.day for each in runs.listed(connection, "one")] == [25, 23]
        assert [each.started.day for each in runs.listed(connection, most=1)] == [25]
        assert runs.listed(connection, "three") == ()


def test_a_run_is_found_by_its_id_or_the_beginning_of_it(store):
    for number in (1, 2):
        remember(store, made.run(number))
    remember(store, made.run(3, run_id=made.run(1).run_id + "-again"))
    with store.reading() as connection:
        assert runs.named(connection, "20261124").started == made.run(2).started
        assert runs.named(connection, made.run(1).run_id).started == made.run(1).started


@pytest.mark.parametrize(
    ("wanted", "says"),
    [
        ("2026112", "several runs begin like this"),
        ("20261129", "no such run"),
        ("", "no such run"),
        ("%", "no such run"),
        ("20261123t", "no such run"),
        ("x" * 10_000 + "\0\udcff", "no such run"),
    ],
)
def test_an_id_of_no_run_or_of_several_is_told(store, wanted, says):
    for number in (1, 2):
        remember(store, made.run(number))
    with store.reading() as connection, pytest.raises(StoreError, match=says) as told:
        runs.named(connection, wanted)
    assert len(str(told.value)) < 300
