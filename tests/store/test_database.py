import os
import sqlite3
import stat
import subprocess
import sys
import threading
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import func, insert, select, text

from auditor.model.errors import StoreError
from auditor.store import opened
from auditor.store.tables import jobs, metadata


def names(store):
    with store.reading() as connection:
        return sorted(connection.scalars(select(jobs.c.name)))


def added(store, name):
    with store.writing() as connection:
        connection.execute(insert(jobs), {"name": name})


def test_a_new_store_has_every_table(store):
    with store.reading() as connection:
        for table in metadata.sorted_tables:
            assert connection.scalar(select(func.count()).select_from(table)) == 0


def test_what_is_written_is_there_when_it_is_opened_again(store, tmp_path, database_url):
    added(store, "đêm")
    again = opened(tmp_path / "data", database_url, create=False)
    assert names(again) == ["đêm"]
    again.close()


def test_a_transaction_that_fails_leaves_nothing(store):
    def half_way():
        with store.writing() as connection:
            connection.execute(insert(jobs), {"name": "a"})
            connection.execute(text("CREATE TABLE extra (a INTEGER)"))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        half_way()
    assert names(store) == []
    added(store, "b")
    with store.reading() as connection, pytest.raises(Exception, match="extra"):
        connection.execute(text("SELECT * FROM extra"))


def test_a_reader_sees_one_state_while_others_write(store):
    added(store, "a")
    with store.reading() as connection:
        assert connection.scalar(select(func.count()).select_from(jobs)) == 1
        added(store, "b")
        assert connection.scalar(select(func.count()).select_from(jobs)) == 1
    assert names(store) == ["a", "b"]


def test_nobody_waits_for_a_reader_and_what_a_reader_writes_does_not_stay(store):
    with store.reading() as connection:
        connection.scalar(select(func.count()).select_from(jobs))
        added(store, "a")
    if store.engine.dialect.name == "postgresql":
        with pytest.raises(StoreError, match="read-only"), store.reading() as connection:
            connection.execute(insert(jobs), {"name": "c"})
    else:
        with store.reading() as connection:
            connection.execute(insert(jobs), {"name": "c"})
    assert names(store) == ["a"]


