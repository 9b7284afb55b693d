"""nftables: the text of ``nft list ruleset``."""

import pytest

from auditor.checklist.sources.nftables_text import nftables_text
from auditor.checklist.sources.ranges import addresses, ports


def forward(*rules, extra=""):
    body = "\n".join(f"\t\t{rule}" for rule in rules)
    firewall = nftables_text(
        f"table inet filter {{\n{extra}\tchain forward {{\n"
        f"\t\ttype filter hook forward priority filter; policy drop;\n{body}\n\t}}\n}}\n"
    )
    return firewall, firewall.of("forward")[0]


def test_a_chain_has_its_hook_policy_and_rules():
    firewall, chain = forward(
        'iifname "eth1" oifname "eth2" ip saddr 10.20.10.0/24 tcp dport { 5432, 6432-6433 } '
        'counter packets 7 bytes 420 accept comment "tạm" # handle 5'
    )
    (rule,) = chain.rules
    assert (chain.default, chain.families) == ("deny", ("ipv4", "ipv6"))
    assert rule.match.sources == addresses("10.20.10.0/24")
    assert rule.match.services[0].ports == ports("5432") | ports("6432-6433")
    assert (rule.match.inward, rule.match.outward) == (("eth1",), ("eth2",))
    assert (rule.hits, rule.temporary, rule.place) == (7, True, "line 4")
    assert not firewall.unread


def test_named_sets_may_run_over_lines():
    extra = "\tset ours {\n\t\ttype ipv4_addr\n\t\tflags interval\n\t\telements = { 10.0.0.1,\n"
    extra += "\t\t\t10.0.1.0/24 timeout 5m }\n\t}\n"
    firewall, chain = forward("ip saddr @ours accept", extra=extra)
    assert chain.rules[0].match.sources == addresses("10.0.0.1") | addresses("10.0.1.0/24")
    assert not firewall.unread


@pytest.mark.parametrize(
    "rule",
    [
        "ct state established,related accept",
        "ct state { established, related } accept",
        "ct state vmap { established : accept, related : accept, invalid : drop }",
    ],
)
def test_established_connections_open_nothing_new(rule):
    firewall, chain = forward(rule)
    assert not any(rule.match.new for rule in chain.rules)
    assert not firewall.unread


@pytest.mark.parametrize(
    "rule",
    [
        "limit rate 5/second accept",
        "icmp type echo-request accept",
        "tcp sport 53 accept",
        "tcp flags syn accept",
        "meta mark 0x1 accept",
        'iifname != "lo" accept',
    ],
)
def test_conditions_that_only_narrow_are_known(rule):
    firewall, chain = forward(rule)
    assert not firewall.unread
    assert chain.rules[0].match.vague


@pytest.mark.parametrize(
    "rule",
    [
        "tcp dport vmap { 22 : accept }",
        "socket transparent 1 accept",
        "ip saddr . tcp dport @x accept",
        "ip saddr @lost accept",
        "tcp dport 99999 accept",
        "ip saddr accept",
        "jump nowhere",
    ],
)
def test_what_is_not_known_is_told_with_its_line(rule):
    firewall, _ = forward(rule)
    assert firewall.unread[0].place == "line 4"


def test_jumps_and_verdicts_with_more_words_are_read():
    extra = (
        "\tchain web {\n\t\ttcp dport 443 accept\n\t\treject with icmp type admin-prohibited\n\t}\n"
    )
    firewall, chain = forward(
        "meta l4proto { tcp, udp } ip daddr 10.20.1.5 jump web",
        'log prefix "x: " level info drop',
        extra=extra,
    )
    assert [rule.action for rule in chain.rules] == ["accept", "deny", "deny"]
    assert not firewall.unread


def test_published_addresses_are_kept():
    firewall = nftables_text(
        "table ip nat {\n chain prerouting {\n  type nat hook prerouting priority dstnat; policy "
        "accept;\n  ip daddr 203.162.10.5 tcp dport 80 dnat to 10.20.1.5:8080\n }\n}\n"
    )
    assert firewall.translations[0].inside == addresses("10.20.1.5")


@pytest.mark.parametrize(
    "text",
    [
        "table inet f {\n chain c {\n  type filter hook input priority 0; policy drop;\n",
        "table inet f {\n",
        "table inet f {\n set s {\n elements = { 1.1.1.1,",
    ],
)
def test_a_text_that_is_cut_off_is_told(text):
    assert any("cut off" in line.what for line in nftables_text(text).unread)


def test_statements_outside_of_tables_are_told():
    assert nftables_text('define x = 5\ninclude "y"\ntable ip t {\n}\n').unread


@pytest.mark.parametrize("text", ["{" * 100_000, "}" * 100_000, "table ip t {\n" + "a { " * 50_000])
def test_unbalanced_braces_never_end_the_reading_badly(text):
    nftables_text(text)
