"""One value, however it is written."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

_FILLING: Final = b" \t\r\n\v\f.-_"

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
    if b"".join(values).isalnum() and all(values):
        return whole.upper().split(b"\n")
    longer = [value for value in values if not value.isascii()]
    text = b"\n".join(longer).decode("utf-8", "replace")
    if text.count("\n") + 1 != len(longer):  # there is none, or one has lines
        return [canonical(value) for value in values]
    # letters do not compose over a line's end
    text = unicodedata.normalize("NFC", text).upper()
    if _is_single_spaced(text):
        lines = iter(text.encode().split(b"\n"))
    else:
        lines = iter([" ".join(line.split()).encode() for line in text.split("\n")])
    return [canonical(value) if value.isascii() else next(lines) for value in values]
