"""What went wrong while a log was read, counted by kind: one problem per kind, not per line."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from auditor.model.problem import Note, Problem

DAMAGED: Final = "Compare the log with the sensor's original; nothing else of it was lost."

# kind: (message, hint). The message goes on with the line where it happened first.
KINDS: Final[dict[str, tuple[str, str]]] = {
    "no-header": (
        "{count} line(s) have no Zeek header above them and were not read",
        "Keep the # lines that Zeek writes at the top; zeek-cut without -C drops them.",
    ),
    "not-conn": (
        "{count} line(s) belong to another Zeek log and were not read",
        "Give conn.log only; the other logs describe the same connections again.",
    ),
    "missing-field": (
        "{count} line(s) were not read, for their header lacks {detail}",
        "conn.log must keep ts, id.orig_h, id.resp_h, and proto or ip_proto.",
    ),
    "bad-header": (
        "{count} header line(s) were not obeyed ({detail})",
        "Write the log with Zeek's ASCII writer and a separator of one ASCII character.",
    ),
    "wrong-columns": (
        "{count} line(s) have other columns than their header and were not read",
        DAMAGED,
    ),
    "not-json": ("{count} line(s) are not a JSON object and were not read", DAMAGED),
    "line-too-long": (
        "{count} line(s) are longer than any record and were not read",
        "Check that the file is a Zeek log all the way through.",
    ),
    "bad-encoding": (
        "text that is not UTF-8 was replaced in {count} stretch(es) of the log",
        DAMAGED,
    ),
    "bad-time": ("{count} record(s) without a readable time were not read", DAMAGED),
    "bad-address": ("{count} record(s) without two readable addresses were not read", DAMAGED),
    "bad-number": (
        "{count} value(s) are no numbers of their field ({detail}) and were left empty",
        DAMAGED,
    ),
    "unknown-protocol": (
        "{count} record(s) name no IP protocol and stand as number 255 (reserved)",
        "Newer versions of Zeek write the number into ip_proto; log that field.",
    ),
    "no-duration": (
        "{count} record(s) of several packets have no duration and end when they start",
        "Their totals are right; their time span is not known.",
    ),
    "missed-bytes": (
        "Zeek missed {detail} bytes of content in {count} record(s)",
        "The sensor lost packets: see capture_loss.log; volumes of these flows are uncertain.",
    ),
    "absurd-payload": (
        "{count} payload size(s) exceed the IP bytes of their side and were left empty",
        "Zeek takes them from TCP sequence numbers, which can mislead; IP bytes are used instead.",
    ),
    "tunnelled": (
        "{count} record(s) ran inside tunnels whose kind conn.log does not say",
        "tunnel.log of the same hour names the tunnels; audit the capture to see both ends.",
    ),
    "cut-last-line": (
        "the last line has no line end: {detail}",
        "The file was cut, or was still being written; copy it again once Zeek has rotated it.",
    ),
    "not-closed": (
        "the log has no #close line at its end: it was cut there, or is still growing",
        "Copy it again once Zeek has rotated it, if records could be missing.",
    ),
    "packing-damaged": (
        "the packing is damaged ({detail}); everything before was read",
        "Copy the file again.",
    ),
    "unreadable-file": (
        "the file cannot be read to its end ({detail}); everything before was read",
        "Check the disk or the network share it lies on, then run again.",
    ),
}


@dataclass(slots=True)
class Kind:
    """One kind of trouble: how often, where first, what it cost."""

    count: int
    line: int
    offset: int | None
    lost: int | None
    detail: str


class Tally:
    """Counts by kind; the first place of each is kept."""

    def __init__(self) -> None:
        self._kinds: dict[str, Kind] = {}
        self._sums: dict[str, int] = {}

    def add(
        self,
        kind: str,
        line: int,
        *,
        count: int = 1,
        offset: int | None = None,
        lost: int | None = None,
        detail: str = "",
    ) -> None:
        """Counts ``count`` more of ``kind``; ``line`` and ``offset`` count for the first only."""
        known = self._kinds.get(kind)
        if known is None:
            self._kinds[kind] = Kind(count, line, offset, lost, detail)
            return
        known.count += count
        if lost is not None:
            known.lost = (known.lost or 0) + lost

    def add_sum(self, kind: str, amount: int) -> None:
        """Adds to the amount that stands as the detail of ``kind``."""
        self._sums[kind] = self._sums.get(kind, 0) + amount

    def tell(self, source: str, note: Note, *, offsets: bool) -> None:
        """Notes one problem per kind; ``offsets`` says whether they are places in the file."""
        for code, kind in self._kinds.items():
            message, hint = KINDS[code]
            detail = f"{self._sums[code]:,}" if code in self._sums else kind.detail
            place = f"first at line {kind.line}" if kind.count > 1 else f"at line {kind.line}"
            note(
                Problem(
                    code=code,
                    source=source,
                    message=f"{message.format(count=f'{kind.count:,}', detail=detail)}; {place}",
                    hint=hint,
                    offset=kind.offset if offsets else None,
                    lost_bytes=kind.lost,
                    count=kind.count,
                )
            )
