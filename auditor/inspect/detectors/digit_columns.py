"""Structure checks of whole columns of numbers at once; each says what its plain check says.

A dense table holds tens of thousands of different numbers. They are judged here as a matrix, one
row for each number and one column for each digit, all of one length; dates likewise.
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

FEW: Final = 24
"""Numbers that are sooner judged one by one."""

_ONES: Final = np.array([place.bit_count() for place in range(1 << 10)])
_MONTHS: Final = np.zeros(100, np.int64)
_MONTHS[1:13] = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


@dataclass(frozen=True, slots=True)
class Bulk:
    """A check of many numbers.

    Attributes:
        plain: the check of one match that it equals.
        judges: which rows of digits pass, for each way to write a number: ``9`` stands for a digit,
            anything else for one byte that is none (``99/99/9999``).
    """

    plain: Callable[[bytes], bool]
    judges: Mapping[str, Callable[[Digits], Verdicts]]


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


def _bank_accounts(rows: Digits) -> Verdicts:
    passes: Verdicts = _distinct(rows) >= checks.FEWEST_DISTINCT
    return passes


def _social_insurance_numbers(rows: Digits) -> Verdicts:
    hospital = (rows[:, 0] == 0) & (rows[:, 1] == 8)
    placed = rows[:, :2].any(axis=1) & (hospital | ~_OF_NETWORKS[_prefix(rows)])
    passes: Verdicts = placed & (_distinct(rows) >= checks.FEWEST_DISTINCT)
    return passes


def _old_identity_numbers(rows: Digits) -> Verdicts:
    office = rows[:, 0] * 10 + rows[:, 1]
    known = (office >= 1) & (office <= 38)
    passes: Verdicts = known & (_distinct(rows) >= checks.FEWEST_DISTINCT)
    return passes


def _days(years: Digits, months: Digits, days: Digits) -> Verdicts:
    """Whether digits of years, months and days are days on which somebody may be born."""
    year = years @ np.array((1000, 100, 10, 1))
    month, day = months @ np.array((10, 1)), days @ np.array((10, 1))
    leap = (month == 2) & (year % 4 == 0) & ((year % 100 != 0) | (year % 400 == 0))
    lived = (year >= checks.EARLIEST_YEAR) & (year <= checks.LATEST_YEAR)
    passes: Verdicts = lived & (day >= 1) & (day <= _MONTHS[month] + leap)
    return passes


def _day_first(rows: Digits) -> Verdicts:
    return _days(rows[:, 4:], rows[:, 2:4], rows[:, :2])


def _month_first(rows: Digits) -> Verdicts:
    return _days(rows[:, 4:], rows[:, :2], rows[:, 2:4])


def _year_first(rows: Digits) -> Verdicts:
    return _days(rows[:, :4], rows[:, 4:6], rows[:, 6:])


BULK: Final[Mapping[Callable[[bytes], bool], Bulk]] = {
    bulk.plain: bulk
    for bulk in (
        Bulk(checks.personal_number, {"9" * 12: _personal_numbers}),
        Bulk(checks.personal_number_abroad, {"9" * 12: _personal_numbers_abroad}),
        Bulk(checks.old_identity_number, {"9" * 9: _old_identity_numbers}),
        Bulk(checks.mobile, {"9" * 10: _mobiles}),
        Bulk(checks.tax_code, {"9" * 10: _tax_codes, "9" * 13: _tax_codes}),
        Bulk(checks.bank_account_cell, {"9" * size: _bank_accounts for size in range(6, 20)}),
        Bulk(checks.social_insurance_number, {"9" * 10: _social_insurance_numbers}),
        Bulk(
            checks.birth_date,
            {
                "99/99/9999": lambda rows: _day_first(rows) | _month_first(rows),
                "9999-99-99": _year_first,
                "99999999": lambda rows: _year_first(rows) | _day_first(rows),
            },
        ),
    )
}
"""By the plain checks that they stand for."""


def passing(check: Callable[[bytes], bool], values: list[bytes], places: list[int]) -> list[int]:
    """Those ``places`` in ``values`` whose value passes a check; in any order."""
    bulk = BULK.get(check)
    if bulk is None or len(places) <= FEW:
        return [place for place in places if check(values[place])]
    found: list[int] = []
    by_size: dict[int, list[int]] = {}
    for place in places:
        by_size.setdefault(len(values[place]), []).append(place)
    for size, alike in by_size.items():
        others = alike
        for written, judge in bulk.judges.items() if len(alike) > FEW else ():
            if len(written) == size and others:
                passed, others = _judged(written, judge, values, others)
                found += passed
        found += [place for place in others if check(values[place])]
    return found


def _judged(
    written: str, judge: Callable[[Digits], Verdicts], values: list[bytes], alike: list[int]
) -> tuple[list[int], list[int]]:
    """Places of those that are written so and pass, and of those that are written otherwise."""
    whole = b"".join(map(values.__getitem__, alike))
    codes = np.frombuffer(whole, np.uint8).reshape(-1, len(written)) - np.uint8(48)  # wraps around
    shape = np.array([letter == "9" for letter in written])
    fits = ((codes < 10) == shape).all(axis=1)
    places = np.array(alike, np.int64)
    if fits.all():
        return places[judge(codes[:, shape].astype(np.int64))].tolist(), []
    passes = judge(codes[fits][:, shape].astype(np.int64))
    return places[fits][passes].tolist(), places[~fits].tolist()
