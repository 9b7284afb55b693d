"""The workbook goes out, is filled in by people, and comes back."""

from __future__ import annotations

import io

import openpyxl
import pytest

from auditor import readiness
from auditor.checklist import entries
from auditor.checklist.workbook import answers_in, taken_over
from auditor.checklist.writing import saved
from auditor.model.errors import InputError
from auditor.model.workbook import COLUMNS, SHEET
from auditor.report import workbook_xlsx
from tests.checklist.beginnings import NOW

PLACES = {column.id: number for number, column in enumerate(COLUMNS, start=1)}


@pytest.fixture
def exported(assessed):
    return openpyxl.load_workbook(io.BytesIO(workbook_xlsx(readiness.readiness(assessed, NOW))))


def row_of(book, item):
    sheet = book[SHEET]
    return next(n for n in range(2, sheet.max_row + 1) if sheet.cell(n, 1).value == item)


def filled(book, row, /, **cells):
    place = row_of(book, row)
    for name, value in cells.items():
        book[SHEET].cell(place, PLACES[name], value)


def read(book, assessed, whole, tmp_path):
    path = tmp_path / "hoi.xlsx"
    book.save(path)
    return answers_in(path, assessed.folder, whole.checklist)


def test_an_untouched_workbook_changes_nothing(exported, assessed, whole, tmp_path):
    found = read(exported, assessed, whole, tmp_path)
    assert (found.rows, found.mistakes) == ((), ())


def test_what_people_fill_in_comes_back(exported, assessed, whole, tmp_path):
    filled(exported, "ORG-01", said="có", explanation="QĐ 12", by="An")
    filled(exported, "NET-06", said="không", measure_who="An", measure_due="2026-12-31")
    found = read(exported, assessed, whole, tmp_path)
    assert found.mistakes == ()
    answers = taken_over(assessed.folder, whole.checklist, found, NOW).answers
    said = {entry.item: entry for entry in answers}
    assert (said["ORG-01"].said, said["ORG-01"].explanation, said["ORG-01"].by) == (
        "yes", "QĐ 12", "An",
    )  # fmt: skip
    assert said["NET-06"].said == "no"
    assert (said["NET-06"].measure.who, said["NET-06"].measure.due) == ("An", "2026-12-31")
    assert len(said) == 2


def test_columns_may_move(exported, assessed, whole, tmp_path):
    filled(exported, "ORG-01", said="một phần", explanation="đang làm")
    sheet = exported[SHEET]
    sheet.move_range(f"A1:A{sheet.max_row}", cols=30)
    sheet.insert_cols(1, 2)
    found = read(exported, assessed, whole, tmp_path)
    assert [(row.item, row.said) for row in found.rows] == [("ORG-01", "partly")]


def test_a_lost_column_is_named_and_nothing_is_taken(exported, assessed, whole, tmp_path):
    exported[SHEET].cell(1, PLACES["text_sha256"]).value = "khác"
    with pytest.raises(InputError, match=r"lacks the columns: .*Hash of the question"):
        read(exported, assessed, whole, tmp_path)


def test_two_answers_to_one_item_are_both_named_and_nothing_is_taken(
    exported, assessed, whole, tmp_path
):
    filled(exported, "ORG-01", said="có")
    sheet = exported[SHEET]
    place, last = row_of(exported, "ORG-01"), sheet.max_row + 1
    for column in range(1, len(COLUMNS) + 1):
        sheet.cell(last, column, sheet.cell(place, column).value)
    sheet.cell(last, PLACES["said"], "không")
    found = read(exported, assessed, whole, tmp_path)
    assert f"lines {place} and {last}: two answers to ORG-01" in found.mistakes[0].en
    with pytest.raises(InputError, match="two answers to ORG-01"):
        taken_over(assessed.folder, whole.checklist, found, NOW)


@pytest.mark.parametrize(
    ("cells", "told"),
    [
        ({"said": "chắc vậy"}, "not an answer"),
        ({"item": "XYZ-99"}, "no such item"),
        ({"said": "có", "text_sha256": "0" * 64}, "answers another wording"),
        ({"said": "có", "explanation": "x" * 8000}, "is longer than"),
    ],
)
def test_what_is_not_understood_is_told_with_its_line(
    exported, assessed, whole, tmp_path, cells, told
):
    place = row_of(exported, "ORG-02")
    filled(exported, "ORG-02", **cells)
    found = read(exported, assessed, whole, tmp_path)
    assert f"line {place}" in found.mistakes[0].en
    assert told in found.mistakes[0].en


def test_an_empty_cell_never_erases_an_answer(exported, assessed, whole, tmp_path):
    item = whole.checklist.item("ORG-01")
    answers = entries.answered(
        assessed.folder.answers, item, "yes", explanation="QĐ 12", by="An", at=NOW
    )
    folder = saved(assessed.folder, "answers.yaml", answers, at=NOW, what="answer")
    later = readiness.Assessed(folder, whole, assessed.held)
    found = read(exported, later, whole, tmp_path)  # made before the answer was given
    assert found.rows == ()
    assert "ORG-01: left empty" in found.lines[0].en


def test_line_breaks_that_a_cell_loses_are_no_change(assessed, whole, tmp_path):
    item = whole.checklist.item("ORG-01")
    answers = entries.answered(
        assessed.folder.answers, item, "yes", explanation="một\nhai", by="An", at=NOW
    )
    folder = saved(assessed.folder, "answers.yaml", answers, at=NOW, what="answer")
    later = readiness.Assessed(folder, whole, assessed.held)
    book = openpyxl.load_workbook(io.BytesIO(workbook_xlsx(readiness.readiness(later, NOW))))
    assert read(book, later, whole, tmp_path).rows == ()


def test_a_file_that_is_no_workbook_says_which_one_is_meant(assessed, whole, tmp_path):
    path = tmp_path / "hoi.xlsx"
    path.write_text("xin chào")
    with pytest.raises(InputError) as caught:
        answers_in(path, assessed.folder, whole.checklist)
    assert "checklist export DIR --xlsx" in caught.value.hint
