from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml

from auditor import readiness
from auditor.checklist.beginning import begun
from auditor.checklist.catalogue import load
from auditor.checklist.signing import Signer

ROOT = Path(__file__).parents[2]
NOW = datetime(2026, 11, 21, 3, tzinfo=UTC)
OWNER = Signer("Nguyễn Văn Mẫu", "owner", "Sở Mẫu")


@pytest.fixture(scope="session")
def policies():
    return ROOT / "policies"


@pytest.fixture(scope="session")
def whole(policies):
    """The catalogue that is shipped."""
    return load(policies)


@pytest.fixture
def place(tmp_path, policies, whole):
    """A new assessment of level 3."""
    folder = tmp_path / "assessment"
    begun(folder, policies, whole, system="land-registry", level=3)
    return folder


@pytest.fixture
def assessed(place, policies):
    return readiness.opened(place, policies)


def changed(path, **values):
    """Writes some values of a YAML file anew, as a person would."""
    content = yaml.safe_load(path.read_text(encoding="utf-8")) | values
    path.write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")
