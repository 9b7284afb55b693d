"""What the register says of the transfers that were seen: covered, claimed exempt, or a gap."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Final

from auditor.model.finding import SEVERITIES
from auditor.model.text import Text
from auditor.papers.blocks import Sentence, Table
from auditor.papers.wording import SEVERITY, STANDING, STATE, day, day_of, listed, number

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from auditor.model.finding import Comparison, Deadline, Finding, Plan, Severity
    from auditor.papers.blocks import Block
    from auditor.papers.material import Material, Seen

MOST_ROWS: Final = 200
MOST_DEADLINES: Final = 6
MOST_NAMES: Final = 12
"""Names in one cell."""
FIELD: Final = {
    "system": "Hệ thống", "category": "Nhóm dữ liệu", "regime": "Chế độ", "recipient": "Bên nhận",
    "country": "Nước nhận", "time": "Thời gian", "filed": "Ngày nộp", "result": "Kết quả",
    "ceiling": "Mức trần", "stop-order": "Yêu cầu ngừng", "storage": "Lưu trữ",
    "purpose": "Mục đích", "contract": "Hợp đồng",
}  # fmt: skip


def coverage_table(material: Material) -> Table:
    """Dossiers by system, with the recipients and categories of which they say the same."""
    of_row: dict[tuple[object, ...], list[Seen]] = defaultdict(list)
    for seen in material.seen:
        finding = seen.finding
        if finding.category is None or not seen.has_flows:
            continue
        claim = finding.claim.id if finding.claim else ""
        key = finding.system, finding.dossier or "", claim, result(finding), reason(finding)
        of_row[key].append(seen)
    rows = [_covered(material, seen) for seen in of_row.values()]
    titles = (
        Text("Hồ sơ, mục miễn", "Dossier, claim"),
        Text("Hệ thống", "System"),
        Text("Bên nhận [nhóm dữ liệu]", "Recipient [categories]"),
        Text("Kết quả đối chiếu", "Result"),
        Text("Lý do", "Why"),
    )
    rows.sort(key=lambda row: (row[0] == _NONE, row))
    return Table.bounded(titles, (15, 20, 44, 18, 42), rows, MOST_ROWS)


_NONE: Final = "–"


def _covered(material: Material, seen: Sequence[Seen]) -> tuple[str, ...]:
    finding = seen[0].finding
    return (
        finding.claim.id if finding.claim else finding.dossier or _NONE,
        material.system_name(finding.system),
        recipients_said(seen),
        result(finding),
        reason(finding),
    )


def recipients_said(seen: Sequence[Seen]) -> str:
    """``Example Cloud, Example Telecom [B1, B7]``: recipients of the same categories together."""
    codes: dict[str, set[str]] = defaultdict(set)
    for each in seen:
        codes[recipient_of(each)].add(each.finding.category or "")
    alike: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for recipient, held in codes.items():
        alike[tuple(sorted(held - {""}))].append(recipient)
    told = [
        listed(names, MOST_NAMES) + (f" [{listed(held)}]" if held else "")
        for held, names in alike.items()
    ]
    more = [f"và {len(told) - MOST_NAMES} tổ hợp khác"] if len(told) > MOST_NAMES else []
    return ";\n".join([*told[:MOST_NAMES], *more])


def recipient_of(seen: Seen) -> str:
    """Who received; of a total over all transfers, that it is one."""
    return seen.finding.recipient if seen.has_flows else "cộng mọi bên nhận"


def system_of(material: Material, seen: Seen) -> str:
    """Which system sent; of a total over all transfers, that it is one."""
    return material.system_name(seen.finding.system) if seen.has_flows else "Cộng mọi hệ thống"


def result(finding: Finding) -> str:
    """What the register says of a finding, in two or three words."""
    if finding.state == "covered":
        return "Được hồ sơ bao quát"
    if finding.claim is not None:
        return "Khai được miễn (người khai chịu trách nhiệm)"
    wrong = _wrong(finding)
    about_another = [told for field, told in _ANOTHER.items() if field in wrong]
    told = (
        f"Hồ sơ gần nhất {', '.join(about_another)}."
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
    "recipient": "không nêu bên nhận này",
    "category": "không gồm nhóm dữ liệu này",
    "system": "không gồm hệ thống này",
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


def gaps(kept: Iterable[Seen]) -> tuple[tuple[Seen, ...], ...]:
    """Findings that ask for something, by rule and state; the heaviest first."""
    of_gap: dict[tuple[object, ...], list[Seen]] = defaultdict(list)
    for seen in kept:
        finding = seen.finding
        if finding.state in ("open", "undecided", "exempt"):
            of_gap[finding.rule, finding.state].append(seen)
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
        ("open", "exempt", "undecided", "covered").index(first.state),
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


def deadlines_said(group: Sequence[Seen], told_at: dict[str, int], place: int) -> str:
    """The earliest day of each duty with what is due; ``≤`` where it may have come before.

    ``told_at`` remembers in which row a duty was told: the next rows refer to it.
    """
    told = []
    for each in deadlines(group):
        row = told_at.setdefault(each.what.vi, place)
        what = each.what.vi if row == place else f"như mục {row}"
        told.append(f"{'' if each.known else '≤ '}{day(each.due)}: {what}")
    if len(told) > MOST_DEADLINES:
        told[MOST_DEADLINES:] = [f"và {len(told) - MOST_DEADLINES} thời hạn khác"]
    return "\n".join(told) or "–"


def where_said(material: Material, group: Sequence[Seen]) -> str:
    """Each system with how many recipients and which categories, one a line."""
    of_system: dict[str, list[Seen]] = defaultdict(list)
    for seen in group:
        of_system[system_of(material, seen)].append(seen)
    lines = []
    for name, held in of_system.items():
        codes = sorted({seen.finding.category for seen in held if seen.finding.category})
        recipients = len({seen.finding.recipient for seen in held if seen.has_flows})
        to = f" → {number(recipients)} bên nhận" if recipients else ""
        lines.append(f"- {name}{to}" + (f" [{listed(codes, 8)}]" if codes else ""))
    more = [f"- và {len(lines) - MOST_NAMES} hệ thống khác"] if len(lines) > MOST_NAMES else []
    return "\n".join([*lines[:MOST_NAMES], *more])


def gaps_table(material: Material, found: Sequence[tuple[Seen, ...]]) -> Table:
    """Gaps with their deadlines and next steps; the same step or duty is told once."""
    rows = []
    steps: dict[str, int] = {}
    duties: dict[str, int] = {}
    for place, group in enumerate(found, start=1):
        finding = group[0].finding
        step = finding.next_step.vi
        rows.append(
            (
                str(place),
                f"{finding.title.vi}\n{where_said(material, group)}",
                f"{SEVERITY[_severity(group)].vi}; {STATE[finding.state].vi}",
                deadlines_said(group, duties, place),
                f"Như mục {told}." if (told := steps.get(step)) else step,
            )
        )
        steps.setdefault(step, place)
    titles = (
        Text("TT", "No."),
        Text("Tồn tại", "Gap"),
        Text("Mức độ; tình trạng", "Severity; state"),
        Text("Thời hạn sớm nhất", "Earliest deadline"),
        Text("Việc tiếp theo", "Next step"),
    )
    return Table.bounded(titles, (8, 54, 19, 34, 44), rows, MOST_ROWS)


def _severity(group: Sequence[Seen]) -> Severity:
    return min((each.finding.severity for each in group), key=SEVERITIES.index)


MAY_BE_EARLIER: Final = (
    "Dấu ≤: thời hạn chậm nhất, tính từ ngày thấy chuyển đầu tiên, có thể đã đến sớm hơn. Thời hạn "
    "“–”: chưa tính được từ lưu lượng. Việc đã làm nhưng chưa ghi vào sổ đăng ký thì báo cáo không "
    "biết."
)
"""What stands above a table of gaps."""


def six_points_table(material: Material, found: Sequence[tuple[Seen, ...]]) -> Table:
    """Remediation in the six clear points; what nobody planned yet is an open row."""
    rows: list[tuple[str | None, ...]] = []
    for place, group in enumerate(found, start=1):
        finding = group[0].finding
        systems = listed((system_of(material, seen) for seen in group), MOST_NAMES)
        what = f"{finding.title.vi} – {systems} ({STATE[finding.state].vi})"
        plans, without = _plans(group)
        if without:
            some = f"\n{number(without)} trong {number(len(group))} dấu hiệu chưa có kế hoạch"
            rows.append((str(place), what + (some if plans else ""), *[None] * 6))
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
    return Table.bounded(titles, widths, rows, MOST_ROWS)


def _plans(group: Sequence[Seen]) -> tuple[list[tuple[str, Plan]], int]:
    """Different plans of a gap's findings, each with how it stands; how many findings have none."""
    found: dict[Plan, list[Seen]] = defaultdict(list)
    for seen in group:
        plan = next((step.plan for step in seen.finding.life if step.plan is not None), None)
        if plan is not None:
            found[plan].append(seen)
    told = []
    for plan, held in found.items():
        now = held[0].finding.life[0]
        of_all = f"; {number(len(held))} trong {number(len(group))} dấu hiệu"
        stands = f"{STANDING[now.standing].vi}, {now.who}, {day(day_of(now.at))}"
        told.append((stands + (of_all if len(group) > 1 else ""), plan))
    return told, len(group) - sum(map(len, found.values()))


