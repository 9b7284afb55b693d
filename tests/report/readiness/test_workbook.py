from __future__ import annotations

import zipfile
from dataclasses import replace
from io import BytesIO
from typing import TYPE_CHECKING, Any

import pytest
from openpyxl import load_workbook

from auditor.model.workbook import (
    ANSWERS,
    BASIS_SHEET,
    COLUMNS,
    EVIDENCE_SHEET,
    GUIDE_SHEET,
    SHEET,
    column,
    read,
    said,
)
from auditor.report import workbook_xlsx

if TYPE_CHECKING:
    from auditor.model.readiness import Readiness


def opened(readiness: Readiness) -> Any:
    return load_workbook(BytesIO(workbook_xlsx(readiness)))


def answers(readiness: Readiness) -> list[dict[str, str]]:
    """The sheet of answers as an import reads it: by column."""
    heads, *rows = opened(readiness)[SHEET].iter_rows(values_only=True)
    names = [column(head) for head in heads]
    assert None not in names
    return [
        {name.id: read(cell or "") for name, cell in zip(names, row, strict=True) if name}
        for row in rows
    ]


@pytest.fixture(scope="module")
def book(readiness: Readiness) -> Any:
    return opened(readiness)


def test_it_has_the_four_sheets_and_one_row_an_item(book: Any, readiness: Readiness) -> None:
    assert book.sheetnames == [SHEET, EVIDENCE_SHEET, GUIDE_SHEET, BASIS_SHEET]
    assert book[SHEET].max_row == len(readiness.items) + 1
    assert [cell.value for cell in book[SHEET][1]] == [each.heading for each in COLUMNS]
    assert book[EVIDENCE_SHEET].max_row == len(readiness.evidence) + 1


def test_answers_measures_and_hashes_are_read_back_as_they_were(readiness: Readiness) -> None:
    for row, item in zip(answers(readiness), readiness.items, strict=True):
        assert row["item"] == item.id
        assert said(row["said"]) == item.said
        assert row["explanation"] == item.explanation
        assert row["by"] == item.answered_by
        assert row["text_sha256"] == item.text_sha256
        for key in ("who", "what", "due", "responsible", "product", "authority"):
            assert row[f"measure_{key}"] == (getattr(item.measure, key) if item.measure else "")


def test_an_explanation_of_several_lines_is_read_back_letter_for_letter(
    readiness: Readiness,
) -> None:
    text = "Dòng 1\nDòng 2\t=1+1 _x000D_ \u202e"
    item = replace(readiness.items[0], explanation=text)
    assert answers(replace(readiness, items=(item,)))[0]["explanation"] == text


def test_no_cell_is_a_formula_whatever_it_begins_with(hostile: Readiness) -> None:
    content = workbook_xlsx(hostile)
    for sheet in load_workbook(BytesIO(content)):
        for row in sheet.iter_rows():
            for cell in row:
                assert cell.data_type != "f", (sheet.title, cell.coordinate, cell.value)
                if str(cell.value or "")[:1] in ("=", "+", "-", "@"):
                    assert cell.quotePrefix
    with zipfile.ZipFile(BytesIO(content)) as archive:
        for name in archive.namelist():
            text = archive.read(name)
            assert b"<f>" not in text
            assert b"<hyperlink" not in text
            assert b"<script>" not in text
            assert b'TargetMode="External"' not in text


def test_what_is_hidden_becomes_visible_where_nobody_reads_it_back(hostile: Readiness) -> None:
    rows = answers(hostile)
    assert rows[8]["question"] == "⟨U+202E⟩gpj.exe"
    assert rows[7]["explanation"] == "a⟨U+0000⟩b⟨U+0007⟩c⟨U+001B⟩[31m"


def test_the_drop_down_offers_every_answer_and_fits_its_limit(book: Any) -> None:
    (offered,) = book[SHEET].data_validations.dataValidation
    choices = ",".join(each.vi for each in ANSWERS.values())
    assert offered.formula1 == f'"{choices}"'
    assert len(offered.formula1) <= 255
    letter = next(cell.column_letter for cell in book[SHEET][1] if column(cell.value).id == "said")
    assert str(offered.sqref) == f"{letter}2:{letter}{book[SHEET].max_row}"


def test_input_columns_are_marked_and_none_is_hidden(book: Any) -> None:
    sheet = book[SHEET]
    for cell in sheet[1]:
        filled = cell.fill.fill_type == "solid"
        assert filled == column(cell.value).input
        assert not sheet.column_dimensions[cell.column_letter].hidden
    for each in book:
        assert each.sheet_state == "visible"


def test_evidence_asked_for_and_attached_is_named(readiness: Readiness) -> None:
    rows = {row["item"]: row for row in answers(readiness)}
    assert "(ev-0001)" in rows["ORG-01"]["evidence"]
    assert "Còn thiếu: Quyết định phê duyệt cấp độ" in rows["DOS-03"]["evidence"]
    assert rows["DOS-06"]["state"] == "Quá hạn bằng chứng"


def test_every_basis_is_listed_with_its_mark(book: Any, readiness: Readiness) -> None:
    _, *rows = book[BASIS_SHEET].iter_rows(values_only=True)
    assert len(rows) == sum(len(item.basis) for item in readiness.items)
    assert {row[4] for row in rows} == {"C", "S", "T", "M"}


def test_the_guide_speaks_both_languages(book: Any) -> None:
    _, *rows = book[GUIDE_SHEET].iter_rows(values_only=True)
    for vi, en in rows:
        assert bool(vi) == bool(en)
    assert any("không phải biểu mẫu chính thức" in (vi or "") for vi, _ in rows)


def test_the_same_assessment_gives_the_same_bytes(readiness: Readiness) -> None:
    assert workbook_xlsx(readiness) == workbook_xlsx(readiness)


def test_an_assessment_without_items_still_opens(make_assessment: Any) -> None:
    empty = make_assessment(items=(), evidence=(), groups=(), gates=(), conditions=())
    assert answers(empty) == []
