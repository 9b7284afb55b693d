"""All hundred items of the shipped checklist, held to the conventions."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from auditor.checklist.catalogue import load
from auditor.checklist.lint import mistakes, tried
from auditor.checklist.probes import PROBES
from auditor.checklist.verdict import MET

ROOT = Path(__file__).parents[2]
WHOLE = load(ROOT / "policies")
ITEMS = WHOLE.checklist.items
EACH = pytest.mark.parametrize("item", ITEMS, ids=lambda item: item.id)
VIETNAMESE = re.compile(
    r"[ăâđêôơưáàảãạấầẩẫậắằẳẵặéèẻẽẹếềểễệíìỉĩịóòỏõọốồổỗộớờởỡợúùủũụứừửữựýỳỷỹỵ]", re.IGNORECASE
)

COUNTS = {
    "ORG": 7, "DOS": 10, "NET": 8, "BND": 7, "ACC": 6, "CRY": 8, "LOG": 8, "MAL": 3, "VUL": 5,
    "BCK": 4, "INC": 4, "DAT": 6, "PDP": 2, "SUP": 3, "API": 6, "DQ": 8, "PST": 5,
}  # fmt: skip


def test_there_are_a_hundred_items_in_seventeen_groups():
    assert len(ITEMS) == 100
    assert {group: sum(item.group == group for item in ITEMS) for group in COUNTS} == COUNTS
    assert [group.id for group in WHOLE.checklist.groups] == list(COUNTS)


def test_the_readme_counts_as_the_program_does():
    readme = " ".join((ROOT / "README.md").read_text(encoding="utf-8").split())
    assert f"{len(ITEMS)} items in {len(COUNTS)} groups" in readme
    assert f"{len(PROBES)} probes" in readme


def test_the_checklist_has_no_mistakes():
    assert mistakes(WHOLE) == []


def test_every_example_comes_out_as_it_says():
    assert [each for each in tried(WHOLE.checklist) if not each.passed] == []


def test_every_probe_is_asked_by_an_item():
    assert {call.probe for item in ITEMS for call in item.probes} == set(PROBES)


@EACH
def test_an_item_is_written_in_both_languages(item):
    texts = [item.title, item.question, item.counts, item.does_not_count, item.hint]
    for text in (*texts, *([item.attests] if item.attests else [])):
        assert VIETNAMESE.search(text.vi), text.vi
        assert not VIETNAMESE.search(text.en.replace("Đ", "")), text.en
        assert text.vi != text.en


@EACH
def test_a_question_is_a_question(item):
    assert "?" in item.question.vi
    assert "?" in item.question.en


@EACH
def test_a_gate_is_hard_only_on_a_text_that_was_read_and_binds_everybody(item):
    if item.gate == "hard":
        assert item.confirmed


@EACH
def test_a_quoted_letter_never_stands_as_confirmed(item):
    for row in item.basis:
        if row.instrument == "CV4856":
            assert row.mark == "T"
        if row.instrument == "TCVN14423":
            assert row.mark == "S"
        if row.instrument == "DEFAULT":
            assert row.mark == "M"
        if row.instrument == "QD384":
            assert row.binds == "party"


@EACH
def test_what_only_proves_failure_never_decides_a_pass_alone(item):
    both = [call for call in item.probes if PROBES[call.probe].proves == "both"]
    if item.mode == "A":
        assert both
    if item.mode == "F":
        assert len(both) < len(item.probes)


@EACH
def test_the_examples_show_how_it_is_met_and_how_not(item):
    gives = {example.gives for example in item.examples}
    assert gives - {*MET}
    assert gives & {"pass", "attested_pass"}, gives


def test_every_number_says_where_it_comes_from():
    for instrument, limit in WHOLE.limits:
        assert instrument in WHOLE.checklist.instruments
        assert limit.article or limit.mark in ("T", "M"), limit.id


def test_every_unread_default_may_be_replaced_and_every_other_number_not():
    from auditor.checklist.facts import numbers_for

    own = {limit.id: 1234.0 for _, limit in WHOLE.limits}
    for _, limit in WHOLE.limits:
        number = numbers_for(WHOLE.limits, 3, own)[limit.id]
        assert (number.value == 1234.0) == (limit.mark in ("T", "M"))
