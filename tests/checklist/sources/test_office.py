from __future__ import annotations

import io
import struct
import tempfile
import zipfile
from pathlib import Path

import pytest

from auditor.checklist.sources import archive
from auditor.checklist.sources.office import office_text
from auditor.model import markup
from auditor.model.errors import InputError

PAPERS = Path(__file__).parents[3] / "samples" / "checklist" / "papers"
WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
SHEET = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
TEXT = "urn:oasis:names:tc:opendocument:xmlns:text:1.0"
TABLE = "urn:oasis:names:tc:opendocument:xmlns:table:1.0"


def container(folder, parts, name="paper.docx", method=zipfile.ZIP_DEFLATED):
    path = folder / name
    with zipfile.ZipFile(path, "w", method) as packed:
        for part, content in parts.items():
            packed.writestr(part, content)
    return path


def word(body, **more):
    return {"word/document.xml": f'<w:document xmlns:w="{WORD}">{body}</w:document>', **more}


def paragraph(text):
    return f"<w:p><w:r><w:t>{text}</w:t></w:r></w:p>"


def test_paragraphs_headers_tabs_and_breaks_become_lines(tmp_path):
    body = (
        paragraph("một") + "<w:p><w:r><w:t>hai</w:t><w:tab/><w:t>ba</w:t><w:br/><w:t>bốn</w:t>"
        "</w:r></w:p><w:p/>"
    )
    header = f'<w:hdr xmlns:w="{WORD}">{paragraph("MẬT")}</w:hdr>'
    path = container(tmp_path, word(body, **{"word/header2.xml": header}))
    read = office_text(path, 1_000)
    assert read.text.splitlines() == ["MẬT", "một", "hai\tba", "bốn"]
    assert (read.format, read.cut, read.macros) == ("docx", False, False)


def test_deleted_text_of_tracked_changes_is_not_text(tmp_path):
    body = "<w:p><w:del><w:r><w:delText>cũ</w:delText></w:r></w:del><w:r><w:t>mới</w:t></w:r></w:p>"
    assert office_text(container(tmp_path, word(body)), 100).text == "mới"


def test_a_text_box_inside_a_paragraph_is_read(tmp_path):
    box = f"<w:r><w:txbxContent>{paragraph('TỐI MẬT')}</w:txbxContent></w:r>"
    body = f"<w:p><w:r><w:t>trước, </w:t></w:r>{box}<w:r><w:t>sau</w:t></w:r></w:p>"
    lines = office_text(container(tmp_path, word(body)), 100).text.splitlines()
    assert lines == ["TỐI MẬT", "trước, sau"]


def test_table_rows_become_lines_with_tabs_and_nested_tables_lose_nothing(tmp_path):
    cell = lambda inner: f"<w:tc>{inner}</w:tc>"  # noqa: E731
    row = f"<w:tr>{cell(paragraph('1'))}{cell(paragraph('mạng'))}{cell('<w:p/>')}</w:tr>"
    inner = f"<w:tbl><w:tr>{cell(paragraph('trong'))}{cell(paragraph('bảng'))}</w:tr></w:tbl>"
    outer = f"<w:tr>{cell(inner)}{cell(paragraph('ngoài'))}</w:tr>"
    path = container(tmp_path, word(f"<w:tbl>{row}{outer}</w:tbl>"))
    assert office_text(path, 1_000).text.splitlines() == ["1\tmạng\t", "trong bảng\tngoài"]


def test_an_open_document_is_read_with_its_header_and_spans(tmp_path):
    content = (
        f'<office:document-content xmlns:office="o" xmlns:text="{TEXT}" xmlns:table="{TABLE}">'
        "<text:h>Điều 1.</text:h><text:p>mười<text:s/><text:span>hai</text:span></text:p>"
        "<table:table-row><table:table-cell><text:p>1</text:p></table:table-cell>"
        "<table:table-cell><text:p>x</text:p></table:table-cell></table:table-row>"
        "</office:document-content>"
    )
    styles = f'<s xmlns:text="{TEXT}"><text:p>MẬT</text:p></s>'
    parts = {"mimetype": "x", "styles.xml": styles, "content.xml": content}
    read = office_text(container(tmp_path, parts, "a.odt"), 1_000)
    assert read.format == "odt"
    assert read.text.splitlines() == ["MẬT", "Điều 1.", "mười hai", "1\tx"]


def test_a_workbook_gives_its_rows_and_never_works_out_a_formula(tmp_path):
    strings = (
        f'<sst xmlns="{SHEET}"><si><t>STT</t></si>'
        "<si><r><t>Yêu </t></r><r><t>cầu</t></r></si></sst>"
    )
    sheet = (
        f'<worksheet xmlns="{SHEET}"><row><c t="s"><v>0</v></c><c t="s"><v>1</v></c></row>'
        '<row><c><f>1+1</f><v>2</v></c><c t="inlineStr"><is><t>mạng</t></is></c>'
        '<c t="s"><v>99</v></c></row></worksheet>'
    )
    parts = {
        "xl/workbook.xml": "<workbook/>",
        "xl/sharedStrings.xml": strings,
        "xl/worksheets/sheet1.xml": sheet,
    }
    read = office_text(container(tmp_path, parts, "a.xlsx"), 1_000)
    assert read.text.splitlines() == ["STT\tYêu cầu", "2\tmạng\t"]


