"""Sets of numbers as ranges."""

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.checklist.sources.ranges import (
    ADDRESSES,
    NOTHING,
    V4,
    V6,
    Ranges,
    addresses,
    outside_parts,
    place_of,
    ports,
    ranges,
)

numbers = st.integers(0, 40)
sets = st.lists(st.tuples(numbers, numbers).map(sorted).map(tuple), max_size=5).map(ranges)


def members(which: Ranges) -> set[int]:
    return {number for number in range(50) if number in which}


@given(sets, sets)
def test_ranges_behave_as_the_sets_they_stand_for(one, two):
    assert members(one | two) == members(one) | members(two)
    assert members(one & two) == members(one) & members(two)
    assert members(one - two) == members(one) - members(two)
    assert one.covers(two) == (members(two) <= members(one))
    assert one.size == len(members(one))
    assert bool(one) == bool(members(one))


@given(sets)
def test_parts_ascend_and_never_touch(which):
    for (_, high), (low, _) in zip(which.parts, which.parts[1:], strict=False):
        assert high + 1 < low


def test_both_families_stand_on_one_line_without_touching_each_other():
    assert place_of(ipaddress.ip_address("255.255.255.255")) in V4
    assert place_of(ipaddress.ip_address("::")) in V6
    assert not V4 & V6
    assert ADDRESSES.size == 2**32 + 2**128


@pytest.mark.parametrize(
    ("text", "size"),
    [("10.0.0.0/8", 2**24), ("10.0.0.1", 1), ("10.0.0.5/255.255.255.0", 256),
     ("10.0.0.9-10.0.0.11", 3), ("2001:db8::/64", 2**64), ("0.0.0.0/0", 2**32)],
)  # fmt: skip
def test_addresses_are_read_as_they_are_written(text, size):
    assert addresses(text).size == size


@pytest.mark.parametrize(
    "text", ["", "10.0.0.9-10.0.0.1", "10.0.0.1-::1", "thu-vien", "10.0.0.0/33"]
)
def test_what_is_no_address_is_refused(text):
    with pytest.raises(ValueError, match=r".*"):
        addresses(text)


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [("443", 443, 443), ("5000-5100", 5000, 5100), ("1024:", 1024, 65535), (":1023", 0, 1023)],
)
def test_ports_are_read_as_they_are_written(text, low, high):
    assert ports(text) == Ranges(((low, high),))


@pytest.mark.parametrize("text", ["65536", "9-1", "https", "-1-5", "1e3"])
def test_what_is_no_port_is_refused(text):
    with pytest.raises(ValueError, match=r".*"):
        ports(text)


def test_private_addresses_are_no_part_of_the_internet():
    assert outside_parts(addresses("10.0.0.0/8")) == NOTHING
    assert outside_parts(addresses("fd00::/8")) == NOTHING
    assert outside_parts(addresses("203.162.10.0/24")).size == 256
