"""The flow diagram: systems on the left, recipients on the right, the border between them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from markupsafe import Markup, escape

from auditor.model.text import visible

if TYPE_CHECKING:
    from auditor.papers.blocks import Arrow, Diagram

_WIDTH: Final = 720
_ROW: Final = 46
_BOX: Final = (190, 34)
"""Width and height of a box."""
_LETTERS: Final = 30
"""Letters that fit into a box."""


def drawing(diagram: Diagram) -> Markup:
    """The diagram as SVG; its text is escaped."""
    systems = list(dict.fromkeys(arrow.system for arrow in diagram.arrows))
    ends = list(dict.fromkeys((arrow.recipient, arrow.country) for arrow in diagram.arrows))
    rows = max(len(systems), len(ends))
    height = rows * _ROW + 40
    left = {name: _middle(place, len(systems), rows) for place, name in enumerate(systems)}
    right = {name: _middle(place, len(ends), rows) for place, name in enumerate(ends)}
    lines = [
        _arrow(arrow, left[arrow.system], right[arrow.recipient, arrow.country])
        for arrow in diagram.arrows
    ]
    boxes = [_box(0, y, name, "") for name, y in left.items()]
    boxes += [_box(_WIDTH - _BOX[0], y, name, where) for (name, where), y in right.items()]
    middle = _WIDTH // 2
    border = (
        f'<line class="border" x1="{middle}" y1="18" x2="{middle}" y2="{height}"/>'
        f'<text class="small" x="{middle}" y="12" text-anchor="middle">'
        "Ra ngoài phạm vi đơn vị</text>"
    )
    return Markup(  # noqa: S704 - numbers of ours; every text in it went through escape
        f'<svg class="flows" viewBox="0 0 {_WIDTH} {height}" role="img" '
        'aria-label="Sơ đồ luồng dữ liệu">'
        '<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" '
        'markerHeight="7" orient="auto"><path d="M0 0 8 4 0 8z"/></marker></defs>'
        f"{border}{''.join(lines)}{''.join(boxes)}</svg>"
    )


def _middle(place: int, count: int, rows: int) -> float:
    """Where the middle of a box stands: spread over the height."""
    return 30 + (place + 0.5) * rows * _ROW / count


def _arrow(arrow: Arrow, begin: float, end: float) -> str:
    kind = "sure" if arrow.sure else "unsure"
    first, last = _BOX[0], _WIDTH - _BOX[0] - 2
    bend = _WIDTH // 2
    return (
        f'<path class="{kind}" marker-end="url(#tip)" '
        f'd="M{first} {begin:.1f} C{bend} {begin:.1f} {bend} {end:.1f} {last} {end:.1f}">'
        f"<title>{_text(arrow.says, 300)}</title></path>"
    )


def _box(x: float, y: float, name: str, where: str) -> str:
    width, height = _BOX
    middle = x + width / 2
    first = y if where else y + 4
    begins = f'<text x="{middle:.0f}" y="{first:.1f}" text-anchor="middle">'
    lines = f"{begins}{_text(name, _LETTERS)}</text>"
    if where:
        lines += (
            f'<text class="small" x="{middle:.0f}" y="{y + 12:.1f}" text-anchor="middle">'
            f"{_text(where, _LETTERS + 6)}</text>"
        )
    return f'<rect x="{x:.0f}" y="{y - height / 2:.1f}" width="{width}" height="{height}"/>{lines}'


def _text(text: str, most: int) -> str:
    shown = visible(text)
    return str(escape(shown if len(shown) <= most else f"{shown[: most - 1]}…"))
