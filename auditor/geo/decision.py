"""Where an address is, decided from everything known about it; and how sure that is.

The order of precedence, each step only where those before it said nothing:

1. what the user states (``overrides.yaml``),
2. ranges that are no places (``auditor.geo.special``),
3. the agency's own networks,
4. anycast, by any witness: such an address is in many places at once,
5. the region of a cloud, by the provider's own list, else by the server's name (which alone never
   brings home what geofeeds or databases put abroad: that is ambiguous),
6. what the operator publishes (geofeeds),
7. most of the user's databases, else of those that came with the program,
8. the country an address block is registered in.

Countries that light cannot reach in the time of the fastest handshake are taken out of each step;
a step that has only such ones ends in ``contradicted``.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date
from enum import IntEnum
from typing import TYPE_CHECKING, Final

from auditor.geo.records import Answer
from auditor.geo.statements import Statement
from auditor.model.place import Certainty, Rule, State

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from auditor.geo.special import SpecialRange


class Place(IntEnum):
    """An address seen from home."""

    HOME = 0
    FOREIGN = 1
    UNKNOWN = 2


@dataclass(frozen=True, slots=True)
class Decision:
    """Where an address is.

    Attributes:
        country: ISO 3166-1 alpha-2; given in the state ``country`` alone.
        candidates: what remains possible (``ambiguous``), or was claimed (``contradicted``).
        certainty: null where nothing was decided.
        basis: what the decision rests on, such as ``country.mmdb 2026-06-17``.
    """

    place: Place
    state: State
    country: str | None
    rule: Rule
    basis: str
    certainty: Certainty | None = None
    candidates: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a statement comes from.

    Attributes:
        name: of the file.
        built: the day of its data; null = not known.
        old: its data is far from the time of the traffic.
    """

    name: str
    built: date | None = None
    licence: str = ""
    old: bool = False

    def __str__(self) -> str:
        return f"{self.name} {self.built.isoformat()}" if self.built else self.name


@dataclass(frozen=True, slots=True)
class Voice:
    """A database's answer about one address."""

    origin: Origin
    last_resort: bool
    answer: Answer


@dataclass(frozen=True, slots=True)
class Said:
    """A statement of a list of ranges, of an override or of a name, and where it comes from."""

    origin: Origin
    statement: Statement


@dataclass(frozen=True, slots=True)
class Heard:
    """Everything known about one destination but the network's owner.

    Attributes:
        carrier: how an IPv4 address stands inside; empty = it does not.
        said: of overrides and lists of ranges.
        voices: of databases, in the order of precedence.
        host: the cloud region inside the server's name.
        log_country: what the maker of the log claims; never decides.
        impossible: countries out of the reach of its fastest handshake.
    """

    carrier: str = ""
    said: tuple[Said, ...] = ()
    voices: tuple[Voice, ...] = ()
    host: Said | None = None
    log_country: str | None = None
    impossible: frozenset[str] = frozenset()

    def of(self, kind: str) -> list[Said]:
        """What lists of one kind say about the place."""
        return [each for each in self.said if each.statement.kind == kind]


@dataclass(frozen=True, slots=True)
class _Step:
    """A step that has something to say: its witnesses, each with its countries.

    Attributes:
        by_name: its witness is the server's name, which is what the client asked for.
    """

    rule: Rule
    named: tuple[tuple[Origin, tuple[str, ...]], ...]
    certainty: Certainty
    prefix: str = ""
    last_resort: bool = False
    by_name: bool = False


NO_ADDRESS: Final = Decision(Place.UNKNOWN, "unknown", None, "none", "not an IP address")
INVENTORY: Final = Decision(Place.HOME, "not-applicable", None, "inventory", "inventory", "firm")


def special_decision(special: SpecialRange, carrier: str) -> Decision:
    """The decision for an address of a special-purpose range: never a country."""
    basis = _carried(carrier, f"special: {special.name}")
    if special.kind == "local":
        return Decision(Place.HOME, "not-applicable", None, "special", basis, "firm")
    state: State = "anycast" if special.kind == "anycast" else "unknown"
    return Decision(Place.UNKNOWN, state, None, "special", basis)


def overridden(heard: Heard, home: str) -> Decision | None:
    """The decision of the user's own statement; null = there is none about the place."""
    for each in heard.of("override"):
        statement = each.statement
        basis = _carried(heard.carrier, f"override: {each.origin}: {statement.detail}")
        if statement.anycast:
            return Decision(Place.UNKNOWN, "anycast", None, "override", basis)
        if statement.countries:
            country = statement.countries[0]
            place = Place.HOME if country == home else Place.FOREIGN
            certainty: Certainty = "weak" if country in heard.impossible else "firm"
            return Decision(place, "country", country, "override", basis, certainty)
    return None


def decision_for(heard: Heard, home: str) -> Decision:
    """The decision for an address that is neither special nor the agency's own."""
    stated = overridden(heard, home)
    if stated is not None:
        return stated
    anycast = [each.origin for each in heard.said if each.statement.anycast]
    anycast += [each.origin for each in heard.voices if each.answer.anycast]
    if anycast:
        basis = _carried(heard.carrier, f"anycast: {', '.join(map(str, anycast))}")
        return Decision(Place.UNKNOWN, "anycast", None, "anycast", basis)
    steps = list(_steps(heard))
    if not steps:
        basis = _carried(heard.carrier, "in no database")
        return Decision(Place.UNKNOWN, "unknown", None, "none", basis)
    if steps[0].by_name:
        doubted = _doubted_name(steps[0], steps[1:], heard, home)
        if doubted is not None:
            return doubted
    return _decided(steps[0], steps[1:], heard, home)


