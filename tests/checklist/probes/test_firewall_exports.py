"""Firewall exports as the probes see them."""

from auditor.checklist.probes.firewall_exports import exports, rule_count, unread_in
from tests.checklist.probes.export_facts import facts

IPTABLES = "*filter\n:INPUT DROP [0:0]\n-A INPUT -s 10.0.0.1/32 -j ACCEPT\nCOMMIT\n"
FORTI = 'config system global\nset hostname "{}"\nend\nconfig firewall policy\nend\n'


def test_of_one_device_the_youngest_export_counts():
    found = exports(facts(("firewall", FORTI.format("a")), ("firewall", FORTI.format("b")),
                          ("firewall", FORTI.format("a"))))  # fmt: skip
    assert [one.held.entry.id for one in found] == ["ev-0001", "ev-0002"]


def test_exports_without_a_device_name_are_told_apart_by_their_file():
    assert len(exports(facts(("firewall", IPTABLES), ("firewall", IPTABLES)))) == 2


def test_a_rule_counts_once_however_often_jumps_lead_to_it():
    text = IPTABLES.replace("-A INPUT", ":x - [0:0]\n-A INPUT -j x\n-A INPUT -j x\n-A x")
    assert rule_count(exports(facts(("firewall", text)))) == 1


def test_unread_lines_are_told_with_their_evidence():
    (line,) = unread_in(exports(facts(("firewall", IPTABLES + "nonsense\n"))))
    assert (line.source, line.place) == ("ev-0001", "line 5")
