from __future__ import annotations

import pytest

from tests.checklist.flows import SILENT, asked, daily, flow, network, zone

NODE, POINT, CENTER, USER, DB, APP = (
    "10.20.1.10", "10.20.10.5", "10.20.254.9", "10.20.50.7", "10.20.30.5", "10.20.20.5",
)  # fmt: skip
ZONES = [
    zone("dmz", "dmz", "10.20.1.0/24"),
    zone("may-chu", "servers", "10.20.10.0/24"),
    zone("ung-dung", "application", "10.20.20.0/24"),
    zone("csdl", "database", "10.20.30.0/24"),
    zone("nguoi-dung", "users", "10.20.50.0/24"),
    zone("tslcd", "line", "10.20.250.0/24"),
]
CHANNEL = {
    "agent_nodes": [NODE], "center": ["10.20.254.0/24"], "connection_points": [POINT],
    "hosts": ["*.ndc.example.vn"],
}  # fmt: skip
NETWORK = network(
    zones=ZONES,
    channel=CHANNEL,
    edges=[
        {"src": "csdl", "dst": "agent-node", "ports": ["443/tcp"]},
        {"src": "may-chu", "dst": "agent-node", "ports": ["8443/tcp"]},
    ],
)
TLS = {"app": "tls", "encrypted": True}
WEEK = [*daily(POINT, NODE, **TLS), *daily(NODE, CENTER, **TLS)]


@pytest.mark.parametrize(
    ("extra", "answer"),
    [
        ([], "pass"),
        ([flow("10.20.10.6", NODE, 8443)], "pass"),  # a declared edge
        ([flow("10.20.10.6", NODE, 443)], "fail"),
        ([flow(DB, NODE, 443)], "fail"),  # declared, and still never from databases
        ([flow(USER, NODE, 443, **SILENT)], "pass"),
        ([flow("113.160.1.1", NODE, 443)], "fail"),
        ([flow(NODE, "113.160.1.1", 443)], "fail"),
        ([flow(CENTER, NODE, 443)], "pass"),
        ([flow(CENTER, NODE, 22)], "fail"),
    ],
)
def test_only_declared_peers_talk_to_the_agent_node(extra, answer):
    assert asked("agent-node-reached", [*WEEK, *extra], NETWORK).answer == answer


def test_an_agent_node_in_no_zone_stands_in_the_wrong_place():
    lost = network(zones=ZONES, channel={"agent_nodes": ["10.77.0.1"]})
    found = asked("agent-node-reached", daily(POINT, "10.77.0.1"), lost)
    assert found.answer == "fail"
    assert found.references[0].shows == "no zone"


@pytest.mark.parametrize(
    ("extra", "answer"),
    [
        ([], "pass"),
        ([flow(APP, CENTER, 443)], "fail"),
        ([flow(APP, CENTER, 443, **SILENT)], "pass"),
        ([flow(POINT, CENTER, 22)], "fail"),
        ([flow(POINT, "113.160.1.1", host="api.ndc.example.vn", host_basis="tls-sni")], "pass"),
        ([flow(USER, "113.160.1.1", host="api.ndc.example.vn", host_basis="tls-sni")], "fail"),
        ([flow(CENTER, APP, 443)], "fail"),
    ],
)
def test_the_center_is_reached_by_the_registered_path_only(extra, answer):
    assert asked("registered-path", [*WEEK, *extra], NETWORK).answer == answer


@pytest.mark.parametrize(
    ("extra", "answer"),
    [
        ([], "clear"),
        ([flow(NODE, "113.160.1.1")], "fail"),
        ([flow("113.160.1.1", NODE)], "fail"),  # whoever opened it
        ([flow(NODE, "113.160.1.1", **SILENT)], "clear"),
        ([flow(USER, "113.160.1.1")], "clear"),  # another host
    ],
)
def test_no_host_is_on_the_line_and_on_the_internet(extra, answer):
    rows = [*daily(NODE, "10.20.250.7"), *extra]
    assert asked("line-bridged", rows, NETWORK).answer == answer


@pytest.mark.parametrize(
    ("extra", "answer"),
    [
        ([], "pass"),
        ([flow(APP, DB, 5432, app="postgresql", encrypted=True)], "pass"),
        ([flow(APP, DB, 5432, app="postgresql", encrypted=False)], "fail"),
        ([flow(APP, DB, 5432, app="unheard-of", encrypted=False)], "fail"),
        ([flow(APP, DB, 5432)], "unknown"),
        ([flow(POINT, NODE, 443, app="http", encrypted=False)], "fail"),
        ([flow(USER, APP, 80, app="http", encrypted=False)], "pass"),  # not the channel
        ([flow(NODE, "10.20.10.53", 53, protocol=17, app="dns", encrypted=False)], "pass"),
    ],
)
def test_every_leg_of_the_channel_is_encrypted(extra, answer):
    assert asked("sync-in-clear", [*WEEK, *extra], NETWORK).answer == answer
