from __future__ import annotations

import json
import shutil
from dataclasses import replace
from datetime import timedelta

import pytest
import yaml

from auditor import readiness
from auditor.checklist import entries, writing
from auditor.checklist.catalogue import load
from auditor.checklist.decision import Deciding
from auditor.checklist.folder import held, opened
from auditor.checklist.verdict import MET
from auditor.checklist.writing import replaced, saved
from auditor.model.errors import InputError, PolicyError, StoreError
from auditor.model.readiness import Measure
from tests.checklist.beginnings import NOW, OWNER, changed

PLAN = "protection-plan"
GATE, PLAIN = "DOS-06", "LOG-06"
"""A hard gate and an ordinary item, both of mode P and with a document of its own kind."""


class Desk:
    """An assessment at which somebody works."""

    def __init__(self, place, policies, whole):
        self.place, self.policies, self.whole = place, policies, whole
        self.checklist = whole.checklist

    @property
    def now(self):
        folder = opened(self.place)
        return readiness.Assessed(folder, self.whole, held(folder, self.checklist))

    def attach(self, kind, text="Văn bản", *, at=NOW, secret=False, items=(), **facts):
        folder = self.now.folder
        file = self.place.parent / f"{kind}.txt"
        file.write_text(text, encoding="utf-8")
        register, entry = entries.attached(
            folder, self.checklist.kind(kind), file, items=items, at=at, by="An", facts=facts,
            secret=secret,
        )  # fmt: skip
        saved(folder, "evidence.yaml", register, at=at, what="attach")
        return entry

    def attest(self, name, *, holds=True, who=OWNER, at=NOW, until="2027-06-30"):
        found = self.now
        item = self.checklist.item(name)
        evidence = tuple(each for kind in item.evidence for each in found.held.get(kind, ()))
        answers = entries.attested(
            found.folder, item, evidence, who, holds=holds, statement="đúng", at=at,
            valid_until=until, key=None,
        )  # fmt: skip
        saved(found.folder, "answers.yaml", answers, at=at, what="attest")

    def answer(self, name, said, *, by="An", because="lý do", **measure):
        folder, item = self.now.folder, self.checklist.item(name)
        answers = entries.answered(
            folder.answers, item, said, explanation=because, by=by, at=NOW, measure=measure
        )
        saved(folder, "answers.yaml", answers, at=NOW, what="answer")

    def edit(self, name, part, **values):
        """Edits the last entry of a list by hand."""
        path = self.place / name
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
        content[part][-1] |= values
        path.write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")

    def check(self, answers=(), *, at=NOW):
        """Runs the probes; the outcomes of some items are then set, by item."""
        readiness.checked(self.now, None, at, Silent())
        path = self.place / "checks.json"
        content = json.loads(path.read_text(encoding="utf-8"))
        for name, answer in dict(answers).items():
            for outcome in content["items"][name][1]:
                outcome["answer"] = answer
        replaced(self.now.folder, "checks.json", json.dumps(content), at=at, what="set")

    def look(self, at=NOW):
        return readiness.readiness(self.now, at)

    def item(self, name, at=NOW):
        return next(each for each in self.look(at).items if each.id == name)

    def codes(self, at=NOW):
        return {problem.code for problem in self.look(at).problems}


class Silent:
    def stage(self, *_):
        pass


@pytest.fixture
def desk(place, policies, whole):
    return Desk(place, policies, whole)


def test_what_no_probe_has_read_is_not_there_for_anybody_to_confirm(desk):
    desk.attach("log-review")
    desk.attest(PLAIN)
    assert desk.item(PLAIN).state == "unknown"
    desk.check({PLAIN: "pass"})
    assert desk.item(PLAIN).state == "attested_pass"


def test_a_failure_is_not_undone_by_attaching_something_and_attesting(desk):
    desk.attach("risk-report")
    desk.check({GATE: "fail"})
    desk.attach("risk-report", "Một văn bản khác")
    desk.attest(GATE)
    assert desk.item(GATE).state == "unknown"


@pytest.mark.parametrize("before", ["fail", "partial"])
def test_what_failed_before_does_not_become_not_applicable_by_new_evidence(desk, before):
    desk.attach("log-review")
    desk.check({PLAIN: before})
    desk.answer(PLAIN, "not-applicable")
    assert desk.item(PLAIN).state == before
    assert "declared not to apply" in desk.item(PLAIN).contradicted.en
    desk.attach("log-review", "Một văn bản khác")
    assert desk.item(PLAIN).state not in MET
    assert desk.item(PLAIN).voided is not None


