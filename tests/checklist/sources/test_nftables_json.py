"""nftables: the JSON of ``nft -j list ruleset``."""

import pytest

from auditor.checklist.sources.nftables_json import nftables_json
from auditor.checklist.sources.ranges import addresses, ports


def forward(*expr, extra=()):
    document = {
        "nftables": [
            {"metainfo": {"version": "1.0.9"}},
            {"table": {"family": "inet", "name": "t"}},
            *extra,
            {
                "chain": {
                    "family": "inet",
                    "table": "t",
                    "name": "f",
                    "type": "filter",
                    "hook": "forward",
                    "prio": 0,
                    "policy": "drop",
                }
            },
            {
                "rule": {
                    "family": "inet",
                    "table": "t",
                    "chain": "f",
                    "handle": 9,
                    "expr": list(expr),
                }
            },
        ]
    }
    firewall = nftables_json(document)
    return firewall, firewall.of("forward")[0].rules


def match(protocol, field, right, op="=="):
    left = {"payload": {"protocol": protocol, "field": field}}
    return {"match": {"op": op, "left": left, "right": right}}


def test_a_rule_is_read_part_by_part():
    firewall, (rule,) = forward(
        match("ip", "saddr", {"prefix": {"addr": "10.20.0.0", "len": 16}}),
        match("tcp", "dport", {"set": [22, {"range": [80, 90]}]}),
        {"match": {"op": "==", "left": {"meta": {"key": "iifname"}}, "right": "eth1"}},
        {"match": {"op": "in", "left": {"ct": {"key": "state"}}, "right": ["new"]}},
        {"counter": {"packets": 4, "bytes": 9}},
        {"log": None},
        {"accept": None},
    )
    assert rule.match.sources == addresses("10.20.0.0/16")
    assert rule.match.services[0].ports == ports("22") | ports("80-90")
    assert (rule.match.inward, rule.hits, rule.place) == (("eth1",), 4, "handle 9")
    assert rule.match.new
    assert not firewall.unread


def test_named_sets_are_used():
    extra = [
        {
            "set": {
                "family": "inet",
                "table": "t",
                "name": "s",
                "type": "ipv4_addr",
                "elem": ["10.0.0.1", {"elem": {"val": "10.0.0.2", "timeout": 5}}],
            }
        }
    ]
    _, (rule,) = forward(match("ip", "saddr", "@s"), {"drop": None}, extra=extra)
    assert rule.match.sources == addresses("10.0.0.1-10.0.0.2")
    assert rule.action == "deny"


@pytest.mark.parametrize(
    "part",
    [
        {"vmap": {}},
        {"xt": {}},
        {"match": {"op": "<", "left": {"meta": {"key": "x"}}, "right": 1}},
        {"match": {"op": "==", "left": {"socket": {"key": "mark"}}, "right": 1}},
    ],
)
def test_what_is_not_known_is_told(part):
    firewall, (rule,) = forward(part, {"accept": None})
    assert firewall.unread[0].place == "handle 9"
    assert rule.match.vague