def test_writers_come_one_after_another_so_that_nothing_read_is_out_of_date(store):
    added(store, "a")

    def counted_up():
        for _ in range(10):
            with store.writing() as connection:
                count = connection.scalar(select(jobs.c.failures))
                connection.execute(jobs.update().values(failures=count + 1))

    threads = [threading.Thread(target=counted_up) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with store.reading() as connection:
        assert connection.scalar(select(jobs.c.failures)) == 40


OPENED = """
import sys
from pathlib import Path
from auditor.store import opened
sys.stdin.read(1)
store = opened(Path(sys.argv[1]), sys.argv[2])
store.close()
"""


def test_programs_that_start_at_once_make_one_store(tmp_path, database_url):
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    programs = [
        subprocess.Popen(
            [sys.executable, "-c", OPENED, tmp_path / "data", database_url],
            stdin=subprocess.PIPE,
            env=environment,
        )
        for _ in range(4)
    ]
    for program in programs:
        program.stdin.write(b"x")
        program.stdin.close()
    assert [program.wait() for program in programs] == [0] * 4
    made = opened(tmp_path / "data", database_url, create=False)
    assert names(made) == []
    made.close()


def test_a_store_that_is_not_there_is_not_made_unless_wanted(tmp_path, database_url):
    with pytest.raises(StoreError, match="no store here"):
        opened(tmp_path / "data", database_url, create=False)
    (tmp_path / "data").mkdir()
    with pytest.raises(StoreError, match="no store here"):
        opened(tmp_path / "data", database_url, create=False)
    assert list((tmp_path / "data").iterdir()) == []


@pytest.mark.parametrize("umask", [0o000, 0o277])
def test_only_its_owner_may_look_into_it_whatever_the_umask(tmp_path, umask):
    before = os.umask(umask)
    try:
        made = opened(tmp_path / "data")
        added(made, "a")
        held = {path.name: stat.S_IMODE(path.stat().st_mode) for path in made.folder.iterdir()}
        made.close()
    finally:
        os.umask(before)
    assert held == dict.fromkeys(("auditor.db", "auditor.db-wal", "auditor.db-shm"), 0o600)
    assert stat.S_IMODE(made.folder.stat().st_mode) == 0o700


def test_a_folder_of_other_things_keeps_its_mode_and_one_that_all_may_write_is_refused(tmp_path):
    (tmp_path / "notes").write_text("mine")
    tmp_path.chmod(0o755)
    opened(tmp_path).close()
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o755
    (tmp_path / "auditor.db").unlink()
    tmp_path.chmod(0o1777)
    with pytest.raises(StoreError, match="everybody may write"):
        opened(tmp_path)


def test_a_link_in_place_of_the_database_is_not_followed(tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "auditor.db").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(StoreError, match="cannot be made"):
        opened(tmp_path / "data")
    assert not (tmp_path / "elsewhere").exists()


def test_a_folder_that_may_not_be_written_is_said_to_be(tmp_path, powerless):
    del powerless
    (tmp_path / "data").mkdir(mode=0o500)
    with pytest.raises(StoreError, match=r"cannot be made: Permission denied"):
        opened(tmp_path / "data")
    (tmp_path / "data").chmod(0o700)
    opened(tmp_path / "data").close()
    (tmp_path / "data" / "auditor.db").chmod(0o400)
    (tmp_path / "data").chmod(0o500)
    with pytest.raises(StoreError, match="cannot be used") as raised:
        opened(tmp_path / "data")
    assert str(tmp_path) in raised.value.place


@pytest.mark.parametrize(
    "content", [b"no database at all" * 100, b"SQLite format 3\0" + b"x" * 900]
)
def test_a_file_that_is_no_database_is_said_to_be_none(tmp_path, content):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "auditor.db").write_bytes(content)
    with pytest.raises(StoreError, match="not a database") as raised:
        opened(tmp_path / "data")
    assert "restore" in raised.value.hint
    assert (tmp_path / "data" / "auditor.db").read_bytes() == content


def test_a_damaged_database_is_said_to_be_damaged(tmp_path):
    made = opened(tmp_path / "data")
    for number in range(200):
        added(made, f"job-{number:03}" + "x" * 80)
    made.close()
    path = tmp_path / "data" / "auditor.db"
    content = bytearray(path.read_bytes())
    content[4096:] = os.urandom(len(content) - 4096)
    path.write_bytes(content)
    with pytest.raises(StoreError) as raised, closing(opened(tmp_path / "data")) as again:
        names(again)
    assert "restore" in raised.value.hint


def test_a_truncated_database_is_said_to_be_damaged(tmp_path):
    opened(tmp_path / "data").close()
    path = tmp_path / "data" / "auditor.db"
    os.truncate(path, 4096 * 3)
    with pytest.raises(StoreError) as raised, closing(opened(tmp_path / "data")) as again:
        names(again)
    assert "restore" in raised.value.hint


def test_a_full_disk_is_said_to_be_full_and_nothing_is_half_written(tmp_path):
    made = opened(tmp_path / "data")
    added(made, "before")

    def too_much():
        with made.writing() as connection:
            pages = connection.scalar(text("PRAGMA page_count"))
            connection.execute(text(f"PRAGMA max_page_count = {pages + 2}"))
            for number in range(1000):
                connection.execute(insert(jobs), {"name": f"{number}" + "x" * 90})

    with pytest.raises(StoreError, match="full") as raised:
        too_much()
    assert "room" in raised.value.hint
    assert names(made) == ["before"]
    made.close()


