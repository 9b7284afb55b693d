"""Small real databases and flow tables for the tests of this room."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest
from mmdb_writer import MMDBWriter
from netaddr import IPSet

from auditor.geo import GeoData, Question, destinations, located
from auditor.model.flow_table import Stage, schema_at, to_pandas
from auditor.model.problem import Problem
from tests.geo.sources import databases_of


@pytest.fixture
def folder(tmp_path):
    """An empty folder for databases."""
    made = tmp_path / "geo databases"
    made.mkdir()
    return made


class _Writer(MMDBWriter):
    """Writes databases that claim to be built on a given day."""

    day: date | None = None

    def _build_meta(self):
        epoch = 0
        if self.day is not None:
            epoch = int(
                datetime(self.day.year, self.day.month, self.day.day, tzinfo=UTC).timestamp()
            )
        return {**super()._build_meta(), "build_epoch": epoch}


@pytest.fixture
def write_mmdb(folder):
    """Writes a database of the given records by network into the folder; gives its path.

    Without ``built`` it gives no time that it was built at.
    """

    def write(
        name: str,
        records: dict[str, Any],
        kind: str = "Test",
        ip_version: int = 6,
        built: date | None = None,
    ) -> Path:
        writer = _Writer(ip_version=ip_version, database_type=kind, ipv4_compatible=ip_version == 6)
        writer.day = built
        for network, record in records.items():
            writer.insert_network(IPSet([network]), record)
        path: Path = folder / name
        writer.to_db_file(str(path))
        return path

    return write


@pytest.fixture
def opened(folder, problems):
    """Opens what the test wrote, with further sources."""

    def open_all(**more: Any) -> GeoData:
        return replace(databases_of(folder, problems.append), **more)

    return open_all


@pytest.fixture
def ask():
    """The decision records of addresses, of the newest builds."""

    def destinations_of(geodata, *questions, own=(), home="VN"):
        asked = [Question(each) if isinstance(each, str) else each for each in questions]
        return destinations(asked, geodata, geodata.newest(), home, own)

    return destinations_of


@pytest.fixture
def rows_of(flows_of):
    """Flows after the stage ``geo``, as dicts with None for null."""

    def rows(geodata, *flows, own=(), home="VN", nearest=None):
        done = located(flows_of(*flows), geodata, home, own, nearest)
        return pa.Table.from_pandas(done, preserve_index=False).to_pylist()

    return rows


@pytest.fixture
def problems():
    """What was noted."""
    noted: list[Problem] = []
    return noted


@pytest.fixture
def flows_of():
    """A flow table of the stage ``read`` from rows of (src, dst) and further columns."""

    def build(*rows: dict[str, Any]) -> pd.DataFrame:
        schema = schema_at(Stage.READ)
        usual: dict[str, Any] = {
            "input_id": 1,
            "start": 0,
            "end": 0,
            "protocol": 6,
            "initiator_basis": "syn",
            "seen_by": "packets",
            "time_basis": "packets",
            "clock": "stated",
        }
        filled = [{"flow_id": n, **usual, **row} for n, row in enumerate(rows, start=1)]
        columns = {
            field.name: pa.array([row.get(field.name) for row in filled], type=field.type)
            for field in schema
        }
        return to_pandas(pa.table(columns, schema=schema))

    return build


@pytest.fixture
def world(write_mmdb, folder):
    """A folder with one flat country database and one of network owners."""
    write_mmdb(
        "country.mmdb",
        {
            "203.162.0.0/16": {"country_code": "VN"},
            "2402:800::/32": {"country_code": "VN"},
            "8.8.8.0/24": {"country_code": "US"},
            "2600::/16": {"country_code": "US"},
            "118.189.0.0/16": {"country_code": "SG"},
        },
    )
    write_mmdb(
        "asn.mmdb",
        {
            "8.8.8.0/24": {
                "autonomous_system_number": 15169,
                "autonomous_system_organization": "Google LLC",
            },
            "1.2.3.0/24": {
                "autonomous_system_number": 64500,
                "autonomous_system_organization": "Nowhere Ltd",
            },
        },
    )
    return folder
