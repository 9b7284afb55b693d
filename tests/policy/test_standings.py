"""The regime of a finding, and the sanctions that are told with it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from auditor import policy

BEFORE, SINCE = datetime(2025, 12, 1, tzinfo=UTC), datetime(2026, 3, 1, tzinfo=UTC)
IN_AUGUST = datetime(2026, 8, 19, 3, tzinfo=UTC)


@pytest.fixture
def found(flow_table, law, inventory):
    def ask(*differences):
        flows = policy.candidates([flow_table(*differences)])
        return {one.rule: one for one in policy.findings(flows, law, inventory, None)}

    return ask


CLEAR = {"categories": ["II.18a"], "level": "important", "encrypted": False}


def test_a_finding_has_the_regime_of_all_its_transfers(found):
    one = found(CLEAR | {"start": SINCE})["clear-text-core-or-important"]
    assert (one.regime, one.regime_title.vi[:24]) == ("pdpl", "Luật Bảo vệ dữ liệu cá n")


def test_transfers_of_two_regimes_are_one_finding_without_a_regime(found):
    flows = [CLEAR | {"start": start} for start in (BEFORE, SINCE)]
    one = found(*flows)["clear-text-core-or-important"]
    assert one.evidence.flow_ids == (1, 2)
    assert (one.regime, one.regime_title) == (None, None)


def test_a_rule_that_does_not_look_at_categories_has_no_regime(found):
    assert found({"system_id": None})["unlisted-system-sending-abroad"].regime is None


def test_a_secrecy_mark_has_its_own_regime(found):
    flow = {"content_labels": ["state-secret"], "content_certainties": ["firm"]}
    answer = found(flow)
    assert answer["secrecy-mark-abroad"].regime == "state-secret"
    assert answer["core-data-abroad"].regime == "decree-165-core"


def test_sanctions_are_told_from_the_day_they_are_in_force(found):
    flow = {"categories": ["B1"], "level": "personal"}
    assert found(flow | {"start": SINCE})["personal-data-abroad"].sanctions == ()
    several = found(flow | {"start": IN_AUGUST, "end": IN_AUGUST})["personal-data-abroad"].sanctions
    assert [each.basis.article for each in several] == [
        f"Điều 56 khoản {clause}" for clause in (1, 2, 3, 4)
    ]
    assert {each.basis.mark for each in several} == {"C"}


def test_what_an_inspector_looks_up_fits_what_the_rule_asks(found):
    flow = {"categories": ["S-d"], "level": "personal", "encrypted": False, "start": IN_AUGUST}
    one = found(flow | {"end": IN_AUGUST})["clear-text-sensitive-personal"]
    assert [each.basis.article for each in one.sanctions] == ["Điều 52 khoản 3", "Điều 69"]
