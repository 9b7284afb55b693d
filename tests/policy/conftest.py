"""Small flow tables, category lists and files for the tests of this room."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from auditor.classify import catalogue as shipped_catalogue
from auditor.model.catalogue import Catalogue, Category, Source, Wording
from auditor.model.documents import read
from auditor.model.inventory import Inventory, System
from auditor.model.regimes import RegimeFile
from auditor.policy import Law, RuleFile, load_regimes, load_rules
from tests.policy.flow_rows import flow_table_of

ROOT = Path(__file__).parents[2]


@pytest.fixture
def flow_table():
    """Builds a flow table after stage classify, from what differs between its flows."""
    return flow_table_of


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
            category("II.1", "important", personal=None),
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
