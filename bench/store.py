"""Measures the store: remembering a large run, and what stands behind `auditor agent status`.

    python bench/store.py [--url postgresql://…] [--rounds 5]

Without a URL: SQLite in a temporary folder. The database of a URL must be empty and is left full.
Prints milliseconds, the best of the rounds.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import insert, text

sys.path.insert(0, str(Path(__file__).parents[1]))

from auditor.model.finding import SEVERITIES, Evidence, Finding
from auditor.model.run import InputFile, Run, Totals
from auditor.model.text import Text
from auditor.store import Store, findings, opened, runs, tables
from auditor.store.overview import overview

if TYPE_CHECKING:
    from collections.abc import Callable

NOW = datetime(2026, 11, 22, 1, tzinfo=UTC)
JOBS = 10
RUNS = 1_000
FINDINGS = 100_000
FILES = 100_000
ATTEMPTS = 10_000
NOTICES = 5_000
OF_ONE_RUN = 10_000
INPUTS = 100_000
TARGETS = {"recorded": 2_000.0, "overview": 100.0}


def made_run(number: int, many: int, inputs: int = 0) -> Run:
    """A run with many findings; their bytes and severities are another every tenth run."""
    at = NOW + timedelta(days=number)
    return Run(
        version=1,
        audit_id="0" * 64,
        run_id=f"{at:%Y%m%dT%H%M%S}000Z-{number:08x}",
        auditor_version="1",
        started=at,
        finished=at + timedelta(hours=1),
        agency="Sở Thông tin",
        home="VN",
        settings={},
        inputs=tuple(made_input(each, at) for each in range(inputs)),
        totals=Totals(9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, (), {}),
        findings=tuple(made_finding(each, number, at) for each in range(many)),
        problems=(),
        sources=(),
    )


def made_input(number: int, at: datetime) -> InputFile:
    name = f"/srv/captures/gateway-{number:06d}.pcap"
    return InputFile(number, name, 10**6, f"{number:064x}", "pcap", 9, 0, 9, 9, at, at)


def made_finding(number: int, night: int, at: datetime) -> Finding:
    evidence = Evidence(
        flows=number, packets=9, outbound_bytes=2_000_000 + number, inbound_bytes=9,
        first=at, last=at, home=(), peers=(), hosts=(), countries=(), apps=(),
        clear_text_flows=0, encrypted_flows=0, subjects=None, subjects_basis=None,
        flow_ids=(), flow_ids_cut=0, lines=(),
    )  # fmt: skip
    return Finding(
        id=f"F-{number:010x}", rule="important-without-dossier",
        title=Text("Dữ liệu quan trọng ra nước ngoài", "Important data leaving"),
        severity=SEVERITIES[(number + night // 10) % 5], state="open", system="bhxh",
        system_name=None, recipient=f"Company {number}", category="II.10", category_title=None,
        category_verified=None, countries=("SG", "US"), certainty="likely", known_by=(),
        not_known=(), legal=(), next_step=Text("", ""), evidence=evidence,
    )  # fmt: skip


def large_runs(store: Store, rounds: int) -> dict[str, float]:
    """The best times of remembering a run with many findings and inputs, night after night."""
    spent: dict[str, list[float]] = {"recorded, first night": [], "recorded": [], "added": []}
    for night in range(rounds + 1):
        run = made_run(night, OF_ONE_RUN, INPUTS)
        with store.writing() as connection:
            begin = time.perf_counter()
            news = findings.recorded(connection, "large", run)
            told = time.perf_counter()
            runs.added(connection, "large", run, None, news)
            spent["added"].append(time.perf_counter() - told)
            spent["recorded" if night else "recorded, first night"].append(told - begin)
    return {name: min(times) * 1000 for name, times in spent.items()}


def fill(store: Store) -> None:
    """A thousand runs, and what gathers around them."""
    blank = made_run(0, 0)
    names = [f"job-{number}" for number in range(JOBS)]
    moments = [NOW - timedelta(hours=number) for number in range(RUNS)]
    with store.writing() as connection:
        connection.execute(
            insert(tables.jobs), [{"name": name, "paused": False, "failures": 0} for name in names]
        )
        for number, at in enumerate(moments):
            run = replace(blank, run_id=f"run-{number:06d}", started=at, finished=at)
            runs.added(connection, names[number % JOBS], run, None, findings.News())
        connection.execute(insert(tables.findings), [known(number) for number in range(FINDINGS)])
        connection.execute(
            insert(tables.sightings), [sighting(number) for number in range(FINDINGS)]
        )
        connection.execute(insert(tables.files), [file(number) for number in range(FILES)])
        connection.execute(
            insert(tables.attempts),
            [
                {"job": names[number % JOBS], "started": NOW - timedelta(minutes=number),
                 "finished": NOW if number >= JOBS else None,
                 "outcome": "nothing-new" if number >= JOBS else None}
                for number in range(ATTEMPTS)
            ],
        )  # fmt: skip
        connection.execute(
            insert(tables.notices),
            [
                {"id": f"n-{number}", "channel": f"c-{number % 3}", "kind": "news", "content": {},
                 "created": NOW, "not_before": NOW, "tries": 0,
                 "state": ("sent", "waiting", "given-up")[number % 3]}
                for number in range(NOTICES)
            ],
        )  # fmt: skip


def known(number: int) -> dict[str, object]:
    return {
        "job": f"job-{number % JOBS}", "finding_id": f"F-{number:010x}", "rule": "r",
        "title_vi": "Dữ liệu quan trọng ra nước ngoài", "title_en": "Important data leaving",
        "severity": SEVERITIES[number % 5], "state": "open", "certainty": "likely", "system": "s",
        "recipient": f"Company {number}", "category": "II.10", "countries": ["SG"],
        "dossier": None, "present": number % 3 > 0, "first_run": "run-000001", "first_seen": NOW,
        "last_run": "run-000001", "last_seen": NOW,
    }  # fmt: skip


def sighting(number: int) -> dict[str, object]:
    return {
        "run_id": f"run-{number % RUNS:06d}", "finding_id": f"F-{number:010x}", "news": "same",
        "changes": None, "severity": "high", "state": "open", "certainty": "likely", "flows": 9,
        "outbound_bytes": 9,
    }  # fmt: skip


def file(number: int) -> dict[str, object]:
    state = "taken" if number % 10 else ("waiting", "waiting", "quarantined")[number // 10 % 3]
    return {
        "job": f"job-{number % 7}", "name": f"/srv/captures/gateway-{number:06d}.pcap",
        "stamp": f"{number}:{number}:{number}", "size": 10**6, "state": state, "first_seen": NOW,
        "steady_since": NOW,
    }  # fmt: skip


def best(rounds: int, store: Store, ask: Callable[..., object], *given: object) -> float:
    times = []
    for _ in range(rounds):
        with store.reading() as connection:
            begin = time.perf_counter()
            ask(connection, *given)
            times.append(time.perf_counter() - begin)
    return min(times) * 1000


def measured(store: Store, rounds: int) -> dict[str, float]:
    found = large_runs(store, rounds)
    fill(store)
    if store.engine.dialect.name == "postgresql":  # as its own upkeep would, in time
        with store.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("VACUUM ANALYZE"))
    found["overview"] = best(rounds, store, overview, NOW)
    found["runs.listed, all jobs"] = best(rounds, store, runs.listed)
    found["runs.named"] = best(rounds, store, runs.named, "run-000999")
    found["findings.present, 1,000"] = best(rounds, store, findings.present)
    found["findings.present, one job, high"] = best(
        rounds, store, findings.present, "job-1", "high", 100
    )
    found["findings.history"] = best(rounds, store, findings.history, "large", "F-0000000011")
    return found


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--url", default="", help="of an empty PostgreSQL database")
    parser.add_argument("--rounds", type=int, default=5)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        store = opened(Path(folder) / "data", chosen.url)
        try:
            found = measured(store, chosen.rounds)
        finally:
            store.close()
    for name, spent in found.items():
        target = TARGETS.get(name)
        beside = "" if target is None else f"  (at most {target:.0f})"
        print(f"{name:34} {spent:9.1f} ms{beside}")


if __name__ == "__main__":
    main()
