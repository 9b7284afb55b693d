"""Measures the auditor beside its peers, in one run on the same files, and writes RESULTS.md.

    make bench        (or: python bench/run.py [--rounds 3] [--quick])

Every program is run `rounds` times, in turns, and the best wall time counts: other work on the
machine only ever makes a run slower. Peak memory is what the kernel reports of the largest process.
Slow programs read the first packets of the file; their times are scaled by packets and marked `~`.
"""

from __future__ import annotations

import argparse
import os
import platform
import resource
import shutil
import struct
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).parents[1]))

from bench.peers import AUDITOR, PEERS, ROOT, audit, flows, versions

if TYPE_CHECKING:
    from collections.abc import Iterator

HERE = Path(__file__).parent
SWEEP = """
import sys, time
import numpy as np
from auditor.readers.capture import records
from auditor.readers.capture.container import Container
from auditor.readers.capture.layout import MORE, PACKETS_READ
from auditor.readers.capture.sweep import Sweep
from auditor.readers.reading import Settings
ROOM, WINDOW = 1 << 20, 4 << 20
best = 0.0
for _ in range(4):
    data = np.empty(ROOM + WINDOW, np.uint8)
    sweep, spent, rest = Sweep(Settings()), 0.0, 0
    with open(sys.argv[1], "rb", buffering=0) as file:
        seen = Container(file.read(24))
        while size := file.readinto(data.data[ROOM:]):
            place, end = ROOM - rest, ROOM + size
            begin = time.perf_counter()
            while True:
                place, why = records.walked(
                    sweep.state, data, place, end, seen.form, seen.interfaces, seen.gaps,
                    seen.places)
                if why == MORE:
                    break
                sweep.make_room(why)
            spent += time.perf_counter() - begin
            rest = end - place
            data[ROOM - rest : ROOM] = data[place:end]
    best = max(best, sweep.counted(PACKETS_READ) / spent)
print(best)
"""

FILES = {  # arguments of make_capture.py: the same 250,000 flows, once, with 5 and with 10 times
    "1 GB": [],
    "4 GB": ["--repeat", "5"],
    "8 GB": ["--repeat", "10"],
    "second sensor": ["--clients", "1", "--seed", "21"],
    "second sensor, 4 GB": ["--clients", "1", "--seed", "21", "--repeat", "5"],
}


@dataclass
class Measured:
    """One program's best wall time, the CPU time and peak memory of that run."""

    wall: float
    cpu: float
    megabytes: float
    scaled: bool = False


def once(commands: list[list[str]], environment: dict[str, str] | None = None) -> Measured:
    """Runs commands one after the other, their output thrown away."""
    wall = cpu = peak = 0.0
    for command in commands:
        begin = time.perf_counter()
        with tempfile.TemporaryFile() as said:
            process = subprocess.Popen(
                command, stdout=subprocess.DEVNULL, stderr=said, env=environment, cwd=ROOT
            )
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
            if process.returncode:
                said.seek(0)
                raise SystemExit(f"{command}: {said.read().decode(errors='replace')[-2000:]}")
        wall += time.perf_counter() - begin
        cpu += usage.ru_utime + usage.ru_stime
        peak = max(peak, usage.ru_maxrss / 1024)
    return Measured(wall, cpu, peak)


def better(old: Measured | None, new: Measured) -> Measured:
    return new if old is None or new.wall < old.wall else old


