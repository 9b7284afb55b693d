"""All inputs, read: folders walked, a reader found for each file, files side by side."""

from __future__ import annotations

import os
import stat
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import datetime
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from auditor.model.errors import AuditorError, InputError
from auditor.model.flow_table import Stage, schema_at
from auditor.model.problem import Problem
from auditor.model.run import InputFile
from auditor.model.text import legible
from auditor.readers.formats import reader_of
from auditor.readers.reading import Reading, Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from auditor.model.problem import Note

PARALLEL_FROM = 32 << 20
"""Bytes of input from which a second process is worth its start."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to read, and how.

    Attributes:
        paths: files and folders; folders are walked.
        jobs: processes that read files side by side.
        since, until: only flows that overlap this span (``until`` excluded).
    """

    paths: tuple[Path, ...]
    settings: Settings = field(default_factory=Settings)
    jobs: int = 1
    since: datetime | None = None
    until: datetime | None = None


class Watch:
    """Whoever waits for the reading; does nothing by itself.

    ``advance`` may raise to end the reading early.
    """

    def begin(self, total: int) -> None:
        """The inputs have so many bytes."""

    def advance(self, size: int) -> None:
        """So many more bytes have been read."""

    def go_on(self) -> None:
        """Asked before other processes are started: returns when they may be."""


def read_inputs(wanted: Wanted, note: Note, watch: Watch) -> tuple[tuple[InputFile, ...], pa.Table]:
    """The inputs, and the flow table of all of them (stage ``read``).

    Raises:
        InputError: a path does not exist, or nothing could be read at all.
    """
    files = list(_files(wanted.paths, lambda problem: note(_legible(problem))))
    if not files:
        raise InputError(
            "no file to read",
            place=", ".join(str(path) for path in wanted.paths),
            hint="Name captures (pcap, pcapng) or Zeek conn.log files, or a folder with them.",
        )
    sizes = [_size(path) for path in files]
    watch.begin(sum(sizes))
    inputs: list[InputFile] = []
    tables: list[pa.Table] = []
    unread: list[Problem] = []
    seen: dict[str, Path] = {}
    for path, size, outcome in zip(
        files, sizes, _outcomes(files, sizes, wanted, watch), strict=True
    ):
        number = len(inputs) + 1
        reader, reading, problems, failure = outcome
        if failure is not None:
            what = f"The file {failure.message}."
            problems.append(Problem("unreadable-file", str(path), what, failure.hint, None, size))
        for problem in problems:
            note(_legible(problem))
        if reading is None:
            unread += problems
        elif reading.sha256 in seen:
            note(_legible(_same(path, seen[reading.sha256], size)))
            reading = replace(reading, flows=reading.flows.slice(0, 0))
        else:
            seen[reading.sha256] = path
        flows = _in_span(reading.flows, wanted) if reading else None
        inputs.append(_input_file(number, path, size, reader, reading, flows))
        if flows is not None:
            tables.append(
                flows.append_column("input_id", pa.array(np.full(len(flows), number, np.int32)))
            )
    if not tables:
        raise _nothing_read(unread)
    schema = schema_at(Stage.READ)
    joined = pa.concat_tables(tables)
    ids = pa.array(np.arange(1, len(joined) + 1, dtype=np.int64))
    joined = joined.append_column("flow_id", ids).select(schema.names).cast(schema)
    return tuple(inputs), joined.combine_chunks()


def _same(path: Path, first: Path, size: int) -> Problem:
    what = f"The file has the same content as {first}: its flows were counted there, not twice."
    return Problem("same-content", str(path), what, "Leave the copy out.", lost_bytes=size)


def _nothing_read(unread: list[Problem]) -> InputError:
    first = unread[0]
    more = f" ({len(unread) - 1:,} more could not be read either)" if len(unread) > 1 else ""
    what = f"nothing could be read: {first.message}{more}"
    return InputError(what, place=first.source, hint=first.hint)


Outcome = tuple[str | None, Reading | None, list[Problem], AuditorError | None]
"""Name of the reader, what it read, what it noted, why it failed."""


def _outcomes(
    files: list[Path], sizes: list[int], wanted: Wanted, watch: Watch
) -> Iterator[Outcome]:
    """What became of each file, in the order of the files."""
    if wanted.jobs > 1 and len(files) > 1 and sum(sizes) >= PARALLEL_FROM:
        watch.go_on()
        # spawn: a forked child would inherit the locks of threads it does not have
        with ProcessPoolExecutor(wanted.jobs, mp_context=get_context("spawn")) as pool:
            yield from _side_by_side(pool, files, sizes, wanted, watch)
    else:
        for path in files:
            yield _outcome(path, wanted.settings, watch.advance)


