"""A small store with rows in every table and the files they name, each consistent with the rest.

``python -m tests.store.world`` prints it as SQL: the dump of a version about to be released, kept
in ``tests/store/released/<version>.sql`` for good.
"""

from __future__ import annotations

import hashlib
import sqlite3
import sys
import tempfile
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
from sqlalchemy import insert

from auditor.model.subjects import Subjects
from auditor.store import Store, opened, tables

NOW = datetime(2026, 11, 22, 1, 30, tzinfo=UTC)
RULE = "core-data-abroad"
SUBJECTS = Subjects(np.array([1, 2], np.uint64)).to_bytes()


def filled(
    store: Store,
    now: datetime = NOW,
    runs: int = 2,
    flows: bytes = b"PAR1 flows",
    job: str = "nightly",
) -> None:
    """``runs`` nightly runs, the last one an hour before ``now``."""
    rows: dict[str, list[dict]] = {table: [] for table in tables.metadata.tables}
    for number in range(runs):
        started = now - timedelta(days=runs - 1 - number, hours=1)
        _run(store.folder, rows, number, started, last=number == runs - 1, flows=flows)
    for table in rows.values():
        for row in table:
            if "job" in row:
                row["job"] = job
            if "id" in row and isinstance(row["id"], str):
                row["id"] += job
    if job == "nightly":
        _agent(rows, now)
    else:  # one ledger for all jobs
        for name in ("ledger_routes", "ledger_flows", "ledger_days"):
            rows[name] = []
    with store.writing() as connection:
        for table in tables.metadata.sorted_tables:
            if rows[table.name]:
                connection.execute(insert(table), rows[table.name])


def _agent(rows: dict, now: datetime) -> None:
    rows["apscheduler_jobs"].append({"id": "nightly", "next_run_time": 1.5, "job_state": b"x"})
    process = {"boot": "b", "pid": 1, "space": "4026531836", "start": 1}
    rows["decisions"].append(
        {"finding_id": "f" * 64, "standing": "acknowledged", "at": now, "who": "Trần Thị B"}
        | {"role": "Cán bộ", "why": "Đã xem", "until": "2026-12-31", "plan": {"people": "B"}}
    )
    rows["ledger_closed"].append({"day": date(2025, 9, 1)})
    rows["keys"].append({"name": "subjects", "key": bytes(32), "made": now})
    rows["jobs"].append({"name": "nightly", "heard": now, "requested": None})
    rows["leases"].append(
        {"name": "agent", "holder": "h", "process": process, "taken": now, "until": now}
    )


