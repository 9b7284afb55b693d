import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import func, inspect, select, text

from auditor.model.errors import StoreError
from auditor.store import migration, opened
from auditor.store.archive import backed_up
from auditor.store.database import _address, engine_of
from auditor.store.tables import metadata
from tests.store.world import NOW, filled

HERE = Path(__file__).parent
STEPS = Path(migration.__file__).with_name("migrations")
RELEASED = sorted((HERE / "released").glob("*.sql"))
AGAIN = (
    "The dump of a version that is not released yet follows its tables: "
    "python -m tests.store.world > tests/store/released/<version>.sql"
)


def steps():
    return list(ScriptDirectory(str(STEPS)).walk_revisions())


def test_the_newest_version_is_the_one_this_program_names():
    assert ScriptDirectory(str(STEPS)).get_current_head() == migration.NEWEST


def test_every_step_leads_forward_from_the_one_before():
    chain = list(reversed(steps()))
    assert [step.revision for step in chain] == [f"{n + 1:04}" for n in range(len(chain))]
    assert [step.down_revision for step in chain] == [None, *(s.revision for s in chain[:-1])]
    assert not [step for step in chain if hasattr(step.module, "downgrade")]


def test_every_released_version_has_its_dump():
    assert [path.stem for path in RELEASED] == [step.revision for step in reversed(steps())]


def differences(store):
    with store.reading() as connection:
        context = MigrationContext.configure(connection, opts={"compare_server_default": True})
        return compare_metadata(context, metadata)


def test_the_steps_make_the_tables_that_the_program_knows(store):
    assert differences(store) == []


@pytest.mark.parametrize("dump", RELEASED, ids=lambda path: path.stem)
def test_a_store_of_every_released_version_opens_with_all_that_it_held(tmp_path, dump):
    """A new version: print its dump as ``tests/store/world.py`` says; the old dumps stay."""
    folder = tmp_path / "data"
    folder.mkdir(mode=0o700)
    with sqlite3.connect(folder / "auditor.db") as connection:
        connection.executescript(dump.read_text(encoding="utf-8"))
        held = {
            table: connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]  # noqa: S608
            for (table,) in connection.execute("SELECT name FROM sqlite_schema WHERE type='table'")
        }
    connection.close()
    store = opened(folder)
    assert differences(store) == [], AGAIN
    with store.reading() as connection:
        for table in metadata.sorted_tables:
            rows = connection.execute(select(table)).all()
            assert len(rows) == held.get(table.name, 0), table.name
            assert held.get(table.name, 1) > 0, f"{dump}: {table.name} is empty"
    store.close()


def test_a_store_of_a_newer_version_is_refused_and_left_alone(store, tmp_path, database_url):
    with store.writing() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(StoreError, match=r"newer version \(9999\).*0003") as raised:
        opened(tmp_path / "data", database_url)
    assert "nothing was changed" in raised.value.hint
    with store.reading() as connection:
        assert connection.scalar(text("SELECT version_num FROM alembic_version")) == "9999"


def test_a_database_of_something_else_is_refused_and_left_alone(tmp_path, database_url):
    made = opened(tmp_path / "data", database_url)
    with made.writing() as connection:
        connection.execute(text("DROP TABLE alembic_version"))
        connection.execute(text("INSERT INTO leases VALUES ('a', 'b', '{}', '', '')"))
    made.close()
    with pytest.raises(StoreError, match="something else's: it has a table apscheduler_jobs"):
        opened(tmp_path / "data", database_url)


NEXT = '''
"""A step of a version to come."""
import os, signal
import sqlalchemy as sa
from alembic import op

revision = "9998"
down_revision = "0003"

def upgrade():
    op.add_column("jobs", sa.Column("first_of_step", sa.Text()))
    op.create_table("second_of_step", sa.Column("a", sa.Integer, primary_key=True))
    op.execute("INSERT INTO jobs (name, paused, failures) VALUES ('x', false, 0)")
    {death}
    op.create_index("third_of_step", "jobs", ["first_of_step"])
'''
MIGRATED = """
import sys
from pathlib import Path
from auditor.store import migration, opened
migration.STEPS, migration.NEWEST = sys.argv[3], "9998"
opened(Path(sys.argv[1]), sys.argv[2]).close()
"""


def migrated(folder, url, steps, death):
    """A process that brings the store to a version to come; how it ended."""
    shutil.copytree(STEPS, steps, dirs_exist_ok=True)
    (steps / "versions" / "9998_next.py").write_text(NEXT.replace("{death}", death))
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-c", MIGRATED, folder, url, steps]
    return subprocess.run(command, env=environment, check=False).returncode


def test_a_step_that_is_killed_leaves_the_old_version_whole(store, tmp_path, database_url):
    killed = "os.kill(os.getpid(), signal.SIGKILL)"
    folder = tmp_path / "data"
    assert migrated(folder, database_url, tmp_path / "steps", killed) == -signal.SIGKILL
    again = opened(folder, database_url)
    assert differences(again) == []
    with again.reading() as connection:
        assert connection.scalar(select(func.count()).select_from(metadata.tables["jobs"])) == 0
    again.close()
    assert migrated(folder, database_url, tmp_path / "steps", "") == 0
    with pytest.raises(StoreError, match="newer version"):
        opened(folder, database_url)
    with store.reading() as connection:
        assert "third_of_step" in {
            index["name"] for index in inspect(connection).get_indexes("jobs")
        }


RESTORED = """
import sys
from datetime import datetime
from pathlib import Path
from auditor.store import migration
migration.STEPS, migration.NEWEST = sys.argv[3], "9998"
from auditor.store.restoring import restored
now = datetime.fromisoformat("2026-11-22T01:30:00+00:00")
assert restored(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[4], now).problems == ()
"""


def test_a_backup_of_an_older_version_is_restored_by_the_steps_from_there(tmp_path, database_url):
    with closing(opened(tmp_path / "source")) as source:
        filled(source)
        backup = backed_up(source, tmp_path / "b.zip", NOW).path
    shutil.copytree(STEPS, tmp_path / "steps")
    step = NEXT.replace("{death}", "").replace("op.create_table", "(lambda *_: None)")
    (tmp_path / "steps" / "versions" / "9998_next.py").write_text(step)
    folder = tmp_path / "data"
    subprocess.run(
        [sys.executable, "-c", RESTORED, backup, folder, tmp_path / "steps", database_url],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        check=True,
    )
    engine = engine_of(_address(folder, database_url))
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT version_num FROM alembic_version")) == "9998"
        assert set(connection.scalars(text("SELECT name FROM jobs"))) == {"nightly", "x"}
        assert connection.scalar(text("SELECT count(*) FROM runs")) == 2
    engine.dispose()


def test_no_dump_holds_a_name_of_the_machine_it_was_made_on():
    for dump in RELEASED:
        assert not re.search(r"/(home|root|tmp|work)/", dump.read_text(encoding="utf-8"))
