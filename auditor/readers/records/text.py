"""Lines of text into Arrow columns, as a whole where they are sound, one by one where not."""

from __future__ import annotations

import json
import math
import re
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv
from pyarrow import json as arrow_json

from auditor.readers.records.batch import Where
from auditor.readers.records.lines import ends_in
from auditor.readers.records.tally import MOST_EXAMPLES

if TYPE_CHECKING:
    import numpy.typing as npt

    from auditor.readers.records.lines import Block
    from auditor.readers.records.tally import Tally

SMALL: Final = 64
"""Lines that are looked at one by one when one of them is damaged."""

MOST_TEXT: Final = 1 << 10
"""Bytes of a value: one long word that many records share would take more room than there is."""

_INTEGER: Final = r"^-?[0-9]{1,18}$"
_ARROWS_INTEGER: Final = r"^(-?[0-9]{1,18}|0[xX][0-9a-fA-F]{1,15})$"
_DECIMAL: Final = r"^-?[0-9]{1,15}(\.[0-9]{0,12})?([eE][-+]?[0-9]{1,2})?$"
_TEXTS: Final = (pa.string(), pa.dictionary(pa.int32(), pa.string()))


def cleaned(block: Block, tally: Tally) -> bytes:
    """The text of ``block`` as valid UTF-8 with plain line ends; the last line has one too."""
    text = block.text
    if b"\r" in text:
        text = text.replace(b"\r\n", b"\n").replace(b"\r", b"?")  # a lone CR ends no line
    if b"\0" in text:
        text = text.replace(b"\0", b"?")
    try:
        if not text.isascii():
            text.decode("utf-8")
    except UnicodeDecodeError:
        tally.add("bad-encoding", block.line, offset=block.offset)
        text = text.decode("utf-8", "replace").encode("utf-8")
    return text if text.endswith(b"\n") else text + b"\n"


def delimited(
    text: bytes,
    names: list[str],
    kinds: dict[str, pa.DataType],
    tally: Tally,
    *,
    line: int,
    delimiter: str,
    quoted: bool = False,
    nulls: tuple[str, ...] = ("-", ""),
) -> tuple[dict[str, pa.Array], Where]:
    """Columns of delimited lines without a header.

    Lines with other than ``len(names)`` fields are counted as ``bad-line`` and left out; numbers
    that are none are counted as ``bad-number`` and null. No value may hold a line end.

    Args:
        text: whole lines, cleaned.
        names: of all fields, in their order.
        kinds: the fields that are wanted: int64, float64, string or dictionary of strings.
        line: number of the first line.
        delimiter: one ASCII character.
        quoted: whether values may stand in double quotes.
        tally: told of what is wrong.
        nulls: what stands for nothing.
    """
    options = (delimiter, quoted, nulls)
    where = Where(text, line)
    columns = _read(text, names, kinds, options)
    # a mark that stays open in the last line takes in its line end, and no line is missing
    open_end = quoted and not _fields(text[text.rfind(b"\n", 0, -1) + 1 : -1], delimiter.encode())
    if open_end or columns is None or len(next(iter(columns.values()))) != ends_in(text):
        kept = _kept(text, len(names), tally, line, delimiter, quoted=quoted)
        where = Where(text, line, kept)
        if not len(kept):
            return {name: pa.array([], kind) for name, kind in kinds.items()}, where
        lines = text.split(b"\n")
        sound = b"\n".join([lines[row] for row in kept.tolist()]) + b"\n"
        columns = _read(sound, names, kinds, options)
        assert columns is not None  # noqa: S101 - lines were counted as the parser counts them
    for name, kind in kinds.items():
        if kind not in _TEXTS:
            columns[name] = _checked(columns[name], name, kind, where, tally)
        elif pa.types.is_dictionary(kind):
            columns[name], found = bounded(columns[name])
            if found:
                tally.add("text-too-long", 0, count=found)
    return columns, where


_Options = tuple[str, bool, tuple[str, ...]]


def _read(
    text: bytes, names: list[str], kinds: dict[str, pa.DataType], options: _Options
) -> dict[str, pa.Array] | None:
    """The columns; numbers as texts if some are none; nothing if a quotation mark stays open."""
    try:
        return _parsed(text, names, kinds, options)
    except pa.ArrowInvalid:  # some value is no number of its field, or no line is sound
        words = {name: kind if kind in _TEXTS else pa.string() for name, kind in kinds.items()}
        try:
            return _parsed(text, names, words, options)
        except pa.ArrowInvalid:
            return None


def _parsed(
    text: bytes, names: list[str], kinds: dict[str, pa.DataType], options: _Options
) -> dict[str, pa.Array]:
    delimiter, quoted, nulls = options
    places = {name: str(names.index(name)) for name in kinds}
    table = csv.read_csv(
        pa.BufferReader(text),
        csv.ReadOptions(
            column_names=[str(place) for place in range(len(names))],
            block_size=len(text) + 1,
            use_threads=False,  # blocks are read side by side
        ),
        csv.ParseOptions(
            delimiter=delimiter,
            quote_char='"' if quoted else False,
            invalid_row_handler=lambda _: "skip",
        ),
        csv.ConvertOptions(
            check_utf8=False,  # checked already
            column_types={places[name]: kind for name, kind in kinds.items()},
            include_columns=list(places.values()),
            null_values=list(nulls),
            strings_can_be_null=True,
            quoted_strings_can_be_null=True,
        ),
    )
    return {name: _whole(table.column(place)) for name, place in places.items()}


