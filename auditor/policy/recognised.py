"""What detectors recognised in the flows behind findings.

The loops here run over findings and detectors, never over flows or hits.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from auditor.model.content import MOST_SAMPLES
from auditor.model.finding import CERTAINTIES, Recognised
from auditor.policy.facts import column_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pyarrow as pa

    from auditor.model.content import Contents, Hit, Sought
    from auditor.model.finding import Evidence
    from auditor.model.text import Text
    from auditor.policy.masks import Integers
    from auditor.policy.members import FlowSets

MOST_RECOGNISED: Final = 20
"""Detectors that a finding shows."""


def with_recognised(evidence: Evidence, recognised: tuple[Recognised, ...]) -> Evidence:
    """``evidence`` with what detectors recognised.

    Persons that were counted in every flow are counted once for all of them: the detector that
    found most decides, for one person has several numbers.
    """
    if not recognised:
        return evidence
    persons = [
        each.distinct
        for each in recognised
        if each.subject == "person" and each.outbound is not False and each.certainty != "weak"
    ]
    if persons and evidence.subjects_basis == "counted":
        return replace(evidence, recognised=recognised, subjects=max(persons))
    return replace(evidence, recognised=recognised)


class Recognitions:
    """The hits of an audit, by the sets of flows behind findings."""

    def __init__(self, contents: Contents, table: pa.Table, sets: FlowSets) -> None:
        self._sought = {each.detector: each for each in contents.sought}
        self._counted = {
            (each.system, each.recipient, each.detector, each.outbound): each
            for each in contents.counted
        }
        self._by_set: dict[int, list[tuple[Recognised, Sought]]] = {}
        if contents.hits:
            self._gather(contents.hits, table, sets)

    def of(
        self, number: int, system: str | None, recipient: str, label: str | None
    ) -> tuple[Recognised, ...]:
        """What was recognised in set ``number``: with ``label``, or anything where that is null.

        Distinct values are those between ``system`` and ``recipient`` where that pair was counted;
        else the sum over flows, in which one value may stand several times.
        """
        found: list[Recognised] = []
        for each, sought in self._by_set.get(number, ()):
            if label is not None and label not in sought.labels:
                continue
            known = self._counted.get((system, recipient, each.detector, each.outbound))
            distinct, exact = each.distinct, each.exact and each.flows == 1
            if known is not None and known.count <= distinct:
                distinct, exact = known.count, known.exact
            found.append(replace(each, distinct=distinct, exact=exact))
        return tuple(found[:MOST_RECOGNISED])

    def not_known(self, recognised: tuple[Recognised, ...]) -> tuple[Text, ...]:
        """What the detectors that recognised something cannot tell, each sentence once."""
        said = (each for one in recognised for each in self._sought[one.detector].not_known)
        return tuple(dict.fromkeys(said))

    def _gather(self, hits: tuple[Hit, ...], table: pa.Table, sets: FlowSets) -> None:
        hit, owner = _pairs(hits, np.asarray(column_of(table, "flow_id")), sets)
        if not len(hit):
            return
        detectors = sorted({each.detector for each in hits})
        names = {name: number for number, name in enumerate(detectors)}
        detector = np.array([names[each.detector] for each in hits], np.int64)[hit]
        directions = (True, None, False)
        direction = np.array([directions.index(each.outbound) for each in hits], np.int64)[hit]
        key = (owner * len(detectors) + detector) * len(directions) + direction
        numbers, keys = pd.factorize(key)
        flows = np.bincount(numbers)
        matches = _sums(numbers, np.array([each.matches for each in hits], np.int64)[hit])
        distinct = _sums(numbers, np.array([each.distinct for each in hits], np.int64)[hit])
        sure = np.zeros(len(keys), np.int64)
        rated = np.array([CERTAINTIES.index(each.certainty) for each in hits], np.int64)
        np.maximum.at(sure, numbers, rated[hit])
        hidden, exact = np.zeros(len(keys), np.bool_), np.ones(len(keys), np.bool_)
        np.logical_or.at(hidden, numbers, np.array([each.withheld for each in hits])[hit])
        np.logical_and.at(exact, numbers, np.array([each.exact for each in hits])[hit])
        shown = _first(numbers, hit, MOST_SAMPLES)
        for number, value in enumerate(keys.tolist()):
            rest, place = divmod(value, len(directions))
            of_set, of_detector = divmod(rest, len(detectors))
            sought = self._sought[detectors[of_detector]]
            some = [hits[each] for each in shown[number]]
            withheld = bool(hidden[number])  # a mark in one flow speaks for all of them
            one = Recognised(
                detector=sought.detector,
                title=sought.title,
                outbound=directions[place],
                flows=int(flows[number]),
                matches=int(matches[number]),
                distinct=int(distinct[number]),
                exact=bool(exact[number]),
                subject=sought.subject,
                certainty=CERTAINTIES[int(sure[number])],
                samples=() if withheld else _several(each.samples for each in some),
                places=_several(each.places for each in some),
                withheld=withheld,
                mark=sought.mark,
            )
            self._by_set.setdefault(of_set, []).append((one, sought))
        for some_found in self._by_set.values():
            some_found.sort(key=lambda pair: _order(pair[0]))


def _order(each: Recognised) -> tuple[bool, bool, int, int, str]:
    """Secrecy marks first, then what left, the surest and most first."""
    sure = CERTAINTIES.index(each.certainty)
    return not each.withheld, each.outbound is False, -sure, -each.distinct, each.detector


def _several(lists: Iterable[tuple[str, ...]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(text for some in lists for text in some))[:MOST_SAMPLES]


def _sums(numbers: Integers, values: Integers) -> Integers:
    sums = np.zeros(int(numbers.max()) + 1, np.int64)
    np.add.at(sums, numbers, values)
    return sums


def _first(numbers: Integers, hit: Integers, most: int) -> list[list[int]]:
    """Per number its first ``most`` hits."""
    order = np.argsort(numbers, kind="stable")
    starts = np.searchsorted(numbers[order], np.arange(int(numbers.max()) + 2)).tolist()
    return [hit[order[first : min(first + most, end)]].tolist() for first, end in pairwise(starts)]


def _pairs(hits: tuple[Hit, ...], ids: Integers, sets: FlowSets) -> tuple[Integers, Integers]:
    """Every hit with every set that has its flow."""
    flow = np.array([each.flow_id for each in hits], np.int64)
    by_id = np.argsort(ids)
    place = np.minimum(np.searchsorted(ids, flow, sorter=by_id), len(ids) - 1)
    row = by_id[place]
    there = ids[row] == flow
    order = np.argsort(sets.members, kind="stable")
    members, owners = sets.members[order], sets.set_of[order]
    first = np.searchsorted(members, row, "left")
    size = np.where(there, np.searchsorted(members, row, "right") - first, 0)
    hit = np.repeat(np.arange(len(hits)), size)
    offset = np.arange(len(hit)) - np.repeat(np.cumsum(size) - size, size)
    return hit, owners[first[hit] + offset]
