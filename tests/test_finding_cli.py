import json
import re
from dataclasses import replace
from datetime import date

import pytest
from typer.testing import CliRunner

from auditor.cli import app
from auditor.model.errors import InputError, StoreError
from auditor.model.run import to_json
from auditor.store import findings, opened, runs
from tests.report.lawful import CLAIM, COMPARED, FILE, REPORT, SANCTION, TITLE
from tests.store import made

SEEN = made.finding(
    "F-100", compared=COMPARED, dossier="HS-1", deadlines=(FILE, REPORT), claim=CLAIM,
    sanctions=(SANCTION,), regime="pdpl", regime_title=TITLE,
)  # fmt: skip
LONG_AGO = -2000  # the night of that number: before anybody decides anything
BY = ("--who", "Nguyễn An", "--role", "tổ an ninh")
WHY = ("--why", "Đã hỏi đơn vị vận hành.")
POINTS = (
    "--people", "Tổ CNTT", "--work", "Chuyển về nước", "--time", "30/12", "--responsibility",
    "Trưởng phòng", "--product", "Biên bản", "--authority", "Giám đốc",
)  # fmt: skip


@pytest.fixture
def store(tmp_path):
    """On SQLite only: both databases are asked the same in tests/store/test_decisions.py."""
    found = opened(tmp_path / "data")
    yield found
    found.close()


@pytest.fixture
def called(tmp_path, monkeypatch):
    """Calls ``auditor finding``; gives its code and what it printed."""
    monkeypatch.delenv("AUDITOR_DATABASE_URL", raising=False)
    monkeypatch.setenv("AUDITOR_DATA", str(tmp_path / "data"))
    monkeypatch.chdir(tmp_path)

    def call(*words):
        result = CliRunner().invoke(app, ["finding", *map(str, words)])
        if isinstance(result.exception, StoreError | InputError):
            return result.exception.exit_code, str(result.exception)
        assert result.exception is None or isinstance(result.exception, SystemExit)
        return result.exit_code, result.output

    return call


@pytest.fixture
def night(store):
    """A run whose files are there; two findings of it."""
    run = made.run(LONG_AGO, SEEN, made.finding("F-200", severity="low", state="exempt"))
    place = f"runs/2026/{run.run_id}"
    (store.folder / place).mkdir(parents=True)
    (store.folder / place / "run.json").write_text(to_json(run), encoding="utf-8")
    with store.writing() as connection:
        news = findings.recorded(connection, "nightly", run)
        runs.added(connection, "nightly", run, place, news)
    return store


def ids(said):
    return re.findall(r"^F-\d+", said, re.MULTILINE)


def test_findings_are_listed_and_chosen(night, called):
    code, said = called("list")
    assert code == 0 and ids(said) == ["F-100", "F-200"]
    assert "◇ Được khai là miễn / Exempt: claimed" in said
    assert said.count("Chưa có quyết định / No decision yet") == 2
    assert ids(called("list", "--state", "exempt")[1]) == ["F-200"]
    assert ids(called("list", "--at-least", "high")[1]) == ["F-100"]
    assert called("list", "--job", "x")[1] == "Không có dấu hiệu nào. / There is no finding.\n"
    called("decide", "F-1", "--standing", "acknowledged", *BY, *WHY)
    assert ids(called("list", "--standing", "acknowledged")[1]) == ["F-100"]
    assert ids(called("list", "--standing", "open")[1]) == ["F-200"]
    document = json.loads(called("list", "--json")[1])
    assert [each["standing"] for each in document] == ["acknowledged", "open"]
    assert document[0]["decision"]["who"] == "Nguyễn An"


def test_a_finding_is_shown_whole_in_both_languages(night, called):
    called("plan", "F-1", *POINTS, *BY)
    code, said = called("show", "F-1")
    assert code == 0
    for part in (
        "Dữ liệu quan trọng ra nước ngoài", "Important data leaving", "Quỹ (bhxh)",
        "✗ Quốc gia: SG | SG, US (không khớp)", "✗ Country: SG | SG, US (does not fit)",
        "12/09/2026 (", "counted from 2026-07-14", CLAIM.reason, "no report is recorded as sent",
        "it is not an indicator", TITLE.vi, TITLE.en, "Đã ghi nhận / Acknowledged",
        "Rõ thẩm quyền / Who decides: Giám đốc", "nightly: mới / new",
    ):  # fmt: skip
        assert part in said, part
    document = json.loads(called("show", "F-100", "--json")[1])
    assert document["finding"]["deadlines"][0]["due"] == "2026-09-12"
    assert document["life"][0]["plan"]["work"] == "Chuyển về nước"
    assert [each["news"] for each in document["sightings"]["nightly"]] == ["new"]


