"""Decides again where the flows of a run went, with other data, and tells what that changes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from auditor.geo.location import located
from auditor.model.flow_table import FLOW_TABLE, Stage, conform, schema_at, to_arrow, to_pandas

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from auditor.geo.geodata import GeoData
    from auditor.geo.nearest import Nearest
    from auditor.model.finding import Finding
    from auditor.model.inventory import Network

READ_COLUMNS: Final = tuple(schema_at(Stage.READ).names)
COMPARED: Final = (
    *("geo_state", "peer_country", "geo_candidates", "geo_certainty"),
    *("operator", "operator_country"),
    *("crosses_border", "foreign_recipient", "foreign_platform"),
)
"""Columns in which a decision can differ."""
COLUMNS: Final = (*READ_COLUMNS, "peer_ip", "outbound_bytes", "geo_basis", *COMPARED)
"""What a flow table must have to be decided again."""
MOST_CHANGES: Final = 10_000
_WIDE: Final = pa.decimal128(38)
_ANSWERS: Final = {"true": True, "false": False, "": None}
_SEPARATOR: Final = " "
_BEFORE, _AFTER = "before_", "after_"


@dataclass(frozen=True, slots=True)
class Placing:
    """What was decided about flows with one destination.

    Attributes:
        basis: what it rested on; of several, the first in alphabetical order.
        outbound_bytes: what left in those flows, as far as that decision tells.
    """

    state: str
    country: str | None
    candidates: tuple[str, ...]
    certainty: str | None
    operator: str | None
    operator_country: str | None
    crosses_border: bool | None
    foreign_recipient: bool | None
    foreign_platform: bool | None
    basis: str | None
    outbound_bytes: int


@dataclass(frozen=True, slots=True)
class Change:
    """Flows with one destination that are decided otherwise now."""

    address: str
    host: str | None
    flows: int
    before: Placing
    after: Placing


@dataclass(frozen=True, slots=True)
class Replay:
    """What deciding again changes.

    Attributes:
        flows: all that were decided again; rows that only confirm others are not among them.
        changed_flows: those decided otherwise.
        changes: by bytes, heaviest first, at most ``MOST_CHANGES``.
        changes_cut: how many more there are.
        moved: of each changed flow: ``flow_id``, ``crosses_border`` and ``peer_country`` now.
    """

    flows: int
    changed_flows: int
    changes: tuple[Change, ...]
    changes_cut: int
    moved: pa.Table


@dataclass(frozen=True, slots=True)
class MovedFinding:
    """A finding with flows that are decided otherwise now.

    Attributes:
        flows: how many of its flows are; of those it lists.
        listed: how many it lists.
        unlisted: how many more it has.
        countries: as the finding has them.
        countries_now: of its changed flows, as far as they are known.
        staying: how many of its changed flows are known not to leave the country.
    """

    id: str
    rule: str
    recipient: str
    flows: int
    listed: int
    unlisted: int
    countries: tuple[str, ...]
    countries_now: tuple[str, ...]
    staying: int


def replayed(
    parts: Iterable[pa.Table],
    geodata: GeoData,
    home: str,
    home_networks: Sequence[Network],
    nearest: Nearest | None = None,
) -> Replay:
    """What changes where flows are decided again.

    Args:
        parts: a flow table of the stage ``geo`` or later, with ``COLUMNS`` at least.
        geodata: what decides now.
        home: as in ``located``.
        home_networks: likewise.
        nearest: likewise.
    """
    flows = 0
    sums: list[pa.Table] = []
    moved: list[pa.Table] = []
    for part in parts:
        counted = part.filter(pc.is_null(part["witness_of"])).combine_chunks()
        flows += len(counted)
        both = _side_by_side(counted, geodata, home, home_networks, nearest)
        both = both.filter(_differs(both))
        moved.append(both.select(["flow_id", "after_crosses_border", "after_peer_country"]))
        sums.append(_summed(both))
    table = pa.concat_tables(moved) if moved else _NO_MOVES
    if not sums:
        return Replay(flows, 0, (), 0, table)
    whole = _heaviest_first(_summed(pa.concat_tables(sums)))
    changes = tuple(_change(row) for row in whole.slice(0, MOST_CHANGES).to_pylist())
    return Replay(flows, len(table), changes, len(whole) - len(changes), table)


_NO_MOVES: Final = pa.schema(
    [
        ("flow_id", pa.int64()),
        ("after_crosses_border", pa.string()),
        ("after_peer_country", pa.string()),
    ]
).empty_table()


def _side_by_side(
    part: pa.Table,
    geodata: GeoData,
    home: str,
    home_networks: Sequence[Network],
    nearest: Nearest | None,
) -> pa.Table:
    """Both decisions of each flow, as text; no value is the empty text."""
    plain = part.select(list(READ_COLUMNS)).replace_schema_metadata(None)  # without pandas' own
    read = conform(to_pandas(plain), Stage.READ)
    now = to_arrow(located(read, geodata, home, home_networks, nearest), Stage.GEO)
    # who is at home may have changed: then the peer of either decision names the destination
    address = pc.coalesce(now["peer_ip"], part["peer_ip"], now["dst_ip"])
    columns: dict[str, Any] = {
        "flow_id": part["flow_id"],
        "rows": pa.repeat(pa.scalar(1, pa.int64()), len(part)),
        "address": address,
        "host": pc.fill_null(part["host"], ""),
    }
    for prefix, table in ((_BEFORE, part), (_AFTER, now)):
        for name in COMPARED:
            columns[prefix + name] = _text(table[name])
        columns[f"{prefix}geo_basis"] = _text(table["geo_basis"])
        columns[f"{prefix}outbound_bytes"] = pc.fill_null(table["outbound_bytes"], 0).cast(_WIDE)
    return pa.table(columns)


def _text(column: pa.ChunkedArray) -> pa.ChunkedArray:
    if pa.types.is_list(column.type):
        column = pc.binary_join(column.cast(pa.list_(pa.string())), _SEPARATOR)
    return pc.fill_null(column.cast(pa.string()), "")


def _differs(both: pa.Table) -> pa.ChunkedArray:
    unequal = pa.chunked_array([pa.repeat(False, len(both))])
    for name in COMPARED:
        unequal = pc.or_(unequal, pc.not_equal(both[_BEFORE + name], both[_AFTER + name]))
    return unequal


_KEYS: Final = ["address", "host", *(p + name for p in (_BEFORE, _AFTER) for name in COMPARED)]
_BASES: Final = [f"{_BEFORE}geo_basis", f"{_AFTER}geo_basis"]


_SUMS: Final = ["rows", f"{_BEFORE}outbound_bytes", f"{_AFTER}outbound_bytes"]


def _summed(table: pa.Table) -> pa.Table:
    wanted = [*((name, "sum") for name in _SUMS), *((name, "min") for name in _BASES)]
    grouped = table.group_by(_KEYS).aggregate(wanted)
    grouped = grouped.select([*_KEYS, *(f"{name}_{function}" for name, function in wanted)])
    return grouped.rename_columns([*_KEYS, *_SUMS, *_BASES])


def _heaviest_first(table: pa.Table) -> pa.Table:
    before, after = (table[name].cast(pa.float64()) for name in _SUMS[1:])
    weighed = table.append_column("weight", pc.max_element_wise(before, after))
    order = [("weight", "descending"), ("rows", "descending")]
    return weighed.sort_by([*order, ("address", "ascending"), ("host", "ascending")])


def _change(row: dict[str, Any]) -> Change:
    return Change(
        row["address"],
        row["host"] or None,
        row["rows"],
        *(_placing(row, p) for p in (_BEFORE, _AFTER)),
    )


def _placing(row: dict[str, Any], prefix: str) -> Placing:
    told = {name: row[prefix + name] for name in COMPARED}
    return Placing(
        told["geo_state"],
        told["peer_country"] or None,
        tuple(told["geo_candidates"].split(_SEPARATOR)) if told["geo_candidates"] else (),
        told["geo_certainty"] or None,
        told["operator"] or None,
        told["operator_country"] or None,
        _ANSWERS[told["crosses_border"]],
        _ANSWERS[told["foreign_recipient"]],
        _ANSWERS[told["foreign_platform"]],
        row[f"{prefix}geo_basis"] or None,
        int(row[f"{prefix}outbound_bytes"]),
    )


def moved_findings(findings: Iterable[Finding], replay: Replay) -> list[MovedFinding]:
    """The findings with flows that are decided otherwise now, in their order."""
    order = replay.moved.sort_by("flow_id")
    ids = order["flow_id"].to_numpy()
    crosses = order["after_crosses_border"].combine_chunks()
    countries = order["after_peer_country"].combine_chunks()
    found: list[MovedFinding] = []
    for finding in findings:
        its = np.array(finding.evidence.flow_ids, dtype=np.int64)
        at = np.searchsorted(ids, its)
        inside = at < len(ids)
        at = at[inside][ids[at[inside]] == its[inside]]
        if not len(at):
            continue
        rows = pa.array(at)
        now = sorted(name for name in pc.unique(countries.take(rows)).to_pylist() if name)
        staying = int(pc.sum(pc.equal(crosses.take(rows), "false")).as_py() or 0)
        found.append(
            MovedFinding(
                finding.id,
                finding.rule,
                finding.recipient,
                len(at),
                len(its),
                finding.evidence.flow_ids_cut,
                finding.countries,
                tuple(now),
                staying,
            )
        )
    return found


def missing_of(schema: pa.Schema) -> list[str]:
    """What a table of that schema lacks to be decided again, in words; none = nothing."""
    found: list[str] = []
    for field in FLOW_TABLE:
        if field.name not in COLUMNS:
            continue
        if field.name not in schema.names:
            if not field.nullable:
                found.append(f"has no column {field.name}")
            continue
        kind = _plain(schema.field(field.name).type)
        if kind != _plain(field.type):
            found.append(f"{field.name} is {kind}, not {field.type}")
    return found


def _plain(kind: pa.DataType) -> pa.DataType:
    """The type without dictionaries, which are but another way to hold texts."""
    if pa.types.is_dictionary(kind):
        return kind.value_type
    return pa.list_(_plain(kind.value_type)) if pa.types.is_list(kind) else kind


def prepared(part: pa.Table) -> pa.Table:
    """``part`` as ``replayed`` wants it: a column it lacks, as older tables do, is not known.

    Raises:
        ValueError: a column has nulls that must have none.
    """
    columns: dict[str, Any] = {}
    for field in FLOW_TABLE:
        if field.name not in COLUMNS:
            continue
        if field.name in part.column_names:
            column = part[field.name].cast(field.type)
            if not field.nullable and column.null_count:
                raise ValueError(f"column {field.name} has {column.null_count:,} empty values")
        else:
            column = pa.nulls(len(part), field.type)
        columns[field.name] = column
    schema = pa.schema([FLOW_TABLE.field(name) for name in columns], metadata=FLOW_TABLE.metadata)
    return pa.table(columns, schema=schema)
