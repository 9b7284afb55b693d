"""What any firewall's export says, in one form: chains of rules in order.

A rule matches a set of sources, of destinations and of services. Where an export says more than
these sets can hold (names resolved at run time, schedules, limits), the sets are an upper bound
and ``vague`` names the part: such a rule *may* match, it never surely does.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, Final, Literal

from auditor.checklist.sources.ranges import ADDRESSES, PORTS, V4, V6, Ranges

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

Action = Literal["accept", "deny"]
Hook = Literal["in", "out", "forward"]
Part = Literal["source", "destination", "service", "other"]
Vague = frozenset[Part]

MOST_RULES: Final = 100_000
"""Rules of one export after jumps are followed."""
DEEPEST: Final = 16
PROTOCOLS: Final[Mapping[str, int]] = {
    "icmp": 1, "igmp": 2, "tcp": 6, "udp": 17, "dccp": 33, "gre": 47, "esp": 50, "ah": 51,
    "icmpv6": 58, "ipv6-icmp": 58, "icmp6": 58, "ospf": 89, "vrrp": 112, "sctp": 132,
    "udplite": 136,
}  # fmt: skip
"""IANA protocol numbers that exports write as names."""
_TEMPORARY: Final = re.compile(
    r"\btemp(orary)?\b|\btmp\b|\btạm\b|\btam[ _-]thoi\b|\bthử nghiệm\b", re.IGNORECASE
)


def temporary(text: str) -> bool:
    """Whether a name or a comment says that a rule is meant for a while."""
    return bool(_TEMPORARY.search(text[:500].replace("_", " ")))


@dataclass(frozen=True, slots=True)
class Service:
    """A protocol and its ports; ``protocol`` null = every protocol."""

    protocol: int | None = None
    ports: Ranges = PORTS

    @property
    def all(self) -> bool:
        """Whether it opens (nearly) everything: every protocol, or every TCP or UDP port."""
        return self.protocol in (None, 6, 17) and self.ports.size > 60_000

    def meet(self, other: Service) -> Service | None:
        """What both hold; null = nothing."""
        if None not in (self.protocol, other.protocol) and self.protocol != other.protocol:
            return None
        ports = self.ports & other.ports
        protocol = other.protocol if self.protocol is None else self.protocol
        return Service(protocol, ports) if ports else None


EVERYTHING: Final = (Service(),)


@dataclass(frozen=True, slots=True)
class Match:
    """What a rule applies to.

    Attributes:
        inward, outward: interfaces; empty = every one.
        new: whether new connections are concerned (not only established ones).
        vague: parts whose sets are only an upper bound.
    """

    sources: Ranges = ADDRESSES
    destinations: Ranges = ADDRESSES
    services: tuple[Service, ...] = EVERYTHING
    inward: tuple[str, ...] = ()
    outward: tuple[str, ...] = ()
    new: bool = True
    vague: Vague = frozenset()

    def meet(self, other: Match) -> Match | None:
        """What both apply to; null = nothing."""
        sources, destinations = (
            self.sources & other.sources,
            self.destinations & other.destinations,
        )
        services = tuple(
            both for one in self.services for two in other.services if (both := one.meet(two))
        )
        inward = _both(self.inward, other.inward)
        outward = _both(self.outward, other.outward)
        if not sources or not destinations or not services or inward is None or outward is None:
            return None
        new, vague = self.new and other.new, self.vague | other.vague
        return Match(sources, destinations, services, inward, outward, new, vague)


def _both(mine: tuple[str, ...], theirs: tuple[str, ...]) -> tuple[str, ...] | None:
    if not mine or not theirs:
        return mine or theirs
    # names may be patterns (eth+); they meet when one fits the other
    kept = tuple(name for name in mine if any(_fits(name, other) for other in theirs))
    return kept or None


def _fits(one: str, two: str) -> bool:
    if one.endswith(("+", "*")):
        return two.startswith(one[:-1])
    return one == two or (two.endswith(("+", "*")) and one.startswith(two[:-1]))


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule as it takes effect.

    Attributes:
        place: where it stands: ``line 14`` or ``handle 7``.
        enabled: it is not switched off.
        expires: the last day it applies; null = none is set.
        temporary: its name or comment says it is meant for a while.
        hits: packets it matched; null = the export has no counters.
    """

    name: str
    place: str
    action: Action
    match: Match
    enabled: bool = True
    expires: date | None = None
    temporary: bool = False
    hits: int | None = None

    def over(self, today: date) -> bool:
        """Whether its last day lies before today."""
        return self.expires is not None and self.expires < today

    @property
    def any_source(self) -> bool:
        """Whether (nearly) everybody is a source."""
        return "source" not in self.match.vague and wide(self.match.sources)

    @property
    def any_destination(self) -> bool:
        """Whether (nearly) everything is a destination."""
        return "destination" not in self.match.vague and wide(self.match.destinations)

    @property
    def any_service(self) -> bool:
        """Whether (nearly) every service is open."""
        return "service" not in self.match.vague and any(one.all for one in self.match.services)


