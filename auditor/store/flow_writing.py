"""Writing flows by day: few files open, few rows waiting, whatever days a capture claims.

Rows wait until ``WAITING`` of them are together; then the fullest day is written as one row group.
``OPEN`` files are open at most: the one that was longest without a row is ended, and its day goes
on in a second file, ``<run_id>-2.parquet``. Honest captures need no more than that. A hostile one
may claim a hundred thousand days: beyond ``MOST_DAYS`` days or ``MOST_FILES`` files of one run, the
rows go into one file of the day ``many``, which every question looks into.
"""

from __future__ import annotations

import hashlib
import os
import re
from contextlib import suppress
from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from auditor.model.errors import StoreError
from auditor.model.flow_table import FLOW_TABLE
from auditor.store.flows import FOLDER, HOURS_EAST, MANY, FlowFile

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

WAITING: Final = 1 << 18
OPEN: Final = 100
MOST_DAYS: Final = 1000
MOST_FILES: Final = 4000
_BUFFER: Final = 1 << 18
_BEYOND: Final = -(2**31)
"""The number of the day ``many``; no number of nanoseconds leads there."""
_NS_PER_DAY: Final = 86_400 * 10**9


class Days:
    """The files of one run, by day; ``close`` after use, whatever happened."""

    def __init__(self, folder: Path, run_id: str) -> None:
        if not re.fullmatch(r"[\w.-]{1,60}", run_id, re.ASCII):
            raise ValueError(f"{run_id!r} cannot be the name of a file")
        self._folder = folder
        self._run_id = run_id
        self._waiting: dict[int, list[pa.Table]] = {}
        self._rows: dict[int, int] = {}
        self._open: dict[int, _File] = {}  # the one that got rows last stands last
        self._begun: dict[int, int] = {}
        self._done: list[FlowFile] = []

    def add(self, part: pa.Table) -> None:
        """Takes a part; some of the rows, of this one or earlier ones, are written.

        Raises:
            StoreError: the disk is full, or the folder may not be written.
        """
        part = part.cast(FLOW_TABLE)
        days = self._admitted(_days(part["start"]))
        different = np.unique(days)
        for day in different.tolist():
            # taken, not sliced: a slice would keep the whole part in memory until it is written
            some = part.take(np.flatnonzero(days == day)) if len(different) > 1 else part
            self._waiting.setdefault(day, []).append(some)
            self._rows[day] = self._rows.get(day, 0) + len(some)
        while sum(self._rows.values()) > WAITING:
            self._write(max(self._rows, key=self._rows.__getitem__))

    def finished(self) -> tuple[FlowFile, ...]:
        """Writes what still waits, forces it to the disk, and names the files by day.

        Raises:
            StoreError: as ``add``.
        """
        for day in sorted(self._rows):
            self._write(day)
        for day in list(self._open):
            self._end(day)
        return tuple(sorted(self._done, key=lambda file: (file.day, file.path)))

    def close(self) -> None:
        """Lets go of what is open; after an error, of files that are not whole."""
        for file in self._open.values():
            file.close()
        self._open.clear()

    def _admitted(self, days: NDArray[np.int64]) -> NDArray[np.int64]:
        """The days, ``many`` in place of those that get no file of their own."""
        known = self._begun.keys() | self._rows.keys()
        different, counts = np.unique(days, return_counts=True)
        fullest_first = different[np.argsort(-counts, kind="stable")].tolist()
        fresh = [day for day in fullest_first if day not in known]
        room = max(0, MOST_DAYS - len(known))
        if len(fresh) > room:
            days = np.where(np.isin(days, fresh[room:]), _BEYOND, days)
        return days

    def _write(self, day: int) -> None:
        table = pa.concat_tables(self._waiting.pop(day))
        del self._rows[day]
        if day not in self._open and sum(self._begun.values()) >= MOST_FILES:
            day = _BEYOND
        file = self._open.pop(day, None)
        if file is None:
            while len(self._open) >= OPEN:
                self._end(next(each for each in self._open if each != _BEYOND))
            self._begun[day] = self._begun.get(day, 0) + 1
            file = _File(self._folder, self._name(day))
        self._open[day] = file
        file.write(table)

    def _name(self, day: int) -> str:
        name = MANY if day == _BEYOND else str(np.datetime64(day, "D"))
        number = self._begun[day]
        return f"day={name}/{self._run_id}{f'-{number}' if number > 1 else ''}.parquet"

    def _end(self, day: int) -> None:
        file = self._open[day]
        self._done.append(file.end())
        del self._open[day]


class _File:
    """One Parquet file, hashed while it is written."""

    def __init__(self, folder: Path, name: str) -> None:
        self._path = folder / name
        self._name = name
        self._rows = 0
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._raw = _Hashed(self._path)
        except OSError as error:
            raise self._told(error) from None
        # gathers the many small writes of a row group
        self._sink = pa.BufferedOutputStream(pa.PythonFile(self._raw, "w"), _BUFFER)
        self._writer = pq.ParquetWriter(self._sink, FLOW_TABLE, compression="zstd")

    def write(self, table: pa.Table) -> None:
        try:
            self._writer.write_table(table)
        except OSError as error:
            raise self._told(error) from None
        self._rows += len(table)

    def end(self) -> FlowFile:
        """The file, whole and forced to the disk."""
        try:
            self._writer.close()
            self._sink.flush()
            self._raw.settle()
            self._sink.close()
        except OSError as error:
            raise self._told(error) from None
        day = self._path.parent.name.removeprefix("day=")
        return FlowFile(
            f"{FOLDER}/{self._name}", day, self._rows, self._raw.size, self._raw.sha256.hexdigest()
        )

    def close(self) -> None:
        """Lets go of a file that will never be whole; its first error has been told."""
        self._raw.given_up = True
        with suppress(OSError, pa.ArrowException):
            self._writer.close()
        with suppress(OSError, pa.ArrowException):
            self._sink.close()
        self._raw.close()

    def _told(self, error: OSError) -> StoreError:
        return StoreError(
            f"flows cannot be written: {error.strerror or error}",
            place=str(self._path),
            hint="Free some space, or check the data directory; what was there is untouched.",
        )


class _Hashed:
    """A new file that only its owner may read; Arrow writes to it as to any file of Python."""

    def __init__(self, path: Path) -> None:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        self._file = os.fdopen(handle, "wb")
        self.sha256 = hashlib.sha256()
        self.size = 0
        self.given_up = False

    def write(self, content: bytes) -> int:
        if not self.given_up:  # else Arrow would tell the first error again and again
            self._file.write(content)
            self.sha256.update(content)
            self.size += len(content)
        return len(content)

    def flush(self) -> None:
        if not self.given_up:
            self._file.flush()

    def settle(self) -> None:
        """Forces the content to the disk."""
        self._file.flush()
        os.fsync(self._file.fileno())

    @property
    def closed(self) -> bool:
        return self._file.closed

    def close(self) -> None:
        try:
            self._file.close()
        except OSError:
            if not self.given_up:
                raise


def _days(moments: pa.ChunkedArray) -> NDArray[np.int64]:
    """The days in Vietnam, from 1970-01-01 as 0; the ends of time do not overflow."""
    ns = moments.cast(pa.int64()).to_numpy()
    day, rest = np.divmod(ns, _NS_PER_DAY)
    shifted: NDArray[np.int64] = day + (rest >= _NS_PER_DAY - HOURS_EAST * 3600 * 10**9)
    return shifted
