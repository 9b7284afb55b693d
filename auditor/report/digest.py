"""The run seen from its first page: order, counts and the one-line result.

Only order, grouping and counting of what the run already says; no fact is computed here.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from auditor.model.finding import ANSWERED, SEVERITIES, STATES, Finding, Severity, State
from auditor.model.problem import Problem
from auditor.model.text import Text
from auditor.report.formats import number
from auditor.report.problem_words import SETTLED, UNSURE

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from auditor.model.run import Run

Weight = Literal["lost", "unsure", "settled"]
WEIGHTS: Final[tuple[Weight, ...]] = ("lost", "unsure", "settled")


@dataclass(frozen=True, slots=True)
class ProblemGroup:
    """All problems of one code.

    Attributes:
        weight: ``lost`` (something was not read), ``unsure`` or ``settled`` (nothing is lost).
        count: how often it happened, repeats included.
        lost_bytes: bytes not read, as far as they are known.
        lost_unknown: whether some problem does not say how much was lost.
        problems: those that cost most first.
    """

    code: str
    weight: Weight
    count: int
    lost_bytes: int
    lost_unknown: bool
    hints: tuple[str, ...]
    problems: tuple[Problem, ...]


def weighed(findings: Iterable[Finding]) -> list[Finding]:
    """The findings in the order of attention: by severity, state, bytes.

    Those that the register answers come last: first the exempt ones, then the covered ones.
    """

    def weight(finding: Finding) -> tuple[int, int, int, int, str]:
        return (
            STATES.index(finding.state) if finding.state in ANSWERED else 0,
            SEVERITIES.index(finding.severity),
            STATES.index(finding.state),
            -finding.evidence.outbound_bytes,
            finding.id,
        )

    return sorted(findings, key=weight)


def counts(findings: Iterable[Finding]) -> dict[Severity, dict[State, int]]:
    """How many findings there are of each severity and state."""
    found = Counter((finding.severity, finding.state) for finding in findings)
    return {
        severity: {state: found[severity, state] for state in STATES} for severity in SEVERITIES
    }


def shown_states(findings: Iterable[Finding]) -> tuple[State, ...]:
    """The states that are told of, in their order; ``exempt`` only where somebody claims so."""
    claimed = any(finding.state == "exempt" for finding in findings)
    return tuple(state for state in STATES if state != "exempt" or claimed)


def headline(run: Run, groups: int) -> Text:
    """The result in one sentence, or that the run cannot say anything.

    Args:
        run: the audit.
        groups: in how many groups its findings are shown.
    """
    if not run.totals.flows:
        return Text(
            "Không đọc được luồng dữ liệu nào: báo cáo này không cho phép kết luận điều gì.",
            "No flow could be read: this report does not allow any conclusion.",
        )
    found = Counter(finding.state for finding in run.findings)
    if not found:
        return Text(
            "Không thấy dấu hiệu nào trong phần lưu lượng đã đọc được.",
            "No indicator was seen in the traffic that could be read.",
        )
    opened, undecided, exempt, covered = (number(found[state]) for state in STATES)
    whole, parts = number(found.total()), number(groups)
    claimed = Text(f"{exempt.vi} được khai là miễn, ", f"{exempt.en} claimed to be exempt, ")
    claimed = claimed if found["exempt"] else Text("", "")
    return Text(
        f"{whole.vi} dấu hiệu trong {parts.vi} nhóm: {opened.vi} cần xem xét, "
        f"{undecided.vi} chưa xác định, {claimed.vi}{covered.vi} có hồ sơ khớp.",
        f"{whole.en} indicator{'' if found.total() == 1 else 's'} in {parts.en} "
        f"group{'' if groups == 1 else 's'}: {opened.en} to be reviewed, "
        f"{undecided.en} undecided, {claimed.en}{covered.en} with a matching dossier.",
    )


def grouped(problems: Iterable[Problem]) -> list[ProblemGroup]:
    """The problems by code: losses, then doubts, then what is settled; what cost most first."""
    by_code: dict[str, list[Problem]] = {}
    for problem in problems:
        by_code.setdefault(problem.code, []).append(problem)
    groups = [
        ProblemGroup(
            code=code,
            weight="unsure" if code in UNSURE else "settled" if code in SETTLED else "lost",
            count=sum(problem.count for problem in members),
            lost_bytes=sum(problem.lost_bytes or 0 for problem in members),
            lost_unknown=any(problem.lost_bytes is None for problem in members),
            hints=tuple(dict.fromkeys(problem.hint for problem in members if problem.hint)),
            problems=tuple(
                sorted(
                    members,
                    key=lambda one: (-(one.lost_bytes or 0), -one.count, one.source, one.message),
                )
            ),
        )
        for code, members in by_code.items()
    ]
    return sorted(
        groups,
        key=lambda one: (WEIGHTS.index(one.weight), -one.lost_bytes, -one.count, one.code),
    )


def traffic_period(run: Run) -> tuple[datetime | None, datetime | None]:
    """From the first to the last packet of all inputs."""
    firsts = [each.first for each in run.inputs if each.first is not None]
    lasts = [each.last for each in run.inputs if each.last is not None]
    return min(firsts, default=None), max(lasts, default=None)
