"""Builds ``distances.csv`` and the report's map from published outlines of countries.

A maintainer runs it: ``python geoip/outlines.py``. It needs ``npm`` (to fetch the package, by its
exact version and digest) and ``numpy``. The same version gives the same bytes.

``geoip/distances.csv``: lines that begin with ``#`` say where it comes from; then
``country,km``: ISO 3166-1 alpha-2 and the least distance from Vietnam in whole km, never too large.

``auditor/report/world.json`` (made by ``world_map.py``, which describes it): the map.

``geoip/LICENSES/WORLD-ATLAS-LICENSE.txt``: the notice of the package that packs the outlines.
"""

from __future__ import annotations

import json
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import world_map
from package import fetched, step
from territories import CODES, DEPENDENCIES, ISLANDS, PARTS, UNNUMBERED

HERE: Final = Path(__file__).resolve().parent
PACKAGE: Final = "world-atlas"
VERSION: Final = "2.0.2"
SHA256: Final = "032e7765f2ce00edaeafec23ff22bc3b77e42987c257da944cc585b452c05b97"
SOURCE: Final = (
    f"Natural Earth 4.1.0, admin 0 countries (public domain), as packed by npm {PACKAGE} {VERSION} "
    "(ISC)"
)
HOME: Final = "VN"

RADIUS: Final = 6335.4
"""Kilometres: the least radius of curvature of the ellipsoid WGS 84 (of the meridian, at the
equator). With it a distance on the sphere is never above the true one, wherever it runs."""

STEP: Final = 4.0
"""Kilometres between points along an outline, at most."""

TOLERANCE: Final = 15
"""Kilometres taken off: two half steps, and what an outline at 1:10 million leaves out."""


@dataclass(frozen=True, slots=True)
class Shape:
    """One country or territory.

    Attributes:
        codes: the codes it may be filed under; the map uses the first.
        rings: closed outlines, each of shape [points, 2]: longitude, latitude in degrees.
        arcs: for each ring the numbers of the arcs it is made of (negative = backwards, as
            TopoJSON has it).
    """

    codes: tuple[str, ...]
    rings: tuple[np.ndarray, ...]
    arcs: tuple[tuple[int, ...], ...]


def main() -> None:
    """Fetches the package and writes both files."""
    with tempfile.TemporaryDirectory() as folder:
        files = fetched(PACKAGE, VERSION, SHA256, Path(folder))
    fine = topology(files["countries-10m.json"])
    kilometres = distances(shapes(*fine))
    (HERE / "distances.csv").write_text(table(kilometres), encoding="utf-8")
    step(f"distances.csv: {len(kilometres)} countries and territories")
    arcs, countries = topology(files["countries-50m.json"])
    text = world_map.world(SOURCE, shapes(arcs, countries), arcs, shapes(*fine), ISLANDS)
    path = HERE.parent / "auditor" / "report" / "world.json"
    path.write_text(text, encoding="utf-8")
    step(f"world.json: {path.stat().st_size:,} bytes")
    notice = HERE / "LICENSES" / "WORLD-ATLAS-LICENSE.txt"
    notice.write_bytes(files["LICENSE"].rstrip() + b"\n")


def topology(content: bytes) -> tuple[list[np.ndarray], list[dict[str, Any]]]:
    """Arcs in degrees (shape [points, 2]) and countries of a TopoJSON file.

    TopoJSON keeps each border once, as an arc of whole numbers, each the difference to the one
    before (TopoJSON 1.0, sections 2.1.2 to 2.1.4).
    """
    document = json.loads(content)
    scale = np.array(document["transform"]["scale"])
    origin = np.array(document["transform"]["translate"])
    arcs = [np.cumsum(np.array(arc), axis=0) * scale + origin for arc in document["arcs"]]
    return arcs, document["objects"]["countries"]["geometries"]


def shapes(arcs: list[np.ndarray], countries: list[dict[str, Any]]) -> list[Shape]:
    """Every country of a topology, islands of ``PARTS`` by themselves."""
    found: list[Shape] = []
    for country in countries:
        number, name = country.get("id"), country["properties"]["name"]
        codes = (CODES[number],) if number is not None else UNNUMBERED[name]
        polygons = country["arcs"] if country["type"] == "MultiPolygon" else [country["arcs"]]
        numbers = [tuple(ring) for polygon in polygons for ring in polygon]
        taken: set[int] = set()
        rings = [closed(arcs, ring) for ring in numbers]
        for part, holder, box in PARTS:
            inside = [at for at, ring in enumerate(rings) if lies(ring, box)]
            if holder == codes[0] and inside:
                found.append(shape((part,), rings, numbers, inside))
                taken |= set(inside)
        left = [at for at in range(len(rings)) if at not in taken]
        found.append(shape(codes[:1] if taken else codes, rings, numbers, left))
    return found


