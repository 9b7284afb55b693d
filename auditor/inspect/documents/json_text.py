"""JSON (RFC 8259), one document or many in a row (NDJSON, RFC 7464), while it streams.

Arrays of objects, and objects in a row, become tables whose columns have dotted names
(``identifier.value``); everything else becomes lines ``path.to.key: value``. Numbers stay as they
were written. At most ``WINDOW`` characters are parsed at once: a value that is longer is entered,
and its parts are read one by one.
"""

from __future__ import annotations

import codecs
import gc
import json
import re
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from auditor.inspect.charsets import TextDecoder
from auditor.inspect.documents.places import in_vietnam
from auditor.inspect.documents.plain import head_text, looks_like_text
from auditor.inspect.documents.records import MOST_PATH, add_all, flat, joined, written
from auditor.inspect.documents.rows import Fields, Rows, lines

if TYPE_CHECKING:
    from auditor.inspect.contracts import About, Pages

WINDOW: Final = 1 << 18
"""Characters of a value that is parsed in one go; a longer one is entered."""

MOST_ENTERED: Final = 32
"""Values within values that are entered; what lies deeper is read as text."""

MOST_SHORT: Final = 16
"""Values of an array or object after which the next one is taken for short."""

MOST_FAILURES: Final = 4
"""Times that records of an array turned out not to begin alike, before it is no longer tried."""

