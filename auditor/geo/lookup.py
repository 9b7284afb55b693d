"""Everything known about single addresses, for people who ask why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from auditor.geo.addresses import CARRIERS, numbered
from auditor.geo.decision import Decision
from auditor.geo.placement import placed
from auditor.geo.records import Answer
from auditor.geo.special import SPECIAL_RANGES, SpecialRange
from auditor.model.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from auditor.geo.databases import GeoDatabases
    from auditor.model.inventory import Network


@dataclass(frozen=True, slots=True)
class DatabaseAnswer:
    """What one database says; every part null where it says nothing or was not asked."""

    file: str
    answer: Answer


@dataclass(frozen=True, slots=True)
class LookedUp:
    """One address, the evidence and the decision.

    Attributes:
        carrier: how an IPv4 address stands inside (``6to4``, ``teredo``, ...); null = it does not.
        special: the special-purpose range it lies in; null = none.
        answers: of each database, in the order of precedence; databases are not asked about the
            agency's own addresses and those of special ranges.
        asn: the network's number, as the flow table would state it.
        org: the network's owner.
    """

    address: str
    carrier: str | None
    special: SpecialRange | None
    answers: tuple[DatabaseAnswer, ...]
    decision: Decision
    asn: int | None
    org: str | None


def looked_up(
    addresses: Sequence[str],
    databases: GeoDatabases,
    home: str,
    home_networks: Sequence[Network],
) -> list[LookedUp]:
    """What is known about each of ``addresses``, by the same rules as for flows.

    Raises:
        InputError: one of them is no IP address.
    """
    numbers = numbered(addresses)
    for text, family in zip(addresses, numbers.family.tolist(), strict=True):
        if not family:
            raise InputError(
                "is no IP address",
                place=repr(text[:100]),
                hint="Write one IPv4 or IPv6 address, such as 203.162.4.191 or 2001:dc8::1, "
                "without port, prefix length or zone.",
            )
    places = placed(numbers, databases, home.upper(), home_networks)
    results: list[LookedUp] = []
    for index, text in enumerate(addresses):
        special, org, asn = (
            int(column[index]) for column in (places.special, places.org_codes, places.asn)
        )
        results.append(
            LookedUp(
                address=text,
                carrier=CARRIERS[int(places.carriers[index])] or None,
                special=SPECIAL_RANGES[special] if special >= 0 else None,
                answers=tuple(
                    DatabaseAnswer(said.name, said.distinct[int(said.codes[index])])
                    for said in places.answers
                ),
                decision=places.decisions[int(places.codes[index])],
                asn=asn if asn >= 0 else None,
                org=places.orgs[org] if org >= 0 else None,
            )
        )
    return results
