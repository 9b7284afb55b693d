"""Bytes of a charset that nobody can be sure of, as UTF-8, while they stream.

What is decided depends on the stream's bytes alone, never on how they were cut: the first bytes
tell the Unicode forms that are not bytes of ASCII, the 64 KB from the first byte beyond ASCII on
tell the rest.
"""

from __future__ import annotations

import codecs
import re
from functools import lru_cache
from typing import Final, Literal

from auditor.inspect.vietnamese import MARKS, TABLES, composed, lettered, vietnamese_share

HEAD: Final = 2048
"""Bytes that tell UTF-16 and UTF-32."""

SAMPLE: Final = 1 << 16
"""Bytes that tell the charset, from the first one beyond ASCII on."""

_BOMS: Final = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)

_DECLARED: Final = {
    "tcvn": "tcvn3", "tcvn3": "tcvn3", "tcvn-5712": "tcvn3", "tcvn5712-1": "tcvn3",
    "x-viet-tcvn5712": "tcvn3", "x-viet-tcvn": "tcvn3", "viscii": "viscii",
    "csviscii": "viscii", "x-viet-vni": "vni", "vni": "vni", "x-vni": "vni",
    "windows-1258": "windows-1258", "cp1258": "windows-1258",
}  # fmt: skip

# What senders write without meaning it: the bytes decide.
_MEANINGLESS: Final = frozenset({"utf-8", "ascii", "iso8859-1", "cp1252"})

# Codecs of Python that turn bytes into text and can be trusted with hostile bytes. UTF-16 and -32
# of no said order are not: without a byte order mark, which would have decided, they raise.
_TRUSTED: Final = re.compile(
    r"(?:cp|iso|koi8|mac|big5|gb|euc|shift|johab|hz|tis|ptcp|kz|utf-(?:16|32)-[lb]e$)"
)

_NOT_ASCII: Final = re.compile(rb"[\x80-\xff]")
_CONTROL: Final = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")
_LIKELY_HIGH: Final = frozenset(b"\x00\x01\x1e\x20")  # Latin, Vietnamese, punctuation
_LEAST_SHARE: Final = 0.75
_LEAST_SYLLABLES: Final = 2
_MOST_CONTROL: Final = 0.02
_SHORTEST_WIDE: Final = 4

Stage = Literal["head", "ascii", "sample", "decided"]


class TextDecoder:
    """Turns bytes into UTF-8; those that are UTF-8 already pass as they are, bad ones included.

    Legacy Vietnamese text comes out composed (NFC). Bytes that are no text pass as they are.

    Attributes:
        name: what was decided: ``utf-8`` (also for ASCII and for bytes that are no text),
            ``utf-16-le``, ``windows-1252``, ``windows-1258``, ``tcvn3``, ``vni``, ``viscii`` or
            the codec that was declared.
    """

    def __init__(self, declared: str = "") -> None:
        self.name = "utf-8"
        self._declared = declared.strip().strip("\"'").lower()
        self._stage: Stage = "head"
        self._held = bytearray()
        self._codec: codecs.IncrementalDecoder | None = None
        self._tail = ""

    def feed(self, data: bytes) -> bytes:
        """The text that is complete with these bytes."""
        if self._stage == "decided":
            return self._decoded(data)
        if self._stage == "head":
            self._held += data
            if len(self._held) < HEAD:
                return b""
            return self._headed()
        if self._stage == "ascii":
            return self._unaccented(data)
        self._held += data
        return self._sampled() if len(self._held) >= SAMPLE else b""

    def close(self) -> bytes:
        """The rest of the text; nothing may be fed afterwards."""
        out = b""
        if self._stage == "head":
            out = self._headed()
        if self._stage in ("ascii", "sample"):
            out += self._sampled()
        if self._codec is not None:
            try:
                out += self._codec.decode(b"", final=True).encode("utf-8", "replace")
            except UnicodeError:
                self._codec, self.name = None, "utf-8"
        out += composed(self._tail).encode()
        self._tail = ""
        return out

    def _headed(self) -> bytes:
        """Decides by the first bytes, where they tell."""
        data = bytes(self._held)
        self._held.clear()
        for bom, name in _BOMS:
            if data.startswith(bom):
                self._choose(name)
                return self._decoded(data[len(bom) :])
        name = _wide(data[:HEAD])
        if not name and self._declared.startswith(("iso-2022", "hz")):
            name = _known(self._declared)  # these write everything in bytes of ASCII
        if name:
            self._choose(name)
            return self._decoded(data)
        self._stage = "ascii"
        return self._unaccented(data)

    def _unaccented(self, data: bytes) -> bytes:
        """Passes ASCII on; from the first other byte on a sample is gathered."""
        # The letter before the first mark belongs to it in some charsets: the last byte waits.
        if self._held:
            data = bytes(self._held) + data
            self._held.clear()
        if data.isascii():
            self._held += data[-1:]
            return data[:-1]
        found = _NOT_ASCII.search(data)
        begin = max(found.start() - 1, 0) if found else 0
        self._stage = "sample"
        self._held += data[begin:]
        out = data[:begin]
        return out + self._sampled() if len(self._held) >= SAMPLE else out

    def _sampled(self) -> bytes:
        """Decides by the sample."""
        data = bytes(self._held)
        self._held.clear()
        self._choose(_charset(data[:SAMPLE], self._declared))
        return self._decoded(data)

    def _choose(self, name: str) -> None:
        self.name = name
        self._stage = "decided"
        if name != "utf-8" and name not in TABLES:
            self._codec = codecs.getincrementaldecoder(name)("replace")

    def _decoded(self, data: bytes) -> bytes:
        if self._codec is not None:
            try:
                return self._codec.decode(data).encode("utf-8", "replace")
            except UnicodeError:  # an escape of ISO 2022 that never ends: no text, or made to fail
                self._codec, self.name = None, "utf-8"
        if self.name == "utf-8":
            return data
        text = self._tail + lettered(data, self.name)
        # What ends here may go on with marks: the last letter waits.
        end = len(text) - 1
        while end > 0 and text[end] in MARKS:
            end -= 1
        self._tail = text[max(end, 0) :]
        return composed(text[: max(end, 0)]).encode()


