"""Measures a night of the agent: a folder of 1,000 rotated captures, then one with nothing new.

    python bench/night.py [--data bench/data] [--files 1000] [--repeat 6] [--known 100000]

Two sensors' captures (5 GB each for the defaults) are cut into files as a ring of dumpcap would
leave them. `auditor audit` over the two uncut captures is what the packets themselves cost; what
`auditor agent once` takes longer over the cut ones is the price of files, store and agent. Then the
same folder again, with nothing new in it, and a folder of so many known files.
"""

from __future__ import annotations

import argparse
import multiprocessing
import shutil
import subprocess
import sys
import tempfile
import time
from itertools import pairwise
from pathlib import Path

import numpy as np
from numba import njit

sys.path.insert(0, str(Path(__file__).parents[1]))

from bench.peers import AUDITOR, ROOT
from bench.run import Measured, better, once

HERE = Path(__file__).parent
POLICIES = ROOT / "policies" / "examples"
AGENT = """version: 1
health: null
jobs:
  - name: night
    schedule: {{cron: "30 1 * * *"}}
    sources:
      - {{folder: {folder}, settle: 1s}}
    inventory: {policies}/inventory.yaml
    dossiers: {policies}/dossiers.yaml
"""


@njit(cache=True)
def cuts(data: np.ndarray, size: int) -> list[int]:  # pragma: no cover - compiled
    """Where to cut a pcap file so that each part is about so large: places of records."""
    places, place, last = [24], 24, 24
    while place + 16 <= len(data):
        if place - last >= size:
            places.append(place)
            last = place
        length = (
            data[place + 8] | data[place + 9] << 8 | data[place + 10] << 16 | data[place + 11] << 24
        )
        place += 16 + length
    return places


def cut(capture: Path, folder: Path, count: int) -> None:
    """The capture as so many files, each whole, in the order of time."""
    folder.mkdir(parents=True)
    data = np.memmap(capture, np.uint8, "r")
    places = [*cuts(data, (len(data) - 24) // count + 1), len(data)]
    head = data[:24].tobytes()
    for number, (begin, end) in enumerate(pairwise(places)):
        with (folder / f"ring_{number:05}.pcap").open("wb") as file:
            file.write(head)
            file.write(data[begin:end])


def made(data: Path, files: int, repeat: int) -> tuple[list[Path], Path]:
    """The uncut captures, and the folder with the cut ones."""
    whole, night = [], data / "night"
    shutil.rmtree(night, ignore_errors=True)
    for sensor, arguments in enumerate(([], ["--clients", "1", "--seed", "21"])):
        capture = data / f"night-{sensor + 1}-{repeat}.pcap"
        if not capture.exists():
            command = [sys.executable, str(HERE / "make_capture.py"), str(capture), *arguments]
            subprocess.run([*command, "--repeat", str(repeat)], check=True)
        # in a process of its own: what it maps would count as memory of whatever begins later
        goal = night / f"sensor-{sensor + 1}"
        cutter = multiprocessing.get_context("spawn").Process(
            target=cut, args=(capture, goal, files // 2)
        )
        cutter.start()
        cutter.join()
        if cutter.exitcode:
            raise SystemExit(f"{capture} was not cut")
        whole.append(capture)
    return whole, night


def cached(paths: list[Path]) -> None:
    """Reads files once, so that neither run waits for the disk more than the other."""
    for path in paths:
        with path.open("rb", buffering=0) as file:
            while file.read(1 << 24):
                pass


def audit(captures: list[Path], out: Path) -> list[str]:
    """What the packets cost without an agent."""
    return [
        *AUDITOR, "audit", *map(str, captures), "--inventory", str(POLICIES / "inventory.yaml"),
        "--dossiers", str(POLICIES / "dossiers.yaml"), "--out", str(out),
    ]  # fmt: skip


def agent(folder: Path, data: Path) -> list[str]:
    """One night over a folder, with its store in ``data``."""
    data.mkdir(exist_ok=True)
    config = data / "agent.yaml"
    config.write_text(AGENT.format(folder=folder, policies=POLICIES))
    return [
        *AUDITOR, "agent", "once", "night", "--config", str(config), "--data", str(data / "store"),
    ]  # fmt: skip


def many(folder: Path, count: int) -> None:
    """So many empty files: after one look they are known by their stamps, as any other."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for number in range(count):
        (folder / f"ring_{number:06}.pcap").touch()


def start() -> float:
    """Seconds that Python and the agent's libraries take before anything happens."""
    command = [sys.executable, "-c", "import auditor.agent.loop, auditor.agent.watch"]
    return min(once([command]).wall for _ in range(3))


def main() -> None:
    """Makes the data, runs everything, and prints the figures as a table."""
    ask = argparse.ArgumentParser(description=__doc__)
    ask.add_argument("--data", type=Path, default=HERE / "data")
    ask.add_argument("--files", type=int, default=1000)
    ask.add_argument("--repeat", type=int, default=6)
    ask.add_argument("--known", type=int, default=100_000)
    ask.add_argument("--rounds", type=int, default=2)
    chosen = ask.parse_args()
    whole, night = made(chosen.data, chosen.files, chosen.repeat)
    size = sum(path.stat().st_size for path in whole)
    best: dict[str, Measured] = {}
    with tempfile.TemporaryDirectory(dir=chosen.data) as temporary:
        folder = Path(temporary)
        for turn in range(chosen.rounds):
            out = folder / f"out-{turn}"
            cached(whole)
            name = "audit of the uncut captures"
            best[name] = better(best.get(name), once([audit(whole, out)]))
            shutil.rmtree(out)
            cached([path for path in night.rglob("*") if path.is_file()])
            name = "audit of the files"
            best[name] = better(best.get(name), once([audit([night], out)]))
            shutil.rmtree(out)
            store = folder / f"night-{turn}"
            for name in ("agent once over the files", "agent once, nothing new"):
                best[name] = better(best.get(name), once([agent(night, store)]))
            shutil.rmtree(store)
        many(folder / "many", chosen.known)
        time.sleep(1.5)  # they have to stand still for a second
        once([agent(folder / "many", folder / "known")])
        for _ in range(chosen.rounds):
            name = f"agent once, {chosen.known:,} known files"
            best[name] = better(best.get(name), once([agent(folder / "many", folder / "known")]))
    print(page(best, chosen.files, size))


def page(best: dict[str, Measured], files: int, size: int) -> str:
    """The figures as a table, and what follows from them."""
    uncut, plain, cut, *_ = best.values()
    begin = start()
    lines = [f"{files:,} files, {size / 1e9:.2f} GB, two sensors.", ""]
    lines += ["| | wall s | CPU s | peak MB |", "|---|---:|---:|---:|"]
    lines += [
        f"| {name} | {one.wall:.2f} | {one.cpu:.2f} | {one.megabytes:.0f} |"
        for name, one in best.items()
    ]
    last = (
        f"The night takes {cut.wall / (plain.wall + begin):.2f} times the sum of its parts (the "
        f"audit of the files, and {begin:.2f} s for Python and the agent's libraries), and "
        f"{(cut.wall - uncut.wall) / files * 1000:.1f} ms per file more than the audit of the "
        "uncut captures."
    )
    return "\n".join([*lines, "", last])


if __name__ == "__main__":
    main()
