"""Makes the Word templates of the papers: ``python docs/make_paper_templates.py [FOLDER]``.

They are kept in the package (``auditor/papers/templates``); an agency copies one, edits it in Word
and names its folder with ``--templates``. What stands in double braces is filled in.

The layout follows Decree 30/2020/NĐ-CP, Annex I, Part I (paper A4; margins 20-25, 20-25, 30-35 and
15-20 mm; Times New Roman in Unicode, black; page numbers in the middle of the top margin, size
13-14, none on the first page; quốc hiệu in capitals, 12-13, bold; tiêu ngữ 13-14, bold; căn cứ in
italics, 13-14, each line ended by a semicolon, the last by a full stop; at least 6 pt between
paragraphs). Read in public copies of the annex, not in the gazette:
https://www.scribd.com/document/652855730/Phuluc1,
https://luatvietnam.vn/tin-van-ban-moi/huong-dan-moi-ve-cach-trinh-bay-van-ban-hanh-chinh-186-24146-article.html,
https://lawnet.vn/en/laws/cach-trinh-bay-noi-dung-van-ban-trong-van-ban-hanh-chinh-nhu-the-nao-huong-dan-chi-tiet-cach-trinh--2795-123474.html,
https://www.chanhvanphong.com/2023/11/mot-so-noi-dung-30-2020n-cong-tac-van-thu.html.
Our reading, not in those excerpts: size 12 for *Nơi nhận* and 11 for its lines, the lines under
the issuer and the motto as borders, annexes across, and letters smaller than 13 in tables.
"""

from __future__ import annotations

import sys
from io import BytesIO
from pathlib import Path

from docx import Document
from docx.enum.section import WD_ORIENT, WD_SECTION
from docx.enum.style import WD_STYLE_TYPE
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Mm, Pt, RGBColor

from auditor.model.packed import packed

FOLDER = Path(__file__).parents[1] / "auditor" / "papers" / "templates"
NAMES = ("review", "form-09", "assessment", "risk-report")
FONT = "Times New Roman"
CENTRE, BOTH = WD_ALIGN_PARAGRAPH.CENTER, WD_ALIGN_PARAGRAPH.JUSTIFY


def template(name: str) -> bytes:
    """One template; the same version of the library makes the same bytes."""
    document = Document()
    styles(document)
    section = document.sections[0]
    on_a4(section, across=False)
    section.different_first_page_header_footer = True
    page_number(section.header.paragraphs[0])
    letterhead(document)
    title(document, name)
    body(document, "parts")
    signature(document)
    annex = document.add_section(WD_SECTION.NEW_PAGE)
    on_a4(annex, across=True)
    annex.different_first_page_header_footer = False
    body(document, "annexes")
    plain_properties(document, name)
    out = BytesIO()
    document.save(out)
    return packed(out.getvalue(), {})


def styles(document):
    for name, size, bold, italic, before, after in (
        ("Normal", 13, False, False, 0, 6),
        ("Heading 1", 13, True, False, 8, 4),
        ("Heading 2", 13, True, False, 6, 4),
        ("NoiDung", 13, False, False, 0, 6),
        ("DongDanhSach", 13, False, False, 0, 3),
        ("GhiChu", 12, False, True, 0, 6),
        ("CanhBao", 13, True, False, 0, 6),
        ("CanCu", 13, False, True, 0, 6),
        ("TiengAnh", 11, False, True, 0, 4),
        ("OBang", 10.5, False, False, 0, 0),
        ("TieuDeBang", 10.5, True, False, 0, 0),
        ("Dong", 13, False, False, 0, 0),
    ):
        known = {each.name for each in document.styles}
        style = (
            document.styles[name]
            if name in known
            else document.styles.add_style(name, WD_STYLE_TYPE.PARAGRAPH)
        )
        if name not in ("Normal", "Heading 1", "Heading 2"):
            style.base_style = document.styles["Normal"]
        style.font.size, style.font.bold, style.font.italic = Pt(size), bold, italic
        style.font.color.rgb = RGBColor(0, 0, 0)
        fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
        for key in list(fonts.attrib):
            del fonts.attrib[key]
        for key in ("ascii", "hAnsi", "cs", "eastAsia"):
            fonts.set(qn(f"w:{key}"), FONT)
        space = style.paragraph_format
        space.space_before, space.space_after, space.line_spacing = Pt(before), Pt(after), 1.1
        space.keep_with_next = name.startswith("Heading")
    by_name = document.styles
    for name in ("NoiDung", "CanCu", "CanhBao", "GhiChu", "Heading 1", "Heading 2", "TiengAnh"):
        by_name[name].paragraph_format.first_line_indent = Mm(10)
    for name in ("NoiDung", "CanCu", "CanhBao", "GhiChu", "DongDanhSach"):
        by_name[name].paragraph_format.alignment = BOTH
    by_name["DongDanhSach"].paragraph_format.left_indent = Mm(10)
    by_name["TiengAnh"].font.color.rgb = RGBColor(0x59, 0x59, 0x59)
    by_name["TiengAnh"].paragraph_format.keep_with_next = True
    by_name["TieuDeBang"].paragraph_format.alignment = CENTRE
    for name in ("OBang", "TieuDeBang", "Dong"):
        by_name[name].paragraph_format.line_spacing = 1
    language = OxmlElement("w:lang")
    language.set(qn("w:val"), "vi-VN")
    by_name["Normal"].element.get_or_add_rPr().append(language)


