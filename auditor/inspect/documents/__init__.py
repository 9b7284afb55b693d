"""Documents that are read: what is not in this list is text, or is not read.

Where two are equally sure of a document, the earlier one gets it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from auditor.inspect.documents.archive import BZIP2, GZIP, LZ4, XZ, ZSTD, Zip
from auditor.inspect.documents.columnar import AvroFile, ColumnarFile, OrcFile, SqliteDatabase
from auditor.inspect.documents.compound import Compound
from auditor.inspect.documents.dbase import DbaseTable
from auditor.inspect.documents.delimited import DelimitedTable
from auditor.inspect.documents.geodata import (
    DesignFile,
    GeoTiff,
    MilitaryImage,
    PointCloud,
    Shapefile,
    WrittenGeodata,
)
from auditor.inspect.documents.json_text import JsonDocument
from auditor.inspect.documents.mail import Mail, Mailbox
from auditor.inspect.documents.media import Dicom, Media
from auditor.inspect.documents.office import Office
from auditor.inspect.documents.pdf import Pdf
from auditor.inspect.documents.plain import HtmlPage, PlainText
from auditor.inspect.documents.sql_text import SqlDump
from auditor.inspect.documents.tar import Tar
from auditor.inspect.documents.xml_text import XmlDocument

if TYPE_CHECKING:
    from auditor.inspect.contracts import Document, WholeDocument

PLAIN: Final = PlainText()
"""What is left: text of any kind."""

DOCUMENTS: Final[tuple[Document | WholeDocument, ...]] = (
    Office(),
    Zip(),
    Compound(),
    Pdf(),
    ColumnarFile(),
    AvroFile(),
    OrcFile(),
    SqliteDatabase(),
    GeoTiff(),
    Shapefile(),
    PointCloud(),
    MilitaryImage(),
    DesignFile(),
    DbaseTable(),
    GZIP,
    BZIP2,
    XZ,
    ZSTD,
    LZ4,
    Tar(),
    Dicom(),
    Media(),
    Mail(),
    Mailbox(),
    HtmlPage(),
    XmlDocument(),
    JsonDocument(),
    SqlDump(),
    WrittenGeodata(),
    DelimitedTable(),
    PLAIN,
)
"""Every kind of document: a new one is one more line here."""
