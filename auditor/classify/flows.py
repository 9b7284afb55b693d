"""What each flow may carry, from what the inventory declares of the system at its home end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from auditor.model.catalogue import LEVELS
from auditor.model.flow_table import FLOW_TABLE, Stage, conform
from auditor.model.networks import NOBODY, longest_match

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from auditor.model.catalogue import Catalogue
    from auditor.model.inventory import Inventory, System

    Numbers = np.ndarray[tuple[int], np.dtype[np.int32]]
    Truths = np.ndarray[tuple[int], np.dtype[np.bool_]]

_NEEDED: Final = (
    *("src_ip", "dst_ip", "home_side", "host", "host_basis"),
    *("crosses_border", "foreign_recipient", "outbound_bytes"),
)

_DECLARED: Final = pa.schema(
    [FLOW_TABLE.field(name) for name in ("system_id", "categories", "level", "class_basis")]
    + [pa.field("record_bytes", pa.int64()), pa.field("most_subjects", pa.int64())]
)

_CONTENT: Final = (
    "content_labels", "content_certainties", "content_hints", "read_bytes", "raw_bytes",
    "unread_why",
)  # fmt: skip

_ROWS_AT_ONCE: Final = 1 << 20
"""Lists of codes are repeated for every flow: in pieces, for Arrow's 2 GiB per piece."""


def classified(
    flows: pd.DataFrame, inventory: Inventory | None, catalogue: Catalogue
) -> pd.DataFrame:
    """``flows`` with the columns of stage ``classify``.

    A flow belongs to the system whose network is the longest match for its home address; with both
    ends at home (or the home end not known), to the initiator's system, else the responder's. Where
    no network matches and the responder is at home, the server's name decides: it comes last,
    because the other side chose it.

    Categories are what the inventory declares: an empty list declares that there are none
    (``unclassified``), a system without the key ``categories``, an unlisted system and an audit
    without an inventory leave them null.

    Args:
        flows: a flow table after stage ``geo``.
        inventory: the agency's systems; null = there is none, nothing is known.
        catalogue: must hold every code of ``inventory``.
    """
    table = pa.Table.from_pandas(
        flows[list(_NEEDED)],
        schema=pa.schema([FLOW_TABLE.field(name) for name in _NEEDED]),
        preserve_index=False,
    )
    systems = inventory.systems if inventory else ()
    owners = _systems_of(table, systems)
    declared = _declared(systems, catalogue)
    indices = _in_pieces(owners)
    columns = {name: declared[name].take(indices) for name in declared.column_names}
    subjects = _subjects(table, columns.pop("record_bytes"), columns.pop("most_subjects"))
    columns["subjects"] = subjects
    columns["subjects_basis"] = pc.if_else(
        subjects.is_valid(), "estimated", pa.scalar(None, pa.string())
    )
    added = {
        name: pd.Series(pd.array(column, dtype=pd.ArrowDtype(column.type)), index=flows.index)
        for name, column in columns.items()
    }
    for name in _CONTENT:  # filled by ``recognised``
        kind = pd.ArrowDtype(FLOW_TABLE.field(name).type)
        added[name] = pd.Series(None, index=flows.index, dtype=kind)
    return conform(flows.assign(**added), Stage.CLASSIFY)


def _systems_of(table: pa.Table, systems: Sequence[System]) -> Numbers:
    """Number of each flow's system in ``systems``, else ``NOBODY``."""
    networks = [(net, number) for number, system in enumerate(systems) for net in system.networks]
    names = _names(systems)
    at_src, at_dst = _is(table["home_side"], "src"), _is(table["home_side"], "dst")
    # An end that is known to be away from home is never looked up.
    by_network = [
        _for_distinct(_where(~away, table[end]), lambda distinct: longest_match(distinct, networks))
        for end, away in (("src_ip", at_dst), ("dst_ip", at_src))
    ]
    owners = np.where(by_network[0] == NOBODY, by_network[1], by_network[0])
    basis = table["host_basis"]
    own_name = at_dst & ~_is(basis, "dns-query") & ~_is(basis, "ech-outer")
    by_name = _for_distinct(
        _where((owners == NOBODY) & own_name, table["host"]),
        lambda distinct: [_system_named(host, names) for host in distinct],
    )
    return np.where(owners == NOBODY, by_name, owners)


