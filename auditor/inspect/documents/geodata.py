"""Maps, heights and point clouds: that they are, and where, and the text within them.

Sources: ESRI shapefile technical description (1998), TIFF 6.0 with OGC 19-008r4 (GeoTIFF 1.1),
BigTIFF, ASPRS LAS 1.4 R15, MIL-STD-2500C (NITF 2.1), OGC 18-010r7 (WKT of reference systems).
"""

from __future__ import annotations

import re
import struct
from typing import IO, TYPE_CHECKING, Final

from auditor.inspect.documents.places import Box, in_vietnam

if TYPE_CHECKING:
    from collections.abc import Callable

    from auditor.inspect.contracts import About, Pages


MOST_DIRECTORIES: Final = 16
MOST_TAGS: Final = 1000
MOST_TAG_TEXT: Final = 1 << 16

_SHAPEFILE: Final = b"\x00\x00\x27\x0a"
_TIFF: Final = {b"II*\0": ("<", 4), b"MM\0*": (">", 4), b"II+\0": ("<", 8), b"MM\0+": (">", 8)}
_GEO_KEYS: Final = 34735
_GEO_TEXT: Final = 34737
_GEO_SCALE: Final = 33550
_GEO_POINT: Final = 33922
_TEXT_TAGS: Final = frozenset({270, 305, 306, 315, 33432, _GEO_TEXT, 42112})
_TAG_SIZES: Final = {1: 1, 2: 1, 3: 2, 4: 4, 6: 1, 7: 1, 8: 2, 9: 4, 12: 8, 13: 4, 16: 8}
_WKT: Final = re.compile(
    rb"\s*(?:PROJCS|GEOGCS|PROJCRS|GEOGCRS|GEODCRS|COMPD_CS|COMPOUNDCRS|BOUNDCRS|VERT_CS|LOCAL_CS)"
    rb"\s*[\[(]\s*\"",
    re.IGNORECASE,
)
_GEOMETRY: Final = re.compile(
    rb"\s*(?:SRID=\d{1,9};)?\s*(?:MULTI)?(?:POLYGON|LINESTRING|POINT)\s*(?:ZM?|M)?\s*\(+\s*"
    rb"(-?\d{1,3}\.\d{3,})\s+(-?\d{1,3}\.\d{3,})",
    re.IGNORECASE,
)
_DXF: Final = re.compile(rb"(?:\s*999\r?\n[^\n]{0,200}\n)?\s*0\r?\nSECTION\r?\n\s*2\r?\n")


def _box(west: float, south: float, east: float, north: float) -> Box:
    return (west, south, east, north)


class Shapefile:
    """The geometry of a shapefile (.shp, .shx); its attributes are a dBase table beside it."""

    name = "shapefile"

    def sniff(self, head: bytes, about: About) -> float:
        """By file code and version."""
        if len(head) < 36 or not head.startswith(_SHAPEFILE):
            return 0.0
        return 1.0 if struct.unpack_from("<I", head, 28)[0] == 1000 else 0.0

    def reading(self, about: About, pages: Pages) -> HeadReading:
        """Reads the head."""
        return HeadReading(pages, _shapefile, 100)


def _shapefile(head: bytes, pages: Pages) -> None:
    box = _box(*struct.unpack_from("<4d", head, 36)) if len(head) >= 68 else None
    pages.fact("geodata", "shapefile" + in_vietnam(box))
    pages.unread("media", "shapefile")


class PointCloud:
    """LAS and LAZ."""

    name = "LAS"

    def sniff(self, head: bytes, about: About) -> float:
        """By the signature and the version."""
        return 1.0 if head.startswith(b"LASF") and len(head) > 26 and head[24] == 1 else 0.0

    def reading(self, about: About, pages: Pages) -> HeadReading:
        """Reads the head and the text of its first records."""
        return HeadReading(pages, _point_cloud, 8192)