def _whole(column: pa.ChunkedArray) -> pa.Array:
    """The column in one piece: combining copies even what is one already."""
    return column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()


def _kept(
    text: bytes, fields: int, tally: Tally, line: int, delimiter: str, *, quoted: bool
) -> npt.NDArray[np.int64]:
    """Indexes of the lines that have so many fields; the others are counted."""
    letters = np.frombuffer(text, np.uint8)
    ends = np.flatnonzero(letters == ord("\n"))
    begins = np.concatenate([[0], ends[:-1] + 1])
    between = np.flatnonzero(letters == ord(delimiter))
    counts = np.diff(np.searchsorted(between, ends), prepend=0) + 1
    if quoted:
        marks = np.flatnonzero(letters == ord('"'))
        for row in np.unique(np.searchsorted(ends, marks)).tolist():
            counts[row] = _fields(text[begins[row] : ends[row]], delimiter.encode())
    filled = ends > begins
    wrong = np.flatnonzero(filled & (counts != fields)).tolist()
    if wrong:
        _tell_lines("bad-line", wrong, text.split(b"\n"), line, tally)
    return np.flatnonzero(filled & (counts == fields))


def _fields(part: bytes, separator: bytes) -> int:
    """How many fields a line has that may have quotation marks; 0 if one of them stays open."""
    count, place = 1, 0
    while True:
        if part.startswith(b'"', place):  # elsewhere in a field it is a letter like others
            place += 1
            while True:
                place = part.find(b'"', place) + 1
                if not place:
                    return 0
                if not part.startswith(b'"', place):
                    break
                place += 1
        place = part.find(separator, place) + 1
        if not place:
            return count
        count += 1


def _checked(
    column: pa.Array, name: str, kind: pa.DataType, where: Where, tally: Tally
) -> pa.Array:
    """Numbers, out of texts if they came as these; what is none is counted and null."""
    if column.type != kind:
        return _numbers(column, name, kind, where, tally)
    if pa.types.is_floating(kind):  # nan and inf read as numbers
        wrong = np.asarray(pc.fill_null(pc.invert(pc.is_finite(column)), False), np.bool_)
        if wrong.any():
            _tell(wrong, name, where, tally)
            return pc.if_else(pa.array(wrong), None, column)
    return column


def _numbers(words: pa.Array, name: str, kind: pa.DataType, where: Where, tally: Tally) -> pa.Array:
    """Numbers out of texts; what is none is counted and null."""
    pattern = _ARROWS_INTEGER if pa.types.is_integer(kind) else _DECIMAL
    words = pc.ascii_trim_whitespace(words)  # as Arrow does where all are sound
    right = pc.match_substring_regex(words, pattern)
    wrong = np.asarray(pc.fill_null(pc.invert(right), False), np.bool_)
    if wrong.any():
        _tell(wrong, name, where, tally)
    return pc.if_else(right, words, None).cast(kind)


def _tell(wrong: npt.NDArray[np.bool_], name: str, where: Where, tally: Tally) -> None:
    count, first = int(np.count_nonzero(wrong)), int(np.argmax(wrong))
    tally.add("bad-number", where.number(first), count=count, detail=name)


def numbers(words: pa.Array, name: str, where: Where, tally: Tally) -> pa.Array:
    """Whole numbers (int64) out of texts; what is none is counted as ``bad-number`` and null."""
    if pa.types.is_dictionary(words.type):
        words = words.cast(pa.string())
    return _numbers(words, name, pa.int64(), where, tally)


def json_lines(
    text: bytes, schema: pa.Schema, tally: Tally, *, line: int
) -> tuple[pa.Table, Where]:
    """The fields of ``schema`` (structs and lists too) out of JSON objects, one a line.

    Lines that are no JSON object are counted as ``not-json`` and left out; values of another type
    than their field's are converted where they mean the same (``"17"`` for 17); where they do not
    they are null, and counted as ``bad-number`` where a number should stand.
    """
    rows = ends_in(text)
    table = _objects(text, schema)
    if table is not None and len(table) == rows:
        return table, Where(text, line)
    lines = text.split(b"\n")[:-1]
    likely = [row for row, each in enumerate(lines) if each.lstrip().startswith(b"{")]
    _tell_lines("not-json", sorted(set(range(len(lines))).difference(likely)), lines, line, tally)
    found: list[tuple[list[int], pa.Table]] = []
    todo = [(0, len(likely))]
    while todo:
        begin, end = todo.pop()
        part = [lines[row] for row in likely[begin:end]]
        table = _objects(b"\n".join(part) + b"\n", schema)
        if table is not None and len(table) == end - begin:
            found.append((likely[begin:end], table))
        elif end - begin > SMALL:
            middle = (begin + end) // 2
            todo += [(middle, end), (begin, middle)]  # the first half is taken first
        else:
            found.append(_one_by_one(lines, likely[begin:end], schema, tally, line))
    kept = np.array([row for rows_of_it, _ in found for row in rows_of_it], np.int64)
    table = pa.concat_tables([piece for _, piece in found]).combine_chunks()
    return table, Where(text, line, kept)


