from __future__ import annotations

import io
import json
import logging
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from auditor.agent import journal
from auditor.model.errors import StoreError


@pytest.fixture
def log():
    """What was told so far, line by line."""
    stream = io.StringIO()
    journal.begun("info", None, stream)
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    journal.ended()


def test_an_event_is_one_line_of_json_with_its_time_in_utc(log):
    journal.tell("run-done", job="nightly", run_id="r1", seconds=timedelta(seconds=2.5))
    (line,) = log()
    assert line["event"] == "run-done" and line["level"] == "info"
    assert (line["job"], line["run_id"], line["seconds"]) == ("nightly", "r1", 2.5)
    moment = datetime.fromisoformat(line["time"])
    assert line["time"].endswith("Z") and abs(datetime.now(UTC) - moment) < timedelta(minutes=1)


def test_what_matters_less_than_the_level_is_not_told(log):
    journal.tell("turn", level="debug")
    journal.tell("trouble", level="error")
    assert [line["event"] for line in log()] == ["trouble"]


@pytest.mark.parametrize(
    "name",
    ["password", "PASSWORD", "smtp_password", "token", "access_token", "secret", "api_key",
     "key", "private-key", "authorization", "cookie", "credentials", "passphrase"],
)  # fmt: skip
def test_values_of_names_that_sound_secret_are_left_out(log, name):
    journal.tell("event", **{name: "hunter2"}, inner={name: "hunter2"})
    assert "hunter2" not in json.dumps(log())


def test_names_that_only_contain_such_a_word_are_told(log):
    journal.tell("event", keyboard="x", monkeys=3, passed=2)
    assert (log()[0]["keyboard"], log()[0]["monkeys"], log()[0]["passed"]) == ("x", 3, 2)


def test_a_password_in_an_address_is_left_out(log):
    journal.tell("event", place="postgresql://user:hunter2@db/name")
    assert log()[0]["place"] == "postgresql://user:(secret)@db/name"


def test_hostile_text_stays_on_its_line(log):
    journal.tell("event", path="a\nb\x1b[31m\u202e\udcff\x00", where=Path("/x\n/y"))
    (line,) = log()
    assert line["path"] == "a\nb\x1b[31m\u202e\\udcff\x00"


def test_the_line_itself_holds_only_plain_ascii(tmp_path):
    journal.begun("info", tmp_path / "log")
    journal.tell("event", path="đ\x1b\u202e\n")
    journal.ended()
    raw = (tmp_path / "log").read_bytes()
    assert raw.isascii() and raw.count(b"\n") == 1 and b"\x1b" not in raw


def test_long_and_deep_values_are_cut(log):
    deep: list = []
    deep.append(deep)
    journal.tell("event", text="x" * 10_000, deep=deep, many=list(range(1000)))
    (line,) = log()
    assert len(line["text"]) == 2001 and len(line["many"]) == 100


def test_fields_cannot_replace_what_every_line_has(log):
    journal.tell("event", time="never", event_=1)
    assert log()[0]["time"] != "never"


def test_an_error_is_told_by_its_kind_and_text(log):
    journal.tell("job-failed", level="error", failed=ValueError("no such thing"))
    assert log()[0]["error"] == "ValueError: no such thing"


def test_a_file_is_for_its_owner_and_survives_logrotate(tmp_path):
    place = tmp_path / "agent.log"
    journal.begun("info", place)
    try:
        journal.tell("before")
        assert place.stat().st_mode & 0o777 == 0o600
        place.rename(tmp_path / "agent.log.1")
        journal.tell("after")
    finally:
        journal.ended()
    assert json.loads(place.read_text())["event"] == "after"
    assert place.stat().st_mode & 0o777 == 0o600
    assert json.loads((tmp_path / "agent.log.1").read_text())["event"] == "before"


def test_a_file_that_cannot_be_written_is_said(tmp_path):
    with pytest.raises(StoreError, match="the log cannot be written"):
        journal.begun("info", tmp_path / "missing" / "agent.log")


def test_nobody_hears_what_is_told_before_and_after():
    journal.tell("unheard")
    assert not logging.getLogger(journal.NAME).propagate