def _point_cloud(head: bytes, pages: Pages) -> None:
    box = None
    if len(head) >= 227:
        east, west, north, south = struct.unpack_from("<4d", head, 179)
        box = _box(west, south, east, north)
    pages.fact("geodata", "LAS" + in_vietnam(box))
    pages.text(_readable(head[26:90]))
    for found in re.finditer(rb"[\x20-\x7e]{24,}", head[227:]):  # the reference system as WKT
        pages.text(found[0] + b"\n")
    pages.unread("media", "LAS")


class MilitaryImage:
    """NITF and NSIF images, which carry their security marks in clear text."""

    name = "NITF"

    def sniff(self, head: bytes, about: About) -> float:
        """By the profile name."""
        return 1.0 if re.match(rb"(?:NITF0[12]\.[0-9]0|NSIF01\.00)", head) else 0.0

    def reading(self, about: About, pages: Pages) -> HeadReading:
        """Reads the head."""
        return HeadReading(pages, _military_image, 2048)


def _military_image(head: bytes, pages: Pages) -> None:
    pages.fact("geodata", "NITF")
    pages.text(_readable(head))
    pages.unread("media", "NITF")


class DesignFile:
    """MicroStation drawings (DGN)."""

    name = "DGN"

    def sniff(self, head: bytes, about: About) -> float:
        """By the type of the first element; version 8 is an OLE file and read as one."""
        if head[:4] in (b"\x08\x09\xfe\x02", b"\xc8\x09\xfe\x02"):
            return 0.9
        return 0.0

    def reading(self, about: About, pages: Pages) -> HeadReading:
        """Reads the head."""
        return HeadReading(pages, _design_file, 4)


def _design_file(_head: bytes, pages: Pages) -> None:
    pages.fact("geodata", "DGN")
    pages.unread("media", "DGN")


class HeadReading:
    """A file of which only the first bytes are read."""

    def __init__(self, pages: Pages, read: Callable[[bytes, Pages], None], size: int) -> None:
        self._pages = pages
        self._read = read
        self._wanted = size
        self._held = bytearray()
        self._done = False

    def feed(self, data: bytes) -> None:
        """Its next bytes."""
        if self._done:
            return
        self._held += data[: self._wanted - len(self._held)]
        if len(self._held) >= self._wanted:
            self._finish()

    def gap(self, size: int) -> None:
        """What follows is not read."""
        if not self._done:
            self._finish()

    def close(self) -> None:
        """It has ended."""
        if not self._done:
            self._finish()

    def _finish(self) -> None:
        self._done = True
        self._read(bytes(self._held), self._pages)
        self._held.clear()


class WrittenGeodata:
    """Reference systems (.prj), geometries (WKT) and drawings (DXF) as text."""

    name = "WKT"

    def sniff(self, head: bytes, about: About) -> float:
        """By the first word."""
        return 0.9 if _WKT.match(head) or _GEOMETRY.match(head) or _DXF.match(head) else 0.0

    def reading(self, about: About, pages: Pages) -> WrittenReading:
        """Reads the text."""
        return WrittenReading(pages)


class WrittenReading:
    """Text of a map on its way to the pages."""

    def __init__(self, pages: Pages) -> None:
        self._pages = pages
        self._held = bytearray()
        self._told = False

    def feed(self, data: bytes) -> None:
        """Its next bytes."""
        if self._told:
            self._pages.text(data)
            return
        self._held += data
        if len(self._held) >= 512:
            self._tell()

    def gap(self, size: int) -> None:
        """A line break stands for what is missing."""
        self.feed(b"\n")

    def close(self) -> None:
        """It has ended."""
        if not self._told:
            self._tell()

    def _tell(self) -> None:
        self._told = True
        head = bytes(self._held)
        self._held.clear()
        if _DXF.match(head):
            self._pages.fact("geodata", "DXF")
        elif found := _GEOMETRY.match(head):
            east, north = float(found[1]), float(found[2])
            self._pages.fact("geodata", "WKT" + in_vietnam((east, north, east, north)))
        else:
            self._pages.fact("geodata", "PRJ")
        self._pages.text(head)


