"""How sure findings are, flow by flow: by what was seen of the data, the place and the operator."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from auditor.model.finding import CERTAINTIES
from auditor.policy import masks
from auditor.policy.facts import column_of

if TYPE_CHECKING:
    from auditor.policy.masks import Bools, Integers

ANYTHING: Final = "*"
"""Stands for whatever was recognised, in findings that are about no single category."""


@dataclass(frozen=True, slots=True)
class Grounds:
    """What a finding rests on.

    Attributes:
        data: which data it is.
        operator: who runs the far side.
        crossing_is_enough: where it left the country, nobody asks for the operator.
        label: a category that detectors can recognise, or ``ANYTHING``; null = the finding is
            about a category that is declared at most.
    """

    data: bool
    operator: bool
    crossing_is_enough: bool
    label: str | None


def certainties_of(table: pa.Table, grounds: Grounds) -> Integers:
    """Per flow: 2 = firm, 1 = likely, 0 = weak; the weakest of its grounds decides.

    A finding is as certain as its best flow: one flow whose content was read and whose place is
    known makes the indicator firm, however many others are only declared.
    """
    abroad = np.asarray(pc.fill_null(column_of(table, "crosses_border"), False), np.bool_)
    out = _place_certainty(table, abroad)
    if grounds.operator:
        # Handed to somebody foreign: that is so wherever the server stands.
        operator = _operator_certainty(table)
        both = np.maximum if grounds.crossing_is_enough else np.minimum
        out = np.where(abroad, both(out, operator), operator)
    whole = masks.equals(column_of(table, "sampling"), 1).hit
    out = np.minimum(out, np.where(whole, 2, 1))
    if grounds.data:
        out = np.minimum(out, _data_certainty(table, grounds.label))
    return out.astype(np.int64)


def _data_certainty(table: pa.Table, label: str | None) -> Integers:
    """Per flow, how sure it is that it holds the data: as sure as the detector, or declared."""
    data = np.where(
        masks.one_of(column_of(table, "class_basis"), ["content", "declared"]).hit, 1, 0
    )
    if label is None:
        return data.astype(np.int64)
    labels, certainties = (
        column_of(table, name) for name in ("content_labels", "content_certainties")
    )
    parents = np.asarray(pc.list_parent_indices(labels))
    rated = masks.one_of(pc.list_flatten(certainties), ["firm"]).hit
    shows = np.ones(len(parents), np.bool_)
    if label != ANYTHING:
        shows = masks.one_of(pc.list_flatten(labels), [label]).hit
    seen = np.zeros(len(data), np.int64)
    np.maximum.at(seen, parents[shows], np.where(rated, 2, 1)[shows])
    return np.where(seen > 0, seen, data).astype(np.int64)


def _place_certainty(table: pa.Table, abroad: Bools) -> Integers:
    """Per flow, how sure it is that it went where it is said to have gone."""
    rated = column_of(table, "geo_certainty")
    # Which of several foreign countries it is, is open; that it left is what most sources say.
    place = np.where(abroad & masks.one_of(column_of(table, "geo_state"), ["ambiguous"]).hit, 1, 0)
    for number, name in enumerate(CERTAINTIES):
        place[masks.one_of(rated, [name]).hit] = number
    return place.astype(np.int64)


def _operator_certainty(table: pa.Table) -> Integers:
    """Per flow, how sure it is who runs the far side.

    What the user states is firm. A name is what the client asked for, and whoever publishes a list
    of addresses may let them: likely. The owner of a network tells little of its tenants: weak.
    """
    basis = column_of(table, "operator_basis")
    sure = np.where(masks.one_of(basis, ["override"]).hit, 2, 0)
    sure[masks.one_of(basis, ["service", "range"]).hit] = 1
    return sure.astype(np.int64)
