"""What the program ``nfdump`` lists of a file: run safely, and heard to its end."""

from __future__ import annotations

import hashlib
import os
import re
import select
import subprocess
import tempfile
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final

from auditor.readers.records.lines import CHUNK, LogFile
from auditor.readers.streams import DamagedError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.readers.records.lines import Block
    from auditor.readers.records.tally import Tally
    from auditor.readers.streams import Opened, Source

DELIMITER: Final = b"|"
BASIC: Final = (
    "ts", "te", "pr", "sa", "sp", "da", "dp", "ipkt", "ibyt", "opkt", "obyt", "flg", "svln", "ra",
    "exp", "dir",
)  # fmt: skip
WHOLE: Final = (*BASIC, "evt", "tevt", "xsa", "xda", "xsp", "xdp")
"""Fields that are asked for; a program built without NAT support knows only the basic ones."""

REFUSALS: Final = "asa event deny"
"""A filter: the events of a firewall that let nothing through."""

NOT_UNNAMED: Final = "+"
ALL_AT_ONCE: Final[tuple[tuple[list[str], str], ...]] = (([], "%evt"),)

LEAST_SILENCE: Final = 20.0
SLOWEST: Final = 20_000_000
"""Seconds without a word after which the program is taken to hang, and bytes of the file that it
may take a second more for. Damaged files make it run in circles.
"""

PATIENCE: Final = 5.0
"""Seconds that it may take to end after its last word."""

MOST_SAID: Final = 1 << 12
MOST_ANSWER: Final = 1 << 20

# What nfdump says of files that it cannot read, and what is told of it. Its own words hold names
# and numbers out of the file, which do not belong in a report.
SAID: Final = (
    ("appendix offset", "the file is cut, or was not closed by its collector"),
    ("hort read", "the file is cut"),
    ("hort file", "the file is cut"),
    ("ecompress", "a block cannot be unpacked"),
    ("orrupt", "a block is damaged"),
    ("nknown extension", "a record is damaged or of a newer version"),
    ("ptr error", "a record is damaged"),
    ("ncrypt", "the file is encrypted"),
    ("ersion", "the file is of a version that this program does not know"),
)


class Listing:
    """The lines of one file, as the program lists them; iterate ``blocks`` once.

    The program gets a path in a private folder: a link to the file, or its content where it was
    packed; the folder is removed afterwards.
    """

    def __init__(
        self,
        program: str,
        source: Source,
        opened: Opened,
        sampling: dict[str, int],
        tally: Tally,
    ) -> None:
        """Gets ready; ``sampling`` is filled (by number of the exporter) before the first line."""
        self._program = program
        self._source = source
        self._opened = opened
        self._sampling = sampling
        self._tally = tally
        self._hash = hashlib.sha256()
        self._silence = LEAST_SILENCE
        self.broken: DamagedError | OSError | None = None
        self.line = 1

    @property
    def content(self) -> str:
        """Hex digest of the file's bytes, unpacked, once ``blocks`` is exhausted."""
        return self._hash.hexdigest()

    def blocks(self) -> Iterator[Block]:
        """The records in blocks of lines, the fields of ``WHOLE`` or ``BASIC``."""
        try:
            with tempfile.TemporaryDirectory(prefix="auditor-nfdump-") as folder:
                file = Path(folder) / "flows"
                self._hand_over(file)
                self._silence = LEAST_SILENCE + file.stat().st_size / SLOWEST
                self._ask_exporters(file)
                yield from self._listed(file)
        except OSError as error:  # the disk, a full scratch folder, a program that does not start
            self.broken = error
            self._tally.add("unreadable-file", self.line, detail=str(error.strerror))

    def _listed(self, file: Path) -> Iterator[Block]:
        troubles: set[str] = set()
        for names in (WHOLE, BASIC):
            understood = True
            for rest, event in self._passes(file) if names is WHOLE else ALL_AT_ONCE:
                tags = [event if name == "evt" else f"%{name}" for name in names]
                command = [*self._asked(file, DELIMITER.decode().join(tags)), *rest]
                run = _Run(command, self._silence)
                with run:
                    log = LogFile(run, self._tally)
                    log.line = self.line
                    yield from log.blocks()
                self.line = log.line
                understood = "parse error" not in run.said
                if not understood:
                    break
                troubles.add(run.trouble)
            if understood or names is BASIC:
                break
        for trouble in sorted(troubles - {""})[:1]:
            self._tally.add("nfdump-failed", 0, detail=trouble)

    def _asked(self, file: Path, form: str) -> list[str]:
        return [self._program, "-r", str(file), "-q", "-N", "-6", "-o", f"fmt:{form}"]

    def _passes(self, file: Path) -> tuple[tuple[list[str], str], ...]:
        """Filters to list the file with, and what each asks for in the place of the event.

        Version 1.7.1 has no name for refusals in its lists, but can tell them apart. An event
        with ``NOT_UNNAMED`` behind it is no refusal unless its name says so.
        """
        first, run = self._answer([*self._asked(file, "%evt"), "-c", "1", REFUSALS])
        if run.hung:  # and would again
            self._tally.add("nfdump-failed", 0, detail=run.trouble)
            return ()
        if "error" in run.said:
            return ALL_AT_ONCE
        if not first.strip().startswith("UNK"):
            return (([], f"%evt{NOT_UNNAMED}"),)
        return (([f"not {REFUSALS}"], f"%evt{NOT_UNNAMED}"), ([REFUSALS], "DENIED"))

    def _hand_over(self, file: Path) -> None:
        """Puts the file where the program finds it; it is hashed on the way."""
        source = self._source
        local = source.local if source.part is None and source.pipe is None else None
        plain = local is not None and not self._opened.packings
        if local is not None and plain:
            file.symlink_to(local.absolute())
        buffer = memoryview(bytearray(CHUNK))
        with Path(os.devnull if plain else file).open("wb") as copy:
            while True:
                try:
                    size = self._opened.readinto(buffer)
                except DamagedError as error:
                    self.broken = error
                    self._tally.add("packing-damaged", 0, lost=error.lost, detail=error.reason)
                    return
                if not size:
                    return
                self._hash.update(buffer[:size])
                if not plain:
                    copy.write(buffer[:size])

    def _ask_exporters(self, file: Path) -> None:
        """Learns which exporters sampled: nfcapd multiplied their counters when it wrote them."""
        self._sampling.update(samplings(self._answer([self._program, "-E", str(file)])[0]))

    def _answer(self, command: list[str]) -> tuple[str, _Run]:
        """What the program writes, at most ``MOST_ANSWER`` bytes of it; and how it went."""
        text = bytearray()
        piece = memoryview(bytearray(1 << 16))
        with _Run(command, self._silence) as run:
            while len(text) < MOST_ANSWER and (size := run.readinto(piece)):
                text += piece[:size]
        return text.decode("utf-8", "replace"), run


