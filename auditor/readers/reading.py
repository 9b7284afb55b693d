"""What a reader is, and what it gives back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import pyarrow as pa

if TYPE_CHECKING:
    from pathlib import Path

    from auditor.model.problem import Note

Progress = Callable[[int], None]
"""Told how many more bytes of the input have been read."""


@dataclass(frozen=True, slots=True)
class Settings:
    """When a flow ends, in seconds (RFC 5470 section 5.1.1 has the idea; the values are ours).

    Attributes:
        udp_timeout: silence that ends a flow of anything but TCP.
        tcp_timeout: silence that ends a TCP flow.
        active_timeout: length after which a flow goes on as a new row.
        copies_within: milliseconds within which the same IP packet counts once (mirror ports show
            it twice); 0 = every packet counts.
        community_id: whether the Community ID of each flow is wanted.
    """

    udp_timeout: int = 60
    tcp_timeout: int = 300
    active_timeout: int = 1800
    copies_within: int = 0
    community_id: bool = False


@dataclass(frozen=True, slots=True)
class Reading:
    """One file, read.

    Attributes:
        flows: the columns of stage ``read`` without ``flow_id`` and ``input_id``, which the
            pipeline gives; sorted by start, then endpoints.
        packets: packets (captures) or records (logs) in the file.
        not_ip: of these, how many carry no IP and are in no flow.
        bytes_on_wire: original length of all packets with their link layer; null for logs.
        sha256: hex digest of the file as it was read.
    """

    flows: pa.Table
    packets: int
    not_ip: int
    bytes_on_wire: int | None
    sha256: str


class Reader(Protocol):
    """One file format."""

    @property
    def name(self) -> str:
        """Short name, as shown in reports: ``pcap``, ``zeek-conn``."""

    def sniff(self, head: bytes) -> float:
        """How sure this reader is that a file beginning with ``head`` is its own (0 to 1)."""

    def read(self, path: Path, settings: Settings, note: Note, progress: Progress) -> Reading:
        """The flows of one file; what cannot be read is noted, with offset and bytes lost.

        Raises:
            InputError: the file cannot be opened or read at all.
        """
