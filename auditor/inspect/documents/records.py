"""Parsed records as rows: what lies within a record gets a dotted name."""

from __future__ import annotations

from operator import itemgetter
from typing import TYPE_CHECKING, Any, Final

from auditor.inspect.documents.rows import MOST_SAME

if TYPE_CHECKING:
    from auditor.inspect.documents.rows import Rows

MOST_PATH: Final = 400
"""Characters of a path; of a longer one the end is kept."""

MOST_ALIKE: Final = 1000
"""Columns of records that are taken apart together."""

_SCALARS: Final = frozenset({str, type(None)})
_PLAIN: Final = _SCALARS | {bool}


def joined(path: str, key: str) -> str:
    """The path of a key within what has a path."""
    return (f"{path}.{key}" if path else key)[-MOST_PATH:]


def written(value: object) -> str | None:
    """A scalar as it was written."""
    if value is True:
        return "true"
    if value is False:
        return "false"
    return value if isinstance(value, str) else None


def add_all(rows: Rows, records: list[dict[str, Any]]) -> None:
    """Adds records: all at once where they are built alike."""
    found = _columns(records)
    if found is not None:
        rows.extend(*found)
        return
    for record in records:
        rows.add(*flat(record))


def _columns(records: list[Any]) -> tuple[tuple[str, ...], list[list[str | None]]] | None:
    """Names and values of records that are all built alike, by columns; null = they are not."""
    names: list[str] = []
    columns: list[list[str | None]] = []
    left: list[tuple[str, list[Any]]] = [("", records)]
    while left:
        name, column = left.pop()
        types = set(map(type, column))
        if types <= _PLAIN:
            names.append(name)
            columns.append(column if types <= _SCALARS else list(map(written, column)))
            if len(columns) > MOST_ALIKE:
                return None
        elif types == {dict}:
            shapes = set(map(tuple, column))
            if len(shapes) > 1:
                return None
            # A column per key, not a zip of all records: that makes thousands of iterators.
            left.extend(
                (joined(name, key), list(map(itemgetter(key), column)))
                for key in reversed(shapes.pop())
            )
        elif types == {list}:
            lengths = set(map(len, column))
            if len(lengths) > 1 or max(lengths) > MOST_SAME:
                return None
            left.extend(
                (name, list(map(itemgetter(at), column))) for at in reversed(range(lengths.pop()))
            )
        else:
            return None
    return tuple(names), columns


def flat(record: dict[str, Any]) -> tuple[tuple[str, ...], list[str | None]]:
    """Names and values of a record, those within it under dotted names."""
    values = list(record.values())
    if _SCALARS.issuperset(map(type, values)):
        return tuple(record), values
    names: list[str] = []
    found: list[str | None] = []
    seen: dict[str, int] = {}
    # A long list in a record would be a column per element: the last column takes the rest.
    more: dict[str, list[str]] = {}
    left: list[tuple[str, object]] = [("", record)]
    while left:
        path, value = left.pop()
        if isinstance(value, dict):
            left.extend((joined(path, key), part) for key, part in reversed(value.items()))
        elif isinstance(value, list):
            left.extend((path, part) for part in reversed(value))
        else:
            count = seen[path] = seen.get(path, 0) + 1
            if count <= MOST_SAME:
                names.append(path)
                found.append(written(value))
            else:
                more.setdefault(path, []).append(written(value) or "")
    for path, parts in more.items():
        names.append(path)
        found.append("\n".join(parts))
    return tuple(names), found
