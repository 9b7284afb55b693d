"""The two forms of Zeek's logs: lines below a header that is obeyed, and JSON objects."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from auditor.readers.records.batch import Batch
from auditor.readers.records.checked import bools
from auditor.readers.records.lines import BOM
from auditor.readers.records.text import cleaned, delimited, json_lines

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.readers.records.lines import Block
    from auditor.readers.records.tally import Tally

TEXT: Final = pa.string()
WORD: Final = pa.dictionary(pa.int32(), pa.string())
INT: Final = pa.int64()
REAL: Final = pa.float64()
LIST: Final = pa.list_(pa.string())
REALS: Final = pa.list_(pa.float64())

CONN: Final = frozenset({"conn", "conn_long", "open_conn"})
"""Logs of connections: Zeek's own, and those of packages that log what still runs."""

MOST_HEAD: Final = 1 << 16
MOST_FIELDS: Final = 2000
_PATH: Final = "_path"  # which log a JSON object belongs to, where several share a file
_ENDS: Final = ("orig_h", "orig_p", "resp_h", "resp_p")
_RENAMED: Final = {f"id_{end}": f"id.{end}" for end in _ENDS}  # Log::default_scope_sep = "_"
_MILLISECONDS_FROM: Final = 1e11  # as seconds that is the year 5138: Zeek's TS_MILLIS is meant
_LATEST: Final = 9.2e9  # seconds; nanoseconds end in the year 2262
_ESCAPE: Final = re.compile(rb"\\x([0-9A-Fa-f]{2})")
_NAMED: Final = re.compile(rb'"_path"\s*:\s*"([^"\\]{1,80})"')
_ISO: Final = (
    r"^[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?"
    r"(Z|[+-][0-9]{2}:?[0-9]{2})$"
)
# What only the objects of one log have, in the order in which they are looked for.
_MARKS: Final = (
    ("conn", rb'"(conn_state|missed_bytes|orig_ip_bytes)"'),
    ("quic", rb'"(client_initial_dcid|client_scid|server_scid)"'),
    ("ssl", rb'"(ssl_history|established)"'),
    ("http", rb'"trans_depth"'),
    ("dns", rb'"(rejected|qtype|trans_id)"'),
)
_KEYS: Final = re.compile(rb'"(id\.orig_h|id_orig_h|uid|fuid)"|"id"\s*:\s*\{\s*"orig_h"')


def unescaped(text: bytes) -> bytes:
    r"""``text`` with Zeek's ``\xNN`` escapes decoded."""
    return _ESCAPE.sub(lambda found: bytes([int(found[1], 16)]), text)


def log_of(head: bytes) -> str:
    """Which of Zeek's logs begins so: ``conn``, ``ssl``...; empty = it is none."""
    head = head[:MOST_HEAD].removeprefix(BOM)
    if head.startswith(b"#separator "):
        return _log_of_header(head)
    line = head.lstrip().partition(b"\n")[0]
    if not line.startswith(b"{") or b'"ts"' not in line or not _KEYS.search(line):
        return ""
    named = _NAMED.search(line)
    if named:
        return named[1].decode("utf-8", "replace")
    if b"orig_h" not in line:
        return ""
    return next((log for log, mark in _MARKS if re.search(mark, line)), "")


def _log_of_header(head: bytes) -> str:
    lines = [line.rstrip(b"\r") for line in head.splitlines()]
    fields = next((line for line in lines if line.startswith(b"#fields")), b"")
    if not fields:
        return ""
    named = next((line for line in lines if line.startswith(b"#path")), b"")
    if named:
        return named[6:].decode("utf-8", "replace").strip() or "conn"
    return "conn" if b"orig_h" in fields and b"orig_bytes" in fields else ""


def is_stream(head: bytes) -> bool:
    """Whether objects of several logs may share the file: each says which log it belongs to."""
    line = head.lstrip().partition(b"\n")[0]
    return line.startswith(b"{") and _NAMED.search(line) is not None


def logs_in(text: bytes) -> set[str]:
    """The logs that JSON objects name as their own."""
    return {name.decode("utf-8", "replace") for name in set(_NAMED.findall(text))}


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is wanted of a log.

    Attributes:
        logs: the names that the log may bear; lines of others are left out.
        fields: Zeek's names, and what each is read as.
        needed: those without which a line is not read; of the last group one is enough.
        silent: logs whose lines are left out without a word, for they are read elsewhere.
    """

    logs: frozenset[str]
    fields: Mapping[str, pa.DataType]
    needed: tuple[tuple[str, ...], ...]
    silent: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Header:
    """What the ``#`` lines above the data say."""

    separator: bytes = b"\t"
    set_separator: str = ","
    empty: str = "(empty)"
    unset: str = "-"
    log: str = ""
    fields: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Piece:
    """Lines of one form; ``header`` is null for JSON."""

    text: bytes
    line: int
    header: Header | None


