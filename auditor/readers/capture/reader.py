"""Reads captures into the flow table.

Several files that follow one another are one sweep: a flow may go on from one into the next. After
damage the reading goes on at the next record that can be made out; each gap is a problem that names
its offset and the bytes lost.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from auditor.model.errors import InputError
from auditor.model.problem import Note, Problem
from auditor.readers.capture import container as containers
from auditor.readers.capture import form as forms
from auditor.readers.capture import units
from auditor.readers.capture.container import Container
from auditor.readers.capture.layout import (
    BAD_TIME, FILE, HEADERS_CUT, LINK_UNKNOWN, LINK_UNKNOWN_TYPE, NO_TIME, OPAQUE_APPS, NOT_IP,
    PACKETS_READ, PORTS_CUT, SNAPPED, WIRE_BYTES, Ints, LINK_SECRET, LINK_SEVERAL, NESTED_DEEP,
    DUPLICATES,
)  # fmt: skip
from auditor.readers.capture.stretch import WHOLE, Stretch, resumed
from auditor.readers.capture.sweep import Sweep
from auditor.readers.capture.tunnels import MOST_NESTED
from auditor.readers.capture.walk import Walk
from auditor.readers.capture.windows import Windows
from auditor.readers.exports.collected import Collected
from auditor.readers.reading import OpenFlows, Progress, Reading, Settings, Take

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from auditor.readers.streams import DamagedError, Opened, Source

TAIL: Final = 1 << 19
"""Bytes at the end of a file in which its last packet is looked for."""

CUT = "The capture was cut off; take the rest from the sensor if it still has it."
DAMAGE = "Take the file again from its source if that is whole; the records around it were read."
KEYS = "Who has this file can read what it encrypts: keep it as safe as the keys, or strip them."


class CaptureReader:
    """pcap and pcapng files."""

    name = "capture"
    together = False

    def prepare(self, begins: Callable[[], None]) -> None:
        """Fetches the compiled engine, or compiles it if no earlier start has: see ``units``."""
        if not units.compiled_before():
            begins()
        units.prepared()

    def sniff(self, head: bytes) -> float:
        """Certain for the magic numbers of pcap and pcapng."""
        return 1.0 if containers.is_capture(head) else 0.0

    def begins(self, head: bytes) -> int | None:
        """Time of the first packet in ns; null if it is not among the first bytes."""
        return containers.first_time(head)

    def ends(self, source: Source) -> int | None:
        """Time of the last packet in ns, from the end of a file that is not packed."""
        if source.part is not None or source.pipe is not None:
            return None
        try:
            with source.open() as opened:
                head = opened.head
            if opened.packings:
                return None
            with source.file() as file:
                file.seek(max(source.size - TAIL, 0))
                tail = file.read(TAIL)
        except OSError:
            return None  # opening it will tell
        return containers.last_time(head, tail)

    def read(
        self,
        sources: Sequence[Source],
        settings: Settings,
        note: Note,
        progress: Progress,
        take: Take,
    ) -> list[Reading | InputError]:
        """The flows of captures that follow one another; see ``Reader.read``."""
        return self.read_on(sources, settings, note, progress, take)[0]

    def read_on(
        self,
        sources: Sequence[Source],
        settings: Settings,
        note: Note,
        progress: Progress,
        take: Take,
        before: OpenFlows | None = None,
        keep_from: int | None = None,
    ) -> tuple[list[Reading | InputError], OpenFlows | None]:
        """As ``read``, going on with flows of an earlier run; flows of it count in the first file.

        Flows that have not ended are in no file but come back, if the last packet is not older
        than ``keep_from`` (ns). ``before`` itself comes back where no file could be opened.
        """
        answers: list[_File | InputError] = []
        sweeps: list[Stretch] = []
        for number, source in enumerate(sources):
            try:
                opened = source.open(progress)
            except OSError as error:
                answers.append(_unopened(source, error))
                continue
            with opened, Windows(opened) as windows:
                begin = containers.first_time(opened.head)
                if not sweeps and before is not None:
                    sweeps.append(resumed(before, settings, number, source.name, note))
                if not sweeps or not sweeps[-1].goes_on(begin):
                    if sweeps:
                        sweeps[-1].ended(note)
                    sweeps.append(Stretch(Sweep(settings), number))
                sweeps[-1].follow(source.name, number)
                sweep = sweeps[-1].sweep
                sweep.state.counters[FILE] = number
                answers.append(_file(source, opened, windows, sweep, note))
        left = None if sweeps else before
        if sweeps:
            left = sweeps[-1].ended(note, keep_from)
        exported: list[list[pa.Table]] = [[] for _ in sources]
        for stretch in sweeps:
            files = sources[stretch.first : stretch.first + stretch.files]
            collected = Collected(
                files, stretch.first, settings, lambda file, part: exported[file].append(part)
            )
            if files:
                collected.read(stretch.flows, note, stretch.open)
        flows = _by_file([stretch.flows for stretch in sweeps], len(sources))
        readings: list[Reading | InputError] = []
        for number, answer in enumerate(answers):
            if isinstance(answer, InputError):
                readings.append(answer)
                continue
            readings.append(answer.reading(flows[number]))
            take(number, _joined(flows[number], exported[number]))
        return readings, left


class _File:
    """What is known of one file when it has been walked."""

    def __init__(
        self,
        name: str,
        note: Note,
        counted: Ints,
        opened: Opened,
        windows: Windows,
        seen: Container,
    ) -> None:
        self._name = name
        self._note = note
        self._counted = counted
        self._annotations = seen.annotations
        whole = not isinstance(windows.broken, OSError)
        self._content = windows.sha256 if whole else None
        self._sha256 = opened.sha256(windows.sha256) if whole else None
        self._size = opened.size

    def reading(self, flows: pa.Table) -> Reading:
        """The same, with what the file's flows tell."""
        for problem in _half_seen(flows, self._name):
            self._note(problem)
        return Reading(
            packets=int(self._counted[PACKETS_READ]),
            not_ip=int(self._counted[NOT_IP]),
            bytes_on_wire=int(self._counted[WIRE_BYTES]),
            sha256=self._sha256,
            content=self._content,
            size=self._size,
            annotations=self._annotations,
        )


