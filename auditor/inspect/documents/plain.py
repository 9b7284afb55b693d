"""Text of any kind, and pages of HTML."""

from __future__ import annotations

import codecs
import html.entities
import re
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from auditor.inspect.charsets import HEAD, TextDecoder

if TYPE_CHECKING:
    from auditor.inspect.contracts import About, Pages

_CONTROL: Final = bytes([*range(0x09), *range(0x0E, 0x1B), *range(0x1C, 0x20), 0x7F])
_MOST_CONTROL: Final = 0.02
_USUAL: Final = frozenset({"", "utf-8", "utf8"})

MOST_WAITING: Final = 1 << 20
"""Bytes of a page that are taken apart at once."""


def head_text(head: bytes, charset: str = "") -> bytes:
    """The first bytes of a document as UTF-8."""
    if charset in _USUAL and _is_plain(head):
        return head.removeprefix(codecs.BOM_UTF8)
    decoder = TextDecoder(charset)
    return decoder.feed(head) + decoder.close()


def looks_like_text(head: bytes) -> bool:
    """Whether bytes are text in some charset: hardly a control character."""
    if not head:
        return False
    if _is_plain(head):
        return _few_controls(head)
    decoder = TextDecoder()
    text = decoder.feed(head) + decoder.close()
    if not _few_controls(text):
        return False
    if decoder.name != "utf-8":
        return True
    # Random bytes without zeros: neither UTF-8 nor anything else (the end may be cut).
    bad = text.decode("utf-8", "replace")[:-1].count("\ufffd")
    return bad * 20 <= len(text)


def _is_plain(head: bytes) -> bool:
    """Whether bytes are UTF-8 without a doubt (their end may be cut)."""
    if b"\0" in head:
        return False
    try:
        codecs.utf_8_decode(head, "strict", False)
    except UnicodeDecodeError:
        return False
    return True


def _few_controls(text: bytes) -> bool:
    return len(text) - len(text.translate(None, _CONTROL)) <= _MOST_CONTROL * len(text)


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
# Marks of looks within words and numbers vanish; all other tags part words. Both cases are spelled
# out: a pattern that ignores case is several times slower.
_LOOK: Final = rb"/?(?:b|i|u|s|em|strong|mark|small|big|sub|sup|font|span|wbr|B|I|U|FONT|SPAN)\s*+>"
_LOOKS: Final = re.compile(rb"<(?<=[\w\x80-\xff]<)%b(?:<%b)*+(?=[\w\x80-\xff])" % (_LOOK, _LOOK))
_NAME: Final = rb"<[/!?]?[A-Za-z][\w:-]*+"
_TAGS: Final = re.compile(rb"%b(?:>\s*+%b)*+" % (_NAME, _NAME))
"""The name of a tag, and those of tags that follow at once, as long as none has attributes."""

_CLOSING: Final = bytes.maketrans(b">", b" ")
_ENTITY: Final = re.compile(
    rb"&(?:#[0-9]{1,8}+(?![0-9])|#[xX][0-9a-fA-F]{1,6}+(?!\w)|[A-Za-z]\w{1,31});?"
)
_LAST_CODE: Final = 0x10FFFF


@lru_cache(maxsize=4096)
def _meant(entity: bytes) -> bytes:
    """What an entity stands for; itself, if nothing does."""
    name = entity[1:].rstrip(b";").decode()
    if not name.startswith("#"):
        return html.entities.html5.get(name + ";", entity.decode()).encode()
    digits = name[1:]
    code = int("0" + digits, 16) if digits[0] in "xX" else int(digits)
    if not 0 < code <= _LAST_CODE or 0xD800 <= code <= 0xDFFF:
        return b" "
    return chr(code).encode()


def _character(match: re.Match[bytes]) -> bytes:
    return _meant(match[0])


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
        text = _TAGS.sub(b" ", _LOOKS.sub(b"", block)).translate(_CLOSING)
        if b"&" in text:
            text = _ENTITY.sub(_character, text)
        if text:
            self._pages.text(text)
