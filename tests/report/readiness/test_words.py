from __future__ import annotations

from typing import get_args

from auditor.model.catalogue import Mark
from auditor.model.checklist import Condition, Gate, Mode, State
from auditor.model.readiness import Answer, Verdict
from auditor.model.workbook import ANSWERS
from auditor.report.readiness import words


def test_every_term_of_the_model_has_its_words_in_both_languages() -> None:
    for terms, tables in (
        (State, (words.STATE, words.STATE_MARK, words.TONE, words.STATE_MEANING)),
        (Verdict, (words.VERDICT, words.VERDICT_MARK)),
        (Answer, (words.ANSWER, words.ANSWER_MARK)),
        (Gate, (words.GATE,)),
        (Mode, (words.MODE,)),
        (Mark, (words.MARK,)),
        (Condition, (words.CONDITION,)),
    ):
        for table in tables:
            assert set(table) == set(get_args(terms))


def test_the_screen_the_plan_and_the_workbook_use_the_same_words_for_answers() -> None:
    assert words.SAID == ANSWERS


def test_a_role_nobody_knows_stays_as_it_was_written() -> None:
    assert words.role("giám đốc").vi == "giám đốc"
    assert words.role("owner").vi == "chủ quản"


def test_no_word_says_violation() -> None:
    for table in (words.STATE, words.STATE_MEANING, words.VERDICT, words.ANSWER, words.MARK):
        for text in table.values():
            assert "vi phạm" not in text.vi.casefold()
            assert "violation" not in text.en.casefold()
