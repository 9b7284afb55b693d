"""What tests of assessments begin with."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import yaml

from auditor.checklist.signing import Signer

ROOT = Path(__file__).parents[2]
NOW = datetime(2026, 11, 21, 3, tzinfo=UTC)
OWNER = Signer("Nguyễn Văn Mẫu", "owner", "Sở Mẫu")


def changed(path, **values):
    """Writes some values of a YAML file anew, as a person would."""
    content = yaml.safe_load(path.read_text(encoding="utf-8")) | values
    path.write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")
