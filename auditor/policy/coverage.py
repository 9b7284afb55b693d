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

from auditor.policy.facts import column_of, days_of
from auditor.policy.masks import Integers, Masks, nothing, one_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from auditor.policy.dossiers import Dossier, Network
    from auditor.policy.facts import Exploded, FactTable
    from auditor.policy.masks import Bools

_EPOCH: Final = date(1970, 1, 1)


class Reason(IntEnum):
    """How far the closest dossier reaches, from covering down to nothing at all."""

    COVERED = 0
    NOT_PASSED = 1
    FILED_LATE = 2
    OUT_OF_DATE = 3
    RECIPIENT_UNKNOWN = 4
    OTHER_RECIPIENT = 5
    OTHER_CATEGORY = 6
    OTHER_REGIME = 7
    NONE = 8


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


class Register:
    """The dossiers, made ready to be compared with the flows of one table.

    Everything that depends on a name, an address or a place is decided once per distinct value.
    """

    def __init__(self, dossiers: Sequence[Dossier], flows: pa.Table) -> None:
        self.dossiers = tuple(dossiers)
        self._systems = _encoded(flows, "system_id")
        self._countries = _encoded(flows, "peer_country")
        self._organisations = _encoded(flows, "peer_org")
        self._addresses = _encoded(flows, "peer_ip")
        self._hosts = _named_hosts(flows)
        self._placed = np.asarray(pc.equal(column_of(flows, "geo_state"), "country"))
        self._days = days_of(flows)

    def coverage(self, facts: FactTable, exploded: Exploded, rows: Integers) -> Coverage:
        """How far dossiers cover ``rows`` of flows and categories.

        Of dossiers that reach equally far, the one that stands first in the register is named.
        """
        reason = np.full(len(rows), Reason.NONE, np.int64)
        chosen = np.full(len(rows), -1, np.int64)
        flow_of = exploded.flow_of[rows]
        systems = np.asarray(pc.fill_null(self._systems.indices, -1)).astype(np.int64)[flow_of]
        names = self._systems.dictionary.to_pylist()
        by_system = np.argsort(systems, kind="stable")
        starts = np.searchsorted(systems[by_system], np.arange(len(names) + 1))
        regimes = rows_by_regime(facts)
        for number, dossier in enumerate(self.dossiers):
            parts = [
                by_system[starts[code] : starts[code + 1]]
                for code, name in enumerate(names)
                if name in dossier.systems
            ]
            mine = np.sort(np.concatenate(parts)) if parts else np.zeros(0, np.int64)
            if not len(mine):
                continue
            reached = self._reached(dossier, exploded, regimes[dossier.regime], rows[mine])
            closer = reached < reason[mine]
            reason[mine[closer]] = reached[closer]
            chosen[mine[closer]] = number
        return Coverage(reason, chosen)

    def _reached(
        self, dossier: Dossier, exploded: Exploded, regime: Bools, rows: Integers
    ) -> Integers:
        """How far one dossier reaches over ``rows``, all of its systems."""
        flows = exploded.flow_of[rows]
        codes = np.array([*(code in dossier.categories for code in exploded.codes), False])
        recipient = self._recipient(dossier, flows)
        days = self._days[flows]
        ends = _number(dossier.valid_to) if dossier.valid_to else np.iinfo(np.int64).max
        late = (days >= _number(dossier.valid_from)) & (days < _number(dossier.covers_from))
        # The first test that fails says how far it came.
        return np.select(
            [
                ~regime[rows],
                ~codes[exploded.code[rows]],
                recipient.miss,
                recipient.unknown,
                (days < _number(dossier.valid_from)) | (days > ends),
                late,
                np.full(len(rows), not dossier.result_suffices),
            ],
            [
                Reason.OTHER_REGIME,
                Reason.OTHER_CATEGORY,
                Reason.OTHER_RECIPIENT,
                Reason.RECIPIENT_UNKNOWN,
                Reason.OUT_OF_DATE,
                Reason.FILED_LATE,
                Reason.NOT_PASSED,
            ],
            Reason.COVERED,
        ).astype(np.int64)

    def _recipient(self, dossier: Dossier, flows: Integers) -> Masks:
        """Where the far side is a recipient the dossier names."""
        named = dossier.recipients
        who: list[Masks] = []
        if named.organisations:
            who.append(_fits(self._organisations, flows, _organisation_test(named.organisations)))
        if named.hosts:
            who.append(_fits(self._hosts, flows, _host_test(named.hosts)))
        if named.networks:
            who.append(_fits(self._addresses, flows, _network_test(named.networks)))
        everybody = ~nothing(len(flows))
        recipient = reduce(or_, who) if who else everybody
        if not named.countries:
            return recipient
        place = one_of(self._countries.take(pa.array(flows)), named.countries)
        # A place that is not firm can neither bring a transfer under a dossier nor keep it out.
        known = place.known & self._placed[flows]
        return recipient & Masks(place.hit & known, known)


def rows_by_regime(facts: FactTable) -> dict[str, Bools]:
    """Per regime of a dossier: the rows it is the right one for.

    A dossier of the personal-data law also covers traffic from before that law: assessments that
    were received under Decree 13/2023 stay valid (Law 91/2025 Article 39(2)).
    """
    column = facts.columns["regime"]
    return {
        "decree-165-core": one_of(column, ["decree-165-core"]).hit,
        "decree-165-important": one_of(column, ["decree-165-important"]).hit,
        "pdpl": one_of(column, ["pdpl", "decree-13"]).hit,
    }


def _number(day: date) -> int:
    return (day - _EPOCH).days


def _encoded(flows: pa.Table, name: str) -> pa.DictionaryArray:
    return column_of(flows, name).dictionary_encode()


def _named_hosts(flows: pa.Table) -> pa.DictionaryArray:
    """Host names that may stand for the far side.

    A name that a flow asked a resolver for is not the resolver's own, and where Encrypted Client
    Hello was offered the visible name may be a cover name.
    """
    hosts = column_of(flows, "host")
    asked = one_of(column_of(flows, "host_basis"), ["dns-query"]).hit
    cover = np.asarray(pc.fill_null(column_of(flows, "ech"), False), dtype=np.bool_)
    return pc.if_else(pa.array(asked | cover), None, hosts).dictionary_encode()


def _fits(column: pa.DictionaryArray, flows: Integers, test: Callable[[str], bool]) -> Masks:
    """``test``, made once per distinct value that ``flows`` have."""
    codes = np.asarray(pc.fill_null(column.indices, len(column.dictionary))).astype(np.int64)[flows]
    answers = np.zeros(len(column.dictionary) + 1, np.bool_)
    for code in np.unique(codes):
        if code < len(column.dictionary):
            answers[code] = test(column.dictionary[int(code)].as_py())
    return Masks(answers[codes], codes < len(column.dictionary))


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