def test_a_full_database_server_is_said_to_be_full(postgresql, tmp_path):
    url = postgresql.new_database()
    made = opened(tmp_path / "data", url)
    full = "DO $$ BEGIN RAISE EXCEPTION 'no space left' USING ERRCODE = '53100'; END $$"
    with pytest.raises(StoreError, match="no space left") as raised, made.writing() as connection:
        connection.execute(text(full))
    assert "room" in raised.value.hint
    made.close()


def test_a_mistake_in_a_query_is_not_blamed_on_the_database(store):
    with pytest.raises(Exception, match="nonsense") as raised, store.reading() as connection:
        connection.execute(text("SELECT nonsense"))
    assert not isinstance(raised.value, StoreError)


def test_a_server_that_goes_away_is_said_to_and_one_that_comes_back_is_used(postgresql, tmp_path):
    made = opened(tmp_path / "data", postgresql.new_database())
    added(made, "before")
    postgresql.stop()
    try:
        with pytest.raises(StoreError, match="cannot be used"):
            added(made, "meanwhile")
        with pytest.raises(StoreError, match="cannot be used"):
            opened(tmp_path / "data", str(made.engine.url.render_as_string(hide_password=False)))
    finally:
        postgresql.start()
    added(made, "after")
    assert names(made) == ["after", "before"]
    made.close()


def test_a_server_that_goes_away_in_a_transaction_leaves_nothing_of_it(postgresql, tmp_path):
    made = opened(tmp_path / "data", postgresql.new_database())

    def interrupted():
        with made.writing() as connection:
            connection.execute(insert(jobs), {"name": "half"})
            postgresql.stop()
            postgresql.start()
            connection.execute(insert(jobs), {"name": "rest"})

    with pytest.raises(StoreError, match="cannot be used"):
        interrupted()
    assert names(made) == []
    made.close()


@pytest.mark.parametrize(
    "url",
    ["postgresql://auditor:hidden-word@127.0.0.1:1/none", "postgres://u@127.0.0.1:1/x?password=hidden-word"],
)  # fmt: skip
def test_the_password_of_a_database_is_never_shown(tmp_path, url):
    with pytest.raises(StoreError) as raised:
        opened(tmp_path / "data", url)
    assert "127.0.0.1:1/" in raised.value.place
    assert "hidden-word" not in str(raised.value) + str(raised.value.__cause__)


@pytest.mark.parametrize(
    "url", ["mysql://a@b/c", "nonsense", "sqlite:///x.db", "postgresql://a:b:c"]
)
def test_an_address_that_is_none_is_refused_without_repeating_it(tmp_path, url):
    with pytest.raises(StoreError, match="no address") as raised:
        opened(tmp_path / "data", url)
    assert url not in str(raised.value)


def test_a_user_who_may_not_make_tables_is_told_so(postgresql, tmp_path):
    url = postgresql.new_database()
    made = opened(tmp_path / "data", url)
    with made.writing() as connection:
        connection.execute(text("DROP ROLE IF EXISTS nobody_much"))
        connection.execute(text("CREATE ROLE nobody_much LOGIN"))
        connection.execute(text("CREATE SCHEMA empty"))
    made.close()
    with pytest.raises(StoreError) as raised:
        opened(
            tmp_path / "data",
            url.replace("//auditor@", "//nobody_much@") + "&options=-csearch_path%3Dempty",
        )
    assert "GRANT" in raised.value.hint


def test_a_folder_with_odd_characters_holds_a_store(tmp_path):
    folder = Path(os.fsdecode(os.fsencode(tmp_path) + b"/a?b%20c#d;\xff"))
    made = opened(folder)
    added(made, "a")
    made.close()
    assert (folder / "auditor.db").stat().st_size > 0
    with sqlite3.connect(folder / "auditor.db") as connection:
        assert connection.execute("SELECT name FROM jobs").fetchall() == [("a",)]
    connection.close()


def test_a_relative_folder_stays_the_same_wherever_the_program_goes(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    store = opened(Path("data"))
    assert store.folder == tmp_path / "data"
    store.close()
