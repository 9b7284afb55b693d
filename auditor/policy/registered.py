"""What the register says of each finding: its dossier, its exemption, and how they compare."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa

from auditor.model.finding import Claim, Comparison, Deadline
from auditor.model.text import Text
from auditor.policy import dossier_words
from auditor.policy.claims import CLAIMED_STEP, claim_of, claim_said
from auditor.policy.comparing import Beside, Seen, found_in
from auditor.policy.coverage import CHANGED, Reason
from auditor.policy.deadlines import from_register
from auditor.policy.evidence import heaviest

if TYPE_CHECKING:
    from auditor.model.finding import Counted, Severity, State
    from auditor.model.regimes import Regime
    from auditor.policy.answers import Answer
    from auditor.policy.claims import Claims
    from auditor.policy.comparing import Compared
    from auditor.policy.coverage import Coverages
    from auditor.policy.masks import Integers
    from auditor.policy.matching import Matching
    from auditor.policy.members import FlowSets

_MOST_OTHERS: Final = 5
_EPOCH: Final = date(1970, 1, 1)
_NEVER: Final = np.iinfo(np.int64).max


@dataclass(frozen=True, slots=True)
class Said:
    """What the register says of one finding.

    Attributes:
        dossier: id of the closest; null = none.
        next_step: what to do, where the register leads to something else than the rule; null = as
            the rule says.
        deadlines: those that rest on the dossier.
    """

    dossier: str | None
    note: Text
    compared: tuple[Comparison, ...]
    claim: Claim | None
    deadlines: tuple[Deadline, ...]
    next_step: Text | None


class Registered:
    """The register's answer to groups of answers, each of which becomes a finding."""

    def __init__(
        self, coverages: Coverages, claims: Claims, matching: Matching, *, register_given: bool
    ) -> None:
        self._coverages = coverages
        self._claims = claims
        self._matching = matching
        self._register_given = register_given
        self._notes: dict[tuple[int, tuple[str, ...], bool], Text] = {}
        self._found: dict[tuple[int, int], Compared] = {}
        self._beside: dict[int, Beside] = {}

    def take(
        self, group: Integers, groups: int, answers: list[Answer], sets: FlowSets, sent: Integers
    ) -> None:
        """What was answered, by group.

        Args:
            group: per answer, its group.
            groups: how many there are.
            answers: of all rules, in the order of ``group``.
            sets: the flows of the groups.
            sent: per answer, the outbound bytes of its flow.
        """
        self._set_of: list[int] = sets.of_finding.tolist()
        reason, dossier, claim, flow = (
            np.concatenate([getattr(answer, name) for answer in answers])
            for name in ("reason", "dossier", "claim", "flow")
        )
        furthest = np.full(groups, Reason.NONE, np.int64)
        np.minimum.at(furthest, group, reason)
        self._reason: list[int] = furthest.tolist()
        closest = np.where(reason == furthest[group], dossier, -1)
        self._dossiers = _most(group, closest, sent, len(self._coverages.dossiers), groups)
        self._claimed = _most(group, claim, sent, len(self._claims.exemptions), groups)
        self._compare(sets)
        changed = np.full(groups, _NEVER)
        where = np.isin(reason, CHANGED)
        np.minimum.at(changed, group[where], self._matching.days[flow[where]])
        self._changed: list[int] = changed.tolist()

    def of(
        self, group: int, state: State, seen: Seen, regime: Regime | None, *, personal: bool
    ) -> Said:
        """What the register says of one group.

        Args:
            group: its number.
            state: that its answers have.
            seen: what the finding shows.
            regime: that it falls under; null = not one, or not known.
            personal: it is about personal data.
        """
        reason = Reason(self._reason[group])
        numbers = tuple(int(counted.name) for counted in self._dossiers[group])
        note = self._note(reason, numbers, personal=personal)
        compared: tuple[Comparison, ...] = ()
        deadlines: tuple[Deadline, ...] = ()
        dossier = None
        if numbers:
            dossier = self._coverages.dossiers[numbers[0]]
            compared = self._compared(group, numbers[0], seen)
            changed = self._changed[group]
            if regime is not None and reason < Reason.EXPIRED:
                since = None if changed == _NEVER else _EPOCH + timedelta(days=changed)
                deadlines = from_register(dossier, regime, since)
        claim = None
        for counted in self._claimed[group][:1]:
            exemption = self._claims.exemptions[int(counted.name)]
            ground = self._claims.grounds[exemption.ground]
            certain = state == "exempt"
            note = _with(note, claim_said(exemption, ground, certain=certain))
            claim = claim_of(exemption, ground) if certain else None
        return Said(
            dossier=dossier.id if dossier else None,
            note=note,
            compared=compared,
            claim=claim,
            deadlines=deadlines,
            next_step=_step(reason, state),
        )

    def _note(self, reason: Reason, numbers: tuple[int, ...], *, personal: bool) -> Text:
        closest = [self._coverages.dossiers[number] for number in numbers]
        key = (int(reason), tuple(dossier.id for dossier in closest), personal)
        if key not in self._notes:
            self._notes[key] = dossier_words.dossier_said(
                reason,
                closest[0] if closest else None,
                self._coverages.regimes,
                [dossier.id for dossier in closest[1:]],
                register_given=self._register_given,
                personal=personal,
            )
        return self._notes[key]

    def _compare(self, sets: FlowSets) -> None:
        """Every finding's flows beside its dossier; findings over the same flows share that."""
        closest: dict[int, set[int]] = {}
        for of_set, some in zip(self._set_of, self._dossiers, strict=True):
            if some:
                closest.setdefault(int(some[0].name), set()).add(of_set)
        for number, several in closest.items():
            numbers = np.array(sorted(several), np.int64)
            sizes = sets.sizes[numbers]
            starts = np.cumsum(sizes) - sizes
            within = np.arange(int(sizes.sum())) - np.repeat(starts, sizes)
            flows = sets.members[np.repeat(sets.starts[numbers], sizes) + within]
            dossier, regimes = self._coverages.dossiers[number], self._coverages.regimes
            found = found_in(self._matching, dossier, regimes, flows, starts)
            for of_set, each in zip(numbers.tolist(), found, strict=True):
                self._found[of_set, number] = each

    def _compared(self, group: int, number: int, seen: Seen) -> tuple[Comparison, ...]:
        if number not in self._beside:
            self._beside[number] = Beside(
                self._coverages.dossiers[number],
                self._coverages.regimes,
                self._coverages.volumes.get(number),
            )
        return self._beside[number].comparisons(self._found[self._set_of[group], number], seen)


def severity_of(state: State, severity: Severity) -> Severity:
    """How heavy a finding of that state is, by its rule.

    A covered one only informs. An exempt one is low and no lower: that no dossier is needed is
    what somebody claims, and nothing in the traffic proves it.
    """
    if state == "covered" or severity == "info":
        return "info"
    return "low" if state == "exempt" else severity


def _step(reason: Reason, state: State) -> Text | None:
    if state == "covered":
        return dossier_words.COVERED_STEP
    if state == "exempt":
        return CLAIMED_STEP
    if reason is Reason.STOPPED:
        return dossier_words.STOPPED_STEP
    return dossier_words.CHANGED_STEP if reason in CHANGED else None


def _with(note: Text, more: Text) -> Text:
    return type(note)(f"{note.vi} {more.vi}", f"{note.en} {more.en}")


def _most(
    group: Integers, number: Integers, sent: Integers, entries: int, groups: int
) -> list[tuple[Counted, ...]]:
    """Per group: numbers of the entries that most was sent under, the first of them at most."""
    names = pa.array([str(each) for each in range(entries)], pa.string())
    return heaviest(group, number, sent, names, groups, _MOST_OTHERS + 1)
