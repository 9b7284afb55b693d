"""The traffic questions of the checklist, asked again: row by row, in plain loops.

A second reading of the questions' words, to hold the probes against. It takes the rows of the flow
table as they are, knows nothing of the probes' code and shares with it only the data classes of
what goes in (``network.yaml``, the inventory). It may be slow and must be plain.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone

VIETNAM = timezone(timedelta(hours=7))
DAY = timedelta(days=1)
NAMES = {1: "icmp", 6: "tcp", 17: "udp", 58: "icmp", 132: "sctp"}
TRANSPORTS = {"tcp": 6, "udp": 17, "sctp": 132}


@dataclass
class Reading:
    """What the second reading says.

    Attributes:
        against: what stands against it, as a reference names it: a way, an address, a line.
    """

    answer: str
    against: set[str] = field(default_factory=set)


class Declared:
    """``network.yaml`` and the inventory, asked about one address or one row at a time."""

    def __init__(self, network, inventory=None):
        self.network = network
        self.inventory = inventory
        self._known = {}

    def of(self, text):
        """All that is said of one address."""
        if text not in self._known:
            self._known[text] = self._looked_up(text)
        return self._known[text]

    def _looked_up(self, text):
        address = ipaddress.ip_address(text)
        zone, longest = None, -1
        for each in self.network.zones:
            for net in each.networks:
                if address.version == net.version and address in net and net.prefixlen > longest:
                    zone, longest = each, net.prefixlen
        own = [net for each in self.network.zones for net in each.networks]
        own += self.network.public
        if self.inventory is not None:
            own += self.inventory.home_networks
            own += [net for system in self.inventory.systems for net in system.networks]
        channel = self.network.channel
        home = inside(address, own)
        center = inside(address, channel.center)
        agent = is_one(address, channel.agent_nodes)
        worldwide = address.is_global and not address.is_multicast
        outside = worldwide and not (home or center or agent)
        last = any(
            net.version == 4 and net.prefixlen < 31 and address == net.broadcast_address
            for net in own
        )
        host = not (
            last or address.is_multicast or address.is_unspecified or address.is_loopback
            or address.is_link_local or text == "255.255.255.255"
        )  # fmt: skip
        place = zone.id if zone else ""
        place = place or ("center" * center or "agent-node" * agent or "internet" * outside)
        return {
            "address": address, "zone": zone.id if zone else "", "kind": zone.kind if zone else "",
            "home": home, "center": center, "agent": agent, "outside": outside, "host": host,
            "place": place, "point": is_one(address, channel.connection_points),
            "pam": is_one(address, self.network.privileged_access),
        }  # fmt: skip

    def stands(self, text, end):
        """Whether an address is at one end of a declared edge."""
        known = self.of(text)
        if end == "internet":
            return known["outside"]
        if end == "center":
            return known["center"]
        if end == "agent-node":
            return known["agent"]
        if end in [zone.id for zone in self.network.zones]:
            return known["zone"] == end
        wide = ipaddress.ip_network(end)
        held = set()
        for zone in self.network.zones:
            for net in zone.networks:
                if net.version == wide.version and net.subnet_of(wide):
                    held.add(zone.id)
        if len(held) > 1:  # it would declare everything at once
            return False
        return inside(known["address"], [wide])

    def registered(self, row):
        """Whether a row keeps to the registered path: both ends, and the port."""
        source, target = self.of(row["src_ip"]), self.of(row["dst_ip"])
        called = goes_by(row["host"], self.network.channel.hosts)
        to_center = target["center"] or target["agent"] or called
        from_center = source["center"] or source["agent"]
        right = (source["point"] and to_center) or (from_center and (to_center or target["point"]))
        return right and any(fits(row, port) for port in self.network.channel.ports)

    def channel(self, row):
        """Whether a row belongs to the path to the Center."""
        ends = (self.of(row["src_ip"]), self.of(row["dst_ip"]))
        if any(end["center"] or end["agent"] for end in ends):
            return True
        return goes_by(row["host"], self.network.channel.hosts)

    def declared(self, row, any_port=True):
        """Whether a row is declared, one way or another."""
        if self.registered(row) or self.served(row):
            return True
        for edge in self.network.edges:
            if self.stands(row["src_ip"], edge.src) and self.stands(row["dst_ip"], edge.dst):
                for text in edge.ports:
                    if (any_port or text != "any") and fits(row, text):
                        return True
        return False

    def served(self, row):
        """Whether a row asks a declared server for names or time, or sends it logs."""
        target, port = self.of(row["dst_ip"])["address"], (row["protocol"], row["port"])
        if is_one(target, self.network.resolvers) and port in ((6, 53), (17, 53)):
            return True
        if is_one(target, self.network.time_servers) and port == (17, 123):
            return True
        syslog = ((17, 514), (6, 514), (6, 6514))
        return is_one(target, self.network.log_servers) and port in syslog

    def upkeep(self, row):
        """Whether a row carries no data: such a request, or a ping that spares the Center."""
        spares = not (self.of(row["src_ip"])["center"] or self.of(row["dst_ip"])["center"])
        return self.served(row) or (row["protocol"] in (1, 58) and spares)


def inside(address, networks):
    return any(address.version == net.version and address in net for net in networks)


def is_one(address, texts):
    return any(address == ipaddress.ip_address(text) for text in texts)


def goes_by(host, patterns):
    """Whether a server's name is one of these, or lies under ``*.example.vn``."""
    for pattern in patterns:
        name = pattern.lower()
        if host and (host == name or (name[:2] == "*." and host.endswith("." + name[2:]))):
            return True
    return False


