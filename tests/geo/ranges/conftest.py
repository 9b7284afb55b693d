"""Publishers' files in small, and what comes of importing them."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from auditor.geo.addresses import numbered
from auditor.geo.ranges import imported, open_ranges
from auditor.geo.regions import load_regions

ROOT = Path(__file__).parents[3]
NOW = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)


@pytest.fixture(scope="session")
def regions():
    """The shipped table of regions."""
    return load_regions(ROOT / "geoip" / "regions.yaml")


@pytest.fixture
def noted():
    """Problems noted so far."""
    return []


@pytest.fixture
def take(tmp_path, regions, noted):
    """Imports a file of that name and content (text, bytes, or what becomes JSON)."""

    def import_it(name, content, **options):
        file = tmp_path / name
        if isinstance(content, dict | list):
            content = json.dumps(content)
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
        given = {"regions": regions, "now": NOW, "note": noted.append, **options}
        return imported(file, tmp_path / "geoip", **given)

    return import_it


@pytest.fixture
def ask(tmp_path):
    """What the imported files say of an address: their statements, silent files left out."""

    def said(address):
        problems = []
        files = open_ranges(tmp_path / "geoip", problems.append)
        assert problems == []
        codes = [(file, int(file.codes(numbered([address]))[0])) for file in files]
        return [file.statements[code] for file, code in codes if code >= 0]

    return said
