from ipaddress import ip_network

import pytest

from auditor.geo import looked_up, open_databases
from auditor.geo.decision import Place
from auditor.geo.records import NOTHING
from auditor.model.errors import InputError


@pytest.fixture
def databases(world, problems):
    with open_databases(world, problems.append) as opened:
        yield opened


def test_an_address_shows_every_databases_answer_and_the_decision(databases):
    (found,) = looked_up(["8.8.8.8"], databases, "VN", [])
    assert [(one.file, one.answer.country, one.answer.asn) for one in found.answers] == [
        ("asn.mmdb", None, 15169),
        ("country.mmdb", "US", None),
    ]
    assert (found.decision.country, found.decision.basis) == ("US", "country.mmdb")
    assert (found.asn, found.org) == (15169, "Google LLC")
    assert (found.carrier, found.special) == (None, None)


def test_a_special_address_shows_its_range_and_its_document(databases):
    (found,) = looked_up(["100.64.1.1"], databases, "VN", [])
    assert found.special is not None
    assert (found.special.name, found.special.source) == ("shared-address-space", "RFC 6598")
    assert found.decision.place == Place.HOME


def test_a_carried_address_is_placed_by_the_address_inside(databases):
    mapped, sixtofour, private = looked_up(
        ["::ffff:8.8.8.8", "2002:808:808::1", "2002:a00:1::1"], databases, "VN", []
    )
    assert (mapped.carrier, mapped.decision.basis) == ("ipv4-mapped", "ipv4-mapped: country.mmdb")
    assert (sixtofour.decision.country, sixtofour.decision.basis) == ("US", "6to4: country.mmdb")
    assert private.decision.basis == "6to4: special: private-use"
    assert private.decision.country is None


def test_the_agencys_own_networks_win(databases):
    own = [ip_network("8.8.8.0/24"), ip_network("2600::/16")]
    for text in ("8.8.8.8", "2600::1", "::ffff:8.8.8.8"):
        (found,) = looked_up([text], databases, "VN", own)
        assert (found.decision.place, found.decision.basis) == (Place.HOME, "inventory")
        assert {one.answer for one in found.answers} == {NOTHING}  # they were not asked


def test_the_home_country_may_be_written_small(databases):
    (found,) = looked_up(["203.162.4.191"], databases, "vn", [])
    assert found.decision.place == Place.HOME


@pytest.mark.parametrize("text", ["8.8.8.8:53", "8.8.8.0/24", "example.vn", "", "fe80::1%eth0"])
def test_what_is_no_address_is_refused_with_a_way_out(databases, text):
    with pytest.raises(InputError, match="is no IP address") as caught:
        looked_up(["8.8.8.8", text], databases, "VN", [])
    assert repr(text) in caught.value.place
    assert "Write one IPv4 or IPv6 address" in caught.value.hint
