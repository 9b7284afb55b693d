from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import datetime

import pytest
from trestle.oscal import OSCAL_VERSION
from trestle.oscal.assessment_results import Model as ResultsModel
from trestle.oscal.poam import Model as PoamModel

from auditor.report.readiness.oscal import TARGETS, oscal_poam, oscal_results
from auditor.report.readiness.oscal_parts import NAMESPACE, VERSION, token


def results_of(readiness):
    """The document, held against the models that are generated from NIST's own schema."""
    text = oscal_results(readiness)
    text.encode()
    ResultsModel.model_validate_json(text)
    return json.loads(text)["assessment-results"]


def poam_of(readiness):
    text = oscal_poam(readiness)
    text.encode()
    PoamModel.model_validate_json(text)
    return json.loads(text)["plan-of-action-and-milestones"]


def values(part, name):
    return [each["value"] for each in part.get("props", ()) if each["name"] == name]


def of_item(parts, name):
    return [part for part in parts if name in values(part, "item")]


@pytest.mark.parametrize("kind", ["readiness", "hostile", "bare"])
def test_both_documents_are_valid_oscal(kind, request):
    given = request.getfixturevalue(kind)
    results_of(given)
    poam_of(given)


def test_a_document_says_the_version_it_was_held_against():
    assert VERSION == OSCAL_VERSION


def test_the_models_refuse_what_is_not_oscal(readiness):
    broken = json.loads(oscal_results(readiness))
    broken["assessment-results"]["results"][0]["findings"][0]["target"]["status"] = {"state": "ok"}
    with pytest.raises(ValueError, match="satisfied"):
        ResultsModel.model_validate(broken)


def test_every_state_becomes_the_finding_of_the_table(readiness):
    result = results_of(readiness)["results"][0]
    found = {
        each["target"]["target-id"]: (
            each["target"]["status"]["state"],
            each["target"]["status"]["reason"],
        )
        for each in result["findings"]
    }
    for item in readiness.items:
        assert found.get(item.id) == TARGETS.get(item.state), item.id
    assert found["BND-01"] == ("satisfied", "pass")
    assert found["ORG-01"] == ("satisfied", "other")
    assert found["NET-02"] == ("not-satisfied", "fail")
    for nothing in ("BND-03", "ORG-02", "ORG-03", "DOS-09"):
        assert nothing not in found, "nothing was determined of it"


def test_every_item_stands_in_the_results_even_when_nothing_was_determined(readiness):
    result = results_of(readiness)["results"][0]
    for item in readiness.items:
        parts = of_item(result["observations"], item.id) + of_item(result["findings"], item.id)
        assert any(item.state in values(part, "state") for part in parts), item.id


def test_an_item_that_does_not_apply_is_left_out_of_the_controls_with_its_reason(readiness):
    selection = results_of(readiness)["results"][0]["reviewed-controls"]["control-selections"][0]
    assert {"control-id": "ORG-02"} in selection["exclude-controls"]
    assert {"control-id": "ORG-02"} not in selection["include-controls"]
    remarks = [each["remarks"] for each in selection["props"] if each["value"] == "ORG-02"]
    assert remarks == ["Đơn vị tự vận hành, không thuê ngoài."]


def test_what_a_probe_found_is_a_test_with_its_coverage_and_evidence(readiness):
    document = results_of(readiness)
    result = document["results"][0]
    (probe,) = [
        each for each in result["observations"] if "undeclared-edges" in values(each, "probe")
    ]
    assert probe["methods"] == ["TEST"]
    assert values(probe, "coverage-seen") == ["41"]
    assert values(probe, "coverage-declared") == ["44"]
    assert len(values(probe, "coverage-not-covered")) == 2
    assert len(probe["relevant-evidence"]) == 3
    assert values(probe, "references-left-out") == ["17"]
    (deny,) = [each for each in result["observations"] if "default-deny" in values(each, "probe")]
    resources = {f"#{each['uuid']}": each for each in document["back-matter"]["resources"]}
    linked = resources[deny["relevant-evidence"][0]["href"]]
    row = next(each for each in readiness.evidence if each.id == "ev-0005")
    assert linked["rlinks"] == [
        {"href": row.file, "hashes": [{"algorithm": "SHA-256", "value": row.sha256}]}
    ]


