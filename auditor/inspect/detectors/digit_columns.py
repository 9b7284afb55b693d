"""Structure checks of whole columns of digits at once; each says what its plain check says.

A dense table holds tens of thousands of different numbers. They are judged here as a matrix, one
row for each number and one column for each digit, all of one length.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from auditor.inspect.detectors import checks
from auditor.inspect.detectors.codes import COUNTRIES, PROVINCES

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Digits = NDArray[np.int64]
    Verdicts = NDArray[np.bool_]

FEW: Final = 64
"""Numbers that are sooner judged one by one."""

_ONES: Final = np.array([place.bit_count() for place in range(1 << 10)])


@dataclass(frozen=True, slots=True)
class Bulk:
    """A check of many numbers.

    Attributes:
        plain: the check of one match that it equals.
        sizes: numbers of so many digits only.
        judge: which rows pass.
    """

    plain: Callable[[bytes], bool]
    sizes: tuple[int, ...]
    judge: Callable[[Digits], Verdicts]


def _prefix(rows: Digits) -> Digits:
    return rows[:, 0] * 100 + rows[:, 1] * 10 + rows[:, 2]


def _distinct(rows: Digits) -> Digits:
    found: Digits = _ONES[np.bitwise_or.reduce(1 << rows, axis=1)]
    return found


def _listed(codes: list[int]) -> Verdicts:
    out = np.zeros(1000, bool)
    out[codes] = True
    return out


_OF_PROVINCES: Final = _listed([int(code) for code in PROVINCES])
_OF_COUNTRIES: Final = _listed(list(COUNTRIES))
_OF_NETWORKS: Final = _listed(
    [code for code in range(100) if checks.mobile(f"{code:03}1234567".encode())]
)


def _persons(rows: Digits) -> Verdicts:
    born = 1900 + rows[:, 3] // 2 * 100 + rows[:, 4] * 10 + rows[:, 5]
    lived = (born >= checks.EARLIEST_YEAR) & (born <= checks.LATEST_YEAR)
    return (rows[:, 3] < 4) & lived & (_distinct(rows[:, 6:]) > 1)


def _personal_numbers(rows: Digits) -> Verdicts:
    return _persons(rows) & _OF_PROVINCES[_prefix(rows)]


def _personal_numbers_abroad(rows: Digits) -> Verdicts:
    return _persons(rows) & _OF_COUNTRIES[_prefix(rows)]


def _mobiles(rows: Digits) -> Verdicts:
    return _OF_NETWORKS[_prefix(rows)] & (_distinct(rows[:, 3:]) >= checks.FEWEST_DISTINCT)


def _tax_codes(rows: Digits) -> Verdicts:
    weights = np.array((31, 29, 23, 19, 17, 13, 7, 5, 3))
    agree = rows[:, 9] == 10 - rows[:, :9] @ weights % 11
    issued = (rows[:, :2].any(axis=1)) & rows[:, 2:9].any(axis=1)
    unit = rows[:, 10:].any(axis=1) if rows.shape[1] > 10 else True
    passes: Verdicts = agree & issued & unit & (_distinct(rows) >= checks.FEWEST_DISTINCT)
    return passes


BULK: Final[Mapping[Callable[[bytes], bool], Bulk]] = {
    bulk.plain: bulk
    for bulk in (
        Bulk(checks.personal_number, (12,), _personal_numbers),
        Bulk(checks.personal_number_abroad, (12,), _personal_numbers_abroad),
        Bulk(checks.mobile, (10,), _mobiles),
        Bulk(checks.tax_code, (10, 13), _tax_codes),
    )
}
"""By the plain checks that they stand for."""


def passing(check: Callable[[bytes], bool], values: list[bytes], places: list[int]) -> list[int]:
    """Those ``places`` in ``values`` whose value passes a check; in any order."""
    bulk = BULK.get(check)
    found: list[int] = []
    if bulk is None or len(places) <= FEW:
        return [place for place in places if check(values[place])]
    others: set[int] = set(places)
    for size in bulk.sizes:
        alike = [one for one in places if len(values[one]) == size]
        whole = b"".join(map(values.__getitem__, alike))
        if not whole.isdigit():
            alike = [one for one in alike if values[one].isdigit()]
            whole = b"".join(map(values.__getitem__, alike))
        rows = np.frombuffer(whole, np.uint8).reshape(-1, size).astype(np.int64) - 48
        found += np.array(alike, np.int64)[bulk.judge(rows)].tolist()
        others.difference_update(alike)
    return found + [one for one in others if check(values[one])]
