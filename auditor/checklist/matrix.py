"""The declared network, asked: where an address stands, and who may open connections to whom.

One owner for the small questions that traffic and configurations share.
"""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from auditor.model.networks import NOBODY, longest_match

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from auditor.checklist.assessment import Edge, Network
    from auditor.model.inventory import Inventory
    from auditor.model.inventory import Network as IpNetwork

    Flags = np.ndarray[tuple[int], np.dtype[np.bool_]]
    Words = np.ndarray[tuple[int], np.dtype[np.object_]]
    Service = tuple[int, int]

TCP: Final = 6
UDP: Final = 17
ICMP: Final = frozenset((1, 58))
PROTOCOLS: Final = {"tcp": TCP, "udp": UDP, "sctp": 132}


def _tcp(*ports: int) -> frozenset[Service]:
    return frozenset((TCP, port) for port in ports)


SHELLS: Final = _tcp(22, 23, 3389, 5900, 5901, 5902, 5903, 5985, 5986)
"""SSH, telnet, RDP, VNC and WinRM: somebody works on the machine."""
ADMIN_WEB: Final = _tcp(4443, 8443, 10443)
"""Ports on which devices serve their management pages; applications use them as well."""
MANAGEMENT: Final = SHELLS | ADMIN_WEB | frozenset(((UDP, 161), (TCP, 161)))
DATABASES: Final = _tcp(
    1433, 1521, 1526, 3306, 5432, 6379, 8123, 9042, 9200, 27017, 50000
)  # fmt: skip
DNS: Final = frozenset(((UDP, 53), (TCP, 53)))
NTP: Final = frozenset(((UDP, 123),))
SYSLOG: Final = frozenset(((UDP, 514), (TCP, 514), (TCP, 6514)))
TUNNELS: Final = frozenset((
    (TCP, 853), (UDP, 853),                                        # DNS over TLS and QUIC
    (TCP, 1194), (UDP, 1194), (UDP, 51820), (TCP, 1723), (UDP, 1701),
    (UDP, 500), (UDP, 4500),                                       # IPsec
    (TCP, 9001), (TCP, 9030), (TCP, 9050), (TCP, 9150),            # Tor
    (TCP, 7070), (TCP, 5938), (UDP, 5938), (TCP, 6568),            # AnyDesk, TeamViewer
))  # fmt: skip
VPN: Final = frozenset((
    (TCP, 1194), (UDP, 1194), (UDP, 51820), (TCP, 1723), (UDP, 1701), (UDP, 500), (UDP, 4500),
    (TCP, 10443),
))  # fmt: skip


def on(edges: pd.DataFrame, services: Iterable[Service]) -> Flags:
    """Which edges lead to one of these services (protocol and port)."""
    wanted = np.array([protocol << 16 | port for protocol, port in services], dtype=np.int64)
    asked = edges["protocol"].to_numpy(np.int64) << 16 | edges["dst_port"].to_numpy(np.int64)
    return np.isin(asked, wanted)


def ports(text: str) -> tuple[frozenset[int] | None, int, int]:
    """Protocols (null = all) and first and last port of ``443/tcp``, ``icmp`` or ``any``."""
    if text == "any":
        return None, 0, 65535
    if text == "icmp":
        return ICMP, 0, 65535
    span, protocol = text.split("/")
    low, _, high = span.partition("-")
    return frozenset((PROTOCOLS[protocol],)), int(low), int(high or low)


