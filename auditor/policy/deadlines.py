"""By which day something must be done, as far as traffic and register tell.

A day is never compared with today here: who shows a deadline does.
"""

from __future__ import annotations

import calendar
from dataclasses import replace
from datetime import date, timedelta, timezone
from typing import TYPE_CHECKING, Final

from auditor.model.finding import Deadline
from auditor.policy.rules import basis_of, text

if TYPE_CHECKING:
    from collections.abc import Iterable

    from auditor.model.finding import Finding, LegalBasis
    from auditor.model.ledger import Ledger
    from auditor.model.regimes import Duty, Regime
    from auditor.model.register import Dossier
    from auditor.model.text import Text
    from auditor.policy.law import Law

_VIETNAM: Final = timezone(timedelta(hours=7))
_FILED_ALREADY: Final = ("system", "category", "regime", "recipient", "time")
"""Where a dossier fits in these, it was filed for this transfer, whatever else is amiss."""


def dated(
    findings: Iterable[Finding], law: Law, ledger: Ledger | None = None
) -> tuple[Finding, ...]:
    """The findings with the deadlines that run from the first transfer, reckoned anew.

    The other deadlines of a finding (from a result, from a change) stay as they are.

    Args:
        findings: of one run, all of it: the first transfer of a route may stand in another.
        law: the regimes, their duties, and the grounds of exemptions.
        ledger: what was added up over all runs; null = the run's own days are all that is known.
    """
    several = tuple(findings)
    coverable = {rule.id for rule in law.rules.rules if rule.coverable}
    duties_of = {regime.id: _running(regime.duties) for regime in law.regimes.regimes}
    duties_of |= {ground.id: _running(ground.duties) for ground in law.regimes.grounds}
    running = {duty.id for duties in duties_of.values() for duty, _, _ in duties}
    first = _first_days(one for one in several if one.rule in coverable)
    out: list[Finding] = []
    for one in several:
        kept = [deadline for deadline in one.deadlines if deadline.duty not in running]
        duties = duties_of.get(_holder(one) or "", ()) if one.rule in coverable else ()
        if duties:
            began, known = _first_transfer(one, first[_route(one)], ledger)
            kept += [_from_then(duty, began, known, what, basis) for duty, what, basis in duties]
        out.append(replace(one, deadlines=in_order(kept)))
    return tuple(out)


def from_register(
    dossier: Dossier | None, regime: Regime, changed_on: date | None
) -> tuple[Deadline, ...]:
    """The deadlines of one finding that rest on its dossier.

    Args:
        dossier: filed for this transfer; null = none.
        regime: that the transfer falls under.
        changed_on: first day on which something was seen that the dossier does not say.
    """
    if dossier is None:
        return ()
    found: list[Deadline] = []
    if dossier.result == "failed" and dossier.result_on is not None:
        failed = dossier.result_on
        found += [
            _reckoned(duty, failed, known=True) for duty in regime.duties if duty.event == "result"
        ]
    if changed_on is not None:
        found += [
            _reckoned(duty, changed_on, known=False)
            for duty in regime.duties
            if duty.event == "change"
        ]
    return in_order(found)


def in_order(deadlines: Iterable[Deadline]) -> tuple[Deadline, ...]:
    """The earliest first."""
    return tuple(sorted(deadlines, key=lambda each: (each.due, each.duty)))


def due_on(duty: Duty, counted_from: date) -> date:
    """The last day of a duty; a month ends on the day of that number, or on its last day.

    Hours count from a moment of ``counted_from`` that is not known: the last day that it can be.
    """
    sign = -1 if duty.direction == "before" else 1
    if duty.months is None:
        return counted_from + sign * timedelta(days=duty.days or 0, hours=duty.hours or 0)
    month = counted_from.year * 12 + counted_from.month - 1 + sign * duty.months
    year, month = divmod(month, 12)
    last = calendar.monthrange(year, month + 1)[1]
    return date(year, month + 1, min(counted_from.day, last))


def _running(duties: tuple[Duty, ...]) -> tuple[tuple[Duty, Text, LegalBasis], ...]:
    """The duties that run from the first transfer, with their texts made once."""
    return tuple(
        (duty, text(duty.what), basis_of(duty.basis)) for duty in duties if _from_first(duty)
    )


def _holder(one: Finding) -> str | None:
    """The regime or ground whose duties a finding has from its first transfer; null = none."""
    if one.state == "exempt" and one.claim is not None:
        return one.claim.ground_id if one.claim.reported is None else None
    return one.regime if _to_be_filed(one) else None


def _from_first(duty: Duty) -> bool:
    """Whether a duty runs from, or up to, the first transfer.

    One to be done before any transfer is due before the first. One after every transfer (to keep
    its log) has no last day as long as transfers go on.
    """
    before = duty.event == "transfer" and duty.direction == "before"
    return before or duty.event == "first-transfer"


def _from_then(
    duty: Duty,
    began: date,
    known: bool,  # noqa: FBT001 - as Deadline has it
    what: Text,
    basis: LegalBasis,
) -> Deadline:
    """The deadline of a transfer that began on ``began``.

    Nothing is due before the provision is in force. For a transfer that began before, nobody could
    confirm from which day its days count: the latest that it can be is reckoned, as not known.
    """
    in_force = duty.basis.in_force or began
    counted_from = max(began, in_force)
    due = max(due_on(duty, counted_from), duty.basis.in_force or date.min)
    return Deadline(due, counted_from, known and began >= in_force, duty.id, what, basis)


def _reckoned(duty: Duty, counted_from: date, *, known: bool) -> Deadline:
    return Deadline(
        due=due_on(duty, counted_from),
        counted_from=counted_from,
        known=known,
        duty=duty.id,
        what=text(duty.what),
        basis=basis_of(duty.basis),
    )


def _to_be_filed(one: Finding) -> bool:
    """Whether no dossier was filed for this transfer, as far as the register shows."""
    if one.state in ("covered", "exempt"):
        return False
    fits = {each.field: each.fits for each in one.compared}
    return not all(fits.get(field) for field in _FILED_ALREADY)


def _route(one: Finding) -> tuple[str | None, str, str]:
    return one.system, one.category or "", one.recipient


def _day(one: Finding) -> date:
    return one.evidence.first.astimezone(_VIETNAM).date()


def _first_days(findings: Iterable[Finding]) -> dict[tuple[str | None, str, str], date]:
    """First day, in Vietnam, on which a system was seen to send a category to a recipient."""
    first: dict[tuple[str | None, str, str], date] = {}
    for one in findings:
        day = _day(one)
        first[_route(one)] = min(day, first.get(_route(one), day))
    return first


def _first_transfer(one: Finding, seen: date, ledger: Ledger | None) -> tuple[date, bool]:
    """First day of the transfer, and whether it can be told from days before without any."""
    if ledger is None:
        return seen, False
    began = min(seen, ledger.first_seen.get(_route(one), seen))
    return began, ledger.complete_from is not None and ledger.complete_from < began
