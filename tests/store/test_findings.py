from __future__ import annotations

from dataclasses import dataclass, field
from itertools import count

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete

from auditor.model.finding import CERTAINTIES, SEVERITIES
from auditor.model.text import Text
from auditor.store import findings, runs, tables
from auditor.store.lately import ABSENT, GREW, LATELY, WORTH_TELLING
from tests.store import made


def night(store, number, *found, job="nightly", whole=True, **more):
    run = made.run(number, *found, **more)
    with store.writing() as connection:
        news = findings.recorded(connection, job, run, whole=whole)
        runs.added(connection, job, run, None, news)
    return news


def names(news):
    return {
        heap: [each.finding_id for each in getattr(news, heap)]
        for heap in ("new", "back", "changed", "gone", "same")
        if getattr(news, heap)
    }


GONE = 1 + ABSENT.days
"""Nights after the last one that had a finding until it is gone."""


def without(store, number, nights=GONE, **more):
    """Nights from ``number`` on that miss every finding; the news of the last one."""
    return [night(store, each, **more) for each in range(number, number + nights)][-1]


def test_a_finding_is_new_then_the_same_then_gone_then_back(store):
    assert names(night(store, 1, made.finding())) == {"new": ["F-1"]}
    assert names(night(store, 2, made.finding())) == {"same": ["F-1"]}
    assert names(without(store, 3, GONE - 1)) == {}
    assert names(night(store, 2 + GONE)) == {"gone": ["F-1"]}
    assert names(night(store, 3 + GONE)) == {}
    assert names(night(store, 4 + GONE, made.finding())) == {"back": ["F-1"]}
    assert names(night(store, 5 + GONE, made.finding())) == {"same": ["F-1"]}


def test_what_moves_on_mondays_only_is_not_gone_and_back_every_week(store):
    told = [night(store, each, *[made.finding()] * (each % 7 == 1)) for each in range(1, 29)]
    assert [names(each) for each in told if names(each)] == [
        {"new": ["F-1"]},
        {"same": ["F-1"]},
        {"same": ["F-1"]},
        {"same": ["F-1"]},
    ]


def test_while_no_run_is_made_nothing_is_missed(store):
    night(store, 1, made.finding())
    assert names(night(store, 40)) == {}
    assert names(night(store, 40 + GONE - 2)) == {}
    assert names(night(store, 40 + GONE - 1)) == {"gone": ["F-1"]}


def test_a_night_with_poorer_traffic_takes_no_certainty_back(store):
    night(store, 1, made.finding(certainty="firm"))
    (same,) = night(store, 2, made.finding(certainty="weak")).same
    assert same.certainty == "weak"
    assert names(night(store, 3, made.finding(certainty="firm"))) == {"same": ["F-1"]}
    with store.reading() as connection:
        assert [each.certainty for each in findings.present(connection)] == ["firm"]


def test_the_news_tells_what_the_finding_is_and_since_when(store):
    night(store, 1, made.finding())
    (change,) = night(store, 2, made.finding(severity="critical", outbound=77)).changed
    assert change == findings.Change(
        finding_id="F-1",
        rule="important-without-dossier",
        title=made.FINDING.title,
        severity="critical",
        state="open",
        certainty="likely",
        system="bhxh",
        recipient="Example Ltd",
        category="II.10",
        countries=("SG",),
        flows=3,
        outbound_bytes=77,
        first_seen=made.run(1).started,
        changes={"severity": ["high", "critical"]},
    )


def test_one_that_is_gone_is_told_as_it_was_last_seen(store):
    night(store, 1, made.finding(severity="low"))
    (change,) = without(store, 2).gone
    assert (change.severity, change.recipient, change.flows, change.changes) == (
        "low",
        "Example Ltd",
        0,
        {},
    )


@pytest.mark.parametrize(
    ("field", "before", "after"),
    [
        ("severity", "high", "low"),
        ("state", "open", "covered"),
        ("state", "undecided", "open"),
        ("certainty", "weak", "firm"),
        ("dossier", None, "HS-1"),
        ("dossier", "HS-1", "HS-2"),
    ],
)
def test_what_decides_about_a_finding_is_compared(store, field, before, after):
    night(store, 1, made.finding(**{field: before}))
    (change,) = night(store, 2, made.finding(**{field: after})).changed
    assert change.changes == {field: [before, after]}


def test_a_country_that_comes_in_is_told_once_and_one_that_is_missing_is_not(store):
    night(store, 1, made.finding(countries=("SG", "US")))
    assert names(night(store, 2, made.finding(countries=("SG",)))) == {"same": ["F-1"]}
    assert names(night(store, 3, made.finding(countries=("US", "SG")))) == {"same": ["F-1"]}
    (change,) = night(store, 4, made.finding(countries=("JP",))).changed
    assert change.changes == {"countries": [["SG", "US"], ["JP", "SG", "US"]]}
    assert change.countries == ("JP",)
    assert names(night(store, 5, made.finding(countries=("JP", "US")))) == {"same": ["F-1"]}


