"""Small flow tables, category lists and files for the tests of this room."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest

from auditor.classify import catalogue as shipped_catalogue
from auditor.model.catalogue import Catalogue, Category, Source, Wording
from auditor.model.documents import read
from auditor.model.flow_table import FLOW_TABLE, Stage, conform, to_pandas
from auditor.model.inventory import Inventory, System
from auditor.model.regimes import RegimeFile
from auditor.policy import Law, RuleFile, load_regimes, load_rules

ROOT = Path(__file__).parents[2]

PLAIN: dict[str, Any] = {
    "input_id": 1,
    "start": datetime(2026, 3, 1, 12, tzinfo=UTC),
    "end": datetime(2026, 3, 1, 12, 1, tzinfo=UTC),
    "protocol": 6,
    "src_ip": "10.20.1.5",
    "src_port": 50000,
    "dst_ip": "198.51.100.7",
    "dst_port": 443,
    "initiator_basis": "syn",
    "seen_by": "packets",
    "time_basis": "packets",
    "clock": "stated",
    "src_packets": 4,
    "dst_packets": 3,
    "src_bytes": 2000,
    "dst_bytes": 900,
    "sampling": 1,
    "app": "tls",
    "encrypted": True,
    "host": "store.example.com",
    "host_basis": "tls-sni",
    "ech": False,
    "home_side": "src",
    "peer_ip": "198.51.100.7",
    "peer_country": "SG",
    "peer_asn": 64500,
    "peer_org": "Example Cloud Pte",
    "peer_org_country": "SG",
    "operator": "Example Cloud Pte",
    "operator_country": "SG",
    "operator_basis": "network",
    "geo_state": "country",
    "geo_rule": "databases",
    "geo_certainty": "likely",
    "geo_basis": "country.mmdb 2026-02-17",
    "crosses_border": True,
    "foreign_recipient": True,
    "outbound_bytes": 1000,
    "inbound_bytes": 100,
    "system_id": "registry",
    "categories": ["I.5"],
    "level": "core",
    "class_basis": "declared",
}
"""Core data of the registry leaves for Singapore; tests change what they are about."""


@pytest.fixture
def flow_table():
    """Builds a flow table after stage classify, from what differs between its flows."""

    def build(*differences: dict[str, Any]) -> pd.DataFrame:
        rows = [
            {"flow_id": number, **PLAIN, **difference}
            for number, difference in enumerate(differences, start=1)
        ]
        columns = [
            pa.array([row.get(field.name) for row in rows], field.type) for field in FLOW_TABLE
        ]
        return conform(to_pandas(pa.table(columns, schema=FLOW_TABLE)), Stage.CLASSIFY)

    return build


def category(code: str, level: Any, **more: Any) -> Category:
    """One category with that code and level."""
    wording = Wording(vi=f"Dữ liệu {code}", en=f"Data {code}")
    more = {"mark": "C", "verified": True, "personal": level == "personal", **more}
    source = (Source(title="test"),)
    more = {"binds": "everybody", **more}
    return Category(code=code, item=code, level=level, title=wording, sources=source, **more)


@pytest.fixture
def catalogue():
    """Ten categories, two of them core or important and personal."""
    return Catalogue(
        (
            category("I.5", "core", verified=False, mark="S"),
            category("I.26a", "core", personal=True),
            category("II.1", "important"),
            category("II.10", "important"),
            category("II.18a", "important", personal=True),
            category("B1", "personal"),
            category("S-d", "personal"),
            category("I.13", "core", verified=False, mark="M"),
            category("I.6", "core", binds="state-agencies", public_data_excluded=True),
            category("I.t-personnel", "core", personal=None, known="Chưa rõ. / Unclear."),
        )
    )


@pytest.fixture
def inventory():
    """Two systems."""
    return Inventory(
        agency="Sở Mẫu",
        systems=(
            System(id="registry", name="Đất đai", hosts=("a.example.vn",), subjects=50),
            System(id="portal", name="Cổng dịch vụ công", hosts=("b.example.vn",)),
        ),
    )


@pytest.fixture(scope="session")
def shipped() -> RuleFile:
    """The rules of the project."""
    return load_rules(ROOT / "policies" / "rules.yaml")


@pytest.fixture(scope="session")
def regimes() -> RegimeFile:
    """The regimes of the project."""
    return load_regimes(ROOT / "policies" / "regimes.yaml", shipped_catalogue(ROOT / "policies"))


@pytest.fixture
def law(shipped, catalogue, regimes) -> Law:
    """The project's rules and regimes over the categories of these tests."""
    return Law(shipped, catalogue, regimes)


@pytest.fixture
def written(tmp_path):
    """Writes a file and gives its path."""

    def write(text: str, name: str = "file.yaml") -> Path:
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return path

    return write


@pytest.fixture(scope="session")
def example_inventory() -> Inventory:
    """The inventory shipped as an example."""
    return read(ROOT / "policies" / "examples" / "inventory.yaml", Inventory)
