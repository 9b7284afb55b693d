"""The JSON form of the log: one object per line (Zeek's ``LogAscii::use_json``)."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import json as arrow_json

from auditor.readers.zeek.records import FIELDS, TEXT, Records, clean, completed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.readers.logs.lines import Block
    from auditor.readers.logs.tally import Tally

PATH: Final = "_path"  # which log a line belongs to, where several share a stream
MOST_INT: Final = 2**63 - 1
_MILLISECONDS_FROM: Final = 1e11  # as seconds that is the year 5138: Zeek's TS_MILLIS is meant
_PARENTS: Final = pa.list_(pa.string())
_SECONDS: Final = (
    r"^[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?"
    r"(Z|[+-][0-9]{2}:?[0-9]{2})$"
)


class JsonLines:
    """Reads blocks of JSON lines."""

    def __init__(self, tally: Tally) -> None:
        self._tally = tally
        self.closed = True  # this form has no mark for its end

    def records(self, block: Block) -> Iterator[Records]:
        """The records of ``block``."""
        text, replaced = clean(block.text)
        if replaced:
            self._tally.add("bad-encoding", block.line, offset=block.offset)
        lines = text.count(b"\n") + (not text.endswith(b"\n"))
        columns = _read(text)
        if columns is not None and len(columns["ts"]) == lines:
            yield self._of_conn(columns, text, block.line, None, {})
        else:
            yield self._line_by_line(text, block)

    def _of_conn(
        self,
        columns: dict[str, pa.Array],
        text: bytes,
        line: int,
        kept: list[int] | None,
        bad: dict[str, pa.BooleanArray],
    ) -> Records:
        """The records among ``columns`` that are conn.log's own."""
        paths = columns.pop(PATH)
        records = Records(completed(columns, len(paths)), text, line, kept, bad)
        other = pc.fill_null(pc.not_equal(paths, "conn"), False)
        rows = pc.indices_nonzero(other).to_pylist()
        if rows:
            lost = records.size_of(rows)
            self._tally.add("not-conn", records.line_of(rows[0]), count=len(rows), lost=lost)
        return records.filtered(pc.invert(other))

    def _line_by_line(self, text: bytes, block: Block) -> Records:
        """The records of a block in which some line is damaged or of mixed types."""
        kept: list[int] = []
        found: list[dict[str, Any]] = []
        offset = block.offset
        for index, line in enumerate(text.split(b"\n")):
            if line.strip():
                value = _object(line)
                if value is None:
                    self._tally.add("not-json", block.line + index, offset=offset, lost=len(line))
                else:
                    kept.append(index)
                    found.append(value)
            offset += len(line) + 1
        columns = {PATH: pa.array([_text(value.get(PATH)) for value in found], pa.string())}
        bad: dict[str, pa.BooleanArray] = {}
        for name, kind in FIELDS.items():
            raw = [value.get(name) for value in found]
            values = [_VALUE[kind](each) for each in raw]
            if name == "ts":
                values = [_seconds(each) for each in raw]
            elif name == "tunnel_parents":
                values = [",".join(map(str, each)) or None if each else None for each in raw]
            columns[name] = pa.array(values, kind)
            wrong = [had is not None and got is None for had, got in zip(raw, values, strict=True)]
            if kind != TEXT and any(wrong):
                bad[name] = pa.array(wrong, pa.bool_())
        return self._of_conn(columns, text, block.line, kept, bad)


def _read(text: bytes) -> dict[str, pa.Array] | None:
    """The columns of a block that is sound; null where a line is not."""
    first = _object(text[: text.find(b"\n") + 1] or text)
    if first is None:
        return None
    time = pa.string() if isinstance(first.get("ts"), str) else pa.float64()
    kinds = {name: pa.string() if kind == TEXT else kind for name, kind in FIELDS.items()}
    kinds |= {"ts": time, "tunnel_parents": _PARENTS, PATH: pa.string()}
    try:
        table = arrow_json.read_json(
            pa.BufferReader(text),
            arrow_json.ReadOptions(block_size=len(text) + 1),
            arrow_json.ParseOptions(
                explicit_schema=pa.schema(kinds.items()), unexpected_field_behavior="ignore"
            ),
        )
        columns = {name: table.column(name).combine_chunks() for name in kinds}
        columns["ts"] = _times(columns["ts"])
    except pa.ArrowInvalid:
        return None
    for name, kind in FIELDS.items():
        if kind == TEXT and name != "tunnel_parents":
            columns[name] = columns[name].dictionary_encode()
    parents = pc.greater(pc.list_value_length(columns["tunnel_parents"]), 0)
    columns["tunnel_parents"] = pc.if_else(parents, "yes", None).dictionary_encode()
    return columns


def _times(column: pa.Array) -> pa.Array:
    """Seconds since 1970 of numbers (seconds or milliseconds) or ISO 8601 text.

    Raises:
        ArrowInvalid: some text is no time.
    """
    if pa.types.is_floating(column.type):
        thousandth = pc.divide(column, 1000.0)
        return pc.if_else(pc.greater(column, _MILLISECONDS_FROM), thousandth, column)
    if not pc.all(pc.match_substring_regex(column, _SECONDS), skip_nulls=True).as_py():
        raise pa.ArrowInvalid("not ISO 8601")
    times = column.cast(pa.timestamp("ns", tz="UTC"))
    return pc.divide(times.cast(pa.int64()).cast(pa.float64(), safe=False), 1e9)


def _object(line: bytes) -> dict[str, Any] | None:
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _text(value: object) -> str | None:
    if not isinstance(value, str) or not value:
        return None
    return value.encode("utf-8", "replace").decode()  # a lone surrogate is no text


def _whole(value: object) -> int | None:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    return value if 0 <= value <= MOST_INT else None


def _real(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return float(value)
    except OverflowError:
        return None


def _seconds(value: object) -> float | None:
    if isinstance(value, str):
        try:
            time = datetime.fromisoformat(value)
        except ValueError:
            return None
        return (time if time.tzinfo else time.replace(tzinfo=UTC)).timestamp()
    number = _real(value)
    return number / 1000 if number is not None and number > _MILLISECONDS_FROM else number


_VALUE: Final = {TEXT: _text, pa.int64(): _whole, pa.float64(): _real}
