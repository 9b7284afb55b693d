from __future__ import annotations

import errno
import json
import os
from pathlib import Path

import pytest

from auditor import readiness
from auditor.checklist import entries
from auditor.checklist.catalogue import load
from auditor.checklist.folder import opened
from auditor.checklist.writing import broken_history, saved
from auditor.model.errors import InputError, PolicyError, StoreError
from tests.checklist.beginnings import NOW, OWNER, ROOT


def item(whole, *, mode=None, gate=None):
    return next(
        each
        for each in whole.checklist.items
        if mode in (None, each.mode) and gate in (None, each.gate)
    )


def answer(assessed, asked, said="yes", **more):
    return entries.answered(
        assessed.folder.answers, asked, said, by="An", at=NOW, **({"explanation": ""} | more)
    )


def test_an_answer_takes_the_place_of_an_earlier_one_and_the_history_keeps_that(assessed, whole):
    asked = item(whole)
    first = saved(
        assessed.folder, "answers.yaml", answer(assessed, asked, "no"), at=NOW, what="first"
    )
    later = entries.answered(first.answers, asked, "yes", explanation="xong", by="Bình", at=NOW)
    second = saved(first, "answers.yaml", later, at=NOW, what="second")
    assert [(each.item, each.said) for each in second.answers.answers] == [(asked.id, "yes")]
    history = (second.path / "history.jsonl").read_text(encoding="utf-8").splitlines()
    assert "said: 'no'" in json.loads(history[-1])["before"]
    assert broken_history(second.path) is None


def test_an_edited_history_is_noticed(assessed, whole):
    folder = assessed.folder
    for said in ("no", "yes", "partly"):
        answers = entries.answered(
            folder.answers, item(whole), said, explanation="", by="An", at=NOW
        )
        folder = saved(folder, "answers.yaml", answers, at=NOW, what=said)
    history = folder.path / "history.jsonl"
    lines = history.read_text(encoding="utf-8").splitlines()
    history.write_text("\n".join([lines[0].replace('"no"', '"yes"'), *lines[1:]]), encoding="utf-8")
    assert broken_history(folder.path) == 2


def test_who_finds_the_file_changed_meanwhile_writes_nothing(assessed, whole):
    answers = answer(assessed, item(whole))
    saved(assessed.folder, "answers.yaml", answers, at=NOW, what="somebody else")
    before = (assessed.folder.path / "answers.yaml").read_bytes()
    with pytest.raises(StoreError, match="meanwhile"):
        saved(assessed.folder, "answers.yaml", answers, at=NOW, what="too late")
    assert (assessed.folder.path / "answers.yaml").read_bytes() == before


def test_two_answers_to_one_item_are_refused_with_both_named(assessed, whole):
    path = assessed.folder.path / "answers.yaml"
    text = (
        "format: 1\nanswers:\n"
        + "  - {item: ORG-01, said: 'yes', at: '2026-11-01T00:00:00Z', text_sha256: x}\n" * 2
    )
    path.write_text(text, encoding="utf-8")
    with pytest.raises(PolicyError, match="two answers to one item: ORG-01"):
        opened(assessed.folder.path)
    assert path.read_text(encoding="utf-8") == text


def test_not_applicable_needs_a_reason(assessed, whole):
    with pytest.raises(InputError, match="reason"):
        answer(assessed, item(whole), "not-applicable")


def test_the_remedy_keeps_what_was_said_before_and_takes_what_is_new(assessed, whole):
    asked = item(whole)
    first = answer(assessed, asked, "no", measure={"who": "An", "due": "2026-12-31"})
    second = entries.answered(
        first, asked, "no", explanation="", by="An", at=NOW, measure={"what": "vá", "who": ""}
    )
    measure = second.answers[0].measure
    assert (measure.who, measure.what, measure.due) == ("An", "vá", "2026-12-31")


@pytest.mark.parametrize("day", ["31/12/2026", "2026-13-01", "tomorrow"])
def test_a_day_that_is_none_is_refused(assessed, whole, day):
    with pytest.raises(InputError, match="is no day"):
        answer(assessed, item(whole), "no", measure={"due": day})


def test_a_confirmed_gate_cannot_be_waived(assessed, whole):
    with pytest.raises(InputError, match="cannot be waived"):
        entries.waived(
            assessed.folder, item(whole, gate="hard"), OWNER, reason="r", at=NOW, until="2027-01-01"
        )


