"""Parquet files: AWS VPC flow logs, and any table by a mapping (``docs/formats/parquet.md``)."""

from __future__ import annotations

import os
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from auditor.model.errors import InputError
from auditor.readers.logs.aws import Aws, aws_batch, known_name
from auditor.readers.logs.aws_records import FIELDS
from auditor.readers.reading import Reading
from auditor.readers.records.batch import Batch, Where
from auditor.readers.records.checked import checked
from auditor.readers.records.gathering import Gathering
from auditor.readers.records.reader import FolderReader, unopened
from auditor.readers.records.tally import Tally
from auditor.readers.records.text import bounded, has_words
from auditor.readers.tables.conversion import KINDS, converted, int64
from auditor.readers.tables.fitting import chosen
from auditor.readers.tables.mapping import Mapping
from auditor.readers.tables.parquet_file import (
    DAMAGE,
    LOCKED,
    MAGIC,
    leaf,
    parquet_in,
    paths_of,
    reason_of,
    sample_of,
    sought,
    unusable,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from auditor.model.problem import Note
    from auditor.readers.reading import Progress, Settings, Take
    from auditor.readers.records.tally import Kinds
    from auditor.readers.streams import Source

ROWS: Final = 1 << 16
"""Records that are unpacked at a time, whatever the size of a row group."""
AWS: Final = Aws()
_AWS_NAMES: Final = frozenset(("srcaddr", "dstaddr", "start", "end"))
_NOT_AWS: Final = frozenset(("eni-id", "vswitch-id"))
_OURS: Final = frozenset(("flow_id", "input_id", "time_basis", "src_ip", "dst_ip"))

NOTHING: Final = {
    "start": pa.array([], pa.int64()),
    "src_ip": pa.array([], pa.string()),
    "dst_ip": pa.array([], pa.string()),
}
"""The columns of no records."""

PARQUET_KINDS: Final[Kinds] = {
    **AWS.kinds,
    **KINDS,
    "damaged-rows": (
        "{count} record(s) cannot be unpacked ({detail}); what stands before them was read",
        "Copy the file again; Parquet keeps no record readable behind damage.",
    ),
}


@dataclass(frozen=True, slots=True)
class _Kind:
    """How the columns of a file become records.

    Attributes:
        mapping: null = AWS's own names.
        guess: what is told if the mapping was guessed.
    """

    mapping: Mapping | None
    guess: str = ""

    @property
    def seen_by(self) -> str:
        return AWS.seen_by if self.mapping is None else self.mapping.witness

    @property
    def one_way(self) -> bool:
        return AWS.one_way if self.mapping is None else self.mapping.one_way

    @property
    def key(self) -> str:
        return "" if self.mapping is None else self.mapping.model_dump_json()


@dataclass(slots=True)
class _Ready:
    """A file, hashed and opened where it can be sought in."""

    handle: IO[bytes]
    content: str
    sha256: str
    size: int
    file: Any
    kind: _Kind

    def close(self) -> None:
        self.file.close()
        self.handle.close()


class ParquetReader(FolderReader):
    """Reads Parquet; the files of one folder together, in the order of names."""

    name = "parquet"

    def __init__(self, mappings: tuple[Mapping, ...] = ()) -> None:
        """Gets ready; ``mappings`` are for the tables of this run."""
        self._mappings = mappings

    def sniff(self, head: bytes) -> float:
        """Certain of its first bytes, which also end it."""
        return 1.0 if head.startswith((MAGIC, LOCKED)) and len(head) > 12 else 0.0

    def read(
        self,
        sources: Sequence[Source],
        settings: Settings,
        note: Note,
        progress: Progress,
        take: Take,
    ) -> list[Reading | InputError]:
        """The flows of Parquet files; what is wrong with them is noted by kind."""
        tallies = [Tally(PARQUET_KINDS) for _ in sources]
        answers: list[Reading | InputError] = []
        gatherings: dict[str, Gathering] = {}
        for number, source in enumerate(sources):
            try:
                ready = self._ready(source, progress)
            except InputError as error:
                answers.append(InputError(error.message, place=source.name, hint=error.hint))
                continue
            gathering = gatherings.get(ready.kind.key)
            if gathering is None:
                kind = ready.kind
                gathering = Gathering(tallies, settings, take, kind.seen_by, one_way=kind.one_way)
                gatherings[kind.key] = gathering
            try:
                answers.append(_read(number, ready, settings, tallies[number], gathering))
            finally:
                ready.close()
        for gathering in gatherings.values():
            gathering.finish()
        for tally, source in zip(tallies, sources, strict=True):
            tally.tell(source.name, note, offsets=False)
        return answers

    def _ready(self, source: Source, progress: Progress) -> _Ready:
        try:
            opened = source.open(progress)
        except OSError as error:
            raise unopened(source, error) from None
        with opened:
            handle, content = sought(source, opened)
            sha256, size = opened.sha256(content), opened.size
        try:
            file = parquet_in(handle)
            return _Ready(handle, content, sha256, size, file, self._kind(file))
        except BaseException:
            handle.close()
            raise

    def _kind(self, file: Any) -> _Kind:  # noqa: ANN401 - pyarrow has no types
        names = {name.replace("_", "-") for name in file.schema_arrow.names}
        if set(file.schema_arrow.names) >= _OURS:
            raise unusable(
                "is the flow table of an audit, not a log",
                "Name the captures or logs that the audit read.",
            )
        if names >= _AWS_NAMES and not names & _NOT_AWS and _is_plain(file.schema_arrow):
            return _Kind(None)
        mapping, guess = chosen(sample_of(file), self._mappings, "")
        return _Kind(mapping, "" if guess is None else guess.shown)


def _is_plain(schema: pa.Schema) -> bool:
    """Whether AWS's columns have the types that AWS gives them: numbers and texts."""
    kinds = [field.type for field in schema if known_name(field.name) in FIELDS]
    return all(pa.types.is_integer(kind) or has_words(kind) for kind in kinds)


def _read(
    number: int, ready: _Ready, settings: Settings, tally: Tally, gathering: Gathering
) -> Reading | InputError:
    kind = ready.kind
    if kind.guess:
        tally.add("mapping-guessed", 0, detail=kind.guess)
    paths = paths_of(ready.file.schema_arrow)

    def parsed(piece: tuple[pa.RecordBatch, int]) -> tuple[int, pa.Table]:
        batch, first = piece
        try:
            batch.validate(full=True)
            records = _records(batch, first, kind, paths, settings, tally)
            return len(records), checked(records, tally)
        except DAMAGE as error:  # Arrow looks at texts only when they are used
            tally.add("damaged-rows", first, count=len(batch), detail=reason_of(error))
            return 0, checked(Batch(dict(NOTHING), Where()), tally)

    workers = os.cpu_count() or 1
    waiting: deque[Future[tuple[int, pa.Table]]] = deque()
    records = 0
    with ThreadPoolExecutor(workers) as pool:

        def drained(most: int) -> int:
            count = 0
            while len(waiting) > most:
                size, table = waiting.popleft().result()
                gathering.add(number, table)
                count += size
            return count

        for piece in _pieces(ready.file, kind, paths, tally):
            waiting.append(pool.submit(parsed, piece))
            records += drained(workers * 2)
        records += drained(0)
    return Reading(
        packets=records,
        not_ip=0,
        bytes_on_wire=None,
        sha256=ready.sha256,
        content=ready.content,
        size=ready.size,
    )


def _pieces(
    file: Any,  # noqa: ANN401 - pyarrow has no types
    kind: _Kind,
    paths: dict[str, tuple[str, ...]],
    tally: Tally,
) -> Iterator[tuple[pa.RecordBatch, int]]:
    """Records and the number of the first of them; a damaged row group is passed over."""
    if kind.mapping is None:
        wanted = [name for name in file.schema_arrow.names if known_name(name) in FIELDS]
    else:
        wanted = sorted({".".join(paths[name]) for name in kind.mapping.used.values()})
    first = 1
    for group in range(file.metadata.num_row_groups):
        done = 0
        total = file.metadata.row_group(group).num_rows
        try:
            for batch in file.iter_batches(ROWS, row_groups=[group], columns=wanted):
                yield batch, first + done
                done += len(batch)
        except DAMAGE as error:
            rest = max(total - done, 1)
            tally.add("damaged-rows", first + done, count=rest, detail=reason_of(error))
        first += total


def _records(
    batch: pa.RecordBatch,
    first: int,
    kind: _Kind,
    paths: dict[str, tuple[str, ...]],
    settings: Settings,
    tally: Tally,
) -> Batch:
    where = Where(b"", first)
    if kind.mapping is None:
        given = {}
        for name in batch.schema.names:
            column, found = bounded(batch.column(name))
            if found:
                tally.add("text-too-long", 0, count=found)
            given[name] = int64(column) if pa.types.is_integer(column.type) else column
        return aws_batch(pa.table(given), tally, where)
    given = {name: leaf(batch, paths[name]) for name in set(kind.mapping.used.values())}
    for name, column in given.items():
        if kind.mapping.null and has_words(column.type):
            given[name] = _without(column, kind.mapping.null)
    return converted(kind.mapping, given, where, tally, settings.log_zone)


def _without(column: Any, words: tuple[str, ...]) -> Any:  # noqa: ANN401 - any column
    """The column with null for the words that stand for nothing."""
    if pa.types.is_dictionary(column.type):
        plain = _without(column.dictionary, words)
        return pa.DictionaryArray.from_arrays(column.indices, plain)
    return pc.if_else(pc.is_in(column, pa.array(list(words))), None, column)
