"""Tables that nobody wrote a reader for, CSV and JSON (``docs/formats/mapping.md``)."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from auditor.model.errors import InputError
from auditor.readers.records.lines import LogFile
from auditor.readers.records.reader import FolderReader, LogReader, unopened
from auditor.readers.records.text import cleaned, delimited, json_lines
from auditor.readers.records.unfolding import LONGEST, unfolding
from auditor.readers.tables.conversion import KINDS, converted, plain_numbers
from auditor.readers.tables.fitting import chosen, meant
from auditor.readers.tables.guess import guessed
from auditor.readers.tables.mapping import Mapping
from auditor.readers.tables.table import LEGACY, Table, Utf8, table_in

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from auditor.model.problem import Note
    from auditor.readers.reading import Progress, Reader, Reading, Settings, Take
    from auditor.readers.records.batch import Batch, Where
    from auditor.readers.records.lines import Block
    from auditor.readers.records.reader import Form, Lines
    from auditor.readers.records.tally import Kinds, Tally
    from auditor.readers.streams import Opened, Source

_TEXT: Final = pa.string()
_WORD: Final = pa.dictionary(pa.int32(), pa.string())
_INT: Final = pa.int64()
_WORDS: Final = ("protocol", "app", "host", "observer", "vlan", "blocked", "skipped", "swapped")
"""Our columns that have few different values."""

SURE, LIKELY, DOUBTFUL = 1.0, 0.2, 0.1


def table_for(head: bytes, mappings: Sequence[Mapping]) -> Table | None:
    """The table that begins with ``head``, as the mapping meant for it splits its lines."""
    for mapping in mappings:
        if mapping.delimiter or mapping.header:
            table = table_in(head, delimiter=mapping.delimiter, header=mapping.header)
            if table is not None and meant(table, [mapping]) and _is_at_home(mapping, table):
                return table
    return table_in(head)


def _is_at_home(mapping: Mapping, table: Table) -> bool:
    return set(mapping.match or mapping.used.values()) <= set(table.names)


class MappedReader(FolderReader):
    """Reads tables by the mappings given, else by a guess; gives way to every other reader."""

    name = "table"

    def __init__(self, others: Sequence[Reader], mappings: tuple[Mapping, ...] = ()) -> None:
        """Gets ready.

        Args:
            others: what they take is theirs, unless a mapping is meant for it.
            mappings: for the tables of this run.
        """
        self._others = others
        self._mappings = mappings

    def sniff(self, head: bytes) -> float:
        """Certain where a mapping fits; little where what others leave looks like flows."""
        table = table_for(head, self._mappings)
        if table is None:
            return 0.0
        mapping = meant(table, self._mappings)
        if mapping is not None and _is_at_home(mapping, table):
            return SURE
        if any(other.sniff(head) for other in self._others):
            return 0.0
        if mapping is not None and set(mapping.used.values()) & set(table.names):
            return LIKELY
        guess = guessed(table)
        if not guess.is_flow_table:
            return 0.0
        return LIKELY if guess.mapping is not None else DOUBTFUL

    def read(
        self,
        sources: Sequence[Source],
        settings: Settings,
        note: Note,
        progress: Progress,
        take: Take,
    ) -> list[Reading | InputError]:
        """The flows of tables: those of one mapping together, as one log."""
        answers: dict[int, Reading | InputError] = {}
        groups: dict[str, list[int]] = defaultdict(list)
        formats: dict[str, MappedFormat] = {}
        for number, source in enumerate(sources):
            try:
                mapping, shown = self._chosen(source)
            except InputError as error:
                answers[number] = error
                continue
            key = mapping.model_dump_json() + shown
            formats[key] = MappedFormat(mapping, shown)
            groups[key].append(number)
        for key, numbers in groups.items():
            mine = [sources[number] for number in numbers]
            reader = _TableReader(formats[key])
            read = reader.read(mine, settings, note, progress, _renumbered(take, numbers))
            answers.update(zip(numbers, read, strict=True))
        return [answers[number] for number in range(len(sources))]

    def _chosen(self, source: Source) -> tuple[Mapping, str]:
        try:
            opened = source.open()
        except OSError as error:
            raise unopened(source, error) from None
        if source.pipe is None:
            opened.close()
        table = table_for(opened.head, self._mappings)
        if table is None:
            raise InputError(
                "is no table with a line that names its columns",
                place=source.name,
                hint="Write a mapping with `header`, the names of all columns in their order.",
            )
        mapping, guess = chosen(table, self._mappings, source.name)
        return mapping, "" if guess is None else guess.shown


class _TableReader(LogReader):
    of_text = False

    def lines(self, form: Form, source: Source, opened: Opened, tally: Tally) -> Lines:
        """The file's lines, or those that are made of it."""
        del source
        assert isinstance(form, _Lines)  # noqa: S101 - of MappedFormat
        if form.table.kind == "csv":
            return LogFile(opened, tally, _unfolded(form.table, opened.head))
        return LogFile(opened, tally, _unfolded(form.table, opened.head), LONGEST)


