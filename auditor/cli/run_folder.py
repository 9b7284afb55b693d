"""The run and its flows in the folder of an audit, or of the agent."""

from __future__ import annotations

import re
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, Final

from auditor.model.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterator, Sequence
    from pathlib import Path

    import pyarrow as pa

    from auditor.model.run import Run

ROWS: Final = 1 << 17
"""Flows that are read at a time."""
_UP: Final = 4
"""Folders above a run's in which the agent's ``flows/`` is looked for."""
_RUN_ID: Final = re.compile(r"[0-9A-Za-z][0-9A-Za-z-]{0,99}")
_HOME: Final = re.compile(r"[A-Z]{2}")
HINT: Final = "Give the folder of an audit, with run.json and flows.parquet, both unchanged."


def run_in(place: Path) -> Run:
    """The run in a folder, or in a ``run.json``.

    Raises:
        InputError: there is none, or it is damaged.
    """
    from auditor.model.run import from_json

    path = place / "run.json" if place.is_dir() else place
    try:
        if not path.is_file():
            raise InputError("is no file", place=str(path), hint=HINT)
        told = from_json(path.read_text(encoding="utf-8"), str(path))
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise InputError(f"cannot be read: {reason}", place=str(path), hint=HINT) from None
    if not _HOME.fullmatch(told.home):  # with another one everything would lie abroad
        raise InputError("names no home country", place=str(path), hint=HINT)
    return told


class RunFlows:
    """The flow table of a run; iterate for its parts, as often as needed.

    Args:
        place: folder of the run, or its ``run.json``.
        told: the run.
        columns: the columns that are read.
        missing: names what is wrong with the schema of a file, one line each.
        prepared: makes a part what is wanted of it; it may refuse as pyarrow does.

    Raises:
        InputError: the run has no flows; when iterated: a file is no flow table, damaged, or
            claims more than it can hold.
    """

    def __init__(
        self,
        place: Path,
        told: Run,
        columns: Container[str],
        missing: Callable[[pa.Schema], Sequence[str]],
        prepared: Callable[[pa.Table], pa.Table],
    ) -> None:
        self._paths = _flow_files(place, told)
        self._columns = columns
        self._missing = missing
        self._prepared = prepared

    def __iter__(self) -> Iterator[pa.Table]:
        for path in self._paths:
            yield from self._parts(path)

    def _parts(self, path: Path) -> Iterator[pa.Table]:
        import pyarrow as pa

        from auditor.readers.tables.parquet_file import parquet_in

        with _opened(path) as handle:
            try:
                file = parquet_in(handle)
                self._check(file.schema_arrow)
                names = file.schema_arrow.names
                wanted = [each for each in names if each in self._columns]
                for batch in file.iter_batches(ROWS, columns=wanted):
                    yield self._prepared(pa.Table.from_batches([batch]))
            except InputError as error:
                raise InputError(error.message, place=str(path), hint=HINT) from None
            except (pa.ArrowException, OSError, ValueError, MemoryError) as error:
                reason = (str(error).splitlines() or ["its bytes make no sense"])[0][:200]
                raise InputError(f"is damaged: {reason}", place=str(path), hint=HINT) from None

    def _check(self, schema: pa.Schema) -> None:
        wrong = self._missing(schema)
        if wrong:
            raise InputError(f"is no flow table: {'; '.join(wrong[:5])}", place="", hint=HINT)


def _flow_files(run: Path, told: Run) -> list[Path]:
    """The run's flows: beside it, or where the agent keeps those of all runs."""
    folder = (run if run.is_dir() else run.parent).resolve()
    beside = folder / "flows.parquet"
    if beside.is_file():
        return [beside]
    if _RUN_ID.fullmatch(told.run_id):
        for above in list(folder.parents)[:_UP]:
            found = sorted((above / "flows").glob(f"day=*/{told.run_id}*.parquet"))
            if found:
                return found
    raise InputError(
        "there is no flows.parquet beside the run, nor a folder of the agent with its flows",
        place=str(folder),
        hint=HINT,
    )


@contextmanager
def _opened(path: Path) -> Iterator[IO[bytes]]:
    try:
        handle = path.open("rb")
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror}", place=str(path), hint=HINT) from None
    with handle:
        yield handle
