"""The flow map: where data went, as shapes on two panels, the world and the seas around Vietnam.

Only geometry of what the run already says: no fact is computed here. Who is not drawn or not
named on it stands in the table beside it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import sqrt
from typing import TYPE_CHECKING, Final

from auditor.model.run import CountryTotal
from auditor.model.text import Text
from auditor.report.countries import country
from auditor.report.formats import at_least, size
from auditor.report.labels import LETTER, Box, Label, Mark, labelled
from auditor.report.world import Archipelago, world

if TYPE_CHECKING:
    from collections.abc import Sequence

    from auditor.model.run import Run

MOST_LABELS: Final = 8
"""Names on one panel; the others are told in the table."""

BEND: Final = 0.2
"""How far an arc leaves the straight line, as part of its length."""


@dataclass(frozen=True, slots=True)
class Frame:
    """A window on the world; all lengths in the world's units.

    Attributes:
        font: height of the names.
        radius: of the heaviest circle.
        key: where the largest circle of the key stands: an empty part of a sea.
    """

    name: str
    window: Box
    font: float
    radius: float
    key: tuple[float, float]

    def holds(self, point: tuple[float, float]) -> bool:
        """Whether a point lies in the window."""
        return self.window.meets(Box(*point, 0, 0))


WORLD: Final = Frame("world", Box(0, 0, 2000, 869), 32, 52, (1290, 770))
SEAS: Final = Frame("seas", Box(672, 172, 328, 362), 10.5, 24, (920, 428))
"""East and South-East Asia: most destinations crowd there."""

ISLANDS: Final = (
    (Text("Hoàng Sa", "Hoàng Sa"), Text("QĐ. Hoàng Sa", "Hoàng Sa"), (783, 340)),
    (Text("Trường Sa", "Trường Sa"), Text("QĐ. Trường Sa", "Trường Sa"), (772, 436)),
)
"""The archipelagos of the world by their short names: on the world, and on the seas, where the
country stands under it; the last is where that name stands, in open water."""


@dataclass(frozen=True, slots=True)
class Spot:
    """One destination on a panel.

    Attributes:
        rank: its place by outbound bytes, from 1; the row of the table.
        arc: SVG path from home; empty where home is not on the panel.
        stroke: width of the arc: by the square root of the bytes.
        radius: the circle's area is in proportion to the bytes.
        label: where its name stands; null = its name stands in the table alone.
    """

    rank: int
    code: str
    name: Text
    amount: Text
    x: float
    y: float
    radius: float
    arc: str
    stroke: float
    label: Label | None = None


@dataclass(frozen=True, slots=True)
class Islands:
    """An archipelago: its points, and the lines of its name with the place of the first."""

    full: Text
    lines: tuple[Text, ...]
    marks: tuple[tuple[float, float], ...]
    x: float
    y: float


@dataclass(frozen=True, slots=True)
class Panel:
    """One window, drawn.

    Attributes:
        home: where home lies in it; null = outside, or without a point.
        spots: the heaviest first, so that the light ones lie on top.
        key: amounts with the radius of their circle, widest first.
        inset: the window of the other panel; null = none.
    """

    frame: Frame
    home: tuple[float, float] | None
    home_label: Label | None
    spots: tuple[Spot, ...]
    islands: tuple[Islands, ...]
    key: tuple[tuple[float, Text], ...]
    inset: Box | None


@dataclass(frozen=True, slots=True)
class FlowMap:
    """The map.

    Attributes:
        land: outlines (SVG path data) of home, of destinations, and of all others.
        missing: destinations without a point on the map.
        source: where the outlines come from.
    """

    home: Text
    land: tuple[tuple[str, str], ...]
    panels: tuple[Panel, ...]
    missing: tuple[CountryTotal, ...]
    source: str


def flow_map(run: Run) -> FlowMap | None:
    """The map of what left home; null where no destination has a point on it."""
    points = world().points
    ranked = list(enumerate(run.totals.by_country, start=1))
    drawn = [(rank, each) for rank, each in ranked if each.country in points]
    if not drawn:
        return None
    home = run.home.upper()
    panels = [_panel(WORLD, drawn, home, SEAS if home == "VN" else None)]
    if home == "VN":
        panels.append(_panel(SEAS, drawn, home, None))
    return FlowMap(
        home=country(home),
        land=_land(home, {each.country for _, each in drawn}),
        panels=tuple(panels),
        missing=tuple(each for _, each in ranked if each.country not in points),
        source=world().source,
    )


def _land(home: str, reached: set[str]) -> tuple[tuple[str, str], ...]:
    kinds: dict[str, list[str]] = {"other": [], "reached": [], "own": []}
    for code, outline in world().countries.items():
        kind = "own" if code == home else "reached" if code in reached else "other"
        kinds[kind].append(outline)
    return tuple((kind, "".join(outlines)) for kind, outlines in kinds.items() if outlines)


def _panel(
    frame: Frame, drawn: Sequence[tuple[int, CountryTotal]], home: str, inner: Frame | None
) -> Panel:
    points = world().points
    start = points.get(home)
    start = start if start and frame.holds(start) else None
    most = max(each.outbound_bytes for _, each in drawn)
    spots = [
        _spot(frame, rank, total, start, most)
        for rank, total in drawn
        if frame.holds(points[total.country])
    ]
    islands = tuple(
        _islands(frame, each, names) for each, names in zip(world().islands, ISLANDS, strict=True)
    )
    key = _key(frame, most)
    taken = [*(_islands_box(frame, each) for each in islands), _key_box(frame, key)]
    home_label, labels = _labels(frame, spots, start, country(home), taken, inner)
    return Panel(
        frame=frame,
        home=start,
        home_label=home_label,
        spots=tuple(replace(spot, label=labels.get(spot.rank)) for spot in spots),
        islands=islands,
        key=key,
        inset=inner.window if inner else None,
    )


def _labels(
    frame: Frame,
    spots: Sequence[Spot],
    start: tuple[float, float] | None,
    home: Text,
    taken: Sequence[Box],
    inner: Frame | None,
) -> tuple[Label | None, dict[int, Label | None]]:
    """The names of home and, by rank, of the heaviest spots that the inner panel has not."""
    marks = {each.rank: Mark(each.x, each.y, each.radius, _letters(each)) for each in spots}
    outer = [each for each in spots if inner is None or not inner.holds((each.x, each.y))]
    named = [each.rank for each in outer[:MOST_LABELS]]
    asking = [marks[rank] for rank in named]
    if start:
        asking.insert(0, Mark(*start, frame.font * 0.4, max(len(home.vi), len(home.en))))
    others = [mark.box for rank, mark in marks.items() if rank not in named]
    found = labelled(asking, [*taken, *others], frame.window, frame.font)
    own = found.pop(0) if start else None
    return own, dict(zip(named, found, strict=True))


def _spot(
    frame: Frame, rank: int, total: CountryTotal, start: tuple[float, float] | None, most: int
) -> Spot:
    x, y = world().points[total.country]
    part = sqrt(max(total.outbound_bytes, 0) / most) if most > 0 else 0.0
    amount = size(total.outbound_bytes, estimated=total.estimated_bytes > 0)
    return Spot(
        rank=rank,
        code=total.country,
        name=country(total.country),
        amount=at_least(amount, total.unknown_flows, total.flows),
        x=x,
        y=y,
        radius=frame.radius * max(part, 0.09),
        arc=_arc(start, (x, y)) if start else "",
        stroke=frame.radius * max(part, 0.1) / 4,
    )


def _arc(start: tuple[float, float], end: tuple[float, float]) -> str:
    """A bow from home, bent to the north, the more the longer it is."""
    (x1, y1), (x2, y2) = start, end
    across, down = x2 - x1, y2 - y1
    side = 1 if across >= 0 else -1
    middle_x = (x1 + x2) / 2 + side * down * BEND
    middle_y = (y1 + y2) / 2 - side * across * BEND
    return f"M{x1:.0f} {y1:.0f}Q{middle_x:.0f} {max(2, middle_y):.0f} {x2:.0f} {y2:.0f}"


def _letters(spot: Spot) -> int:
    """Of the longer of both names, with the rank before it."""
    return max(len(spot.name.vi), len(spot.name.en)) + len(str(spot.rank)) + 1


def _islands(
    frame: Frame, islands: Archipelago, names: tuple[Text, Text, tuple[float, float]]
) -> Islands:
    short, long, place = names
    if frame is SEAS:
        lines: tuple[Text, ...] = (long, Text("(Việt Nam)", "(Viet Nam)"))
        return Islands(islands.name, lines, islands.marks, *place)
    x, y = islands.label
    return Islands(islands.name, (short,), islands.marks, x, y + frame.font * 0.35)


def _islands_box(frame: Frame, islands: Islands) -> Box:
    letters = max(len(line.vi) for line in islands.lines)
    height = frame.font * 1.15 * len(islands.lines)
    return Box(islands.x, islands.y - frame.font, letters * frame.font * LETTER, height)


def _key(frame: Frame, most: int) -> tuple[tuple[float, Text], ...]:
    """Circles of round amounts: at most the heaviest, a tenth and a hundredth of it."""
    if most <= 0:
        return ()
    power = 10 ** (len(str(most)) - 1)
    first = max(step * power for step in (1, 2, 5) if step * power <= most)
    amounts = [amount for amount in (first, first // 10, first // 100) if amount]
    return tuple((frame.radius * sqrt(amount / most), _round(size(amount))) for amount in amounts)


def _round(text: Text) -> Text:
    """``50 MB`` instead of ``50,0 MB``."""
    return Text(text.vi.replace(",0 ", " "), text.en.replace(".0 ", " "))


def _key_box(frame: Frame, key: Sequence[tuple[float, Text]]) -> Box:
    x, y = frame.key
    letters = max((len(text.vi) for _, text in key), default=0)
    width = 2 * frame.radius + frame.font * (1 + letters * LETTER)
    return Box(x - frame.radius, y - 2 * frame.radius, width, 2 * frame.radius + frame.font)
