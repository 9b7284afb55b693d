"""Contacts, suppliers and the steps of the request."""

from __future__ import annotations

import pytest

from tests.checklist.probes.register_facts import outcome, table

ROLES = ("Chủ quản", "Vận hành", "SOC", "TTDLQG", "A05", "ISP", "Nhà thầu")


def contacts(*, phone="0912000001", updated="2026-10-01"):
    return {
        "contacts": table("role name phone updated", *(f"{r}|An|{phone}|{updated}" for r in ROLES))
    }


@pytest.mark.parametrize(
    ("change", "answer"),
    [
        ({}, "pass"),
        ({"updated": "2026-05-21"}, "pass"),  # six months to the day
        ({"updated": "2026-05-20"}, "fail"),
        ({"updated": "2026-12-01"}, "fail"),  # to come
        ({"updated": ""}, "fail"),
        ({"phone": "sẽ bổ sung"}, "fail"),
    ],
)
def test_contacts_need_a_phone_and_an_update_of_six_months(change, answer):
    assert outcome("contacts-filled", contacts(**change)).answer == answer


def test_contacts_never_show_a_person_or_a_phone():
    found = outcome("contacts-filled", contacts(updated="2020-01-01"))
    shown = " ".join(reference.shows for reference in found.references) + found.says.vi
    assert "0912" not in shown
    assert "An" not in shown.replace("A05", "")


@pytest.mark.parametrize(
    ("row", "level", "answer"),
    [
        ("Công ty A|2026-01-01|HĐ 12 Điều 9", 3, "pass"),
        ("Công ty A|2025-11-21|có", 3, "pass"),
        ("Công ty A|2025-11-20|có", 3, "fail"),
        ("Công ty A||có", 3, "fail"),
        ("Công ty A||có", 1, "pass"),  # no interval is set for this level
        ("Công ty A||", 1, "fail"),
        ("Công ty A|hôm qua|có", 3, "unknown"),
        ("Công ty A|2027-01-01|có", 3, "unknown"),
    ],
)
def test_suppliers(row, level, answer):
    tables = {"suppliers": table("supplier reviewed clauses", row)}
    found = outcome("suppliers-reviewed", tables, level=level)
    assert found.answer == answer
    if level == 1 and answer == "pass":
        assert "no review interval" in found.says.en


@pytest.mark.parametrize(
    ("rows", "answer"),
    [
        (("1|a|2026-09-01", "2|b|2026-09-01", "3|c|2026-09-02", "4|d|2026-09-03"), "pass"),
        (("4|d|2026-09-03", "3|c|2026-09-02", "2|b|2026-09-01", "1|a|2026-09-01"), "pass"),
        (("1|a|2026-09-01", "2||2026-09-02"), "fail"),  # no document
        (("1|a|2026-09-01", "2|b|2026-12-02"), "fail"),  # to come
        (("2|b|2026-09-02",), "fail"),
        (("1|a|2026-09-01", "7|b|2026-09-02"), "unknown"),
        (("1|a|2026-09-01", "2|b|sắp xong"), "unknown"),
        (("1|a|2026-09-01", "2|b|"), "partial"),
    ],
)
def test_steps(rows, answer):
    steps = {"connection-steps": table("step document date", *rows)}
    assert outcome("steps-in-order", steps).answer == answer