def shape(
    codes: tuple[str, ...],
    rings: list[np.ndarray],
    numbers: list[tuple[int, ...]],
    which: list[int],
) -> Shape:
    """Some of the rings as a shape of its own."""
    return Shape(codes, tuple(rings[at] for at in which), tuple(numbers[at] for at in which))


def closed(arcs: list[np.ndarray], ring: tuple[int, ...]) -> np.ndarray:
    """The points of a ring; arc ``~n`` is arc ``n`` backwards."""
    parts = [arcs[number] if number >= 0 else arcs[~number][::-1] for number in ring]
    return np.concatenate([parts[0], *(part[1:] for part in parts[1:])])


def lies(ring: np.ndarray, box: tuple[float, float, float, float]) -> bool:
    """Whether a ring lies in a box of west, south, east, north."""
    low, high = ring.min(axis=0), ring.max(axis=0)
    return bool((low >= box[:2]).all() and (high <= box[2:]).all())


def distances(countries: list[Shape]) -> dict[str, int]:
    """Least distance in km from Vietnam to each code, dependencies counted in."""
    rings: dict[str, list[np.ndarray]] = {}
    for country in countries:
        for code in country.codes:
            rings.setdefault(code, []).extend(country.rings)
    islands = [directions(np.array([place])) for places in ISLANDS.values() for place in places]
    home = np.concatenate([*(directions(dense(ring)) for ring in rings[HOME]), *islands])
    own: dict[str, int] = {}
    for code, outline in sorted(rings.items()):
        nearest = max(float((home @ directions(dense(ring)).T).max()) for ring in outline)
        apart = RADIUS * float(np.arccos(min(nearest, 1.0)))
        own[code] = max(int(apart - TOLERANCE), 0)
    return {
        code: min(own[each] for each in (code, *DEPENDENCIES.get(code, ("", ""))[0].split()))
        for code in own
    }


def dense(ring: np.ndarray) -> np.ndarray:
    """The ring with points between, no two neighbours more than ``STEP`` apart."""
    ring = np.stack([np.unwrap(ring[:, 0], period=360), ring[:, 1]], axis=1)
    begin, end = ring[:-1], ring[1:]
    # degrees of longitude are taken for as long as at the equator: points lie closer, never wider
    length = np.hypot(*(end - begin).T) * np.pi / 180 * 6378.2
    count = np.ceil(length / STEP).astype(int).clip(1)
    which = np.repeat(np.arange(len(count)), count)
    place = np.arange(len(which)) - np.repeat(np.cumsum(count) - count, count)
    share = (place / count[which])[:, None]
    return np.concatenate([begin[which] + (end - begin)[which] * share, ring[-1:]])


def directions(places: np.ndarray) -> np.ndarray:
    """Unit vectors (shape [points, 3]) of longitudes and latitudes in degrees."""
    longitude, latitude = np.radians(places.T)
    flat = np.cos(latitude)
    return np.stack([flat * np.cos(longitude), flat * np.sin(longitude), np.sin(latitude)], axis=1)


def table(kilometres: dict[str, int]) -> str:
    """The text of ``distances.csv``."""
    together = "; ".join(
        f"{code} with {parts} ({reason})" for code, (parts, reason) in DEPENDENCIES.items()
    )
    care = (
        f"outlines have a point every {STEP:.0f} km, the radius is the least of the ellipsoid "
        f"({RADIUS} km), {TOLERANCE} km are taken off"
    )
    lines = [
        "# Least great-circle distance in km from Vietnam to each country or territory.",
        "# Written by geoip/outlines.py; do not edit by hand.",
        f"# Source: {SOURCE}, scale 1:10,000,000.",
        "# From: Natural Earth's outline of Vietnam, and the archipelagos Hoàng Sa and Trường Sa.",
        f"# Never too large: {care}; 0 = a neighbour, or nearly.",
        f"# A country counts with its dependencies: {together}.",
        "country,km",
    ]
    lines += [f"{code},{distance}" for code, distance in sorted(kilometres.items())]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
