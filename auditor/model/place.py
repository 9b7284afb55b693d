"""Where a destination is: a decision that an inspector can follow and defend."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final, Literal

State = Literal["country", "anycast", "ambiguous", "contradicted", "unknown", "not-applicable"]
STATES: Final[tuple[State, ...]] = (
    "country",
    "anycast",
    "ambiguous",
    "contradicted",
    "unknown",
    "not-applicable",
)

Rule = Literal[
    "override",
    "special",
    "inventory",
    "anycast",
    "cloud-region",
    "geofeed",
    "databases",
    "registration",
    "none",
]
"""The step that decided, in the order of precedence; ``none`` = nobody knew anything."""

Certainty = Literal["firm", "likely", "weak"]
"""firm = somebody answers for it, or databases of two makers agree and nobody dissents; likely =
one source, most of them, or several that may rest on one another; weak = the registration alone, a
source far from the time of the traffic, or a source alone with its word against another's."""

Kind = Literal[
    "override",
    "special",
    "inventory",
    "anycast",
    "cloud",
    "geofeed",
    "database",
    "registered",
    "network",
    "relay",
    "log",
    "host",
    "service",
    "handshake",
]
"""What a witness is. ``registered`` = the country an address block is registered in; ``network`` =
the autonomous system, its organisation, and where that is registered; ``handshake`` = physics."""


@dataclass(frozen=True, slots=True)
class Witness:
    """What one source says about a destination.

    Attributes:
        source: the file, log or list, such as ``country.mmdb``.
        countries: where it puts the destination (ISO 3166-1 alpha-2); empty = it says nothing
            about that.
        detail: what else it says, as its maker writes it: a region and service, a city, a network,
            a round trip; empty = nothing.
        built: the day of the source's data; null = not known.
        licence: SPDX identifier, or the terms in a few words; empty = not known.
        derived: it was worked out from other witnesses' data, not told by anybody.
    """

    kind: Kind
    source: str
    countries: tuple[str, ...] = ()
    detail: str = ""
    built: date | None = None
    licence: str = ""
    derived: bool = False


@dataclass(frozen=True, slots=True)
class Reach:
    """How far away a destination can be at most, by its fastest handshake.

    Attributes:
        rtt_us: the smallest round trip seen, in µs.
        km: what light in fibre covers there and back in that time (``auditor.geo.physics``).
        claimed: the country that the deciding step names.
        claimed_km: the least distance from Vietnam to that country; null = not known.
    """

    rtt_us: int
    km: int
    claimed: str | None = None
    claimed_km: int | None = None


@dataclass(frozen=True, slots=True)
class Destination:
    """The decision record of one destination.

    Attributes:
        address: the peer's address, in the form of RFC 5952.
        host: the server's name that took part; null = none did.
        country: ISO 3166-1 alpha-2; given in the state ``country`` alone.
        candidates: countries that remain possible (``ambiguous``) or were claimed
            (``contradicted``), in alphabetical order.
        rule: the step that decided.
        certainty: null where nothing was decided.
        basis: what the decision rests on, in one line.
        witnesses: everything that was heard, in the order of precedence.
        reach: physics; null = no handshake of it was seen or could be used.
        abroad: form (a) of Article 23(2) of the Law on Data: it lies outside the country; null =
            undecided.
        foreign_recipient: form (b): whoever runs it is foreign, wherever it stands.
        foreign_platform: form (c): it is a platform abroad on which data is processed.
        operator: who runs the service, the cloud, or else the network.
        operator_basis: ``override``, ``service``, ``range`` or ``network``: how the operator is
            known.
        flows, outbound_bytes: of the findings that name it.
    """

    address: str
    host: str | None
    state: State
    country: str | None
    candidates: tuple[str, ...]
    rule: Rule
    certainty: Certainty | None
    basis: str
    witnesses: tuple[Witness, ...]
    reach: Reach | None = None
    asn: int | None = None
    org: str | None = None
    org_country: str | None = None
    service: str | None = None
    service_kind: str | None = None
    operator: str | None = None
    operator_country: str | None = None
    operator_basis: Literal["override", "service", "range", "network"] | None = None
    abroad: bool | None = None
    foreign_recipient: bool | None = None
    foreign_platform: bool | None = None
    flows: int = 0
    outbound_bytes: int = 0
