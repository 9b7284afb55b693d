from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from auditor.model.text import Text
from auditor.report.fold import Shared, common_doubts, folded

if TYPE_CHECKING:
    from auditor.model.run import Run


def test_only_what_is_equal_but_for_the_category_is_put_together(make_finding: Any) -> None:
    one = make_finding(3, id="1", category="B1")
    same = replace(one, id="2", category="B2", evidence=replace(one.evidence, subjects=5))
    other_flows = replace(
        one, id="3", category="B3", evidence=replace(one.evidence, flow_ids=(1, 2))
    )
    other_state = replace(one, id="4", category="B4", state="undecided")
    other_recipient = replace(one, id="5", category="B5", recipient="Somebody else")
    no_category = replace(one, id="6", category=None)
    nor_this = replace(one, id="7", category=None)
    groups = folded((other_flows, same, one, other_state, other_recipient, no_category, nor_this))
    assert sorted([sorted(each.id for each in group.members) for group in groups]) == [
        ["1", "2"], ["3"], ["4"], ["5"], ["6"], ["7"]
    ]  # fmt: skip
    assert [group.place for group in groups] == [1, 2, 3, 4, 5, 6]


def test_nothing_is_lost_and_the_order_of_the_run_does_not_matter(run: Run) -> None:
    groups = folded(run.findings)
    assert sorted(each.id for group in groups for each in group.members) == sorted(
        each.id for each in run.findings
    )
    assert folded(reversed(run.findings)) == groups


def test_the_heaviest_member_speaks_for_the_group(make_finding: Any) -> None:
    light = make_finding(3, category="A", severity="low")
    heavy = make_finding(3, category="Z", severity="high")
    (group,) = folded((light, heavy))
    assert group.head.severity == "high"
    assert group.severities == [Shared("high", ("Z",)), Shared("low", ("A",))]


def test_a_code_is_found_as_a_word_and_not_inside_another(make_finding: Any) -> None:
    findings = [
        make_finding(3, category=code, known_by=(Text(f"{code}, B12.", f"{code} and B12."),))
        for code in ("B1", "B2")
    ]
    (group,) = folded(findings)
    assert group.known_by == [Shared(Text("B1, B2, B12.", "B1, B2 and B12."))]


def test_a_doubt_is_common_only_to_many(make_finding: Any) -> None:
    rare = Text("hiếm", "rare")
    often = Text("hay gặp", "frequent")
    doubts = [[Shared(often)] for _ in range(4)] + [[Shared(often, ("B1",)), Shared(rare)]]
    assert common_doubts(doubts) == (often,)
    assert common_doubts(doubts[:4]) == ()
