"""How much of a dossier's ceiling its transfers use up, as far as anybody can tell.

What was counted can pass a ceiling for certain; an estimate can only make it undecided.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from auditor.model.register import Ceiling, Dossier
from auditor.model.subjects import Subjects
from auditor.policy import masks
from auditor.policy.destinations import recipients_of
from auditor.policy.evidence import MOST
from auditor.policy.facts import column_of, control_traffic_of, encoded, numbers_of
from auditor.policy.masks import Integers

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from auditor.model.content import Contents
    from auditor.model.inventory import Inventory
    from auditor.model.ledger import DayCount, DayTotal, Ledger
    from auditor.policy.masks import Bools

Pair = tuple[str | None, str]
"""A system and a recipient."""


@dataclass(frozen=True, slots=True, eq=False)
class Scope:
    """The flows that are a dossier's transfers for certain, and those that may be."""

    dossier: Dossier
    sure: Integers
    perhaps: Integers


@dataclass(frozen=True, slots=True)
class Volume:
    """What is known of the volume of a dossier's transfers.

    Attributes:
        bytes: that left for certain and were counted.
        bytes_estimated: with estimates, with flows that may be others, or the running total.
        unknown_flows: flows that do not say how much left.
        subjects: different persons recognised in what left, counted and none twice; null = nobody
            was counted.
        subjects_estimated: with estimates, likewise; null = no estimate possible.
    """

    ceiling: Ceiling
    bytes: int
    bytes_estimated: int
    unknown_flows: int
    subjects: int | None
    subjects_estimated: int | None

    @property
    def beyond(self) -> bool | None:
        """Whether a ceiling is passed; null = by estimates only. False: not as far as is known."""
        perhaps = False
        for most, counted, estimated in (
            (self.ceiling.bytes, self.bytes, self.bytes_estimated),
            (self.ceiling.subjects, self.subjects, self.subjects_estimated),
        ):
            if most is None:
                continue
            if counted is not None and counted > most:
                return True
            perhaps |= estimated is not None and estimated > most
        return None if perhaps else False

    @property
    def within(self) -> bool | None:
        """Whether all ceilings are kept; null = some amount is not known, or passed by estimate."""
        beyond = self.beyond
        if beyond is not False:
            return None if beyond is None else False
        unknown = self.ceiling.bytes is not None and self.unknown_flows > 0
        unknown |= self.ceiling.subjects is not None and self.subjects_estimated is None
        return None if unknown else True


class Volumes:
    """The amounts of one flow table, and the running totals where a ledger is given."""

    def __init__(
        self,
        flows: pa.Table,
        contents: Contents,
        inventory: Inventory | None,
        ledger: Ledger | None,
    ) -> None:
        self._table = flows
        self._contents = contents
        self._most = {each.id: each.subjects for each in inventory.systems} if inventory else {}
        self._ledger = ledger
        self._amounts: _Amounts | None = None

    def of(self, scope: Scope) -> Volume:
        """What is known of the transfers in ``scope``, whose dossier has a ceiling."""
        ceiling = scope.dossier.ceiling
        if ceiling is None:
            raise ValueError(f"dossier {scope.dossier.id} has no ceiling")
        if self._amounts is None:  # few registers have ceilings
            self._amounts = _Amounts(self._table, self._contents, self._ledger)
        amounts = self._amounts
        sure = scope.sure[amounts.may_carry[scope.sure]]
        perhaps = scope.perhaps[amounts.may_carry[scope.perhaps]]
        both = np.concatenate([sure, perhaps])
        pairs = amounts.whole_pairs(scope.sure)
        totals = amounts.running(pairs, scope.dossier)
        counted, uncertain = amounts.persons(pairs, scope.dossier)
        estimates = [
            amounts.estimated_subjects(both, counted),
            _sum_of(each.records for each in totals if each.records is not None),
            uncertain,
            None if len(both) else 0,
        ]
        known = [each for each in estimates if each is not None]
        estimated = self._capped(max(known), scope.dossier) if known else None
        certain = sure[amounts.transferred[sure] & amounts.whole[sure]]
        return Volume(
            ceiling=ceiling,
            bytes=total(amounts.outbound[certain]),
            bytes_estimated=max(
                total(amounts.outbound[both]), _sum_of(each.bytes for each in totals) or 0
            ),
            unknown_flows=int(amounts.amount_unknown[both].sum()),
            subjects=counted,
            subjects_estimated=estimated if counted is None else max(counted, estimated or 0),
        )

    def _capped(self, subjects: int, dossier: Dossier) -> int:
        """An estimate, but no more than the dossier's systems hold."""
        held = [self._most.get(system) for system in dossier.systems]
        known = [each for each in held if each is not None]
        return min(subjects, sum(known)) if len(known) == len(held) else subjects


