"""Runs, findings and flows of an invented agency, as small as they can be."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pyarrow as pa

from auditor.model.finding import Evidence, Finding
from auditor.model.flow_table import FLOW_TABLE
from auditor.model.run import InputFile, Run, Totals
from auditor.model.text import Text

BEGIN = datetime(2026, 11, 22, 1, 2, 3, 456_789, tzinfo=UTC)
EVIDENCE = Evidence(
    flows=3, packets=9, outbound_bytes=1000, inbound_bytes=10, first=BEGIN, last=BEGIN,
    home=(), peers=(), hosts=(), countries=(), apps=(), clear_text_flows=0, encrypted_flows=3,
    subjects=None, subjects_basis=None, flow_ids=(1, 2, 3), flow_ids_cut=0, lines=(),
)  # fmt: skip
FINDING = Finding(
    id="F-1", rule="important-without-dossier",
    title=Text("Dữ liệu quan trọng ra nước ngoài", "Important data leaving"), severity="high",
    state="open", system="bhxh", system_name="Quỹ", recipient="Example Ltd", category="II.10",
    category_title=Text("a", "a"), category_verified=True, countries=("SG",), certainty="likely",
    known_by=(), not_known=(), legal=(), next_step=Text("Hỏi", "Ask"), evidence=EVIDENCE,
)  # fmt: skip
TOTALS = Totals(
    flows=100, packets=1000, crossing_flows=20, undecided_flows=3, domestic_flows=70,
    foreign_flows=7, outbound_bytes=5000, inbound_bytes=600, undecided_outbound_bytes=0,
    encrypted_outbound_bytes=0, clear_outbound_bytes=0, unlisted_flows=0, by_country=(),
    geo_states={},
)  # fmt: skip


def finding(name: str = "F-1", outbound: int = 1000, **changes) -> Finding:
    evidence = replace(EVIDENCE, outbound_bytes=outbound)
    return replace(FINDING, id=name, evidence=evidence, **changes)


def input_file(number: int, **changes) -> InputFile:
    file = InputFile(
        id=number, name=f"/srv/gateway-{number}.pcap", size=10**6 + number, sha256=f"{number:064x}",
        reader="pcap", packets=50, not_ip=1, bytes_on_wire=999, flows=10, first=BEGIN,
        last=BEGIN + timedelta(hours=1),
    )  # fmt: skip
    return replace(file, **changes)


def run(number: int, *found: Finding, **changes) -> Run:
    """The run of the night of that number."""
    at = BEGIN + timedelta(days=number)
    made = Run(
        version=1, audit_id=f"{number:064x}", run_id=f"{at:%Y%m%dT%H%M%S}456Z-{number:08x}",
        auditor_version="0.1.0", started=at, finished=at + timedelta(minutes=5),
        agency="Sở Nội vụ", home="VN", settings={}, inputs=(input_file(1),), totals=TOTALS,
        findings=found, problems=(), sources=(),
    )  # fmt: skip
    return replace(made, **changes)


def flows(starts: list[int], country: str = "SG") -> pa.Table:
    """Flows of stage classify that start at these nanoseconds."""
    columns = []
    for field in FLOW_TABLE:
        if field.name in ("start", "end"):
            values = pa.array(starts, pa.int64()).cast(field.type)
        elif field.name == "flow_id":
            values = pa.array(range(len(starts)), field.type)
        elif field.name == "peer_country":
            values = pa.array([country] * len(starts))
        elif field.nullable:
            values = pa.nulls(len(starts), field.type)
        else:
            filler = "x" if field.type == pa.string() else 1
            values = pa.array([filler] * len(starts), field.type)
        columns.append(values)
    return pa.Table.from_arrays(columns, schema=FLOW_TABLE)
