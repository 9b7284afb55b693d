"""How much of a dossier's ceiling its transfers use up."""

from __future__ import annotations

from datetime import UTC, date, datetime

import numpy as np
import pytest

from auditor import policy
from auditor.model.content import Contents, Hit, Sought
from auditor.model.ledger import Carried, DayCount, DayTotal, Ledger, Route
from auditor.model.register import Register
from auditor.model.subjects import Subjects
from auditor.model.text import Text
from auditor.policy import candidates
from auditor.policy.ceilings import Volume
from auditor.policy.evidence import MOST

CLOUD = "Example Cloud Pte"
PERSONAL = {"categories": ["B1"], "level": "personal", "subjects": 3, "subjects_basis": "counted"}
DOSSIER = {
    "id": "HS-1",
    "regime": "pdpl",
    "systems": ["registry", "portal"],
    "categories": ["B1"],
    "recipients": {"hosts": ["*.example.com"]},
    "filed": date(2026, 2, 3),
    "result": "passed",
    "valid_from": date(2026, 2, 1),
    "valid_to": date(2026, 12, 31),
}


def state(*persons):
    return Subjects(np.array(persons, np.uint64)).to_bytes()


def counted(*persons, system="registry", recipient=CLOUD, detector="name", outbound=True):
    day, stored = date(2026, 3, 1), state(*persons)
    return DayCount(day, "", system, recipient, detector, outbound, stored)


def contents(*several, certainty="firm", subject="person", labels=("B1",)):
    title = Text("tên", "name")
    hits = (Hit(1, True, "name", labels, certainty, 3, 3),)
    return Contents((Sought("name", title, labels, subject, "C"),), hits, several)


NOBODY = contents()


def ledger(*persons, day=date(2026, 2, 10), **more):
    route = {"owner": "", "system": "registry", "recipient": CLOUD, "country": "SG"}
    carried = (Carried("B1", "pdpl"),)
    total = DayTotal(day, Route(**route, carried=carried), 1, more.get("bytes", 10), None)
    count = DayCount(day, "", "registry", CLOUD, "name", True, state(*persons))
    return Ledger((total,), (count,), date(2026, 1, 1))


@pytest.fixture
def ceiling(flow_table, law, inventory):
    """State of the findings of one rule, and the line about the ceiling, of the given flows."""

    def ask(limits, *flows, inside=NOBODY, running=None, **changes):
        one = DOSSIER | {"ceiling": limits} | changes
        register = Register.model_validate({"version": "1", "dossiers": [one]})
        table = candidates([flow_table(*flows)])
        found = policy.findings(table, law, inventory, register, inside, running)
        lines = [each for one in found for each in one.compared if each.field == "ceiling"]
        return [one.state for one in found], lines[0]

    return ask


def test_the_volume_is_that_of_all_systems_of_the_dossier_together(ceiling):
    both = PERSONAL, PERSONAL | {"system_id": "portal"}
    states, line = ceiling({"bytes": 2000}, *both)
    assert (states, line.fits) == (["covered", "covered"], True)
    assert line.said.vi == "tối đa 2.000 byte"
    assert line.seen.en == "2,000 bytes counted, 2,000 with estimates"
    states, line = ceiling({"bytes": 1999}, *both)
    assert (states, line.fits) == (["open", "open"], False)


def test_what_is_not_the_dossiers_uses_nothing_up(ceiling):
    others = [
        PERSONAL | {"host": "other.example.net"},
        PERSONAL | {"categories": ["II.10"], "level": "important"},
        PERSONAL | {"start": datetime(2026, 1, 5, tzinfo=UTC)},
        PERSONAL | {"app": "ntp"},
    ]
    for other in others:
        states, _ = ceiling({"bytes": 1000}, PERSONAL, other)
        assert "covered" in states


def test_a_flow_with_several_categories_counts_once(ceiling):
    many = PERSONAL | {"categories": ["B1", "S-d"]}
    states, _ = ceiling({"bytes": 1000}, many, categories=["B1", "S-d"])
    assert set(states) == {"covered"}


