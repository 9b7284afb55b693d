from __future__ import annotations

import unicodedata

import pytest

from auditor.model.workbook import ANSWERS, COLUMNS, MOST, column, read, said, written


def test_every_column_is_found_again_by_its_heading_its_titles_and_its_id() -> None:
    for each in COLUMNS:
        for name in (each.heading, each.title.vi, each.title.en, each.id):
            assert column(name) is each
            assert column(f"  {name.upper()} ") is each


def test_a_heading_typed_in_decomposed_unicode_is_the_same_heading() -> None:
    for each in COLUMNS:
        assert column(unicodedata.normalize("NFD", each.heading)) is each


def test_no_two_columns_share_a_name() -> None:
    taken: dict[str, str] = {}
    for each in COLUMNS:
        for name in {each.title.vi.casefold(), each.title.en.casefold(), each.id}:
            assert taken.setdefault(name, each.id) == each.id


def test_a_foreign_heading_is_no_column() -> None:
    assert column("Ghi chú thêm") is None
    assert column("") is None


def test_every_answer_of_the_drop_down_is_understood_in_both_languages() -> None:
    for name, words in ANSWERS.items():
        assert said(words.vi) == name
        assert said(words.en) == name
        assert said(f" {unicodedata.normalize('NFD', words.vi).upper()}  ") == name


def test_an_empty_cell_is_no_answer_yet_and_other_words_are_none() -> None:
    assert said("") == "nothing"
    assert said("  ") == "nothing"
    assert said("chắc là có") is None


@pytest.mark.parametrize(
    "text",
    ["có", "dòng 1\ndòng 2\tcột", "_x000D_", "_x005F_", "_xyz_", "=1+1", "", "__x0041__", "𝒜 đ"],
)
def test_what_was_written_is_read_letter_for_letter(text: str) -> None:
    assert read(written(text)) == text


def test_what_no_workbook_can_hold_becomes_visible() -> None:
    assert written("a\x00b\ud800\ufffe") == "a⟨U+0000⟩b⟨U+D800⟩⟨U+FFFE⟩"


def test_line_ends_of_windows_and_of_excel_are_read_as_lines() -> None:
    assert read("a_x000D_\nb") == "a\nb"
    assert written("a\r\nb\rc") == "a\nb\nc"


def test_an_escape_of_a_character_that_is_none_stays_as_it_stands() -> None:
    assert read("_xD800_ _x0000_") == "_xD800_ _x0000_"


def test_a_text_too_long_for_a_cell_says_how_much_it_lost() -> None:
    cell = written("x" * (MOST + 5000))
    assert len(cell) <= MOST
    assert cell.endswith("[…5040…]")
