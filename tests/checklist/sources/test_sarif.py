from __future__ import annotations

import json

import pytest

from auditor.checklist.sources.results import results
from auditor.model.errors import InputError

RULES = [
    {
        "id": "sqli",
        "shortDescription": {"text": "SQL injection"},
        "defaultConfiguration": {"level": "error"},
    },
    {"id": "style", "name": "Style", "defaultConfiguration": {"level": "note"}},
]


def log(*found, **run):
    driver = {"name": "scan", "semanticVersion": "1.2.3", "rules": RULES}
    return {
        "version": "2.1.0",
        "runs": [{"tool": {"driver": driver}, "results": list(found)} | run],
    }


@pytest.fixture
def read(tmp_path):
    def write(content):
        path = tmp_path / "scan.sarif"
        path.write_text(json.dumps(content))
        return results(path)

    return write


def test_a_result_takes_title_and_level_from_its_rule(read):
    found = read(log({"ruleId": "sqli"}, {"ruleIndex": 1}))
    first, second = found.rules
    assert (first.id, first.title, first.severity, first.state) == (
        "sqli", "SQL injection", "error", "fail",
    )  # fmt: skip
    assert (second.id, second.title, second.state) == ("style", "Style", "informational")
    assert (found.tool, found.version) == ("scan", "1.2.3")


@pytest.mark.parametrize(
    ("result", "state"),
    [
        ({}, "fail"),
        ({"kind": "fail"}, "fail"),
        ({"kind": "pass"}, "pass"),
        ({"kind": "open"}, "not-checked"),
        ({"kind": "review"}, "not-checked"),
        ({"kind": "notApplicable"}, "not-applicable"),
        ({"kind": "informational"}, "informational"),
        ({"kind": "of another kind"}, "not-checked"),
        ({"level": "note"}, "informational"),
        ({"suppressions": [{"kind": "external"}]}, "informational"),
        ({"suppressions": [{"kind": "external", "status": "rejected"}]}, "fail"),
        ({"suppressions": [{"status": "underReview"}, {"status": "accepted"}]}, "fail"),
        ({"suppressions": []}, "fail"),
    ],
)
def test_kind_level_and_suppressions_make_the_state(result, state, read):
    assert [each.state for each in read(log({"ruleId": "x"} | result)).rules] == [state]


def test_suppressed_findings_are_told(read):
    found = read(log({"ruleId": "sqli", "suppressions": [{"kind": "inSource"}]}))
    assert "1 findings were suppressed" in found.notes[0].en


def test_a_result_that_is_gone_since_the_baseline_is_left_out(read):
    assert read(log({"ruleId": "sqli", "baselineState": "absent"})).rules == ()


def test_neither_message_nor_snippet_is_taken_over(read):
    shown = "never to be shown"
    place = {
        "artifactLocation": {"uri": "file:///home/an/project/src/app.py"},
        "region": {"startLine": 9, "snippet": {"text": shown}},
    }
    found = read(
        log(
            {
                "ruleId": "sqli",
                "message": {"text": shown},
                "locations": [{"physicalLocation": place}],
            }
        )
    )
    assert shown not in repr(found)
    assert found.rules[0].place == "project/src/app.py:9", "no home folder"


def test_credentials_in_the_address_of_a_repository_are_dropped(read):
    found = read(
        log(versionControlProvenance=[{"repositoryUri": "https://an:pw@git.mau.gov.vn/land"}])
    )
    assert found.hosts[0].name == "git.mau.gov.vn/land"


@pytest.mark.parametrize(
    ("invocations", "finished"),
    [
        ([], None),
        ([{"executionSuccessful": True, "endTimeUtc": "2026-11-19T00:00:00Z"}], True),
        ([{"executionSuccessful": False}], False),
        ([{}], False),
    ],
)
def test_a_run_that_failed_is_unfinished(invocations, finished, read):
    assert read(log(invocations=invocations)).finished is finished


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ({"version": "1.0.0", "runs": [{}]}, "version 1.0.0"),
        ({"version": 2, "runs": [{}]}, "version"),
        ({"version": "2.1.0", "runs": []}, "no run"),
        ({"version": "2.1.0", "runs": {}}, "no run"),
    ],
)
def test_what_is_no_sarif_of_this_version_is_refused(content, said, read):
    with pytest.raises(InputError, match=said):
        read(content)


def test_wrong_types_everywhere_do_no_harm(read):
    odd = {
        "tool": [],
        "results": [1, None, {"ruleId": 5, "ruleIndex": "x", "rule": 3, "locations": {}}],
        "invocations": "x",
        "versionControlProvenance": [None, {"repositoryUri": 5}],
        "automationDetails": 5,
    }
    found = read({"version": "2.1.0", "runs": [odd, None, 7]})
    assert [each.state for each in found.rules] == ["fail", "fail", "fail"]


@pytest.mark.parametrize("index", [-1, 99, 10**30, True])
def test_an_index_outside_of_the_rules_names_no_rule(index, read):
    (only,) = read(log({"ruleIndex": index})).rules
    assert only.state in ("fail", "informational")
