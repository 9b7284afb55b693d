"""What the user states about networks: ``geoip/overrides.yaml``. It goes before everything else.

overrides:
  - network: 203.0.113.0/24
    country: SG              # or anycast: true; or operator, with operator_country
    author: Nguyễn Văn An
    date: 2026-06-01
    reason: "Contract 12/2026: the provider's data centre stands in Singapore."
    until: 2027-06-01        # the last day it holds; may be left out
"""

from __future__ import annotations

import datetime
import hashlib
from bisect import bisect_left
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Final, Self

import yaml
from pydantic import BeforeValidator, Field, ValidationInfo, field_validator, model_validator

from auditor.geo.ranges.original import COUNTRIES, MOST_TOLD, network_of, shown_text
from auditor.geo.ranges.table import flattened
from auditor.geo.statements import Statement
from auditor.model.documents import Document, read
from auditor.model.errors import PolicyError
from auditor.model.inventory import Network
from auditor.model.problem import Note, Problem

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np

    from auditor.geo.addresses import Addresses
    from auditor.model.place import Kind

FILE_NAME: Final = "overrides.yaml"

Line = Annotated[str, Field(min_length=1, max_length=200)]


def _country(value: object) -> object:
    if isinstance(value, str) and value.strip() not in COUNTRIES:
        raise ValueError("write a country as two capital letters (ISO 3166-1), such as SG")
    return value


Country = Annotated[str, BeforeValidator(_country)]


class Override(Document):
    """What somebody states about a network, and answers for.

    Attributes:
        network: the network, or a single address.
        country: where it is (ISO 3166-1 alpha-2).
        anycast: it is served from many places at once.
        operator: who runs it; ``operator_country`` = where that organisation is registered.
        author: who states it.
        date: when it was stated.
        reason: what it rests on.
        until: the last day it holds; null = until it is taken out.
    """

    network: Annotated[Network, BeforeValidator(network_of)]
    country: Country | None = None
    anycast: bool = False
    operator: Line | None = None
    operator_country: Country | None = None
    author: Line
    date: datetime.date
    reason: Annotated[str, Field(min_length=1, max_length=1000)]
    until: datetime.date | None = None

    @field_validator("date", "until", mode="before")
    @classmethod
    def _a_day(cls, value: object) -> object:
        if value is not None and type(value) is not datetime.date:
            raise ValueError("write a day as 2026-06-01")
        return value

    @model_validator(mode="after")
    def _states_something(self) -> Self:
        if self.country and self.anycast:
            raise ValueError("state a country or anycast: true, not both")
        if not (self.country or self.anycast or self.operator):
            raise ValueError("state a country, anycast: true, or an operator")
        if self.operator_country and not self.operator:
            raise ValueError("operator_country needs the operator's name")
        if self.until and self.until < self.date:
            raise ValueError(f"until ({self.until}) is before date ({self.date})")
        return self

    @field_validator("date")
    @classmethod
    def _has_come(cls, value: datetime.date, info: ValidationInfo) -> datetime.date:
        if isinstance(info.context, datetime.date) and value > info.context:
            raise ValueError(f"{value} is a day to come")
        return value

    def statement(self) -> Statement:
        """It as a statement; the detail names author, day and reason."""
        return Statement(
            "override",
            countries=(self.country,) if self.country else (),
            anycast=self.anycast,
            operator=shown_text(self.operator) or None,
            operator_country=self.operator_country,
            detail=f"{shown_text(self.author)}, {self.date}: {shown_text(self.reason, 1000)}",
        )


class _File(Document):
    """``overrides.yaml``."""

    overrides: tuple[Override, ...] = ()


class OverrideSource:
    """Overrides that hold on one day: a ``Source``.

    Attributes:
        name: the file's name.
        built: null: each statement names its own day.
        licence: empty.
        sha256: hex digest of the file.
        statements: what the overrides state.
    """

    def __init__(self, name: str, sha256: str, entries: tuple[Override, ...]) -> None:
        self.name = name
        self.built: datetime.date | None = None
        self.licence = ""
        self.sha256 = sha256
        self.publisher = "overrides"
        self.kind: Kind = "override"
        self._table = flattened((entry.network, entry.statement()) for entry in entries)
        self.statements = self._table.statements

    def codes(self, addresses: Addresses) -> np.ndarray:
        """For each address the index of its statement (int64); -1 = nothing is stated of it."""
        return self._table.codes(addresses)


