"""Where each of many distinct addresses is: one decision per distinct state of knowledge."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from auditor.geo.addresses import CARRIERS, Addresses, carried, within_any
from auditor.geo.databases import Answers
from auditor.geo.decision import (
    INVENTORY,
    NO_ADDRESS,
    Decision,
    Heard,
    Origin,
    Said,
    Voice,
    decision_for,
    overridden,
    special_decision,
)
from auditor.geo.physics import reaches_km
from auditor.geo.special import SPECIAL_RANGES, special_codes
from auditor.geo.statements import Statement

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from auditor.geo.geodata import Edition, GeoData
    from auditor.model.inventory import Network

NO_HANDSHAKE: Final = -1


@dataclass(frozen=True, slots=True)
class Listed:
    """What one list of ranges says about each address: an index of ``statements``; -1 = nothing."""

    origin: Origin
    statements: tuple[Statement, ...]
    codes: np.ndarray


@dataclass(frozen=True, slots=True)
class Known:
    """What is known about each address, before names and logs are heard.

    Attributes:
        codes: for each address the number of its state of knowledge (int64).
        first: an address of each state.
        real: whether the text was an address.
        own: whether the agency calls it its own.
        special: index of its special range; -1 = none (int16).
        carriers: index of its kind in ``CARRIERS`` (int8).
        asn: autonomous system (int64); -1 = not known.
        orgs, org_codes: the distinct organisations, and each address's; -1 = not known.
        lists: overrides and lists of ranges.
        origins, answers: of the databases.
        rtt_us: the fastest handshake (int64); -1 = none is known.
        reach: number of its set in ``impossible``; -1 = no handshake.
        impossible: countries that light does not reach in time.
    """

    codes: np.ndarray
    first: np.ndarray
    real: np.ndarray
    own: np.ndarray
    special: np.ndarray
    carriers: np.ndarray
    asn: np.ndarray
    orgs: tuple[str, ...]
    org_codes: np.ndarray
    lists: tuple[Listed, ...]
    origins: tuple[tuple[Origin, bool], ...]
    answers: tuple[Answers, ...]
    rtt_us: np.ndarray
    reach: np.ndarray
    impossible: tuple[frozenset[str], ...]

    def heard(self, at: int, host: Said | None = None, log_country: str | None = None) -> Heard:
        """Everything known about the address ``at``, with what its name and a log say."""
        reach = int(self.reach[at])
        return Heard(
            CARRIERS[int(self.carriers[at])],
            tuple(
                Said(listed.origin, listed.statements[int(listed.codes[at])])
                for listed in self.lists
                if listed.codes[at] >= 0
            ),
            tuple(
                Voice(origin, last_resort, answer.distinct[int(answer.codes[at])])
                for (origin, last_resort), answer in zip(self.origins, self.answers, strict=True)
            ),
            host,
            log_country,
            self.impossible[reach] if reach >= 0 else frozenset(),
        )

    def decided(self, at: int, home: str, host: Said | None, log_country: str | None) -> Decision:
        """Where the address ``at`` is."""
        if not self.real[at]:
            return NO_ADDRESS
        if self.own[at] or self.special[at] >= 0:
            stated = overridden(self.heard(at), home)
            if stated is not None:
                return stated
            if self.special[at] < 0:
                return INVENTORY
            carrier = CARRIERS[int(self.carriers[at])]
            return special_decision(SPECIAL_RANGES[int(self.special[at])], carrier)
        return decision_for(self.heard(at, host, log_country), home)


def known(
    addresses: Addresses,
    geodata: GeoData,
    edition: Edition,
    home_networks: Iterable[Network],
    rtt_us: np.ndarray | None = None,
) -> Known:
    """What is known about each address; ``rtt_us`` is its fastest handshake (-1 = none)."""
    deciding, carriers = carried(addresses)
    own = within_any(addresses, home_networks)
    inner = np.flatnonzero(carriers)
    own[inner] |= within_any(deciding.take(inner), home_networks)
    special = special_codes(deciding)
    real = addresses.family > 0
    asked = real & ~own & (special < 0)
    answers = tuple(base.answers(deciding, asked) for base, _ in edition.databases)
    lists = [
        Listed(origin, source.statements, np.where(asked, source.codes(deciding), -1))
        for source, origin in edition.ranges
    ]
    if edition.overrides is not None:
        mine = edition.overrides
        codes = np.where(real, mine.codes(addresses), -1)
        codes = np.where(real & (codes < 0), mine.codes(deciding), codes)
        lists.insert(0, Listed(Origin(mine.name), mine.statements, codes))
    if rtt_us is None:
        rtt_us = np.full(len(addresses), NO_HANDSHAKE, dtype=np.int64)
    reach, impossible = _reached(np.where(asked, rtt_us, NO_HANDSHAKE), geodata.distances)
    voices = [_voice_codes(answer) for answer in answers]
    told = [_told_codes(each) for each in lists]
    codes, first = distinct_rows([~real, own, special + 1, carriers, reach + 1, *told, *voices])
    asn, orgs, org_codes = _owners(answers, len(addresses))
    origins = tuple((origin, base.last_resort) for base, origin in edition.databases)
    return Known(
        codes, first, real, own, special, carriers, asn, orgs, org_codes,
        tuple(lists), origins, answers, rtt_us, reach, impossible,
    )  # fmt: skip


def _reached(
    rtt_us: np.ndarray, distances: Mapping[str, int]
) -> tuple[np.ndarray, tuple[frozenset[str], ...]]:
    """The number of each address's set of countries out of reach, and the sets."""
    far = np.array(sorted(set(distances.values())), dtype=np.float64)
    sets = tuple(
        frozenset(country for country, km in distances.items() if km > limit)
        for limit in (-1.0, *far.tolist())
    )
    number = np.searchsorted(far, reaches_km(rtt_us), side="right")
    return np.where(rtt_us < 0, -1, number), sets


