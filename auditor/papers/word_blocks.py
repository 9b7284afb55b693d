"""Blocks as WordprocessingML, to be put into a template.

Nothing of it passes through the template engine: text is made visible and escaped here, and the
engine takes the result as it stands. Styles are named, so that an agency's template decides how
they look: ``NoiDung``, ``DongDanhSach``, ``GhiChu``, ``CanhBao``, ``OBang``, ``TieuDeBang``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from xml.sax.saxutils import escape

from auditor.model.text import visible
from auditor.papers.blocks import OPEN, Boxes, Diagram, Field, Sentence, Table

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from auditor.model.text import Text
    from auditor.papers.blocks import Block

MOST: Final = 20_000
"""Characters of one paragraph."""

_STYLE: Final = {"text": "NoiDung", "item": "DongDanhSach", "note": "GhiChu", "strong": "CanhBao"}
_MARKED: Final = '<w:shd w:val="diagStripe" w:color="F5C242" w:fill="FFF8E1"/>'
_GREY: Final = '<w:shd w:val="clear" w:color="auto" w:fill="EDEDED"/>'
_TWIPS: Final = 1440 / 25.4


class WordXml:
    """XML that the template engine must not escape, because it is XML already."""

    def __init__(self, xml: str) -> None:
        self._xml = xml

    def __html__(self) -> str:
        """The XML; the engine asks for it by this name."""
        return self._xml

    def __str__(self) -> str:
        return self._xml


def word_blocks(blocks: Iterable[Block], width: float) -> WordXml:
    """The blocks on paper with ``width`` millimetres of text."""
    return WordXml("".join(_block(block, width) for block in blocks))


def _block(block: Block, width: float) -> str:
    if isinstance(block, Sentence):
        return _paragraph(_STYLE[block.look], _run(block.text))
    if isinstance(block, Field):
        return _field(block)
    if isinstance(block, Boxes):
        return _boxes(block)
    if isinstance(block, Table):
        return _table(block, width)
    return _arrows(block, width)


def _paragraph(style: str, *runs: str) -> str:
    return f'<w:p><w:pPr><w:pStyle w:val="{style}"/></w:pPr>{"".join(runs)}</w:p>'


def _column_title(*runs: str) -> str:
    """On one page with the row below: LibreOffice loses rows whose titles end a page."""
    style = '<w:pStyle w:val="TieuDeBang"/><w:keepNext/>'
    return f"<w:p><w:pPr>{style}</w:pPr>{''.join(runs)}</w:p>"


def _run(text: str, properties: str = "") -> str:
    lines = [escape(visible(line, MOST)) for line in text.split("\n")]
    inside = "<w:br/>".join(f'<w:t xml:space="preserve">{line}</w:t>' for line in lines)
    return f"<w:r><w:rPr>{properties}</w:rPr>{inside}</w:r>"


def _open() -> str:
    return _run(OPEN, _MARKED)


def _english(text: Text) -> str:
    return (
        _run(f" / {text.en}", '<w:i/><w:color w:val="595959"/><w:sz w:val="20"/>')
        if text.en
        else ""
    )


def _field(field: Field) -> str:
    runs = [_run(f"{field.ref} ", '<w:color w:val="595959"/>')] if field.ref else []
    runs += [_run(field.label.vi, "<w:b/>"), _english(field.label), _run(": ")]
    runs.append(_run(field.value) if field.value else _open())
    if field.hint:
        runs.append(_run(f" ({field.hint})", "<w:i/>"))
    return _paragraph("NoiDung", *runs)


def _boxes(boxes: Boxes) -> str:
    out = [
        _paragraph(
            "NoiDung",
            _run(f"{boxes.ref} ", '<w:color w:val="595959"/>'),
            _run(boxes.label.vi, "<w:b/>"),
            _english(boxes.label),
            _run(":"),
        )
    ]
    for box in boxes.boxes:
        known = f" – {box.known_by}" if box.known_by else ""
        runs = [_run(("☒ " if box.ticked else "☐ ") + box.text)]
        if known:
            runs.append(_run(known, "<w:i/>"))
        out.append(_paragraph("DongDanhSach", *runs))
    return "".join(out)


def _table(table: Table, width: float) -> str:
    if not table.rows:
        return _paragraph("NoiDung", _run(table.empty))
    columns = _twips(table.widths, width)
    head = "".join(
        _cell(_column_title(_run(title.vi), _under(title)), column, _GREY)
        for title, column in zip(table.titles, columns, strict=True)
    )
    rows = "".join(_row(row, columns) for row in table.rows)
    heading = f"<w:tr><w:trPr><w:cantSplit/><w:tblHeader/></w:trPr>{head}</w:tr>"
    return _grid(columns, heading + rows) + _left_out(table.left_out)


def _under(title: Text) -> str:
    if not title.en:
        return ""
    style = '<w:b w:val="0"/><w:i/><w:color w:val="595959"/><w:sz w:val="18"/>'
    return f"<w:r><w:br/></w:r>{_run(title.en, style)}"


def _row(row: Sequence[str | None], columns: Sequence[int]) -> str:
    cells = "".join(
        _cell(
            _paragraph("OBang", _run("……" if cell is None else cell)),
            column,
            _MARKED if cell is None else "",
        )
        for cell, column in zip(row, columns, strict=True)
    )
    return f"<w:tr><w:trPr><w:cantSplit/></w:trPr>{cells}</w:tr>"


def _cell(inside: str, width: int, shading: str) -> str:
    return f'<w:tc><w:tcPr><w:tcW w:w="{width}" w:type="dxa"/>{shading}</w:tcPr>{inside}</w:tc>'


_SIDES: Final = ("top", "left", "bottom", "right", "insideH", "insideV")


def _grid(columns: Sequence[int], rows: str) -> str:
    lines = "".join(
        f'<w:{side} w:val="single" w:sz="4" w:space="0" w:color="000000"/>' for side in _SIDES
    )
    margins = '<w:left w:w="57" w:type="dxa"/><w:right w:w="57" w:type="dxa"/>'
    grid = "".join(f'<w:gridCol w:w="{column}"/>' for column in columns)
    return (
        f'<w:tbl><w:tblPr><w:tblW w:w="{sum(columns)}" w:type="dxa"/><w:tblBorders>{lines}'
        f'</w:tblBorders><w:tblLayout w:type="fixed"/><w:tblCellMar>{margins}</w:tblCellMar>'
        f"</w:tblPr><w:tblGrid>{grid}</w:tblGrid>{rows}</w:tbl>" + _paragraph("OBang")
    )


def _left_out(count: int) -> str:
    return _paragraph("GhiChu", _run(f"Và {count} dòng nữa, xem run.json.")) if count else ""


def _twips(widths: Sequence[int], width: float) -> list[int]:
    whole = sum(widths)
    return [round(each / whole * width * _TWIPS) for each in widths]


def _arrows(diagram: Diagram, width: float) -> str:
    """Who sends to whom, as a table of arrows: Word draws no diagram of its own."""
    if not diagram.arrows:
        return _paragraph("NoiDung", _run("Không có luồng nào để vẽ."))
    columns = _twips((40, 42, 40), width)
    titles = ("Từ hệ thống", "Khối lượng, nhóm dữ liệu", "Tới bên nhận")
    head = "".join(
        _cell(_column_title(_run(title)), column, _GREY)
        for title, column in zip(titles, columns, strict=True)
    )
    head = f"<w:tr><w:trPr><w:cantSplit/><w:tblHeader/></w:trPr>{head}</w:tr>"
    rows = "".join(
        "<w:tr><w:trPr><w:cantSplit/></w:trPr>"
        + _cell(_paragraph("OBang", _run(arrow.system)), columns[0], "")
        + _cell(
            _paragraph("OBang", _run(f"{'──▶' if arrow.sure else '╌╌▶'} {arrow.says}")),
            columns[1],
            "",
        )
        + _cell(_paragraph("OBang", _run(f"{arrow.recipient} ({arrow.country})")), columns[2], "")
        + "</w:tr>"
        for arrow in diagram.arrows
    )
    more = f" Và {diagram.left_out} luồng nữa." if diagram.left_out else ""
    legend = "Mũi tên liền: biết hình thức chuyển; mũi tên đứt: chưa xác định." + more
    return _grid(columns, head + rows) + _paragraph("GhiChu", _run(legend))
