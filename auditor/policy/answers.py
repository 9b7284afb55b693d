"""What each rule answers: flows and categories, each with its state and its closest dossier."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from auditor.model.finding import STATES
from auditor.policy.coverage import Reason
from auditor.policy.facts import days_of, evaluated
from auditor.policy.masks import Bools, Integers, decided

if TYPE_CHECKING:
    import pyarrow as pa

    from auditor.model.catalogue import Catalogue
    from auditor.policy.claims import Claims
    from auditor.policy.coverage import Coverages
    from auditor.policy.facts import CategoryFacts, Exploded, FactTable
    from auditor.policy.rules import Rule

_OPEN, _UNDECIDED, _EXEMPT, _COVERED = range(len(STATES))


@dataclass(frozen=True, slots=True, eq=False)
class Answer:
    """Where one rule answers: flows (and categories) with their state and closest dossier.

    Attributes:
        claim: number of the exemption that speaks of it, or may; -1 = none.
        regime: row of ``CategoryFacts.kinds`` that says the regime; -1 = the rule does not look at
            categories.
    """

    flow: Integers
    category: Integers
    state: Integers
    reason: Integers
    dossier: Integers
    claim: Integers
    regime: Integers


@dataclass(frozen=True, slots=True, eq=False)
class Doubts:
    """What lets an answer be undecided at most.

    Attributes:
        days: per flow, the day it began.
        others: per flow, whether its data is known to be no state agency's.
        categories: per category code, and once more for none, whether nobody could confirm it.
        binding: per category code, and once more for none, whether it binds state agencies only.
    """

    days: Integers
    others: Bools
    categories: Bools
    binding: Bools


def doubts_of(
    flows: pa.Table, facts: FactTable, codes: tuple[str, ...], catalogue: Catalogue
) -> Doubts:
    """What is in doubt about ``flows``, whose facts are ``facts``, and the categories ``codes``.

    A row of the lists that nobody could confirm (marks T and M), and one that binds state agencies
    only where the data is somebody else's.
    """
    rows = [catalogue.by_code.get(code) for code in codes]
    unconfirmed = [row is not None and row.mark in ("T", "M") for row in rows]
    binding = [row is not None and row.binds == "state-agencies" for row in rows]
    return Doubts(
        days_of(flows),
        decided(facts.columns["state_agency"]).miss,
        np.array([*unconfirmed, False], np.bool_),
        np.array([*binding, False], np.bool_),
    )


def answered(
    rule: Rule,
    by_flow: FactTable,
    by_category: CategoryFacts,
    rows: Exploded,
    dossiers: Coverages,
    claims: Claims,
    doubts: Doubts,
) -> Answer:
    """Where ``rule`` hits or stays undecided, with the state that register and doubts leave it."""
    facts: FactTable | CategoryFacts = by_category if rule.by_category else by_flow
    answer = evaluated(rule.when, facts)
    state = np.full(facts.rows, -1, np.int64)
    state[answer.hit] = _OPEN if rule.on_hit == "open" else _UNDECIDED
    if rule.on_unknown == "report":
        state[answer.unknown] = _UNDECIDED
    chosen = np.flatnonzero(state >= 0)
    state = state[chosen]
    flow = rows.flow_of[chosen] if rule.by_category else chosen
    if rule.in_force_from is not None:
        early = doubts.days[flow] < np.datetime64(rule.in_force_from).astype(np.int64)
        state[early] = _UNDECIDED
    if rule.by_category:
        code = rows.code[chosen]
        state[doubts.categories[code] | (doubts.binding[code] & doubts.others[flow])] = _UNDECIDED
    none = np.full(len(chosen), -1, np.int64)
    reason, dossier, claim = np.full(len(chosen), Reason.NONE, np.int64), none, none
    if not rule.by_category:
        return Answer(flow, none, state, reason, dossier, claim, none)
    if rule.coverable:
        state, reason, dossier, claim = _registered(state, dossiers, claims, chosen)
    regime = by_category.kind_of[chosen]
    if "category" in rule.group_by:
        return Answer(flow, rows.code[chosen], state, reason, dossier, claim, regime)
    # Not grouped by category: a flow counts once, with the heaviest of its states.
    order = np.lexsort((state, flow))
    first = order[np.unique(flow[order], return_index=True)[1]]
    return Answer(
        *(flow[first], none[first], state[first]),
        *(reason[first], dossier[first], claim[first], regime[first]),
    )


def _registered(
    state: Integers, dossiers: Coverages, claims: Claims, rows: Integers
) -> tuple[Integers, Integers, Integers, Integers]:
    """State, reason, dossier and claim of ``rows``, which the rule left in ``state``.

    A dossier that covers goes before an exemption, which is only claimed; an order to stop goes
    before both, and leaves the state as it is.
    """
    coverage = dossiers.coverage(rows)
    fits, claim = claims.fits.take(rows), claims.claim[rows]
    out = state.copy()
    out[fits.unknown | coverage.perhaps] = _UNDECIDED
    out[fits.hit] = _EXEMPT
    out[coverage.covered] = _COVERED
    out[coverage.perhaps_stopped] = _UNDECIDED
    out[coverage.stopped] = state[coverage.stopped]
    claim = np.where((out == _EXEMPT) | (out == _UNDECIDED), claim, -1)
    return out, coverage.reason, coverage.dossier, claim
