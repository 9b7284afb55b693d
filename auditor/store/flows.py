"""Flow tables on the disk: Parquet, one folder per day in Vietnam, listed in the database.

A file that is not listed does not count. Other programs may read the same files: the names of the
folders give a column ``day``, and ``start`` is UTC. With duckdb, in the data directory::

    SELECT day, peer_country, sum(outbound_bytes) AS outbound
    FROM read_parquet('flows/*/*.parquet', hive_partitioning = true,
                      hive_types = {'day': VARCHAR}, union_by_name = true)
    WHERE crosses_border AND (day BETWEEN '2026-11-01' AND '2026-11-30' OR day = 'many')
      AND start >= '2026-11-01 00:00:00+07' AND start < '2026-12-01 00:00:00+07'
    GROUP BY ALL ORDER BY outbound DESC;
"""

from __future__ import annotations

import re
from contextlib import closing
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Final

from sqlalchemy import insert, or_, select

from auditor.model.errors import StoreError
from auditor.store.directory import inside, settled
from auditor.store.tables import flow_files

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pandas as pd
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.dataset as ds
    from sqlalchemy import Connection

    from auditor.store import Store

FOLDER: Final = "flows"
MANY: Final = "many"
"""Stands for a day where one run has flows of more days than get files of their own."""
HOURS_EAST: Final = 7
"""Of Asia/Ho_Chi_Minh, without summer time since 1975."""
_NAME: Final = re.compile(rf"{FOLDER}/day=([0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}|{MANY})/[\w.-]+")
_EPOCH: Final = date(1970, 1, 1)
_NS_PER_DAY: Final = 86_400 * 10**9


@dataclass(frozen=True, slots=True)
class FlowFile:
    """One file of flows.

    Attributes:
        path: under the data directory, such as ``flows/day=2026-11-22/<run_id>.parquet``.
        day: in Vietnam, of the start of its flows; ``many`` = of any day.
        sha256: hex digest of the whole file.
    """

    path: str
    day: str
    rows: int
    size: int
    sha256: str


def partitioned(parts: Iterable[pa.Table], folder: Path, run_id: str) -> tuple[FlowFile, ...]:
    """Writes a flow table of stage ``classify`` into ``folder/day=…/<run_id>.parquet``, by day.

    Memory stays bounded, whatever days the flows claim: see ``flow_writing``.

    Args:
        parts: Arrow tables with the contract's columns; any day may be in any part.
        folder: where the folders of days go; made if need be. Nothing else may be in it.
        run_id: whose flows they are.

    Raises:
        StoreError: the disk is full, or the folder may not be written. What was written until
            then stays: it is listed nowhere.
    """
    from auditor.store.flow_writing import Days  # late: what only lists files needs no pyarrow

    with closing(Days(folder, run_id)) as days:
        for part in parts:
            days.add(part)
        return days.finished()


def placed(staging: Path, data: Path, files: Iterable[FlowFile]) -> None:
    """Moves files from where ``partitioned`` wrote them into the data directory, for good.

    Args:
        staging: the folder that was given to ``partitioned``; on the data directory's file system.
        data: the data directory.
        files: what ``partitioned`` gave back.

    Raises:
        StoreError: a file cannot be moved. Those that were are listed nowhere, and do not count.
    """
    folders = {data, data / FOLDER}
    for file in files:
        if not _NAME.fullmatch(file.path):
            raise ValueError(f"{file.path!r} is no path of a flow file")
        goal = data / file.path
        try:
            for folder in (data / FOLDER, goal.parent):
                folder.mkdir(mode=0o700, exist_ok=True)
            (staging / PurePosixPath(file.path).relative_to(FOLDER)).rename(goal)
        except OSError as error:
            raise StoreError(
                f"cannot be put into its place: {error.strerror or error}",
                place=str(goal),
                hint="Check the data directory and its disk; what was there is untouched.",
            ) from None
        folders.add(goal.parent)
    for folder in folders:
        if folder.is_dir():
            settled(folder)


def added(connection: Connection, run_id: str, files: Iterable[FlowFile]) -> None:
    """Lists the files of a run: from the end of the transaction on, they count."""
    if rows := [asdict(each) | {"run_id": run_id} for each in files]:
        connection.execute(insert(flow_files), rows)


def frame(
    store: Store,
    first_day: date,
    last_day: date,
    columns: Iterable[str] | None = None,
    where: pc.Expression | None = None,
) -> pd.DataFrame:
    """The flows that started on these days in Vietnam, in pandas columns over Arrow memory.

    All of it is in memory: ask for few columns, or few rows. Files that were written before a
    column existed have null there.

    Args:
        store: the store.
        first_day: the first of the days.
        last_day: the last of them; its flows are among them.
        columns: names of the contract's columns, and ``run_id``; null = all of them.
        where: a condition on any of these columns, such as ``pc.field("peer_country") == "SG"``;
            only the parts of files are read in which it may hold.

    Raises:
        StoreError: a listed file is missing or cannot be read.
    """
    from pyarrow import ArrowException

    from auditor.model.flow_table import to_pandas

    data = _dataset(store, first_day, last_day)
    condition = _started(first_day, last_day)
    if where is not None:
        condition &= where
    try:
        return to_pandas(data.to_table(None if columns is None else list(columns), condition))
    except (OSError, ArrowException) as error:
        raise StoreError(
            f"a file of flows cannot be read: {str(error).splitlines()[0][:300]}",
            place=str(store.folder / FOLDER),
            hint="Run `auditor store check`: it names the damaged files.",
        ) from None


def _dataset(store: Store, first_day: date, last_day: date) -> ds.FileSystemDataset:
    """The listed files of these days; which run a file is of is known without opening it."""
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.dataset as ds
    from pyarrow import fs

    from auditor.model.flow_table import FLOW_TABLE

    within = flow_files.c.day.between(first_day.isoformat(), last_day.isoformat())
    query = select(flow_files.c.path, flow_files.c.run_id).where(
        or_(within, flow_files.c.day == MANY)
    )
    with store.reading() as connection:
        files = connection.execute(query.order_by(flow_files.c.day, flow_files.c.path)).all()
    form, system = ds.ParquetFileFormat(), fs.LocalFileSystem()
    fragments = []
    for path, run_id in files:
        place = inside(store.folder, path)
        if not place.is_file():
            raise StoreError(
                "a file of flows that is listed is not there",
                place=str(place),
                hint="Run `auditor store check`; a backup that has the file brings it back.",
            )
        of_run = pc.field("run_id") == pc.scalar(run_id)
        fragments.append(form.make_fragment(str(place), system, of_run))
    # nullable: a file that was written before a column existed is read as null there
    fields = [each.with_nullable(nullable=True) for each in FLOW_TABLE]
    schema = pa.schema([*fields, pa.field("run_id", pa.string())])
    return ds.FileSystemDataset(fragments, schema, form, system)


def _started(first_day: date, last_day: date) -> pc.Expression:
    import pyarrow as pa
    import pyarrow.compute as pc

    def midnight(day: int) -> pa.Scalar:
        moment = day * _NS_PER_DAY - HOURS_EAST * 3600 * 10**9
        inside = max(-(2**63) + 1, min(moment, 2**63 - 1))  # the ends of time in nanoseconds
        return pc.scalar(pa.scalar(inside, pa.timestamp("ns", tz="UTC")))

    begin, end = ((day - _EPOCH).days for day in (first_day, last_day))
    return (pc.field("start") >= midnight(begin)) & (pc.field("start") < midnight(end + 1))
