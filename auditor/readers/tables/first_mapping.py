"""A first mapping of a table, written down for somebody to correct."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.model.errors import InputError
from auditor.readers.streams import Source
from auditor.readers.tables.guess import guessed, written
from auditor.readers.tables.mapped import table_for
from auditor.readers.tables.parquet_file import MAGIC, parquet_in, sample_of, sought

if TYPE_CHECKING:
    from pathlib import Path

    from auditor.readers.tables.table import Table


def guess_of(path: Path) -> str:
    """What the columns of a CSV, JSON or Parquet file may mean, as the text of a mapping file.

    Raises:
        InputError: it cannot be opened, is no table, or names no two addresses and a time.
    """
    source = Source(path)
    try:
        opened = source.open()
    except OSError as error:
        raise InputError(
            f"cannot be opened: {error.strerror or error}", place=str(path), hint="Check the path."
        ) from None
    table: Table | None
    with opened:
        try:
            if opened.head.startswith(MAGIC):
                handle, _ = sought(source, opened)
                with handle:
                    table = sample_of(parquet_in(handle))
            else:
                table = table_for(opened.head, ())
        except InputError as error:  # those who open Parquet do not know the name of the file
            raise InputError(error.message, place=str(path), hint=error.hint) from None
    text = written(guessed(table)) if table is not None else ""
    if not text:
        raise InputError(
            "is no table in which two addresses and a time were found",
            place=str(path),
            hint="Write a mapping by hand: docs/formats/mapping.md tells how.",
        )
    return text
