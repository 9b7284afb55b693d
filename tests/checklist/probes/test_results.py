from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pandas as pd
import pytest

from auditor.checklist.assessment import Assessment, EvidenceEntry
from auditor.checklist.facts import Facts, Number
from auditor.checklist.held import Held
from auditor.checklist.probe import asked
from auditor.checklist.probes.results import PROBES
from auditor.checklist.sources.register import Register
from auditor.checklist.sources.results import Host, Results, Rule
from auditor.model.errors import InputError

NOW = datetime(2026, 11, 21, 3, tzinfo=UTC)
PROBE = PROBES[0]


def rule(state="pass", name="r1", host="web-01", about="baseline", severity="", place="line 1"):
    return Rule(name, "", state, severity, host, place, about)


def found(*rules, **changes):
    given = {
        "format": "xccdf",
        "tool": "OpenSCAP",
        "version": "1.4",
        "taken": NOW - timedelta(days=2),
        "hosts": (Host("web-01", ("10.20.1.5",)),),
        "about": ("baseline",),
        "finished": True,
    }
    return Results(**(given | changes), rules=rules)


def assets(*rows):
    return Register(("asset", "address"), pd.DataFrame(rows, columns=["asset", "address"]))


def facts(*files, register=None, months=6.0):
    assessment = Assessment.model_validate(
        {
            "format": 1,
            "checklist": "pre-sync",
            "checklist_version": "2026.11",
            "system": {"id": "x", "level": 3},
        }
    )

    def held(kind, number, content):
        entry = EvidenceEntry.model_validate(
            {"id": f"ev-{number:04}", "kind": kind, "registered": f"2026-11-{number:02}"}
        )

        def reads():
            if isinstance(content, InputError):
                raise content
            return content

        return Held(entry, "present", reads)

    evidence = {
        "tool-results": tuple(
            held("tool-results", number, file) for number, file in enumerate(files, start=1)
        )
    }
    if register is not None:
        evidence["assets"] = (held("assets", 28, register),)
    numbers = {"scan-months": Number(months, "months", "TCVN 14423 x.7 [S]")}
    return Facts(NOW, assessment, numbers, evidence)


def outcome(given, tool="any", about="baseline"):
    return asked(PROBE, given, {"tool": tool, "about": about})


def test_a_tools_pass_is_a_claim_and_never_a_pass():
    told = outcome(facts(found(rule())))
    assert told.answer == "pending"
    assert "claim of another tool" in told.says.en
    assert "OpenSCAP 1.4 (2026-11-19)" in told.says.en


def test_a_tools_failure_names_tool_version_day_and_rules():
    rules = [rule("fail", f"r{number}") for number in range(7)]
    told = outcome(facts(found(rule(), *rules)))
    assert told.answer == "fail"
    assert "OpenSCAP 1.4 (2026-11-19): 7 results failed on 1 targets" in told.says.en
    assert "(r0, r1, r2, r3, r4 and 2 more); 1 passed" in told.says.en
    assert len(told.references) == 7
    assert told.references[0].place == "line 1"


def test_the_gravest_come_first_in_the_references():
    told = outcome(
        facts(found(rule("fail", "a", severity="low"), rule("fail", "b", severity="HIGH")))
    )
    assert "b" in told.references[0].shows


def test_a_later_result_on_the_same_rule_and_host_replaces_the_earlier():
    old = found(rule("fail"), taken=NOW - timedelta(days=9))
    new = found(rule("pass"))
    assert outcome(facts(old, new)).answer == outcome(facts(new, old)).answer == "pending"
    worse = found(rule("fail"))
    better = found(rule("pass"), taken=NOW - timedelta(days=9))
    assert outcome(facts(worse, better)).answer == "fail"


@pytest.mark.parametrize(
    "new",
    [
        found(rule("pass", host="web-02")),
        found(rule("pass", name="r2")),
        found(rule("pass"), tool="Other"),
        found(rule("pass"), format="cklb"),
    ],
)
def test_a_result_on_another_host_rule_or_tool_replaces_nothing(new):
    old = found(rule("fail"), taken=NOW - timedelta(days=9))
    assert outcome(facts(old, new)).answer == "fail"


def test_what_names_no_host_is_never_replaced():
    old = found(rule("fail", host=""), taken=NOW - timedelta(days=9))
    assert outcome(facts(old, found(rule("pass", host="")))).answer == "fail"


