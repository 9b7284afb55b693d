"""The outlines of the world and the point of each country, as the flow map needs them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from importlib import resources

from auditor.model.text import Text


@dataclass(frozen=True, slots=True)
class Archipelago:
    """Islands of Vietnam that every map shows with their name.

    Attributes:
        name: with the country it belongs to.
        marks: a point for each of its islands.
        label: left end of the middle line of its name.
    """

    name: Text
    marks: tuple[tuple[float, float], ...]
    label: tuple[float, float]


@dataclass(frozen=True, slots=True)
class World:
    """The world in units of its own, x to the right, y down; already projected.

    Attributes:
        source: where the outlines come from.
        countries: by country (ISO 3166-1 alpha-2) its outline as SVG path data.
        points: by country where its mark stands.
    """

    source: str
    width: int
    height: int
    countries: dict[str, str]
    points: dict[str, tuple[float, float]]
    islands: tuple[Archipelago, ...]


@cache
def world() -> World:
    """The world of ``world.json``: a file of our own, described in ``geoip/world_map.py``."""
    file = resources.files("auditor.report").joinpath("world.json")
    content = json.loads(file.read_text("utf-8"))
    return World(
        source=content["source"],
        width=content["width"],
        height=content["height"],
        countries=content["countries"],
        points={code: (x, y) for code, (x, y) in content["points"].items()},
        islands=tuple(
            Archipelago(
                Text(each["vi"], each["en"]),
                tuple((x, y) for x, y in each["marks"]),
                (each["label"][0], each["label"][1]),
            )
            for each in content["islands"]
        ),
    )
