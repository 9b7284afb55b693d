"""Samples that show what kind of value was found without showing the value."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

MOST_SHOWN: Final = 24
"""Characters of a sample; the middle of a longer one is left out."""

LEAST_HIDDEN: Final = 6
"""Characters that stay hidden: of six digits there are a million, of three a thousand."""

_HIDDEN: Final = "*"
_LEFT_OUT: Final = "…"


def masked(value: bytes, shown: tuple[int, int]) -> str:
    """A value with all but its ends hidden: ``0010******12``.

    Args:
        value: UTF-8; bytes that are not count as one character each.
        shown: leading and trailing characters that stay readable; never more than half of all
            characters together, and never so many that fewer than ``LEAST_HIDDEN`` are hidden.

    Returns:
        At most ``MOST_SHOWN`` characters, all of them printable.
    """
    letters = value.decode("utf-8", "replace").strip()
    lead, hidden, tail = _hidden(len(letters), *shown)
    return legible(letters[:lead]) + hidden + legible(letters[tail:])


@lru_cache(maxsize=4096)
def _hidden(size: int, lead: int, tail: int) -> tuple[int, str, int]:
    """How many characters stand before what is hidden, what is shown instead, where it ends."""
    while lead + tail > max(min(size // 2, size - LEAST_HIDDEN), 0):
        if lead > tail:
            lead -= 1
        else:
            tail -= 1
    hidden = _HIDDEN * (size - lead - tail)
    if size > MOST_SHOWN:
        room = MOST_SHOWN - lead - tail - 1
        hidden = _HIDDEN * ((room + 1) // 2) + _LEFT_OUT + _HIDDEN * (room // 2)
    return lead, hidden, size - tail


def legible(letters: str, most: int | None = None) -> str:
    """A text in which characters that nobody sees, or that turn text around, are dots.

    Args:
        letters: the text.
        most: characters to keep; a longer text ends in an ellipsis.
    """
    if most is not None and len(letters) > most:
        letters = letters[: most - 1] + _LEFT_OUT
    if letters.isprintable():
        return letters
    return "".join(letter if letter.isprintable() else "·" for letter in letters)
