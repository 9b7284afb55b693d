"""Sentences with numbers and names written in, in both languages."""

from __future__ import annotations

from functools import lru_cache

from auditor.model.text import Text


def flows_said(number: int) -> Text:
    """``number`` flows, in words."""
    return Text(f"{grouped(number)} luồng", f"{number:,} flow" + ("" if number == 1 else "s"))


@lru_cache(maxsize=1 << 14)
def said(vi: str, en: str, flows: int = 0, /, **names: str) -> Text:
    """A sentence with ``{flows}`` and ``names`` written in, made once however often it is said."""
    counted = flows_said(flows)
    return Text(vi.format(flows=counted.vi, **names), en.format(flows=counted.en, **names))


def grouped(number: int) -> str:
    """A number the Vietnamese way: 1.234.567."""
    return f"{number:,}".replace(",", ".")
