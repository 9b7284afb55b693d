"""Facts for probes of registers, made from the text of tables as agencies write them."""

from __future__ import annotations

import tempfile
from datetime import datetime, timedelta, timezone
from pathlib import Path

import yaml

from auditor.checklist.assessment import Assessment, Endpoints, EvidenceEntry, Network
from auditor.checklist.facts import Facts, numbers_for
from auditor.checklist.held import Held
from auditor.checklist.probe import asked
from auditor.checklist.probes import PROBES
from auditor.checklist.sources.register import register
from auditor.model.checklist import Levels
from auditor.model.documents import read

ROOT = Path(__file__).parents[3]
LEVELS = read(ROOT / "policies" / "checklists" / "levels.yaml", Levels)
LIMITS = tuple((table.instrument, limit) for table in LEVELS.tables for limit in table.limits)
KINDS = {
    kind["id"]: tuple(kind["columns"])
    for kind in yaml.safe_load(
        (ROOT / "policies" / "checklists" / "pre-sync.yaml").read_text(encoding="utf-8")
    )["kinds"]
    if kind["form"] == "register"
}
HOLIDAYS = frozenset(
    datetime.fromisoformat(day).date()
    for day in yaml.safe_load(
        (ROOT / "policies" / "checklists" / "holidays.yaml").read_text(encoding="utf-8")
    )["days"]
)
NOW = datetime(2026, 11, 21, 10, 0, tzinfo=timezone(timedelta(hours=7)))


def held(number, kind, text, **entry):
    """A registered table; ``text`` null = registered by metadata only."""
    entry = EvidenceEntry.model_validate(
        {"id": f"ev-{number:04}", "kind": kind, "registered": "2026-11-21"} | entry
    )

    def content():
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "table.csv"
            path.write_text(text, encoding="utf-8")
            return register(path, KINDS[kind])

    return Held(entry, "present" if text is not None else "metadata-only", content)


def facts(tables, *, level=3, entries=None, network=None, endpoints=None, **assessment):
    """Facts with one register a kind; ``entries`` gives more of an evidence's entry by kind."""
    system = {"id": "land-registry", "level": level} | assessment.pop("system", {})
    evidence = {
        kind: (held(number, kind, text, **(entries or {}).get(kind, {})),)
        for number, (kind, text) in enumerate(tables.items(), start=1)
    }
    return Facts(
        now=NOW,
        assessment=Assessment.model_validate(
            {"format": 1, "checklist": "pre-sync", "checklist_version": "2026.11", "system": system}
            | assessment
        ),
        numbers=numbers_for(LIMITS, level, {}),
        evidence=evidence,
        network=Network.model_validate(network) if network else None,
        endpoints=Endpoints.model_validate(endpoints) if endpoints else None,
        holidays=HOLIDAYS,
    )


def outcome(probe, tables, arguments=None, **more):
    """What a probe says of tables."""
    return asked(PROBES[probe], facts(tables, **more), arguments or {})


def table(columns, *rows):
    """A CSV text; cells of a row are separated by ``|``."""
    lines = [",".join(columns.split())]
    lines += [",".join(f'"{cell.strip()}"' for cell in row.split("|")) for row in rows]
    return "\n".join(lines) + "\n"
