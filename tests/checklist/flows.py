"""Flow tables and facts for tests of what traffic shows."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pandas as pd
import pyarrow as pa

from auditor.checklist import assessment as nouns
from auditor.checklist.facts import Facts, numbers_for
from auditor.checklist.held import Held
from auditor.checklist.probes import PROBES
from auditor.checklist.sources.register import Register
from auditor.checklist.sources.traffic import traffic
from auditor.model import checklist
from auditor.model.documents import read
from auditor.model.flow_table import Stage, schema_at
from auditor.model.run import InputFile
from tests.checklist.beginnings import ROOT

BEGIN = datetime(2026, 11, 13, 1, tzinfo=UTC)
NOW = datetime(2026, 11, 21, 3, tzinfo=UTC)
SCHEMA = schema_at(Stage.GEO)
LEVELS = read(ROOT / "policies" / "checklists" / "levels.yaml", checklist.Levels)
LIMITS = tuple((table.instrument, limit) for table in LEVELS.tables for limit in table.limits)
ANSWERED = {
    "src_packets": 6, "dst_packets": 5, "src_bytes": 900, "dst_bytes": 1200, "src_payload": 600,
    "dst_payload": 900, "src_tcp_flags": 27, "dst_tcp_flags": 27,
}  # fmt: skip
SILENT = {
    "src_packets": 1, "dst_packets": 0, "src_bytes": 44, "dst_bytes": 0, "src_payload": 0,
    "dst_payload": 0, "src_tcp_flags": 2, "dst_tcp_flags": 0,
}  # fmt: skip
RESET = SILENT | {"dst_packets": 1, "dst_bytes": 40, "dst_tcp_flags": 20}


def flow(src, dst, port=443, after=timedelta(0), lasting=timedelta(seconds=2), **given):
    """One answered TCP connection, unless told otherwise."""
    start = BEGIN + after
    return {
        "input_id": 1, "start": start, "end": start + lasting, "seen_by": "zeek", "protocol": 6,
        "src_ip": src, "src_port": 40000, "dst_ip": dst, "dst_port": port,
    } | ANSWERED | given  # fmt: skip


def daily(src, dst, port=443, days=8, **given):
    return [flow(src, dst, port, timedelta(days=day), **given) for day in range(days)]


def table(rows):
    numbered = [{"flow_id": number} | row for number, row in enumerate(rows, start=1)]
    return pa.Table.from_pylist(numbered, schema=SCHEMA)


def an_input(number=1, name="conn.log", reader="zeek"):
    return InputFile(number, name, 1, None, reader, 1, 0, None, 1, None, None)


def network(**parts):
    return nouns.Network.model_validate(parts)


def zone(name, kind, *networks):
    return {"id": name, "kind": kind, "networks": list(networks)}


def added_up(rows, network=None, inventory=None, problems=(), inputs=None):
    return traffic([table(rows)], inputs or (an_input(),), problems, network, inventory)


def facts(rows=None, network=None, level=3, evidence=None, dates=None, **more):
    """What is known of a system whose traffic is ``rows``."""
    assessment = nouns.Assessment.model_validate(
        {
            "format": 1, "checklist": "pre-sync", "checklist_version": "2026.11",
            "system": {"id": "land", "level": level}, "dates": dates or {},
        }
    )  # fmt: skip
    seen = None if rows is None else added_up(rows, network)
    return Facts(
        now=NOW,
        assessment=assessment,
        numbers=numbers_for(LIMITS, level, {}),
        evidence=evidence or {},
        network=network,
        traffic=seen,
        **more,
    )


def register(kind, *rows):
    """Registered evidence of a kind: a register of these rows, in lines 2 and on."""
    columns = tuple(rows[0]) if rows else ()
    lines = pd.RangeIndex(2, 2 + len(rows), name="line")
    content = Register(columns, pd.DataFrame(list(rows), index=lines, columns=list(columns)))
    entry = nouns.EvidenceEntry(
        id="ev-0001", kind=kind, file=f"evidence/{kind}.csv", registered="2026-11-20"
    )
    return {kind: (Held(entry, "present", lambda: content),)}


def asked(probe, rows, network=None, arguments=None, **more):
    """What a probe says of flows."""
    return PROBES[probe].answer(facts(rows, network, **more), arguments or {})
