"""Facts for probes of exports and accounts, made from the text of files as devices write them."""

from __future__ import annotations

import tempfile
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pandas as pd
import yaml

from auditor.checklist.assessment import Assessment, EvidenceEntry, Network
from auditor.checklist.facts import Facts, Traffic, numbers_for
from auditor.checklist.held import Held
from auditor.checklist.probe import asked
from auditor.checklist.probes import PROBES
from auditor.checklist.sources import content_of
from auditor.model.checklist import EvidenceKind, Levels
from auditor.model.documents import read
from auditor.model.readiness import Coverage

ROOT = Path(__file__).parents[3]
LEVELS = read(ROOT / "policies" / "checklists" / "levels.yaml", Levels)
LIMITS = tuple((table.instrument, limit) for table in LEVELS.tables for limit in table.limits)
CATALOGUE = ROOT / "policies" / "checklists" / "pre-sync.yaml"
KINDS = {
    kind["id"]: EvidenceKind.model_validate(kind)
    for kind in yaml.safe_load(CATALOGUE.read_text(encoding="utf-8"))["kinds"]
}
NOW = datetime(2026, 11, 21, 10, 0, tzinfo=timezone(timedelta(hours=7)))
ACCOUNTS = "account,person,kind,privileged,enabled,mfa,last-logon,system\n"


def held(number, kind, text, **more):
    entry = {"id": f"ev-{number:04}", "kind": kind, "registered": "2026-11-21"}
    entry |= {"file": f"evidence/{number}"} | more

    def content():
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "export.csv"
            path.write_text(text, encoding="utf-8")
            return content_of(path, KINDS[kind])

    return Held(EvidenceEntry.model_validate(entry), "present", content)


def edges(*rows):
    """Flows as ``(src_ip, dst_ip, dst_port, protocol, src_zone, dst_zone)``."""
    columns = ["src_ip", "dst_ip", "dst_port", "protocol", "src_zone", "dst_zone"]
    table = pd.DataFrame(rows, columns=columns)
    table["dst_port"] = table["dst_port"].fillna(0).astype("uint16")
    return table.assign(
        ordinary=True, answered=True, blocked=False, flows=1, flow_id=range(len(rows)), input_id=0
    )


def seen(flows):
    """Traffic of these edges and nothing else."""
    empty = pd.DataFrame()
    return Traffic(flows, {0: "conn.log"}, Coverage(), empty, empty)


def facts(*evidence, level=3, flows=None, network=None, **assessment):
    """Facts with pieces of evidence, each a kind and its text, the youngest first."""
    found: dict[str, tuple[Held, ...]] = {}
    for number, (kind, text) in enumerate(evidence, start=1):
        found[kind] = (*found.get(kind, ()), held(number, kind, text))
    whole = {"format": 1, "checklist": "pre-sync", "checklist_version": "2026.11"}
    return Facts(
        now=NOW,
        assessment=Assessment.model_validate(
            whole | {"system": {"id": "x", "level": level}} | assessment
        ),
        numbers=numbers_for(LIMITS, level, {}),
        evidence=found,
        network=Network.model_validate(network) if network else None,
        traffic=None if flows is None else seen(flows),
    )


def outcome(probe, *evidence, **more):
    """What a probe says of them."""
    return asked(PROBES[probe], facts(*evidence, **more), {})


def accounts(*rows):
    """An account export."""
    return "accounts", ACCOUNTS + "".join(f"{row}\n" for row in rows)
