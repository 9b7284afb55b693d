"""Header fields of mail: encoded words, parameters, file names (RFC 5322, 2045, 2047, 2231)."""

from __future__ import annotations

import binascii
import re
from typing import Final
from urllib.parse import unquote_to_bytes

_WORD: Final = re.compile(r"=\?([\w.:-]{1,40})(?:\*[\w-]{0,20})?\?([bBqQ])\?([^?\s]{0,4096})\?=")
_BETWEEN: Final = re.compile(r"\?=\s+=\?")
_PARAMETER: Final = re.compile(
    r';\s*([^=;\s"]{1,100})\s*=\s*("(?:[^"\\]|\\.)*"|[^;\s]*)', re.DOTALL
)
_CHARSET: Final = re.compile(
    r"(utf-?(8|16|16le|16be|32)|us-ascii|ascii|iso-?8859-?\d{1,2}|latin-?1|(windows-?|cp)\d{3,4}"
    r"|koi8-[ru]|gb2312|gbk|gb18030|big5|euc-?(jp|kr)|shift[-_]jis|iso-2022-(jp|kr)|tis-620)",
    re.IGNORECASE,
)
_MOST_PIECES: Final = 100
"""Pieces of one parameter (RFC 2231 section 3)."""


def field(line: bytes) -> tuple[str, str]:
    """Name (lower case) and value of an unfolded field; bytes beyond ASCII are taken for UTF-8."""
    name, _, value = line.partition(b":")
    return name.strip().decode("ascii", "replace").lower(), value.decode("utf-8", "replace").strip()


def decoded(value: str) -> str:
    """A value with its encoded words (``=?UTF-8?B?...?=``) in plain letters."""
    if "=?" not in value:
        return value
    return _WORD.sub(_plain_word, _BETWEEN.sub("?==?", value))


def _plain_word(match: re.Match[str]) -> str:
    charset, kind, text = match.groups()
    packed = text.encode("utf-8")
    if kind in "qQ":
        return in_charset(binascii.a2b_qp(packed, header=True), charset)
    try:
        return in_charset(binascii.a2b_base64(packed + b"=" * (-len(packed) & 3)), charset)
    except binascii.Error:
        return match[0]


def in_charset(data: bytes, charset: str) -> str:
    """Text of bytes in a charset that the sender named; an unknown one is taken for UTF-8.

    Only charsets of text are let through: Python has codecs for other things too.
    """
    known = _CHARSET.fullmatch(charset) is not None
    try:
        return data.decode(charset if known else "utf-8", "replace")
    except (LookupError, UnicodeError):
        return data.decode("utf-8", "replace")


def parameters(value: str) -> tuple[str, dict[str, str]]:
    """The word before the first ``;`` in lower case, and the parameters, names in lower case.

    Parameters in pieces or with a charset (RFC 2231) are joined and decoded.
    """
    head = value.partition(";")[0].strip().lower()
    plain: dict[str, str] = {}
    pieces: dict[str, dict[int, tuple[str, bool]]] = {}
    for match in _PARAMETER.finditer(value, len(value.partition(";")[0])):
        name, text = match[1].lower(), match[2]
        if text.startswith('"'):
            closed = len(text) > 1 and text.endswith('"')
            text = text[1 : -1 if closed else None].replace('\\"', '"')
        base, star, number = name.partition("*")
        if not star:
            plain.setdefault(name, text)
            continue
        packed = name.endswith("*")
        index = number.rstrip("*")
        held = pieces.setdefault(base, {})
        if len(held) < _MOST_PIECES and (not index or (index.isascii() and index.isdigit())):
            held.setdefault(int(index[:6] or "0"), (text, packed))
    for base, held in pieces.items():
        plain[base] = _joined([held[index] for index in sorted(held)])
    return head, plain


def _joined(pieces: list[tuple[str, bool]]) -> str:
    charset = "utf-8"
    data = b""
    for index, (text, packed) in enumerate(pieces):
        if packed and index == 0 and text.count("'") >= 2:
            charset, _, text = text.split("'", 2)
        data += unquote_to_bytes(text) if packed else text.encode("utf-8")
    return in_charset(data, charset)


def filename(disposition: dict[str, str], content: dict[str, str]) -> str:
    """The file name of a part by its Content-Disposition, else by its Content-Type."""
    name = disposition.get("filename") or content.get("name") or ""
    return decoded(name).replace("\r", "").replace("\n", "").strip()[:1000]
