"""Examples of rules run through the evaluator, and everything unwise in a rules file."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from auditor import classify, policy
from auditor.model.errors import PolicyError
from auditor.policy import lint, lint_regimes, load_rules, sources

SHIPPED = Path(__file__).parents[2] / "policies" / "rules.yaml"


def test_every_example_of_every_shipped_rule_gives_what_it_says(shipped):
    results = policy.tested(shipped)
    assert len(results) > 50
    assert [result for result in results if not result.passed] == []


def test_every_shipped_rule_has_an_example_of_each_answer(shipped):
    for rule in shipped.rules:
        answers = {result.expected for result in policy.tested(shipped) if result.rule == rule.id}
        assert answers == {"hit", "miss", "undecided"}, rule.id


def test_an_altered_example_fails_by_name(written):
    text = SHIPPED.read_text(encoding="utf-8")
    wanted = "category: II.10, category_level: important, category_personal: false"
    path = written(text.replace(wanted, "category: II.10, category_level: personal", 1))
    (failed,) = [result for result in policy.tested(load_rules(path)) if not result.passed]
    assert (failed.rule, failed.expected, failed.number, failed.got) == (
        "important-data-abroad",
        "hit",
        1,
        "miss",
    )
    assert any("example hit[1] gives miss" in line for line in lint(path))


def test_the_shipped_rules_lint_clean():
    assert lint(SHIPPED) == []


def test_lint_gives_mistakes_with_their_line(written):
    path = written('version: "1"\nrulez: []\n')
    assert lint(path) == [
        f"{path}:1: rules: is missing",
        f"{path}:2: rulez: unknown key; did you mean 'rules'?",
    ]


def test_lint_of_a_missing_file_says_so(tmp_path):
    (only,) = lint(tmp_path / "none.yaml")
    assert "no such file" in only


def test_lint_warns_of_missing_examples_and_links(written):
    path = written("""version: "1"
rules:
  - id: a
    title: {vi: Tiêu đề, en: Title}
    severity: low
    question: {vi: Câu hỏi, en: Question}
    when: {listed: {is: true}}
    on_unknown: ignore
    legal: [{instrument: Luật, article: Điều 1, says: {vi: a, en: b}, mark: C}]
    next_step: {vi: a, en: b}
    examples: {hit: [{listed: true}]}
""")
    found = "\n".join(lint(path))
    assert "has no example that misses" in found
    assert "has no example that stays undecided" in found
    assert "has no example that hits" not in found
    assert "names no url" in found
    assert "outbound_bytes" in found


def test_sources_name_version_and_digest_of_the_files(law):
    rules, regimes = sources(SHIPPED.parent, law)
    assert (rules.kind, rules.name, rules.version) == ("policy", "rules.yaml", law.rules.version)
    assert (regimes.name, regimes.version) == ("regimes.yaml", law.regimes.version)
    assert rules.sha256 == hashlib.sha256(SHIPPED.read_bytes()).hexdigest()


def test_a_file_that_went_away_is_told(law, tmp_path):
    with pytest.raises(PolicyError, match="cannot be read"):
        sources(tmp_path, law)


def test_the_shipped_regimes_lint_clean():
    shipped_lists = classify.catalogue(SHIPPED.parent)
    assert lint_regimes(SHIPPED.parent / "regimes.yaml", shipped_lists) == []


def test_lint_of_regimes_names_what_is_unwise_and_what_is_wrong(written, catalogue):
    one = """  - id: {id}
    title: {{vi: Chế độ, en: Regime}}
    levels: [core]
    since: 2025-01-01
    needs: none
    legal: [{{instrument: Luật, article: Điều 1, says: {{vi: a, en: b}}, mark: M}}]
"""
    path = written('version: "1"\nregimes:\n' + one.format(id="one") + one.format(id="two"))
    found = "\n".join(lint_regimes(path, catalogue))
    assert "two: no transfer can fall under it" in found
    assert "one: rests on Luật, Điều 1, whose text nobody has confirmed" in found
    path.write_text("regimes: []\n", encoding="utf-8")
    assert lint_regimes(path, catalogue) == [
        f"{path}:1: version: is missing",
        f"{path}:1: regimes: must not be empty",
    ]
