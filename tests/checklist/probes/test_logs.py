"""Log sources, retention, clocks and incidents."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from tests.checklist.probes.register_facts import outcome, table

ASSETS = table("asset address role", "db01|10.20.5.10; 10.20.6.10|database")


@pytest.mark.parametrize(
    ("source", "answer"),
    [
        ("db01|2026-11-21 09:00", "pass"),
        ("DB01|2026-11-20 10:00", "pass"),  # 24 hours to the minute
        ("db01|2026-11-20 09:59", "fail"),
        ("10.20.6.10|2026-11-21 09:00", "pass"),  # by its second address
        ("db02|2026-11-21 09:00", "fail"),
        ("|2026-11-21 09:00", "fail"),
        ("db01|2026-11-21 11:00", "fail"),  # to come: a clock is wrong
        ("db01|hôm qua", "unknown"),
    ],
)
def test_sources(source, answer):
    tables = {"assets": ASSETS, "log-sources": table("asset last-event", source)}
    assert outcome("sources-in-siem", tables).answer == answer


def test_an_asset_without_a_name_is_covered_by_nobody():
    tables = {
        "assets": table("asset address role", "||server"),
        "log-sources": table("asset last-event", "|2026-11-21 09:00"),
    }
    assert outcome("sources-in-siem", tables).answer == "fail"


def test_workstations_alone_say_nothing_of_servers():
    tables = {
        "assets": table("asset address role", "pc1||máy trạm"),
        "log-sources": table("asset last-event", "pc1|2026-11-21 09:00"),
    }
    assert outcome("sources-in-siem", tables).answer == "unknown"


def index(first, last, *, without=(), empty=()):
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    rows = [f"fw|{day}|{0 if day in empty else 10}" for day in days if day not in without]
    return {"log-index": table("source day records", *rows)}


LAST = date(2026, 11, 20)


@pytest.mark.parametrize(
    ("first", "level", "answer"),
    [
        (date(2026, 8, 21), 3, "pass"),
        (date(2026, 8, 22), 3, "fail"),
        (date(2026, 8, 21), 4, "fail"),
        (date(2026, 5, 21), 4, "pass"),
        (date(2025, 11, 21), 5, "pass"),
        (date(2026, 11, 10), 1, "pass"),  # no limit is set
    ],
)
def test_retention_by_level(first, level, answer):
    assert outcome("log-retention", index(first, LAST), level=level).answer == answer


def test_a_missing_day_and_a_day_without_records_are_gaps():
    gap = date(2026, 10, 5)
    assert outcome("log-retention", index(date(2026, 8, 1), LAST, without=(gap,))).answer == "fail"
    assert outcome("log-retention", index(date(2026, 8, 1), LAST, empty=(gap,))).answer == "fail"


def test_a_day_that_cannot_be_read_leaves_retention_open():
    good = index(date(2026, 8, 1), date(2026, 11, 21))["log-index"]
    assert outcome("log-retention", {"log-index": good}).answer == "pass"
    assert outcome("log-retention", {"log-index": good + "fw,hôm nay,10\n"}).answer == "unknown"


def test_a_source_that_never_logged_anything_fails():
    only = {"log-index": table("source day records", "fw|2026-11-20|0")}
    assert outcome("log-retention", only, level=1).answer == "fail"


def test_a_gap_before_the_time_that_must_be_kept_does_not_matter():
    old = index(date(2026, 7, 1), LAST, without=(date(2026, 7, 9),))
    assert outcome("log-retention", old).answer == "pass"


def test_an_index_that_ends_long_before_it_was_taken_has_a_gap():
    ends = index(date(2026, 8, 1), date(2026, 11, 10))
    assert outcome("log-retention", ends).answer == "fail"
    taken = {"log-index": {"collected": "2026-11-11"}}
    assert outcome("log-retention", ends, entries=taken).answer == "pass"


@pytest.mark.parametrize(
    ("row", "answer"),
    [
        ("db01|10.20.1.5|1000|2026-11-20", "pass"),
        ("db01|10.20.1.5|-1000,5|2026-11-20", "fail"),
        ("db01|10.20.1.6|0|2026-11-20", "fail"),
        ("db01||0|2026-11-20", "fail"),
        ("db01|10.20.1.5|0|2026-12-20", "unknown"),
        ("db01|10.20.1.5||2026-11-20", "unknown"),
    ],
)
def test_clocks(row, answer):
    tables = {"time-records": table("asset source offset-ms measured", row)}
    found = outcome("clock-offsets", tables, network={"time_servers": ["10.20.1.5"]})
    assert found.answer == answer


@pytest.mark.parametrize(
    ("row", "answer"),
    [
        ("a|nghiêm trọng|2026-11-01", "clear"),
        ("a|nghiêm trọng|2026-11-21", "clear"),
        ("a|nghiêm trọng|", "fail"),
        ("a|nghiêm trọng|2027-01-01", "fail"),  # closed in the future is not closed
        ("a|nghiêm trọng|rồi", "fail"),
        ("a|không nghiêm trọng|", "clear"),
        ("a||", "unknown"),
        ("a|bậc 7|", "unknown"),
        ("a||2026-11-01", "clear"),
    ],
)
def test_open_incidents(row, answer):
    tables = {"incidents": table("incident severity closed", row)}
    assert outcome("incidents-closed", tables).answer == answer


@pytest.mark.parametrize(
    ("row", "answer"),
    [
        ("cao|2026-05-01 08:00|2026-05-02 08:00|2026-05-04 08:00", "pass"),
        ("cao|2026-05-01 08:00|2026-05-02 08:01|2026-05-04 08:00", "fail"),
        ("cao|2026-05-01 08:00|2026-05-02 08:00|2026-05-04 08:01", "fail"),
        ("thấp|2026-05-01 08:00||2026-05-04 08:00", "pass"),
        ("|2026-05-01 08:00||2026-05-04 08:00", "fail"),  # of unknown severity: as a serious one
        ("cao|2026-05-01 08:00|2026-04-30 08:00|2026-05-02 08:00", "fail"),
        ("cao|2026-05-01|2026-05-01|2026-05-02", "pass"),
        ("cao|2026-05-01|2026-05-02|2026-05-02", "unknown"),
        ("cao|2026-05-01|2026-05-03|2026-05-03", "unknown"),
        ("cao|2026-05-01|2026-05-04|2026-05-04", "fail"),  # two days at the least
        ("cao|2026-11-21 08:00||", "partial"),  # the clocks still run
        ("cao|2026-11-21 12:00||", "unknown"),
        ("cao||2026-05-01|2026-05-01", "unknown"),
    ],
)
def test_reporting_clocks(row, answer):
    tables = {"incidents": table("incident severity detected notified reported", f"SC|{row}")}
    assert outcome("reporting-clocks", tables).answer == answer


def test_the_sharing_log_must_have_all_its_fields():
    columns = "time requester form content status response"
    good = {"sharing-log": table(columns, "2024-01-01 08:00|a|b|c|d|e")}
    found = outcome("log-fields", good)
    assert found.answer == "pass"
    assert "less than" not in found.says.en
    assert (
        outcome("log-fields", {"sharing-log": table(columns, "khi đó|a|b|c|d|e")}).answer == "fail"
    )
