"""Loads the checklist and the tables of numbers, and says what is wrong with them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Annotated, Final

from pydantic import Field

from auditor.model import checklist as nouns
from auditor.model.checklist import Checklist, Levels
from auditor.model.days import Day
from auditor.model.documents import Document, read
from auditor.model.errors import PolicyError

if TYPE_CHECKING:
    from pathlib import Path

    from auditor.model.checklist import Limit

FOLDER: Final = "checklists"
LEVELS: Final = "levels.yaml"
HOLIDAYS: Final = "holidays.yaml"


class Holidays(Document):
    """``holidays.yaml``: public holidays, for working days."""

    format: Annotated[int, Field(ge=1)]
    source: str
    days: dict[Day, str]
    """ISO date to the name of the holiday."""


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The checklist with its numbers, and the hashes of its files.

    Attributes:
        sha256: of the checklist.
        numbers_sha256: of the numbers by level and the public holidays together.
    """

    checklist: Checklist
    levels: Levels
    holidays: frozenset[date]
    sha256: str
    numbers_sha256: str

    @property
    def limits(self) -> tuple[tuple[str, Limit], ...]:
        """Every number with its instrument."""
        return tuple(
            (table.instrument, limit) for table in self.levels.tables for limit in table.limits
        )


def load(policies: Path, name: str = "pre-sync") -> Catalogue:
    """The catalogue ``name`` of a policies folder.

    Raises:
        PolicyError: a file is missing or wrong, or is of a later format than this program knows.
    """
    folder = policies / FOLDER
    path = folder / f"{name}.yaml"
    checklist = read(path, nouns.Checklist)
    levels = read(folder / LEVELS, nouns.Levels)
    holidays = read(folder / HOLIDAYS, Holidays)
    for file, found in ((path, checklist.format), (folder / LEVELS, levels.format)):
        if found > nouns.FORMAT:
            raise PolicyError(
                f"is of format {found}; this program knows formats up to {nouns.FORMAT}",
                place=str(file),
                hint="Use a newer auditor, or the catalogue that came with this one.",
            )
    return Catalogue(
        checklist,
        levels,
        frozenset(date.fromisoformat(day) for day in holidays.days),
        hashlib.sha256(path.read_bytes()).hexdigest(),
        hashlib.sha256(
            b"".join(
                hashlib.sha256((folder / each).read_bytes()).digest() for each in (LEVELS, HOLIDAYS)
            )
        ).hexdigest(),
    )