class _Amounts:
    """What each flow sent, and what was counted between which system and recipient."""

    def __init__(self, flows: pa.Table, contents: Contents, ledger: Ledger | None) -> None:
        outbound = column_of(flows, "outbound_bytes")
        self.outbound: Integers = np.asarray(pc.fill_null(outbound, 0))
        self.amount_unknown: Bools = np.asarray(pc.is_null(outbound), np.bool_)
        self.may_carry = ~control_traffic_of(flows)
        self.whole = masks.equals(column_of(flows, "sampling"), 1).hit
        crosses, foreign = (
            masks.decided(column_of(flows, name)).hit
            for name in ("crosses_border", "foreign_recipient")
        )
        self.transferred = crosses | foreign
        self._subjects = column_of(flows, "subjects")
        self._counted = masks.equals(column_of(flows, "subjects_basis"), "counted").hit
        systems, recipients = encoded(flows, "system_id"), recipients_of(flows)
        self._systems: list[str | None] = [None, *systems.dictionary.to_pylist()]
        self._recipients: list[str] = recipients.dictionary.to_pylist()
        self._pair = (numbers_of(systems) + 1) * len(self._recipients) + numbers_of(recipients)
        self._pairs = np.bincount(self._pair)
        self._contents = contents
        self._firm = _firm_detectors(contents)
        self._states: dict[tuple[Pair, str], list[bytes]] = defaultdict(list)
        for each in contents.counted:
            if each.outbound:
                pair = (each.system, each.recipient)
                self._states[pair, each.detector].append(each.state)
        self._totals: dict[Pair, list[DayTotal]] = defaultdict(list)
        self._day_counts: dict[tuple[Pair, str], list[DayCount]] = defaultdict(list)
        for day in ledger.totals if ledger else ():
            self._totals[day.route.system, day.route.recipient].append(day)
        for count in ledger.counts if ledger else ():
            if count.outbound:
                self._day_counts[(count.system, count.recipient), count.detector].append(count)

    def whole_pairs(self, flows: Integers) -> list[Pair]:
        """The systems and recipients all of whose flows are among ``flows``."""
        if not len(flows):
            return []
        numbers = np.bincount(self._pair[flows])
        whole = np.flatnonzero((numbers > 0) & (numbers == self._pairs[: len(numbers)]))
        parts = (divmod(number, len(self._recipients)) for number in whole.tolist())
        return [(self._systems[system], self._recipients[recipient]) for system, recipient in parts]

    def running(self, pairs: Iterable[Pair], dossier: Dossier) -> list[DayTotal]:
        """What the ledger has of the dossier's time and categories between ``pairs``.

        It does not say what of it is an estimate, and all of it may be.
        """
        return [
            each
            for pair in pairs
            for each in self._totals.get(pair, ())
            if _in_time(each, dossier)
            and any(carried.category in dossier.categories for carried in each.route.carried)
        ]

    def persons(self, pairs: list[Pair], dossier: Dossier) -> tuple[int | None, int | None]:
        """Different persons recognised between ``pairs``, of this run and of the ledger.

        Values are told apart by keyed hashes: who stands in both is counted once.

        Returns:
            What was counted for certain, by the detector that found most; and, likewise, what
            rests on many values or on detectors that may be wrong. Null = nothing.
        """
        sure: list[int] = []
        unsure: list[int] = []
        for sought in self._contents.sought:
            if sought.subject != "person" or not set(sought.labels) & set(dossier.categories):
                continue
            seen = Subjects()
            for state in self._states_of(pairs, sought.detector, dossier):
                seen.update(Subjects.from_bytes(state))
            if seen.count:
                firm = seen.exact and sought.detector in self._firm
                (sure if firm else unsure).append(seen.count)
        return max(sure, default=None), max(unsure, default=None)

    def estimated_subjects(self, flows: Integers, counted: int | None) -> int | None:
        """Persons behind ``flows``: those counted, each once, and the estimates of the others."""
        subjects = self._subjects.take(pa.array(flows))
        known = np.asarray(pc.is_valid(subjects), np.bool_)
        if not known.any():
            return None
        values = np.asarray(pc.fill_null(subjects, 0))
        once = self._counted[flows] if counted is not None else np.zeros(len(flows), np.bool_)
        return total(values[~once]) + (counted or 0)

    def _states_of(self, pairs: list[Pair], detector: str, dossier: Dossier) -> Iterator[bytes]:
        for pair in pairs:
            yield from self._states.get((pair, detector), ())
            for count in self._day_counts.get((pair, detector), ()):
                if _in_time(count, dossier):
                    yield count.state


def total(values: Integers) -> int:
    """The sum of amounts, at most ``MOST``: a log may claim any number."""
    about = float(values.astype(np.float64).sum())
    return MOST if about >= MOST else int(values.sum())


def _firm_detectors(contents: Contents) -> frozenset[str]:
    """Detectors that were sure of everything they found in this run."""
    rated: dict[str, bool] = {}
    for hit in contents.hits:
        rated[hit.detector] = rated.get(hit.detector, True) and hit.certainty == "firm"
    return frozenset(detector for detector, firm in rated.items() if firm)


def _in_time(each: DayTotal | DayCount, dossier: Dossier) -> bool:
    ended = dossier.valid_to is not None and each.day > dossier.valid_to
    return dossier.valid_from <= each.day and not ended


def _sum_of(values: Iterable[int]) -> int | None:
    """The sum, at most ``MOST``; null = there are none."""
    several = list(values)
    return min(sum(several), MOST) if several else None
