"""``MANIFEST.yaml``: where the files of a folder come from, and what their licences ask."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Final, Literal, TypeVar

from pydantic import Field, ValidationInfo, field_validator

from auditor.model.documents import Document

FILE_NAME: Final = "MANIFEST.yaml"

_Each = TypeVar("_Each", "Listed", "ListedFile")


class Listed(Document):
    """One database of the folder.

    Attributes:
        kind: what it answers: ``country`` or ``asn`` (network owners).
        package: the published package it was taken or built from.
        licence: SPDX identifier the package declares.
        attribution: the words its licences ask for; reports show them.
        licence_note: what else the licences ask, or where they contradict each other.
        caution: what its publisher warns of.
        built: the day of its data.
    """

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*\.mmdb$")]
    kind: Literal["country", "asn"]
    package: str
    version: str
    licence: Annotated[str, Field(min_length=1)]
    attribution: Annotated[str, Field(min_length=1)]
    licence_note: str = ""
    caution: str = ""
    built: date
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    size: Annotated[int, Field(gt=0)]


class ListedFile(Document):
    """Another file of the folder.

    Attributes:
        about: what it tells, in one line.
        source: where its facts come from.
        licence: SPDX identifier of what it was made from, or of itself.
        attribution: the words its licences ask for.
    """

    name: Annotated[
        str, Field(pattern=r"^(ranges/)?[A-Za-z0-9][A-Za-z0-9._-]*\.(csv|yaml|ranges)$")
    ]
    about: Annotated[str, Field(min_length=1)]
    source: Annotated[str, Field(min_length=1)]
    licence: Annotated[str, Field(min_length=1)]
    attribution: str = ""
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    size: Annotated[int, Field(gt=0)]


class Manifest(Document):
    """The files that came with a folder."""

    databases: tuple[Listed, ...]
    files: tuple[ListedFile, ...] = ()

    @field_validator("databases", "files")
    @classmethod
    def _no_name_twice(cls, listed: tuple[_Each, ...], info: ValidationInfo) -> tuple[_Each, ...]:
        names = [each.name for each in listed]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"{info.field_name} stand twice: {', '.join(twice)}")
        return listed
