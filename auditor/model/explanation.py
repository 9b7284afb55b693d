"""How a rule came to its answer about one flow: every test, with what it was asked of."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Asked:
    """One line of a rule's condition, and its answer for one flow and category.

    Attributes:
        depth: how deep it stands; 0 = the whole condition.
        test: as the rule has it: ``all of``, ``any of``, ``not``, or ``outbound_bytes at_least 1``.
        value: what the fact was; empty = this line joins others. ``null`` = not known.
        answer: null = undecided.
    """

    depth: int
    test: str
    value: str
    answer: bool | None


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a rule answered as it did about one flow of a finding.

    Attributes:
        flow_id: the flow; the heaviest of those that the finding shows.
        question: what the rule asks, in Vietnamese and in English.
        asked: the condition, line by line, from the top.
        on_unknown: what an undecided condition gives: ``report`` or ``ignore``.
        regime: id of the regime of the flow and category; null = not known, or no category.
        regime_asked: every regime in its order: its id, and whether it applies (null = not known).
    """

    flow_id: int
    question: tuple[str, str]
    asked: tuple[Asked, ...]
    on_unknown: str
    regime: str | None
    regime_asked: tuple[tuple[str, bool | None], ...]
