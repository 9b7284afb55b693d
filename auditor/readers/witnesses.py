"""The same traffic, seen by several: which of them is counted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    import numpy.typing as npt

    Ints = npt.NDArray[np.int64]


def counted_once(
    keys: Ints, witness: Ints, start: Ints, end: Ints, size: Ints, *, tolerance: int
) -> Ints:
    """Per row: -1 = it counts; else the row that is counted for this traffic.

    Rows of one key that overlap in time, or follow one another within ``tolerance`` ns, are one
    traffic. Where several witnesses tell of it, the one whose rows sum up to most counts, and
    none other: what two saw is never summed.

    Args:
        keys: what traffic it is, such as a hash of the five-tuple.
        witness: who saw it.
        start: ns.
        end: ns.
        size: bytes; of witnesses with equal sums the one with the lowest number counts.
        tolerance: ns that clocks may differ.
    """
    counted = np.full(len(keys), -1, np.int64)
    rows = _of_several(keys, witness)
    if not len(rows):
        return counted
    rows = rows[np.lexsort((start[rows], keys[rows]))]
    key = keys[rows]
    latest = pd.Series(end[rows]).groupby(key, sort=False).cummax().to_numpy()
    opens = np.ones(len(rows), np.bool_)
    opens[1:] = (key[1:] != key[:-1]) | (start[rows[1:]] > latest[:-1] + tolerance)
    traffic = np.cumsum(opens) - 1
    # per traffic and witness: the sum of its rows, the heaviest first
    _, names = np.unique(witness[rows], return_inverse=True)
    pairs, of_row = np.unique(traffic * (names.max() + 1) + names, return_inverse=True)
    sums = np.bincount(of_row, weights=size[rows].astype(np.float64))
    of_traffic = pairs // (names.max() + 1)
    order = np.lexsort((pairs, -sums, of_traffic))
    best = np.full(int(traffic[-1]) + 1, -1, np.int64)
    first = np.ones(len(order), np.bool_)
    first[1:] = of_traffic[order[1:]] != of_traffic[order[:-1]]
    best[of_traffic[order[first]]] = order[first]
    lost = of_row != best[traffic]
    # the first row of the witness that counts stands for the traffic
    chosen = np.flatnonzero(~lost)
    stands = np.full(len(best), -1, np.int64)
    stands[traffic[chosen[::-1]]] = rows[chosen[::-1]]
    counted[rows[lost]] = stands[traffic[lost]]
    return counted


def _of_several(keys: Ints, witness: Ints) -> Ints:
    """The rows whose key more than one witness has."""
    codes, distinct = pd.factorize(keys)
    one = np.empty(len(distinct), np.int64)
    one[codes] = witness
    several = np.zeros(len(distinct), np.bool_)
    several[codes[witness != one[codes]]] = True
    return np.flatnonzero(several[codes])
