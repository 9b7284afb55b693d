"""All inputs, read: folders walked, a reader found for each file, files side by side."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from auditor.model.errors import InputError
from auditor.model.problem import Problem
from auditor.model.run import InputFile
from auditor.model.text import legible
from auditor.readers.capture.reader import CaptureReader
from auditor.readers.examining import examined
from auditor.readers.flow_parts import FlowParts, Told
from auditor.readers.formats import Choice
from auditor.readers.going_on import GoingOn
from auditor.readers.parts import Parts
from auditor.readers.pieces import Answer, in_span, line_read
from auditor.readers.reading import NOTHING, Reading, Settings
from auditor.readers.storage import Url
from auditor.readers.time_lines import Examined, chains, copies, line_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from auditor.model.problem import Note
    from auditor.readers.streams import Source


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to read, and how.

    Attributes:
        paths: files, folders, which are walked, ``-`` for standard input, and addresses on
            shared storage.
        jobs: threads that read time lines side by side.
        cluster: address of the Dask scheduler whose workers read them instead; null = none.
        since, until: only flows that overlap this span (``until`` excluded).
        open_before: file with the flows of earlier runs that had not ended.
        open_after: file that such flows of this run go into; null = all count in this run.
        open_until: the present, where flows wait for captures that are still to come.
    """

    paths: tuple[Path | Url, ...]
    settings: Settings = field(default_factory=Settings)
    jobs: int = 1
    since: datetime | None = None
    until: datetime | None = None
    open_before: Path | None = None
    open_after: Path | None = None
    open_until: datetime | None = None
    cluster: str | None = None


class Watch:
    """Whoever waits for the reading; does nothing by itself.

    ``advance`` may raise to end the reading early.
    """

    def prepare(self) -> None:
        """Something is made ready that takes long and happens once: compiling the engine."""

    def begin(self, total: int) -> None:
        """The inputs have so many bytes."""

    def advance(self, size: int) -> None:
        """So many more bytes have been read."""


def read_inputs(
    wanted: Wanted, note: Note, watch: Watch
) -> tuple[tuple[InputFile, ...], FlowParts]:
    """The inputs, and the flow table of all of them (stage ``read``), part by part.

    Raises:
        InputError: a path does not exist, nothing could be read at all, or the file of open flows
            is damaged.
        StoreError: there is no room for the flows, the file of open flows cannot be
            written, or the cluster is gone.
    """
    going_on = GoingOn(wanted.open_before, wanted.open_after, wanted.open_until)

    def tell(problem: Problem) -> None:
        note(_legible(problem))

    found = examined(wanted.paths, tell, Choice(wanted.settings.mappings))
    if not found and (wanted.paths or wanted.open_before is None):
        raise InputError(
            "no file to read",
            place=", ".join(str(path) for path in wanted.paths),
            hint="Name captures or flow logs, or a folder with them.",
        )
    if wanted.cluster is None:
        for reader in {each.reader for each in found if each.reader is not None}:
            reader.prepare(watch.prepare)
    watch.begin(sum(each.size for each in found))
    same = copies(found)
    lines, overlapping, going_on.fates = chains(found, same, going_on.earlier)
    parts = Parts()
    outcomes = _outcomes(found, lines, wanted, watch, parts, going_on)
    inputs: list[InputFile] = []
    told: list[Told] = []
    unread: list[Problem] = []
    seen: dict[str, str] = {}
    mixed = _Mixed(overlapping)
    for place, each in enumerate(found):
        number = place + 1
        name = each.source.name
        reading, problems = _outcome_of(place, found, same, outcomes)
        for problem in problems:
            if problem.code != "overlapping-captures" or mixed.is_news(each.source):
                tell(problem)
        if each.reader is not None and mixed.is_known(each.source):
            tell(_overlapping(each.source.folder))
        if reading is None:
            unread += problems
        elif place in same or (reading.content is not None and reading.content in seen):
            first = seen.get(reading.content or "", "another input")
            tell(_same(name, first, each.size))
            parts.drop(place)
        elif reading.content is not None:
            seen[reading.content] = name
        if place in same:
            watch.advance(each.size)
        inputs.append(_input_file(number, each, reading, parts.tables(place)))
        if reading is not None:
            told.append(Told(place, number, each.source.folder))
    if found and not told:
        raise _nothing_read(unread, wanted)
    begun = {place + 1: going_on.begun(place) for place in range(len(found))}
    for folder, other in _side_by_side(inputs, {one.number: one.folder for one in told}, begun):
        tell(_overlapping(folder, other))
    over = going_on.over(tell)
    if over:
        inputs.append(_left_over(over, wanted, parts, len(found), going_on.sha256))
        told.append(Told(len(found), len(found) + 1, ""))
    flows = FlowParts(parts, told, with_ids=wanted.settings.community_id)
    for file in inputs:
        if file.id in flows.confirming:
            tell(_confirming(file, flows.confirming[file.id]))
    going_on.finish()
    return tuple(inputs), flows


