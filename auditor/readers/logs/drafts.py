"""A first mapping of a file, for people to correct."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.model.errors import InputError
from auditor.readers.logs.guess import guessed
from auditor.readers.logs.parquet_file import MAGIC, parquet_in, sample_of, sought
from auditor.readers.logs.reader import unopened
from auditor.readers.logs.tables import table_in

if TYPE_CHECKING:
    from auditor.readers.logs.guess import Guess
    from auditor.readers.logs.tables import Table
    from auditor.readers.streams import Source


def guess_of(source: Source) -> Guess:
    """What the columns of a CSV, JSON or Parquet file may mean; ``written`` makes a mapping of it.

    Raises:
        InputError: it cannot be opened, or is no table.
    """
    try:
        return guessed(_table(source))
    except OSError as error:
        raise unopened(source, error) from None
    except InputError as error:
        raise InputError(error.message, place=source.name, hint=error.hint) from None


def _table(source: Source) -> Table:
    with source.open() as opened:
        if opened.head.startswith(MAGIC):
            handle, _ = sought(source, opened)
            with handle:
                return sample_of(parquet_in(handle))
        table = table_in(opened.head)
    if table is None:
        raise InputError(
            "is no table with a line that names its columns, and no JSON objects",
            place=source.name,
            hint="Write a mapping by hand, with `header` for CSV without such a line.",
        )
    return table
