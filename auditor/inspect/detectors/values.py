"""One value, however it is written."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

_FILLING: Final = b" \t\r\n\v\f.-_"
_FILLING_IN_LINES: Final = _FILLING.replace(b"\n", b"")

OTHER_BLANKS: Final = (
    "\t\v\f\r\x1c\x1d\x1e\x1f\x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009"
    "\u200a\u2028\u2029\u202f\u205f\u3000"
)
"""All of Unicode but the space and the line feed."""


def canonical(value: bytes) -> bytes:
    """A value as it is counted: what only its way of writing adds is left out.

    Letter case, composition, runs of blanks; where only letters and digits of ASCII remain, also
    the blanks, dots, hyphens and underscores between them.
    """
    if value.isalnum():
        return value.upper()
    if value.isascii():
        dense = value.translate(None, _FILLING)
        return (dense if dense.isalnum() else value.strip()).upper()
    text = unicodedata.normalize("NFC", value.decode("utf-8", "replace"))
    return " ".join(text.split()).upper().encode()


def _is_single_spaced(text: str) -> bool:
    """Whether blanks in lines are spaces, each by itself and between words."""
    return not (
        "  " in text
        or "\n " in text
        or " \n" in text
        or text[:1] == " "
        or text[-1:] == " "
        or any(map(text.__contains__, OTHER_BLANKS))
    )


def canonical_all(values: Sequence[bytes]) -> list[bytes]:
    """Many values, each as ``canonical`` has it, in their order."""
    whole = b"\n".join(values)
    if whole.count(b"\n") != max(len(values) - 1, 0):  # one has lines
        return [canonical(value) for value in values]
    if whole.isascii():
        return _plain_all(whole) if values else []
    short = [value for value in values if value.isascii()]
    plain = iter(_plain_all(b"\n".join(short)) if short else ())
    longer = [value for value in values if not value.isascii()]
    # letters do not compose over a line's end
    text = unicodedata.normalize("NFC", b"\n".join(longer).decode("utf-8", "replace")).upper()
    if _is_single_spaced(text):
        lines = iter(text.encode().split(b"\n"))
    else:
        lines = iter([" ".join(line.split()).encode() for line in text.split("\n")])
    return [next(plain) if value.isascii() else next(lines) for value in values]


def _plain_all(whole: bytes) -> list[bytes]:
    """Values of ASCII, a line each, as ``canonical`` has them."""
    whole = whole.upper()
    dense = whole.translate(None, _FILLING_IN_LINES).split(b"\n")
    if b"".join(dense).isalnum() and all(dense):
        return dense
    full = whole.split(b"\n")
    return [few if few.isalnum() else value.strip() for few, value in zip(dense, full, strict=True)]
