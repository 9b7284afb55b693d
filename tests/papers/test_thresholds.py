from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import numpy as np

from auditor.model.content import Sought
from auditor.model.ledger import Carried, DayCount, DayTotal, Ledger, Route
from auditor.model.subjects import Subjects
from auditor.model.text import Text
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
    days = [date(2026, 1, 1) + timedelta(days=each) for each in range(200)]
    ledger = Ledger(tuple(DayTotal(day, route, 1, 900, 600) for day in days))
    one = held("B7", 600, "estimated")
    assert asked(told(one)) is None
    answers = told(one, ledger=ledger)
    assert asked(answers) is True
    assert "theo sổ cộng dồn từ 01/01/2026" in answers[0].says
    assert asked(told(ledger=ledger)) is True
    assert asked(told(one, ledger=ledger, recipient="other")) is False
    few = Ledger(ledger.totals[:3])
    before = Ledger(tuple(replace(each, day=date(2025, 12, 31)) for each in ledger.totals))
    assert asked(told(ledger=before)) is False
    assert asked(told(ledger=few)) is None


def test_subjects_that_the_ledger_counted_over_recipients_and_days_ask_for_the_part():
    def count(first, recipient, name="health"):
        state = Subjects(np.arange(first, first + 6_000, dtype=np.uint64)).to_bytes()
        return DayCount(date(2026, 9, 14), "Sở Mẫu", "portal", recipient, name, True, state)

    sought = (
        Sought("health", Text("Mã bệnh", "Illness"), ("S-d",), "person", "C"),
        Sought("tax", Text("Mã số thuế", "Tax code"), ("S-d",), "organisation", "C"),
    )
    ledger = Ledger(counts=(count(0, "A"), count(5_000, "B")))
    answers = told(ledger=ledger, sought=sought)
    assert asked(answers) is True
    assert "vượt theo số đếm được: đếm được 11.000 (Mã bệnh; sổ cộng dồn" in answers[1].says
    assert asked(told(ledger=Ledger(counts=ledger.counts[:1]), sought=sought)) is None
    assert asked(told(ledger=ledger, sought=sought, recipient="other")) is False
    firms = Ledger(counts=(count(0, "A", "tax"), count(5_000, "B", "tax")))
    assert asked(told(ledger=firms, sought=sought)) is False


def test_a_system_has_no_more_subjects_than_it_holds_however_many_receive_them():
    small = INVENTORY.model_copy(
        update={"systems": (INVENTORY.systems[0].model_copy(update={"subjects": 60_000}),)}
    )
    both = (held("B7", 60_000, "estimated"), replace(held("B7", 60_000, "estimated"), id="f2",
            recipient="Example Telecom"))  # fmt: skip
    assert asked(told(*both, inventory=small)) is False
    assert asked(told(*both)) is True


def test_a_total_that_may_have_crossed_a_line_is_no_category_of_the_transfer():
    running = finding(
        category="II.18a", state="undecided", evidence=evidence(peers=(), flow_ids=())
    )
    assert asked(told(running)) is False
