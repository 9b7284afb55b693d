"""Many rows at once, asked for and written: what each database does fastest."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from sqlalchemy import ARRAY, BigInteger, Text, and_, bindparam, delete, func, literal, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.types import TypeDecorator

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import ColumnElement, Connection, Select, Table


def matching(
    connection: Connection, column: ColumnElement[Any], values: Sequence[int] | Sequence[str]
) -> ColumnElement[bool]:
    """Where a column is one of many values; no database takes so many parameters.

    Args:
        connection: which database it is for.
        column: of numbers or texts.
        values: as the database keeps them.
    """
    if connection.dialect.name == "postgresql":
        kind = ARRAY(Text() if any(isinstance(value, str) for value in values) else BigInteger())
        return column.in_(select(func.unnest(literal(list(values), kind))))
    rows = func.json_each(json.dumps(list(values))).table_valued("value")
    return column.in_(select(rows.c.value))


def upserted(connection: Connection, table: Table, columns: Sequence[Sequence[Any]]) -> None:
    """Writes rows; those whose primary key is there already are replaced.

    Args:
        connection: of a transaction that writes.
        table: whose rows they are.
        columns: the values of each of its columns; no primary key stands twice.
    """
    if not columns or not columns[0]:
        return
    names = table.columns.keys()
    keys = [column.name for column in table.primary_key]
    rest = [name for name in names if name not in keys]
    fresh: dict[str, Any]
    if connection.dialect.name == "postgresql":
        made = postgresql.insert(table).from_select(names, _unnested(connection, table, columns))
        fresh = {name: made.excluded[name] for name in rest}
        connection.execute(made.on_conflict_do_update(index_elements=keys, set_=fresh))
        return
    statement = sqlite.insert(table)
    fresh = {name: statement.excluded[name] for name in rest}
    connection.execute(
        statement.on_conflict_do_update(index_elements=keys, set_=fresh),
        [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)],
    )


def removed(connection: Connection, table: Table, keys: Sequence[dict[str, Any]]) -> None:
    """Removes the rows with these primary keys."""
    if keys:
        there = [column == bindparam(f"of_{column.name}") for column in table.primary_key]
        rows = [{f"of_{name}": value for name, value in key.items()} for key in keys]
        connection.execute(delete(table).where(and_(*there)), rows)


def _unnested(
    connection: Connection, table: Table, columns: Sequence[Sequence[Any]]
) -> Select[Any]:
    """Columns as a question that gives their rows: one statement and one parameter for each."""
    arrays = []
    for column, values in zip(table.columns, columns, strict=True):
        kind, plain = column.type, list(values)
        if isinstance(kind, TypeDecorator):
            plain = [kind.process_bind_param(value, connection.dialect) for value in values]
            kind = kind.impl_instance
        arrays.append(literal(plain, ARRAY(kind)))
    rows = func.unnest(*arrays).table_valued(*table.columns.keys()).render_derived()
    return select(*rows.c)