@dataclass(frozen=True, slots=True)
class Overrides:
    """The overrides of a file.

    Attributes:
        name: the file's name.
        sha256: hex digest of the file.
        entries: all of them, also those that hold no more.
        today: the day the file was read.
    """

    name: str
    sha256: str
    entries: tuple[Override, ...]
    today: datetime.date

    def source_on(self, day: datetime.date) -> OverrideSource:
        """The overrides that held on ``day``: those that had not ended before it."""
        holding = tuple(
            entry for entry in self.entries if entry.until is None or entry.until >= day
        )
        return OverrideSource(self.name, self.sha256, holding)


def load_overrides(path: Path, today: datetime.date, note: Note) -> Overrides:
    """The overrides in ``path``.

    An override inside another's network is noted (``geo-override-nested``): the narrower counts.

    Args:
        path: the file.
        today: the day of reading; days after it are mistakes.
        note: takes what somebody should know.

    Raises:
        PolicyError: it is missing or has mistakes, each with its line.
    """
    entries = read(path, _File, context=today).overrides
    _check_twice(path, entries)
    _note_nested(path, entries, note)
    try:
        content = path.read_bytes()
    except OSError as error:
        raise PolicyError(
            f"cannot be read: {error.strerror}", place=str(path), hint="Try again."
        ) from None
    return Overrides(path.name, hashlib.sha256(content).hexdigest(), entries, today)


def _check_twice(path: Path, entries: tuple[Override, ...]) -> None:
    first: dict[Network, int] = {}
    twice: list[tuple[int, int]] = []
    for index, entry in enumerate(entries):
        if entry.network in first:
            twice.append((first[entry.network], index))
        first.setdefault(entry.network, index)
    if not twice:
        return
    lines = _lines(path)
    told = [
        f"{path}:{lines[again]}: overrides[{again + 1}].network: {entries[again].network} stands "
        f"twice (first in line {lines[before]})"
        for before, again in twice[:MOST_TOLD]
    ]
    raise PolicyError(
        f"{len(twice)} networks stand twice:\n  " + "\n  ".join(told),
        place=str(path),
        hint="Keep one override for each network.",
    )


def _lines(path: Path) -> list[int]:
    """The line each override begins in; the file was read and checked before."""
    root = yaml.compose(path.read_text(encoding="utf-8-sig"), yaml.CSafeLoader)
    return [
        item.start_mark.line + 1
        for key, value in (root.value if isinstance(root, yaml.MappingNode) else [])
        if key.value == "overrides"
        for item in value.value
    ]


def _note_nested(path: Path, entries: tuple[Override, ...], note: Note) -> None:
    networks = {entry.network for entry in entries}
    prefixes = {
        version: sorted({each.prefixlen for each in networks if each.version == version})
        for version in (4, 6)
    }
    nested = [
        f"{network} in {around}"
        for network in sorted(networks, key=str)
        if (around := _around(network, networks, prefixes[network.version])) is not None
    ]
    if nested:
        note(
            Problem(
                code="geo-override-nested",
                source=str(path),
                message="Overrides lie inside one another; the narrower counts: "
                + ", ".join(nested[:MOST_TOLD])
                + (f" and {len(nested) - MOST_TOLD} more." if len(nested) > MOST_TOLD else "."),
                hint="Nothing needs to be done, if that is meant.",
                count=len(nested),
            )
        )


def _around(network: Network, networks: set[Network], prefixes: list[int]) -> Network | None:
    """The narrowest other network that holds ``network``; null = none does."""
    for prefix in reversed(prefixes[: bisect_left(prefixes, network.prefixlen)]):
        wider: Network = network.supernet(new_prefix=prefix)
        if wider in networks:
            return wider
    return None
