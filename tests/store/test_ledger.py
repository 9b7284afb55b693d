"""Running totals: every flow counts once, whatever runs tell of it, on both databases."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select, text, update

from auditor.model.errors import StoreError
from auditor.model.ledger import TRANSFERS, Carried, DayCount, Route, Transfers
from auditor.model.overlap import counted_once
from auditor.model.subjects import Subjects
from auditor.store import folding, ledger, opened, subjects, tables
from tests.store.world import NOW, filled

A = Route("Sở Mẫu", "his", "Cloud", "SG", (Carried("B7", "pdpl"), Carried("I.26a", None)))
B = Route("Sở Mẫu", "his", "Cloud", "SG", (Carried("II.10", "decree-165-important"),))
C = Route("Sở Mẫu", None, "198.51.100.7\x00", None, ())
HOUR = 3600 * 10**9
NOON = round(datetime(2026, 3, 1, 5, tzinfo=UTC).timestamp()) * 10**9  # 12:00 in Vietnam
DAY = date(2026, 3, 1)
STARTED = datetime(2026, 3, 5, tzinfo=UTC)


def transfers(*rows, routes=(A, B, C)):
    """Flows as key, start and end in hours after noon, bytes, route, records."""
    columns = zip(*rows, strict=True) if rows else [[]] * 6
    key, start, end, size, route, records = map(list, columns)
    flows = pa.table(
        [
            pa.array(key, pa.int64()),
            pa.array([NOON + each * HOUR for each in start], pa.int64()),
            pa.array([NOON + each * HOUR for each in end], pa.int64()),
            pa.array([routes.index(each) for each in route], pa.int32()),
            pa.array(size, pa.int64()),
            pa.array(records, pa.int64()),
        ],
        schema=TRANSFERS,
    )
    return Transfers(routes, flows)


def add(store, *rows, started=STARTED, **more):
    with store.writing() as connection:
        return ledger.added(connection, transfers(*rows, **more), started)


def totals(store):
    """Totals by day, route and what they are, after the sums were compared with their flows."""
    with store.reading() as connection:
        assert ledger.differences(connection) == {}
        found = ledger.read(connection)
    return [(each.day, each.route, each.flows, each.bytes, each.records) for each in found.totals]


def everything(store):
    """All that the ledger's tables hold."""
    with store.reading() as connection:
        return [
            connection.execute(select(table).order_by(*table.primary_key)).all()
            for table in (tables.ledger_flows, tables.ledger_days, tables.ledger_routes)
        ]


ONE = (1, 0, 1, 100, A, 3)
TWO = (2, 2, 3, 50, A, None)
NIGHT = (3, 13, 14, 7, B, None)  # after midnight in Vietnam


def test_flows_add_up_by_day_and_route(store):
    assert add(store, ONE, TWO, NIGHT) == ()
    assert totals(store) == [
        (DAY, A, 2, 150, 3),
        (date(2026, 3, 2), B, 1, 7, None),
    ]


def test_what_is_told_again_changes_nothing_but_who_told_it(store):
    add(store, ONE, TWO, NIGHT)
    first = totals(store)
    add(store, ONE, NIGHT, started=STARTED + timedelta(hours=1))
    add(store, TWO, TWO, started=STARTED + timedelta(hours=2))
    assert totals(store) == first


def test_a_whole_and_its_pieces_and_a_capture_that_overlaps_count_once(store):
    pieces = [(1, 0, 2, 40, A, None), (1, 2, 4, 60, A, None)]
    add(store, *pieces)
    add(store, (1, 0, 4, 100, A, None))
    assert totals(store) == [(DAY, A, 1, 100, None)]
    add(store, (1, 3, 6, 90, A, None))
    assert totals(store)[0][3] == 130, "the first piece, and what overlaps the rest of the whole"


def test_of_the_same_flow_on_two_routes_the_latest_run_counts(store):
    right = (1, 0, 1, 100, B, None)
    add(store, ONE, started=STARTED)
    add(store, right, started=STARTED + timedelta(hours=1))
    assert totals(store) == [(DAY, B, 1, 100, None)]
    add(store, ONE, started=STARTED - timedelta(hours=1))  # it began earlier and ended later
    assert totals(store) == [(DAY, B, 1, 100, None)]


