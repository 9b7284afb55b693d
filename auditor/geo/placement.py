"""Where each of many distinct addresses is: one decision per distinct state of knowledge."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from auditor.geo.addresses import CARRIERS, Addresses, carried, within_any
from auditor.geo.databases import Answers
from auditor.geo.decision import (
    INVENTORY,
    NO_ADDRESS,
    Decision,
    Voice,
    decision_for,
    special_decision,
)
from auditor.geo.special import SPECIAL_RANGES, special_codes

if TYPE_CHECKING:
    from collections.abc import Iterable

    from auditor.geo.databases import GeoDatabases
    from auditor.model.inventory import Network


@dataclass(frozen=True, slots=True)
class Placements:
    """What is known about each address.

    Attributes:
        decisions: the distinct decisions.
        codes: for each address the index of its decision (int64).
        asn: autonomous system (int64); -1 = not known.
        orgs: the distinct organisations.
        org_codes: for each address the index of its organisation (int64); -1 = not known.
        special: for each address the index of its special range; -1 = none (int16).
        carriers: for each address the index of its kind in ``CARRIERS`` (int8).
        answers: what each database said.
    """

    decisions: tuple[Decision, ...]
    codes: np.ndarray
    asn: np.ndarray
    orgs: tuple[str, ...]
    org_codes: np.ndarray
    special: np.ndarray
    carriers: np.ndarray
    answers: tuple[Answers, ...]


def placed(
    addresses: Addresses, databases: GeoDatabases, home: str, home_networks: Iterable[Network]
) -> Placements:
    """The place of each address; ``home_networks`` win over special ranges and databases."""
    deciding, carriers = carried(addresses)
    own = within_any(addresses, home_networks)
    inner = np.flatnonzero(carriers)
    own[inner] |= within_any(deciding.take(inner), home_networks)
    special = special_codes(deciding)
    real = addresses.family > 0
    answers = databases.answers(deciding, real & ~own & (special < 0))
    voices = [_voice_codes(answer) for answer in answers]
    codes, first = _distinct([~real, own, special + 1, carriers, *(code for _, code in voices)])

    decisions: list[Decision] = []
    for at in first.tolist():
        if not real[at]:
            decisions.append(NO_ADDRESS)
        elif own[at]:
            decisions.append(INVENTORY)
        elif special[at] >= 0:
            decisions.append(
                special_decision(SPECIAL_RANGES[special[at]], CARRIERS[int(carriers[at])])
            )
        else:
            heard = [distinct[int(code[at])] for distinct, code in voices]
            decisions.append(decision_for(heard, CARRIERS[int(carriers[at])], home))
    asn, orgs, org_codes = _owners(answers, len(addresses))
    return Placements(
        tuple(decisions), codes, asn, orgs, org_codes, special, carriers, tuple(answers)
    )


def _voice_codes(answers: Answers) -> tuple[list[Voice], np.ndarray]:
    """The answers that differ in what they say about the place, and each address's among them."""
    kinds: dict[tuple[str | None, str | None, bool], int] = {}
    voices: list[Voice] = []
    of_answer: list[int] = []
    for answer in answers.distinct:
        kind = (answer.country, answer.registered, answer.anycast)
        if kind not in kinds:
            kinds[kind] = len(voices)
            voices.append(Voice(answers.name, answers.last_resort, answer))
        of_answer.append(kinds[kind])
    return voices, np.array(of_answer, dtype=np.int64)[answers.codes]


def _distinct(columns: list[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """For each row the number of its combination of values, and a row of each combination."""
    codes = np.zeros(len(columns[0]), dtype=np.int64)
    for column in columns:
        values = column.astype(np.int64)
        # Numbered anew after each column, so that the product never grows beyond 64 bits.
        size = int(values.max()) + 1 if len(values) else 1
        numbered, _ = pd.factorize(codes * size + values)
        codes = numbered.astype(np.int64)
    # Numbered from 0 without gaps; of rows with one number the last assigned, the first row, stays.
    first = np.empty(int(codes.max()) + 1 if len(codes) else 0, dtype=np.int64)
    first[codes[::-1]] = np.arange(len(codes))[::-1]
    return codes, first


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
