from __future__ import annotations

import pytest

from tests.checklist.flows import SILENT, asked, daily, flow, network, zone

USER, APP, DB, ABROAD, NEAR = (
    "10.20.50.7", "10.20.20.5", "10.20.30.5", "52.219.40.10", "113.160.1.1",
)  # fmt: skip
ZONES = [
    zone("nguoi-dung", "users", "10.20.50.0/24"),
    zone("ung-dung", "application", "10.20.20.0/24"),
    zone("csdl", "database", "10.20.30.0/24"),
]
NETWORK = network(
    zones=ZONES,
    edges=[
        {"src": "ung-dung", "dst": NEAR, "ports": ["4500/udp"]},
        {"src": "ung-dung", "dst": "internet", "ports": ["any"]},
    ],
    resolvers=["10.20.20.53"],
    time_servers=["10.20.20.123"],
)
UDP = {"protocol": 17}


@pytest.mark.parametrize(
    ("given", "answer"),
    [
        ({"dst": ABROAD, "port": 443}, "clear"),
        ({"dst": ABROAD, "port": 853}, "fail"),
        ({"dst": ABROAD, "port": 1194} | UDP, "fail"),
        ({"dst": NEAR, "port": 4500} | UDP, "clear"),  # declared by its port
        ({"dst": ABROAD, "port": 4500} | UDP, "fail"),  # declared for any port only
        ({"dst": ABROAD, "port": None, "protocol": 47}, "fail"),
        ({"dst": ABROAD, "port": 443, "host": "abc.ngrok-free.app"}, "fail"),
        ({"dst": ABROAD, "port": 443, "host": "dns.google"}, "fail"),
        ({"dst": ABROAD, "port": 443, "host": "notanydesk.com"}, "clear"),
        ({"dst": ABROAD, "port": 9001} | SILENT, "clear"),  # it did not get through
        ({"dst": "10.20.30.9", "port": 1194}, "clear"),  # stays inside
        ({"dst": ABROAD, "port": 443, "app": "openvpn"}, "fail"),
    ],
)
def test_tunnels_are_known_by_port_protocol_and_name(given, answer):
    if "host" in given:
        given = given | {"host_basis": "tls-sni"}
    rows = [*daily(USER, ABROAD), flow(APP, **given)]
    assert asked("egress-tunnels", rows, NETWORK).answer == answer


NAMES = [
    *daily(USER, "10.20.20.53", 53, **UDP),
    *daily("10.20.20.53", ABROAD, 53, **UDP, crosses_border=True),
]


@pytest.mark.parametrize(
    ("extra", "answer"),
    [
        ([], "pass"),
        ([flow(USER, ABROAD, 53, **UDP, crosses_border=True)], "fail"),
        ([flow(USER, NEAR, 53, **UDP, crosses_border=False)], "fail"),
        ([flow(USER, NEAR, 53, **UDP, blocked=True)], "pass"),
        ([flow(USER, NEAR, 5300, **UDP, app="dns")], "fail"),
        ([flow(USER, "10.20.20.123", 123, **UDP)], "pass"),
        ([flow("10.20.20.123", NEAR, 123, **UDP)], "pass"),
        ([flow(USER, "8.8.8.8", 53, **UDP)], "fail"),  # in many places at once: not declared
    ],
)
def test_names_and_time_are_asked_of_declared_servers(extra, answer):
    assert asked("foreign-dns-ntp", [*NAMES, *extra], NETWORK).answer == answer


def test_a_resolver_abroad_is_told_even_where_none_is_declared():
    bare = network(zones=ZONES)
    rows = daily(USER, ABROAD, 53, **UDP, crosses_border=True)
    assert asked("foreign-dns-ntp", rows, bare).answer == "fail"
    rows = daily(USER, NEAR, 53, **UDP, crosses_border=False)
    assert asked("foreign-dns-ntp", rows, bare).answer == "unknown"


@pytest.mark.parametrize(
    ("extra", "answer"),
    [
        ([], "clear"),
        ([flow(DB, NEAR)], "fail"),
        ([flow(DB, "10.99.0.1", crosses_border=True)], "fail"),
        ([flow(DB, NEAR, 514, **(SILENT | UDP))], "fail"),
        ([flow(DB, NEAR, **SILENT)], "clear"),
        ([flow(NEAR, DB, 5432)], "clear"),  # another probe's matter
    ],
)
def test_the_database_zone_opens_nothing_to_the_internet(extra, answer):
    rows = [*daily(APP, DB, 5432), *extra]
    assert asked("database-zone-to-internet", rows, NETWORK).answer == answer


@pytest.mark.parametrize(
    ("given", "answer"),
    [
        ({"app": "tls", "encrypted": True}, "pass"),
        ({"app": "http", "encrypted": False}, "fail"),
        ({"app": "http", "encrypted": False} | SILENT, "pass"),
        ({"app": "smtp", "encrypted": True}, "pass"),  # it went over to TLS
        ({"app": "smtp", "encrypted": None}, "fail"),
        ({"app": "smb", "encrypted": None}, "pass"),  # recognised, and none of the list
        ({"app": None, "encrypted": None, "port": 23}, "fail"),
        ({"app": None, "encrypted": None, "port": 7777}, "unknown"),
        (
            {"app": None, "encrypted": None, "port": 7777, "src_payload": 0, "dst_payload": 0},
            "pass",
        ),
        ({"app": None, "encrypted": None, "port": 0, "protocol": 1}, "pass"),  # pings
        ({"app": "snmp", "encrypted": False, "port": 161} | UDP, "unknown"),
        ({"app": "syslog", "encrypted": False, "port": 514} | UDP, "pass"),
    ],
)
def test_clear_text_is_what_is_recognised_or_runs_on_a_port_without_encryption(given, answer):
    rows = [*daily(USER, APP, app="tls", encrypted=True), flow(USER, APP, **given)]
    assert asked("clear-text-protocols", rows, NETWORK).answer == answer
