from ipaddress import ip_network

import pytest

from auditor.geo import open_databases
from auditor.geo.addresses import numbered
from auditor.geo.decision import Place
from auditor.geo.placement import placed


@pytest.fixture
def databases(world, problems):
    with open_databases(world, problems.append) as opened:
        yield opened


def test_every_address_gets_the_decision_of_its_own_state_of_knowledge(databases):
    texts = ["203.162.1.1", "8.8.8.8", "10.0.0.1", "1.2.3.4", "no address", "192.31.196.1",
             "2002:808:808::1", "8.8.8.9", "10.9.9.9", "5.5.5.5"]  # fmt: skip
    places = placed(numbered(texts), databases, "VN", [ip_network("5.5.5.0/24")])
    found = [places.decisions[code] for code in places.codes.tolist()]
    assert [one.place for one in found] == [
        Place.HOME, Place.FOREIGN, Place.HOME, Place.UNKNOWN, Place.UNKNOWN, Place.UNKNOWN,
        Place.FOREIGN, Place.FOREIGN, Place.HOME, Place.HOME,
    ]  # fmt: skip
    assert [one.basis for one in found] == [
        "country.mmdb", "country.mmdb", "special: private-use", "in no database",
        "not an IP address", "special: as112", "6to4: country.mmdb", "country.mmdb",
        "special: private-use", "inventory",
    ]  # fmt: skip
    assert len(places.decisions) == 8  # equal knowledge is decided once


def test_owners_are_known_even_where_the_country_is_not(databases):
    places = placed(numbered(["1.2.3.4", "8.8.8.8", "9.9.9.9"]), databases, "VN", [])
    assert places.asn.tolist() == [64500, 15169, -1]
    names = [places.orgs[code] if code >= 0 else None for code in places.org_codes.tolist()]
    assert names == ["Nowhere Ltd", "Google LLC", None]


def test_nothing_is_placed_for_no_addresses(databases):
    places = placed(numbered([]), databases, "VN", [ip_network("10.0.0.0/8")])
    assert places.decisions == ()
    assert places.codes.tolist() == []


def test_many_databases_with_many_countries_stay_apart(write_mmdb, folder, problems):
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    texts = [f"9.0.{n}.1" for n in range(200)]
    for which in range(12):
        records = {
            f"9.0.{n}.0/24": {"country_code": letters[n % 20] + letters[which if n % 7 == 0 else 3]}
            for n in range(200)
        }
        write_mmdb(f"m{which:02}.mmdb", records)
    with open_databases(folder, problems.append) as databases:
        places = placed(numbered(texts), databases, "VN", [])
    for n, code in enumerate(places.codes.tolist()):
        decision = places.decisions[code]
        assert decision.state == ("ambiguous" if n % 7 == 0 else "country")
        assert letters[n % 20] in (decision.country or decision.basis)
