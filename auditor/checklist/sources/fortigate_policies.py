"""FortiGate: policies, interfaces and what the device itself answers, as a firewall.

Policies are tried in order; what none of them fits is denied (the implicit policy 0). The device
itself answers on an interface only what ``allowaccess`` names.
"""

from __future__ import annotations

import ipaddress
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from auditor.checklist.sources.firewall import (
    Chain,
    Firewall,
    Interface,
    Match,
    Part,
    Rule,
    Service,
    Unread,
    Vague,
    public,
    temporary,
)
from auditor.checklist.sources.fortigate import tree
from auditor.checklist.sources.fortigate_objects import NO_ADDRESS, Objects, ending, objects
from auditor.checklist.sources.ranges import ADDRESSES, NOTHING, V4, V6, Ranges, addresses, ports

if TYPE_CHECKING:
    from auditor.checklist.sources.fortigate import Entry, Tree

_UNREAD_POLICIES: Final = (
    "firewall security-policy", "firewall consolidated policy", "firewall proxy-policy",
    "firewall local-in-policy", "firewall local-in-policy6", "firewall policy46",
    "firewall policy64", "firewall multicast-policy",
)  # fmt: skip
"""Policies of other kinds: that they are there is told."""
_ACCESS: Final = {
    "ping": Service(1), "https": Service(6, ports("443")), "ssh": Service(6, ports("22")),
    "snmp": Service(17, ports("161")), "http": Service(6, ports("80")),
    "telnet": Service(6, ports("23")), "fgfm": Service(6, ports("541")),
}  # fmt: skip
_WHO: Final = ("users", "groups", "fsso-groups", "internet-service-src-name", "ztna-ems-tag")
_SDWAN: Final = "virtual-wan-link"


def fortigate(text: str) -> Firewall:
    """The firewall that the text describes."""
    found = tree(text)
    domains = sorted({domain for domain, _ in found.sections}) or [""]
    unread = list(found.unread)
    chains: list[Chain] = []
    translations = []
    interfaces = _interfaces(found, domains, unread)
    for domain in domains:
        named = objects(found, domain)
        rules = [
            rule
            for section, families in (("firewall policy", (4, 6)), ("firewall policy6", (6,)))
            for entry in found.of(domain, section)
            for rule in _rules(entry, named, families)
        ]
        if rules or domain or len(domains) == 1:
            name = domain or "policy"
            chains.append(Chain(name, "forward", ("ipv4", "ipv6"), "deny", tuple(rules)))
        unread += named.unread
        translations += [each.translation for each in named.published.values()]
        unread += [
            Unread(f"line {entry.line}", section)
            for section in _UNREAD_POLICIES
            for entry in found.of(domain, section)
            if entry.name
        ]
    access = tuple(_access(found, unread))
    chains.append(Chain("allowaccess", "in", ("ipv4", "ipv6"), "deny", access))
    device = next(
        (
            entry.first("hostname")
            for (_, section), entries in found.sections.items()
            for entry in entries
            if section == "system global" and entry.first("hostname")
        ),
        "",
    )
    return Firewall(
        "FortiGate", device, tuple(chains), interfaces, tuple(translations), tuple(unread)
    )


def _rules(entry: Entry, named: Objects, families: tuple[int, ...]) -> list[Rule]:
    action = entry.first("action", "deny")
    if action not in ("accept", "deny", "ipsec", "ssl-vpn"):
        named.unread.append(Unread(f"line {entry.line}", f"action {action[:20]}"))
        return []
    vague: set[Part] = set()
    sources, destinations = NOTHING, NOTHING
    for family in families:
        suffix = "6" if family == 6 and 4 in families else ""
        for side in ("src", "dst"):
            some, unsure = named.addresses_of(entry.all(f"{side}addr{suffix}"), entry, family)
            if entry.first(f"{side}addr{suffix}-negate") == "enable":
                some = (V4 if family == 4 else V6) - (NOTHING if unsure else some)
            if unsure:
                vague.add("source" if side == "src" else "destination")
            if side == "src":
                sources |= some
            else:
                destinations |= some
    services, unsure = named.services_of(entry.all("service"), entry)
    if unsure or entry.first("service-negate") == "enable":
        vague.add("service")
        services = services if entry.first("service-negate") != "enable" else (Service(),)
    if entry.first("internet-service") == "enable" or entry.first("internet-service6") == "enable":
        # addresses and ports come from the maker's own lists
        destinations, services = ADDRESSES, (Service(),)
        vague |= {"destination", "service"}
    if entry.first("internet-service-src") == "enable":
        sources = ADDRESSES
        vague.add("source")
    scheduled, expires = named.schedule(entry.first("schedule", "always"), entry)
    if scheduled or any(entry.all(key) for key in _WHO):
        vague.add("other")
    if entry.first("policy-expiry") == "enable":
        until = entry.all("policy-expiry-date") or entry.all("policy-expiry-date-utc")
        expires = ending(" ".join(until[:1]), "%Y-%m-%d") or expires
    base = Rule(
        entry.name,
        f"line {entry.line}",
        "deny" if action == "deny" else "accept",
        Match(
            sources,
            destinations,
            services,
            _interface_names(entry.all("srcintf")),
            _interface_names(entry.all("dstintf")),
            vague=frozenset(vague),
        ),
        enabled=entry.first("status", "enable") == "enable",
        expires=expires,
        temporary=temporary(" ".join([entry.first("name"), *entry.all("comments")])),
    )
    return _through_published(base, entry, named)


