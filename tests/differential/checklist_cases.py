"""Random networks, flows and registers for the traffic questions, from a seed.

Each case draws from few addresses and services, so that questions meet what they ask about.
"""

from __future__ import annotations

from datetime import timedelta
from ipaddress import ip_network

import pandas as pd

from auditor.model.inventory import Inventory
from tests.checklist.flows import ANSWERED, BEGIN, RESET, SILENT, flow, network

KINDS = (
    "edge", "dmz", "internal", "servers", "application", "database", "management", "wireless",
    "users", "test", "backup", "line",
)  # fmt: skip
OWN = (
    "10.20.1.0/24", "10.20.1.128/25", "10.20.2.0/24", "10.20.3.0/24", "10.20.4.0/23",
    "10.20.6.0/26", "10.20.7.0/24", "10.20.8.8/29", "10.20.9.0/24", "10.20.0.0/16",
    "fd00:20:1::/64", "fd00:20::/32",
)  # fmt: skip
HOSTS = (
    "10.20.1.5", "10.20.1.10", "10.20.1.130", "10.20.1.200", "10.20.2.5", "10.20.2.6", "10.20.3.5",
    "10.20.3.53", "10.20.4.7", "10.20.5.255", "10.20.6.5", "10.20.7.9", "10.20.8.9", "10.20.9.1",
    "10.20.50.1", "fd00:20:1::5", "fd00:20:2::7", "203.162.10.4", "203.162.10.20", "10.99.0.4",
    "192.168.5.5",
)  # fmt: skip
CENTER = ("10.20.254.9", "103.1.200.7")
ABROAD = (
    "8.8.8.8", "1.1.1.1", "14.225.1.1", "171.244.15.2", "52.1.2.3", "2001:4860:4860::8888",
    "2405:4800::1", "::ffff:8.8.4.4",
)  # fmt: skip
ODD = (
    "255.255.255.255", "10.20.1.255", "10.20.255.255", "224.0.0.251", "127.0.0.1", "169.254.1.1",
    "0.0.0.0", "ff02::1", "fe80::1", "::1", "100.64.0.1",  # noqa: S104 - an address, nobody binds
)  # fmt: skip
SERVICES = (
    (6, 443), (6, 80), (6, 22), (6, 23), (6, 3389), (6, 5902), (6, 5986), (6, 8443), (6, 4443),
    (6, 10443), (17, 161), (6, 161), (17, 162), (6, 5432), (6, 1433), (6, 1521), (6, 27017),
    (6, 445), (6, 135), (17, 53), (6, 53), (17, 123), (17, 514), (6, 6514), (6, 514), (17, 1194),
    (17, 51820), (6, 853), (17, 500), (6, 9001), (6, 5938), (6, 21), (17, 69), (6, 389), (1, None),
    (58, None), (47, None), (50, None), (132, 3868), (6, None), (17, 443), (6, 60000),
)  # fmt: skip
APPS = (None, None, None, "tls", "http", "dns", "ntp", "ssh", "postgresql", "openvpn", "telnet")
NAMES = (
    None, None, None, "api.ndc.example.vn", "ndc.example.vn", "a.ngrok.io", "dns.google",
    "land.example.vn", "xngrok.io", "www.example.com",
)  # fmt: skip
PORTS = ("443/tcp", "any", "icmp", "5000-6000/tcp", "53/udp", "22/tcp", "8443/tcp", "1-65535/udp",
         "5432/tcp", "3868/sctp")  # fmt: skip


def some(draw, pool, most):
    return [draw.choice(pool) for _ in range(draw.randint(0, most))]


