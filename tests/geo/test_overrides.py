"""What the user states about networks."""

from __future__ import annotations

from datetime import date

import pytest

from auditor.geo.addresses import numbered
from auditor.geo.overrides import load_overrides
from auditor.model.errors import PolicyError

TODAY = date(2026, 11, 22)
SIGNED = "author: Nguyễn Văn An\n    date: 2026-06-01\n    reason: Hợp đồng 12/2026"


@pytest.fixture
def load(tmp_path):
    """Loads overrides written as ``network`` and further lines; gives them and the problems."""

    def read(*entries, signed=SIGNED):
        path = tmp_path / "overrides.yaml"
        lines = ["  - network: " + "\n    ".join([*entry.split("; "), signed]) for entry in entries]
        path.write_text("overrides:\n" + "\n".join(lines), encoding="utf-8")
        problems = []
        return load_overrides(path, TODAY, problems.append), problems

    return read


def said(source, address):
    code = int(source.codes(numbered([address]))[0])
    return source.statements[code] if code >= 0 else None


def test_an_override_states_a_country_with_author_day_and_reason(load):
    overrides, problems = load("203.0.113.0/24; country: SG")
    statement = said(overrides.source_on(overrides.today), "203.0.113.9")
    assert (statement.kind, statement.countries) == ("override", ("SG",))
    assert statement.detail == "Nguyễn Văn An, 2026-06-01: Hợp đồng 12/2026"
    assert said(overrides.source_on(overrides.today), "198.51.100.1") is None
    assert problems == []


def test_an_override_states_anycast_or_an_operator(load):
    overrides, _ = load(
        "203.0.113.0/24; anycast: true", '"2001:db8::/32"; operator: ACME; operator_country: US'
    )
    assert said(overrides.source_on(overrides.today), "203.0.113.9").anycast
    operator = said(overrides.source_on(overrides.today), "2001:db8::9")
    assert (operator.operator, operator.operator_country, operator.countries) == ("ACME", "US", ())


def test_the_narrower_network_counts_and_that_is_noted(load):
    overrides, problems = load("203.0.113.0/24; country: SG", "203.0.113.128/25; country: VN")
    assert said(overrides.source_on(overrides.today), "203.0.113.1").countries == ("SG",)
    assert said(overrides.source_on(overrides.today), "203.0.113.200").countries == ("VN",)
    assert [problem.code for problem in problems] == ["geo-override-nested"]
    assert "203.0.113.128/25 in 203.0.113.0/24" in problems[0].message


def test_an_override_holds_until_its_last_day(load):
    overrides, _ = load("203.0.113.0/24; country: SG; until: 2026-07-01")
    assert said(overrides.source_on(overrides.today), "203.0.113.1") is None
    assert said(overrides.source_on(date(2026, 7, 1)), "203.0.113.1").countries == ("SG",)
    assert said(overrides.source_on(date(2026, 7, 2)), "203.0.113.1") is None


def test_the_same_network_twice_is_told_with_both_lines(load):
    with pytest.raises(PolicyError) as caught:
        load(
            "203.0.113.0/24; country: SG",
            "198.51.100.0/24; country: SG",
            "203.0.113.0/24; country: VN",
        )
    assert (
        "overrides.yaml:12: overrides[3].network: 203.0.113.0/24 stands twice (first in line 2)"
        in (caught.value.message)
    )


@pytest.mark.parametrize(
    ("entry", "told"),
    [
        ("203.0.113.9/24; country: SG", "bits are set behind its prefix"),
        ("0.0.0.0/0; country: SG", "wider than any network"),
        ("somewhere; country: SG", "is no network"),
        ("203.0.113.0/24; country: Singapore", "two capital letters"),
        ("203.0.113.0/24; country: EU", "two capital letters"),
        ("203.0.113.0/24; country: SG; anycast: true", "not both"),
        ("203.0.113.0/24", "state a country"),
        ("203.0.113.0/24; operator_country: US; country: SG", "needs the operator's name"),
        ("203.0.113.0/24; country: SG; until: 2026-01-01", "is before date"),
        ("203.0.113.0/24; country: SG; until: soon", "write a day"),
        ("203.0.113.0/24; contry: SG", "did you mean 'country'"),
    ],
)
def test_mistakes_are_told_with_their_line(load, entry, told):
    with pytest.raises(PolicyError, match=told) as caught:
        load(entry)
    assert "overrides.yaml:" in caught.value.message


@pytest.mark.parametrize(
    ("signed", "told"),
    [
        ("author: An\n    date: 2026-06-01", "reason: is missing"),
        ("author: An\n    reason: x", "date: is missing"),
        ("date: 2026-06-01\n    reason: x", "author: is missing"),
        ("author: ' '\n    date: 2026-06-01\n    reason: x", "author"),
        ("author: An\n    date: 2027-06-01\n    reason: x", "is a day to come"),
        ("author: An\n    date: 5\n    reason: x", "write a day"),
    ],
)
def test_author_day_and_reason_are_required(load, signed, told):
    with pytest.raises(PolicyError, match=told):
        load("203.0.113.0/24; country: SG", signed=signed)


def test_names_that_steer_the_screen_are_shown_without_that(load):
    overrides, _ = load(
        "203.0.113.0/24; country: SG",
        signed='author: "An\\u202e"\n    date: 2026-06-01\n    reason: "a\\nb\\e[2J"',
    )
    detail = said(overrides.source_on(overrides.today), "203.0.113.1").detail
    assert not any(mark in detail for mark in "\u202e\n\x1b")
