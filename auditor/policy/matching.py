"""The flows of one table, made ready to be compared with entries of the register.

Everything that depends on a name, an address or a place is decided once per distinct value.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from datetime import date
from functools import reduce
from operator import and_, or_
from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from auditor.policy import masks
from auditor.policy.destinations import operator_known
from auditor.policy.facts import column_of, days_of, encoded, numbers_of
from auditor.policy.masks import Integers, Masks, one_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from auditor.model.register import Entry, Network, Recipients
    from auditor.policy.facts import Exploded
    from auditor.policy.masks import Bools

_EPOCH: Final = date(1970, 1, 1)
_EVER: Final = np.iinfo(np.int64).max


@dataclass(frozen=True, slots=True, eq=False)
class Recipient:
    """Whether the far side of flows is a recipient that an entry names.

    Attributes:
        who: by organisation, host or network; null = the entry names countries only.
        where: by country; null = the entry names none.
        fits: by both.
    """

    who: Masks | None
    where: Masks | None
    fits: Masks

    @property
    def moved(self) -> Bools:
        """Where a named recipient is in another country than those named, for certain."""
        if self.who is None or self.where is None:
            return np.zeros(len(self.fits.hit), np.bool_)
        moved: Bools = self.who.hit & self.where.miss
        return moved


@dataclass(frozen=True, slots=True, eq=False)
class _Column:
    """Texts as numbers of distinct ones; -1 = null."""

    codes: Integers
    distinct: pa.Array

    @classmethod
    def of(cls, column: pa.DictionaryArray) -> _Column:
        return cls(numbers_of(column), column.dictionary)

    def fits(self, flows: Integers, test: Callable[[str], bool]) -> Masks:
        """``test``, made once per distinct value that ``flows`` have."""
        codes = self.codes[flows]
        asked = np.zeros(len(self.distinct) + 1, np.bool_)
        asked[codes] = True
        asked[-1] = False  # stands for null
        answers = np.zeros(len(asked), np.bool_)
        answers[asked] = [test(text) for text in self.distinct.filter(asked[:-1]).to_pylist()]
        return Masks(answers[codes], codes >= 0)


class Matching:
    """Flows, and their categories, to compare entries of the register with.

    Attributes:
        days: per flow, the day it began in Vietnam, since 1970.
        rows: the flows and their categories.
    """

    def __init__(self, flows: pa.Table, rows: Exploded) -> None:
        self.days = days_of(flows)
        self.rows = rows
        systems = encoded(flows, "system_id")
        self._system_names: list[str] = systems.dictionary.to_pylist()
        # Small numbers are sorted several times faster; 0 = no system.
        of_row = (numbers_of(systems) + 1)[rows.flow_of]
        of_row = of_row.astype(np.min_scalar_type(len(self._system_names)))
        self._by_system = np.argsort(of_row, kind="stable")
        numbers = np.arange(1, len(self._system_names) + 2)
        self._system_starts = np.searchsorted(of_row[self._by_system], numbers)
        self._countries = encoded(flows, "peer_country")
        self._operator_countries = encoded(flows, "operator_country")
        self._organisations = _Column.of(encoded(flows, "peer_org"))
        self._operators = _Column.of(encoded(flows, "operator"))
        self._addresses = _Column.of(encoded(flows, "peer_ip"))
        self._hosts = _Column.of(_named_hosts(flows))
        # Whoever the server's name or the user tells is another than the network's owner.
        stated = one_of(column_of(flows, "operator_basis"), ["override", "service"]).hit
        self._stated = stated & operator_known(flows)
        foreign = masks.decided(column_of(flows, "foreign_recipient")).hit
        self._in_country = foreign & masks.decided(column_of(flows, "crosses_border")).miss
        self._placed = one_of(column_of(flows, "geo_state"), ["country"]).hit

    def rows_of(self, entry: Entry) -> Integers:
        """Rows of the entry's systems, ascending."""
        starts = self._system_starts
        parts = [
            self._by_system[starts[code] : starts[code + 1]]
            for code, name in enumerate(self._system_names)
            if name in entry.systems
        ]
        return np.sort(np.concatenate(parts)) if parts else np.zeros(0, np.int64)

    def categories(self, entry: Entry, rows: Integers) -> Bools:
        """Which of ``rows`` are of one of the entry's categories."""
        codes = np.array([*(code in entry.categories for code in self.rows.codes), False])
        named: Bools = codes[self.rows.code[rows]]
        return named

    def recipient(self, named: Recipients, flows: Integers) -> Recipient:
        """Whether the far side of ``flows`` is a recipient in ``named``."""
        tests: list[Masks] = []
        if named.organisations:
            tests.append(self._organisation(named.organisations, flows))
        if named.hosts:
            tests.append(self._hosts.fits(flows, _host_test(named.hosts)))
        if named.networks:
            tests.append(self._addresses.fits(flows, _network_test(named.networks)))
        who = where = None
        if tests:
            # Where one thing named can be compared and none fits, it is somebody else.
            known = np.logical_or.reduce([each.known for each in tests])
            who = Masks(reduce(or_, tests).hit, known)
        if named.countries:
            where = self._country(named.countries, flows)
        fits = reduce(and_, [part for part in (who, where) if part is not None])
        return Recipient(who, where, fits)

    def in_time(self, entry: Entry, flows: Integers) -> tuple[Bools, Bools]:
        """Which of ``flows`` began before the entry's time, and which after it."""
        days = self.days[flows]
        return days < number_of(entry.valid_from), days > number_of(entry.valid_to)

    def _organisation(self, patterns: tuple[str, ...], flows: Integers) -> Masks:
        """Where the operator, or else the owner of its network, is one of the organisations."""
        test = _organisation_test(patterns)
        operator = self._operators.fits(flows, test)
        network = self._organisations.fits(flows, test)
        # The network's owner may be the same under another name, or only lend the line.
        unsure = network.hit & ~operator.hit & self._stated[flows]
        hit = (operator.hit | network.hit) & ~unsure
        return Masks(hit, (operator.known | network.known) & ~unsure)

    def _country(self, countries: tuple[str, ...], flows: Integers) -> Masks:
        """Where the far side is in one of the countries, or comes from one but stands at home."""
        place = one_of(_some(self._countries, flows), countries)
        # A place that is not firm can neither bring a transfer under a dossier nor keep it out.
        known = place.known & self._placed[flows]
        place = Masks(place.hit & known, known)
        inside = self._in_country[flows]
        if not inside.any():
            return place
        either = place | one_of(_some(self._operator_countries, flows), countries)
        return Masks(
            np.where(inside, either.hit, place.hit), np.where(inside, either.known, place.known)
        )


