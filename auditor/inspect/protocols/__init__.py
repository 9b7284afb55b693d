"""Protocols that are taken apart: what is not in this list is searched as it stands."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from auditor.inspect.protocols.dns import Dns
from auditor.inspect.protocols.ftp import Ftp, FtpData
from auditor.inspect.protocols.hl7 import Hl7
from auditor.inspect.protocols.http1 import Http1
from auditor.inspect.protocols.http2 import Http2
from auditor.inspect.protocols.imap import Imap
from auditor.inspect.protocols.iso8583 import Iso8583
from auditor.inspect.protocols.mongodb import MongoDB
from auditor.inspect.protocols.mqtt import Mqtt
from auditor.inspect.protocols.mysql import MySQL
from auditor.inspect.protocols.pop3 import Pop3
from auditor.inspect.protocols.postgresql import PostgreSQL
from auditor.inspect.protocols.smb import SMB
from auditor.inspect.protocols.smtp import Smtp
from auditor.inspect.protocols.syslog import Syslog
from auditor.inspect.protocols.tds import TDS

if TYPE_CHECKING:
    from auditor.inspect.contracts import Dissector

DISSECTORS: Final[tuple[Dissector, ...]] = (
    Http1(),
    Http2(),
    Smtp(),
    Pop3(),
    Imap(),
    Ftp(),
    FtpData(),
    Dns(),
    Syslog(),
    Mqtt(),
    Hl7(),
    Iso8583(),
    SMB(),
    PostgreSQL(),
    MySQL(),
    TDS(),
    MongoDB(),
)
"""Every protocol: a new one is one more line here."""
