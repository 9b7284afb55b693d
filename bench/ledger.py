"""Measures the ledger: flows added once, again, in pieces, and the totals worked out anew.

    python bench/ledger.py [--url postgresql://…] [--flows 250000]

Without a URL: SQLite in a temporary folder. The database of a URL must be empty and is left full.
Prints seconds, each step once; the totals must be the same after the first step and the second.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

sys.path.insert(0, str(Path(__file__).parents[1]))

from auditor.model.ledger import TRANSFERS, Carried, Route, Transfers
from auditor.store import ledger, opened

if TYPE_CHECKING:
    from collections.abc import Callable

    from auditor.store import Store

START = datetime(2026, 3, 1, tzinfo=UTC)
ROUTES = 200
SECOND = 10**9


def routes() -> tuple[Route, ...]:
    carried = (Carried("B7", "pdpl"), Carried("II.18a", "pdpl"))
    return tuple(
        Route("Sở Mẫu", f"system-{number % 7}", f"Company {number}", "SG", carried)
        for number in range(ROUTES)
    )


def made(flows: int, pieces: int) -> Transfers:
    """The same connections over a month, whole or each in so many pieces."""
    chance = np.random.default_rng(7)
    key = chance.integers(0, 2**62, flows)
    begin = round(START.timestamp()) * SECOND + chance.integers(0, 30 * 86_400, flows) * SECOND
    lasts = chance.integers(1, 600, flows) * SECOND
    size = chance.integers(100, 10**6, flows) * pieces
    route = chance.integers(0, ROUTES, flows)
    part = np.tile(np.arange(pieces), flows)
    key, begin, lasts, size, route = (
        np.repeat(each, pieces) for each in (key, begin, lasts, size, route)
    )
    first, last = begin + lasts * part // pieces, begin + lasts * (part + 1) // pieces
    columns = (key, first, last, route.astype(np.int32), size // pieces, size // pieces // 900)
    table = pa.table([pa.array(each) for each in columns], schema=TRANSFERS)
    return Transfers(routes(), table)


def timed(name: str, work: Callable[[], object]) -> object:
    begin = time.perf_counter()
    found = work()
    print(f"{name:<40} {time.perf_counter() - begin:7.1f} s", flush=True)
    return found


def add(store: Store, transfers: Transfers, night: int) -> None:
    with store.writing() as connection:
        ledger.added(connection, transfers, START + timedelta(days=40 + night))


def bytes_of(store: Store) -> int:
    with store.reading() as connection:
        return sum(each.bytes for each in ledger.read(connection).totals)


def rebuild(store: Store) -> None:
    with store.writing() as connection:
        ledger.rebuilt(connection)


def measured(store: Store, flows: int) -> None:
    whole, pieces = made(flows, 1), made(flows, 2)
    timed(f"{flows:,} flows, first run", lambda: add(store, whole, 0))
    once = timed("totals read", lambda: bytes_of(store))
    timed("the same run again", lambda: add(store, whole, 1))
    if bytes_of(store) != once:
        raise SystemExit("a run that was repeated counted twice")
    timed("the same connections in two pieces", lambda: add(store, pieces, 2))
    timed("worked out anew", lambda: rebuild(store))


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--url", default="", help="of an empty PostgreSQL database")
    parser.add_argument("--flows", type=int, default=250_000)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        store = opened(Path(folder) / "data", asked.url)
        try:
            measured(store, asked.flows)
        finally:
            store.close()


if __name__ == "__main__":
    main()
