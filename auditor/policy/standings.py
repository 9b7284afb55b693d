"""Which regime each finding falls under, and what an inspector would look up for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from auditor.model.finding import Sanction
from auditor.policy.rules import basis_of, text

if TYPE_CHECKING:
    from datetime import date

    from auditor.model.regimes import Regime, RegimeFile
    from auditor.model.regimes import Sanction as Named
    from auditor.policy.answers import Answer
    from auditor.policy.facts import CategoryFacts
    from auditor.policy.masks import Integers
    from auditor.policy.rules import Rule

_NONE = -1


class Standings:
    """The regimes of all that was answered.

    A finding has a regime where all of its transfers fall under that one. Where they fall under
    several, or it is not known of one, it has none: findings are not split by it, so that their
    ids stay.
    """

    def __init__(
        self, regimes: RegimeFile, by_category: CategoryFacts, answers: list[Answer]
    ) -> None:
        self._regimes = regimes.regimes
        self._by_id = {regime.id: regime for regime in regimes.regimes}
        self._sanctions = {sanction.id: sanction for sanction in regimes.sanctions}
        numbers = {regime.id: number for number, regime in enumerate(regimes.regimes)}
        names = by_category.kinds.columns["regime"].to_pylist()
        # The last stands for rules that do not look at categories.
        of_kind = np.array([*(numbers.get(name, _NONE) for name in names), _NONE], np.int64)
        self._of_answers = of_kind[np.concatenate([answer.regime for answer in answers])]

    def of_groups(self, group: Integers, groups: int) -> list[int]:
        """Number of the one regime of each group of answers; -1 = not one, or not known."""
        least = np.full(groups, len(self._regimes), np.int64)
        most = np.full(groups, _NONE, np.int64)
        np.minimum.at(least, group, self._of_answers)
        np.maximum.at(most, group, self._of_answers)
        numbers: list[int] = np.where(least == most, least, _NONE).tolist()
        return numbers

    def regime(self, rule: Rule, number: int) -> Regime | None:
        """The regime of a finding of ``rule`` whose transfers fall under regime ``number``."""
        if rule.regime is not None:
            return self._by_id[rule.regime]
        return self._regimes[number] if number != _NONE else None

    def sanctions(self, rule: Rule, regime: Regime | None, last: date) -> tuple[Sanction, ...]:
        """What was in force on the day ``last`` for the conduct that ``rule`` asks about.

        Sanctions of a regime speak of its dossiers: they stand where a dossier is asked for.
        """
        named = [*(regime.sanctions if regime is not None and rule.coverable else ())]
        named += [self._sanctions[name] for name in rule.sanctions]
        return tuple(_said(each) for each in named if each.basis.applies(last, last))


def _said(sanction: Named) -> Sanction:
    return Sanction(text(sanction.conduct), text(sanction.range), basis_of(sanction.basis))