def samplings(text: str) -> dict[str, int]:
    """Number of each exporter that sampled, and one packet in how many, out of ``nfdump -E``.

    An exporter with samplers of several rates is left out: which of them a flow had is not said.
    """
    found: dict[str, set[int]] = {}
    exporter = ""
    for line in text.splitlines():
        if known := re.match(r"\s*SysID:\s*(\d+)", line):
            exporter = known[1]
            continue
        rate = _rate(line)
        if exporter and "Sampler" in line and rate is not None:
            found.setdefault(exporter, set()).add(rate)
    return {number: rates.pop() for number, rates in found.items() if len(rates) == 1}


def _rate(line: str) -> int | None:
    split = re.search(r"interval: *(\d{1,9}),.*space: *(\d{1,9})", line)
    if split:
        return (int(split[1]) + int(split[2])) // max(int(split[1]), 1)
    plain = re.search(r"interval: *(\d{1,9})", line)
    return int(plain[1]) if plain else None


class _Run:
    """The program at work; what it writes is read from it as from a file."""

    def __init__(self, command: list[str], silence: float) -> None:
        self._command = command
        self._silence = silence
        self._process: subprocess.Popen[bytes] | None = None
        self._said = bytearray()
        self.hung = False
        self._over = False
        self.trouble = ""

    @property
    def said(self) -> str:
        """Its messages, at most ``MOST_SAID`` bytes of them."""
        return self._said.decode("utf-8", "replace")

    def __enter__(self) -> _Run:
        environment = {"TZ": "UTC", "LC_ALL": "C", "PATH": os.environ.get("PATH", os.defpath)}
        self._process = subprocess.Popen(  # noqa: S603 - a fixed list, no shell
            self._command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment,
            cwd=Path(self._command[2]).parent,
        )
        return self

    def __exit__(self, *_: object) -> None:
        process = self._process
        assert process is not None  # noqa: S101 - entered
        if not self._over:
            process.kill()  # nobody reads on
        try:
            process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        for stream in (process.stdout, process.stderr):
            if stream is not None:
                stream.close()
        self.trouble = self._trouble(process.returncode)

    def readinto(self, buffer: memoryview, /) -> int:
        """More of what it writes; 0 at the end, also where it hangs."""
        process = self._process
        assert process is not None and process.stdout is not None  # noqa: S101, PT018 - entered
        assert process.stderr is not None  # noqa: S101
        waiting: list[IO[bytes]] = [process.stdout, process.stderr]
        while True:
            ready, _, _ = select.select(waiting, [], [], self._silence)
            if not ready:
                self.hung = True
                process.kill()
                return 0
            if process.stderr in ready and not self._hear(process.stderr):
                waiting.remove(process.stderr)
            if process.stdout in ready:
                size = os.readv(process.stdout.fileno(), [buffer])
                self._over = not size
                return size or self._hear_out(process.stderr)

    def _hear(self, stream: IO[bytes]) -> int:
        piece = os.read(stream.fileno(), 1 << 16)
        self._said += piece[: MOST_SAID - len(self._said)]
        return len(piece)

    def _hear_out(self, stream: IO[bytes]) -> int:
        """The last messages; 0, for nothing more is listed."""
        while select.select([stream], [], [], self._silence)[0] and self._hear(stream):
            pass
        return 0

    def _trouble(self, code: int) -> str:
        """What went wrong, in words that give away nothing of the file; empty = nothing."""
        if self.hung:
            return f"it said nothing for {self._silence:.0f} seconds"
        told = next((text for words, text in SAID if words in self.said), "")
        if code < 0:
            return told or f"it crashed with signal {-code}"
        if code or self._said.strip():
            return told or f"it ended with code {code}, and messages that are not known"
        return ""
