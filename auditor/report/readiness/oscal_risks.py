"""What is lacking, as OSCAL risks: open, being remedied, or accepted for a time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.report.formats import VIETNAM
from auditor.report.readiness.oscal_parts import (
    Part,
    both,
    end_of,
    filled,
    identity,
    markup,
    markup_line,
    prop,
    related,
    title,
    token,
    when,
)

if TYPE_CHECKING:
    from datetime import datetime

    from auditor.model.readiness import ItemResult, Measure, Readiness, Waiver


def risk_of(readiness: Readiness, item: ItemResult, ids: list[str], tool: str) -> Part:
    """The risk of an item that is not met, with its remedy and its waiver.

    A waiver makes it an approved deviation; it stays a risk. A remedy whose day has passed is none.
    """
    names = (readiness.subject.system, readiness.checklist, item.id)
    due = item.measure.due if item.measure else ""
    valid = item.waiver is not None and item.waiver.void is None and item.state == "waived"
    if valid:
        status = "deviation-approved"
    elif item.measure and item.measure.who and end_of(due) and due >= vietnamese_day(readiness.at):
        status = "remediating"
    else:
        status = "open"
    until = item.waiver.until if valid and item.waiver else ""
    return filled(
        {
            "uuid": identity(*names, "risk"),
            "title": title(item.id, item.title),
            "description": both(item.why),
            "statement": both(item.question),
            "props": [
                *prop("item", item.id),
                *prop("state", item.state),
                *prop("gate", item.gate),
                *prop("waiver-until", until),
            ],
            "status": status,
            "origins": [{"actors": [{"type": "tool", "actor-uuid": tool}]}],
            "deadline": end_of(due) or end_of(until),
            "remediations": [_remedy(names, item.measure)] if item.measure else [],
            "risk-log": {"entries": [_logged(names, item.waiver, valid=valid)]}
            if item.waiver
            else None,
            "related-observations": related("observation-uuid", ids),
        }
    )


def vietnamese_day(moment: datetime) -> str:
    """ISO date of a moment in Vietnam, as remedies name their days."""
    return moment.astimezone(VIETNAM).date().isoformat()


def milestone(item: ItemResult) -> list[Part]:
    """The six clear points of a remedy as properties."""
    measure = item.measure
    if measure is None:
        return []
    return [
        *prop("who", measure.who),
        *prop("what", measure.what),
        *prop("due", measure.due),
        *prop("responsible", measure.responsible),
        *prop("product", measure.product),
        *prop("authority", measure.authority),
    ]


def _remedy(names: tuple[str, ...], measure: Measure) -> Part:
    due = end_of(measure.due)
    task = {
        "uuid": identity(*names, "milestone"),
        "type": "milestone",
        "title": markup_line(measure.product or measure.what),
        "timing": {"on-date": {"date": due}},
    }
    return filled(
        {
            "uuid": identity(*names, "remedy"),
            "lifecycle": "planned",
            "title": markup_line(measure.what),
            "description": markup(
                f"Người làm: {measure.who or '?'}; thời hạn: {measure.due or '?'}; chịu trách "
                f"nhiệm: {measure.responsible or '?'}; sản phẩm: {measure.product or '?'}; thẩm "
                f"quyền: {measure.authority or '?'}",
                f"Who: {measure.who or '?'}; due: {measure.due or '?'}; responsible: "
                f"{measure.responsible or '?'}; product: {measure.product or '?'}; authority: "
                f"{measure.authority or '?'}",
            ),
            "tasks": [task] if due else [],
        }
    )


def _logged(names: tuple[str, ...], waiver: Waiver, *, valid: bool) -> Part:
    void = [waiver.void.vi, waiver.void.en] if waiver.void else []
    return filled(
        {
            "uuid": identity(*names, "waiver", when(waiver.at)),
            "title": "Tạm chấp nhận có thời hạn / Accepted for a time",
            "description": markup(waiver.reason),
            "start": when(waiver.at),
            "end": end_of(waiver.until),
            "props": [
                *prop("approver", waiver.approver),
                *prop("role", waiver.role),
                *prop("until", waiver.until),
                *prop("counts", "yes" if valid else "no"),
            ],
            "logged-by": [
                {
                    "party-uuid": identity("person", waiver.approver, ""),
                    "role-id": token(waiver.role),
                }
            ],
            "status-change": "deviation-approved" if valid else "open",
            "remarks": markup(*void) if void else None,
        }
    )
