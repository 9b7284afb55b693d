"""Backups, copies and snapshots."""

from __future__ import annotations

import pytest

from auditor.checklist.probes.recovery import copies_lack, succeeded
from tests.checklist.probes.register_facts import outcome, table

SHA = "ab" * 32


@pytest.mark.parametrize(
    ("rows", "answer"),
    [
        (("thửa đất|2026-11-14 10:00|thành công",), "pass"),  # 168 hours to the minute
        (("Thửa đất|2026-11-14 09:59|thành công",), "fail"),
        (("Thửa đất|2026-11-20 22:00|không thành công",), "fail"),
        (("Giấy chứng nhận|2026-11-20 22:00|thành công",), "fail"),
        (("Thửa đất|2026-11-19|ok", "Thửa đất|2026-11-20|failed"), "fail"),
        (("Thửa đất|2026-11-19|failed", "Thửa đất|2026-11-20|ok"), "pass"),
        (("Thửa đất|2026-12-19|ok", "Thửa đất|2026-11-20|ok"), "unknown"),
        (("Thửa đất|tối qua|ok", "Thửa đất|2026-11-20|ok"), "unknown"),
    ],
)
def test_backups(rows, answer):
    tables = {
        "datasets": table("dataset owner", "Thửa đất|Sở"),
        "backups": table("dataset ended outcome", *rows),
    }
    assert outcome("backup-schedule", tables).answer == answer


def test_without_the_list_of_datasets_that_is_told():
    tables = {"backups": table("dataset ended outcome", "Thửa đất|2026-11-20|ok")}
    found = outcome("backup-schedule", tables)
    assert found.answer == "pass"
    assert found.coverage.not_covered
    useless = outcome("backup-schedule", tables | {"datasets": "owner,steward\na,b\n"})
    assert useless.coverage.not_covered


@pytest.mark.parametrize(
    ("word", "expected"),
    [("Thành công", True), ("Không thành công", False), ("OK", True), ("lỗi ghi đĩa", False),
     ("đạt", True), ("không đạt", False), ("77", None), ("", None)],
)  # fmt: skip
def test_outcomes(word, expected):
    assert succeeded(word) is expected


@pytest.mark.parametrize(
    ("copies", "lacks"),
    [
        ("disk@dc1; disk@dc2; tape@kho (ngoại tuyến)", []),
        ("disk@dc1; disk@dc2; tape@kho", ["no isolated copy"]),
        ("disk@dc1; disk@dc1; tape@dc1 (offline)", ["one place only"]),
        ("disk@dc1; disk@dc2; disk@dc3 (immutable)", ["one medium only"]),
        ("disk@dc1; tape@kho (offline)", ["2 copies"]),
        ("3", None),
        ("", None),
        ("disk@dc1; disk@dc2; tape", None),
        ("disk@; @dc2; tape@kho (offline)", None),
    ],
)
def test_copies(copies, lacks):
    assert copies_lack(copies) == lacks


def test_the_copies_of_the_last_good_backup_count():
    good = "disk@dc1; disk@dc2; tape@kho (offline)"
    rows = (f"a|2026-11-19|ok|{good}", "a|2026-11-20|ok|disk@dc1", f"a|2026-11-21|failed|{good}")
    tables = {"backups": table("dataset ended outcome copies", *rows)}
    assert outcome("copies-three", tables).answer == "fail"
    kept = {"backups": table("dataset ended outcome copies", rows[0], rows[2])}
    assert outcome("copies-three", kept).answer == "pass"


def test_where_only_the_start_is_known_it_counts():
    good = "disk@dc1; disk@dc2; tape@kho (offline)"
    columns = "dataset started ended outcome copies"
    tables = {"backups": table(columns, f"a|2026-11-19 08:00||ok|{good}")}
    assert outcome("copies-three", tables).answer == "pass"
    assert outcome("backup-schedule", tables).answer == "pass"


@pytest.mark.parametrize(
    ("row", "sync", "answer"),
    [
        (f"2026-11-19 08:00|{SHA}", "2026-11-20T08:00:00+07:00", "pass"),
        (f"2026-11-19 07:59|{SHA}", "2026-11-20T08:00:00+07:00", "fail"),
        (f"2026-11-20 08:00|{SHA}", "2026-11-20T08:00:00+07:00", "fail"),  # not before
        ("2026-11-19 22:00|abc", "2026-11-20T08:00:00+07:00", "fail"),
        (f"2026-11-19 22:00|{SHA}", "2026-11-20T01:00:00Z", "pass"),
        (f"2026-11-21 09:00|{SHA}", "2026-11-22T08:00:00+07:00", "pass"),
        (f"2026-11-01 09:00|{SHA}", "2026-11-22T08:00:00+07:00", "unknown"),
    ],
)
def test_snapshots(row, sync, answer):
    tables = {"snapshots": table("dataset taken sha256", f"Thửa đất|{row}")}
    found = outcome("snapshot-before-sync", tables, dates={"first_sync": sync})
    assert found.answer == answer