def _left_over(
    tables: list[pa.Table], wanted: Wanted, parts: Parts, place: int, sha256: str
) -> InputFile:
    """The input of flows that no capture of this run goes on with: the file that they waited in."""
    assert wanted.open_before is not None  # noqa: S101 - they come from there
    for table in tables:
        parts.add(place, in_span(table, wanted.since, wanted.until))
    rows, first, last = _span(parts.tables(place))
    return InputFile(
        id=place + 1,
        name=legible(str(wanted.open_before)),
        size=wanted.open_before.stat().st_size,
        sha256=sha256,
        reader=CaptureReader.name,
        packets=0,
        not_ip=0,
        bytes_on_wire=None,
        flows=rows,
        first=first,
        last=last,
    )


def _confirming(file: InputFile, count: int) -> Problem:
    what = f"{count:,} of its {file.flows:,} flows tell of traffic that another input saw as well."
    hint = "Counted once, from the input that saw the most; see witnesses in the flow table."
    return Problem("second-witness", file.name, what, hint, count=count)


class _Mixed:
    """Folders whose captures overlap in time; each is told once."""

    def __init__(self, folders: list[str]) -> None:
        self._waiting = set(folders)
        self._told: set[str] = set()

    def is_known(self, source: Source) -> bool:
        """Whether the folder was found to be one, and is told of now."""
        return source.folder in self._waiting and self.is_news(source)

    def is_news(self, source: Source) -> bool:
        """Whether nothing has been told of the folder so far."""
        folder = source.folder
        news = folder not in self._told
        self._told.add(folder)
        return news


def _side_by_side(
    inputs: list[InputFile], folders: dict[int, str], begun: dict[int, datetime | None]
) -> list[tuple[str, str]]:
    """Folders whose captures overlap in time with those of another one, each once, and that one.

    ``begun``: when inputs began that have flows of an earlier run.
    """
    spans = sorted(
        (max(file.first, begun[file.id] or file.first), file.last, folders[file.id])
        for file in inputs
        if file.reader == "capture" and file.first is not None and file.last is not None
    )
    found: dict[str, str] = {}
    latest: dict[str, datetime] = {}  # of two folders at most: the last and another one
    for first, last, folder in spans:
        other = max((name for name in latest if name != folder), key=latest.__getitem__, default="")
        if other and first < latest[other]:
            found.setdefault(folder, other)
        latest[folder] = max(last, latest.get(folder, last))
        if len(latest) > 2:
            del latest[min(latest, key=latest.__getitem__)]
    return list(found.items())


def _overlapping(folder: str, other: str = "") -> Problem:
    where = f"this folder and in {other}" if other else "this folder"
    what = f"Captures in {where} overlap in time: a flow that several of them saw counts twice."
    hint = "Audit the captures of one sensor at a time if they saw the same traffic."
    return Problem("overlapping-captures", folder, what, hint)


def _same(name: str, first: str, size: int) -> Problem:
    what = f"The file has the same content as {first}: its flows were counted there, not twice."
    return Problem("same-content", name, what, "Leave the copy out.", lost_bytes=size)


def _nothing_read(unread: list[Problem], wanted: Wanted) -> InputError:
    if not unread:
        place = ", ".join(str(path) for path in wanted.paths)
        return InputError("nothing could be read", place=place, hint="Unpack it and look inside.")
    first = unread[0]
    more = f" ({len(unread) - 1:,} more could not be read either)" if len(unread) > 1 else ""
    what = f"nothing could be read: {first.message}{more}"
    return InputError(what, place=first.source, hint=first.hint)


