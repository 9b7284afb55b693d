from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from sqlalchemy import update

from auditor.model import readiness as document
from auditor.model.readiness import Attestation, ItemResult, Readiness, Subject, Waiver
from auditor.model.text import Text
from auditor.store import assessments, tables
from auditor.store.assessments import EXPIRES_WITHIN, Assessment, Expiring, ItemChange

NOW = datetime(2026, 11, 22, 1, 2, 3, 456_789, tzinfo=UTC)
TODAY = date(2026, 11, 22)
SUBJECT = Subject("land-registry", "Đất đai", "Sở", "a", "b", 3, (), "2026-12-20", "2026-10-02")


def item(name, state, **changes):
    made = ItemResult(
        id=name, group=name[:3], title=Text(f"Mục {name}", f"Item {name}"), question=Text("", ""),
        mode="A", gate="none", part=1, basis=(), state=state, why=Text("", ""), said="nothing",
        explanation="", answered_by="", answered_at=None, outcomes=(), evidence=(), missing=(),
        attestations=(), waiver=None, measure=None, contradicted=None, voided=None, way_out=None,
        hint=Text("", ""), attests=None, text_sha256="",
    )  # fmt: skip
    return replace(made, **changes)


def look(*items, verdict="not-ready"):
    states = [each.state for each in items]
    return Readiness(
        version=1, auditor_version="0.1.0", at=NOW, checklist="pre-sync", checklist_version="1",
        checklist_sha256="", checklist_title=Text("", ""), checklist_note=Text("", ""),
        levels_version="1", instruments={}, subject=SUBJECT, verdict=verdict,
        verdict_why=Text("", ""), gates=(), conditions=(),
        state_counts={state: states.count(state) for state in states}, groups=(), items=items,
        evidence=(), signatures=(), problems=(), fingerprint="", checked=NOW,
    )  # fmt: skip


def word(until, **changes):
    made = Attestation(
        holds=True, person="Bình", role="owner", unit="", statement="đúng", at=NOW,
        valid_until=until.isoformat(),
    )  # fmt: skip
    return replace(made, **changes)


def waiver(until, **changes):
    return replace(Waiver("Chi", "leader", "r", NOW, until.isoformat()), **changes)


def check(store, readiness, *, job="weekly", now=NOW, place="/srv/assessment"):
    with store.writing() as connection:
        return assessments.added(connection, job, readiness, place, now)


def test_a_first_check_has_nothing_to_compare_with(store):
    changes = check(store, look(item("NET-01", "fail")))
    assert (changes.first, changes.verdict, changes.items, changes.expiring) == (True, None, (), ())


def test_items_that_stand_elsewhere_are_told_in_the_order_of_the_checklist(store):
    check(store, look(item("A", "fail"), item("B", "pass"), item("C", "pass"), item("D", "pass")))
    after = (item("B", "stale"), item("A", "pass"), item("D", "pass"), item("E", "unknown"))
    changes = check(store, look(*after), now=NOW + timedelta(days=7))
    assert not changes.first
    assert changes.items == (
        ItemChange("B", Text("Mục B", "Item B"), "pass", "stale"),
        ItemChange("A", Text("Mục A", "Item A"), "fail", "pass"),
        ItemChange("E", Text("Mục E", "Item E"), None, "unknown"),
        ItemChange("C", Text("C", "C"), "pass", None),
    )


def test_the_verdict_is_told_when_it_is_another(store):
    assert check(store, look(verdict="not-ready")).verdict is None
    assert check(store, look(verdict="ready")).verdict == ("not-ready", "ready")
    assert check(store, look(verdict="ready")).verdict is None


def test_a_check_is_compared_with_the_last_one_of_its_job(store):
    check(store, look(item("A", "pass")), job="one")
    check(store, look(item("A", "fail")), job="two")
    changes = check(store, look(item("A", "pass")), job="one")
    assert (changes.first, changes.items) == (False, ())


