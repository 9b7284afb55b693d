"""What went abroad, by country."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pyarrow as pa
import pyarrow.compute as pc

from auditor.model.run import CountryTotal

if TYPE_CHECKING:
    import pandas as pd

_WIDE: Final = pa.decimal128(38)
"""Sums of it do not overflow."""

_COLUMNS: Final = (
    "crosses_border",
    "peer_country",
    "operator",
    "peer_ip",
    "outbound_bytes",
    "inbound_bytes",
    "sampling",
)


def abroad(flows: pd.DataFrame) -> pa.Table:
    """The sums of crossing flows by country and recipient, for ``by_country``.

    Recipients are distinct operators, or distinct addresses where the operator is unknown.
    ``flows`` is (a part of) a flow table of the stage ``geo`` or later.
    """
    table = pa.Table.from_pandas(flows[list(_COLUMNS)], preserve_index=False)
    crossing = table.filter(pc.and_(table["crosses_border"], pc.is_valid(table["peer_country"])))
    recipient = pc.coalesce(crossing["operator"], crossing["peer_ip"])
    sampled = pc.fill_null(pc.not_equal(crossing["sampling"], 1), False)
    estimated = pc.if_else(sampled, crossing["outbound_bytes"], 0)
    amounts = ("outbound_bytes", "inbound_bytes", "estimated_bytes")
    sums = [([], "count_all"), *((name, "sum") for name in (*amounts, "unknown_flows"))]
    unknown = pc.is_null(crossing["outbound_bytes"]).cast(pa.int64())
    for name in ("outbound_bytes", "inbound_bytes"):  # a log may claim any number
        place = crossing.schema.get_field_index(name)
        crossing = crossing.set_column(place, name, crossing[name].cast(_WIDE))
    return (
        crossing.append_column("recipient", recipient)
        .append_column("estimated_bytes", estimated.cast(_WIDE))
        .append_column("unknown_flows", unknown)
        .group_by(["peer_country", "recipient"])
        .aggregate(sums)
    )


def by_country(parts: list[pa.Table]) -> tuple[CountryTotal, ...]:
    """The totals of crossing flows, heaviest outbound first, then by country code."""
    if not parts:
        return ()
    amounts = ("outbound_bytes", "inbound_bytes", "estimated_bytes", "unknown_flows")
    sums = ("count_all", *(f"{name}_sum" for name in amounts))
    totals = (
        pa.concat_tables(parts)
        .group_by("peer_country")
        .aggregate([*((name, "sum") for name in sums), ("recipient", "count_distinct")])
    )
    countries = (
        CountryTotal(
            country=row["peer_country"],
            flows=row["count_all_sum"],
            outbound_bytes=int(row["outbound_bytes_sum_sum"] or 0),  # null: no flow said how much
            inbound_bytes=int(row["inbound_bytes_sum_sum"] or 0),
            recipients=row["recipient_count_distinct"],
            estimated_bytes=int(row["estimated_bytes_sum_sum"] or 0),
            unknown_flows=row["unknown_flows_sum_sum"],
        )
        for row in totals.to_pylist()
    )
    return tuple(sorted(countries, key=lambda total: (-total.outbound_bytes, total.country)))


def other_opinions(flows: pd.DataFrame) -> dict[str, int]:
    """By ``seen_by``: flows of which the log's maker has the peer in another country than we do.

    ``flows`` is (a part of) a flow table of the stage ``geo`` or later.
    """
    names = ["home_side", "peer_country", "src_log_country", "dst_log_country", "seen_by"]
    table = pa.Table.from_pandas(flows[names], preserve_index=False)
    at_src = pc.equal(table["home_side"], "src")
    said = pc.if_else(at_src, table["dst_log_country"], table["src_log_country"])
    differs = pc.fill_null(pc.not_equal(said, table["peer_country"]), False)
    counts = table.filter(differs).group_by("seen_by").aggregate([([], "count_all")])
    return {row["seen_by"]: row["count_all"] for row in counts.to_pylist()}
