"""Header fields of HTTP (RFC 9110 section 5) and what their values are made of.

Fields are a dict from lower-case names to values, both as bytes; values of a name that came more
than once are joined by commas (RFC 9110 section 5.2).
"""

from __future__ import annotations

import functools
import re
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote_to_bytes

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from auditor.inspect.contracts import Content

    Fields = Mapping[bytes, bytes]

MOST_FIELDS: Final = 1_000
"""Header fields of one message; servers take 100 or so."""

_CARRYING: Final = frozenset(
    {b"cookie", b"set-cookie", b"referer", b"location", b"from", b"content-disposition"}
)
_SECRET: Final = frozenset({b"authorization", b"proxy-authorization"})
_CREDENTIAL = re.compile(rb"token|secret|api-?key|auth|sign|csrf|xsrf|password")
_PARAMETER = re.compile(
    rb""";[ \t]*([!#$%&'*+.^_`|~0-9A-Za-z-]{1,64})[ \t]*=[ \t]*"""
    rb"""(?:"((?:[^"\\]|\\.)*+)(?:"|$)|([^;]*))""",
    re.DOTALL,
)
_QUOTED = re.compile(rb"\\(.)", re.DOTALL)


def fields_of(lines: Iterable[bytes]) -> dict[bytes, bytes]:
    """The fields of a header's lines (RFC 9112 section 5); lines that are none are passed over."""
    fields: dict[bytes, bytes] = {}
    last = b""
    for line in lines:
        if line[:1] in b" \t":  # an empty line too
            if last and line.strip():
                fields[last] += b" " + line.strip()
            continue
        name, colon, value = line.partition(b":")
        if colon:
            last = name.strip().lower()
            value = value.strip()
            if last in fields:
                fields[last] += b", " + value
            elif len(fields) < MOST_FIELDS:
                fields[last] = value
            else:
                last = b""
    return fields


def tell_fields(content: Content, side: int, place: str, fields: Fields) -> None:
    """Writes the fields that can carry data of people; credentials never, only their kind."""
    lines = []
    for name, value in fields.items():
        if name in _CARRYING or (name.startswith(b"x-") and not _CREDENTIAL.search(name)):
            lines.append(name + b": " + (unquote_to_bytes(value) if b"%" in value else value))
        elif name in _SECRET:
            lines.append(name + b": " + value.partition(b" ")[0][:32])
    if lines:
        content.text(side, place, b"\n".join(lines))


@functools.lru_cache(maxsize=256)  # the same few types come again and again
def media_type_of(value: bytes) -> tuple[str, dict[str, str]]:
    """``parameters`` of a Content-Type."""
    return parameters(value)


def parameters(value: bytes) -> tuple[str, dict[str, str]]:
    """The first word of a field and its parameters (RFC 9110 section 5.6.6, RFC 8187).

    ``filename*`` is given as ``filename``, before a plain one.
    """
    first, _, _ = value.partition(b";")
    named: dict[str, str] = {}
    for match in _PARAMETER.finditer(value[len(first) :]):
        name = match[1].lower().decode("ascii")
        if match[2] is not None:
            found = _QUOTED.sub(rb"\1", match[2]) if b"\\" in match[2] else match[2]
        else:
            found = match[3].strip()
        if name.endswith("*"):
            charset, _, rest = found.partition(b"'")
            latin = charset.lower() == b"iso-8859-1"
            text = unquote_to_bytes(rest.partition(b"'")[2])
            named[name[:-1]] = text.decode("latin-1" if latin else "utf-8", "replace")
        else:
            named.setdefault(name, found.decode("utf-8", "replace"))
    return first.strip().decode("utf-8", "replace"), named


def listed(value: bytes) -> list[str]:
    """The words of a comma-separated field, lower case, without parameters."""
    if not value:
        return []
    words = (word.partition(b";")[0].strip() for word in value.split(b",", 20))
    return [word.lower().decode("latin-1") for word in words if word]
