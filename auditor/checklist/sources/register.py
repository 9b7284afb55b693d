"""Registers: tables of rows that agencies keep (CSV, XLSX)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

if TYPE_CHECKING:
    from datetime import date, datetime
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Register:
    """A table; ``rows`` holds text, indexed by the row's number in the file (``line``)."""

    columns: tuple[str, ...]
    rows: pd.DataFrame
    missing: tuple[str, ...] = ()


def register(path: Path, columns: tuple[str, ...]) -> Register:
    """The register in ``path`` with the columns that its kind asks for."""
    raise NotImplementedError


def day(text: str) -> date | None:
    """The day written as 2026-11-21 or 21/11/2026; null = neither."""
    raise NotImplementedError


def moment(text: str) -> datetime | None:
    """The moment written as ISO 8601 or 21/11/2026 08:30; Vietnam's time where none is given."""
    raise NotImplementedError


def truth(text: str) -> bool | None:
    """Yes or no, in Vietnamese or English; null = neither."""
    raise NotImplementedError
