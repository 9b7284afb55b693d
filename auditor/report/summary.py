"""The few lines a terminal shows after an audit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from auditor.model.finding import ANSWERED, STATES
from auditor.report.content import outbound
from auditor.report.countries import countries_named
from auditor.report.digest import counts, grouped, headline
from auditor.report.dues import dues
from auditor.report.fold import Group, folded
from auditor.report.formats import day_of, number, sent, share, size, visible
from auditor.report.law_words import days_left
from auditor.report.place_words import STATE_SHORT
from auditor.report.places import parts
from auditor.report.words import DOTS, SEVERITY, STATE, problem

if TYPE_CHECKING:
    from auditor.model.place import State
    from auditor.model.run import Run

TOP_FINDINGS: Final = 5
TOP_PROBLEMS: Final = 5
TOP_DUES: Final = 5


def terminal_summary(run: Run, report: str) -> list[str]:
    """The result in plain lines, Vietnamese first and the same in short English after it.

    Nothing in them can move the cursor or colour the terminal: foreign text is made visible.

    Args:
        run: the audit.
        report: where the report lies, as the reader may open it.
    """
    groups = folded(run.findings)
    result = headline(run, len(groups))
    lines = [result.vi, result.en, ""]
    lines += _counted(run)
    first = [group for group in groups if group.head.state not in ANSWERED]
    lines += [_line(group) for group in first[:TOP_FINDINGS]]
    if len(first) > TOP_FINDINGS:
        rest = number(len(first) - TOP_FINDINGS)
        lines.append(
            f"  … và {rest.vi} nhóm nữa trong báo cáo / {rest.en} more groups in the report"
        )
    if first:
        lines.append("")
    lines += _dues(run, groups)
    lines += _read(run)
    lines += _firm(run)
    lines += _unseen(run)
    lines.append(f"Báo cáo / Report: {visible(report)}")
    return lines


def _counted(run: Run) -> list[str]:
    lines = []
    for severity, states in counts(run.findings).items():
        if any(states.values()):
            word = SEVERITY[severity]
            split = ", ".join(
                f"{number(states[state]).vi} {STATE[state].vi.lower()}"
                for state in STATES
                if states[state]
            )
            lines.append(f"  {DOTS[severity]}  {word.vi} / {word.en}: {split}")
    return [*lines, ""] if lines else []


def _line(group: Group) -> str:
    finding = group.head
    codes = f" [{visible(', '.join(group.codes), 60)}]" if group.codes else ""
    if (total := finding.evidence.running) is not None:
        owner = visible(total.owner or "–", 60)
        day = day_of(total.crossed).vi
        return (
            f"  {DOTS[finding.severity]}  {visible(finding.title.vi, 120)}: {owner}, {day}{codes}"
        )
    where = countries_named(finding.countries).vi
    system = finding.system_name or finding.system or "hệ thống chưa kê khai / unlisted system"
    return (
        f"  {DOTS[finding.severity]}  {visible(finding.title.vi, 120)}: {visible(system, 60)}"
        f" → {visible(finding.recipient, 60)} ({visible(where, 60)})"
        f"{codes}, {sent(finding.evidence).vi}"
    )


def _dues(run: Run, groups: list[Group]) -> list[str]:
    """What must be done by which day, the soonest first."""
    found = dues(groups, run.finished)
    if not found:
        return []
    lines = ["Thời hạn gần nhất / The next deadlines:"]
    for each in found[:TOP_DUES]:
        one, left = each.deadline, days_left(each.left)
        day = ("" if one.known else "≤ ") + day_of(one.due).vi
        what = visible(one.what.vi, 160)
        more = f" (+{each.others})" if each.others else ""
        lines.append(f"  {day}{more}  {left.vi} / {left.en}: {what}")
    if len(found) > TOP_DUES:
        lines.append(f"  … {len(found) - TOP_DUES} thời hạn nữa / more deadlines")
    return [*lines, ""]


def _read(run: Run) -> list[str]:
    """How much of the content that left could be read."""
    total = outbound(run.totals)
    if total is None or not total.bytes:
        return []
    percent = share(total.read, total.bytes)
    vi, en = "Nội dung ra nước ngoài đã đọc", "Content that left and was read"
    return [f"{vi}: {percent.vi} / {en}: {percent.en}", ""]


def _firm(run: Run) -> list[str]:
    """How firm the places are, where some of them are undecided."""
    found = parts(run.totals)
    if all(part.decided for part in found):
        return []
    whole = sum(part.outbound_bytes for part in found)
    amounts: dict[State, int] = {}
    for part in found:
        amounts[part.state] = amounts.get(part.state, 0) + part.outbound_bytes
    shares = [(STATE_SHORT[state], share(amount, whole)) for state, amount in amounts.items()]
    vi = ", ".join(f"{name.vi} {percent.vi}" for name, percent in shares)
    en = ", ".join(f"{name.en} {percent.en}" for name, percent in shares)
    return [f"Nơi đến theo số byte ra: {vi} / Places by bytes out: {en}", ""]


def _unseen(run: Run) -> list[str]:
    groups = grouped(run.problems)
    if not groups:
        return []
    total = number(sum(group.count for group in groups))
    lines = [f"Không đọc hoặc không xác định được: {total.vi} / Problems: {total.en}"]
    for group in groups[:TOP_PROBLEMS]:
        lost = f", mất / lost {size(group.lost_bytes).vi}" if group.lost_bytes else ""
        source = visible(group.problems[0].source, 80)
        words = problem(group.code)
        name = words.vi if words.vi == group.code else f"{words.vi} ({group.code})"
        lines.append(f"  {visible(name, 120)}: {number(group.count).vi}{lost} – {source}")
    if len(groups) > TOP_PROBLEMS:
        lines.append(f"  … {len(groups) - TOP_PROBLEMS} loại nữa / more kinds")
    return [*lines, ""]
