"""Claimed exemptions: which transfers they speak of, and what becomes of the finding."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from auditor import policy
from auditor.model.register import Register
from auditor.policy import candidates

CLAIM = {
    "id": "MG-1",
    "ground": "decree-165-12-11-a",
    "systems": ["registry"],
    "categories": ["I.5"],
    "recipients": {"countries": ["SG"], "hosts": ["*.example.com"]},
    "valid_from": date(2026, 2, 20),
    "valid_to": date(2026, 3, 20),
    "reason": "Cấp cứu theo yêu cầu của bệnh viện",
    "recorded_by": "Nguyễn Văn An",
    "recorded": date(2026, 2, 21),
    "reviewed_by": "Trần Thị Bình",
    "reviewed": date(2026, 2, 22),
}
DOSSIER = {
    "id": "HS-1",
    "regime": "decree-165-core",
    "systems": ["registry"],
    "categories": ["I.5"],
    "recipients": {"hosts": ["*.example.com"]},
    "filed": date(2026, 1, 5),
    "result": "passed",
    "result_on": date(2026, 1, 20),
    "valid_from": date(2026, 2, 1),
}


@pytest.fixture
def found(flow_table, law, inventory):
    """The findings of the given flows under the given claims and dossiers."""

    def ask(*flows, claims=(CLAIM,), dossiers=()):
        content = {"version": "1", "dossiers": dossiers, "exemptions": claims}
        register = Register.model_validate(content)
        return policy.findings(candidates([flow_table(*flows)]), law, inventory, register)

    return ask


def test_a_claim_that_fits_makes_the_finding_exempt_and_low(found):
    (one,) = found({})
    assert (one.rule, one.state, one.severity) == ("core-data-abroad", "exempt", "low")
    assert (one.claim.id, one.claim.ground_id) == ("MG-1", "decree-165-12-11-a")
    assert (one.claim.recorded_by, one.claim.reviewed_by) == ("Nguyễn Văn An", "Trần Thị Bình")
    assert one.claim.basis.article == "Điều 12 khoản 11 điểm a"
    assert "chưa được chứng minh" in one.dossier_note.vi
    assert "trường hợp miễn" in one.next_step.vi


@pytest.mark.parametrize(
    "changes",
    [
        {"systems": ["portal"]},
        {"categories": ["I.26a"]},
        {"recipients": {"hosts": ["*.example.net"]}},
        {"recipients": {"countries": ["JP"], "hosts": ["*.example.com"]}},
        {"valid_from": date(2026, 3, 2)},
        {"valid_to": date(2026, 2, 28)},
        # A ground of the personal-data law frees from nothing that Decree 165 asks for.
        {"ground": "law-91-20-6-b"},
    ],
)
def test_a_claim_about_something_else_changes_nothing(found, changes):
    (one,) = found({}, claims=[CLAIM | changes])
    assert (one.state, one.severity, one.claim) == ("open", "critical", None)
    assert "MG-1" not in one.dossier_note.vi


@pytest.mark.parametrize(
    ("changes", "flow"),
    [
        ({"recipients": {"countries": ["SG"]}}, {}),
        ({}, {"host": None}),
        ({}, {"geo_state": "anycast"}),
    ],
)
def test_a_claim_whose_recipient_cannot_be_compared_leaves_it_undecided(found, changes, flow):
    (one,) = found(flow, claims=[CLAIM | changes])
    assert (one.state, one.severity, one.claim) == ("undecided", "critical", None)
    assert "MG-1" in one.dossier_note.vi and "có thể áp dụng" in one.dossier_note.vi


def test_what_a_dossier_covers_stays_covered(found):
    (one,) = found({}, dossiers=[DOSSIER])
    assert (one.state, one.claim) == ("covered", None)


def test_an_exemption_counts_where_a_dossier_alone_leaves_it_undecided(found):
    vague = DOSSIER | {"recipients": {"countries": ["SG"]}}
    assert found({}, dossiers=[vague])[0].state == "exempt"


def test_an_order_to_stop_beats_claim_and_dossier(found):
    stop = {"on": date(2026, 2, 25), "by": "Bộ Công an"}
    (one,) = found({}, dossiers=[DOSSIER | {"stops": [stop]}, DOSSIER | {"id": "HS-2"}])
    assert (one.state, one.severity, one.dossier) == ("open", "critical", "HS-1")
    assert one.claim is None and "yêu cầu ngừng chuyển" in one.dossier_note.vi
    vague = DOSSIER | {"recipients": {"countries": ["SG"]}, "stops": [stop]}
    (one,) = found({}, dossiers=[vague])
    assert (one.state, one.claim) == ("undecided", None)


def test_the_first_claim_that_fits_is_named_before_one_that_may(found):
    may = CLAIM | {"id": "MG-0", "recipients": {"countries": ["SG"]}}
    (one,) = found({}, claims=[may, CLAIM, CLAIM | {"id": "MG-2"}])
    assert one.claim.id == "MG-1"


def test_the_report_that_the_ground_asks_for_is_due_fifteen_days_from_the_first_transfer(found):
    later = datetime(2026, 3, 5, tzinfo=UTC)
    (one,) = found({"start": later, "end": later}, {})
    (due,) = one.deadlines
    assert (due.duty, due.counted_from, due.due) == (
        "report-exempt",
        date(2026, 3, 1),
        date(2026, 3, 16),
    )
    assert not due.known and "chưa rõ" in due.what.vi
    (sent,) = found({}, claims=[CLAIM | {"reported": date(2026, 3, 10)}])
    assert sent.deadlines == ()
    assert sent.claim.reported == date(2026, 3, 10)