def test_a_persons_no_is_not_set_aside_by_saying_that_it_does_not_apply(desk):
    desk.attest(PLAIN, holds=False)
    desk.answer(PLAIN, "not-applicable")
    assert desk.item(PLAIN).state == "attested_fail"


@pytest.mark.parametrize(("by", "because"), [("", "lý do"), ("An", ""), (" ", " ")])
def test_not_applicable_without_a_name_or_a_reason_does_not_count(desk, by, because):
    with pytest.raises(InputError, match="needs"):
        desk.answer(PLAIN, "not-applicable", by=by, because=because)
    desk.answer(PLAIN, "not-applicable")
    assert desk.item(PLAIN).state == "not_applicable"
    desk.edit("answers.yaml", "answers", by=by, explanation=because)
    assert desk.item(PLAIN).state == "not_checked"
    assert "name and a reason" in desk.item(PLAIN).voided.en


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ({"person": " "}, "lacks"),
        ({"statement": ""}, "lacks"),
        ({"at": "2027-01-01T00:00:00+07:00"}, "in the future"),
        ({"valid_until": "2099-01-01"}, "longer than a year"),
        ({"valid_until": "2026-11-20"}, "ran out"),
        ({"evidence": {}}, "after this was attested"),
    ],
)
def test_an_attestation_edited_by_hand_does_not_count(desk, values, why):
    desk.attach("log-review")
    desk.check({PLAIN: "pass"})
    desk.attest(PLAIN)
    assert desk.item(PLAIN).state == "attested_pass"
    desk.edit("answers.yaml", "attestations", **values)
    assert desk.item(PLAIN).state == "manual_pending"
    assert why in desk.item(PLAIN).attestations[0].voided.en


def test_a_document_attached_after_the_attestation_was_not_attested(desk):
    desk.attach("log-review")
    desk.attest(PLAIN)
    desk.attach("log-review", "Một văn bản khác")
    desk.check({PLAIN: "pass"})
    assert desk.item(PLAIN).state == "manual_pending"
    assert "ev-0002" in desk.item(PLAIN).attestations[0].voided.en
    desk.attest(PLAIN)
    assert desk.item(PLAIN).state == "attested_pass"


def test_a_newer_export_does_not_undo_an_attestation(desk):
    desk.attach("backups", "asset\na\n")
    desk.attest("BCK-02")
    desk.attach("backups", "asset\nb\n")
    desk.check({"BCK-02": "pass"})
    assert desk.item("BCK-02").state == "attested_pass"


def test_what_is_registered_by_metadata_only_is_attested_too(desk):
    desk.attach("log-review", secret=True)
    desk.check({PLAIN: "pass"})
    desk.attest(PLAIN)
    assert desk.item(PLAIN).state == "attested_pass"


def test_an_old_file_that_is_gone_does_not_void_a_later_attestation(desk):
    gone = desk.attach("log-review", "cũ", dated="2026-01-01")
    (desk.place / gone.file).unlink()
    desk.attach("log-review", "mới", dated="2026-11-01")
    desk.check({PLAIN: "pass"})
    desk.attest(PLAIN)
    assert desk.item(PLAIN).state == "attested_pass"


def test_a_persons_no_stays_when_its_evidence_is_taken_away(desk):
    entry = desk.attach("log-review")
    desk.attest(PLAIN, holds=False)
    (desk.place / entry.file).unlink()
    assert desk.item(PLAIN).state == "attested_fail"


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ({"until": "2099-01-01"}, "longer than a year"),
        ({"at": "2027-01-01T00:00:00+07:00", "until": "2027-02-01"}, "in the future"),
    ],
)
def test_a_waiver_edited_by_hand_does_not_count(desk, values, why):
    folder = desk.now.folder
    answers = entries.waived(
        folder, desk.checklist.item(PLAIN), OWNER, reason="r", at=NOW, until="2027-01-01"
    )
    saved(folder, "answers.yaml", answers, at=NOW, what="waive")
    desk.answer(PLAIN, "no")
    assert desk.item(PLAIN).state == "waived"
    desk.edit("answers.yaml", "waivers", **values)
    assert desk.item(PLAIN).state == "fail"
    assert why in desk.item(PLAIN).waiver.void.en


