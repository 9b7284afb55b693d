"""By which day something must be done."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from auditor import policy
from auditor.model.ledger import Ledger
from auditor.model.regimes import Duty
from auditor.model.register import Register
from auditor.policy import candidates, dated
from auditor.policy.deadlines import due_on

DOSSIER = {
    "id": "HS-1",
    "regime": "pdpl",
    "systems": ["registry"],
    "categories": ["B1"],
    "recipients": {"countries": ["SG"], "hosts": ["*.example.com"]},
    "filed": date(2026, 2, 3),
    "result": "passed",
    "valid_from": date(2026, 2, 1),
}
PERSONAL = {"categories": ["B1"], "level": "personal"}
ROUTE = ("registry", "B1", "Example Cloud Pte")


@pytest.fixture
def found(flow_table, law, inventory):
    """The findings of the given flows under the given dossiers."""

    def ask(*flows, dossiers=(), ledger=None):
        register = Register.model_validate({"version": "1", "dossiers": dossiers})
        table = candidates([flow_table(*flows)])
        return policy.findings(table, law, inventory, register, ledger=ledger)

    return ask


def terms(finding):
    return [(each.duty, each.due, each.counted_from, each.known) for each in finding.deadlines]


def test_a_dossier_is_due_sixty_days_after_the_first_transfer_that_was_seen(found):
    (one,) = found(PERSONAL, PERSONAL | {"start": datetime(2026, 2, 27, 17, tzinfo=UTC)})
    # 27 February 17:00 UTC is 28 February in Vietnam.
    assert terms(one) == [("file", date(2026, 4, 29), date(2026, 2, 28), False)]
    assert one.deadlines[0].basis.article == "Điều 20 khoản 2"


def test_a_dossier_of_important_data_was_due_fifteen_days_before(found):
    (one,) = found({"categories": ["II.10"], "level": "important"})
    assert terms(one) == [("file", date(2026, 2, 14), date(2026, 3, 1), False)]


def test_the_first_transfer_is_that_of_the_route_whatever_the_state_of_its_findings(found):
    early = PERSONAL | {"start": datetime(2026, 2, 5, tzinfo=UTC)}
    ended = DOSSIER | {"valid_to": date(2026, 2, 20)}
    plain, covered = found(early, PERSONAL, dossiers=[ended])
    assert (covered.state, covered.deadlines) == ("covered", ())
    assert terms(plain) == [("file", date(2026, 4, 6), date(2026, 2, 5), False)]


def test_the_ledger_knows_the_first_day_where_it_has_days_before(found, law):
    several = found(PERSONAL)
    before = Ledger(complete_from=date(2026, 1, 1), first_seen={ROUTE: date(2026, 1, 10)})
    (one,) = dated(several, law, before)
    assert terms(one) == [("file", date(2026, 3, 11), date(2026, 1, 10), True)]
    since = replace(before, complete_from=date(2026, 1, 10))
    assert terms(dated(several, law, since)[0])[0][3] is False
    other = Ledger(complete_from=date(2026, 1, 1))
    assert terms(dated(several, law, other)[0]) == [
        ("file", date(2026, 4, 30), date(2026, 3, 1), True)
    ]
    # A ledger without this run has its first day later.
    behind = replace(before, first_seen={ROUTE: date(2026, 5, 1)})
    assert terms(dated(several, law, behind)[0])[0][2] == date(2026, 3, 1)


def test_dating_twice_is_dating_once(found, law):
    failed = DOSSIER | {"result": "failed", "result_on": date(2026, 2, 20)}
    several = found(PERSONAL, {}, dossiers=[failed])
    assert dated(several, law, None) == several
    assert next(one.deadlines for one in several if one.rule == "personal-data-abroad")


def test_a_failed_dossier_is_completed_within_thirty_days_and_not_filed_again(found):
    failed = DOSSIER | {"result": "failed", "result_on": date(2026, 2, 20)}
    (one,) = found(PERSONAL, dossiers=[failed])
    assert terms(one) == [("supplement", date(2026, 3, 22), date(2026, 2, 20), True)]
    (one,) = found(PERSONAL, dossiers=[DOSSIER | {"result": "failed"}])
    assert terms(one) == []


def test_another_country_asks_for_an_update_from_the_first_day_it_was_seen(found):
    moved = PERSONAL | {"peer_country": "JP", "start": datetime(2026, 8, 31, tzinfo=UTC)}
    plain, covered = found(PERSONAL, moved, dossiers=[DOSSIER])
    assert (plain.state, covered.state) == ("open", "covered")
    assert "tại quốc gia khác" in plain.dossier_note.vi
    assert terms(plain) == [
        ("update-soon", date(2026, 9, 10), date(2026, 8, 31), False),
        ("update-halfyear", date(2027, 2, 28), date(2026, 8, 31), False),
    ]


def test_without_a_regime_or_a_dossier_rule_nothing_is_due(found):
    for one in found({"categories": ["I.t-personnel"]}, PERSONAL | {"encrypted": False}):
        assert (one.deadlines == ()) == (one.rule != "personal-data-abroad")


def test_nothing_is_due_before_its_provision_is_in_force(found, law):
    before = Ledger(complete_from=date(2025, 1, 1), first_seen={ROUTE: date(2025, 11, 10)})
    (one,) = dated(found(PERSONAL), law, before)
    assert terms(one) == [("file", date(2026, 3, 2), date(2026, 1, 1), False)]
    important = {"categories": ["II.10"], "level": "important"}
    route = ("registry", "II.10", "Example Cloud Pte")
    before = Ledger(complete_from=date(2025, 1, 1), first_seen={route: date(2025, 6, 20)})
    (one,) = dated(found(important), law, before)
    assert terms(one) == [("file", date(2025, 7, 1), date(2025, 7, 1), False)]
    for first, due in ((1, date(2025, 7, 1)), (16, date(2025, 7, 1)), (17, date(2025, 7, 2))):
        since = replace(before, first_seen={route: date(2025, 7, first)})
        (one,) = dated(found(important), law, since)
        assert terms(one) == [("file", due, date(2025, 7, first), True)]


@pytest.mark.parametrize(
    ("direction", "measure", "day", "due"),
    [
        # 72 hours from some moment of the first end on the fourth at the latest.
        ("after", {"hours": 72}, date(2026, 1, 1), date(2026, 1, 4)),
        ("after", {"days": 60}, date(2026, 1, 1), date(2026, 3, 2)),
        ("before", {"days": 15}, date(2026, 1, 10), date(2025, 12, 26)),
        ("after", {"months": 6}, date(2025, 8, 31), date(2026, 2, 28)),
        ("after", {"months": 6}, date(2026, 7, 1), date(2027, 1, 1)),
        ("before", {"months": 1}, date(2028, 3, 31), date(2028, 2, 29)),
    ],
)
def test_days_and_months_are_reckoned_by_the_calendar(law, direction, measure, day, due):
    some = law.regimes.regimes[0].duties[0].model_dump() | {"days": None}
    duty = Duty.model_validate(some | {"direction": direction} | measure)
    assert due_on(duty, day) == due
