from __future__ import annotations

from dataclasses import replace

import pytest

from auditor.model.errors import InputError
from tests.papers.conftest import AT, day, evidence, finding, material, moved, run


def test_a_finding_of_several_runs_stands_once_with_what_left_in_all_of_them():
    first = run()
    made = material(first, moved(first, 10, "b"))
    seen = {each.finding.id: each for each in made.seen}
    assert sorted(seen) == ["f1", "f2", "f3", "f4"]
    assert (seen["f1"].runs, seen["f1"].bytes, seen["f1"].most_bytes) == (2, 5_000_000, 2_500_000)
    assert (seen["f1"].subjects, seen["f2"].counted) == (2_800, 40)
    assert (seen["f1"].first, seen["f1"].last) == (day("2026-09-14"), day("2026-09-26"))
    assert not made.overlap


def test_runs_over_the_same_material_count_once():
    made = material(run(), replace(run(), run_id="again"))
    assert (len(made.runs), made.repeated) == (1, 1)
    assert made.seen[0].runs == 1


def test_runs_that_share_an_input_or_a_time_may_count_twice():
    first = run()
    same_file = replace(moved(first, 10, "b"), inputs=first.inputs)
    assert material(first, same_file).overlap
    assert material(first, moved(first, 1, "b")).overlap
    assert not material(first, moved(first, 4, "b")).overlap


def test_the_latest_run_tells_how_a_finding_stands():
    later = moved(run(), 10, "b")
    later = replace(later, findings=(replace(later.findings[0], state="undecided"),))
    made = material(run(), later)
    assert {s.finding.id: s.finding.state for s in made.seen}["f1"] == "undecided"


def test_only_findings_of_the_period_are_kept_and_those_partly_outside_are_told():
    made = material(run(), moved(run(), 30, "b"), since=day("2026-09-15"), until=day("2026-09-20"))
    assert {seen.runs for seen in made.seen} == {1}
    assert all(seen.partly for seen in made.seen)


def test_runs_outside_the_period_are_in_no_figure():
    made = material(run(), moved(run(), 30, "b"), since=day("2026-09-15"), until=day("2026-09-20"))
    assert ([each.run_id for each in made.runs], made.outside) == (["r1"], 1)
    with pytest.raises(InputError, match="no run has traffic between 2027-01-01 and 2027-02-01"):
        material(run(), since=day("2027-01-01"), until=day("2027-02-01"))


def test_the_period_is_that_of_the_inputs_unless_named():
    made = material(run())
    assert (made.since, made.until) == (day("2026-09-14"), day("2026-09-16"))
    bare = material(replace(run(), inputs=()))
    assert bare.since == bare.until == day("2026-09-17")


def test_a_system_and_a_recipient_limit_what_is_kept():
    assert {s.finding.id for s in material(system="land").seen} == {"f3"}
    assert {s.finding.id for s in material(recipient="EXAMPLE cloud").seen} == {"f1", "f2"}


def test_the_agency_is_named_by_itself_or_else_by_inventory_or_run():
    from auditor.model.agency import Agency

    nobody = Agency(version="1")
    assert material().owner() == "Sở Mẫu"
    assert material(agency=nobody, inventory=None).owner() == "Sở Mẫu"
    assert material(replace(run(), agency=None), agency=nobody, inventory=None).owner() == ""


def test_a_day_at_the_calendars_end_is_no_trouble():
    end = AT.replace(year=9999, month=12, day=31, hour=23)
    odd = finding(evidence=evidence(first=end, last=end))
    assert material(replace(run(), findings=(odd,)), until=end.date()).seen
