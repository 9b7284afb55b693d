"""Measures a night of the agent: a folder of 1,000 rotated captures, then one with nothing new.

    python bench/night.py [--data bench/data] [--files 1000] [--repeat 6] [--known 100000]

Two sensors' captures (5 GB each for the defaults) are cut into files as a ring of dumpcap would
leave them. `auditor audit` over the two uncut captures is what the packets themselves cost; what
`auditor agent once` takes longer over the cut ones is the price of files, store and agent. Then the
same folder again, with nothing new in it, and a folder of so many known files.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import numpy as np
from numba import njit

sys.path.insert(0, str(Path(__file__).parents[1]))

from bench.peers import AUDITOR

HERE = Path(__file__).parent
AGENT = """version: 1
health: null
jobs:
  - name: night
    schedule: {{cron: "30 1 * * *"}}
    sources:
      - {{folder: {folder}, settle: 1s}}
    limit: 6h
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
        cut(capture, night / f"sensor-{sensor + 1}", files // 2)
        whole.append(capture)
    return whole, night


def cached(paths: list[Path]) -> None:
    """Reads files once, so that neither run waits for the disk more than the other."""
    for path in paths:
        with path.open("rb", buffering=0) as file:
            while file.read(1 << 24):
                pass


def agent(folder: Path, data: Path) -> list[str]:
    """One night over a folder, with its store in ``data``."""
    data.mkdir(exist_ok=True)
    config = data / "agent.yaml"
    config.write_text(AGENT.format(folder=folder))
    return [
        *AUDITOR, "agent", "once", "night", "--config", str(config), "--data", str(data / "store"),
    ]  # fmt: skip
