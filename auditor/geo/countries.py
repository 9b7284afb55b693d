"""What went abroad, by country."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pyarrow as pa
import pyarrow.compute as pc

from auditor.model.run import CountryTotal

if TYPE_CHECKING:
    import pandas as pd

_COLUMNS: Final = (
    "crosses_border",
    "peer_country",
    "peer_org",
    "peer_ip",
    "outbound_bytes",
    "inbound_bytes",
)


def abroad_by_country(flows: pd.DataFrame) -> tuple[CountryTotal, ...]:
    """The totals of crossing flows, heaviest outbound first, then by country code.

    Recipients are distinct organisations, or distinct addresses where the organisation is unknown.
    ``flows`` is a flow table of the stage ``geo`` or later.
    """
    table = pa.Table.from_pandas(flows[list(_COLUMNS)], preserve_index=False)
    crossing = table.filter(pc.and_(table["crosses_border"], pc.is_valid(table["peer_country"])))
    recipient = pc.coalesce(crossing["peer_org"], crossing["peer_ip"])
    totals = (
        crossing.append_column("recipient", recipient)
        .group_by("peer_country")
        .aggregate(
            [
                ([], "count_all"),
                ("outbound_bytes", "sum"),
                ("inbound_bytes", "sum"),
                ("recipient", "count_distinct"),
            ]
        )
    )
    countries = (
        CountryTotal(
            country=row["peer_country"],
            flows=row["count_all"],
            outbound_bytes=row["outbound_bytes_sum"] or 0,  # null: no flow said how much
            inbound_bytes=row["inbound_bytes_sum"] or 0,
            recipients=row["recipient_count_distinct"],
        )
        for row in totals.to_pylist()
    )
    return tuple(sorted(countries, key=lambda total: (-total.outbound_bytes, total.country)))
