import json
import os
import shutil
import signal
import stat
import subprocess
import sys
import time
import zipfile
from contextlib import closing
from datetime import timedelta

import pytest
from sqlalchemy import select, text

from auditor.model.errors import StoreError
from auditor.store import leases, opened
from auditor.store.archive import LEFT_OUT, backed_up
from auditor.store.consistency import checked, digest
from auditor.store.restoring import restored
from auditor.store.tables import metadata
from tests.store.world import NOW, filled

ENVIRONMENT = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}


@pytest.fixture
def backup(tmp_path):
    """A backup of a filled SQLite store, and what the store held."""
    with closing(opened(tmp_path / "source")) as source:
        filled(source, runs=3)
        made = backed_up(source, tmp_path / "backup.zip", NOW)
        assert made.problems == ()
        return made.path, held(source)


def held(store):
    """Every row that a backup has, and every file with its digest."""
    with store.reading() as connection:
        rows = {
            table.name: sorted(map(repr, connection.execute(select(table))))
            for table in metadata.sorted_tables
            if table.name not in LEFT_OUT
        }
    files = {
        path.relative_to(store.folder).as_posix(): digest(path)
        for top in ("runs", "flows", "open")
        for path in (store.folder / top).rglob("*")
        if path.is_file()
    }
    return rows, files


def test_a_backup_holds_every_row_and_file_and_only_its_owner_may_read_it(store, tmp_path):
    filled(store)
    made = backed_up(store, tmp_path, NOW)
    assert made.path.name == "auditor-backup-20261122T013000Z.zip"
    assert stat.S_IMODE(made.path.stat().st_mode) == 0o600
    assert (made.files, made.problems) == (7, ())
    with zipfile.ZipFile(made.path) as archive:
        assert archive.testzip() is None
        names = set(archive.namelist())
        rows = archive.read("tables/runs.jsonl").splitlines()
    assert "tables/leases.jsonl" not in names
    assert json.loads(rows[0])["started"] == "2026-11-21T00:30:00.000000Z"
    assert not (store.folder / "upkeep").exists()
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_a_backup_never_replaces_a_file(store, tmp_path):
    (tmp_path / "b.zip").write_text("mine")
    with pytest.raises(StoreError, match="is there already"):
        backed_up(store, tmp_path / "b.zip", NOW)
    assert (tmp_path / "b.zip").read_text() == "mine"


@pytest.mark.parametrize("begin", ["sqlite", "postgresql"])
def test_a_store_comes_back_the_same_in_both_databases(begin, database_url, postgresql, tmp_path):
    source = opened(tmp_path / "source", postgresql.new_database() if begin != "sqlite" else "")
    filled(source, runs=3)
    before = held(source)
    path = backed_up(source, tmp_path / "b.zip", NOW).path
    source.close()
    done = restored(path, tmp_path / "data", database_url, NOW)
    assert (done.problems, done.aside, done.files) == ((), None, 10)
    again = opened(tmp_path / "data", database_url)
    assert held(again) == before
    assert checked(again, NOW, deep=True) == ()
    for each in again.folder.rglob("*"):
        assert stat.S_IMODE(each.stat().st_mode) == (0o700 if each.is_dir() else 0o600), each
    with again.writing() as connection:  # new rows get new numbers
        connection.execute(metadata.tables["attempts"].insert(), {"job": "nightly", "started": NOW})
    again.close()


def test_a_store_with_something_in_it_is_not_replaced_unless_wanted(
    store, backup, tmp_path, database_url
):
    path, content = backup
    filled(store, now=NOW - timedelta(days=30))
    before = held(store)
    with pytest.raises(StoreError, match="something in it"):
        restored(path, store.folder, database_url, NOW)
    assert held(store) == before
    with store.writing() as connection:
        connection.execute(text("DELETE FROM leases"))
    done = restored(path, store.folder, database_url, NOW, replace=True)
    assert "replaced" in done.aside
    aside = tmp_path / "data" / "replaced-20261122T013000Z"
    assert {each.name for each in aside.iterdir()} >= {"runs", "flows", "open"}
    with closing(opened(tmp_path / "data", database_url)) as again:
        assert held(again) == content
        if database_url:
            with again.reading() as connection:
                old = "SELECT count(*) FROM replaced_20261122t013000z.runs"
                assert connection.scalar(text(old)) == 2
    if not database_url:
        with closing(opened(aside)) as old:
            assert held(old) == before


def test_a_store_whose_agent_runs_is_not_replaced(store, backup, database_url):
    with store.writing() as connection:
        process = leases.this_process()
        assert leases.taken(connection, "agent", "a", process, NOW, timedelta(minutes=1))
    with pytest.raises(StoreError, match="an agent is at work"):
        restored(backup[0], store.folder, database_url, NOW, replace=True)


@pytest.mark.parametrize("content", [b"", b"x" * 5000, b"SQLite format 3\0" + b"x" * 900])
def test_a_database_that_is_broken_can_be_replaced(backup, tmp_path, content):
    folder = tmp_path / "data"
    folder.mkdir(mode=0o700)
    (folder / "auditor.db").write_bytes(content)
    if content:
        with pytest.raises(StoreError, match="not a database"):
            restored(backup[0], folder, "", NOW)
        assert (folder / "auditor.db").read_bytes() == content
    restored(backup[0], folder, "", NOW, replace=True)
    with closing(opened(folder)) as again:
        assert held(again) == backup[1]


