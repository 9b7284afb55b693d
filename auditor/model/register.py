"""The register (``dossiers.yaml``): filed impact-assessment dossiers, and claimed exemptions."""

from __future__ import annotations

import ipaddress
import re
import unicodedata
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    StrictInt,
    ValidationInfo,
    field_validator,
    model_validator,
)

from auditor.model.countries import NAMES
from auditor.model.documents import Document, Some, read

if TYPE_CHECKING:
    from pathlib import Path

    from auditor.model.catalogue import Catalogue
    from auditor.model.inventory import Inventory
    from auditor.model.regimes import RegimeFile

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_HOST = re.compile(r"(\*\.)?([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?\.)*[a-z0-9_-]{1,63}")


Day = Annotated[date, Field(ge=date(2000, 1, 1), lt=date(3000, 1, 1))]


def _same(text: str) -> str:
    """What two spellings of one name or id have in common: case, spaces, composed letters."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def _shown(value: str) -> str:
    strange = sorted({each for each in value if unicodedata.category(each)[0] == "C"})
    if strange:
        named = ", ".join(f"U+{ord(each):04X}" for each in strange)
        raise ValueError(f"holds characters that nobody sees ({named}); write it without them")
    return value


Name = Annotated[str, AfterValidator(_shown)]
"""An id or a person: what looks the same is the same."""


def _country(value: object) -> object:
    if value is False:
        raise ValueError("YAML reads NO without quotes as false; write 'NO' in quotes")
    if not isinstance(value, str) or not re.fullmatch(r"[A-Za-z]{2}", value):
        raise ValueError("write a country as two letters (ISO 3166-1), such as SG")
    if value.upper() not in NAMES:
        raise ValueError(f"no country has the code {value.upper()}; write it as in ISO 3166-1")
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
    regimes: frozenset[str]
    needing_result: frozenset[str]
    grounds: frozenset[str]
    ids: set[str] = field(default_factory=set)


def _listed(value: tuple[str, ...], known: frozenset[str], what: str) -> None:
    strange = [name for name in value if name not in known]
    if strange:
        raise ValueError(
            f"{what} {', '.join(map(repr, strange))}; "
            f"it has {', '.join(sorted(known)[:20]) or 'none'}"
        )


class Entry(Document):
    """What dossiers and exemptions have in common: whose data, which, to whom, from when on.

    Attributes:
        systems: ids of the inventory's systems whose data it speaks of.
        categories: codes it speaks of, each by itself (``I.26`` does not stand for ``I.26a``).
        valid_from: first day of the transfers it speaks of.
        valid_to: last day; null = for as long as the transfers go on.
    """

    id: Annotated[Name, Field(min_length=1, max_length=100)]
    systems: Some[str]
    categories: Some[str]
    recipients: Recipients
    valid_from: Day
    valid_to: Day | None = None
    note: str = ""

    @field_validator("id")
    @classmethod
    def _stands_once(cls, value: str, info: ValidationInfo) -> str:
        if isinstance(info.context, _Known):
            if _same(value) in info.context.ids:
                raise ValueError(f"another entry has the id {value!r}; every entry has its own")
            info.context.ids.add(_same(value))
        return value

    @field_validator("systems")
    @classmethod
    def _systems_are_listed(cls, value: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        if isinstance(info.context, _Known) and info.context.systems is not None:
            _listed(value, info.context.systems, "the inventory has no system")
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


class Ceiling(Document):
    """The largest volume that a dossier speaks of, over all its transfers; null = not limited."""

    subjects: Annotated[StrictInt, Field(ge=1)] | None = None
    bytes: Annotated[StrictInt, Field(ge=1)] | None = None

    @model_validator(mode="after")
    def _limits_something(self) -> Ceiling:
        if self.subjects is None and self.bytes is None:
            raise ValueError("write `subjects` or `bytes`, or leave `ceiling` out")
        return self


class Storage(Document):
    """Where the recipient keeps the data (countries), and until when."""

    countries: Some[Annotated[str, BeforeValidator(_country)]]
    until: Day | None = None


class Contract(Document):
    """The contract with the recipient."""

    number: Annotated[str, Field(min_length=1, max_length=200)]
    on: Day


class Update(Document):
    """A change that was filed later; what it changes stands in the dossier's own fields."""

    on: Day
    what: Annotated[str, Field(min_length=1, max_length=2000)]


class StopOrder(Document):
    """An order to stop the transfer; ``lifted`` = the first day on which it may go on."""

    on: Day
    by: Annotated[str, Field(min_length=1, max_length=300)]
    number: str = ""
    lifted: Day | None = None

    @field_validator("lifted")
    @classmethod
    def _lifted_after(cls, value: date | None, info: ValidationInfo) -> date | None:
        ordered = info.data.get("on")
        if value is not None and ordered is not None and value < ordered:
            raise ValueError(f"lifted ({value}) before it was ordered ({ordered})")
        return value


