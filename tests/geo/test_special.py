from dataclasses import replace
from ipaddress import ip_network

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from auditor.geo import Question
from auditor.geo.addresses import numbered
from auditor.geo.special import SPECIAL_RANGES, special_codes
from auditor.geo.statements import Statement
from tests.geo.sources import Ranges, databases_of, names


def range_of(text):
    code = int(special_codes(numbered([text]))[0])
    return SPECIAL_RANGES[code] if code >= 0 else None


@pytest.mark.parametrize(
    ("text", "name", "kind"),
    [
        ("0.1.2.3", "this-network", "local"),
        ("0.0.0.0", "unspecified", "local"),  # noqa: S104 - looked up, never bound
        ("10.255.255.255", "private-use", "local"),
        ("100.64.0.1", "shared-address-space", "local"),
        ("100.127.255.255", "shared-address-space", "local"),
        ("127.0.0.1", "loopback", "local"),
        ("169.254.1.1", "link-local", "local"),
        ("172.31.255.255", "private-use", "local"),
        ("192.0.0.200", "ietf-protocol-assignments", "local"),
        ("192.0.0.9", "pcp-anycast", "anycast"),
        ("192.0.2.1", "documentation", "local"),
        ("192.31.196.1", "as112", "anycast"),
        ("192.88.99.1", "6to4-relay-anycast", "anycast"),
        ("192.168.1.1", "private-use", "local"),
        ("198.19.255.255", "benchmarking", "local"),
        ("198.51.100.7", "documentation", "local"),
        ("203.0.113.7", "documentation", "local"),
        ("239.255.255.250", "multicast", "local"),
        ("240.0.0.1", "reserved", "local"),
        ("255.255.255.255", "limited-broadcast", "local"),
        ("::1", "loopback", "local"),
        ("100::1", "discard-only", "local"),
        ("2001:2::1", "benchmarking", "local"),
        ("2001:20::1", "orchidv2", "unplaced"),
        ("2001:1ff::1", "ietf-protocol-assignments", "local"),
        ("2001:db8::1", "documentation", "local"),
        ("3fff:fff::1", "documentation", "local"),
        ("5f00::1", "segment-routing-sids", "local"),
        ("fd00::1", "unique-local", "local"),
        ("fe80::1", "link-local", "local"),
        ("ff02::fb", "multicast", "local"),
    ],
)
def test_an_address_of_a_registry_is_named_by_its_narrowest_range(text, name, kind):
    found = range_of(text)
    assert found is not None
    assert (found.name, found.kind) == (name, kind)


@pytest.mark.parametrize(
    "text",
    ["9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "172.15.0.1", "172.32.0.1",
     "192.0.1.1", "198.17.255.255", "198.20.0.0", "223.255.255.255", "2001:200::1", "2001:db9::1",
     "3ffe::1", "2400::1", "4000:fff::1"],
)  # fmt: skip
def test_an_address_beside_a_range_is_not_special(text):
    assert range_of(text) is None


@pytest.mark.parametrize("special", SPECIAL_RANGES, ids=lambda special: str(special.network))
def test_no_range_is_hidden_by_a_wider_one_that_follows_it(special):
    assert range_of(str(special.network.network_address)) is not None
    later = SPECIAL_RANGES[SPECIAL_RANGES.index(special) + 1 :]
    same_version = [one for one in later if one.network.version == special.network.version]
    assert not any(special.network.subnet_of(one.network) for one in same_version)  # type: ignore[arg-type]


@st.composite
def special_addresses(draw):
    network = draw(st.sampled_from(SPECIAL_RANGES)).network
    address = network.network_address + draw(st.integers(0, network.num_addresses - 1))
    assume(address.version == 4 or address.teredo is None)  # those are placed by what they carry
    return str(address)


@given(special_addresses())
@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=300
)
def test_no_special_address_ever_gets_a_country(everywhere, ask, address):
    (found,) = ask(everywhere, address)
    special = range_of(address)
    assert special is not None
    assert (found.country, found.candidates, found.certainty in (None, "firm")) == (None, (), True)
    assert found.state != "country"
    assert found.rule == "special"
    assert found.asn is None
    assert found.basis == f"special: {special.name}"
    assert {each.kind for each in found.witnesses} == {"special"}


@given(special_addresses())
@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=100
)
def test_whatever_lists_names_logs_and_handshakes_say_only_an_override_places_a_special_address(
    everywhere, ask, address
):
    lists = tuple(
        Ranges(
            kind, {text: Statement(kind, ("SG",), operator="X") for text in ("0.0.0.0/0", "::/0")}
        )
        for kind in ("cloud", "geofeed", "relay")
    )
    witnesses = replace(everywhere, ranges=lists, names=names(), distances={"VN": 0, "SG": 900})
    question = Question(address, "x.s3.us-east-1.example.com", "JP", 1_000)
    (found,) = ask(witnesses, question)
    assert (found.country, found.candidates, found.rule) == (None, (), "special")
    assert found.basis == ask(everywhere, address)[0].basis
    stated = {text: Statement("override", ("SG",)) for text in ("0.0.0.0/0", "::/0")}
    (found,) = ask(replace(witnesses, overrides=Ranges("overrides.yaml", stated)), question)
    assert (found.country, found.rule, found.certainty) == ("SG", "override", "firm")


@given(special_addresses())
@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=50
)
def test_a_special_range_goes_before_the_agencys_own_networks(everywhere, ask, address):
    own = [ip_network("::/0"), ip_network("0.0.0.0/0")]
    (found,) = ask(everywhere, address, own=own)
    assert found.rule == "special"
    assert ask(everywhere, "9.9.9.9", own=own)[0].rule == "inventory"


@pytest.fixture
def everywhere(write_mmdb, folder, problems):
    """A database that gives every address of both families a country and an owner."""
    record = {"country_code": "US", "autonomous_system_number": 1, "traits": {"is_anycast": True}}
    write_mmdb("all.mmdb", {"::/1": record, "8000::/1": record})
    geodata = databases_of(folder, problems.append)
    assert problems == []
    return geodata


def test_the_database_of_these_tests_does_place_other_addresses(everywhere, ask):
    (found,) = ask(everywhere, "9.9.9.9")
    assert found.state == "anycast"
    assert found.asn == 1
