"""nftables: what ``nft list ruleset`` prints, as text or (``nft -j``) as JSON.

The common subset: tables, base and own chains, named sets, addresses, ports, protocols,
interfaces, connection states, counters, verdicts, jumps and DNAT (man 8 nft, libnftables-json(5)).
Everything else is told as unread, and the rule it stands in only *may* match.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Final, Literal

from auditor.checklist.sources.firewall import (
    PROTOCOLS,
    Action,
    Chain,
    Firewall,
    Hook,
    Match,
    Service,
    Step,
    Translation,
    Unread,
    followed,
    temporary,
)
from auditor.checklist.sources.ranges import (
    ADDRESSES,
    NOTHING,
    PORTS,
    V4,
    V6,
    Ranges,
    addresses,
    ports,
    ranges,
)

HOOKS: Final[dict[str, Hook]] = {"input": "in", "output": "out", "forward": "forward"}
FAMILIES: Final = {"ip": ("ipv4",), "ip6": ("ipv6",), "inet": ("ipv4", "ipv6")}
NARROW: Final = frozenset(
    ["limit", "icmp type", "icmpv6 type", "icmp code", "icmpv6 code", "tcp flags", "meta mark",
     "meta skuid", "meta skgid", "meta pkttype", "ct mark", "ct direction", "fib", "meter",
     "ct count", "ct helper", "ether saddr", "ether daddr", "meta hour", "meta day", "meta time",
     "ip dscp", "ip ttl", "meta iiftype", "meta iifgroup", "meta oifgroup", "ct original"]
)  # fmt: skip
"""Conditions that make a rule apply to less."""
_PORT_NAMES: Final = {
    "ssh": 22, "telnet": 23, "smtp": 25, "domain": 53, "http": 80, "ntp": 123, "snmp": 161,
    "https": 443, "syslog": 514, "imaps": 993, "ms-sql-s": 1433, "mysql": 3306,
    "ms-wbt-server": 3389, "postgresql": 5432,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Clause:
    """One condition.

    Attributes:
        key: ``saddr``, ``daddr``, ``dport``, ``l4proto``, ``iif``, ``oif``, ``state``, ``family``,
            or the words of one that only narrows or is not known.
        values: as written; ``@name`` is a named set, ``a-b`` a range.
    """

    key: str
    values: tuple[str, ...] = ()
    negated: bool = False


@dataclass(slots=True)
class RuleText:
    """One rule in the order of its parts."""

    place: str
    clauses: list[Clause] = field(default_factory=list)
    verdict: Literal["accept", "deny", "return", "jump", "goto", "go-on"] = "go-on"
    target: str = ""
    comment: str = ""
    hits: int | None = None
    published: str = ""
    unread: str = ""


@dataclass(slots=True)
class ChainText:
    """One chain. ``hook`` empty = a chain of one's own."""

    name: str
    place: str = ""
    hook: str = ""
    kind: str = ""
    policy: Action = "accept"
    rules: list[RuleText] = field(default_factory=list)


@dataclass(slots=True)
class Table:
    """One table with its chains and named sets (elements as written)."""

    family: str
    name: str
    chains: dict[str, ChainText] = field(default_factory=dict)
    sets: dict[str, tuple[str, ...]] = field(default_factory=dict)
    unread: list[Unread] = field(default_factory=list)


def nftables(tables: list[Table], unread: list[Unread]) -> Firewall:
    """The firewall that the tables make."""
    chains: list[Chain] = []
    translations: list[Translation] = []
    unread = list(unread)
    for table in tables:
        unread += table.unread
        if table.family not in FAMILIES:
            continue  # bridge, netdev and arp tables do not decide on IP connections
        steps = {
            name: [
                step
                for rule in chain.rules
                if (step := _step(rule, table, unread, translations, nat=chain.kind == "nat"))
            ]
            for name, chain in table.chains.items()
        }
        for name, chain in table.chains.items():
            if chain.kind == "filter" and chain.hook in HOOKS:
                rules, more = followed(steps, name, chain.policy)
                unread += more
                chains.append(
                    Chain(
                        f"{table.name} {name}",
                        HOOKS[chain.hook],
                        FAMILIES[table.family],
                        chain.policy,
                        rules,
                        chain.place,
                    )
                )
    return Firewall(
        "nftables", "", tuple(chains), (), tuple(translations), tuple(unread), every_chain=True
    )


