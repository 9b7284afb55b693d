from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from auditor.readers.witnesses import counted_once


def counted(*rows: tuple[int, int, int, int, int], tolerance: int = 0) -> list[int]:
    columns = [np.array(column, np.int64) for column in zip(*rows, strict=True)]
    return counted_once(*columns, tolerance=tolerance).tolist() if rows else []


def naive(rows, tolerance):
    answer = [-1] * len(rows)
    for key in {row[0] for row in rows}:
        mine = sorted(
            (i for i, row in enumerate(rows) if row[0] == key), key=lambda i: (rows[i][2], i)
        )
        groups, latest = [], None
        for i in mine:
            if latest is None or rows[i][2] > latest + tolerance:
                groups.append([])
                latest = rows[i][3]
            groups[-1].append(i)
            latest = max(latest, rows[i][3])
        for group in groups:
            sums: dict[int, int] = {}
            for i in group:
                sums[rows[i][1]] = sums.get(rows[i][1], 0) + rows[i][4]
            if len(sums) == 1:
                continue
            best = min(sums, key=lambda witness: (-sums[witness], witness))
            stands = next(i for i in group if rows[i][1] == best)
            for i in group:
                if rows[i][1] != best:
                    answer[i] = stands
    return answer


ROW = st.tuples(
    st.integers(0, 3), st.integers(-2, 2), st.integers(0, 30), st.integers(0, 10), st.integers(0, 5)
).map(lambda row: (row[0], row[1], row[2], row[2] + row[3], row[4]))


@given(st.lists(ROW, max_size=40), st.integers(0, 5))
def test_a_plain_version_agrees(rows, tolerance):
    assert counted(*rows, tolerance=tolerance) == naive(rows, tolerance)


def test_no_rows_and_one_witness_are_left_alone():
    assert counted_once(*(np.zeros(0, np.int64),) * 5, tolerance=0).tolist() == []
    assert counted((1, 1, 0, 5, 10), (1, 1, 0, 5, 10)) == [-1, -1]


def test_the_witness_that_saw_most_counts():
    assert counted((1, 1, 0, 5, 10), (1, 2, 0, 5, 11)) == [1, -1]


def test_what_lies_further_apart_is_other_traffic():
    rows = (1, 1, 0, 5, 10), (1, 2, 7, 9, 11)
    assert counted(*rows, tolerance=1) == [-1, -1]
    assert counted(*rows, tolerance=2) == [1, -1]
