"""The small parts of OSCAL documents: names, texts, times, properties."""

from __future__ import annotations

import re
from datetime import UTC, date
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote
from uuid import UUID, uuid5

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from auditor.model.readiness import Coverage
    from auditor.model.text import Text

Part = dict[str, Any]

VERSION: Final = "1.2.1"
"""Of OSCAL."""
NAMESPACE: Final = "urn:auditor:oscal"
"""Of the properties that OSCAL has no place for: states, gates, coverage, not applicable."""
IDENTITIES: Final = UUID("6f6b4a0e-5f0d-5a52-9d3c-2f6f7a3c1b55")
CHARACTERS: Final = 4000

_MARKUP = re.compile(r"([\\`*<\[\]{&])")
_NO_TOKEN = re.compile(r"[^\w.-]|[^\x00-\u02ff\u1e00-\u1eff]")


def identity(*names: str) -> str:
    """The same UUID for the same names, today and in a later document."""
    return str(uuid5(IDENTITIES, "\n".join(map(plain, names))))


def plain(text: str) -> str:
    """Without control characters and halves of characters."""
    return "".join(
        char for char in text if char in "\n\t" or (char.isprintable() and char != "\u2028")
    )


def one_line(text: str) -> str:
    """As a value of a property: one line, never empty."""
    return " ".join(plain(text[:CHARACTERS]).split()) or "-"


def markup_line(text: str) -> str:
    """As a title: OSCAL reads it as Markdown, so its signs are escaped."""
    return _MARKUP.sub(r"\\\1", one_line(text))


def markup(*texts: str) -> str:
    """As prose, one paragraph for each text that is not empty."""
    paragraphs = (markup_line(text) for text in texts if text.strip())
    return "\n\n".join(paragraphs) or "-"


def both(text: Text) -> str:
    """As prose: Vietnamese, then English."""
    return markup(text.vi, text.en)


def title(name: str, text: Text) -> str:
    """As a title: what it is called, Vietnamese, English."""
    return markup_line(f"{name} {text.vi} / {text.en}".strip())


def token(text: str) -> str:
    """As a name that OSCAL may refer to: letters, digits, point, hyphen, low line."""
    found = _NO_TOKEN.sub("-", plain(text).strip())[:100]
    return found if found[:1].isalpha() else f"_{found}"


def when(moment: datetime) -> str:
    """A moment, in UTC."""
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def end_of(day: str) -> str | None:
    """The last second of an ISO date in Vietnam; null = it is none."""
    try:
        return f"{date.fromisoformat(day)}T23:59:59+07:00"
    except ValueError:
        return None


def reference(path: str) -> str:
    """A path as a relative URI: no part of it can be taken for a scheme or a fragment."""
    return quote(plain(path), safe="/") or "-"


def prop(name: str, value: str | int | None, remarks: str = "") -> list[Part]:
    """A property of our own namespace; none where there is nothing to say."""
    if value is None or value == "":
        return []
    found: Part = {"name": name, "ns": NAMESPACE, "value": one_line(str(value))}
    return [found | ({"remarks": markup(remarks)} if remarks else {})]


def coverage_props(coverage: Coverage | None) -> list[Part]:
    """What was seen and what was not: no exchange format has a place for it."""
    if coverage is None:
        return []
    props: list[Part] = []
    if coverage.window:
        props += prop("coverage-start", when(coverage.window[0]))
        props += prop("coverage-end", when(coverage.window[1]))
    for name in coverage.vantage[:20]:
        props += prop("coverage-vantage", name)
    props += prop("coverage-lost-packets", coverage.lost)
    props += prop("coverage-seen", coverage.seen)
    props += prop("coverage-declared", coverage.declared)
    for text in coverage.not_covered[:50]:
        props += prop("coverage-not-covered", text.vi, text.en)
    return props


def filled(part: Part) -> Part:
    """Without empty lists, which OSCAL does not allow, and without what is null."""
    return {key: value for key, value in part.items() if value is not None and value != []}


def related(name: str, ids: Iterable[str]) -> list[Part]:
    """References of one kind, such as ``observation-uuid``."""
    return [{name: each} for each in ids]


def distinct(parts: Sequence[Part]) -> list[Part]:
    """Each UUID once, in the order in which they came."""
    return list({part["uuid"]: part for part in reversed(parts)}.values())[::-1]
