from __future__ import annotations

from auditor.report.problem_words import PROBLEM, WAY_OUT


def test_every_kind_of_problem_has_a_name_and_a_way_out() -> None:
    assert set(PROBLEM) == set(WAY_OUT)
    for code, text in WAY_OUT.items():
        assert text.vi.endswith("."), code
        assert text.en.endswith("."), code
        assert text.vi != text.en, code


def test_names_of_problems_differ() -> None:
    assert len({text.vi for text in PROBLEM.values()}) == len(PROBLEM)
    assert len({text.en for text in PROBLEM.values()}) == len(PROBLEM)
