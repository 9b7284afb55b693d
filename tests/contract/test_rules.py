"""Every shipped rule answers its own examples, and rests on something an inspector can look up."""

from __future__ import annotations

from pathlib import Path

import pytest

from auditor import classify, policy
from auditor.model.catalogue import CategoryFile
from auditor.model.documents import read

POLICIES = Path(__file__).parents[2] / "policies"
RULES = policy.load_rules(POLICIES / "rules.yaml").rules


def hits(rule, **facts) -> bool:
    """Whether an example that hits has these facts."""
    return any(
        all(getattr(example, name) == value for name, value in facts.items())
        for example in rule.examples.hit
    )


QUESTIONS = {
    "core data that needs a passed assessment": lambda rule: (
        rule.coverable and hits(rule, category_level="core", category_personal=False)
    ),
    "important data that needs a dossier": lambda rule: (
        rule.coverable and hits(rule, category_level="important", category_personal=False)
    ),
    "personal data that needs an assessment": lambda rule: (
        rule.coverable and hits(rule, category_personal=True)
    ),
    "a system with protected data in clear text": lambda rule: hits(rule, encrypted=False),
    "a system nobody listed": lambda rule: hits(rule, listed=False),
    "a destination nobody knows": lambda rule: hits(rule, geo_state="unknown"),
    "core data for a foreign organisation in the country": lambda rule: (
        rule.coverable and hits(rule, category_level="core", crosses_border=False)
    ),
    "important data for one": lambda rule: (
        rule.coverable and hits(rule, category_level="important", crosses_border=False)
    ),
    "personal data for one": lambda rule: (
        rule.coverable and hits(rule, category_personal=True, crosses_border=False)
    ),
    "a server in a foreign organisation's network": lambda rule: hits(
        rule, operator_basis="network", crosses_border=False
    ),
}


@pytest.mark.parametrize("question", QUESTIONS)
def test_the_question_is_asked_by_a_rule(question):
    assert any(QUESTIONS[question](rule) for rule in RULES)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_every_rule_has_examples_that_hit_miss_and_stay_undecided(rule):
    assert rule.examples.hit
    assert rule.examples.miss
    assert rule.examples.undecided


def test_every_example_gives_what_it_says():
    assert [
        one for one in policy.tested(policy.load_rules(POLICIES / "rules.yaml")) if not one.passed
    ] == []


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_every_rule_says_its_law_its_doubt_and_a_next_step(rule):
    assert rule.legal
    assert all(basis.url.startswith("https://") or basis.mark == "M" for basis in rule.legal)
    assert rule.not_known
    assert rule.next_step.vi != rule.next_step.en


def test_no_code_stands_in_two_lists_of_categories():
    codes = [
        category.code
        for name in ("decision-20-2025.yaml", "decree-356-2025.yaml")
        for category in read(POLICIES / name, CategoryFile).categories
    ]
    assert len(codes) == len(set(codes)) == len(classify.catalogue(POLICIES).by_code)
