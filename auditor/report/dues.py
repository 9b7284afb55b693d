"""What must be done by which day, over all findings: the soonest first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from auditor.model.finding import Deadline
from auditor.report.formats import local_day

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable
    from datetime import datetime

    from auditor.model.finding import Evidence, Step
    from auditor.report.fold import Group

REPORT_EXEMPT: Final = "report-exempt"
"""The duty in ``regimes.yaml`` of who claims a ground: the report afterwards."""


@dataclass(frozen=True, slots=True)
class Due:
    """One deadline, and whom it is about; those of one duty that are past are one.

    Attributes:
        deadline: where several are past, the earliest.
        left: days from the day of the report to the last day; below 0 = it is past.
        places: numbers of the groups that have it.
        others: how many other days of the same duty are past as well.
    """

    deadline: Deadline
    left: int
    places: tuple[int, ...]
    others: int = 0


def dues(groups: Iterable[Group], finished: datetime) -> list[Due]:
    """The different deadlines of all groups, the soonest first: those that are past lead.

    Past ones of one duty are put together: a duty that is long due must not hide what comes next.

    Args:
        groups: in their order.
        finished: when the run ended; its day in Vietnam is the one that counts.
    """
    heaps: dict[Hashable, list[tuple[Deadline, int]]] = {}
    for group in groups:
        for each in group.deadlines:
            one = each.value
            past = one.due < local_day(finished)
            kind: Hashable = (one.duty, one.what, one.basis) if past else one
            heaps.setdefault(kind, []).append((one, group.place))
    found = []
    for heap in heaps.values():
        first = min((one for one, _ in heap), key=lambda one: (one.due, one.known))
        places = tuple(sorted({place for _, place in heap}))
        others = len({one.due for one, _ in heap}) - 1
        found.append(Due(first, days_to(first, finished), places, others))
    return sorted(found, key=lambda one: (one.left, one.deadline.duty, one.places))


def days_to(deadline: Deadline, finished: datetime) -> int:
    """Days from the day in Vietnam on which the run ended to the last day; below 0 = past."""
    return (deadline.due - local_day(finished)).days


def seen_again(life: tuple[Step, ...], evidence: Evidence) -> bool:
    """Whether people said it was remediated, and traffic went on after that.

    Never of a total over all runs: what was added up stays, whatever is done.

    Args:
        life: the newest step first.
        evidence: of the finding.
    """
    remediated = bool(life) and life[0].standing == "remediated"
    return remediated and evidence.running is None and evidence.last > life[0].at
