"""Names beside marks on a map, so that none lies on another."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from collections.abc import Sequence

Anchor = Literal["start", "middle", "end"]

LETTER: Final = 0.58
"""Mean width of a letter, as part of the font's height; on the safe side."""

_SIDES: Final[tuple[tuple[float, float, Anchor], ...]] = (
    (1, 0, "start"), (-1, 0, "end"), (0, -1, "middle"), (0, 1, "middle"),
    (0.75, -0.75, "start"), (0.75, 0.75, "start"), (-0.75, -0.75, "end"), (-0.75, 0.75, "end"),
)  # fmt: skip
"""Where a name may stand, seen from its mark, the best first."""

_DISTANCES: Final = (0.25, 1.0, 2.0, 3.5)
"""Between mark and name, in heights of a letter; beyond the first a line leads to it."""


@dataclass(frozen=True, slots=True)
class Box:
    """An upright rectangle."""

    x: float
    y: float
    width: float
    height: float

    def meets(self, other: Box) -> bool:
        """Whether the two share a point."""
        return (
            self.x < other.x + other.width
            and other.x < self.x + self.width
            and self.y < other.y + other.height
            and other.y < self.y + self.height
        )


@dataclass(frozen=True, slots=True)
class Label:
    """A name's place.

    Attributes:
        x, y: of the text's anchor, on its base line.
        leader: where the line from the mark's edge to the name begins and ends; null = none.
        box: what it covers.
    """

    x: float
    y: float
    anchor: Anchor
    leader: tuple[float, float, float, float] | None
    box: Box


@dataclass(frozen=True, slots=True)
class Mark:
    """What wants a name: a disc, and how many letters its name has at most."""

    x: float
    y: float
    radius: float
    letters: int

    @property
    def box(self) -> Box:
        """The square around the disc, a little smaller: its corners are empty."""
        side = self.radius * 0.9
        return Box(self.x - side, self.y - side, 2 * side, 2 * side)


def labelled(
    marks: Sequence[Mark], taken: Sequence[Box], frame: Box, font: float
) -> list[Label | None]:
    """For each mark, the first ones first, where its name stands; null = there is no room.

    Args:
        marks: those that want names.
        taken: what no name may cover, beside the other marks.
        frame: the window: no name leaves it.
        font: height of the letters.
    """
    occupied = list(taken)
    found: list[Label | None] = []
    for mark in marks:
        label = next(
            (
                each
                for each in _places(mark, font)
                if _inside(each.box, frame)
                and not any(each.box.meets(box) for box in occupied)
                and not any(each.box.meets(other.box) for other in marks if other is not mark)
            ),
            None,
        )
        if label:
            occupied.append(label.box)
        found.append(label)
    return found


def _places(mark: Mark, font: float) -> list[Label]:
    return [_place(mark, font, gap, side) for gap in _DISTANCES for side in _SIDES]


def _place(mark: Mark, font: float, gap: float, side: tuple[float, float, Anchor]) -> Label:
    across, down, anchor = side
    away = mark.radius + gap * font
    x, middle = mark.x + across * away, mark.y + down * (away + (font / 2 if not across else 0))
    width = mark.letters * font * LETTER
    left = {"start": x, "middle": x - width / 2, "end": x - width}[anchor]
    leader = None
    if gap > _DISTANCES[0]:
        edge = (mark.x + across * mark.radius, mark.y + down * mark.radius)
        leader = (*edge, mark.x + across * (away - 1), mark.y + down * (away - 1))
    return Label(
        x, middle + font * 0.35, anchor, leader, Box(left, middle - font * 0.6, width, font * 1.2)
    )


def _inside(box: Box, frame: Box) -> bool:
    return (
        box.x >= frame.x
        and box.y >= frame.y
        and box.x + box.width <= frame.x + frame.width
        and box.y + box.height <= frame.y + frame.height
    )
