"""The rules file: what may stand in it, and what its mistakes say."""

from __future__ import annotations

import pytest

from auditor.model.errors import PolicyError
from auditor.policy import load_rules

REST = """
    title: {vi: Tiêu đề, en: Title}
    severity: low
    question: {vi: Câu hỏi, en: Question}
    on_unknown: ignore
    legal: [{instrument: Luật, article: Điều 1, says: {vi: a, en: b}, mark: C}]
    next_step: {vi: a, en: b}
"""


def mistakes(path):
    with pytest.raises(PolicyError) as caught:
        load_rules(path)
    return caught.value.message.splitlines()[1:]


def test_every_mistake_of_a_condition_is_told_at_once_with_its_line(written):
    path = written(f"""version: "1"
rules:
  - id: a
    when:
      all:
        - croses_border: {{is: true}}
        - level: {{equal: core}}
        - level: {{one_of: [cor]}}
        - outbound_bytes: {{at_least: -1}}
        - not: {{encrypted: {{}}}}
        - {{encrypted: {{is: true}}, listed: {{is: true}}}}
{REST}""")
    found = mistakes(path)
    assert [line.split(":")[1] for line in found] == ["6", "7", "8", "9", "10", "11"]
    assert "did you mean 'crosses_border'?" in found[0]
    assert "did you mean 'equals'?" in found[1]
    assert "'core', 'important', 'personal' or 'unclassified' (found 'cor')" in found[2]
    assert "greater than or equal to 0" in found[3]
    assert "name at least one operator" in found[4]
    assert "exactly one of `all`, `any`, `not` or one fact" in found[5]


def test_an_operator_must_fit_the_fact(written):
    path = written(f"""version: "1"
rules:
  - id: a
    when: {{crosses_border: {{at_least: 1}}}}
{REST}""")
    assert "4: rules[1].when.crosses_border.at_least: unknown key" in mistakes(path)[0]


def test_two_rules_cannot_have_one_id(written):
    rule = f"  - id: a\n    when: {{listed: {{is: true}}}}\n{REST}"
    found = mistakes(written(f'version: "1"\nrules:\n{rule}{rule}'))
    assert len(found) == 1
    assert found[0].split(":")[1] == "12"
    assert "another rule has the id 'a'" in found[0]


def test_a_condition_ends_at_eight_levels(written):
    deep = "{not: " * 8 + "{listed: {is: true}}" + "}" * 8
    found = mistakes(written(f'version: "1"\nrules:\n  - id: a\n    when: {deep}\n{REST}'))
    assert "more than 8 levels deep" in found[0]


def test_a_coverable_rule_is_grouped_by_category(written):
    path = written(f"""version: "1"
rules:
  - id: a
    when: {{listed: {{is: true}}}}
    coverable: true
    group_by: [recipient]
{REST}""")
    assert "a coverable rule needs `category`" in mistakes(path)[0]


def test_a_rule_that_names_only_facts_of_flows_is_not_asked_per_category(written):
    path = written(f"""version: "1"
rules:
  - id: a
    when: {{listed: {{is: false}}}}
    group_by: [recipient]
{REST}
  - id: b
    when: {{category_level: {{equals: core}}}}
    group_by: [recipient]
{REST}""")
    first, second = load_rules(path).rules
    assert (first.by_category, first.about_data) == (False, False)
    assert (second.by_category, second.about_data) == (True, True)


def test_a_provision_cannot_end_before_it_begins(written):
    rest = REST.replace("mark: C", "mark: C, in_force: 2026-01-01, until: 2025-12-31")
    path = written(f'version: "1"\nrules:\n  - id: a\n    when: {{listed: {{is: true}}}}\n{rest}')
    assert "before it comes into force" in mistakes(path)[0]


def test_every_shipped_provision_that_began_says_when(shipped):
    undated = {
        basis.article for rule in shipped.rules for basis in rule.legal if not basis.in_force
    }
    assert undated == {"Điều 39 khoản 2"}


def test_a_link_must_be_a_web_address(written):
    rest = REST.replace("mark: C", "mark: C, url: 'javascript:alert(1)'")
    path = written(f'version: "1"\nrules:\n  - id: a\n    when: {{listed: {{is: true}}}}\n{rest}')
    assert "url" in mistakes(path)[0]


def test_what_a_rule_names_must_exist(written, catalogue, regimes):
    path = written(f"""version: "1"
rules:
  - id: a
    regime: moon
    sanctions: [sun]
    when:
      any:
        - regime: {{equals: decree-156-core}}
        - categories:
            has_any:
              - B1
              - B99
        - content_labels: {{has_any: [state-secret, B1]}}
        - regime: {{one_of: [none, pdpl]}}
    examples: {{hit: [{{category: B98}}]}}
{REST}""")
    with pytest.raises(PolicyError) as caught:
        load_rules(path, catalogue, regimes)
    found = caught.value.message.splitlines()[1:]
    assert [line.split(":")[1] for line in found] == ["4", "5", "8", "12", "15"]
    assert "no regime 'moon' exists" in found[0]
    assert "no sanction 'sun' exists" in found[1]
    assert "did you mean 'decree-165-core'?" in found[2]
    assert "no category 'B99' exists" in found[3]
    assert load_rules(path).rules[0].regime == "moon"  # without lists nothing is compared