def _run(folder: Path, rows: dict, number: int, started: datetime, *, last: bool, flows: bytes):
    run_id = f"{started:%Y%m%dT%H%M%SZ}-{number:04}"
    finished, day = started + timedelta(minutes=5), f"{started + timedelta(hours=7):%Y-%m-%d}"
    content = flows + run_id.encode()
    place, table = f"runs/{started:%Y}/{run_id}", f"flows/day={day}/{run_id}.parquet"
    _written(folder / place / "run.json", b'{"run": 1}')
    _written(folder / place / "report.html", "<p>Báo cáo</p>".encode())
    _written(folder / table, content)
    rows["attempts"].append(
        {"job": "nightly", "scheduled": started, "started": started, "finished": finished}
        | {"outcome": "done", "run_id": run_id}
    )
    rows["runs"].append(
        {"run_id": run_id, "job": "nightly", "audit_id": "a" * 64, "auditor_version": "0.1.0"}
        | {"agency": "Sở Y tế", "started": started, "finished": finished, "folder": place}
        | {"inputs": 1, "problems": 0, "flows": 3, "crossing_flows": 2, "undecided_flows": 1}
        | {"outbound_bytes": 5_000_000_000, "findings": 1, "new": int(number == 0)}
        | {"changed": 0, "gone": 0}
    )
    sha = hashlib.sha256(run_id.encode()).hexdigest()
    name = f"/captures/ngày {number}.pcap"
    rows["inputs"].append(
        {"run_id": run_id, "number": 0, "name": name, "size": 10, "sha256": sha, "reader": "pcap"}
        | {"packets": 30, "flows": 3, "first": started - timedelta(hours=9), "last": started}
    )
    rows["contents"].append(
        {"job": "nightly", "sha256": sha, "mark": sha, "size": 10, "name": name}
        | {"run_id": run_id, "seen": started}
    )
    rows["files"].append(
        {"job": "nightly", "name": name, "stamp": str(number), "size": 10, "state": "taken"}
        | {"first_seen": started, "steady_since": started, "run_id": run_id}
    )
    rows["flow_files"].append(
        {"path": table, "run_id": run_id, "day": day, "rows": 3, "size": len(content)}
        | {"sha256": hashlib.sha256(content).hexdigest()}
    )
    local = (started + timedelta(hours=7)).date()
    rows["subjects"].append(
        {"day": local, "owner": "Sở Y tế", "system": "HIS", "recipient": "AS64500 Ví dụ"}
        | {"detector": "phone", "outbound": True, "state": SUBJECTS}
    )
    _left(rows, number, started, local)
    grade = {"severity": "high", "state": "likely", "certainty": "indicator"}
    rows["sightings"].append(
        {"run_id": run_id, "finding_id": "f" * 64, "news": "same" if number else "new"}
        | {"changes": {"severity": ["low", "high"]}, "flows": 2, "outbound_bytes": 5_000_000_000}
        | grade
    )
    rows["notices"].append(
        {"id": run_id, "channel": "mail", "kind": "news", "job": "nightly", "run_id": run_id}
        | {"severity": "high", "content": {"title": "Mới"}, "created": finished}
        | {"not_before": finished, "tries": 1, "state": "sent", "sent": finished}
    )
    rows["assessments"].append(
        {"job": "nightly", "checked": finished, "place": "/assessments/1", "system": "HIS"}
        | {
            "outcome": "ready",
            "counts": {"met": 3},
            "verdicts": {"A.1": "met"},
            "expiring": {},
            "readiness": "{}",
        }
    )
    if not last:
        return
    _written(folder / f"open/{run_id}", content)
    rows["open_flows"].append(
        {"job": "nightly", "run_id": run_id, "path": f"open/{run_id}", "flows": 1}
        | {"last": started}
    )
    rows["findings"].append(
        {"job": "nightly", "finding_id": "f" * 64, "rule": RULE, "title_vi": "Dữ liệu ra ngoài"}
        | {"title_en": "Data abroad", "system": None, "recipient": "AS64500 Ví dụ"}
        | {"category": "health", "countries": ["SG"], "dossier": None, "present": True}
        | {"first_run": rows["runs"][0]["run_id"], "first_seen": rows["runs"][0]["started"]}
        | {"last_run": run_id, "last_seen": started}
        | grade
    )


def _left(rows: dict, number: int, started: datetime, day: date) -> None:
    if not number:
        rows["ledger_routes"].append(
            {"id": 77, "owner": "Sở Y tế", "system": "HIS", "recipient": "AS64500 Ví dụ"}
            | {"country": "SG", "carried": [["II.10", "decree-165-important"], ["B7", None]]}
        )
    begins = round(started.timestamp()) * 10**9
    rows["ledger_flows"].append(
        {"key": 2**62 + number, "begins": begins, "ends": begins + 1, "bytes": 5_000_000_000}
        | {"route": 77, "records": 9, "run": begins, "counted": True}
    )
    total = {"flows": 1, "bytes": 5_000_000_000, "estimated": 1, "records": 9}
    for folded in (False, True):
        rows["ledger_days"].append({"day": day, "route": 77, "folded": folded} | total)


def _written(path: Path, content: bytes) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.write_bytes(content)
    path.chmod(0o600)


def main() -> None:
    """Prints the dump."""
    with tempfile.TemporaryDirectory() as name:
        store = opened(Path(name))
        filled(store)
        store.close()
        connection = sqlite3.connect(Path(name) / "auditor.db")
        sys.stdout.writelines(f"{line}\n" for line in connection.iterdump())
        connection.close()


if __name__ == "__main__":
    main()
