"""What wanted flows carried: their captures are read a second time."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from itertools import chain
from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa

from auditor.model.errors import InputError
from auditor.model.problem import Problem
from auditor.model.run import InputFile
from auditor.model.text import legible
from auditor.readers.capture import form as forms
from auditor.readers.capture import units
from auditor.readers.capture.cache import FOLDER
from auditor.readers.capture.container import Container, first_time
from auditor.readers.capture.delivery import SLACK, Delivered, Delivery
from auditor.readers.capture.layout import FILE, LAST_TIME
from auditor.readers.capture.reader import CaptureReader
from auditor.readers.capture.stretch import TOLERANCE
from auditor.readers.capture.sweep import MILLISECOND, SECOND
from auditor.readers.capture.walk import Walk
from auditor.readers.capture.wanted import EVER, rows_of
from auditor.readers.capture.windows import Windows
from auditor.readers.examining import examined
from auditor.readers.formats import Choice
from auditor.readers.time_lines import Examined, chains

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from auditor.model.stream import Chunk, Ended
    from auditor.readers.inputs import Wanted

WINDOW: Final = 4 << 20
"""Bytes that are looked at together; less than in the first reading, as several processes read."""

AGAIN: Final = "Read the content from a copy of the captures that stays as it is, by its path."


@dataclass(frozen=True, slots=True)
class _File:
    """A capture that is read again, and its input."""

    examined: Examined
    input: InputFile


@dataclass(frozen=True, slots=True)
class Extent:
    """The wanted flows of one input: how many, and when the last of them ends (ns)."""

    flows: int
    end: int


@dataclass(slots=True)
class Missed:
    """What a second reading could not bring.

    Attributes:
        flows: by name of the capture and reason, how many; the same for all shares of the flows.
        late: by name, bytes that stand in the capture long after the end of their flow.
        earlier: by name of the first capture, flows that began in captures of an earlier run.
    """

    flows: dict[tuple[str, str], int] = field(default_factory=dict)
    late: Counter[str] = field(default_factory=Counter)
    earlier: Counter[str] = field(default_factory=Counter)

    def join(self, other: Missed) -> None:
        """Adds what another share of the same flows missed."""
        self.flows.update(other.flows)
        self.late.update(other.late)
        self.earlier.update(other.earlier)

    def problems(self) -> Iterator[Problem]:
        """What must be told."""
        for (name, why), count in sorted(self.flows.items()):
            what = f"The content of {count:,} flows could not be read: {why}."
            yield Problem("payload-not-reread", name, what, AGAIN, count=count)
        for name, late in sorted(self.late.items()):
            what = f"{late:,} bytes stand in the capture long after the end of their flow."
            hint = "Sort the capture by time (`reordercap`)."
            yield Problem("payload-late", name, what, hint, lost_bytes=late)
        for name, count in sorted(self.earlier.items()):
            what = (
                f"{count:,} flows began in captures of an earlier run: of their content only what "
                "the captures of this run hold was read."
            )
            hint = "Audit the captures of both runs in one to read it whole."
            yield Problem("payload-of-earlier-run", name, what, hint, count=count)


def extents(flows: pa.Table) -> dict[int, Extent]:
    """The wanted flows (columns as for ``payloads``) by ``input_id``."""
    ends = np.where(
        flows["src_port"].is_valid().to_numpy(), flows["end"].cast("int64").to_numpy(), EVER
    )
    numbers, place, counts = np.unique(_numbers(flows), return_inverse=True, return_counts=True)
    latest = np.zeros(len(numbers), np.int64)
    np.maximum.at(latest, place, ends)
    rows = zip(numbers.tolist(), counts.tolist(), latest.tolist(), strict=True)
    return {number: Extent(count, end) for number, count, end in rows}


def payloads(
    wanted: Wanted,
    inputs: tuple[InputFile, ...],
    flows: pa.Table,
    missed: Missed,
    advance: Callable[[int], None],
    of: Mapping[int, Extent] | None = None,
) -> Iterator[Chunk | Ended]:
    """What flows carried, in stream order, from a second reading of their captures.

    Each flow whose capture can be read again has one ``Ended`` behind its last chunk. Chunks of
    different flows take turns; those of both ends of one flow come in the order they were sent in.

    Flows may be shared out between several calls, those with the same endpoints together: each
    flow then carries what it does in a single call, as long as the room for segments out of order
    is enough (``holding.NODES``, which each call has for itself).

    Args:
        wanted: as in the first reading.
        inputs: of the first reading.
        flows: columns flow_id, input_id, protocol, src_ip, src_port, dst_ip, dst_port, start and
            end of the flow table; the wanted flows alone.
        missed: takes what cannot be read a second time.
        advance: told how many more bytes have been read.
        of: all flows that ``flows`` is a share of; null = it is all of them.
    """
    return chain.from_iterable(_delivered(wanted, inputs, flows, missed, advance, of))


def _delivered(
    wanted: Wanted,
    inputs: tuple[InputFile, ...],
    flows: pa.Table,
    missed: Missed,
    advance: Callable[[int], None],
    of: Mapping[int, Extent] | None,
) -> Iterator[Delivered]:
    wants = extents(flows) if of is None else of
    lines, reasons = _lines(wanted, inputs, wants)
    for number, pair in reasons.items():
        if number in wants:
            missed.flows[pair] = missed.flows.get(pair, 0) + wants[number].flows
    for line in lines:
        if wanted.open_before is not None and (earlier := _earlier(line, flows)):
            missed.earlier[line[0].input.name] += earlier
        yield from _line(line, flows, wants, wanted, missed, advance)


def prepare_payloads(begins: Callable[[], None]) -> bool:
    """Makes ready what ``payloads`` needs; calls ``begins`` before what takes long, once ever.

    Gives whether other processes find it ready too.
    """
    if not units.delivery_compiled_before():
        begins()
    units.delivery_prepared()
    return FOLDER is not None


def _numbers(flows: pa.Table) -> np.ndarray:
    numbers: np.ndarray = flows["input_id"].to_numpy()
    return numbers


def _lines(
    wanted: Wanted, inputs: tuple[InputFile, ...], wants: Mapping[int, Extent]
) -> tuple[list[list[_File]], dict[int, tuple[str, str]]]:
    """The time lines with wanted flows; of inputs that cannot be read again, name and reason."""
    try:
        found = examined(wanted.paths, _unheard, Choice(wanted.settings.mappings), pipes=False)
    except InputError:  # a path has vanished, and with it the list of all files
        found = []
    by_name = {legible(each.source.name): place for place, each in enumerate(found)}
    known: dict[int, InputFile] = {}
    reasons: dict[int, tuple[str, str]] = {}
    seen: set[str] = set()
    for file in inputs:
        place = by_name.get(file.name)
        why = _why_not(file, None if place is None else found[place])
        if why:
            reasons[file.id] = (file.name, why)
        elif place is not None and (file.content is None or file.content not in seen):
            known[place] = file
        if file.content is not None:
            seen.add(file.content)
    left_out = [place for place in range(len(found)) if place not in known]
    lines, _, _ = chains(found, left_out)
    files = [[_File(found[place], known[place]) for place in line] for line in lines]
    return [line for line in files if any(file.input.id in wants for file in line)], reasons


def _unheard(problem: Problem) -> None:
    """The first reading has told of it."""


def _why_not(file: InputFile, found: Examined | None) -> str:
    """Why a file cannot be read again; empty if it can."""
    if file.reader != CaptureReader.name:
        return "it comes from a log, which tells of flows only"
    if found is None:
        return "the capture is not there any more, or is the file of earlier runs' open flows"
    if found.failure is None and found.problem is None and found.reader is None:
        return "standard input and pipes can be read only once"
    if found.reader is None:
        return "the capture cannot be opened any more"
    if found.reader.name != CaptureReader.name or found.size != file.size:
        return "the file has changed since it was read first"
    return ""


def _earlier(line: Sequence[_File], flows: pa.Table) -> int:
    """How many of the flows of a time line began before its captures."""
    mine = np.isin(_numbers(flows), [file.input.id for file in line])
    begin = line[0].examined.begin or 0
    return int(np.count_nonzero(mine & (flows["start"].cast("int64").to_numpy() < begin)))


def _line(
    line: Sequence[_File],
    flows: pa.Table,
    wants: Mapping[int, Extent],
    wanted: Wanted,
    missed: Missed,
    advance: Callable[[int], None],
) -> Iterator[Delivered]:
    """The payload of one time line; a file that begins too early begins another sweep."""
    numbers = _numbers(flows)
    place_of = {file.input.id: place for place, file in enumerate(line)}
    places = np.array([place_of.get(number, -1) for number in numbers.tolist()], np.int64)
    delivery, begun, until = None, 0, 0
    for place, file in enumerate(line):
        if delivery is None and file.input.id not in wants:
            continue
        begin = file.examined.begin
        if delivery is not None:
            last = int(delivery.state.counters[LAST_TIME])
            if begin is not None and begin < last - TOLERANCE:
                yield from _finished(delivery, line[begun], missed)
                delivery = None
        if delivery is None:
            later = [wants[each.input.id].end for each in line[place:] if each.input.id in wants]
            if not later:
                return
            begun, until = place, max(later)
            mine = np.flatnonzero(places >= place)
            if not len(mine):  # they are all in other shares
                return
            delivery = _delivery(flows, mine, places, wanted)
        if begin is not None and begin - SLACK > until:
            break
        delivery.state.counters[FILE] = place
        yield from _file(file, delivery, until, wants, missed, advance)
    if delivery is not None:
        yield from _finished(delivery, line[begun], missed)


def _delivery(flows: pa.Table, mine: np.ndarray, places: np.ndarray, wanted: Wanted) -> Delivery:
    part = flows.take(pa.array(mine))
    settings = wanted.settings
    timeouts = settings.tcp_timeout, settings.udp_timeout, settings.active_timeout
    tcp, other, active = (seconds * SECOND for seconds in timeouts)
    rows, order = rows_of(part, places[mine], tcp)
    ids = part["flow_id"].to_numpy()[order]
    return Delivery(rows, ids, settings.copies_within * MILLISECOND, (tcp, other, active))


def _file(
    file: _File,
    delivery: Delivery,
    until: int,
    wants: Mapping[int, Extent],
    missed: Missed,
    advance: Callable[[int], None],
) -> Iterator[Delivered]:
    """Walks one file; tells where it is no longer what it was.

    Where it stops, and where flows end, hangs on the file and ``until`` alone (the end of the last
    flow, ns), not on which share of the flows is read.
    """
    name, count = file.input.name, wants.get(file.input.id, Extent(0, 0)).flows
    try:
        opened = file.examined.source.open(advance)
    except OSError as error:
        missed.flows[name, f"it cannot be opened: {error.strerror or error}"] = count
        return
    with opened, Windows(opened, WINDOW) as windows:
        seen = Container(opened.head)
        before = first_time(opened.head) or 0
        walk = Walk(windows, delivery, seen)
        for _ in walk:
            yield from delivery.taken(windows.data)
            if not walk.whole:
                continue
            now = int(seen.form[forms.LAST])  # one wrong clock ends nothing: the earlier of two
            yield from delivery.ended(min(before, now))
            if min(before, now) - SLACK > until:
                return
            before = now
        windows.drained()
        broken = isinstance(windows.broken, OSError)
        if file.input.content is not None and (broken or windows.sha256 != file.input.content):
            missed.flows[name, "the file has changed since it was read"] = count


def _finished(delivery: Delivery, file: _File, missed: Missed) -> Iterator[Delivered]:
    yield from delivery.finished()
    if delivery.late:
        missed.late[file.input.name] += delivery.late
