"""What the tests of the second engines share: reading a capture by each engine."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from auditor.readers.reading import Settings
from auditor.readers.second import flows_of

if TYPE_CHECKING:
    from pathlib import Path

needs_tshark = pytest.mark.skipif(
    shutil.which("tshark") is None, reason="tshark is not installed: `make test` installs it"
)
ENGINES = ["scapy", pytest.param("tshark", marks=needs_tshark)]


def rows(path: Path, engine: str, content: bytes | None = None, **settings: int) -> list[dict]:
    """The flows an engine makes of a capture with this content, times as numbers."""
    if content is not None:
        path.write_bytes(content)
    table = flows_of(path, Settings(**settings), engine=engine)
    return timed(table.to_pylist(), table)


def timed(found: list[dict], table) -> list[dict]:
    for name in ("start", "end"):
        for row, time in zip(found, table[name].cast("int64").to_pylist(), strict=True):
            row[name] = time
    return found