@pytest.mark.parametrize(
    ("nights", "now", "told"),
    [
        ((200_000,), 2_000_000, 200_000),
        ((200_000,), 1_999_999, None),
        ((1,), WORTH_TELLING, None),
        ((1,), WORTH_TELLING + 1, 1),
        ((0,), 5_000_000, 0),
        ((200_000, 3_000_000, 100), 9_000_000, None),
        ((200_000, 3_000_000, 100), 30_000_000, 3_000_000),
    ],
)
def test_growth_is_told_from_ten_times_the_largest_of_late_on(store, nights, now, told):
    for number, outbound in enumerate(nights, 1):
        night(store, number, made.finding(outbound=outbound))
    news = night(store, len(nights) + 1, made.finding(outbound=now))
    if told is None:
        assert names(news) == {"same": ["F-1"]}
    else:
        assert news.changed[0].changes == {"outbound_bytes": [told, now]}


def test_growth_is_measured_against_what_the_same_job_had_of_late(store):
    late = LATELY.days
    night(store, 0, made.finding(outbound=10**12), job="other")
    night(store, 1, made.finding(outbound=10**12))
    for number in range(2, late + 2):
        night(store, number, made.finding(outbound=10))
    news = night(store, late + 2, made.finding(outbound=2 * WORTH_TELLING))
    assert news.changed[0].changes == {"outbound_bytes": [10, 2 * WORTH_TELLING]}


def test_a_run_that_missed_it_says_nothing_about_its_volume(store):
    night(store, 1, made.finding(outbound=5_000_000))
    without(store, 2)
    (change,) = night(store, 2 + GONE, made.finding(outbound=6_000_000)).back
    assert change.changes == {}


def test_one_that_is_back_tells_what_is_otherwise(store):
    night(store, 1, made.finding())
    without(store, 2)
    (change,) = night(store, 2 + GONE, made.finding(state="undecided")).back
    assert change.changes == {"state": ["open", "undecided"]}


def test_another_wording_of_the_same_finding_is_no_news_and_is_remembered(store):
    night(store, 1, made.finding())
    worded = made.finding(title=Text("Cách nói khác", "Other words"))
    assert names(night(store, 2, worded)) == {"same": ["F-1"]}
    with store.reading() as connection:
        (found,) = findings.present(connection)
    assert (found.title, found.last_run) == (worded.title, made.run(2).run_id)


def test_after_a_run_that_is_not_whole_nothing_is_gone_until_a_whole_one(store):
    night(store, 1, made.finding("F-1"), made.finding("F-2"))
    assert names(without(store, 2, 2 * GONE, whole=False)) == {}
    assert names(night(store, 50, made.finding("F-1"))) == {"same": ["F-1"], "gone": ["F-2"]}
    with store.reading() as connection:
        assert [each.finding_id for each in findings.present(connection)] == ["F-1"]


def test_jobs_do_not_know_of_each_other(store):
    night(store, 1, made.finding(), job="one")
    assert names(night(store, 2, made.finding(), job="two")) == {"new": ["F-1"]}
    assert names(without(store, 3, job="one")) == {"gone": ["F-1"]}
    with store.reading() as connection:
        assert [each.job for each in findings.present(connection)] == ["two"]


def test_the_history_tells_every_run_that_had_news_of_it_newest_first(store):
    night(store, 1, made.finding(), job="other")
    night(store, 2, made.finding(outbound=5))
    night(store, 3, made.finding(severity="low"))
    without(store, 4, GONE + 1)
    with store.reading() as connection:
        seen = findings.history(connection, "nightly", "F-1")
        assert findings.history(connection, "nightly", "F-1", most=1) == seen[:1]
        assert findings.history(connection, "nightly", "F-2\0") == ()
    assert [(each.news, each.severity, each.outbound_bytes) for each in seen] == [
        ("gone", "low", 0),
        ("changed", "low", 1000),
        ("new", "high", 5),
    ]
    assert seen[1].changes == {"severity": ["high", "low"]}
    assert seen[1].run_id == made.run(3).run_id
    assert seen[1].started == made.run(3).started


def test_what_is_present_comes_heaviest_first_and_is_chosen_by_severity(store):
    heap = [made.finding(f"F-{name}", severity=name) for name in reversed(SEVERITIES)]
    night(store, 1, *heap, made.finding("F-over"))
    without(store, 2)
    night(store, 2 + GONE, *heap)
    with store.reading() as connection:
        assert [each.severity for each in findings.present(connection)] == list(SEVERITIES)
        heavy = findings.present(connection, "nightly", "high")
        assert [each.severity for each in heavy] == ["critical", "high"]
        assert findings.present(connection, most=1) == heavy[:1]
        assert findings.present(connection, "other") == ()
    first = heavy[0]
    assert (first.title, first.countries) == (made.FINDING.title, ("SG",))
    assert (first.first_seen, first.last_seen) == (made.run(1).started, made.run(2 + GONE).started)
    assert (first.first_run, first.last_run) == (made.run(1).run_id, made.run(2 + GONE).run_id)