def _known(declared: str) -> str:
    """Name of the charset that is declared; empty where there is none to trust."""
    if declared in _DECLARED:
        return _DECLARED[declared]
    try:
        name = codecs.lookup(declared).name
    except (LookupError, ValueError):  # ValueError: a NUL or worse in the name
        return ""
    return name if _TRUSTED.match(name) or name in _MEANINGLESS else ""


def _wide(head: bytes) -> str:
    """UTF-16 or UTF-32 without a mark, by where the zero bytes stand; empty = neither."""
    if len(head) < _SHORTEST_WIDE or b"\0" not in head:
        return ""
    units = len(head) // 4
    quarters = [head[at::4][:units].count(0) for at in range(4)]
    for name, zeros, full in (("utf-32-le", (2, 3), 0), ("utf-32-be", (0, 1), 3)):
        if all(quarters[at] >= 0.99 * units for at in zeros) and quarters[full] < 0.05 * units:
            return name
    units = len(head) // 2
    for name, high in (("utf-16-le", 1), ("utf-16-be", 0)):
        upper, lower = head[high::2][:units], head[1 - high :: 2][:units]
        likely = sum(upper.count(code) for code in _LIKELY_HIGH)
        if likely < 0.9 * units or upper.count(0) < 0.3 * units or lower.count(0) > 0.02 * units:
            continue
        text = head[: units * 2].decode(name, "replace")
        if sum(map(str.isprintable, text)) + sum(map(text.count, "\r\n\t")) > 0.95 * len(text):
            return name
    return ""


_BETWEEN_WORDS: Final = (b" ", b",", b";", b"\t", b"\n", b"|", b"<", b'"')
_LEAST_BETWEEN: Final = 0.04
"""Share of what stands between words: a Vietnamese syllable has seven letters at most."""


@lru_cache(maxsize=64)  # every kind of document asks of the same first bytes
def _charset(sample: bytes, declared: str) -> str:
    """Name of the charset of a sample that begins with its first byte beyond ASCII."""
    if _is_utf8(sample):
        return "utf-8"
    known = _known(declared) if declared else ""
    if known in TABLES:
        return known
    if known and known not in _MEANINGLESS and _fits(sample, known):
        return known
    if len(_CONTROL.findall(sample)) > _MOST_CONTROL * len(sample):
        return "utf-8"  # no text at all
    western = _fits(sample, "cp1252")
    if sum(map(sample.count, _BETWEEN_WORDS)) < _LEAST_BETWEEN * len(sample):
        return "windows-1252" if western else "utf-8"  # no words: nothing to tell syllables by
    # The first word of the sample lost its beginning: it is left out.
    begin = next((at for at, code in enumerate(sample[:64]) if code in b" \t\r\n,;|"), 0)
    best, share, syllables, legacy = "", 0.0, 0, ""
    for name in TABLES:
        text = composed(lettered(sample[begin:] or sample, name))
        found, good = vietnamese_share(text)
        if found > share:
            best, share, syllables, legacy = name, found, good, text
    if share >= _LEAST_SHARE and syllables >= _LEAST_SYLLABLES:
        # Accents that French and Italian have too look the same in Windows-1252: then it is that.
        same = western and (sample[begin:] or sample).decode("cp1252") == legacy
        return "windows-1252" if same else best
    return "windows-1252" if western else "utf-8"


def _is_utf8(sample: bytes) -> bool:
    """Whether what is not ASCII is UTF-8, but for a few bad bytes."""
    try:
        # A sample of full size may end within a character, a shorter one is all there is.
        codecs.utf_8_decode(sample, "strict", len(sample) < SAMPLE)
    except UnicodeDecodeError:
        text = sample.decode("utf-8", "replace")
        bad = text.count("\ufffd")
        return bad * 20 <= sum(code > "\x7f" for code in text) - bad
    return True


def _fits(sample: bytes, name: str) -> bool:
    """Whether a sample (cut anywhere at its end) has no byte that the charset has not."""
    try:
        codecs.getincrementaldecoder(name)("strict").decode(sample)
    except UnicodeError:
        return False
    return True
