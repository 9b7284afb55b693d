"""What wanted flows carried: their captures are read a second time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa

from auditor.model.errors import InputError
from auditor.model.problem import Problem
from auditor.model.run import InputFile
from auditor.model.text import legible
from auditor.readers.capture import form as forms
from auditor.readers.capture.container import Container, first_time
from auditor.readers.capture.delivery import SLACK, Delivery
from auditor.readers.capture.layout import FILE, LAST_TIME
from auditor.readers.capture.reader import CaptureReader
from auditor.readers.capture.stretch import TOLERANCE
from auditor.readers.capture.sweep import MILLISECOND, SECOND
from auditor.readers.capture.walk import Walk
from auditor.readers.capture.wanted import rows_of
from auditor.readers.capture.windows import Windows
from auditor.readers.examining import examined
from auditor.readers.formats import Choice
from auditor.readers.time_lines import Examined, chains

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from auditor.model.problem import Note
    from auditor.model.stream import Chunk, Ended
    from auditor.readers.inputs import Wanted

AGAIN: Final = "Read the content from a copy of the captures that stays as it is, by its path."


@dataclass(frozen=True, slots=True)
class _File:
    """A capture that is read again, and its input."""

    examined: Examined
    input: InputFile


def payloads(
    wanted: Wanted,
    inputs: tuple[InputFile, ...],
    flows: pa.Table,
    note: Note,
    advance: Callable[[int], None],
) -> Iterator[Chunk | Ended]:
    """What flows carried, in stream order, from a second reading of their captures.

    Each flow whose capture can be read again has one ``Ended`` behind its last chunk. Chunks of
    different flows take turns; those of both ends of one flow come in the order they were sent in.

    Args:
        wanted: as in the first reading.
        inputs: of the first reading.
        flows: columns flow_id, input_id, protocol, src_ip, src_port, dst_ip, dst_port, start and
            end of the flow table; the wanted flows alone.
        note: hears of captures that cannot be read a second time.
        advance: told how many more bytes have been read.
    """
    lines, reasons = _lines(wanted, inputs, flows)
    for number, (name, why) in reasons.items():
        count = int(np.count_nonzero(_numbers(flows) == number))
        if count:
            note(_not_reread(name, why, count))
    for line in lines:
        yield from _line(line, flows, wanted, note, advance)


def _numbers(flows: pa.Table) -> np.ndarray:
    numbers: np.ndarray = flows["input_id"].to_numpy()
    return numbers


def _not_reread(name: str, why: str, count: int) -> Problem:
    what = f"The content of {count:,} flows could not be read: {why}."
    return Problem("payload-not-reread", name, what, AGAIN, count=count)


def _lines(
    wanted: Wanted, inputs: tuple[InputFile, ...], flows: pa.Table
) -> tuple[list[list[_File]], dict[int, tuple[str, str]]]:
    """The time lines with wanted flows; of inputs that cannot be read again, name and reason."""
    asked = set(_numbers(flows).tolist())
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
    return [line for line in files if any(file.input.id in asked for file in line)], reasons


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


def _line(
    line: Sequence[_File],
    flows: pa.Table,
    wanted: Wanted,
    note: Note,
    advance: Callable[[int], None],
) -> Iterator[Chunk | Ended]:
    """The payload of one time line; a file that begins too early begins another sweep."""
    numbers = _numbers(flows)
    place_of = {file.input.id: place for place, file in enumerate(line)}
    places = np.array([place_of.get(number, -1) for number in numbers.tolist()], np.int64)
    delivery, begun = None, 0
    latest = int(flows["end"].cast("int64").to_numpy()[places >= 0].max())
    for place, file in enumerate(line):
        if delivery is None and not (places == place).any():
            continue
        begin = file.examined.begin
        if delivery is not None:
            last = int(delivery.state.counters[LAST_TIME])
            if begin is not None and begin < last - TOLERANCE:
                yield from _finished(delivery, line[place - 1], note)
                delivery = None
        if delivery is None:
            mine = np.flatnonzero(places >= place)
            if not len(mine):
                return
            begun = place
            delivery = _delivery(flows, mine, places, wanted)
        if begin is not None and begin > latest + SLACK:
            break
        delivery.state.counters[FILE] = place
        yield from _file(file, delivery, int(np.count_nonzero(places == place)), note, advance)
    if delivery is not None:
        yield from _finished(delivery, line[begun], note)


def _delivery(flows: pa.Table, mine: np.ndarray, places: np.ndarray, wanted: Wanted) -> Delivery:
    part = flows.take(pa.array(mine))
    settings = wanted.settings
    timeouts = settings.tcp_timeout, settings.udp_timeout, settings.active_timeout
    tcp, other, active = (seconds * SECOND for seconds in timeouts)
    rows, order = rows_of(part, places[mine], tcp)
    ids = part["flow_id"].to_numpy()[order]
    return Delivery(rows, ids, settings.copies_within * MILLISECOND, (tcp, other, active))


def _file(
    file: _File, delivery: Delivery, count: int, note: Note, advance: Callable[[int], None]
) -> Iterator[Chunk | Ended]:
    """Walks one file; tells where it is no longer what it was."""
    try:
        opened = file.examined.source.open(advance)
    except OSError as error:
        note(_not_reread(file.input.name, f"it cannot be opened: {error.strerror or error}", count))
        return
    with opened, Windows(opened) as windows:
        seen = Container(opened.head)
        before = first_time(opened.head) or 0
        for _ in Walk(windows, delivery, seen):
            yield from delivery.taken(windows.data)
            now = int(seen.form[forms.LAST])  # one wrong clock ends nothing: the earlier of two
            yield from delivery.ended(min(before, now))
            before = now
            if not delivery.open:
                return
        windows.drained()
        broken = isinstance(windows.broken, OSError)
        if file.input.content is not None and (broken or windows.sha256 != file.input.content):
            note(_not_reread(file.input.name, "the file has changed since it was read", count))


def _finished(delivery: Delivery, file: _File, note: Note) -> Iterator[Chunk | Ended]:
    yield from delivery.finished()
    if delivery.late:
        what = f"{delivery.late:,} bytes stand in the capture long after the end of their flow."
        hint = "Sort the capture by time (`reordercap`)."
        note(Problem("payload-late", file.input.name, what, hint, lost_bytes=delivery.late))