_SPACE: Final = re.compile(r"[\s\x1e\ufeff]*")  # RFC 7464 puts a record separator before texts
_KEY: Final = re.compile(r'"((?:[^"\\]|\\.)*+)"\s*+:', re.DOTALL)
_WITHIN_STRING: Final = re.compile(r'(?:[^"\\]|\\.)*+', re.DOTALL)
_BEGIN: Final = re.compile(rb"[\s\x1e]*(?:\{\s*[\"}]|\[\s*(?:[\"{\[\]]|-?[0-9]|true|false|null))")
_NUMBERS: Final = re.compile(rb"\s*\[\s*-?[0-9]")
_GEOJSON: Final = re.compile(r'"type"\s*:\s*"(FeatureCollection|Feature|GeometryCollection)"')
_TOPOJSON: Final = re.compile(r'"type"\s*:\s*"Topology"')
_POSITION: Final = re.compile(
    r'"coordinates"\s*:[\s\[]*(-?[0-9]{1,3}(?:\.[0-9]*)?)\s*,\s*(-?[0-9]{1,3}(?:\.[0-9]*)?)'
)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object; of a key that stands twice all values, where others would let the last one win."""
    plain = dict(pairs)
    if len(plain) == len(pairs):
        return plain
    values: dict[str, list[Any]] = {}
    for name, value in pairs:
        values.setdefault(name, []).append(value)
    return {name: some[0] if len(some) == 1 else some for name, some in values.items()}


_DECODER: Final = json.JSONDecoder(
    parse_float=str,
    parse_int=str,
    parse_constant=str,
    strict=False,
    object_pairs_hook=_object,
)


class _Frame:
    """An array or object that was entered (or the whole input), and its records."""

    __slots__ = ("begin", "failures", "first", "is_object", "key", "path", "rows", "short")

    def __init__(self, path: str, pages: Pages, *, is_object: bool) -> None:
        self.path = path
        self.is_object = is_object
        self.key: str | None = None
        self.first: dict[str, Any] | None = None
        self.begin = ""  # how its records begin, up to the first colon
        self.failures = 0
        self.short = 0  # values that were parsed at once
        self.rows = Rows(pages)


class JsonDocument:
    """JSON of any shape."""

    name = "JSON"

    def sniff(self, head: bytes, about: About) -> float:
        """By how it begins."""
        text = head_text(head, about.charset)
        if not _BEGIN.match(text) or not looks_like_text(head):
            return 0.0
        if "json" in about.media_type or about.filename.lower().endswith(("json", ".jsonl")):
            return 0.95
        return 0.3 if _NUMBERS.match(text) else 0.85

    def reading(self, about: About, pages: Pages) -> JsonReading:
        """Reads JSON."""
        return JsonReading(about, pages)


class JsonReading:
    """JSON that is read value by value."""

    def __init__(self, about: About, pages: Pages) -> None:
        self._pages = pages
        self._bytes = TextDecoder(about.charset)
        self._characters = codecs.getincrementaldecoder("utf-8")("replace")
        self._text = ""
        self._waiting: list[str] = []
        self._size = 0
        self._at = 0
        self._frames = [_Frame("", pages, is_object=False)]
        self._begun = False
        self._lost = False
        self._within_string = False
        self._said: list[bytes] = []
        self._said_size = 0

    def feed(self, data: bytes) -> None:
        """Its next bytes."""
        self._add(self._characters.decode(self._bytes.feed(data)))
        if self._size >= 2 * WINDOW:
            self._work(last=False)

    def gap(self, size: int) -> None:
        """What follows cannot be put into its place: it is read as text."""
        self._work(last=True)
        self._lose()

    def close(self) -> None:
        """It has ended."""
        self._add(self._characters.decode(self._bytes.close(), final=True))
        self._work(last=True)
        while self._frames:
            self._leave()
        self._flush()

    def _add(self, text: str) -> None:
        if self._lost:
            if text:
                self._pages.text(text.encode("utf-8", "replace"))
        elif text:
            self._waiting.append(text)
            self._size += len(text)

    def _work(self, *, last: bool) -> None:
        """Reads the values that are there."""
        self._text = self._text[self._at :] + "".join(self._waiting)
        self._waiting.clear()
        self._at = 0
        if not self._begun:
            self._begun = True
            self._tell_geodata(self._text[:8192])
        # A value is looked at when a whole window of it is there: cuts change nothing.
        least = 0 if last else WINDOW
        # Thousands of records come and go in a window, none of them in a circle: to look for
        # circles each time that there are some hundred more takes as long as to parse them.
        collecting = gc.isenabled()
        gc.disable()
        try:
            while not self._lost and len(self._text) - self._at > least:
                if not self._step(last=last):
                    break
        finally:
            if collecting:
                gc.enable()
        self._size = len(self._text) - self._at

    def _step(self, *, last: bool) -> bool:
        """Takes one value, key or mark; false = there is none."""
        text = self._text
        if self._within_string:
            return self._long_string()
        at = self._at = _SPACE.match(text, self._at).end()  # type: ignore[union-attr]
        if at >= len(text):
            return False
        frame = self._frames[-1]
        mark = text[at]
        if mark == ",":
            self._at += 1
        elif mark in "]}" and len(self._frames) > 1 and frame.is_object == (mark == "}"):
            self._at += 1
            self._leave()
        elif frame.is_object and frame.key is None:
            key = _KEY.match(text, at, at + WINDOW)
            if key is None:
                self._lose()
            else:
                frame.key = _unescaped(key[1])
                self._at = key.end()
        else:
            self._value(mark, last=last)
        return True

    def _value(self, mark: str, *, last: bool) -> None:
        """Takes the value that begins here, or enters it."""
        if mark == "{" and self._many():
            return
        value, end = None, -1
        # To parse a window only to learn that the value goes on is dear.
        frame = self._frames[-1]
        surely = mark not in "[{" or frame.short > MOST_SHORT
        if surely or len(self._text) - self._at <= WINDOW or self._ends():
            frame.short += 1
            try:
                value, end = _DECODER.raw_decode(self._text, self._at)
            except (ValueError, RecursionError):  # not JSON, cut, too long or too deep
                end = -1
        if end < 0 or end - self._at > WINDOW:
            if mark == '"':
                self._say(f"{self._path()}: ".encode("utf-8", "replace"))
                self._at += 1
                self._within_string = True
            elif mark in "[{" and len(self._frames) < MOST_ENTERED:
                self._at += 1
                self._frames.append(_Frame(self._path(), self._pages, is_object=mark == "{"))
            else:
                self._lose()
            return
        begin, self._at = self._at, end
        if frame.is_object or not isinstance(value, dict):
            self._walk(self._path(), value)
            frame.key = None
        elif frame.first is None and not frame.rows.begun:
            frame.first = value
            colon = self._text.find(":", begin, min(end, begin + MOST_PATH))
            frame.begin = self._text[begin : colon + 1]
        else:
            if frame.first is not None:
                frame.rows.add(*flat(frame.first))
                frame.first = None
            frame.rows.add(*flat(value))

    def _ends(self) -> bool:
        """Whether an array or object that begins here may end within a window; false = not."""
        for size in (WINDOW >> 6, WINDOW >> 3, WINDOW):  # most are short
            window = self._text[self._at : self._at + size]
            if "\\" in window:
                window = window.replace("\\\\", "").replace('\\"', "")
            outside = "".join(window.split('"')[::2]).encode("ascii", "replace")
            marks = np.frombuffer(outside, np.uint8) | 0x20  # "[" is "{", and "]" is "}"
            steps = (marks == ord("{")).astype(np.int64) - (marks == ord("}"))
            if bool((steps.cumsum() <= 0).any()):
                return True
        return False

    def _many(self) -> bool:
        """Takes as many records as the window holds, if they are alike; false = not done.

        A record of an array begins as the first one did: the last such place ends the ones before.
        Only if the piece up to there is JSON by itself were these records; else they are taken one
        by one.
        """
        frame = self._frames[-1]
        if frame.failures > MOST_FAILURES or not frame.begin or not frame.rows.begun:
            return False
        at = self._at
        end = self._text.rfind(frame.begin, at + 1, at + WINDOW)
        if end < 0:
            frame.failures += 1
            return False
        piece = self._text[at:end].rstrip()
        if len(self._frames) == 1:  # objects in a row, a line each
            piece = ",".join(filter(str.strip, piece.split("\n")))
        elif not piece.endswith(","):
            frame.failures += 1
            return False
        try:
            records = _DECODER.decode(f"[{piece.removesuffix(',')}]")
        except (ValueError, RecursionError):
            frame.failures += 1
            return False
        if set(map(type, records)) != {dict}:
            frame.failures += 1
            return False
        self._at = end
        add_all(frame.rows, records)
        return True

    def _long_string(self) -> bool:
        """Hands on a window of a string that is longer than one."""
        match = _WITHIN_STRING.match(self._text, self._at, self._at + WINDOW)
        end = match.end() if match else self._at
        self._say(self._text[self._at : end].encode("utf-8", "replace"))
        if end == self._at and self._text[end : end + 1] != '"':  # a backslash at the very end
            end += 1
        elif self._text[end : end + 1] == '"' and end < self._at + WINDOW:
            end += 1
            self._within_string = False
            self._frames[-1].key = None
            self._say(b"\n")
        self._at = end
        return True

    def _path(self) -> str:
        """Path of the value that begins here."""
        frame = self._frames[-1]
        return joined(frame.path, frame.key) if frame.key is not None else frame.path

    def _leave(self) -> None:
        """An array or object that was entered has ended."""
        frame = self._frames.pop()
        if frame.first is not None:
            self._walk(frame.path, frame.first)
        frame.rows.flush()
        if self._frames:
            self._frames[-1].key = None

    def _lose(self) -> None:
        """From here on it is no JSON: it is read as text."""
        self._lost = True
        rest = self._text[self._at :]
        self._text = ""
        self._at = 0
        self._say(rest.encode("utf-8", "replace"))
        self._flush()

    def _walk(self, path: str, value: object) -> None:
        """Writes a value: arrays of objects as tables, the rest as lines."""
        found: Fields = []
        left: list[tuple[str, object]] = [(path, value)]
        while left:
            path, value = left.pop()
            if isinstance(value, dict):
                left.extend((joined(path, key), part) for key, part in reversed(value.items()))
            elif isinstance(value, list):
                if len(value) > 1 and set(map(type, value)) == {dict}:
                    rows = Rows(self._pages)
                    add_all(rows, value)
                    rows.flush()
                else:
                    left.extend((path, part) for part in reversed(value))
            else:
                found.append((path, written(value)))
        self._say(lines(found))

    def _say(self, text: bytes) -> None:
        """Writes text, in pieces that are worth it."""
        self._said.append(text)
        self._said_size += len(text)
        if self._said_size >= WINDOW:
            self._flush()

    def _flush(self) -> None:
        if self._said_size:
            self._pages.text(b"".join(self._said))
        self._said.clear()
        self._said_size = 0

    def _tell_geodata(self, head: str) -> None:
        if '"type"' not in head:
            return
        match = _GEOJSON.search(head)
        kind = "GeoJSON" if match else "TopoJSON" if _TOPOJSON.search(head) else ""
        if kind == "GeoJSON" and not re.search(r'"(?:features|geometry|geometries)"', head):
            return
        if kind:
            position = _POSITION.search(head)
            box = (float(position[1]), float(position[2])) * 2 if position else None
            self._pages.fact("geodata", kind + in_vietnam(box))


def _unescaped(key: str) -> str:
    """A key as it is meant."""
    if "\\" not in key:
        return key
    try:
        return str(json.loads(f'"{key}"', strict=False))
    except ValueError:
        return key
