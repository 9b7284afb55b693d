"""What went wrong while a log was read, counted by kind: one problem per kind, not per line."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from auditor.model.problem import Note, Problem

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

DAMAGED: Final = "Compare the log with its original; nothing else of it was lost."
MOST_EXAMPLES: Final = 3
LONGEST_EXAMPLE: Final = 80

Kinds = dict[str, tuple[str, str]]
"""Message and hint of each kind of trouble; ``{count}`` and ``{detail}`` are filled in."""

# kind: (message, hint). The message goes on with the line where it happened first.
KINDS: Final[dict[str, tuple[str, str]]] = {
    "not-json": ("{count} line(s) are not a JSON object and were not read", DAMAGED),
    "line-too-long": (
        "{count} line(s) are longer than any record and were not read",
        "Check that the file is a log of this kind all the way through.",
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
        "Log the number of the protocol too, if the exporter can (Zeek: ip_proto).",
    ),
    "bad-line": ("{count} line(s) are not as this format has them and were not read", DAMAGED),
    "text-too-long": ("{count} value(s) longer than any name or address were left empty", ""),
    "duplicate-records": (
        "{count} record(s) tell again what another of the same log told, and were counted once",
        "Nothing is lost: logs that overlap, or two reporters of one flow.",
    ),
    "interim-records": (
        "{count} record(s) tell of sessions of which a later record tells all, and gave way to it",
        "Nothing is lost: their counters are in the later record.",
    ),
    "several-observers": (
        "{count} record(s) of traffic that several observers ({detail}) saw were counted once",
        "The observer that saw the most is counted; give one observer's log to be sure.",
    ),
    "one-way": (
        "{count} flow(s) have records of one direction only; the other is not known",
        "The exporter may see one way only, or the other way's records lie in another file.",
    ),
    "sampled": (
        "{count} record(s) are of sampled traffic ({detail}): estimates, scaled by that factor",
        "Small flows may be missing altogether; only unsampled logs or captures give exact sums.",
    ),
    "sampling-unknown": (
        "{count} record(s) do not say whether the exporter sampled; their volumes may be too low",
        "Look at the exporter's configuration, or export its options templates too.",
    ),
    "window": (
        "{count} record(s) sum up spans of up to {detail}; their times are exact to that only",
        "Choose a shorter aggregation interval if moments matter.",
    ),
    "zone-assumed": (
        "{count} record(s) have times without a zone; they were taken for {detail}",
        "If the clock of the device runs in another zone, give it with --log-zone.",
    ),
    "one-moment": (
        "{count} record(s) give one moment, not a span: {detail}",
        "The totals are right; how long these flows lasted is not known.",
    ),
    "translated": (
        "{count} record(s) passed address translation; the addresses inside are shown",
        "The addresses outside stand in nat_src_ip and nat_dst_ip.",
    ),
    "refused": (
        "{count} record(s) are of traffic that was refused; nothing of it counts as transferred",
        "They show attempts; see blocked in the flow table.",
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
    """One kind of trouble: how often, where first, what it cost; examples with their lines."""

    count: int
    line: int
    offset: int | None
    lost: int | None
    examples: tuple[tuple[int, str], ...] = ()


class Tally:
    """Counts by kind; the first place of each is kept. Threads may share it."""

    def __init__(self, kinds: Mapping[str, tuple[str, str]] | None = None) -> None:
        self._texts = {**KINDS, **(kinds or {})}
        self._kinds: dict[str, Kind] = {}
        self._sums: dict[str, int] = {}
        self._details: dict[str, set[str]] = {}
        self._lock = threading.Lock()

    def add(
        self,
        kind: str,
        line: int,
        *,
        count: int = 1,
        offset: int | None = None,
        lost: int | None = None,
        detail: str = "",
        examples: Sequence[bytes] = (),
    ) -> None:
        """Counts ``count`` more of ``kind``; of several places the first in the log is kept.

        Different details of one kind are listed; of ``examples`` only the shape is shown.
        """
        shapes = tuple((line, shape(example)) for example in examples[:MOST_EXAMPLES])
        with self._lock:
            if detail:
                self._details.setdefault(kind, set()).add(detail)
            known = self._kinds.get(kind)
            if known is None:
                self._kinds[kind] = Kind(count, line, offset, lost, shapes)
                return
            known.count += count
            if lost is not None:
                known.lost = (known.lost or 0) + lost
            if line < known.line:
                known.line, known.offset = line, offset
            # threads come in any order: the first in the log are kept, whoever was faster
            of_all = sorted((*known.examples, *shapes), key=lambda example: example[0])
            known.examples = tuple(of_all[:MOST_EXAMPLES])

    def add_sum(self, kind: str, amount: int) -> None:
        """Adds to the amount that stands as the detail of ``kind``."""
        with self._lock:
            self._sums[kind] = self._sums.get(kind, 0) + amount

    def tell(self, source: str, note: Note, *, offsets: bool) -> None:
        """Notes one problem per kind; ``offsets`` says whether they are places in the file."""
        for code, kind in sorted(self._kinds.items()):
            message, hint = self._texts[code]
            details = sorted(self._details.get(code, ()))
            detail = ", ".join(details[:5]) + (", …" if len(details) > 5 else "")
            if code in self._sums:
                detail = f"{self._sums[code]:,}"
            said = [message.format(count=f"{kind.count:,}", detail=detail)]
            if kind.line:
                said.append(
                    f"first at line {kind.line}" if kind.count > 1 else f"at line {kind.line}"
                )
            if kind.examples:
                said.append("of the shape " + " | ".join(text for _, text in kind.examples))
            note(
                Problem(
                    code=code,
                    source=source,
                    message="; ".join(said),
                    hint=hint,
                    offset=kind.offset if offsets else None,
                    lost_bytes=kind.lost,
                    count=kind.count,
                )
            )


def shape(line: bytes) -> str:
    """What a line looks like, without what it says: letters are ``x``, digits ``9``.

    A report is handed on: what a damaged line holds (names, numbers of people) stays out of it.
    """
    text = line[:LONGEST_EXAMPLE].decode("utf-8", "replace")
    plain = "".join(
        "9" if letter.isnumeric() else "x" if letter.isalpha() else letter for letter in text
    )
    return plain + ("…" if len(line) > LONGEST_EXAMPLE else "")
