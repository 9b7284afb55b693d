"""One piece of an audit: a time line, read anywhere, its flows handed over packed.

A piece is what the sources of one sweep need to be read, and nothing else: it can be sent to
another process or machine, and gives the same flows there.
"""

from __future__ import annotations

import hashlib
import socket
import traceback
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import ipc

from auditor import __version__
from auditor.model.errors import AuditorError, InputError, StoreError
from auditor.model.problem import Problem
from auditor.readers.capture.reader import CaptureReader
from auditor.readers.formats import reader_named
from auditor.readers.reading import OpenFlows, Reading, Settings
from auditor.readers.streams import Source

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from auditor.readers.reading import Reader, Take

ROWS: Final = 1 << 18
"""Flows that are packed at a time."""

_PACKED: Final = ipc.IpcWriteOptions(compression="lz4")

Answer = tuple[Reading | InputError, list[Problem]]
"""What became of one file, and what was noted of it."""


@dataclass(frozen=True, slots=True)
class Piece:
    """One time line and how to read it.

    Attributes:
        reader: the name of who reads it.
        sources: its files, in their order; none of them a pipe.
        sizes: bytes of each file, as whoever made the piece saw it.
        since, until: only flows that overlap this span (``until`` excluded).
        build: what reads it must be this program, to the letter.
        before, keep_from: as ``line_read`` takes them.
    """

    reader: str
    sources: tuple[Source, ...]
    sizes: tuple[int, ...]
    settings: Settings
    since: datetime | None
    until: datetime | None
    build: str
    before: OpenFlows | None = None
    keep_from: int | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a piece.

    Attributes:
        answers: one per file.
        packed: tables in the order they were given, each the number of its file and Arrow IPC
            streams, packed with LZ4, of at most ``ROWS`` flows each.
        left: flows that had not ended, where they are kept.
        unseen: name of a file that is not there where the piece was to be read, or is shorter.
        failure: what ends the whole audit.
        crash: the trace of a mistake in this program.
    """

    answers: list[Answer]
    packed: list[tuple[int, list[pa.Buffer]]] = field(default_factory=list)
    left: OpenFlows | None = None
    unseen: str = ""
    failure: AuditorError | None = None
    crash: str = ""

    def tables(self) -> Iterator[tuple[int, pa.Table]]:
        """The flows, each table once: it is let go of when it was handed out."""
        self.packed.reverse()
        while self.packed:
            number, parts = self.packed.pop()
            yield number, pa.concat_tables([ipc.open_stream(part).read_all() for part in parts])


def piece_of(
    reader: Reader,
    sources: Sequence[Source],
    settings: Settings,
    since: datetime | None,
    until: datetime | None,
    before: OpenFlows | None = None,
    keep_from: int | None = None,
) -> Piece:
    """A time line as a piece; relative paths are meant from the folder this program runs in."""
    here = Path.cwd()
    return Piece(
        reader.name,
        tuple(replace(source, root=here) for source in sources),
        tuple(source.file_size for source in sources),
        settings,
        since,
        until,
        build(),
        before,
        keep_from,
    )


def piece_read(piece: Piece) -> Outcome:
    """Reads a piece, in whatever process this is called; whatever happens there is an answer.

    Dask waits for ever for an exception whose trace it cannot send.
    """
    try:
        return _read(piece)
    except AuditorError as error:
        return Outcome([], failure=error)
    except Exception:  # noqa: BLE001 - the outermost place of this program in that process
        return Outcome([], crash=traceback.format_exc())


def another_build(place: str, found: str) -> StoreError:
    """What is said where another program is to read than the one that asks."""
    return StoreError(
        f"the auditor there is {found}, not the one that asks",
        place=place,
        hint="Install the same version on all machines of the cluster and start its workers anew.",
    )


def _read(piece: Piece) -> Outcome:
    if piece.build != build():
        raise another_build(socket.gethostname(), build())
    for source, size in zip(piece.sources, piece.sizes, strict=True):
        if not source.is_there(size):
            return Outcome([], unseen=source.name)
    packed: list[tuple[int, list[pa.Buffer]]] = []

    def take(number: int, table: pa.Table) -> None:
        kept = in_span(table, piece.since, piece.until)
        if len(kept):
            packed.append((number, _packed(kept)))

    reader = reader_named(piece.reader, piece.settings.mappings)
    answers, left = line_read(
        reader, piece.sources, piece.settings, _nobody, take, piece.before, piece.keep_from
    )
    return Outcome(answers, packed, left)


def line_read(
    reader: Reader,
    sources: Sequence[Source],
    settings: Settings,
    advance: Callable[[int], None],
    take: Take,
    before: OpenFlows | None = None,
    keep_from: int | None = None,
) -> tuple[list[Answer], OpenFlows | None]:
    """Reads the files of one time line: what became of each, and what was noted of it.

    A time line of captures goes on with the flows ``before`` of an earlier run; one that reaches
    ``keep_from`` (ns) gives back the flows that have not ended, instead of counting them.
    """
    problems: list[Problem] = []
    left = None
    if isinstance(reader, CaptureReader):
        read, left = reader.read_on(
            sources, settings, problems.append, advance, take, before, keep_from
        )
    else:
        read = reader.read(sources, settings, problems.append, advance, take)
    names = [source.name for source in sources]
    answers: list[Answer] = [
        (answer, [problem for problem in problems if problem.source == name])
        for answer, name in zip(read, names, strict=True)
    ]
    return answers, left


def in_span(flows: pa.Table, since: datetime | None, until: datetime | None) -> pa.Table:
    """The flows that overlap a span of time (``until`` excluded)."""
    kind = pa.timestamp("ns", tz="UTC")
    if since is not None:
        flows = flows.filter(pc.greater_equal(flows["end"], pa.scalar(since, kind)))
    if until is not None:
        flows = flows.filter(pc.less(flows["start"], pa.scalar(until, kind)))
    return flows


@cache
def build() -> str:
    """The version of this program, and a digest of all its sources."""
    package = Path(__file__).parents[1]
    digest = hashlib.sha256()
    for source in sorted(package.rglob("*.py")):
        name = source.relative_to(package).as_posix()
        digest.update(name.encode() + b"\0" + source.read_bytes() + b"\0")
    return f"{__version__} ({digest.hexdigest()[:12]})"


def _packed(table: pa.Table) -> list[pa.Buffer]:
    parts = []
    for begin in range(0, len(table), ROWS):
        sink: Any = pa.BufferOutputStream()
        with ipc.new_stream(sink, table.schema, options=_PACKED) as stream:
            stream.write_table(table.slice(begin, ROWS))
        parts.append(sink.getvalue())
    return parts


def _nobody(size: int) -> None:
    """Hears of bytes and does nothing."""
