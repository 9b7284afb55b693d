"""A Parquet file, opened where it can be sought in, and what its columns are."""

from __future__ import annotations

import hashlib
import os
import tempfile
from typing import IO, TYPE_CHECKING, Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from auditor.model.errors import InputError
from auditor.readers.records.text import bounded, has_words
from auditor.readers.streams import CHUNK, DamagedError
from auditor.readers.tables.mapping import MOST_COLUMNS, plain_name
from auditor.readers.tables.table import MOST_ROWS, Table

if TYPE_CHECKING:
    from auditor.readers.streams import Opened, Source

MAGIC: Final = b"PAR1"
LOCKED: Final = b"PARE"
MOST_COPY: Final = 16 << 30
"""Bytes of a packed file's content, which must lie on disk to be read."""
MOST_FOOTER: Final = 64 << 20
MOST_PER_BYTE: Final = 256
"""Records that a byte of the file may stand for: more is a bomb, no log."""
DAMAGE: Final = (pa.ArrowException, OSError, ValueError, OverflowError)
"""What Arrow answers to a damaged file."""
AGAIN: Final = "Copy it again."


def sought(source: Source, opened: Opened) -> tuple[IO[bytes], str]:
    """The content of a file where it can be sought in, and its digest.

    What is packed is unpacked into a private file without a name.
    """
    plain = not opened.packings and source.part is None and source.pipe is None
    copy: IO[bytes] | None = None if plain else tempfile.TemporaryFile()  # noqa: SIM115 - handed on
    digest = hashlib.sha256()
    size = 0
    buffer = memoryview(bytearray(CHUNK))
    try:
        while got := opened.readinto(buffer):
            digest.update(buffer[:got])
            size += got
            if copy is not None:
                _affordable(size)
                copy.write(buffer[:got])
        return copy or source.file(), digest.hexdigest()
    except (DamagedError, OSError) as error:
        if copy is not None:
            copy.close()
        reason = error.reason if isinstance(error, DamagedError) else error.strerror
        raise unusable(
            f"cannot be unpacked or copied to be read ({reason})",
            "Copy the file again; Parquet keeps its description at its end, so a part of a "
            "file cannot be read. Unpacking needs room in the folder for temporary files.",
        ) from None
    except BaseException:
        if copy is not None:
            copy.close()
        raise


def _affordable(size: int) -> None:
    if size > MOST_COPY:
        raise unusable(
            f"unpacks to more than {MOST_COPY >> 30} GiB",
            "Unpack it yourself and name what comes out.",
        )


def parquet_in(handle: IO[bytes]) -> Any:  # noqa: ANN401 - pyarrow has no types
    """The file as Arrow opens it, texts as dictionaries: a text repeated takes no room.

    Raises:
        InputError: it is damaged, encrypted, or claims more than it can hold.
    """
    from pyarrow import parquet  # late: few logs are Parquet

    size = handle.seek(0, os.SEEK_END)
    handle.seek(max(size - 8, 0))
    tail = handle.read(8)
    handle.seek(0)
    first = handle.read(4)
    if LOCKED in (first, tail[4:]):
        raise unusable("is encrypted", "Decrypt it with its owner's key first.")
    if len(tail) < 8 or tail[4:] != MAGIC:
        raise unusable("is cut: the description at its end is missing")
    if int.from_bytes(tail[:4], "little") > min(MOST_FOOTER, size):
        raise unusable("has a description larger than any log's")
    try:
        file = parquet.ParquetFile(handle)
        columns = [file.schema.column(place) for place in range(len(file.schema))]
        words = [column.path for column in columns if column.physical_type == "BYTE_ARRAY"]
        dictionaries = parquet.ParquetFile(handle, read_dictionary=words) if words else file
    except (*DAMAGE, KeyError, TypeError, MemoryError) as error:
        raise unusable(f"is damaged: {reason_of(error)}") from None
    rows = dictionaries.metadata.num_rows
    if rows < 0 or rows > size * MOST_PER_BYTE:
        raise unusable(f"claims {rows:,} records, more than it can hold")
    if len(dictionaries.schema_arrow.names) > MOST_COLUMNS:
        raise unusable(f"has more than {MOST_COLUMNS:,} columns", "Export fewer columns.")
    return dictionaries


def unusable(message: str, hint: str = AGAIN) -> InputError:
    """What is said of a file that cannot be read; the reader knows its name."""
    return InputError(message, place="", hint=hint)


def is_usable(kind: pa.DataType) -> bool:
    """Whether a mapping can make something of values of this type."""
    types = pa.types
    plain = (types.is_integer, types.is_floating, types.is_timestamp, types.is_boolean)
    return has_words(kind) or any(fits(kind) for fits in plain)


def reason_of(error: BaseException) -> str:
    """What Arrow said, in one line."""
    return (str(error).splitlines() or ["its bytes make no sense"])[0][:200]


def paths_of(schema: pa.Schema) -> dict[str, tuple[str, ...]]:
    """The columns, those inside others by their dotted paths."""
    paths: dict[str, tuple[str, ...]] = {}
    todo: list[tuple[tuple[str, ...], pa.DataType]] = [((one.name,), one.type) for one in schema]
    while todo and len(paths) < MOST_COLUMNS:
        path, kind = todo.pop(0)
        if pa.types.is_struct(kind):
            todo += [((*path, inner.name), inner.type) for inner in kind]
        elif is_usable(kind):
            paths.setdefault(plain_name(".".join(path)), path)
    return paths


def sample_of(file: Any) -> Table:  # noqa: ANN401 - pyarrow has no types
    """The columns and some of the values.

    Raises:
        InputError: not even these can be unpacked.
    """
    paths = paths_of(file.schema_arrow)
    leaves = [".".join(path) for path in paths.values()]
    try:
        batch = next(file.iter_batches(MOST_ROWS, columns=leaves, use_threads=False), None)
        columns = [] if batch is None else [_plain(leaf(batch, path)) for path in paths.values()]
        rows = tuple(zip(*(column.to_pylist() for column in columns), strict=True))
    except DAMAGE as error:
        raise unusable(f"is damaged: {reason_of(error)}") from None
    return Table("parquet", tuple(paths), rows, paths=paths)


def leaf(batch: pa.RecordBatch, path: tuple[str, ...]) -> Any:  # noqa: ANN401 - any column
    """The column at the end of a path."""
    column = batch.column(path[0])
    for key in path[1:]:
        column = pc.struct_field(column, key)
    return column


def _plain(column: Any) -> Any:  # noqa: ANN401 - any column
    """A column as the mapping's converter knows it: times in ns would overflow Python's."""
    if pa.types.is_timestamp(column.type) and column.type.unit == "ns":
        return column.cast(pa.timestamp("us", tz=column.type.tz), safe=False)
    return bounded(column)[0]