def wide(which: Ranges) -> bool:
    """Whether a set holds at least half of the addresses of a family."""
    return (which & V4).size >= V4.size // 2 or (which & V6).size >= V6.size // 2


@dataclass(frozen=True, slots=True)
class Chain:
    """Rules in order for what comes in, goes out or passes through; the first that fits decides.

    Attributes:
        name: as the export calls it, such as ``INPUT`` or the virtual domain.
        families: ``ipv4``, ``ipv6`` or both.
        default: what becomes of that which no rule fits.
    """

    name: str
    hook: Hook
    families: tuple[str, ...]
    default: Action
    rules: tuple[Rule, ...]
    place: str = ""


@dataclass(frozen=True, slots=True)
class Translation:
    """A published address (VIP, DNAT): what arrives outside goes to the inside."""

    outside: Ranges
    inside: Ranges
    outside_ports: Ranges = PORTS
    inside_ports: Ranges = PORTS


@dataclass(frozen=True, slots=True)
class Interface:
    """A port of the device. ``outside``: towards the Internet; null = cannot be told."""

    name: str
    networks: Ranges
    outside: bool | None


@dataclass(frozen=True, slots=True)
class Unread:
    """A line that was not understood; ``what`` shows its first words only."""

    place: str
    what: str


@dataclass(frozen=True, slots=True)
class Firewall:
    """One export.

    Attributes:
        product: ``FortiGate``, ``iptables`` or ``nftables``.
        device: the device's own name; empty = the export does not say.
        every_chain: a connection must pass every chain of its place (else one of them: the
            virtual domain it runs through).
    """

    product: str
    device: str
    chains: tuple[Chain, ...]
    interfaces: tuple[Interface, ...] = ()
    translations: tuple[Translation, ...] = ()
    unread: tuple[Unread, ...] = ()
    every_chain: bool = False

    def of(self, hook: Hook) -> tuple[Chain, ...]:
        """The chains at a place."""
        return tuple(chain for chain in self.chains if chain.hook == hook)

    def outside(self, names: Sequence[str]) -> bool | None:
        """Whether any of these interfaces is towards the Internet; none named = every one is."""
        if not names or "any" in names:
            return True
        known = {interface.name: interface.outside for interface in self.interfaces}
        found = {known.get(name) for name in names}
        return True if True in found else None if None in found else False


def first_words(text: str) -> str:
    """The first words of a line, short: enough to find it, without what it may hold."""
    return " ".join(text.split()[:2])[:40]


def public(address: str) -> bool:
    """Whether an address can be reached from the Internet."""
    return ipaddress.ip_address(address).is_global


@dataclass(frozen=True, slots=True)
class Step:
    """One line of a chain before jumps are followed.

    Attributes:
        verdict: ``accept``, ``deny``, ``return``, ``jump``, ``goto``, or ``go-on`` (it only
            counts or logs).
        target: the chain of a jump.
    """

    verdict: Literal["accept", "deny", "return", "jump", "goto", "go-on"]
    match: Match
    place: str
    target: str = ""
    temporary: bool = False
    hits: int | None = None


def followed(
    chains: Mapping[str, Sequence[Step]], name: str, default: Action
) -> tuple[tuple[Rule, ...], tuple[Unread, ...]]:
    """The rules of a built-in chain with its jumps written out, and what could not be followed."""
    walk = _Walk(chains, default)
    return tuple(walk.rules_of(name, Match(), 0)), tuple(walk.unread)


class _Walk:
    def __init__(self, chains: Mapping[str, Sequence[Step]], default: Action) -> None:
        self.chains = chains
        self.default = default
        self.unread: list[Unread] = []
        self.left = MOST_RULES

    def rules_of(self, name: str, under: Match, depth: int) -> Iterator[Rule]:
        for step in self.chains.get(name, ()):
            self.left -= 1
            if self.left <= 0:
                self.unread[:] = [*self.unread[:10], Unread(step.place, "too many rules")]
                return
            match = under.meet(step.match)
            if match is None or step.verdict == "go-on":
                continue
            always = match == under
            if step.verdict == "accept":
                yield _rule(step, "accept", match)
            elif step.verdict == "deny":
                yield _rule(step, "deny", match)
            elif step.verdict == "return" and depth == 0:
                yield _rule(step, self.default, match)
            elif step.verdict == "return":
                if always:
                    return
                # what returned meets none of the rest; so the rest only may match
                under = replace(under, vague=under.vague | {"other"})
            elif depth >= DEEPEST or step.target not in self.chains:
                self.unread.append(Unread(step.place, f"jump {step.target[:20]}"))
            else:
                yield from self.rules_of(step.target, match, depth + 1)
                if step.verdict == "goto":
                    if always:
                        return
                    under = replace(under, vague=under.vague | {"other"})


def _rule(step: Step, action: Action, match: Match) -> Rule:
    # comments may name people: the place tells which rule it is
    return Rule("", step.place, action, match, temporary=step.temporary, hits=step.hits)