def _outcome_of(
    place: int,
    found: list[Examined],
    same: dict[int, tuple[int, str]],
    outcomes: dict[int, Answer],
) -> tuple[Reading | None, list[Problem]]:
    """What was read of a file, and its problems; a copy has those of what it is a copy of."""
    each = found[place]
    if place in same:
        first, digest = same[place]
        answer, problems = outcomes[first]
        problems = [replace(problem, source=each.source.name) for problem in problems]
        if not isinstance(answer, InputError):
            answer = replace(answer, sha256=digest, size=each.size)
    elif place in outcomes:
        answer, problems = outcomes[place]
    elif each.failure is not None:
        answer, problems = each.failure, []
    else:
        return None, [each.problem] if each.problem else []
    if isinstance(answer, InputError):
        what = f"The file {answer.message}."
        name = each.source.name
        failed = Problem("unreadable-file", name, what, answer.hint, None, each.size)
        return None, [*problems, failed]
    return answer, problems


def _outcomes(
    found: list[Examined],
    lines: list[list[int]],
    wanted: Wanted,
    watch: Watch,
    parts: Parts,
    going_on: GoingOn,
) -> dict[int, Answer]:
    """What became of each file that was read; its flows go into ``parts``."""
    outcomes: dict[int, Answer] = {}
    if wanted.cluster is not None:
        from auditor.readers.away import read_away  # late: most audits need one machine

        outcomes, lines = read_away(found, lines, wanted, watch, parts, going_on)

    def read(line: list[int]) -> list[Answer]:
        def take(number: int, table: pa.Table) -> None:
            parts.add(line[number], in_span(table, wanted.since, wanted.until))

        reader, sources = line_of(found, line)
        before, keep_from = going_on.before(line[0]), going_on.keep_from(line[0])
        answered, left = line_read(
            reader, sources, wanted.settings, watch.advance, take, before, keep_from
        )
        going_on.left(line[0], sources[-1], left)
        return answered

    # threads: the engine, hashing and unpacking run outside Python's lock
    with ThreadPoolExecutor(max(wanted.jobs, 1)) as pool:
        answers = list(pool.map(read, lines))
    for line, answered in zip(lines, answers, strict=True):
        outcomes.update(zip(line, answered, strict=True))
    return outcomes


def _input_file(
    number: int, each: Examined, reading: Reading | None, tables: Iterable[pa.Table]
) -> InputFile:
    said = reading.annotations if reading else NOTHING
    rows, first, last = _span(tables if reading else ())
    return InputFile(
        id=number,
        name=legible(each.source.name),
        size=reading.size if reading and each.source.pipe is not None else each.size,
        sha256=reading.sha256 if reading else None,
        reader=each.reader.name if each.reader else None,
        packets=reading.packets if reading else 0,
        not_ip=reading.not_ip if reading else 0,
        bytes_on_wire=reading.bytes_on_wire if reading else None,
        flows=rows,
        first=first,
        last=last,
        comments=tuple(legible(each.text[:200]) for each in said.comments[:20]),
        comment_count=said.comment_count,
        names=len(said.names),
        secrets=len(said.secrets),
        content=reading.content if reading else None,
    )


def _span(tables: Iterable[pa.Table]) -> tuple[int, datetime | None, datetime | None]:
    """How many flows these are, when the first began and the last ended."""
    rows, first, last = 0, None, None
    for table in tables:
        if not len(table):
            continue
        rows += len(table)
        begin, end = pc.min(table["start"]), pc.max(table["end"])
        first = begin if first is None or begin.value < first.value else first
        last = end if last is None or end.value > last.value else last
    return (
        rows,
        None if first is None else moment_of(first),
        None if last is None else moment_of(last),
    )


def moment_of(time: pa.Scalar) -> datetime:
    """A time of the flow table, in microseconds: Python's clock has no finer ones."""
    moment: datetime = time.cast(pa.timestamp("us", tz="UTC"), safe=False).as_py()
    return moment


def _legible(problem: Problem) -> Problem:
    source, message = legible(problem.source), legible(problem.message)
    return replace(problem, source=source, message=message)
