"""Which dossier covers a transfer, and why none does."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt
import pyarrow.compute as pc

from auditor.policy.ceilings import Scope, Volume, Volumes
from auditor.policy.masks import Integers, Masks, one_of
from auditor.policy.matching import each_flow_once, names_somebody, number_of
from auditor.policy.regimes import covers_from, result_suffices

if TYPE_CHECKING:
    from collections.abc import Mapping

    from auditor.model.regimes import Regime, RegimeFile
    from auditor.model.register import Dossier, Register
    from auditor.policy.facts import CategoryFacts
    from auditor.policy.masks import Bools
    from auditor.policy.matching import Matching, Recipient

_NOT_KNOWN: Final = ""
_Reasons = npt.NDArray[np.int8]


class Reason(IntEnum):
    """How far the closest dossier reaches, from covering down to nothing at all.

    An order to stop comes before everything: no other dossier lets go on what is stopped.
    """

    STOPPED = 0
    PERHAPS_STOPPED = 1
    COVERED = 2
    COUNTRY_ONLY = 3
    CEILING_UNDECIDED = 4
    RECIPIENT_UNKNOWN = 5
    BEYOND_CEILING = 6
    KEPT_LONGER = 7
    OTHER_COUNTRY = 8
    NOT_PASSED = 9
    FILED_LATE = 10
    EXPIRED = 11
    NOT_YET_VALID = 12
    OTHER_RECIPIENT = 13
    REGIME_UNKNOWN = 14
    OTHER_REGIME = 15
    OTHER_CATEGORY = 16
    NONE = 17


UNDECIDED: Final = (
    Reason.PERHAPS_STOPPED,
    Reason.COUNTRY_ONLY,
    Reason.CEILING_UNDECIDED,
    Reason.RECIPIENT_UNKNOWN,
)
"""A dossier fits, or an order to stop holds, but for something that could not be compared."""

CHANGED: Final = (Reason.OTHER_COUNTRY, Reason.KEPT_LONGER)
"""The transfer is the dossier's, and something in it changed: an update is due."""


@dataclass(frozen=True, slots=True, eq=False)
class Coverage:
    """Per row: how far the closest dossier reaches, and which one that is (-1 = none)."""

    reason: Integers
    dossier: Integers

    @property
    def covered(self) -> Bools:
        """Rows that a dossier covers."""
        covered: Bools = self.reason == Reason.COVERED
        return covered

    @property
    def stopped(self) -> Bools:
        """Rows under an order to stop."""
        stopped: Bools = self.reason == Reason.STOPPED
        return stopped

    @property
    def perhaps_stopped(self) -> Bools:
        """Rows that may be under an order to stop."""
        stopped: Bools = self.reason == Reason.PERHAPS_STOPPED
        return stopped

    @property
    def perhaps(self) -> Bools:
        """Rows that a dossier fits, or an order stops, but for what could not be compared."""
        perhaps: Bools = np.isin(self.reason, UNDECIDED)
        return perhaps