def each_flow_once(flow_of: Integers) -> tuple[Integers, Integers]:
    """The flows of rows in ascending order, each once; and per row, which of these it is."""
    another = np.diff(flow_of, prepend=-1) > 0  # the first row of each flow
    return flow_of[another], np.cumsum(another) - 1


def number_of(day: date | None) -> int:
    """Days since 1970; null, no end, is beyond all days."""
    return _EVER if day is None else (day - _EPOCH).days


def names_somebody(named: Recipients) -> bool:
    """Whether recipients are named, and not countries alone."""
    return bool(named.organisations or named.hosts or named.networks)


def _some(column: pa.DictionaryArray, flows: Integers) -> pa.DictionaryArray:
    taken = column.indices.take(pa.array(flows))
    return pa.DictionaryArray.from_arrays(taken, column.dictionary)


def _named_hosts(flows: pa.Table) -> pa.DictionaryArray:
    """Host names that may stand for the far side.

    A name that a flow asked a resolver for is not the resolver's own, and the outer name of an
    Encrypted Client Hello may be a cover name.
    """
    hosts = encoded(flows, "host")
    others = one_of(column_of(flows, "host_basis"), ["dns-query", "ech-outer"]).hit
    numbers = pc.if_else(pa.array(others), None, hosts.indices)
    return pa.DictionaryArray.from_arrays(numbers, hosts.dictionary)


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
