"""Well-known services, by the names of their servers: ``policies/services.yaml``.

A pattern is a server's name as it stands (``mail.example.com`` = that name alone), or
``*.example.com`` = that name and everything below it. A service of a cloud may write ``{region}``
for the regions of that cloud in ``geoip/regions.yaml``: as a label or a part of one
(``*.s3-{region}.example.com``). ``{region}-*.example.com`` = a label that starts with a region and
a hyphen, and everything below it; ``*.{region}-*.example.com`` = only what is below such a label,
where a customer could choose the label itself. The longest pattern wins.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Annotated, Final

from pydantic import AfterValidator, Field, ValidationInfo, model_validator

from auditor.model.catalogue import Wording
from auditor.model.countries import NAMES
from auditor.model.documents import Document, read
from auditor.model.errors import PolicyError

if TYPE_CHECKING:
    from pathlib import Path

FILE_NAME: Final = "services.yaml"
REGION: Final = "{region}"
HEAD: Final = "{region}-*."
BELOW_HEAD: Final = "*.{region}-*."

_LABEL: Final = r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
_REGION_LABEL: Final = r"[a-z0-9_-]{0,50}\{region\}[a-z0-9_-]{0,50}"
_PATTERN: Final = re.compile(
    rf"(?:\*\.|(?:\*\.)?\{{region\}}-\*\.)?(?:(?:{_LABEL}|{_REGION_LABEL})\.)*{_LABEL}"
)
_NO_COUNTRIES: Final = frozenset({"AP", "EU"})
_OPEN_TO_ALL: Final = re.compile(
    r"(?:ac|ai|biz|co|com|edu|health|id|info|int|io|name|ne|net|nom|or|org|pro|sch|web)\.[a-z]{2}"
)
"""Second levels below which many register names (``com.vn``, ``co.uk``). Those of governments and
armies are not among them: one state answers for everything below."""


@dataclass(slots=True)
class _Seen:
    """What the entries above the one being read hold."""

    kinds: set[str] = field(default_factory=set)
    ids: set[str] = field(default_factory=set)
    hosts: dict[str, str] = field(default_factory=dict)


def _seen(info: ValidationInfo) -> _Seen:
    return info.context if isinstance(info.context, _Seen) else _Seen()


def _kinds(kinds: dict[str, Wording], info: ValidationInfo) -> dict[str, Wording]:
    _seen(info).kinds.update(kinds)
    return kinds


def _own_id(name: str, info: ValidationInfo) -> str:
    seen = _seen(info)
    if name in seen.ids:
        raise ValueError(f"{name!r} stands twice; an id names one service")
    seen.ids.add(name)
    return name


def _known_kind(kind: str, info: ValidationInfo) -> str:
    known = _seen(info).kinds
    if known and kind not in known:
        raise ValueError(f"no kind {kind!r}; the kinds are {', '.join(sorted(known))}")
    return kind


def _known_country(code: str) -> str:
    if code not in NAMES or code in _NO_COUNTRIES:
        raise ValueError(f"no country has the code {code!r}; write ISO 3166-1 alpha-2, such as VN")
    return code


def _pattern(text: str, info: ValidationInfo) -> str:
    pattern = text.lower()
    if not _PATTERN.fullmatch(pattern) or pattern.count(REGION) > 1 or len(pattern) > 253:
        raise ValueError(
            f"{text!r} is no pattern of names; write mail.example.com, *.example.com or, in a "
            "service with `regions`, *.{region}.example.com (other scripts as xn--...)"
        )
    labels = pattern.removeprefix("*.").removeprefix(HEAD).split(".")
    if REGION in ".".join(labels[-2:]):
        raise ValueError(f"{text!r}: the region must stand below the provider's own domain")
    if len(labels) == 1 or labels[-1].isdigit():
        raise ValueError(f"{text!r} takes in a whole top-level domain, or is an address")
    if _OPEN_TO_ALL.fullmatch(".".join(labels)):
        raise ValueError(f"{text!r} takes in names of many different owners")
    seen = _seen(info)
    if pattern in seen.hosts:
        raise ValueError(f"{text!r} stands twice (first in {seen.hosts[pattern]!r})")
    seen.hosts[pattern] = str(info.data.get("id", "an entry above"))
    return pattern


def _web_address(address: str) -> str:
    if not re.fullmatch(r"https://[a-z0-9.-]+\.[a-z]{2,}(?:/[!-~]*)?", address):
        raise ValueError("write the address of a page that says so, starting with https://")
    return address


Host = Annotated[str, AfterValidator(_pattern)]


class Service(Document):
    """One service.

    Attributes:
        operator: the company or body that runs it.
        operator_country: where the operator, or the head of its group, is registered (ISO 3166-1
            alpha-2).
        kind: one of the kinds of the file.
        platform: data of its users is processed on it, as Article 23(2)(c) of the Law on Data
            means it; false = it only resolves, delivers, updates or tells the time.
        regions: the cloud in ``geoip/regions.yaml`` whose regions ``{region}`` stands for; empty =
            no pattern names a region.
        hosts: patterns of its servers' names, in lower case.
        source: the page that says whose names these are.
        checked: the day that page was read.
        verified: every pattern, or a domain that it lies in, was read in the source.
        note: what somebody should know who relies on the entry.
    """

    id: Annotated[
        str,
        Field(max_length=60, pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$"),
        AfterValidator(_own_id),
    ]
    name: Annotated[str, Field(min_length=1, max_length=100)]
    operator: Annotated[str, Field(min_length=1, max_length=100)]
    operator_country: Annotated[str, AfterValidator(_known_country)]
    kind: Annotated[str, AfterValidator(_known_kind)]
    platform: bool
    regions: Annotated[str, Field(pattern=r"^([a-z][a-z0-9-]*)?$")] = ""
    hosts: Annotated[tuple[Host, ...], Field(min_length=1, max_length=500)]
    source: Annotated[str, AfterValidator(_web_address)]
    checked: date
    verified: bool
    note: str = ""

    @model_validator(mode="after")
    def _regions_of_a_cloud(self) -> Service:
        if any(REGION in host for host in self.hosts) != bool(self.regions):
            raise ValueError("patterns with {region} and `regions` need one another")
        return self


class Services(Document):
    """``services.yaml``.

    Attributes:
        version: the day of the list, such as ``2026-11-22``.
        kinds: the kinds of services, in Vietnamese and English.
    """

    version: Annotated[str, Field(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$")]
    note: str = ""
    kinds: Annotated[dict[str, Wording], Field(min_length=1), AfterValidator(_kinds)]
    services: tuple[Service, ...]


def load_services(path: Path) -> Services:
    """The services in ``path``.

    Raises:
        PolicyError: it is missing or has mistakes, each with its line.
    """
    return read(path, Services, context=_Seen())


def services_mistakes(path: Path) -> list[str]:
    """Every mistake of the file at ``path`` with its line, or else everything unwise in it."""
    try:
        file = load_services(path)
    except PolicyError as error:
        lines = [line.strip() for line in error.message.splitlines()]
        return lines[1:] if len(lines) > 1 else [f"{path}: {error.message}. {error.hint}"]
    used = {service.kind for service in file.services}
    found = [f"{path}: no service is of the kind {kind}" for kind in file.kinds if kind not in used]
    found += [
        f"{path}: {service.id}: is not verified; let its note say what is missing"
        for service in file.services
        if not service.verified and not service.note
    ]
    return found
