"""How firm the map is, and the three forms of Article 23(2) of the Law on Data, in bytes."""

import pytest

from auditor.geo import Firmness, located
from auditor.model.flow_table import Stage, empty
from auditor.model.run import FormTotal
from tests.geo.sources import names

HOME, VIETNAM, US, SG, ANYCAST, NOWHERE = (
    *("10.1.2.3", "203.162.4.191", "8.8.8.8", "118.189.1.1", "192.31.196.1", "1.2.3.4"),
)
STORE, RESOLVER = "x.store.example.com", "dns.example.net"


@pytest.fixture
def firmness(world, opened, flows_of):
    """What parts of (responder, name of the server, bytes sent) add up to."""
    geodata = opened(names=names(), registrations={15169: "US"})

    def of(*parts):
        total = Firmness()
        for part in parts:
            flows = flows_of(
                *({"src_ip": HOME, "dst_ip": dst, "host": host, "src_payload": sent}
                  for dst, host, sent in part)
            )  # fmt: skip
            total.add(located(flows, geodata, "VN", []))
        return total

    return of


def test_bytes_are_added_up_by_state_and_by_certainty(firmness):
    found = firmness(
        [(US, None, 5), (SG, None, 7), (ANYCAST, None, 11), (HOME, None, 1000)],
        [(US, None, 1), (NOWHERE, None, 13), (NOWHERE, None, None), (VIETNAM, None, 1000)],
    )
    assert found.state_bytes() == {"anycast": 11, "country": 13, "unknown": 13}
    assert found.certainty_bytes() == {"likely": 13}


def test_the_three_forms_are_counted_apart(firmness):
    found = firmness(
        [
            (US, STORE, 1),  # a, b and c
            (US, RESOLVER, 2),  # a and b
            (SG, "mail.example.vn", 4),  # a
            (SG, None, 8),  # a, nobody knows by whom it is run
            (VIETNAM, STORE, 16),  # b, in the country
            (NOWHERE, STORE, 32),  # b, nobody knows where
            (VIETNAM, None, 64),  # at home
        ]
    )
    a, b, c = found.forms()
    assert a == FormTotal("a", 4, 15, 0, 0, undecided_flows=1, undecided_bytes=32)
    assert b == FormTotal(
        "b", 4, 51, at_home_flows=1, at_home_bytes=16, undecided_flows=1, undecided_bytes=8
    )
    assert c == FormTotal("c", 1, 1, 0, 0, undecided_flows=2, undecided_bytes=40)


def test_sums_beyond_64_bits_do_not_turn_negative(firmness):
    found = firmness([(US, STORE, 1 << 62)] * 5)
    assert found.state_bytes() == {"country": 5 << 62}
    assert [form.outbound_bytes for form in found.forms()] == [5 << 62] * 3


def test_no_flows_add_up_to_nothing():
    total = Firmness()
    total.add(empty(Stage.GEO))
    assert (total.state_bytes(), total.certainty_bytes()) == ({}, {})
    assert total.forms() == tuple(FormTotal(form, 0, 0, 0, 0, 0, 0) for form in ("a", "b", "c"))


def test_what_is_known_by_the_networks_owner_alone_is_told_apart(firmness):
    found = firmness([(US, None, 128), (US, STORE, 1), (SG, None, 8)])
    _, b, _ = found.forms()
    assert (b.flows, b.outbound_bytes) == (2, 129)
    assert (b.network_flows, b.network_bytes) == (1, 128)
