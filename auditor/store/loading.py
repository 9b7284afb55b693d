"""The rows of a backup become rows of a database: of either kind, from any version on."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import MetaData, func, insert, inspect, select, text

from auditor.store.archive import Manifest, kind
from auditor.store.consistency import expected
from auditor.store.directory import inside
from auditor.store.migration import upgrade
from auditor.store.tables import metadata

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection, Table

_MOST_LINE: Final = 1 << 26
_ROWS: Final = 1000
_BYTES: Final = 1 << 25
"""Rows that are held at once: so many, or of so many bytes."""


def present(connection: Connection) -> list[str]:
    """Tables of a store that are there, each before those that it refers to."""
    there = set(inspect(connection).get_table_names())
    names = [table.name for table in reversed(metadata.sorted_tables)] + ["alembic_version"]
    return [name for name in names if name in there]


def dropped(connection: Connection) -> None:
    """Removes the tables of a store, and what is in them."""
    for table in present(connection):
        connection.execute(text(f'DROP TABLE "{table}"'))


def loaded(connection: Connection, manifest: Manifest, folder: Path) -> None:
    """Makes the tables as they were, fills them, and brings them to this program's version.

    Args:
        connection: of a transaction that writes; there are no tables.
        manifest: of the backup.
        folder: of its tables, one file each.

    Raises:
        ValueError: a row cannot be one of its table, or there are not as many as there should be.
        StoreError: a row names a file that no store may hold.
    """
    upgrade(connection, manifest.store)
    then = MetaData()
    then.reflect(connection)
    strange = manifest.tables.keys() - then.tables.keys()
    if strange:
        raise ValueError(f"it holds a table that its version does not have: {min(strange)}")
    for table in then.sorted_tables:
        if table.name in manifest.tables:
            path = folder / f"{table.name}.jsonl"
            lines = 0
            for some in _portions(path, table):
                connection.execute(insert(table), some)
                lines += len(some)
            if lines != manifest.tables[table.name].rows:
                raise ValueError(f"{table.name} has not as many rows as its manifest says")
    upgrade(connection)
    for table in metadata.sorted_tables:
        with connection.execute(select(table), execution_options={"yield_per": _ROWS}) as rows:
            for _ in rows:
                pass  # every value can be read as what it is
        identity = table.autoincrement_column
        if identity is not None and connection.dialect.name == "postgresql":
            last = select(func.coalesce(func.max(identity), 0) + 1).scalar_subquery()
            sequence = func.pg_get_serial_sequence(table.name, identity.name)
            connection.execute(select(func.setval(sequence, last, False)))
    for each in expected(connection):
        inside(Path(), each.path)


def _portions(path: Path, table: Table) -> Iterator[list[dict[str, Any]]]:
    with path.open("rb") as file:
        rows: list[dict[str, Any]] = []
        size = 0
        while line := file.readline(_MOST_LINE):
            rows.append(_row(line, table))
            size += len(line)
            if len(rows) == _ROWS or size > _BYTES:
                yield rows
                rows, size = [], 0
        if rows:
            yield rows


def _row(line: bytes, table: Table) -> dict[str, Any]:
    """One row, each value of its column's kind: SQLite would take any other as well."""
    try:
        row = json.loads(line)
    except RecursionError:
        row = None
    if not isinstance(row, dict) or set(row) != set(table.columns.keys()):
        raise ValueError(f"{table.name} has a row with other columns than the table")
    for name, value in row.items():
        column = table.columns[name]
        if value is None:
            if not column.nullable:
                raise ValueError(f"{table.name}.{name} is empty in a row")
            continue
        fits = isinstance(value, kind(column)) and (
            column.type.python_type is bool or not isinstance(value, bool)
        )
        if isinstance(value, str):
            fits = fits and "\0" not in value and not any("\ud800" <= c <= "\udfff" for c in value)
        elif isinstance(value, int):
            fits = fits and -(2**63) <= value < 2**63
        if not fits:
            raise ValueError(f"{table.name}.{name} has a value that it cannot have")
    return row
