"""What runs out, and when: minutes, reports and keys the connection rests on."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Final

from auditor.checklist.probe import Found, Probe, unknown
from auditor.checklist.probes.tables import (
    judged,
    optional_table,
)
from auditor.checklist.sources.register import day
from auditor.checklist.working_days import months_before
from auditor.model.readiness import Reference
from auditor.model.text import Text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.checklist.facts import Facts
    from auditor.checklist.held import Held
    from auditor.checklist.probe import Arguments

WARN_DAYS: Final = (60, 30, 7)
RUNNING: Final = {
    "confirmation-minutes": "minutes-months",
    "self-check-report": "self-check-months",
    "risk-report": "risk-months",
    "penetration-report": "penetration-months",
    "restore-minutes": "restore-months",
    "data-risk-report": "data-risk-months",
}
"""Kinds of documents that run out, and the number of months they hold for."""
ANNUAL: Final = "annual-report"
ANNUAL_SOURCE: Final = "ND331 Đ35 [C]"


def next_report(dated: date) -> date:
    """When the report after this one is due: 25 December (Nghị định 331/2026 Điều 35)."""
    return date(dated.year + (dated.month == 12), 12, 25)


def documents_end(facts: Facts) -> Iterator[tuple[str, Held, date | None, str]]:
    """Kind, piece, last day and source of each document that runs out; null = it has no date."""
    for kind in (*RUNNING, ANNUAL):
        youngest = next(iter(facts.held(kind)), None)
        if youngest is None:
            continue
        dated = day(youngest.entry.dated)
        if dated is not None and dated > facts.today:
            dated = None
        if kind == ANNUAL:
            yield kind, youngest, next_report(dated) if dated else None, ANNUAL_SOURCE
            continue
        limit = facts.number(RUNNING[kind])
        if limit.value is not None:
            end = months_before(dated, -int(limit.value)) if dated else None
            yield kind, youngest, end, limit.source


def expiry_clock(facts: Facts, _: Arguments) -> Found:
    """Nothing the connection rests on has run out or is about to."""
    ends: list[tuple[date, Reference]] = []
    failing: list[Reference] = []
    unread: list[Reference] = []
    sources: list[str] = []
    for kind, piece, end, source in documents_end(facts):
        if end is None:
            unread.append(Reference(piece.entry.id, "", f"{kind}: no past date is registered"))
        else:
            sources.append(source)
            ends.append((end, Reference(piece.entry.id, "", f"{kind}: until {end}")))
    keys = optional_table(facts, "key-register", "key expires")
    for number_, (line, row) in enumerate(keys.records() if keys is not None else (), start=1):
        expires = day(row["expires"])
        if keys is not None and expires is not None:
            ends.append((expires, keys.at(line, f"key {number_}: until {expires}")))
        elif keys is not None and row["expires"]:
            unread.append(keys.at(line, f"key {number_}: expiry cannot be read"))
    if not ends and not unread:
        return unknown(
            "Chưa có biên bản xác nhận, báo cáo hoặc sổ khoá nào có ngày để tính hạn.",
            "No minutes, report or key register with a date is registered.",
            "Đăng ký biên bản xác nhận, báo cáo tự kiểm tra (kèm ngày) và sổ khoá.",
            "Register the confirmation minutes and reports with their dates, and the key register.",
        )
    lacking: list[Reference] = []
    for end, reference in sorted(ends, key=lambda pair: pair[0]):
        left = (end - facts.today).days
        if left < 0:
            failing.append(Reference(reference.source, reference.place, f"{reference.shows}, over"))
        elif left <= WARN_DAYS[0]:
            within = min(days for days in WARN_DAYS if left <= days)
            lacking.append(
                Reference(
                    reference.source,
                    reference.place,
                    f"{reference.shows}, {left} days left (within {within})",
                )
            )
    first = min(ends, key=lambda pair: pair[0])[0] if ends else None
    return judged(
        Text(
            f"Cả {len(ends)} văn bản, khoá còn hạn trên {WARN_DAYS[0]} ngày; sớm nhất {first}.",
            f"All {len(ends)} documents and keys hold for more than {WARN_DAYS[0]} days; the first "
            f"ends {first}.",
        ),
        Text(
            f"{len(failing)}/{len(ends)} văn bản, khoá đã hết hạn; {len(lacking)} sẽ hết hạn trong "
            f"{WARN_DAYS[0]} ngày.",
            f"{len(failing)} of {len(ends)} documents and keys have run out; {len(lacking)} end "
            f"within {WARN_DAYS[0]} days.",
        ),
        Text(
            "Lập lại văn bản, thay khoá trước khi hết hạn.",
            "Renew the documents and keys before they run out.",
        ),
        failing=failing,
        lacking=lacking,
        unread=unread,
        rests_on="; ".join(dict.fromkeys(sources)),
        tables=() if keys is None else (keys,),
        covered=(len(ends) - len(failing), len(ends)),
        not_covered=(
            Text(
                "Hạn của chứng thư do phép kiểm tra certificates-valid xét.",
                "Expiry of certificates is looked at by certificates-valid.",
            ),
        ),
    )


PROBES: tuple[Probe, ...] = (
    Probe(
        "expiry-clock",
        Text("Văn bản, khoá nào sắp hết hạn?", "What runs out, and when?"),
        (*RUNNING, ANNUAL, "key-register"),
        "both",
        expiry_clock,
    ),
)
