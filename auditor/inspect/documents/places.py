"""Whether geographic coordinates may lie in Vietnam."""

from __future__ import annotations

from typing import Final

Box = tuple[float, float, float, float]
"""Least longitude and latitude, then the largest, in degrees."""

# The mainland, Hoang Sa and Truong Sa: a frame, which holds parts of the neighbours too.
_VIETNAM: Final[Box] = (102.1, 6.4, 117.9, 23.4)
_WORLD: Final[Box] = (-180.0, -90.0, 180.0, 90.0)


def in_vietnam(box: Box | None) -> str:
    """What is added to the name of a kind of geodata.

    Returns:
        ``, in Vietnam`` where the box reaches into the frame around Vietnam, ``, elsewhere`` where
        it does not; empty where the box is not known or is not in degrees.
    """
    if box is None:
        return ""
    west, south, east, north = box
    least_west, least_south, most_east, most_north = _WORLD
    if not (
        least_west <= west <= east <= most_east and least_south <= south <= north <= most_north
    ):
        return ""
    if west == south == east == north == 0:
        return ""
    inside = west <= _VIETNAM[2] and east >= _VIETNAM[0]
    inside = inside and south <= _VIETNAM[3] and north >= _VIETNAM[1]
    return ", in Vietnam" if inside else ", elsewhere"
