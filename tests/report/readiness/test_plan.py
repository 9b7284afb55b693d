from __future__ import annotations

import zipfile
from dataclasses import replace
from io import BytesIO
from typing import TYPE_CHECKING, Any

import pytest
from docx import Document
from docx.oxml.ns import qn
from docx.table import Table
from lxml import etree

from auditor.model.problem import Problem
from auditor.report import plan_docx
from auditor.report.readiness import words
from auditor.report.readiness.plan import PARTS, remaining

if TYPE_CHECKING:
    from auditor.model.readiness import Readiness


def opened(readiness: Readiness) -> Any:
    return Document(BytesIO(plan_docx(readiness)))


def told(document: Any) -> list[str]:
    """All paragraphs and cells in the order in which they stand."""
    lines: list[str] = []
    for block in document.iter_inner_content():
        if isinstance(block, Table):
            lines += [cell.text for row in block.rows for cell in row.cells]
        else:
            lines.append(block.text)
    return lines


@pytest.fixture(scope="module")
def document(readiness: Readiness) -> Any:
    return opened(readiness)


def test_the_twelve_parts_stand_in_their_order(document: Any) -> None:
    headings = [each.text for each in document.paragraphs if each.style.name == "Heading 1"]
    assert [each.partition(". ")[2] for each in headings] == [
        each.upper() for each in PARTS.values()
    ]
    numbers = " ".join(each.partition(". ")[0] for each in headings)
    assert numbers == "I II III IV V VI VII VIII IX X XI XII"


def test_paper_margins_and_letters_are_those_of_administrative_documents(document: Any) -> None:
    """Nghị định 30/2020/NĐ-CP, Phụ lục I, Phần I, mục I."""
    for section in document.sections:
        sides = sorted(round(side.mm) for side in (section.page_width, section.page_height))
        assert sides == [210, 297]
        assert 20 <= round(section.top_margin.mm) <= 25
        assert 20 <= round(section.bottom_margin.mm) <= 25
        assert 30 <= round(section.left_margin.mm) <= 35
        assert 15 <= round(section.right_margin.mm) <= 20
    normal = document.styles["Normal"]
    assert normal.font.name == "Times New Roman"
    assert 13 <= normal.font.size.pt <= 14
    assert document.sections[0].page_height > document.sections[0].page_width


def test_the_head_names_the_state_the_issuer_and_leaves_number_and_date_open(
    document: Any,
) -> None:
    left, right = document.tables[0].rows[0].cells
    number, place = document.tables[0].rows[1].cells  # on one line
    assert left.text.split("\n")[:2] == ["BỘ XÂY DỰNG", "CỤC CÔNG NGHỆ THÔNG TIN"]
    assert number.text == "Số: ……/PA-……"
    assert right.text.startswith("CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM\nĐộc lập - Tự do - Hạnh phúc")
    assert place.text == "……………, ngày … tháng … năm ……"
    lines = told(document)
    assert lines.index("PHƯƠNG ÁN") < lines.index(
        "Bảo đảm an ninh mạng, an ninh dữ liệu trước khi kết nối, đồng bộ dữ liệu về "
        "Trung tâm dữ liệu quốc gia"
    )


def test_pages_are_numbered_on_top_but_not_the_first(document: Any) -> None:
    first = document.sections[0]
    assert first.different_first_page_header_footer
    assert first.first_page_header.paragraphs[0].text == ""
    assert "PAGE" in etree.tostring(first.header._element).decode()
    for section in document.sections[1:]:
        assert section.header.is_linked_to_previous
    annexes = document.sections[-3:]
    for section in annexes:  # each annex counts its own pages
        assert section._sectPr.find(qn("w:pgNumType")).get(qn("w:start")) == "1"


def test_the_end_has_recipients_and_room_for_a_signature(document: Any) -> None:
    (closing,) = (table for table in document.tables if "Nơi nhận:" in table.rows[0].cells[0].text)
    left, right = closing.rows[0].cells
    assert "- Lưu: VT" in left.text
    assert "QUYỀN HẠN, CHỨC VỤ" in right.text


def test_what_nobody_said_stays_a_visible_gap(bare: Readiness) -> None:
    lines = told(opened(bare))
    for each in (
        "[…chưa có nội dung…]",
        "[…chưa có bằng chứng…]",
        "[…chưa có xác nhận…]",
        "[…chưa khai…]",
    ):
        assert any(each in line for line in lines), each
    assert any("[…TÊN CƠ QUAN BAN HÀNH…]" in line for line in lines)
    assert any("[…chưa ai ký…]" in line for line in lines)


def test_only_instruments_read_in_their_own_text_are_cited_as_the_basis(document: Any) -> None:
    lines = told(document)
    cited = [line for line in lines if line.startswith("Căn cứ ")]
    assert any("Nghị định 331/2026/NĐ-CP" in line for line in cited)
    for each in ("4856", "TCVN", "384-QĐ/TW", "Mặc định kỹ thuật"):
        assert not any(each in line for line in cited), each
    (doubted,) = (line for line in lines if line.startswith("[Đối chiếu bản gốc"))
    assert "Công văn 4856/BCA-TTDLQG" in doubted
    assert "TCVN 14423:2026" in doubted


