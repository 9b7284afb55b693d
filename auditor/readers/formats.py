"""The formats there are, and which of them a file has."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from auditor.readers.capture.reader import CaptureReader
from auditor.readers.logs.asa import Asa
from auditor.readers.logs.aws import Aws
from auditor.readers.logs.azure import Azure, AzureReader
from auditor.readers.logs.cef import Cef
from auditor.readers.logs.fortigate import FortiGate
from auditor.readers.logs.gcp import Gcp
from auditor.readers.logs.haproxy import Haproxy
from auditor.readers.logs.leef import Leef
from auditor.readers.logs.nfdump import NfdumpReader
from auditor.readers.logs.paloalto import PaloAlto
from auditor.readers.logs.squid import Squid
from auditor.readers.logs.suricata import Suricata, SuricataReader
from auditor.readers.logs.web_access import WebAccess
from auditor.readers.logs.zeek_folder import ZeekReader
from auditor.readers.records.reader import LogReader
from auditor.readers.records.unfolding import DocumentReader
from auditor.readers.streams import HEAD, Source
from auditor.readers.tables.mapped import MappedReader
from auditor.readers.tables.parquet import ParquetReader

if TYPE_CHECKING:
    from pathlib import Path

    from auditor.readers.reading import Reader
    from auditor.readers.tables.mapping import Mapping

ONE_FORMAT: Final[tuple[Reader, ...]] = (
    CaptureReader(),
    ZeekReader(),
    LogReader(Aws()),
    LogReader(FortiGate()),
    NfdumpReader(),
    SuricataReader(Suricata()),
    DocumentReader(Gcp()),
    AzureReader(Azure()),
    LogReader(Cef()),
    LogReader(Leef()),
    LogReader(PaloAlto()),
    LogReader(Squid()),
    LogReader(WebAccess()),
    LogReader(Haproxy()),
    LogReader(Asa()),
)
"""Readers of one format each."""


def readers_for(mappings: tuple[Mapping, ...]) -> tuple[Reader, ...]:
    """All readers, those of tables with these mappings: a mapping goes before any format."""
    return (MappedReader(ONE_FORMAT, mappings), ParquetReader(mappings), *ONE_FORMAT)


READERS: Final = readers_for(())

__all__ = ["HEAD", "READERS", "reader_for", "reader_of", "readers_for"]


def reader_for(head: bytes, readers: tuple[Reader, ...] | None = None) -> Reader | None:
    """The reader that is surest of content beginning with ``head``; none if no reader takes it.

    Args:
        head: the first bytes of the content.
        readers: that are asked; null = all, without mappings.
    """
    asked = READERS if readers is None else readers
    sure, reader = max(((reader.sniff(head), reader) for reader in asked), key=lambda it: it[0])
    return reader if sure > 0 else None


def reader_of(path: Path) -> Reader | None:
    """The reader that is surest of a file, out of its packing; none if no reader takes it.

    Raises:
        OSError: the file cannot be opened.
    """
    with Source(path).open() as opened:
        return reader_for(opened.head)
