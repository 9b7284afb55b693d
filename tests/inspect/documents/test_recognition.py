"""Which of the tables and texts takes which bytes, without any help of names."""

import pytest

from auditor.inspect.contracts import About
from auditor.inspect.documents.columnar import AvroFile, ColumnarFile, OrcFile, SqliteDatabase
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
from auditor.inspect.documents.plain import HtmlPage, PlainText
from auditor.inspect.documents.sql_text import SqlDump
from auditor.inspect.documents.xml_text import XmlDocument

KINDS = (
    AvroFile(), ColumnarFile(), OrcFile(), SqliteDatabase(), DbaseTable(), DelimitedTable(),
    DesignFile(), GeoTiff(), MilitaryImage(), PointCloud(), Shapefile(), WrittenGeodata(),
    JsonDocument(), HtmlPage(), PlainText(), SqlDump(), XmlDocument(),
)  # fmt: skip


def taker(data: bytes) -> str:
    found = [(kind.sniff(data[:4096], About()), kind.name) for kind in KINDS]
    return max(found)[1] if max(found)[0] > 0 else ""


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (b'{"id": 1, "ten": "A"}\n{"id": 2, "ten": "B"}\n', "JSON"),
        (b'[{"id": 1, "ten": "A, B"},\n{"id": 2, "ten": "B, C"}]', "JSON"),
        (b"id,ten,ngay\n1,A,2\n2,B,3\n", "CSV"),
        ("id;họ tên\n1;A\n2;B\n".encode("utf-16"), "CSV"),
        (b'10.0.0.1 - - [x] "GET / HTTP/1.1" 200\n10.0.0.2 - - [x] "GET /a HTTP/1" 200\n', "text"),
        (b"Dear all,\n\nplease find attached.\n\nBest,\nBob\n", "text"),
        ("Nguyễn Văn A".encode(), "text"),
        (b"2026-01-01 10:00:00,123 INFO started\n2026-01-01 10:00:01,456 INFO done\n", "CSV"),
        (b"<?xml version='1.0'?><a><b>1</b></a>", "XML"),
        (b"<?xml version='1.0'?><!DOCTYPE html PUBLIC '-//W3C//DTD'><html><p>", "HTML"),
        (b"<!DOCTYPE html>\n<html><body>a,b\n1,2\n3,4\n", "HTML"),
        (b"-- MySQL dump 10.13\nINSERT INTO a VALUES (1,2),(3,4);\nCOMMIT;\n", "SQL"),
        (b"POINT(105.8412 21.0245)", "WKT"),
        (b"key: value\nother: value\n", "text"),
        (b"#!/bin/sh\necho a, b\nexit 0\n", "text"),
        (bytes(range(256)) * 8, ""),
        (b"\x89PNG\r\n\x1a\n" + bytes(range(200)) * 10, ""),
        (b"PK\x03\x04\x14\0\0\0\x08\0" + bytes(range(256)), ""),
        (b"\x1f\x8b\x08\0" + bytes(range(255, 0, -1)), ""),
        (b"", ""),
    ],
)  # fmt: skip
def test_bytes_are_taken_by_their_kind(data, name):
    assert taker(data) == name