@pytest.mark.parametrize("until", ["2026-11-21", "2026-01-01", "2028-01-01"])
def test_a_waiver_ends_after_today_and_within_a_year(assessed, whole, until):
    with pytest.raises(InputError, match="within a year"):
        entries.waived(
            assessed.folder, item(whole, gate="none"), OWNER, reason="r", at=NOW, until=until
        )


def test_a_waiver_needs_a_reason(assessed, whole):
    with pytest.raises(InputError, match="who approves"):
        entries.waived(
            assessed.folder, item(whole, gate="none"), OWNER, reason=" ", at=NOW, until="2027-01-01"
        )


def test_evidence_is_copied_hashed_and_named_plainly(assessed, whole, tmp_path):
    file = tmp_path / "Quyết định số 12 – Đỗ.pdf"
    file.write_bytes(b"%PDF-1.7")
    register, entry = entries.attached(
        assessed.folder, whole.checklist.kind("level-decision"), file,
        items=(), at=NOW, by="An", facts={"number": "12/QĐ"}, secret=False,
    )  # fmt: skip
    assert entry.file == "evidence/ev-0001-quyet-dinh-so-12-do.pdf"
    assert (assessed.folder.path / entry.file).read_bytes() == b"%PDF-1.7"
    assert (entry.number, entry.size, len(entry.sha256)) == ("12/QĐ", 8, 64)
    assert register.evidence == (entry,)


def test_a_secret_document_is_registered_and_never_copied(assessed, whole, tmp_path):
    file = tmp_path / "mat.pdf"
    file.write_bytes(b"secret")
    _, entry = entries.attached(
        assessed.folder, whole.checklist.kind("level-decision"), file,
        items=(), at=NOW, by="An", facts={}, secret=True,
    )  # fmt: skip
    assert (entry.file, entry.sha256, entry.secrecy) == ("", "", "registered-only")
    assert not any((assessed.folder.path / "evidence").iterdir())


def test_an_empty_file_is_no_evidence(assessed, whole, tmp_path):
    (tmp_path / "leer.pdf").touch()
    with pytest.raises(InputError, match="is empty"):
        entries.attached(
            assessed.folder, whole.checklist.kind("level-decision"), tmp_path / "leer.pdf",
            items=(), at=NOW, by="An", facts={}, secret=False,
        )  # fmt: skip


def test_evidence_that_leads_out_of_the_folder_is_refused(assessed, policies):
    (assessed.folder.path / "evidence.yaml").write_text(
        "format: 1\nevidence:\n  - {id: ev-0001, kind: regulation, file: ../../etc/passwd,"
        " registered: '2026-11-01'}\n"
    )
    with pytest.raises(PolicyError, match="leads out"):
        readiness.opened(assessed.folder.path, policies)


def test_an_answer_to_another_wording_does_not_count_and_is_kept(assessed, whole, policies):
    asked = item(whole)
    entry = answer(assessed, asked).answers[0].model_copy(update={"text_sha256": "0" * 64})
    answers = assessed.folder.answers.model_copy(update={"answers": (entry,)})
    saved(assessed.folder, "answers.yaml", answers, at=NOW, what="old")
    found = readiness.readiness(readiness.opened(assessed.folder.path, policies), NOW)
    shown = next(each for each in found.items if each.id == asked.id)
    assert shown.voided is not None
    assert shown.said == "nothing"
    assert "said" in (assessed.folder.path / "answers.yaml").read_text()


def test_an_attestation_is_void_when_its_evidence_changes(assessed, whole, policies, tmp_path):
    asked = next(
        each for each in whole.checklist.items if "level-decision" in each.evidence and each.attests
    )
    file = tmp_path / "qd.txt"
    file.write_text("Quyết định")
    register, entry = entries.attached(
        assessed.folder, whole.checklist.kind("level-decision"), file,
        items=(), at=NOW, by="An", facts={}, secret=False,
    )  # fmt: skip
    folder = saved(assessed.folder, "evidence.yaml", register, at=NOW, what="attach")
    again = readiness.opened(folder.path, policies)
    answers = entries.attested(
        folder, asked, again.held["level-decision"], OWNER,
        holds=True, statement="đúng", at=NOW, valid_until="2027-01-01", key=None,
    )  # fmt: skip
    saved(folder, "answers.yaml", answers, at=NOW, what="attest")

    def word():
        found = readiness.readiness(readiness.opened(folder.path, policies), NOW)
        return next(each for each in found.items if each.id == asked.id).attestations[0]

    assert word().voided is None
    (folder.path / entry.file).write_text("Quyết định khác")
    assert "ev-0001" in word().voided.en


