from __future__ import annotations

from dataclasses import fields
from typing import get_args

from auditor.model.finding import STANDINGS, Plan, Standing
from auditor.model.text import Text
from auditor.report import law_words


def test_every_term_of_the_model_has_its_words() -> None:
    assert set(law_words.STANDING) == set(get_args(Standing)) == set(STANDINGS)
    assert set(law_words.PLAN) == {each.name for each in fields(Plan)}
    assert set(law_words.FITS) == set(law_words.FITS_MARK) == {True, False, None}


def test_no_word_judges_anybody() -> None:
    texts = [
        text
        for table in vars(law_words).values()
        if isinstance(table, dict)
        for text in table.values()
        if isinstance(text, Text)
    ]
    for text in (*texts, law_words.SANCTIONS_ARE):
        assert "vi phạm" not in text.vi.lower()
        assert "violat" not in text.en.lower()


def test_days_are_counted_to_and_from_the_last_day() -> None:
    assert law_words.days_left(0) == Text("hôm nay", "today")
    assert law_words.days_left(1) == Text("còn 1 ngày", "1 day left")
    assert law_words.days_left(-2) == Text("đã qua 2 ngày", "2 days past")


def test_an_unknown_field_stands_for_itself_and_cannot_hide_anything() -> None:
    assert law_words.field("country").en == "Country"
    assert law_words.field("new\u202e").vi == "new⟨U+202E⟩"
