"""What runs out, and when."""

from __future__ import annotations

import pytest

from auditor.checklist.probe import asked
from auditor.checklist.probes import PROBES
from tests.checklist.probes.register_facts import facts, held, outcome, table


def minutes(dated, **tables):
    known = facts(tables)
    piece = held(20, "confirmation-minutes", None, dated=dated)
    object.__setattr__(known, "evidence", dict(known.evidence) | {"confirmation-minutes": (piece,)})
    return asked(PROBES["expiry-clock"], known, {})


@pytest.mark.parametrize(
    ("dated", "answer", "shows"),
    [
        ("2026-07-21", "pass", ""),  # 61 days left
        ("2026-07-20", "partial", "60 days left (within 60)"),
        ("2026-06-15", "partial", "24 days left (within 30)"),
        ("2026-05-28", "partial", "7 days left (within 7)"),
        ("2026-05-21", "partial", "0 days left (within 7)"),
        ("2026-05-20", "fail", "over"),
        ("", "unknown", "no past date"),
        ("2261-12-31", "unknown", "no past date"),
    ],
)
def test_minutes_hold_for_six_months(dated, answer, shows):
    found = minutes(dated)
    assert found.answer == answer
    assert shows in " ".join(reference.shows for reference in found.references)


def test_a_key_that_has_expired_is_found_by_its_line_and_not_named():
    keys = table("key expires", "khoá ký số|2026-11-20")
    found = minutes("2026-10-01", **{"key-register": keys})
    assert found.answer == "fail"
    assert found.references[0].place == "line 2"
    assert "ký số" not in found.references[0].shows


def test_keys_alone_are_looked_at_too():
    tables = {"key-register": table("key expires", "k|2027-06-01")}
    assert outcome("expiry-clock", tables).answer == "pass"


@pytest.mark.parametrize(
    ("dated", "answer"),
    [("2025-12-18", "partial"), ("2026-01-05", "partial"), ("2025-11-30", "fail")],
)
def test_the_annual_report_is_due_each_25th_of_december(dated, answer):
    known = facts({})
    piece = held(21, "annual-report", None, dated=dated)
    object.__setattr__(known, "evidence", {"annual-report": (piece,)})
    assert asked(PROBES["expiry-clock"], known, {}).answer == answer