@pytest.mark.parametrize(
    ("days", "why"), [(-1, "after the day"), (31, "more than 30 days"), (0, ""), (30, "")]
)
def test_a_check_counts_for_its_time_only(desk, days, why):
    desk.attach("log-review")
    desk.check({PLAIN: "pass"})
    outcome = desk.item(PLAIN, NOW + timedelta(days=days)).outcomes[0]
    assert outcome.answer == ("unknown" if why else "pass")
    assert why in outcome.says.en


def test_a_check_dated_before_its_evidence_says_nothing(desk):
    desk.attach("log-review")
    desk.check({PLAIN: "pass"}, at=NOW - timedelta(days=5))
    outcome = desk.item(PLAIN).outcomes[0]
    assert outcome.answer == "unknown"
    assert "before ev-0001 was registered" in outcome.says.en


def test_other_numbers_by_level_make_a_check_out_of_date(desk, tmp_path):
    desk.check({PLAIN: "pass"})
    assert desk.item(PLAIN).outcomes[0].answer == "pass"
    place = shutil.copytree(desk.policies, tmp_path / "policies")
    path = place / "checklists" / "levels.yaml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("[1, 1, 1, 1, 1]", "[9, 9, 9, 9, 9]"), encoding="utf-8")
    desk.whole = load(place)
    assert "levels.yaml" in desk.item(PLAIN).outcomes[0].says.en


def test_evidence_is_as_old_as_its_earlier_day(desk):
    desk.attach("accounts", "a\n", dated="2025-01-01", collected="2026-11-20")
    (row,) = desk.look().evidence
    assert row.state == "stale"


@pytest.mark.parametrize("name", ["dated", "collected"])
def test_evidence_of_a_day_to_come_is_refused_and_never_stays_fresh(desk, name):
    with pytest.raises(InputError, match="to come"):
        desk.attach("accounts", "a\n", **{name: "2030-01-01"})
    desk.attach("accounts", "a\n")
    desk.edit("evidence.yaml", "evidence", **{name: "2030-01-01"})
    assert "evidence-of-a-day-to-come" in desk.codes()
    assert desk.look(NOW + timedelta(days=31)).evidence[0].state == "stale"


def test_evidence_registered_later_was_not_there(desk):
    desk.attach("log-review")
    desk.check({PLAIN: "pass"})
    desk.edit("evidence.yaml", "evidence", registered="2026-12-01")
    assert desk.item(PLAIN).state == "not_checked"


def test_of_two_exports_of_one_day_the_later_one_is_the_younger(desk):
    desk.attach("accounts", "a\n", collected="2026-11-20")
    desk.attach("accounts", "b\n", collected="2026-11-20")
    assert [each.entry.id for each in desk.now.held["accounts"]] == ["ev-0002", "ev-0001"]


def test_a_day_to_come_does_not_bring_an_export_to_the_front(desk):
    desk.attach("accounts", "a\n", collected="2026-11-01")
    desk.edit("evidence.yaml", "evidence", dated="2030-01-01")
    desk.attach("accounts", "b\n", collected="2026-11-20")
    assert desk.now.held["accounts"][0].entry.id == "ev-0002"


def test_one_file_for_many_kinds_is_told(desk):
    for kind in ("regulation", "risk-report", "log-review"):
        desk.attach(kind, "một tệp cho tất cả")
    (problem,) = [p for p in desk.look().problems if p.code == "same-file-many-kinds"]
    assert "3 kinds" in problem.message


def test_the_same_bytes_with_a_newer_day_are_told(desk):
    desk.attach("accounts", "a\n", collected="2026-01-01")
    assert "same-file-other-day" not in desk.codes()
    desk.attach("accounts", "a\n", collected="2026-11-20")
    assert "same-file-other-day" in desk.codes()


def test_a_soft_gate_is_turned_off_only_with_a_reason_and_that_is_told(desk):
    def gates(off):
        changed(desk.place / "assessment.yaml", soft_gates_off=off)
        return desk.look().gates

    assert "API-01" in gates({})
    assert "API-01" in gates({"API-01": " "})
    assert "gate-not-turned-off" in desk.codes()
    assert GATE in gates({GATE: "không cần"})
    assert "gate-not-turned-off" in desk.codes()
    assert "API-01" not in gates({"API-01": "chưa thấy văn bản"})
    (problem,) = [p for p in desk.look().problems if p.code == "gate-turned-off"]
    assert "chưa thấy văn bản" in problem.message


