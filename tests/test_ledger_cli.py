"""``auditor ledger``: shown, written out, worked out anew."""

import csv
import io
import json
import os
from datetime import date

import pytest
from sqlalchemy import insert, text, update
from typer.testing import CliRunner

from auditor.cli import app
from auditor.model.errors import StoreError
from auditor.store import tables
from tests.store.world import filled

OTHER = {
    "id": 5, "owner": "Sở Tài chính", "system": None, "recipient": "=HYPERLINK(\"http://x\")",
    "country": None, "carried": [],
}  # fmt: skip


@pytest.fixture
def called(tmp_path, monkeypatch, store):
    """Calls the command line over a ledger of two owners; gives its code and what it printed."""
    monkeypatch.setenv("AUDITOR_DATA", str(store.folder))
    url = (
        ""
        if store.engine.dialect.name == "sqlite"
        else str(store.engine.url.render_as_string(hide_password=False)).replace("+psycopg", "")
    )
    monkeypatch.setenv("AUDITOR_DATABASE_URL", url)
    monkeypatch.chdir(tmp_path)
    filled(store)
    row = {"day": date(2026, 10, 1), "route": 5, "folded": True, "flows": 2, "bytes": 70}
    with store.writing() as connection:
        connection.execute(insert(tables.ledger_routes), OTHER)
        connection.execute(insert(tables.ledger_days), {**row, "estimated": 0, "records": 0})

    def call(*words):
        result = CliRunner().invoke(app, ["ledger", *map(str, words)])
        if isinstance(result.exception, StoreError):
            return result.exception.exit_code, str(result.exception)
        assert result.exception is None or isinstance(result.exception, SystemExit)
        return result.exit_code, result.output

    return call


def test_totals_are_shown_by_month_and_by_what_one_asks_for(called):
    code, said = called("show")
    assert code == 0
    assert "2026-10: 2  70  —\n" in said
    assert "2026-11: 4  20,000,000,000  ≈ 36\n" in said
    assert "Sở Y tế: 4  20,000,000,000  ≈ 36\n" in called("show", "--by", "owner")[1]
    _, said = called("show", "--by", "category")
    assert "B7: 4  20,000,000,000  ≈ 36\n" in said
    assert "—: 2  70  —\n" in said
    _, said = called("show", "--by", "day", "--owner", "Sở Tài chính")
    assert "2026-10-01: 2  70  —\n" in said and "2026-11" not in said
    assert "HIS: 4" in called("show", "--by", "system", "--category", "II.10")[1]
    assert "HIS" not in called("show", "--by", "system", "--system", "other")[1]


def test_machines_get_totals_and_thresholds(called):
    document = json.loads(called("show", "--json")[1])
    assert document["complete_from"] == "2026-11-21"
    assert [each["flows"] for each in document["totals"]] == [2, 2, 2]
    assert document["totals"][1]["regimes"] == ["decree-165-important", None]


def test_a_file_for_spreadsheets_holds_no_formula(called, tmp_path):
    code, _ = called("export", tmp_path / "sổ.csv")
    assert code == 0
    rows = list(csv.DictReader(io.StringIO((tmp_path / "sổ.csv").read_text(encoding="utf-8"))))
    assert rows[0]["recipient"] == '\'=HYPERLINK("http://x")'
    assert rows[1]["categories"] == "II.10 B7"
    assert rows[1]["bytes"] == "10000000000"


def test_a_file_of_lines_is_for_programs(called, tmp_path):
    called("export", tmp_path / "a.jsonl", "--system", "HIS")
    lines = (tmp_path / "a.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["system"] for line in lines] == ["HIS", "HIS"]
    code, said = called("export", tmp_path / "a.xlsx")
    assert code == 2 and ".csv or .jsonl" in said


def test_totals_that_are_wrong_are_worked_out_anew_and_told(called, store):
    assert "come to" in called("rebuild")[1]
    with store.writing() as connection:
        connection.execute(update(tables.ledger_days).values(bytes=7))
    code, said = called("rebuild")
    assert (code, said.count("7 → 5,000,000,000 byte/bytes")) == (0, 2)
    assert "come to" in called("rebuild")[1]


def test_a_ledger_of_a_newer_version_is_refused_and_left_alone(called, store):
    with store.writing() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    for words in (["show"], ["export", "x.csv"], ["rebuild"]):
        code, said = called(*words)
        assert (code, "newer version (9999)" in said) == (14, True), words


@pytest.mark.parametrize("name", ["＝1+1", " =1+1", "\t=1", "@SUM(1)", "+1", "-1"])
def test_no_way_to_begin_a_formula_gets_into_a_spreadsheet(called, store, tmp_path, name):
    with store.writing() as connection:
        connection.execute(update(tables.ledger_routes).values(recipient=name))
    called("export", tmp_path / "a.csv")
    with (tmp_path / "a.csv").open(encoding="utf-8", newline="") as file:
        assert {row["recipient"] for row in csv.DictReader(file)} == {f"'{name}"}


def test_a_pipe_in_the_place_of_the_file_is_left_alone(called, tmp_path):
    os.mkfifo(tmp_path / "a.csv")
    code, said = called("export", tmp_path / "a.csv")
    assert code == 2 and "no plain file" in said
    assert (tmp_path / "a.csv").is_fifo()


def test_a_name_cannot_make_lines_of_its_own(called, store):
    with store.writing() as connection:
        connection.execute(update(tables.ledger_routes).values(owner="Sở Y tế\n0: 9  9  —\x1b[2J"))
    for by in ("owner", "month"):
        said = called("show", "--by", by)[1]
        assert "\n0: 9" not in said and "\x1b" not in said, said
