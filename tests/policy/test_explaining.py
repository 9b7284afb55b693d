"""The chain of tests behind a finding, as it was asked of one flow."""

from __future__ import annotations

import pytest

from auditor import policy
from auditor.model.errors import InputError
from auditor.model.explanation import Asked
from auditor.policy import Law, candidates, explained
from auditor.policy.rules import RuleFile


@pytest.fixture
def told(flow_table, law, inventory):
    """The explanation of the finding of one rule in the given flows."""

    def ask(rule, *differences, by=law):
        table = candidates([flow_table(*differences)])
        found = policy.findings(table, law, inventory, None)
        (one,) = [each for each in found if each.rule == rule]
        return explained(one, table, by, inventory)

    return ask


def test_every_test_stands_with_the_value_it_was_asked_of(told):
    why = told("core-data-abroad", {"outbound_bytes": 7})
    assert why.asked[0] == Asked(0, "all of", "", True)
    assert Asked(1, "outbound_bytes at_least 1", "7", True) in why.asked
    assert Asked(1, 'regime equals "decree-165-core"', '"decree-165-core"', True) in why.asked


def test_what_is_not_known_is_told_as_such(told):
    why = told("core-data-abroad", {"outbound_bytes": None})
    assert Asked(1, "outbound_bytes at_least 1", "null", None) in why.asked
    assert why.asked[0].answer is None and why.on_unknown == "report"


def test_the_heaviest_flow_is_the_one_explained(told):
    assert told("core-data-abroad", {"outbound_bytes": 5}, {"outbound_bytes": 9}).flow_id == 2


def test_each_regime_says_whether_it_applies(told):
    why = told("core-data-abroad", {})
    assert why.regime == "decree-165-core"
    applying = dict(why.regime_asked)
    assert applying["decree-165-core"] is True
    assert applying["pdpl"] is applying["decree-165-important"] is False


def test_the_category_of_the_finding_is_the_one_that_is_explained(told):
    why = told("personal-data-abroad", {"categories": ["I.5", "B1"]})
    assert Asked(1, "category known true", '"B1"', True) in why.asked


def test_rules_without_the_findings_rule_are_other_policies(told, law):
    rules = RuleFile(version="1", rules=tuple(r for r in law.rules.rules if "core" not in r.id))
    with pytest.raises(InputError, match="no rule core-data-abroad"):
        told("core-data-abroad", {}, by=Law(rules, law.catalogue, law.regimes))


def test_a_table_without_the_flows_is_another_runs(flow_table, law, inventory):
    (one,) = policy.findings(candidates([flow_table({})]), law, inventory, None)
    other = candidates([flow_table({"flow_id": 99})])
    with pytest.raises(InputError, match="no flow of this finding"):
        explained(one, other, law, inventory)
