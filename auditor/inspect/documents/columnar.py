"""Tables in binary files: Parquet, Arrow, SQLite; of Avro the schema, of ORC nothing.

Sources: the formats' own specifications (parquet.apache.org, arrow.apache.org, orc.apache.org),
sqlite.org/fileformat2.html, Avro specification 1.11.
"""

from __future__ import annotations

import sqlite3
import struct
import tempfile
from contextlib import suppress
from typing import IO, TYPE_CHECKING, Any, Final

import pyarrow as pa
from pyarrow import compute as pc
from pyarrow import ipc
from pyarrow import parquet as pq

from auditor.inspect.documents.places import in_vietnam
from auditor.inspect.documents.plain import looks_like_text
from auditor.inspect.documents.rows import MOST_COLUMNS, MOST_ROWS, cleaned

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from auditor.inspect.contracts import About, Pages

MOST_CELLS: Final = 200_000_000
"""Cells that are read of one file: run lengths make millions of rows of a few bytes."""

MOST_UNPACKED: Final = 1 << 32
"""Bytes that one file's tables may unpack to."""

BATCH: Final = 1 << 14
"""Rows that are unpacked at once."""

MOST_CELL: Final = 1 << 16
"""Bytes of a cell that are read."""

MOST_STEPS: Final = 20_000_000
"""Thousands of instructions that SQLite may take for one file."""

MOST_TABLES: Final = 1000
"""Tables that are read of one file."""

_STEP: Final = 100_000
_LARGEST_SQLITE: Final = 1 << 32
_GEOPACKAGE: Final = frozenset({b"GPKG", b"GP10", b"GP11"})
_BROKEN: Final = (pa.ArrowException, OSError, ValueError, OverflowError, MemoryError)


class _TooMuchError(Exception):
    """A file unpacks to more than is read."""


class ColumnarFile:
    """Parquet and Arrow files."""

    name = "Parquet"

    def sniff(self, head: bytes, about: About) -> float:
        """By the first bytes."""
        return 1.0 if _kind(head) else 0.0

    def read(self, file: IO[bytes], size: int, about: About, pages: Pages) -> None:
        """Reads all tables, batch by batch."""
        file.seek(0)
        kind = _kind(file.read(12))
        file.seek(0)
        try:
            schema, batches = _opened(kind, file)
            _names_as_text(schema, pages)
            _read_batches(batches, pages)
        except _TooMuchError:
            pages.unread("bomb", kind)
        except _BROKEN:
            pages.unread("damaged", kind)


def _kind(head: bytes) -> str:
    if head.startswith(b"PAR1"):
        return "Parquet"
    # A stream begins with a mark, the length of its schema and the schema's own first offset.
    stream = head.startswith(b"\xff\xff\xff\xff") and head[6:12] == b"\0\0\x10\0\0\0"
    if stream or head.startswith(b"ARROW1\0\0"):
        return "Arrow"
    return ""


def _opened(kind: str, file: IO[bytes]) -> tuple[Any, Iterable[Any]]:
    """Schema and batches of a file."""
    if kind == "Parquet":
        parquet = pq.ParquetFile(
            file,
            pre_buffer=False,
            thrift_string_size_limit=1 << 26,
            thrift_container_size_limit=1 << 20,
        )
        return parquet.schema_arrow, parquet.iter_batches(batch_size=BATCH, use_threads=False)
    if file.read(6) == b"ARROW1":
        file.seek(0)
        arrow = ipc.open_file(file)
        return arrow.schema, (arrow.get_batch(at) for at in range(arrow.num_record_batches))
    file.seek(0)
    stream = ipc.open_stream(file)
    return stream.schema, stream


def _names_as_text(schema: pa.Schema, pages: Pages) -> None:
    """Names of columns (with those within them) and geodata they tell of."""
    names = list(schema.names[:MOST_COLUMNS])
    pages.text(("\n".join(names) + "\n").encode("utf-8", "replace"))
    if b"geo" in (schema.metadata or {}):  # GeoParquet 1.0
        pages.fact("geodata", "GeoParquet")


