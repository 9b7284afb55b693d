"""The register of filed impact-assessment dossiers (``dossiers.yaml``)."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import TYPE_CHECKING, Annotated, Final, Literal

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    ValidationInfo,
    field_validator,
    model_validator,
)

from auditor.model.documents import Document, read
from auditor.policy.conditions import Some

if TYPE_CHECKING:
    from pathlib import Path

    from auditor.model.catalogue import Catalogue
    from auditor.model.inventory import Inventory

Regime = Literal["decree-165-core", "decree-165-important", "pdpl"]
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

DAYS_BEFORE: Final = timedelta(days=15)
"""Decree 165 Article 12(6): the original is sent 15 days before the processing."""

DAYS_AFTER: Final = timedelta(days=60)
"""Law 91/2025 Article 20(2): the dossier is sent within 60 days from the first day of transfer."""

_HOST = re.compile(r"(\*\.)?([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?\.)*[a-z0-9_-]{1,63}")


Day = Annotated[date, Field(ge=date(2000, 1, 1), lt=date(3000, 1, 1))]


def _country(value: object) -> object:
    if value is False:
        raise ValueError("YAML reads NO without quotes as false; write 'NO' in quotes")
    if not isinstance(value, str) or not re.fullmatch(r"[A-Za-z]{2}", value):
        raise ValueError("write a country as two letters (ISO 3166-1), such as SG")
    return value.upper()


def _organisation(value: str) -> str:
    if sum(character.isalnum() for character in value) < 3:
        raise ValueError("an organisation needs at least three letters beside `*`")
    return value


def _host(value: str) -> str:
    value = value.lower().rstrip(".")
    if len(value) > 253 or not _HOST.fullmatch(value):
        raise ValueError(
            "write a host name such as api.example.com, or *.example.com for all names below it; "
            "names outside ASCII as xn--"
        )
    return value


def _network(value: object) -> Network:
    if not isinstance(value, str):
        raise ValueError("write an address or a network as text, such as 203.0.113.0/24")  # noqa: TRY004 - pydantic turns ValueError into a line of the report
    try:
        return ipaddress.ip_network(value.strip(), strict=True)
    except ValueError as error:
        raise ValueError(f"{error}; write an address or a network such as 203.0.113.0/24") from None


class Recipients(Document):
    """Who receives.

    ``organisations``, ``hosts`` and ``networks`` name the recipient: one that fits is enough.
    ``countries`` narrows that to places. With ``countries`` alone, everybody there is meant.

    Attributes:
        organisations: names as the report shows them (of the organisation that runs the network);
            upper and lower case are the same, ``*`` stands for anything: ``Example Cloud*``.
        hosts: ``api.example.com``, or ``*.example.com`` for all names below (not itself).
    """

    countries: tuple[Annotated[str, BeforeValidator(_country)], ...] = ()
    organisations: tuple[
        Annotated[str, Field(max_length=300), AfterValidator(_organisation)], ...
    ] = ()
    hosts: tuple[Annotated[str, AfterValidator(_host)], ...] = ()
    networks: tuple[Annotated[Network, BeforeValidator(_network)], ...] = ()

    @model_validator(mode="after")
    def _names_somebody(self) -> Recipients:
        if not (self.countries or self.organisations or self.hosts or self.networks):
            raise ValueError("name at least one country, organisation, host or network")
        return self


@dataclass(frozen=True, slots=True)
class _Known:
    """What the mistakes of a register are found with."""

    categories: frozenset[str]
    systems: frozenset[str] | None
    ids: set[str] = field(default_factory=set)


class Dossier(Document):
    """One dossier as it was filed.

    Attributes:
        regime: what it was filed under.
        systems: ids of the inventory's systems whose data it speaks of.
        categories: codes it speaks of, each by itself (``I.26`` does not stand for ``I.26a``).
        filed: day on which the authority received it.
        result: what the authority answered: passed (đạt), failed (không đạt), pending (none yet),
            none-needed (the regime asks for none, or an exemption is claimed).
        result_on: day of that answer; core data with result ``passed`` must have it.
        valid_from: first day of the transfers it speaks of.
        valid_to: last day; null = for as long as the transfers go on, as the law has it.
    """

    id: Annotated[str, Field(min_length=1, max_length=100)]
    regime: Regime
    systems: Some[str]
    categories: Some[str]
    recipients: Recipients
    filed: Day
    result: Literal["passed", "failed", "pending", "none-needed"]
    result_on: Day | None = None
    valid_from: Day
    valid_to: Day | None = None
    note: str = ""

    @field_validator("id")
    @classmethod
    def _stands_once(cls, value: str, info: ValidationInfo) -> str:
        if isinstance(info.context, _Known):
            if value in info.context.ids:
                raise ValueError(f"another dossier has the id {value!r}; every dossier has its own")
            info.context.ids.add(value)
        return value

    @field_validator("systems")
    @classmethod
    def _systems_are_listed(cls, value: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        if isinstance(info.context, _Known) and info.context.systems is not None:
            strange = [name for name in value if name not in info.context.systems]
            if strange:
                raise ValueError(
                    f"the inventory has no system {', '.join(map(repr, strange))}; "
                    f"it has {', '.join(sorted(info.context.systems)[:20]) or 'none'}"
                )
        return value

    @field_validator("categories")
    @classmethod
    def _categories_exist(cls, value: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        if isinstance(info.context, _Known):
            strange = [code for code in value if code not in info.context.categories]
            if strange:
                raise ValueError(
                    f"no category list has the code {', '.join(map(repr, strange))}; "
                    "`auditor policy show` lists them"
                )
        return value

    @field_validator("valid_to")
    @classmethod
    def _ends_after_it_begins(cls, value: date | None, info: ValidationInfo) -> date | None:
        begins = info.data.get("valid_from")
        if value is not None and begins is not None and value < begins:
            raise ValueError(f"ends ({value}) before it begins ({begins})")
        return value

    @field_validator("result_on")
    @classmethod
    def _follows_filing(cls, value: date | None, info: ValidationInfo) -> date | None:
        filed = info.data.get("filed")
        if value is not None and filed is not None and value < filed:
            raise ValueError(f"the result ({value}) came before the dossier was filed ({filed})")
        return value

    @model_validator(mode="after")
    def _says_when_it_passed(self) -> Dossier:
        passed = self.regime == "decree-165-core" and self.result == "passed"
        if passed and self.result_on is None:
            raise ValueError("core data may go only after the result: write its day as `result_on`")
        return self

    @property
    def covers_from(self) -> date:
        """First day on which a transfer is covered, as far as dates go.

        Core data: not before the day of the passed result. Important data: 15 days after filing.
        Personal data: a dossier filed within 60 days of the first transfer covers from that
        transfer on; one filed later covers from the day it was filed. This is how the tool counts;
        the law does not say what a late dossier covers.
        """
        if self.regime == "decree-165-core":
            return max(self.valid_from, self.result_on or self.filed)
        if self.regime == "decree-165-important":
            return max(self.valid_from, self.filed + DAYS_BEFORE)
        in_time = self.filed <= self.valid_from + DAYS_AFTER
        return self.valid_from if in_time else self.filed

    @property
    def result_suffices(self) -> bool:
        """Whether the authority's answer lets the transfer go on.

        Core data waits for ``passed``; the others need no approval, but ``failed`` is a no.
        """
        if self.regime == "decree-165-core":
            return self.result == "passed"
        return self.result != "failed"


class DossierFile(Document):
    """The register of one agency."""

    version: Annotated[str, Field(min_length=1)]
    dossiers: tuple[Dossier, ...] = ()


def load_dossiers(path: Path, catalogue: Catalogue, inventory: Inventory | None) -> DossierFile:
    """The register in ``path``, with codes and systems compared to those that exist.

    Raises:
        PolicyError: the file is missing or has mistakes; all are listed, with their lines.
    """
    systems = None if inventory is None else frozenset(system.id for system in inventory.systems)
    known = _Known(frozenset(catalogue.by_code), systems)
    return read(path, DossierFile, context=known)
