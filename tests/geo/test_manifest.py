import hashlib
from datetime import date
from pathlib import Path

import pytest

from auditor.geo.database import Database
from auditor.geo.manifest import FILE_NAME, Manifest
from auditor.model.documents import parse, read
from auditor.model.errors import PolicyError

SHIPPED_FOLDER = Path(__file__).resolve().parents[2] / "geoip"
SHIPPED = read(SHIPPED_FOLDER / FILE_NAME, Manifest)


def test_the_manifest_lists_exactly_the_databases_that_are_shipped():
    assert {listed.name for listed in SHIPPED.databases} == {
        path.name for path in SHIPPED_FOLDER.glob("*.mmdb")
    }


@pytest.mark.parametrize("listed", SHIPPED.databases, ids=lambda listed: listed.name)
def test_a_shipped_database_is_the_one_the_manifest_lists(listed):
    content = (SHIPPED_FOLDER / listed.name).read_bytes()
    assert hashlib.sha256(content).hexdigest() == listed.sha256
    assert len(content) == listed.size
    built = Database(SHIPPED_FOLDER / listed.name).built
    assert built is not None
    assert built.date() == listed.built == date(2026, 6, 17)


@pytest.mark.parametrize("listed", SHIPPED.files, ids=lambda listed: listed.name)
def test_another_shipped_file_is_the_one_the_manifest_lists(listed):
    content = (SHIPPED_FOLDER / listed.name).read_bytes()
    assert hashlib.sha256(content).hexdigest() == listed.sha256, "run geoip/build.py --manifest"
    assert len(content) == listed.size


def test_the_manifest_lists_what_decides_beside_databases():
    names = {path.name for path in SHIPPED_FOLDER.iterdir() if path.suffix in (".csv", ".yaml")}
    assert {listed.name for listed in SHIPPED.files} == names - {FILE_NAME}


def test_the_attribution_the_licences_ask_for_is_stated():
    by_name = {listed.name: listed for listed in SHIPPED.databases}
    assert "nro.net" in by_name["country.mmdb"].attribution
    for asked in ("IP Geolocation by DB-IP", "https://db-ip.com", "routeviews.org", "nro.net"):
        assert asked in by_name["asn.mmdb"].attribution


def test_mistakes_of_a_manifest_are_all_reported():
    text = (
        "databases:\n"
        "  - {name: ../a.mmdb, kind: country, package: p, version: '1', licence: CC0-1.0,\n"
        "     attribution: x, built: 2026-06-17, sha256: zz, size: 1, typo: 1}\n"
    )
    with pytest.raises(PolicyError) as caught:
        parse(text, Manifest, "MANIFEST.yaml")
    assert "3 mistakes" in caught.value.message
