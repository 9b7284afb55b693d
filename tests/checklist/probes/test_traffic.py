from __future__ import annotations

import pytest

from tests.checklist.flows import SILENT, asked, daily, flow, network, register, zone

USER, APP, DB = "10.20.50.7", "10.20.20.5", "10.20.30.5"
ZONES = [
    zone("nguoi-dung", "users", "10.20.50.0/24"),
    zone("ung-dung", "application", "10.20.20.0/24"),
    zone("csdl", "database", "10.20.30.0/24"),
]
NETWORK = network(zones=ZONES, edges=[{"src": "ung-dung", "dst": "csdl", "ports": ["5432/tcp"]}])
WEEK = daily(APP, DB, 5432)
SEVEN = ("internal", "edge", "servers", "dmz", "database", "wireless", "management")


@pytest.mark.parametrize(
    ("extra", "answer"),
    [
        ([], "pass"),
        ([flow(USER, DB, 5432)], "fail"),
        ([flow(USER, DB, 5432, **SILENT)], "pass"),
        ([flow(USER, DB, 5432, blocked=True)], "pass"),
        ([flow(USER, DB, 514, **(SILENT | {"protocol": 17}))], "fail"),  # a datagram arrived
        ([flow(USER, "10.20.50.8", 445)], "pass"),  # inside one zone
        ([flow(USER, "10.99.1.1", 443)], "fail"),  # to an address nobody declared
        ([flow("10.99.1.1", USER, 443)], "fail"),
        ([flow("113.160.1.1", "113.160.1.2", 443)], "pass"),  # not the agency's
        ([flow(USER, "224.0.0.251", 5353, protocol=17)], "pass"),
        ([flow("10.20.30.9", USER, 5432)], "fail"),  # the declared edge the other way round
    ],
)
def test_only_undeclared_ways_that_carried_something_count(extra, answer):
    assert asked("edges-in-matrix", [*WEEK, *extra], NETWORK).answer == answer


def test_many_flows_of_one_way_are_one_way():
    found = asked("edges-in-matrix", daily(USER, DB, 5432), NETWORK)
    assert "1 way seen between 1 pair of zones is not declared" in found.en
    assert len(found.references) == 1
    assert found.references[0].shows.endswith("×8")


@pytest.mark.parametrize(
    ("kinds", "level", "answer"),
    [
        (SEVEN, 3, "pass"),
        (SEVEN, 5, "pass"),
        (("users", *SEVEN[1:]), 3, "pass"),  # users stand for the internal zone
        (SEVEN[:5], 2, "pass"),
        (SEVEN[:4], 2, "fail"),
        ((*SEVEN[:6], "test"), 3, "fail"),  # seven, but nothing to administer from
        ((*SEVEN[:5], "management", "test"), 3, "partial"),
        (SEVEN[:1], 1, "pass"),
    ],
)
def test_zones_are_counted_and_their_kinds_looked_at(kinds, level, answer):
    zones = [zone(f"z-{n}", kind, f"10.20.{n}.0/24") for n, kind in enumerate(kinds)]
    found = asked("zones-required", None, network(zones=zones), level=level)
    assert found.answer == answer
    assert found.rests_on.startswith("TCVN14423")


def test_test_machines_of_the_register_count_by_their_address_or_that_of_the_asset():
    rows = [flow("10.20.20.9", DB, 5432)]
    named = register("environments", {"asset": "ung-dung-9", "environment": "Thử nghiệm"})
    assets = register("assets", {"asset": "ung-dung-9", "address": "10.20.20.9"})
    found = asked("environments-separate", rows, NETWORK, evidence=named | assets)
    assert found.answer == "fail"
    plain = register("environments", {"asset": "10.20.20.9", "environment": "UAT"})
    assert asked("environments-separate", rows, NETWORK, evidence=plain).answer == "fail"
    assert asked("environments-separate", rows, NETWORK, evidence=named).answer == "unknown"
    live = register("environments", {"asset": "10.20.20.9", "environment": "vận hành"})
    assert asked("environments-separate", rows, NETWORK, evidence=live).answer == "unknown"


@pytest.mark.parametrize(
    ("extra", "answer"),
    [
        ([], "clear"),
        ([flow("10.20.40.2", "10.20.60.3", 22)], "clear"),
        ([flow("10.20.60.3", "10.20.40.2", 443)], "fail"),  # the other way is no administration
        ([flow("10.20.60.3", "10.20.20.53", 53, protocol=17)], "clear"),
        ([flow("10.20.60.3", DB, 5432)], "fail"),
        ([flow("10.20.60.3", DB, 5432, **SILENT)], "clear"),
        ([flow("10.20.60.3", "113.160.1.1")], "clear"),  # the Internet is no environment
    ],
)
def test_tests_mix_with_operation_only_for_administration_and_services(extra, answer):
    zones = [
        *ZONES,
        zone("thu-nghiem", "test", "10.20.60.0/24"),
        zone("quan-tri", "management", "10.20.40.0/24"),
    ]
    declared = network(zones=zones, resolvers=["10.20.20.53"])
    rows = [*daily("10.20.60.3", "10.20.60.4", 5432), *extra]
    assert asked("environments-separate", rows, declared).answer == answer
