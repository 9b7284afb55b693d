"""Address ranges that are not places: the IANA special-purpose registries and multicast.

The table follows the documents named in each row, and the IANA IPv4 and IPv6 Special-Purpose
Address Registries (RFC 6890, updated by RFC 8190) and multicast address spaces as they are known
from there; the registries themselves were not read again for it. Prefixes that carry an IPv4
address inside stand in ``auditor.geo.addresses``: they are placed by the address they carry.
"""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import ip_network
from typing import Final, Literal

import numpy as np

from auditor.geo.addresses import Addresses, within
from auditor.model.inventory import Network

Kind = Literal["local", "anycast", "unplaced"]
"""local = not globally reachable: it never leaves; anycast = globally reachable, served from many
places at once; unplaced = globally reachable by the registry, yet bound to no place."""


@dataclass(frozen=True, slots=True)
class SpecialRange:
    """One range of a registry, with the document that defines it."""

    network: Network
    name: str
    kind: Kind
    source: str


def _range(network: str, name: str, source: str, kind: Kind = "local") -> SpecialRange:
    return SpecialRange(ip_network(network), name, kind, source)


# One line per range, wide ranges before the narrow ones inside them: the last match counts.
# fmt: off
SPECIAL_RANGES: Final[tuple[SpecialRange, ...]] = (
    _range("0.0.0.0/8", "this-network", "RFC 791 section 3.2"),
    _range("0.0.0.0/32", "unspecified", "RFC 1122 section 3.2.1.3"),
    _range("10.0.0.0/8", "private-use", "RFC 1918"),
    _range("100.64.0.0/10", "shared-address-space", "RFC 6598"),
    _range("127.0.0.0/8", "loopback", "RFC 1122 section 3.2.1.3"),
    _range("169.254.0.0/16", "link-local", "RFC 3927"),
    _range("172.16.0.0/12", "private-use", "RFC 1918"),
    _range("192.0.0.0/24", "ietf-protocol-assignments", "RFC 6890 section 2.1"),
    _range("192.0.0.0/29", "ipv4-service-continuity", "RFC 7335"),
    _range("192.0.0.8/32", "ipv4-dummy-address", "RFC 7600"),
    _range("192.0.0.9/32", "pcp-anycast", "RFC 7723", "anycast"),
    _range("192.0.0.10/32", "turn-anycast", "RFC 8155", "anycast"),
    _range("192.0.0.170/31", "nat64-discovery", "RFC 8880; RFC 7050"),
    _range("192.0.2.0/24", "documentation", "RFC 5737"),
    _range("192.31.196.0/24", "as112", "RFC 7535", "anycast"),
    _range("192.52.193.0/24", "amt", "RFC 7450", "anycast"),
    _range("192.88.99.0/24", "6to4-relay-anycast", "RFC 7526", "anycast"),
    _range("192.168.0.0/16", "private-use", "RFC 1918"),
    _range("192.175.48.0/24", "as112", "RFC 7534", "anycast"),
    _range("198.18.0.0/15", "benchmarking", "RFC 2544"),
    _range("198.51.100.0/24", "documentation", "RFC 5737"),
    _range("203.0.113.0/24", "documentation", "RFC 5737"),
    _range("224.0.0.0/4", "multicast", "RFC 5771"),
    _range("240.0.0.0/4", "reserved", "RFC 1112 section 4"),
    _range("255.255.255.255/32", "limited-broadcast", "RFC 8190; RFC 919 section 7"),
    _range("::/128", "unspecified", "RFC 4291"),
    _range("::1/128", "loopback", "RFC 4291"),
    _range("64:ff9b:1::/48", "local-use-nat64", "RFC 8215"),
    _range("100::/64", "discard-only", "RFC 6666"),
    _range("100:0:0:1::/64", "ipv6-dummy-prefix", "RFC 9780"),
    _range("2001::/23", "ietf-protocol-assignments", "RFC 2928"),
    _range("2001:1::1/128", "pcp-anycast", "RFC 7723", "anycast"),
    _range("2001:1::2/128", "turn-anycast", "RFC 8155", "anycast"),
    _range("2001:1::3/128", "dns-sd-srp-anycast", "RFC 9665", "anycast"),
    _range("2001:2::/48", "benchmarking", "RFC 5180; RFC errata 1752"),
    _range("2001:3::/32", "amt", "RFC 7450", "anycast"),
    _range("2001:4:112::/48", "as112", "RFC 7535", "anycast"),
    _range("2001:10::/28", "orchid", "RFC 4843 (ended 2014-03)", "unplaced"),
    _range("2001:20::/28", "orchidv2", "RFC 7343", "unplaced"),
    _range("2001:30::/28", "drone-remote-id", "RFC 9374", "unplaced"),
    _range("2001:db8::/32", "documentation", "RFC 3849"),
    _range("2620:4f:8000::/48", "as112", "RFC 7534", "anycast"),
    _range("3fff::/20", "documentation", "RFC 9637"),
    _range("5f00::/16", "segment-routing-sids", "RFC 9602"),
    _range("fc00::/7", "unique-local", "RFC 4193; RFC 8190"),
    _range("fe80::/10", "link-local", "RFC 4291"),
    _range("fec0::/10", "site-local", "RFC 3879 (deprecated)"),
    _range("ff00::/8", "multicast", "RFC 4291 section 2.7"),
)
# fmt: on


def special_codes(addresses: Addresses) -> np.ndarray:
    """For each address the index of its narrowest range in ``SPECIAL_RANGES``; -1 = none."""
    codes = np.full(len(addresses), -1, dtype=np.int16)
    for version in (4, 6):
        rows = np.flatnonzero(addresses.family == version)
        mine, of_mine = addresses.take(rows), codes[rows]
        for index, special in enumerate(SPECIAL_RANGES):
            if special.network.version == version:
                of_mine[within(mine, special.network)] = index
        codes[rows] = of_mine
    return codes
