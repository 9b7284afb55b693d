import json
import os
import stat
from datetime import UTC, datetime

import pytest
from sqlalchemy import insert
from typer.testing import CliRunner

from auditor.cli import app
from auditor.model.errors import PolicyError, StoreError
from auditor.store import opened
from auditor.store.retention import before
from auditor.store.tables import attempts
from tests.store.world import NOW, filled


@pytest.fixture
def called(tmp_path, database_url, monkeypatch):
    """Calls the command line; gives its code and what it printed."""
    monkeypatch.setenv("AUDITOR_DATABASE_URL", database_url)
    monkeypatch.setenv("AUDITOR_DATA", str(tmp_path / "data"))
    monkeypatch.chdir(tmp_path)

    def call(*words):
        result = CliRunner().invoke(app, ["store", *map(str, words)])
        if isinstance(result.exception, StoreError | PolicyError):
            return result.exception.exit_code, str(result.exception)
        assert result.exception is None or isinstance(result.exception, SystemExit)
        return result.exit_code, result.output

    return call


def test_a_store_that_is_not_there_is_said_not_to_be_and_not_made(called, tmp_path):
    for command in ("check", "vacuum", "prune", "runs", "findings"):
        code, said = called(command)
        assert (code, "no store here" in said) == (14, True), command
    assert not list(tmp_path.rglob("*"))


def test_the_store_is_checked_for_people_and_for_machines(store, called):
    filled(store, now=before(NOW, 1))
    assert called("check") == (0, "Kho nguyên vẹn. / The store is whole.\n")
    next(store.folder.glob("flows/*/*")).unlink()
    code, said = called("check", "--deep")
    assert code == 14 and "1 vấn đề. / 1 problems." in said
    code, said = called("check", "--json")
    document = json.loads(said)
    assert (code, document["ok"]) == (14, False)
    assert document["problems"][0]["code"] == "missing-file"


def test_a_backup_is_made_and_restored_by_the_command_line(store, called, tmp_path):
    filled(store, now=before(NOW, 1))
    (tmp_path / "backups").mkdir()
    code, said = called("backup", tmp_path / "backups")
    (path,) = (tmp_path / "backups").iterdir()
    assert code == 0 and str(path) in said and "7 tệp" in said
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    code, said = called("restore", path)
    assert code == 14 and "--replace" in said
    code, said = called("restore", path, "--replace")
    assert code == 0 and "Restored" in said and "the old store" in said
    assert called("check")[0] == 0


def test_what_is_old_is_named_first_and_then_removed(store, called, tmp_path):
    filled(store, now=before(NOW, 40), job="once")
    code, said = called("prune")
    assert code == 0 and "runs: 0" in said and "ages as of 2023-10" in said, "no job has run since"
    with store.writing() as connection:
        now = datetime.now(UTC)
        connection.execute(
            insert(attempts), [{"job": "once", "started": now, "finished": now}] * 10
        )
    for words, left in ((["--dry-run"], 2), ([], 0)):
        code, said = called("prune", *words)
        assert code == 0 and "runs: 2" in said
        assert len(list((tmp_path / "data").glob("flows/*/*"))) == left
    assert called("vacuum")[0] == 0


def test_retention_comes_from_the_settings(store, called, tmp_path):
    filled(store, now=before(NOW, 40), job="once")
    (tmp_path / "agent.yaml").write_text(
        "version: 1\njobs:\n- name: a\n  schedule: {every: 1d}\n  sources: [{folder: /captures}]\n"
        "retention: {runs: 60, flows: 60, notices: 60}\n"
    )
    code, said = called("prune")
    assert code == 0 and "runs: 0" in said
    text = (tmp_path / "agent.yaml").read_text()
    (tmp_path / "agent.yaml").write_text(text.replace("runs: 60", "runs: 6"))
    code, said = called("prune")
    assert code == 12 and "agent.yaml" in said


def test_runs_and_findings_are_shown(store, called):
    filled(store, now=before(NOW, 1))
    code, said = called("runs")
    assert code == 0 and len(said.splitlines()) == 2 and "nightly" in said
    assert [run["findings"] for run in json.loads(called("runs", "--json")[1])] == [1, 1]
    assert called("runs", "--job", "other") == (0, "")
    code, said = called("findings")
    assert code == 0 and said.startswith("[high] Dữ liệu ra ngoài\n  Data abroad\n")
    assert json.loads(called("findings", "--json")[1])[0]["job"] == "nightly"
    code, said = called("subjects")
    assert code == 0 and said == "2  phone  ra / out  HIS  (1 bên nhận/recipients, 2 ngày/days)\n"
    assert json.loads(called("subjects", "--json")[1])[0]["count"] == 2


def test_the_data_directory_is_the_one_named_then_that_of_the_settings(tmp_path, monkeypatch):
    from auditor.cli.options import data_directory

    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "own"))
    usual = data_directory(None)
    assert usual in (tmp_path / "own" / "auditor", type(usual)("/var/lib/auditor"))
    (tmp_path / "agent.yaml").write_text(
        "version: 1\ndata: kept\njobs:\n- name: a\n  schedule: {every: 1d}\n"
        "  sources: [{folder: /captures}]\n"
    )
    assert data_directory(None) == tmp_path / "kept"
    assert data_directory(tmp_path / "other") == tmp_path / "other"


def test_the_password_of_the_database_is_not_shown(tmp_path, monkeypatch):
    opened(tmp_path / "data").close()
    monkeypatch.setenv("AUDITOR_DATABASE_URL", "postgresql://u:hidden-word@127.0.0.1:1/x")
    result = CliRunner().invoke(app, ["store", "check", "--data", str(tmp_path / "data")])
    assert isinstance(result.exception, StoreError)
    assert "hidden-word" not in str(result.exception) + result.output
    assert os.environ["AUDITOR_DATABASE_URL"].startswith("postgresql")