def _interface_names(names: list[str]) -> tuple[str, ...]:
    return () if "any" in names else tuple(names)


def _through_published(base: Rule, entry: Entry, named: Objects) -> list[Rule]:
    """The rule; where it leads to published ports, these alone are open there."""
    names = [
        member
        for name in entry.all("dstaddr")
        for member in (
            named.published_groups[name].all("member") if name in named.published_groups else [name]
        )
    ]
    narrowed = [
        (each.translation, each.service)
        for name in names
        if (each := named.published.get(name)) is not None and each.service is not None
    ]
    if not narrowed or base.action == "deny":
        return [base]
    found: list[Rule] = []
    rest = base.match.destinations
    for translation, service in narrowed:
        both = translation.outside | translation.inside
        rest -= both
        if any(service.meet(open_) for open_ in base.match.services):
            found.append(
                replace(base, match=replace(base.match, destinations=both, services=(service,)))
            )
    if rest:
        found.append(replace(base, match=replace(base.match, destinations=rest)))
    return found


def _interfaces(found: Tree, domains: list[str], unread: list[Unread]) -> tuple[Interface, ...]:
    routes: set[str] = set()
    behind: dict[str, Ranges] = {}
    for entry in (each for domain in domains for each in found.of(domain, "router static")):
        device = entry.first("device")
        if entry.first("status") == "disable" or entry.first("blackhole") == "enable":
            continue
        if entry.all("dst") in ([], NO_ADDRESS, ["0.0.0.0/0"]):
            if entry.name and not entry.all("dstaddr"):
                routes.add(device)
            continue
        try:
            behind[device] = behind.get(device, NOTHING) | addresses("/".join(entry.all("dst")))
        except ValueError:
            unread.append(Unread(f"line {entry.line}", "static route"))
    interfaces: dict[str, Interface] = {}
    for domain in domains:
        for entry in found.of(domain, "system interface"):
            if not entry.name:
                continue
            networks, address = behind.get(entry.name, NOTHING), ""
            if entry.all("ip") not in ([], NO_ADDRESS):
                try:
                    address = str(ipaddress.ip_interface("/".join(entry.all("ip"))).ip)
                    networks |= addresses("/".join(entry.all("ip")))
                except ValueError:
                    unread.append(Unread(f"line {entry.line}", "interface address"))
            interfaces[entry.name] = Interface(
                entry.name, networks, _outside(entry, address, routes)
            )
    for domain in domains:
        for entry in found.of(domain, "system zone"):
            members = [interfaces[name] for name in entry.all("interface") if name in interfaces]
            networks = NOTHING
            for member in members:
                networks |= member.networks
            sides = {member.outside for member in members}
            outside = True if True in sides else False if sides == {False} else None
            if entry.name:
                interfaces[entry.name] = Interface(entry.name, networks, outside)
    interfaces[_SDWAN] = Interface(_SDWAN, NOTHING, True)
    return tuple(interfaces.values())


def _outside(entry: Entry, address: str, routes: set[str]) -> bool | None:
    role = entry.first("role", "undefined")
    if entry.first("type") in ("tunnel", "loopback"):
        return False
    if role == "wan" or entry.name in routes or (address and public(address)):
        return True
    if role in ("lan", "dmz") or address:
        return False
    return None


def _access(found: Tree, unread: list[Unread]) -> list[Rule]:
    """What the device itself answers, as rules on its interfaces."""
    settings = [
        entry
        for (_, section), entries in found.sections.items()
        for entry in entries
        if section == "system interface" and entry.name and entry.first("status") != "down"
    ]
    admins = [
        entry
        for (_, section), entries in found.sections.items()
        for entry in entries
        if section == "system admin" and entry.name
    ]
    limited = bool(admins) and all(_limited(entry) for entry in admins)
    rules = []
    for entry in settings:
        services = []
        for name in entry.all("allowaccess"):
            if name in _ACCESS:
                services.append(_ACCESS[name])
            elif name not in ("radius-acct", "probe-response", "fabric", "ftm", "speed-test"):
                unread.append(Unread(f"line {entry.line}", f"allowaccess {name[:20]}"))
        if services:
            vague: Vague = frozenset({"source"}) if limited else frozenset()
            match = Match(services=tuple(services), inward=(entry.name,), vague=vague)
            rules.append(Rule(f"allowaccess {entry.name}", f"line {entry.line}", "accept", match))
    return rules


def _limited(entry: Entry) -> bool:
    """Whether an administrator may log in from named networks only."""
    hosts = [words for key, words in entry.settings.items() if key.startswith("trusthost")]
    hosts = [words for words in hosts if words[:1] != ["::/0"]]
    narrow = [words for words in hosts if words != NO_ADDRESS]
    return bool(narrow)
