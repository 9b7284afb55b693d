"""What counts of rows that overlap: the heaviest set, the same however they come."""

from itertools import combinations, pairwise

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.model.overlap import counted_once

ROWS = st.lists(
    st.tuples(st.integers(0, 2), st.integers(0, 12), st.integers(0, 5), st.integers(1, 9)).map(
        lambda row: (row[0] - 1, row[1], row[1] + row[2], row[3])
    ),
    unique=True,
    max_size=9,
)


def counted(rows):
    """The rows that count."""
    if not rows:
        return set()
    columns = [np.array(column, np.int64) for column in zip(*rows, strict=True)]
    return {row for row, counts in zip(rows, counted_once(*columns), strict=True) if counts}


def apart(rows):
    taken = sorted((key, start, max(end, start + 1)) for key, start, end, _ in rows)
    return all(one[0] != other[0] or one[2] <= other[1] for one, other in pairwise(taken))


def heaviest(rows):
    """The most that rows of each key weigh together without overlap, by trying all sets."""
    return max(
        sum(row[3] for row in some)
        for size in range(len(rows) + 1)
        for some in combinations(rows, size)
        if apart(some)
    )


@settings(max_examples=60, deadline=None)
@given(ROWS, st.randoms(use_true_random=False))
def test_what_counts_does_not_overlap_weighs_the_most_and_hangs_on_no_order(rows, chance):
    chosen = counted(rows)
    assert apart(chosen)
    assert sum(row[3] for row in chosen) == heaviest(rows)
    again = list(rows)
    chance.shuffle(again)
    assert counted(again) == chosen


def test_of_rows_that_differ_in_an_end_before_their_first_unit_always_the_same_counts():
    alike = [(-1, 0, 1, 2), (-1, 0, 0, 2)]
    assert counted(alike) == counted(alike[::-1])


def test_a_whole_and_its_pieces_count_once():
    whole, pieces = (1, 0, 100, 50), [(1, 0, 40, 20), (1, 40, 100, 30)]
    assert sum(row[3] for row in counted([whole, *pieces])) == 50
    assert counted(pieces) == set(pieces)


def test_what_came_after_the_piece_that_both_saw_counts_too():
    assert counted([(1, 0, 10, 5), (1, 5, 20, 9), (1, 20, 30, 1)]) == {
        (1, 5, 20, 9),
        (1, 20, 30, 1),
    }


def test_moments_at_the_ends_of_time_do_not_overflow():
    far = 2**62 - 1
    rows = [(-(2**63), far, far, 2**62), (2**63 - 1, 0, far, 2**62), (2**63 - 1, 0, far, 1)]
    assert counted(rows) == set(rows[:2])
