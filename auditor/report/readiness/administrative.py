"""A document in the layout of Vietnamese administrative texts.

Paper, margins, letter sizes and the places of the fixed parts follow Nghị định 30/2020/NĐ-CP,
Phụ lục I, Phần I (sections I and II for the text, III.1 for annexes). The font is named, never
embedded. All text comes in through ``visible``: nothing of it can break the file's XML.
"""

from __future__ import annotations

from datetime import UTC
from io import BytesIO
from typing import TYPE_CHECKING, Final

from docx import Document
from docx.enum.section import WD_ORIENT, WD_SECTION
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Mm, Pt, RGBColor

from auditor.model.packed import packed
from auditor.report.formats import visible

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from docx.section import Section
    from docx.styles.style import ParagraphStyle
    from docx.table import Table, _Cell
    from docx.text.paragraph import Paragraph

FONT: Final = "Times New Roman"
TEXT: Final = 13
MOST: Final = 20_000
"""Characters of one paragraph: an agency's own explanation stays whole."""

TOP, BOTTOM, LEFT, RIGHT = 20, 20, 30, 15
"""Millimetres; the decree asks for 20-25, 20-25, 30-35 and 15-20."""

_WIDTH, _HEIGHT = 210, 297
_CENTRE: Final = WD_ALIGN_PARAGRAPH.CENTER


class Paper:
    """A document under way."""

    def __init__(self, title: str, at: datetime) -> None:
        self._document = Document()
        self._plain_styles()
        section = self._document.sections[0]
        _on_a4(section, wide=False)
        section.different_first_page_header_footer = True  # the first page shows no number
        number = section.header.paragraphs[0]
        number.alignment = _CENTRE
        _field(number, "PAGE")
        self._describe(title, at)

    def heading(self, text: str) -> None:
        """The number and title of a section: ``I. CĂN CỨ`` (bold capitals)."""
        self._document.add_paragraph(visible(text), style="Heading 1")

    def subheading(self, text: str) -> None:
        """The number and title of a clause (bold)."""
        self._document.add_paragraph(visible(text), style="Heading 2")

    def text(
        self, *parts: str, italic: bool = False, bold_first: bool = False, indent: bool = True
    ) -> None:
        """One paragraph; ``bold_first`` sets its first part bold."""
        paragraph = self._document.add_paragraph()
        paragraph.alignment = WD_ALIGN_PARAGRAPH.JUSTIFY
        if indent:
            paragraph.paragraph_format.first_line_indent = Mm(10)
        for place, part in enumerate(parts):
            run = paragraph.add_run(visible(part, MOST))
            run.italic = italic
            run.bold = bold_first and place == 0

    def centred(self, text: str, size: float = 14, *, bold: bool = True) -> None:
        """A line in the middle."""
        _line(self._document.add_paragraph(), text, size, bold=bold)

    def rule(self, share: float) -> None:
        """A drawn line in the middle, ``share`` of the width of the text."""
        width = _WIDTH - LEFT - RIGHT
        _drawn(self._document.add_paragraph(), width, share)

    def head(self, above: str, issuer: str, number: str, place_and_date: str) -> None:
        """The block at the top: who issues it, its number, the state's name, place and date.

        ``above`` is the body above the issuer; empty where there is none.
        """
        (left, right), (under_left, under_right) = self._two(68, 97, rows=2)
        if above:
            _line(left.paragraphs[0], above.upper(), 12)
            _line(left.add_paragraph(), issuer.upper(), 12, bold=True)
        else:
            _line(left.paragraphs[0], issuer.upper(), 12, bold=True)
        _drawn(left.add_paragraph(), 64, 0.4)
        _line(under_left.paragraphs[0], number, 13)
        _line(right.paragraphs[0], "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", 12, bold=True)
        _line(right.add_paragraph(), "Độc lập - Tự do - Hạnh phúc", 13, bold=True)
        _drawn(right.add_paragraph(), 93, 0.57)  # as long as the motto in that font
        _line(under_right.paragraphs[0], place_and_date, 13, italic=True)

    def close(self, recipients: Iterable[str], power: str, name: str) -> None:
        """The block at the end: who receives it, who signs."""
        ((left, right),) = self._two(75, 90, rows=1)
        _line(left.paragraphs[0], "Nơi nhận:", 12, bold=True, italic=True, centre=False)
        for each in recipients:
            _line(left.add_paragraph(), each, 11, centre=False)
        _line(right.paragraphs[0], power, 14, bold=True)
        _line(right.add_paragraph(), "(Ký, ghi rõ họ tên, đóng dấu)", 13, italic=True)
        for _ in range(3):
            _line(right.add_paragraph(), "", 13)
        _line(right.add_paragraph(), name, 14, bold=True)

    def table(
        self, titles: Sequence[str], widths: Sequence[float], rows: Iterable[Sequence[str]]
    ) -> None:
        """A table whose first row stands on every page; ``widths`` in millimetres."""
        table = self._document.add_table(1, len(titles), style="Table Grid")
        table.autofit = False
        _fill(table.rows[0].cells, titles, widths, bold=True)
        _mark(table.rows[0]._tr.get_or_add_trPr(), "w:tblHeader")
        for values in rows:
            row = table.add_row()
            _mark(row._tr.get_or_add_trPr(), "w:cantSplit")
            _fill(row.cells, values, widths)
        for column, width in zip(table.columns, widths, strict=True):
            column.width = Mm(width)
        _line(self._document.add_paragraph(), "", 6)

    def section(self, *, wide: bool, annex: bool = False) -> None:
        """Begins a page; ``wide`` turns the paper, an annex counts its pages by itself."""
        section = self._document.add_section(WD_SECTION.NEW_PAGE)
        _on_a4(section, wide=wide)
        _line(self._document.paragraphs[-1], "", 1)  # what ends the last page needs no room on it
        section.different_first_page_header_footer = annex
        for old in section._sectPr.findall(qn("w:pgNumType")):
            section._sectPr.remove(old)
        if annex:
            numbering = OxmlElement("w:pgNumType")
            numbering.set(qn("w:start"), "1")
            section._sectPr.insert_element_before(numbering, "w:cols", "w:titlePg", "w:docGrid")

    def bytes(self) -> bytes:
        """The file; the same content gives the same bytes."""
        out = BytesIO()
        self._document.save(out)
        return packed(out.getvalue(), {})

    def _two(self, left: float, right: float, rows: int) -> list[tuple[_Cell, _Cell]]:
        """Pairs of cells side by side, without lines around them."""
        table: Table = self._document.add_table(rows, 2)
        table.autofit = False
        for column, width in zip(table.columns, (left, right), strict=True):
            column.width = Mm(width)
            for cell in column.cells:
                cell.width = Mm(width)
        return [(row.cells[0], row.cells[1]) for row in table.rows]

    def _plain_styles(self) -> None:
        styles = (("Normal", TEXT, False), ("Heading 1", 14, True), ("Heading 2", TEXT, True))
        for name, size, bold in styles:
            style: ParagraphStyle = self._document.styles[name]
            style.font.size, style.font.bold, style.font.italic = Pt(size), bold, False
            style.font.color.rgb = RGBColor(0, 0, 0)
            fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
            for key in list(fonts.attrib):
                del fonts.attrib[key]
            for key in ("ascii", "hAnsi", "cs", "eastAsia"):
                fonts.set(qn(f"w:{key}"), FONT)
            space = style.paragraph_format
            space.space_before, space.space_after = Pt(6 if bold else 0), Pt(6)
            space.line_spacing = 1.15
            space.keep_with_next = bold
            if bold:
                space.first_line_indent = Mm(10)
        language = OxmlElement("w:lang")
        language.set(qn("w:val"), "vi-VN")
        self._document.styles["Normal"].element.get_or_add_rPr().append(language)

    def _describe(self, title: str, at: datetime) -> None:
        about = self._document.core_properties
        about.title, about.language = visible(title)[:250], "vi-VN"
        about.author = about.last_modified_by = about.comments = about.keywords = ""
        about.subject = about.category = about.version = ""
        about.created = about.modified = at.astimezone(UTC).replace(tzinfo=None)
        about.revision = 1
        package = self._document.part.package
        for key, relation in list(package.rels.items()):
            if relation.reltype == RELATIONSHIP_TYPE.THUMBNAIL:  # of the library's own template
                del package.rels[key]