class Text:
    """One file, as lines of either form."""

    def __init__(self, head: bytes, wanted: Wanted, tally: Tally) -> None:
        self._json = head.removeprefix(BOM).lstrip().startswith(b"{")
        self._wanted = wanted
        self._tally = tally
        self._header = Header()
        self._closed = True

    def ended(self, line: int) -> None:
        """Counts a missing end mark; JSON has none."""
        if not self._closed:
            self._tally.add("not-closed", line)

    def pieces(self, block: Block) -> Iterator[Piece]:
        """Runs of lines that stand under one header."""
        text = cleaned(block, self._tally)
        if self._json:
            yield Piece(text, block.line, None)
            return
        if not block.text.endswith(b"\n"):
            text = self._whole_line(text, block)
        line, start = block.line, 0
        headers = b"#" in text  # one letter is found much faster than two
        runs: list[bytes] = []  # of one header: comments between them become empty lines
        first, last = line, line
        while start < len(text):
            if text[start : start + 1] == b"#":
                end = text.find(b"\n", start) + 1
                header = self._header
                self._obey(text[start + 1 : end - 1], line)
                if runs and self._header != header:
                    yield Piece(b"".join(runs), first, header)
                    runs = []
                line, start = line + 1, end
                continue
            end = (headers and text.find(b"\n#", start) + 1) or len(text)
            run = text[start:end] if end - start < len(text) else text
            below = line + (run.count(b"\n") if end < len(text) else 0)
            if run[:1] != b"\n" or run.strip(b"\n"):
                self._closed = False
                if self._is_wanted(run, line, block.offset + start):
                    first = first if runs else line
                    runs += [b"\n" * (line - last), run] if runs else [run]
                    last = below
            line, start = below, end
        if runs:
            yield Piece(b"".join(runs), first, self._header)

    def _whole_line(self, text: bytes, block: Block) -> bytes:
        """The last line of a file that ends without a line end, if it is worth reading."""
        if text.startswith(b"#"):
            return text
        whole = text.count(self._header.separator) + 1 == len(self._header.fields)
        self._tally.add(
            "cut-last-line",
            block.line,
            offset=block.offset,
            lost=0 if whole else len(block.text),
            detail="it was read, but its last field may be cut" if whole else "it was not read",
        )
        return text if whole else b""

    def _obey(self, line: bytes, number: int) -> None:
        """Takes one header line, without its ``#``, into account."""
        if line.startswith(b"separator "):
            separator = unescaped(line.removeprefix(b"separator "))
            if len(separator) != 1 or separator in b"\n\r\0" or not separator.isascii():
                self._tally.add("bad-header", number, detail="separator")
                separator = b"\t"
            self._header = Header(separator)
            return
        name, *values = line.split(self._header.separator)
        words = [unescaped(value).decode("utf-8", "replace") for value in values[:MOST_FIELDS]]
        first = words[0] if words else ""
        if name == b"set_separator":
            self._header = replace(self._header, set_separator=first or ",")
        elif name == b"empty_field":
            self._header = replace(self._header, empty=first)
        elif name == b"unset_field":
            self._header = replace(self._header, unset=first)
        elif name == b"path":
            self._header = replace(self._header, log=first)
        elif name == b"fields":
            if len(values) > MOST_FIELDS:
                self._tally.add("bad-header", number, detail=f"{len(values)} fields")
                words = []
            fields = tuple(_RENAMED.get(word, word) for word in words)
            self._header = replace(self._header, fields=fields)
        elif name == b"close":
            self._closed = True

    def _is_wanted(self, text: bytes, line: int, offset: int) -> bool:
        """Whether lines can be read under the header that stands above them; else counts them."""
        header, wanted = self._header, self._wanted
        missing = [
            " or ".join(group)
            for group in wanted.needed
            if not any(name in header.fields for name in group)
        ]
        if not header.fields:
            refused = "no-header"
        elif header.log not in {"", *wanted.logs}:
            refused = "other-log"
        elif missing:
            refused = "missing-field"
        else:
            return True
        self._tally.add(
            refused,
            line,
            count=text.count(b"\n"),
            offset=offset,
            lost=len(text),
            detail=header.log[:40] if refused == "other-log" else ", ".join(missing),
        )
        return False

    def columns(self, piece: Piece) -> Batch:
        """The wanted fields of a piece, under Zeek's names; lists stay as they are written.

        What the log lacks is not among them. Runs in several threads at once.
        """
        if piece.header is None:
            return _objects(piece, self._wanted, self._tally)
        header = piece.header
        kinds = {
            name: TEXT if kind in (LIST, REALS) else kind
            for name, kind in self._wanted.fields.items()
            if name in header.fields
        }
        columns, where = delimited(
            piece.text,
            list(header.fields),
            kinds,
            self._tally,
            line=piece.line,
            delimiter=header.separator.decode(),
            nulls=(header.unset, header.empty, ""),
        )
        for name in kinds:
            kind = self._wanted.fields[name]
            if kind in (LIST, REALS):
                parts = pc.split_pattern(columns[name], header.set_separator)
                columns[name] = parts if kind == LIST else _reals(parts)
        return Batch(columns, where)


