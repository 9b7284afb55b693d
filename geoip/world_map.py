"""The outlines of the world for the report's map, for ``outlines.py``.

``auditor/report/world.json`` (UTF-8, one object):

- ``source``, ``projection``: words for the reader.
- ``width``, ``height``: of the view box ``0 0 width height``; every place below is in its units,
  whole numbers, x to the right, y down. Nothing needs to be projected any more.
- ``countries``: ISO 3166-1 alpha-2 (and ``XK``): the outline as SVG path data (``M``, relative
  ``l``, ``z``; fill it with the rule ``evenodd``). States too small for a shape have none. The
  two archipelagos of ``islands`` are in no other country's outline.
- ``points``: alpha-2: ``[x, y]`` inside the country, where a mark or an arrow of its traffic goes;
  of every code with land, those without an outline too. ``EU`` and ``AP`` are no countries and
  have none; ``AQ`` lies beyond the lower edge and has none.
- ``islands``: Hoàng Sa and Trường Sa, each ``{"vi", "en": its name with the country's, "country":
  "VN", "label": [x, y] left end of the middle line of its label, "marks": [[x, y], ...]}``. Every
  map draws and labels both.

The projection is Equal Earth (Šavrič, Patterson and Jenny, 2018: doi 10.1080/13658816.2018.1504949)
around 150° east: areas are in proportion, Asia lies left of the middle between Europe and America,
and the edge, 30° west, cuts no inhabited land but Greenland's.
"""

from __future__ import annotations

import json
from itertools import pairwise
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from outlines import Shape

WIDTH: Final = 2000
MIDDLE: Final = 150.0
"""Degrees east."""
EDGE: Final = MIDDLE - 180.0
TOP, BOTTOM = 84.0, -57.0
"""Degrees north: what the map shows."""
FINENESS: Final = 0.13
"""Degrees by which a simplified outline may differ; a unit of the map is 0.18 at the equator."""
LEAST_AREA: Final = 5.0
"""Square units: smaller islands are left out, unless they are all there is, or Vietnam's."""
_A: Final = (1.340264, -0.081106, 0.000893, 0.003796)


def world(
    source: str,
    drawn: Sequence[Shape],
    arcs: Sequence[np.ndarray],
    fine: Sequence[Shape],
    islands: Mapping[tuple[str, str], Sequence[tuple[float, float]]],
) -> str:
    """The text of ``world.json``.

    ``drawn`` are the shapes to draw, of ``arcs``; ``fine`` those to find points in.
    """
    thin = [simplified(arc) for arc in arcs]
    paths: dict[str, str] = {}
    for shape in drawn:
        code = shape.codes[0]
        rings = [ring for numbers in shape.arcs for ring in [_closed(thin, numbers)]]
        path = outline(rings, 0.0 if code == "VN" else LEAST_AREA)
        if path and code != "AQ":
            paths[code] = paths.get(code, "") + path
    bottom = int(projected(np.array([[MIDDLE, BOTTOM]]))[0, 1])
    document = {
        "source": source,
        "projection": f"Equal Earth, {MIDDLE:.0f}° E",
        "width": WIDTH,
        "height": bottom,
        "countries": dict(sorted(paths.items())),
        "points": dict(sorted(points(fine).items())),
        "islands": [archipelago(names, places) for names, places in islands.items()],
    }
    parts = [f"{json.dumps(key)}:{_lines(value)}" for key, value in document.items()]
    return "{\n" + ",\n".join(parts) + "\n}\n"


def _lines(value: object) -> str:
    """JSON with one line per entry of an object, so that changes can be read."""
    if not isinstance(value, dict):
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    lines = [f"{json.dumps(key)}:{_lines(entry)}" for key, entry in value.items()]
    return "{\n" + ",\n".join(lines) + "}"


def _closed(arcs: Sequence[np.ndarray], ring: Sequence[int]) -> np.ndarray:
    parts = [arcs[number] if number >= 0 else arcs[~number][::-1] for number in ring]
    return np.concatenate([parts[0], *(part[1:] for part in parts[1:])])