def findings_blocks(material: Material) -> tuple[Block, ...]:
    """Every finding with its id; those of one rule, system, recipient and state in one row."""
    regimes: dict[str, int] = {}
    table = _findings_table(material, regimes)
    named = "; ".join(f"({number}) {title}" for title, number in regimes.items())
    return (Sentence(f"Chế độ áp dụng: {named}.", "note"), table) if regimes else (table,)


def _findings_table(material: Material, regimes: dict[str, int]) -> Table:
    """``regimes`` gets the number under which each is told."""
    of_row: dict[tuple[object, ...], list[Seen]] = defaultdict(list)
    for seen in material.seen:
        finding = seen.finding
        of_row[finding.rule, finding.system, finding.recipient, finding.state].append(seen)
    groups = sorted(map(tuple, of_row.values()), key=_heaviest)
    rows = []
    before = None
    for group in groups[:MOST_FINDINGS]:
        finding = group[0].finding
        titles = sorted({s.finding.regime_title.vi for s in group if s.finding.regime_title})
        under = [f"({regimes.setdefault(title, len(regimes) + 1)})" for title in titles]
        rows.append(
            (
                "như trên" if finding.rule == before else finding.title.vi,
                system_of(material, group[0]),
                recipients_said(group),
                f"{SEVERITY[_severity(group)].vi}; {STATE[finding.state].vi}",
                ", ".join(under) or "–",
                listed((seen.finding.id for seen in group), MOST_IDS),
            )
        )
        before = finding.rule
    heads = (
        Text("Dấu hiệu", "Indicator"),
        Text("Hệ thống", "System"),
        Text("Bên nhận [nhóm dữ liệu]", "Recipient [categories]"),
        Text("Mức độ; tình trạng", "Severity; state"),
        Text("Chế độ", "Regime"),
        Text("Mã dấu hiệu", "Ids"),
    )
    widths = (56, 26, 54, 26, 12, 62)
    return Table(heads, widths, tuple(rows), max(0, len(groups) - MOST_FINDINGS))


MOST_FINDINGS: Final = 400
MOST_IDS: Final = 12