def test_an_attestation_runs_out(assessed, whole, policies):
    asked = item(whole, mode="H")
    with pytest.raises(InputError, match="a year at most"):
        entries.attested(
            assessed.folder, asked, (), OWNER, holds=True, statement="x", at=NOW,
            valid_until="2029-01-01", key=None,
        )  # fmt: skip


@pytest.mark.parametrize("written", ["20261231", "2026-W47-6", "2026-13-01", "0000-00-00", ""])
def test_a_day_that_is_written_otherwise_is_refused_before_anything_is_kept(
    assessed, whole, written
):
    asked = item(whole, gate="soft")
    with pytest.raises(InputError, match="no day"):
        entries.waived(assessed.folder, asked, OWNER, reason="x", at=NOW, until=written)
    if written:
        with pytest.raises(InputError, match="no day"):
            answer(assessed, asked, "no", measure={"due": written})


def attached(assessed, whole, file, **given):
    kind = whole.checklist.kind("accounts")
    return entries.attached(
        assessed.folder, kind, file, items=(), at=NOW, by="", facts=given, secret=False
    )


def test_a_register_without_free_numbers_says_so(place, policies, whole, tmp_path):
    (place / "evidence.yaml").write_text(
        "format: 1\nevidence: [{id: ev-9999, kind: accounts, registered: '2026-11-20'}]\n",
        encoding="utf-8",
    )
    file = tmp_path / "accounts.csv"
    file.write_text("account\nan\n", encoding="utf-8")
    with pytest.raises(InputError, match="full"):
        attached(readiness.opened(place, policies), whole, file)


def test_two_who_attach_at_once_do_not_write_over_each_others_file(assessed, whole, tmp_path):
    files = []
    for name in "ab":
        (tmp_path / name).mkdir()
        files.append(tmp_path / name / "accounts.csv")
        files[-1].write_text(f"account\n{name}\n", encoding="utf-8")
    kept = [attached(assessed, whole, file)[1] for file in files]
    assert len({entry.file for entry in kept}) == 2
    for entry, file in zip(kept, files, strict=True):
        assert (assessed.folder.path / entry.file).read_bytes() == file.read_bytes()


def test_a_line_that_a_crash_cut_off_is_told_and_takes_no_other_line_with_it(assessed, whole):
    folder = saved(
        assessed.folder, "answers.yaml", answer(assessed, item(whole)), at=NOW, what="first"
    )
    history = folder.path / "history.jsonl"
    with history.open("ab") as file:
        file.write(b'{"at": "2026')
    saved(folder, "answers.yaml", folder.answers, at=NOW, what="second")
    lines = history.read_text(encoding="utf-8").splitlines()
    assert json.loads(lines[-1])["what"] == "second"
    assert broken_history(folder.path) == 2


def test_a_full_disk_leaves_no_half_line_in_the_history(assessed, whole, monkeypatch):
    folder = saved(
        assessed.folder, "answers.yaml", answer(assessed, item(whole)), at=NOW, what="first"
    )
    before = (folder.path / "history.jsonl").read_bytes()

    def full(_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StoreError, match="nothing was changed"):
        saved(folder, "answers.yaml", folder.answers, at=NOW, what="second")
    assert (folder.path / "history.jsonl").read_bytes() == before


def test_a_history_that_is_no_text_at_all_is_told(place):
    history = place / "history.jsonl"
    history.mkdir()
    assert broken_history(place) == 1
    history.rmdir()
    history.write_text("[" * 100_000, encoding="utf-8")
    assert broken_history(place) == 1


def test_only_one_process_at_a_time_takes_the_place_of_a_file(place, whole):
    from multiprocessing import get_context

    asked = [each.id for each in whole.checklist.items[:6]]
    with get_context("fork").Pool(6) as pool:
        outcomes = pool.starmap(_answers, [(str(place), name) for name in asked])
    kept = {each.item for each in opened(place).answers.answers}
    assert kept == {name for name, done in zip(asked, outcomes, strict=True) if done}
    assert broken_history(place) is None


def _answers(place, name):
    folder = opened(Path(place))
    item = load(ROOT / "policies").checklist.item(name)
    answers = entries.answered(folder.answers, item, "yes", explanation="", by="", at=NOW)
    try:
        saved(folder, "answers.yaml", answers, at=NOW, what=name)
    except StoreError:
        return False
    return True
