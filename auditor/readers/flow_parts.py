"""The flow table of all inputs, part by part, with every witness told from what is counted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from auditor.model.flow_table import Stage, schema_at
from auditor.readers.community import community_ids
from auditor.readers.witnesses import confirmed

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from auditor.readers.parts import Parts

PART: Final = 1 << 19
"""Flows of one part: what the stages after the reading work on at a time."""

SCHEMA: Final = schema_at(Stage.READ)


@dataclass(frozen=True, slots=True)
class Told:
    """One input and whose word it is.

    Attributes:
        place: its number among the parts.
        number: its ``input_id``.
        folder: where it lies: logs of one kind in one folder are one witness.
    """

    place: int
    number: int
    folder: str


class FlowParts:
    """Iterate for tables of the stage ``read``, of a million flows at most; as often as needed.

    Attributes:
        confirming: by ``input_id``, how many of its flows only confirm what another told.
    """

    def __init__(self, parts: Parts, inputs: list[Told], *, with_ids: bool) -> None:
        self._parts = parts
        self._inputs = inputs
        self._with_ids = with_ids
        self._confirmed = confirmed(self._numbered)
        self.confirming = self._confirmed.by_input

    def __iter__(self) -> Iterator[pa.Table]:
        waiting: list[pa.Table] = []
        rows = first = 0
        for told, table in self._numbered():
            ids = pa.repeat(pa.scalar(told.number, pa.int32()), len(table))
            waiting.append(table.append_column("input_id", ids))
            rows += len(table)
            if rows >= PART:
                yield from self._cut(waiting, first)
                first += rows
                waiting, rows = [], 0
        if rows or not first:
            yield from self._cut(waiting, first)

    def columns(self, names: Sequence[str]) -> Iterator[pa.Table]:
        """Some columns of all flows, without what makes them a flow table: for a look ahead.

        ``input_id`` may be among them; ``flow_id``, ``witnesses`` and ``witness_of`` may not.
        """
        for told, table in self._numbered():
            whole = table.append_column(
                "input_id", pa.repeat(pa.scalar(told.number, pa.int32()), len(table))
            )
            for name in names:
                if name not in whole.column_names:
                    nulls = pa.nulls(len(table), SCHEMA.field(name).type)
                    whole = whole.append_column(name, nulls)
            yield whole.select(list(names))

    def whole(self) -> pa.Table:
        """All flows as one table: for what is known to be small."""
        return pa.concat_tables(list(self)).combine_chunks()

    def close(self) -> None:
        """Lets go of the memory and the temporary file behind it."""
        self._parts.close()

    def _numbered(self) -> Iterator[tuple[Told, pa.Table]]:
        for told in self._inputs:
            for table in self._parts.tables(told.place):
                yield told, table

    def _cut(self, waiting: list[pa.Table], first: int) -> Iterator[pa.Table]:
        """The waiting tables as one part; as several where a single one was too large."""
        if not waiting:
            yield SCHEMA.empty_table()
            return
        table = pa.concat_tables(waiting, promote_options="default")
        for begin in range(0, len(table), 2 * PART):
            yield self._finished(table.slice(begin, 2 * PART), first + begin)

    def _finished(self, table: pa.Table, first: int) -> pa.Table:
        if self._with_ids:
            place = table.schema.get_field_index("community_id")
            made = community_ids(table)
            given = table["community_id"].combine_chunks()
            table = table.set_column(place, "community_id", pc.coalesce(given, made))
        table = self._confirmed.told(table, first)
        ids = pa.array(np.arange(first + 1, first + len(table) + 1, dtype=np.int64))
        table = table.append_column("flow_id", ids).select(SCHEMA.names)
        return table.cast(SCHEMA).combine_chunks()