def _unopened(source: Source, error: OSError) -> InputError:
    return InputError(
        f"cannot be opened: {error.strerror or error}",
        place=source.name,
        hint="Check that the file is there and that this user may read it.",
    )


def _by_file(tables: list[pa.Table], files: int) -> list[pa.Table]:
    """The flows of each file, in their order."""
    if not tables:
        return []
    table = pa.concat_tables(tables, promote_options="default")
    numbers = table["file"].to_numpy()
    table = table.drop_columns(["file"])
    if files == 1:
        return [table]
    order = np.argsort(numbers, kind="stable")
    ends = np.searchsorted(numbers[order], np.arange(files + 1))
    table = table.take(pa.array(order)).combine_chunks()
    return [table.slice(ends[i], ends[i + 1] - ends[i]) for i in range(files)]


def _joined(flows: pa.Table, exported: list[pa.Table]) -> pa.Table:
    """The flows of a file and those that exporters reported in it, by start."""
    if not exported:
        return flows
    return pa.concat_tables([flows, *exported], promote_options="default").sort_by("start")


def _file(source: Source, opened: Opened, windows: Windows, sweep: Sweep, note: Note) -> _File:
    """Walks one file."""
    before = sweep.state.counters.copy()
    seen = Container(opened.head)
    cut = Walk(windows, sweep, seen).to_end()
    windows.drained()
    counted = sweep.state.counters - before
    counted[LINK_UNKNOWN_TYPE] = sweep.counted(LINK_UNKNOWN_TYPE)
    total = windows.offset + windows.end
    packed = " (of the unpacked content)" if opened.packings else ""
    name = source.name
    if windows.broken is not None:
        note(_broken(windows.broken, name, total))
    for problem in _gaps(seen, total, name, packed):
        note(problem)
    if cut is not None and windows.broken is None:
        code, where, what = cut
        note(Problem(code, name, what + packed + ".", CUT, where, max(total - where, 0)))
    if seen.annotations.secrets:
        kinds = ", ".join(sorted({secret.kind for secret in seen.annotations.secrets}))
        what = f"The capture carries keys that decrypt its content ({kinds}); they were not used."
        note(Problem("decryption-secrets", name, what, KEYS, seen.annotations.secrets[0].offset))
    for problem in _shortcomings(counted, name):
        note(problem)
    return _File(name, note, counted, opened, windows, seen)


