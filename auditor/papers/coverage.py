"""What the register says of the transfers that were seen: covered, claimed exempt, or a gap."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Final

from auditor.model.finding import SEVERITIES
from auditor.model.text import Text
from auditor.papers.blocks import Table
from auditor.papers.wording import SEVERITY, STANDING, STATE, category, day, listed

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from auditor.model.finding import Comparison, Deadline, Finding, Plan, Severity
    from auditor.papers.material import Material, Seen

MOST_ROWS: Final = 200
MOST_DEADLINES: Final = 12
FIELD: Final = {
    "system": "Hệ thống", "category": "Nhóm dữ liệu", "regime": "Chế độ", "recipient": "Bên nhận",
    "country": "Nước nhận", "time": "Thời gian", "filed": "Ngày nộp", "result": "Kết quả",
    "ceiling": "Mức trần", "stop-order": "Yêu cầu ngừng", "storage": "Lưu trữ",
    "purpose": "Mục đích", "contract": "Hợp đồng",
}  # fmt: skip


def coverage_table(material: Material) -> Table:
    """Dossier by recipient by category, with what fits and what does not."""
    of_row: dict[tuple[object, ...], list[Seen]] = defaultdict(list)
    for seen in material.seen:
        finding = seen.finding
        if finding.category is None or not seen.has_flows:
            continue
        claim = finding.claim.id if finding.claim else ""
        key = (
            finding.system, finding.recipient, finding.dossier or "", claim, result(finding),
            reason(finding),
        )  # fmt: skip
        of_row[key].append(seen)
    rows = [_covered(material, seen) for seen in of_row.values()]
    titles = (
        Text("Hồ sơ, mục miễn", "Dossier, claim"),
        Text("Hệ thống", "System"),
        Text("Bên nhận", "Recipient"),
        Text("Nhóm dữ liệu", "Categories"),
        Text("Kết quả đối chiếu", "Result"),
        Text("Lý do", "Why"),
    )
    rows.sort(key=lambda row: (row[0] == _NONE, row))
    return Table(
        titles, (15, 20, 22, 16, 16, 50), tuple(rows[:MOST_ROWS]), max(0, len(rows) - MOST_ROWS)
    )


_NONE: Final = "–"


def _covered(material: Material, seen: Sequence[Seen]) -> tuple[str, ...]:
    finding = seen[0].finding
    codes = listed(sorted({each.finding.category or "" for each in seen}))
    return (
        finding.claim.id if finding.claim else finding.dossier or _NONE,
        material.system_name(finding.system),
        finding.recipient,
        codes,
        result(finding),
        reason(finding),
    )


def result(finding: Finding) -> str:
    """What the register says of a finding, in two or three words."""
    if finding.state == "covered":
        return "Được hồ sơ bao quát"
    if finding.claim is not None:
        return "Khai được miễn (người khai chịu trách nhiệm)"
    wrong = _wrong(finding)
    about_another = [told for field, told in _ANOTHER.items() if field in wrong]
    told = (
        about_another[0]
        if about_another
        else " ".join(told for field, told in _WRONG.items() if field in wrong)
    )
    if finding.dossier is None:
        return "Chưa thấy hồ sơ trong sổ đăng ký"
    if told:
        return told
    return (
        "Chưa đủ căn cứ kết luận" if finding.state == "undecided" else "Hồ sơ gần nhất không khớp"
    )


_ANOTHER: Final = {
    "recipient": "Hồ sơ gần nhất không nêu bên nhận này.",
    "category": "Hồ sơ gần nhất không gồm nhóm dữ liệu này.",
    "system": "Hồ sơ gần nhất không gồm hệ thống này.",
}
"""Where one of these does not fit, the dossier speaks of another transfer: the rest is idle."""
_WRONG: Final = {
    "stop-order": "Vẫn chuyển sau yêu cầu ngừng.",
    "time": "Hồ sơ hết hạn hoặc chưa tới hạn.",
    "country": "Nước nhận khác hồ sơ.",
    "ceiling": "Vượt khối lượng nêu trong hồ sơ.",
    "result": "Chưa có kết quả đạt.",
    "filed": "Ngày nộp không tính cho việc chuyển này.",
    "regime": "Hồ sơ lập theo chế độ khác.",
    "storage": "Quá thời hạn lưu trữ nêu trong hồ sơ.",
}


def _wrong(finding: Finding) -> set[str]:
    return {each.field for each in finding.compared if each.fits is False}


def reason(finding: Finding) -> str:
    """Why: the note of the register's comparison, the fields that do not fit, or the claim."""
    parts = []
    if finding.claim is not None:
        claim = finding.claim
        parts.append(
            f"{claim.ground.vi} ({claim.basis.instrument}, {claim.basis.article}); lý do: "
            f"{claim.reason}; người khai {claim.recorded_by} ngày {day(claim.recorded)}, người rà "
            f"soát {claim.reviewed_by} ngày {day(claim.reviewed)}; "
            + (f"đã báo cáo {day(claim.reported)}" if claim.reported else "chưa báo cáo sau")
        )
    if finding.dossier_note is not None:
        parts.append(finding.dossier_note.vi)
    if not _wrong(finding) & _ANOTHER.keys():
        parts += [_compared(each) for each in finding.compared if each.fits is False]
    return " ".join(parts) or "Không có hồ sơ nào trong sổ đăng ký để đối chiếu."