def a_network(draw):
    """A declared network; some hardly declare anything, some declare nearly everything."""
    nets = draw.sample(OWN, draw.choice((0, 1, 3, 4, 5, 6, 7, 8, 9)))
    zones = [
        {"id": f"z{number}", "kind": draw.choice(KINDS), "networks": [net]}
        for number, net in enumerate(nets)
    ]
    if len(zones) > 2 and draw.random() < 0.3:
        zones[0]["networks"].append(zones.pop()["networks"][0])
    if draw.random() < 0.15:  # all that level 3 asks for
        kinds = ("users", "edge", "application", "dmz", "database", "management", "wireless")
        zones = [
            {"id": kind, "kind": kind, "networks": [net]}
            for kind, net in zip(kinds, draw.sample(OWN, 7), strict=True)
        ]
    ends = [*(zone["id"] for zone in zones), "internet", "center", "agent-node", "10.20.0.0/16",
            "10.20.3.53", "0.0.0.0/0", "::/0"]  # fmt: skip
    edges = [
        {"src": draw.choice(ends), "dst": draw.choice(ends), "ports": draw.sample(PORTS, 2)}
        for _ in range(draw.choice((0, 3, 12)))
    ]
    if draw.random() < 0.3:
        edges += [
            {"src": "10.20.0.0/16", "dst": "0.0.0.0/0", "ports": ["any", "8443/tcp", "1194/udp"]},
            {"src": "0.0.0.0/0", "dst": "10.20.0.0/16", "ports": ["any"]},
            {"src": "::/0", "dst": "::/0", "ports": ["any"]},
        ]
    channel = {
        "agent_nodes": draw.choice(((), ("10.20.1.10",), ("10.20.1.10", "10.20.9.1"))),
        "center": draw.choice(((), ("10.20.254.0/24",), ("10.20.254.0/24", "103.1.200.0/24"))),
        "hosts": draw.choice(((), ("*.NDC.example.vn",), ("ndc.example.vn",))),
        "connection_points": some(draw, ("10.20.1.5", "10.20.2.5", "10.20.1.10"), 2),
        "ports": draw.choice((("443/tcp",), ("any",), ("400-500/tcp", "icmp"))),
    }
    sensors = draw.choice((
        (), ({"id": "core", "files": ["in*.log"], "behind_nat": True},
             {"id": "wan", "files": ["*.log"], "behind_nat": False}),
    ))  # fmt: skip
    return network(
        zones=zones, edges=edges, channel=channel, sensors=sensors,
        public=draw.choice(((), ("203.162.10.0/24",), ("203.162.10.0/28",))),
        resolvers=some(draw, ("10.20.3.53", "8.8.8.8", "10.20.2.5"), 2),
        time_servers=some(draw, ("10.20.3.53", "14.225.1.1", "10.20.2.5"), 2),
        log_servers=some(draw, ("10.20.3.5", "fd00:20:1:0::5", "10.20.7.9"), 2),
        privileged_access=some(draw, ("10.20.6.5", "10.20.7.9"), 2),
        security_contacts=some(draw, ("14.225.1.1", "171.244.15.2"), 1),
    )  # fmt: skip


def a_network_of(draw, rows):
    """A network declared around the hosts that some flows show."""
    hosts = sorted({row[end] for row in rows for end in ("src_ip", "dst_ip")})
    hosts = draw.sample(hosts, min(len(hosts), 40))
    nets = sorted(
        {str(ip_network(f"{host}/{draw.choice((64, 128) if ':' in host else (16, 24, 32))}",
                        strict=False)) for host in hosts if draw.random() < 0.7}
    )  # fmt: skip
    zones = [
        {"id": f"z{number}", "kind": KINDS[(number + draw.randint(0, 2)) % len(KINDS)],
         "networks": [net]}
        for number, net in enumerate(nets)
    ]  # fmt: skip
    edges = [
        {"src": row["src_ip"], "dst": row["dst_ip"], "ports": [draw.choice(("any", *PORTS))]}
        for row in rows[:60]
        if draw.random() < 0.6
    ]
    names = sorted({row["host"] for row in rows if row["host"]})
    return network(
        zones=zones, edges=edges,
        channel={
            "agent_nodes": some(draw, hosts, 1), "center": some(draw, [*nets, *hosts], 1),
            "hosts": some(draw, names, 1) if names else [],
            "connection_points": some(draw, hosts, 3),
            "ports": ["443/tcp", "any"][: draw.randint(1, 2)],
        },
        resolvers=some(draw, hosts, 2), time_servers=some(draw, hosts, 2),
        log_servers=some(draw, hosts, 1), privileged_access=some(draw, hosts, 1),
        security_contacts=some(draw, hosts, 1),
    ) if hosts else a_tidy_network(draw)  # fmt: skip


