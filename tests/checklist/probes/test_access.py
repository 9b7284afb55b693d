from __future__ import annotations

import pytest

from tests.checklist.flows import RESET, SILENT, asked, daily, flow, network, zone

USER, APP, DB, ADMIN, PUBLIC = (
    "10.20.50.7", "10.20.20.5", "10.20.30.5", "10.20.40.2", "203.162.10.5",
)  # fmt: skip
ZONES = [
    zone("nguoi-dung", "users", "10.20.50.0/24"),
    zone("ung-dung", "application", "10.20.20.0/24"),
    zone("csdl", "database", "10.20.30.0/24"),
    zone("quan-tri", "management", "10.20.40.0/24"),
]
NETWORK = network(
    zones=ZONES,
    public=["203.162.10.0/24"],
    edges=[
        {"src": "ung-dung", "dst": "csdl", "ports": ["5432/tcp"]},
        {"src": "nguoi-dung", "dst": "ung-dung", "ports": ["8443/tcp"]},
        {"src": "internet", "dst": "csdl", "ports": ["any"]},
        {"src": "nguoi-dung", "dst": "csdl", "ports": ["1433/tcp"]},
    ],
    privileged_access=["10.20.40.10"],
)


@pytest.mark.parametrize(
    ("extra", "answer"),
    [
        ([], "pass"),
        ([flow(USER, DB, 5432, **RESET)], "pass"),
        ([flow(APP, DB, 3306)], "fail"),  # the declared edge names another port
        ([flow(USER, DB, 1433)], "fail"),  # declared, and still from people's machines
        ([flow("113.160.1.1", DB, 5432)], "fail"),  # declared, and still from the Internet
        ([flow("10.20.30.6", DB, 5432)], "pass"),  # replicas among themselves
        ([flow(USER, APP, 6379)], "fail"),  # a database elsewhere than in its zone
        ([flow(APP, "113.160.1.1", 5432)], "pass"),  # somebody else's database
        ([flow(ADMIN, DB, 22)], "pass"),
        (
            [flow(ADMIN, DB, 5432)],
            "fail",
        ),  # administrators too come to the data by what is declared
        ([flow(USER, DB, 22)], "fail"),
        ([flow(USER, DB, None, protocol=1)], "pass"),
    ],
)
def test_databases_are_reached_only_as_declared(extra, answer):
    assert asked("database-reached", [*daily(APP, DB, 5432), *extra], NETWORK).answer == answer


@pytest.mark.parametrize(
    ("extra", "answer"),
    [
        ([], "pass"),
        ([flow(USER, APP, 22)], "fail"),
        ([flow(USER, APP, 22, **SILENT)], "pass"),
        ([flow(APP, DB, 161, protocol=17)], "fail"),
        ([flow(USER, APP, 8443)], "pass"),  # declared by its port
        ([flow(USER, DB, 8443)], "fail"),
        ([flow("10.20.40.10", APP, 3389)], "pass"),
        ([flow("113.160.1.1", PUBLIC, 22)], "fail"),
        ([flow(USER, "113.160.1.1", 22)], "pass"),  # not the agency's machine
    ],
)
def test_administration_comes_from_the_management_zone(extra, answer):
    rows = [*daily(ADMIN, APP, 22), *extra]
    assert asked("management-across-zones", rows, NETWORK).answer == answer


@pytest.mark.parametrize(("level", "answer"), [(3, "pass"), (4, "fail"), (5, "fail")])
def test_from_level_4_the_management_zone_has_no_internet(level, answer):
    rows = [*daily(ADMIN, APP, 22), flow(ADMIN, "113.160.1.1", 443)]
    assert asked("management-across-zones", rows, NETWORK, level=level).answer == answer


def test_a_host_for_privileged_access_is_not_its_own_bypass():
    rows = [*daily("10.20.40.10", DB, 22), flow(ADMIN, "10.20.40.10", 22)]
    assert asked("admin-through-pam", rows, NETWORK).answer == "pass"
    rows.append(flow(ADMIN, APP, 5985))
    assert asked("admin-through-pam", rows, NETWORK).answer == "fail"


@pytest.mark.parametrize(
    ("extra", "answer"),
    [
        ([], "pass"),
        ([flow("52.219.40.10", PUBLIC, 3389)], "fail"),
        ([flow("52.219.40.10", PUBLIC, 3389, **RESET)], "pass"),
        ([flow("52.219.40.10", DB, 5432)], "fail"),
        ([flow(USER, PUBLIC, 3389)], "pass"),  # from inside
        ([flow("52.219.40.10", PUBLIC, 8443)], "fail"),
    ],
)
def test_the_internet_reaches_no_management_or_database_port(extra, answer):
    rows = [*daily("113.160.1.1", PUBLIC, 443), *extra]
    assert asked("exposed-to-internet", rows, NETWORK).answer == answer


@pytest.mark.parametrize(
    ("rows", "answer"),
    [
        ([flow(USER, f"10.20.20.{n}", 80, **SILENT) for n in range(1, 101)], "clear"),
        ([flow(USER, f"10.20.20.{n}", 80, **SILENT) for n in range(1, 102)], "fail"),
        ([flow(USER, APP, n, **RESET) for n in range(1, 102)], "fail"),
        ([flow(USER, f"10.20.20.{n}", 80, blocked=True) for n in range(1, 102)], "fail"),
        ([flow(USER, f"10.20.20.{n}", 80) for n in range(1, 102)], "clear"),  # all answered
        ([flow(USER, f"10.20.20.{n}", 445) for n in range(1, 21)], "clear"),
        ([flow(USER, f"10.20.20.{n}", 445) for n in range(1, 22)], "fail"),
        ([flow(ADMIN, f"10.20.20.{n}", 3389) for n in range(1, 30)], "clear"),
        ([flow("113.160.1.1", f"10.20.20.{n}", 80, **SILENT) for n in range(1, 150)], "unknown"),
    ],
)
def test_scanning_is_told_by_how_many_were_tried_in_vain(rows, answer):
    assert asked("scanning-seen", rows, NETWORK).answer == answer
