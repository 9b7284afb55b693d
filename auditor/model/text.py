"""Text that people read in two languages."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Text:
    """One sentence in Vietnamese and in English."""

    vi: str
    en: str


def legible(name: str) -> str:
    r"""The name with bytes that are no UTF-8 written as ``\xff``: Linux lets names have them."""
    try:
        return name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    except UnicodeEncodeError:  # half a character that is no byte of a name: JSON can have it
        return name.encode("utf-8", "backslashreplace").decode("utf-8")
