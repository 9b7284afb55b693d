from __future__ import annotations

import pytest

from auditor import readiness
from auditor.checklist.beginning import begun
from auditor.checklist.catalogue import load
from tests.checklist.beginnings import ROOT


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