def test_what_runs_out_soon_is_told_once(store):
    end = TODAY + EXPIRES_WITHIN
    expiring = look(item("A", "attested_pass", attestations=(word(end),)))
    early = check(store, expiring, now=NOW - timedelta(days=1))
    told = check(store, expiring)
    again = check(store, expiring, now=NOW + timedelta(days=1))
    assert early.expiring == ()
    assert told.expiring == (Expiring("A", Text("Mục A", "Item A"), end),)
    assert again.expiring == ()


def test_a_new_word_that_runs_out_soon_as_well_is_told_again(store):
    first, second = TODAY + timedelta(days=5), TODAY + timedelta(days=9)
    check(store, look(item("A", "attested_pass", attestations=(word(first),))))
    changes = check(store, look(item("A", "attested_pass", attestations=(word(second),))))
    assert [each.until for each in changes.expiring] == [second]


def test_the_first_of_words_and_waivers_that_count_is_what_runs_out(store):
    soon, sooner = TODAY + timedelta(days=20), TODAY + timedelta(days=10)
    over = Text("Hết hạn", "It ran out")
    items = (
        item("A", "waived", attestations=(word(soon),), waiver=waiver(sooner)),
        item("B", "waived", waiver=waiver(sooner, void=over), attestations=(word(soon),)),
        item("C", "fail", attestations=(word(soon, voided=over), word(soon, holds=False))),
        item("D", "attested_pass", attestations=(word(TODAY - timedelta(days=1)),)),
        item("E", "attested_pass", attestations=(word(TODAY),)),
        item("F", "not_applicable", attestations=(word(soon, holds=False, applies=False),)),
    )
    found = {each.item: each.until for each in check(store, look(*items)).expiring}
    assert found == {"A": sooner, "B": soon, "E": TODAY, "F": soon}


def test_today_is_the_day_in_vietnam(store):
    expiring = look(item("A", "attested_pass", attestations=(word(TODAY + EXPIRES_WITHIN),)))
    late = datetime(2026, 11, 21, 16, 59, tzinfo=UTC)
    assert check(store, expiring, job="before", now=late).expiring == ()
    assert len(check(store, expiring, job="after", now=late + timedelta(minutes=1)).expiring) == 1


def test_a_check_comes_back_as_it_was_given_with_its_document(store):
    given = look(item("A", "fail"), item("B", "pass"), item("C", "pass"), verdict="ready")
    check(store, given, place="/srv/\udcff\0")
    with store.reading() as connection:
        found = assessments.latest(connection, "weekly")
        text = assessments.document(connection, found.id)
    assert found == Assessment(
        id=found.id, job="weekly", checked=NOW, place=r"/srv/\xff\x00", system="land-registry",
        outcome="ready", counts={"fail": 1, "pass": 2},
        verdicts={"A": "fail", "B": "pass", "C": "pass"}, expiring={},
    )  # fmt: skip
    assert document.from_json(text, "store") == given


def test_checks_are_listed_newest_first_by_job_and_no_more_than_asked(store):
    for number, job in enumerate(("one", "two", "one")):
        check(store, look(), job=job, now=NOW + timedelta(days=number))
    with store.reading() as connection:
        assert [each.checked.day for each in assessments.listed(connection)] == [24, 23, 22]
        assert [each.checked.day for each in assessments.listed(connection, "one")] == [24, 22]
        assert [each.checked.day for each in assessments.listed(connection, most=1)] == [24]
        assert assessments.latest(connection, "two").checked.day == 23
        assert assessments.latest(connection, "three") is None


def test_a_document_may_be_pruned_and_the_check_stays(store):
    check(store, look(item("A", "pass")))
    with store.writing() as connection:
        connection.execute(update(tables.assessments).values(readiness=None))
    with store.reading() as connection:
        number = assessments.latest(connection, "weekly").id
        assert assessments.document(connection, number) is None
        assert assessments.document(connection, number + 1) is None
    assert check(store, look(item("A", "fail"))).items[0].before == "pass"