def _side_by_side(
    pool: Executor, files: list[Path], sizes: list[int], wanted: Wanted, watch: Watch
) -> Iterator[Outcome]:
    futures: list[Future[Outcome]] = [
        pool.submit(_outcome, path, wanted.settings, None) for path in files
    ]
    for future, size in zip(futures, sizes, strict=True):
        yield future.result()
        watch.advance(size)


def _outcome(path: Path, settings: Settings, advance: Callable[[int], None] | None) -> Outcome:
    problems: list[Problem] = []
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            failure = InputError(
                "is no regular file but a pipe, socket or device",
                place=str(path),
                hint="Write what comes out of it into a file, and name that.",
            )
            return None, None, problems, failure
        reader = reader_of(path)
    except OSError as error:
        failure = InputError(
            f"cannot be opened: {error.strerror}",
            place=str(path),
            hint="Check that the file is there and that this user may read it.",
        )
        return None, None, problems, failure
    if reader is None:
        problems.append(_nobodys(path))
        return None, None, problems, None
    try:
        reading = reader.read(path, settings, problems.append, advance or (lambda size: None))
    except InputError as failure:
        return reader.name, None, problems, failure
    return reader.name, reading, problems, None


def _nobodys(path: Path) -> Problem:
    if _size(path) == 0:
        return Problem("empty-file", str(path), "The file is empty.", "Take it from its source.")
    return Problem(
        "unknown-format",
        str(path),
        "No reader takes this file: it is no capture (pcap, pcapng) and no Zeek conn.log.",
        "Leave it out, or convert it; the file's content decides, not its name.",
        lost_bytes=_size(path),
    )


def _files(paths: Iterable[Path], note: Note) -> Iterator[Path]:
    """Every file once: named ones, and all in named folders, in a fixed order."""
    seen: set[str] = set()
    for path in paths:
        try:
            found = _walked(path, note) if stat.S_ISDIR(path.stat().st_mode) else [path]
        except (FileNotFoundError, NotADirectoryError):
            hint = "Check the path."
            raise InputError("no such file or folder", place=str(path), hint=hint) from None
        except OSError:
            found = [path]  # opening it will tell why not
        for file in found:
            real = os.path.realpath(file)
            if real not in seen:
                seen.add(real)
                yield file


def _walked(folder: Path, note: Note) -> list[Path]:
    found: list[Path] = []
    todo = [folder]
    while todo:
        inner = todo.pop()
        try:
            entries = sorted(inner.iterdir())
        except OSError as error:
            what = f"The folder cannot be listed: {error.strerror}."
            note(Problem("unreadable-file", str(inner), what, "Check the permissions."))
            continue
        for entry in entries:
            if entry.name.startswith("."):
                continue
            try:
                mode = entry.stat().st_mode
            except OSError:
                mode = stat.S_IFREG  # opening it will tell why not
            if stat.S_ISDIR(mode) and entry.is_symlink():  # it could lead round in a circle
                what = "A link to another folder was not followed."
                note(Problem("not-followed", str(entry), what, "Name the other folder too."))
            elif stat.S_ISDIR(mode):
                todo.append(entry)
            else:
                found.append(entry)
    return sorted(found)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0  # gone since it was listed: opening it will tell


def _in_span(flows: pa.Table, wanted: Wanted) -> pa.Table:
    kind = pa.timestamp("ns", tz="UTC")
    if wanted.since is not None:
        flows = flows.filter(pc.greater_equal(flows["end"], pa.scalar(wanted.since, kind)))
    if wanted.until is not None:
        flows = flows.filter(pc.less(flows["start"], pa.scalar(wanted.until, kind)))
    return flows


def _input_file(
    number: int,
    path: Path,
    size: int,
    reader: str | None,
    reading: Reading | None,
    flows: pa.Table | None,
) -> InputFile:
    timed = flows is not None and len(flows) > 0
    return InputFile(
        id=number,
        name=legible(str(path)),
        size=size,
        sha256=reading.sha256 if reading else None,
        reader=reader,
        packets=reading.packets if reading else 0,
        not_ip=reading.not_ip if reading else 0,
        bytes_on_wire=reading.bytes_on_wire if reading else None,
        flows=0 if flows is None else len(flows),
        first=_moment(pc.min(flows["start"])) if flows is not None and timed else None,
        last=_moment(pc.max(flows["end"])) if flows is not None and timed else None,
    )


def _moment(time: pa.Scalar) -> datetime:
    moment: datetime = time.cast(pa.timestamp("us", tz="UTC"), safe=False).as_py()
    return moment


def _legible(problem: Problem) -> Problem:
    source, message = legible(problem.source), legible(problem.message)
    return replace(problem, source=source, message=message)
