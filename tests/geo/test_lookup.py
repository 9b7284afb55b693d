from datetime import date
from ipaddress import ip_network

import pytest

from auditor.geo import Question
from auditor.geo.statements import Statement
from auditor.model.errors import InputError
from auditor.model.place import Reach, Witness
from tests.geo.sources import Ranges, databases_of, names


@pytest.fixture
def geodata(world, problems):
    return databases_of(world, problems.append)


def witnesses(found, kind):
    return [(each.source, each.countries, each.detail) for each in found.witnesses
            if each.kind == kind]  # fmt: skip


def test_an_address_shows_every_databases_answer_and_the_decision(geodata, ask):
    (found,) = ask(geodata, "8.8.8.8")
    assert witnesses(found, "database") == [("country.mmdb", ("US",), "")]
    assert witnesses(found, "network") == [("asn.mmdb", (), "AS15169 Google LLC")]
    assert (found.country, found.basis, found.rule) == ("US", "country.mmdb", "databases")
    assert (found.asn, found.org) == (15169, "Google LLC")
    assert (found.abroad, found.foreign_recipient) == (True, None)


def test_a_special_address_shows_its_range_and_its_document(geodata, ask):
    (found,) = ask(geodata, "100.64.1.1")
    assert witnesses(found, "special") == [("RFC 6598", (), "shared-address-space")]
    assert (found.state, found.rule, found.certainty) == ("not-applicable", "special", "firm")
    assert (found.abroad, found.foreign_recipient, found.foreign_platform) == (False, False, False)


def test_a_carried_address_is_placed_by_the_address_inside(geodata, ask):
    mapped, sixtofour, private = ask(geodata, "::ffff:8.8.8.8", "2002:808:808::1", "2002:a00:1::1")
    assert witnesses(mapped, "special") == [("ipv4-mapped", (), "IPv4 inside")]
    assert mapped.basis == "ipv4-mapped: country.mmdb"
    assert (sixtofour.country, sixtofour.basis) == ("US", "6to4: country.mmdb")
    assert private.basis == "6to4: special: private-use"
    assert private.country is None


def test_the_agencys_own_networks_win(geodata, ask):
    own = [ip_network("8.8.8.0/24"), ip_network("2600::/16")]
    for text in ("8.8.8.8", "2600::1", "::ffff:8.8.8.8"):
        (found,) = ask(geodata, text, own=own)
        assert (found.state, found.rule, found.basis) == (
            "not-applicable",
            "inventory",
            "inventory",
        )
        assert found.witnesses[0] == Witness("inventory", "inventory")
        assert not witnesses(found, "database")  # they were not asked


def test_the_home_country_may_be_written_small(geodata, ask):
    (found,) = ask(geodata, "203.162.4.191", home="vn")
    assert found.abroad is False


@pytest.mark.parametrize("text", ["8.8.8.8:53", "8.8.8.0/24", "example.vn", "", "fe80::1%eth0"])
def test_what_is_no_address_is_refused_with_a_way_out(geodata, ask, text):
    with pytest.raises(InputError, match="is no IP address") as caught:
        ask(geodata, "8.8.8.8", text)
    assert repr(text) in caught.value.place
    assert "Write one IPv4 or IPv6 address" in caught.value.hint


def test_no_questions_get_no_answers(geodata, ask):
    assert ask(geodata) == []


def test_every_witness_is_told_in_the_order_of_precedence(opened, write_mmdb, ask):
    write_mmdb("mine.mmdb", {"52.219.0.0/16": {
        "country": {"iso_code": "SG"}, "city": {"names": {"en": "Singapore"}},
        "registered_country": {"iso_code": "US"}, "asn": 16509, "as_name": "Amazon"}},
        built=date(2026, 6, 1))  # fmt: skip
    cloud = Statement("cloud", ("SG",), operator="AWS", operator_country="US", detail="S3")
    relay = Statement("relay", relay="vpn", detail="a list")
    geodata = opened(
        ranges=(
            Ranges("ip-ranges.json", {"52.219.0.0/16": cloud}, built=date(2026, 6, 2)),
            Ranges("relays.txt", {"52.219.40.0/24": relay}),
        ),
        overrides=Ranges(
            "overrides.yaml", {"52.219.40.10/32": Statement("override", operator="Bank of X")}
        ),
        names=names(),
        distances={"SG": 900, "VN": 0},
        registrations={16509: "US"},
    )
    question = Question("52.219.40.10", "a.s3.ap-southeast-1.example.com", "JP", 30_000)
    (found,) = ask(geodata, question)
    assert [each.kind for each in found.witnesses] == [
        "override", "cloud", "relay", "host", "database", "registered", "network", "network",
        "log", "service", "handshake",
    ]  # fmt: skip
    assert (found.country, found.rule, found.certainty) == ("SG", "cloud-region", "firm")
    assert (found.operator, found.operator_basis, found.operator_country) == (
        "Bank of X",
        "override",
        None,
    )
    assert found.witnesses[1].built == date(2026, 6, 2)
    assert found.witnesses[7] == Witness(
        "network", "as-countries.csv", ("US",), "Amazon", derived=True
    )
    assert (found.service, found.service_kind) == ("store", "object-store")
    assert found.reach is not None
    assert (found.reach.rtt_us, found.reach.claimed, found.reach.claimed_km) == (30_000, "SG", 900)


def test_a_destination_that_answers_too_fast_shows_the_figure(opened, write_mmdb, ask):
    write_mmdb("a.mmdb", {"8.8.8.0/24": {"country_code": "US"}})
    geodata = opened(distances={"US": 9_000, "VN": 0})
    (found,) = ask(geodata, Question("8.8.8.8", rtt_us=2_000))
    assert (found.state, found.country, found.candidates) == ("contradicted", None, ("US",))
    assert (found.rule, found.certainty, found.abroad) == ("databases", None, None)
    assert isinstance(found.reach, Reach)
    assert (found.reach.claimed, found.reach.claimed_km) == ("US", 9_000)
    assert found.reach.km < 9_000


@pytest.mark.parametrize(
    ("address", "host", "recipient", "platform"),
    [
        ("203.162.1.1", "x.store.example.com", True, False),  # in Vietnam: (b) but not (c)
        ("118.189.1.1", "x.store.example.com", True, True),
        ("1.2.3.4", "x.store.example.com", True, None),  # nobody knows where
        ("118.189.1.1", "dns.example.net", True, False),  # only resolves
        ("118.189.1.1", "mail.example.vn", False, False),  # a Vietnamese one, abroad
        ("118.189.1.1", None, None, None),
        ("10.1.1.1", "x.store.example.com", False, False),
    ],
)
def test_the_forms_b_and_c_are_told_apart(
    world, problems, opened, ask, address, host, recipient, platform
):
    (found,) = ask(opened(names=names()), Question(address, host))
    assert (found.foreign_recipient, found.foreign_platform) == (recipient, platform)