def on_a4(section, across):
    section.orientation = WD_ORIENT.LANDSCAPE if across else WD_ORIENT.PORTRAIT
    width, height = (297, 210) if across else (210, 297)
    section.page_width, section.page_height = Mm(width), Mm(height)
    section.top_margin = section.bottom_margin = Mm(20)
    section.left_margin, section.right_margin = Mm(30), Mm(15)
    section.header_distance = section.footer_distance = Mm(10)


def line(paragraph, text, size, bold=False, italic=False, align=CENTRE):
    paragraph.style = "Dong"
    paragraph.alignment = align
    run = paragraph.add_run(text)
    run.font.size, run.bold, run.italic = Pt(size), bold, italic
    return paragraph


def drawn(paragraph, width, share):
    """A line as the border of an empty paragraph, which no letter can shift."""
    paragraph.style = "Dong"
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


def framed(paragraph):
    borders = OxmlElement("w:pBdr")
    for side in ("top", "left", "bottom", "right"):
        edge = OxmlElement(f"w:{side}")
        for key, value in (("val", "single"), ("sz", "8"), ("space", "4"), ("color", "000000")):
            edge.set(qn(f"w:{key}"), value)
        borders.append(edge)
    paragraph._p.get_or_add_pPr().insert_element_before(
        borders, "w:shd", "w:tabs", "w:suppressAutoHyphens", "w:spacing", "w:ind", "w:jc", "w:rPr"
    )
    paragraph.paragraph_format.first_line_indent = Mm(0)
    paragraph.paragraph_format.left_indent = paragraph.paragraph_format.right_indent = Mm(2)


def page_number(paragraph):
    paragraph.alignment = CENTRE
    for kind in ("begin", "code", "separate", "shown", "end"):
        run = paragraph.add_run()
        run.font.size = Pt(13)
        if kind == "shown":
            run.text = "2"
        elif kind == "code":
            instruction = OxmlElement("w:instrText")
            instruction.text = "PAGE"
            run._r.append(instruction)
        else:
            mark = OxmlElement("w:fldChar")
            mark.set(qn("w:fldCharType"), kind)
            run._r.append(mark)


def side_by_side(document, left, right, rows):
    table = document.add_table(rows, 2)
    table.autofit = False
    for column, width in zip(table.columns, (left, right), strict=True):
        column.width = Mm(width)
        for cell in column.cells:
            cell.width = Mm(width)
    for row in table.rows:  # a signature does not stand on another page than its title
        row._tr.get_or_add_trPr().append(OxmlElement("w:cantSplit"))
    return [row.cells for row in table.rows]


def letterhead(document):
    (left, right), (under_left, under_right) = side_by_side(document, 68, 97, 2)
    line(left.paragraphs[0], "{%p if parent %}", 12)
    line(left.add_paragraph(), "{{ parent|upper }}", 12)
    line(left.add_paragraph(), "{%p endif %}", 12)
    line(left.add_paragraph(), "{{ issuer|upper }}", 12, bold=True)
    drawn(left.add_paragraph(), 64, 0.4)
    line(right.paragraphs[0], "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", 12, bold=True)
    line(right.add_paragraph(), "Độc lập - Tự do - Hạnh phúc", 13, bold=True)
    drawn(right.add_paragraph(), 93, 0.57)
    line(under_left.paragraphs[0], "{{ number }}", 13)
    line(under_right.paragraphs[0], "{{ place_and_date }}", 13, italic=True)


