"""One value, however it is written."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

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


def canonical_all(values: Sequence[bytes]) -> list[bytes]:
    """Many values, each as ``canonical`` has it, in their order."""
    whole = b"\n".join(values)
    if b"".join(values).isalnum() and all(values):
        return whole.upper().split(b"\n")
    longer = [value for value in values if not value.isascii()]
    text = "\n".join([value.decode("utf-8", "replace") for value in longer])
    if text.count("\n") + 1 != len(longer):  # there is none, or one has lines
        return [canonical(value) for value in values]
    # letters do not compose over a line's end
    lines = iter(unicodedata.normalize("NFC", text).upper().split("\n"))
    return [
        canonical(value) if value.isascii() else " ".join(next(lines).split()).encode()
        for value in values
    ]
