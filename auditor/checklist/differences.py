"""What differs between two looks at an assessment."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.model.text import Text

if TYPE_CHECKING:
    from auditor.model.readiness import Readiness


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
            ("bằng chứng", "evidence", " ".join(first.evidence), " ".join(second.evidence)),
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


def _changed(vi: str, en: str, before: str, after: str) -> Text:
    return Text(
        f"{vi}: {before or '-'} → {after or '-'}", f"{en}: {before or '-'} → {after or '-'}"
    )
