"""What differs between two looks at an assessment."""

from __future__ import annotations

from dataclasses import astuple
from typing import TYPE_CHECKING, Final

from auditor.model.text import Text

if TYPE_CHECKING:
    from auditor.model.readiness import ItemResult, Readiness


def differences(before: Readiness, after: Readiness) -> tuple[Text, ...]:
    """Verdict, states, answers and evidence that are not the same, in the order of the items."""
    found: list[Text] = []
    if before.verdict != after.verdict:
        found.append(_changed("Kết luận", "Verdict", before.verdict, after.verdict))
    if before.checklist_version != after.checklist_version:
        found.append(
            _changed("Danh mục", "Checklist", before.checklist_version, after.checklist_version)
        )
    if before.subject.level != after.subject.level:
        levels = str(before.subject.level), str(after.subject.level)
        found.append(_changed("Cấp độ", "Level", *levels))
    for vi, en, one, two in (
        ("Nội dung danh mục", "Content of the checklist",
         before.checklist_sha256[:12], after.checklist_sha256[:12]),
        ("Điều kiện của hệ thống", "Conditions of the system",
         " ".join(before.subject.conditions), " ".join(after.subject.conditions)),
        ("Điều kiện chặn, ngưỡng tự đặt", "Own gates and numbers", _own(before), _own(after)),
    ):  # fmt: skip
        if one != two:
            found.append(_changed(vi, en, one, two))
    old = {item.id: item for item in before.items}
    new = {item.id: item for item in after.items}
    for name in (*new, *(name for name in old if name not in new)):
        first, second = old.get(name), new.get(name)
        if first is None or second is None:
            found.append(
                Text(f"{name}: mục mới", f"{name}: a new item")
                if first is None
                else Text(f"{name}: không còn", f"{name}: no longer there")
            )
            continue
        for vi, en, one, two in (
            ("trạng thái", "state", first.state, second.state),
            ("trả lời", "answer", first.said, second.said),
            ("giải trình", "explanation", first.explanation, second.explanation),
            ("bằng chứng", "evidence", " ".join(first.evidence), " ".join(second.evidence)),
            ("biện pháp", "remedy", _remedy(first), _remedy(second)),
            ("xác nhận", "attested by", _attested(first), _attested(second)),
            ("tạm chấp nhận", "waiver", _waived(first), _waived(second)),
        ):
            if one != two:
                found.append(_changed(f"{name}: {vi}", f"{name}: {en}", one, two))
    kept = {row.id: row for row in before.evidence}
    for row in after.evidence:
        earlier = kept.get(row.id)
        if earlier is not None and (earlier.sha256, earlier.state) != (row.sha256, row.state):
            found.append(_changed(f"Bằng chứng {row.id}", f"Evidence {row.id}", *(
                f"{each.state} {each.sha256[:12]}" for each in (earlier, row)
            )))  # fmt: skip
    return tuple(found)


OWN: Final = ("gate-turned-off", "number-replaced")


def _own(look: Readiness) -> str:
    return "; ".join(problem.message for problem in look.problems if problem.code in OWN)


def _remedy(item: ItemResult) -> str:
    return " ".join(part for part in astuple(item.measure) if part) if item.measure else ""


def _attested(item: ItemResult) -> str:
    return "; ".join(
        f"{each.person} ({each.role}): {'yes' if each.holds else 'no'}"
        for each in item.attestations
        if each.voided is None
    )


def _waived(item: ItemResult) -> str:
    waiver = item.waiver
    return f"{waiver.approver} {waiver.until}" if waiver and waiver.void is None else ""


def _changed(vi: str, en: str, before: str, after: str) -> Text:
    return Text(
        f"{vi}: {before or '-'} → {after or '-'}", f"{en}: {before or '-'} → {after or '-'}"
    )
