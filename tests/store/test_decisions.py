from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from auditor.model.errors import InputError, StoreError
from auditor.model.finding import STANDINGS, Plan, Step
from auditor.store import decisions, findings, runs
from auditor.store.retention import pruned
from tests.store import made

AT = made.BEGIN + timedelta(days=1, hours=2)
STEP = Step("acknowledged", AT, "Nguyễn An", "security-unit", "Đã đối chiếu với đơn vị vận hành.")
PLAN = Plan(
    "Tổ CNTT", "Chuyển bản sao về nước", "30/12/2026", "Trưởng phòng", "Biên bản", "Giám đốc Sở"
)


def night(store, number, *found, job="nightly"):
    run = made.run(number, *found)
    with store.writing() as connection:
        news = findings.recorded(connection, job, run)
        runs.added(connection, job, run, None, news)
    return news


def decide(store, name="F-1", **changes):
    with store.writing() as connection:
        return decisions.decided(connection, name, replace(STEP, **changes))


def life(store, name="F-1"):
    with store.reading() as connection:
        return decisions.steps(connection, [name]).get(name, ())


def seen(number, outbound=1000, name="F-1"):
    """A finding whose traffic went on in the night of that number."""
    one = made.finding(name, outbound)
    at = made.BEGIN + timedelta(days=number)
    return replace(one, evidence=replace(one.evidence, last=at))


def test_a_finding_without_a_decision_is_open(store):
    night(store, 1, made.finding())
    assert life(store) == ()
    assert decisions.standing(()) == "open"


def test_steps_are_added_the_newest_first_and_none_is_lost(store):
    night(store, 1, made.finding())
    for each in STANDINGS:
        decide(store, standing=each, until=date(2027, 1, 1))
    told = life(store)
    assert [each.standing for each in told] == list(reversed(STANDINGS))
    assert told[0] == replace(STEP, standing="accepted-risk", until=date(2027, 1, 1))
    assert decisions.standing(told) == "accepted-risk"


def test_a_plan_keeps_its_six_points_and_acknowledges_what_was_open(store):
    night(store, 1, made.finding())
    for before, after in (
        ("open", "acknowledged"), ("remediated", "acknowledged"), ("accepted-risk", "accepted-risk")
    ):  # fmt: skip
        decide(store, standing=before, until=date(2027, 1, 1))
        with store.writing() as connection:
            decisions.planned(connection, "F-1", PLAN, STEP)
        assert (life(store)[0].standing, life(store)[0].plan) == (after, PLAN)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"why": "vì thế"}, "why has less than 10 characters"),
        ({"why": " \n "}, "why says nothing"),
        ({"who": " "}, "who says nothing"),
        ({"role": ""}, "role says nothing"),
        ({"who": "x" * 201}, "who is longer than 200"),
        ({"standing": "closed"}, "standing is none of open"),
        ({"until": date(2026, 11, 22)}, "until (2026-11-22) is over"),
        ({"standing": "accepted-risk"}, "needs a plan, or a day"),
        ({"plan": replace(PLAN, work=" ")}, "work of the plan says nothing"),
    ],
)
def test_a_step_that_lacks_something_is_refused_and_nothing_stays(store, changes, said):
    night(store, 1, made.finding())
    with pytest.raises(InputError) as error:
        decide(store, **changes)
    assert said in error.value.message
    assert life(store) == ()


def test_a_risk_is_accepted_on_a_plan_that_stands_already(store):
    night(store, 1, made.finding())
    decide(store, plan=PLAN)
    decide(store, standing="accepted-risk")
    assert decisions.standing(life(store)) == "accepted-risk"


def test_a_finding_is_named_by_the_beginning_of_its_id(store):
    night(store, 1, made.finding("F-12"), made.finding("F-13"))
    assert decide(store, "F-12") == "F-12"
    for name, said in (("F-1", "several"), ("", "no such"), ("F-2", "no such"), ("%", "no such")):
        with pytest.raises(StoreError) as error:
            decide(store, name)
        assert said in error.value.message
    assert "auditor finding list" in error.value.hint


def test_a_run_gets_the_life_of_its_findings(store):
    night(store, 1, made.finding())
    decide(store)
    run = made.run(2, made.finding(), made.finding("F-2"))
    with store.reading() as connection:
        told = decisions.with_life(connection, run)
        assert [each.life for each in told.findings] == [(STEP,), ()]
        assert (
            decisions.with_life(connection, made.run(2, made.finding("F-2"))).findings[0].life == ()
        )


def test_hostile_text_comes_back_as_every_database_can_hold_it(store):
    night(store, 1, made.finding())
    decide(store, who="\0' OR 1=1 --", why="<script>\ud800</script> &c.")
    assert life(store)[0].who == r"\x00' OR 1=1 --"


def test_lists_are_chosen_by_standing_and_by_state(store):
    night(store, 1, made.finding(), made.finding("F-2", state="exempt"), made.finding("F-3"))
    decide(store, standing="acknowledged")
    decide(store, standing="open")
    decide(store, "F-2", standing="claimed-exempt")
    with store.reading() as connection:

        def listed(**wanted):
            return sorted(each.finding_id for each in findings.present(connection, **wanted))

        assert listed(standing="open") == ["F-1", "F-3"]
        assert listed(standing="claimed-exempt") == ["F-2"]
        assert listed(standing="acknowledged") == []
        assert listed(state="exempt") == ["F-2"]
        assert listed(state="open", standing="claimed-exempt") == []


def test_what_was_remediated_and_goes_on_is_back_once_and_its_steps_stay(store):
    night(store, 1, seen(1))
    decide(store, standing="remediated")
    assert night(store, 2, seen(1)).same  # of captures from before the decision
    assert night(store, 3, seen(3)).back
    assert night(store, 4, seen(4)).same
    assert [each.standing for each in life(store)] == ["remediated"]
    decide(store, standing="remediated", at=made.BEGIN + timedelta(days=5))
    assert night(store, 6, seen(6)).back


def test_what_was_not_remediated_is_not_back(store):
    night(store, 1, seen(1))
    decide(store)
    assert night(store, 3, seen(3)).same


def test_what_is_new_to_another_job_is_new_there(store):
    night(store, 1, seen(1))
    decide(store, standing="remediated")
    assert night(store, 3, seen(3), job="weekly").new


def test_a_finding_is_remembered_by_each_of_its_jobs(store):
    night(store, 1, made.finding())
    night(store, 2, made.finding(), job="weekly")
    with store.reading() as connection:
        assert [each.job for each in findings.jobs_with(connection, "F-1")] == ["weekly", "nightly"]
        assert findings.jobs_with(connection, "F-9") == ()


def test_what_was_decided_outlives_the_runs_that_had_the_finding(store):
    night(store, 1, made.finding())
    decide(store)
    night(store, 2000, made.finding("F-2"))
    pruned(store, 36, 12, 12, made.BEGIN + timedelta(days=2001))
    with store.reading() as connection:
        assert findings.jobs_with(connection, "F-1") == ()
    assert [each.standing for each in life(store)] == ["acknowledged"]
    assert decide(store, standing="remediated") == "F-1"
