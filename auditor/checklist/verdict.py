"""Where an item stands, and what that makes of the whole.

The rules, in their order (``auditor policy test`` runs every item's examples through them):

1. An item that does not concern this system is not applicable. A gate is set aside only by a named
   person's word; where something was found against an item, it is not set aside at all.
2. What a probe disproves has failed, whatever anybody says; then a person's "no"; then a crash.
3. What holds in part is partial.
4. Evidence that is too old decides nothing: stale.
5. Nothing at all: not checked.
6. A: probes alone decide; those that can only prove failure must have looked. F: they can only
   find nothing against it. P and H: a person confirms what at least one probe has read.
7. A waiver covers a lack for a time. It never makes a pass, and never opens a confirmed gate.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from auditor.checklist.assessment import Said
from auditor.model.checklist import Gate, Mode
from auditor.model.readiness import Answer
from auditor.model.text import Text

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date

    from auditor.model.checklist import Example, Item, State
    from auditor.model.readiness import ItemResult, Verdict

Kept = Literal["none", "fresh", "stale"]
Word = Literal["nobody", "yes", "no"]

WAIVABLE: Final = ("fail", "attested_fail", "partial", "stale", "unknown")
MET: Final = ("pass", "attested_pass", "not_applicable")
FAILED: Final = ("fail", "attested_fail")
LOOKED: Final = ("pass", "clear", "pending")


@dataclass(frozen=True, slots=True)
class Situation:
    """Everything that decides an item.

    Attributes:
        applies: whether the item concerns this system.
        answers: what its probes said; one that was not asked says ``unknown``.
        evidence: whether what the item asks for is there.
        said, attested, waived: what the agency and named persons said, as far as it counts today.
    """

    mode: Mode
    gate: Gate
    applies: bool
    answers: tuple[Answer, ...]
    evidence: Kept
    said: Said
    attested: Word
    waived: bool


def state_of(case: Situation) -> State:
    """Where the item stands."""
    state = _unwaived(case)
    return "waived" if case.waived and case.gate != "hard" and state in WAIVABLE else state


def _unwaived(case: Situation) -> State:
    if not case.applies:
        return "not_applicable"
    if case.said == "not-applicable" and not _speaks_against(case):
        gate = case.gate != "none"
        return "manual_pending" if gate and case.attested != "yes" else "not_applicable"
    found = _found(case)
    if found is not None:
        return found
    if case.evidence == "stale":
        return "stale"
    looked = any(answer in LOOKED for answer in case.answers)
    if (
        not looked
        and case.evidence == "none"
        and case.said == "nothing"
        and case.attested == "nobody"
    ):
        return "not_checked"
    every = all(answer in LOOKED for answer in case.answers)
    match case.mode:
        case "A":
            return _automatic(case, every=every)
        case "F":
            return _disproving(case, every=every, looked=looked)
        case _:
            return _confirmed(case, looked=looked)


def _speaks_against(case: Situation) -> bool:
    """Whether something was found there, so that it cannot be said not to be there."""
    return "fail" in case.answers or "partial" in case.answers or case.attested == "no"


def _found(case: Situation) -> State | None:
    """What was found against it."""
    if "fail" in case.answers:
        return "fail"
    if case.attested == "no":
        return "attested_fail"
    if "error" in case.answers:
        return "error"
    if case.said == "no":
        return "fail"
    if "partial" in case.answers or case.said == "partly":
        return "partial"
    return None


def _automatic(case: Situation, *, every: bool) -> State:
    if not every or case.evidence == "none":
        return "unknown"
    if "pass" in case.answers and "pending" not in case.answers:
        return "pass"  # what can only prove failure said that it saw none
    return "attested_pass" if case.attested == "yes" else "manual_pending"


def _disproving(case: Situation, *, every: bool, looked: bool) -> State:
    if every:
        return "attested_pass" if case.attested == "yes" else "no_contrary_evidence"
    return "no_contrary_evidence" if looked and case.attested == "yes" else "unknown"


def _confirmed(case: Situation, *, looked: bool) -> State:
    if case.evidence == "none" or (case.answers and not looked):
        return "unknown"  # what no program has read is not there for anybody to confirm
    return "attested_pass" if case.attested == "yes" else "manual_pending"


def example_gives(item: Item, example: Example) -> State:
    """What an example of an item comes out with."""
    given: list[Answer] = [*example.probes]
    given += ["unknown"] * (len(item.probes) - len(given))
    return state_of(
        Situation(
            mode=item.mode,
            gate=item.gate,
            applies=example.level is None or example.level in item.levels,
            answers=tuple(given),
            evidence=example.evidence,
            said=example.said,
            attested=example.attested,
            waived=example.waived,
        )
    )


def overall(
    items: Sequence[ItemResult], today: date, gates_off: Iterable[str] = ()
) -> tuple[Verdict, Text, tuple[str, ...], tuple[str, ...]]:
    """The verdict on all items: which, why, the gates in the way, the items still to be mended.

    Ready: every gate and every other item that applies is met. Conditionally ready: no gate is in
    the way, and every item that is not met has a remedy with a person and a day that has not
    passed. Otherwise not. A soft gate that the agency does not keep counts as an ordinary item.
    """
    off = set(gates_off)
    open_items = [item for item in items if item.state not in MET]
    gates = [
        item
        for item in open_items
        if item.gate == "hard" or (item.gate == "soft" and item.id not in off)
    ]
    gates.sort(key=lambda item: item.gate != "hard")
    barred = [item for item in gates if not (item.gate == "soft" and item.state == "waived")]
    rest = [item for item in open_items if item not in barred]
    unseen = [item for item in rest if item.state == "no_contrary_evidence"]
    without = [item for item in rest if item not in unseen and not _dated(item, today)]
    barred_ids = tuple(item.id for item in barred)
    rest_ids = tuple(item.id for item in rest)
    if barred:
        named = ", ".join(barred_ids)
        return (
            "not-ready",
            Text(
                f"Còn {len(barred)} điều kiện chặn chưa đạt: {named}.",
                f"{len(barred)} gate items are not met: {named}.",
            ),
            barred_ids,
            rest_ids,
        )
    if without:
        return (
            "not-ready",
            Text(
                f"{len(without)} mục chưa đạt mà chưa có biện pháp khắc phục rõ người, rõ thời "
                f"hạn còn ở phía trước: {', '.join(item.id for item in without[:10])}.",
                f"{len(without)} items are not met and have no remedy with a person and a day that "
                f"has not passed: {', '.join(item.id for item in without[:10])}.",
            ),
            (),
            rest_ids,
        )
    if rest:
        due = len(rest) - len(unseen)
        aside = _set_aside(rest)
        return (
            "conditionally-ready",
            Text(
                f"Không còn điều kiện chặn; {due} mục phải khắc phục theo thời hạn, {len(unseen)} "
                f"mục mới chỉ chưa phát hiện sai khác.{aside.vi}",
                f"No gate is in the way; {due} items must be mended by their dates; of "
                f"{len(unseen)} it is known only that nothing against them was seen.{aside.en}",
            ),
            (),
            rest_ids,
        )
    return "ready", Text("Mọi mục áp dụng đều đạt.", "Every item that applies is met."), (), ()


def _set_aside(items: Sequence[ItemResult]) -> Text:
    """The soft gates that are not met and yet not in the way: turned off, or waived."""
    named = ", ".join(item.id for item in items if item.gate != "none")
    if not named:
        return Text("", "")
    return Text(
        f" Điều kiện chặn mềm chưa đạt mà cơ quan bỏ hoặc tạm chấp nhận: {named}.",
        f" Soft gates not met that the agency turned off or waived: {named}.",
    )


def _dated(item: ItemResult, today: date) -> bool:
    """Whether somebody mends it by a day that has not passed."""
    remedy = item.measure
    return remedy is not None and bool(remedy.who.strip()) and remedy.due >= today.isoformat()
