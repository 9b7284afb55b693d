"""One value, however it is written."""

from __future__ import annotations

import unicodedata
from typing import Final

from auditor.inspect.detectors.patterns import plain

_FILLING: Final = b" \t\r\n\v\f.-_"


def canonical(value: bytes) -> bytes:
    """A value as it is counted: what only its way of writing adds is left out.

    Letter case and diacritics, and blanks, dots and hyphens between letters and digits.
    """
    if value.isascii():
        dense = value.translate(None, _FILLING)
        return (dense if dense.isalnum() else value.strip()).upper()
    text = unicodedata.normalize("NFC", value.decode("utf-8", "replace"))
    return plain(" ".join(text.replace("_", " ").split()).casefold()).encode().upper()
