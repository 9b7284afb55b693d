"""The scripts that build distances and the map, on outlines small enough to check by hand."""

from __future__ import annotations

import importlib
import json
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture
def scripts(monkeypatch):
    """The modules ``outlines`` and ``world_map`` of the folder ``geoip``."""
    monkeypatch.syspath_prepend(str(ROOT / "geoip"))
    return importlib.import_module("outlines"), importlib.import_module("world_map")


def square(west: float, south: float, size: float = 1.0) -> np.ndarray:
    corners = [(0, 0), (size, 0), (size, size), (0, size), (0, 0)]
    return np.array([(west + x, south + y) for x, y in corners], float)


# Two squares side by side share the arc between them (x = 2): arc 0 up, arcs 1 and 2 around.
TOPOLOGY = {
    "transform": {"scale": [0.5, 0.5], "translate": [0, 10]},
    "arcs": [
        [[4, 0], [0, 4]],
        [[4, 4], [-4, 0], [0, -4], [4, 0]],
        [[4, 0], [4, 0], [0, 4], [-4, 0]],
    ],
    "objects": {
        "countries": {
            "geometries": [
                {
                    "id": "704",
                    "type": "Polygon",
                    "arcs": [[0, 1]],
                    "properties": {"name": "Vietnam"},
                },
                {"type": "MultiPolygon", "arcs": [[[2, -1]]], "properties": {"name": "Kosovo"}},
            ]
        }
    },
}


def test_shared_borders_are_walked_in_both_directions(scripts):
    outlines, _ = scripts
    home, other = outlines.shapes(*outlines.topology(json.dumps(TOPOLOGY).encode()))
    assert home.codes == ("VN",) and other.codes == ("XK", "RS")
    assert home.rings[0].tolist() == [[2, 10], [2, 12], [0, 12], [0, 10], [2, 10]]
    assert other.rings[0].tolist() == [[2, 10], [4, 10], [4, 12], [2, 12], [2, 10]]


def test_islands_that_are_drawn_with_another_country_get_their_own_code(scripts):
    outlines, _ = scripts
    topology = {
        "transform": {"scale": [1, 1], "translate": [0, 0]},
        "arcs": [square(112, 16).tolist(), square(100, 30).tolist()],
        "objects": {
            "countries": {
                "geometries": [
                    {
                        "id": "156",
                        "type": "MultiPolygon",
                        "arcs": [[[0]], [[1]]],
                        "properties": {"name": "China"},
                    }
                ]
            }
        },
    }
    for arc in topology["arcs"]:  # each point as the difference to the one before
        arc[1:] = np.diff(np.array(arc), axis=0).tolist()
    hoang_sa, rest = outlines.shapes(*outlines.topology(json.dumps(topology).encode()))
    assert (hoang_sa.codes, len(hoang_sa.rings)) == (("VN",), 1)
    assert (rest.codes, len(rest.rings)) == (("CN",), 1)


def test_a_distance_is_never_above_the_true_one(scripts):
    outlines, _ = scripts
    shapes = [
        outlines.Shape((code,), (ring,), ((0,),))
        for code, ring in (
            ("VN", square(105, 20)),
            ("JP", square(94, 20)),
            ("LA", square(104, 20)),
        )
    ]
    found = outlines.distances([*shapes, *_lands(outlines)])
    assert found["LA"] == found["VN"] == 0
    # 10 degrees of longitude at 21° N on WGS 84: 1,039 km along the parallel, less across
    assert 950 < found["JP"] < 1039


def test_a_country_is_taken_with_its_dependencies(scripts):
    outlines, _ = scripts
    lands = [shape for shape in _lands(outlines) if shape.codes != ("GU",)]
    near = outlines.Shape(("GU",), (square(130, 12),), ((0,),))
    found = outlines.distances([*lands, near, outlines.Shape(("VN",), (square(105, 20),), ((0,),))])
    assert found["US"] == found["GU"] < found["PR"]


def _lands(outlines) -> list:
    """A square far away for every code that depends on another, and for those themselves."""
    codes = {
        *outlines.DEPENDENCIES,
        *" ".join(p for p, _ in outlines.DEPENDENCIES.values()).split(),
    }
    return [outlines.Shape((code,), (square(-60, 0),), ((0,),)) for code in sorted(codes)]


def test_points_along_an_outline_are_close_together_also_across_the_date_line(scripts):
    outlines, _ = scripts
    places = outlines.directions(
        outlines.dense(np.array([(179.0, 0.0), (-179.0, 0.0), (179.0, 60.0)]))
    )
    steps = np.arccos((places[1:] * places[:-1]).sum(axis=1).clip(-1, 1)) * outlines.RADIUS
    assert steps.max() <= outlines.STEP
    assert len(places) < 4000


def test_a_country_cut_at_the_date_line_is_drawn_as_one(scripts):
    _, world_map = scripts
    west, east = square(178, 60, 2), square(-180, 60, 2)
    (ring,) = world_map.joined([west, east])
    assert ring[:, 0].min() == 178 and ring[:, 0].max() == 182
    assert abs(world_map.area(ring)) == pytest.approx(8)


def test_a_country_across_the_maps_edge_is_cut_there(scripts):
    _, world_map = scripts
    pieces = [world_map.projected(piece) for piece in world_map.cut(square(-31, 70, 2))]
    assert len(pieces) == 2
    whole = sum(abs(world_map.area(piece)) for piece in pieces)
    (far_from_it,) = world_map.cut(square(20, 70, 2))
    assert whole == pytest.approx(abs(world_map.area(world_map.projected(far_from_it))), rel=0.02)
    assert max(np.ptp(piece[:, 0]) for piece in pieces) < 20


def test_the_map_is_true_in_area(scripts):
    _, world_map = scripts
    sizes = [
        abs(world_map.area(world_map.projected(square(x, y))))
        / np.ptp(np.sin(np.radians([y, y + 1])))
        for x, y in ((105, 0), (20, 45), (-75, 70))
    ]
    assert sizes == pytest.approx([sizes[0]] * 3, rel=0.01)


def test_a_simplified_line_stays_near_the_line(scripts):
    _, world_map = scripts
    turns = np.linspace(0, 20, 400)
    line = np.stack([turns, np.sin(turns)], axis=1)
    thin = world_map.simplified(line)
    assert len(thin) < 80
    middle = np.interp(line[:, 0], thin[:, 0], thin[:, 1])
    assert np.abs(middle - line[:, 1]).max() < 2 * world_map.FINENESS


def test_a_point_lies_inside_its_country_even_if_that_is_bent(scripts):
    _, world_map = scripts
    bent = np.array([(0, 0), (10, 0), (10, 10), (8, 10), (8, 2), (0, 2), (0, 0)], float)
    x, y = world_map.inner(bent)
    assert y < 2 or x > 8