def archipelago(names: tuple[str, str], places: Sequence[tuple[float, float]]) -> dict[str, object]:
    """One entry of ``islands``."""
    marks = np.round(projected(np.array(places))).astype(int)
    label = [int(marks[:, 0].max()) + 8, round(float(marks[:, 1].mean()))]
    distinct = np.unique(marks, axis=0).tolist()
    return {"vi": names[0], "en": names[1], "country": "VN", "label": label, "marks": distinct}


def projected(places: np.ndarray) -> np.ndarray:
    """Longitudes and latitudes in degrees (shape [points, 2]) in units of the map."""
    flat = _flat(places)
    unit = WIDTH / (2 * _flat(np.array([[MIDDLE + 180, 0.0]]))[0, 0])
    top = _flat(np.array([[MIDDLE, TOP]]))[0, 1]
    return np.stack([flat[:, 0] * unit + WIDTH / 2, (top - flat[:, 1]) * unit], axis=1)


def _flat(places: np.ndarray) -> np.ndarray:
    longitude = (places[:, 0] - EDGE) % 360.0
    longitude = np.where((longitude == 0) & (places[:, 0] > EDGE), 360.0, longitude)
    east, north = np.radians(longitude - 180.0), np.radians(places[:, 1])
    angle = np.arcsin(np.sqrt(3) / 2 * np.sin(north))
    slope = sum(a * power * angle ** (power - 1) for a, power in zip(_A, (1, 3, 7, 9), strict=True))
    up = sum(a * angle**power for a, power in zip(_A, (1, 3, 7, 9), strict=True))
    return np.stack([2 * np.sqrt(3) * east * np.cos(angle) / (3 * slope), up], axis=1)


def simplified(line: np.ndarray) -> np.ndarray:
    """The line without the points that lie within ``FINENESS`` of it (Douglas and Peucker)."""
    if len(line) < 3:
        return line
    kept = np.zeros(len(line), dtype=bool)
    kept[[0, -1]] = True
    open_parts = [(0, len(line) - 1)]
    while open_parts:
        first, last = open_parts.pop()
        if last - first < 2:
            continue
        away = _away(line[first + 1 : last], line[first], line[last])
        farthest = int(away.argmax())
        if away[farthest] > FINENESS:
            middle = first + 1 + farthest
            kept[middle] = True
            open_parts += [(first, middle), (middle, last)]
    return line[kept]


def _away(places: np.ndarray, begin: np.ndarray, end: np.ndarray) -> np.ndarray:
    """How far places are from the stretch between two others, in degrees."""
    along, offset = end - begin, places - begin
    length = float(along @ along)
    share = np.clip(offset @ along / length, 0, 1) if length else np.zeros(len(places))
    return np.asarray(np.hypot(*(offset - share[:, None] * along).T))


def outline(rings: Sequence[np.ndarray], least_area: float) -> str:
    """Path data of a country, without its smaller islands; empty = too small to draw."""
    pieces = [projected(piece) for ring in joined(rings) for piece in cut(ring)]
    sizes = [abs(area(piece)) for piece in pieces]
    least = min(least_area, max(sizes, default=0.0))
    path = ""
    for piece, size in zip(pieces, sizes, strict=True):
        whole = np.round(piece).astype(int)
        moves = np.diff(whole, axis=0)
        moves = moves[(moves != 0).any(axis=1)][:-1]  # ``z`` draws the last
        if size >= least and len(moves) >= 2:
            steps = " ".join(f"{x} {y}" for x, y in moves.tolist()).replace(" -", "-")
            path += f"M{whole[0, 0]} {whole[0, 1]}l{steps}z"
    return path


def joined(rings: Sequence[np.ndarray]) -> list[np.ndarray]:
    """Rings in degrees from ``EDGE`` on; what Natural Earth cuts at 180° is one again."""
    whole: list[np.ndarray] = []
    chains: list[np.ndarray] = []
    for ring in rings:
        crosses = ring[:, 0].min() < EDGE < ring[:, 0].max() and np.ptp(ring[:, 0]) < 180
        east = ring[:, 0] if crosses else np.where(ring[:, 0] < EDGE, ring[:, 0] + 360, ring[:, 0])
        moved = np.stack([east, ring[:, 1]], axis=1)
        seam = np.isclose(np.abs(ring[:, 0]), 180.0, atol=1e-3)
        if not seam.any() or seam.all():
            whole.append(moved)
            continue
        chains += _chains(moved, seam)
    while chains:
        loop = chains.pop()
        while chains:
            gaps = [abs(chain[0, 1] - loop[-1, 1]) for chain in chains]
            nearest = int(np.argmin(gaps))
            if abs(loop[0, 1] - loop[-1, 1]) <= gaps[nearest]:
                break
            loop = np.concatenate([loop, chains.pop(nearest)])
        whole.append(np.concatenate([loop, loop[:1]]))
    return whole


