"""What detectors recognised, by the sets of flows behind findings."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.model.content import Contents, Counted, Hit, Sought
from auditor.model.finding import Evidence
from auditor.model.text import Text
from auditor.policy.members import flow_sets
from auditor.policy.recognised import MOST_RECOGNISED, Recognitions, with_recognised

LABELS = {"number": ("B7",), "name": ("B1",), "mark": ("state-secret",), "tax": ("I.26",)}
SUBJECTS = {"number": "person", "name": "person", "tax": "organisation"}
SOUGHT = tuple(
    Sought(name, Text(name, name), labels, SUBJECTS.get(name), "C")
    for name, labels in LABELS.items()
)


def hit(flow, detector="number", outbound=True, **more):
    more = {"certainty": "likely", "matches": 5, "distinct": 3, **more}
    return Hit(flow, outbound, detector, LABELS.get(detector, ("B7",)), **more)


def recognitions(hits, findings, *, counted=(), flows=6, sought=SOUGHT):
    """Over a table of flows 1 to ``flows``, and findings with these flows."""
    table = pa.table({"flow_id": pa.array(range(1, flows + 1), pa.int64())})
    members = [(number, flow - 1) for number, ids in enumerate(findings) for flow in ids]
    finding, row = np.array(members).T
    sets = flow_sets(finding, row, len(findings), flows)
    some = Recognitions(Contents(sought, tuple(hits), tuple(counted)), table, sets)
    return some, sets.of_finding.tolist()


def of_first(hits, ids=(1, 2, 3), label=None, **more):
    some, of = recognitions(hits, [ids], **more)
    return some.of(of[0], "his", "Cloud", label)


def test_hits_of_several_flows_add_up_and_the_surest_tells_the_certainty():
    found = of_first(
        [
            hit(1, matches=4, distinct=2, samples=("01*",), places=("HTTP",)),
            hit(2, certainty="firm", samples=("02*", "01*"), places=("HTTP",)),
            hit(3, "name", certainty="weak"),
            hit(4, matches=1000),  # of a flow that the finding has not
        ]
    )
    number, name = found
    assert (number.detector, number.flows, number.matches, number.distinct) == ("number", 2, 9, 5)
    assert (number.certainty, number.exact) == ("firm", False)  # one value may stand in both
    assert (number.samples, number.places) == (("01*", "02*"), ("HTTP",))
    assert (name.detector, name.flows, name.distinct, name.exact) == ("name", 1, 3, True)
    assert (name.subject, name.mark, name.title) == ("person", "C", Text("name", "name"))


def test_what_came_in_is_told_apart_from_what_left():
    found = of_first([hit(1), hit(1, outbound=False, matches=9), hit(2, outbound=None)])
    assert {(each.outbound, each.matches) for each in found} == {(True, 5), (False, 9), (None, 5)}
    assert found[-1].outbound is False


def test_a_finding_about_a_category_shows_what_stands_for_it_only():
    hits = [hit(1), hit(1, "name"), hit(2, "tax")]
    assert [each.detector for each in of_first(hits, label="B1")] == ["name"]
    assert of_first(hits, label="II.10") == ()
    assert len(of_first(hits)) == 3


def test_findings_that_share_their_flows_share_what_was_recognised():
    some, of = recognitions([hit(1), hit(3)], [(1, 2), (3,), (2, 1), (4,)])
    assert of[0] == of[2]
    assert some.of(of[0], None, "x", None) == some.of(of[2], None, "x", None)
    assert [each.flows for each in some.of(of[1], None, "x", None)] == [1]
    assert some.of(of[3], None, "x", None) == ()


def test_values_are_counted_once_for_a_system_and_a_recipient():
    def counted(count, exact=True, system="his", recipient="Cloud", outbound=True):
        return Counted(system, recipient, "number", outbound, count, exact, b"")

    hits = [hit(1), hit(2)]
    (one,) = of_first(hits, counted=[counted(4)])
    assert (one.distinct, one.exact) == (4, True)
    (one,) = of_first(hits, counted=[counted(4, exact=False)])
    assert (one.distinct, one.exact) == (4, False)
    # More than in these flows: the pair has others, of other findings.
    (one,) = of_first(hits, counted=[counted(9)])
    assert (one.distinct, one.exact) == (6, False)
    for other in (counted(4, recipient="B"), counted(4, system=None), counted(4, outbound=False)):
        (one,) = of_first(hits, counted=[other])
        assert (one.distinct, one.exact) == (6, False)


def test_a_secrecy_mark_stands_first_and_nothing_beside_it_is_shown():
    found = of_first(
        [
            hit(1, certainty="firm", distinct=90, samples=("01*",)),
            hit(2, samples=(), withheld=True),
            hit(2, "mark", certainty="weak", matches=1, distinct=1, withheld=True),
            hit(3, "name", samples=("N*",)),
        ]
    )
    assert [each.detector for each in found] == ["number", "mark", "name"]
    assert [each.samples for each in found] == [(), (), ("N*",)]
    assert [each.withheld for each in found] == [True, True, False]


def test_a_mark_in_any_flow_of_many_withholds_the_samples():
    hits = [hit(number, samples=(f"{number}*",)) for number in range(1, 6)]
    hits.append(hit(6, samples=(), withheld=True))
    (one,) = of_first(hits, ids=range(1, 7))
    assert (one.withheld, one.samples) == (True, ())


def test_values_of_one_estimate_among_many_flows_are_an_estimate():
    hits = [hit(number, exact=number < 6) for number in range(1, 7)]
    (one,) = of_first(hits, ids=range(1, 7))
    assert not one.exact


def test_the_surest_come_first_then_the_most():
    found = of_first(
        [
            hit(1, "tax", certainty="weak", distinct=500),
            hit(1, "name", certainty="likely", distinct=2),
            hit(1, "number", certainty="likely", distinct=7),
            hit(1, "mark", certainty="firm", distinct=1),
        ]
    )
    assert [each.detector for each in found] == ["mark", "number", "name", "tax"]


def test_a_finding_shows_no_more_detectors_than_anybody_reads():
    names = [f"d{number:02}" for number in range(MOST_RECOGNISED + 9)]
    sought = tuple(Sought(name, Text(name, name), ("B7",), None, "C") for name in names)
    hits = [hit(1, name, distinct=100 - place) for place, name in enumerate(names)]
    found = of_first(hits, sought=sought)
    assert [each.detector for each in found] == names[:MOST_RECOGNISED]


def test_what_detectors_cannot_tell_is_said_once():
    holders, reading = Text("chủ", "people or organisations"), Text("cách hiểu", "our reading")
    sought = (
        Sought("card", Text("a", "a"), ("B7",), "person", "C", (holders,)),
        Sought("account", Text("b", "b"), ("B7",), "person", "C", (holders, reading)),
        Sought("email", Text("c", "c"), ("B7",), "person", "C", (reading, holders)),
    )
    some, of = recognitions([hit(1, "card"), hit(2, "account")], [(1, 2)], sought=sought)
    shown = some.of(of[0], "his", "Cloud", None)
    assert set(some.not_known(shown)) == {holders, reading} and len(some.not_known(shown)) == 2
    assert some.not_known(()) == ()


def test_without_hits_nothing_was_recognised():
    some, of = recognitions([], [(1, 2)])
    assert some.of(of[0], "his", "Cloud", None) == ()


FOUND = st.dictionaries(
    st.tuples(
        st.integers(1, 8), st.sampled_from(sorted(LABELS)), st.sampled_from([True, False, None])
    ),
    st.tuples(st.integers(1, 50), st.integers(1, 50)),
    max_size=10,
)


@settings(max_examples=40)
@given(FOUND, st.lists(st.sets(st.integers(1, 6), min_size=1), min_size=1, max_size=4))
def test_every_finding_gets_what_adding_up_by_hand_gives(rows, findings):
    hits = [
        hit(*key, matches=matches, distinct=distinct)
        for key, (matches, distinct) in sorted(rows.items(), key=str)
    ]
    some, of = recognitions(hits, findings)
    for number, ids in zip(of, findings, strict=True):
        expected = {}
        for (flow, name, outbound), (matches, distinct) in rows.items():
            if flow in ids:
                flows, before, values = expected.get((name, outbound), (0, 0, 0))
                expected[name, outbound] = flows + 1, before + matches, values + distinct
        assert {
            (each.detector, each.outbound): (each.flows, each.matches, each.distinct)
            for each in some.of(number, None, "x", None)
        } == expected


@pytest.fixture
def evidence():
    needed = dict.fromkeys(Evidence.__dataclass_fields__, ())
    return Evidence(**needed | {"subjects": 50, "subjects_basis": "counted"})


def test_persons_of_all_flows_are_as_many_as_the_best_detector_counted(evidence):
    found = of_first([hit(1, distinct=9), hit(1, "name", distinct=7), hit(1, "tax", distinct=30)])
    assert with_recognised(evidence, found).subjects == 9
    estimated = replace(evidence, subjects_basis="estimated")
    assert with_recognised(estimated, found).subjects == 50
    assert with_recognised(evidence, found).recognised == found


def test_persons_that_came_in_are_none_that_left(evidence):
    found = of_first([hit(1, outbound=False, distinct=9)])
    assert with_recognised(evidence, found).subjects == 50
    assert with_recognised(evidence, ()) == evidence


def test_what_is_only_hinted_at_counts_no_persons(evidence):
    found = of_first([hit(1, distinct=9), hit(1, "name", certainty="weak", distinct=700)])
    assert with_recognised(evidence, found).subjects == 9