def test_evidence_registered_by_metadata_only_has_no_link(readiness):
    resources = results_of(readiness)["back-matter"]["resources"]
    (secret,) = [each for each in resources if "ev-0008" in values(each, "evidence")]
    assert "rlinks" not in secret
    assert values(secret, "state") == ["metadata-only"]


def test_an_attestation_is_an_interview_that_expires(readiness):
    result = results_of(readiness)["results"][0]
    found = [each for each in result["observations"] if each["methods"] == ["INTERVIEW"]]
    given = [each for item in readiness.items for each in item.attestations]
    assert len(found) == len(given)
    assert all(each["expires"] == "2027-11-18T23:59:59+07:00" for each in found)
    counting = [each for each in given if each.voided is None]
    assert len(result["attestations"]) == len(counting) < len(given), "a voided one attests nothing"


def test_old_evidence_has_expired_at_the_latest_now(readiness):
    result = results_of(readiness)["results"][0]
    (finding,) = of_item(result["findings"], "DOS-06")
    assert finding["target"]["status"]["state"] == "not-satisfied"
    ids = {each["observation-uuid"] for each in finding["related-observations"]}
    expiring = [
        each for each in result["observations"] if each["uuid"] in ids and "expires" in each
    ]
    assert expiring
    assert datetime.fromisoformat(expiring[0]["expires"]) <= readiness.at


def test_a_waiver_is_an_approved_deviation_and_stays_a_lack(readiness):
    result = results_of(readiness)["results"][0]
    (finding,) = of_item(result["findings"], "ACC-03")
    assert finding["target"]["status"]["state"] == "not-satisfied"
    (risk,) = of_item(result["risks"], "ACC-03")
    assert risk["status"] == "deviation-approved"
    assert values(risk, "waiver-until") == ["2027-03-31"]
    assert risk["risk-log"]["entries"][0]["end"] == "2027-03-31T23:59:59+07:00"
    (old,) = of_item(result["risks"], "ACC-04")
    assert old["status"] == "open", "its waiver ran out"
    assert old["risk-log"]["entries"][0]["status-change"] == "open"


def test_a_remedy_whose_day_has_passed_is_none(readiness):
    late = replace(
        readiness,
        items=tuple(
            replace(item, measure=replace(item.measure, due="2020-01-01")) if item.measure else item
            for item in readiness.items
        ),
    )
    (risk,) = of_item(results_of(late)["results"][0]["risks"], "NET-02")
    assert risk["status"] == "open"
    assert risk["deadline"] == "2020-01-01T23:59:59+07:00"


def test_a_remedy_with_a_person_and_a_day_has_a_deadline(readiness):
    result = results_of(readiness)["results"][0]
    (risk,) = of_item(result["risks"], "NET-02")
    assert risk["status"] == "remediating"
    assert risk["deadline"] == "2026-12-15T23:59:59+07:00"
    assert risk["remediations"][0]["tasks"][0]["timing"]["on-date"]["date"] == risk["deadline"]
    (vague,) = of_item(result["risks"], "NET-05")
    assert vague["status"] == "open", "nobody said by when"
    assert "deadline" not in vague


def test_the_plan_of_action_holds_exactly_what_is_not_settled(readiness):
    plan = poam_of(readiness)
    open_items = [
        item.id
        for item in readiness.items
        if item.state not in ("pass", "attested_pass", "not_applicable")
    ]
    assert [values(each, "item")[0] for each in plan["poam-items"]] == open_items
    risks = {each["uuid"] for each in plan["risks"]}
    findings = {each["uuid"] for each in plan["findings"]}
    for each in plan["poam-items"]:
        assert {link["risk-uuid"] for link in each.get("related-risks", ())} <= risks
        assert {link["finding-uuid"] for link in each.get("related-findings", ())} <= findings


def test_a_plan_with_nothing_open_says_so(make_assessment, readiness):
    settled = tuple(item for item in readiness.items if item.state == "pass")
    plan = poam_of(make_assessment(items=settled))
    assert len(plan["poam-items"]) == 1
    assert "Nothing is left" in plan["poam-items"][0]["title"]


