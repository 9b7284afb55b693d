"""What the tools say about themselves: packets written, packets lost."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Final

_DUMPCAP: Final = re.compile(rb"Packets(?: captured)?: (\d{1,18})")
_DUMPCAP_END: Final = re.compile(
    rb"received/dropped on interface '[^\r\n]*': (\d{1,18})/(\d{1,18}) "
)
_TCPDUMP: Final = re.compile(rb"(\d{1,18}) packets? captured")
_TCPDUMP_LOST: Final = re.compile(rb"(\d{1,18}) packets? dropped by (?:kernel|interface)")
_FIGURE: Final = re.compile(r"\d{1,20}")


@dataclass(frozen=True, slots=True)
class Figures:
    """Packets that one process of a tool wrote and lost; null = it has not said so yet."""

    packets: int | None = None
    dropped: int | None = None


def told(before: Figures, text: bytes) -> Figures:
    """The figures after what a tool wrote to standard error of late; the last word counts.

    dumpcap counts packets as it goes and tells what it lost at its end, by interface. tcpdump,
    and our sniffer in its words, tells both on SIGUSR1 and at its end: lost by the kernel, and by
    the interface where that says so.
    """
    packets, dropped = before.packets, before.dropped
    counts = _DUMPCAP.findall(text) or _TCPDUMP.findall(text)
    if counts:
        packets = int(counts[-1])
    ends = _DUMPCAP_END.findall(text)
    if ends:
        dropped = sum(int(lost) for _, lost in ends)
    for block in _blocks(text):
        dropped = block
    return Figures(packets, dropped)


def _blocks(text: bytes) -> list[int]:
    """What tcpdump lost, each time that it said so."""
    starts = [match.start() for match in _TCPDUMP.finditer(text)]
    parts = [text[begin:end] for begin, end in pairwise([*starts, len(text)])]
    lost = [[int(each) for each in _TCPDUMP_LOST.findall(part)] for part in parts]
    return [sum(each) for each in lost if each]


def lost_by_interface(name: str, system: Path = Path("/sys/class/net")) -> int | None:
    """Packets that the network card and its driver lost since the machine started.

    Null where nobody counts: an interface that is gone, or all of them together.
    """
    total = None
    for counter in ("rx_dropped", "rx_missed_errors"):
        try:
            text = (system / name / "statistics" / counter).read_text("ascii").strip()
        except (OSError, UnicodeDecodeError):
            continue
        if _FIGURE.fullmatch(text):
            total = (total or 0) + int(text)
    return total