def an_inventory(draw):
    if draw.random() < 0.3:
        return None
    systems = [
        {
            "id": f"s{number}",
            "name": "a",
            "networks": some(draw, OWN, 3),
            "hosts": ["land.example.vn"],
        }
        for number in range(draw.randint(0, 3))
    ]
    home = some(draw, ("10.99.0.0/24", "10.20.0.0/16"), 1)
    return Inventory.model_validate({"agency": "x", "home_networks": home, "systems": systems})


def flows(draw):
    """Rows of the flow table, over hours or days."""
    busy = draw.sample(HOSTS, draw.randint(2, 8))
    busy += draw.sample(CENTER, draw.choice((0, 1))) + draw.sample(ABROAD, draw.randint(0, 3))
    if draw.random() < 0.3:
        busy += draw.sample(ODD, 2)
    services = draw.sample(SERVICES, draw.randint(1, 6))
    if draw.random() < 0.4:
        busy, services = [*busy, "10.20.1.10", "10.20.254.9"], [*services, (6, 443), (6, 443)]
    days = draw.choice((0.2, 2, 8, 8, 8))
    well = draw.random() < 0.5  # nothing is refused, everything is recognised
    sampled = draw.random() < 0.08
    halves = draw.random() < 0.5
    rows = []
    for number in range(draw.choice((2, 10, 40))):
        protocol, port = draw.choice(services)
        after = timedelta(days=draw.uniform(0, days))
        if number < 9 and days == 8:
            after = timedelta(days=min(number, 8))
        amounts = dict(ANSWERED)
        if not well:
            amounts = dict(draw.choice((ANSWERED, ANSWERED, SILENT, RESET)))
            if halves and draw.random() < 0.2:
                amounts |= {"dst_packets": None, "dst_bytes": None, "dst_payload": None}
            if draw.random() < 0.1:
                amounts |= {"src_packets": 0, "src_bytes": 0, "src_payload": None}
            if draw.random() < 0.1:
                amounts["dst_tcp_flags"] = draw.choice((None, 4, 20, 22, 28))
        source, target = draw.choice(busy), draw.choice(busy)
        app = "tls" if well else draw.choice(APPS)
        rows.append(
            flow(
                source, target, port, after,
                timedelta(seconds=draw.choice((0, 2, 2, 900, 90000 if not well else 5))),
                protocol=protocol, input_id=draw.choice((1, 1, 2)),
                app=app, encrypted=True if well else draw.choice((None, True, False)),
                host=draw.choice(NAMES), host_basis=draw.choice(("tls-sni", "dns-query")),
                tls_version=draw.choice((None, "TLS 1.2", "TLS 1.3")),
                blocked=None if well else draw.choice((None, None, False, True)),
                sampling=draw.choice((1, 100)) if sampled else draw.choice((None, 1)),
                crosses_border=draw.choice((None, False) if well else (None, False, True)),
                witness_of=1 if number and draw.random() < 0.05 else None,
                **amounts,
            )
        )  # fmt: skip
    if draw.random() < 0.3:
        rows += bursts(draw)
    return rows


