from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

from auditor.model.ledger import Carried, DayTotal, Ledger, Route
from auditor.papers.thresholds import asked, reached
from tests.papers.conftest import INVENTORY, evidence, finding, material, run


def told(*findings, **changes):
    return reached(material(replace(run(), findings=findings), **changes))


def held(code, subjects, basis):
    return finding(category=code, evidence=evidence(subjects=subjects, subjects_basis=basis))


def test_a_number_counted_above_the_threshold_asks_for_the_part():
    answers = told(held("S-d", 10_001, "counted"))
    assert asked(answers) is True
    assert "vượt theo số đếm được" in answers[1].says


def test_the_threshold_itself_does_not():
    small = INVENTORY.model_copy(
        update={"systems": (INVENTORY.systems[0].model_copy(update={"subjects": 10_000}),)}
    )
    assert asked(told(held("S-d", 10_000, "counted"), inventory=small)) is False


def test_an_estimate_above_the_threshold_asks_too_and_says_that_it_is_one():
    answers = told(held("B7", 100_001, "estimated"))
    assert asked(answers) is True
    assert "vượt theo ước tính, đơn vị xác nhận" in answers[0].says


def test_below_it_nothing_is_ruled_out_unless_the_systems_hold_no_more():
    assert asked(told(held("B7", 300, "estimated"))) is None
    small = INVENTORY.model_copy(
        update={"systems": (INVENTORY.systems[0].model_copy(update={"subjects": 5_000}),)}
    )
    assert asked(told(held("B7", 300, "estimated"), inventory=small)) is False


def test_without_personal_data_the_part_is_not_asked_for():
    assert asked(told(finding(category="I.t-geospatial"))) is False


def test_citizen_data_of_the_decisions_lists_asks_for_it():
    answers = told(held("II.18a", None, None))
    assert asked(answers) is True
    assert "II.18a" in answers[-1].says


def test_with_a_ledger_many_small_transfers_add_up():
    route = Route("Sở Mẫu", "portal", "Example Cloud", "SG", (Carried("B7", "pdpl"),))
    days = [date(2025, 8, 1) + timedelta(days=each) for each in range(200)]
    ledger = Ledger(tuple(DayTotal(day, route, 1, 900, 600) for day in days))
    one = held("B7", 600, "estimated")
    assert asked(told(one)) is None
    answers = told(one, ledger=ledger)
    assert asked(answers) is True
    assert "theo sổ cộng dồn từ 01/07/2025" in answers[0].says
    assert asked(told(ledger=ledger)) is True
    assert asked(told(one, ledger=ledger, recipient="other")) is False
    few = Ledger(ledger.totals[:3])
    assert asked(told(ledger=few)) is None
