"""The categories of data that the law names (``policies/decision-20-2025.yaml`` and others)."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from pydantic import Field

from auditor.model.documents import Document

Level = Literal["core", "important", "personal", "unclassified"]
LEVELS: Final[tuple[Level, ...]] = ("core", "important", "personal", "unclassified")
"""Highest first."""

Mark = Literal["C", "S", "T", "M"]
"""How sure a legal row is: C = confirmed from the text, S = secondary source, T = tertiary (a
letter quoted by others, whose original nobody here has seen), M = from memory or a default."""


class Source(Document):
    """Where a legal row was seen."""

    title: str
    url: str = ""


class Wording(Document):
    """A phrase of the law in Vietnamese, and its English rendering."""

    vi: Annotated[str, Field(min_length=1)]
    en: Annotated[str, Field(min_length=1)]


class Threshold(Document):
    """The number from which an item applies; null = the number could not be confirmed."""

    counts: Literal["citizens", "organisations", "subjects"]
    at_least: Annotated[int, Field(ge=0)] | None
    below: Annotated[int, Field(ge=0)] | None = None
    mark: Mark


class Category(Document):
    """One category of data.

    Attributes:
        code: how inventories, dossiers and findings name it: ``I.5``, ``II.10``, ``B7``, ``S-d``.
        item: how the instrument numbers it; null where the number could not be confirmed.
        binds: whose data it covers, such as ``state-agencies`` or ``everybody``.
        personal: whether it is personal data (the regime changed for these on 2026-01-01); null =
            not known.
        verified: the wording was read in the instrument itself.
        known: what is known and what is not, where it is not verified.
    """

    code: Annotated[str, Field(pattern=r"^[A-Za-zĐđ0-9][A-Za-zĐđ0-9.\-]*$")]
    item: str | None
    level: Level
    title: Wording
    binds: Literal["state-agencies", "everybody", "unknown"]
    personal: bool | None = False
    public_data_excluded: bool = False
    threshold: Threshold | None = None
    verified: bool
    mark: Mark
    known: str = ""
    sources: Annotated[tuple[Source, ...], Field(min_length=1)]


class CategoryFile(Document):
    """One instrument's list of categories."""

    instrument: Wording
    version: str
    in_force: str
    note: str = ""
    categories: tuple[Category, ...]


class Catalogue:
    """All categories, by code."""

    def __init__(self, categories: tuple[Category, ...]) -> None:
        self.by_code: dict[str, Category] = {category.code: category for category in categories}

    def __contains__(self, code: object) -> bool:
        return code in self.by_code

    def __getitem__(self, code: str) -> Category:
        return self.by_code[code]
