from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.geo.addresses import CARRIERS, carried, numbered, within, within_any

ANY_ADDRESS = st.one_of(st.ip_addresses(v=4), st.ip_addresses(v=6))


@given(st.lists(ANY_ADDRESS))
def test_addresses_keep_their_value_and_order(addresses):
    numbers = numbered([str(address) for address in addresses])
    assert numbers.family.tolist() == [address.version for address in addresses]
    values = [
        high << 64 | low
        for high, low in zip(numbers.high.tolist(), numbers.low.tolist(), strict=True)
    ]
    assert values == [int(address) for address in addresses]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "1.2.3",
        "1.2.3.4.5",
        "256.1.1.1",
        "01.2.3.4",
        "::g",
        ":",
        "fe80::1%eth0",
        "a\0b",
        "é",
        "１.1.1.1",
    ],
)
def test_text_that_is_no_address_has_no_family_and_leaves_its_neighbours_alone(text):
    numbers = numbered(["1.2.3.4", text, "2001:dc8::1"])
    assert numbers.family.tolist() == [4, 0, 6]
    assert int(numbers.low[0]) == int(IPv4Address("1.2.3.4"))
    assert int(numbers.low[2]) == 1


def test_no_addresses_are_numbered_as_none():
    assert len(numbered([])) == 0


@given(ANY_ADDRESS, st.integers(0, 128))
def test_an_address_lies_in_its_own_network_and_not_in_the_one_beside_it(address, length):
    width = address.max_prefixlen
    network = ip_network(f"{address}/{min(length, width)}", strict=False)
    numbers = numbered([str(address)])
    assert within(numbers, network).tolist() == [True]
    if network.prefixlen:
        flipped = int(address) ^ 1 << (width - network.prefixlen)
        kind = IPv4Address if address.version == 4 else IPv6Address
        assert within(numbered([str(kind(flipped))]), network).tolist() == [False]


def test_an_ipv4_address_never_lies_in_an_ipv6_network():
    numbers = numbered(["0.0.0.1", "::1"])
    assert within(numbers, ip_network("::/0")).tolist() == [False, True]
    assert within(numbers, ip_network("0.0.0.0/0")).tolist() == [True, False]


@pytest.mark.parametrize(
    ("text", "carrier", "inner"),
    [
        ("::ffff:8.8.8.8", "ipv4-mapped", "8.8.8.8"),
        ("::8.8.8.8", "ipv4-compatible", "8.8.8.8"),
        ("64:ff9b::8.8.8.8", "nat64", "8.8.8.8"),
        ("2002:808:808::1", "6to4", "8.8.8.8"),
        ("2001:0:4136:e378:8000:63bf:f7f7:f7f7", "teredo", "8.8.8.8"),
        ("2001:1::1", "", "2001:1::1"),
        ("64:ff9b:1::808:808", "", "64:ff9b:1::808:808"),
        ("::1", "", "::1"),
        ("::", "", "::"),
        ("8.8.8.8", "", "8.8.8.8"),
    ],
)
def test_an_ipv4_address_inside_an_ipv6_address_is_found(text, carrier, inner):
    deciding, kinds = carried(numbered([text]))
    assert CARRIERS[int(kinds[0])] == carrier
    expected = ip_address(inner)
    assert deciding.family.tolist() == [expected.version]
    assert int(deciding.high[0]) << 64 | int(deciding.low[0]) == int(expected)


@given(st.ip_addresses(v=4))
def test_6to4_and_teredo_agree_with_the_standard_library(address):
    six = IPv6Address(0x2002 << 112 | int(address) << 80 | 1)
    assert six.sixtofour == address
    teredo = IPv6Address(0x20010000 << 96 | (~int(address) & 0xFFFFFFFF))
    assert teredo.teredo is not None and teredo.teredo[1] == address
    deciding, _ = carried(numbered([str(six), str(teredo)]))
    assert deciding.low.tolist() == [int(address)] * 2


def test_an_address_lies_in_one_of_many_networks_however_they_nest():
    numbers = numbered(["10.1.2.3", "10.9.9.9", "11.0.0.0", "2405:4800::1", "2405:4801::1", "?"])
    texts = ["10.1.0.0/16", "10.1.2.0/24", "10.0.0.0/9", "10.1.2.3/32", "2405:4800::/32"]
    inside = within_any(numbers, [ip_network(text) for text in texts])
    assert inside.tolist() == [True, True, False, True, False, False]
    assert within_any(numbers, []).tolist() == [False] * 6
