"""Where the regions of clouds stand."""

from __future__ import annotations

from pathlib import Path

import pytest

from auditor.geo.regions import load_regions
from auditor.model.countries import NAMES
from auditor.model.errors import PolicyError

TABLE = Path(__file__).parents[2] / "geoip" / "regions.yaml"


def test_the_shipped_table_knows_regions_of_the_large_clouds():
    regions = load_regions(TABLE)
    assert {"aws", "google", "azure", "oracle"} <= set(regions.providers)
    assert regions.country("aws", "ap-southeast-1") == "SG"
    assert regions.country("aws", "ap-southeast-1-han-1") == "VN"
    assert regions.city("aws", "ap-southeast-1-han-1") == "Hanoi"
    assert regions.country("google", "asia-southeast1") == "SG"
    assert regions.country("azure", "SoutheastAsia") == "SG"
    assert regions.country("oracle", "uk-cardiff-1") == "GB"
    for provider in regions.providers.values():
        assert {standing[:2] for standing in provider.regions.values()} <= set(NAMES)


def test_a_region_nobody_knows_is_no_country():
    regions = load_regions(TABLE)
    assert regions.country("aws", "vn-central-1") is None
    assert regions.country("nobody", "ap-southeast-1") is None
    assert regions.names("nobody") == frozenset()
    assert "ap-southeast-1" in regions.names("aws")


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("EU-west-1: IE Dublin", "write regions in lower case"),
        ("eu-west-1: Dublin", "pattern"),
        ("eu-west-1: 5", "must be text"),
        ("eu-west-1: IE Dublin\n      eu-west-1: IE Dublin", "stands twice"),
    ],
)
def test_mistakes_of_the_table_are_told_with_their_line(tmp_path, line, told):
    path = tmp_path / "regions.yaml"
    path.write_text(
        "providers:\n  aws:\n    name: AWS\n    operator_country: US\n    source: docs\n"
        f"    read: 2026-11-22\n    regions:\n      {line}\n"
    )
    with pytest.raises(PolicyError, match=told) as caught:
        load_regions(path)
    assert f"{path}:" in caught.value.message


@pytest.mark.parametrize(("operator", "standing"), [("QQ", "SG Singapore"), ("US", "EU Europe")])
def test_a_country_that_does_not_exist_is_a_mistake(tmp_path, operator, standing):
    table = tmp_path / "regions.yaml"
    table.write_text(
        f"providers:\n  aws: {{name: A, operator_country: {operator}, source: s, "
        f"read: 2026-01-01, regions: {{a: {standing}}}}}\n"
    )
    with pytest.raises(PolicyError, match="is no country"):
        load_regions(table)
