"""FortiGate policies as rules."""

from datetime import date
from pathlib import Path

import pytest

from auditor.checklist.sources.fortigate_policies import fortigate
from auditor.checklist.sources.ranges import V4, V6, addresses, ports

FILES = Path(__file__).parents[3] / "samples" / "checklist" / "files"
OBJECTS = """
config firewall address
    edit "a"
        set subnet 10.20.1.0 255.255.255.0
    next
    edit "name"
        set type fqdn
        set fqdn "example.gov.vn"
    next
end
config firewall addrgrp
    edit "g"
        set member "a" "g"
    next
end
config firewall service custom
    edit "odd"
        set tcp-portrange 80-90 443:1024-65535
        set udp-portrange 53
    next
end
"""


def policy(lines, objects=OBJECTS):
    body = "\n".join(f"        {line}" for line in lines)
    return fortigate(f"{objects}config firewall policy\n    edit 7\n{body}\n    next\nend\n")


def rules_of(firewall):
    return [rule for chain in firewall.of("forward") for rule in chain.rules]


BASE = ["set action accept", 'set srcaddr "a"', 'set dstaddr "all"', 'set service "HTTPS"',
        'set srcintf "any"', 'set dstintf "any"', 'set schedule "always"']  # fmt: skip


def test_the_whole_sample_is_understood():
    firewall = fortigate((FILES / "fortigate-good.conf").read_text())
    assert firewall.device == "FGT-MAU-01"
    assert not firewall.unread
    assert [rule.name for rule in rules_of(firewall)] == ["1", "2", "3", "4"]
    assert firewall.outside(("wan1",)) is True
    assert firewall.outside(("servers",)) is False


def test_addresses_and_services_are_resolved():
    (rule,) = rules_of(policy(BASE))
    assert rule.match.sources == addresses("10.20.1.0/24")
    assert rule.match.destinations == V4
    assert rule.match.services[0].ports == ports("443")
    assert rule.match.inward == ()
    assert rule.place == "line 23"


def test_a_published_port_opens_the_inner_and_the_outer_port_only():
    firewall = fortigate((FILES / "fortigate-good.conf").read_text())
    rule = rules_of(firewall)[0]
    assert rule.match.destinations == addresses("203.162.10.5") | addresses("10.20.1.5")
    assert rule.match.services[0].ports == ports("443") | ports("8080")


def test_without_an_action_a_policy_denies():
    (rule,) = rules_of(policy(BASE[1:]))
    assert rule.action == "deny"


def test_names_that_are_resolved_later_are_an_upper_bound():
    (rule,) = rules_of(policy([*BASE, 'set srcaddr "name"']))
    assert rule.match.sources == V4
    assert "source" in rule.match.vague


def test_a_missing_object_is_told_without_its_name():
    firewall = policy([*BASE, 'set srcaddr "Nguyen Van A"'])
    assert firewall.unread
    assert "Nguyen" not in firewall.unread[0].what


def test_a_group_that_names_itself_ends():
    (rule,) = rules_of(policy([*BASE, 'set srcaddr "g"']))
    assert addresses("10.20.1.0/24") & rule.match.sources


def test_source_ports_make_a_service_an_upper_bound():
    (rule,) = rules_of(policy([*BASE, 'set service "odd"']))
    assert "service" in rule.match.vague
    assert [one.protocol for one in rule.match.services] == [6, 6, 17]


def test_negated_addresses_are_all_the_others():
    (rule,) = rules_of(policy([*BASE, "set srcaddr-negate enable"]))
    assert rule.match.sources == V4 - addresses("10.20.1.0/24")


@pytest.mark.parametrize(
    "lines",
    [["set internet-service enable"], ['set groups "vpn-users"'], ["set service-negate enable"]],
)
def test_conditions_beyond_addresses_make_a_rule_only_possible(lines):
    (rule,) = rules_of(policy([*BASE, *lines]))
    assert rule.match.vague


def test_expiry_and_one_time_schedules_end_a_rule():
    (rule,) = rules_of(
        policy([*BASE, "set policy-expiry enable", "set policy-expiry-date 2026-06-30 00:00:00"])
    )
    assert rule.expires == date(2026, 6, 30)
    firewall = fortigate((FILES / "fortigate-open.conf").read_text())
    assert rules_of(firewall)[2].expires == date(2026, 6, 30)


def test_a_disabled_policy_is_kept_as_disabled():
    (rule,) = rules_of(policy([*BASE, "set status disable"]))
    assert not rule.enabled


def test_ipv6_stands_in_the_same_policy():
    (rule,) = rules_of(policy([*BASE, 'set srcaddr6 "all"', 'set dstaddr6 "all"']))
    assert rule.match.sources == addresses("10.20.1.0/24") | V6


def test_policies_of_other_kinds_are_told():
    text = "config firewall local-in-policy\n edit 1\n set action accept\n next\nend\n"
    assert fortigate(text).unread[0].what == "firewall local-in-policy"


def test_an_unknown_action_is_told():
    assert policy([*BASE, "set action redirect"]).unread


def test_what_the_device_answers_itself_is_kept_by_interface():
    firewall = fortigate((FILES / "fortigate-open.conf").read_text())
    (chain,) = firewall.of("in")
    assert chain.rules[0].match.inward == ("wan1",)
    assert {one.protocol for one in chain.rules[0].match.services} == {1, 6}


def test_administrators_that_are_bound_to_networks_make_it_an_upper_bound():
    text = (FILES / "fortigate-open.conf").read_text()
    text += 'config system admin\nedit "x"\nset trusthost1 10.20.40.0 255.255.255.0\nnext\nend\n'
    (chain,) = fortigate(text).of("in")
    assert "source" in chain.rules[0].match.vague


def test_each_virtual_domain_has_its_own_rules_and_objects():
    one = "config vdom\nedit one\nconfig firewall policy\nedit 1\nset action accept\n"
    one += 'set srcaddr "only-in-two"\nset dstaddr "all"\nset service "ALL"\nnext\nend\nnext\nend\n'
    two = (
        'config vdom\nedit two\nconfig firewall address\nedit "only-in-two"\nnext\nend\nnext\nend\n'
    )
    firewall = fortigate(one + two)
    assert firewall.unread, "the address is of the other domain"
    assert not firewall.every_chain
