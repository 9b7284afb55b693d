"""Structure checks of places: whether coordinates and geohashes lie in Vietnam."""

from __future__ import annotations

import re
from typing import Final

OUTLINE: Final[tuple[tuple[float, float], ...]] = (
    (102.0, 22.5), (102.6, 22.9), (103.6, 22.9), (104.6, 23.0), (105.3, 23.5), (106.0, 23.1),
    (106.9, 23.0), (106.8, 22.3), (107.6, 21.75), (108.2, 21.6), (108.3, 21.2), (108.0, 20.0),
    (106.6, 18.9), (107.6, 17.3), (109.3, 15.6), (109.7, 13.0), (109.5, 10.9), (109.1, 10.3),
    (106.9, 8.4), (104.6, 8.3), (103.3, 9.1), (103.3, 9.6), (103.7, 10.6), (104.4, 10.6),
    (104.8, 10.7), (104.95, 11.1), (105.6, 11.1), (105.7, 11.7), (106.3, 11.9), (106.3, 12.2),
    (107.4, 12.5), (107.3, 14.0), (107.4, 14.8), (107.1, 15.7), (106.8, 16.2), (106.4, 16.5),
    (106.3, 17.0), (105.5, 17.8), (105.0, 18.3), (103.7, 19.2), (103.8, 19.8), (104.5, 20.0),
    (104.3, 20.4), (103.5, 20.6), (102.9, 20.8), (102.8, 21.6), (102.1, 22.3),
)  # fmt: skip
"""Mainland and coastal islands of Vietnam, drawn by hand with 10 to 20 km to spare (longitude,
latitude): it tells a place in Vietnam from one elsewhere, and decides no border."""

FAR_ISLANDS: Final[tuple[tuple[float, float, float, float], ...]] = (
    (111.0, 15.5, 113.1, 17.3),  # Hoàng Sa
    (111.2, 6.4, 117.5, 12.2),  # Trường Sa and the southern continental shelf
)
"""West, south, east, north of the archipelagos."""

_GEOHASH: Final = {
    letter: place for place, letter in enumerate(b"0123456789bcdefghjkmnpqrstuvwxyz")
}
_NUMBER: Final = re.compile(rb"-?[0-9]{1,7}(?:[.,][0-9]{1,15})?")


def in_vietnam(longitude: float, latitude: float) -> bool:
    """Whether a place lies in Vietnam, roughly (``OUTLINE``, ``FAR_ISLANDS``); degrees, WGS 84."""
    if any(w <= longitude <= e and s <= latitude <= n for w, s, e, n in FAR_ISLANDS):
        return True
    inside = False
    for (x1, y1), (x2, y2) in zip(OUTLINE, OUTLINE[1:] + OUTLINE[:1], strict=True):
        if (y1 > latitude) != (y2 > latitude):
            crossing = x1 + (latitude - y1) / (y2 - y1) * (x2 - x1)
            inside ^= longitude < crossing
    return inside


def decoded_geohash(code: bytes) -> tuple[float, float] | None:
    """Longitude and latitude of the middle of a geohash's cell; null = it is none."""
    ranges = [[-180.0, 180.0], [-90.0, 90.0]]
    turn = 0
    for letter in code:
        value = _GEOHASH.get(letter)
        if value is None:
            return None
        for bit in (16, 8, 4, 2, 1):
            low, high = ranges[turn]
            ranges[turn][0 if value & bit else 1] = (low + high) / 2
            turn ^= 1
    (west, east), (south, north) = ranges
    return (west + east) / 2, (south + north) / 2


def parcel(match: bytes) -> bool:
    """Identifier of a land parcel: a geohash of 12 letters that lies in Vietnam.

    Source: Circular 19/2026/TT-BNNMT, Annex I.
    """
    code = match.strip().lower()
    mixed = any(chr(c).isdigit() for c in code) and any(chr(c).isalpha() for c in code[1:])
    place = decoded_geohash(code) if len(code) == 12 and mixed else None
    return place is not None and in_vietnam(*place)


def _metres(match: bytes) -> list[float]:
    return [float(text.replace(b",", b".")) for text in _NUMBER.findall(match)]


def _east(value: float) -> bool:
    return 300_000 <= value <= 700_000


def _north(value: float) -> bool:
    return 900_000 <= value <= 2_600_000


def vn2000_pair(match: bytes) -> bool:
    """Easting and northing in metres, in either order, as VN-2000 gives them for Vietnam.

    Source: Circular 973/2001/TT-TCĐC (false easting 500 km, about 200 km
    around it in zones of 3° and 6°).
    """
    numbers = _metres(match)
    if len(numbers) != 2:
        return False
    first, second = numbers
    return (_east(first) and _north(second)) or (_north(first) and _east(second))


def vn2000_value(match: bytes) -> bool:
    """One such easting or northing, as a column of coordinates holds it."""
    numbers = _metres(match)
    return len(numbers) == 1 and (_east(numbers[0]) or _north(numbers[0]))


def position(match: bytes) -> bool:
    """Latitude, then longitude in degrees, in Vietnam and at least as exact as a street.

    Four decimals are 11 metres; coarser ones are towns and maps, not where somebody is.
    """
    numbers = re.findall(rb"-?[0-9]{1,3}\.[0-9]{4,15}", match)
    return len(numbers) == 2 and in_vietnam(float(numbers[1]), float(numbers[0]))
