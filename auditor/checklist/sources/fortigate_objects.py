"""FortiGate: named addresses, groups, services, schedules and published addresses, resolved."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING, Final

from auditor.checklist.sources.firewall import (
    EVERYTHING,
    Service,
    Translation,
    Unread,
)
from auditor.checklist.sources.fortigate import Entry
from auditor.checklist.sources.ranges import (
    NOTHING,
    PORTS,
    V4,
    V6,
    Range,
    Ranges,
    addresses,
    ports,
    ranges,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from auditor.checklist.sources.fortigate import Tree

_TCP, _UDP, _ICMP, _SCTP, _ICMP6 = 6, 17, 1, 132, 58
NO_ADDRESS: Final = ["0.0.0.0", "0.0.0.0"]  # noqa: S104 - how the device writes "every one"
_DEEPEST: Final = 16
_RESOLVED_LATER: Final = ("fqdn", "geography", "dynamic", "mac", "wildcard", "wildcard-fqdn")
_OWN_SERVICES: Final = {
    "ALL": EVERYTHING,
    "ALL_TCP": (Service(_TCP),),
    "ALL_UDP": (Service(_UDP),),
    "ALL_ICMP": (Service(_ICMP),),
    "ALL_ICMP6": (Service(_ICMP6),),
    "PING": (Service(_ICMP),),
    "PING6": (Service(_ICMP6),),
    "HTTP": (Service(_TCP, ports("80")),),
    "HTTPS": (Service(_TCP, ports("443")),),
    "SSH": (Service(_TCP, ports("22")),),
    "TELNET": (Service(_TCP, ports("23")),),
    "RDP": (Service(_TCP, ports("3389")),),
    "FTP": (Service(_TCP, ports("21")),),
    "SMTP": (Service(_TCP, ports("25")),),
    "DNS": (Service(_TCP, ports("53")), Service(_UDP, ports("53"))),
    "NTP": (Service(_TCP, ports("123")), Service(_UDP, ports("123"))),
    "SYSLOG": (Service(_UDP, ports("514")),),
    "SNMP": (Service(_TCP, ports("161-162")), Service(_UDP, ports("161-162"))),
    "MYSQL": (Service(_TCP, ports("3306")),),
    "MS-SQL": (Service(_TCP, ports("1433-1434")),),
}
"""Services of the factory; an export in full states them itself."""


@dataclass(slots=True)
class Published:
    """A published address. ``service`` null = every port."""

    translation: Translation
    service: Service | None


@dataclass(slots=True)
class Objects:
    """The named objects of one virtual domain; what cannot be resolved goes to ``unread``."""

    addresses: dict[str, Entry]
    groups: dict[str, Entry]
    addresses6: dict[str, Entry]
    groups6: dict[str, Entry]
    services: dict[str, Entry]
    service_groups: dict[str, Entry]
    published: dict[str, Published]
    published_groups: dict[str, Entry]
    once: dict[str, Entry]
    recurring: dict[str, Entry]
    unread: list[Unread] = field(default_factory=list)
    known: dict[tuple[str, int], tuple[Ranges, bool]] = field(default_factory=dict)
    """Addresses by name and family once they are resolved: groups may hold groups many times."""
    known_services: dict[str, tuple[tuple[Service, ...], bool]] = field(default_factory=dict)

    def addresses_of(
        self, names: Iterable[str], at: Entry, family: int, depth: int = 0
    ) -> tuple[Ranges, bool]:
        """The addresses of named objects; and whether they are only an upper bound."""
        parts: list[Range] = []
        vague = False
        for name in names:
            one, unsure = self._address(name, at, family, depth)
            parts += one.parts
            vague = vague or unsure
        return ranges(parts), vague

    def _address(self, name: str, at: Entry, family: int, depth: int) -> tuple[Ranges, bool]:
        key = (name, family)
        if key not in self.known:
            self.known[key] = (NOTHING, False)  # for a group that holds itself
            self.known[key] = self._resolved(name, at, family, depth)
        return self.known[key]

    def _resolved(self, name: str, at: Entry, family: int, depth: int) -> tuple[Ranges, bool]:
        whole = V4 if family == 4 else V6
        if name in ("all", "any"):
            return whole, False
        if name == "none":
            return NOTHING, False
        single, groups = (
            (self.addresses, self.groups) if family == 4 else (self.addresses6, self.groups6)
        )
        if name in single:
            return self._single(single[name], whole)
        if name in groups and depth < _DEEPEST:
            found, vague = self.addresses_of(groups[name].all("member"), at, family, depth + 1)
            return found, vague or groups[name].first("exclude") == "enable"
        if family == 4 and name in self.published:
            both = self.published[name].translation
            return both.outside | both.inside, False
        if family == 4 and name in self.published_groups and depth < _DEEPEST:
            members = self.published_groups[name].all("member")
            return self.addresses_of([each for each in members if each in self.published], at, 4)
        self.unread.append(Unread(f"line {at.line}", f"address {name[:3]}…"))
        return whole, True

    def _single(self, entry: Entry, whole: Ranges) -> tuple[Ranges, bool]:
        kind = entry.first("type", "ipmask")
        if kind in _RESOLVED_LATER:
            return whole, True
        try:
            if kind == "iprange":
                return addresses(f"{entry.first('start-ip')}-{entry.first('end-ip')}"), False
            if whole is V6:
                return addresses(entry.first("ip6", "::/0")) & V6, False
            subnet = entry.all("subnet") or NO_ADDRESS
            return addresses("/".join(subnet)), False
        except ValueError:
            self.unread.append(Unread(f"line {entry.line}", f"address of type {kind[:20]}"))
            return whole, True

    def services_of(self, names: Iterable[str], at: Entry) -> tuple[tuple[Service, ...], bool]:
        """The services of named objects; and whether they are only an upper bound."""
        return self._several(names, at, 0)

    def _several(
        self, names: Iterable[str], at: Entry, depth: int
    ) -> tuple[tuple[Service, ...], bool]:
        found: dict[Service, None] = {}
        vague = False
        for name in names:
            if name not in self.known_services:
                self.known_services[name] = ((), False)  # for a group that holds itself
                self.known_services[name] = self._service(name, at, depth)
            some, unsure = self.known_services[name]
            found |= dict.fromkeys(some)
            vague = vague or unsure
        return tuple(found), vague

    def _service(self, name: str, at: Entry, depth: int) -> tuple[tuple[Service, ...], bool]:
        if name in self.services:
            return self._custom(self.services[name])
        if name in self.service_groups and depth < _DEEPEST:
            return self._several(self.service_groups[name].all("member"), at, depth + 1)
        if name in _OWN_SERVICES:
            return _OWN_SERVICES[name], False
        self.unread.append(Unread(f"line {at.line}", f"service {name[:20]}"))
        return EVERYTHING, True

    def _custom(self, entry: Entry) -> tuple[tuple[Service, ...], bool]:
        kind = entry.first("protocol", "TCP/UDP/SCTP")
        try:
            if kind == "IP":
                number = int(entry.first("protocol-number", "0"))
                return (Service(number or None),), False
            if kind in ("ICMP", "ICMP6"):
                return (Service(_ICMP if kind == "ICMP" else _ICMP6),), False
            if kind == "ALL":
                return EVERYTHING, True
            found: list[Service] = []
            vague = bool(entry.all("iprange") and entry.first("iprange") != NO_ADDRESS[0])
            if not kind.startswith("TCP/UDP"):
                self.unread.append(Unread(f"line {entry.line}", f"protocol {kind[:20]}"))
                return EVERYTHING, True
            for key, protocol in (("tcp", _TCP), ("udp", _UDP), ("sctp", _SCTP)):
                for text in entry.all(f"{key}-portrange"):
                    to, _, source = text.partition(":")
                    vague = vague or source not in ("", "0-65535", "1-65535")
                    found.append(Service(protocol, ports(to)))
            return tuple(found), vague
        except ValueError:
            self.unread.append(Unread(f"line {entry.line}", f"service of protocol {kind[:20]}"))
            return EVERYTHING, True

    def schedule(self, name: str, at: Entry) -> tuple[bool, date | None]:
        """Whether a schedule is more than ``always``; and the last day of a one-time one."""
        if name == "always":
            return False, None
        if name in self.once:
            # end HH:MM YYYY/MM/DD
            return True, ending(" ".join(self.once[name].all("end")), "%H:%M %Y/%m/%d")
        if name not in self.recurring and name != "none":
            self.unread.append(Unread(f"line {at.line}", "schedule"))
        return True, None


def ending(text: str, form: str) -> date | None:
    """The day of a moment written so; null = it is not."""
    try:
        return datetime.strptime(text, form).date()  # noqa: DTZ007 - the device's own clock
    except ValueError:
        return None


def objects(found: Tree, domain: str) -> Objects:
    """The objects of a virtual domain."""

    def named(*names: str) -> dict[str, Entry]:
        return {entry.name: entry for name in names for entry in found.of(domain, name)}

    unread: list[Unread] = []
    published: dict[str, Published] = {}
    for entry in found.of(domain, "firewall vip"):
        try:
            published[entry.name] = _published(entry)
        except ValueError:
            unread.append(Unread(f"line {entry.line}", "vip"))
    return Objects(
        named("firewall address"),
        named("firewall addrgrp"),
        named("firewall address6"),
        named("firewall addrgrp6"),
        named("firewall service custom"),
        named("firewall service group"),
        published,
        named("firewall vipgrp"),
        named("firewall schedule onetime"),
        named("firewall schedule recurring", "firewall schedule group"),
        unread,
    )


def _published(entry: Entry) -> Published:
    """A VIP.

    Raises:
        ValueError: its addresses or ports are written otherwise.
    """
    outside = addresses(entry.first("extip"))
    inside = NOTHING
    for text in entry.all("mappedip"):
        inside |= addresses(text)
    if not inside:
        raise ValueError("a published address without an inside")
    if entry.first("portforward", "disable") != "enable":
        return Published(Translation(outside, inside), None)
    protocol = {"tcp": _TCP, "udp": _UDP, "sctp": _SCTP, "icmp": _ICMP}[
        entry.first("protocol", "tcp")
    ]
    ext, mapped = ports(entry.first("extport", "0-65535")), PORTS
    mapped = ports(entry.first("mappedport")) if entry.first("mappedport") else ext
    return Published(Translation(outside, inside, ext, mapped), Service(protocol, ext | mapped))
