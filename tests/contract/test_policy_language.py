"""What docs/policy.md teaches is what the program takes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from auditor.policy.conditions import Condition
from auditor.policy.vocabulary import OPERATORS_OF, markdown

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "policy.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```yaml condition\n(.*?)```", PAGE, re.DOTALL)


@pytest.mark.parametrize("example", EXAMPLES, ids=range(len(EXAMPLES)))
def test_every_condition_of_the_page_is_one(example):
    assert Condition.model_validate(yaml.safe_load(example)).levels() >= 1


def test_every_operator_and_every_way_to_join_has_an_example():
    told = "\n".join(EXAMPLES)
    wanted = {name for names in OPERATORS_OF.values() for name in names} | {"all", "any", "not"}
    assert {name for name in wanted if not re.search(rf"\b{name}:", told)} == set()


def test_the_page_of_facts_is_fresh():
    page = (DOCS / "policy-facts.md").read_text(encoding="utf-8")
    assert page == markdown(), "run: python docs/make_policy_facts.py > docs/policy-facts.md"
