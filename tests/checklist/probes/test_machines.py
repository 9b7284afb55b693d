"""Protection, vulnerabilities, support and web firewalls."""

from __future__ import annotations

import pytest

from tests.checklist.probes.register_facts import outcome, table

ASSETS = table("asset address role", "db01|10.20.5.10|database", "sw01||switch")


@pytest.mark.parametrize(
    ("agent", "answer"),
    [
        ("db01|2026-11-14|có", "pass"),
        ("10.20.5.10|2026-11-20|x", "pass"),
        ("db01|2026-11-13|có", "fail"),
        ("db01|2026-11-20|không", "fail"),
        ("sw01|2026-11-20|có", "fail"),
        ("|2026-11-20|có", "fail"),
        ("db01|2026-12-20|có", "unknown"),
        ("db01||có", "unknown"),
    ],
)
def test_antivirus(agent, answer):
    tables = {"assets": ASSETS, "protection-agents": table("asset updated real-time", agent)}
    found = outcome("protection-coverage", tables, {"agent": "antivirus"})
    assert found.answer == answer
    assert found.coverage.declared == 1, "a switch carries no agent"
    assert found.coverage.not_covered, "what was left out is told"


@pytest.mark.parametrize(
    ("agent", "answer"),
    [
        ("db01|có|2026-11-20 10:00", "pass"),
        ("db01|có|2026-11-20 09:59", "fail"),
        ("db01|không|2026-11-21 09:00", "fail"),
        ("db01||2026-11-21 09:00", "unknown"),
    ],
)
def test_edr(agent, answer):
    tables = {"assets": ASSETS, "protection-agents": table("asset edr last-seen", agent)}
    assert outcome("protection-coverage", tables, {"agent": "edr"}).answer == answer


def test_one_working_agent_of_two_is_enough():
    agents = table("asset updated real-time", "db01|2025-01-01|có", "db01|2026-11-20|có")
    tables = {"assets": ASSETS, "protection-agents": agents}
    assert outcome("protection-coverage", tables).answer == "pass"


def test_another_kind_of_agent_is_a_mistake_of_the_catalogue():
    assert outcome("protection-coverage", {}, {"agent": "magic"}).answer == "error"


def test_switches_alone_say_nothing():
    tables = {
        "assets": table("asset address role", "sw01||switch"),
        "protection-agents": table("asset updated real-time", "db01|2026-11-20|có"),
    }
    assert outcome("protection-coverage", tables).answer == "unknown"


@pytest.mark.parametrize(
    ("row", "level", "answer"),
    [
        ("critical|2026-10-01|2026-11-21|", 3, "pass"),  # due today
        ("critical|2026-10-01|2026-11-20|", 3, "fail"),
        ("critical|2026-10-01|2026-11-20|2026-11-19", 3, "pass"),
        ("critical|2026-10-01|2026-11-20|2026-12-19", 3, "fail"),  # closed in the future
        ("9.8|2026-10-01|2026-11-20|", 3, "fail"),
        ("CVSS|2026-10-01|2026-11-20|", 3, "unknown"),
        ("cao|2026-10-01||", 3, "fail"),
        ("thấp|2026-10-01||", 3, "pass"),
        ("thấp|2026-05-21||", 3, "pass"),
        ("thấp|2026-05-20||", 3, "fail"),
        ("thấp|2026-08-20||", 5, "fail"),
        ("thấp|2025-12-01||", 1, "pass"),
        ("thấp|2027-01-01||", 3, "unknown"),
    ],
)
def test_vulnerabilities(row, level, answer):
    tables = {"vulnerabilities": table("asset severity found due closed", f"db01|{row}")}
    assert outcome("vulnerability-schedule", tables, level=level).answer == answer


@pytest.mark.parametrize(
    ("row", "answer"),
    [
        ("2026-11-01|2027-01-01", "pass"),
        ("2026-11-01|2026-11-21", "pass"),
        ("2026-11-21|2027-01-01", "pass"),
        ("2026-11-01|2026-11-20", "fail"),
        ("2026-09-21|2027-01-01", "fail"),  # 61 days
        ("|2026-11-20", "fail"),
        ("|2027-01-01", "unknown"),
        ("2026-12-01|2027-01-01", "unknown"),
        ("2026-11-01|không rõ", "unknown"),
    ],
)
def test_support(row, answer):
    tables = {"hosts": table("asset os patched support-ends", f"db01|Ubuntu|{row}")}
    assert outcome("end-of-life", tables).answer == answer


@pytest.mark.parametrize(
    ("row", "answer"),
    [
        ("datdai.example.vn|chặn|WAF", "pass"),
        ("203.162.10.20|Blocking mode|", "pass"),
        ("datdai.example.vn|giám sát|WAF", "fail"),
        ("datdai.example.vn|chặn|tường lửa CSDL", "fail"),
        ("khac.example.vn|chặn|WAF", "fail"),
        ("|chặn|WAF", "fail"),
    ],
)
def test_web_firewalls(row, answer):
    endpoints = [
        {"address": "203.162.10.20", "name": "datdai.example.vn", "role": "public"},
        {"address": "203.162.10.20", "role": "exchange"},
    ]
    tables = {"web-protection": table("host mode kind", row)}
    found = outcome("web-hosts-protected", tables, endpoints={"format": 1, "endpoints": endpoints})
    assert found.answer == answer


def test_an_endpoint_without_a_name_is_not_matched_by_an_empty_host():
    endpoints = [{"address": "203.162.10.20", "role": "public"}]
    tables = {"web-protection": table("host mode kind", "|chặn|WAF")}
    found = outcome("web-hosts-protected", tables, endpoints={"format": 1, "endpoints": endpoints})
    assert found.answer == "fail"


def test_a_host_without_facts_is_not_covered_but_a_switch_needs_none():
    known = {"hosts": table("asset os patched support-ends", "db01|Ubuntu|2026-11-01|2029-01-01")}
    assert outcome("end-of-life", known | {"assets": ASSETS}).answer == "pass"
    more = table("asset address role", "db01||database", "app01||server")
    found = outcome("end-of-life", known | {"assets": more})
    assert found.answer == "partial"
    assert [reference.shows for reference in found.references] == ["app01: no host facts"]