@contextmanager
def collector(folder: Path) -> Iterator[None]:
    """nfcapd, which takes what softflowd sends."""
    if not shutil.which("nfcapd"):
        yield
        return
    (folder / "collected").mkdir()
    command = ["nfcapd", "-w", str(folder / "collected"), "-b", "127.0.0.1", "-p", "29995"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            yield
        finally:
            process.terminate()


def made(data: Path, name: str, *, quick: bool) -> Path:
    """The capture of that name, made if it is not there."""
    path = data / f"{'quick-' if quick else ''}{name.replace(' ', '-')}.pcap"
    if not path.exists():
        small = ["--packets", "60000", "--flows", "5000"] if quick else []
        command = [sys.executable, str(HERE / "make_capture.py"), str(path), *small, *FILES[name]]
        subprocess.run(command, check=True)
    return path


def packets_in(path: Path) -> int:
    """Packets of a capture of ours."""
    count, place = 0, 24
    with path.open("rb") as file:
        while chunk := file.read(1 << 20):
            while place + 16 <= len(chunk):
                place += 16 + int.from_bytes(chunk[place + 8 : place + 12], "little")
                count += 1
            if place < len(chunk):
                file.seek(place - len(chunk), 1)
                place = 0
            else:
                place -= len(chunk)
    return count


def first_packets(path: Path, count: int, target: Path) -> int:
    """Writes the first packets of a capture; how many there were."""
    written = 0
    with path.open("rb") as file, target.open("wb") as out:
        out.write(file.read(24))
        while written < count and (head := file.read(16)):
            out.write(head + file.read(struct.unpack_from("<I", head, 8)[0]))
            written += 1
    return written


def measured(data: Path, size: str, rounds: int, *, quick: bool) -> dict[str, Measured]:
    """The best of some rounds of every program on one file."""
    path, best = made(data, size, quick=quick), {}
    count = packets_in(path)
    with tempfile.TemporaryDirectory() as temporary:
        for turn in range(rounds):
            for peer in PEERS:
                if peer.missing() or (size != "1 GB" and not peer.big):
                    continue
                folder = Path(temporary) / "out"
                folder.mkdir()
                capture, share = path, 1.0
                if peer.packets:
                    if turn:
                        shutil.rmtree(folder)
                        continue  # once is enough for what is scaled
                    capture = folder / "first.pcap"
                    share = count / first_packets(path, peer.packets, capture)
                with collector(folder):
                    one = once(peer.run(str(capture), folder))
                one.wall, one.cpu, one.scaled = one.wall * share, one.cpu * share, share > 1
                best[peer.name] = better(best.get(peer.name), one)
                print(f"{size}: {peer.name}: {one.wall:.2f} s", flush=True)
                shutil.rmtree(folder)
    return best


def side_by_side(data: Path, names: tuple[str, str], rounds: int, *, quick: bool) -> float:
    """Two sensors' captures of the same time: on one core, and on two by two threads."""
    captures = [str(made(data, name, quick=quick)) for name in names]
    best: dict[int, Measured] = {}
    with tempfile.TemporaryDirectory() as temporary:
        for _ in range(rounds):
            for jobs in (1, 2):
                command = flows(*captures, folder=Path(temporary), jobs=jobs)
                one = once([["taskset", "-c", "0", *command[0]]] if jobs == 1 else command)
                best[jobs] = better(best.get(jobs), one)
                print(f"two sensors, {jobs} jobs: {one.wall:.2f} s", flush=True)
    return best[1].wall / best[2].wall


def first_start() -> float:
    """Seconds that the first audit after installation takes longer: a sample, nothing compiled."""
    sample = str(ROOT / "samples" / "pcaps" / "domestic-only.pcap")
    with tempfile.TemporaryDirectory() as temporary:
        environment = {**os.environ, "NUMBA_CACHE_DIR": str(Path(temporary) / "cache")}
        command = audit(sample, Path(temporary))
        cold = once(command, environment)
        warm = once(command, environment)
    return cold.wall - warm.wall


def table(best: dict[str, Measured]) -> list[str]:
    # a child begins with what its starter holds: less cannot be told apart
    least = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    writes = {peer.name: peer.writes for peer in PEERS}
    lines = ["| program | wall s | CPU s | peak MB | writes |", "|---|---:|---:|---:|---|"]
    for name, one in best.items():
        mark = "~" if one.scaled else ""
        held = f"{one.megabytes:.0f}" if one.megabytes > 1.1 * least else f"< {1.1 * least:.0f}"
        figures = f"{mark}{one.wall:.2f} | {mark}{one.cpu:.2f} | {held}"
        lines.append(f"| `{name}` | {figures} | {writes[name]} |")
    return lines


def wanted(figures: list[tuple[str, str, str, bool]]) -> list[str]:
    lines = ["| figure | measured | wanted | reached |", "|---|---:|---:|---|"]
    return lines + [
        f"| {name} | {value} | {want} | {'yes' if reached else '**no**'} |"
        for name, value, want, reached in figures
    ]


def main() -> None:
    ask = argparse.ArgumentParser(description=__doc__)
    ask.add_argument("--data", type=Path, default=HERE / "data", help="where captures are made")
    ask.add_argument("--rounds", type=int, default=3)
    ask.add_argument("--quick", action="store_true", help="small files, one round: tries the bench")
    chosen = ask.parse_args()
    rounds = 1 if chosen.quick else chosen.rounds
    one_gb = made(chosen.data, "1 GB", quick=chosen.quick)
    with tempfile.TemporaryDirectory() as temporary:  # compiles the engine, fills the page cache
        once(audit(str(one_gb), Path(temporary)))
    sizes = {
        size: measured(
            chosen.data, size, rounds if size == "1 GB" else min(rounds, 2), quick=chosen.quick
        )
        for size in ("1 GB", "4 GB", "8 GB")
    }
    faster = [
        side_by_side(chosen.data, names, min(rounds, 2), quick=chosen.quick)
        for names in (("1 GB", "second sensor"), ("4 GB", "second sensor, 4 GB"))
    ]
    swept = subprocess.run(
        [sys.executable, "-c", SWEEP, str(one_gb)], capture_output=True, text=True, check=True,
        cwd=ROOT,
    )  # fmt: skip
    helped = min(once([[*AUDITOR, "--help"]]).wall for _ in range(3))
    compiling = first_start()
    text = page(chosen, sizes, faster, float(swept.stdout), helped, compiling)
    target = chosen.data / "quick.md" if chosen.quick else HERE / "RESULTS.md"
    target.write_text(text, encoding="utf-8")
    print(text)


def page(
    chosen: argparse.Namespace,
    sizes: dict[str, dict[str, Measured]],
    faster: list[float],
    swept: float,
    helped: float,
    compiling: float,
) -> str:
    """The results as a page."""
    absent = [peer.name for peer in PEERS if peer.missing()]
    real = {
        size: made(chosen.data, size, quick=chosen.quick).stat().st_size / 1e9 for size in sizes
    }
    lines = f"""# Measurements

Written by `make bench` on {time.strftime("%Y-%m-%d")}: {os.cpu_count()} cores, Python
{platform.python_version()}; {", ".join(versions())}.

The captures are made by `bench/make_capture.py`: 250,000 flows, 75 % IPv4, 80 % TCP, 3 million
packets in the first file; the larger ones hold the same flows with 5 and 10 times the packets.
Best of {chosen.rounds} runs (two from 4 GB up), in turns on the same file. The machine is shared
and noisy: the ratios say more than the seconds. `~`: run once on the first packets, scaled. What
the programs write differs much; the last column says it. "Sweep alone" is the compiled walk over
4 MiB windows already read, growth of its tables included.""".splitlines()
    if absent:
        lines += ["", "Not installed here and left out: " + ", ".join(absent) + "."]
    for size, best in sizes.items():
        lines += ["", f"## {real[size]:.2f} GB", "", *table(best)]
    lines += ["", "## What was wanted", ""]
    ratios = []
    for size, times in (("1 GB", 1.0), ("4 GB", 2.0)):
        if "nfpcapd" in sizes[size]:
            ratio = sizes[size]["nfpcapd"].wall / sizes[size]["auditor flows"].wall
            ratios.append((f"nfpcapd ÷ auditor flows, {real[size]:.1f} GB", f"{ratio:.2f}",
                           f"≥ {times:.0f}", ratio >= times))  # fmt: skip
    small, large = (sizes[size]["auditor flows"].megabytes for size in ("1 GB", "8 GB"))
    lines += wanted([
        *ratios,
        ("sweep alone, one core, packets/s", f"{swept / 1e6:.1f} M", "≥ 6 M", swept >= 6e6),
        *((f"two sensors' files of {size}: two cores against one", f"{ratio:.2f}", "≥ 1.8",
           ratio >= 1.8) for size, ratio in zip(("1 GB", "4 GB"), faster, strict=True)),
        (f"peak memory of `auditor flows`, {real['8 GB']:.1f} GB against {real['1 GB']:.1f} GB",
         f"{large:.0f} / {small:.0f} MB", "within 10 %", large <= 1.1 * small),
        ("`auditor --help`", f"{helped:.2f} s", "< 0.4 s", helped < 0.4),
        ("compiling at the first start", f"{compiling:.1f} s", "< 20 s", compiling < 20),
    ])  # fmt: skip
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
