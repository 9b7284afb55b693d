"""Rows of flow tables after stage classify, from what differs between them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pandas as pd
import pyarrow as pa

from auditor.model.flow_table import FLOW_TABLE, Stage, conform, to_pandas

PLAIN: dict[str, Any] = {
    "input_id": 1,
    "start": datetime(2026, 3, 1, 12, tzinfo=UTC),
    "end": datetime(2026, 3, 1, 12, 1, tzinfo=UTC),
    "protocol": 6,
    "src_ip": "10.20.1.5",
    "src_port": 50000,
    "dst_ip": "198.51.100.7",
    "dst_port": 443,
    "initiator_basis": "syn",
    "seen_by": "packets",
    "time_basis": "packets",
    "clock": "stated",
    "src_packets": 4,
    "dst_packets": 3,
    "src_bytes": 2000,
    "dst_bytes": 900,
    "sampling": 1,
    "app": "tls",
    "encrypted": True,
    "host": "store.example.com",
    "host_basis": "tls-sni",
    "ech": False,
    "home_side": "src",
    "peer_ip": "198.51.100.7",
    "peer_country": "SG",
    "peer_asn": 64500,
    "peer_org": "Example Cloud Pte",
    "peer_org_country": "SG",
    "operator": "Example Cloud Pte",
    "operator_country": "SG",
    "operator_basis": "network",
    "geo_state": "country",
    "geo_rule": "databases",
    "geo_certainty": "likely",
    "geo_basis": "country.mmdb 2026-02-17",
    "crosses_border": True,
    "foreign_recipient": True,
    "outbound_bytes": 1000,
    "inbound_bytes": 100,
    "system_id": "registry",
    "categories": ["I.5"],
    "level": "core",
    "class_basis": "declared",
}
"""Core data of the registry leaves for Singapore; tests change what they are about."""


def flow_table_of(*differences: dict[str, Any]) -> pd.DataFrame:
    """A flow table with one flow per difference from ``PLAIN``."""
    rows = [
        {"flow_id": number, **PLAIN, **difference}
        for number, difference in enumerate(differences, start=1)
    ]
    columns = [pa.array([row.get(field.name) for row in rows], field.type) for field in FLOW_TABLE]
    return conform(to_pandas(pa.table(columns, schema=FLOW_TABLE)), Stage.CLASSIFY)