TIDY = (
    ("10.20.2.5", "10.20.7.9", 6, 5432), ("10.20.6.5", "10.20.7.9", 6, 22),
    ("10.20.6.5", "10.20.3.5", 6, 22), ("10.20.6.5", "10.20.3.5", 6, 3389),
    ("10.20.4.7", "10.20.3.53", 17, 53), ("10.20.2.5", "10.20.3.53", 17, 123),
    ("10.20.7.9", "10.20.3.53", 17, 123), ("10.20.3.53", "14.225.1.1", 17, 123),
    ("10.20.2.5", "10.20.3.5", 17, 514), ("10.20.7.9", "10.20.3.5", 6, 6514),
    ("10.20.2.5", "10.20.1.10", 6, 443), ("10.20.1.10", "10.20.254.9", 6, 443),
    ("10.20.254.9", "10.20.1.10", 6, 443), ("10.20.1.5", "10.20.254.9", 6, 443),
    ("10.20.1.5", "10.20.30.1", 6, 443), ("10.20.3.5", "171.244.15.2", 6, 443),
    ("10.20.4.7", "171.244.15.2", 6, 443), ("8.8.8.8", "10.20.1.130", 6, 443),
    ("8.8.8.8", "10.20.1.5", 17, 1194), ("10.20.9.1", "10.20.3.53", 17, 53),
    ("10.20.9.1", "10.20.9.2", 6, 22), ("fd00:20:1::5", "fd00:20:1::6", 6, 8443),
    ("10.20.6.5", "10.20.1.5", 6, 8443), ("10.20.2.5", "10.20.3.5", 6, 8443),
)  # fmt: skip
"""Ways that an agency means and declares."""


def a_tidy_network(draw):
    """A network in which nearly all of ``TIDY`` is declared."""
    kinds = {
        "10.20.1.0/24": "edge", "10.20.1.128/25": "dmz", "10.20.2.0/24": "application",
        "10.20.3.0/24": "servers", "10.20.4.0/23": "users", "10.20.6.0/26": "management",
        "10.20.7.0/24": "database", "10.20.9.0/24": "test", "10.20.30.0/24": "line",
        "10.20.40.0/24": "wireless", "fd00:20:1::/64": "servers",
    }  # fmt: skip
    names = {net: f"z{number}" for number, net in enumerate(kinds)}
    edges = [
        {"src": source if ":" in source else f"{source}/32", "dst": f"{target}",
         "ports": [f"{port}/{ {6: 'tcp', 17: 'udp'}[protocol] }"]}
        for source, target, protocol, port in TIDY
        if draw.random() < 0.99
    ]  # fmt: skip
    edges.append({"src": "internet", "dst": names["10.20.1.128/25"], "ports": ["443/tcp"]})
    edges.append({"src": names["10.20.4.0/23"], "dst": "internet", "ports": ["any"]})
    edges.append({"src": "center", "dst": "agent-node", "ports": ["any"]})
    return network(
        zones=[{"id": names[net], "kind": kind, "networks": [net]} for net, kind in kinds.items()],
        edges=edges,
        channel={
            "agent_nodes": ["10.20.1.10"], "center": ["10.20.254.0/24"],
            "connection_points": ["10.20.2.5", "10.20.1.5", "10.20.1.10"],
        },
        sensors=[{"id": "core", "files": ["*.log"], "behind_nat": True}],
        resolvers=["10.20.3.53"], time_servers=["10.20.3.53"], log_servers=["10.20.3.5"],
        privileged_access=["10.20.6.5"], security_contacts=["171.244.15.2"],
    )  # fmt: skip


def tidy_flows(draw):
    """Declared ways for eight days, some of them at the same minute, and few odd rows."""
    meant = draw.sample(TIDY, draw.randint(1, 8))
    rows = []
    for source, target, protocol, port in meant * draw.choice((1, 3)):
        minute = draw.choice((0, 0, 60, 61, 500))
        for day in range(9):
            after = timedelta(days=day, minutes=minute, seconds=draw.choice((0, 1, 40)))
            lasting = timedelta(seconds=draw.choice((0, 2, 2, 700, 4000)))
            amounts = dict(draw.choice((ANSWERED,) * 40 + (SILENT, RESET)))
            if draw.random() < 0.1:  # the log tells of the content alone
                amounts |= {"src_bytes": None, "dst_bytes": None}
            rows.append(
                flow(source, target, port, after, lasting, protocol=protocol, app="tls",
                     encrypted=True, tls_version=draw.choice(("TLS 1.3",) * 9 + ("TLS 1.2",)),
                     **amounts)
            )  # fmt: skip
    if draw.random() < 0.5:
        rows += draw.sample(odd := flows(draw), min(len(odd), draw.choice((1, 2))))
    return rows


