"""In which country a cloud's region stands: ``geoip/regions.yaml``."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Annotated, Final

from pydantic import AfterValidator, Field, field_validator

from auditor.geo.ranges.original import COUNTRIES
from auditor.model.documents import Document, read

if TYPE_CHECKING:
    from pathlib import Path

FILE_NAME: Final = "regions.yaml"


def _known(text: str) -> str:
    if text[:2] not in COUNTRIES:
        raise ValueError(f"{text[:2]} is no country (ISO 3166-1), such as SG")
    return text


Country = Annotated[str, Field(pattern=r"^[A-Z]{2}$"), AfterValidator(_known)]
Standing = Annotated[str, Field(pattern=r"^[A-Z]{2} \S.{0,99}$"), AfterValidator(_known)]
"""A country and a place in it: ``SG Singapore``."""


class Provider(Document):
    """One cloud.

    Attributes:
        name: who runs it, as ``services.yaml`` calls that operator.
        operator_country: where whoever runs it is registered.
        source: where its regions were read.
        read: the day they were read.
        regions: region, in lower case, and where it stands.
    """

    name: Annotated[str, Field(min_length=1, max_length=100)]
    operator_country: Country
    source: Annotated[str, Field(min_length=1)]
    read: date
    regions: dict[str, Standing]

    @field_validator("regions")
    @classmethod
    def _in_lower_case(cls, regions: dict[str, str]) -> dict[str, str]:
        wrong = sorted(name for name in regions if not name or name != name.strip().lower())
        if wrong:
            raise ValueError(f"write regions in lower case: {', '.join(wrong[:5])}")
        return regions


class Table(Document):
    """``regions.yaml``."""

    providers: dict[str, Provider]


@dataclass(frozen=True, slots=True)
class Regions:
    """The regions of all clouds in the table; providers are ``aws``, ``google`` and so on."""

    providers: dict[str, Provider]

    def country(self, provider: str, region: str) -> str | None:
        """The country a region stands in (ISO 3166-1 alpha-2); null = the table does not know."""
        standing = self._standing(provider, region)
        return standing[:2] if standing else None

    def city(self, provider: str, region: str) -> str | None:
        """The city, state or country a region stands in, in words; null = not known."""
        standing = self._standing(provider, region)
        return standing[3:] if standing else None

    def names(self, provider: str) -> frozenset[str]:
        """The regions of a provider, in lower case; none where the provider is not known."""
        known = self.providers.get(provider)
        return frozenset(known.regions) if known else frozenset()

    def _standing(self, provider: str, region: str) -> str | None:
        known = self.providers.get(provider)
        return known.regions.get(region.lower()) if known else None


def load_regions(path: Path) -> Regions:
    """The table in ``path``.

    Raises:
        PolicyError: it is missing or has mistakes, each with its line.
    """
    return Regions(read(path, Table).providers)
