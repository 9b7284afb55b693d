"""Flow tables of any size, and the files that they are written to."""

from __future__ import annotations

from typing import IO, TYPE_CHECKING

from auditor import readers
from auditor.model.flow_table import to_pandas

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import pandas as pd
    import pyarrow as pa

WRITTEN_AT_ONCE = 1 << 26
"""Bytes of Parquet that are written at a time."""

MOST_ROWS = 1 << 16
"""Rows of a part: who works on parts makes objects of them, many times as large."""

MOST_HELD = 1 << 25
"""Bytes of a table in memory; the rest lies in a temporary file."""

JSON_ROWS = 1 << 16
"""Rows that are turned into text at a time: the text is much larger than the table."""


class FlowTable:
    """A flow table in parts of bounded size; iterate for Arrow tables, as often as needed."""

    def __init__(self) -> None:
        self._parts = readers.Parts(MOST_HELD)
        self._empty: pa.Table | None = None
        self.rows = 0

    def __iter__(self) -> Iterator[pa.Table]:
        if self.rows:
            yield from self._parts.tables(0)
        elif self._empty is not None:
            yield self._empty

    def add(self, table: pa.Table) -> None:
        """More rows."""
        for begin in range(0, len(table), MOST_ROWS):
            part = table.slice(begin, MOST_ROWS)
            if len(part) < len(table):  # as it is, it holds the memory of the whole table
                part = part.take(list(range(len(part))))
            self._parts.add(0, part)
        self._empty = table.schema.empty_table()
        self.rows += len(table)

    def close(self) -> None:
        """Lets go of all rows."""
        self._parts.close()

    def frame(self) -> pd.DataFrame:
        """All of it in memory: for what is known to be small."""
        import pyarrow as pa

        return to_pandas(pa.concat_tables(list(self)).combine_chunks())


def write_parquet(table: Iterable[pa.Table], file: IO[bytes]) -> None:
    """Writes a flow table of any stage as Parquet, with the contract's metadata."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    writer: pq.ParquetWriter | None = None
    # large writes: many small ones make the threads that write side by side wait for each other
    with pa.BufferedOutputStream(pa.PythonFile(file, "w"), WRITTEN_AT_ONCE) as sink:
        for part in table:
            if writer is None:
                writer = pq.ParquetWriter(sink, part.schema, compression="zstd")
            writer.write_table(part)
        if writer is not None:
            writer.close()
        sink.flush()
        sink.detach()


def write_csv(table: Iterable[pa.Table], file: IO[bytes]) -> None:
    """Writes a flow table as CSV with a header line."""
    import pyarrow as pa
    from pyarrow import csv

    for number, part in enumerate(table):
        plain = part
        for place, name in enumerate(part.column_names):  # CSV has no lists
            if pa.types.is_list(part.schema.field(name).type):
                plain = plain.set_column(place, name, _joined(part[name]))
        csv.write_csv(plain, file, csv.WriteOptions(include_header=not number))


def _joined(lists: pa.ChunkedArray) -> pa.ChunkedArray:
    import pyarrow as pa
    import pyarrow.compute as pc

    return pc.binary_join(lists.cast(pa.list_(pa.string())), " ")


def write_json_lines(table: Iterable[pa.Table], file: IO[bytes]) -> None:
    """Writes a flow table as one JSON object per line; times as ISO 8601 with nanoseconds."""
    for part in table:
        _write_json_lines(part, file)


def _write_json_lines(table: pa.Table, file: IO[bytes]) -> None:
    import pyarrow as pa
    import pyarrow.compute as pc

    for name in ("start", "end"):  # pandas would write these without their nanoseconds
        moments = table[name].cast(pa.int64()).cast(pa.timestamp("ns"))
        text = pc.strftime(moments, format="%Y-%m-%dT%H:%M:%SZ")
        table = table.set_column(table.schema.get_field_index(name), name, text)
    for batch in table.to_batches(max_chunksize=JSON_ROWS):
        part = to_pandas(pa.Table.from_batches([batch]))
        part.to_json(file, orient="records", lines=True)
