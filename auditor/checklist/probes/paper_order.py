"""Probes of the order in which documents came: rules R1 to R4."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from auditor.checklist.facts import VIETNAM
from auditor.checklist.probe import Found, Probe, unknown
from auditor.checklist.probes.paper_days import (
    day,
    in_future,
    no_day,
    nothing_held,
    paper_day,
    paper_days,
    written,
)
from auditor.model.text import Text

if TYPE_CHECKING:
    from datetime import date

    from auditor.checklist.facts import Facts
    from auditor.checklist.probe import Arguments
    from auditor.checklist.probes.paper_days import PaperDay

MILESTONES: Final = {
    "first-connection": ("ngày kết nối đầu tiên", "the first connection", "first_connection"),
    "go-live": ("ngày đưa vào vận hành", "the day of going live", "go_live"),
    "first-sync": ("ngày đồng bộ đầu tiên", "the first sync", "first_sync"),
    "last-change": ("lần thay đổi kiến trúc gần nhất", "the last change", "last_change"),
}
"""Days of ``assessment.yaml`` that a document is compared with."""

ORDER: Final = {
    ("regulation", "level-decision"): "ND331 Đ30.7 [C]",
    ("level-decision", "first-connection"): "ND331 Đ30.6 [C]",
    ("level-decision", "go-live"): "ND331 Đ30.6 [C]",
    ("deployment-record", "first-connection"): "ND331 Đ30.6 [C]",
    ("deployment-record", "go-live"): "ND331 Đ30.6 [C]",
    ("risk-report", "last-change"): "ND331 Đ10.2.c [C]",
    ("risk-report", "first-connection"): "ND331 Đ10.2.c [C]",
    ("condition-report", "last-change"): "ND331 Đ28.3.b [C]",
    ("condition-report", "go-live"): "ND331 Đ28.3.b [C]",
    ("agreement", "first-sync"): "L60 Đ36.3 [C]",
    ("line-minutes", "first-connection"): "QD33 Đ12 [C]",
}
"""The provisions that set an order."""


def _before(facts: Facts, arguments: Arguments) -> Found:
    """R1, R2: the oldest document of the kind counts; what matters is that one came before."""
    return _ordered(facts, str(arguments["kind"]), str(arguments["than"]), before=True)


def _after(facts: Facts, arguments: Arguments) -> Found:
    """R3, R4: the youngest document of the kind counts."""
    return _ordered(facts, str(arguments["kind"]), str(arguments["than"]), before=False)


def _ordered(facts: Facts, kind: str, than: str, *, before: bool) -> Found:
    days = paper_days(facts, kind)
    if not days:
        return nothing_held(kind)
    known = [each for each in days if each.day]
    if not known:
        return no_day(days[0])
    mine = known[-1] if before else known[0]
    if future := in_future(mine, facts.today):
        return future
    milestone = than in MILESTONES
    theirs: PaperDay | None = None
    if milestone:
        vi, en, name = MILESTONES[than]
        other = _milestone(facts, name)
        if other is None:
            return unknown(
                f"Chưa ghi {vi}.",
                f"The day of {en} is not given.",
                f"Ghi dates.{name} vào assessment.yaml (ngày dự kiến cũng được).",
                f"Write dates.{name} into assessment.yaml (a planned day will do).",
            )
    else:
        others = [each for each in paper_days(facts, than) if each.day]
        if not facts.held(than):
            return nothing_held(than)
        if not others:
            return no_day(paper_day(facts.held(than)[0]))
        theirs = others[0]
        other = theirs.day
        vi = en = f"{theirs.held.entry.id} ({than})"
    if other is None or mine.day is None:
        raise AssertionError("both days are known here")
    found = _compared(kind, than, mine, mine.day, other, vi, en, theirs, before=before)
    # one without a date may be the one that came in order
    undated = next((each for each in days if each.day is None), None)
    return no_day(undated) if undated and found.answer == "fail" else found


def _compared(
    kind: str,
    than: str,
    mine: PaperDay,
    own: date,
    other: date,
    vi: str,
    en: str,
    theirs: PaperDay | None,
    *,
    before: bool,
) -> Found:
    entry, basis = mine.held.entry, ORDER.get((kind, than), "")
    references = [mine.reference, *([theirs.reference] if theirs else [])]
    same_counts = before and theirs is None  # "on or before the day of connecting"
    if own == other and not same_counts:
        return Found(
            "unknown",
            f"{entry.id} và {vi} cùng ngày {written(own)}: không biết cái nào trước.",
            f"{entry.id} and {en} are of the same day {own}: which came first cannot be told.",
            references,
            basis,
            Text(
                "Người có trách nhiệm xác nhận thứ tự (giờ ký, số văn bản).",
                "Somebody must confirm the order (hour of signing, numbers of the documents).",
            ),
        )
    holds = own <= other if before else own > other
    word_vi, word_en = ("trước", "before") if before else ("sau", "after")
    said_vi = f"{entry.id} ngày {written(own)} ({mine.vi}), {vi} {written(other)}"
    said_en = f"{entry.id} is of {own} ({mine.en}), {en} of {other}"
    if holds:
        same_vi, same_en = (" (cùng ngày)", " (the same day)") if own == other else ("", "")
        return Found(
            "pass",
            f"{said_vi}: đúng thứ tự ({word_vi}){same_vi}.",
            f"{said_en}: it came {word_en}{same_en}.",
            references,
            basis,
        )
    return Found(
        "fail",
        f"{said_vi}: phải có {word_vi}, nhưng không phải vậy.",
        f"{said_en}: it should have come {word_en}, and did not.",
        references,
        basis,
        Text(
            f"Gắn tài liệu loại {kind} có ngày {word_vi} {vi}, hoặc làm lại cho đúng thứ tự.",
            f"Attach a document of kind {kind} from {word_en} {en}, or do it again in order.",
        ),
    )


def _milestone(facts: Facts, name: str) -> date | None:
    dates = facts.assessment.dates
    if name == "first_sync":
        return dates.first_sync.astimezone(VIETNAM).date() if dates.first_sync else None
    said: str | None = getattr(dates, name)
    return day(said or "")


PROBES: Final = (
    Probe(
        "document-before",
        Text("Tài liệu có trước mốc phải có trước không?", "Did the document come before?"),
        ("kind",),
        "both",
        _before,
        ("kind", "than"),
    ),
    Probe(
        "document-after",
        Text("Tài liệu có sau mốc phải có sau không?", "Did the document come after?"),
        ("kind",),
        "both",
        _after,
        ("kind", "than"),
    ),
)
