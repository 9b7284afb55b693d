"""What a server's name says: the service, the cloud region inside it, the country of its ending.

A name is what the client asked for, so it is a witness, and never more: anybody may ask any address
for any name. A region inside a name is the parent region of a local zone too (a server in Hanoi may
be called ``ap-southeast-1``): publishers' ranges tell them apart, so they go first.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from auditor.geo.services import BELOW_HEAD, HEAD, REGION, Service
from auditor.geo.statements import Statement
from auditor.model.countries import NAMES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from auditor.geo.regions import Regions
    from auditor.geo.services import Services

MOST_CHARACTERS: Final = 253
"""Of a name, as text (RFC 1035 section 2.3.4: 255 octets on the wire)."""

_NAME: Final = re.compile(r"[a-z0-9_-]+(?:\.[a-z0-9_-]+)+")
_PORT: Final = re.compile(r":[0-9]{1,5}$")

MEANINGLESS: Final = {
    "ad ai as bz cc cd co dj fm io la me ms nu sc sr su tk tv ws": (
        "Google Search takes them for generic: they are registered all over the world"
    ),
    "ac ag am gg gl gs im je lc li ly mn pw sh so st tl to vc vg": (
        "sold all over the world for what they spell or abbreviate"
    ),
    "cf ga gq ml": "were given away free of charge all over the world",
    "ap eu": "name a part of the world, no country",
}
"""Endings of two letters that say nothing about a place, and why. The first row is Google's list of
generic ccTLDs (https://tld-list.com/blog/gcctlds-by-google, read 2026-11-22); the other rows are
this project's own judgement: silence costs nothing, a wrong witness does."""

_RENAMED: Final = {"uk": "GB"}
"""Endings that are not the country's code."""


@dataclass(frozen=True, slots=True)
class Named:
    """What a name says.

    Attributes:
        service: the service it belongs to; null = the list has none.
        region: where the cloud region inside the name stands; null = it has none, or one that
            nobody placed.
        top_level: the country of its two-letter ending; null = it has none, or one that says
            nothing. It is a witness that never decides.
    """

    service: Service | None = None
    region: Statement | None = None
    top_level: Statement | None = None


NOTHING: Final = Named()


@dataclass(slots=True)
class _Entry:
    """What is known of one name.

    Attributes:
        alone: of the name itself.
        below: of the name and everything below it.
        heads: of names below it whose next label starts with a region and a hyphen, by region.
        below_heads: the same, of names below such a label.
    """

    alone: Named | None = None
    below: Named | None = None
    heads: dict[str, Named] | None = None
    below_heads: dict[str, Named] | None = None


class HostNames:
    """The patterns of all services, ready to be looked up."""

    def __init__(self, services: Services, regions: Regions) -> None:
        """Spreads the patterns with regions over the regions that ``regions`` places."""
        self._entries: dict[str, _Entry] = {}
        for service in services.services:
            placed = {
                region: Named(
                    service, Statement("host", (country,), detail=f"{region}, {service.name}")
                )
                for region in sorted(regions.names(service.regions))
                if (country := regions.country(service.regions, region))
            }
            for pattern in service.hosts:
                self._add(pattern, Named(service), placed)
        self._endings = {
            code.lower(): Statement("host", (code,), detail=f".{code.lower()}") for code in NAMES
        }
        for ending, code in _RENAMED.items():
            self._endings[ending] = Statement("host", (code,), detail=f".{ending}")
        for endings in MEANINGLESS:
            for ending in endings.split():
                self._endings.pop(ending, None)

    def told(self, hosts: Sequence[str]) -> tuple[Named, ...]:
        """What each of ``hosts`` says, in the same order.

        Names come as a client wrote them: in any case, with a dot at the end, a port, in other
        scripts. What is no name (an address, a label alone, more than 253 characters, characters
        that no name has) says nothing.
        """
        found: dict[tuple[int, str], Named] = {}
        out: list[Named] = []
        for host in hosts:
            name = host if len(host) <= MOST_CHARACTERS and _NAME.fullmatch(host) else _name(host)
            if not name:
                out.append(NOTHING)
                continue
            named = self._named(name)
            ending = name[name.rfind(".") + 1 :]
            key = (id(named), ending)
            known = found.get(key)
            if known is None:
                # Known by identity: the entries outlive the call.
                known = Named(named.service, named.region, self._endings.get(ending))
                found[key] = known
            out.append(known)
        return tuple(out)

    def _named(self, name: str) -> Named:
        entry = self._entries.get(name)
        if entry is not None and (whole := entry.alone or entry.below) is not None:
            return whole
        start, dot = 0, name.find(".")
        while dot >= 0:
            entry = self._entries.get(name[dot + 1 :])
            if entry is not None:
                heads = entry.heads or (entry.below_heads if start else None)
                if heads and (headed := _headed(heads, name[start:dot])) is not None:
                    return headed
                if entry.below is not None:
                    return entry.below
            start, dot = dot + 1, name.find(".", dot + 1)
        return NOTHING

    def _add(self, pattern: str, plain: Named, placed: dict[str, Named]) -> None:
        if pattern.startswith(HEAD):
            self._entry(pattern.removeprefix(HEAD)).heads = placed
        elif pattern.startswith(BELOW_HEAD):
            self._entry(pattern.removeprefix(BELOW_HEAD)).below_heads = placed
        elif REGION in pattern:
            for region, named in placed.items():
                self._add(pattern.replace(REGION, region), named, {})
        elif pattern.startswith("*."):
            self._entry(pattern.removeprefix("*.")).below = plain
        else:
            self._entry(pattern).alone = plain

    def _entry(self, name: str) -> _Entry:
        return self._entries.setdefault(name, _Entry())


def _headed(heads: dict[str, Named], label: str) -> Named | None:
    """Of the longest region that ``label`` starts with, followed by a hyphen."""
    hyphen = label.rfind("-")
    while hyphen > 0:
        named = heads.get(label[:hyphen])
        if named is not None:
            return named
        hyphen = label.rfind("-", 0, hyphen)
    return None


def _name(host: str) -> str:
    """The name in lower case and ASCII, without port and last dot; empty = it is no name."""
    # A label of another script is longer in ASCII, never shorter than a quarter of it in UTF-8.
    if len(host) > MOST_CHARACTERS + len(":65535."):
        return ""
    name = _PORT.sub("", host).lower()
    if not name.isascii():
        try:
            name = name.encode("idna").decode("ascii")
        except UnicodeError:  # characters or lengths that no name in another script has
            return ""
    name = name.removesuffix(".")
    if len(name) > MOST_CHARACTERS or not _NAME.fullmatch(name):
        return ""
    return name if not name[name.rfind(".") + 1 :].isdigit() else ""
