"""What one record of a geo database says, whatever its shape.

Understood, each key on its own, so that databases of unknown types work when their records have
known keys:

- MaxMind GeoIP2 and GeoLite2 (Country, City, Enterprise, ASN, ISP): nested ``country.iso_code``,
  ``registered_country.iso_code``, ``traits``; flat ``autonomous_system_number`` and
  ``autonomous_system_organization``.
- DB-IP: as MaxMind, with network keys at the top or under ``traits``.
- IPinfo: flat ``country_code``, or ``country`` as a two-letter code; ``asn`` as ``AS123``;
  ``as_name``; ``is_anycast``.
- ip-location-db: flat ``country_code``.
- MaxMind Anonymous IP and IPinfo Privacy: flat booleans.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

MOST_TEXT: Final = 200
MOST_WEIGHT: Final = 4096
_NO_COUNTRY: Final = frozenset({"AA", "AP", "EU", "XX", "ZZ"})
"""Codes that databases give where they know no country: regions and the unknown."""
_NUMBER_KEYS: Final = ("autonomous_system_number", "as_number", "asn")
_OWNER_KEYS: Final = (
    "autonomous_system_organization",
    "as_organization",
    "as_name",
    "isp",
    "organization",
    "as_domain",
)


_RELAYS: Final = (
    ("tor-exit", ("is_tor_exit_node", "tor")),
    ("vpn", ("is_anonymous_vpn", "vpn")),
    ("proxy", ("is_public_proxy", "is_residential_proxy", "proxy")),
    ("private-relay", ("is_relay", "relay")),
)
"""Keys by which databases of anonymous addresses (MaxMind, IPinfo) tell what hands traffic on."""
_ANYCAST_KEYS: Final = ("is_anycast", "anycast")
_FLAGS: Final = frozenset(_ANYCAST_KEYS).union(*(keys for _, keys in _RELAYS))


@dataclass(frozen=True, slots=True)
class Answer:
    """What a database says about an address.

    Attributes:
        country: where the address is (ISO 3166-1 alpha-2).
        registered: where its network is registered; that is not where it is.
        asn: the autonomous system that announces it.
        org: the organisation of that system.
        anycast: it is served from many places at once.
        city: the place it is in, by its English name.
        relay: it hands traffic on: ``tor-exit``, ``vpn``, ``proxy``.
    """

    country: str | None = None
    registered: str | None = None
    asn: int | None = None
    org: str | None = None
    anycast: bool = False
    city: str | None = None
    relay: str | None = None


NOTHING: Final = Answer()


def answer_in(record: object) -> Answer:
    """What ``record`` says; keys of the wrong type say nothing."""
    if not isinstance(record, dict):
        return NOTHING
    traits = record.get("traits")
    network = record.get("asn")
    parts = [part for part in (record, traits, network) if isinstance(part, dict)]
    flagged = [part for part in parts if not _FLAGS.isdisjoint(part)]  # few records are
    return Answer(
        country=_code(record.get("country_code")) or _country(record.get("country")),
        registered=_country(record.get("registered_country")),
        asn=_number_in(parts),
        org=_owner_in(parts) or (_text(network.get("name")) if isinstance(network, dict) else None),
        anycast=bool(flagged) and _any(flagged, _ANYCAST_KEYS),
        city=_city(record.get("city")),
        relay=_relay(flagged) if flagged else None,
    )


def too_heavy(record: object) -> bool:
    """Whether a record is far larger than any honest one: values and text counted, with a stop."""
    weight = 0
    todo = [record]
    while todo:
        part = todo.pop()
        weight += 1
        if isinstance(part, dict):
            weight += len(part)
            todo.extend(part.values())
        elif isinstance(part, list):
            todo.extend(part)
        elif isinstance(part, str | bytes):
            weight += len(part) // 64
        if weight + len(todo) > MOST_WEIGHT:
            return True
    return False


def _any(parts: list[dict[str, object]], keys: tuple[str, ...]) -> bool:
    return any(_yes(part.get(key)) for part in parts for key in keys)


def _relay(parts: list[dict[str, object]]) -> str | None:
    return next((name for name, keys in _RELAYS if _any(parts, keys)), None)


def _city(value: object) -> str | None:
    if isinstance(value, dict):
        names = value.get("names")
        return _text(names.get("en")) if isinstance(names, dict) else None
    return _text(value)


def _number_in(parts: list[dict[str, object]]) -> int | None:
    for part in parts:
        for key in _NUMBER_KEYS:
            number = _as_number(part.get(key)) if key in part else None
            if number is not None:
                return number
    return None


def _owner_in(parts: list[dict[str, object]]) -> str | None:
    for key in _OWNER_KEYS:
        for part in parts:
            owner = _text(part.get(key)) if key in part else None
            if owner is not None:
                return owner
    return None


def _country(value: object) -> str | None:
    if isinstance(value, dict):
        return _code(value.get("iso_code"))
    return _code(value)


def _code(value: object) -> str | None:
    if not isinstance(value, str) or len(value) != 2 or not value.isascii() or not value.isalpha():
        return None
    code = value.upper()
    return None if code in _NO_COUNTRY else code


def _as_number(value: object) -> int | None:
    if isinstance(value, str):
        digits = value.strip().upper().removeprefix("AS")
        if not digits.isascii() or not digits.isdigit() or len(digits) > 10:
            return None
        value = int(digits)
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    return value if 0 < value < 1 << 32 else None


def _text(value: object) -> str | None:
    if not isinstance(value, str):
        return None
    cut = value[:MOST_TEXT]
    if not cut.isprintable():  # control and direction marks have no place in a name
        cut = "".join(letter if letter.isprintable() else " " for letter in cut)
    return " ".join(cut.split()) or None


def _yes(value: object) -> bool:
    if isinstance(value, str):
        return value.lower() in ("true", "1")
    return isinstance(value, int) and value == 1  # True, or 1 from writers without booleans
