from __future__ import annotations

import pytest

from auditor.checklist.sources import blocks
from auditor.checklist.sources.blocks import Blocks
from auditor.checklist.sources.rules import Table
from auditor.model.errors import InputError

TABLE = Table.model_validate({
    "name": "t", "columns": [{"name": "id", "title": "Mã số"}, {"name": "note"}]
})  # fmt: skip


def cells(tmp_path, content):
    path = tmp_path / "t.csv"
    path.write_bytes(content)
    read = Blocks(path, TABLE)
    rows = [
        row for batch in read for row in zip(*(c.to_pylist() for c in batch.columns), strict=True)
    ]
    return read, rows


def row_of(tmp_path, content):
    return cells(tmp_path, content)[1]


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_the_separator_is_the_one_that_gives_the_columns(tmp_path, separator):
    text = separator.join(("Mã số", "note", "x")) + "\n" + separator.join("123") + "\n"
    read, rows = cells(tmp_path, text.encode())
    assert rows == [("1", "2", "3")]
    assert read.names == ("id", "note", "#3")


def test_titles_are_compared_without_case_and_diacritics(tmp_path):
    assert row_of(tmp_path, b"NOTE,Ma so\na,b\n") == [("a", "b")]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_encodings_with_a_mark_are_known(tmp_path, encoding):
    text = 'Mã số,note\n"1\n2","a""b,"\n'
    assert row_of(tmp_path, text.encode(encoding)) == [("1\n2", 'a"b,')]


def test_what_is_no_text_becomes_a_replacement_character(tmp_path):
    assert row_of(tmp_path, "Mã số,note\n".encode() + b"\xe1x,\0\n") == [("\ufffdx", "\ufffd")]


def test_titles_may_hold_line_breaks_and_rows_may_end_in_any_way(tmp_path):
    content = '\r\n"Mã\nsố",note\r\n1,a\r\n2,b'.encode()
    assert row_of(tmp_path, content) == [("1", "a"), ("2", "b")]


def test_broken_rows_are_left_out_and_counted(tmp_path):
    read, rows = cells(tmp_path, "Mã số,note\n1,a\n1\n2,b,c\n3,d\n".encode())
    assert rows == [("1", "a"), ("3", "d")]
    assert (read.rows, read.broken) == (2, 2)


def test_a_table_without_rows_gives_none(tmp_path):
    assert row_of(tmp_path, "Mã số,note\n".encode()) == []
    assert row_of(tmp_path, "Mã số,note".encode()) == []


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "no header"),
        (b"\n\n", "no header"),
        (b"079200123456,secret\n1,2\n", "columns exactly once: id, note"),
        ("Mã số,note,Mã số\n".encode(), "exactly once: id"),
        (b"PK\x03\x04", "no CSV"),
        (b"PAR1", "no CSV"),
        (b",".join([b"c%d" % n for n in range(1200)]) + b"\n", "more than 1000 columns"),
        (b'"' + b"a" * 300_000, "no header"),
    ],
)
def test_what_is_no_such_table_is_refused_without_telling_its_cells(tmp_path, content, says):
    with pytest.raises(InputError, match=says) as error:
        cells(tmp_path, content)
    assert "079200123456" not in str(error.value)


def test_a_row_that_never_ends_is_refused_without_telling_it(tmp_path, monkeypatch):
    monkeypatch.setattr(blocks, "BLOCK", 4096)
    content = "Mã số,note\n1,a\n".encode() + b'2,"secret' + b"x\n" * 20_000
    with pytest.raises(InputError, match="longer than") as error:
        cells(tmp_path, content)
    assert "secret" not in str(error.value)


def test_too_many_rows_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(blocks, "ROWS", 3)
    with pytest.raises(InputError, match="more than 3 rows"):
        cells(tmp_path, "Mã số,note\n".encode() + b"1,2\n" * 4)


def test_a_file_that_is_not_there_is_told(tmp_path):
    for path in (tmp_path, tmp_path / "no.csv"):
        with pytest.raises(InputError, match="no such file"):
            list(Blocks(path, TABLE))
