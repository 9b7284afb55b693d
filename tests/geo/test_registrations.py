from datetime import date
from pathlib import Path

import pytest

from auditor.geo.database import Database, UnusableError
from auditor.geo.manifest import FILE_NAME as MANIFEST
from auditor.geo.manifest import Manifest
from auditor.geo.registrations import derived, load_registrations
from auditor.model.documents import read
from auditor.model.errors import GeoDataError

SHIPPED = Path(__file__).resolve().parents[2] / "geoip"
HEAD = f"# told by nobody\n# from: asn.mmdb 2026-06-17 {'0' * 64}\nasn,country,percent\n"


def owner(number):
    return {"autonomous_system_number": number, "autonomous_system_organization": f"AS {number}"}


@pytest.fixture
def rows(write_mmdb):
    """The rows that follow from networks by system and by country."""

    def follow(owners, places):
        one = Database(write_mmdb("asn.mmdb", {net: owner(n) for net, n in owners.items()}))
        other = Database(
            write_mmdb("country.mmdb", {net: {"country_code": c} for net, c in places.items()})
        )
        made = derived(one, other)
        told = [line for line in made.text.splitlines() if line[0].isdigit()]
        assert made.registered == len(told)
        return told, made

    return follow


def test_the_country_with_most_of_the_addresses_is_taken(rows):
    told, made = rows(
        {"198.51.0.0/16": 64500, "203.0.113.0/24": 64501},
        {"198.51.0.0/17": "VN", "198.51.128.0/18": "VN", "198.51.192.0/18": "SG",
         "203.0.113.0/24": "US"},
    )  # fmt: skip
    assert told == ["64500,VN,75", "64501,US,100"]
    assert (made.systems, made.split, made.unplaced) == (2, 0, 0)


def test_half_is_not_most_and_what_nobody_places_counts_too(rows):
    told, made = rows(
        {"198.51.0.0/16": 64500, "203.0.112.0/22": 64501, "192.0.2.0/24": 64502},
        {"198.51.0.0/17": "VN", "198.51.128.0/17": "SG", "203.0.112.0/24": "US",
         "192.0.2.0/24": "JP"},
    )  # fmt: skip
    assert told == ["64502,JP,100"]
    assert (made.split, made.unplaced) == (1, 1)


def test_a_share_is_never_rounded_up_to_all(rows):
    told, _ = rows({"198.51.0.0/16": 64500}, {"198.51.0.0/16": "VN", "198.51.255.255/32": "SG"})
    assert told == ["64500,VN,99"]


def test_ipv6_counts_only_for_systems_without_ipv4(rows):
    told, _ = rows(
        {"198.51.0.0/24": 64500, "2001:db8::/33": 64500, "2001:db8:8000::/33": 64501},
        {"198.51.0.0/24": "VN", "2001:db8::/33": "US", "2001:db8:8000::/34": "JP",
         "2001:db8:c000::/35": "JP", "2001:db8:e000::/35": "KR"},
    )  # fmt: skip
    assert told == ["64500,VN,100", "64501,JP,75"]


def test_a_database_without_owners_or_without_countries_is_refused(write_mmdb):
    owners = Database(write_mmdb("asn.mmdb", {"198.51.0.0/24": owner(64500)}))
    places = Database(write_mmdb("country.mmdb", {"198.51.0.0/24": {"country_code": "VN"}}))
    with pytest.raises(UnusableError, match="no network owners"):
        derived(places, places)
    with pytest.raises(UnusableError, match="no countries"):
        derived(owners, owners)


def test_what_is_derived_can_be_loaded(rows, folder):
    _, made = rows({"198.51.0.0/24": 64500}, {"198.51.0.0/24": "VN"})
    path = folder / "as-countries.csv"
    path.write_text(made.text)
    loaded = load_registrations(path)
    assert dict(loaded) == {64500: "VN"}
    assert [base.name for base in loaded.bases] == ["asn.mmdb", "country.mmdb"]
    assert loaded.get(64501) is None


@pytest.mark.parametrize(
    ("content", "line", "said"),
    [
        ("", None, "no line 'asn,country,percent'"),
        ("asn,country,percent\n1,US,99\n", 1, "does not say what it was derived from"),
        ("1,US,99\n", 1, "the line before the rows"),
        (HEAD, None, "holds no registrations"),
        (HEAD + "1,US,99", None, "cut off"),
        (HEAD + "1,US,99\n2,us,99\n", 5, "'2,us,99' is no row"),
        (HEAD + "1,US,99\n\n", 5, "'' is no row"),
        (HEAD + "1,US,49\n", 4, "is no row"),
        (HEAD + "1,US,101\n", 4, "is no row"),
        (HEAD + "1,US,99\r\n", 4, r"'1,US,99\\r' is no row"),
        (HEAD + "1,\u202eUS,99\n", 4, r"\\u202e"),
        (HEAD + "2,US,99\n1,US,99\n", 5, "must ascend"),
        (HEAD + "1,US,99\n1,VN,99\n", 5, "must ascend"),
        (HEAD + "4294967296,US,99\n", 4, "no AS number"),
        (HEAD.replace("-06-17", "-06-31") + "1,US,99\n", 2, "not of the form"),
        (HEAD.replace("0000", "../0") + "1,US,99\n", 2, "not of the form"),
        ("#\n" * 60 + HEAD + "1,US,99\n", None, "no line"),
    ],
)
def test_anything_else_is_refused_with_its_line(tmp_path, content, line, said):
    path = tmp_path / "as-countries.csv"
    path.write_bytes(content.encode())
    with pytest.raises(GeoDataError, match=said) as caught:
        load_registrations(path)
    assert caught.value.place == (str(path) if line is None else f"{path}:{line}")
    assert "geoip build" in caught.value.hint


def test_a_file_that_cannot_be_read_is_refused(tmp_path):
    with pytest.raises(GeoDataError, match="cannot be read"):
        load_registrations(tmp_path / "as-countries.csv")


def test_the_shipped_registrations_come_from_the_shipped_databases():
    loaded = load_registrations(SHIPPED / "as-countries.csv")
    listed = {each.name: each.sha256 for each in read(SHIPPED / MANIFEST, Manifest).databases}
    assert {base.name: base.sha256 for base in loaded.bases} == listed
    assert loaded.built == date(2026, 6, 17)
    vietnamese = (45899, 7552, 18403, 131429, 63734)
    assert {loaded[number] for number in vietnamese} == {"VN"}
    assert {loaded[number] for number in (15169, 16509, 13335, 14061)} == {"US"}
    assert loaded.get(8075) is None  # Microsoft's addresses lie in many countries
