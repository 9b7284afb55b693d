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
from auditor.readers.streams import Source

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
    from auditor.readers.tables.mapped import MappedReader  # late: few files are tables
    from auditor.readers.tables.parquet import ParquetReader

    return (MappedReader(ONE_FORMAT, mappings), ParquetReader(mappings), *ONE_FORMAT)


class Choice:
    """Finds readers by the first bytes of files; ``mappings`` tell of tables."""

    def __init__(self, mappings: tuple[Mapping, ...] = ()) -> None:
        self._mappings = mappings
        self._all: tuple[Reader, ...] = ()

    def reader_for(self, head: bytes) -> Reader | None:
        """The reader that is surest of content beginning with ``head``; none if nobody takes it."""
        if not self._mappings:
            found = _surest(head, ONE_FORMAT)
            if found is not None:
                return found
        if not self._all:  # without a mapping, tables give way to all other readers
            self._all = readers_for(self._mappings)
        return _surest(head, self._all)


def _surest(head: bytes, readers: tuple[Reader, ...]) -> Reader | None:
    sure, reader = max(((reader.sniff(head), reader) for reader in readers), key=lambda it: it[0])
    return reader if sure > 0 else None


def reader_named(name: str, mappings: tuple[Mapping, ...]) -> Reader:
    """The reader of that name; ``mappings`` tell of tables."""
    every = ONE_FORMAT if any(each.name == name for each in ONE_FORMAT) else readers_for(mappings)
    return next(each for each in every if each.name == name)


def reader_of(path: Path) -> Reader | None:
    """The reader that is surest of a file, out of its packing; none if no reader takes it.

    Raises:
        OSError: the file cannot be opened.
    """
    with Source(path).open() as opened:
        return Choice().reader_for(opened.head)
