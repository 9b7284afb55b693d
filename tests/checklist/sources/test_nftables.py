"""nftables: what tables, chains and sets come to."""

from auditor.checklist.sources.nftables import ChainText, Clause, RuleText, Table, nftables
from auditor.checklist.sources.ranges import V4, addresses, ports


def table(*rules, family="inet", sets=None, kind="filter", hook="forward"):
    chain = ChainText("c", "line 2", hook, kind, "deny", list(rules))
    return Table(family, "t", {"c": chain}, sets or {})


def test_clauses_narrow_the_rule_one_by_one():
    rule = RuleText("line 3", [
        Clause("family", ("ipv4",)), Clause("saddr", ("@ours",)), Clause("l4proto", ("tcp",)),
        Clause("dport", ("22-23", "https")),
    ], "accept")  # fmt: skip
    firewall = nftables([table(rule, sets={"ours": ("10.20.0.0/16", "10.30.0.1")})], [])
    match = firewall.chains[0].rules[0].match
    assert match.sources == addresses("10.20.0.0/16") | addresses("10.30.0.1")
    assert match.destinations == V4
    assert match.services[0].protocol == 6
    assert match.services[0].ports == ports("22-23") | ports("443")
    assert not firewall.unread


def test_an_empty_set_of_ports_opens_nothing():
    rule = RuleText("line 3", [Clause("dport", ("@none",))], "accept")
    assert nftables([table(rule, sets={"none": ()})], []).chains[0].rules == ()


def test_a_set_that_is_not_there_is_told():
    rule = RuleText("line 3", [Clause("saddr", ("@lost",))], "accept")
    firewall = nftables([table(rule)], [])
    assert firewall.unread
    assert "other" in firewall.chains[0].rules[0].match.vague


def test_an_unknown_condition_is_told():
    rule = RuleText("line 3", [Clause("quantum", ("x",))], "accept")
    assert nftables([table(rule)], []).unread[0].what == "quantum"


def test_tables_that_are_not_of_ip_decide_nothing():
    rule = RuleText("line 3", [], "accept")
    assert nftables([table(rule, family="bridge")], []).chains == ()


def test_a_published_address_of_a_nat_chain_is_kept():
    rule = RuleText("line 3", [Clause("daddr", ("203.162.10.5",)), Clause("dport", ("80",))],
                    published="10.20.1.5:8080")  # fmt: skip
    (one,) = nftables([table(rule, kind="nat", hook="prerouting")], []).translations
    assert (one.outside, one.inside) == (addresses("203.162.10.5"), addresses("10.20.1.5"))
    assert (one.outside_ports, one.inside_ports) == (ports("80"), ports("8080"))


def test_several_protocols_stand_side_by_side():
    rule = RuleText(
        "line 3", [Clause("l4proto", ("tcp", "udp")), Clause("dport", ("53",))], "accept"
    )
    services = nftables([table(rule)], []).chains[0].rules[0].match.services
    assert [(one.protocol, one.ports) for one in services] == [(6, ports("53")), (17, ports("53"))]
