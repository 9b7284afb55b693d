from __future__ import annotations

import json

import pytest

from auditor.checklist.sources.results import Host, results
from auditor.model.errors import InputError

STATUSES = [
    ("open", "fail"),
    ("not_a_finding", "pass"),
    ("not_applicable", "not-applicable"),
    ("not_reviewed", "not-checked"),
    ("approved", "not-checked"),
    (7, "not-checked"),
]


@pytest.fixture
def read(tmp_path):
    def write(content):
        path = tmp_path / "checklist"
        path.write_text(content if isinstance(content, str) else json.dumps(content))
        return results(path)

    return write


def cklb(*rules, **target):
    return {
        "cklb_version": "1.0",
        "target_data": {"host_name": "SW-01", "ip_address": "10.20.9.2"} | target,
        "stigs": [{"stig_name": "Switch", "rules": list(rules)}],
    }


@pytest.mark.parametrize(("status", "state"), STATUSES)
def test_every_status_has_its_state_and_an_unknown_one_is_no_pass(status, state, read):
    found = read(cklb({"group_id": "V-1", "rule_title": "One", "status": status}))
    assert [each.state for each in found.rules] == [state]
    assert found.hosts == (Host("SW-01", ("10.20.9.2",)),)
    assert found.taken is None, "the format has no date"


def test_the_older_xml_format_is_read_too(read):
    found = read("""<?xml version="1.0"?><CHECKLIST><ASSET><HOST_NAME>SW-01</HOST_NAME>
      <HOST_IP>10.20.9.2</HOST_IP></ASSET><STIGS><iSTIG><VULN>
      <STIG_DATA><VULN_ATTRIBUTE>Vuln_Num</VULN_ATTRIBUTE><ATTRIBUTE_DATA>V-1</ATTRIBUTE_DATA></STIG_DATA>
      <STIG_DATA><VULN_ATTRIBUTE>Severity</VULN_ATTRIBUTE><ATTRIBUTE_DATA>high</ATTRIBUTE_DATA></STIG_DATA>
      <STIG_DATA><VULN_ATTRIBUTE>Rule_Title</VULN_ATTRIBUTE><ATTRIBUTE_DATA>One</ATTRIBUTE_DATA></STIG_DATA>
      <STATUS>Open</STATUS></VULN><VULN><STATUS>NotAFinding</STATUS></VULN></iSTIG></STIGS></CHECKLIST>""")
    first, second = found.rules
    assert (first.id, first.title, first.state) == ("V-1", "One", "fail")
    assert (first.severity, first.host) == ("high", "SW-01")
    assert second.state == "pass"


@pytest.mark.parametrize(
    "content",
    [
        {"stigs": []},
        {"stigs": None},
        {"stigs": [{"rules": {}}, 1, None, "x"]},
        "<CHECKLIST><ASSET/></CHECKLIST>",
    ],
)
def test_a_checklist_without_rules_is_refused(content, read):
    with pytest.raises(InputError, match="without rules"):
        read(content)


def test_wrong_types_inside_a_rule_do_no_harm(read):
    found = read(cklb({"group_id": 1, "rule_title": [], "severity": {}, "status": None}, None))
    assert [each.state for each in found.rules] == ["not-checked", "not-checked"]
