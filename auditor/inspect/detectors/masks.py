"""Samples that show what kind of value was found without showing the value."""

from __future__ import annotations

from typing import Final

MOST_SHOWN: Final = 24
"""Characters of a sample; the middle of a longer one is left out."""

_HIDDEN: Final = "*"
_LEFT_OUT: Final = "…"


def masked(value: bytes, shown: tuple[int, int]) -> str:
    """A value with all but its ends hidden: ``0010******12``.

    Args:
        value: UTF-8; bytes that are not count as one character each.
        shown: leading and trailing characters that stay readable; never more than half of all
            characters together, fewer where the value is short.

    Returns:
        At most ``MOST_SHOWN`` characters, all of them printable.
    """
    letters = value.decode("utf-8", "replace").strip()
    size = len(letters)
    lead, tail = shown
    while lead + tail > size // 2:
        if lead >= tail:
            lead -= 1
        else:
            tail -= 1
    hidden = _HIDDEN * (size - lead - tail)
    front = _legible(letters[:lead])
    back = _legible(letters[size - tail :] if tail else "")
    if len(front) + len(hidden) + len(back) > MOST_SHOWN:
        room = MOST_SHOWN - len(front) - len(back) - 1
        hidden = _HIDDEN * ((room + 1) // 2) + _LEFT_OUT + _HIDDEN * (room // 2)
    return front + hidden + back


def _legible(letters: str) -> str:
    """Characters that nobody sees, or that turn text around, as a dot that stands for them."""
    return "".join(letter if letter.isprintable() else "·" for letter in letters)