@dataclass(frozen=True, slots=True)
class MappedFormat:
    """The tables that one mapping describes.

    Attributes:
        mapping: what their columns mean.
        guess: what is told if that was guessed; empty = it was not.
    """

    mapping: Mapping
    guess: str = ""
    name: str = MappedReader.name

    @property
    def seen_by(self) -> str:
        """Who saw the traffic."""
        return self.mapping.witness

    @property
    def one_way(self) -> bool:
        """As the mapping says."""
        return self.mapping.one_way

    @property
    def kinds(self) -> Kinds:
        """Troubles of tables."""
        return KINDS

    def sniff(self, head: bytes) -> float:
        """Not asked: the reader chose."""
        del head
        return SURE

    def begun(self, head: bytes, settings: Settings, tally: Tally) -> _Lines:
        """One file."""
        table = table_for(head, (self.mapping,)) if not self.guess else table_in(head)
        assert table is not None  # noqa: S101 - it was chosen for this table
        if self.guess:
            tally.add("mapping-guessed", 0, detail=self.guess)
        if table.encoding == LEGACY:
            tally.add("legacy-encoding", 0)
        kind = _Objects if table.kind == "json" else _Lines
        return kind(self.mapping, table, settings.log_zone, tally)


class _Lines:
    """A CSV file, being read."""

    def __init__(self, mapping: Mapping, table: Table, zone: str, tally: Tally) -> None:
        self._mapping = mapping
        self._zone = zone
        self._tally = tally
        self._waiting = table.begin
        self._header: bytes = b""
        self.table = table

    def pieces(self, block: Block) -> Iterator[tuple[bytes, int]]:
        """The lines behind the header; where it comes again (joined files) an empty line stands."""
        if self.table.encoding == LEGACY:
            text = block.text.decode(LEGACY, "replace").encode("utf-8")
            block = replace(block, text=text)
        text, line = cleaned(block, self._tally), block.line
        while self._waiting and text:
            header, _, text = text.partition(b"\n")
            self._waiting -= 1
            line += 1
            if not self._waiting and not self._mapping.header:
                self._header = header + b"\n"
        if self._header:
            if text.startswith(self._header):
                text = b"\n" + text[len(self._header) :]
            for _ in range(2):  # of two in a row the second has no line end of its own in front
                text = text.replace(b"\n" + self._header, b"\n\n")
        if text:
            yield text, line

    def parsed(self, piece: tuple[bytes, int]) -> Batch:
        """The records of some lines."""
        text, line = piece
        names = self.table.names
        places = {name: str(names.index(name)) for name in set(self._mapping.used.values())}
        columns, where = delimited(
            text,
            [str(place) for place in range(len(names))],
            {places[name]: kind for name, kind in self._kinds().items()},
            self._tally,
            line=line,
            delimiter=self.table.delimiter,
            quoted=True,
            nulls=("", *self._mapping.null),
        )
        given = {name: columns[place] for name, place in places.items()}
        return self._records(given, where)

    def ended(self, line: int) -> None:
        """Nothing marks the end of a table."""

    def _kinds(self) -> dict[str, pa.DataType]:
        """What each column is read as."""
        plain = plain_numbers(self._mapping)
        kinds: dict[str, pa.DataType] = {}
        for place, name in self._mapping.used.items():
            ours = place.removeprefix("columns.").removesuffix(".column")
            kind = _WORD if ours in _WORDS else _INT if ours in plain else _TEXT
            kinds[name] = kind if kinds.get(name, kind) == kind else _TEXT
        return kinds

    def _records(self, given: dict[str, Any], where: Where) -> Batch:
        return converted(self._mapping, given, where, self._tally, self._zone)


