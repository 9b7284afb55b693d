"""What a reader is, and what it gives back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Protocol

import pyarrow as pa

from auditor.model.flow_table import Stage, schema_at

if TYPE_CHECKING:
    from collections.abc import Sequence

    from auditor.model.errors import InputError
    from auditor.model.problem import Note
    from auditor.readers.streams import Source
    from auditor.readers.tables.mapping import Mapping  # noqa: TC004 - nobody evaluates Settings

Progress = Callable[[int], None]
"""Told how many more bytes of the input have been read."""

_NUMBERED: Final = frozenset({"flow_id", "input_id", "witnesses", "witness_of"})

ROWS: Final = pa.schema([each for each in schema_at(Stage.READ) if each.name not in _NUMBERED])
"""What a reader gives: the columns of stage ``read`` but for those that need all inputs."""

Take = Callable[[int, pa.Table], None]
"""Takes flows of file number so-and-so (from 0), in the columns ``ROWS``, sorted by start.
A file's flows may come in several parts. Captures add ``icmp``: the first ICMP message, type << 8
| code (int32), for Community IDs.
"""


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
        log_zone: offset from UTC of the clocks behind logs that name no zone.
        aws_fields: names of the fields of AWS flow logs without a header line, in their order.
        log_server: address of the server behind web logs, which do not name it; empty = unknown.
        mappings: of tables that no other reader takes, or that they are meant for.
    """

    udp_timeout: int = 60
    tcp_timeout: int = 300
    active_timeout: int = 1800
    copies_within: int = 0
    community_id: bool = False
    log_zone: str = "+07:00"
    aws_fields: str = ""
    log_server: str = ""
    mappings: tuple[Mapping, ...] = ()


@dataclass(frozen=True, slots=True)
class FileSettings(Settings):
    """The same for one file.

    Attributes:
        written: when the file was last written, in ns since 1970, for logs whose dates have no
            year; null = not known.
    """

    written: int | None = None


@dataclass(frozen=True, slots=True)
class Comment:
    """What somebody wrote into a capture; ``offset`` is the place in the (unpacked) file."""

    offset: int
    text: str


@dataclass(frozen=True, slots=True)
class Secrets:
    """Keys that lie in a capture: where, and of what kind (``tls``, ``ssh``...), never what."""

    kind: str
    offset: int
    length: int


@dataclass(frozen=True, slots=True)
class Annotations:
    """What a capture says of itself besides its packets.

    Attributes:
        comments: of sections, interfaces and packets; at most 1,000 of at most 1,000 characters.
        comment_count: how many there are.
        names: address and name of name resolution blocks; at most 65,536.
        secrets: decryption secrets blocks; at most 1,000.
    """

    comments: tuple[Comment, ...] = ()
    comment_count: int = 0
    names: tuple[tuple[str, str], ...] = ()
    secrets: tuple[Secrets, ...] = ()


NOTHING = Annotations()
"""What a file says that says nothing."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What is known of one file once it is read; its flows were handed on.

    Attributes:
        packets: packets (captures) or records (logs) in the file.
        not_ip: of these, how many carry no IP and are in no flow.
        bytes_on_wire: original length of all packets with their link layer; null for logs.
        sha256: hex digest of the file on disk; of the content for a member of an archive; null =
            it could not be read to its end.
        content: hex digest of the content, unpacked; null as above.
        size: bytes on disk that were read.
    """

    packets: int
    not_ip: int
    bytes_on_wire: int | None
    sha256: str | None
    content: str | None = None
    size: int = 0
    annotations: Annotations = NOTHING


@dataclass(frozen=True, slots=True)
class OpenFlows:
    """Flows that had not ended when the last packet of a time line of captures had been read.

    Attributes:
        end: time of that packet, in ns since 1970.
        count: how many there are.
        state: all that reading on needs to know; of use to the version that made it.
        table: the flows as they stood (Arrow IPC stream); for any later version.
    """

    end: int
    count: int
    state: bytes = field(repr=False)
    table: bytes = field(repr=False)


class Reader(Protocol):
    """One file format."""

    together: bool
    """Whether all its files in one folder belong together, whatever their times."""

    @property
    def name(self) -> str:
        """Short name, as shown in reports: ``pcap``, ``zeek``."""

    def prepare(self, begins: Callable[[], None]) -> None:
        """Makes ready what reading needs; calls ``begins`` before what takes long, once ever."""

    def sniff(self, head: bytes) -> float:
        """How sure this reader is that a file beginning with ``head`` is its own (0 to 1)."""

    def begins(self, head: bytes) -> int | None:
        """Time of the first packet in ns, where files of this format make up one time line."""

    def ends(self, source: Source) -> int | None:
        """Time of the last packet in ns, where it can be told without reading the whole file."""

    def read(
        self,
        sources: Sequence[Source],
        settings: Settings,
        note: Note,
        progress: Progress,
        take: Take,
    ) -> list[Reading | InputError]:
        """Reads files that belong together, in this order: one answer per file.

        Their flows go to ``take``. A flow that goes on from one file into the next is one flow, of
        the file it began in.
        What cannot be read is noted, with the file's name, offset and bytes lost; a file that
        cannot be opened or read at all has its error for an answer.
        """
