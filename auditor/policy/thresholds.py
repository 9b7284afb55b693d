"""Thresholds that all transfers since a day have crossed together (Decree 165 Article 12(10)).

What was counted is never added to what was estimated, nor one detector's subjects to another's:
one person has several numbers, and the number of persons is at least the largest count.
"""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Final

from auditor.model.finding import Counted, Evidence, Finding, LegalBasis, Running
from auditor.model.ledger import DayTotal, Ledger
from auditor.policy import threshold_words as words
from auditor.policy.findings import in_order
from auditor.policy.rules import text
from auditor.policy.totals import Books, all_books, compared, line_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from auditor.model.content import Sought
    from auditor.model.finding import State
    from auditor.model.inventory import Inventory
    from auditor.model.ledger import DayTotal, Ledger
    from auditor.model.regimes import RunningThreshold
    from auditor.policy.law import Law
    from auditor.policy.totals import Line

MOST_SHOWN: Final = 10
EVERYBODY: Final = "*"
"""Stands for all owners together in ids."""
_SURE: Final = ("C", "S")
"""Marks with which a number is enough for a finding that is more than undecided."""
_VIETNAM: Final = timedelta(hours=7)


def crossed(
    ledger: Ledger,
    law: Law,
    inventory: Inventory | None,
    sought: Iterable[Sought],
    *,
    alone: bool = False,
) -> tuple[Finding, ...]:
    """A finding for each owner and threshold that is crossed, or may be, the heaviest first.

    Open where subjects that were counted cross it; undecided where only an estimate does, the
    number of the threshold is not confirmed, or several owners cross it only together. The counted
    are those that left for a recipient abroad, or a foreign one, that the ledger knows.

    Args:
        ledger: what was added up.
        law: the thresholds and the categories.
        inventory: names of systems, and how many subjects they hold.
        sought: what detectors look for: their labels, and whom they count.
        alone: the ledger is one run's own; the findings say so.

    Raises:
        StoreError: what was counted is damaged.
    """
    found: list[Finding] = []
    detectors = tuple(sought)
    for books in all_books(ledger):
        for threshold in law.regimes.thresholds:
            line = line_of(threshold, law)
            running = _running(books, threshold, line, detectors, inventory, alone=alone)
            if running is not None and not (
                books.together and _told(threshold, line, running, found)
            ):
                found.append(_finding(threshold, law, line, running, books, inventory))
    return in_order(found)


def with_crossed(
    findings: Iterable[Finding], crossed: Iterable[Finding], law: Law
) -> tuple[Finding, ...]:
    """Findings with these about thresholds in place of any others, the heaviest first."""
    rules = {threshold.id for threshold in law.regimes.thresholds}
    kept = [each for each in findings if each.rule not in rules]
    return in_order([*kept, *crossed])


def _told(
    threshold: RunningThreshold, line: Line, running: Running, found: Sequence[Finding]
) -> bool:
    """Whether findings of single owners say as much as one of all together would."""
    states = {each.state for each in found if each.rule == threshold.id}
    counted = line.least is not None and running.counted >= line.least
    return "open" in states or (bool(states) and not counted)


def _running(
    books: Books,
    threshold: RunningThreshold,
    line: Line,
    sought: Sequence[Sought],
    inventory: Inventory | None,
    *,
    alone: bool,
) -> Running | None:
    """The total beside the threshold, where it is crossed or may be."""
    since = threshold.since
    totals = compared(books, threshold, line, sought, inventory)
    counted, estimated = totals.counted, totals.estimated
    if not totals.days or (line.below is not None and counted.total >= line.below):
        return None
    behind = {(each.system, each.recipient) for each in books.counting(totals.detectors, since)} | {
        (each.route.system, each.route.recipient) for each in totals.totals
    }
    shown = [
        each
        for each in books.totals
        if each.day >= since and (each.route.system, each.route.recipient) in behind
    ]
    return Running(
        owner=books.owner,
        since=since,
        crossed=counted.day or min(totals.days),
        threshold=line.least,
        mark=line.mark,
        counted=counted.total,
        exact=counted.exact,
        estimated=None if estimated is None else estimated.total,
        systems=_heaviest(shown, lambda each: each.route.system),
        recipients=_heaviest(shown, lambda each: each.route.recipient),
        alone=alone,
        complete_from=books.complete_from,
    )


def _heaviest(
    totals: list[DayTotal], name: Callable[[DayTotal], str | None]
) -> tuple[Counted, ...]:
    sums: dict[str, tuple[int, int]] = {}
    for each in totals:
        flows, size = sums.get(name(each) or "", (0, 0))
        sums[name(each) or ""] = (flows + each.flows, size + each.bytes)
    found = [Counted(one, *values) for one, values in sums.items() if one]
    found.sort(key=lambda each: (-each.outbound_bytes, each.name))
    return tuple(found[:MOST_SHOWN])


def _finding(
    threshold: RunningThreshold,
    law: Law,
    line: Line,
    running: Running,
    books: Books,
    inventory: Inventory | None,
) -> Finding:
    least = line.least
    sure = least is not None and line.mark in _SURE and running.counted >= least
    sure &= not books.together
    state: State = "open" if sure else "undecided"
    category = law.catalogue.by_code.get(threshold.category) if threshold.category else None
    names = {each.id: each.name for each in inventory.systems} if inventory else {}
    evidence = _evidence(running, books, threshold)
    return Finding(
        id=_id(threshold, EVERYBODY if books.together else running.owner),
        rule=threshold.id,
        title=text(threshold.title),
        severity=threshold.severity,
        state=state,
        system=None,
        system_name=None,
        recipient="*",
        category=threshold.category,
        category_title=text(category.title) if category else None,
        category_verified=category.verified if category else None,
        countries=tuple(each.name for each in evidence.countries),
        certainty="likely" if sure else "weak",
        known_by=words.known_by(running, names),
        not_known=words.not_known(running, line.subject, together=books.together),
        legal=tuple(
            LegalBasis(basis.instrument, basis.article, text(basis.says), basis.mark, basis.url)
            for basis in threshold.legal
        ),
        next_step=text(threshold.next_step),
        evidence=evidence,
    )


def _evidence(running: Running, books: Books, threshold: RunningThreshold) -> Evidence:
    """The sums behind; no flow is named, for those of earlier runs are not at hand."""
    recipients = {each.name for each in running.recipients}
    shown = [
        each
        for each in books.totals
        if each.day >= running.since and each.route.recipient in recipients
    ]
    last = max(each.day for each in shown)
    estimate = running.estimated if not running.counted else None
    return Evidence(
        flows=sum(each.flows for each in shown),
        packets=None,
        outbound_bytes=sum(each.bytes for each in shown),
        inbound_bytes=0,
        first=_midnight(min(each.day for each in shown)),
        last=_midnight(last + timedelta(days=1)) - timedelta(seconds=1),
        home=(),
        peers=(),
        hosts=(),
        countries=_heaviest(shown, lambda each: each.route.country),
        apps=(),
        clear_text_flows=0,
        encrypted_flows=0,
        subjects=running.counted or estimate,
        subjects_basis="counted" if running.counted else "estimated" if estimate else None,
        flow_ids=(),
        flow_ids_cut=0,
        lines=(),
        running=running,
    )


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC) - _VIETNAM


def _id(threshold: RunningThreshold, owner: str) -> str:
    """Hash of what it is about, as of other findings; and of the owner, for each has its own."""
    parts = [threshold.id, None, "*", threshold.category, owner]
    content = json.dumps(parts, ensure_ascii=False).encode("utf-8", "surrogatepass")
    return hashlib.sha256(content).hexdigest()[:16]
