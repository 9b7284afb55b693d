from __future__ import annotations

import pandas as pd
import pytest

from auditor.checklist.matrix import Matrix, addresses_in, named, on, ports
from tests.checklist.flows import network, zone

NETWORK = network(
    zones=[
        zone("bien", "dmz", "10.20.1.0/24"),
        zone("ung-dung", "application", "10.20.20.0/24"),
        zone("csdl", "database", "10.20.30.0/24", "2001:ee0:30::/64"),
    ],
    edges=[
        {"src": "ung-dung", "dst": "csdl", "ports": ["5432/tcp", "8000-8010/udp"]},
        {"src": "10.20.20.9", "dst": "internet", "ports": ["any"]},
        {"src": "bien", "dst": "10.20.20.0/25", "ports": ["icmp"]},
    ],
    channel={
        "agent_nodes": ["10.20.1.10"], "center": ["10.20.254.0/24", "203.113.190.0/24"],
        "hosts": ["api.ndc.example.vn", "*.ndop.example.vn"], "connection_points": ["10.20.20.5"],
    },
    public=["203.162.10.0/24"],
    resolvers=["10.20.1.53"],
    log_servers=["10.20.1.14"],
)  # fmt: skip
MATRIX = Matrix(NETWORK)


def edges(*rows):
    columns = ["src_ip", "dst_ip", "dst_port", "protocol", "host"]
    return pd.DataFrame(rows, columns=columns)


def one(src, dst, port, protocol=6, host=""):
    return edges((src, dst, port, protocol, host))


@pytest.mark.parametrize(
    ("address", "place"),
    [
        ("10.20.1.10", "bien"),
        ("2001:ee0:30::7", "csdl"),
        ("10.20.254.9", "center"),
        ("203.113.190.7", "center"),
        ("113.160.1.1", "internet"),
        ("203.162.10.5", ""),
        ("10.99.0.1", ""),
        ("100.64.0.1", ""),
        ("no address", ""),
    ],
)
def test_every_address_has_its_place(address, place):
    assert list(MATRIX.places([address], MATRIX.outside([address]))) == [place]


@pytest.mark.parametrize(
    ("edge", "declared"),
    [
        (one("10.20.20.7", "10.20.30.5", 5432), True),
        (one("10.20.20.7", "10.20.30.5", 5432, 17), False),
        (one("10.20.30.5", "10.20.20.7", 5432), False),
        (one("10.20.20.7", "10.20.30.5", 8000, 17), True),
        (one("10.20.20.7", "10.20.30.5", 8010, 17), True),
        (one("10.20.20.7", "10.20.30.5", 8011, 17), False),
        (one("10.20.20.9", "113.160.1.1", 1), True),
        (one("10.20.20.9", "203.113.190.7", 1), False),  # the Center is not the Internet
        (one("10.20.1.7", "10.20.20.7", 0, 1), True),
        (one("10.20.1.7", "10.20.20.7", 0, 58), True),
        (one("10.20.1.7", "10.20.20.200", 0, 1), False),
        (one("10.20.30.5", "10.20.1.53", 53, 17), True),
        (one("10.20.30.5", "10.20.1.53", 80), False),
        (one("10.20.30.5", "10.20.1.14", 6514), True),
        (one("10.20.20.5", "10.20.254.9", 443), True),
        (one("10.20.20.5", "10.20.1.10", 443), True),
        (one("10.20.20.5", "113.160.1.1", 443, 6, "x.ndop.example.vn"), True),
        (one("10.20.20.5", "113.160.1.1", 443, 6, "ndop.example.vn"), False),
        (one("10.20.20.6", "10.20.254.9", 443), False),
        (one("10.20.20.5", "10.20.254.9", 8443), False),
        (one("10.20.254.9", "10.20.1.10", 443), True),
        (one("10.20.254.9", "10.20.20.5", 443), True),
    ],
)
def test_an_edge_is_declared_by_its_ends_port_and_protocol(edge, declared):
    assert bool(MATRIX.declared(edge)[0]) == declared


def test_an_edge_for_any_port_names_none():
    edge = one("10.20.20.9", "113.160.1.1", 1194, 17)
    assert MATRIX.declared(edge)[0]
    assert not MATRIX.declared(edge, any_port=False)[0]


def test_declared_edges_that_nobody_used_are_named():
    used = one("10.20.20.7", "10.20.30.5", 5432)
    assert [edge.dst for edge in MATRIX.unseen(used)] == ["internet", "10.20.20.0/25"]


def test_no_edges_are_asked_about_without_harm():
    none = edges()
    assert len(MATRIX.declared(none)) == len(MATRIX.channel(none)) == len(on(none, [(6, 1)])) == 0


def test_broadcasts_and_multicast_are_no_hosts():
    asked = [
        "10.20.20.255",
        "224.0.0.251",
        "ff02::1",
        "127.0.0.1",
        "fe80::1",
        "0.0.0.0",  # noqa: S104 - an address to ask about, nothing binds to it
        "10.20.20.1",
    ]
    assert list(MATRIX.ordinary(asked)) == [False] * 6 + [True]


def test_ports_are_read_as_network_yaml_writes_them():
    assert ports("443/tcp") == (frozenset({6}), 443, 443)
    assert ports("5000-5100/udp") == (frozenset({17}), 5000, 5100)
    assert ports("any") == (None, 0, 65535)


@pytest.mark.parametrize(
    ("host", "yes"),
    [
        ("api.example.vn", True), ("a.b.example.vn", True), ("example.vn", False),
        ("evil-example.vn", False), ("", False), ("exact.vn", True), ("x.exact.vn", False),
    ],
)  # fmt: skip
def test_a_star_stands_for_what_lies_under_a_name(host, yes):
    assert named(host, ("*.example.vn", "Exact.vn")) == yes


def test_cells_hold_addresses_networks_and_remarks():
    found = addresses_in("10.20.1.5, 10.20.2.0/24; máy-chủ 10.20.3.9/24 999.1.1.1 2001:ee0::1")
    assert [str(net) for net in found] == [
        "10.20.1.5/32", "10.20.2.0/24", "10.20.3.0/24", "2001:ee0::1/128",
    ]  # fmt: skip
    assert addresses_in("") == ()


@pytest.mark.parametrize("end", ["0.0.0.0/0", "0.0.0.0/1", "10.0.0.0/8", "10.20.0.0/16"])
def test_an_edge_that_holds_several_zones_declares_nothing(end):
    wide = network(
        zones=[zone("a", "users", "10.20.1.0/24"), zone("b", "database", "10.20.2.0/24")],
        edges=[{"src": end, "dst": end, "ports": ["any"]}],
    )
    assert not Matrix(wide).declared(one("10.20.1.5", "10.20.2.5", 5432)).any()


def test_an_edge_of_a_part_of_a_zone_declares_that_part():
    nested = network(
        zones=[zone("a", "users", "10.20.0.0/16"), zone("b", "database", "10.20.2.0/24")],
        edges=[{"src": "10.20.1.0/25", "dst": "10.20.2.0/24", "ports": ["5432/tcp"]}],
    )
    assert Matrix(nested).declared(one("10.20.1.5", "10.20.2.5", 5432)).all()


@pytest.mark.parametrize("wide", ["0.0.0.0/0", "128.0.0.0/1", "::/0"])
def test_a_network_wider_than_any_agencys_is_refused(wide):
    with pytest.raises(ValueError, match="wider than any"):
        network(zones=[zone("a", "users", wide)])
    with pytest.raises(ValueError, match="wider than any"):
        network(channel={"center": [wide]})
