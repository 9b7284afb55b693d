"""Does any firewall rule open an administration or database port to the Internet?"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Final

from auditor.checklist.probe import Arguments, Found, Probe
from auditor.checklist.probes.firewall_exports import (
    Export,
    Seen,
    empty,
    exports,
    local,
    missing,
    named,
    once,
    rule_count,
    unread_in,
    withheld,
)
from auditor.checklist.sources.ranges import NOTHING, V4, V6, Ranges, of_network, outside_parts
from auditor.checklist.sources.ranges import ports as port_set
from auditor.model.text import Text

if TYPE_CHECKING:
    from auditor.checklist.facts import Facts
    from auditor.checklist.sources.firewall import Chain, Rule

ADMIN_PORTS: Final = (
    "22", "23", "3389", "5900-5905", "5985-5986", "4443", "8443", "10443",
)  # fmt: skip
DATABASE_PORTS: Final = (
    "1433-1434", "1521", "1526", "3306", "5432", "6379", "8123", "9042", "9200", "27017", "50000",
)  # fmt: skip
_TCP, _UDP = 6, 17
_DENIES: Final = 200
"""Earlier denies that are looked at for one rule; further ones would only take more back."""


def _all_of(texts: tuple[str, ...]) -> Ranges:
    found = NOTHING
    for text in texts:
        found |= port_set(text)
    return found


_SENSITIVE: Final = {_TCP: _all_of(ADMIN_PORTS + DATABASE_PORTS), _UDP: _all_of(("161",))}


def exposed_by_rules(facts: Facts, arguments: Arguments) -> Found:
    """No rule opens an administration or database port to the Internet."""
    found = exports(facts)
    if not found:
        return missing()
    rules = rule_count(found)
    if not rules:
        return empty()
    seen = Seen()
    own = _own(facts)
    for export in found:
        for chain in export.firewall.chains:
            if chain.hook != "out":
                for at, rule in enumerate(chain.rules):
                    _exposed(export, chain, at, rule, own, facts, seen)
    seen.bad, seen.unsure = once(seen.bad), once(seen.unsure)
    if seen.bad:
        return Found(
            "fail",
            f"{len(seen.bad)} trên {rules} luật mở cổng quản trị hoặc cơ sở dữ liệu ra Internet.",
            f"{len(seen.bad)} of {rules} rules open administration or database ports to the "
            "Internet.",
            seen.bad,
            way_out=Text(
                "Đóng các cổng này ở biên; chỉ cho phép qua VPN từ nguồn đã khai báo.",
                "Close these ports at the boundary; allow them over a VPN from declared sources.",
            ),
        )
    unread = unread_in(found)
    if unread or seen.unsure:
        return withheld([*unread, *seen.unsure], rules)
    return Found(
        "pass",
        f"Không luật nào trong {rules} luật mở cổng quản trị hoặc cơ sở dữ liệu ra Internet.",
        f"None of {rules} rules opens an administration or database port to the Internet.",
    )


def _own(facts: Facts) -> Ranges | None:
    """The agency's public addresses; null = nobody declared them."""
    if facts.network is None:
        return None
    found = NOTHING
    for network in (*facts.network.public, *(n for z in facts.network.zones for n in z.networks)):
        found |= of_network(network)
    return found


def _exposed(
    export: Export, chain: Chain, at: int, rule: Rule, own: Ranges | None, facts: Facts, seen: Seen
) -> None:
    firewall, match = export.firewall, rule.match
    if rule.action != "accept" or not rule.enabled or not match.new or local(rule):
        return
    if rule.over(facts.today) or not _from_internet(match.sources):
        return
    inward = firewall.outside(match.inward)
    if inward is False or (match.outward and firewall.outside(match.outward)):
        return
    opened = _opened(chain, rule)
    left = [port for port in opened if not _denied_before(chain, at, rule, port)]
    if not left:
        return
    listed = ", ".join(f"{port}/{'tcp' if protocol == _TCP else 'udp'}" for protocol, port in left)
    where = export.at(rule.place, f"{named(rule)} {listed[:120]}")
    ours = match.destinations - outside_parts(match.destinations)
    if not rule.any_destination and not ours:
        if own is None:
            seen.unsure.append(where)
            return
        if not match.destinations & own:
            return
    (seen.unsure if match.vague or inward is None else seen.bad).append(where)


def _from_internet(sources: Ranges) -> bool:
    """Whether a large part of the Internet is among the sources."""
    outside = outside_parts(sources)
    return (outside & V4).size >= 1 << 24 or (outside & V6).size >= 1 << 96


def _opened(chain: Chain, rule: Rule) -> list[tuple[int, int]]:
    """Sensitive ports that a rule opens: protocol and port."""
    found: set[tuple[int, int]] = set()
    for service in rule.match.services:
        for protocol, sensitive in _SENSITIVE.items():
            if service.protocol not in (None, protocol):
                continue
            whole = service.ports if chain.name == "allowaccess" else service.ports & sensitive
            if chain.name == "allowaccess" and 541 in whole:
                continue  # the maker's management channel, not a log-in
            found |= {(protocol, low) for low, _ in whole.parts}
    return sorted(found)


def _denied_before(chain: Chain, at: int, rule: Rule, port: tuple[int, int]) -> bool:
    """Whether earlier rules surely keep the Internet from this port."""
    left = rule.match.sources
    denies = (one for one in chain.rules[:at] if one.action == "deny" and one.enabled)
    for earlier in islice(denies, _DENIES):
        match = earlier.match
        if (
            match.new
            and not match.vague
            and not match.outward
            and match.inward in ((), rule.match.inward)
            and match.destinations.covers(rule.match.destinations)
            and any(s.protocol in (None, port[0]) and port[1] in s.ports for s in match.services)
        ):
            left -= match.sources
    return not _from_internet(left)


PROBES: Final = (
    Probe(
        "exposed-by-rules",
        Text(
            "Có luật nào mở cổng quản trị, cơ sở dữ liệu ra Internet không?",
            "Does any rule open an administration or database port to the Internet?",
        ),
        ("firewall", "network"),
        "both",
        exposed_by_rules,
    ),
)
