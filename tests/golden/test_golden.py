"""Samples in, tables and findings out: reviewed as text, so that no change goes unseen."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from auditor import pipeline, readers
from tests.readers.reading import read_files

ROOT = Path(__file__).parents[2]
CAPTURES = sorted((ROOT / "samples" / "pcaps").iterdir())
LOGS = sorted((ROOT / "samples" / "logs").iterdir())
IN_TEXT = frozenset((
    "start", "end", "protocol", "initiator_basis", "rtt_us", "vlan", "app", "encrypted", "host",
    "host_basis",
    *(f"{side}_{what}" for side in ("src", "dst") for what in ("ip", "port", "packets", "bytes",
                                                               "payload", "tcp_flags")),
))  # fmt: skip
TEXTS = Path(__file__).parent


class Quiet:
    def stage(self, name, total=None):
        pass

    def advance(self, size):
        pass


def order() -> pipeline.Order:
    examples = ROOT / "policies" / "examples"
    return pipeline.Order(
        paths=(ROOT / "samples" / "pcaps", ROOT / "samples" / "logs"),
        policies=ROOT / "policies",
        geoip=ROOT / "geoip",
        inventory=examples / "inventory.yaml",
        dossiers=examples / "dossiers.yaml",
    )


def shown(value) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "-" if value is None else str(value)


def lines(header: tuple[str, ...], rows: list[tuple]) -> str:
    """A table as text: columns of equal width, so that a difference shows in its place."""
    table = [header, *(tuple(shown(value) for value in row) for row in rows)]
    widths = [max(len(row[at]) for row in table) for at in range(len(header))]
    padded = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        for row in table
    ]
    return "\n".join(line.rstrip() for line in padded) + "\n"


def flow_text(paths: list[Path]) -> str:
    """What files that are read together give: counts, problems, and every flow."""
    reader = readers.reader_of(paths[0])
    readings, tables, problems, _ = read_files(reader, paths)
    told = [
        f"# {Path(problem.source).name}: {problem.code} x{problem.count} at "
        f"{shown(problem.offset)}, lost {shown(problem.lost_bytes)}"
        for problem in problems
    ]
    texts = []
    for path, reading, flows in zip(paths, readings, tables, strict=True):
        read = f"{reading.packets} read, {reading.not_ip} without IP"
        texts.append(f"# {path.name} ({reader.name}): {read}\n" + table_text(flows))
    return "\n".join([*told, *texts])


def table_text(flows: pa.Table) -> str:
    start = pc.strftime(flows["start"], "%Y-%m-%dT%H:%M:%SZ").to_pylist()
    length = pc.subtract(flows["end"].cast("int64"), flows["start"].cast("int64")).to_pylist()
    rows = []
    logged = set(pc.unique(flows["seen_by"]).to_pylist()) - {"packets"}
    for at, flow in enumerate(flows.drop_columns(["start", "end"]).to_pylist()):
        pairs = [
            "/".join(shown(flow[f"{side}_{what}"]) for side in ("src", "dst"))
            for what in ("packets", "bytes", "payload", "tcp_flags")
        ]
        source, target = (
            f"{flow[f'{side}_ip']} {shown(flow[f'{side}_port'])}" for side in ("src", "dst")
        )
        name = f"{flow['host']} ({flow['host_basis']})" if flow["host"] else None
        endpoints = (source, target, flow["initiator_basis"])
        rest = (flow["rtt_us"], flow["vlan"], flow["app"], flow["encrypted"], name)
        more = " ".join(
            f"{name}={shown(value)}"
            for name, value in flow.items()
            if logged and name not in IN_TEXT and value is not None
        )
        rows.append((start[at], length[at], flow["protocol"], *endpoints, *pairs, *rest, more))
    header = (
        *("start", "ns", "ip", "initiator", "responder", "basis", "packets", "bytes", "payload"),
        *("flags", "rtt_us", "vlan", "app", "encrypted", "host", ""),
    )
    return lines(header, rows)


@pytest.mark.parametrize("path", CAPTURES, ids=lambda path: path.name)
def test_the_flow_table_of_a_capture_is_the_reviewed_one(path, golden):
    golden(f"pcaps/{path.name}.txt", flow_text([path]))


@pytest.mark.parametrize("folder", LOGS, ids=lambda folder: folder.name)
def test_the_flow_table_of_a_folder_of_logs_is_the_reviewed_one(folder, golden):
    golden(f"logs/{folder.name}.txt", flow_text(sorted(folder.iterdir())))


def test_the_findings_of_all_samples_are_the_reviewed_ones(golden):
    run = pipeline.audit(order(), lambda: datetime(2026, 11, 21, tzinfo=UTC), Quiet()).run
    plain = ("id", "rule", "severity", "state", "certainty", "system", "recipient", "category")
    rows = [
        (
            *(getattr(each, name) for name in plain),
            ",".join(each.countries),
            each.evidence.flows,
            each.evidence.outbound_bytes,
            each.evidence.subjects,
            each.dossier,
        )
        for each in run.findings
    ]
    header = (*plain, "countries", "flows", "outbound", "subjects", "dossier")
    golden("findings.txt", lines(header, rows))


def test_the_totals_of_all_samples_are_the_reviewed_ones(golden):
    totals = pipeline.audit(order(), lambda: datetime(2026, 11, 21, tzinfo=UTC), Quiet()).run.totals
    named = [
        (name, getattr(totals, name))
        for name in totals.__dataclass_fields__
        if name not in ("by_country", "geo_states")
    ]
    countries = [
        (each.country, each.flows, each.outbound_bytes, each.inbound_bytes, each.recipients)
        for each in totals.by_country
    ]
    text = lines(("total", "number"), named + sorted(totals.geo_states.items()))
    text += "\n" + lines(("country", "flows", "outbound", "inbound", "recipients"), countries)
    golden("totals.txt", text)


def test_every_golden_text_still_belongs_to_a_sample():
    kept = {path.relative_to(TEXTS).as_posix() for path in TEXTS.rglob("*.txt")}
    kept -= {"notices/digest.txt", "notices/news.txt"}  # of no sample: tests/agent/notices
    wanted = {f"pcaps/{path.name}.txt" for path in CAPTURES}
    wanted |= {f"logs/{folder.name}.txt" for folder in LOGS}
    assert kept == wanted | {"findings.txt", "totals.txt"}
