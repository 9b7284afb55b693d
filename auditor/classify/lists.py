"""The law's lists of data categories, read from the policy folder."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, cast

from pydantic import ValidationInfo, field_validator

from auditor.model.catalogue import Catalogue, Category, CategoryFile
from auditor.model.documents import read
from auditor.model.errors import PolicyError
from auditor.model.run import DataSource

if TYPE_CHECKING:
    from pathlib import Path

LISTS: Final = ("decision-20-2025.yaml", "decree-356-2025.yaml")
"""Every category list, in the order in which they are read: a new law is one more name here."""


@dataclass(frozen=True, slots=True)
class _Read:
    """Which list is being read, and in which list each code stood first."""

    name: str
    first_seen: dict[str, str]


class _OnlyRow(Category):
    """A category whose code no other row of any list has."""

    @field_validator("code")
    @classmethod
    def _once(cls, code: str, info: ValidationInfo) -> str:
        now = cast("_Read", info.context)
        if code in now.first_seen:
            raise ValueError(f"{code!r} stands in {now.first_seen[code]} already; write another")
        now.first_seen[code] = now.name
        return code


class _OneOfTheLists(CategoryFile):
    """A category list read together with the others."""

    categories: tuple[_OnlyRow, ...]


def catalogue(policies: Path) -> Catalogue:
    """All categories of all lists in the folder ``policies``.

    Raises:
        PolicyError: a list is missing or has mistakes, among them a code that stands twice.
    """
    first_seen: dict[str, str] = {}
    categories: list[Category] = []
    for name in LISTS:
        categories += read(policies / name, _OneOfTheLists, _Read(name, first_seen)).categories
    return Catalogue(tuple(categories))


def sources(policies: Path) -> tuple[DataSource, ...]:
    """The lists as an audit names what it relied on: file, version, SHA-256.

    Raises:
        PolicyError: a list is missing or has mistakes.
    """
    return tuple(
        DataSource(
            kind="category-list",
            name=name,
            version=read(policies / name, CategoryFile).version,
            sha256=_sha256(policies / name),
        )
        for name in LISTS
    )


def _sha256(path: Path) -> str:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise PolicyError(
            f"cannot be read: {error.strerror}",
            place=str(path),
            hint="Check that it is a file and that this user may read it.",
        ) from None
