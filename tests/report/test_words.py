from __future__ import annotations

import re
from typing import get_args

from auditor.model.catalogue import Mark
from auditor.model.finding import Certainty, Severity, State
from auditor.model.flow_table import FLOW_TABLE
from auditor.model.text import Text
from auditor.report import words


def named_in(column: str) -> set[str]:
    doc = FLOW_TABLE.field(column).metadata[b"doc"].decode()
    return set(re.findall("`([a-z-]+)`", doc))


def test_every_term_of_the_model_has_its_words() -> None:
    assert set(words.SEVERITY) == set(words.DOTS) == set(get_args(Severity))
    assert set(words.STATE) == set(words.STATE_MARK) == set(get_args(State))
    assert set(words.STATE_MEANING) == set(get_args(State))
    assert set(words.CERTAINTY) == set(words.CERTAINTY_MEANING) == set(get_args(Certainty))
    assert set(words.MARK) == set(words.MARK_MEANING) == set(get_args(Mark))
    assert set(words.INITIATOR) == named_in("initiator_basis")
    assert set(words.GEO_STATE) == named_in("geo_state")
    assert set(words.HOST_BASIS) >= named_in("host_basis") - {"host"}
    assert set(words.SUBJECTS) == named_in("subjects_basis")


def test_severities_differ_without_colour() -> None:
    assert len(set(words.DOTS.values())) == len(words.DOTS)
    assert len(set(words.STATE_MARK.values())) == len(words.STATE_MARK)


def test_no_word_judges_anybody() -> None:
    texts = [
        each
        for table in vars(words).values()
        if isinstance(table, dict)
        for each in table.values()
        if isinstance(each, Text)
    ]
    assert len(texts) > 50
    for text in texts:
        assert "vi phạm" not in text.vi.lower()
        assert "violat" not in text.en.lower()


def test_an_unknown_problem_code_and_protocol_stand_for_themselves() -> None:
    assert words.problem("something-new") == Text("something-new", "something-new")
    assert words.problem("truncated-record").vi == "Tệp kết thúc giữa một bản ghi"
    assert words.protocol(6) == "TCP"
    assert words.protocol(253) == "IP 253"
    assert words.way_out("something-new") is None
