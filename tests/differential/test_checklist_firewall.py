"""Firewall rules as ranges let through what the rules let through packet by packet.

Random rules are written as ``iptables-save`` text, read back by the reader, and asked about random
packets; beside it each packet walks the rules one by one, the first that fits decides.
"""

from __future__ import annotations

import random
from ipaddress import ip_address, ip_network

import pandas as pd

from auditor.checklist.probes.firewall_flows import _permitted, _Table
from auditor.checklist.sources.iptables import iptables

CASES = 150
NETS = (
    "0.0.0.0/0", "10.20.0.0/16", "10.20.1.0/24", "10.20.1.128/25", "10.20.1.5/32", "10.20.2.0/24",
    "10.20.2.7/32", "203.162.10.0/28",
)  # fmt: skip
HOSTS = (
    "10.20.1.5", "10.20.1.127", "10.20.1.128", "10.20.1.255", "10.20.2.0", "10.20.2.7",
    "10.20.3.1", "203.162.10.4", "203.162.10.16", "8.8.8.8",
)  # fmt: skip
PORTS = (1, 22, 79, 80, 443, 444, 5432, 32767)
NUMBERS = {"tcp": 6, "udp": 17, "icmp": 1}


def a_rule(draw, targets):
    """One rule: what it asks for, and what happens to what fits."""
    rule = {"target": draw.choice(targets)}
    for side in ("src", "dst"):
        if draw.random() < 0.7:
            rule[side] = (draw.choice(NETS), draw.random() < 0.15)
    if draw.random() < 0.7:
        rule["protocol"] = draw.choice(("tcp", "tcp", "udp", "icmp"))
        if rule["protocol"] != "icmp" and draw.random() < 0.7:
            low = draw.choice(PORTS)
            high = draw.choice([port for port in PORTS if port >= low])
            rule["ports"] = (low, high, draw.random() < 0.15)
    return rule


def written(chain, rule):
    """The rule as ``iptables-save`` writes it."""
    words = ["-A", chain]
    for side, option in (("src", "-s"), ("dst", "-d")):
        if side in rule:
            net, negated = rule[side]
            words += ["!"] * negated + [option, net]
    if "protocol" in rule:
        words += ["-p", rule["protocol"]]
    if "ports" in rule:
        low, high, negated = rule["ports"]
        span = str(low) if low == high else f"{low}:{high}"
        words += ["-m", rule["protocol"]] + ["!"] * negated + ["--dport", span]
    return " ".join([*words, "-j", rule["target"]])


def fits(rule, packet):
    source, target, protocol, port = packet
    for side, address in (("src", source), ("dst", target)):
        if side in rule:
            net, negated = rule[side]
            if (ip_address(address) in ip_network(net)) == negated:
                return False
    if "protocol" in rule and NUMBERS[rule["protocol"]] != protocol:
        return False
    if "ports" in rule:
        low, high, negated = rule["ports"]
        return (low <= port <= high) != negated
    return True


def walked(chains, name, packet):
    """What one chain does with one packet; null = it comes back."""
    for rule in chains[name]:
        if fits(rule, packet):
            if rule["target"] in ("ACCEPT", "DROP"):
                return rule["target"] == "ACCEPT"
            if rule["target"] == "RETURN":
                return None
            told = walked(chains, rule["target"], packet)
            if told is not None:
                return told
    return None


def test_ranges_permit_what_the_first_fitting_rule_permits():
    let_through = asked = 0
    for seed in range(CASES):
        draw = random.Random(seed)
        ends = ("ACCEPT", "DROP")
        chains = {
            "INNER": [
                a_rule(draw, (*ends, "RETURN") if seed % 3 == 0 else ends)
                for _ in range(draw.randint(0, 5))
            ],
            "FORWARD": [a_rule(draw, (*ends, "INNER")) for _ in range(draw.randint(0, 12))],
        }
        policy = draw.choice(("DROP", "DROP", "ACCEPT"))
        lines = [written(name, rule) for name, rules in chains.items() for rule in rules]
        firewall = iptables(
            "\n".join(
                ["*filter", f":FORWARD {policy} [0:0]", ":INNER - [0:0]", *lines, "COMMIT", ""]
            )
        )
        assert not firewall.unread, (seed, firewall.unread)
        packets = []
        for source in HOSTS:
            for target in draw.sample(HOSTS, 4):
                protocol = draw.choice((6, 6, 17, 1))
                port = draw.choice(PORTS) if protocol != 1 else 0
                packets.append((source, target, protocol, port))
        table = _Table(pd.DataFrame(packets, columns=["src_ip", "dst_ip", "protocol", "dst_port"]))
        found = _permitted(firewall, table).tolist()
        for packet, told in zip(packets, found, strict=True):
            walk = walked(chains, "FORWARD", packet)
            permitted = policy == "ACCEPT" if walk is None else walk
            if seed % 3:
                assert told == permitted, (seed, packet, lines, policy)
            else:  # what comes after a RETURN is read too wide, never too narrow
                assert told or not permitted, (seed, packet, lines, policy)
            let_through += permitted
            asked += 1
    assert 0.2 < let_through / asked < 0.8