def test_macros_are_told_and_titles_are_read(tmp_path):
    core = '<c xmlns:dc="d"><dc:title>Báo cáo</dc:title><dc:creator>Ai đó</dc:creator></c>'
    parts = word(paragraph("x"), **{"word/vbaProject.bin": "\0", "docProps/core.xml": core})
    read = office_text(container(tmp_path, parts), 100)
    assert read.macros
    assert read.titles == ("Báo cáo",)


def test_longer_text_is_cut_and_told(tmp_path):
    path = container(tmp_path, word(paragraph("a" * 50) * 10))
    read = office_text(path, 120)
    assert read.cut
    assert len(read.text) <= 122


@pytest.mark.parametrize(
    "doctype",
    [
        '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]>',
        '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/hostname">]>',
        '<!DOCTYPE x SYSTEM "http://192.0.2.1/x.dtd">',
    ],
    ids=["entities that multiply", "an external entity", "an external type"],
)
def test_a_document_type_is_refused_before_anything_of_it_is_expanded(tmp_path, doctype):
    body = f'{doctype}<w:document xmlns:w="{WORD}">{paragraph("&a;")}</w:document>'
    path = container(tmp_path, {"word/document.xml": body})
    with pytest.raises(InputError, match="declares a document type"):
        office_text(path, 1_000)


def test_a_part_that_unpacks_to_far_too_much_is_not_unpacked(tmp_path):
    path = container(tmp_path, word(paragraph("0" * 30_000_000)))
    assert path.stat().st_size < 100_000
    with pytest.raises(InputError, match="unpacks to too much"):
        office_text(path, 1_000)


def test_many_parts_that_are_small_each_are_too_much_together(tmp_path, monkeypatch):
    monkeypatch.setattr(archive, "MOST_IN_ALL", 1_000_000)
    header = f'<w:hdr xmlns:w="{WORD}">' + "".join(
        paragraph(f"{number:07}" * 8) for number in range(1_000)
    )
    parts = word("", **{f"word/header{at}.xml": header + "</w:hdr>" for at in range(1, 41)})
    with pytest.raises(InputError, match="unpacks to too much"):
        office_text(container(tmp_path, parts), 1_000)


def test_a_container_that_claims_a_million_parts_is_not_listed(tmp_path):
    path = tmp_path / "a.docx"
    end = struct.pack("<4sHHHHIIH", b"PK\x05\x06", 0, 0, 65535, 65535, 2**31, 0, 0)
    path.write_bytes(b"PK\x03\x04" + b"\0" * 100 + end)
    with pytest.raises(InputError, match="no document has so many"):
        office_text(path, 1_000)


def test_a_second_directory_that_claims_millions_of_parts_is_not_listed(tmp_path):
    path = container(tmp_path, word(paragraph("x")))
    content = path.read_bytes()
    at = content.rfind(b"PK\x05\x06")
    locator = struct.pack("<4sLQL", b"PK\x06\x07", 0, at, 1)
    path.write_bytes(content[:at] + locator + content[at:])
    with pytest.raises(InputError, match="no document has so many"):
        office_text(path, 1_000)


def test_a_tag_that_never_ends_is_damage(tmp_path, monkeypatch):
    monkeypatch.setattr(markup, "LONGEST_TAG", 100_000)
    path = container(tmp_path, word("<w:p " + "x" * 300_000))
    with pytest.raises(InputError, match="damaged"):
        office_text(path, 1_000)


def test_deep_nesting_is_refused(tmp_path):
    path = container(tmp_path, word("<w:p>" * 5_000 + "</w:p>" * 5_000))
    with pytest.raises(InputError, match="nested"):
        office_text(path, 1_000)


def test_a_container_inside_a_container_is_not_opened(tmp_path):
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w") as packed:
        packed.writestr("word/document.xml", word(paragraph("bí mật"))["word/document.xml"])
    path = container(tmp_path, {"paper.docx": inner.getvalue()})
    with pytest.raises(InputError, match="no DOCX, XLSX or ODT"):
        office_text(path, 1_000)


def test_every_cut_of_a_document_is_told_as_damage():
    whole = (PAPERS / "risk-report.docx").read_bytes()
    for at in range(4, len(whole) - 1, 97):
        with pytest.raises(InputError, match="damaged"):
            _read(whole[:at])


def _read(content):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.docx"
        path.write_bytes(content)
        return office_text(path, 1_000)


def test_a_locked_part_is_told():
    content = bytearray((PAPERS / "risk-report.docx").read_bytes())
    at = 0
    while (at := content.find(b"PK\x01\x02", at)) >= 0:
        content[at + 8] |= 1
        at += 4
    with pytest.raises(InputError, match="password"):
        _read(bytes(content))


def test_a_part_that_is_no_xml_or_has_a_wrong_checksum_is_told_as_damage(tmp_path):
    with pytest.raises(InputError, match="damaged"):
        office_text(container(tmp_path, {"word/document.xml": "<a><b></a>"}), 100)
    content = (PAPERS / "risk-report.docx").read_bytes().replace(b"Agent Node", b"Agent Mode", 1)
    with pytest.raises(InputError, match="damaged"):
        _read(content)