class Dossier(Entry):
    """One dossier as it was filed, with its later updates.

    Attributes:
        regime: id of what it was filed under.
        filed: day on which the authority received it.
        result: what the authority answered: passed (đạt), failed (không đạt), pending (none yet),
            none-needed (the regime asks for none).
        result_on: day of that answer; where the regime asks for a passed result it must be there.
        ceiling, storage, contract: null = the register does not say; nothing is compared then.
    """

    regime: str
    filed: Day
    result: Literal["passed", "failed", "pending", "none-needed"]
    result_on: Day | None = None
    purpose: Annotated[str, Field(max_length=2000)] = ""
    ceiling: Ceiling | None = None
    storage: Storage | None = None
    contract: Contract | None = None
    updates: tuple[Update, ...] = ()
    stops: tuple[StopOrder, ...] = ()

    @field_validator("regime")
    @classmethod
    def _regime_exists(cls, value: str, info: ValidationInfo) -> str:
        if isinstance(info.context, _Known):
            _listed((value,), info.context.regimes, "regimes.yaml has no regime")
        return value

    @field_validator("result_on")
    @classmethod
    def _follows_filing(cls, value: date | None, info: ValidationInfo) -> date | None:
        filed = info.data.get("filed")
        if value is not None and filed is not None and value < filed:
            raise ValueError(f"the result ({value}) came before the dossier was filed ({filed})")
        return value

    @field_validator("storage")
    @classmethod
    def _kept_while_it_lasts(cls, value: Storage | None, info: ValidationInfo) -> Storage | None:
        begins = info.data.get("valid_from")
        until = value.until if value else None
        if until is not None and begins is not None and until < begins:
            raise ValueError(f"storage ends ({until}) before the transfers begin ({begins})")
        return value

    @field_validator("updates")
    @classmethod
    def _update_what_was_filed(
        cls, value: tuple[Update, ...], info: ValidationInfo
    ) -> tuple[Update, ...]:
        filed = info.data.get("filed")
        early = [str(update.on) for update in value if filed is not None and update.on < filed]
        if early:
            raise ValueError(f"updated ({', '.join(early)}) before it was filed ({filed})")
        return value

    @model_validator(mode="after")
    def _says_when_it_passed(self, info: ValidationInfo) -> Dossier:
        waits = isinstance(info.context, _Known) and self.regime in info.context.needing_result
        if waits and self.result == "passed" and self.result_on is None:
            raise ValueError("such data may go only after the result: write its day as `result_on`")
        return self


class Exemption(Entry):
    """A claim that transfers are exempt, recorded by a person and reviewed by another.

    Attributes:
        ground: id of the ground in ``regimes.yaml``.
        reason: why the ground holds for these transfers.
        recorded_by, recorded: who claims it, and on which day.
        reviewed_by, reviewed: who looked at the claim, and on which day.
        reported: day on which the report was sent that the ground asks for; null = not yet.
    """

    ground: str
    reason: Annotated[str, Field(min_length=10, max_length=4000)]
    recorded_by: Annotated[Name, Field(min_length=1, max_length=200)]
    recorded: Day
    reviewed_by: Annotated[Name, Field(min_length=1, max_length=200)]
    reviewed: Day
    reported: Day | None = None

    @field_validator("ground")
    @classmethod
    def _ground_exists(cls, value: str, info: ValidationInfo) -> str:
        if isinstance(info.context, _Known):
            _listed((value,), info.context.grounds, "regimes.yaml has no ground")
        return value

    @field_validator("reviewed_by")
    @classmethod
    def _is_another(cls, value: str, info: ValidationInfo) -> str:
        if _same(value) == _same(str(info.data.get("recorded_by", ""))):
            raise ValueError("who reviews a claim is another than who records it")
        return value

    @field_validator("reviewed")
    @classmethod
    def _follows_recording(cls, value: date, info: ValidationInfo) -> date:
        recorded = info.data.get("recorded")
        if recorded is not None and value < recorded:
            raise ValueError(f"reviewed ({value}) before it was recorded ({recorded})")
        return value


class Register(Document):
    """The register of one agency."""

    version: Annotated[str, Field(min_length=1)]
    dossiers: tuple[Dossier, ...] = ()
    exemptions: tuple[Exemption, ...] = ()


def load_register(
    path: Path, catalogue: Catalogue, inventory: Inventory | None, regimes: RegimeFile
) -> Register:
    """The register in ``path``, with codes, systems, regimes and grounds compared to what exists.

    Raises:
        PolicyError: the file is missing or has mistakes; all are listed, with their lines.
    """
    systems = None if inventory is None else frozenset(system.id for system in inventory.systems)
    known = _Known(
        frozenset(catalogue.by_code),
        systems,
        frozenset(regime.id for regime in regimes.regimes),
        frozenset(each.id for each in regimes.regimes if each.needs == "passed-before"),
        frozenset(ground.id for ground in regimes.grounds),
    )
    return read(path, Register, context=known)