def test_only_the_tool_and_the_topic_asked_for_are_looked_at():
    given = facts(found(rule("fail")), found(rule("fail", about="ports"), about=("ports",)))
    assert outcome(given, about="vulnerabilities").answer == "unknown"
    assert outcome(given, tool="lynis").answer == "unknown"
    assert outcome(given, tool="xccdf").answer == "fail"


def test_open_ports_are_listed_for_a_person():
    ports = found(
        rule("informational", "22/tcp", about="ports"),
        rule("informational", "443/tcp", about="ports"),
        format="nmap",
        about=("ports",),
    )
    told = outcome(facts(ports), about="ports")
    assert told.answer == "pending"
    assert "2 open ports" in told.says.en
    assert [each.shows for each in told.references] == ["web-01 22/tcp", "web-01 443/tcp"]


def test_a_damaged_file_is_told_and_hides_nothing():
    broken = InputError("is damaged XML", place="x", hint="again")
    assert outcome(facts(broken, found(rule("fail")))).answer == "fail"
    told = outcome(facts(broken, found(rule())))
    assert told.answer == "pending"
    assert "1 files cannot be read: ev-0001: is damaged XML." in told.says.en
    assert outcome(facts(broken, broken)).answer == "unknown"


def test_assets_without_results_are_told_and_counted():
    register = assets(("web-01", ""), ("db-01", "10.20.2.5"), ("", "10.20.1.5"), ("", ""))
    told = outcome(facts(found(rule()), register=register))
    assert told.answer == "pending"
    assert "1 of 3 assets have no result: db-01." in told.says.en
    assert (told.coverage.seen, told.coverage.declared) == (2, 3)
    assert [each.vi for each in told.coverage.not_covered] == ["db-01"]


@pytest.mark.parametrize("name", ["WEB-01", "web-01.mau.gov.vn", " web-01 ", "10.20.1.5"])
def test_an_asset_is_known_by_any_of_its_names(name):
    told = outcome(facts(found(rule()), register=assets((name, ""))))
    assert told.answer == "pending"
    assert told.coverage.seen == 1


def test_addresses_are_not_shortened_to_their_first_number():
    told = outcome(facts(found(rule()), register=assets(("", "10.99.9.9"))))
    assert told.answer == "unknown"
    assert "none of the 1 assets" in told.says.en


def test_source_code_is_on_no_asset():
    scan = found(
        rule("pass", host="", about="vulnerabilities"), format="sarif", about=("vulnerabilities",)
    )
    told = outcome(facts(scan, register=assets(("db-01", ""))), about="vulnerabilities")
    assert told.answer == "pending"
    assert told.coverage is None


@pytest.mark.parametrize("register", [None, assets(), InputError("x", place="y", hint="z")])
def test_without_a_register_of_assets_it_is_told_that_the_scope_is_not_known(register):
    told = outcome(facts(found(rule()), register=register))
    assert told.answer == "pending"
    assert "not known which machines were left out" in told.says.en


@pytest.mark.parametrize(
    ("file", "said"),
    [
        (found(rule(), finished=False), "did not come to its end"),
        (found(rule("not-checked"), rule("error")), "checked no rule"),
        (found(), "checked no rule"),
        (found(rule(), taken=NOW + timedelta(days=3)), "in the future"),
    ],
)
def test_results_that_show_nothing_stay_unknown(file, said):
    told = outcome(facts(file))
    assert told.answer == "unknown"
    assert said in told.says.en


def test_what_the_tool_could_not_check_is_told():
    told = outcome(facts(found(rule(), rule("error", "r2"), rule("not-checked", "r3"))))
    assert "2 rules could not be checked" in told.says.en


def vulnerability_scan(days):
    return found(
        format="sarif", about=("vulnerabilities",), taken=NOW - timedelta(days=days), hosts=()
    )


def test_a_scan_for_weaknesses_older_than_the_interval_of_the_level_is_too_old():
    told = outcome(facts(vulnerability_scan(200)), about="vulnerabilities")
    assert told.answer == "unknown"
    assert told.rests_on == "TCVN 14423 x.7 [S]"
    assert outcome(facts(vulnerability_scan(100)), about="vulnerabilities").answer == "pending"
    without = facts(vulnerability_scan(2000), months=None)
    assert outcome(without, about="vulnerabilities").answer == "pending"


def test_a_failure_counts_even_when_the_tool_did_not_finish():
    assert outcome(facts(found(rule("fail"), finished=False))).answer == "fail"


def test_a_file_that_does_not_say_when_it_was_made_is_told():
    told = outcome(facts(found(rule(), taken=None)))
    assert told.answer == "pending"
    assert "1 files do not say when they were made: ev-0001." in told.says.en
