"""What both forms of the log are read into: one Arrow table of Zeek's own columns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

TEXT: Final = pa.dictionary(pa.int32(), pa.string())

# Zeek's name: what it is read as. Times and intervals are in seconds.
FIELDS: Final[dict[str, pa.DataType]] = {
    "ts": pa.float64(),
    "id.orig_h": TEXT,
    "id.orig_p": pa.int64(),
    "id.resp_h": TEXT,
    "id.resp_p": pa.int64(),
    "proto": TEXT,
    "ip_proto": pa.int64(),
    "service": TEXT,
    "duration": pa.float64(),
    "orig_bytes": pa.int64(),
    "resp_bytes": pa.int64(),
    "missed_bytes": pa.int64(),
    "history": TEXT,
    "orig_pkts": pa.int64(),
    "orig_ip_bytes": pa.int64(),
    "resp_pkts": pa.int64(),
    "resp_ip_bytes": pa.int64(),
    "tunnel_parents": TEXT,
    "vlan": pa.int64(),
    "inner_vlan": pa.int64(),
}
NEEDED: Final = ("ts", "id.orig_h", "id.resp_h")


@dataclass(frozen=True, slots=True)
class Records:
    """Some records of the log.

    Attributes:
        columns: every name of ``FIELDS``; what the log lacks is null.
        text: the lines they stand in.
        line: number of the first line of ``text``.
        kept: index within ``text`` of each row's line, where some lines gave no row; else null.
        bad_numbers: by field, which rows held a value that is no number of that field.
    """

    columns: pa.Table
    text: bytes
    line: int
    kept: list[int] | None
    bad_numbers: dict[str, pa.BooleanArray]

    def line_of(self, row: int) -> int:
        """Number of the line that gave ``row``."""
        if self.kept is None:
            return self.line + row
        return self.line + self.kept[row]

    def size_of(self, rows: list[int]) -> int:
        """Bytes of the lines that gave ``rows``."""
        lines = self.text.split(b"\n")
        return sum(len(lines[self.line_of(row) - self.line]) + 1 for row in rows)

    def filtered(self, mask: pa.BooleanArray) -> Records:
        """The rows that ``mask`` marks; every row must be marked or unmarked, none null."""
        if pc.all(mask).as_py():
            return self
        left = pc.indices_nonzero(mask).to_pylist()
        kept = left if self.kept is None else [self.kept[row] for row in left]
        bad = {name: wrong.filter(mask) for name, wrong in self.bad_numbers.items()}
        return Records(self.columns.filter(mask), self.text, self.line, kept, bad)


def clean(text: bytes) -> tuple[bytes, bool]:
    """``text`` as valid UTF-8 with plain line ends, and whether characters had to be replaced."""
    if b"\r" in text:
        text = text.replace(b"\r\n", b"\n").replace(b"\r", b"?")  # a lone CR is no line end of Zeek
    try:
        text.decode("utf-8")
    except UnicodeDecodeError:
        return text.decode("utf-8", "replace").encode("utf-8"), True
    return text, False


def completed(columns: dict[str, pa.Array], rows: int) -> pa.Table:
    """A table of all ``FIELDS``, null where ``columns`` has none."""
    return pa.table(
        {name: columns.get(name, pa.nulls(rows, kind)) for name, kind in FIELDS.items()}
    )
