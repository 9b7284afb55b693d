"""Some records of a log, as columns: what every format gives, whatever its text looks like."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

if TYPE_CHECKING:
    from auditor.readers.records.tally import Tally

_TEXT: Final = pa.string()
_INT: Final = pa.int64()

COLUMNS: Final[dict[str, pa.DataType]] = {
    # ns since 1970 UTC; null = unknown. A record without a start is not read; one without an end
    # ends when it starts.
    "start": _INT, "end": _INT,
    # what the times are: `recorded` (first and last packet), `window` (bounds of the span that was
    # summed up), `start-only`, `end-only`, `log-time` (when the line was written)
    "time_basis": _TEXT,
    "clock": _TEXT,  # `stated` (by the log or its definition) or `assumed` (a zone was assumed)
    "window_s": _INT,  # longest span that the exporter sums up in one record
    "protocol": _INT,  # IANA number; null = not known
    "src_ip": _TEXT, "src_port": _INT, "dst_ip": _TEXT, "dst_port": _INT,
    "initiator_basis": _TEXT,  # null = `recorded`; one-way records: decided when they are paired
    # null = not logged; 0 = none. One-way records fill the src side only.
    "src_packets": _INT, "dst_packets": _INT, "src_bytes": _INT, "dst_bytes": _INT,
    "src_payload": _INT, "dst_payload": _INT,
    "src_tcp_flags": _INT, "dst_tcp_flags": _INT,
    "rtt_us": _INT,
    "sampling": _INT,  # N of 1 in N; counters are as logged, not multiplied yet; null = unknown
    "estimated": pa.bool_(),  # the exporter made estimates of its own, at a rate it does not tell
    "scaled": pa.bool_(),  # ... but these counters were multiplied by it before they were logged
    "blocked": pa.bool_(),  # the log says that it was not let through
    "vlan": _TEXT, "tunnel": _TEXT, "outer_src_ip": _TEXT, "outer_dst_ip": _TEXT,
    "app": _TEXT, "encrypted": pa.bool_(), "host": _TEXT, "host_basis": _TEXT, "ech": pa.bool_(),
    "alpn": _TEXT, "tls_version": _TEXT, "tls_cipher": _TEXT, "ja4": _TEXT,
    "community_id": _TEXT,
    "nat_src_ip": _TEXT, "nat_src_port": _INT, "nat_dst_ip": _TEXT, "nat_dst_port": _INT,
    "src_log_country": _TEXT, "dst_log_country": _TEXT,  # ISO 3166-1 alpha-2
    # Not in the flow table:
    "observer": _TEXT,  # interface, reporter...: the same traffic seen by two counts once
    "session": _TEXT,  # name of a session of which several records may tell, each with all so far
    "unfinished": pa.bool_(),  # a later record of the same session is to be expected
}  # fmt: skip
"""What a record may have, under the names of the flow table where it is the same.

Texts may come dictionary-encoded; numbers must be int64.
"""


@dataclass(frozen=True, slots=True)
class Where:
    """Where records stand in the log.

    Attributes:
        text: the lines they stand in; empty for what has no lines.
        line: number of the first of these lines, from 1.
        kept: per record, the index of its line; null = each line gave one record.
    """

    text: bytes = b""
    line: int = 1
    kept: npt.NDArray[np.int64] | None = None

    def number(self, row: int) -> int:
        """Number of the line that gave record ``row``."""
        return self.line + (row if self.kept is None else int(self.kept[row]))

    def lines(self, rows: list[int]) -> list[bytes]:
        """The lines that gave these records; none of what has no lines."""
        if not self.text:
            return []
        all_lines = self.text.split(b"\n")
        places = [self.number(row) - self.line for row in rows]
        return [all_lines[place] if place < len(all_lines) else b"" for place in places]

    def taken(self, mask: npt.NDArray[np.bool_]) -> Where:
        """The same for the records that ``mask`` marks."""
        kept = np.flatnonzero(mask) if self.kept is None else self.kept[mask]
        return Where(self.text, self.line, kept)


@dataclass(frozen=True, slots=True)
class Batch:
    """Some records.

    Attributes:
        columns: some of ``COLUMNS``, all of one length; what a format does not give is null.
    """

    columns: dict[str, pa.Array]
    where: Where

    def __len__(self) -> int:
        return len(next(iter(self.columns.values()))) if self.columns else 0

    def without(self, wrong: npt.NDArray[np.bool_], kind: str, tally: Tally) -> Batch:
        """The batch without the records marked, which are counted as ``kind``, not read."""
        rows = np.flatnonzero(wrong)
        if not len(rows):
            return self
        lines = self.where.lines(rows.tolist())
        tally.add(
            kind,
            self.where.number(int(rows[0])),
            count=len(rows),
            lost=sum(len(line) + 1 for line in lines) if lines else None,
            examples=lines[:3],
        )
        kept = ~wrong
        mask = pa.array(kept)
        columns = {name: column.filter(mask) for name, column in self.columns.items()}
        return Batch(columns, self.where.taken(kept))

    def counted(self, marked: npt.NDArray[np.bool_], kind: str, tally: Tally, what: str) -> int:
        """Counts the records marked as ``kind`` (they stay); ``what`` is the detail."""
        count = int(np.count_nonzero(marked))
        if count:
            first = int(np.argmax(marked))
            tally.add(kind, self.where.number(first), count=count, detail=what)
        return count


def to_the_real_responder(columns: dict[str, pa.Array]) -> dict[str, pa.Array]:
    """``columns`` in which ``nat_dst_*`` is what the responder's address was translated *to*.

    Exporters tell the address before and after; the flow table wants the responder's own in
    ``dst_ip``, and the one by which it was addressed in ``nat_dst_ip``.
    """
    if "nat_dst_ip" not in columns:
        return columns
    told = pc.is_valid(columns["nat_dst_ip"])
    turned = dict(columns)
    for name in ("ip", "port"):
        real, addressed = columns.get(f"nat_dst_{name}"), columns.get(f"dst_{name}")
        if real is None or addressed is None:
            continue
        if pa.types.is_dictionary(addressed.type):
            addressed = addressed.cast(pa.string())
        turned[f"dst_{name}"] = pc.coalesce(real.cast(addressed.type), addressed)
        turned[f"nat_dst_{name}"] = pc.if_else(told, addressed, None)
    return turned