def fits(row, text):
    """Whether a row leads to a declared port."""
    if text == "any":
        return True
    if text == "icmp":
        return row["protocol"] in (1, 58)
    span, name = text.split("/")
    low, high = (span.split("-") * 2)[:2]
    return row["protocol"] == TRANSPORTS[name] and int(low) <= row["port"] <= int(high)


def way(row):
    """A row as a reference names it: the two hosts and the service."""
    port = f":{row['port']}" if row["port"] else ""
    name = NAMES.get(row["protocol"], f"ip-{row['protocol']}")
    return f"{row['src_ip']} → {row['dst_ip']}{port}/{name}"


def taken(row):
    """Whether the responder took a flow: it sent something, and that was no refusal."""
    if row["blocked"]:
        return False
    sent = [row["dst_packets"], row["dst_bytes"], row["dst_payload"]]
    told = [amount for amount in sent if amount is not None]
    if told and not told[0] > 0:
        return False  # the first that is told decides; nothing told = it talked, unseen
    flags = row["dst_tcp_flags"]
    carried = (row["src_payload"] or 0) + (row["dst_payload"] or 0)
    only_reset = flags is not None and flags & 4 and not flags & ~(4 | 16)
    return not (only_reset and carried == 0)


def rows_of(table):
    """The rows that count, as the questions mean them."""
    rows = []
    for row in table:
        if row["witness_of"] is not None:
            continue
        row = dict(row)
        row["port"] = row["dst_port"] or 0
        row["app"] = row["app"] or ""
        row["tls"] = row["tls_version"] or ""
        asked = row["host_basis"] == "dns-query"
        row["host"] = "" if asked or row["host"] is None else row["host"]
        row["answered"] = taken(row)
        connected = row["protocol"] in (6, 1, 58)
        row["moved"] = row["answered"] or (
            not connected and not row["blocked"] and (row["src_packets"] or 0) > 0
        )
        row["payload"] = (row["src_payload"] or 0) + (row["dst_payload"] or 0)
        rows.append(row)
    return rows


@dataclass
class Seen:
    """What one question may look at.

    Attributes:
        every: all rows that count; ``rows`` those between single hosts at sensors that see them.
    """

    declared: Declared
    every: list[dict]
    rows: list[dict]
    level: int
    least_days: float
    registers: dict[str, list[tuple[int, dict[str, str]]]]
    more: dict

    def end(self, row, side):
        return self.declared.of(row[f"{side}_ip"])

    @property
    def window(self):
        return min(row["start"] for row in self.every), max(row["end"] for row in self.every)

    @property
    def days(self):
        first, last = self.window
        return (last - first) / DAY

    @property
    def short(self):
        """Whether silence proves nothing: sampled, too short, or with empty days."""
        if any(row["sampling"] not in (None, 1) for row in self.rows):
            return True
        if self.days + 0.05 < self.least_days:
            return True
        days = {row["start"].astimezone(VIETNAM).date() for row in self.every}
        first, last = (moment.astimezone(VIETNAM).date() for moment in self.window)
        day = first
        while day <= last:
            if day not in days:
                return True
            day += DAY
        return False

    def holds(self):
        return Reading("unknown" if self.short else "pass")


def at_sensors(rows, network, names):
    """The rows of sensors that do not stand outside of address translation."""
    from fnmatch import fnmatch

    outer = set()
    for number, name in names.items():
        for sensor in network.sensors:
            if any(fnmatch(name.lower(), pattern.lower()) for pattern in sensor.files):
                if sensor.behind_nat is False:
                    outer.add(number)
                break
    return [row for row in rows if row["input_id"] not in outer]


def moments(text):
    """A cell of a register that holds an ISO time, in UTC; null = none."""
    try:
        when = datetime.fromisoformat(text)
    except ValueError:
        return None
    return (when if when.tzinfo else when.replace(tzinfo=VIETNAM)).astimezone(UTC)


def networks_in(text):
    """The addresses in a cell."""
    found = []
    for word in text.replace(",", " ").replace(";", " ").split():
        try:
            found.append(ipaddress.ip_network(word, strict=False))
        except ValueError:
            continue
    return found
