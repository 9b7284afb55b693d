"""Whether a mapping fits a table: every mistake at once, before a record is read."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Any, Final

from auditor.model.errors import InputError
from auditor.readers.records.tally import shape
from auditor.readers.tables.guess import guessed
from auditor.readers.tables.shapes import addresses, numbers, share_of, time_shape

if TYPE_CHECKING:
    from collections.abc import Sequence

    from auditor.readers.tables.guess import Guess
    from auditor.readers.tables.mapping import Mapping
    from auditor.readers.tables.table import Table

NEEDED: Final = tuple(f"columns.{name}" for name in ("src_ip", "dst_ip", "start", "end", "time"))
MOST_NAMED: Final = 60
"""Columns that a message lists."""

_NUMBERS: Final = (
    "src_packets", "dst_packets", "src_bytes", "dst_bytes", "src_payload", "dst_payload",
    "duration", "src_port", "dst_port", "nat_src_port", "nat_dst_port", "sampling",
)  # fmt: skip
HOW: Final = (
    "Write a mapping that says what the columns mean and give it with --mapping; "
    "docs/formats/mapping.md tells how, `auditor formats guess` writes a first one."
)


def chosen(table: Table, mappings: Sequence[Mapping], place: str) -> tuple[Mapping, Guess | None]:
    """The mapping by which ``table`` is read, and the guess if it is one.

    ``place`` is the name of the file.

    Raises:
        InputError: none is known, or the one that is meant does not fit; all mistakes are told.
    """
    given = meant(table, mappings)
    if given is not None:
        wrong = mistakes(given, table)
        if wrong:
            listed = "\n  ".join(wrong)
            raise InputError(
                f"does not fit the mapping {given.name!r}, {_counted(len(wrong))}:\n  {listed}",
                place=place,
                hint=f"Correct the mapping. The table has the columns {_listed(table)}",
            )
        return given, None
    guess = guessed(table)
    if guess.mapping is None:
        doubts = "; ".join(guess.doubts)
        best = f" The likeliest meaning: {guess.shown}." if guess.candidates else ""
        raise InputError(
            f"is a table whose columns nobody explained: {doubts}.{best} "
            f"Its columns: {_listed(table)}",
            place=place,
            hint=HOW,
        )
    return guess.mapping, guess


def meant(table: Table, mappings: Sequence[Mapping]) -> Mapping | None:
    """The mapping that is meant for ``table``: by its ``match``, its columns, or for any table."""
    names = set(table.names)
    for mapping in mappings:
        if mapping.match and set(mapping.match) <= names:
            return mapping
    for mapping in mappings:
        if not mapping.match and set(mapping.used.values()) <= names:
            return mapping
    rest = [mapping for mapping in mappings if not mapping.match and not mapping.header]
    return max(rest, key=lambda one: len(names & set(one.used.values())), default=None)


def mistakes(mapping: Mapping, table: Table) -> list[str]:
    """What does not fit, each with its place in the mapping."""
    out = []
    for place, name in mapping.used.items():
        if name not in table.names:
            if table.kind == "json" and place not in NEEDED:
                continue  # a record may lack what another has: told once it is read
            close = difflib.get_close_matches(name, [one for one in table.names if one], n=2)
            nearest = f"; the nearest are {' and '.join(map(repr, close))}" if close else ""
            out.append(f"{place}: the table has no column {name!r}{nearest}")
        elif table.names.count(name) > 1:
            out.append(f"{place}: the table has {table.names.count(name)} columns {name!r}")
        else:
            values = [one for one in table.values(name) if one not in mapping.null]
            wrong = _wrong(mapping, place.removeprefix("columns."), values) if values else ""
            if wrong:
                out.append(f"{place}: {wrong}")
    missing = [name for name in mapping.match if name not in table.names]
    out += [f"match: the table has no column {name!r}" for name in missing]
    return out


def _wrong(mapping: Mapping, ours: str, values: list[Any]) -> str:
    """What is wrong with the values of one column; empty = nothing."""
    looks = shape(str(values[0]).encode("utf-8", "replace"))
    if ours.endswith("_ip"):
        return "" if addresses(values) else f"holds no IP addresses but values like {looks!r}"
    if ours in ("start", "end", "time"):
        return _wrong_time(mapping, values, looks)
    if ours in _NUMBERS and not numbers(values, mapping.decimal, mapping.thousands):
        signs = f"decimal {mapping.decimal!r}, thousands {mapping.thousands!r}"
        return f"holds no numbers ({signs}) but values like {looks!r}"
    return ""


def _wrong_time(mapping: Mapping, values: list[Any], looks: str) -> str:
    form = mapping.time.format
    if not all(isinstance(value, (str, int, float)) for value in values):
        return ""  # times by their type
    if share_of([str(value) for value in values], form) > 0:
        return ""
    seen = time_shape(values)
    better = f"; {seen.format} would fit" if seen.format else ""
    better += f", and so would {seen.other}" if seen.other else ""
    return f"time.format {form} fits none of the values, which look like {looks!r}{better}"


def _listed(table: Table) -> str:
    names = [repr(name[:80]) for name in table.names if name]
    more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
    return ", ".join(names[:MOST_NAMED]) + more


def _counted(number: int) -> str:
    return "1 mistake" if number == 1 else f"{number} mistakes"
