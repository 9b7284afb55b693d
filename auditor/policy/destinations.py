"""The far side of findings: where it is and how that is known, who runs it, which forms it takes.

The loops here run over findings and distinct decisions, never over flows.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from auditor.policy import masks
from auditor.policy.evidence import heaviest
from auditor.policy.facts import column_of, encoded, numbers_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from auditor.policy.masks import Bools, Integers
    from auditor.policy.members import FlowSets

KNOWN_BASES: Final = ("override", "service", "range")
"""Ways by which an operator itself is known, not only the owner of its network."""

HANDING_ON: Final = ("cdn", "remote-access")
"""Kinds of services that hand traffic on to somebody else."""

MOST_SHOWN: Final = 10
_PLACE: Final = ("geo_state", "geo_rule", "peer_country", "geo_certainty", "geo_basis")
_OPERATOR: Final = ("operator", "operator_country", "operator_basis", "service")
_in_json: Final = json.JSONEncoder(ensure_ascii=False).encode


@dataclass(frozen=True, slots=True)
class Place:
    """A decision on place, and how many flows of a finding have it."""

    state: str
    rule: str | None
    country: str | None
    certainty: str | None
    basis: str | None
    flows: int


@dataclass(frozen=True, slots=True)
class Operator:
    """Who runs the far side, how that is known, and of how many flows."""

    name: str | None
    country: str | None
    basis: str
    service: str | None
    flows: int


@dataclass(frozen=True, slots=True)
class FarSide:
    """The far side of one finding, in numbers of flows.

    Attributes:
        places, operators: heaviest first, at most ``MOST_SHOWN``.
        candidates: countries that remain possible where several are, in alphabetical order.
        claimed: countries that sources name and handshakes rule out, likewise.
        abroad: flows that cross the border (form a).
        open_abroad: those of them to an unknown one of several foreign countries.
        foreign: flows to somebody foreign, wherever the server stands (form b).
        foreign_by_network: those of them of which only the network's owner is known.
        operator_unknown: flows of which nobody can say whether somebody foreign runs the far side.
        platform: flows to a foreign platform abroad (form c).
        network_named: flows whose recipient is named by the owner of its network only.
        handed_on: flows to a service that hands traffic on.
    """

    places: tuple[Place, ...]
    operators: tuple[Operator, ...]
    candidates: tuple[str, ...]
    claimed: tuple[str, ...]
    abroad: int
    open_abroad: int
    foreign: int
    foreign_by_network: int
    operator_unknown: int
    platform: int
    network_named: int
    handed_on: int


class FarSides:
    """The far side of each of ``sets``, the sets of flows behind findings; ``of`` gives it."""

    def __init__(self, flows: pa.Table, sets: FlowSets, outbound_bytes: Integers) -> None:
        state = column_of(flows, "geo_state")
        ambiguous = masks.one_of(state, ["ambiguous"]).hit
        contradicted = masks.one_of(state, ["contradicted"]).hit
        abroad, foreign, platform = (
            np.asarray(pc.fill_null(column_of(flows, name), False), np.bool_)
            for name in ("crosses_border", "foreign_recipient", "foreign_platform")
        )
        by_network = masks.one_of(column_of(flows, "operator_basis"), ["network"]).hit
        named = np.asarray(pc.is_valid(column_of(flows, "peer_org")), np.bool_)
        self._counts = {
            name: _counted(sets, where)
            for name, where in (
                ("abroad", abroad),
                ("open_abroad", abroad & ambiguous),
                ("foreign", foreign),
                ("foreign_by_network", foreign & by_network),
                ("operator_unknown", ~masks.decided(column_of(flows, "foreign_recipient")).known),
                ("platform", platform),
                ("network_named", named & ~operator_known(flows)),
                ("handed_on", masks.one_of(column_of(flows, "service_kind"), HANDING_ON).hit),
            )
        }
        lists = column_of(flows, "geo_candidates")
        self._candidates = _listed(lists, sets, ambiguous)
        self._claimed = _listed(lists, sets, contradicted)
        self._places = _heaviest_rows(flows, _PLACE, sets, outbound_bytes)
        self._operators = _heaviest_rows(flows, _OPERATOR, sets, outbound_bytes)

    def of(self, number: int) -> FarSide:
        """The far side of set ``number``."""
        return FarSide(
            places=tuple(
                Place(state or "", rule, country, certainty, basis, count)
                for (state, rule, country, certainty, basis), count in self._places[number]
            ),
            operators=tuple(
                Operator(name, country, basis, service, count)
                for (name, country, basis, service), count in self._operators[number]
                if basis is not None
            ),
            candidates=self._candidates.get(number, ()),
            claimed=self._claimed.get(number, ()),
            **{name: counts[number] for name, counts in self._counts.items()},
        )


def operator_known(flows: pa.Table) -> Bools:
    """Where the operator itself is known by name, not only the owner of its network."""
    known = masks.one_of(column_of(flows, "operator_basis"), KNOWN_BASES).hit
    named: Bools = known & np.asarray(pc.is_valid(column_of(flows, "operator")), np.bool_)
    return named


def recipients_of(flows: pa.Table) -> pa.DictionaryArray:
    """Per flow, who stands for the recipient: operator, network's owner, or else the address.

    The operator where an override, a service or a provider's list names it. Without a known home
    end, the responder's address stands for the far side.
    """
    operator = column_of(flows, "operator").cast(pa.string())
    known = pc.if_else(pa.array(operator_known(flows)), operator, pa.scalar(None, pa.string()))
    others = (column_of(flows, name).cast(pa.string()) for name in ("peer_org", "peer_ip"))
    return pc.coalesce(known, *others, column_of(flows, "dst_ip")).dictionary_encode()


def _counted(sets: FlowSets, where: Bools) -> list[int]:
    """Per set: of how many of its flows it is true."""
    true = where[sets.members]
    count: list[int] = np.add.reduceat(true, sets.starts[:-1], dtype=np.int64).tolist()
    return count


def _heaviest_rows(
    flows: pa.Table, names: Sequence[str], sets: FlowSets, weights: Integers
) -> list[list[tuple[tuple[str | None, ...], int]]]:
    """Per set: the distinct values that its flows have in several columns, with their flows."""
    codes = np.zeros(flows.num_rows, np.int64)
    for name in names:
        column = encoded(flows, name)
        # Numbered anew after each column, so that the product stays small.
        codes, _ = pd.factorize(codes * (len(column.dictionary) + 1) + numbers_of(column) + 1)
    first = np.empty(int(codes.max()) + 1 if len(codes) else 0, np.int64)
    first[codes[::-1]] = np.arange(len(codes))[::-1]
    chosen = flows.select(list(names)).take(pa.array(first))
    rows = list(zip(*(column.cast(pa.string()).to_pylist() for column in chosen), strict=True))
    # Named by what they hold: the order of equals must not hang on the order of flows.
    texts = [_in_json(row) for row in rows]
    of_text = dict(zip(texts, rows, strict=True))
    members = sets.members
    listed = heaviest(
        sets.set_of,
        codes[members].astype(np.int64),
        weights[members],
        pa.array(texts, pa.string()),
        sets.count,
        MOST_SHOWN,
    )
    return [[(of_text[one.name], one.flows) for one in several] for several in listed]


def _listed(lists: pa.Array, sets: FlowSets, where: Bools) -> dict[int, tuple[str, ...]]:
    """Per set that has any: the distinct texts in the lists of its flows that are chosen."""
    chosen = np.flatnonzero(where[sets.members])
    if not len(chosen):
        return {}
    mine = lists.take(pa.array(sets.members[chosen]))
    of_set = sets.set_of[chosen][np.asarray(pc.list_parent_indices(mine))]
    texts = pc.list_flatten(mine).dictionary_encode()
    names, codes = texts.dictionary.to_pylist(), numbers_of(texts)
    pairs = (of_set * max(len(names), 1) + codes)[codes >= 0]
    found: dict[int, list[str]] = {}
    for pair in np.unique(pairs).tolist():
        number, name = divmod(pair, len(names))
        found.setdefault(number, []).append(names[name])
    return {number: tuple(sorted(several)) for number, several in found.items()}