def _compared(each: Comparison) -> str:
    name = FIELD.get(each.field, each.field)
    return f"{name}: hồ sơ ghi {each.said.vi}; đã thấy {each.seen.vi}."


def gaps(material: Material) -> tuple[tuple[Seen, ...], ...]:
    """Findings that ask for something, by rule, system and state; the heaviest first."""
    of_gap: dict[tuple[object, ...], list[Seen]] = defaultdict(list)
    for seen in material.seen:
        finding = seen.finding
        if finding.state in ("open", "undecided", "exempt"):
            of_gap[finding.rule, finding.system, finding.state].append(seen)
    found = [tuple(group) for group in of_gap.values()]
    return tuple(sorted(found, key=_heaviest))


def by_rule(kept: Iterable[Seen]) -> tuple[tuple[Seen, ...], ...]:
    """Findings that ask for something, one group for each rule; the heaviest first."""
    of_rule: dict[str, list[Seen]] = defaultdict(list)
    for seen in kept:
        if seen.finding.state != "covered":
            of_rule[seen.finding.rule].append(seen)
    return tuple(sorted(map(tuple, of_rule.values()), key=_heaviest))


def _heaviest(group: tuple[Seen, ...]) -> tuple[object, ...]:
    first = group[0].finding
    return (
        min(SEVERITIES.index(each.finding.severity) for each in group),
        ("open", "exempt", "undecided").index(first.state),
        first.rule,
        first.system or "",
    )


def deadlines(group: Sequence[Seen]) -> list[Deadline]:
    """What must be done by when, each duty once by its earliest day."""
    earliest: dict[str, Deadline] = {}
    for each in sorted(
        (one for seen in group for one in seen.finding.deadlines), key=lambda one: one.due
    ):
        earliest.setdefault(each.duty, each)
    return sorted(earliest.values(), key=lambda each: (each.due, each.duty))


def deadlines_said(group: Sequence[Seen]) -> str:
    """The days with what is due, and whether the day they count from is known."""
    told = []
    for each in deadlines(group):
        doubt = "" if each.known else "chậm nhất, tính từ ngày thấy đầu tiên; có thể đã đến sớm hơn"
        told.append(f"{day(each.due)}: {each.what.vi}" + (f" ({doubt})" if doubt else ""))
    if len(told) > MOST_DEADLINES:
        told[MOST_DEADLINES:] = [f"và {len(told) - MOST_DEADLINES} thời hạn khác"]
    return "\n".join(told) or "Chưa tính được từ lưu lượng"