def distinct_rows(columns: Sequence[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """For each row the number of its combination of values, and a row of each combination."""
    codes = np.zeros(len(columns[0]), dtype=np.int64)
    for column in columns:
        values = column.astype(np.int64)
        # Numbered anew after each column, so that the product never grows beyond 64 bits.
        size = int(values.max()) + 1 if len(values) else 1
        if size > 1:
            numbered, _ = pd.factorize(codes * size + values)
            codes = numbered.astype(np.int64)
    # Numbered from 0 without gaps; of rows with one number the last assigned, the first row, stays.
    first = np.empty(int(codes.max()) + 1 if len(codes) else 0, dtype=np.int64)
    first[codes[::-1]] = np.arange(len(codes))[::-1]
    return codes, first


def _told_codes(listed: Listed) -> np.ndarray:
    """For each address the number of what a list says about its place; 0 = nothing."""
    kinds: dict[tuple[str, tuple[str, ...], bool, str], int] = {}
    of_statement = [0]  # of -1: the list is silent
    for each in listed.statements:
        stated = each.detail if each.kind == "override" else ""
        of_statement.append(
            kinds.setdefault((each.kind, each.countries, each.anycast, stated), len(kinds) + 1)
        )
    codes: np.ndarray = np.array(of_statement, dtype=np.int64)[listed.codes + 1]
    return codes


def _voice_codes(answers: Answers) -> np.ndarray:
    """For each address the number of what a database says about its place; owners do not matter."""
    kinds: dict[tuple[str | None, str | None, bool], int] = {}
    of_answer = [
        kinds.setdefault((answer.country, answer.registered, answer.anycast), len(kinds))
        for answer in answers.distinct
    ]
    codes: np.ndarray = np.array(of_answer, dtype=np.int64)[answers.codes]
    return codes


def _owners(
    answers: tuple[Answers, ...], count: int
) -> tuple[np.ndarray, tuple[str, ...], np.ndarray]:
    """Number and organisation from the first database that has them, never of two networks."""
    asn = np.full(count, -1, dtype=np.int64)
    org = np.full(count, -1, dtype=np.int64)
    orgs: dict[str, int] = {}
    said: list[tuple[np.ndarray, np.ndarray]] = []
    for answer in answers:
        numbers = [-1 if one.asn is None else one.asn for one in answer.distinct]
        names = [
            -1 if one.org is None else orgs.setdefault(one.org, len(orgs))
            for one in answer.distinct
        ]
        its_asn = np.array(numbers, dtype=np.int64)[answer.codes]
        its_org = np.array(names, dtype=np.int64)[answer.codes]
        said.append((its_asn, its_org))
        asn = np.where(asn < 0, its_asn, asn)
    for its_asn, its_org in said:
        fits = (its_asn == asn) | (its_asn < 0)
        org = np.where((org < 0) & fits, its_org, org)
    return asn, tuple(orgs), org
