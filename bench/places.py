"""Measures the decision on places: a million distinct addresses, and plain lookups.

    python bench/places.py [--addresses 1000000] [--ranges 300000] [--rows 262144] [--rounds 3]

The shipped databases and a list of random ranges know the places; half of the addresses are IPv4,
half IPv6, each once, spread evenly over the networks that the shipped country database knows.
Flows are handed over in parts, as a run does it, and decided once; plain lookups are the best of
the rounds. Prints seconds of processor time and the largest memory of the process that did it.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import time
from dataclasses import replace
from datetime import date
from pathlib import Path
from socket import AF_INET, AF_INET6, inet_ntop
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

sys.path.insert(0, str(Path(__file__).parents[1]))

from auditor.geo import located, open_geodata
from auditor.geo.addresses import numbered
from auditor.geo.databases import open_databases
from auditor.geo.statements import Statement
from auditor.model.flow_table import Stage, schema_at, to_pandas

if TYPE_CHECKING:
    from collections.abc import Callable

    from auditor.geo.addresses import Addresses

GEOIP = Path(__file__).parents[1] / "geoip"
HOME = "203.162.4.191"
TODAY = date(2026, 11, 22)
START = 1_781_654_400 * 10**9
TARGETS = {"seconds": 10.0, "lookups": 1e6, "megabytes": 500.0}


class RandomRanges:
    """A list of many ranges that do not nest, with a few hundred statements."""

    name = "ranges.json"
    publisher = "random"
    built: date | None = None
    licence = ""
    sha256 = ""

    def __init__(self, many: int) -> None:
        chance = np.random.default_rng(2)
        self.statements = tuple(
            Statement("cloud", (country,), operator="Cloud", operator_country="US", detail=f"r{n}")
            for n in range(100)
            for country in ("US", "SG", "VN")
        )
        self._starts = np.unique(chance.integers(0, 1 << 32, many, dtype=np.uint64))
        self._codes = chance.integers(0, len(self.statements), len(self._starts))

    def codes(self, addresses: Addresses) -> np.ndarray:
        """For each address the index of its statement; -1 = none."""
        at = np.searchsorted(self._starts, addresses.low, side="right") - 1
        near = addresses.low - self._starts[at] < np.uint64(4096)
        return np.where((addresses.family == 4) & (at >= 0) & near, self._codes[at], -1)


def made_addresses(first: int, many: int) -> pa.Array:
    """The addresses of these numbers, all distinct and in no order; every second one is IPv6."""
    number = np.arange(first, first + many, dtype=np.uint64)
    mixed = number * np.uint64(0x9E3779B97F4A7C15)  # odd: distinct numbers stay distinct
    four = (number * np.uint64(2654435761) & np.uint64(0xFFFFFFFF)).astype(">u4")
    six = np.empty((many, 2), dtype=">u8")
    # 2400:: to 2c0f:: is where registries hand out most networks
    six[:, 0] = (np.uint64(0x2400) << np.uint64(48)) + mixed % (np.uint64(0x0C10) << np.uint64(48))
    six[:, 1] = number
    narrow, wide = four.view(np.uint8).reshape(-1, 4), six.view(np.uint8).reshape(-1, 16)
    return pa.array(
        [
            inet_ntop(AF_INET6, bytes(wide[at]))
            if at & 1
            else inet_ntop(AF_INET, bytes(narrow[at]))
            for at in range(many)
        ]
    )


def made_flows(first: int, many: int) -> Any:
    """A flow table of the stage ``read``: one flow from home to each of these addresses."""
    known: dict[str, Any] = {
        "flow_id": 1,
        "input_id": 1,
        "start": START,
        "end": START,
        "seen_by": "packets",
        "time_basis": "packets",
        "clock": "stated",
        "protocol": 6,
        "src_ip": HOME,
        "initiator_basis": "syn",
        "src_payload": 100,
        "dst_payload": 9,
    }
    schema = schema_at(Stage.READ)
    columns = [
        made_addresses(first, many)
        if each.name == "dst_ip"
        else pa.repeat(pa.scalar(known.get(each.name)).cast(each.type), many)
        for each in schema
    ]
    return to_pandas(pa.table(columns, schema=schema))


def seconds(work: Callable[[], object], rounds: int) -> float:
    """Processor time of the best round."""
    best = float("inf")
    for _ in range(rounds):
        began = time.process_time()
        work()
        best = min(best, time.process_time() - began)
    return best


def measured(kind: str, many: int, ranges: int, rows: int, rounds: int) -> dict[str, float]:
    """One measurement, in a process of its own."""
    if kind == "decided":
        # Once: a database that has been asked before remembers what its records say.
        began = time.process_time()
        geodata = open_geodata(GEOIP, GEOIP, GEOIP.parent / "policies", TODAY, lambda problem: None)
        opened = time.process_time() - began
        geodata = replace(geodata, ranges=(*geodata.ranges, RandomRanges(ranges)))
        spent, placed = 0.0, 0
        for first in range(0, many, rows):
            flows = made_flows(first, min(rows, many - first))
            began = time.process_time()
            done = located(flows, geodata, "VN", ())
            spent += time.process_time() - began
            placed += int((done["geo_state"] == "country").sum())
            del flows, done  # before the next part is made
        return {"seconds": spent, "opened": opened, "placed": placed, "megabytes": peak()}
    texts = made_addresses(0, many).to_pylist()
    if kind == "numbered":
        return {"seconds": seconds(lambda: numbered(texts), rounds), "megabytes": peak()}
    asked = numbered(texts)
    databases = open_databases(GEOIP, lambda problem: None)
    database = next(each for each in databases if each.database.name == kind).database
    return {"seconds": seconds(lambda: database.places(asked), rounds), "megabytes": peak()}


def peak() -> float:
    """The largest memory of this process so far, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--addresses", type=int, default=1_000_000)
    parser.add_argument("--ranges", type=int, default=300_000)
    parser.add_argument("--rows", type=int, default=1 << 18, help="flows handed over at a time")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", help="measure this one here, and print it as JSON")
    given = parser.parse_args()
    sizes = (given.addresses, given.ranges, given.rows, given.rounds)
    if given.only:
        sys.stdout.write(json.dumps(measured(given.only, *sizes)))
        return
    sys.stdout.write("| what | seconds | per second | memory MB |\n|---|---|---|---|\n")
    for kind, words in (
        ("decided", "addresses decided, in flows"),
        ("country.mmdb", "plain lookups, country.mmdb"),
        ("asn.mmdb", "plain lookups, asn.mmdb"),
        ("numbered", "texts read as addresses"),
    ):
        command = [sys.executable, __file__, "--only", kind, "--addresses", str(given.addresses)]
        command += ["--ranges", str(given.ranges), "--rows", str(given.rows)]
        command += ["--rounds", str(given.rounds)]
        result = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
        rate = given.addresses / result["seconds"]
        extra = ""
        if kind == "decided":
            extra = f" ({result['placed']:,.0f} have a country; databases opened in "
            extra += f"{result['opened']:.2f} s)"
        sys.stdout.write(
            f"| {words}{extra} | {result['seconds']:.2f} | {rate:,.0f} | "
            f"{result['megabytes']:,.0f} |\n"
        )
    sys.stdout.write(f"targets: {TARGETS}\n")


if __name__ == "__main__":
    main()
