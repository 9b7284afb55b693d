from __future__ import annotations

from ipaddress import ip_network
from pathlib import Path

import pytest

from auditor.model.documents import parse, read
from auditor.model.errors import PolicyError
from auditor.model.inventory import Inventory

EXAMPLE = Path(__file__).parents[2] / "policies" / "examples" / "inventory.yaml"


def inventory(text: str) -> Inventory:
    return parse("agency: Sở Mẫu\n" + text, Inventory, "inventory.yaml")


def refused(text: str) -> str:
    with pytest.raises(PolicyError) as caught:
        inventory(text)
    return caught.value.message


def test_the_example_can_be_read():
    example = read(EXAMPLE, Inventory)
    assert len(example.systems) == 4
    assert ip_network("10.20.1.0/24") in example.networks


def test_networks_are_those_of_the_agency_and_of_all_systems():
    found = inventory(
        "home_networks: [10.0.0.0/8]\n"
        "systems:\n"
        "  - {id: a, name: A, networks: [203.162.10.5, 2405:4800::/32]}\n"
        "  - {id: b, name: B, hosts: [b.vn]}\n"
    )
    assert found.networks == (
        ip_network("10.0.0.0/8"),
        ip_network("203.162.10.5/32"),
        ip_network("2405:4800::/32"),
    )


@pytest.mark.parametrize(
    ("network", "said"),
    [
        ("10.20.0.1/16", "host bits set"),
        ("300.1.1.1", "300.1.1.1"),
        ("10.0.0.0/33", "10.0.0.0/33"),
        ("mau.gov.vn", "mau.gov.vn"),
        ("167772160", "as text"),
        ('""', "''"),
    ],
)
def test_a_wrong_network_is_told_with_what_to_write_instead(network, said):
    message = refused(f"home_networks: ['10.0.0.0/8', {network}]")
    assert "inventory.yaml:2: home_networks[2]" in message
    assert said in message
    assert "10.20.0.0/16" in message


def test_a_system_that_no_flow_can_belong_to_is_a_mistake():
    message = refused("systems:\n  - {id: a, name: A}\n")
    assert "inventory.yaml:3: systems[1]: a system needs networks or hosts" in message


def test_two_systems_may_not_share_an_id():
    message = refused(
        "systems:\n  - {id: a, name: A, hosts: [a.vn]}\n  - {id: a, name: B, hosts: [b.vn]}\n"
    )
    assert "system ids stand twice: a" in message


@pytest.mark.parametrize("name", ["''", "../etc", "a b", "-a", "a/b", "x" * 101, "a\\n"])
def test_an_id_is_a_plain_word(name):
    assert "systems[1].id" in refused(f"systems: [{{id: {name!s}, name: A, hosts: [a.vn]}}]")


@pytest.mark.parametrize(("key", "value"), [("subjects", "-1"), ("record_bytes", "0")])
def test_counts_that_cannot_be_are_mistakes(key, value):
    message = refused(f"systems: [{{id: a, name: A, hosts: [a.vn], {key}: {value}}}]")
    assert f"systems[1].{key}" in message