class GeoTiff:
    """TIFF with a place on earth; pictures without one are left to others."""

    name = "GeoTIFF"

    def sniff(self, head: bytes, about: About) -> float:
        """By the signature: sure where the first directory shows geographic keys."""
        if head[:4] not in _TIFF:
            return 0.0
        order, width = _TIFF[head[:4]]
        keys = struct.pack(order + "HH", _GEO_KEYS, 3)
        if keys in head:
            return 1.0
        said = about.filename.lower().endswith((".tif", ".tiff", ".gtiff"))
        return 0.7 if said or width == 8 else 0.6

    def read(self, file: IO[bytes], size: int, about: About, pages: Pages) -> None:
        """Reads directories and their texts; the picture itself is not read."""
        try:
            found, box = _directories(file, size, pages)
        except (struct.error, ValueError, OverflowError):
            pages.unread("damaged", "TIFF")
            return
        if found:
            pages.fact("geodata", "GeoTIFF" + in_vietnam(box))
        pages.unread("media", "GeoTIFF" if found else "TIFF")


def _directories(file: IO[bytes], size: int, pages: Pages) -> tuple[bool, Box | None]:
    """Whether a TIFF has geographic keys, and the box of its first picture."""
    file.seek(0)
    head = file.read(16)
    order, width = _TIFF[head[:4]]
    at = struct.unpack_from(order + "I", head, 4)[0] if width == 4 else 0
    if width == 8:
        at = struct.unpack_from(order + "Q", head, 8)[0]
    found, box = False, None
    for _ in range(MOST_DIRECTORIES):
        if not 8 <= at < size:
            break
        tags, at = _tags(file, at, order, width)
        for code in _TEXT_TAGS & tags.keys():
            pages.text(_readable(tags[code][1]) + b"\n")
        if _GEO_KEYS in tags:
            found = True
            box = box or _tiff_box(tags, order)
    return found, box


def _tags(
    file: IO[bytes], at: int, order: str, width: int
) -> tuple[dict[int, tuple[int, bytes]], int]:
    """Tags of a directory with their types and values, and where the next directory is."""
    wide = width == 8
    file.seek(at)
    count = struct.unpack(order + ("Q" if wide else "H"), file.read(8 if wide else 2))[0]
    entry = 20 if wide else 12
    if count > MOST_TAGS:
        return {}, 0
    block = file.read(count * entry)
    following = file.read(width)
    tags = {}
    for place in range(0, count * entry, entry):
        code, kind = struct.unpack_from(order + "HH", block, place)
        number = struct.unpack_from(order + ("Q" if wide else "I"), block, place + 4)[0]
        length = min(number * _TAG_SIZES.get(kind, 0), MOST_TAG_TEXT)
        value = block[place + entry - width : place + entry]
        if length > width:
            file.seek(struct.unpack(order + ("Q" if wide else "I"), value)[0])
            value = file.read(length)
        tags[code] = (kind, value[:length])
    return tags, struct.unpack(order + ("Q" if wide else "I"), following)[0]


def _tiff_box(tags: dict[int, tuple[int, bytes]], order: str) -> Box | None:
    """The box a picture covers: one point of it is tied to the earth, and it has a scale."""
    point = tags.get(_GEO_POINT, (0, b""))[1]
    scale = tags.get(_GEO_SCALE, (0, b""))[1]
    if len(point) < 48 or len(scale) < 16:
        return None
    column, line, _, west, north, _ = struct.unpack_from(order + "6d", point)
    across, down = struct.unpack_from(order + "2d", scale)
    width, height = (_number(tags.get(code, (0, b"")), order) for code in (256, 257))
    west -= column * across
    north += line * down
    return (west, north - height * down, west + width * across, north)


def _number(tag: tuple[int, bytes], order: str) -> int:
    """A tag's first whole number; 0 = none."""
    kind, value = tag
    form = {3: "H", 4: "I", 16: "Q"}.get(kind)
    if form is None or len(value) < struct.calcsize(form):
        return 0
    return int(struct.unpack_from(order + form, value)[0])


def _readable(data: bytes) -> bytes:
    """Text of a field that is filled up with zeros or spaces."""
    return re.sub(rb"[\0\s]+", b" ", data[:MOST_TAG_TEXT]).strip()
