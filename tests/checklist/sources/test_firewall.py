"""Firewalls in one form: what rules match, and how jumps are followed."""

from datetime import date

import pytest

from auditor.checklist.sources.firewall import (
    MOST_RULES,
    Firewall,
    Interface,
    Match,
    Rule,
    Service,
    Step,
    followed,
    temporary,
)
from auditor.checklist.sources.ranges import NOTHING, addresses, ports

INSIDE = addresses("10.20.0.0/16")


def step(verdict, target="", **match):
    return Step(verdict, Match(**match), "line 1", target)


def test_a_jump_narrows_the_rules_of_its_chain():
    chains = {
        "FORWARD": [step("jump", "web", sources=INSIDE)],
        "web": [step("accept", services=(Service(6, ports("443")),))],
    }
    (rule,), unread = followed(chains, "FORWARD", "deny")
    assert rule.match.sources == INSIDE
    assert rule.match.services == (Service(6, ports("443")),)
    assert not unread


def test_a_chain_that_never_matches_gives_no_rule():
    chains = {
        "FORWARD": [step("jump", "x", sources=INSIDE)],
        "x": [step("accept", sources=addresses("192.168.0.0/16"))],
    }
    assert followed(chains, "FORWARD", "deny") == ((), ())


def test_rules_after_a_conditional_return_only_may_match():
    chains = {
        "FORWARD": [step("jump", "x")],
        "x": [step("return", sources=INSIDE), step("accept")],
    }
    (rule,), _ = followed(chains, "FORWARD", "deny")
    assert "other" in rule.match.vague


def test_nothing_after_an_unconditional_return_takes_effect():
    chains = {"FORWARD": [step("jump", "x")], "x": [step("return"), step("accept")]}
    assert followed(chains, "FORWARD", "deny")[0] == ()


def test_a_return_of_a_built_in_chain_is_its_policy():
    (rule,), _ = followed({"FORWARD": [step("return", sources=INSIDE)]}, "FORWARD", "accept")
    assert rule.action == "accept"


def test_a_chain_that_jumps_to_itself_ends_and_is_told():
    _, unread = followed({"FORWARD": [step("jump", "FORWARD")]}, "FORWARD", "deny")
    assert unread


def test_a_jump_to_nowhere_is_told():
    _, unread = followed({"FORWARD": [step("jump", "NFQUEUE")]}, "FORWARD", "deny")
    assert unread[0].what == "jump NFQUEUE"


def test_chains_that_multiply_are_cut_and_told():
    chains = {f"c{n}": [step("jump", f"c{n + 1}")] * 30 for n in range(15)}
    chains["c15"] = [step("accept")] * 30
    rules, unread = followed(chains, "c0", "deny")
    assert len(rules) <= MOST_RULES
    assert "too many rules" in unread[-1].what


def test_an_upper_bound_never_counts_as_any():
    match = Match(vague=frozenset({"source"}))
    rule = Rule("", "line 1", "accept", match)
    assert not rule.any_source
    assert rule.any_destination


@pytest.mark.parametrize(
    ("service", "everything"),
    [
        (Service(), True),
        (Service(6), True),
        (Service(1), False),
        (Service(6, ports("1-1024")), False),
    ],
)
def test_every_port_of_tcp_is_as_good_as_every_service(service, everything):
    assert service.all == everything


def test_interfaces_are_told_by_what_is_known_of_them():
    firewall = Firewall(
        "x", "", (), (Interface("wan", NOTHING, True), Interface("lan", NOTHING, False),
                      Interface("tun", NOTHING, None))
    )  # fmt: skip
    assert firewall.outside(()) is True
    assert firewall.outside(("lan",)) is False
    assert firewall.outside(("lan", "tun")) is None
    assert firewall.outside(("lan", "wan")) is True
    assert firewall.outside(("nobody-knows",)) is None


def test_patterns_of_interface_names_meet_what_they_fit():
    wide, one = Match(inward=("eth+",)), Match(inward=("eth1",))
    assert wide.meet(one) is not None
    assert Match(inward=("wlan0",)).meet(one) is None


def test_a_rule_is_over_after_its_last_day():
    rule = Rule("", "", "accept", Match(), expires=date(2026, 6, 30))
    assert not rule.over(date(2026, 6, 30))
    assert rule.over(date(2026, 7, 1))


@pytest.mark.parametrize(
    ("text", "is_one"),
    [("tạm cho nhà thầu", True), ("TEMP_rdp", True), ("temporary", True), ("template", False),
     ("attempt", False), ("", False)],
)  # fmt: skip
def test_words_tell_temporary_rules(text, is_one):
    assert temporary(text) == is_one
