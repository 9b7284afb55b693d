"""What follows from outcomes and words: contradictions, ways out, the numbers of a group."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from auditor.checklist import verdict
from auditor.model.readiness import Attestation, GroupResult, ItemResult, Outcome
from auditor.model.text import Text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from auditor.checklist.verdict import Word
    from auditor.model.checklist import Item


def has_failed(item: ItemResult) -> bool:
    """Whether it has failed; a waiver hides no failure."""
    return item.state in verdict.FAILED or (
        item.state == "waived" and any(outcome.answer == "fail" for outcome in item.outcomes)
    )


def says_yes(item: ItemResult) -> bool:
    """Whether a named person's valid word stands for it."""
    return any(each.holds and each.voided is None for each in item.attestations)


def not_asked(probe: str) -> Outcome:
    """The outcome of a probe that has not run."""
    return Outcome(
        probe,
        "unknown",
        Text("Chưa chạy phép kiểm tra này.", "This probe has not run."),
        way_out=Text("Chạy: auditor checklist check DIR.", "Run: auditor checklist check DIR."),
    )


def changed_since(*names: str) -> Text:
    """Why an outcome is out of date: what changed after the check."""
    named = ", ".join(names[:5])
    return Text(f"{named} đã thay đổi sau lần kiểm tra", f"{named} changed after the check")


def out_of_date(outcome: Outcome, why: Text) -> Outcome:
    """An outcome that no longer counts, with what it said before."""
    return replace(
        outcome,
        answer="unknown",
        says=Text(
            f"Kết quả cũ: {why.vi}. Trước đó: {outcome.says.vi}",
            f"Out of date: {why.en}. Before: {outcome.says.en}",
        ),
        way_out=Text("Chạy lại: auditor checklist check.", "Run auditor checklist check again."),
    )


def word_of(attestations: tuple[Attestation, ...]) -> Word:
    """What the valid attestations say together; one "no" counts more than any "yes"."""
    valid = [each for each in attestations if each.voided is None]
    if any(not each.holds for each in valid):
        return "no"
    return "yes" if valid else "nobody"


def contradiction(outcomes: tuple[Outcome, ...], said: str, attested: Word) -> Text | None:
    """What people say and what was seen do not fit together; null = they do."""
    against = [outcome for outcome in outcomes if outcome.answer in ("fail", "partial")]
    against.sort(key=lambda outcome: outcome.answer != "fail")
    if not against:
        return None
    if said == "not-applicable":
        claim = Text("được khai là không áp dụng", "declared not to apply")
    elif attested == "yes":
        claim = Text("được xác nhận là đạt", "attested to hold")
    elif said == "yes":
        claim = Text("được khai là đạt", "declared to hold")
    else:
        return None
    return Text(
        f"Mục này {claim.vi}, nhưng kiểm tra cho thấy: {against[0].says.vi}",
        f"This is {claim.en}, but the check shows: {against[0].says.en}",
    )


def way_out_of(
    item: Item, state: str, outcomes: tuple[Outcome, ...], missing: tuple[Text, ...]
) -> Text | None:
    """The next thing to do; null = nothing is left."""
    if state in verdict.MET:
        return None
    for answer in ("fail", "error", "partial"):
        for outcome in outcomes:
            if outcome.answer == answer and outcome.way_out:
                return outcome.way_out
    if missing:
        return Text(
            "Nộp: " + "; ".join(each.vi for each in missing[:3]) + ".",
            "Attach: " + "; ".join(each.en for each in missing[:3]) + ".",
        )
    for outcome in outcomes:
        if outcome.answer in ("unknown", "pending") and outcome.way_out:
            return outcome.way_out
    if state in ("manual_pending", "no_contrary_evidence") and item.attests:
        return Text(f"Cần người xác nhận: {item.attests.vi}", f"To be attested: {item.attests.en}")
    return Text(item.hint.vi, item.hint.en)


def group_result(name: str, title: Text, items: Sequence[ItemResult]) -> GroupResult:
    """The three numbers of a group."""
    mine = [item for item in items if item.group == name and item.state != "not_applicable"]
    by_person = [item for item in mine if item.state in ("attested_pass", "attested_fail")]
    by_machine = [
        item
        for item in mine
        if item not in by_person
        and any(outcome.answer in ("pass", "fail", "partial", "clear") for outcome in item.outcomes)
    ]
    return GroupResult(
        name,
        title,
        applicable=len(mine),
        met=sum(item.state in verdict.MET for item in mine),
        failed=sum(item.state in verdict.FAILED for item in mine),
        by_machine=len(by_machine),
        by_person=len(by_person),
        open=len(mine) - len(by_machine) - len(by_person),
    )
