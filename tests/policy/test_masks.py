"""Kleene's logic over Arrow columns, compared with the same logic over single values."""

from __future__ import annotations

from datetime import date

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.policy import masks

TRUTHS = [True, False, None]


def read_back(answer: masks.Masks) -> list[bool | None]:
    return [
        bool(hit) if known else None for hit, known in zip(answer.hit, answer.known, strict=True)
    ]


def test_the_connectives_are_kleenes():
    left = masks.decided(pa.array([a for a in TRUTHS for _ in TRUTHS], pa.bool_()))
    right = masks.decided(pa.array(TRUTHS * 3, pa.bool_()))
    assert read_back(left & right) == [True, False, None, False, False, False, None, False, None]
    assert read_back(left | right) == [True, True, True, True, False, None, True, None, None]
    assert read_back(~left) == [False] * 3 + [True] * 3 + [None] * 3


def test_a_null_is_not_one_of_anything_and_not_outside_either():
    countries = pa.array(["DE", None, "US"])
    assert read_back(masks.one_of(countries, ["DE", "FR"])) == [True, None, False]
    assert read_back(~masks.one_of(countries, ["DE", "FR"])) == [False, None, True]
    assert read_back(masks.equals(countries, "US")) == [False, None, True]


def test_a_list_is_decided_by_its_members():
    lists = pa.array([["a", "b"], [], None, ["c", None], ["a", None]], pa.list_(pa.string()))
    assert read_back(masks.has_any(lists, ["a"])) == [True, False, None, None, True]


def test_numbers_are_compared_with_their_bounds_and_nulls_stay_undecided():
    numbers = pa.array([0, 5, None, 65535], pa.uint16())
    assert read_back(masks.at_least(numbers, 5)) == [False, True, None, True]
    assert read_back(masks.below(numbers, 5)) == [True, False, None, False]


def test_a_bound_beyond_the_columns_own_type_compares():
    ports = pa.array([1, 65535], pa.uint16())
    assert read_back(masks.at_least(ports, 2**40)) == [False, False]


def test_known_is_never_undecided():
    column = pa.array(["x", None])
    assert read_back(masks.is_known(column, True)) == [True, False]
    assert read_back(masks.is_known(column, False)) == [False, True]


@given(st.lists(st.sampled_from(["a", "b", "c", None]), max_size=20))
def test_a_dictionary_column_answers_like_the_plain_one(values):
    plain = pa.array(values, pa.string())
    encoded = plain.dictionary_encode()
    for wanted in (["a"], ["b", "z"], ["z"]):
        assert read_back(masks.one_of(plain, wanted)) == read_back(masks.one_of(encoded, wanted))
    assert read_back(masks.equals(plain, "b")) == read_back(masks.equals(encoded, "b"))
    assert read_back(masks.is_known(plain, True)) == read_back(masks.is_known(encoded, True))


@pytest.mark.parametrize("rows", [0, 3])
def test_nothing_holds_nowhere(rows):
    assert read_back(masks.nothing(rows)) == [False] * rows


def test_taken_rows_keep_both_answers():
    answer = masks.decided(pa.array([True, None, False]))
    assert read_back(answer.take(np.array([1, 1, 0, 2]))) == [None, None, True, False]


def test_a_part_of_a_text_is_found_in_plain_and_in_encoded_columns():
    column = pa.array(["registered: a.mmdb", "a.mmdb", None])
    for each in (column, column.dictionary_encode()):
        assert read_back(masks.contains(each, "registered: ")) == [True, False, None]


def test_no_day_lies_before_itself_and_each_is_on_or_after_itself():
    days = pa.array([date(2025, 12, 31), date(2026, 1, 1), date(2026, 1, 2), None])
    before, since = (
        masks.OPERATORS[name](days, date(2026, 1, 1)) for name in ("before", "on_or_after")
    )
    assert before.hit.tolist() == [True, False, False, False]
    assert since.hit.tolist() == [False, True, True, False]
    assert before.known.tolist() == since.known.tolist() == [True, True, True, False]
