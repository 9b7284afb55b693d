from __future__ import annotations

import itertools
from concurrent.futures import ThreadPoolExecutor

from hypothesis import given
from hypothesis import strategies as st

from auditor.readers.records.tally import KINDS, Tally, shape
from auditor.report.problem_words import PROBLEM
from tests.readers.records.telling import told


def test_every_kind_has_words_for_the_report():
    assert set(KINDS) <= set(PROBLEM)


def test_counts_add_up_and_the_first_line_is_named():
    tally = Tally()
    tally.add("bad-line", 30, lost=5, offset=300, examples=[b"c"])
    tally.add("bad-line", 10, count=2, lost=7, offset=100, examples=[b"1"])
    problem = told(tally)["bad-line"]
    assert (problem.count, problem.lost_bytes, problem.offset) == (3, 12, 100)
    assert problem.message.startswith("3 line(s)")
    assert "first at line 10" in problem.message
    assert problem.message.endswith("of the shape 9 | x")


def test_what_is_told_does_not_depend_on_who_comes_first():
    places = [(9, b"a"), (2, b"1"), (5, b"-"), (7, b"+"), (1, b" ")]
    messages = set()
    for order in itertools.permutations(places):
        tally = Tally()
        for line, example in order:
            tally.add("bad-line", line, examples=[example], detail=str(line))
        messages.add(told(tally)["bad-line"].message)
    assert len(messages) == 1
    assert messages.pop().endswith("of the shape   | 9 | -")


def test_several_threads_count_every_one():
    tally = Tally()
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda line: tally.add("bad-line", line, lost=1), range(1, 2001)))
    assert told(tally)["bad-line"].count == 2000


def test_different_details_are_listed_but_not_all():
    tally = Tally()
    for name in "gfedcba":
        tally.add("bad-number", 1, detail=name)
    assert "(a, b, c, d, e, …)" in told(tally)["bad-number"].message


def test_an_amount_is_summed_up():
    tally = Tally({"lost": ("{detail} bytes in {count} record(s)", "")})
    for amount in (1000, 234):
        tally.add("lost", 1)
        tally.add_sum("lost", amount)
    assert "1,234 bytes in 2 record(s)" in told(tally)["lost"].message


def test_a_kind_without_a_place_names_no_line():
    tally = Tally()
    tally.add("one-way", 0, count=3)
    assert "line" not in told(tally)["one-way"].message


def test_a_format_adds_its_own_kinds():
    tally = Tally({"own": ("{count} of {detail}", "Do it.")})
    tally.add("own", 0, detail="x")
    assert told(tally)["own"].message == "1 of x"


@given(st.binary(max_size=200))
def test_of_an_example_only_the_shape_is_shown(line):
    shown = shape(line)
    text = line[:80].decode("utf-8", "replace")
    assert len(shown) <= len(text) + 1
    for letter, seen in zip(text, shown, strict=False):
        assert seen == ("9" if letter.isnumeric() else "x" if letter.isalpha() else letter)


def test_a_shape_holds_no_digit_of_any_alphabet():
    assert shape("Số 0123 ٣४ ½².".encode()) == "xx 9999 99 99."
