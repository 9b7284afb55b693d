"""Which regime a transfer falls under, and from when on a dossier covers it."""

from __future__ import annotations

from datetime import date

import pytest

from auditor.model.register import Dossier
from auditor.policy.regimes import chosen, covers_from

MAY = date(2026, 5, 1)


@pytest.mark.parametrize(
    ("level", "personal", "day", "regime"),
    [
        ("core", False, MAY, "decree-165-core"),
        ("important", True, MAY, "pdpl"),
        ("core", None, MAY, None),
        ("core", None, date(2025, 12, 31), "decree-165-core"),
        ("personal", True, date(2023, 6, 30), None),
        ("unclassified", None, MAY, "none"),
        (None, None, MAY, None),
    ],
)
def test_the_first_regime_that_applies_is_the_one_and_doubt_stays_doubt(
    regimes, level, personal, day, regime
):
    assert chosen(regimes, level, personal, None, day) == regime


@pytest.mark.parametrize(
    ("regime", "filed", "valid_from", "first"),
    [
        # Important data: 15 days after filing.
        ("decree-165-important", date(2026, 2, 1), date(2026, 2, 10), date(2026, 2, 16)),
        ("decree-165-important", date(2026, 2, 1), date(2026, 3, 1), date(2026, 3, 1)),
        # Core data: never before the result.
        ("decree-165-core", date(2026, 2, 1), date(2026, 1, 1), date(2026, 2, 9)),
        ("decree-165-core", date(2026, 2, 1), date(2026, 3, 1), date(2026, 3, 1)),
        # Personal data: 60 days after the first transfer are in time, 61 are not.
        ("pdpl", date(2026, 3, 2), date(2026, 1, 1), date(2026, 1, 1)),
        ("pdpl", date(2026, 3, 3), date(2026, 1, 1), date(2026, 3, 3)),
    ],
)
def test_each_regime_counts_its_days(regimes, regime, filed, valid_from, first):
    one = Dossier.model_validate(
        {
            "id": "A",
            "regime": regime,
            "systems": ["registry"],
            "categories": ["B1"],
            "recipients": {"countries": ["SG"]},
            "filed": filed,
            "result": "passed",
            "result_on": date(2026, 2, 9) if regime == "decree-165-core" else None,
            "valid_from": valid_from,
        }
    )
    by_id = {each.id: each for each in regimes.regimes}
    assert covers_from(one, by_id[regime]) == first