def _broken(error: DamagedError | OSError, name: str, total: int) -> Problem:
    if isinstance(error, OSError):
        why = error.strerror or error
        what = f"The file cannot be read to its end: {why}; all before was read."
        hint = "Check the disk or the network share it lies on, then run again."
        return Problem("unreadable-file", name, what, hint, offset=total)
    what = f"The packing is damaged ({error.reason}); all that stands before was read."
    hint = "Copy the file again from its source."
    return Problem("packing-damaged", name, what, hint, error.offset, error.lost)


def _gaps(seen: Container, total: int, name: str, packed: str) -> list[Problem]:
    """One problem per stretch that could not be read; those beyond the first 20 are one."""
    count = int(seen.form[forms.GAPS])
    problems = []
    for where, size in seen.gaps[: min(count, len(seen.gaps))].tolist():
        on = "nothing readable stands behind" if where + size >= total else "reading went on behind"
        what = f"{size:,} bytes make no sense as records{packed}: they are damaged; {on} them."
        problems.append(Problem("damaged-record", name, what, DAMAGE, where, size))
    more = count - len(seen.gaps)
    if more > 0:
        size = int(seen.form[forms.GAP_BYTES])
        what = f"{more:,} more damaged stretches{packed} with {size:,} bytes were left out."
        where = int(seen.form[forms.LOST_FROM])
        problems.append(Problem("damaged-record", name, what, DAMAGE, where, size, more))
    return problems


def _shortcomings(counted: Ints, source: str) -> list[Problem]:
    """What the packets themselves did not show, one problem per kind."""
    link = int(counted[LINK_UNKNOWN_TYPE])
    told = (
        (LINK_UNKNOWN, "unknown-link-type",
         f"packets have link type {link}, which is not read; they are in no flow.",
         "Convert the capture with `editcap -T ether`, or capture on an Ethernet interface."),
        (HEADERS_CUT, "cut-header",
         "packets have an IP header that is cut off or not valid; they are in no flow.", WHOLE),
        (PORTS_CUT, "cut-ports",
         "packets are cut off before their ports; they count in flows without ports.", WHOLE),
        (NO_TIME, "no-time",
         "packets carry no time (simple packet blocks); they got that of the packet before.", ""),
        (BAD_TIME, "bad-time", "packets carry a time outside 1970-2262; they were given 1970.",
         "Check the clock of the sensor."),
        (LINK_SECRET, "link-encrypted",
         "frames are encrypted at the link layer (802.11, MACsec); they are in no flow.",
         "Capture behind the access point or switch, where the frames are decrypted."),
        (LINK_SEVERAL, "several-in-one",
         "802.11 frames hold several packets each (A-MSDU); they are in no flow.",
         "Capture behind the access point."),
        (NESTED_DEEP, "deep-tunnel",
         f"packets are in more than {MOST_NESTED} tunnels; what is deeper inside was not seen.",
         "Look at the packets with tshark."),
        (DUPLICATES, "copies",
         "packets were copies of one seen just before; they were counted once, as asked.", ""),
        (SNAPPED, "snapped",
         "packets lack their end (snap length); their bytes count, their content was not seen.",
         WHOLE),
    )  # fmt: skip
    return [
        Problem(code, source, f"{counted[counter]:,} {what}", hint, count=int(counted[counter]))
        for counter, code, what, hint in told
        if counted[counter]
    ]


def _half_seen(flows: pa.Table, name: str) -> list[Problem]:
    """What the flows of a file leave open: ends that were not captured, tunnels nobody can open."""
    unseen = pc.or_(pc.is_null(flows["src_packets"]), pc.is_null(flows["dst_packets"]))
    opaque = pc.is_in(flows["app"], pa.array(OPAQUE_APPS))
    told = (
        (unseen, "half-conversation",
         "flows show only one of their ends, though the other answered; what it sent is not known.",
         "Capture where both directions pass (routing may be asymmetric)."),
        (opaque, "opaque-tunnel",
         "flows are encrypted tunnels; what they carry, and to whom in the end, cannot be seen.",
         "Capture before the tunnel begins, or ask who runs its other end."),
    )  # fmt: skip
    counts = [(pc.sum(mask).as_py() or 0, code, what, hint) for mask, code, what, hint in told]
    return [
        Problem(code, name, f"{count:,} {what}", hint, count=count)
        for count, code, what, hint in counts
        if count
    ]
