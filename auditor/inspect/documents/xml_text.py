"""XML while it streams: records as tables, the rest as lines ``path: text``.

Elements of one name that come again under the same parent and hold attributes or elements are
records; ISO 20022 messages, FHIR XML, KML and GPX fall out of that. Document types that declare
entities are refused: what follows is read as text.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from auditor.inspect.charsets import HEAD, TextDecoder
from auditor.inspect.documents.places import in_vietnam
from auditor.inspect.documents.plain import head_text
from auditor.inspect.documents.xml_elements import Elements
from auditor.inspect.documents.xml_records import LONGEST, MOST_SHAPES, learned, meant

if TYPE_CHECKING:
    from auditor.inspect.contracts import About, Pages
    from auditor.inspect.documents.xml_elements import Kind

BLOCK: Final = 1 << 18
"""Bytes that are worked on at once: where the parser fails must not depend on how bytes came."""

PIECE: Final = 1 << 12
"""Bytes that the parser gets at once, until it is known which elements are records."""

MOST_FAILURES: Final = 100
"""Records of a kind of which no pattern could be made, before it is no longer tried."""

_FEW: Final = 4  # records of a kind in a block: of fewer no pattern is made

_BEGIN: Final = re.compile(rb"\s*<(?:\?xml\b|!--|[A-Za-z_][\w.:-]*[\s>/])")
_HTML: Final = re.compile(rb"<(?:!doctype\s+)?html\b", re.IGNORECASE)
_ENCODING: Final = re.compile(rb"<\?xml[^>]{0,100}?encoding\s*=\s*[\"']([\w.:-]{2,40})[\"']")
_GEODATA: Final = (
    ("http://www.opengis.net/kml/", "KML"),
    ("http://earth.google.com/kml/", "KML"),
    ("http://www.topografix.com/GPX/", "GPX"),
    ("http://www.opengis.net/gml", "GML"),
    ("http://www.opengis.net/citygml/", "CityGML"),
)
_KML_POSITION: Final = re.compile(
    r"<(?:\w+:)?coordinates>\s*(-?[0-9]{1,3}(?:\.[0-9]+)?),(-?[0-9]{1,2}(?:\.[0-9]+)?)"
)
_GPX_POSITION: Final = re.compile(
    r"<(?:wpt|trkpt|rtept)\s+lat=\"(-?[0-9.]{1,20})\"\s+lon=\"(-?[0-9.]{1,20})\""
)


class XmlDocument:
    """XML of any vocabulary."""

    name = "XML"

    def sniff(self, head: bytes, about: About) -> float:
        """By its declaration or first tag."""
        if b"<" not in head:
            return 0.0
        text = head_text(head, about.charset)
        if not _BEGIN.match(text):
            return 0.0
        if _HTML.search(text[:1024]):
            return 0.3
        if text.lstrip().startswith(b"<?xml") or "xml" in about.media_type:
            return 0.9
        return 0.6 if b"</" in text or b"/>" in text else 0.2

    def reading(self, about: About, pages: Pages) -> XmlReading:
        """Reads XML."""
        return XmlReading(about, pages)


class XmlReading:
    """XML that is read as it comes."""

    def __init__(self, about: About, pages: Pages) -> None:
        self._pages = pages
        self._charset = about.charset
        self._decoder: TextDecoder | None = None
        self._held = bytearray()
        self._lost = False
        self._told = False
        self._elements = Elements(pages)

    def feed(self, data: bytes) -> None:
        """Its next bytes."""
        if self._decoder is not None:
            self._held += self._decoder.feed(data)
        else:
            self._held += data
            if len(self._held) < HEAD:
                return
            self._begin()
        self._work(last=False)

    def gap(self, size: int) -> None:
        """What follows cannot be put into its place: it is read as text."""
        if self._decoder is None:
            self._begin()
        self._work(last=True)
        self._lost = True

    def close(self) -> None:
        """It has ended."""
        if self._decoder is None:
            self._begin()
        if self._decoder is not None:
            self._held += self._decoder.close()
        self._work(last=True)
        if not self._lost:
            self._parsed(b"", last=True)
        self._elements.close()

    def _begin(self) -> None:
        """Finds the charset and decodes what was held."""
        head = bytes(self._held)
        said = _ENCODING.match(head[:HEAD].removeprefix(b"\xef\xbb\xbf"))
        self._decoder = TextDecoder(said[1].decode() if said else self._charset)
        self._held[:] = self._decoder.feed(head)

    def _work(self, *, last: bool) -> None:
        held = bytes(self._held)
        begin = 0
        while not self._lost and (len(held) - begin >= BLOCK or (last and begin < len(held))):
            self._block(held[begin : begin + BLOCK])
            begin += BLOCK
        del self._held[:begin]
        if self._lost and self._held:
            self._pages.text(bytes(self._held))
            self._held.clear()

    def _block(self, block: bytes) -> None:
        """Takes a block: records that are written alike by their pattern, the rest is parsed."""
        if not self._told:
            self._told = True
            self._tell_geodata(block[:8192].decode("utf-8", "replace"))
        begin = 0
        tried: set[Kind] = set()
        while begin < len(block) and not self._lost:
            kind = self._kind(block, begin, tried)
            if kind is not None:
                begin = self._alike(kind, block, begin)
                end = len(block)
            else:
                end = begin + PIECE
            self._parsed(block[begin:end])
            begin = end
        if self._lost and begin < len(block):
            self._pages.text(block[begin:])

    def _kind(self, block: bytes, begin: int, tried: set[Kind]) -> Kind | None:
        """The outermost records of which the rest of a block holds enough."""
        fresh = [one for one in self._elements.kinds if one.shapes is not None and one not in tried]
        for kind in sorted(fresh, key=lambda one: one.depth):
            tried.add(kind)
            if block.count(kind.closing, begin) >= _FEW:
                return kind
        return None

    def _alike(self, kind: Kind, block: bytes, begin: int) -> int:
        """Takes what stands before the last record's end, and tells where that is."""
        end = block.find(kind.closing, begin) + len(kind.closing)
        last = block.rfind(kind.closing) + len(kind.closing)
        self._parsed(block[begin:end])
        if self._lost:
            return end
        try:
            text = block[end:last].decode()
        except UnicodeDecodeError:
            return end
        closing = kind.closing.decode()
        at = 0
        while at < len(text) and not self._lost:
            here = self._elements.stands(kind)
            after = self._taken(kind, text, at) if here else 0
            while after:
                at, after = after, self._taken(kind, text, after)
            if at < len(text):
                stop = text.find(closing, at) + len(closing)
                record, at = text[at:stop], stop
                self._parsed(record.encode())
                if here and not self._lost:
                    self._learn(kind, record)
        return last - len(text[at:].encode())

    def _taken(self, kind: Kind, text: str, at: int) -> int:
        """Takes records that are built as one that is known; where the next begins, 0 = none."""
        shapes = kind.shapes or []
        for number, shape in enumerate(shapes):
            found = shape.one(text, at)
            if found is None:
                continue
            if number:  # what came now is likely to come again
                shapes.insert(0, shapes.pop(number))
            columns = shape.every(text, at)
            if columns is None:
                end, values = found
                self._elements.add(shape.rows, meant(values), end - at)
                return end
            self._elements.extend(shape.rows, list(map(meant, columns)), len(text) - at)
            return len(text)
        return 0

    def _learn(self, kind: Kind, record: str) -> None:
        """Keeps how a record is written that was parsed just now."""
        shapes = kind.shapes
        if shapes is None or not record.lstrip().startswith(kind.opening):
            return
        shape = None
        if len(record) <= LONGEST and len(shapes) < MOST_SHAPES:
            shape = learned(record, self._elements.read_alone)
        if shape is not None:
            shapes.insert(0, shape)
        elif len(shapes) < MOST_SHAPES:
            kind.failures += 1
            if kind.failures > MOST_FAILURES:
                kind.shapes = None

    def _parsed(self, piece: bytes, *, last: bool = False) -> None:
        """Parses; where that fails, the rest is text."""
        rest = self._elements.parse(piece, last=last)
        if rest is not None:
            self._lost = True
            if rest:
                self._pages.text(rest)

    def _tell_geodata(self, head: str) -> None:
        kind = next((kind for namespace, kind in _GEODATA if namespace in head), "")
        if not kind:
            return
        box = None
        if found := _KML_POSITION.search(head):
            box = (float(found[1]), float(found[2])) * 2
        elif found := _GPX_POSITION.search(head):
            try:
                box = (float(found[2]), float(found[1])) * 2
            except ValueError:  # such as "1.2.3"
                box = None
        self._pages.fact("geodata", kind + in_vietnam(box))
