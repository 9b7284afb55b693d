import struct

import pytest

from auditor.inspect.contracts import About
from auditor.inspect.documents.geodata import (
    DesignFile,
    GeoTiff,
    MilitaryImage,
    PointCloud,
    Shapefile,
    WrittenGeodata,
)
from tests.inspect.documents.cutting import damaged, pages_of, whole_pages_of, written

VN2000 = b'PROJCS["VN_2000_UTM_Zone_48N",GEOGCS["GCS_VN_2000",DATUM["D_Vietnam_2000"]]]'


def shapefile(*box: float) -> bytes:
    head = b"\x00\x00\x27\x0a" + bytes(20) + struct.pack(">I", 5000) + struct.pack("<II", 1000, 5)
    return head + struct.pack("<4d", *box) + bytes(32) + bytes(900)


def point_cloud(*box: float) -> bytes:
    west, south, east, north = box
    head = b"LASF" + bytes(20) + b"\x01\x02" + b"system".ljust(32, b"\0") + b"soft".ljust(32, b"\0")
    head = head.ljust(179, b"\0") + struct.pack("<4d", east, west, north, south) + bytes(16)
    return head + VN2000 + bytes(5000)


def tiff(*, keys: bool, order: str = "<", big: bool = False) -> bytes:
    """A picture of 100 by 50 points of a hundredth degree from 105° E, 21° N."""
    values = {
        256: (3, struct.pack(order + "H", 100)),
        257: (3, struct.pack(order + "H", 50)),
        270: (2, b"Ban do khong anh\0"),
    }
    if keys:
        values |= {
            33550: (12, struct.pack(order + "3d", 0.01, 0.01, 0)),
            33922: (12, struct.pack(order + "6d", 0, 0, 0, 105, 21, 0)),
            34735: (3, struct.pack(order + "4H", 1, 1, 0, 0)),
            34737: (2, b"VN-2000 / UTM zone 48N|\0"),
        }
    width = 8 if big else 4
    sizes = {2: 1, 3: 2, 12: 8}
    begin = 16 if big else 8
    entry = 20 if big else 12
    at = begin + (8 if big else 2) + len(values) * entry + width
    entries, rest = b"", b""
    for code, (kind, value) in sorted(values.items()):
        number = len(value) // sizes[kind]
        entries += struct.pack(order + ("HHQ" if big else "HHI"), code, kind, number)
        if len(value) <= width:
            entries += value.ljust(width, b"\0")
        else:
            entries += struct.pack(order + ("Q" if big else "I"), at + len(rest))
            rest += value
    mark = b"II" if order == "<" else b"MM"
    if big:
        head = mark + struct.pack(order + "HHHQ", 43, 8, 0, begin)
        count = struct.pack(order + "Q", len(values))
    else:
        head = mark + struct.pack(order + "HI", 42, begin)
        count = struct.pack(order + "H", len(values))
    return head + count + entries + bytes(width) + rest + bytes(500)


@pytest.mark.parametrize(
    ("document", "data", "detail"),
    [
        (Shapefile(), shapefile(105.1, 20.5, 106.0, 21.5), "shapefile, in Vietnam"),
        (Shapefile(), shapefile(2.1, 48.5, 2.6, 49), "shapefile, elsewhere"),
        (Shapefile(), shapefile(585000, 2325000, 586000, 2326000), "shapefile"),
        (PointCloud(), point_cloud(106.6, 10.7, 106.8, 10.9), "LAS, in Vietnam"),
        (MilitaryImage(), b"NITF02.10" + b" " * 300, "NITF"),
        (DesignFile(), b"\x08\x09\xfe\x02" + bytes(100), "DGN"),
        (WrittenGeodata(), VN2000, "PRJ"),
        (WrittenGeodata(), b"POLYGON ((105.8412 21.0245, 105.85 21.03))", "WKT, in Vietnam"),
        (WrittenGeodata(), b"  0\r\nSECTION\r\n  2\r\nHEADER\r\n", "DXF"),
    ],
)
def test_geodata_is_a_fact(document, data, detail):
    assert document.sniff(data[:4096], About()) >= 0.9
    pages = pages_of(document, data)
    assert pages.facts == [("geodata", detail)]
    assert written(pages_of(document, data, 7)) == written(pages)
    assert document.sniff(b"some plain text, nothing else", About()) == 0
    assert document.sniff(b"", About()) == 0


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("big", [False, True])
def test_a_picture_with_a_place_is_geodata(order, big):
    data = tiff(keys=True, order=order, big=big)
    assert GeoTiff().sniff(data[:4096], About()) == 1.0
    pages = whole_pages_of(GeoTiff(), data)
    assert pages.facts == [("geodata", "GeoTIFF, in Vietnam")]
    assert b"VN-2000 / UTM zone 48N" in pages.data
    assert pages.unread_why == [("media", "GeoTIFF")]


def test_a_picture_without_a_place_is_only_a_picture():
    pages = whole_pages_of(GeoTiff(), tiff(keys=False))
    assert pages.facts == []
    assert b"Ban do khong anh" in pages.data
    assert pages.unread_why == [("media", "TIFF")]


def test_text_within_is_kept():
    assert VN2000 in pages_of(PointCloud(), point_cloud(1, 2, 3, 4)).data
    assert pages_of(WrittenGeodata(), VN2000 * 50).data == VN2000 * 50


def test_damaged_bytes_do_no_harm():
    for data in damaged(tiff(keys=True), 60):
        if GeoTiff().sniff(data[:4096], About()):
            whole_pages_of(GeoTiff(), data)
    for document, data in (
        (Shapefile(), shapefile(1, 2, 3, 4)),
        (PointCloud(), point_cloud(1, 2, 3, 4)),
    ):
        for other in damaged(data, 20):
            document.sniff(other[:4096], About())
            pages_of(document, other, 50)
