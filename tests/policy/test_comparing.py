"""A dossier beside what was seen, field by field."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from auditor import policy
from auditor.model.register import Register
from auditor.policy import candidates
from auditor.policy.comparing import MOST_LETTERS

DOSSIER = {
    "id": "HS-1",
    "regime": "decree-165-core",
    "systems": ["registry"],
    "categories": ["I.5"],
    "recipients": {"countries": ["SG"], "hosts": ["*.example.com"]},
    "filed": date(2026, 1, 5),
    "result": "passed",
    "result_on": date(2026, 1, 20),
    "valid_from": date(2026, 2, 1),
}
EVERYTHING = {
    "purpose": "Sao lưu",
    "ceiling": {"bytes": 10**9},
    "storage": {"countries": ["SG"], "until": date(2026, 12, 31)},
    "contract": {"number": "12/HĐ", "on": date(2026, 1, 2)},
    "stops": [{"on": date(2026, 5, 1), "by": "Bộ Công an", "lifted": date(2026, 6, 1)}],
}


@pytest.fixture
def compared(flow_table, law, inventory):
    """The lines of the one finding that the flows give, by field."""

    def ask(*flows, **changes):
        content = {"version": "1", "dossiers": [DOSSIER | changes]}
        register = Register.model_validate(content)
        table = candidates([flow_table(*flows)])
        (one,) = policy.findings(table, law, inventory, register)
        return {each.field: each for each in one.compared}

    return ask


def test_all_fields_of_a_fitting_dossier_fit_or_cannot_be_seen(compared):
    lines = compared({}, **EVERYTHING)
    assert {name: line.fits for name, line in lines.items()} == {
        "system": True,
        "category": True,
        "regime": True,
        "recipient": True,
        "country": True,
        "time": True,
        "filed": True,
        "result": True,
        "ceiling": True,
        "stop-order": True,
        "storage": None,
        "purpose": None,
        "contract": None,
    }
    assert lines["recipient"].seen.vi == "Example Cloud Pte (store.example.com)"
    assert lines["filed"].said.vi == "nộp ngày 05/01/2026, tính từ ngày 01/02/2026"
    assert lines["time"].seen.en == "on 2026-03-01"
    assert lines["contract"].said.vi == "12/HĐ ngày 02/01/2026"
    assert lines["purpose"].seen.vi == "lưu lượng không cho thấy"


def test_of_what_the_dossier_does_not_speak_nothing_is_said(compared):
    left = {"ceiling", "stop-order", "storage", "purpose", "contract"}
    assert left.isdisjoint(compared({}))


@pytest.mark.parametrize(
    ("field", "changes", "flow", "fits"),
    [
        ("category", {"categories": ["I.26a"]}, {}, False),
        ("regime", {"regime": "pdpl"}, {}, False),
        ("recipient", {"recipients": {"hosts": ["*.example.net"]}}, {}, False),
        ("recipient", {"recipients": {"hosts": ["*.example.com"]}}, {"host": None}, None),
        ("recipient", {"recipients": {"countries": ["SG"]}}, {}, None),
        ("country", {}, {"peer_country": "JP"}, False),
        ("country", {}, {"geo_state": "anycast"}, None),
        ("country", {"recipients": {"hosts": ["*.example.com"]}}, {}, None),
        ("time", {"valid_to": date(2026, 2, 28)}, {}, False),
        ("time", {"valid_from": date(2026, 3, 2)}, {}, False),
        ("filed", {"result_on": date(2026, 3, 2)}, {}, False),
        ("result", {"result": "pending"}, {}, False),
        ("ceiling", {"ceiling": {"bytes": 10}}, {}, False),
        ("stop-order", {"stops": [{"on": date(2026, 3, 1), "by": "A"}]}, {}, False),
        (
            "stop-order",
            {"stops": [{"on": date(2026, 3, 1), "by": "A"}], "recipients": {"countries": ["SG"]}},
            {},
            None,
        ),
        ("storage", {"storage": {"countries": ["SG"], "until": date(2026, 2, 28)}}, {}, False),
    ],
)
def test_a_field_that_differs_is_told(compared, field, changes, flow, fits):
    assert compared(flow, **changes)[field].fits is fits


def test_one_flow_that_does_not_fit_is_enough(compared):
    later = datetime(2026, 4, 2, tzinfo=UTC)
    other = {"host": "other.example.net", "start": later, "end": later}
    lines = compared({}, other, result="pending")
    assert lines["recipient"].fits is False
    assert lines["time"].seen.vi == "từ 01/03/2026 đến 02/04/2026"


def test_a_dossier_of_the_earlier_law_that_stays_in_use_fits(compared):
    flow = {"categories": ["B1"], "start": datetime(2025, 12, 20, tzinfo=UTC)}
    changes = {"regime": "pdpl", "categories": ["B1"], "result_on": None}
    changes |= {"filed": date(2025, 12, 1), "valid_from": date(2025, 11, 20)}
    assert compared(flow, **changes)["regime"].fits is True


def test_long_names_and_lists_are_cut(compared):
    hosts = [f"h{number}.example.net" for number in range(30)]
    lines = compared({}, recipients={"hosts": hosts}, purpose="x" * 2000)
    assert lines["recipient"].said.vi.endswith("và 20 mục khác")
    assert len(lines["purpose"].said.vi) == MOST_LETTERS
