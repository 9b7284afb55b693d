"""A geo folder of the user's own, and what the program's own folder adds to it."""

from __future__ import annotations

from datetime import date
from ipaddress import ip_network
from pathlib import Path

import pytest

from auditor.geo import Question, destinations, open_geodata
from auditor.geo.ranges.stored import Origin, opened, written
from auditor.geo.ranges.table import flattened
from auditor.geo.statements import Statement
from auditor.model.errors import GeoDataError, PolicyError

GEOIP = Path(__file__).parents[2] / "geoip"
POLICIES = GEOIP.parent / "policies"
TODAY = date(2026, 11, 22)

OVERRIDES = """\
overrides:
  - network: 8.8.8.8/32
    country: SG
    author: Nguyen Van A
    date: 2026-11-01
    reason: The contract names the site.
"""


@pytest.fixture
def opened_here(world, problems):
    """Opens the small folder of databases with the program's own folder behind it."""

    def open_it(policies=POLICIES, shipped=GEOIP):
        return open_geodata(world, shipped, policies, TODAY, problems.append)

    return open_it


@pytest.fixture
def shipped_list():
    """The list of anycast addresses that comes with the program."""
    (path,) = (GEOIP / "ranges").glob("anycast-2*.ranges")
    return opened(path)


def networks(*texts):
    return [ip_network(text) for text in texts]


def asked(geodata, address):
    return destinations([Question(address)], geodata, geodata.newest(), "VN", ())[0]


def own_list(folder, shipped, publisher, listed):
    """Writes a list of anycast networks of ``publisher`` into a geo folder."""
    origin = Origin(**{**dict(shipped.origin), "publisher": publisher, "built": date(2026, 1, 1)})
    statement = Statement("anycast", anycast=True, detail="ours")
    table = flattened([(network, statement) for network in listed])
    written(folder / "ranges" / f"{publisher}-2026-01-01.ranges", origin, table)


def test_a_folder_without_lists_knows_the_anycast_addresses_that_ship(opened_here, shipped_list):
    geodata = opened_here()
    assert [each.name for each in geodata.ranges] == [shipped_list.name]
    assert asked(geodata, "8.8.8.8").state == "anycast"
    source = next(each for each in geodata.sources if each.name == shipped_list.name)
    assert source.sha256 == shipped_list.sha256


def test_a_list_of_the_same_publisher_stands_instead(opened_here, shipped_list, world):
    own_list(world, shipped_list, "anycast", networks("118.189.1.0/24"))
    geodata = opened_here()
    assert [each.name for each in geodata.ranges] == ["anycast-2026-01-01.ranges"]
    assert asked(geodata, "8.8.8.8").state == "country"


def test_a_list_of_another_publisher_stands_beside(opened_here, shipped_list, world):
    own_list(world, shipped_list, "anycast-census", networks("118.189.1.0/24"))
    geodata = opened_here()
    assert [each.name for each in geodata.ranges] == [
        "anycast-census-2026-01-01.ranges",
        shipped_list.name,
    ]
    assert asked(geodata, "8.8.8.8").state == "anycast"
    assert asked(geodata, "118.189.1.9").state == "anycast"
    assert asked(geodata, "118.189.2.9").country == "SG"


def test_lists_that_somebody_imported_into_the_program_s_folder_stay_there(
    opened_here, shipped_list, tmp_path
):
    program = tmp_path / "program" / "geoip"
    program.mkdir(parents=True)
    for name in ("regions.yaml", "distances.csv", "as-countries.csv"):
        (program / name).write_bytes((GEOIP / name).read_bytes())
    own_list(program, shipped_list, "acme", networks("118.189.1.0/24"))
    geodata = opened_here(shipped=program)
    assert geodata.ranges == ()
    assert asked(geodata, "118.189.1.9").country == "SG"


def test_the_program_s_own_folder_takes_its_list_once(shipped_list, problems):
    geodata = open_geodata(GEOIP, GEOIP / ".", POLICIES, TODAY, problems.append)
    assert [each.name for each in geodata.ranges].count(shipped_list.name) == 1


def test_overrides_of_the_folder_come_before_what_ships(opened_here, world):
    (world / "overrides.yaml").write_text(OVERRIDES, encoding="utf-8")
    geodata = opened_here()
    record = asked(geodata, "8.8.8.8")
    assert (record.state, record.country, record.rule) == ("country", "SG", "override")
    assert "overrides.yaml" in [each.name for each in geodata.sources]


def test_overrides_with_mistakes_stop_everything(opened_here, world):
    (world / "overrides.yaml").write_text("overrides: [{country: XX}]\n", encoding="utf-8")
    with pytest.raises(PolicyError):
        opened_here()


def test_tables_that_the_folder_has_not_are_those_that_ship(opened_here, world):
    kilometres = opened_here().distances
    assert kilometres
    text = (GEOIP / "distances.csv").read_text(encoding="utf-8")
    (world / "distances.csv").write_text(text, encoding="utf-8")
    names = [each.name for each in opened_here().sources]
    assert names.count("distances.csv") == 1
    (world / "distances.csv").write_text("nothing,of,the kind\n", encoding="utf-8")
    with pytest.raises(GeoDataError):
        opened_here()


def test_policies_of_others_have_the_services_that_ship(opened_here, tmp_path):
    geodata = opened_here(policies=tmp_path)
    services = next(each for each in geodata.sources if each.name == "services.yaml")
    assert services.sha256 == next(
        each.sha256 for each in opened_here().sources if each.name == "services.yaml"
    )


def test_a_folder_without_databases_is_an_error(tmp_path, problems):
    with pytest.raises(GeoDataError, match="no usable geo database"):
        open_geodata(tmp_path, GEOIP, POLICIES, TODAY, problems.append)
