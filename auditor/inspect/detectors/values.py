"""One value, however it is written."""

from __future__ import annotations

import unicodedata
from typing import Final

_FILLING: Final = b" \t\r\n\v\f.-_"


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
