from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from auditor.report.dues import dues, seen_again
from auditor.report.fold import folded
from tests.report.lawful import FILE, REPAIRED, REPORT, SEEN, lawful

if TYPE_CHECKING:
    from auditor.model.run import Run


def test_the_soonest_comes_first_and_what_is_past_before_it(run: Run, make_finding: Any) -> None:
    groups = folded((make_finding(0, deadlines=(FILE, REPORT)), make_finding(3, deadlines=(FILE,))))
    found = dues(groups, run.finished)
    assert [(each.deadline, each.left, each.places) for each in found] == [
        (REPORT, -15, (1,)),
        (FILE, 58, (1, 2)),
    ]


def test_what_is_long_due_does_not_hide_what_comes_next(run: Run, make_finding: Any) -> None:
    past = tuple(replace(FILE, due=date(2026, 7, each)) for each in (3, 1, 2))
    groups = folded((make_finding(0, deadlines=(*past, FILE)), make_finding(3, deadlines=past[:1])))
    found = dues(groups, run.finished)
    assert [(each.deadline.due, each.others, each.places) for each in found] == [
        (date(2026, 7, 1), 2, (1, 2)),
        (FILE.due, 0, (1,)),
    ]


def test_the_day_that_counts_is_the_day_in_vietnam(make_finding: Any) -> None:
    due = replace(FILE, due=date(2026, 7, 17))
    groups = folded((make_finding(0, deadlines=(due,)),))
    evening = datetime(2026, 7, 16, 16, 59, tzinfo=UTC)
    assert [each.left for each in dues(groups, evening)] == [1]
    assert [each.left for each in dues(groups, evening + timedelta(minutes=1))] == [0]


def test_only_traffic_after_a_remediation_speaks_against_it(make_finding: Any) -> None:
    before = replace(make_finding(0).evidence, last=REPAIRED.at)
    after = replace(before, last=REPAIRED.at + timedelta(seconds=1))
    assert seen_again((REPAIRED, SEEN), after)
    assert not seen_again((REPAIRED, SEEN), before)
    assert not seen_again((SEEN, REPAIRED), after)
    assert not seen_again((), after)


def test_a_total_over_all_runs_is_never_seen_again(make_finding: Any) -> None:
    assert not seen_again((REPAIRED,), lawful(make_finding)[3].evidence)
