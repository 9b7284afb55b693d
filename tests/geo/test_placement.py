from ipaddress import ip_network

import numpy as np
import pytest

from auditor.geo import GeoData
from auditor.geo.addresses import numbered
from auditor.geo.decision import Place
from auditor.geo.placement import distinct_rows, known
from auditor.geo.statements import Statement
from tests.geo.sources import Ranges, databases_of


@pytest.fixture
def geodata(world, problems):
    return databases_of(world, problems.append)


def decided(about, home="VN"):
    return [about.decided(at, home, None, None) for at in range(len(about.real))]


def about_of(texts, geodata, own=(), rtt_us=None):
    rtts = None if rtt_us is None else np.array(rtt_us, dtype=np.int64)
    return known(numbered(texts), geodata, geodata.newest(), own, rtts)


def test_every_address_gets_the_decision_of_its_own_state_of_knowledge(geodata):
    texts = ["203.162.1.1", "8.8.8.8", "10.0.0.1", "1.2.3.4", "no address", "192.31.196.1",
             "2002:808:808::1", "8.8.8.9", "10.9.9.9", "5.5.5.5"]  # fmt: skip
    about = about_of(texts, geodata, [ip_network("5.5.5.0/24")])
    found = decided(about)
    assert [one.place for one in found] == [
        Place.HOME, Place.FOREIGN, Place.HOME, Place.UNKNOWN, Place.UNKNOWN, Place.UNKNOWN,
        Place.FOREIGN, Place.FOREIGN, Place.HOME, Place.HOME,
    ]  # fmt: skip
    assert [one.basis for one in found] == [
        "country.mmdb", "country.mmdb", "special: private-use", "in no database",
        "not an IP address", "special: as112", "6to4: country.mmdb", "country.mmdb",
        "special: private-use", "inventory",
    ]  # fmt: skip
    assert len(about.first) == 8  # equal knowledge is decided once
    for at, one in enumerate(found):
        first = int(about.first[about.codes[at]])
        assert about.decided(first, "VN", None, None) == one


def test_owners_are_known_even_where_the_country_is_not(geodata):
    about = about_of(["1.2.3.4", "8.8.8.8", "9.9.9.9"], geodata)
    assert about.asn.tolist() == [64500, 15169, -1]
    names = [about.orgs[code] if code >= 0 else None for code in about.org_codes.tolist()]
    assert names == ["Nowhere Ltd", "Google LLC", None]


def test_nothing_is_known_about_no_addresses(geodata):
    about = about_of([], geodata, [ip_network("10.0.0.0/8")])
    assert about.first.tolist() == []
    assert about.codes.tolist() == []


def test_many_databases_with_many_countries_stay_apart(write_mmdb, opened):
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    texts = [f"9.0.{n}.1" for n in range(200)]
    for which in range(12):
        records = {
            f"9.0.{n}.0/24": {"country_code": letters[n % 20] + letters[which if n % 7 == 0 else 3]}
            for n in range(200)
        }
        write_mmdb(f"m{letters[which]}.mmdb", records)
    about = about_of(texts, opened())
    for n, code in enumerate(about.codes.tolist()):
        decision = about.decided(int(about.first[code]), "VN", None, None)
        assert decision.state == ("ambiguous" if n % 7 == 0 else "country")
        assert letters[n % 20] in (decision.country or decision.basis)


def test_statements_of_one_list_that_differ_only_in_their_kind_stay_apart():
    told = {
        "8.8.8.0/24": Statement("relay", ("SG",), relay="vpn"),
        "9.9.9.0/24": Statement("cloud", ("SG",)),
        "7.7.7.0/24": Statement("geofeed", ("SG",)),
    }
    about = about_of(["8.8.8.8", "9.9.9.9", "7.7.7.7"], GeoData((), (Ranges("a", told),)))
    of_state = [about.decided(int(at), "VN", None, None).rule for at in about.first[about.codes]]
    assert of_state == ["none", "cloud-region", "geofeed"]


def test_each_list_is_asked_for_the_address_inside_and_none_for_special_or_own_ones():
    everywhere = Ranges("a", {"0.0.0.0/0": Statement("cloud", ("SG",)),
                              "::/0": Statement("cloud", ("JP",))})  # fmt: skip
    texts = ["8.8.8.8", "2600::1", "::ffff:9.9.9.9", "10.0.0.1", "fe80::1", "5.5.5.5", "?"]
    about = about_of(texts, GeoData((), (everywhere,)), [ip_network("5.5.5.0/24")])
    assert [one.country for one in decided(about)] == ["SG", "JP", "SG"] + [None] * 4
    assert about.lists[0].codes[3:].tolist() == [-1] * 4


def test_an_override_may_name_the_carrier_or_the_address_inside():
    stated = {"8.8.8.0/24": Statement("override", ("SG",)), "64:ff9b::/96":
              Statement("override", ("JP",)), "10.0.0.0/8": Statement("override", ("US",)),
              "5.5.5.0/24": Statement("override", ("LA",))}  # fmt: skip
    texts = ["2002:808:808::1", "64:ff9b::8.8.8.8", "10.0.0.1", "2002:a00:1::1", "5.5.5.5", "?"]
    geodata = GeoData((), overrides=Ranges("overrides.yaml", stated))
    about = about_of(texts, geodata, [ip_network("5.5.5.0/24")])
    assert [one.country for one in decided(about)] == ["SG", "JP", "US", "US", "LA", None]


@pytest.mark.parametrize(
    ("rtt_us", "out"),
    [
        (-1, set()),
        (0, {"LA", "SG", "US"}),
        (5_000, {"SG", "US"}),
        (40_000, {"US"}),
        (1 << 62, set()),
    ],
)
def test_a_handshake_rules_out_what_light_does_not_reach(rtt_us, out):
    distances = {"VN": 0, "LA": 150, "SG": 900, "US": 9_000}
    about = about_of(["8.8.8.8", "10.0.0.1"], GeoData((), distances=distances), (), [rtt_us] * 2)
    assert about.heard(0).impossible == out
    assert about.heard(1).impossible == set()  # a special address is nowhere


def test_without_distances_a_handshake_rules_out_nothing():
    about = about_of(["8.8.8.8"], GeoData(()), (), [1])
    assert about.heard(0).impossible == frozenset()


def test_rows_are_numbered_by_their_combination_and_each_number_has_its_first_row():
    random = np.random.default_rng(7)
    columns = [random.integers(0, 3, 500), random.integers(0, 50_000, 500) % 4,
               random.integers(0, 2, 500).astype(bool)]  # fmt: skip
    codes, first = distinct_rows(columns)
    rows = list(zip(*(column.tolist() for column in columns), strict=True))
    seen: dict[tuple[int, ...], int] = {}
    for at, row in enumerate(rows):
        seen.setdefault(row, at)
    assert sorted(first.tolist()) == sorted(seen.values())
    assert [rows[first[code]] for code in codes.tolist()] == rows
    assert [first[code] for code in codes.tolist()] == [seen[row] for row in rows]


def test_combinations_beyond_64_bits_stay_apart():
    huge = np.array([0, 1, (1 << 40) - 1, (1 << 40) - 1], dtype=np.int64)
    codes, first = distinct_rows([huge, huge, huge[::-1].copy()])
    assert len(first) == len(set(codes.tolist())) == 4 - int(codes[2] == codes[3])