def test_hundreds_of_conditions_are_counted_and_not_listed_in_the_summary(
    readiness: Readiness,
) -> None:
    many = replace(readiness, conditions=tuple(f"XX-{number:02}" for number in range(70)))
    lines = told(opened(many))
    assert "Phải khắc phục có thời hạn (70): xem Phần XI." in lines


def test_every_item_of_a_part_is_told_with_evidence_and_state(
    document: Any, readiness: Readiness
) -> None:
    text = "\n".join(told(document))
    for item in readiness.items:
        assert f"{item.title.vi} ({item.id})" in text
    assert "số 112/QĐ-BXD ngày 05/03/2026, Lê Quốc Cường ký (ev-0001)" in text
    assert "còn thiếu: Quyết định phê duyệt cấp độ" in text
    assert "Mâu thuẫn cần làm rõ: Cơ quan khai không có luồng" in text


def test_the_table_of_remedies_has_six_clear_points_and_says_what_is_not_clear(
    document: Any, readiness: Readiness
) -> None:
    (table,) = (each for each in document.tables if each.rows[0].cells[1].text == "Tồn tại")
    heads = [cell.text for cell in table.rows[0].cells]
    assert heads[2:] == [each.vi for each in words.MEASURE.values()]
    rows = {
        row.cells[1].text.split(" ")[0]: [cell.text for cell in row.cells] for row in table.rows
    }
    assert rows["NET-02"][2] == "Phòng An ninh mạng"
    assert rows["NET-02"][4] == "15/12/2026"
    assert rows["NET-05"][4:] == ["chưa rõ"] * 4
    assert rows["DOS-03"][2:] == ["chưa rõ"] * 6
    assert "Tạm chấp nhận đến 31/03/2027" in rows["ACC-03"][1]
    assert "Tạm chấp nhận đến" not in rows["ACC-04"][1]  # that waiver ran out
    assert list(rows)[1:] == [item.id for item in remaining(readiness)]


def test_gates_come_first_and_nothing_settled_is_a_gap(readiness: Readiness) -> None:
    left = remaining(readiness)
    assert tuple(item.id for item in left[:4]) == readiness.gates
    assert tuple(item.id for item in left[4:6]) == readiness.conditions
    assert {item.state for item in left} == set(words.STATE) - words.SETTLED


def test_the_annex_ties_each_requirement_to_evidence_and_hash(
    document: Any, readiness: Readiness
) -> None:
    (table,) = (each for each in document.tables if each.rows[0].cells[1].text == "Yêu cầu")
    rows = [[cell.text for cell in row.cells] for row in table.rows[1:]]
    assert len(rows) == len(readiness.items)
    assert rows[0][4:] == ["ev-0001", readiness.evidence[0].sha256]
    assert "[C]" in rows[0][2]
    text = "\n".join(told(document))
    assert "không phải biểu mẫu chính thức" in text
    for meaning in words.MARK.values():
        assert meaning.vi in text


def test_hostile_words_stay_words(hostile: Readiness) -> None:
    content = plan_docx(hostile)
    text = "\n".join(told(Document(BytesIO(content))))
    assert "<script>alert(1)</script>" in text
    assert "]]></w:t><w:p>" in text
    assert "⟨U+202E⟩gpj.exe" in text
    with zipfile.ZipFile(BytesIO(content)) as archive:
        for name in archive.namelist():
            if name.endswith((".xml", ".rels")):
                etree.fromstring(archive.read(name))


def test_nothing_is_embedded_linked_or_told_about_the_machine(readiness: Readiness) -> None:
    with zipfile.ZipFile(BytesIO(plan_docx(readiness))) as archive:
        names = archive.namelist()
        relations = b"".join(archive.read(name) for name in names if name.endswith(".rels"))
        core = archive.read("docProps/core.xml").decode()
    assert not [
        name for name in names if name.endswith((".odttf", ".ttf", ".jpeg", ".png", ".bin"))
    ]
    assert b'TargetMode="External"' not in relations
    assert "python-docx" not in core
    assert "2026-11-21T02:30:00Z" in core


def test_the_same_assessment_gives_the_same_bytes(readiness: Readiness) -> None:
    assert plan_docx(readiness) == plan_docx(readiness)
    assert plan_docx(readiness) != plan_docx(replace(readiness, verdict="ready"))


def test_an_explanation_stays_whole(readiness: Readiness) -> None:
    long = " ".join(f"câu thứ {number}." for number in range(1000))
    item = replace(readiness.items[0], explanation=long)
    assert any(long in line for line in told(opened(replace(readiness, items=(item,)))))


def test_what_must_be_known_of_the_verdict_stands_under_it(readiness: Readiness) -> None:
    off = Problem("gate-turned-off", "assessment.yaml", "The agency does not keep API-01")
    plain = replace(readiness, problems=())
    assert not [line for line in told(opened(plain)) if "Điều phải biết" in line]
    lines = told(opened(replace(readiness, problems=(off, off))))
    assert "Điều kiện chặn mềm bị bỏ: 2" in next(x for x in lines if "Điều phải biết" in x)