def _chains(ring: np.ndarray, seam: np.ndarray) -> list[np.ndarray]:
    """The stretches of a ring off the seam, each from its point on the seam to the next one."""
    begin = int(np.flatnonzero(seam)[0])
    points = np.concatenate([ring[begin:-1], ring[: begin + 1]])
    on = np.concatenate([seam[begin:-1], seam[: begin + 1]])
    at = np.flatnonzero(on)
    return [points[first : last + 1] for first, last in pairwise(at.tolist()) if last - first > 1]


def cut(ring: np.ndarray) -> list[np.ndarray]:
    """The ring's parts on either side of the map's edge, where it crosses it."""
    if not ring[:, 0].min() < EDGE < ring[:, 0].max():
        return [ring]
    west = _half(ring, -1)
    west[:, 0] += 360
    west[:, 0] = np.minimum(west[:, 0], EDGE + 360 - 1e-9)
    return [west, _half(ring, 1)]


def _half(ring: np.ndarray, side: int) -> np.ndarray:
    """The part of a ring on one side of the edge, closed along it (Sutherland and Hodgman)."""
    kept: list[np.ndarray] = []
    for here, there in pairwise(ring):
        inside, next_inside = ((place[0] - EDGE) * side >= 0 for place in (here, there))
        if inside:
            kept.append(here)
        if inside != next_inside:
            share = (EDGE - here[0]) / (there[0] - here[0])
            kept.append(here + (there - here) * share)
    return np.array([*kept, kept[0]])


def area(ring: np.ndarray) -> float:
    """Signed area of a closed ring."""
    x, y = ring.T
    return float((x[:-1] * y[1:] - x[1:] * y[:-1]).sum() / 2)


def points(shapes: Sequence[Shape]) -> dict[str, list[int]]:
    """A place inside the largest island of every code, in units of the map."""
    largest: dict[str, np.ndarray] = {}
    for shape in shapes:
        for ring in joined(shape.rings):
            for piece in map(projected, cut(ring)):
                code = shape.codes[0]
                if code not in largest or abs(area(piece)) > abs(area(largest[code])):
                    largest[code] = piece
    largest.pop("AQ", None)
    return {code: [round(each) for each in inner(ring)] for code, ring in largest.items()}


def inner(ring: np.ndarray) -> list[float]:
    """The place inside a ring that is farthest from it, of a grid of 40 by 40."""
    low, high = ring.min(axis=0), ring.max(axis=0)
    share = (np.arange(40) + 0.5) / 40
    grid = np.stack(np.meshgrid(*(low + (high - low) * share[:, None]).T), axis=-1).reshape(-1, 2)
    inside = grid[_holds(ring, grid)]
    if not len(inside):
        return [float(each) for each in ring.mean(axis=0)]
    some = ring[:: max(len(ring) // 2000, 1)]
    away = ((inside[:, None, :] - some[None, :, :]) ** 2).sum(axis=2).min(axis=1)
    return [float(each) for each in inside[int(away.argmax())]]


def _holds(ring: np.ndarray, places: np.ndarray) -> np.ndarray:
    """Which places lie inside: a ray to the right crosses the ring an odd number of times."""
    inside = np.zeros(len(places), dtype=bool)
    x, y = places.T
    for (x0, y0), (x1, y1) in zip(ring[:-1].tolist(), ring[1:].tolist(), strict=True):
        if y0 != y1:
            crosses = (y0 > y) != (y1 > y)
            inside ^= crosses & (x < x0 + (y - y0) * (x1 - x0) / (y1 - y0))
    return inside
