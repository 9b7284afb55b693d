"""The tree of a condition."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from auditor.policy.conditions import Condition, Facts


def condition(written):
    return Condition.model_validate(written)


def test_a_tree_names_its_facts_and_its_depth():
    tree = condition(
        {"all": [{"listed": {"is": True}}, {"not": {"any": [{"app": {"equals": "tls"}}]}}]}
    )
    assert tree.facts() == {"listed", "app"}
    assert tree.levels() == 4


def test_a_fact_may_carry_several_operators():
    ((name, test),) = condition({"outbound_bytes": {"below": 9, "at_least": 1}}).tests
    assert name == "outbound_bytes"
    assert list(test.operators()) == [("at_least", 1), ("below", 9)]


@pytest.mark.parametrize(
    "written",
    [
        {},
        {"all": []},
        {"listed": {}},
        {"listed": {"is": "true"}},
        {"level": {"one_of": []}},
        {"outbound_bytes": {"at_least": 2**63}},
        {"outbound_bytes": {"at_least": True}},
        {"listed": {"is": True}, "app": {"equals": "tls"}},
    ],
)
def test_what_says_nothing_or_too_much_is_refused(written):
    with pytest.raises(ValidationError):
        condition(written)


def test_examples_know_the_same_facts_and_values():
    assert Facts.model_validate({"level": None, "categories": ["B1"]}).level is None
    for wrong in ({"level": "cor"}, {"colour": "red"}, {"outbound_bytes": "many"}):
        with pytest.raises(ValidationError):
            Facts.model_validate(wrong)
