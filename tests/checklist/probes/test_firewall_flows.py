"""Flows against the rules of exports."""

import ipaddress
import random

import pytest

from tests.checklist.probes.export_facts import edges, outcome

NETWORK = {"zones": [
    {"id": "may-chu", "kind": "servers", "networks": ["10.20.10.0/24"]},
    {"id": "csdl", "kind": "database", "networks": ["10.20.30.0/24", "2001:db8:30::/64"]},
    {"id": "nguoi-dung", "kind": "users", "networks": ["10.20.70.0/24"]},
]}  # fmt: skip
A, B = "FORWARD -i eth1 -s 10.20.10.0/24", "-o eth2 -d 10.20.30.0/24"
ONE = f"{A} {B} -p tcp --dport 5432 -j ACCEPT"


def save(*rules, policy="DROP", more=""):
    body = "".join(f"-A {rule}\n" for rule in rules)
    return "firewall", f"{more}*filter\n:INPUT DROP [0:0]\n:FORWARD {policy} [0:0]\n{body}COMMIT\n"


def flow(port, src="10.20.10.5", dst="10.20.30.5", protocol=6, zones=("may-chu", "csdl")):
    return (src, dst, port, protocol, *zones)


def said(rules, *flows):
    return outcome("flows-permitted", rules, flows=edges(*flows), network=NETWORK)


@pytest.mark.parametrize(
    ("rules", "port", "answer"),
    [((ONE,), 5432, "clear"), ((ONE,), 22, "fail"),
     ((f"{A} {B} -m limit --limit 1/s -p tcp --dport 22 -j ACCEPT", ONE), 22, "clear"),
     ((f"{A} -p tcp --dport 5432 -j DROP", ONE), 5432, "clear"),
     (("FORWARD -p tcp --dport 5432 -j DROP", ONE), 5432, "fail"),
     (("FORWARD -p tcp --dport 5432 -m limit --limit 1/s -j DROP", ONE), 5432, "clear"),
     ((ONE, "FORWARD -m state --state ESTABLISHED -j ACCEPT"), 22, "fail")],
)  # fmt: skip
def test_a_flow_fails_only_where_no_rule_may_permit_it(rules, port, answer):
    assert said(save(*rules), flow(port)).answer == answer


def test_a_default_accept_permits_the_rest():
    assert said(save(ONE, policy="ACCEPT"), flow(22)).answer == "clear"


def test_flows_with_the_sides_exchanged_are_given_the_benefit_of_the_doubt():
    back = flow(50_000, "10.20.30.5", "10.20.10.5", zones=("csdl", "may-chu"))
    assert said(save(ONE), back).answer == "clear"
    assert said(save(ONE), flow(50_000, protocol=17)).answer == "fail"


def test_a_protocol_without_ports_is_compared_by_protocol():
    assert said(save(ONE), flow(None, protocol=1)).answer == "fail"
    assert said(save(ONE, f"{A} {B} -p icmp -j ACCEPT"), flow(None, protocol=1)).answer == "clear"


def test_a_family_that_the_export_does_not_tell_of_is_not_judged_against_it():
    six = flow(22, "2001:db8:10::5", "2001:db8:30::5")
    assert said(save(ONE), six).answer == "clear"


def test_a_published_address_is_followed():
    nat = "*nat\n-A PREROUTING -d 10.20.30.99/32 -p tcp --dport 80 -j DNAT --to-destination "
    nat += "10.20.30.5:5432\nCOMMIT\n"
    rule = ONE.replace("10.20.30.0/24", "10.20.30.5/32")
    assert said(save(rule, more=nat), flow(5432, dst="10.20.30.99")).answer == "clear"
    assert said(save(rule), flow(5432, dst="10.20.30.99")).answer == "fail"


@pytest.mark.parametrize(
    "rules",
    [("FORWARD -s 10.20.10.0/24 -d 10.20.30.0/24 -p tcp --dport 5432 -j ACCEPT",),
     ("FORWARD -i eth1 -s 10.20.10.0/24 -o eth1 -d 10.20.30.0/24 -p tcp --dport 1 -j ACCEPT",)],
)  # fmt: skip
def test_a_firewall_that_does_not_stand_between_the_zones_judges_nothing(rules):
    found = said(save(*rules), flow(22))
    assert found.answer == "unknown"


def test_flows_inside_a_zone_and_of_unseen_zones_are_not_judged():
    inside = flow(22, dst="10.20.10.6", zones=("may-chu", "may-chu"))
    other = flow(22, src="10.20.70.5", zones=("nguoi-dung", "csdl"))
    assert said(save(ONE), inside, other).answer == "unknown"
    assert "of 1 flows" in said(save(ONE), inside, other, flow(22)).says.en


@pytest.mark.parametrize("column", ["answered", "blocked"])
def test_only_accepted_flows_count(column):
    table = edges(flow(22)).assign(**{column: column == "blocked"})
    found = outcome("flows-permitted", save(ONE), flows=table, network=NETWORK)
    assert found.answer == "unknown"


def test_of_several_firewalls_one_that_permits_is_enough():
    other = save(f"{A} {B} -p tcp --dport 22 -j ACCEPT")
    found = outcome("flows-permitted", save(ONE), other, flows=edges(flow(22)), network=NETWORK)
    assert found.answer == "clear"


def test_an_unread_line_judges_nothing():
    assert said(save(ONE, "FORWARD -m future --x y -j DROP"), flow(22)).answer == "unknown"


def test_what_is_missing_is_told():
    assert "zones" in outcome("flows-permitted", save(ONE), flows=edges(flow(22))).says.en
    assert "traffic" in outcome("flows-permitted", save(ONE), network=NETWORK).says.en


def test_no_flows_at_all_judge_nothing():
    assert said(save(ONE)).answer == "unknown"


def test_every_flow_is_judged_as_one_by_one():
    chance = random.Random(5)
    rules = [
        f"FORWARD -s 10.20.10.{chance.randrange(0, 16, 4)}/{chance.choice([29, 30, 32])} "
        f"-d 10.20.30.{chance.randrange(0, 16, 4)}/{chance.choice([24, 29, 30])} "
        f"-p {chance.choice(['tcp', 'udp'])} --dport {chance.randrange(1, 6)} "
        f"-j {chance.choice(['ACCEPT', 'ACCEPT', 'DROP'])}"
        for _ in range(60)
    ]
    flows = list({
        flow(chance.randrange(1, 6), f"10.20.10.{chance.randrange(16)}",
             f"10.20.30.{chance.randrange(16)}", chance.choice([6, 17]))
        for _ in range(90)
    })  # fmt: skip
    found = outcome("flows-permitted", save(*rules, ONE), flows=edges(*flows), network=NETWORK)

    def forbidden(one):
        for rule in rules:
            words = rule.split()
            net = lambda word: ipaddress.ip_network(words[words.index(word) + 1], strict=False)  # noqa: E731, B023
            if (
                ipaddress.ip_address(one[0]) in net("-s")
                and ipaddress.ip_address(one[1]) in net("-d")
                and {"tcp": 6, "udp": 17}[words[words.index("-p") + 1]] == one[3]
                and words[words.index("--dport") + 1] == str(one[2])
            ):
                return words[-1] == "DROP"
        return True

    expected = sum(forbidden(one) for one in flows)
    assert 0 < expected < len(flows)
    assert found.says.en.startswith(f"{expected} of {len(flows)} flows")