def title(document, name):
    line(document.add_paragraph(), "", 13)
    line(document.add_paragraph(), "{{ kind|upper }}", 14, bold=True)
    line(document.add_paragraph(), "{{ subject }}", 14, bold=True)
    if name == "form-09":
        line(
            document.add_paragraph(), "(theo Mẫu số 09, Nghị định 356/2025/NĐ-CP)", 13, italic=True
        )
    line(document.add_paragraph(), "{{ subject_english }}", 11, italic=True)
    drawn(document.add_paragraph(), 165, 0.3)
    line(document.add_paragraph(), "{%p if warning %}", 13)
    box = document.add_paragraph(style="CanhBao")
    box.add_run("{{ warning }} ")
    said = box.add_run("{{ warning_english }}")
    said.bold, said.italic, said.font.size = False, True, Pt(11)
    framed(box)
    line(document.add_paragraph(), "{%p endif %}", 13)
    line(document.add_paragraph(), "{%p if fields %}", 13)
    document.add_paragraph(
        "Đã điền {{ filled }} trong {{ fields }} trường; trường đánh dấu do đơn vị điền.",
        style="GhiChu",
    )
    line(document.add_paragraph(), "{%p endif %}", 13)
    for text, style in (
        ("{%p for base in bases %}", "CanCu"),
        ("{{ base }}", "CanCu"),
        ("{%p endfor %}", "CanCu"),
        ("{%p if opening %}", "NoiDung"),
        ("{{ opening }}", "NoiDung"),
        ("{%p endif %}", "NoiDung"),
    ):
        document.add_paragraph(text, style=style)


def body(document, which):
    for text, style in (
        (f"{{%p for part in {which} %}}", "NoiDung"),
        ("{%p if part.level == 1 %}", "NoiDung"),
        ("{{ part.number }} {{ part.title|upper }}", "Heading 1"),
        ("{%p else %}", "NoiDung"),
        ("{{ part.number }} {{ part.title }}", "Heading 2"),
        ("{%p endif %}", "NoiDung"),
        ("{%p if part.english %}", "NoiDung"),
        ("{{ part.english }}", "TiengAnh"),
        ("{%p endif %}", "NoiDung"),
        ("{{p part.body }}", "NoiDung"),
        ("{%p endfor %}", "NoiDung"),
    ):
        document.add_paragraph(text, style=style)


def signature(document):
    line(document.add_paragraph(), "", 13)
    ((left, right),) = side_by_side(document, 75, 90, 1)
    near = WD_ALIGN_PARAGRAPH.LEFT
    line(left.paragraphs[0], "Nơi nhận:", 12, bold=True, italic=True, align=near)
    for text in ("{%p for each in recipients %}", "{{ each }}", "{%p endfor %}"):
        line(left.add_paragraph(), text, 11, align=near)
    line(right.paragraphs[0], "{%p for each in signer_title %}", 13, bold=True)
    line(right.add_paragraph(), "{{ each }}", 13, bold=True)
    line(right.add_paragraph(), "{%p endfor %}", 13)
    line(right.add_paragraph(), "(Ký, ghi rõ họ tên, đóng dấu)", 13, italic=True)
    for _ in range(3):
        line(right.add_paragraph(), "", 13)
    line(right.add_paragraph(), "{{ signer_name }}", 13, bold=True)


def plain_properties(document, name):
    about = document.core_properties
    about.title, about.language = name, "vi-VN"
    about.author = about.last_modified_by = about.comments = about.keywords = ""
    about.subject = about.category = about.version = ""
    about.revision = 1
    about.created = about.modified = about.created.replace(2026, 1, 1, 0, 0, 0)
    package = document.part.package
    for key, relation in list(package.rels.items()):
        if relation.reltype == RELATIONSHIP_TYPE.THUMBNAIL:  # of the library's own template
            del package.rels[key]


if __name__ == "__main__":
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    for each in NAMES:
        (folder / f"{each}.docx").write_bytes(template(each))
        print(folder / f"{each}.docx")