def test_a_number_of_ones_own_is_told_and_must_be_one(desk):
    path = desk.place / "assessment.yaml"
    changed(path, numbers={"capture-days": 0.1, "incident-notice-hours": 9, "nothing-such": 1})
    told = {p.code: p.message for p in desk.look().problems}
    assert "capture-days is 0.1 days here, in place of 7" in told["number-replaced"]
    assert "number-not-replaced" in told
    for wrong in (float("nan"), float("inf"), -1):
        changed(path, numbers={"capture-days": wrong})
        with pytest.raises(PolicyError):
            desk.look()


def test_who_counts_data_subjects_has_personal_data(desk):
    path = desk.place / "assessment.yaml"
    system = yaml.safe_load(path.read_text(encoding="utf-8"))["system"] | {"conditions": []}
    changed(path, system=system | {"basic_subjects": 0})
    assert desk.item("PDP-01").state == "not_applicable"
    changed(path, system=system | {"basic_subjects": 5000})
    assert desk.item("PDP-01").state == "not_checked"
    assert desk.look().subject.conditions == ("personal-data",)


def test_a_day_that_does_not_exist_is_refused_wherever_it_stands(desk):
    desk.attest(PLAIN)
    desk.edit("answers.yaml", "attestations", valid_until="2026-13-45")
    with pytest.raises(PolicyError, match="a day of the calendar"):
        desk.look()


def test_a_waived_failure_contradicts_a_plan_that_is_said_to_be_deployed(desk):
    for kind in (PLAN, "deployment-record"):
        desk.attach(kind, f"{kind}: một văn bản")
    desk.check({"DOS-05": "pass", PLAIN: "fail"})
    desk.attest("DOS-05")
    assert desk.item("DOS-05").state == "fail"
    folder = desk.now.folder
    answers = entries.waived(
        folder, desk.checklist.item(PLAIN), OWNER, reason="r", at=NOW, until="2027-01-01"
    )
    saved(folder, "answers.yaml", answers, at=NOW, what="waive")
    assert desk.item(PLAIN).state == "waived"
    assert desk.item("DOS-05").state == "fail"
    assert PLAIN in desk.item("DOS-05").contradicted.en


def _verdict(desk, due, monkeypatch, *names):
    """The verdict where all but some items are met, and those have a remedy."""
    plain = Deciding.item
    measure = Measure(who="An", what="vá", due=due, responsible="", product="", authority="")

    def item(self, asked):
        found = plain(self, asked)
        if asked.id in (PLAIN, *names):
            return replace(found, state="partial", measure=measure)
        return replace(found, state="pass")

    monkeypatch.setattr(Deciding, "item", item)
    return desk.look()


@pytest.mark.parametrize(
    ("due", "gives"),
    [
        ("2026-11-20", "not-ready"),
        ("", "not-ready"),
        ("2026-11-21", "conditionally-ready"),
        ("2027-03-01", "conditionally-ready"),
    ],
)
def test_a_remedy_whose_day_has_passed_is_none(desk, due, gives, monkeypatch):
    found = _verdict(desk, due, monkeypatch)
    assert found.verdict == gives
    assert found.conditions == (PLAIN,)


def test_who_attests_that_an_item_holds_does_not_set_its_gate_aside(desk):
    desk.attest(GATE)
    desk.answer(GATE, "not-applicable")
    found = desk.item(GATE)
    assert found.state == "manual_pending"
    assert "not that it does not concern" in found.attestations[0].voided.en
    assert "Attach" not in found.way_out.en


def test_who_attests_that_an_item_does_not_apply_does_not_make_it_hold(desk):
    desk.attach("risk-report")
    desk.check({GATE: "pass"})
    desk.answer(GATE, "not-applicable")
    desk.attest(GATE)
    found = desk.item(GATE)
    assert found.state == "not_applicable"
    assert not found.attestations[0].applies
    desk.answer(GATE, "yes")
    assert desk.item(GATE).state == "manual_pending"
    desk.edit("answers.yaml", "answers", said="not-applicable", at="2026-11-21T05:00:00Z")
    assert desk.item(GATE).state == "manual_pending"  # the reason may be another one now


def test_a_gate_that_only_checks_decide_is_set_aside_by_a_named_person_too(desk):
    assert desk.checklist.item("DQ-07").attests is None
    with pytest.raises(InputError, match="only checks decide"):
        desk.attest("DQ-07")
    desk.answer("DQ-07", "not-applicable", because="không có định danh cá nhân")
    desk.attest("DQ-07")
    found = desk.item("DQ-07")
    assert found.state == "not_applicable"