class _Objects(_Lines):
    """JSON objects, being read."""

    def __init__(self, mapping: Mapping, table: Table, zone: str, tally: Tally) -> None:
        super().__init__(mapping, table, zone, tally)
        self._names = sorted(set(mapping.used.values()))
        absent = [name for name in self._names if name not in table.paths]
        if absent:
            tally.add("absent-columns", 0, count=len(absent), detail=", ".join(absent))
        self._paths = {name: table.paths.get(name, tuple(name.split("."))) for name in self._names}
        self._schema = self._made_schema()

    def pieces(self, block: Block) -> Iterator[tuple[bytes, int]]:
        """All lines."""
        text = cleaned(block, self._tally)
        if text.strip():
            yield text, block.line

    def parsed(self, piece: tuple[bytes, int]) -> Batch:
        """The records of some lines."""
        text, line = piece
        table, where = json_lines(text, self._schema, self._tally, line=line)
        return self._records({name: self._leaf(table, name) for name in self._names}, where)

    def _made_schema(self) -> pa.Schema:
        tree: dict[str, Any] = {}
        for name, (*path, last) in self._paths.items():
            inner: Any = tree
            for key in path:
                inner = inner.setdefault(key, {}) if isinstance(inner, dict) else None
            if not isinstance(inner, dict) or last in inner:
                raise InputError(
                    f"has the column {name!r} and others inside it",
                    place=self._mapping.name,
                    hint="Name only one of these columns in the mapping.",
                )
            known = name in self.table.names
            inner[last] = _json_type(self.table.values(name) if known else [])
        return pa.schema(_fields(tree))

    def _leaf(self, table: pa.Table, name: str) -> Any:  # noqa: ANN401 - any column
        first, *rest = self._paths[name]
        column = table[first].combine_chunks()
        for key in rest:
            column = pc.struct_field(column, key)
        if not pa.types.is_string(column.type) or not self._mapping.null:
            return column
        nothing = pc.is_in(column, pa.array(list(self._mapping.null)))
        return pc.if_else(nothing, None, column)


def _renumbered(take: Take, numbers: list[int]) -> Take:
    def taken(at: int, flows: pa.Table) -> None:
        take(numbers[at], flows)

    return taken


def _fields(tree: dict[str, Any]) -> list[pa.Field]:
    return [
        pa.field(key, pa.struct(_fields(kind)) if isinstance(kind, dict) else kind)
        for key, kind in tree.items()
    ]


def _json_type(values: list[Any]) -> pa.DataType:
    if not values or any(isinstance(value, str) for value in values):
        return _TEXT
    if all(isinstance(value, bool) for value in values):
        return pa.bool_()
    return pa.float64() if any(isinstance(value, float) for value in values) else _INT


def _unfolded(table: Table, head: bytes) -> Callable[[bytes], bytes] | None:
    """What makes lines of UTF-8 out of the bytes of the file."""
    if table.encoding != "utf-16":
        return unfolding(head) if table.folded else None
    plain = Utf8()
    lines = unfolding(Utf8()(head)) if table.folded else None
    return plain if lines is None else lambda piece: lines(plain(piece))
