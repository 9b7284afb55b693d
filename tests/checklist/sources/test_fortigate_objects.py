"""FortiGate's named objects."""

import pytest

from auditor.checklist.sources.fortigate import tree
from auditor.checklist.sources.fortigate_objects import ending, objects
from auditor.checklist.sources.ranges import PORTS, addresses, ports


def of(text):
    return objects(tree(text), "")


@pytest.mark.parametrize(
    ("lines", "gives"),
    [
        ("set subnet 10.1.0.0 255.255.0.0", "10.1.0.0/16"),
        ("set subnet 10.1.0.0/16", "10.1.0.0/16"),
        ("set type iprange\nset start-ip 10.1.0.1\nset end-ip 10.1.0.9", "10.1.0.1-10.1.0.9"),
        ("", "0.0.0.0/0"),
    ],
)
def test_addresses_are_read_in_each_way_they_are_written(lines, gives):
    found = of(f"config firewall address\nedit x\n{lines}\nnext\nend\n")
    assert found.addresses_of(["x"], found.addresses["x"], 4) == (addresses(gives), False)


def test_an_address_that_is_damaged_is_told():
    found = of("config firewall address\nedit x\nset subnet 10.1.0.300 255.0.0.0\nnext\nend\n")
    _, vague = found.addresses_of(["x"], found.addresses["x"], 4)
    assert vague
    assert found.unread


def test_a_published_address_without_an_inside_is_told():
    found = of("config firewall vip\nedit v\nset extip 203.162.10.9\nnext\nend\n")
    assert found.unread
    assert not found.published


def test_a_published_range_has_every_port_unless_it_forwards_one():
    text = "config firewall vip\nedit v\nset extip 203.162.10.9\nset mappedip 10.1.0.1-10.1.0.3\n"
    whole = of(text + "next\nend\n").published["v"]
    assert whole.service is None
    assert whole.translation.outside_ports == PORTS
    one = of(text + "set portforward enable\nset extport 8443\nnext\nend\n").published["v"]
    assert one.translation.inside_ports == ports("8443")


def test_services_of_ip_protocols_and_icmp_are_known():
    found = of(
        "config firewall service custom\nedit all\nset protocol IP\nnext\n"
        "edit gre\nset protocol IP\nset protocol-number 47\nnext\nedit ping\nset protocol ICMP\n"
        "next\nend\nconfig firewall service group\nedit g\nset member all gre ping\nnext\nend\n"
    )
    services, vague = found.services_of(["g"], found.services["all"])
    assert [one.protocol for one in services] == [None, 47, 1]
    assert not vague


def test_ends_of_schedules_are_days():
    assert str(ending("18:00 2026/06/30", "%H:%M %Y/%m/%d")) == "2026-06-30"
    assert ending("99:00 x", "%H:%M %Y/%m/%d") is None