def _is(column: pa.ChunkedArray, value: str) -> Truths:
    same: Truths = pc.fill_null(pc.equal(column, value), pa.scalar(value=False)).to_numpy()
    return same


def _where(wanted: Truths, column: pa.ChunkedArray) -> pa.ChunkedArray:
    """``column``, null where it is not ``wanted``."""
    return pc.if_else(pa.chunked_array([wanted], pa.bool_()), column, pa.scalar(None, pa.string()))


def _for_distinct(
    texts: pa.ChunkedArray, owners_of: Callable[[list[str]], Sequence[int] | Numbers]
) -> Numbers:
    """``owners_of`` every text, asked once for each distinct one; null belongs to nobody."""
    encoded = texts.dictionary_encode().combine_chunks()
    distinct = encoded.dictionary.to_pylist()
    owners = np.append(np.asarray(owners_of(distinct), dtype=np.int32), np.int32(NOBODY))
    found: Numbers = owners[pc.fill_null(encoded.indices, len(distinct)).to_numpy()]
    return found


def _names(systems: Sequence[System]) -> dict[str, int]:
    """Number of the system that each host pattern names; of two equal patterns the first counts."""
    names: dict[str, int] = {}
    for number, system in enumerate(systems):
        for host in system.hosts:
            names.setdefault(host.lower().rstrip("."), number)
    return names


def _system_named(host: str, names: dict[str, int]) -> int:
    """The system whose pattern is the longest that ``host`` matches, else ``NOBODY``."""
    name = host.lower().rstrip(".")
    if name in names:
        return names[name]
    while "." in name:
        name = name.partition(".")[2]
        if f"*.{name}" in names:
            return names[f"*.{name}"]
    return NOBODY


def _declared(systems: Sequence[System], catalogue: Catalogue) -> pa.Table:
    """One row per system: what its flows inherit from it."""
    rows = [_inherited(system, catalogue) for system in systems]
    return pa.Table.from_pylist(rows, schema=_DECLARED)


def _inherited(system: System, catalogue: Catalogue) -> dict[str, object]:
    if "categories" not in system.model_fields_set:
        return {"system_id": system.id}
    codes = list(dict.fromkeys(system.categories))
    levels = {catalogue[code].level for code in codes} | {"unclassified"}
    persons = any(catalogue[code].level == "personal" or catalogue[code].personal for code in codes)
    return {
        "system_id": system.id,
        "categories": codes,
        "level": next(level for level in LEVELS if level in levels),
        "class_basis": "declared",
        "record_bytes": _as_int64(system.record_bytes) if persons else None,
        "most_subjects": _as_int64(system.subjects),
    }


def _as_int64(number: int | None) -> int | None:
    """``number``, or the largest a column can hold: YAML has no largest number."""
    return None if number is None else min(number, (1 << 63) - 1)


def _in_pieces(owners: Numbers) -> pa.ChunkedArray:
    pieces = range(0, max(len(owners), 1), _ROWS_AT_ONCE)
    return pa.chunked_array(
        [
            pa.array(piece, mask=piece == NOBODY)
            for piece in (owners[start : start + _ROWS_AT_ONCE] for start in pieces)
        ],
        pa.int32(),
    )


def _subjects(
    table: pa.Table, record_bytes: pa.ChunkedArray, most_subjects: pa.ChunkedArray
) -> pa.ChunkedArray:
    """How many subjects' records fit into what left home, at most as many as the system has.

    Null where nothing left, where the flow stays in the country and with nobody foreign, and where
    no record size or no personal data is declared. Unknown whether it crosses: estimated, for it
    may.
    """
    sent = table["outbound_bytes"]
    may_cross = pc.fill_null(table["crosses_border"], pa.scalar(value=True))
    foreign = pc.fill_null(table["foreign_recipient"], pa.scalar(value=False))
    left = pc.and_(
        pc.or_(may_cross, foreign), pc.fill_null(pc.greater(sent, 0), pa.scalar(value=False))
    )
    sent = pc.if_else(left, sent, pa.scalar(None, pa.int64()))
    # Rounded up without adding to `sent`: a log may claim numbers next to the largest there is.
    records = pc.add(pc.divide(pc.subtract(sent, 1), record_bytes), 1)
    return pc.if_else(
        records.is_valid(),
        pc.min_element_wise(records, most_subjects, skip_nulls=True),
        pa.scalar(None, pa.int64()),
    )
