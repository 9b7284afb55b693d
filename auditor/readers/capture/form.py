"""What is known of a capture file while it is walked: one row of ``int64``, numbered here."""

from __future__ import annotations

from typing import Final

PCAPNG: Final = 0  # 1: blocks, 0: records
SWAPPED: Final = 1  # 1: little-endian
HEADER: Final = 2  # pcap: bytes of a record header
SCALE: Final = 3  # pcap: ns per unit of a time's fraction
SNAP_LENGTH: Final = 4  # pcap: of the file; 0 = none
LINKTYPE: Final = 5  # pcap
FCS: Final = 6  # pcap: bytes of frame check sequence at the end of a packet
MOST: Final = 7  # pcap: bytes that a record may claim
KNOWN: Final = 8  # pcapng: interfaces of the section so far
FINISHED: Final = 9  # 1: nothing comes behind this window
OFFSET: Final = 10  # place of the window's data[0] in the stream
LAST: Final = 11  # ns: time of the last sound record; -1 = none yet
GAP_FROM: Final = 12  # place in the stream where damage began; -1 = not seeking
GAPS: Final = 13  # gaps so far
GAP_BYTES: Final = 14  # bytes in the gaps for which there was no row
LOST_FROM: Final = 15  # where the first of these began
COMMENTS: Final = 16  # comments found since they were taken last
WIDTH: Final = 17

MOST_GAPS: Final = 20
"""Gaps of a file that are told one by one."""

COMMENT_ROWS: Final = 64
