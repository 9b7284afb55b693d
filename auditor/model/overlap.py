"""Which rows about the same traffic count, so that none of it counts twice.

Inputs overlap: a run is repeated, a capture is cut in pieces, two captures share an hour. Of all
rows that tell of one connection those count that do not overlap in time and say the most together
(weighted interval scheduling). That depends on the set of rows alone, never on how it came.
"""

from __future__ import annotations

from bisect import bisect_right
from typing import Final

import numpy as np
from numpy.typing import NDArray

Integers = NDArray[np.int64]
Bools = NDArray[np.bool_]

LATEST: Final = 2**62
"""No row may begin or end later (ns since 1970: the year 2116), nor weigh more."""
_LOW: Final = 2**32


def counted_once(key: Integers, start: Integers, end: Integers, weight: Integers) -> Bools:
    """Which of the rows count; for one key these never overlap, and weigh the most.

    Args:
        key: what the traffic is known by.
        start: when each row begins.
        end: up to when it lasts, not included; one unit at least.
        weight: more than 0; of two sets that weigh the same, the order of their ends decides.

    No two rows may be equal in all four.
    """
    counted = np.ones(len(key), np.bool_)
    if not len(key):
        return counted
    told, end = end, np.maximum(end, start + 1)
    order = np.lexsort((start, key))
    cluster = _clusters(key[order], start[order], end[order])
    sizes = np.bincount(cluster)
    doubtful = order[sizes[cluster] > 1]
    if not len(doubtful):
        return counted
    number = cluster[sizes[cluster] > 1]
    # Rows that are alike but for what they tell of their end: the order must not choose.
    ties = (told[doubtful], weight[doubtful], start[doubtful], end[doubtful], number)
    inside = np.lexsort(ties)
    doubtful, number = doubtful[inside], number[inside]
    edges = np.flatnonzero(np.diff(number)) + 1
    starts, ends, weights = (each[doubtful].tolist() for each in (start, end, weight))
    chosen: list[bool] = []
    first = 0
    for last in [*edges.tolist(), len(doubtful)]:
        chosen += _heaviest(starts[first:last], ends[first:last], weights[first:last])
        first = last
    counted[doubtful] = chosen
    return counted


def clusters(key: Integers, start: Integers, end: Integers) -> Integers:
    """Per row the number of its cluster: rows of one key that overlap, directly or by others.

    What counts of one cluster (``counted_once``) hangs on no row of another.
    """
    end = np.maximum(end, start + 1)
    order = np.lexsort((start, key))
    numbers = np.empty(len(key), np.int64)
    if len(key):
        numbers[order] = _clusters(key[order], start[order], end[order])
    return numbers


def exact_sums(values: Integers, starts: Integers) -> list[int]:
    """Sums of values (not below 0) from each start to the next: a log may claim any number."""
    low = np.add.reduceat(values % _LOW, starts).tolist()
    high = np.add.reduceat(values // _LOW, starts).tolist()
    return [one * _LOW + other for one, other in zip(high, low, strict=True)]


def _clusters(key: Integers, start: Integers, end: Integers) -> Integers:
    """Numbers of clusters of rows that overlap, directly or by others; rows by key and start."""
    # Moments become places in their order, so that those of later keys are larger: one running
    # maximum then serves all keys.
    moments, places = np.unique(np.concatenate((start, end)), return_inverse=True)
    begins, ends = places[: len(key)].astype(np.int64), places[len(key) :].astype(np.int64)
    of_key = np.cumsum(np.concatenate(([False], key[1:] != key[:-1]))) * len(moments)
    reached = np.maximum.accumulate(of_key + ends)
    fresh = np.ones(len(key), np.bool_)
    fresh[1:] = of_key[1:] + begins[1:] >= reached[:-1]
    # A later key begins beyond all that earlier ones reached, but for its first moment of all.
    fresh[1:] |= key[1:] != key[:-1]
    numbers: Integers = np.cumsum(fresh) - 1
    return numbers


def _heaviest(starts: list[int], ends: list[int], weights: list[int]) -> list[bool]:
    """Which rows of one cluster, ordered by their ends, are the heaviest set without overlap."""
    best = [0]
    before = [bisect_right(ends, start) for start in starts]
    taken = []
    for place, weight in enumerate(weights):
        with_it = weight + best[before[place]]
        taken.append(with_it > best[-1])
        best.append(max(best[-1], with_it))
    chosen = [False] * len(starts)
    place = len(starts)
    while place:
        if taken[place - 1]:
            chosen[place - 1] = True
            place = before[place - 1]
        else:
            place -= 1
    return chosen