def _tell_lines(kind: str, rows: list[int], lines: list[bytes], line: int, tally: Tally) -> None:
    """Counts these lines, but for empty ones, as ``kind``, not read."""
    rows = [row for row in rows if lines[row].strip()]
    if rows:
        lost = sum(len(lines[row]) + 1 for row in rows)
        examples = [lines[row] for row in rows[:MOST_EXAMPLES]]
        tally.add(kind, line + rows[0], count=len(rows), lost=lost, examples=examples)


def _objects(text: bytes, schema: pa.Schema) -> pa.Table | None:
    try:
        table = arrow_json.read_json(
            pa.BufferReader(text),
            arrow_json.ReadOptions(block_size=len(text) + 1, use_threads=False),
            arrow_json.ParseOptions(explicit_schema=schema, unexpected_field_behavior="ignore"),
        )
    except pa.ArrowInvalid:
        return None
    return table.combine_chunks()


def _one_by_one(
    lines: list[bytes], rows: list[int], schema: pa.Schema, tally: Tally, line: int
) -> tuple[list[int], pa.Table]:
    kept: list[int] = []
    values: list[dict[str, Any]] = []
    wrong: list[int] = []
    for row in rows:
        try:
            value = json.loads(lines[row])
        except (ValueError, RecursionError):
            value = None
        if not isinstance(value, dict):
            wrong.append(row)
            continue
        kept.append(row)
        values.append({field.name: _fitting(value.get(field.name), field.type) for field in schema})
        for name in _unfit(value, values[-1], schema):
            tally.add("bad-number", line + row, detail=name)
    _tell_lines("not-json", wrong, lines, line, tally)
    return kept, pa.Table.from_pylist(values, schema=schema)


def _unfit(value: dict[str, Any], fitting: dict[str, Any], schema: pa.Schema) -> list[str]:
    """Fields that should hold a number, and hold something else."""
    return [
        field.name
        for field in schema
        if (pa.types.is_integer(field.type) or pa.types.is_floating(field.type))
        and fitting[field.name] is None
        and value.get(field.name) is not None
    ]


def _fitting(value: Any, kind: pa.DataType) -> Any:  # noqa: ANN401 - JSON is anything
    """``value`` as one of this type; null where it is none."""
    if value is None:
        return None
    if pa.types.is_struct(kind):
        if not isinstance(value, dict):
            return None
        return {field.name: _fitting(value.get(field.name), field.type) for field in kind}
    if pa.types.is_list(kind):
        if not isinstance(value, list):
            return None
        return [_fitting(each, kind.value_type) for each in value]
    if pa.types.is_boolean(kind):
        return value if isinstance(value, bool) else None
    if pa.types.is_string(kind):
        if isinstance(value, str):
            return value.encode("utf-8", "replace").decode()  # a lone surrogate is no text
        return str(value) if isinstance(value, int | float) else None
    return _number(value, whole=not pa.types.is_floating(kind))


def _number(value: Any, *, whole: bool) -> int | float | None:  # noqa: ANN401 - JSON is anything
    """A number, or a text that is one as JSON writes it; null for anything else."""
    if isinstance(value, str):
        pattern = _INTEGER if whole else _DECIMAL
        value = (int if whole else float)(value) if re.fullmatch(pattern, value) else None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    if not whole:
        return number if math.isfinite(number) else None
    if isinstance(value, float) and not number.is_integer():
        return None
    return int(value) if -(2**63) <= value < 2**63 else None


def is_text(kind: pa.DataType) -> bool:
    """Whether values of this type are texts."""
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def has_words(kind: pa.DataType) -> bool:
    """Whether values of this type are texts, each by itself or in a dictionary."""
    return is_text(kind) or (pa.types.is_dictionary(kind) and is_text(kind.value_type))


def bounded(column: Any) -> tuple[Any, int]:  # noqa: ANN401 - any column
    """The column without values longer than any text of a log, and how many these were."""
    kind = column.type
    if pa.types.is_dictionary(kind):
        words, found = bounded(column.dictionary)
        if words.type != pa.string():
            words = words.cast(pa.string())
        column = pa.DictionaryArray.from_arrays(column.indices, words)
        return column, found
    if not is_text(kind):
        return column, 0
    long = pc.greater(pc.binary_length(column), MOST_TEXT)
    found = pc.sum(long).as_py() or 0
    # an empty text, no null: Arrow would keep the letters of a value that is null
    return (pc.if_else(long, "", column) if found else column), found
