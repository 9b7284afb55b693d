"""The guided mode: asks item by item, and explains what counts as evidence."""

from __future__ import annotations

import sys
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Final, Literal

import typer

from auditor.cli.terminal import say
from auditor.model.errors import InputError

if TYPE_CHECKING:
    from auditor.checklist.assessment import Said
    from auditor.model.checklist import Checklist, Item
    from auditor.model.readiness import ItemResult
    from auditor.readiness import Assessed

SAID: Final[dict[str, Said]] = {
    "c": "yes", "y": "yes", "m": "partly", "p": "partly", "k": "no", "n": "no",
    "o": "not-applicable", "0": "not-applicable",
}  # fmt: skip
ASK: Final = (
    "[c] có / yes  [m] một phần / partly  [k] không / no  [o] không áp dụng / not applicable\n"
    "[?] giải thích / explain  [s] bỏ qua / skip  [t] thoát / quit"
)
REMEDY: Final = (
    ("who", "Rõ người: ai làm / who"),
    ("what", "Rõ việc: làm gì / what"),
    ("due", "Rõ thời gian: ngày (2026-12-31) / by when"),
    ("responsible", "Rõ trách nhiệm: ai chịu trách nhiệm / who answers for it"),
    ("product", "Rõ sản phẩm: kết quả gì / what comes out"),
    ("authority", "Rõ thẩm quyền: ai quyết định / who decides"),
)


def asked_one_by_one(assessed: Assessed, by: str) -> None:
    """Asks every open item in turn; each answer is kept at once.

    Raises:
        InputError: nobody sits at a terminal.
    """
    from auditor import readiness, report
    from auditor.checklist.verdict import MET

    if not sys.stdin.isatty():
        raise InputError(
            "the guided mode needs a terminal",
            place="standard input",
            hint="Answer one item: auditor checklist answer DIR ITEM --say yes; or use Excel.",
        )
    name = by or _asked("Họ tên người trả lời / your name", "")
    checklist = assessed.catalogue.checklist
    found = readiness.readiness(assessed, datetime.now(UTC))
    todo = [each for each in found.items if each.state not in MET and each.said == "nothing"]
    say(f"{len(todo)} mục chưa trả lời / items not answered")
    for number, result in enumerate(todo, start=1):
        item = checklist.item(result.id)
        if item is None:
            continue
        say("")
        say(f"--- {number}/{len(todo)} ---")
        for line in report.item_summary(result):
            say(line)
        say(item.question.vi)
        say(item.question.en)
        said = _said(result, item, checklist)
        if said == "quit":
            break
        if said != "skip":
            assessed = _kept(assessed, item, said, name)
    say("Đã lưu. / Saved.")


def _said(result: ItemResult, item: Item, checklist: Checklist) -> Said | Literal["quit", "skip"]:
    from auditor import report

    say(ASK)
    while True:
        key = _asked(">", "s").strip().lower()[:1]
        if key == "t":
            return "quit"
        if key == "s":
            return "skip"
        if key in SAID:
            return SAID[key]
        if key == "?":
            for line in report.item_lines(result, item, checklist):
                say(line)
        say(ASK)


def _kept(assessed: Assessed, item: Item, said: Said, by: str) -> Assessed:
    from auditor import readiness
    from auditor.checklist.entries import answered
    from auditor.checklist.writing import saved

    now = datetime.now(UTC)
    explanation = _asked("Giải thích / explain", "")
    while said == "not-applicable" and not explanation.strip():
        explanation = _asked("Vì sao không áp dụng? / why does it not apply?", "")
    measure: dict[str, str] = {}
    if said in ("no", "partly"):
        measure = {name: _part(name, words) for name, words in REMEDY}
    answers = answered(
        assessed.folder.answers,
        item,
        said,
        explanation=explanation,
        by=by,
        at=now,
        measure=measure,
    )
    folder = saved(assessed.folder, "answers.yaml", answers, at=now, what=f"answer {item.id}")
    return readiness.Assessed(folder, assessed.catalogue, assessed.held)


def _part(name: str, words: str) -> str:
    """One of the six clear points; a day is asked again until it is one, or left out."""
    given = _asked(f"  {words}", "")
    while name == "due" and given and not _is_day(given):
        given = _asked(
            "  Ghi ngày như 2026-12-31, hoặc để trống / write 2026-12-31, or leave out", ""
        )
    return given


def _is_day(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _asked(words: str, default: str) -> str:
    text: str = typer.prompt(words, default=default, show_default=False)
    return text
