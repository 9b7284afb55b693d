"""Bodies of HTTP/1 and HTTP/2: one document, the parts of a form, or messages."""

from __future__ import annotations

import binascii
import re
from typing import TYPE_CHECKING, Final

from auditor.inspect.detectors.names import shown
from auditor.inspect.header_fields import fields_of, listed, media_type_of, parameters

if TYPE_CHECKING:
    from collections.abc import Sequence

    from auditor.inspect.contracts import Content, Part
    from auditor.inspect.header_fields import Fields

_MOST_PARTS: Final = 10_000  # of one multipart body: a part costs more than the bytes that begin it
_MOST_PART_HEAD: Final = 1 << 14  # bytes of one part's header
_MOST_DEPTH: Final = 4  # multipart within multipart
_MOST_BOUNDARY: Final = 200  # RFC 2046 allows 70
_MOST_RUN: Final = 4_096  # of percent signs that are held back


def begun(
    content: Content,
    side: int,
    place: str,
    fields: Fields,
    *,
    packed: Sequence[str] = (),
    filename: str = "",
    depth: int = 0,
) -> Part:
    """The part into which the body goes whose header fields these are.

    Args:
        content: where it is written.
        side: who sends it.
        place: ``HTTP request body``.
        fields: of its message, or of the part of a multipart body.
        packed: encodings around those that the fields tell, outermost first.
        filename: where the fields tell none.
        depth: multipart bodies it lies within.
    """
    declared = fields.get(b"content-type", b"")
    media_type, named = media_type_of(declared)
    kind = media_type.lower()
    encodings = list(packed)
    if b"content-encoding" in fields:
        told = listed(fields[b"content-encoding"])
        # Signed chunks are made last, but named first.
        told.sort(key=lambda name: name == "aws-chunked")
        encodings += reversed(told)
    if b"content-transfer-encoding" in fields:
        encodings += listed(fields[b"content-transfer-encoding"])
    if encodings:
        encodings = [name for name in encodings if name not in _PLAIN]
    if not encodings:
        boundary = named.get("boundary", "").encode()
        if kind.startswith("multipart/") and boundary and depth < _MOST_DEPTH:
            return _Multipart(content, side, place, boundary[:_MOST_BOUNDARY], depth + 1)
        if kind.startswith("application/grpc") and not kind.endswith("-text"):
            return _Messages(content, side, place, fields)
        if kind == "application/x-www-form-urlencoded":
            charset = named.get("charset", "utf-8")
            return _Form(content.part(side, place, media_type="text/plain", charset=charset))
    if b"content-disposition" in fields:
        _, disposition = parameters(fields[b"content-disposition"])
        filename = disposition.get("filename") or filename
    return content.part(
        side,
        place,
        media_type=declared.decode("utf-8", "replace"),
        filename=filename or named.get("name", ""),
        charset=named.get("charset", "").lower(),
        encodings=encodings,
    )


_PLAIN: Final = frozenset({"identity", "7bit", "8bit", "binary", "chunked"})


class _Multipart:
    """A multipart body (RFC 2046 section 5.1, RFC 7578): every field and file is a part."""

    def __init__(
        self, content: Content, side: int, place: str, boundary: bytes, depth: int
    ) -> None:
        self._content = content
        self._side = side
        self._place = place
        self._depth = depth
        self._delimiter = b"\n--" + boundary
        self._held = b"\n"  # so that a delimiter at the very beginning is one
        self._part: Part | None = None  # null: before the first part, or after the last
        self._in_head = False
        self._unsplit = False
        self._count = 0
        self._line_break_before = True  # what is held begins with one that is not the part's

    def feed(self, data: bytes) -> None:
        data = self._held + data if self._held else data
        self._held = b""
        while data:
            if self._in_head:
                data = self._head(data)
            elif self._unsplit and self._part is not None:
                self._part.feed(data)
                return
            else:
                data = self._body(data)

    def _body(self, data: bytes) -> bytes:
        """Gives the part what belongs to it; gives back what is to be looked at again."""
        found = data.find(self._delimiter)
        if found < 0:
            end = data.find(b"\n", max(0, len(data) - len(self._delimiter)))
            self._give_and_hold(data, len(data) if end < 0 else end)
            return b""
        line = found + len(self._delimiter)
        end = data.find(b"\n", line, line + _MOST_BOUNDARY)
        closing = data.startswith(b"--", line)
        if end < 0 and not closing:
            if len(data) - line < _MOST_BOUNDARY:
                self._give_and_hold(data, found)
                return b""
            end = line + 1  # such a long line is no delimiter
        if not closing and data[line:end].strip():  # the beginning of a longer word
            self._give(data[:line])
            return data[line:]
        self._give(data[: _before_line_end(data, found)])
        self._close_part()
        self._line_break_before = False
        self._in_head = not closing
        return data[line + 2 :] if closing else data[end:]

    def _head(self, data: bytes) -> bytes:
        """``data`` begins with the line break that ends the delimiter."""
        match = _BLANK_LINE.search(data, 0, _MOST_PART_HEAD)
        if match is None and len(data) < _MOST_PART_HEAD:
            self._held = data
            return b""
        self._in_head = False
        self._count += 1
        if self._count > _MOST_PARTS:
            self._unsplit = True
            self._part = self._content.part(self._side, self._place)
            self._content.problem("http-too-many-parts", f"more than {_MOST_PARTS} parts in a body")
            return data
        self._begin(fields_of(data[: match.start() if match else 0].splitlines()))
        if match is None:
            return data
        self._line_break_before = True
        return data[match.end() - 1 :]  # the delimiter may follow at once

    def _begin(self, fields: Fields) -> None:
        _, named = parameters(fields.get(b"content-disposition", b""))
        name = "" if "filename" in named else named.get("name", "")[:200]
        place = f"{self._place} / {shown(name)}" if name else self._place
        self._part = begun(self._content, self._side, place, fields, depth=self._depth)
        if name and b"content-type" not in fields:
            self._part.feed(name.encode() + b"=")  # detectors look for context before a value

    def _give_and_hold(self, data: bytes, end: int) -> None:
        """Holds back what may be the beginning of a delimiter."""
        end = _before_line_end(data, end)
        self._give(data[:end])
        self._held = data[end:]

    def _give(self, data: bytes) -> None:
        if self._line_break_before and data:
            data = data[1:]
            self._line_break_before = False
        if self._part is None:
            data = data.lstrip()
            if data:
                # Before the first delimiter or after the last no program shows it: all the more.
                place = f"{self._place} / outside of its parts"
                self._part = self._content.part(self._side, place)
        if self._part is not None and data:
            self._part.feed(data)

    def gap(self, size: int) -> None:
        self._give_held()
        if self._part is not None:
            self._part.gap(size)

    def close(self) -> None:
        self._give_held()
        self._close_part()

    def _give_held(self) -> None:
        if self._in_head:
            self._in_head = False
            self._part = self._content.part(self._side, self._place)
        self._give(self._held)
        self._held = b""

    def _close_part(self) -> None:
        if self._part is not None:
            self._part.close()
            self._part = None


