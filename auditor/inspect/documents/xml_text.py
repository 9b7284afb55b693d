"""XML while it streams: records as tables, the rest as lines ``path: text``.

Elements of one name that come again under the same parent and hold attributes or elements are
records; ISO 20022 messages, FHIR XML, KML and GPX fall out of that. Document types that declare
entities are refused: what follows is read as text.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final
from xml.parsers import expat

from auditor.inspect.charsets import HEAD, TextDecoder
from auditor.inspect.documents.places import in_vietnam
from auditor.inspect.documents.rows import MOST_CHARACTERS, MOST_ROWS, Fields, Rows, lines

if TYPE_CHECKING:
    from auditor.inspect.contracts import About, Pages

BLOCK: Final = 1 << 16
"""Bytes that the parser gets at once: where it fails must not depend on how bytes came."""

MOST_NESTED: Final = 200
"""Elements within elements; what lies deeper is read as text."""

MOST_FIELDS: Final = 4096
"""Fields that an element holds until it ends; more are written at once."""

MOST_TEXT: Final = 1 << 20
"""Characters of one element's text that are held; more are written at once."""

MOST_KINDS: Final = 64
"""Kinds of records that are gathered, and kinds of children that an element holds."""

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


class _RefusedError(ValueError):
    """The document declares entities, or nests too deep."""


class _Element:
    """An element that is open."""

    __slots__ = ("fields", "pending", "size", "tag", "text")

    def __init__(self, tag: str) -> None:
        self.tag = tag
        self.text: list[str] = []
        self.size = 0
        self.fields: Fields = []
        self.pending: dict[str, Fields] = {}


class XmlDocument:
    """XML of any vocabulary."""

    name = "XML"

    def sniff(self, head: bytes, about: About) -> float:
        """By its declaration or first tag."""
        decoder = TextDecoder(about.charset)
        text = decoder.feed(head) + decoder.close()
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
        self._fed = 0
        self._lost = False
        self._told = False
        self._stack = [_Element("")]
        self._tables: dict[str, Rows] = {}
        self._gathered = 0
        self._size = 0
        # What comes has been decoded: the declaration's encoding no longer holds.
        self._parser = expat.ParserCreate("utf-8")
        self._parser.buffer_text = True
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._characters
        self._parser.EntityDeclHandler = self._entity

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
        while len(self._stack) > 1:  # elements that were never closed
            self._end(self._stack[-1].tag)
        self._write(self._stack[0].fields + _merged(self._stack[0]))
        for rows in self._tables.values():
            rows.flush()

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
            self._parsed(held[begin : begin + BLOCK], last=False)
            begin += BLOCK
        del self._held[:begin]
        if self._lost and self._held:
            self._pages.text(bytes(self._held))
            self._held.clear()

    def _parsed(self, block: bytes, *, last: bool) -> None:
        """Parses a block; where that fails, the rest is text."""
        if not self._told and block:
            self._told = True
            self._tell_geodata(block[:8192].decode("utf-8", "replace"))
        try:
            self._parser.Parse(block, last)
        except expat.ExpatError:
            self._lost = True
            begin = self._parser.ErrorByteIndex - self._fed
        except _RefusedError:
            self._lost = True
            begin = self._parser.CurrentByteIndex - self._fed
        else:
            self._fed += len(block)
            return
        rest = block[begin:] if 0 <= begin < len(block) else block
        if rest:
            self._pages.text(rest)

    def _entity(self, *declared: object) -> None:
        raise _RefusedError

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        if len(self._stack) > MOST_NESTED:
            raise _RefusedError
        element = _Element(_local(tag))
        for name, value in attributes.items():
            if not name.startswith("xmlns") and value:
                element.fields.append((_local(name), value))
        self._stack.append(element)

    def _characters(self, text: str) -> None:
        element = self._stack[-1]
        element.text.append(text)
        element.size += len(text)
        if element.size > MOST_TEXT:
            self._pages.text("".join(element.text).encode())
            element.text.clear()
            element.size = 0

    def _end(self, _tag: str) -> None:
        element = self._stack.pop()
        parent = self._stack[-1]
        tag = element.tag
        text = "".join(element.text).strip()
        if not element.fields and not element.pending:
            if text:
                parent.fields.append((tag, text))
                if len(parent.fields) > MOST_FIELDS:
                    self._spill(parent)
            return
        record: Fields = [(tag, text)] if text else []
        record += element.fields
        record += _merged(element)
        self._record(parent, tag, record)

    def _record(self, parent: _Element, tag: str, record: Fields) -> None:
        """An element with parts has ended: a record of a table, or a part of its parent."""
        path = self._path(tag)
        rows = self._tables.get(path)
        if rows is None and tag not in parent.pending:
            if len(parent.pending) < MOST_KINDS:
                parent.pending[tag] = record
            else:
                self._write([(f"{path}.{name}", value) for name, value in record])
            return
        if rows is None:
            if len(self._tables) >= MOST_KINDS:
                self._write([(f"{path}.{name}", value) for name, value in record])
                return
            rows = self._tables[path] = Rows(self._pages)
            self._add(rows, parent.pending.pop(tag))
        self._add(rows, record)

    def _add(self, rows: Rows, record: Fields) -> None:
        names, values = zip(*record, strict=True)
        rows.add(names, values)
        self._gathered += 1
        self._size += sum(map(len, filter(None, values)))
        if self._gathered >= MOST_ROWS or self._size >= MOST_CHARACTERS:
            for one in self._tables.values():
                one.flush()
            self._gathered = self._size = 0

    def _spill(self, element: _Element) -> None:
        """Writes the fields of an element that has very many."""
        path = self._path("")
        self._write([(path + name, value) for name, value in element.fields])
        element.fields = [("", None)]

    def _path(self, tag: str) -> str:
        return ".".join([element.tag for element in self._stack[1:]] + [tag])

    def _write(self, fields: Fields) -> None:
        text = lines(fields)
        if text:
            self._pages.text(text)

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


def _local(tag: str) -> str:
    """A name without its namespace's prefix."""
    return tag.rsplit(":", 1)[-1]


def _merged(element: _Element) -> Fields:
    """Fields of the children that came once, under dotted names."""
    return [
        (f"{tag}.{name}" if name != tag else tag, value)
        for tag, fields in element.pending.items()
        for name, value in fields
    ]
