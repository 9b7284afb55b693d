"""Checks of whole columns."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.inspect.detectors import checks, digit_columns
from auditor.inspect.detectors.digit_columns import BULK, passing

if TYPE_CHECKING:
    from collections.abc import Callable

# mostly of the right form, for else hardly any passes
DIGITS = st.text("0123456789", min_size=4, max_size=9)
STARTS = st.sampled_from(["001", "0790", "079185", "0912", "0084", "84", "101", "03", "95", "00"])
NUMBERS = st.builds(str.__add__, STARTS, DIGITS) | st.text("0123456789", min_size=8, max_size=14)
DATES = st.builds(
    "{1:02}{0}{2:02}{0}{3}".format,
    st.sampled_from(["/", "-", ""]),
    st.integers(0, 32),
    st.integers(0, 13),
    st.integers(1890, 2050),
)
YEARS_FIRST = st.builds(
    "{3}{0}{2:02}{0}{1:02}".format,
    st.sampled_from(["/", "-", ""]),
    st.integers(27, 32),
    st.integers(0, 13),
    st.sampled_from([1899, 1900, 1904, 2000, 2001, 2100]) | st.integers(1890, 2050),
)
WRITTEN = DATES | YEARS_FIRST | NUMBERS | st.builds(lambda text: text[:4] + " " + text[4:], NUMBERS)


@pytest.mark.parametrize("check", list(BULK), ids=lambda check: check.__name__)
@given(st.lists(WRITTEN.map(str.encode), max_size=30))
@settings(max_examples=60)
def test_a_column_is_judged_as_its_values_one_by_one(
    check: Callable[[bytes], bool], values: list[bytes]
) -> None:
    places = list(range(0, len(values), 2)) + list(range(1, len(values), 2))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(digit_columns, "FEW", 0)
        found = passing(check, values, places)
    assert sorted(found) == [place for place, value in enumerate(values) if check(value)]


def test_every_prefix_and_every_year_is_judged_alike() -> None:
    persons = [
        f"{code:03}{sex}{year:02}123456".encode()
        for code in range(0, 400, 3)
        for sex in range(5)
        for year in (0, 5, 6, 40, 41, 99)
    ]
    mobiles = [f"{code:03}1234567".encode() for code in range(1000)]
    first = [f"{start}".encode() for start in range(100_109_100, 100_109_400)]
    taxed = [one + b"%d" % digit for one in first for digit in range(10)]
    units = [one + unit for one in taxed[:1000] for unit in (b"000", b"001")]
    days = [
        f"{day:02}/{month:02}/{year}".encode()
        for year in (1905, 1906, 1999, 2000, 2024, 2040, 2041)
        for month in range(14)
        for day in range(33)
    ]
    for check, values in (
        (checks.birth_date, days),
        (checks.birth_date, [day[6:] + b"-" + day[3:5] + b"-" + day[:2] for day in days]),
        (checks.social_insurance_number, mobiles),
        (checks.old_identity_number, [f"{code:02}1234567".encode() for code in range(100)]),
        (checks.bank_account_cell, [b"11111212", b"12345678", b"11111111"] * 30),
        (checks.personal_number, persons),
        (checks.personal_number_abroad, persons),
        (checks.mobile, mobiles),
        (checks.tax_code, taxed),
        (checks.tax_code, units),
    ):
        wanted = [place for place, value in enumerate(values) if check(value)]
        assert wanted
        assert sorted(passing(check, values, list(range(len(values))))) == wanted
