from __future__ import annotations

import pytest

from auditor.checklist.held import Held
from auditor.model.errors import InputError
from auditor.model.inventory import Inventory
from tests.checklist.flows import SILENT, asked, daily, flow, network, register, zone

APP, DB = "10.20.20.5", "10.20.30.5"
NETWORK = network(
    zones=[
        zone("ung-dung", "application", "10.20.20.0/24"),
        zone("csdl", "database", "10.20.30.0/24"),
    ],
    public=["203.162.10.0/24"],
)
INVENTORY = Inventory.model_validate(
    {
        "agency": "Sở Mẫu",
        "home_networks": ["10.20.0.0/16"],
        "systems": [
            {"id": "a", "name": "A", "networks": ["10.20.20.0/24"]},
            {"id": "b", "name": "B", "hosts": ["*.b.example.vn"]},
        ],
    }
)
WEEK = daily(APP, "10.20.20.6")


@pytest.mark.parametrize(
    ("extra", "answer"),
    [
        ([], "pass"),
        ([flow(APP, DB, 5432)], "fail"),
        ([flow(APP, DB, 5432, **SILENT)], "pass"),  # nobody is there
        ([flow(APP, DB, 443, host="www.b.example.vn", host_basis="tls-sni")], "pass"),
        ([flow(DB, APP, 443, **SILENT)], "fail"),  # it sent, whether or not anybody answered
        ([flow(DB, APP, 443, blocked=True)], "pass"),
        ([flow(APP, "113.160.1.1")], "pass"),  # not inside
    ],
)
def test_addresses_that_talk_inside_belong_to_a_listed_system(extra, answer):
    found = asked("addresses-in-inventory", [*WEEK, *extra], NETWORK, inventory=INVENTORY)
    assert found.answer == answer


def test_the_address_is_shown_with_the_flow_that_shows_it():
    rows = [*WEEK, flow(APP, DB, 5432)]
    found = asked("addresses-in-inventory", rows, NETWORK, inventory=INVENTORY)
    assert [(each.place, each.shows) for each in found.references] == [("flow 9", DB)]


def test_assets_may_be_written_as_networks_and_lists():
    rows = [*WEEK, flow(APP, DB, 5432)]
    assets = register("assets", {"asset": "a", "address": f"10.20.20.0/24, {DB}"})
    assert asked("unknown-devices", rows, NETWORK, evidence=assets).answer == "clear"
    assets = register("assets", {"asset": "a", "address": "10.20.20.0/24"})
    found = asked("unknown-devices", rows, NETWORK, evidence=assets)
    assert found.answer == "fail"
    assert [each.shows for each in found.references] == [DB]


def test_an_empty_register_passes_nothing():
    empty = register("assets")
    assert asked("unknown-devices", WEEK, NETWORK, evidence=empty).answer == "unknown"


def test_a_register_that_cannot_be_read_is_not_swallowed():
    def broken():
        raise InputError("is torn", place="evidence/assets.csv", hint="Export it again.")

    entry = register("assets", {"asset": "a"})["assets"][0].entry
    evidence = {"assets": (Held(entry, "present", broken),)}
    with pytest.raises(InputError, match="is torn"):
        asked("unknown-devices", WEEK, NETWORK, evidence=evidence)


@pytest.mark.parametrize(
    ("given", "answer"),
    [
        ({"port": 22}, "fail"),
        ({"port": 51820, "protocol": 17}, "fail"),
        ({"port": 22} | SILENT, "unknown"),
        ({"port": 443}, "unknown"),
    ],
)
def test_whoever_administers_from_outside_needs_a_row(given, answer):
    rows = daily("113.160.9.9", "203.162.10.5", **given)
    suppliers = register("suppliers", {"supplier": "Mẫu", "address": "113.160.1.1"})
    assert asked("suppliers-seen", rows, NETWORK, evidence=suppliers).answer == answer
    suppliers = register("suppliers", {"supplier": "Mẫu", "address": "113.160.9.0/24"})
    held = asked("suppliers-seen", rows, NETWORK, evidence=suppliers).answer
    assert held == ("pass" if answer == "fail" else "unknown")
