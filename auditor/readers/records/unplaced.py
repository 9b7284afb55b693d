"""Lines whose server has no address in the log: in no flow, but counted, never dropped silently."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Final

import pyarrow as pa
import pyarrow.compute as pc

from auditor.readers.records.kernels import text_keys

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from auditor.readers.records.batch import Batch
    from auditor.readers.records.tally import Tally

MOST_NAMES: Final = 1 << 20
LAST: Final = 1 << 60
"""A line number behind all others: what is told with it changes no first place."""


class Unplaced:
    """Counts the lines of one kind, their bytes, and how many distinct names they have.

    The message of ``kind`` ends in ``{detail}``, which is empty where the file broke off.
    """

    def __init__(self, kind: str, names: str, tally: Tally) -> None:
        """Gets ready; ``names`` is what the names are of, such as ``server(s)``."""
        self._kind = kind
        self._what = names
        self._tally = tally
        self._lock = threading.Lock()
        self._bytes = 0
        self._names: set[int] = set()

    def count(
        self, batch: Batch, marked: npt.NDArray[np.bool_], size: pa.Array, name: pa.Array
    ) -> None:
        """Counts the records marked; ``size`` and ``name`` are of all records of the batch."""
        if not batch.counted(marked, self._kind, self._tally, ""):
            return
        mask = pa.array(marked)
        moved = int(pc.sum(pc.max_element_wise(size.filter(mask), 0)).as_py() or 0)
        names = pc.unique(name.filter(mask)).drop_null()
        with self._lock:
            self._bytes += moved
            if len(self._names) < MOST_NAMES:
                self._names.update(text_keys(names).tolist())

    def told(self) -> None:
        """The file is over: how much it was altogether is told."""
        if self._bytes or self._names:
            detail = f": {self._bytes:,} bytes in answers, {len(self._names):,} {self._what}"
            self._tally.add(self._kind, LAST, count=0, detail=detail)


def kept(batch: Batch, placed: npt.NDArray[np.bool_]) -> Batch:
    """The records of ``batch`` that have a place; the others were counted."""
    if placed.all():
        return batch
    mask = pa.array(placed)
    columns = {name: column.filter(mask) for name, column in batch.columns.items()}
    return type(batch)(columns, batch.where.taken(placed))
