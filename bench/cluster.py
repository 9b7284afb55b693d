"""Measures what a second worker of a Dask cluster brings: the same captures by one and by two.

    python bench/cluster.py [--data bench/data/cluster] [--lines 16] [--rounds 3]

Each line is a sensor's capture of about 200 MB in a folder of its own. Scheduler and workers are
real processes on loopback; a worker has one thread and one core (taskset), hashing included, and
the rest shares what is left. Two times are taken: ``reading`` (connecting, sending, reading,
fetching the flows), and the whole command ``auditor flows``, whose start, geo stage and writing one
process does alone. Best of the rounds, in turns: other work on the machine only makes a run slower.
"""

from __future__ import annotations

import argparse
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[1]
READING = """
import sys, time
from pathlib import Path
import distributed
from auditor.readers import Wanted, Watch, read_inputs
begin = time.perf_counter()
wanted = Wanted((Path(sys.argv[2]),), cluster=sys.argv[1])
inputs, flows = read_inputs(wanted, print, Watch())
print(time.perf_counter() - begin)
"""


def made(folder: Path, lines: int) -> int:
    """Makes the captures that are not there; their bytes in all."""
    for number in range(lines):
        path = folder / f"sensor-{number:02}" / "night.pcap"
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            subprocess.run(
                [sys.executable, str(ROOT / "bench" / "make_capture.py"), str(path),
                 "--packets", "135000", "--flows", "12500", "--repeat", "5",
                 "--seed", str(100 + number), "--clients", str(number)],
                check=True,
            )  # fmt: skip
    wanted = {f"sensor-{number:02}" for number in range(lines)}
    for other in folder.iterdir():
        if other.name not in wanted:
            raise SystemExit(f"{other} is of another size of this measurement: remove it")
    return sum(path.stat().st_size for path in folder.rglob("*.pcap"))


@contextmanager
def running(*command: str) -> Iterator[None]:
    """A program in a process of its own, ended in the end."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        try:
            yield
        finally:
            process.send_signal(signal.SIGTERM)


def measured(captures: Path, workers: int, temporary: Path) -> tuple[float, float]:
    """Seconds of the reading and of the whole command, on a new cluster that is warm."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    address = f"tcp://127.0.0.1:{port}"
    python = sys.executable
    with ExitStack() as cluster:
        scheduler = ("-m", "distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", port)
        cluster.enter_context(running(python, *scheduler, "--no-dashboard"))
        for core in range(workers):
            cluster.enter_context(
                running(
                    "taskset", "-c", str(core), python, "-m", "distributed.cli.dask_worker",
                    address, "--nthreads", "1", "--nworkers", "1", "--no-nanny", "--no-dashboard",
                    "--host", "127.0.0.1", "--local-directory", str(temporary / f"worker-{core}"),
                )
            )  # fmt: skip
        waited = "from distributed import Client; import sys\n"
        waited += "Client(sys.argv[1], timeout=60).wait_for_workers(int(sys.argv[2]), timeout=60)"
        asked(python, "-c", waited, address, str(workers))
        sample = str(ROOT / "samples" / "pcaps")
        asked(python, "-c", READING, address, sample)  # compiles or fetches the engine
        asked(python, "-c", READING, address, sample)
        reading = float(asked(python, "-c", READING, address, str(captures)).split()[-1])
        begin = time.perf_counter()
        out = str(temporary / "flows.parquet")
        asked(python, "-m", "auditor", "flows", str(captures), "--cluster", address, "--out", out)
        return reading, time.perf_counter() - begin


def asked(*command: str) -> str:
    """What a program says; its end is waited for."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run(
        command, check=True, capture_output=True, text=True, cwd=ROOT, env=environment
    ).stdout


def main() -> None:
    ask = argparse.ArgumentParser(description=__doc__)
    ask.add_argument("--data", type=Path, default=ROOT / "bench" / "data" / "cluster")
    ask.add_argument("--lines", type=int, default=16)
    ask.add_argument("--rounds", type=int, default=3)
    chosen = ask.parse_args()
    size = made(chosen.data, chosen.lines)
    for path in chosen.data.rglob("*.pcap"):
        path.read_bytes()  # into the page cache
    print(f"{chosen.lines} time lines, {size / 1e9:.2f} GB")
    best: dict[int, tuple[float, float]] = {}
    for _ in range(chosen.rounds):
        for workers in (1, 2):
            with tempfile.TemporaryDirectory() as temporary:
                took = measured(chosen.data, workers, Path(temporary))
            print(f"{workers} workers: reading {took[0]:.2f} s, whole {took[1]:.2f} s", flush=True)
            known = best.get(workers, took)
            best[workers] = (min(known[0], took[0]), min(known[1], took[1]))
    for name, one, two in zip(("reading", "auditor flows"), best[1], best[2], strict=True):
        print(f"{name}: {one:.2f} s by one, {two:.2f} s by two workers: {one / two:.2f} times")


if __name__ == "__main__":
    main()