def test_a_name_that_no_database_takes_is_written_so_that_it_shows(store):
    add(store, (1, 0, 1, 5, C, None))
    assert totals(store)[0][1].recipient == r"198.51.100.7\x00"
    half = Route("o", "s", "r", "SG", (Carried("B7", "a\x00\ud800"),))
    add(store, (9, 48, 49, 5, half, None), routes=(half,))
    assert totals(store)[1][1].carried == (Carried("B7", r"a\x00\ud800"),)


def test_flows_before_the_law_and_flows_that_say_nothing_do_not_count(store):
    before = -(24 * 400)
    assert add(store, (1, before, before + 1, 5, A, None)) == ()
    assert add(store) == ()
    assert totals(store) == []


def test_numbers_next_to_the_largest_there_are_end_at_what_a_database_holds(store):
    most = 2**62 - 1
    add(store, *((key, 0, 1, most, A, most) for key in range(5)))
    assert totals(store) == [(DAY, A, 5, 2**63 - 1, 2**63 - 1)]


def test_where_categories_were_first_seen_and_from_when_on_there_is_traffic(store):
    add(store, ONE, NIGHT)
    with store.writing() as connection:
        connection.execute(tables.runs.insert(), {**_run(), "run_id": "r"})
        file = {"path": "flows/x", "run_id": "r", "rows": 1, "size": 1, "sha256": ""}
        connection.execute(tables.flow_files.insert(), {**file, "day": "2026-02-27"})
    with store.reading() as connection:
        found = ledger.read(connection)
    assert found.complete_from == date(2026, 2, 27)
    with store.writing() as connection:
        for number, stray in enumerate(("2025-08-01", "2026-02-19", "2050-01-01")):
            place = {**file, "path": f"flows/{number}", "day": stray}
            connection.execute(tables.flow_files.insert(), place)
    with store.reading() as connection:
        again = ledger.read(connection)
    assert again.complete_from == date(2026, 2, 27), "a day by itself is no time watched"
    assert found.first_seen == {
        ("his", "Cloud", "B7"): DAY,
        ("his", "Cloud", "I.26a"): DAY,
        ("his", "Cloud", "II.10"): date(2026, 3, 2),
    }


def _run():
    numbers = (
        "inputs", "problems", "flows", "crossing_flows", "undecided_flows", "outbound_bytes",
        "findings", "new", "changed", "gone",
    )  # fmt: skip
    return {
        "job": "j", "audit_id": "a", "auditor_version": "0", "agency": None, "started": STARTED,
        "finished": STARTED, "folder": None, **dict.fromkeys(numbers, 0),
    }  # fmt: skip


def test_an_empty_ledger_reads_as_nothing(store):
    with store.reading() as connection:
        found = ledger.read(connection)
    assert (found.totals, found.counts, found.complete_from) == ((), (), None)


ROWS = st.lists(
    st.tuples(
        st.integers(1, 3), st.integers(0, 14), st.integers(0, 3), st.integers(1, 4),
        st.sampled_from([A, B]), st.sampled_from([None, 2]), st.integers(0, 3),
    ).map(lambda row: (*row[:2], row[1] + row[2], *row[3:])),
    max_size=10,
)  # fmt: skip
"""Flows, and the number of the run that told of each."""


