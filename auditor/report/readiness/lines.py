"""An assessment as lines on a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from auditor.report.readiness.sentences import attested
from auditor.report.readiness.words import ANSWER, SAID, STATE, VERDICT

if TYPE_CHECKING:
    from auditor.model.checklist import Checklist, Item
    from auditor.model.readiness import ItemResult, Readiness

GATES: Final = {"hard": " ◆", "soft": " ◇", "none": ""}


def readiness_lines(found: Readiness, items: tuple[ItemResult, ...]) -> list[str]:
    """The verdict, the three numbers of each group, then the items given, one line each."""
    verdict = VERDICT[found.verdict]
    lines = [
        f"{found.subject.name or found.subject.system} - cấp độ / level {found.subject.level}",
        f"{verdict.vi.upper()} / {verdict.en}",
        f"  {found.verdict_why.vi}",
        f"  {found.verdict_why.en}",
        "",
        "nhóm     áp dụng  đạt  không đạt  máy kiểm tra  người xác nhận  còn mở",
        "group    applies  met  failed     by machine    by person       open",
    ]
    lines += [
        f"{group.id:<8} {group.applicable:>7} {group.met:>4} {group.failed:>10} "
        f"{group.by_machine:>13} {group.by_person:>15} {group.open:>7}"
        for group in found.groups
    ]
    contradicted = [item for item in found.items if item.contradicted]
    if contradicted:
        lines += ["", "Khai và thực tế không khớp / declared and seen do not fit together:"]
        for item in contradicted:
            if item.contradicted:
                lines += [f"  {item.id}  {item.contradicted.vi}", f"    {item.contradicted.en}"]
    if found.checked is None:
        lines += ["", "Chưa chạy kiểm tra / probes never ran: auditor checklist check"]
    elif found.coverage is None:
        lines += ["", "Lần kiểm tra gần nhất không có lưu lượng / the last check saw no traffic"]
    lines += [f"  {problem.source}: {problem.message}" for problem in found.problems]
    if items:
        lines.append("")
        lines += [line for item in items for line in item_summary(item)]
    return lines


def item_summary(item: ItemResult) -> list[str]:
    """An item in two or three lines."""
    state = STATE[item.state]
    lines = [f"{item.id}{GATES[item.gate]}  {state.vi} / {state.en}  {item.title.vi}"]
    if item.contradicted:
        lines.append(f"  ! {item.contradicted.vi}")
    if item.way_out:
        lines.append(f"  -> {item.way_out.vi} / {item.way_out.en}")
    return lines


def _said(item: ItemResult) -> list[str]:
    """What the agency and named persons say of it, and what no longer counts."""
    lines = []
    if item.said != "nothing":
        said = SAID[item.said]
        lines.append(f"  {said.vi} / {said.en}: {item.explanation} ({item.answered_by or '?'})")
    for one in item.attestations:
        void = f" - không còn tính / void: {one.voided.vi} / {one.voided.en}" if one.voided else ""
        lines.append(f"  {attested(one)}" if not void else f"  {one.person} ({one.role}){void}")
    if item.waiver:
        waiver, out = item.waiver, item.waiver.void
        told = f" - không tính / void: {out.vi} / {out.en}" if out else ""
        lines.append(
            f"  tạm chấp nhận / waived: {waiver.approver} ({waiver.role}), đến / until "
            f"{waiver.until}: {waiver.reason}{told}"
        )
    if item.measure:
        lines.append(
            f"  khắc phục / remedy: {item.measure.who or '?'}: {item.measure.what or '?'}, "
            f"{item.measure.due or '?'}"
        )
    return lines


def item_lines(item: ItemResult, asked: Item | None, checklist: Checklist) -> list[str]:
    """Everything about one item."""
    state = STATE[item.state]
    lines = [
        f"{item.id}{GATES[item.gate]}  {item.title.vi}",
        f"       {item.title.en}",
        "",
        item.question.vi,
        item.question.en,
        "",
        f"{state.vi} / {state.en}: {item.why.vi} / {item.why.en}",
    ]
    if item.voided:
        lines.append(f"  ! {item.voided.vi} / {item.voided.en}")
    if item.contradicted:
        lines.append(f"  ! {item.contradicted.vi} / {item.contradicted.en}")
    lines += _said(item)
    for outcome in item.outcomes:
        answer = ANSWER[outcome.answer]
        lines += [f"  {outcome.probe}: {answer.vi} / {answer.en}", f"    {outcome.says.vi}"]
        lines.append(f"    {outcome.says.en}")
        lines += [
            f"      {reference.source} {reference.place} {reference.shows}".rstrip()
            for reference in outcome.references
        ]
        if outcome.way_out:
            lines.append(f"    -> {outcome.way_out.vi} / {outcome.way_out.en}")
    if asked:
        lines += ["", "Bằng chứng / evidence:"]
        for name in asked.evidence:
            kind = checklist.kind(name)
            if kind:
                lines.append(f"  {name} ({kind.form}): {kind.title.vi} / {kind.title.en}")
                if kind.columns:
                    lines.append(f"    cột / columns: {', '.join(kind.columns)}")
        lines += [
            f"  tính / counts: {asked.counts.vi}",
            f"    {asked.counts.en}",
            f"  không tính / does not count: {asked.does_not_count.vi}",
            f"    {asked.does_not_count.en}",
        ]
    if item.evidence:
        lines.append(f"  đã nộp / attached: {', '.join(item.evidence)}")
    lines += ["", "Căn cứ / basis:"]
    for row in item.basis:
        name = checklist.instruments.get(row.instrument, row.instrument)
        lines.append(f"  ({row.mark}) {name} {row.article} {row.note}".rstrip())
    lines += ["", f"{item.hint.vi}", f"{item.hint.en}"]
    return lines
