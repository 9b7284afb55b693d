"""Where an address is, decided from everything known about it; and how sure that is."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING, Final, Literal

from auditor.geo.records import Answer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from auditor.geo.special import SpecialRange

State = Literal["country", "anycast", "ambiguous", "unknown", "not-applicable"]


class Place(IntEnum):
    """An address seen from home."""

    HOME = 0
    FOREIGN = 1
    UNKNOWN = 2


@dataclass(frozen=True, slots=True)
class Decision:
    """Where an address is.

    Attributes:
        state: ``country``, ``anycast``, ``ambiguous``, ``unknown``, or ``not-applicable`` for
            addresses that need no database: the agency's own and those that never leave.
        country: ISO 3166-1 alpha-2; given in the state ``country`` alone.
        basis: what the decision rests on, such as ``country.mmdb``.
    """

    place: Place
    state: State
    country: str | None
    basis: str


@dataclass(frozen=True, slots=True)
class Voice:
    """A database's answer about one address, with the database's name and rank."""

    name: str
    last_resort: bool
    answer: Answer


NO_ADDRESS: Final = Decision(Place.UNKNOWN, "unknown", None, "not an IP address")
INVENTORY: Final = Decision(Place.HOME, "not-applicable", None, "inventory")


def special_decision(special: SpecialRange, carrier: str) -> Decision:
    """The decision for an address of a special-purpose range: never a country."""
    basis = _carried(carrier, f"special: {special.name}")
    if special.kind == "local":
        return Decision(Place.HOME, "not-applicable", None, basis)
    if special.kind == "anycast":
        return Decision(Place.UNKNOWN, "anycast", None, basis)
    return Decision(Place.UNKNOWN, "unknown", None, basis)


def decision_for(voices: Sequence[Voice], carrier: str, home: str) -> Decision:
    """The decision for an address that databases were asked about.

    Anycast in any database wins: the address is in many places at once. Then the location counts:
    what the user's databases say, else what those that came with the program say. Only where no
    database gives a location, the country of registration is taken, and the basis says so. Two
    countries of the same rank make the address ambiguous.
    """
    anycast = [voice.name for voice in voices if voice.answer.anycast]
    if anycast:
        basis = _carried(carrier, f"anycast: {', '.join(anycast)}")
        return Decision(Place.UNKNOWN, "anycast", None, basis)
    for registered in (False, True):
        for last_resort in (False, True):
            named = [
                (voice.name, country)
                for voice in voices
                if voice.last_resort is last_resort
                and (country := _country(voice.answer, registered=registered)) is not None
            ]
            if named:
                return _agreed(named, "registered: " if registered else "", carrier, home)
    return Decision(Place.UNKNOWN, "unknown", None, _carried(carrier, "in no database"))


def _country(answer: Answer, *, registered: bool) -> str | None:
    return answer.registered if registered else answer.country


def _agreed(named: list[tuple[str, str]], prefix: str, carrier: str, home: str) -> Decision:
    countries = {country for _, country in named}
    if len(countries) > 1:
        sides = ", ".join(f"{name}={country}" for name, country in named)
        basis = _carried(carrier, f"{prefix}disagree: {sides}")
        return Decision(Place.UNKNOWN, "ambiguous", None, basis)
    country = countries.pop()
    place = Place.HOME if country == home else Place.FOREIGN
    basis = _carried(carrier, prefix + ", ".join(name for name, _ in named))
    return Decision(place, "country", country, basis)


def _carried(carrier: str, basis: str) -> str:
    return f"{carrier}: {basis}" if carrier else basis
