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
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