@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(rows=ROWS, seed=st.integers(0, 2**32))
@pytest.mark.parametrize("database_url", ["sqlite", "postgresql"], indirect=True)
def test_repeating_splitting_and_reordering_runs_leaves_the_ledger_the_same(store, rows, seed):
    chance = random.Random(seed)
    states = []
    for again in (False, True):
        with store.writing() as connection:
            for table in (tables.ledger_flows, tables.ledger_days, tables.ledger_routes):
                connection.execute(delete(table))
        told = [(row[:-1], row[-1]) for row in rows]
        if again:
            told += chance.sample(told, len(told) // 2)
            chance.shuffle(told)
            for row, run in told:
                add(store, row, started=STARTED + timedelta(hours=run))
        else:
            for run in range(4):
                some = [row for row, of in told if of == run]
                add(store, *some, started=STARTED + timedelta(hours=run))
        states.append((totals(store), everything(store)))
    assert states[0][0] == states[1][0]
    assert states[0][1] == states[1][1]
    flows = {row[:4] for row, _ in told}
    if flows:  # bytes are those of the heaviest set, wherever the routes are
        key, start, end, size = (np.array(each, np.int64) for each in zip(*flows, strict=True))
        once = counted_once(key, start * HOUR, end * HOUR, size)
        assert sum(each[2] for each in states[0][0]) == once.sum()
        assert sum(each[3] for each in states[0][0]) == size[once].sum()


def test_rebuilding_finds_nothing_where_all_is_as_it_should_be(store):
    add(store, ONE, TWO, NIGHT, (1, 0, 2, 10, B, None))
    before = everything(store)
    with store.writing() as connection:
        assert ledger.rebuilt(connection) == ()
    assert everything(store) == before


def test_rebuilding_puts_right_what_is_not_the_sum_of_its_flows_and_says_so(store):
    add(store, ONE, TWO, NIGHT)
    right = totals(store)
    with store.writing() as connection:
        connection.execute(update(tables.ledger_days).values(flows=9, bytes=1000))
        connection.execute(update(tables.ledger_flows).values(counted=False))
    with store.writing() as connection:
        changes = ledger.rebuilt(connection)
    assert [(each.day, each.flows, each.bytes) for each in changes] == [
        (DAY, (9, 2), (1000, 150)),
        (date(2026, 3, 2), (9, 1), (1000, 7)),
    ]
    assert totals(store) == right


def test_an_addition_that_fails_half_way_leaves_nothing(store):
    add(store, ONE)
    before = everything(store)

    class GivenUpError(Exception):
        pass

    def given_up():
        with store.writing() as connection:
            ledger.added(connection, transfers(TWO, NIGHT), STARTED)
            raise GivenUpError

    with pytest.raises(GivenUpError):
        given_up()
    assert everything(store) == before


LATER = datetime(2027, 6, 1, tzinfo=UTC)


def test_flows_that_are_folded_leave_the_totals_as_they_are(store):
    over = (4, 11, 13, 20, A, None)  # over midnight, into a day that is closed too
    add(store, ONE, TWO, NIGHT, over, (1, 0, 2, 10, B, None))
    before = totals(store)
    with store.reading() as connection:
        assert folding.many_to_fold(connection, LATER) == 5
    assert folding.folded(store, LATER) == 5
    assert totals(store) == before
    assert everything(store)[0] == []
    assert folding.folded(store, LATER) == 0


def test_what_comes_of_a_closed_day_is_not_counted_and_told(store):
    add(store, ONE, NIGHT)
    before = totals(store)
    folding.folded(store, LATER)
    (problem,) = add(store, ONE, (9, 1, 2, 8, A, None), (9, 40, 41, 8, B, None))
    assert (problem.code, problem.count) == ("ledger-closed", 2)
    assert totals(store) == [*before, (date(2026, 3, 3), B, 1, 8, None)]


def test_a_day_that_a_late_run_told_of_stays_open(store):
    add(store, ONE, started=LATER)
    add(store, NIGHT, started=STARTED)
    assert folding.folded(store, LATER - timedelta(days=30)) == 1
    assert [row.key for row in everything(store)[0]] == [1]
    assert add(store, ONE, started=LATER) == ()


def test_a_connection_over_the_end_of_a_closed_day_is_kept_and_counts_once(store):
    over, inside = (4, 11, 13, 20, A, None), (4, 10, 11, 5, A, None)
    add(store, over, inside, ONE)
    add(store, NIGHT, started=LATER)  # the second day stays open
    assert folding.folded(store, LATER - timedelta(days=30)) == 1
    assert [row.key for row in everything(store)[0]] == [3, 4, 4]
    before = totals(store)
    (problem,) = add(store, over, started=LATER)
    assert problem.count == 1
    assert totals(store) == before


def test_pruning_closes_days_and_never_takes_a_total(store):
    from auditor.store.retention import pruned

    filled(store)
    before = totals(store)
    gone = pruned(store, 36, 12, 12, NOW + timedelta(days=30 * 40))
    assert gone.ledger_flows == 0, "the clock is not believed"
    with store.writing() as connection:
        connection.execute(delete(tables.attempts))
    gone = pruned(store, 36, 12, 12, NOW + timedelta(days=30 * 40))
    assert (gone.ledger_flows, gone.runs) == (2, 2)
    assert totals(store) == before
    with store.reading() as connection:
        assert len(ledger.read(connection).counts) == 2


def test_a_ledger_of_a_newer_version_is_refused(store, tmp_path, database_url):
    with store.writing() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(StoreError, match="newer version"):
        opened(tmp_path / "data", database_url)


def test_a_route_that_is_damaged_is_told(store):
    add(store, ONE)
    with store.writing() as connection:
        connection.execute(update(tables.ledger_routes).values(carried=[["B7"]]))
    with store.reading() as connection, pytest.raises(StoreError, match="route of the ledger"):
        ledger.read(connection)


def test_counts_come_with_the_ledger(store):
    state = Subjects(np.array([1, 2], np.uint64)).to_bytes()
    count = DayCount(DAY, "Sở Mẫu", "his", "Cloud", "phone", True, state)
    with store.writing() as connection:
        subjects.added(connection, (count,))
    with store.reading() as connection:
        assert ledger.read(connection).counts == (count,)


def test_of_a_connection_with_a_long_past_only_what_overlaps_is_read(store, monkeypatch):
    past = [(1, -2 * hour, -2 * hour + 1, 10, A, None) for hour in range(50, 500)]
    add(store, *past, ONE)
    read = []
    as_rows = ledger._as_rows

    def counting(found):
        rows = as_rows(found)
        read.append(len(rows))
        return rows

    monkeypatch.setattr(ledger, "_as_rows", counting)
    add(store, (1, 0, 3, 130, A, None), started=LATER)
    assert sum(read) == 1
    assert sum(each[3] for each in totals(store)) == 4500 + 130


def test_rows_that_overlap_only_by_others_are_looked_for_however_far_they_reach(store):
    chain = [(1, hour, hour + 2, 100, A, None) for hour in range(0, 400, 1)]
    add(store, *chain)
    add(store, (1, 400, 402, 1000, A, None), started=LATER)
    found = everything(store)
    with store.writing() as connection:
        assert ledger.rebuilt(connection) == ()
    assert everything(store) == found


def test_a_ledger_larger_than_a_portion_is_gone_through_whole(store, monkeypatch):
    monkeypatch.setattr(ledger, "_ROWS_AT_ONCE", 3)
    rows = [(key % 5, 2 * key, 2 * key + 1, 10, A, None) for key in range(17)]
    add(store, *rows)
    with store.reading() as connection:
        parts = list(ledger.portions(connection))
    assert sum(map(len, parts)) == 17
    keys = [set(part[:, 0].tolist()) for part in parts]
    assert len(parts) == 5 and sum(map(len, keys)) == 5, "a key is in one portion only"
    assert folding.folded(store, LATER) == 17


def test_a_total_beyond_what_a_database_holds_comes_back_when_flows_go_elsewhere(store):
    most = 2**62 - 1
    huge = [(key, 0, 1, most, A, None) for key in range(11, 14)]
    add(store, *huge, TWO)
    assert totals(store)[0][3] == 2**63 - 1
    add(store, *((*row[:4], B, None) for row in huge), started=LATER)
    assert [each[1:4] for each in totals(store)] == [(B, 3, 2**63 - 1), (A, 1, 50)]
    assert folding.folded(store, LATER + timedelta(days=30)) == 4
    assert [each[1:4] for each in totals(store)] == [(B, 3, 2**63 - 1), (A, 1, 50)]
