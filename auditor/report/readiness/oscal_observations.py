"""What was tested, examined and attested of an item, as OSCAL observations."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.report.readiness.oscal_metadata import person_id, row_id, tool_id
from auditor.report.readiness.oscal_parts import (
    Part,
    both,
    coverage_props,
    end_of,
    filled,
    identity,
    markup,
    markup_line,
    prop,
    title,
    token,
    when,
)
from auditor.report.readiness.words import STATE

if TYPE_CHECKING:
    from auditor.model.readiness import Attestation, EvidenceRow, ItemResult, Outcome, Readiness


def item_props(item: ItemResult) -> list[Part]:
    """What OSCAL has no place for: state, gate, mode, answer, basis with its mark."""
    props = [
        *prop("item", item.id),
        *prop("state", item.state, f"{STATE[item.state].vi} / {STATE[item.state].en}"),
        *prop("gate", item.gate),
        *prop("mode", item.mode),
        *prop("plan-part", item.part),
        *prop("said", item.said, item.explanation),
        *prop("text-sha256", item.text_sha256),
    ]
    for row in item.basis:
        props += prop("basis", f"{row.instrument} {row.article} [{row.mark}]", row.note)
    for name, text in (("contradicted", item.contradicted), ("answer-voided", item.voided)):
        if text:
            props += prop(name, text.vi, text.en)
    for text in item.missing:
        props += prop("missing-evidence", text.vi, text.en)
    return props


def standing(readiness: Readiness, item: ItemResult) -> Part:
    """Where an item stands about which nothing was determined."""
    return {
        "uuid": identity(readiness.fingerprint, item.id, "state"),
        "title": title(item.id, item.title),
        "description": both(item.why),
        "props": item_props(item),
        "methods": ["UNKNOWN" if item.state == "not_checked" else "EXAMINE"],
        "collected": when(readiness.checked or readiness.at),
    }


def tested(
    readiness: Readiness,
    item: ItemResult,
    number: int,
    outcome: Outcome,
    rows: dict[str, EvidenceRow],
) -> Part:
    """What one probe found."""
    evidence = [
        filled(
            {
                "href": f"#{row_id(readiness, rows[each.source])}" if each.source in rows else None,
                "description": markup(f"{each.source} {each.place}", each.shows),
            }
        )
        for each in outcome.references
    ]
    return filled(
        {
            "uuid": identity(readiness.fingerprint, item.id, "probe", str(number)),
            "title": markup_line(f"{item.id} {outcome.probe}"),
            "description": both(outcome.says),
            "props": [
                *prop("probe", outcome.probe),
                *prop("answer", outcome.answer),
                *prop("rests-on", outcome.rests_on),
                *prop("references-left-out", outcome.references_cut or None),
                *coverage_props(outcome.coverage),
            ],
            "methods": ["TEST"],
            "origins": [{"actors": [{"type": "tool", "actor-uuid": tool_id(readiness)}]}],
            "relevant-evidence": evidence,
            "collected": when(readiness.checked or readiness.at),
            "remarks": both(outcome.way_out) if outcome.way_out else None,
        }
    )


def examined(readiness: Readiness, item: ItemResult, rows: dict[str, EvidenceRow]) -> Part:
    """The evidence that lies there for an item; what is too old has expired."""
    evidence = [
        filled(
            {
                "href": f"#{row_id(readiness, rows[name])}" if name in rows else None,
                "description": markup(f"{name} {rows[name].kind_title.vi if name in rows else ''}"),
            }
        )
        for name in item.evidence
    ]
    old = item.state == "stale"
    remarks = (
        markup(
            "Bằng chứng đã quá hạn, chậm nhất vào thời điểm đánh giá này.",
            "The evidence is out of date, at the latest by the moment of this assessment.",
        )
        if old
        else None
    )
    return filled(
        {
            "uuid": identity(readiness.fingerprint, item.id, "evidence"),
            "title": markup_line(f"{item.id} bằng chứng / evidence"),
            "description": markup(
                f"{len(item.evidence)} bằng chứng đã đăng ký.",
                f"{len(item.evidence)} registered pieces of evidence.",
            ),
            "methods": ["EXAMINE"],
            "relevant-evidence": evidence,
            "collected": when(readiness.at),
            "expires": when(readiness.at) if old else None,
            "remarks": remarks,
        }
    )


def attested(readiness: Readiness, item: ItemResult, number: int, given: Attestation) -> Part:
    """What a named person said; it expires with the attestation."""
    return filled(
        {
            "uuid": identity(readiness.fingerprint, item.id, "attestation", str(number)),
            "title": markup_line(f"{item.id} xác nhận / attestation"),
            "description": markup(given.statement),
            "props": [
                *prop("holds", "yes" if given.holds else "no"),
                *prop("applies", "yes" if given.applies else "no"),
                *prop("signed", "yes" if given.signature else "no"),
                *prop("key", given.key),
                *(prop("voided", given.voided.vi, given.voided.en) if given.voided else []),
            ],
            "methods": ["INTERVIEW"],
            "origins": [
                {
                    "actors": [
                        {
                            "type": "party",
                            "actor-uuid": person_id(given.person, given.unit),
                            "role-id": token(given.role),
                        }
                    ]
                }
            ],
            "collected": when(given.at),
            "expires": end_of(given.valid_until),
        }
    )
