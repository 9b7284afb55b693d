"""What a changed policy adds, removes and changes in the same flows."""

from __future__ import annotations

import pytest

from auditor import policy
from auditor.policy import Law, candidates, differences


@pytest.fixture
def changed(flow_table, law, inventory):
    """The differences after each rule went through ``change`` (null = it goes)."""

    def ask(change, *flows):
        table = candidates([flow_table(*flows)])
        rules = [new for rule in law.rules.rules if (new := change(rule)) is not None]
        other = law.rules.model_copy(update={"rules": tuple(rules)})
        before = policy.findings(table, law, inventory, None)
        after = policy.findings(table, Law(other, law.catalogue, law.regimes), inventory, None)
        there, back = differences(before, after), differences(after, before)
        return there, back

    return ask


def test_the_same_policy_changes_nothing(changed):
    assert changed(lambda rule: rule, {}, {"categories": ["B1"]}) == ((), ())


def test_a_rule_that_goes_takes_its_findings_along_and_brings_them_back(changed):
    there, back = changed(lambda rule: None if rule.id == "core-data-abroad" else rule, {})
    assert [(each.kind, each.rule) for each in there] == [("removed", "core-data-abroad")]
    assert [(each.kind, each.rule) for each in back] == [("added", "core-data-abroad")]
    assert there[0].flows == 1


def test_another_severity_is_a_change_with_both_values(changed):
    def milder(rule):
        return rule.model_copy(update={"severity": "low"}) if "core" in rule.id else rule

    (there,), _ = changed(milder, {})
    assert (there.kind, there.changes) == ("changed", (("severity", "critical", "low"),))


def test_another_state_is_a_change_and_not_a_finding_that_comes_and_goes(changed):
    def asking(rule):
        return rule.model_copy(update={"on_hit": "undecided"}) if "core" in rule.id else rule

    (there,), _ = changed(asking, {})
    assert there.kind == "changed" and ("state", "open", "undecided") in there.changes


def test_provisions_that_come_and_go_are_named(changed):
    def shorter(rule):
        return rule.model_copy(update={"legal": rule.legal[:1]}) if "core" in rule.id else rule

    (there,), (back,) = changed(shorter, {})
    assert there.legal and all(each.startswith("- ") for each in there.legal)
    assert [each[2:] for each in back.legal] == [each[2:] for each in there.legal]