def gaps_table(material: Material) -> Table:
    """Gaps with their deadlines and next steps; the same step is told once."""
    rows = []
    steps: dict[str, int] = {}
    for place, group in enumerate(gaps(material), start=1):
        finding = group[0].finding
        step = finding.next_step.vi
        recipients = {seen.finding.recipient for seen in group}
        codes = sorted({seen.finding.category for seen in group if seen.finding.category})
        rows.append(
            (
                str(place),
                (
                    f"{finding.title.vi}\n{material.system_name(finding.system)}; "
                    f"{len(recipients)} bên nhận; nhóm dữ liệu: {listed(codes, 6) or 'chưa rõ'}"
                ),
                f"{SEVERITY[_severity(group)].vi}; {STATE[finding.state].vi}",
                deadlines_said(group),
                f"Như mục {told}." if (told := steps.get(step)) else step,
            )
        )
        steps.setdefault(step, place)
    titles = (
        Text("TT", "No."),
        Text("Tồn tại", "Gap"),
        Text("Mức độ; tình trạng", "Severity; state"),
        Text("Thời hạn", "Deadline"),
        Text("Việc tiếp theo", "Next step"),
    )
    return Table(
        titles, (8, 50, 18, 30, 44), tuple(rows[:MOST_ROWS]), max(0, len(rows) - MOST_ROWS)
    )


def _severity(group: Sequence[Seen]) -> Severity:
    return min((each.finding.severity for each in group), key=SEVERITIES.index)


def six_points_table(material: Material) -> Table:
    """Remediation in the six clear points; what nobody decided yet is an open row."""
    rows: list[tuple[str | None, ...]] = []
    for place, group in enumerate(gaps(material), start=1):
        finding = group[0].finding
        what = f"{finding.title.vi} – {material.system_name(finding.system)}"
        plans = _plans(group)
        if not plans:
            rows.append((str(place), what, *[None] * 6))
        for said, plan in plans:
            clear = (
                plan.people, plan.work, plan.time, plan.responsibility, plan.product, plan.authority
            )  # fmt: skip
            rows.append((str(place), f"{what} ({said})", *(value or None for value in clear)))
    titles = (
        Text("TT", "No."),
        Text("Tồn tại", "Gap"),
        Text("Rõ người", "Who"),
        Text("Rõ việc", "What"),
        Text("Rõ thời gian", "By when"),
        Text("Rõ trách nhiệm", "Who answers"),
        Text("Rõ sản phẩm", "Outcome"),
        Text("Rõ thẩm quyền", "Who decides"),
    )
    widths = (8, 44, 22, 28, 20, 22, 22, 22)
    return Table(titles, widths, tuple(rows[:MOST_ROWS]), max(0, len(rows) - MOST_ROWS))


def _plans(group: Sequence[Seen]) -> list[tuple[str, Plan]]:
    """Different plans of a gap's findings, the newest of each, with the standing they came with."""
    found: dict[Plan, str] = {}
    for seen in group:
        step = next((step for step in seen.finding.life if step.plan is not None), None)
        if step is not None and step.plan is not None:
            now = seen.finding.life[0]
            told = f"{STANDING[now.standing].vi}, {now.who}, {day(now.at.date())}"
            found.setdefault(step.plan, told)
    return [(told, plan) for plan, told in found.items()]


def findings_table(material: Material) -> Table:
    """Every finding, by its id."""
    rows = tuple(
        (
            seen.finding.id,
            seen.finding.title.vi,
            material.system_name(seen.finding.system),
            seen.finding.recipient,
            category(seen.finding.category, material.catalogue) if seen.finding.category else "–",
            f"{SEVERITY[seen.finding.severity].vi}; {STATE[seen.finding.state].vi}",
            seen.finding.regime_title.vi if seen.finding.regime_title else "chưa xác định",
        )
        for seen in material.seen[:MOST_FINDINGS]
    )
    titles = (
        Text("Mã", "Id"),
        Text("Dấu hiệu", "Indicator"),
        Text("Hệ thống", "System"),
        Text("Bên nhận", "Recipient"),
        Text("Nhóm dữ liệu", "Category"),
        Text("Mức độ; tình trạng", "Severity; state"),
        Text("Chế độ áp dụng", "Regime"),
    )
    return Table(
        titles, (20, 52, 24, 30, 40, 20, 34), rows, max(0, len(material.seen) - MOST_FINDINGS)
    )


MOST_FINDINGS: Final = 400