class Matrix:
    """Questions to ``network.yaml`` (and the inventory), for many addresses or edges at once."""

    def __init__(self, network: Network, inventory: Inventory | None = None) -> None:
        self.network = network
        self._zones = [
            (net, number) for number, zone in enumerate(network.zones) for net in zone.networks
        ]
        self._own = [
            *(net for net, _ in self._zones),
            *network.public,
            *(inventory.networks if inventory else ()),
        ]
        self._kinds = {zone.id: zone.kind for zone in network.zones}
        self._broadcasts = {
            str(net.broadcast_address)
            for net in self._own
            if net.version == 4 and net.prefixlen < 31
        }
        self._agents = frozenset(network.channel.agent_nodes)
        self._points = frozenset(network.channel.connection_points)

    def zones(self, addresses: Sequence[str]) -> Words:
        """Id of the zone of each address, the longest match; empty = in none."""
        names: Words = np.array([*(zone.id for zone in self.network.zones), ""], dtype=object)
        return names[longest_match(addresses, self._zones)]  # NOBODY is -1: the last, empty one

    def kinds(self, zones: Iterable[str]) -> Words:
        """Kind of each zone; empty = no zone."""
        return np.array([self._kinds.get(zone, "") for zone in zones], dtype=object)

    def own(self, addresses: Sequence[str]) -> Flags:
        """Whether each address is in a zone, a public network or the inventory."""
        return within(addresses, self._own)

    def public(self, addresses: Sequence[str]) -> Flags:
        """Whether each address is one of the agency's public ones."""
        return within(addresses, self.network.public)

    def center(self, addresses: Sequence[str]) -> Flags:
        """Whether each address is one of the National Data Center, as registered."""
        return within(addresses, self.network.channel.center)

    def agents(self, addresses: Sequence[str]) -> Flags:
        """Whether each address is an Agent Node."""
        return _among(addresses, self._agents)

    def outside(self, addresses: Sequence[str]) -> Flags:
        """Whether each address is one of the Internet: reachable worldwide, not declared."""
        known = self.own(addresses) | self.center(addresses) | self.agents(addresses)
        return ~known & np.array([_global(address) for address in addresses], dtype=np.bool_)

    def ordinary(self, addresses: Sequence[str]) -> Flags:
        """Whether each address is one host's: no multicast, broadcast, loopback, link-local."""
        return np.array(
            [address not in self._broadcasts and _host(address) for address in addresses],
            dtype=np.bool_,
        )

    def places(self, addresses: Sequence[str], outside: Flags) -> Words:
        """Zone of each address, or ``center``, ``agent-node``, ``internet``; empty = none."""
        found = self.zones(addresses)
        free = found == ""
        for mask, name in (
            (self.center(addresses), "center"),
            (self.agents(addresses), "agent-node"),
            (outside, "internet"),
        ):
            found[free & mask] = name
            free = found == ""
        return found

    def channel(self, edges: pd.DataFrame) -> Flags:
        """Which edges belong to the path to the Center: by address, or by the server's name."""
        ends, center = _Ends(self, edges), ("agent-node", "center")
        return ends.at("src_ip", center) | ends.at("dst_ip", center) | self._called(edges)

    def registered(self, edges: pd.DataFrame) -> Flags:
        """Which edges keep to the registered path: its two ends and its ports."""
        return self._registered(edges, _Ends(self, edges))

    def declared(self, edges: pd.DataFrame, *, any_port: bool = True) -> Flags:
        """Which edges are declared: as an edge, on the registered path, or to a listed server.

        Args:
            edges: ``src_ip``, ``dst_ip``, ``dst_port``, ``protocol``, ``host``.
            any_port: False = an edge that is declared for any port declares nothing here.
        """
        ends = _Ends(self, edges)
        found = self._registered(edges, ends) | self.served(edges)
        for _, matches in self._matches(edges, ends, any_port=any_port):
            found |= matches
        return found

    def served(self, edges: pd.DataFrame) -> Flags:
        """Which edges ask a declared server for names or time, or send it logs."""
        found = np.zeros(len(edges), dtype=np.bool_)
        for servers, services in (
            (self.network.resolvers, DNS),
            (self.network.time_servers, NTP),
            (self.network.log_servers, SYSLOG),
        ):
            found |= edges["dst_ip"].isin(servers).to_numpy(np.bool_) & on(edges, services)
        return found

    def upkeep(self, edges: pd.DataFrame) -> Flags:
        """Which edges carry no data: those to such a server, and pings that spare the Center."""
        asked = list(edges["src_ip"]), list(edges["dst_ip"])
        pinged = edges["protocol"].isin(ICMP).to_numpy(np.bool_)
        return self.served(edges) | (pinged & ~self.center(asked[0]) & ~self.center(asked[1]))

    def unseen(self, edges: pd.DataFrame) -> tuple[Edge, ...]:
        """Declared edges that none of these edges uses."""
        ends = _Ends(self, edges)
        return tuple(edge for edge, matches in self._matches(edges, ends) if not matches.any())

    def _registered(self, edges: pd.DataFrame, ends: _Ends) -> Flags:
        center, point = ("agent-node", "center"), ("connection-point",)
        there = ends.at("dst_ip", center) | self._called(edges)
        ours = ends.at("src_ip", point) & there
        theirs = ends.at("src_ip", center) & (there | ends.at("dst_ip", point))
        return (ours | theirs) & _fits(edges, self.network.channel.ports)

    def _matches(
        self, edges: pd.DataFrame, ends: _Ends, *, any_port: bool = True
    ) -> Iterator[tuple[Edge, Flags]]:
        for edge in self.network.edges:
            asked = edge.ports if any_port else tuple(port for port in edge.ports if port != "any")
            yield (
                edge,
                ends.at("src_ip", (edge.src,))
                & ends.at("dst_ip", (edge.dst,))
                & _fits(edges, asked),
            )

    def _called(self, edges: pd.DataFrame) -> Flags:
        """Which edges lead to a server by one of the channel's names."""
        hosts = self.network.channel.hosts
        asked = [host for host in edges["host"].unique() if named(host, hosts)]
        found: Flags = edges["host"].isin(asked).to_numpy(np.bool_)
        return found

    def stands(self, addresses: list[str], zones: Words, end: str) -> Flags:
        """Which addresses, in these zones, are at one end of a declared edge."""
        match end:
            case "internet":
                return self.outside(addresses)
            case "center":
                return self.center(addresses)
            case "agent-node":
                return self.agents(addresses)
            case "connection-point":
                return _among(addresses, self._points)
        if end in self._kinds:
            return np.asarray(zones == end, dtype=np.bool_)
        if self.network.spans_zones(end):
            return np.zeros(len(addresses), dtype=np.bool_)  # it would declare everything at once
        return within(addresses, (ipaddress.ip_network(end),))


