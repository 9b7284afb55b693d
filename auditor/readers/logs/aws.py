"""AWS VPC flow logs as text (``docs/formats/aws-vpc.md``)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from auditor.model.errors import InputError
from auditor.readers.logs.batch import Batch, Where
from auditor.readers.logs.checked import bools
from auditor.readers.logs.text import cleaned, delimited, numbers

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.readers.logs.lines import Block
    from auditor.readers.logs.tally import Kinds, Tally
    from auditor.readers.reading import Settings

_TEXT: Final = pa.string()
_WORD: Final = pa.dictionary(pa.int32(), pa.string())
_INT: Final = pa.int64()

DEFAULT: Final = (
    "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start"
    " end action log-status"
)
"""The fields of version 2, in the order that is used where nobody chose another."""

FIELDS: Final[dict[str, pa.DataType]] = {
    "interface-id": _WORD, "srcaddr": _TEXT, "dstaddr": _TEXT, "srcport": _INT, "dstport": _INT,
    "protocol": _INT, "packets": _INT, "bytes": _INT, "start": _INT, "end": _INT,
    "action": _WORD, "log-status": _WORD, "tcp-flags": _INT, "pkt-srcaddr": _TEXT,
    "pkt-dstaddr": _TEXT,
}  # fmt: skip
NEEDED: Final = ("srcaddr", "dstaddr", "start", "end")
SECOND: Final = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Aws:
    """The format."""

    name: str = "aws-vpc"
    seen_by: str = "aws-vpc"
    one_way: bool = True

    @property
    def kinds(self) -> Kinds:
        """Troubles of this format."""
        return {
            "no-traffic": ("{count} record(s) tell that nothing was logged ({detail})", ""),
        }

    def sniff(self, head: bytes) -> float:
        """Certain of a header line; nearly of lines of version 2 in the usual order."""
        line = head.partition(b"\n")[0].strip()
        words = line.split(b" ")
        if b"srcaddr" in words and b"dstaddr" in words:
            return 1.0
        return 0.8 if len(words) == 14 and words[0] == b"2" and words[13] in STATES else 0.0

    def begun(self, head: bytes, settings: Settings, tally: Tally) -> _Text:
        """One file."""
        del settings
        first = head.partition(b"\n")[0].decode("utf-8", "replace").strip()
        names = (first if "srcaddr" in first else DEFAULT).split()
        missing = [name for name in NEEDED if name not in names]
        if missing:
            raise lacking(missing)
        return _Text(names, tally)


STATES: Final = (b"OK", b"NODATA", b"SKIPDATA")


class _Text:
    def __init__(self, names: list[str], tally: Tally) -> None:
        self._names = names
        self._tally = tally
        self._kinds = {name: FIELDS[name] for name in names if name in FIELDS}

    def pieces(self, block: Block) -> Iterator[tuple[bytes, int]]:
        text = cleaned(block, self._tally)
        line = block.line
        if b"srcaddr" in text[: text.find(b"\n")]:
            text = text[text.find(b"\n") + 1 :]
            line += 1
        if text:
            yield text, line

    def parsed(self, piece: tuple[bytes, int]) -> Batch:
        text, line = piece
        columns, where = delimited(
            text, self._names, self._kinds, self._tally, line=line, delimiter=" "
        )
        return records(columns, where, self._tally)

    def ended(self, line: int) -> None:
        """Nothing marks the end of such a log."""


def aws_batch(table: pa.Table, tally: Tally, where: Where | None = None) -> Batch:
    """Records out of a table with AWS's own names, with ``-`` or ``_`` (Parquet has these).

    Columns that are not known are ignored; numbers may be of any width, or texts. ``where`` tells
    the number of the first record.

    Raises:
        InputError: fields are missing without which nothing can be told.
    """
    named = {name.replace("_", "-"): name for name in table.column_names}
    missing = [name for name in NEEDED if name not in named]
    if missing:
        raise lacking(missing)
    where = where or Where()
    columns: dict[str, Any] = {}
    for name, kind in FIELDS.items():
        if name not in named:
            continue
        column = table[named[name]].combine_chunks()
        if kind is _INT and not pa.types.is_integer(column.type):
            columns[name] = numbers(column, name, where, tally)
        else:
            columns[name] = column.cast(kind) if column.type != kind else column
    return records(columns, where, tally)


def lacking(missing: list[str]) -> InputError:
    """What is said of a log without the fields that are needed."""
    return InputError(
        f"lacks the fields {', '.join(missing)}",
        place="",
        hint="Log at least srcaddr, dstaddr, start, end, packets and bytes.",
    )


def records(columns: dict[str, Any], where: Where, tally: Tally) -> Batch:
    """Records out of AWS's own columns."""
    status = columns.get("log-status")
    batch = Batch(columns, where)
    if status is not None:
        idle = (
            bools(pc.is_in(status.dictionary, pa.array(["NODATA", "SKIPDATA"])))[
                np.asarray(pc.fill_null(status.indices, 0))
            ]
            if len(status.dictionary)
            else np.zeros(len(status), np.bool_)
        )
        if idle.any():
            batch.counted(idle, "no-traffic", tally, "NODATA, SKIPDATA")
            keep = pa.array(~idle)
            columns = {name: column.filter(keep) for name, column in columns.items()}
            batch = Batch(columns, where.taken(~idle))
    aws = batch.columns
    size = len(batch)
    found: dict[str, Any] = {
        "start": pc.multiply(aws["start"], SECOND),
        "end": pc.multiply(aws["end"], SECOND),
        "time_basis": pa.repeat("window", size),
        "src_ip": pc.coalesce(aws["pkt-srcaddr"], aws["srcaddr"])
        if "pkt-srcaddr" in aws
        else aws["srcaddr"],
        "dst_ip": pc.coalesce(aws["pkt-dstaddr"], aws["dstaddr"])
        if "pkt-dstaddr" in aws
        else aws["dstaddr"],
    }
    for name, its in (
        ("src_port", "srcport"), ("dst_port", "dstport"), ("protocol", "protocol"),
        ("src_packets", "packets"), ("src_bytes", "bytes"), ("src_tcp_flags", "tcp-flags"),
        ("observer", "interface-id"),
    ):  # fmt: skip
        if its in aws:
            found[name] = aws[its]
    if "action" in aws:
        found["blocked"] = pc.equal(aws["action"].cast(pa.string()), "REJECT")
    return Batch(found, batch.where)
