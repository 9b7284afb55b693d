"""Small real databases and flow tables for the tests of this room."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest
from mmdb_writer import MMDBWriter
from netaddr import IPSet

from auditor.model.flow_table import Stage, schema_at, to_pandas
from auditor.model.problem import Problem


@pytest.fixture
def folder(tmp_path):
    """An empty folder for databases."""
    made = tmp_path / "geo databases"
    made.mkdir()
    return made


@pytest.fixture
def write_mmdb(folder):
    """Writes a database of the given records by network into the folder; gives its path."""

    def write(name: str, records: dict[str, Any], kind: str = "Test", ip_version: int = 6) -> Path:
        writer = MMDBWriter(
            ip_version=ip_version, database_type=kind, ipv4_compatible=ip_version == 6
        )
        for network, record in records.items():
            writer.insert_network(IPSet([network]), record)
        path: Path = folder / name
        writer.to_db_file(str(path))
        return path

    return write


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
