"""The list of anycast addresses that comes with the program, and what it decides."""

from __future__ import annotations

import importlib.util
from datetime import date
from pathlib import Path

import pytest

from auditor.geo import Question, destinations, open_geodata
from auditor.geo.ranges.original import COUNTRIES, WIDEST
from auditor.geo.ranges.stored import opened
from auditor.geo.special import SPECIAL_RANGES
from auditor.model.documents import read
from auditor.model.errors import PolicyError

GEOIP = Path(__file__).parents[2] / "geoip"
TODAY = date(2026, 11, 22)
LIST = GEOIP / "lists" / "anycast.yaml"


@pytest.fixture(scope="module")
def script():
    """``geoip/anycast.py``, which is no module of the program."""
    spec = importlib.util.spec_from_file_location("anycast", GEOIP / "anycast.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.Anycast.model_rebuild(_types_namespace=vars(module))
    return module


@pytest.fixture(scope="module")
def listed(script):
    return read(LIST, script.Anycast)


@pytest.fixture(scope="module")
def geodata():
    return open_geodata(GEOIP, GEOIP, GEOIP.parent / "policies", TODAY, lambda problem: None)


@pytest.fixture
def asked(geodata):
    """The decision record of one address, by the data that ship."""

    def ask(address):
        return destinations([Question(address)], geodata, geodata.newest(), "VN", ())[0]

    return ask


def test_every_prefix_has_sources_that_were_read_and_countries_exist(listed):
    assert 120 <= sum(len(group.prefixes) for group in listed.groups) <= 250
    for source in listed.sources.values():
        assert source.url.startswith("https://")
        assert source.read <= listed.day
    for group in listed.groups:
        assert group.operator_country is None or group.operator_country in COUNTRIES, group.name


def test_no_prefix_is_special_or_wider_than_anybody_has(listed):
    for prefix in (prefix for group in listed.groups for prefix in group.prefixes):
        assert prefix.prefixlen >= WIDEST[prefix.version], prefix
        assert prefix.is_global, prefix
        mine = [each.network for each in SPECIAL_RANGES if each.network.version == prefix.version]
        assert not any(prefix.overlaps(special) for special in mine), prefix


def test_all_thirteen_root_servers_are_listed_in_both_families(listed):
    roots = {f"{letter}.root-servers.net": set() for letter in "abcdefghijklm"}
    for group in listed.groups:
        if group.name in roots:
            roots[group.name] |= {prefix.version for prefix in group.prefixes}
    # no source that could be read measured the newest IPv6 address of b
    assert roots.pop("b.root-servers.net") == {4}
    assert all(versions == {4, 6} for versions in roots.values()), roots


def test_a_mistake_in_the_list_is_told_not_compiled(script, tmp_path):
    text = LIST.read_text(encoding="utf-8")
    twice = text.replace("prefixes: [95.85.95.0/24]", "prefixes: [95.85.95.0/24, 8.8.8.0/24]")
    unread = text.replace("sources: [quad9, ", "sources: [hearsay, ")
    for changed, said in ((twice, "8.8.8.0/24"), (unread, "hearsay, quad9")):
        assert changed != text
        path = tmp_path / "anycast.yaml"
        path.write_text(changed, encoding="utf-8")
        with pytest.raises(PolicyError, match=said):
            script.compiled(path, tmp_path / "ranges")
    assert not (tmp_path / "ranges").exists()


def test_the_range_file_is_what_the_list_compiles_to_byte_by_byte(script, tmp_path):
    (shipped,) = (GEOIP / "ranges").glob("anycast-2*.ranges")
    compiled = script.compiled(LIST, tmp_path)
    assert compiled.name == shipped.name
    assert compiled.read_bytes() == shipped.read_bytes()


def test_every_prefix_of_the_list_is_anycast_in_the_range_file(listed):
    (shipped,) = (GEOIP / "ranges").glob("anycast-2*.ranges")
    file = opened(shipped)
    assert file.built == listed.day
    assert all(each.anycast and not each.countries for each in file.statements)
    assert {each.detail for each in file.statements} == {group.name for group in listed.groups}


@pytest.mark.parametrize(
    ("address", "operator", "country"),
    [
        ("8.8.8.8", "Google LLC", "US"),
        ("2001:4860:4860::8888", "Google LLC", "US"),
        ("1.1.1.1", "Cloudflare, Inc.", "US"),
        ("9.9.9.9", "Quad9 Foundation", "CH"),
        ("198.41.0.4", "Verisign", "US"),
        ("2001:dc3::35", "WIDE Project", "JP"),
        ("194.0.1.18", "VNNIC", "VN"),
        ("::ffff:8.8.4.4", "Google LLC", "US"),
    ],
)
def test_what_is_announced_everywhere_has_no_country(asked, address, operator, country):
    record = asked(address)
    assert (record.state, record.rule, record.country) == ("anycast", "anycast", None)
    assert (record.operator, record.operator_country) == (operator, country)


@pytest.mark.parametrize("address", ["203.162.4.190", "203.119.73.105", "2402:800:6000::1"])
def test_ordinary_addresses_in_vietnam_stay_in_vietnam(asked, address):
    record = asked(address)
    assert (record.state, record.country) == ("country", "VN")


def test_what_is_beside_a_listed_address_is_not_anycast(asked):
    assert asked("194.0.1.18").state == "anycast"
    assert asked("194.0.1.19").state != "anycast"