def _read_batches(batches: Iterable[Any], pages: Pages) -> None:
    cells = unpacked = 0
    for batch in batches:
        # Arrow takes offsets in files as they stand: unchecked ones read beyond the memory.
        batch.validate(full=True)
        cells += batch.num_rows * max(batch.num_columns, 1)
        unpacked += batch.nbytes
        if cells > MOST_CELLS or unpacked > MOST_UNPACKED:
            raise _TooMuchError
        names = list(batch.schema.names[:MOST_COLUMNS])
        for begin in range(0, batch.num_rows, MOST_ROWS):
            part = batch.slice(begin, MOST_ROWS)
            columns = [_as_text(part.column(at)) for at in range(len(names))]
            if names:
                pages.table(names, columns)


def _as_text(column: pa.Array) -> list[str | None]:
    """Values of a column as text."""
    kind = column.type
    if pa.types.is_dictionary(kind):
        column = column.dictionary_decode()
        kind = column.type
    if pa.types.is_binary(kind) or pa.types.is_large_binary(kind):
        return [_decoded(value) for value in column.to_pylist()]
    if pa.types.is_nested(kind):
        return [None if value is None else str(value)[:MOST_CELL] for value in column.to_pylist()]
    try:
        text = pc.cast(column, pa.large_string())
        return list(cleaned(text.to_numpy(zero_copy_only=False).tolist()))
    except (pa.ArrowException, UnicodeDecodeError):  # a type without a text form, bad bytes
        return [
            None if value is None else _decoded(value)
            for value in column.cast(pa.binary()).to_pylist()
        ]


def _decoded(value: bytes | None) -> str | None:
    """Bytes as text, if they are some."""
    if value is None:
        return None
    try:
        return value[:MOST_CELL].decode()
    except UnicodeDecodeError:
        return None


class AvroFile:
    """Avro: its rows are not read, the names in its schema are."""

    name = "Avro"

    def sniff(self, head: bytes, about: About) -> float:
        """By the first bytes."""
        return 1.0 if head.startswith(b"Obj\x01") else 0.0

    def read(self, file: IO[bytes], size: int, about: About, pages: Pages) -> None:
        """Writes the schema as text."""
        file.seek(0)
        head = file.read(1 << 16)
        begin = head.find(b"{", head.find(b"avro.schema"))
        if begin > 0:
            end = head.find(b"\0", begin)
            pages.text(head[begin : end if end > 0 else None])
        pages.unread("unsupported", "Avro")


class OrcFile:
    """ORC: not read, because the library that could ends the process on damaged files."""

    name = "ORC"

    def sniff(self, head: bytes, about: About) -> float:
        """By the first bytes; its stripes follow at once."""
        begin = head[:64]
        return 0.9 if begin.startswith(b"ORC") and not looks_like_text(begin) else 0.0

    def read(self, file: IO[bytes], size: int, about: About, pages: Pages) -> None:
        """Says that it is not read."""
        pages.unread("unsupported", "ORC")


class SqliteDatabase:
    """SQLite databases, GeoPackage among them."""

    name = "SQLite"

    def sniff(self, head: bytes, about: About) -> float:
        """By the first bytes."""
        return 1.0 if head.startswith(b"SQLite format 3\0") else 0.0

    def read(self, file: IO[bytes], size: int, about: About, pages: Pages) -> None:
        """Reads all plain tables; views, virtual tables and triggers stay untouched."""
        if size > _LARGEST_SQLITE:
            pages.unread("too-large", "SQLite")
            return
        file.seek(0)
        connection = _nameless(file)
        try:
            _guard(connection)
            _read_database(connection, pages)
        except _TooMuchError:
            pages.unread("bomb", "SQLite")
        except (sqlite3.Error, OverflowError, MemoryError):
            pages.unread("damaged", "SQLite")
        finally:
            connection.close()


