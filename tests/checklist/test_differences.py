from __future__ import annotations

from dataclasses import replace

import pytest

from auditor import readiness
from auditor.checklist.differences import differences
from auditor.model.problem import Problem
from auditor.model.readiness import Attestation, Measure, Waiver
from tests.checklist.beginnings import NOW

MEASURE = Measure(who="An", what="vá", due="2026-12-01", responsible="", product="", authority="")
WORD = Attestation(
    holds=True, person="Bình", role="owner", unit="", statement="đúng", at=NOW,
    valid_until="2027-01-01",
)  # fmt: skip
WAIVER = Waiver(approver="Chi", role="leader", reason="r", at=NOW, until="2027-01-01")


@pytest.fixture
def look(assessed):
    found = readiness.readiness(assessed, NOW)
    first = replace(found.items[0], measure=MEASURE, attestations=(WORD,), waiver=WAIVER)
    return replace(found, items=(first, *found.items[1:]))


def changed(look, **values):
    return replace(look, items=(replace(look.items[0], **values), *look.items[1:]))


def test_the_same_look_twice_is_no_difference(look):
    assert differences(look, look) == ()


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"measure": replace(MEASURE, due="2029-12-01")}, "remedy: An vá 2026-12-01 → An vá 2029"),
        ({"measure": None}, "remedy: An vá 2026-12-01 → -"),
        ({"attestations": ()}, "attested by: Bình (owner): yes → -"),
        ({"attestations": (replace(WORD, holds=False),)}, "→ Bình (owner): no"),
        ({"waiver": replace(WAIVER, until="2027-06-01")}, "waiver: Chi 2027-01-01 → Chi 2027-06"),
        ({"explanation": "khác"}, "explanation: - → khác"),
    ],
)
def test_what_was_said_of_an_item_is_compared(look, values, says):
    (line,) = differences(look, changed(look, **values))
    assert says in line.en
    assert line.vi != line.en


def test_gates_turned_off_and_own_numbers_are_compared(look):
    off = Problem("gate-turned-off", "assessment.yaml", "The agency does not keep API-01")
    (line,) = differences(look, replace(look, problems=(off,)))
    assert "API-01" in line.en


def test_another_checklist_of_the_same_version_is_named(look):
    (line,) = differences(look, replace(look, checklist_sha256="0" * 64))
    assert "Content of the checklist" in line.en


def test_other_conditions_of_the_system_are_named(look):
    other = replace(look, subject=replace(look.subject, conditions=()))
    (line,) = differences(look, other)
    assert "personal-data → -" in line.en
