"""Text that people read in two languages."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import Final

_PLAIN: Final = re.compile("[\u0020-\u02ff\u1e00-\u1eff\u2010-\u2027\u2190-\u21ff]*")
"""Latin letters, Vietnamese ones among them, punctuation and arrows: nothing that combines."""

MOST_MARKS: Final = 3
"""Combining marks kept on one letter; Vietnamese in decomposed form needs two."""


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


def visible(text: str, most: int = 2000) -> str:
    """``text`` from somebody else, harmless to read: one line, nothing hidden, not too long.

    Line breaks become spaces. Control, direction-changing, zero-width, private and unassigned
    characters, and combining marks piled on one letter, are written out as ``⟨U+202E⟩``. What is
    longer than ``most`` characters loses its middle, and says how much.
    """
    if len(text) > most:
        head, tail = text[: most * 2 // 3], text[-(most // 4) :]
        return (
            f"{visible(head, most)} […{len(text) - len(head) - len(tail)}…] {visible(tail, most)}"
        )
    if text.isprintable() and _PLAIN.fullmatch(text):
        return text
    out: list[str] = []
    marks = 0
    for character in text:
        kind = unicodedata.category(character)
        marks = marks + 1 if kind in ("Mn", "Me") else 0
        if character in "\n\r\t":
            out.append(" ")
        elif kind in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp") or marks > MOST_MARKS:
            out.append(f"⟨U+{ord(character):04X}⟩")
        elif kind == "Zs":
            out.append(" ")
        else:
            out.append(character)
    return "".join(out)
