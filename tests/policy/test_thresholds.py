"""Thresholds that many transfers cross together: what was counted, and what is only estimated."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pyarrow as pa
import pytest

from auditor import policy
from auditor.model.catalogue import Catalogue, Threshold
from auditor.model.content import Sought
from auditor.model.errors import StoreError
from auditor.model.inventory import Inventory, System
from auditor.model.ledger import (
    TRANSFERS,
    Carried,
    DayCount,
    DayTotal,
    Ledger,
    Route,
    Transfers,
)
from auditor.model.regimes import RunningThreshold
from auditor.model.subjects import Subjects
from auditor.model.text import Text
from auditor.policy import Law
from tests.policy.conftest import category

OWNER = "Sở Y tế"
DAY = date(2026, 3, 1)
TITLE = {"vi": "Đạt ngưỡng dữ liệu quan trọng", "en": "The threshold of important data"}
BASIS = {
    "instrument": "Nghị định 165/2025/NĐ-CP", "article": "Điều 12 khoản 10", "says": TITLE,
    "mark": "C",
}  # fmt: skip
ROUTE = Route(OWNER, "his", "Cloud", "SG", (Carried("B7", "pdpl"),))
OTHER = replace(ROUTE, recipient="Mail Ltd", country="US")
SOUGHT = tuple(
    Sought(name, Text(name, name), labels, subject, "C")
    for name, labels, subject in (
        ("personal-number", ("B7",), "person"),
        ("phone", ("B4",), "person"),
        ("elsewhere", ("S-k",), "person"),
        ("company", ("B7",), "organisation"),
    )
)


def threshold(**changes):
    fields = {
        "id": "important-basic", "title": TITLE, "category": "II.18a", "labels": ["B7", "B4"],
        "since": date(2025, 7, 1), "severity": "high", "next_step": TITLE, "legal": [BASIS],
    }  # fmt: skip
    return RunningThreshold.model_validate({**fields, **changes})


def number(least, below=None, mark="S", counts="citizens"):
    return Threshold(counts=counts, at_least=least, below=below, mark=mark)


HUNDRED = number(100)


@pytest.fixture
def judged(shipped, regimes):
    """The findings about thresholds; keyword ``limit`` is what the category list says."""

    def judge(totals=(), counts=(), *, limit=HUNDRED, rules=None, inventory=None, **more):
        codes = Catalogue((category("II.18a", "important", personal=True, threshold=limit),))
        law = Law(
            shipped, codes, regimes.model_copy(update={"thresholds": rules or (threshold(),)})
        )
        first = min((each.day for each in totals), default=None)
        ledger = Ledger(tuple(totals), tuple(counts), first)
        return policy.crossed(ledger, law, inventory, SOUGHT, **more)

    return judge


def total(day=0, records=None, route=ROUTE, flows=1, size=1000):
    return DayTotal(DAY + timedelta(days=day), route, flows, size, records)


def count(many, day=0, first=0, detector="personal-number", **changes):
    state = Subjects(np.arange(first, first + many, dtype=np.uint64)).to_bytes()
    made = DayCount(DAY + timedelta(days=day), OWNER, "his", "Cloud", detector, True, state)
    return replace(made, **changes)


def test_many_small_transfers_that_add_up_are_seen_on_the_day_they_do(judged):
    totals = [total(day) for day in range(5)]
    counts = [count(30, day, first=30 * day) for day in range(5)]
    (one,) = judged(totals, counts)
    running = one.evidence.running
    assert (one.state, one.rule, one.category) == ("open", "important-basic", "II.18a")
    assert (one.system, one.recipient, one.countries) == (None, "*", ("SG",))
    assert running.crossed == DAY + timedelta(days=3)
    assert (running.counted, running.exact, running.threshold) == (150, True, 100)
    assert (running.owner, running.estimated, running.alone) == (OWNER, None, False)
    assert [each.name for each in running.systems] == ["his"]
    assert [(each.name, each.flows) for each in running.recipients] == [("Cloud", 5)]
    assert (one.evidence.flows, one.evidence.outbound_bytes) == (5, 5000)
    assert (one.evidence.subjects, one.evidence.subjects_basis) == (150, "counted")
    assert one.evidence.flow_ids == one.evidence.lines == ()
    assert "04/03/2026" in one.known_by[1].vi and "4 March 2026" in one.known_by[1].en
    assert one.legal[0].article == "Điều 12 khoản 10"


def test_the_same_people_again_and_again_cross_nothing(judged):
    assert judged([total()], [count(99, day) for day in range(9)]) == ()


def test_several_detectors_of_persons_are_never_added(judged):
    counts = [count(70), count(60, detector="phone")]
    assert judged([total()], counts) == ()
    (one,) = judged([total()], [*counts, count(40, 1, first=70)])
    assert one.evidence.running.counted == 110


@pytest.mark.parametrize(
    "changes",
    [
        {"outbound": False}, {"outbound": None}, {"detector": "elsewhere"}, {"detector": "company"},
        {"recipient": "At home"}, {"system": None}, {"owner": "Ai khác"},
        {"day": -245},
    ],
    ids=str,
)  # fmt: skip
def test_what_did_not_leave_or_is_not_meant_does_not_count(judged, changes):
    assert judged([total()], [count(500, **changes)]) == ()


def test_an_estimate_alone_leaves_it_undecided(judged):
    totals = [total(day, records=60) for day in range(3)]
    (one,) = judged(totals, [count(5)])
    running = one.evidence.running
    assert (one.state, one.certainty) == ("undecided", "weak")
    assert running.crossed == DAY + timedelta(days=1)
    assert (running.counted, running.estimated) == (5, 180)
    assert one.known_by[1].vi.startswith("Theo ước tính, ngưỡng 100 có thể đã đạt vào ngày 02/03")
    assert "may have been reached" in one.known_by[1].en
    assert judged([total(records=60)], [count(60)]) == (), "they are never added"


def test_a_system_sends_no_more_subjects_than_it_has(judged):
    systems = (System(id="his", name="HIS", hosts=("a.vn",), subjects=80),)
    inventory = Inventory(agency=OWNER, systems=systems)
    totals = [total(records=60), total(1, records=60, route=OTHER)]
    assert judged(totals, inventory=inventory) == ()
    (one,) = judged(totals, inventory=inventory, limit=number(80))
    assert one.evidence.running.estimated == 80
    assert "HIS" in one.known_by[-2].vi


def test_categories_with_other_labels_are_no_estimate(judged):
    other = replace(ROUTE, carried=(Carried("S-k", "pdpl"),))
    assert judged([total(records=500, route=other)]) == ()


@pytest.mark.parametrize("limit", [number(None, mark="M"), None])
def test_a_threshold_without_a_number_is_undecided_from_the_first_subject_on(judged, limit):
    (one,) = judged([total()], [count(1)], limit=limit)
    assert (one.state, one.evidence.running.threshold) == ("undecided", None)
    assert any("could not be confirmed" in each.en for each in one.not_known)
    assert judged([total()], limit=limit) == ()


@pytest.mark.parametrize(("mark", "state"), [
    ("C", "open"), ("S", "open"), ("T", "undecided"), ("M", "undecided"),
])  # fmt: skip
def test_a_number_that_is_not_confirmed_is_never_more_than_undecided(judged, mark, state):
    (one,) = judged([total()], [count(200)], limit=number(100, mark=mark))
    assert one.state == state


def test_where_a_higher_threshold_speaks_the_lower_one_is_silent(judged):
    assert judged([total()], [count(200)], limit=number(100, below=200)) == ()
    assert len(judged([total()], [count(199)], limit=number(100, below=200))) == 1


def test_a_threshold_with_its_own_number_is_crossed_above_it(judged):
    rules = (threshold(category=None, above=100),)
    assert judged([total()], [count(100)], rules=rules) == ()
    (one,) = judged([total()], [count(101)], rules=rules)
    assert (one.category, one.evidence.running.threshold) == (None, 101)


def test_organisations_are_counted_by_detectors_of_organisations(judged):
    limit = number(100, counts="organisations")
    assert judged([total(records=500)], [count(500)], limit=limit) == ()
    assert len(judged([total()], [count(100, detector="company")], limit=limit)) == 1


def test_each_owner_has_its_own_total_and_its_own_finding(judged):
    theirs = replace(ROUTE, owner="Sở Tài chính")
    totals = [total(), total(route=theirs)]
    mine = [count(150), count(60, owner="Sở Tài chính")]
    assert len(judged(totals, mine)) == 1
    found = judged(totals, [*mine, count(100, owner="Sở Tài chính")])
    assert len({each.id for each in found}) == 2
    again = judged([*totals, total(9)], [*mine, count(9, 9, first=999)])
    assert again[0].id in {each.id for each in found}, "it stays the same finding"


def test_owners_that_cross_it_only_together_leave_it_undecided(judged):
    theirs = replace(ROUTE, owner="Sở Tài chính")
    totals = [total(), total(route=theirs)]
    counts = [count(60), count(60, first=60, owner="Sở Tài chính")]
    (found,) = judged(totals, counts)
    assert (found.state, found.evidence.running.counted) == ("undecided", 120)
    assert found.evidence.running.owner == f"Sở Tài chính; {OWNER}"
    assert any("chỉ khi cộng chung" in said.vi for said in found.not_known)
    same = [count(60), count(60, owner="Sở Tài chính")]
    assert judged(totals, same) == (), "the same sixty people"
    (alone,) = judged(totals, [*counts, count(100, day=1)])
    assert (alone.state, alone.evidence.running.owner) == ("open", OWNER)


def test_one_run_alone_says_so(judged):
    (one,) = judged([total()], [count(100)], alone=True)
    assert "Only transfers of this run" in one.known_by[0].en
    (one,) = judged([total()], [count(100)])
    assert "over all runs" in one.known_by[0].en
    assert "1 March 2026" in one.not_known[0].en, "what was before the first traffic"


def test_a_damaged_count_is_told(judged):
    with pytest.raises(StoreError, match="no count of subjects"):
        judged([total()], [count(5, state=b"xx")])


def test_how_far_it_is_is_told_for_thresholds_that_are_not_crossed_too(shipped, regimes):
    codes = Catalogue((category("II.18a", "important", threshold=number(100)),))
    law = Law(shipped, codes, regimes.model_copy(update={"thresholds": (threshold(),)}))
    ledger = Ledger((total(records=120),), (count(40),), DAY)
    (one,) = policy.progress(ledger, law, None, SOUGHT)
    assert (one.owner, one.counted, one.estimated, one.line.least) == (OWNER, 40, 120, 100)
    assert (one.reached, one.perhaps) == (None, DAY)


def test_findings_about_thresholds_take_the_place_of_those_before(judged, law, regimes):
    laws = replace(law, regimes=regimes.model_copy(update={"thresholds": (threshold(),)}))
    (old,) = judged([total()], [count(100)], alone=True)
    (new,) = judged([total(), total(1)], [count(150)])
    other = replace(old, id="other", rule="another-rule", severity="critical")
    assert policy.with_crossed([old, other], [new], laws) == (other, new)
    assert policy.with_crossed([old, other], [], laws) == (other,)


def test_one_run_adds_up_as_the_store_does():
    hour = 3600 * 10**9
    noon = (DAY - date(1970, 1, 1)).days * 24 * hour + 5 * hour
    flows = pa.table(
        [
            [1, 1, 1, 2],
            [noon, noon + hour, noon, noon + 13 * hour],
            [noon + hour, noon + 2 * hour, noon + 2 * hour, noon + 14 * hour],
            [0, 0, 1, 1],
            [40, 60, 100, 2**62],
            [None, None, 3, None],
        ],
        schema=TRANSFERS,
    )
    found = policy.own_ledger(Transfers((ROUTE, OTHER), flows), ())
    assert [(each.day, each.route, each.flows, each.bytes) for each in found.totals] == [
        (DAY, OTHER, 1, 100),
        (DAY + timedelta(days=1), OTHER, 1, 2**62),
    ]
    assert [each.records for each in found.totals] == [3, None]
    assert found.complete_from == DAY
    assert found.first_seen == {("his", "Mail Ltd", "B7"): DAY}
    assert policy.own_ledger(Transfers(), ()).totals == ()


def test_a_finding_without_flows_stands_in_the_report_and_the_document(judged):
    from auditor import report
    from auditor.model.run import from_json, to_json
    from tests.store import made

    hostile = replace(ROUTE, recipient="<script>alert(1)</script>")
    (one,) = judged([total(route=hostile)], [count(100, recipient=hostile.recipient)])
    run = made.run(1, one)
    assert from_json(to_json(run), "run.json") == run
    shown = report.html(run)
    assert "Đạt ngưỡng dữ liệu quan trọng" in shown
    assert "<script>alert(1)" not in shown
