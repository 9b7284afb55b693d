"""Which dossier covers a transfer, and why none does."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from datetime import date
from enum import IntEnum
from functools import reduce
from operator import or_
from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from auditor.policy import masks
from auditor.policy.destinations import operator_known
from auditor.policy.facts import column_of, days_of, encoded, numbers_of
from auditor.policy.masks import Integers, Masks, nothing, one_of
from auditor.policy.regimes import covers_from, result_suffices

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from auditor.model.regimes import Regime, RegimeFile
    from auditor.model.register import Dossier, Network, Register
    from auditor.policy.facts import CategoryFacts, Exploded
    from auditor.policy.masks import Bools

_EPOCH: Final = date(1970, 1, 1)
_NOT_KNOWN: Final = ""


class Reason(IntEnum):
    """How far the closest dossier reaches, from covering down to nothing at all."""

    COVERED = 0
    COUNTRY_ONLY = 1
    RECIPIENT_UNKNOWN = 2
    NOT_PASSED = 3
    FILED_LATE = 4
    OUT_OF_DATE = 5
    OTHER_RECIPIENT = 6
    REGIME_UNKNOWN = 7
    OTHER_REGIME = 8
    OTHER_CATEGORY = 9
    NONE = 10


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
    def perhaps(self) -> Bools:
        """Rows that a dossier fits but for its recipients, which could not be compared."""
        perhaps: Bools = np.isin(self.reason, (Reason.COUNTRY_ONLY, Reason.RECIPIENT_UNKNOWN))
        return perhaps


class Coverages:
    """The register, made ready to be compared with the flows of one table.

    Everything that depends on a name, an address or a place is decided once per distinct value.
    """

    def __init__(self, register: Register | None, regimes: RegimeFile, flows: pa.Table) -> None:
        self.dossiers: tuple[Dossier, ...] = register.dossiers if register else ()
        self.regimes = {regime.id: regime for regime in regimes.regimes}
        self._systems = encoded(flows, "system_id")
        self._countries = encoded(flows, "peer_country")
        self._organisations = encoded(flows, "peer_org")
        self._operators = encoded(flows, "operator")
        self._operator_countries = encoded(flows, "operator_country")
        # Whoever the server's name or the user tells is another than the network's owner.
        stated = one_of(column_of(flows, "operator_basis"), ["override", "service"]).hit
        self._stated = stated & operator_known(flows)
        foreign = masks.decided(column_of(flows, "foreign_recipient")).hit
        self._in_country = foreign & masks.decided(column_of(flows, "crosses_border")).miss
        self._addresses = encoded(flows, "peer_ip")
        self._hosts = _named_hosts(flows)
        self._placed = one_of(column_of(flows, "geo_state"), ["country"]).hit
        self._days = days_of(flows)

    def coverage(self, facts: CategoryFacts, exploded: Exploded, rows: Integers) -> Coverage:
        """How far dossiers cover ``rows`` of flows and categories, in ascending order.

        Of dossiers that reach equally far, the one that stands first in the register is named.
        """
        reason = np.full(len(rows), Reason.NONE, np.int64)
        chosen = np.full(len(rows), -1, np.int64)
        if not self.dossiers:
            return Coverage(reason, chosen)
        names = self._systems.dictionary.to_pylist()
        systems = (numbers_of(self._systems) + 1)[exploded.flow_of[rows]]  # 0 = none
        # Small numbers are sorted several times faster.
        systems = systems.astype(np.min_scalar_type(len(names)))
        by_system = np.argsort(systems, kind="stable")
        starts = np.searchsorted(systems[by_system], np.arange(1, len(names) + 2))
        regimes = rows_by_regime(facts, self.regimes)
        for number, dossier in enumerate(self.dossiers):
            parts = [
                by_system[starts[code] : starts[code + 1]]
                for code, name in enumerate(names)
                if name in dossier.systems
            ]
            mine = np.sort(np.concatenate(parts)) if parts else np.zeros(0, np.int64)
            if not len(mine):
                continue
            filed_under = self.regimes[dossier.regime]
            regime = regimes[dossier.regime]
            for other in self.regimes.values():
                # What was received before the later law came into force stays in use.
                later = max(filed_under.since, other.since)
                if dossier.regime in other.dossiers_of and dossier.filed < later:
                    regime = regime | regimes[other.id]
            reached = self._reached(dossier, exploded, regime[rows[mine]], rows[mine])
            unknown = regimes[_NOT_KNOWN][rows[mine]] & (reached == Reason.OTHER_REGIME)
            reached[unknown] = Reason.REGIME_UNKNOWN
            closer = reached < reason[mine]
            reason[mine[closer]] = reached[closer]
            chosen[mine[closer]] = number
        return Coverage(reason, chosen)

    def _reached(
        self, dossier: Dossier, exploded: Exploded, regime: Bools, rows: Integers
    ) -> Integers:
        """How far one dossier reaches over ``rows``, all of its systems.

        ``regime`` says of each of them whether it falls under the dossier's regime.
        """
        codes = np.array([*(code in dossier.categories for code in exploded.codes), False])
        flow_of = exploded.flow_of[rows]
        another = np.diff(flow_of, prepend=-1) > 0  # the first row of each flow
        by_flow = self._reached_by_flow(dossier, flow_of[another])
        # The first test that fails says how far it came.
        return np.select(
            [~codes[exploded.code[rows]], ~regime],
            [Reason.OTHER_CATEGORY, Reason.OTHER_REGIME],
            by_flow[np.cumsum(another) - 1],
        )

    def _reached_by_flow(self, dossier: Dossier, flows: Integers) -> Integers:
        """How far one dossier reaches over ``flows``, whatever data they carry."""
        recipient = self._recipient(dossier, flows)
        days = self._days[flows]
        ends = _number(dossier.valid_to) if dossier.valid_to else np.iinfo(np.int64).max
        regime = self.regimes[dossier.regime]
        late = (days >= _number(dossier.valid_from)) & (
            days < _number(covers_from(dossier, regime))
        )
        named = dossier.recipients
        somebody = bool(named.organisations or named.hosts or named.networks)
        return np.select(
            [
                recipient.miss,
                (days < _number(dossier.valid_from)) | (days > ends),
                late,
                np.full(len(flows), not result_suffices(dossier, regime)),
                recipient.unknown,
            ],
            [
                Reason.OTHER_RECIPIENT,
                Reason.OUT_OF_DATE,
                Reason.FILED_LATE,
                Reason.NOT_PASSED,
                Reason.RECIPIENT_UNKNOWN,
            ],
            Reason.COVERED if somebody else Reason.COUNTRY_ONLY,
        ).astype(np.int64)

    def _recipient(self, dossier: Dossier, flows: Integers) -> Masks:
        """Where the far side is a recipient the dossier names."""
        named = dossier.recipients
        who: list[Masks] = []
        if named.organisations:
            who.append(self._organisation(named.organisations, flows))
        if named.hosts:
            who.append(_fits(self._hosts, flows, _host_test(named.hosts)))
        if named.networks:
            who.append(_fits(self._addresses, flows, _network_test(named.networks)))
        everybody = ~nothing(len(flows))
        recipient = reduce(or_, who) if who else everybody
        if who:
            # Where one thing named can be compared and none fits, it is somebody else.
            recipient = Masks(recipient.hit, np.logical_or.reduce([each.known for each in who]))
        if not named.countries:
            return recipient
        return recipient & self._country(named.countries, flows)

    def _organisation(self, patterns: tuple[str, ...], flows: Integers) -> Masks:
        """Where the operator, or else the owner of its network, is one of the organisations."""
        test = _organisation_test(patterns)
        operator = _fits(self._operators, flows, test)
        network = _fits(self._organisations, flows, test)
        # The network's owner may be the same under another name, or only lend the line.
        unsure = network.hit & ~operator.hit & self._stated[flows]
        hit = (operator.hit | network.hit) & ~unsure
        return Masks(hit, (operator.known | network.known) & ~unsure)

    def _country(self, countries: tuple[str, ...], flows: Integers) -> Masks:
        """Where the far side is in one of the countries, or comes from one but stands at home."""
        place = one_of(self._countries, countries).take(flows)
        # A place that is not firm can neither bring a transfer under a dossier nor keep it out.
        known = place.known & self._placed[flows]
        place = Masks(place.hit & known, known)
        either = place | one_of(self._operator_countries, countries).take(flows)
        inside = self._in_country[flows]
        return Masks(
            np.where(inside, either.hit, place.hit), np.where(inside, either.known, place.known)
        )


def rows_by_regime(facts: CategoryFacts, regimes: Mapping[str, Regime]) -> dict[str, Bools]:
    """Per regime: the rows that fall under it; under ``""`` those of which nobody knows."""
    column = facts.kinds.columns["regime"]
    rows = {name: one_of(column, [name]).hit[facts.kind_of] for name in regimes}
    rows[_NOT_KNOWN] = np.asarray(pc.is_null(column), np.bool_)[facts.kind_of]
    return rows


def _number(day: date) -> int:
    return (day - _EPOCH).days


def _named_hosts(flows: pa.Table) -> pa.DictionaryArray:
    """Host names that may stand for the far side.

    A name that a flow asked a resolver for is not the resolver's own, and the outer name of an
    Encrypted Client Hello may be a cover name.
    """
    hosts = encoded(flows, "host")
    others = one_of(column_of(flows, "host_basis"), ["dns-query", "ech-outer"]).hit
    numbers = pc.if_else(pa.array(others), None, hosts.indices)
    return pa.DictionaryArray.from_arrays(numbers, hosts.dictionary)


def _fits(column: pa.DictionaryArray, flows: Integers, test: Callable[[str], bool]) -> Masks:
    """``test``, made once per distinct value that ``flows`` have."""
    codes = numbers_of(column)[flows]
    asked = np.zeros(len(column.dictionary) + 1, np.bool_)
    asked[codes] = True
    asked[-1] = False  # stands for null
    answers = np.zeros(len(asked), np.bool_)
    answers[asked] = [test(text) for text in column.dictionary.filter(asked[:-1]).to_pylist()]
    return Masks(answers[codes], codes >= 0)


def _organisation_test(patterns: tuple[str, ...]) -> Callable[[str], bool]:
    wanted = [[piece.casefold() for piece in pattern.split("*")] for pattern in patterns]

    def fits(name: str) -> bool:
        folded = name.casefold().strip()
        return any(_follows(pieces, folded) for pieces in wanted)

    return fits


def _follows(pieces: list[str], name: str) -> bool:
    """Whether ``name`` is the pieces in their order, with anything in the gaps."""
    first, *rest = pieces
    if not rest:
        return name == first
    last = rest.pop()
    if len(name) < len(first) + len(last) or not (name.startswith(first) and name.endswith(last)):
        return False
    at, end = len(first), len(name) - len(last)
    for piece in rest:
        found = name.find(piece, at, end)
        if found < 0:
            return False
        at = found + len(piece)
    return True


def _host_test(patterns: tuple[str, ...]) -> Callable[[str], bool]:
    exact = frozenset(pattern for pattern in patterns if not pattern.startswith("*."))
    below = tuple(pattern[1:] for pattern in patterns if pattern.startswith("*."))

    def fits(name: str) -> bool:
        plain = name.lower().rstrip(".")
        return plain in exact or (plain.endswith(below) and not plain.startswith("."))

    return fits


def _network_test(networks: tuple[Network, ...]) -> Callable[[str], bool]:
    def fits(text: str) -> bool:
        try:
            address = ipaddress.ip_address(text)
        except ValueError:
            return False
        return any(address in network for network in networks)

    return fits
