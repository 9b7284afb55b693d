"""Mail as it comes: headers, bodies and attachments of a MIME tree of any depth, in one pass.

Sources: RFC 5322 (fields), 2045 and 2046 (MIME), 2047 and 2231 (letters beyond ASCII), 8551
(S/MIME), 3156 (PGP).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from auditor.inspect import mail_headers
from auditor.inspect.contracts import MOST_DEPTH, MOST_HELD
from auditor.inspect.decoding import decoder

if TYPE_CHECKING:
    from collections.abc import Iterable

    from auditor.inspect.contracts import Pages, Part

_MOST_PARTS: Final = 2000
"""Bodies and attachments of one mail; real ones have some tens."""

_MOST_HEADER: Final = 1 << 18
"""Bytes of the fields of one part that are taken apart; what follows is searched as it stands."""

_LONGEST_FIELD: Final = 1 << 14
"""Bytes of one folded field; what follows is searched as it stands."""

_MOST_OPEN: Final = 2 * MOST_DEPTH
"""Multiparts and mails within each other; a mail within a mail opens two."""

_LONGEST_BOUNDARY: Final = 200
"""A boundary has at most 70 characters (RFC 2046 section 5.1.1); some programs forget that."""

_MARK: Final = b"\n--"
_BEGINS: Final = re.compile(rb">?From |[!-9;-~]{1,200}[ \t]*:")
_CONTENT: Final = b"content-"
_MESSAGES: Final = ("message/rfc822", "message/global")
_IDENTITY: Final = ("", "7bit", "8bit", "binary")
_BASE64_LINE: Final = re.compile(rb"[A-Za-z0-9+/]{40,}={0,2}\s*\Z")
_BASE64_TAIL: Final = re.compile(rb"[A-Za-z0-9+/]+={0,2}\s*\Z")
_UNDONE: Final = ("base64", "quoted-printable")
_PGP: Final = b"---BEGIN PGP MESSAGE-----"
_TNEF: Final = ("application/ms-tnef", "application/vnd.ms-tnef")
_PKCS7: Final = ("application/pkcs7-mime", "application/x-pkcs7-mime")


@dataclass(slots=True)
class _Entity:
    """An open multipart (``boundary`` set) or message; ``sealed``: nothing in it can be read."""

    boundary: bytes | None
    sealed: bool


class _Leaf:
    """A body on its way into a member; ``encoding``: that of its transfer, unknown ones stay."""

    __slots__ = ("_decoder", "_part")

    def __init__(self, part: Part, encoding: str) -> None:
        self._part = part
        self._decoder = decoder([encoding]) if encoding in _UNDONE else None

    def feed(self, data: bytes) -> None:
        self._given((data,) if self._decoder is None else self._decoder.feed(data))

    def gap(self, size: int) -> None:
        if self._decoder is not None:
            self._given(self._decoder.close())  # what was held back stands before the gap
            self._decoder.resumed()
        self._part.gap(size)

    def close(self) -> None:
        if self._decoder is not None:
            self._given(self._decoder.close())
        self._part.close()

    def _given(self, pieces: Iterable[bytes]) -> None:
        for piece in pieces:
            if piece:
                self._part.feed(piece)


class MailReading:
    """One mail being read (a ``Reading``): headers to text, bodies and attachments to members.

    Members get their bytes without transfer encoding. A mail whose header was not captured is read
    as a body; its boundaries are then known by the fields that follow them.
    """

    def __init__(self, pages: Pages) -> None:
        self._pages = pages
        self._data = b""
        self._at = 0
        self._stack: list[_Entity] = []
        self._fields: list[bytes] = []
        self._header: int | None = 0  # bytes of the header so far; null = in a body
        self._message = True  # the header is that of a message, not of a part
        self._headless = False
        self._leaf: _Leaf | None = None
        self._unread_body = False
        self._virtual = False  # the first byte that waits ends the header: not of the body
        self._parts = 0
        self._done = False

    def feed(self, data: bytes) -> None:
        """Its next bytes."""
        if self._done:
            return
        self._data = self._data[self._at :] + data
        self._at = 0
        self._work(final=False)

    def gap(self, size: int) -> None:
        """So many bytes are missing here."""
        self._work(final=True)
        if self._leaf:
            self._leaf.gap(size)

    def close(self) -> None:
        """It has ended, with or without its last boundary."""
        self._work(final=True)
        if self._header is not None and not self._done:
            self._end_header()
        self._end_leaf()
        self._done = True

    def _work(self, *, final: bool) -> None:
        while not self._done and (
            self._body_step(final=final) if self._header is None else self._header_step(final=final)
        ):
            pass

    def _header_step(self, *, final: bool) -> bool:
        """Takes one line of a header; whether there was one."""
        data, begin = self._data, self._at
        end = data.find(b"\n", begin, begin + MOST_HELD) + 1
        if not end:
            if len(data) == begin or (len(data) - begin < MOST_HELD and not final):
                return False
            end = min(begin + MOST_HELD, len(data))
        line = data[begin:end]
        if not self._fields and not self._stack and not _BEGINS.match(line):
            return self._headless_step(line, final=final)
        self._at = end
        if line in (b"\r\n", b"\n"):
            self._end_header()
            if self._header is None:
                self._body_begins(end - 1)
        elif line.startswith(b"--") and (found := self._boundary(line[2:])):
            self._end_header()
            self._boundary_taken(*found, end)
        else:
            self._field_taken(line)
        return True

    def _field_taken(self, line: bytes) -> None:
        size = (self._header or 0) + len(line)
        self._header = size
        if size > _MOST_HEADER:
            self._pages.text(line)
        elif line[:1] in b" \t" and self._fields:
            if len(self._fields[-1]) > _LONGEST_FIELD:
                self._pages.text(line)
            else:
                self._fields[-1] += b" " + line.strip()
        else:
            self._fields.append(line.rstrip(b"\r\n"))

    def _headless_step(self, line: bytes, *, final: bool) -> bool:
        """Begins to read a body without header; false = the second line is needed to judge it."""
        encoding = ""
        begin = self._at
        if _BASE64_TAIL.match(line):
            second = self._at + len(line)
            end = self._data.find(b"\n", second) + 1
            if not end and not final and len(self._data) - second < _LONGEST_BOUNDARY:
                return False
            if _BASE64_LINE.match(self._data[second : end or None]) or _BASE64_LINE.match(line):
                encoding = "base64"
                begin += (
                    len(line.strip()) & 3
                )  # the end of a line ends a quadruple, its cut may not
        self._header = None
        self._headless = True
        self._data = b"\n" + self._data[begin:]
        self._body_begins(0)
        self._leaf = _Leaf(self._pages.member(""), encoding)
        return True

    def _body_begins(self, at: int) -> None:
        """A body follows the line end at ``at``, which a boundary may need."""
        self._at = at
        self._virtual = True

    def _body_step(self, *, final: bool) -> bool:
        """Takes a body up to the next boundary; whether one was found."""
        data = self._data
        search = self._at
        while (mark := data.find(_MARK, search)) >= 0:
            begin = mark + len(_MARK)
            end = data.find(b"\n", begin, begin + _LONGEST_BOUNDARY)
            short = end < 0 and len(data) - begin < _LONGEST_BOUNDARY
            ahead = self._headless and 0 <= end > len(data) - len(_CONTENT) - 1
            if (short or ahead) and not final:
                self._given(mark - (data[mark - 1 : mark] == b"\r" and mark > self._at))
                return False
            if end < 0:
                end = min(begin + _LONGEST_BOUNDARY, len(data))
            line = data[begin:end]
            if found := self._boundary(line) or self._adopted(line, end + 1):
                self._given(mark - (data[mark - 1 : mark] == b"\r" and mark > self._at))
                self._boundary_taken(*found, end + 1)
                return True
            if line.startswith(_PGP):
                self._given(mark)
                self._sealed("PGP")
            search = begin
        self._given(len(data) if final else _line_end_begins(data, self._at))
        return False

    def _given(self, end: int) -> None:
        """Gives the bytes up to ``end`` to the body that is open, or to the text."""
        data = self._data[self._at : end]
        self._at = max(self._at, end)
        if self._virtual and data:
            self._virtual = False
            data = data[1:]
        if not data or self._unread_body:
            return
        if self._leaf:
            self._leaf.feed(data)
        else:
            self._pages.text(data)  # before the first part and behind the last

    def _boundary(self, line: bytes) -> tuple[int, bool] | None:
        """Which open multipart a line belongs to, and whether it closes it."""
        text = line.rstrip()
        for level in range(len(self._stack) - 1, -1, -1):
            boundary = self._stack[level].boundary
            if boundary is not None and text.startswith(boundary):
                tail = text[len(boundary) :]
                if tail in (b"", b"--"):
                    return level, bool(tail)
        return None

    def _adopted(self, line: bytes, after: int) -> tuple[int, bool] | None:
        """As ``_boundary``, for a mail whose header was not captured."""
        if not self._headless or self._stack:
            return None
        text = line.rstrip()
        if self._data[after : after + len(_CONTENT)].lower() != _CONTENT or len(text) < 5:
            return None
        self._stack.append(_Entity(text, sealed=False))
        return 0, False

    def _boundary_taken(self, level: int, closes: bool, end: int) -> None:  # noqa: FBT001 - of a pair
        self._end_leaf()
        del self._stack[level if closes else level + 1 :]
        self._unread_body = bool(self._stack) and self._stack[-1].sealed
        self._fields = []
        self._message = False
        self._at = min(end, len(self._data))
        if closes:
            self._header = None
            if self._data[end - 1 : end] == b"\n":
                self._body_begins(end - 1)
        else:
            self._header = 0

    def _end_header(self) -> None:
        """The header is whole: what it says decides how the body is read."""
        fields = [mail_headers.field(line) for line in self._fields]
        named = dict(reversed(fields))  # the first of a name counts
        if self._message:
            text = "".join(f"{name}: {mail_headers.decoded(value)}\n" for name, value in fields)
            self._pages.text(text.encode("utf-8", "replace"))
        self._fields = []
        self._header = None
        media_type, content = mail_headers.parameters(named.get("content-type", "text/plain"))
        encoding = named.get("content-transfer-encoding", "").strip().lower()
        boundary = content.get("boundary", "").rstrip().encode("utf-8", "replace")
        if media_type.startswith("multipart/") and 0 < len(boundary) <= _LONGEST_BOUNDARY:
            self._opened(boundary)
            if media_type == "multipart/encrypted":
                self._sealed("PGP")
                self._stack[-1:] = [_Entity(boundary, sealed=True)]
        elif media_type in _MESSAGES and encoding in _IDENTITY:
            self._opened(None)
            self._message = True
            self._header = 0
        else:
            _, disposition = mail_headers.parameters(named.get("content-disposition", ""))
            filename = mail_headers.filename(disposition, content)
            self._begin_leaf(media_type, content, filename, encoding)

    def _opened(self, boundary: bytes | None) -> None:
        if len(self._stack) >= _MOST_OPEN:
            self._pages.unread("bomb", "mail parts within parts")
            self._done = True
        self._stack.append(_Entity(boundary, sealed=self._unread_body))

    def _begin_leaf(
        self, media_type: str, content: dict[str, str], filename: str, encoding: str
    ) -> None:
        self._parts += 1
        if self._parts > _MOST_PARTS:
            self._pages.unread("bomb", "parts of a mail")
            self._done = True
        if self._unread_body or self._done:
            return
        if filename:
            self._pages.text(f"attachment: {filename}\n".encode("utf-8", "replace"))
        if media_type in _TNEF or filename.lower() == "winmail.dat":
            self._pages.unread("unsupported", "TNEF")
            self._unread_body = True
        elif media_type in _PKCS7 and content.get("smime-type", "").lower() != "signed-data":
            self._sealed("S/MIME")
        else:
            part = self._pages.member(filename, media_type, content.get("charset", "").lower())
            self._leaf = _Leaf(part, encoding)

    def _sealed(self, what: str) -> None:
        """The body from here is encrypted."""
        if not self._unread_body:
            self._pages.unread("encrypted", what)
        self._end_leaf()
        self._unread_body = True

    def _end_leaf(self) -> None:
        if self._leaf:
            self._leaf.close()
            self._leaf = None


def _line_end_begins(data: bytes, at: int) -> int:
    """Where a boundary could begin in the last bytes; the end, where none could."""
    begin = max(at, len(data) - len(_MARK))
    tail = data[begin:]
    for place, byte in enumerate(tail):
        if byte in b"\r\n":
            return begin + place
    return len(data)
