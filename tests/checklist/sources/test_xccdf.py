from __future__ import annotations

from datetime import UTC, datetime

import pytest

from auditor.checklist.sources import xccdf
from auditor.checklist.sources.results import Host, results
from auditor.model.errors import InputError

NEW = "http://checklists.nist.gov/xccdf/1.2"
OLD = "http://checklists.nist.gov/xccdf/1.1"


def a_run(host="db-01", ended="2026-11-18T10:00:00+07:00", rules="", space=NEW):
    return f"""<TestResult xmlns="{space}" id="t" end-time="{ended}"
      test-system="cpe:/a:redhat:openscap:1.4.2">
      <target>{host}</target><target-address>127.0.0.1</target-address>
      <target-address>10.20.2.5</target-address>{rules}</TestResult>"""


def rule(name, result, inside="", **attributes):
    given = "".join(f' {key}="{value}"' for key, value in attributes.items())
    return f'<rule-result idref="{name}"{given}><result>{result}</result>{inside}</rule-result>'


@pytest.fixture
def read(tmp_path):
    def write(text):
        path = tmp_path / "results.xml"
        path.write_text(text, encoding="utf-8")
        return results(path)

    return write


@pytest.mark.parametrize("space", [OLD, NEW])
def test_results_of_both_versions_are_read(space, read):
    found = read(a_run(rules=rule("xccdf_vn_rule_a", "fail", severity="high"), space=space))
    assert (found.tool, found.version) == ("OpenSCAP", "1.4.2")
    assert found.taken == datetime(2026, 11, 18, 3, tzinfo=UTC)
    assert found.hosts == (Host("db-01", ("10.20.2.5",)),)
    (only,) = found.rules
    assert (only.id, only.state, only.severity, only.host) == ("a", "fail", "high", "db-01")


def test_titles_come_from_the_benchmark_around_them(read):
    text = f"""<Benchmark xmlns="{NEW}" id="b"><Group id="g"><Rule id="r1" severity="low">
      <title>Log <b>in</b> as root is off</title></Rule></Group>
      {a_run(rules=rule("r1", "pass"))}</Benchmark>"""
    (only,) = read(text).rules
    assert only.title == "Log as root is off"
    assert (only.state, only.severity) == ("pass", "low")


def test_an_arf_collection_is_read_to_the_results_inside(read):
    text = f"""<arf:asset-report-collection xmlns:arf="http://scap.nist.gov/schema/arf/1.1">
      <arf:report-requests><arf:report-request><arf:content>
        <Benchmark xmlns="{NEW}"><Rule id="r1"><title>One</title></Rule></Benchmark>
      </arf:content></arf:report-request></arf:report-requests>
      <arf:reports><arf:report><arf:content>{a_run(rules=rule("r1", "fail"))}</arf:content>
      </arf:report></arf:reports></arf:asset-report-collection>"""
    (only,) = read(text).rules
    assert (only.title, only.state) == ("One", "fail")


@pytest.mark.parametrize(
    ("result", "state"),
    [
        ("pass", "pass"),
        ("fixed", "pass"),
        ("fail", "fail"),
        ("error", "error"),
        ("unknown", "error"),
        ("notapplicable", "not-applicable"),
        ("notchecked", "not-checked"),
        ("informational", "informational"),
        ("PASS", "error"),
        ("", "error"),
    ],
)
def test_every_result_word_has_its_state_and_a_strange_one_is_no_pass(result, state, read):
    assert [each.state for each in read(a_run(rules=rule("r", result))).rules] == [state]


def test_a_rule_that_was_not_selected_is_no_result(read):
    assert read(a_run(rules=rule("r", "notselected"))).rules == ()


def test_a_rule_that_is_not_scored_fails_nothing(read):
    (only,) = read(a_run(rules=rule("r", "fail", role="unscored"))).rules
    assert only.state == "informational"


def test_a_persons_override_is_a_claim_and_the_tools_result_stands(read):
    override = """<override time="2026-11-19T00:00:00Z" authority="x"><old-result>fail</old-result>
      <new-result>pass</new-result><remark>ok</remark></override>"""
    found = read(a_run(rules=rule("r", "pass", override)))
    assert [each.state for each in found.rules] == ["fail"]
    assert "1 results were overridden" in found.notes[0].en


def test_the_later_of_two_runs_on_one_host_counts(read):
    early = a_run(ended="2026-11-01T00:00:00Z", rules=rule("r", "fail"))
    late = a_run(ended="2026-11-09T00:00:00Z", rules=rule("r", "pass"))
    other = a_run(host="db-02", rules=rule("r", "fail"))
    for order in (early + late, late + early):
        found = read(f'<Benchmark xmlns="{NEW}">{order}{other}</Benchmark>')
        assert [(each.host, each.state) for each in found.rules] == [
            ("db-01", "pass"),
            ("db-02", "fail"),
        ]


def test_a_run_without_an_end_is_unfinished(read):
    assert read(a_run(ended="")).finished is False


def test_a_benchmark_without_results_is_told(read):
    with pytest.raises(InputError, match="no result"):
        read(f'<Benchmark xmlns="{NEW}"><Rule id="r"/></Benchmark>')


def test_too_many_test_results_are_refused(read, monkeypatch):
    monkeypatch.setattr(xccdf, "TESTS", 2)
    with pytest.raises(InputError, match="more than 2"):
        read(f'<Benchmark xmlns="{NEW}">{a_run() * 3}</Benchmark>')


@pytest.mark.parametrize(
    ("system", "name"),
    [
        ("cpe:2.3:a:vendor:scanner:2.1:*", ("scanner", "2.1")),
        ("cpe:/a:vendor:scanner", ("scanner", "")),
        ("My scanner", ("My scanner", "")),
        ("cpe", ("cpe", "")),
        ("", ("XCCDF", "")),
    ],
)
def test_the_tool_is_named_as_the_file_names_it(system, name, read):
    found = read(a_run().replace("cpe:/a:redhat:openscap:1.4.2", system))
    assert (found.tool, found.version) == name
