"""An assessment as OSCAL (NIST): assessment results, and a plan of action and milestones.

OSCAL knows satisfied and not satisfied only. Everything else that an item can be (not applicable,
waived, too old, nothing found against it) and the coverage stand in properties of the namespace
``urn:auditor:oscal``.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from auditor.model.readiness import ItemResult
from auditor.report.readiness.oscal_metadata import assets, metadata, person_id, resources, tool_id
from auditor.report.readiness.oscal_observations import (
    attested,
    examined,
    item_props,
    standing,
    tested,
)
from auditor.report.readiness.oscal_parts import (
    NAMESPACE,
    Part,
    both,
    coverage_props,
    filled,
    identity,
    markup,
    markup_line,
    one_line,
    prop,
    related,
    title,
    token,
    when,
)
from auditor.report.readiness.oscal_risks import milestone, risk_of

if TYPE_CHECKING:
    from auditor.model.checklist import State
    from auditor.model.readiness import Attestation, Readiness

TARGETS: Final[dict[State, tuple[str, str]]] = {
    "pass": ("satisfied", "pass"),
    "attested_pass": ("satisfied", "other"),
    "partial": ("not-satisfied", "other"),
    "fail": ("not-satisfied", "fail"),
    "attested_fail": ("not-satisfied", "fail"),
    "waived": ("not-satisfied", "other"),
    "unknown": ("not-satisfied", "other"),
    "error": ("not-satisfied", "other"),
    "stale": ("not-satisfied", "other"),
}
"""State and reason of a finding. The other states are no finding: nothing was determined."""
SETTLED: Final = ("pass", "attested_pass", "not_applicable")
RISKY: Final = ("fail", "attested_fail", "partial", "waived")


@dataclass(frozen=True, slots=True)
class _Told:
    """One item as OSCAL parts."""

    item: ItemResult
    observations: list[Part]
    risk: Part | None
    finding: Part | None


def oscal_results(readiness: Readiness) -> str:
    """OSCAL assessment results (JSON)."""
    told = [_told(readiness, item) for item in readiness.items]
    result = {
        "uuid": identity(readiness.fingerprint, "result"),
        "title": markup_line(readiness.checklist_title.vi),
        "description": both(readiness.verdict_why),
        "start": when(min(readiness.checked or readiness.at, readiness.at)),
        "end": when(max(readiness.checked or readiness.at, readiness.at)),
        "props": _result_props(readiness),
        "local-definitions": {"assessment-assets": assets(readiness)},
        "reviewed-controls": _reviewed(readiness),
        "attestations": [
            _attestation(readiness, item, given)
            for item in readiness.items
            for given in item.attestations
            if given.voided is None
        ],
        "observations": [part for each in told for part in each.observations],
        "risks": [each.risk for each in told if each.risk],
        "findings": [each.finding for each in told if each.finding],
    }
    plan = identity(readiness.checklist_sha256, "checklist")
    document = {
        "uuid": identity(readiness.fingerprint, "assessment-results", when(readiness.at)),
        "metadata": metadata(readiness, readiness.checklist_title.vi),
        "import-ap": {
            "href": f"#{plan}",
            "remarks": markup(
                "Danh mục kiểm tra này là kế hoạch đánh giá.",
                "This checklist is the assessment plan.",
            ),
        },
        "results": [filled(result)],
        "back-matter": {"resources": resources(readiness)},
    }
    return _written({"assessment-results": document})


def oscal_poam(readiness: Readiness) -> str:
    """OSCAL plan of action and milestones (JSON): every item that is not settled."""
    told = [_told(readiness, each) for each in readiness.items if each.state not in SETTLED]
    items = [_poam_item(readiness, each) for each in told]
    if not items:  # OSCAL asks for at least one
        items = [
            {
                "uuid": identity(readiness.subject.system, "poam", "nothing"),
                "title": "Không còn mục nào phải khắc phục / Nothing is left to mend",
                "description": both(readiness.verdict_why),
            }
        ]
    document = {
        "uuid": identity(readiness.fingerprint, "poam", when(readiness.at)),
        "metadata": metadata(readiness, f"Kế hoạch khắc phục: {readiness.checklist_title.vi}"),
        "system-id": {
            "identifier-type": NAMESPACE,
            "id": one_line(readiness.subject.system),
        },
        "local-definitions": {"assessment-assets": assets(readiness)},
        "observations": [part for each in told for part in each.observations],
        "risks": [each.risk for each in told if each.risk],
        "findings": [each.finding for each in told if each.finding],
        "poam-items": items,
        "back-matter": {"resources": resources(readiness)},
    }
    return _written({"plan-of-action-and-milestones": filled(document)})


def _written(document: Part) -> str:
    return json.dumps(document, ensure_ascii=False, indent=2) + "\n"


def _result_props(readiness: Readiness) -> list[Part]:
    subject = readiness.subject
    props = [
        *prop("verdict", readiness.verdict, readiness.verdict_why.en),
        *prop("system-level", subject.level),
        *prop("levels-version", readiness.levels_version),
        *prop("checked", when(readiness.checked) if readiness.checked else "never"),
    ]
    for name in readiness.gates:
        props += prop("gate-not-met", name)
    for name in readiness.conditions:
        props += prop("condition", name)
    for state, count in readiness.state_counts.items():
        props += prop("state-count", count, state)
    for name in readiness.unverified:
        props += prop("instrument-not-read", name, readiness.instruments.get(name, ""))
    for signature in readiness.signatures:
        props += prop(
            "signature", signature.state,
            f"{signature.person}, {signature.role}, {when(signature.at)}, {signature.key}",
        )  # fmt: skip
    return [*props, *coverage_props(readiness.coverage)]


def _reviewed(readiness: Readiness) -> Part:
    asked = [item for item in readiness.items if item.state != "not_applicable"]
    aside = [item for item in readiness.items if item.state == "not_applicable"]
    selection: Part = (
        {"include-controls": [{"control-id": token(item.id)} for item in asked]}
        if asked
        else {"include-all": {}}
    )
    excluded = [{"control-id": token(item.id)} for item in aside]
    props: list[Part] = []
    for item in aside:
        props += prop("not-applicable", item.id, item.explanation or item.why.vi)
    return {
        "control-selections": [filled(selection | {"exclude-controls": excluded, "props": props})]
    }


def _told(readiness: Readiness, item: ItemResult) -> _Told:
    rows = {row.id: row for row in readiness.evidence}
    observations = [
        tested(readiness, item, number, outcome, rows)
        for number, outcome in enumerate(item.outcomes)
    ]
    if item.evidence:
        observations.append(examined(readiness, item, rows))
    observations += [
        attested(readiness, item, number, given) for number, given in enumerate(item.attestations)
    ]
    if item.state not in TARGETS or not observations:
        observations.insert(0, standing(readiness, item))
    ids = [part["uuid"] for part in observations]
    risk = risk_of(readiness, item, ids, tool_id(readiness)) if item.state in RISKY else None
    finding = _finding(readiness, item, ids, risk) if item.state in TARGETS else None
    return _Told(item, observations, risk, finding)


def _attestation(readiness: Readiness, item: ItemResult, given: Attestation) -> Part:
    return {
        "responsible-parties": [
            {
                "role-id": token(given.role),
                "party-uuids": [person_id(given.person, given.unit)],
            }
        ],
        "parts": [
            {
                "uuid": identity(readiness.fingerprint, item.id, given.person, when(given.at)),
                "name": "attestation",
                "ns": NAMESPACE,
                "title": title(item.id, item.title),
                "props": [
                    *prop("item", item.id),
                    *prop("holds", "yes" if given.holds else "no"),
                    *prop("applies", "yes" if given.applies else "no"),
                    *prop("at", when(given.at)),
                    *prop("valid-until", given.valid_until),
                ],
                "prose": markup(given.statement),
            }
        ],
    }


def _finding(readiness: Readiness, item: ItemResult, ids: list[str], risk: Part | None) -> Part:
    state, reason = TARGETS[item.state]
    return filled(
        {
            "uuid": identity(readiness.subject.system, readiness.checklist, item.id, "finding"),
            "title": title(item.id, item.title),
            "description": both(item.question),
            "props": item_props(item),
            "target": {
                "type": "objective-id",
                "target-id": token(item.id),
                "title": title(item.id, item.title),
                "status": {"state": state, "reason": reason, "remarks": both(item.why)},
            },
            "related-observations": related("observation-uuid", ids),
            "related-risks": related("risk-uuid", [risk["uuid"]] if risk else []),
        }
    )


def _poam_item(readiness: Readiness, told: _Told) -> Part:
    item = told.item
    findings = [told.finding["uuid"]] if told.finding else []
    return filled(
        {
            "uuid": identity(readiness.subject.system, readiness.checklist, item.id, "poam"),
            "title": title(item.id, item.title),
            "description": both(item.way_out or item.hint),
            "props": [*item_props(item), *milestone(item)],
            "related-findings": related("finding-uuid", findings),
            "related-observations": related(
                "observation-uuid", [part["uuid"] for part in told.observations]
            ),
            "related-risks": related("risk-uuid", [told.risk["uuid"]] if told.risk else []),
        }
    )
