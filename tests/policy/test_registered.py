"""What the register says of each finding."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from auditor import policy
from auditor.model.register import Register
from auditor.policy import candidates
from auditor.policy.registered import severity_of

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
    """The findings of the given flows under the given dossiers."""

    def ask(*flows, dossiers):
        register = Register.model_validate({"version": "1", "dossiers": dossiers})
        return policy.findings(candidates([flow_table(*flows)]), law, inventory, register)

    return ask


@pytest.mark.parametrize(
    ("state", "severity", "shown"),
    [
        ("open", "critical", "critical"),
        ("undecided", "high", "high"),
        ("exempt", "critical", "low"),
        ("exempt", "info", "info"),
        ("covered", "critical", "info"),
    ],
)
def test_a_claim_lowers_a_finding_and_a_dossier_only_informs(state, severity, shown):
    assert severity_of(state, severity) == shown


def test_an_order_to_stop_splits_what_came_before_it_from_what_goes_on(found):
    later = datetime(2026, 4, 2, tzinfo=UTC)
    stop = {"on": date(2026, 4, 1), "by": "Bộ Công an", "number": "12/YC"}
    plain, covered = found(
        {}, {"start": later, "end": later}, dossiers=[DOSSIER | {"stops": [stop]}]
    )
    assert (plain.state, plain.severity, plain.evidence.flow_ids) == ("open", "critical", (2,))
    assert "ngày 01/04/2026, Bộ Công an 12/YC" in plain.dossier_note.vi
    assert "Tạm dừng ngay" in plain.next_step.vi
    assert (covered.state, covered.evidence.flow_ids) == ("covered", (1,))


def test_the_dossier_that_most_was_sent_under_is_named_first_and_the_others_after_it(found):
    one, two, three = (
        DOSSIER | {"id": name, "result": "pending", "recipients": {"hosts": [host]}}
        for name, host in (("A", "a.example.vn"), ("B", "b.example.vn"), ("C", "c.example.vn"))
    )
    (answer,) = found(
        {"host": "a.example.vn"},
        {"host": "b.example.vn", "outbound_bytes": 5000},
        dossiers=[one, two, three],
    )
    assert answer.dossier == "B"
    assert answer.dossier_note.vi.endswith("Hồ sơ khác cùng mức: A.")


def test_a_change_leads_to_the_update_and_not_to_a_new_dossier(found):
    moved = DOSSIER | {"recipients": {"countries": ["JP"], "hosts": ["*.example.com"]}}
    (one,) = found({}, dossiers=[moved])
    assert (one.state, one.severity) == ("open", "critical")
    assert "cập nhật hồ sơ" in one.next_step.vi


def test_a_covered_finding_says_whether_the_volume_was_compared(found):
    (without,) = found({}, dossiers=[DOSSIER])
    assert "phương thức, số lượng và hợp đồng" in without.dossier_note.vi
    (ceiling,) = found({}, dossiers=[DOSSIER | {"ceiling": {"bytes": 5000}}])
    assert "số lượng" not in ceiling.dossier_note.vi
    assert "Chưa thấy vượt mức trần" in ceiling.dossier_note.vi