def _step(
    rule: RuleText,
    table: Table,
    unread: list[Unread],
    translations: list[Translation],
    *,
    nat: bool,
) -> Step | None:
    whole = {"ip": V4, "ip6": V6}.get(table.family, ADDRESSES)
    match = Match(whole, whole)
    protocol: int | None = None
    opened: Ranges | None = None
    what = rule.unread
    for clause in rule.clauses:
        try:
            if clause.key == "dport":
                opened = _ports(clause, table)
            elif clause.key == "l4proto" and not clause.negated and len(clause.values) == 1:
                protocol = _protocol(clause.values[0])
            elif clause.key == "l4proto":
                match = replace(match, services=_services(clause, match))
            else:
                match = _narrowed(match, clause, table)
        except (ValueError, KeyError):
            what = what or clause.key
            match = _vague(match)
    if opened is not None or protocol is not None:
        services = tuple(
            Service(
                one.protocol if protocol is None else protocol,
                PORTS if opened is None else opened,
            )
            for one in match.services
        )
        match = replace(match, services=services)
    if what:
        unread.append(Unread(rule.place, what[:40]))
        match = _vague(match)
    if rule.published and nat:
        try:
            inside, own = _published(rule.published, table)
        except ValueError:
            unread.append(Unread(rule.place, "dnat"))
            return None
        translations.append(
            Translation(
                match.destinations,
                inside if inside is not None else match.destinations,
                opened or PORTS,
                own or opened or PORTS,
            )
        )
        return None
    note = temporary(rule.comment)
    return Step(rule.verdict, match, rule.place, rule.target, temporary=note, hits=rule.hits)


def _vague(match: Match) -> Match:
    return replace(match, vague=match.vague | {"other"})


def _narrowed(match: Match, clause: Clause, table: Table) -> Match:
    """The match with one more condition.

    Raises:
        ValueError, KeyError: the condition is not known, or its values are not.
    """
    match clause.key:
        case "saddr":
            return replace(match, sources=match.sources & _addresses(clause, table))
        case "daddr":
            return replace(match, destinations=match.destinations & _addresses(clause, table))
        case "family":
            whole = {"ipv4": V4, "ipv6": V6}[clause.values[0]]
            return replace(
                match, sources=match.sources & whole, destinations=match.destinations & whole
            )
        case "iif" | "oif" if clause.negated or any(v.startswith("@") for v in clause.values):
            return _vague(match)
        case "iif":
            return replace(match, inward=clause.values)
        case "oif":
            return replace(match, outward=clause.values)
        case "state":
            new = ("new" in clause.values or "untracked" in clause.values) != clause.negated
            return replace(match, new=match.new and new)
        case "status":
            return _vague(match)
        case key if key in NARROW:
            return _vague(match)
        case key:
            raise ValueError(key)


def _values(clause: Clause, table: Table) -> tuple[str, ...]:
    return tuple(
        element
        for value in clause.values
        for element in (table.sets[value[1:]] if value.startswith("@") else (value,))
    )


def _addresses(clause: Clause, table: Table) -> Ranges:
    found = ranges(part for value in _values(clause, table) for part in addresses(value).parts)
    return ADDRESSES - found if clause.negated else found


def _ports(clause: Clause, table: Table) -> Ranges:
    found = ranges(
        part
        for value in _values(clause, table)
        for part in ports(str(_PORT_NAMES.get(value, value))).parts
    )
    return PORTS - found if clause.negated else found


def _protocol(text: str) -> int:
    return int(text) if text.isdigit() else PROTOCOLS[text]


def _services(clause: Clause, match: Match) -> tuple[Service, ...]:
    """The services of several protocols.

    Raises:
        ValueError: they are negated.
        KeyError: one is not known.
    """
    if clause.negated:
        raise ValueError(clause.key)
    return tuple(
        both
        for value in clause.values
        for one in match.services
        if (both := one.meet(Service(_protocol(value))))
    )


def _published(text: str, table: Table) -> tuple[Ranges | None, Ranges | None]:
    """Addresses and ports of a DNAT, written ``10.0.0.5:443``, ``[2001:db8::1]:443``, ``:443``."""
    if text.startswith(":"):
        return None, ports(text[1:])
    if text.startswith("["):
        host, _, port = text[1:].partition("]")
        return addresses(host), ports(port[1:]) if port[1:] else None
    if text.count(":") == 1:
        host, _, port = text.partition(":")
        return addresses(host), ports(port)
    if text.startswith("@"):
        return _addresses(Clause("daddr", (text,)), table), None
    return addresses(text) or NOTHING, None