def _on_a4(section: Section, *, wide: bool) -> None:
    section.orientation = WD_ORIENT.LANDSCAPE if wide else WD_ORIENT.PORTRAIT
    width, height = (_HEIGHT, _WIDTH) if wide else (_WIDTH, _HEIGHT)
    section.page_width, section.page_height = Mm(width), Mm(height)
    section.top_margin, section.bottom_margin = Mm(TOP), Mm(BOTTOM)
    section.left_margin, section.right_margin = Mm(LEFT), Mm(RIGHT)
    section.header_distance = section.footer_distance = Mm(10)


def _line(
    paragraph: Paragraph,
    text: str,
    size: float,
    *,
    bold: bool = False,
    italic: bool = False,
    centre: bool = True,
) -> None:
    if centre:
        paragraph.alignment = _CENTRE
    paragraph.paragraph_format.space_after = Pt(0)
    paragraph.paragraph_format.line_spacing = 1
    run = paragraph.add_run(visible(text, MOST))
    run.font.size, run.bold, run.italic = Pt(size), bold, italic


def _drawn(paragraph: Paragraph, width: float, share: float) -> None:
    """A line drawn as the border of an empty paragraph, which no letter can shift."""
    space = paragraph.paragraph_format
    space.left_indent = space.right_indent = Mm(width * (1 - share) / 2)
    space.space_before, space.space_after, space.line_spacing = Pt(2), Pt(4), Pt(2)
    borders, top = OxmlElement("w:pBdr"), OxmlElement("w:top")
    for key, value in (("val", "single"), ("sz", "6"), ("space", "0"), ("color", "000000")):
        top.set(qn(f"w:{key}"), value)
    borders.append(top)
    paragraph._p.get_or_add_pPr().insert_element_before(
        borders, "w:shd", "w:tabs", "w:suppressAutoHyphens", "w:spacing", "w:ind", "w:jc", "w:rPr"
    )


def _field(paragraph: Paragraph, code: str) -> None:
    for kind, text in (("begin", ""), ("", code), ("separate", ""), ("shown", "2"), ("end", "")):
        run = paragraph.add_run()
        run.font.size = Pt(TEXT)
        if kind == "shown":
            run.text = text
        elif kind:
            mark = OxmlElement("w:fldChar")
            mark.set(qn("w:fldCharType"), kind)
            run._r.append(mark)
        else:
            instruction = OxmlElement("w:instrText")
            instruction.text = text
            run._r.append(instruction)


def _fill(
    cells: Sequence[_Cell], values: Sequence[str], widths: Sequence[float], *, bold: bool = False
) -> None:
    for cell, value, width in zip(cells, values, widths, strict=True):
        cell.width = Mm(width)
        lines = value.split("\n")
        for place, line in enumerate(lines):
            paragraph = cell.paragraphs[0] if place == 0 else cell.add_paragraph()
            _line(paragraph, line, 11, bold=bold, centre=bold)


def _mark(properties: object, name: str) -> None:
    properties.append(OxmlElement(name))  # type: ignore[attr-defined]
