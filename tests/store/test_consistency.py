import os
from contextlib import closing
from datetime import timedelta

import pytest
from sqlalchemy import delete, text

from auditor.model.errors import StoreError
from auditor.store import opened
from auditor.store.consistency import MOST, checked
from auditor.store.tables import flow_files, ledger_days
from tests.store.world import NOW, filled


@pytest.fixture
def full(store):
    filled(store)
    return store


def done(store, *statements):
    with store.writing() as connection:
        for statement in statements:
            connection.execute(text(statement))


def codes(store, **options):
    return [problem.code for problem in checked(store, NOW, **options)]


def a_file(store, pattern):
    return min(store.folder.glob(pattern))


def test_a_store_that_is_whole_has_no_problems(store):
    assert checked(store, NOW, deep=True) == ()
    filled(store)
    assert checked(store, NOW, deep=True) == ()


@pytest.mark.parametrize("pattern", ["flows/*/*", "runs/*/*/run.json", "open/*"])
def test_a_file_that_is_gone_is_missed(full, pattern):
    path = a_file(full, pattern)
    path.unlink()
    (problem,) = checked(full, NOW)
    assert (problem.code, problem.source) == ("missing-file", str(path.relative_to(full.folder)))


def test_a_file_of_another_size_is_told_and_of_other_content_when_it_looks_deeply(full):
    path = a_file(full, "flows/*/*")
    content = path.read_bytes()
    path.write_bytes(content + b"x")
    assert codes(full) == ["changed-file"]
    path.write_bytes(content[:-1] + b"?")
    assert codes(full) == []
    assert codes(full, deep=True) == ["changed-file"]


def test_a_link_in_place_of_a_file_is_told(full, tmp_path):
    path = a_file(full, "flows/*/*")
    path.rename(tmp_path / "elsewhere")
    path.symlink_to(tmp_path / "elsewhere")
    assert codes(full) == ["missing-file"]


@pytest.mark.parametrize(
    "name", ["flows/day=2026-01-01/x.parquet", "runs/2026/x/run.json", "open/x"]
)
def test_a_file_that_nothing_knows_is_told_unless_a_run_may_just_have_made_it(full, name):
    path = full.folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"left")
    os.utime(path, (0, 0))
    assert codes(full) == ["unlisted-file"]
    begun = NOW - timedelta(hours=5)
    os.utime(path, (begun.timestamp() + 60,) * 2)
    done(full, "UPDATE attempts SET finished = NULL, started = '2026-11-21T20:30:00.000000Z'")
    assert codes(full) == []


@pytest.mark.parametrize(
    ("statement", "code"),
    [
        ("UPDATE runs SET findings = 7 WHERE new = 1", "wrong-count"),
        ("UPDATE sightings SET news = 'gone' WHERE news = 'new'", "wrong-count"),
        ("UPDATE runs SET inputs = 2 WHERE new = 1", "wrong-count"),
        ("UPDATE runs SET flows = 4 WHERE new = 1", "wrong-count"),
        ("UPDATE runs SET finished = '2020-01-01T00:00:00.000000Z' WHERE new = 1", "wrong-time"),
        ("UPDATE contents SET run_id = 'x' WHERE name LIKE '%0.pcap'", "unknown-run"),
        ("UPDATE files SET run_id = 'x' WHERE name LIKE '%0.pcap'", "unknown-run"),
        ("UPDATE findings SET last_run = 'x'", "unknown-run"),
        ("UPDATE open_flows SET run_id = 'x'", "unknown-run"),
        ("UPDATE attempts SET started = '2030-01-01T00:00:00.000000Z'", "time-to-come"),
    ],
)  # fmt: skip
def test_rows_that_cannot_be_true_are_told(full, statement, code):
    done(full, statement)
    assert code in codes(full)


def test_a_finding_without_its_row_is_told(full):
    done(full, "DELETE FROM findings")
    assert set(codes(full)) == {"unknown-finding"}


def test_a_row_without_its_run_is_told(tmp_path):
    made = opened(tmp_path / "data")
    filled(made)
    with made.engine.connect() as connection:
        raw = connection.connection.driver_connection
        raw.execute("PRAGMA foreign_keys = OFF").close()
        raw.execute("UPDATE inputs SET run_id = 'x'").close()
        raw.execute("PRAGMA foreign_keys = ON").close()
    found = checked(made, NOW)
    assert ("row-without-its-run", 2) in [(each.code, each.count) for each in found]
    made.close()


def test_the_rest_of_a_thousand_problems_is_told_as_one(full):
    (full.folder / "flows/day=2020-01-01").mkdir()
    for number in range(MOST + 20):
        path = full.folder / f"flows/day=2020-01-01/{number}"
        path.touch()
        os.utime(path, (0, 0))
    found = checked(full, NOW)
    assert len(found) == MOST + 1
    assert "more" in found[-1].message


def test_a_damaged_page_is_told(tmp_path):
    made = opened(tmp_path / "data")
    filled(made, runs=60)
    made.close()
    path = tmp_path / "data" / "auditor.db"
    content = bytearray(path.read_bytes())
    middle = len(content) // 2 // 4096 * 4096
    content[middle : middle + 4096] = b"\xff" * 4096
    path.write_bytes(content)
    try:
        with closing(opened(tmp_path / "data")) as again:
            told = codes(again)
    except StoreError as error:
        told = ["damaged-database"] if "restore" in error.hint else []
    assert "damaged-database" in told


def test_a_file_pruned_while_it_is_looked_at_is_no_problem(full, monkeypatch):
    from auditor.store import consistency

    path = a_file(full, "flows/*/*")
    real = consistency._fault

    def pruned_first(folder, each, *, deep):
        if path.exists():
            with full.writing() as connection:
                name = str(path.relative_to(full.folder))
                connection.execute(delete(flow_files).where(flow_files.c.path == name))
            path.unlink()
        return real(folder, each, deep=deep)

    monkeypatch.setattr(consistency, "_fault", pruned_first)
    assert codes(full) == []


def test_a_total_of_the_ledger_that_is_not_the_sum_of_its_flows_is_told(store):
    filled(store)
    with store.writing() as connection:
        connection.execute(ledger_days.update().values(bytes=7))
    problems = checked(store, NOW)
    assert {each.code for each in problems} == {"wrong-total"}
    assert len(problems) == 2
    assert "ledger rebuild" in problems[0].hint
