"""What left, on which route, under which rules, and by which key it is known again."""

from datetime import UTC, datetime

import pytest

from auditor import policy
from auditor.model.inventory import Inventory, System
from auditor.model.ledger import Carried, Route
from auditor.policy.transfers import transfers

KEY = bytes(range(32))
LAST_YEAR = datetime(2025, 12, 31, 16, 59, tzinfo=UTC)  # the last minute of 2025 in Vietnam
THIS_YEAR = datetime(2025, 12, 31, 17, 0, tzinfo=UTC)


@pytest.fixture
def left(flow_table, law, inventory):
    """The transfers of flows that differ by so much; ``inventory`` may be another."""

    def build(*differences, key=KEY, **more):
        candidates = policy.candidates([flow_table(*differences)])
        return transfers(candidates, law, more.get("inventory", inventory), key)

    return build


def test_a_flow_keeps_what_the_ledger_needs_and_no_address(left):
    found = left({})
    row = found.flows.to_pylist()[0]
    assert found.routes == (
        Route(
            "Sở Mẫu", "registry", "Example Cloud Pte", "SG", (Carried("I.5", "decree-165-core"),)
        ),
    )
    assert (row["route"], row["bytes"], row["records"]) == (0, 1000, None)
    assert row["end"] - row["start"] == 60 * 10**9
    assert 0 <= row["key"] < 2**63


@pytest.mark.parametrize(
    "kept_out",
    [
        {"crosses_border": None, "foreign_recipient": None},
        {"crosses_border": False, "foreign_recipient": False},
        {"start": datetime(2025, 6, 30, 16, 59, tzinfo=UTC)},  # the last minute before
        {"outbound_bytes": 0},
        {"outbound_bytes": None},
        {"app": "dns"},
        {"protocol": 1},
    ],
    ids=str,
)
def test_what_need_not_have_left_or_carried_nothing_is_not_counted(left, kept_out):
    assert left(kept_out).flows.num_rows == 0
    assert left({}, kept_out).flows.num_rows == 1


def test_what_goes_to_somebody_foreign_at_home_counts_for_his_country(left):
    found = left({"crosses_border": False, "peer_country": "VN", "operator_country": "US"})
    assert [route.country for route in found.routes] == ["US"]


def test_each_category_has_the_regime_of_the_day_in_vietnam(left):
    personal = {"categories": ["I.26a", "B1"]}
    found = left({**personal, "start": LAST_YEAR}, {**personal, "start": THIS_YEAR})
    assert [route.carried for route in found.routes] == [
        (Carried("B1", "decree-13"), Carried("I.26a", "decree-165-core")),
        (Carried("B1", "pdpl"), Carried("I.26a", "pdpl")),
    ]


def test_systems_that_hold_nothing_and_systems_nobody_knows_carry_nothing(left):
    found = left({"categories": []}, {"categories": None, "system_id": None})
    assert [(route.system, route.carried) for route in found.routes] == [
        ("registry", ()),
        (None, ()),
    ]


def test_the_owner_is_the_systems_own_or_the_agency(left):
    systems = (System(id="registry", name="A", owner="Cục Đất đai", hosts=("a.example.vn",)),)
    named = Inventory(agency="Sở Mẫu", systems=systems)
    rows = ({}, {"system_id": None})
    assert [route.owner for route in left(*rows, inventory=named).routes] == [
        "Cục Đất đai",
        "Sở Mẫu",
    ]
    assert {route.owner for route in left(*rows, inventory=None).routes} == {""}


def test_a_connection_has_one_key_whoever_is_said_to_have_begun_it(left):
    there = {"src_ip": "10.1.1.1", "src_port": 5, "dst_ip": "192.0.2.1", "dst_port": 443}
    back = {
        "src_ip": "192.0.2.1", "src_port": 443, "dst_ip": "10.1.1.1", "dst_port": 5,
        "home_side": "dst",
    }  # fmt: skip
    keys = left(there, back).flows["key"].to_pylist()
    assert keys[0] == keys[1]


def test_another_port_address_protocol_or_secret_is_another_key(left):
    base = {"src_ip": "10.1.1.1", "src_port": 5, "dst_ip": "192.0.2.1", "dst_port": 443}
    others = [
        {"src_port": 6}, {"dst_port": 444}, {"src_ip": "10.1.1.2"}, {"dst_ip": "192.0.2.2"},
        {"protocol": 17}, {"src_port": None}, {"src_port": 443, "dst_port": 5},
    ]  # fmt: skip
    keys = left(base, *({**base, **each} for each in others)).flows["key"].to_pylist()
    assert len(set(keys)) == len(others) + 1
    assert left(base, key=b"another").flows["key"].to_pylist()[0] not in keys
    assert left(base).flows["key"].to_pylist()[0] == keys[0]


def test_records_are_estimates_even_where_persons_were_counted(left, inventory):
    registry = replace_system(inventory, record_bytes=300)
    estimated = {"subjects": 7, "subjects_basis": "estimated"}
    counted = {"subjects": 2, "subjects_basis": "counted"}
    many = {**counted, "outbound_bytes": 10**9}
    found = left(estimated, counted, many, {}, inventory=registry)
    assert found.flows["records"].to_pylist() == [7, 4, 50, None]


def replace_system(inventory, **changes):
    first, *rest = inventory.systems
    return inventory.model_copy(update={"systems": (first.model_copy(update=changes), *rest)})
