from __future__ import annotations

from typing import get_args

from auditor.model.place import Certainty, Kind, Rule, State
from auditor.model.text import Text
from auditor.report import place_words as words


def test_every_term_of_a_decision_has_its_words() -> None:
    states = set(get_args(State))
    assert set(words.STATE) == set(words.STATE_MARK) == set(words.STATE_SHORT) == states
    assert set(words.STATE_MEANING) == states
    assert set(words.CERTAINTY) == set(words.CERTAINTY_MEANING) == set(get_args(Certainty))
    assert set(words.RULE) == set(get_args(Rule))
    assert set(words.WITNESS) == set(get_args(Kind))
    assert set(words.OPERATOR_BASIS) == {"override", "service", "range", "network"}
    assert set(words.FORM) == set(words.FORM_MEANING) == set(words.FORM_LIMIT) == {"a", "b", "c"}


def test_states_differ_without_colour() -> None:
    assert len(set(words.STATE_MARK.values())) == len(words.STATE_MARK)


def test_a_kind_of_service_without_words_stands_for_itself() -> None:
    assert words.service_kind("mail") == Text("thư điện tử", "mail")
    assert words.service_kind("new\u202ething").en == "new⟨U+202E⟩thing"


def test_no_word_judges_anybody() -> None:
    for table in vars(words).values():
        for text in table.values() if isinstance(table, dict) else ():
            if isinstance(text, Text):
                assert "vi phạm" not in text.vi.lower()
                assert "violat" not in text.en.lower()