def test_a_finding_outlives_the_runs_that_had_it(store):
    night(store, 1, made.finding())
    with store.writing() as connection:
        connection.execute(delete(tables.runs))
    assert names(night(store, 2, made.finding(outbound=10**9))) == {"same": ["F-1"]}


def test_texts_that_a_database_refuses_are_remembered_legibly(store):
    hostile = made.finding(recipient="a\0b\udcff\ud800", dossier="x\0", system="\udce1")
    assert names(night(store, 1, hostile)) == {"new": ["F-1"]}
    assert names(night(store, 2, hostile)) == {"same": ["F-1"]}
    with store.reading() as connection:
        (found,) = findings.present(connection)
    assert (found.dossier, found.system) == (r"x\x00", r"\xe1")


def test_two_findings_of_one_id_are_a_mistake_of_ours(store):
    with pytest.raises(ValueError, match="one id"), store.writing() as connection:
        findings.recorded(connection, "nightly", made.run(1, made.finding(), made.finding()))


def test_thousands_of_findings_are_compared_one_by_one(store):
    many = [made.finding(f"F-{number}", outbound=2 * 10**6) for number in range(3000)]
    assert len(night(store, 1, *many).new) == 3000
    night(store, 2, *many[:1500])
    assert len(night(store, 1 + GONE, *many[:1500]).gone) == 1500
    news = night(store, 2 * GONE, *many[1:])
    assert (len(news.back), len(news.same), len(news.gone)) == (1500, 1499, 0)


@dataclass
class Naive:
    """What a job remembers, in a dict; and the bytes of its runs by their nights."""

    known: dict = field(default_factory=dict)
    runs: dict = field(default_factory=dict)

    def recorded(self, tonight, found):
        heaps = {name: set() for name in ("new", "back", "changed", "gone", "same")}
        here = {each.id: each for each in found}
        for each in found:
            outbound, firm = each.evidence.outbound_bytes, CERTAINTIES.index(each.certainty)
            if each.id not in self.known:
                heaps["new"].add(each.id)
                countries = set()
            else:
                before, countries, firmest, present = self.known[each.id]
                earlier = [
                    run[each.id]
                    for at, run in self.runs.items()
                    if each.id in run and at >= tonight - LATELY.days
                ]
                other = (
                    (before.severity, before.state, before.dossier)
                    != (each.severity, each.state, each.dossier)
                    or firm > firmest
                    or set(each.countries) - countries
                    or (earlier and outbound >= GREW * max(earlier) and outbound > WORTH_TELLING)
                )
                heaps["back" if not present else "changed" if other else "same"].add(each.id)
                firm = max(firm, firmest) if present else firm
            self.known[each.id] = (each, countries | set(each.countries), firm, True)
        for name, (*before, present) in self.known.items():
            had = max(at for at, run in [*self.runs.items(), (tonight, here)] if name in run)
            missed = [at for at in self.runs if at > had]
            if present and missed and min(missed) <= tonight - ABSENT.days:
                heaps["gone"].add(name)
                self.known[name] = (*before, False)
        self.runs[tonight] = {each.id: each.evidence.outbound_bytes for each in found}
        return heaps


some_finding = st.builds(
    made.finding,
    name=st.sampled_from(["F-1", "F-2", "F-3", "F-4"]),
    outbound=st.sampled_from([0, 100, 100_000, 1_000_000, 1_000_001, 20_000_000, 10**9]),
    severity=st.sampled_from(["high", "low"]),
    state=st.sampled_from(["open", "covered"]),
    certainty=st.sampled_from(["firm", "weak"]),
    dossier=st.sampled_from([None, "HS-1"]),
    countries=st.sampled_from([(), ("SG",), ("SG", "US"), ("US",)]),
)
some_run = st.tuples(
    st.sampled_from(["one", "two"]),
    st.sampled_from([1, 1, 3, 8, 31]),  # days since the run before
    st.lists(some_finding, max_size=4, unique_by=lambda each: each.id),
)


NIGHTS = count()


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(story=st.lists(some_run, max_size=12))
def test_the_news_is_what_a_naive_memory_says(store, story):
    naive = {"one": Naive(), "two": Naive()}
    jobs = {name: f"{name}-{next(NIGHTS)}" for name in naive}  # each story has jobs of its own
    tonight = 0
    for job, days, found in story:
        tonight += days
        news = night(store, tonight, *found, job=jobs[job], run_id=f"run-{next(NIGHTS)}")
        expected = naive[job].recorded(tonight, found)
        assert {name: set(heap) for name, heap in names(news).items()} == {
            name: heap for name, heap in expected.items() if heap
        }
    for job, memory in naive.items():
        with store.reading() as connection:
            present = {each.finding_id for each in findings.present(connection, jobs[job])}
        assert present == {name for name, (*_, here) in memory.known.items() if here}
