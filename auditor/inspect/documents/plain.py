"""Text of any kind, and pages of HTML."""

from __future__ import annotations

import html.entities
import re
from typing import TYPE_CHECKING, Final

from auditor.inspect.charsets import HEAD, TextDecoder

if TYPE_CHECKING:
    from auditor.inspect.contracts import About, Pages

_CONTROL: Final = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]")
_MOST_CONTROL: Final = 0.02

MOST_WAITING: Final = 1 << 20
"""Bytes of a page that are taken apart at once."""


def looks_like_text(head: bytes) -> bool:
    """Whether bytes are text in some charset: hardly a control character."""
    if not head:
        return False
    decoder = TextDecoder()
    text = decoder.feed(head) + decoder.close()
    if len(_CONTROL.findall(text)) > _MOST_CONTROL * len(text):
        return False
    if decoder.name != "utf-8":
        return True
    # Random bytes without zeros: neither UTF-8 nor anything else (the end may be cut).
    bad = text.decode("utf-8", "replace")[:-1].count("\ufffd")
    return bad * 20 <= len(text)


class PlainText:
    """Text of any kind: what nothing else recognises."""

    name = "text"

    def sniff(self, head: bytes, about: About) -> float:
        """Low, so that everything else goes first."""
        if not looks_like_text(head):
            return 0.0
        return 0.2 if about.media_type.startswith("text/") else 0.1

    def reading(self, about: About, pages: Pages) -> TextReading:
        """Reads text."""
        return TextReading(about, pages)


class TextReading:
    """Text on its way to the pages."""

    def __init__(self, about: About, pages: Pages) -> None:
        self._pages = pages
        self._decoder = TextDecoder(about.charset)

    def feed(self, data: bytes) -> None:
        """Its next bytes."""
        text = self._decoder.feed(data)
        if text:
            self._pages.text(text)

    def gap(self, size: int) -> None:
        """A line break stands for what is missing: nothing matches across it."""
        self.feed(b"\n")

    def close(self) -> None:
        """It has ended."""
        text = self._decoder.close()
        if text:
            self._pages.text(text)


_PAGE: Final = re.compile(
    rb"\s*(?:<\?xml[^>]{0,200}>\s*)?(?:<!--.{0,1024}?-->\s*)?<(?:!doctype\s+html|html|head|body|title|meta|script|table|div|p|"
    rb"form|h1|br|span)\b",
    re.IGNORECASE | re.DOTALL,
)
_META_CHARSET: Final = re.compile(
    rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?([\w.:-]{2,40})", re.IGNORECASE
)
# Marks of looks stand within words and numbers; they vanish. All others part words.
_LOOKS: Final = re.compile(
    rb"</?(?:b|i|u|s|em|strong|mark|small|big|sub|sup|font|span|wbr)\s*>", re.IGNORECASE
)
_TAG: Final = re.compile(rb"<[/!?]?[A-Za-z][A-Za-z0-9:-]{0,63}|/?>")
_ENTITY: Final = re.compile(
    r"&(?:#([0-9]{1,8}+)(?![0-9])|#[xX]([0-9a-fA-F]{1,6}+)(?!\w)|([A-Za-z]\w{1,31}));?"
)
_LAST_CODE: Final = 0x10FFFF


def _character(match: re.Match[str]) -> str:
    """What an entity stands for; itself, if nothing does."""
    decimal, hexadecimal, name = match.groups()
    if name:
        return html.entities.html5.get(name + ";", match[0])
    code = int(decimal) if decimal else int(hexadecimal, 16)
    if not 0 < code <= _LAST_CODE or 0xD800 <= code <= 0xDFFF:
        return " "
    return chr(code)


class HtmlPage:
    """HTML: its text and the values of its attributes."""

    name = "HTML"

    def sniff(self, head: bytes, about: About) -> float:
        """By its first tag; a page that says it is one but shows no tag early is less sure."""
        if _PAGE.match(head.removeprefix(b"\xef\xbb\xbf")):
            return 0.85
        if about.media_type in ("text/html", "application/xhtml+xml"):
            return 0.5 if looks_like_text(head) else 0.0
        return 0.0

    def reading(self, about: About, pages: Pages) -> HtmlReading:
        """Reads a page."""
        return HtmlReading(about, pages)


class HtmlReading:
    """A page that is freed of its tags, piece by piece."""

    def __init__(self, about: About, pages: Pages) -> None:
        self._pages = pages
        self._charset = about.charset
        self._decoder: TextDecoder | None = None
        self._held = bytearray()

    def feed(self, data: bytes) -> None:
        """Its next bytes."""
        if self._decoder is not None:
            self._held += self._decoder.feed(data)
        else:
            self._held += data
            if len(self._held) < HEAD:
                return
            self._begin()
        self._work()

    def gap(self, size: int) -> None:
        """A line break stands for what is missing."""
        self.feed(b"\n")

    def close(self) -> None:
        """It has ended."""
        if self._decoder is None:
            self._begin()
        if self._decoder is not None:
            self._held += self._decoder.close()
        self._work()
        self._strip(bytes(self._held))
        self._held.clear()

    def _begin(self) -> None:
        """Finds the charset and decodes what was held."""
        head = bytes(self._held)
        declared = _META_CHARSET.search(head[:HEAD])
        charset = self._charset or (declared[1].decode("ascii", "replace") if declared else "")
        self._decoder = TextDecoder(charset)
        self._held[:] = self._decoder.feed(head)

    def _work(self) -> None:
        """Strips whole blocks, cut where neither a tag's name nor an entity goes on."""
        while len(self._held) >= MOST_WAITING:
            block = bytes(self._held[:MOST_WAITING])
            end = max(block.rfind(b">"), block.rfind(b"\n"), block.rfind(b" ")) + 1
            self._strip(block[: end or MOST_WAITING])
            del self._held[: end or MOST_WAITING]

    def _strip(self, block: bytes) -> None:
        text = _TAG.sub(b" ", _LOOKS.sub(b"", block))
        if b"&" in text:
            decoded = _ENTITY.sub(_character, text.decode("utf-8", "surrogateescape"))
            text = decoded.encode("utf-8", "surrogateescape")
        if text:
            self._pages.text(text)
