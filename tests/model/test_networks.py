"""Longest match over many addresses gives what one address at a time gives."""

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.model.networks import NOBODY, longest_match


def numbered(*texts):
    return [(ipaddress.ip_network(text), number) for number, text in enumerate(texts)]


def one_at_a_time(addresses, networks):
    owners = []
    for text in addresses:
        address = ipaddress.ip_address(text)
        holding = [(net.prefixlen, -owner) for net, owner in networks if address in net]
        owners.append(-max(holding)[1] if holding else NOBODY)
    return owners


def test_the_longest_of_nested_networks_owns_an_address():
    networks = numbered("10.0.0.0/8", "10.20.0.0/16", "10.20.1.0/24", "10.20.1.7")
    addresses = ["10.20.1.7", "10.20.1.8", "10.20.2.1", "10.21.0.0", "11.0.0.0", "9.255.255.255"]
    assert longest_match(addresses, networks).tolist() == [3, 2, 1, 0, NOBODY, NOBODY]


def test_after_an_inner_network_the_outer_one_owns_again():
    networks = numbered("10.0.0.0/24", "10.0.0.64/26")
    addresses = ["10.0.0.63", "10.0.0.64", "10.0.0.127", "10.0.0.128", "10.0.0.255", "10.0.1.0"]
    assert longest_match(addresses, networks).tolist() == [0, 1, 1, 0, 0, NOBODY]


def test_two_networks_that_end_together_end_together():
    networks = numbered("10.0.0.0/24", "10.0.0.128/25", "10.0.1.0/24")
    assert longest_match(["10.0.0.255", "10.0.1.0"], networks).tolist() == [1, 2]


@pytest.mark.parametrize("last", ["255.255.255.255", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"])
def test_the_last_address_of_all_belongs_to_its_network(last):
    assert longest_match([last], numbered("0.0.0.0/0", "255.255.255.0/24", "ff00::/8"))[0] != NOBODY


def test_ipv6_addresses_match_ipv6_networks_only():
    networks = numbered("0.0.0.0/0", "2405:4800:10::/48", "2405:4800:10:2::/64")
    addresses = ["2405:4800:10:2::9", "2405:4800:10:3::", "::ffff:10.0.0.1", "2405:4800:11::"]
    assert longest_match(addresses, networks).tolist() == [2, 1, NOBODY, NOBODY]


def test_addresses_with_zero_bytes_at_the_end_are_no_different():
    networks = numbered("10.0.0.0/32", "10.0.0.1/32", "2405::/128")
    addresses = ["10.0.0.0", "10.0.0.1", "10.0.0.2", "2405::", "2405::1"]
    assert longest_match(addresses, networks).tolist() == [0, 1, NOBODY, 2, NOBODY]


@pytest.mark.parametrize(
    "text", ["", "10.0.0", "host", "10.0.0.1/8", "fe80::1%eth0", "1\x00", "\ud800"]
)
def test_what_is_no_address_belongs_to_nobody(text):
    networks = numbered("0.0.0.0/0", "::/0")
    assert longest_match([text, "10.0.0.1"], networks).tolist() == [NOBODY, 0]


def test_of_two_equal_networks_the_first_counts():
    assert longest_match(["10.0.0.1"], numbered("10.0.0.0/24", "10.0.0.0/24")).tolist() == [0]


def test_nothing_in_gives_nothing_out():
    assert longest_match([], numbered("10.0.0.0/8")).tolist() == []
    assert longest_match(["10.0.0.1"], []).tolist() == [NOBODY]


# Few distinct bytes, so that random networks nest and random addresses hit them and their edges.
edges = st.sampled_from([0, 1, 127, 128, 254, 255])
v4 = st.lists(edges, min_size=4, max_size=4).map(lambda parts: ipaddress.IPv4Address(bytes(parts)))
v6 = st.lists(edges, min_size=16, max_size=16).map(
    lambda parts: ipaddress.IPv6Address(bytes(parts))
)
networks_of_both = st.one_of(
    st.tuples(v4, st.integers(0, 32)), st.tuples(v6, st.integers(0, 128))
).map(lambda pair: ipaddress.ip_network(pair, strict=False))


@given(st.lists(st.one_of(v4, v6), max_size=30), st.lists(networks_of_both, max_size=20))
def test_many_at_once_equal_one_at_a_time(addresses, networks):
    inside = [net[0] for net in networks] + [net[-1] for net in networks]
    beside = [net[-1] + 1 for net in networks if int(net[-1]) + 1 < 1 << net.max_prefixlen]
    texts = [str(address) for address in [*addresses, *inside, *beside]]
    owned = [(network, number) for number, network in enumerate(networks)]
    assert longest_match(texts, owned).tolist() == one_at_a_time(texts, owned)