def bursts(draw):
    """Many hosts or ports at once, near the limits."""
    source, count = draw.choice(("10.20.1.5", "10.20.6.5", "8.8.8.8")), draw.choice((99, 100, 101))
    many = [(f"10.20.2.{number + 1}", 445) for number in range(count)]
    amounts = draw.choice((SILENT, RESET, ANSWERED, ANSWERED))
    if amounts is ANSWERED:
        many = many[: draw.choice((20, 21))]
    elif draw.random() < 0.5:
        many = [("10.20.2.9", number) for number in range(1, count + 1)]
    return [flow(source, target, port, **amounts) for target, port in many]


def registers(draw, rows):
    """Registers as lines and cells, by kind; some are not attached."""
    kinds = {}
    if draw.random() < 0.3:
        server = draw.choice(("10.20.2.5", "10.20.7.9"))
        kinds["assets"] = [{"asset": "a", "address": server, "role": "máy chủ"}]
    elif draw.random() < 0.8:
        roles = ("Máy chủ", "database server", "workstation", "Cổng kết nối", "")
        cells = (*HOSTS, *OWN, "10.20.1.5; 10.20.2.5", "none", "", "10.20.0.0/16", "fd00:20::/32")
        kinds["assets"] = [
            {"asset": f"a{number}", "address": draw.choice(cells), "role": draw.choice(roles)}
            for number in range(draw.choice((1, 3, 10)))
        ]
    if draw.random() < 0.8:
        cells = (*ABROAD, "8.8.0.0/16, 1.1.1.1", "171.244.0.0/16", "0.0.0.0/0", "::/0", "", "?")
        kinds["suppliers"] = [{"address": cell} for cell in draw.sample(cells, draw.randint(1, 6))]
    if draw.random() < 0.8:
        share = draw.choice((0.3, 1, 1))
        channel = [row for row in rows if {row["src_ip"], row["dst_ip"]} & {"10.20.1.10", *CENTER}]
        told = [row["start"] for row in channel if draw.random() < share]
        slips = (0, 0, 5, 9, -9) if share == 1 else (0, 11, -9)
        times = [(moment + timedelta(minutes=draw.choice(slips))).isoformat() for moment in told]
        times += ["không rõ"] * (draw.random() < 0.1)
        if times:
            kinds["sharing-log"] = [{"time": text} for text in times]
    return kinds


def baseline(draw, rows):
    """Ways of the channel as they were accepted; null = no baseline is signed."""
    if draw.random() < 0.2:
        return None
    marks = {}
    for row in rows:
        if draw.random() < 0.97:
            version = draw.choice(("", row.get("tls_version") or "", "TLS 1.3"))
            ends = (row["src_ip"], row["dst_ip"], row["dst_port"] or 0, row["protocol"], version)
            marks[ends] = (
                draw.choice((1, 2, 50)), draw.choice((700, 10**6)),
                draw.choice(("8,9", ",".join(map(str, range(24))))),
            )  # fmt: skip
    names = ("src_ip", "dst_ip", "dst_port", "protocol", "tls_version")
    amounts = ("flows_per_day", "bytes_per_day", "hours")
    table = [
        dict(zip((*names, *amounts), (*ends, *mark), strict=True)) for ends, mark in marks.items()
    ]
    return pd.DataFrame(table, columns=[*names, *amounts])


def dates(draw):
    """When the channel was cut and came back."""
    cut = BEGIN + timedelta(minutes=draw.choice((-60, 0, 300, 1000, 5000)))
    back = cut + timedelta(minutes=draw.choice((20, 3000, 20000)))
    return draw.choice(
        ({}, {"cut": cut}, {"cut": cut}, {"cut": cut, "reconnected": back}, {"terminated": cut})
    )
