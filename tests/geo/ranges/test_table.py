"""Ranges without overlaps, and looking addresses up in them."""

from __future__ import annotations

from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.geo.addresses import numbered
from auditor.geo.ranges.table import flattened
from auditor.geo.statements import Statement


def feed(country, detail=""):
    return Statement("geofeed", (country,) if country else (), detail=detail)


def countries(table, *addresses):
    codes = table.codes(numbered(addresses)).tolist()
    return [table.statements[code].countries if code >= 0 else None for code in codes]


@st.composite
def entries(draw):
    """Networks that overlap: few leading bits, all lengths, IPv4 and IPv6 around 64 bits too."""
    found = []
    for index in range(draw(st.integers(1, 25))):
        if draw(st.booleans()):
            length = draw(st.integers(8, 32))
            bits = draw(st.integers(0, 255)) << 16 | draw(st.sampled_from([0, 1, 255, 256, 65535]))
            found.append((IPv4Network((0xCB << 24 | bits, length), strict=False), index % 5))
        else:
            length = draw(st.sampled_from([12, 32, 60, 63, 64, 65, 68, 96, 127, 128]))
            low = draw(st.sampled_from([0, 1, (1 << 63), (1 << 64) - 1, 1 << 64, 3 << 64]))
            found.append((IPv6Network((0x2001 << 112 | low, length), strict=False), index % 5))
    return found


def naive(found, address):
    """The longest prefix that holds an address, with all that is said of it."""
    holding = [(net, word) for net, word in found if address in net]
    if not holding:
        return None
    longest = max(net.prefixlen for net, _ in holding)
    return {f"{word}" for net, word in holding if net.prefixlen == longest}


@settings(max_examples=150, deadline=None)
@given(entries())
def test_every_address_gets_what_the_longest_prefix_says(found):
    table = flattened((net, feed("VN", f"{word}")) for net, word in found)
    edges = set()
    for net, _ in found:
        for number in (int(net.network_address), int(net.broadcast_address)):
            for near in (number - 1, number, number + 1):
                if 0 <= near < 1 << net.max_prefixlen:
                    edges.add(ip_address(near.to_bytes(net.max_prefixlen // 8, "big")))
    addresses = sorted(edges, key=lambda each: (each.version, int(each)))
    codes = table.codes(numbered([str(address) for address in addresses]))
    for address, code in zip(addresses, codes.tolist(), strict=True):
        said = None if code < 0 else set(table.statements[code].detail.split(", "))
        assert said == naive(found, address), address


@settings(max_examples=50, deadline=None)
@given(entries(), st.randoms())
def test_the_order_of_the_file_does_not_matter(found, random):
    shuffled = found.copy()
    random.shuffle(shuffled)
    one, other = (
        flattened((net, feed("VN", f"{word}")) for net, word in each) for each in (found, shuffled)
    )
    for name in ("six_first", "six_last"):
        assert np.array_equal(getattr(one, name), getattr(other, name))
    assert np.array_equal(one.four[:2], other.four[:2])


def test_neighbours_that_say_the_same_become_one_range():
    table = flattened(
        [(ip_network("203.0.113.0/25"), feed("VN")), (ip_network("203.0.113.128/25"), feed("VN"))]
    )
    assert len(table) == 1


def test_statements_about_the_same_network_are_joined():
    network = ip_network("203.0.113.0/24")
    table = flattened([(network, feed("SG", "S3, x")), (network, feed("VN", "S3, EC2"))])
    assert table.statements[0].countries == ("SG", "VN")
    assert table.statements[0].detail == "S3, EC2, x"


def test_a_network_without_a_place_stands_where_the_one_around_it_does_if_the_form_says_so():
    found = [
        (ip_network("203.0.113.0/24"), feed("SG", "east")),
        (ip_network("203.0.113.4/32"), feed("", "Tag")),
    ]
    assert countries(flattened(found), "203.0.113.4") == [()]
    inherits = flattened(found, inherits=True)
    assert countries(inherits, "203.0.113.4", "203.0.113.5") == [("SG",), ("SG",)]
    assert [each.detail for each in inherits.statements] == ["east", "east, Tag"]


def test_an_empty_table_says_nothing_of_any_address():
    assert (
        flattened([]).codes(numbered(["203.0.113.1", "2001:db8::1", "no address"])).tolist()
        == [-1] * 3
    )


def test_what_is_no_address_is_in_no_range():
    table = flattened([(ip_network("203.0.0.0/8", strict=False), feed("VN"))])
    assert countries(table, "x", "203.0.113.9", "::ffff:203.0.113.9") == [None, ("VN",), None]


def test_the_ends_of_the_address_space_can_be_in_ranges():
    table = flattened(
        [
            (ip_network("0.0.0.0/8"), feed("VN")),
            (ip_network("255.0.0.0/8"), feed("SG")),
            (ip_network("::/12"), feed("LA")),
            (ip_network("fff0::/12"), feed("KH")),
        ]
    )
    last = "ffff:" * 7 + "ffff"
    assert countries(table, "0.0.0.1", "255.255.255.255", "::", last) == [
        ("VN",),
        ("SG",),
        ("LA",),
        ("KH",),
    ]