def test_files_that_are_missing_or_changed_are_told_and_the_rest_is_backed_up(store, tmp_path):
    filled(store)
    first, second = sorted(store.folder.glob("flows/*/*"))
    first.unlink()
    second.write_bytes(b"?" * second.stat().st_size)
    made = backed_up(store, tmp_path / "b.zip", NOW)
    assert sorted(each.code for each in made.problems) == ["changed-file", "missing-file"]
    assert made.files == 6


def test_a_full_disk_leaves_nothing_half_written(store, tmp_path):
    filled(store, flows=os.urandom(300_000))
    program = """
import resource, signal, sys
from datetime import UTC, datetime
from pathlib import Path
from auditor.model.errors import StoreError
from auditor.store import opened
from auditor.store.archive import backed_up
store = opened(Path(sys.argv[1]), sys.argv[2])
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, 400_000))
try:
    backed_up(store, Path(sys.argv[3]), datetime.now(UTC))
except StoreError as error:
    print(error)
store.close()
"""
    url = store.engine.url.render_as_string(hide_password=False)
    url = "" if url.startswith("sqlite") else url.replace("+psycopg", "")
    target = tmp_path / "out"
    target.mkdir()
    done = subprocess.run(
        [sys.executable, "-c", program, store.folder, url, target],
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert "cannot be written" in done.stdout
    assert list(target.iterdir()) == []
    assert not (store.folder / "upkeep").exists()


WRITER = """
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from sqlalchemy import delete, insert, select
from auditor.store import opened, tables
from tests.store.world import NOW, filled
store = opened(Path(sys.argv[1]), sys.argv[2])
print("ready", flush=True)
number = 0
while True:
    number += 1
    filled(store, NOW - timedelta(days=40 + number), runs=1, job=f"job-{number}")
    if number > 3:  # as a prune: the rows first, then the files
        with store.writing() as connection:
            run = connection.execute(select(tables.runs).order_by(tables.runs.c.started.desc())
                                     .where(tables.runs.c.job != "nightly")).first()
            paths = connection.scalars(select(tables.flow_files.c.path).where(
                tables.flow_files.c.run_id == run.run_id)).all()
            for table in ("findings", "open_flows", "contents", "files", "attempts"):
                column = tables.metadata.tables[table].c.job
                connection.execute(delete(tables.metadata.tables[table]).where(column == run.job))
            connection.execute(delete(tables.runs).where(tables.runs.c.run_id == run.run_id))
        for path in paths:
            (store.folder / path).unlink()
        (store.folder / run.folder / "run.json").unlink()
"""


def test_a_backup_while_others_write_and_prune_is_one_whole_state(store, tmp_path, database_url):
    filled(store)
    program = subprocess.Popen(
        [sys.executable, "-c", WRITER, store.folder, database_url],
        stdout=subprocess.PIPE,
        env=ENVIRONMENT,
    )
    try:
        assert program.stdout.readline() == b"ready\n"
        for number in range(3):
            time.sleep(0.3)
            made = backed_up(store, tmp_path / f"{number}.zip", NOW)
            assert made.problems == ()
    finally:
        program.kill()
        program.wait()
        program.stdout.close()
    for number in range(3):
        done = restored(tmp_path / f"{number}.zip", tmp_path / str(number), "", NOW)
        assert done.problems == ()


RESTORER = """
import os, signal, sys
from datetime import datetime
from pathlib import Path
from auditor.store.restoring import restored
steps, left = 0, int(sys.argv[5])
def trace(event, arguments):
    global steps
    if event in ("os.rename", "os.mkdir", "open", "sqlite3.connect", "os.remove"):
        if str(sys.argv[2]) in str(arguments[0]):
            steps += 1
            if steps == left:
                os.kill(os.getpid(), signal.SIGKILL)
sys.addaudithook(trace)
restored(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3], datetime.fromisoformat(sys.argv[4]),
         replace=True)
print(steps)
"""


def test_a_restore_that_is_killed_can_be_begun_anew(backup, store, tmp_path, database_url):
    path, content = backup
    folder = store.folder
    filled(store, now=NOW - timedelta(days=30))
    with store.writing() as connection:
        connection.execute(text("DELETE FROM leases"))
    old = held(store)
    store.engine.dispose()

    def begun(moment, number):
        now = (NOW + timedelta(seconds=number)).isoformat()
        command = [sys.executable, "-c", RESTORER, path, folder, database_url, now, str(moment)]
        return subprocess.run(command, env=ENVIRONMENT, capture_output=True, text=True, check=False)

    shutil.copytree(folder, tmp_path / "copy")
    whole = begun(0, 0)
    steps = int(whole.stdout)
    kills = int(os.environ.get("AUDITOR_TEST_KILLS", "4"))
    for number in range(1, kills + 1):
        done = begun(max(1, steps * number // (kills + 1)), number)
        assert done.returncode == -signal.SIGKILL, done.stderr
        with closing(opened(folder, database_url)) as between:
            rows, _ = held(between)
        empty = {name: [] for name in rows}
        assert rows in (content[0], old[0], empty), "never a part of a store"
    last = restored(path, folder, database_url, NOW + timedelta(days=1), replace=True)
    assert last.problems == ()
    with closing(opened(folder, database_url)) as again:
        assert held(again) == content
    assert not (folder / "upkeep").exists()
