"""Where something stood, for people: names that senders gave, made harmless."""

from __future__ import annotations

import re
from typing import Final

from auditor.inspect.detectors.masks import legible
from auditor.inspect.detectors.names import shown

MOST_PLACE: Final = 400
"""Characters of a place: documents lie within documents."""

_NUMBER: Final = re.compile(r"([0-9]{2})[0-9]{7,}")
"""Shorter ones are dates; personal numbers, tax codes, telephone and card numbers are longer."""


def legible_place(place: str, name: str = "") -> str:
    """The place, and the name of what stands there: ``HTTP request body / khach.zip``.

    Numbers in names are hidden (files are named after the persons they are about), long names are
    cut; characters that nobody sees or that turn text around become dots.
    """
    if name:
        place = f"{place} / {shown(name)}"
    return _harmless(place, MOST_PLACE)


def outermost(place: str) -> str:
    """What a place says of the protocol, without the names of files in it."""
    return place.partition(" / ")[0]


def _harmless(text: str, most: int) -> str:
    if not text.isprintable() or len(text) > most:
        text = legible(text, most)
    return _NUMBER.sub(r"\1…", text)
