"""Measures the reading of content: what flows carried, taken from a capture a second time.

    python bench/content.py bench/data/content.pcap [--rounds 3]
    python bench/content.py bench/data/content.pcap --audit --geoip geoip --out reports

The capture is that of ``make_content_capture.py``. First the second reading alone with every flow
wanted, in MB of capture a second and in memory beyond that of a process that has read the flows.
Then, in the same run, tshark writes what it finds in HTTP and mail (``--export-objects``): the one
tool at hand that also puts streams in order and takes bodies out of them. It takes minutes for a
capture of 1 GB and gets its first 50 MB; 10 MB of it are read before, so that starting does not
count. With ``--audit`` an audit end to end follows, with the options behind it.
"""

from __future__ import annotations

import argparse
import gc
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import pyarrow as pa

sys.path.insert(0, str(Path(__file__).parents[1]))

from auditor.model.stream import Ended
from auditor.readers import Missed, Wanted, Watch, payloads, read_inputs

COLUMNS = [
    "flow_id", "input_id", "protocol", "src_ip", "src_port", "dst_ip", "dst_port", "start", "end",
]  # fmt: skip
PEER = 50_000_000
STARTED = 10_000_000
MB = 1_000_000


def resident() -> int:
    """Bytes of memory of this process."""
    pages = Path("/proc/self/statm").read_text().split()[1]
    return int(pages) * os.sysconf("SC_PAGE_SIZE")


class Peak:
    """The most memory that this process has while the block runs."""

    def __enter__(self) -> Peak:
        self.most, self._over = resident(), threading.Event()
        self._thread = threading.Thread(target=self._watch)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._over.wait(0.02):
            self.most = max(self.most, resident())


def second_reading(path: Path, rounds: int) -> None:
    """Prints what the second reading of a capture takes, every flow wanted."""
    inputs, flows = read_inputs(Wanted((path,)), lambda problem: None, Watch())
    table = flows.whole().select(COLUMNS)
    del flows
    again = (Wanted((path,)), inputs, table, Missed(), lambda size: None)
    next(iter(payloads(*again)))  # compiles, the first time
    gc.collect()
    pa.default_memory_pool().release_unused()
    before = resident()
    size = path.stat().st_size
    for _ in range(rounds):
        carried = chunks = 0
        begin, spent = time.perf_counter(), time.process_time()
        with Peak() as peak:
            for each in payloads(*again):
                if not isinstance(each, Ended):
                    carried += len(each.data)
                    chunks += 1
        seconds, spent = time.perf_counter() - begin, time.process_time() - spent
        print(
            f"second reading: {size / seconds / MB:.0f} MB/s ({seconds:.2f} s, processor "
            f"{spent:.2f} s), {carried / MB:.0f} MB in {chunks:,} chunks of {len(table):,} flows, "
            f"{(peak.most - before) / MB:.0f} MB beyond the {before / MB:.0f} MB before"
        )


def run(command: list[str]) -> tuple[float, float]:
    """Seconds and peak memory (MB) of a program."""
    begin = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    if os.waitstatus_to_exitcode(status) not in (0, 1):
        raise SystemExit(f"{command[0]} failed: {os.waitstatus_to_exitcode(status)}")
    return time.perf_counter() - begin, used.ru_maxrss * 1024 / MB


def peer(path: Path) -> None:
    """Prints what tshark takes for the objects in the begin of a capture."""
    tshark = shutil.which("tshark")
    if tshark is None:
        print("tshark: not installed")
        return
    with tempfile.TemporaryDirectory() as folder:
        took = []
        for size in (STARTED, PEER):
            part = Path(folder) / "part.pcap"
            with path.open("rb") as whole:
                part.write_bytes(whole.read(size))  # it ends inside a packet: tshark exits with 2
            subprocess.run(["editcap", str(part), str(part) + ".whole"], capture_output=True)
            took.append(run([
                tshark, "-r", str(part) + ".whole", "-q", "-o", "tcp.reassemble_out_of_order:TRUE",
                "--export-objects", f"http,{folder}/http", "--export-objects", f"imf,{folder}/mail",
            ]))  # fmt: skip
        seconds = took[1][0] - took[0][0]
        print(
            f"tshark --export-objects: {(PEER - STARTED) / seconds / MB:.1f} MB/s, "
            f"{took[1][1]:.0f} MB for {PEER / MB:.0f} MB of capture"
        )


def audit(path: Path, options: list[str]) -> None:
    """Prints what an audit of the capture takes, with and without its content."""
    for content in ("--content", "--no-content"):
        command = [sys.executable, "-m", "auditor", "audit", str(path), content, *options]
        seconds, memory = run(command)
        size = path.stat().st_size
        print(f"audit {content}: {size / seconds / MB:.0f} MB/s ({seconds:.1f} s), {memory:.0f} MB")


def main() -> None:
    ask = argparse.ArgumentParser(description=__doc__)
    ask.add_argument("path", type=Path)
    ask.add_argument("--rounds", type=int, default=3)
    ask.add_argument("--audit", nargs=argparse.REMAINDER, help="and the options of the audit")
    chosen = ask.parse_args()
    second_reading(chosen.path, chosen.rounds)
    peer(chosen.path)
    if chosen.audit is not None:
        audit(chosen.path, chosen.audit)


if __name__ == "__main__":
    main()