def _nameless(file: IO[bytes]) -> sqlite3.Connection:
    """A copy that SQLite has open and nobody finds: it wants a name, which goes at once."""
    with tempfile.NamedTemporaryFile(prefix="inspected-", suffix=".db") as copy:
        while piece := file.read(1 << 20):
            copy.write(piece)
        copy.flush()
        connection = sqlite3.connect(
            f"file:{copy.name}?mode=ro&immutable=1", uri=True, isolation_level=None
        )
        with suppress(sqlite3.Error):  # who reads it is told the same again
            connection.execute("PRAGMA schema_version").fetchone()  # opens it
    return connection


def _guard(connection: sqlite3.Connection) -> None:
    """Nothing but reading, and not forever."""
    steps = 0

    def stepped() -> int:
        nonlocal steps
        steps += _STEP
        return int(steps > MOST_STEPS * 100)

    connection.set_progress_handler(stepped, _STEP)
    connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, 1 << 26)
    connection.setlimit(sqlite3.SQLITE_LIMIT_SQL_LENGTH, 1 << 20)
    connection.setlimit(sqlite3.SQLITE_LIMIT_ATTACHED, 0)
    connection.text_factory = lambda value: value[:MOST_CELL].decode("utf-8", "replace")
    connection.execute("PRAGMA trusted_schema=OFF")
    connection.execute("PRAGMA cell_size_check=ON")
    connection.execute("PRAGMA query_only=ON")
    connection.execute("PRAGMA mmap_size=0")
    allowed = {sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_PRAGMA}

    def authorised(action: int, *_: object) -> int:
        return sqlite3.SQLITE_OK if action in allowed else sqlite3.SQLITE_DENY

    connection.set_authorizer(authorised)


def _read_database(connection: sqlite3.Connection, pages: Pages) -> None:
    application = connection.execute("PRAGMA application_id").fetchone()[0]
    if struct.pack(">i", application) in _GEOPACKAGE:
        pages.fact("geodata", "GeoPackage" + in_vietnam(_extent(connection)))
    tables = connection.execute(
        "SELECT name, sql FROM sqlite_schema WHERE type = 'table' AND rootpage > 0 LIMIT ?",
        (MOST_TABLES,),
    ).fetchall()
    cells = 0
    damaged = False
    for name, statement in tables:
        if not isinstance(name, str) or not isinstance(statement, str):
            continue
        pages.text(statement.encode("utf-8", "replace") + b"\n")
        try:
            for columns in _read_table(connection, name, pages):
                cells += columns
                if cells > MOST_CELLS:
                    raise _TooMuchError
        except (sqlite3.DatabaseError, OverflowError):
            damaged = True  # other tables may be whole
    if damaged:
        pages.unread("damaged", "SQLite")


def _extent(connection: sqlite3.Connection) -> tuple[float, float, float, float] | None:
    """Box of a GeoPackage's layers, where they are in degrees (OGC 12-128r18 section 1.1.3)."""
    try:
        row = connection.execute(
            "SELECT min_x, min_y, max_x, max_y FROM gpkg_contents "
            "WHERE srs_id = 4326 AND min_x IS NOT NULL LIMIT 1"
        ).fetchone()
        return (float(row[0]), float(row[1]), float(row[2]), float(row[3])) if row else None
    except (sqlite3.Error, TypeError, ValueError):
        return None


def _read_table(connection: sqlite3.Connection, name: str, pages: Pages) -> Iterator[int]:
    """Writes a table; gives the number of cells of each piece."""
    quoted = name.replace('"', '""')
    cursor = connection.execute(f'SELECT * FROM "{quoted}"')  # noqa: S608 - a quoted identifier
    names = [str(column[0]) for column in cursor.description]
    while rows := cursor.fetchmany(BATCH):
        columns = [list(map(_cell, column)) for column in zip(*rows, strict=True)]
        pages.table(names, columns)
        yield len(rows) * len(names)


def _cell(value: object) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return _decoded(value) if isinstance(value, bytes) else str(value)
