"""Rows of a backup that could be rows of a table, and those that could not."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from sqlalchemy import inspect, select

from auditor.store import jobs, loading
from auditor.store.archive import Manifest, Piece
from auditor.store.migration import NEWEST
from auditor.store.tables import attempts, metadata, planned
from auditor.store.tables import jobs as table
from tests.store.world import filled

NOW = datetime(2026, 11, 22, 1, 30, tzinfo=UTC)
MOMENT = "2026-11-22T01:30:00.000000+00:00"


def row(**changes):
    return dict.fromkeys(table.columns.keys()) | {
        "name": "night", "paused": False, "failures": 0,
    } | changes  # fmt: skip


@pytest.fixture
def load(store, tmp_path):
    """Loads lines into the table of jobs; nothing stays where they are refused."""

    def loaded(*lines, rows=None, tables=None):
        (tmp_path / "jobs.jsonl").write_bytes(b"".join(line + b"\n" for line in lines))
        pieces = {"jobs": Piece(0, "", len(lines) if rows is None else rows)} | (tables or {})
        manifest = Manifest(NEWEST, "0.1.0", NOW, pieces, {})
        with store.writing() as connection:
            loading.dropped(connection)
            assert loading.present(connection) == []
            loading.loaded(connection, manifest, tmp_path)

    return loaded


def names(store):
    with store.reading() as connection:
        return list(connection.scalars(select(table.c.name).order_by(table.c.name)))


def test_more_rows_than_are_held_at_once_are_all_loaded(load, store, monkeypatch):
    monkeypatch.setattr(loading, "_ROWS", 3)
    load(*(json.dumps(row(name=f"job-{number}")).encode() for number in range(7)))
    assert names(store) == [f"job-{number}" for number in range(7)]


def test_rows_of_many_bytes_are_loaded_in_portions_too(load, store, monkeypatch):
    monkeypatch.setattr(loading, "_BYTES", 10)
    load(*(json.dumps(row(name=f"job-{number}")).encode() for number in range(3)))
    assert len(names(store)) == 3


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"name": None}, "jobs.name is empty in a row"),
        ({"name": 7}, "jobs.name has a value that it cannot have"),
        ({"name": "a\0b"}, "jobs.name has a value"),
        ({"name": "a\udfffb"}, "jobs.name has a value"),
        ({"paused": 1}, "jobs.paused has a value"),
        ({"failures": True}, "jobs.failures has a value"),
        ({"failures": 2**63}, "jobs.failures has a value"),
        ({"failures": 0.5}, "jobs.failures has a value"),
        ({"requested": [MOMENT]}, "jobs.requested has a value"),
        ({"strange": 1}, "other columns than the table"),
    ],
)
def test_a_row_with_what_the_table_cannot_hold_is_refused_and_nothing_changes(
    load, store, changes, why
):
    with store.writing() as connection:
        jobs.known(connection, ["before"], NOW)
    with pytest.raises(ValueError, match=why):
        load(json.dumps(row()).encode(), json.dumps(row(name="b") | changes).encode())
    assert names(store) == ["before"]


@pytest.mark.parametrize("line", [b"[]", b"null", b"{", b"[" * 100_000, b"\xff"])
def test_a_line_that_is_no_row_is_refused(load, store, line):
    with pytest.raises(ValueError):  # noqa: PT011 - each kind of mistake has its own words
        load(line)
    assert names(store) == []


@pytest.mark.parametrize("rows", [0, 2])
def test_as_many_rows_as_the_manifest_says_have_to_be_there(load, rows):
    with pytest.raises(ValueError, match="jobs has not as many rows as its manifest says"):
        load(json.dumps(row()).encode(), rows=rows)


def test_a_table_that_its_version_does_not_have_is_refused(load):
    with pytest.raises(ValueError, match="does not have: users"):
        load(tables={"users": Piece(0, "", 0)})


def test_what_is_added_after_loading_gets_numbers_of_its_own(load, store, tmp_path):
    with store.writing() as connection:
        connection.execute(attempts.insert().values(id=41, job="night", started=NOW))
        raw = connection.exec_driver_sql("SELECT started FROM attempts").scalar_one()
    attempt = dict.fromkeys(attempts.columns.keys()) | {"id": 41, "job": "night", "started": raw}
    (tmp_path / "attempts.jsonl").write_bytes(json.dumps(attempt).encode() + b"\n")
    load(json.dumps(row()).encode(), tables={"attempts": Piece(0, "", 1)})
    with store.writing() as connection:
        standing = jobs.standings(connection)["night"]
        assert jobs.begun(connection, standing, NOW) == 42


def test_everything_of_a_store_is_removed_and_nothing_else(store):
    filled(store)
    with store.writing() as connection:
        connection.exec_driver_sql("CREATE TABLE somebody_elses (a INTEGER)")
        assert set(loading.present(connection)) == {*metadata.tables, "alembic_version"}
        assert planned.name in loading.present(connection)
        loading.dropped(connection)
        assert inspect(connection).get_table_names() == ["somebody_elses"]