def test_the_words_of_an_attestation_say_what_is_attested(desk):
    found = desk.now
    item = desk.checklist.item(GATE)
    given = {"holds": True, "statement": "", "at": NOW, "valid_until": "2027-01-01", "key": None}
    answers = entries.attested(found.folder, item, (), OWNER, **given)
    assert answers.attestations[-1].statement == item.attests.vi
    desk.answer(GATE, "not-applicable", because="chưa kết nối")
    answers = entries.attested(desk.now.folder, item, (), OWNER, **given)
    assert answers.attestations[-1].statement == "Không áp dụng cho hệ thống này: chưa kết nối"


def test_evidence_is_not_attached_for_an_item_that_does_not_ask_for_it(whole):
    kind = whole.checklist.kind("risk-report")
    assert entries.asking(whole.checklist.item(GATE), kind).id == GATE
    with pytest.raises(InputError, match="asks for no evidence of the kind risk-report"):
        entries.asking(whole.checklist.item("NET-03"), kind)


def test_results_of_a_check_that_were_edited_by_hand_do_not_count(desk):
    desk.attach("log-review")
    desk.check({PLAIN: "pass"})
    assert desk.item(PLAIN).outcomes[0].answer == "pass"
    assert "edited-by-hand" not in desk.codes()
    path = desk.place / "checks.json"
    good = path.read_text(encoding="utf-8")
    desk.check({PLAIN: "fail"})
    path.write_text(good, encoding="utf-8")  # an earlier, better check put back
    outcome = desk.item(PLAIN).outcomes[0]
    assert (outcome.answer, "edited-by-hand" in desk.codes()) == ("unknown", True)
    assert "checks.json changed after the check" in outcome.says.en


def test_answers_edited_by_hand_are_told(desk):
    desk.answer(PLAIN, "no")
    assert "edited-by-hand" not in desk.codes()
    desk.edit("answers.yaml", "answers", said="yes")
    assert "edited-by-hand" in desk.codes()


def test_a_write_that_failed_is_no_edit(desk, monkeypatch):
    desk.answer(PLAIN, "no")

    def full(*_):
        raise StoreError("the disk is full", place="x", hint="y")

    monkeypatch.setattr(writing, "written", full)
    with pytest.raises(StoreError):
        desk.answer(PLAIN, "yes")
    assert desk.codes().isdisjoint({"edited-by-hand", "history-broken"})


def test_the_history_tells_what_each_check_disproved(desk):
    desk.check()
    last = (desk.place / "history.jsonl").read_text(encoding="utf-8").splitlines()[0]
    assert json.loads(last)["what"].startswith("check of no traffic; fails: ")


def test_the_verdict_names_soft_gates_that_were_turned_off(desk, monkeypatch):
    changed(desk.place / "assessment.yaml", soft_gates_off={"API-01": "chưa thấy văn bản"})
    found = _verdict(desk, "2027-03-01", monkeypatch, "API-01")
    assert found.verdict == "conditionally-ready"
    assert found.verdict_why.en.endswith("turned off or waived: API-01.")
    changed(desk.place / "assessment.yaml", soft_gates_off={})
    assert desk.look().gates == ("API-01",)


def test_evidence_of_what_is_not_declared_is_told(desk):
    path = desk.place / "assessment.yaml"
    system = yaml.safe_load(path.read_text(encoding="utf-8"))["system"]
    desk.attach("impact-assessment")
    changed(path, system=system | {"conditions": ["personal-data"]})
    assert "condition-not-declared" not in desk.codes()
    changed(path, system=system | {"conditions": []})
    assert "condition-not-declared" in desk.codes()


def test_an_edge_that_is_too_wide_is_told(desk):
    zones = [
        {"id": name, "kind": "users", "networks": [net]}
        for name, net in (("a", "10.20.1.0/24"), ("b", "10.20.2.0/24"))
    ]
    edge = {"src": "a", "dst": "b", "ports": ["443/tcp"]}
    changed(desk.place / "network.yaml", zones=zones, edges=[edge])
    assert "edge-too-wide" not in desk.codes()
    changed(desk.place / "network.yaml", edges=[edge | {"dst": "10.20.0.0/16"}])
    assert "edge-too-wide" in desk.codes()