class Coverages:
    """How far the dossiers of a register reach over all flows and categories of one table.

    Of dossiers that reach equally far, the one that stands first in the register is named.

    Attributes:
        dossiers: of the register, in its order.
        regimes: by id.
        volumes: what is known of the transfers of those that have a ceiling, by their number.
    """

    def __init__(
        self,
        register: Register | None,
        regimes: RegimeFile,
        matching: Matching,
        facts: CategoryFacts,
        volumes: Volumes,
    ) -> None:
        self.dossiers: tuple[Dossier, ...] = register.dossiers if register else ()
        self.regimes = {regime.id: regime for regime in regimes.regimes}
        self.volumes: dict[int, Volume] = {}
        self._matching = matching
        self._all_volumes = volumes
        self._reason = np.full(facts.rows, Reason.NONE, np.int8)
        self._dossier = np.full(facts.rows, -1, np.int32)
        if not self.dossiers:
            return
        of_regime = rows_by_regime(facts, self.regimes)
        for number, dossier in enumerate(self.dossiers):
            rows = matching.rows_of(dossier)
            if not len(rows):
                continue
            regime = of_regime[dossier.regime]
            for other in self.regimes.values():
                if carried_over(dossier, other, self.regimes):
                    regime = regime | of_regime[other.id]
            reached = self._reached(number, regime[rows], of_regime[_NOT_KNOWN][rows], rows)
            closer = reached < self._reason[rows]
            self._reason[rows[closer]] = reached[closer]
            self._dossier[rows[closer]] = number

    def coverage(self, rows: Integers) -> Coverage:
        """How far dossiers cover ``rows`` of flows and categories."""
        return Coverage(self._reason[rows].astype(np.int64), self._dossier[rows].astype(np.int64))

    def _reached(self, number: int, regime: Bools, unknown: Bools, rows: Integers) -> _Reasons:
        """How far one dossier reaches over ``rows``, all of its systems.

        Args:
            number: of the dossier.
            regime: per row, whether it falls under what the dossier was filed under.
            unknown: per row, whether nobody knows what it falls under.
            rows: ascending.
        """
        dossier, matching = self.dossiers[number], self._matching
        flows, flow_of = each_flow_once(matching.rows.flow_of[rows])
        recipient = matching.recipient(dossier.recipients, flows)
        by_flow = self._by_flow(dossier, recipient, flows)
        category = matching.categories(dossier, rows)
        if dossier.ceiling is not None:
            _hold_to_ceiling(
                by_flow, self._volume(number, by_flow, flows, flow_of, category & regime)
            )
        by_row = by_flow[flow_of]
        # An order to stop stops the transfer, whatever law the dossier was filed under.
        stopped = by_row <= Reason.PERHAPS_STOPPED
        by_row[~regime & ~stopped] = Reason.OTHER_REGIME
        by_row[unknown & ~regime & ~stopped] = Reason.REGIME_UNKNOWN
        by_row[~category] = Reason.OTHER_CATEGORY
        return by_row

    def _by_flow(self, dossier: Dossier, recipient: Recipient, flows: Integers) -> _Reasons:
        """How far one dossier reaches over ``flows``, whatever data they carry, and how much."""
        days = self._matching.days[flows]
        early, ended = self._matching.in_time(dossier, flows)
        regime = self.regimes[dossier.regime]
        late = days < number_of(covers_from(dossier, regime))
        moved = recipient.moved
        passed = result_suffices(dossier, regime)
        best = Reason.COVERED if names_somebody(dossier.recipients) else Reason.COUNTRY_ONLY
        # From the last to be asked to the first: the first test that fails says how far it came.
        reached: _Reasons = np.full(len(flows), best, np.int8)
        reached[recipient.fits.unknown] = Reason.RECIPIENT_UNKNOWN
        if dossier.storage is not None:
            reached[days > number_of(dossier.storage.until)] = Reason.KEPT_LONGER
        reached[moved] = Reason.OTHER_COUNTRY
        if not passed:
            reached[:] = Reason.NOT_PASSED
        reached[late] = Reason.FILED_LATE
        reached[ended] = Reason.EXPIRED
        reached[early] = Reason.NOT_YET_VALID
        reached[recipient.fits.miss & ~moved] = Reason.OTHER_RECIPIENT
        if dossier.stops:
            stop = stopped_days(dossier, days)
            named = who_is_meant(recipient)
            reached[stop & named.unknown] = Reason.PERHAPS_STOPPED
            reached[stop & named.hit] = Reason.STOPPED
        return reached

    def _volume(
        self, number: int, by_flow: _Reasons, flows: Integers, flow_of: Integers, mine: Bools
    ) -> Volume:
        """What is known of the transfers that the dossier would cover, were there no ceiling."""
        carries = np.zeros(len(flows), np.bool_)
        carries[flow_of[mine]] = True
        sure = carries & (by_flow == Reason.COVERED)
        perhaps = carries & np.isin(by_flow, (Reason.COUNTRY_ONLY, Reason.RECIPIENT_UNKNOWN))
        scope = Scope(self.dossiers[number], flows[sure], flows[perhaps])
        volume = self._all_volumes.of(scope)
        self.volumes[number] = volume
        return volume


def carried_over(dossier: Dossier, other: Regime, regimes: Mapping[str, Regime]) -> bool:
    """Whether a dossier counts under another regime than its own.

    What was received before the later law came into force stays in use.
    """
    earlier = dossier.filed < max(regimes[dossier.regime].since, other.since)
    return dossier.regime in other.dossiers_of and earlier


def rows_by_regime(facts: CategoryFacts, regimes: Mapping[str, Regime]) -> dict[str, Bools]:
    """Per regime: the rows that fall under it; under ``""`` those of which nobody knows."""
    column = facts.kinds.columns["regime"]
    rows = {name: one_of(column, [name]).hit[facts.kind_of] for name in regimes}
    rows[_NOT_KNOWN] = np.asarray(pc.is_null(column), np.bool_)[facts.kind_of]
    return rows


def stopped_days(dossier: Dossier, days: Integers) -> Bools:
    """Which of ``days`` (since 1970) an order to stop holds on."""
    stopped = np.zeros(len(days), np.bool_)
    for order in dossier.stops:
        stopped |= (days >= number_of(order.on)) & (days < number_of(order.lifted))
    return stopped


def who_is_meant(recipient: Recipient) -> Masks:
    """Whether flows go to whom a dossier speaks of, wherever that is now.

    Where it names countries alone, nobody can say which recipient there it means.
    """
    if recipient.who is not None:
        return recipient.who
    return Masks(np.zeros(len(recipient.fits.hit), np.bool_), recipient.fits.miss)


def _hold_to_ceiling(by_flow: _Reasons, volume: Volume) -> None:
    """Takes out what a dossier would cover, where its ceiling is passed or may be."""
    if volume.beyond is True:
        open_still = (Reason.COVERED, Reason.COUNTRY_ONLY, Reason.RECIPIENT_UNKNOWN)
        by_flow[np.isin(by_flow, open_still)] = Reason.BEYOND_CEILING
    elif volume.beyond is None:
        by_flow[by_flow == Reason.COVERED] = Reason.CEILING_UNDECIDED
