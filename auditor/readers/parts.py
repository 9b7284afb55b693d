"""Flows of many inputs: in memory while they are few, beyond that in a private temporary file."""

from __future__ import annotations

import tempfile
import threading
import weakref
from collections import defaultdict
from typing import IO, TYPE_CHECKING, Any, Final

import pyarrow as pa
from pyarrow import ipc

from auditor.model.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Iterator

MOST_BYTES: Final = 1 << 28
"""What is held in memory; what comes after goes into a file."""

_PACKED: Final = ipc.IpcWriteOptions(compression="lz4")


class Parts:
    """Tables by number, each number's in the order they came. Threads may add at the same time.

    The file has no name and is gone when the process ends, however it ends.
    """

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._most = most_bytes
        self._held = 0
        self._tables: dict[int, list[pa.Table | tuple[int, int]]] = defaultdict(list)
        self._file: IO[bytes] | None = None
        self._lock = threading.Lock()

    def add(self, number: int, table: pa.Table) -> None:
        """One more table.

        Raises:
            StoreError: there is no room for the temporary file.
        """
        if not len(table):
            return
        with self._lock:
            if self._held + table.nbytes <= self._most:
                self._held += table.nbytes
                self._tables[number].append(table)
                return
            self._tables[number].append(self._written(table))

    def drop(self, number: int) -> None:
        """Forgets the tables of a number."""
        with self._lock:
            for each in self._tables.pop(number, []):
                if isinstance(each, pa.Table):
                    self._held -= each.nbytes

    def tables(self, number: int) -> Iterator[pa.Table]:
        """The tables of a number; may be asked again."""
        for each in self._tables.get(number, []):
            yield each if isinstance(each, pa.Table) else self._read(*each)

    def close(self) -> None:
        """Lets go of everything."""
        self._tables.clear()
        if self._file is not None:
            self._file.close()
            self._file = None

    def _written(self, table: pa.Table) -> tuple[int, int]:
        try:
            if self._file is None:
                self._file = tempfile.TemporaryFile()  # noqa: SIM115 - it outlives this call
                weakref.finalize(self, self._file.close)
            begin = self._file.seek(0, 2)
            with ipc.new_stream(self._file, table.schema, options=_PACKED) as stream:
                stream.write_table(table)
            return begin, self._file.tell() - begin
        except OSError as error:
            raise StoreError(
                f"the flows cannot be held there: {error.strerror or error}",
                place=tempfile.gettempdir(),
                hint="Make room, or name another folder in the environment variable TMPDIR.",
            ) from None

    def _read(self, begin: int, size: int) -> pa.Table:
        file: Any = self._file
        with self._lock:
            file.seek(begin)
            packed = file.read(size)
        return ipc.open_stream(pa.py_buffer(packed)).read_all()
