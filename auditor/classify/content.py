"""What was recognised inside flows, joined with what the inventory declares of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from auditor.model.catalogue import LEVELS
from auditor.model.flow_table import FLOW_TABLE, Stage, conform

if TYPE_CHECKING:
    from auditor.model.catalogue import Catalogue

_BETWEEN: Final = "\x1f"
_NONE: Final = "\x00"  # stands for a null list

_AS_THEY_ARE: Final = (
    "content_labels", "content_certainties", "content_hints", "read_bytes", "raw_bytes",
    "unread_why",
)  # fmt: skip


def recognised(flows: pd.DataFrame, content: pa.Table, catalogue: Catalogue) -> pd.DataFrame:
    """``flows`` with what was inside.

    Categories that were recognised in what left join the declared ones; the flow's level is the
    highest of all; what is only hinted at joins nothing. Persons that were counted take the place
    of an estimate from bytes.

    Args:
        flows: a flow table after ``classified``, ordered by ``flow_id``.
        content: ``auditor.model.content.CONTENT``; flows that are not in it stay as they are.
        catalogue: gives each category its level; other labels are no categories.
    """
    ids = content["flow_id"].to_numpy()
    wanted = flows["flow_id"].to_numpy(dtype="int64")
    place = np.searchsorted(ids, wanted)
    place[place == len(ids)] = 0
    there = np.flatnonzero(ids[place] == wanted) if len(ids) else np.array([], np.int64)
    if not len(there):
        return flows
    mine = content.take(pa.array(place[there]))
    changed = {name: mine[name] for name in _AS_THEY_ARE}
    before = flows.iloc[there]
    categories, levels, found = _joined(before["categories"], mine["content_labels"], catalogue)
    changed["categories"] = categories
    changed["level"] = pc.if_else(found, levels, _arrow(before["level"]))
    changed["class_basis"] = pc.if_else(found, "content", _arrow(before["class_basis"]))
    persons = mine["persons"].combine_chunks()
    counted = persons.is_valid()
    changed["subjects"] = pc.if_else(counted, persons, _arrow(before["subjects"]))
    changed["subjects_basis"] = pc.if_else(counted, "counted", _arrow(before["subjects_basis"]))
    out = {name: _replaced(flows[name], there, column) for name, column in changed.items()}
    return conform(flows.assign(**out), Stage.CLASSIFY)


def _arrow(column: pd.Series) -> pa.Array:
    array = pa.array(column)
    return array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array


def _replaced(column: pd.Series, rows: np.ndarray, values: pa.Array) -> pd.Series:
    """``column`` with ``values`` in ``rows``."""
    index = np.arange(len(column))
    index[rows] = np.arange(len(rows)) + len(column)
    kind = FLOW_TABLE.field(str(column.name)).type
    if isinstance(values, pa.ChunkedArray):
        values = values.combine_chunks()
    both = pa.concat_arrays([_arrow(column).cast(kind), values.cast(kind)])
    return pd.Series(pd.array(both.take(pa.array(index)), dtype=pd.ArrowDtype(kind)), column.index)


def _joined(
    declared: pd.Series, labels: pa.ChunkedArray, catalogue: Catalogue
) -> tuple[pa.Array, pa.Array, pa.Array]:
    """Categories, their highest level, and whether the content showed any; made once per pair."""
    left, right = _texts(_arrow(declared)), _texts(labels.combine_chunks())
    pairs = pc.binary_join_element_wise(left, right, "\x1e").dictionary_encode()
    lists: list[list[str] | None] = []
    levels: list[str | None] = []
    found: list[bool] = []
    for pair in pairs.dictionary.to_pylist():
        said, _, seen = pair.partition("\x1e")
        # an item with a number needs that many subjects: no flow tells (Decree 165, Art. 12(10))
        shown = [
            code
            for code in _members(seen)
            if code in catalogue and catalogue[code].threshold is None
        ]
        codes = list(dict.fromkeys([*_members(said), *shown]))
        known = {catalogue[code].level for code in codes}
        lists.append(None if said == _NONE and not shown else codes)
        levels.append(next((level for level in LEVELS if level in known), None))
        found.append(bool(shown))
    order = pairs.indices
    return (
        pa.array(lists, pa.list_(pa.string())).take(order),
        pa.array(levels, pa.string()).take(order),
        pa.array(found, pa.bool_()).take(order),
    )


def _texts(lists: pa.Array) -> pa.Array:
    return pc.fill_null(pc.binary_join(lists.cast(pa.list_(pa.string())), _BETWEEN), _NONE)


def _members(text: str) -> list[str]:
    return [] if text in ("", _NONE) else text.split(_BETWEEN)