def test_the_same_person_in_two_flows_and_systems_is_one(ceiling):
    inside = contents(counted(1, 2, 3), counted(2, 3, 4, system="portal"))
    both = PERSONAL, PERSONAL | {"system_id": "portal"}
    states, line = ceiling({"subjects": 4}, *both, inside=inside)
    assert (set(states), line.fits) == ({"covered"}, True)
    assert "4 subjects counted" in line.seen.en
    states, line = ceiling({"subjects": 3}, *both, inside=inside)
    assert (set(states), line.fits) == ({"open"}, False)


def test_a_detector_that_may_be_wrong_passes_no_ceiling_for_certain(ceiling):
    likely = contents(counted(1, 2, 3), certainty="likely")
    states, line = ceiling({"subjects": 2}, PERSONAL, inside=likely)
    assert (states, line.fits) == (["undecided"], None)


@pytest.mark.parametrize(
    "inside",
    [
        contents(counted(1, 2, 3, 4), subject="organisation"),
        contents(counted(1, 2, 3, 4), labels=("S-d",)),
        contents(counted(1, 2, 3, 4, outbound=False)),
        contents(counted(1, 2, 3, 4, recipient="Other")),
    ],
)
def test_only_persons_in_what_left_to_the_recipient_count(ceiling, inside):
    assert ceiling({"subjects": 3}, PERSONAL, inside=inside)[0] == ["covered"]


def test_a_recipient_of_whom_some_flows_are_others_is_not_counted_for_certain(ceiling):
    inside = contents(counted(1, 2, 3, 4))
    states, _ = ceiling(
        {"subjects": 3}, PERSONAL, PERSONAL | {"host": "other.example.net"}, inside=inside
    )
    assert states == ["open", "covered"]  # open: the other host, which the dossier does not name


def test_the_running_total_counts_with_the_run_and_nobody_twice(ceiling):
    inside = contents(counted(1, 2, 3))
    same = ceiling({"subjects": 3}, PERSONAL, inside=inside, running=ledger(1, 2, 3))
    assert same[0] == ["covered"]
    more = ceiling({"subjects": 3}, PERSONAL, inside=inside, running=ledger(3, 4))
    assert (more[0], more[1].fits) == (["open"], False)
    before = ledger(4, 5, day=date(2026, 1, 31))
    assert ceiling({"subjects": 3}, PERSONAL, inside=inside, running=before)[0] == ["covered"]


def test_running_bytes_may_be_estimates_and_leave_it_undecided(ceiling):
    states, line = ceiling({"bytes": 1000}, PERSONAL, running=ledger(bytes=1001))
    assert (states, line.fits) == (["undecided"], None)
    assert "1,001 with estimates" in line.seen.en


def test_no_estimate_is_more_than_the_systems_hold(ceiling):
    many = PERSONAL | {"subjects": 90, "subjects_basis": "estimated"}
    assert ceiling({"subjects": 60}, many)[0] == ["undecided"]
    held = ceiling({"subjects": 60}, many, systems=["registry"])  # which holds 50
    assert (held[0], held[1].fits) == (["covered"], True)


def test_an_amount_nobody_knows_is_not_called_within(ceiling):
    states, line = ceiling({"bytes": 5000}, PERSONAL | {"outbound_bytes": None})
    assert (states, line.fits) == (["covered"], None)
    assert "1 luồng không rõ số byte" in line.seen.vi
    unknown = PERSONAL | {"subjects": None, "subjects_basis": None}
    assert ceiling({"subjects": 9}, unknown)[1].seen.vi.endswith("chưa rõ số chủ thể")


def test_sums_that_no_number_holds_end_at_the_largest(ceiling):
    huge = PERSONAL | {"outbound_bytes": 2**62}
    states, line = ceiling({"bytes": 2**40}, huge, huge)
    assert states == ["open"]
    assert f"{MOST:,} bytes counted" in line.seen.en


def test_a_ceiling_that_holds_and_one_that_does_not_is_passed():
    limits = Register.model_validate(
        {"version": "1", "dossiers": [DOSSIER | {"ceiling": {"subjects": 5, "bytes": 5}}]}
    )
    known = {"unknown_flows": 0, "subjects": None, "subjects_estimated": None}
    volume = Volume(limits.dossiers[0].ceiling, bytes=6, bytes_estimated=6, **known)
    assert (volume.beyond, volume.within) == (True, False)
