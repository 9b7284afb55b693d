"""Flows made ready to be compared with entries of the register."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from auditor.model.flow_table import Stage, to_arrow
from auditor.model.register import Dossier
from auditor.policy.facts import column_of, exploded
from auditor.policy.matching import Matching, each_flow_once, number_of


@pytest.fixture
def matching(flow_table):
    """Flows with several categories and systems."""
    table = to_arrow(
        flow_table(
            {"categories": ["I.5", "B1"]},
            {"system_id": "portal", "peer_country": "JP"},
            {"system_id": None},
            {"categories": ["B1"], "host": None},
        ),
        Stage.CLASSIFY,
    ).combine_chunks()
    return Matching(table, exploded(column_of(table, "categories")))


def entry(**changes):
    plain = {
        "id": "A",
        "regime": "pdpl",
        "systems": ["registry"],
        "categories": ["B1"],
        "recipients": {"countries": ["SG"], "hosts": ["*.example.com"]},
        "filed": date(2026, 1, 5),
        "result": "passed",
        "valid_from": date(2026, 2, 1),
    }
    return Dossier.model_validate(plain | changes)


def test_rows_of_an_entry_are_those_of_its_systems_in_order(matching):
    assert matching.rows_of(entry()).tolist() == [0, 1, 4]
    assert matching.rows_of(entry(systems=["portal", "registry"])).tolist() == [0, 1, 2, 4]
    assert matching.rows_of(entry(systems=["moon"])).tolist() == []


def test_categories_are_compared_by_row(matching):
    rows = np.arange(5)
    assert matching.categories(entry(), rows).tolist() == [False, True, False, False, True]


def test_a_named_recipient_elsewhere_has_moved_and_one_not_known_has_not(matching):
    recipient = matching.recipient(entry().recipients, np.arange(4))
    assert recipient.moved.tolist() == [False, True, False, False]
    assert recipient.fits.hit.tolist() == [True, False, True, False]
    assert recipient.fits.known.tolist() == [True, True, True, False]
    anywhere = matching.recipient(entry(recipients={"countries": ["VN"]}).recipients, np.arange(4))
    assert anywhere.who is None and not anywhere.moved.any()


def test_the_first_and_the_last_day_of_an_entry_are_in_it(matching):
    (day,) = set(matching.days.tolist())
    assert day == number_of(date(2026, 3, 1))
    for valid, expected in (
        ({"valid_from": date(2026, 3, 1), "valid_to": date(2026, 3, 1)}, (False, False)),
        ({"valid_from": date(2026, 3, 2)}, (True, False)),
        ({"valid_to": date(2026, 2, 28)}, (False, True)),
    ):
        early, ended = matching.in_time(entry(**valid), np.arange(1))
        assert (early[0], ended[0]) == expected


def test_each_flow_of_ascending_rows_stands_once():
    flows, place = each_flow_once(np.array([2, 2, 5, 7, 7]))
    assert (flows.tolist(), place.tolist()) == ([2, 5, 7], [0, 0, 1, 2, 2])