def test_every_reference_inside_a_document_leads_somewhere(readiness):
    document = results_of(readiness)
    result = document["results"][0]
    known = {
        part["uuid"] for name in ("observations", "risks", "findings") for part in result[name]
    }
    parties = {each["uuid"] for each in document["metadata"]["parties"]}
    roles = {each["id"] for each in document["metadata"]["roles"]}
    resources = {each["uuid"] for each in document["back-matter"]["resources"]}
    assert document["import-ap"]["href"].removeprefix("#") in resources
    for finding in result["findings"]:
        for link in (*finding["related-observations"], *finding.get("related-risks", ())):
            assert set(link.values()) <= known
    for given in result["attestations"]:
        for party in given["responsible-parties"]:
            assert set(party["party-uuids"]) <= parties
            assert party["role-id"] in roles
    for risk in result["risks"]:
        for entry in risk.get("risk-log", {"entries": []})["entries"]:
            assert entry["logged-by"][0]["party-uuid"] in parties
    for seen in result["observations"]:
        for evidence in seen.get("relevant-evidence", ()):
            if "href" in evidence:
                assert evidence["href"].removeprefix("#") in resources


def test_a_role_bears_its_name_in_both_languages(readiness):
    roles = {each["id"]: each["title"] for each in results_of(readiness)["metadata"]["roles"]}
    assert roles["owner"] == "chủ quản / owner"


@pytest.mark.parametrize("kind", ["readiness", "hostile"])
def test_no_identity_stands_twice(kind, request):
    result = results_of(request.getfixturevalue(kind))["results"][0]
    for name in ("observations", "risks", "findings"):
        ids = [part["uuid"] for part in result[name]]
        assert len(ids) == len(set(ids)), name


def test_the_same_assessment_gives_the_same_bytes(readiness):
    assert oscal_results(readiness) == oscal_results(readiness)
    assert oscal_poam(readiness) == oscal_poam(readiness)


def test_a_finding_keeps_its_identity_when_the_assessment_goes_on(readiness):
    later = replace(readiness, fingerprint="0" * 64)
    before, after = results_of(readiness), results_of(later)
    assert before["uuid"] != after["uuid"]
    ids = [[each["uuid"] for each in doc["results"][0]["findings"]] for doc in (before, after)]
    assert ids[0] == ids[1]


def test_signs_of_markup_in_somebody_elses_words_are_escaped(hostile):
    text = oscal_results(hostile)
    titles = [
        each["title"] for each in json.loads(text)["assessment-results"]["results"][0]["findings"]
    ]
    assert not any("<script" in each.replace("\\<", "") for each in titles)
    assert "\x1b" not in text
    assert "\ud800" not in text


def test_all_own_properties_bear_the_own_namespace(readiness):
    def walk(part):
        if isinstance(part, dict):
            for prop in part.get("props", ()):
                assert prop["ns"] == NAMESPACE
            for each in part.values():
                walk(each)
        elif isinstance(part, list):
            for each in part:
                walk(each)

    walk(results_of(readiness))
    walk(poam_of(readiness))


@pytest.mark.parametrize("text", ["", " ", "1a", "a b", "<x>", "Đơn vị", "\ud800", "a:b"])
def test_any_text_becomes_a_token(text):
    found = token(text)
    assert found[0].isalpha() or found[0] == "_"
    assert not set(found) & set(" :<>")


def test_every_moment_is_written_as_the_schema_wants_it(readiness):
    """The models take more than the schema's pattern, which knows whole time zones only."""
    names = {"start", "end", "collected", "expires", "deadline", "date", "last-modified"}
    seen = []

    def walk(part):
        if isinstance(part, dict):
            seen.extend(value for key, value in part.items() if key in names)
            for each in part.values():
                walk(each)
        elif isinstance(part, list):
            for each in part:
                walk(each)

    walk(results_of(readiness))
    walk(poam_of(readiness))
    assert len(seen) > 20
    for moment in seen:
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(Z|\+07:00)", moment)