def _doubted_name(step: _Step, later: list[_Step], heard: Heard, home: str) -> Decision | None:
    """The decision where a name says home and whoever else speaks says abroad; null = not so.

    Whoever sends the data chooses the name: it alone never keeps a destination in the country.
    """
    others = [each for each in later if each.rule in ("geofeed", "databases")]
    elsewhere = {country for each in others for _, told in each.named for country in told}
    named = {country for _, told in step.named for country in told}
    candidates = tuple(sorted((named | elsewhere) - heard.impossible))
    if named != {home} or home in elsewhere or not set(candidates) - named:
        return None
    sides = ", ".join(_sides(each) for each in (step, *others))
    basis = _carried(heard.carrier, f"{step.prefix}disagree: {sides}")
    return Decision(Place.UNKNOWN, "ambiguous", None, step.rule, basis, None, candidates)


def _steps(heard: Heard) -> Iterator[_Step]:
    """The steps that have something to say, the first one decides."""
    for rule, kind, certainty in _LISTS:
        said = [each for each in heard.of(kind) if each.statement.countries]
        if said:
            named = tuple((each.origin, each.statement.countries) for each in said)
            yield _Step(rule, named, certainty, f"{rule}: ")
        if kind == "cloud" and heard.host is not None and heard.host.statement.countries:
            host = (heard.host.origin, heard.host.statement.countries)
            yield _Step("cloud-region", (host,), "likely", "cloud-region: ", by_name=True)
    for last_resort in (False, True):
        named = _named(heard, lambda answer: answer.country, last_resort=last_resort)
        if named:
            yield _Step("databases", named, "likely", last_resort=last_resort)
    for last_resort in (False, True):
        named = _named(heard, lambda answer: answer.registered, last_resort=last_resort)
        if named:
            yield _Step("registration", named, "weak", "registered: ")


_LISTS: Final[tuple[tuple[Rule, str, Certainty], ...]] = (
    ("cloud-region", "cloud", "firm"),
    ("geofeed", "geofeed", "likely"),
)


def _named(
    heard: Heard, country_in: Callable[[Answer], str | None], *, last_resort: bool
) -> tuple[tuple[Origin, tuple[str, ...]], ...]:
    return tuple(
        (voice.origin, (country,))
        for voice in heard.voices
        if voice.last_resort is last_resort and (country := country_in(voice.answer)) is not None
    )


def _decided(step: _Step, later: list[_Step], heard: Heard, home: str) -> Decision:
    # A witness with several countries has one vote, for all of them.
    votes = Counter(country for _, countries in step.named for country in set(countries))
    possible = {
        country: count for country, count in votes.items() if country not in heard.impossible
    }
    if not possible:
        basis = f"handshake: too near for {_sides(step)}"
        return Decision(
            Place.UNKNOWN,
            "contradicted",
            None,
            step.rule,
            _carried(heard.carrier, basis),
            None,
            tuple(sorted(votes)),
        )
    most = max(possible.values())
    first = sorted(country for country, count in possible.items() if count == most)
    speaking = sum(any(country in possible for country in told) for _, told in step.named)
    if len(first) > 1 or most * 2 <= speaking:
        candidates = tuple(sorted(possible))
        place = Place.UNKNOWN if home in candidates else Place.FOREIGN
        basis = _carried(heard.carrier, f"{step.prefix}disagree: {_sides(step)}")
        return Decision(place, "ambiguous", None, step.rule, basis, None, candidates)
    country = first[0]
    place = Place.HOME if country == home else Place.FOREIGN
    return Decision(
        place,
        "country",
        country,
        step.rule,
        _carried(heard.carrier, step.prefix + _resting_on(step, country)),
        _certainty(step, later, country, heard),
    )


def _certainty(step: _Step, later: list[_Step], country: str, heard: Heard) -> Certainty:
    """How sure the decision of a step is, after the later ones were heard too.

    Nobody speaks against the region of a cloud: databases put clouds where their owner is
    registered. Nor do those that came with the program against the user's.
    """
    if step.rule == "registration":
        return "weak"
    others = [each for each in later if each.rule != "registration"]
    named = [*step.named, *(each for other in others for each in other.named)]
    claims = [*(each for other in others if not other.last_resort for each in other.named)]
    if heard.log_country is not None:
        log = (Origin("log"), (heard.log_country,))
        named.append(log)
        claims.append(log)
    agreeing = {str(origin) for origin, told in named if country in told}
    against = [*step.named, *(() if step.rule == "cloud-region" else claims)]
    dissent = any(
        country not in told and not heard.impossible.issuperset(told) for _, told in against
    )
    certainty = step.certainty
    if len(agreeing) > 1 and not dissent:
        certainty = "firm"
    elif len(agreeing) == 1 and dissent:
        certainty = "weak"
    if all(origin.old for origin, told in step.named if country in told):
        certainty = "weak"
    return certainty


def _sides(step: _Step) -> str:
    return ", ".join(f"{origin}={'/'.join(countries)}" for origin, countries in step.named)


def _resting_on(step: _Step, country: str) -> str:
    """The witnesses that name the country; those of the step that do not stand behind them."""
    pro = ", ".join(str(origin) for origin, told in step.named if country in told)
    contra = [f"{origin}={'/'.join(told)}" for origin, told in step.named if country not in told]
    return f"{pro}; against: {', '.join(contra)}" if contra else pro


def _carried(carrier: str, basis: str) -> str:
    return f"{carrier}: {basis}" if carrier else basis