def test_a_finding_whose_run_is_pruned_or_damaged_is_told_as_far_as_it_is_known(night, called):
    (path,) = night.folder.glob("runs/*/*/run.json")
    path.write_text("{}", encoding="utf-8")
    assert "is not a run document" in called("show", "F-1")[1]
    path.unlink()
    code, said = called("show", "F-1")
    assert code == 14 and "auditor store check" in said
    run = made.run(LONG_AGO + 1, SEEN)
    with night.writing() as connection:
        runs.added(connection, "nightly", run, None, findings.recorded(connection, "nightly", run))
    code, said = called("show", "F-1")
    assert code == 0 and "The run.json of its last run is gone" in said


def test_a_decision_is_recorded_with_who_role_and_why(night, called):
    day = date(2100, 1, 31)
    code, said = called("decide", "F-100", "--standing", "accepted-risk", *BY, *WHY, "--until", day)
    assert (code, said) == (0, "F-100: Chấp nhận rủi ro / Risk accepted\n")
    code, said = called("decide", "F-1", "--standing", "covered", *BY, *WHY)
    assert code == 0 and "dossiers.yaml" in said
    code, said = called("history", "F-1")
    order = [said.index(part) for part in ("Đã có hồ sơ", "Chấp nhận rủi ro", "mới / new")]
    assert code == 0 and order == sorted(order)
    assert f"look again on {day}" in said
    document = json.loads(called("history", "F-1", "--json")[1])
    assert [each["standing"] for each in document["life"]] == ["covered", "accepted-risk"]


@pytest.mark.parametrize(
    ("words", "code", "part"),
    [
        (("decide", "F-9", "--standing", "open", *BY, *WHY), 14, "auditor finding list"),
        (("decide", "F-1", "--standing", "open", *BY, "--why", "vì"), 11, "less than 10"),
        (("decide", "F-1", "--standing", "open", *BY), 2, "--why"),
        (("decide", "F-1", "--standing", "open", *BY, *WHY, "--until", "x"), 2, "is no day"),
        (("decide", "F-1", "--standing", "accepted-risk", *BY, *WHY), 11, "needs a plan"),
        (("decide", "F-1", "--standing", "closed", *BY, *WHY), 2, "closed"),
        (("plan", "F-1", *POINTS[:-1], " ", *BY), 11, "authority of the plan says nothing"),
        (("plan", "F-1", *POINTS[:-1], "\u200b", *BY), 11, "authority of the plan says nothing"),
        (("decide", "F-1", "--standing", "open", *BY, "--why", "\u200b" * 20), 11, "why says no"),
        (("decide", "F-1", "--standing", "open", *BY, "--why", "vì" + "\u200b" * 9), 11, "than 10"),
        (
            ("decide", "F-1", "--standing", "open", "--who", "\u2060", *BY[2:], *WHY),
            11, "who says nothing",
        ),
        (("history", "F-1", "--most", 2**63), 2, "--most"),
        (("show", "F-"), 14, "several findings begin"),
        (("history", "nothing"), 14, "no such finding"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_said_with_a_way_out_and_nothing_is_recorded(
    night, called, words, code, part
):
    got, said = called(*words)
    assert (got, part in said) == (code, True), said
    assert json.loads(called("history", "F-100", "--json")[1])["life"] == []


def test_what_people_write_cannot_steer_a_terminal(night, called):
    evil = "\x1b[2J\u202exấu"
    called("decide", "F-1", "--standing", "open", "--who", evil, "--role", evil, "--why", evil * 9)
    for command in ("show", "history"):
        said = called(command, "F-1")[1]
        assert "\x1b" not in said and "\u202e" not in said and "xấu" in said


def test_what_was_remediated_and_is_there_again_is_said_so(night, called):
    called("decide", "F-1", "--standing", "remediated", *BY, *WHY)
    assert "a later run had it" not in called("list")[1]
    later = made.BEGIN.replace(year=2100)
    again = replace(SEEN, evidence=replace(SEEN.evidence, last=later))
    run = replace(made.run(LONG_AGO + 1, again), started=later, finished=later)
    with night.writing() as connection:
        news = findings.recorded(connection, "nightly", run)
        runs.added(connection, "nightly", run, None, news)
    assert [each.finding_id for each in news.back] == ["F-100"]
    assert "Đã khắc phục / Remediated" in (said := called("list")[1])
    assert "a later run had it" in said
