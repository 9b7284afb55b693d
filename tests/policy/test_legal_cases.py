"""Every legal case gives what a lawyer signed, and the page to sign is the one of the file."""

from __future__ import annotations

import pytest

from tests.policy.legal_cases import PAGE, Case, answers, cited, law, page, themes

ALL = [case for theme in themes() for case in theme.cases]


@pytest.mark.parametrize("case", ALL, ids=lambda case: case.id)
def test_the_case_gives_what_it_says(case: Case):
    found = answers()[case.id]
    got = sorted((one.rule, one.state, one.regime or "") for one in found)
    assert got == sorted((each.rule, each.state, each.regime or "") for each in case.gives)
    by_rule = {(one.rule, one.state): one for one in found}
    for gives in case.gives:
        one = by_rule[gives.rule, gives.state]
        assert any(cited(basis).startswith(gives.article) for basis in one.legal)
        if gives.due is not None:
            days = {deadline.duty: deadline.due for deadline in one.deadlines}
            assert gives.due.items() <= days.items()
            assert gives.due or not days
        if gives.sanctions is not None:
            told = [cited(sanction.basis) for sanction in one.sanctions]
            assert all(any(each.startswith(name) for each in told) for name in gives.sanctions)
            assert gives.sanctions or not told


def test_there_are_enough_cases_and_every_id_stands_once():
    assert len(ALL) >= 60
    assert len({case.id for case in ALL}) == len(ALL)


def test_every_regime_that_transfers_fall_under_has_a_case():
    asked = {gives.regime for case in ALL for gives in case.gives}
    assert {regime.id for regime in law().regimes.regimes} <= asked


def test_the_page_to_sign_is_written_from_the_cases():
    assert PAGE.read_text(encoding="utf-8") == page()
