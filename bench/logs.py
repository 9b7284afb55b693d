"""Measures the readers of logs beside bare reads of the same columns, and an audit of many rows.

    make bench        (or: python bench/logs.py [--rounds 3] [--quick])

Writes RESULTS-logs.md. Each kind is read by our reader (hashed, checked, paired, in parts that are
thrown away) and, in turns in the same process, by nothing but ``pyarrow`` (or ``duckdb``, where it
is installed) with all cores; the best of the rounds counts. Then a log of 20 million rows is
audited in a process of its own, whose peak memory the kernel reports.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
from pyarrow import csv
from pyarrow import json as arrow_json

sys.path.insert(0, str(Path(__file__).parents[1]))

from auditor.readers.formats import reader_of
from auditor.readers.reading import Settings
from auditor.readers.streams import Source
from bench.make_logs import AWS, ZEEK

if TYPE_CHECKING:
    from collections.abc import Callable

HERE = Path(__file__).parent
ROOT = HERE.parent
RECORDS = 2_000_000
MANY = 20_000_000
LEFT_OUT = {"uid", "conn_state", "local_orig", "local_resp"}
WANTED = {"zeek": 1_000_000, "aws": 1_000_000, "eve": 250_000}
"""Records a second that each reader shall reach on two cores."""


def ours(path: Path) -> float:
    """Seconds that our reader takes for a file."""
    reader = reader_of(path)
    if reader is None:
        raise SystemExit(f"{path}: no reader takes it")
    begin = time.perf_counter()
    [answer] = reader.read(
        [Source(path)], Settings(), lambda _: None, lambda _: None, lambda _, flows: None
    )
    spent = time.perf_counter() - begin
    if isinstance(answer, Exception):
        raise answer
    return spent


def bare_zeek(path: Path) -> None:
    """The columns of conn.log that we read, by pyarrow alone."""
    columns = [name for name in ZEEK if name not in LEFT_OUT]
    csv.read_csv(
        path,
        csv.ReadOptions(skip_rows=6, column_names=list(ZEEK)),
        csv.ParseOptions(delimiter="\t", quote_char=False, invalid_row_handler=lambda row: "skip"),
        csv.ConvertOptions(null_values=["-"], strings_can_be_null=True, include_columns=columns),
    )


def bare_aws(path: Path) -> None:
    """The same of VPC flow logs."""
    columns = [name for name in AWS.split() if name not in ("version", "account-id")]
    csv.read_csv(
        path,
        csv.ReadOptions(),
        csv.ParseOptions(delimiter=" ", quote_char=False),
        csv.ConvertOptions(null_values=["-"], strings_can_be_null=True, include_columns=columns),
    )


def bare_eve(path: Path) -> None:
    """The same of EVE: the fields that we read, nested as they are."""
    text, number = pa.string(), pa.int64()
    flow = [("pkts_toserver", number), ("pkts_toclient", number), ("bytes_toserver", number),
            ("bytes_toclient", number), ("start", text), ("end", text)]  # fmt: skip
    schema = pa.schema([
        ("timestamp", text), ("flow_id", number), ("event_type", text), ("src_ip", text),
        ("src_port", number), ("dest_ip", text), ("dest_port", number), ("proto", text),
        ("app_proto", text), ("flow", pa.struct(flow)),
        ("tls", pa.struct([("sni", text), ("version", text), ("ja4", text)])),
        ("http", pa.struct([("hostname", text)])), ("dns", pa.struct([("rrname", text)])),
    ])  # fmt: skip
    arrow_json.read_json(
        path,
        arrow_json.ReadOptions(block_size=8 << 20),
        arrow_json.ParseOptions(explicit_schema=schema, unexpected_field_behavior="ignore"),
    )


BARE: dict[str, Callable[[Path], None]] = {"zeek": bare_zeek, "aws": bare_aws, "eve": bare_eve}


def duckdb_read(kind: str, path: Path) -> Callable[[], None] | None:
    """The same read by duckdb into memory; none where it is not installed, or for JSON."""
    try:
        import duckdb
    except ImportError:
        return None
    if kind == "eve":
        return None
    names, skip = (list(ZEEK), 6) if kind == "zeek" else (AWS.split(), 1)
    separator = "\\t" if kind == "zeek" else " "
    fields = ", ".join(f"'{name}'" for name in names)
    wanted = ", ".join(f'"{name}"' for name in names if name not in LEFT_OUT)

    def read() -> None:
        duckdb.sql(
            f"SELECT {wanted} FROM read_csv('{path}', delim='{separator}', header=false, "  # noqa: S608
            f"skip={skip}, names=[{fields}], nullstr='-', quote='', ignore_errors=true)"
        ).to_arrow_table()

    return read


def timed(work: Callable[[], object]) -> float:
    """Seconds that ``work`` takes."""
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin


def made(folder: Path, kind: str, records: int) -> Path:
    """The log of that kind, made if it is not there."""
    path = folder / f"{kind}-{records}.log"
    if not path.exists():
        command = [sys.executable, str(HERE / "make_logs.py"), kind, str(path)]
        subprocess.run([*command, "--records", str(records)], check=True)
    return path


def audited(path: Path) -> tuple[float, float, float, dict[str, int]]:
    """Wall and CPU seconds and peak megabytes of an audit, and its totals."""
    inventory = ROOT / "policies" / "examples" / "inventory.yaml"
    with tempfile.TemporaryDirectory() as out:
        command = [sys.executable, "-m", "auditor", "audit", str(path)]
        begin = time.perf_counter()
        process = subprocess.Popen(
            [*command, "--inventory", str(inventory), "--out", out],
            cwd=ROOT, stdout=subprocess.DEVNULL,
        )  # fmt: skip
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - begin
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise SystemExit(f"{command}: exit code {process.returncode}")
        totals = json.loads((Path(out) / "run.json").read_text())["totals"]
    return wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, totals


def main() -> None:
    """As the module says."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--quick", action="store_true", help="Small files, nothing written.")
    wanted = parser.parse_args()
    folder = HERE / "data"
    records, many = (100_000, 1_000_000) if wanted.quick else (RECORDS, MANY)
    rows = []
    for kind, target in WANTED.items():
        path = made(folder, kind, records)
        ours(made(folder, kind, 1000))  # compiles what is not compiled yet
        best: dict[str, float] = {}
        peers: dict[str, Callable[[], object]] = {
            "ours": lambda path=path: ours(path),
            "pyarrow": lambda path=path, kind=kind: BARE[kind](path),
        }
        other = duckdb_read(kind, path)
        if other is not None:
            peers["duckdb"] = other
        for _ in range(wanted.rounds):
            for name, work in peers.items():
                best[name] = min(best.get(name, 1e9), timed(work))
        lines = sum(1 for _ in path.open("rb"))
        rate = lines / best["ours"]
        cells = (
            kind, f"{lines:,}", f"{path.stat().st_size / 1e6:,.0f}", f"{best['ours']:.2f}",
            f"{rate:,.0f}", f"{target:,}", f"{best['pyarrow']:.2f}",
            f"{best['ours'] / best['pyarrow']:.2f}",
            f"{best['duckdb']:.2f}" if "duckdb" in best else "–",
        )  # fmt: skip
        rows.append("| " + " | ".join(cells) + " |")
        print(rows[-1], flush=True)
    path = made(folder, "zeek", many)
    wall, cpu, megabytes, totals = audited(path)
    said = (
        f"`auditor audit` of a conn.log of {many:,} records ({path.stat().st_size / 1e9:.1f} GB): "
        f"{wall:.0f} s, {cpu:.0f} s of CPU, peak {megabytes:,.0f} MB; {totals['crossing_flows']:,} "
        f"of its {totals['flows']:,} flows cross the border."
    )
    print(said)
    if wanted.quick:
        return
    python, arrow = platform.python_version(), pa.__version__
    text = f"""# Measurements of logs

Written by `make bench`: {os.cpu_count()} cores, Python {python}, pyarrow {arrow}. Logs by
`bench/make_logs.py`. Ours: hashed, checked, paired and handed on in parts; beside it, in turns in
the same process, bare reads of the same columns on all cores. Best of {wanted.rounds}.

| log | records | MB | ours s | records/s | wanted | pyarrow s | ours/pyarrow | duckdb s |
|---|---:|---:|---:|---:|---:|---:|---:|---:|
"""
    text += "\n".join([*rows, "", said]) + "\n"
    (HERE / "RESULTS-logs.md").write_text(text)


if __name__ == "__main__":
    main()