_BLANK_LINE: Final = re.compile(rb"\n\r?\n")


def _before_line_end(data: bytes, end: int) -> int:
    """Where the line break begins that may end at this place."""
    return end - 1 if end and data[end - 1] == 13 else end


class _Form:
    """A form's body (WHATWG URL, section 5.1) as lines ``name=value``, decoded."""

    def __init__(self, part: Part) -> None:
        self._part = part
        self._held = b""

    def feed(self, data: bytes) -> None:
        data = self._held + data
        end = len(data)
        percent = data.find(b"%", max(0, end - 2))
        if percent >= 0:
            end = len(data[:percent].rstrip(b"%"))
            if len(data) - end > _MOST_RUN:
                end = len(data)
        self._held = data[end:]
        if end:
            self._part.feed(_form_text(data[:end]))

    def gap(self, size: int) -> None:
        self._part.feed(self._held)
        self._held = b""
        self._part.gap(size)

    def close(self) -> None:
        self._part.feed(_form_text(self._held))
        self._part.close()


# The decoder of quoted-printable is the one of the standard library that runs at speed; a carriage
# return after its sign would make it skip a line.
_TO_QUOTED: Final = bytes.maketrans(b"&+%=\r", b"\n =\x01\n")
_FROM_QUOTED: Final = bytes.maketrans(b"\x01", b"=")


def _form_text(data: bytes) -> bytes:
    return binascii.a2b_qp(data.translate(_TO_QUOTED)).translate(_FROM_QUOTED)


class _Messages:
    """A gRPC body: messages behind a flag and their length (gRPC over HTTP/2, `Length-Prefixed`).

    Messages that are not packed are one part together; each packed one is a part of its own.
    """

    def __init__(self, content: Content, side: int, place: str, fields: Fields) -> None:
        self._content = content
        self._side = side
        self._place = place.replace("body", "message")
        self._media_type = fields.get(b"content-type", b"").decode("utf-8", "replace")
        self._encoding = fields.get(b"grpc-encoding", b"").decode("utf-8", "replace").lower()
        self._prefix = b""
        self._left = 0
        self._plain: Part | None = None
        self._packed: Part | None = None

    def feed(self, data: bytes) -> None:
        begin = 0
        while begin < len(data):
            if self._left == 0:
                begin = self._begin_message(data, begin)
                continue
            piece = data[begin : begin + self._left]
            begin += len(piece)
            self._left -= len(piece)
            (self._packed or self._plain_part()).feed(piece)
            if self._left == 0:
                self._close_packed()

    def _begin_message(self, data: bytes, begin: int) -> int:
        needed = 5 - len(self._prefix)
        self._prefix += data[begin : begin + needed]
        if len(self._prefix) == 5:
            self._left = int.from_bytes(self._prefix[1:], "big")
            if self._prefix[0] & 1 and self._left:
                encodings = (self._encoding or "unknown",)
                self._packed = self._content.part(
                    self._side, self._place, media_type=self._media_type, encodings=encodings
                )
            self._prefix = b""
        return begin + needed

    def _plain_part(self) -> Part:
        if self._plain is None:
            self._plain = self._content.part(self._side, self._place, media_type=self._media_type)
        return self._plain

    def gap(self, size: int) -> None:
        (self._packed or self._plain_part()).gap(size)
        if size < self._left:
            self._left -= size
            return
        # Where the next message begins is not known: the rest is looked at as it stands.
        self._close_packed()
        self._prefix = b""
        self._left = 1 << 63

    def close(self) -> None:
        self._close_packed()
        if self._plain is not None:
            self._plain.close()

    def _close_packed(self) -> None:
        if self._packed is not None:
            self._packed.close()
            self._packed = None
