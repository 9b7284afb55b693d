"""Tables as Parquet: flow logs of AWS, and the export of a firewall."""

from __future__ import annotations

import io
from datetime import UTC, datetime

import pyarrow as pa
from pyarrow import parquet

START = 1790558400


def _parquet(table: pa.Table, rows: int) -> bytes:
    out = io.BytesIO()
    parquet.write_table(table, out, row_group_size=rows, store_schema=False)
    return out.getvalue()


def aws_flow_logs() -> bytes:
    """VPC flow logs as AWS delivers them in Parquet: names with underscores."""
    rows = [
        ("10.20.1.41", "52.95.110.1", 50200, 443, 6, 30, 28100, 0, 59, "ACCEPT", "OK"),
        ("52.95.110.1", "10.20.1.41", 443, 50200, 6, 22, 6120, 0, 59, "ACCEPT", "OK"),
        ("45.155.205.233", "10.20.1.41", 40100, 3389, 6, 1, 40, 10, 10, "REJECT", "OK"),
        (None, None, None, None, None, None, None, 60, 119, None, "NODATA"),
    ]
    names = (
        "srcaddr", "dstaddr", "srcport", "dstport", "protocol", "packets", "bytes", "start", "end",
        "action", "log_status",
    )  # fmt: skip
    columns = dict(zip(names, map(list, zip(*rows, strict=True)), strict=True))
    columns["start"] = [START + second for second in columns["start"]]
    columns["end"] = [START + second for second in columns["end"]]
    kinds = {"srcport": pa.int32(), "dstport": pa.int32(), "protocol": pa.int32()}
    table = pa.table(
        {name: pa.array(values, kinds.get(name)) for name, values in columns.items()}
        | {"version": pa.array([2] * 4, pa.int32()), "interface_id": ["eni-0f41"] * 4}
    )
    return _parquet(table, 2)


def firewall_export() -> bytes:
    """Sessions of a firewall, with times by type and an object inside each row."""
    moment = datetime(2026, 9, 28, 1, 30, tzinfo=UTC)
    table = pa.table(
        {
            "start_time": pa.array([moment, moment], pa.timestamp("us", tz="UTC")),
            "duration_ms": pa.array([1500, None], pa.int64()),
            "source": [
                {"ip": "10.20.1.42", "port": 50300, "bytes": 1200},
                {"ip": "2405:4800:10::42", "port": 50301, "bytes": 90000},
            ],
            "destination": [
                {"ip": "113.160.1.10", "port": 443, "bytes": 3200},
                {"ip": "2606:4700::6810:84e5", "port": 443, "bytes": 1800},
            ],
            "protocol": ["tcp", "udp"],
            "action": ["allow", "allow"],
        }
    )
    return _parquet(table, 10)
