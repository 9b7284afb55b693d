"""Ports that rules open to the Internet."""

import pytest

from tests.checklist.probes.export_facts import outcome

NETWORK = {"zones": [{"id": "a", "kind": "servers", "networks": ["10.20.0.0/16"]}],
           "public": ["203.162.10.0/24"]}  # fmt: skip


def save(*rules):
    body = "".join(f"-A {rule}\n" for rule in rules)
    return "firewall", f"*filter\n:INPUT DROP [0:0]\n:FORWARD DROP [0:0]\n{body}COMMIT\n"


@pytest.mark.parametrize(
    ("rule", "answer"),
    [("INPUT -p tcp --dport 22 -j ACCEPT", "fail"),
     ("INPUT -p udp --dport 161 -j ACCEPT", "fail"),
     ("INPUT -p tcp --dport 443 -j ACCEPT", "pass"),
     ("INPUT -p tcp -m multiport --dports 80,3306 -j ACCEPT", "fail"),
     ("INPUT -s 10.0.0.0/8 -p tcp --dport 22 -j ACCEPT", "pass"),
     ("INPUT -s 8.0.0.0/7 -p tcp --dport 22 -j ACCEPT", "fail"),
     ("INPUT -s 203.162.11.0/24 -p tcp --dport 22 -j ACCEPT", "pass"),
     ("INPUT -i eth0 -p tcp --dport 22 -j ACCEPT", "unknown"),
     ("INPUT -m limit --limit 3/min -p tcp --dport 22 -j ACCEPT", "unknown"),
     ("FORWARD -d 203.162.10.7/32 -p tcp --dport 5432 -j ACCEPT", "fail"),
     ("FORWARD -d 1.1.1.1/32 -p tcp --dport 22 -j ACCEPT", "pass"),
     ("FORWARD -m state --state ESTABLISHED -j ACCEPT", "pass"),
     ("FORWARD -j ACCEPT", "fail")],
)  # fmt: skip
def test_administration_and_database_ports_are_looked_for(rule, answer):
    rules = save("INPUT -s 10.0.0.1/32 -p tcp --dport 443 -j ACCEPT", rule)
    assert outcome("exposed-by-rules", rules, network=NETWORK).answer == answer


def test_whose_a_public_address_is_must_be_declared():
    rules = save("FORWARD -d 1.1.1.1/32 -p tcp --dport 22 -j ACCEPT")
    assert outcome("exposed-by-rules", rules).answer == "unknown"


@pytest.mark.parametrize(
    ("earlier", "answer"),
    [("INPUT ! -s 10.0.0.0/8 -p tcp --dport 22 -j DROP", "pass"),
     ("INPUT ! -s 10.0.0.0/8 -p tcp --dport 23 -j DROP", "fail"),
     ("INPUT ! -s 10.0.0.0/8 -m limit --limit 1/min -p tcp --dport 22 -j DROP", "fail"),
     ("INPUT ! -s 10.0.0.0/8 -i eth1 -p tcp --dport 22 -j DROP", "fail"),
     ("INPUT -s 1.0.0.0/8 -p tcp --dport 22 -j DROP", "fail")],
)  # fmt: skip
def test_only_a_sure_deny_before_it_takes_a_rule_back(earlier, answer):
    rules = save(earlier, "INPUT -p tcp --dport 22 -j ACCEPT")
    assert outcome("exposed-by-rules", rules, network=NETWORK).answer == answer


def test_the_ports_are_named_with_the_rule():
    found = outcome(
        "exposed-by-rules", save("INPUT -p tcp -m multiport --dports 22,3389 -j ACCEPT")
    )
    assert "22/tcp, 3389/tcp" in found.references[0].shows
