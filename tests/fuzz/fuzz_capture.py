"""Reads damaged captures for minutes: no crash, no hang, nothing read that is not the packet's.

    python tests/fuzz/fuzz_capture.py --minutes 10 --corpus FOLDER --seed 1

Each case is a capture of the corpus (without one: a built capture) after some changes. It is read
twice, over windows that held zeros and over windows that held ones before: if any code looked
beyond the bytes of a packet, the flows would differ. Peak memory and time must stay under bounds
that the input's size sets, and nothing but the documented ``AuditorError`` may be raised.

The case at work is always on disk: should the process die, it is ``case.pcap`` in the folder that
is named at the start. Failing cases are kept beside it.

Coverage-guided fuzzers (atheris) see Python's bytecode only. Here all reading of packets is
compiled, so that they steer by nothing; the changes are drawn blindly but know the formats.
"""

from __future__ import annotations

import argparse
import faulthandler
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from random import Random

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[2]))

from auditor.model.errors import AuditorError
from auditor.readers.capture.reader import CaptureReader
from tests.fuzz.mutations import mutated
from tests.property.test_captures import PCAP, PCAPNG, reading_over

LARGEST = 100_000
"""Bytes of a capture that is worth changing: larger ones only take longer."""

HANGS = 120
"""Seconds after which a case is given up with a trace, and the process with it."""

MEMORY, MEMORY_PER_BYTE = 160 << 20, 64
"""A packet of 50 bytes may be a flow: a row, its place in the table, its columns in the result."""

SECONDS, SECONDS_PER_BYTE = 5.0, 2e-6
"""Time of the processor for one reading."""


@dataclass
class Tally:
    """What has been tried."""

    cases: int = 0
    refused: int = 0
    packets: int = 0
    most_memory: int = 0
    most_seconds: float = 0.0


class WrongError(AssertionError):
    """A case that shows a mistake of ours."""


def seeds(corpus: Path | None) -> list[bytes]:
    """Captures to begin with, in a fixed order."""
    built = [PCAP, PCAPNG]
    if corpus is None:
        return built
    files = sorted(path for path in corpus.rglob("*") if path.is_file() and "cap" in path.suffix)
    return built + [path.read_bytes() for path in files if 24 < path.stat().st_size <= LARGEST]


def check(path: Path, content: bytes, tally: Tally) -> None:
    """Reads one case in both ways.

    Raises:
        WrongError: a bound was broken, or the readings differ.
    """
    tally.cases += 1
    if CaptureReader().sniff(content[: 1 << 16]) == 0:
        tally.refused += 1
        return
    path.write_bytes(content)
    outcomes = []
    for pattern in (0x00, 0xFF):
        held, begin = _resident_from_here(), time.process_time()
        try:
            outcomes.append(reading_over(path, pattern))
        except AuditorError as error:
            outcomes.append(str(error))
        spent, grown = time.process_time() - begin, _peak() - held
        tally.most_seconds = max(tally.most_seconds, spent)
        tally.most_memory = max(tally.most_memory, grown)
        if spent > SECONDS + SECONDS_PER_BYTE * len(content):
            raise WrongError(f"took {spent:.1f} s for {len(content):,} bytes")
        if grown > MEMORY + MEMORY_PER_BYTE * len(content):
            raise WrongError(f"took {grown / 1e6:.0f} MB for {len(content):,} bytes")
    one, other = outcomes
    if one != other:
        raise WrongError("what lies around the packets is read: two readings differ")
    if not isinstance(one, str):
        tally.packets += one[0].packets


def _resident_from_here() -> int:
    """Resident bytes now; the kernel counts its peak anew from here on (proc(5), clear_refs)."""
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    return _status("VmRSS")


def _peak() -> int:
    return _status("VmHWM")


def _status(name: str) -> int:
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith(name + ":"):
            return int(line.split()[1]) * 1024
    raise KeyError(name)


def run(
    corpus: Path | None, seed: int, folder: Path, *, seconds: float = 0, cases: int = 0
) -> Tally:
    """Tries so many cases, or for so long; a failing one is kept in ``folder`` and raised."""
    draw, tally = Random(seed), Tally()
    known, path = seeds(corpus), folder / "case.pcap"
    for content in (PCAP, PCAPNG):  # what is compiled at the first start is no case's doing
        path.write_bytes(content)
        reading_over(path, 0)
    begin = time.monotonic()
    said = begin
    while tally.cases < cases or time.monotonic() - begin < seconds:
        content = mutated(draw, draw.choice(known), draw.choice(known))
        faulthandler.dump_traceback_later(HANGS, exit=True)
        well = False
        try:
            check(path, content, tally)
            well = True
        finally:
            faulthandler.cancel_dump_traceback_later()
            if not well:
                kept = folder / f"failed-{seed}-{tally.cases}.pcap"
                kept.write_bytes(content)
                sys.stderr.write(f"kept as {kept}\n")
        if seconds and time.monotonic() - said > 30:
            said = time.monotonic()
            sys.stdout.write(f"{said - begin:.0f} s: {tally}\n")
            sys.stdout.flush()
    return tally


def main() -> None:
    ask = argparse.ArgumentParser(description=__doc__)
    ask.add_argument("--minutes", type=float, default=10)
    ask.add_argument("--corpus", type=Path, help="folder with captures to begin with")
    ask.add_argument("--seed", type=int, default=1)
    chosen = ask.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="fuzz-"))
    sys.stdout.write(f"cases are in {folder}\n")
    tally = run(chosen.corpus, chosen.seed, folder, seconds=60 * chosen.minutes)
    sys.stdout.write(
        f"{tally.cases:,} cases ({tally.refused:,} refused as no capture), {tally.packets:,} "
        f"packets; at most {tally.most_memory / 1e6:.0f} MB, {tally.most_seconds:.2f} s for one\n"
    )


if __name__ == "__main__":
    main()