def _reals(lists: pa.ListArray) -> pa.ListArray:
    """Lists of numbers out of lists of texts; what is no number is null."""
    texts = lists.flatten()
    right = pc.match_substring_regex(texts, r"^[0-9]{1,12}(\.[0-9]{0,12})?$")
    values = pc.if_else(right, texts, None).cast(REAL)
    sizes = pc.fill_null(pc.list_value_length(lists), 0)
    offsets = np.concatenate([[0], np.cumsum(np.asarray(sizes))]).astype(np.int32)
    return pa.ListArray.from_arrays(pa.array(offsets), values)


def _objects(piece: Piece, wanted: Wanted, tally: Tally) -> Batch:
    text = piece.text
    first = text[: text.find(b"\n")]
    times = TEXT if re.search(rb'"ts"\s*:\s*"', text) else REAL
    kinds = {
        name: TEXT if kind == WORD else times if name == "ts" else kind
        for name, kind in wanted.fields.items()
    }
    nested = re.search(rb'"id"\s*:\s*\{', first) is not None
    written = {name: name for name in kinds}  # Zeek's name: as it stands in this file
    if b'"id_orig_h"' in first:
        written |= {name: other for other, name in _RENAMED.items() if name in kinds}
    inner = [name for name in kinds if nested and name.startswith("id.")]
    fields = [(written[name], kind) for name, kind in kinds.items() if name not in inner]
    if inner:
        ends = pa.struct([(name.removeprefix("id."), kinds[name]) for name in inner])
        fields.append(("id", ends))
    schema = pa.schema([*fields, (_PATH, TEXT)])
    table, where = json_lines(text, schema, tally, line=piece.line)
    columns: dict[str, Any] = {}
    for name in kinds:
        if name in inner:
            ends = table.column("id").combine_chunks()
            columns[name] = pc.struct_field(ends, name.removeprefix("id."))
        else:
            columns[name] = table.column(written[name]).combine_chunks()
    paths = table.column(_PATH).combine_chunks()
    batch = Batch({**columns, _PATH: paths}, where)
    batch = _own(batch, wanted, tally)
    del batch.columns[_PATH]
    return batch


def _own(batch: Batch, wanted: Wanted, tally: Tally) -> Batch:
    """The objects that do not name another log as their own."""
    paths = batch.columns[_PATH]
    if paths.null_count == len(paths):
        return batch
    elsewhere = bools(pc.is_in(paths, pa.array(sorted(wanted.silent), TEXT)))
    if elsewhere.any():
        mask = pa.array(~elsewhere)
        columns = {name: column.filter(mask) for name, column in batch.columns.items()}
        batch = Batch(columns, batch.where.taken(~elsewhere))
        paths = batch.columns[_PATH]
    own = pc.is_in(paths, pa.array(sorted(wanted.logs), TEXT))
    other = bools(pc.and_(pc.is_valid(paths), pc.invert(own)))
    return batch.without(other, "other-log", tally)


def nanoseconds(seconds: pa.Array) -> pa.Int64Array:
    """Whole microseconds of seconds, in ns: Zeek's times are doubles, which hold no more.

    Null where it is null, no number, negative, or beyond the year 2261.
    """
    value = np.asarray(seconds.fill_null(-1.0) if seconds.null_count else seconds)
    with np.errstate(invalid="ignore"):
        good = (value >= 0) & (value < _LATEST)
        whole = np.rint(np.where(good, value, 0.0) * 1e6).astype(np.int64) * 1000
    return pa.array(whole, mask=None if good.all() else ~good)


def moments(column: pa.Array) -> pa.Int64Array:
    """Times in ns of seconds, of milliseconds, or of ISO 8601 text; null where they are none."""
    if pa.types.is_string(column.type):
        return _written(column)
    thousandths = pc.greater(column, _MILLISECONDS_FROM)
    if pc.any(thousandths).as_py():
        column = pc.if_else(thousandths, pc.divide(column, 1000.0), column)
    return nanoseconds(column)


def _written(texts: pa.StringArray) -> pa.Int64Array:
    if pc.all(pc.match_substring_regex(texts, _ISO), skip_nulls=True).as_py():
        try:
            return texts.cast(pa.timestamp("ns", tz="UTC")).cast(pa.int64())
        except pa.ArrowInvalid:
            pass  # no day of any calendar, or beyond the year 2262: one by one
    # JSON of mixed forms, or damaged: text by text, but each only once
    encoded = texts.dictionary_encode()
    found = [_moment(text) for text in encoded.dictionary.to_pylist()]
    return pa.array(found, pa.int64()).take(encoded.indices)


def _moment(text: str) -> int | None:
    try:
        number = float(text)
    except ValueError:
        try:
            time = datetime.fromisoformat(text)
        except ValueError:
            return None
        time = time if time.tzinfo else time.replace(tzinfo=UTC)
        number = time.timestamp()
    number = number / 1000 if number > _MILLISECONDS_FROM else number
    return round(number * 1e6) * 1000 if 0 <= number < _LATEST else None