class _Ends:
    """Where both ends of edges stand: each address is looked up once for each end asked about."""

    def __init__(self, matrix: Matrix, edges: pd.DataFrame) -> None:
        self._matrix = matrix
        self._sides = {}
        for column in ("src_ip", "dst_ip"):
            codes, found = pd.factorize(edges[column])
            addresses = list(found)
            self._sides[column] = (codes, addresses, matrix.zones(addresses))
        self._known: dict[tuple[str, str], Flags] = {}

    def at(self, column: str, ends: tuple[str, ...]) -> Flags:
        """Whether that end of each edge is at one of these ends."""
        codes, addresses, zones = self._sides[column]
        found = np.zeros(len(addresses), dtype=np.bool_)
        for end in ends:
            if (column, end) not in self._known:
                self._known[column, end] = self._matrix.stands(addresses, zones, end)
            found |= self._known[column, end]
        return found[codes]


def named(host: str, patterns: Sequence[str]) -> bool:
    """Whether a name is one of these: exact, or under ``*.example.vn``."""
    if not host:
        return False
    return any(
        host.endswith(pattern[1:].lower()) if pattern.startswith("*.") else host == pattern.lower()
        for pattern in patterns
    )


def addresses_in(text: str) -> tuple[IpNetwork, ...]:
    """Addresses and networks in a cell of a register, apart by spaces, commas or semicolons."""
    found = []
    for word in text.replace(",", " ").replace(";", " ").split()[:1000]:
        try:
            found.append(ipaddress.ip_network(word, strict=False))
        except ValueError:
            continue  # a name or a remark: no address, and not asked for
    return tuple(found)


def _fits(edges: pd.DataFrame, texts: Sequence[str]) -> Flags:
    port, protocol = edges["dst_port"].to_numpy(np.int64), edges["protocol"].to_numpy(np.int64)
    found = np.zeros(len(edges), dtype=np.bool_)
    for text in texts:
        protocols, low, high = ports(text)
        right = (port >= low) & (port <= high)
        found |= right if protocols is None else right & np.isin(protocol, list(protocols))
    return found


def within(addresses: Sequence[str], networks: Sequence[IpNetwork]) -> Flags:
    """Whether each address is in one of these networks."""
    return np.asarray(
        longest_match(addresses, [(net, 0) for net in networks]) != NOBODY, dtype=np.bool_
    )


def _among(addresses: Sequence[str], wanted: frozenset[str]) -> Flags:
    return np.array([address in wanted for address in addresses], dtype=np.bool_)


def _global(address: str) -> bool:
    try:
        known = ipaddress.ip_address(address)
    except ValueError:
        return False
    return known.is_global and not known.is_multicast


def _host(address: str) -> bool:
    try:
        known = ipaddress.ip_address(address)
    except ValueError:
        return False
    return not (
        known.is_multicast
        or known.is_unspecified
        or known.is_loopback
        or known.is_link_local
        or address == "255.255.255.255"
    )
