"""Registers as agencies write them: CSV in several encodings, workbooks, and hostile ones."""

from __future__ import annotations

import codecs
import io
import zipfile
from datetime import date, datetime, timedelta, timezone
from pathlib import Path

import openpyxl
import pytest
import yaml

from auditor.checklist.sources import workbook as reader
from auditor.checklist.sources.register import (
    ROWS,
    count,
    day,
    moment,
    number,
    plain,
    register,
    timed,
    truth,
)
from auditor.checklist.sources.titles import TITLES
from auditor.model import markup
from auditor.model.errors import InputError

ROOT = Path(__file__).parents[3]
COLUMNS = ("account", "person", "enabled", "last-logon")
VIETNAM = timezone(timedelta(hours=7))
TABLE = "account,person,enabled,last-logon\nan.nv,Nguyễn Văn An,có,2026-11-01\n"


def kinds():
    text = (ROOT / "policies/checklists/pre-sync.yaml").read_text(encoding="utf-8")
    return [kind for kind in yaml.safe_load(text)["kinds"] if kind["form"] == "register"]


def file_of(tmp_path, content, name="accounts.csv"):
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def workbook(tmp_path, rows, name="accounts.xlsx", *, before=None):
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    if before:
        before(book)
    path = tmp_path / name
    book.save(path)
    return path


def repacked(path, change):
    """The archive with its parts changed by ``change(name, bytes) -> bytes``."""
    parts = {}
    with zipfile.ZipFile(path) as archive:
        for part in archive.infolist():
            parts[part.filename] = change(part.filename, archive.read(part))
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return path


# --- what stands where --------------------------------------------------------------------------


def test_a_row_is_found_by_its_line_in_the_file(tmp_path):
    text = 'account,person,enabled,last-logon\n\nan,"Nguyễn\nAn",có,\nbinh,Bình,không,\n'
    found = register(file_of(tmp_path, text), COLUMNS)
    assert list(found.rows.index) == [3, 5]
    assert found.rows["person"].tolist() == ["Nguyễn An", "Bình"]
    assert found.rows.index.name == "line"


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1258"]
)
def test_vietnamese_text_survives_each_encoding(tmp_path, encoding):
    text = TABLE
    if encoding == "cp1258":  # it has bases and combining tones, not composed letters
        for composed, parts in (("ễ", "ê\u0303"), ("ă", "ă"), ("ó", "ó")):
            text = text.replace(composed, parts)
    found = register(file_of(tmp_path, text.encode(encoding)), COLUMNS)
    assert found.rows["person"].tolist() == ["Nguyễn Văn An"]
    assert bool(found.notes) == (encoding == "cp1258"), "a guess is told"


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_separators_are_told_apart_by_the_header(tmp_path, separator):
    found = register(file_of(tmp_path, TABLE.replace(",", separator)), COLUMNS)
    assert found.columns == COLUMNS


def test_the_separator_line_of_spreadsheet_programs_is_no_header(tmp_path):
    found = register(file_of(tmp_path, "sep=;\n" + TABLE.replace(",", ";")), COLUMNS)
    assert list(found.rows.index) == [3]


def test_columns_may_stand_in_any_order_and_under_vietnamese_titles(tmp_path):
    text = (
        "SỞ NÔNG NGHIỆP VÀ MÔI TRƯỜNG\n\nBẢNG TÀI KHOẢN,,,\n"
        "STT,Đăng nhập lần cuối,KÍCH HOẠT,Tên đăng nhập (account),Ho ten\n"
        "1,01/11/2026,có,an.nv,Nguyễn Văn An\n"
    )
    found = register(file_of(tmp_path, text), COLUMNS)
    assert found.columns == COLUMNS
    assert found.rows.loc[5].tolist() == ["an.nv", "Nguyễn Văn An", "có", "01/11/2026"]
    assert found.ignored == ("STT",)


def test_missing_columns_are_named_and_empty(tmp_path):
    found = register(file_of(tmp_path, "person,account\nAn,an\n"), COLUMNS)
    assert found.missing == ("enabled", "last-logon")
    assert found.rows["enabled"].tolist() == [""]


def test_two_columns_for_one_thing_are_refused(tmp_path):
    with pytest.raises(InputError, match="two columns stand for account"):
        register(file_of(tmp_path, "account,Tài khoản,person\na,b,c\n"), COLUMNS)


def test_a_table_with_nothing_but_a_header_has_no_rows(tmp_path):
    assert len(register(file_of(tmp_path, TABLE.splitlines()[0]), COLUMNS).rows) == 0


def test_a_short_row_has_empty_cells(tmp_path):
    found = register(file_of(tmp_path, "account,person,enabled\nan\n"), COLUMNS)
    assert found.rows.loc[2].tolist() == ["an", "", "", ""]


@pytest.mark.parametrize("kind", kinds(), ids=lambda kind: kind["id"])
def test_no_title_stands_for_two_columns_of_one_register(kind):
    titles = [
        (title, column)
        for column in kind["columns"]
        for title in {plain(column), *map(plain, TITLES.get(column, ()))}
    ]
    names = [title for title, _ in titles]
    twice = {title: column for title, column in titles if names.count(title) > 1}
    assert not twice


@pytest.mark.parametrize("kind", kinds(), ids=lambda kind: kind["id"])
def test_every_register_can_be_kept_in_vietnamese(kind, tmp_path):
    assert set(kind["columns"]) <= TITLES.keys()
    header = ";".join(f'"{TITLES[column][0]}"' for column in kind["columns"])
    found = register(file_of(tmp_path, header + "\n"), tuple(kind["columns"]))
    assert found.missing == ()


# --- what is refused -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "no row of the first 20"),
        (b"\n" * 30, "no row of the first 20"),
        (b"x,y\n1,2\n", "no row of the first 20"),
        (TABLE.encode() + b"a\0b", "zero bytes"),
        (b"account,person\n\x81\xff\xd2\x90\n", "neither UTF-8"),
        (codecs.BOM_UTF16_LE + b"a", "neither UTF-8"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "old or locked"),
        (b"PK\x03\x04" + b"\0" * 100, "no workbook"),
        (b"PK", "no workbook"),
        (b'account,person\n"' + b"a" * 200_000, "line 2 is no row"),
        (b"account,person" + b"," * 100 + b"x\n1,2" + b"," * 100 + b"x\n", "100 columns"),
    ],
)
def test_what_is_no_register_is_refused_with_a_way_out(tmp_path, content, says):
    with pytest.raises(InputError, match=says) as refused:
        register(file_of(tmp_path, content), COLUMNS)
    assert refused.value.hint


def test_more_rows_than_a_register_has_are_refused(tmp_path):
    with pytest.raises(InputError, match="more than 200,000 rows"):
        register(file_of(tmp_path, "account,person\n" + "a,b\n" * (ROWS + 1)), COLUMNS)


def test_long_cells_are_cut_and_the_cut_is_told(tmp_path):
    found = register(file_of(tmp_path, f"account,person\nan,{'x' * 9000}\n"), COLUMNS)
    assert len(found.rows["person"].iloc[0]) == 8000
    assert "1 cells longer than 8000" in found.notes[0].en


def test_marks_that_nobody_sees_are_left_out(tmp_path):
    text = "account,person\n\x1b[31man\u202e,\u200bA\x07n\ufeff\n"
    assert register(file_of(tmp_path, text), COLUMNS).rows.iloc[0, :2].tolist() == ["[31man", "An"]


def test_a_header_below_the_twentieth_row_is_not_looked_for(tmp_path):
    with pytest.raises(InputError, match="no row"):
        register(file_of(tmp_path, "tiêu đề\n" * 20 + TABLE), COLUMNS)


# --- workbooks ------------------------------------------------------------------------------------


def test_a_workbook_gives_the_same_as_its_text(tmp_path):
    rows = [
        ["BẢNG TÀI KHOẢN"],
        ["Tài khoản", "Họ tên", "Đang hoạt động", "Đăng nhập lần cuối"],
        ["an", "An", True, datetime(2026, 11, 1, 8, 30)],  # noqa: DTZ001 - a cell has no zone
        [12345, 0.5, False, date(2026, 11, 1)],
    ]
    found = register(workbook(tmp_path, rows), COLUMNS)
    assert found.rows.loc[3].tolist() == ["an", "An", "true", "2026-11-01T08:30:00"]
    assert found.rows.loc[4].tolist() == ["12345", "0.5", "false", "2026-11-01"]


def test_no_row_of_a_long_workbook_is_lost(tmp_path):
    rows = [["Tài khoản", "Họ tên"], *([f"user-{number}", "An"] for number in range(60))]
    found = register(workbook(tmp_path, rows), COLUMNS)
    assert found.rows["account"].tolist() == [f"user-{number}" for number in range(60)]


def test_a_percentage_is_read_as_it_is_shown(tmp_path):
    def percent(book):
        book.active["B2"].number_format = "0.0%"

    path = workbook(tmp_path, [["time", "used-percent"], ["2026-11-01", 0.655]], before=percent)
    found = register(path, ("time", "used-percent"))
    assert found.rows["used-percent"].tolist() == ["65.5%"]
    assert number("65.5%") == 65.5


def test_hidden_sheets_are_told_and_not_read(tmp_path):
    def hide(book):
        book.active.sheet_state = "hidden"
        shown = book.create_sheet("Đang dùng")
        shown.append(["account", "person"])
        shown.append(["binh", "Bình"])

    path = workbook(tmp_path, [["account", "person"], ["an", "An"]], before=hide)
    found = register(path, COLUMNS)
    assert found.rows["account"].tolist() == ["binh"]
    assert "hidden sheet “Sheet” was not read" in found.notes[0].en


def test_a_workbook_whose_only_table_is_hidden_is_refused(tmp_path):
    def hide(book):
        book.active.sheet_state = "hidden"
        book.create_sheet("Bìa")

    with pytest.raises(InputError, match="hidden sheet"):
        register(workbook(tmp_path, [["account", "person"]], before=hide), COLUMNS)


def test_the_first_sheet_whose_header_fits_is_read(tmp_path):
    def more(book):
        book.create_sheet("Bảng").append(["person", "account"])

    assert register(workbook(tmp_path, [["Bìa"]], before=more), COLUMNS).columns == COLUMNS[:2]


@pytest.mark.parametrize("row", [["an", '="Nguyễn"&" An"'], ['="an"', '="An"']])
def test_a_formula_without_its_value_is_refused_with_its_cell(tmp_path, row):
    path = workbook(tmp_path, [["account", "person"], row])
    with pytest.raises(InputError, match="formula") as refused:
        register(path, COLUMNS)
    assert refused.value.place.endswith(("!B2", "!A2"))


def test_a_formula_without_its_value_in_an_unasked_column_does_not_matter(tmp_path):
    path = workbook(tmp_path, [["account", "person", "total"], ["an", "An", "=1+1"]])
    assert register(path, COLUMNS).rows["account"].tolist() == ["an"]


def test_a_formula_with_its_value_is_read_as_its_value(tmp_path):
    path = workbook(tmp_path, [["account", "person"], ["an", "=1+1"]])

    def computed(name, content):
        return content.replace(b"<f>1+1</f><v />", b"<f>1+1</f><v>2</v>").replace(
            b"<f>1+1</f><v></v>", b"<f>1+1</f><v>2</v>"
        )

    assert register(repacked(path, computed), COLUMNS).rows["person"].tolist() == ["2"]


def test_a_false_size_of_a_sheet_hides_no_rows(tmp_path):
    path = workbook(tmp_path, [["account", "person"], ["an", "An"], ["binh", "Bình"]])
    lied = repacked(path, lambda _, content: content.replace(b'ref="A1:B3"', b'ref="A1:B2"'))
    assert len(register(lied, COLUMNS).rows) == 2


def test_a_row_that_claims_number_one_thousand_million_is_refused(tmp_path):
    path = workbook(tmp_path, [["account", "person"], ["an", "An"]])
    claimed = repacked(
        path,
        lambda _, content: content.replace(b'<row r="2"', b'<row r="1000000000"').replace(
            b'r="A2"', b'r="A1000000000"'
        ),
    )
    with pytest.raises(InputError, match="beyond 1,048,576"):
        register(claimed, COLUMNS)


def test_what_unpacks_to_too_much_is_refused_before_it_is_unpacked(tmp_path):
    path = workbook(tmp_path, [["account", "person"]])
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet9.xml", b"0" * (64 << 20))
    with pytest.raises(InputError, match="unpacks to"):
        register(path, COLUMNS)


def test_an_archive_of_too_many_parts_is_refused(tmp_path):
    path = workbook(tmp_path, [["account", "person"]])
    with zipfile.ZipFile(path, "a") as archive:
        for part in range(2001):
            archive.writestr(f"xl/media/{part}.bin", b"")
    with pytest.raises(InputError, match="unpacks to"):
        register(path, COLUMNS)


def test_a_workbook_that_claims_millions_of_parts_is_not_listed(tmp_path):
    path = workbook(tmp_path, [["account", "person"]])
    content = path.read_bytes()
    at = content.rfind(b"PK\x05\x06")
    locator = b"PK\x06\x07" + b"\0" * 16
    path.write_bytes(content[:at] + locator + content[at:])
    # Pythons differ in who notices first
    with pytest.raises(InputError, match=r"no document has so many|no workbook that can be read"):
        register(path, COLUMNS)


def test_a_tag_of_a_workbook_that_never_ends_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(markup, "LONGEST_TAG", 100_000)
    path = repacked(
        workbook(tmp_path, [["account", "person"], ["an", "An"]]),
        lambda name, content: (
            b"<worksheet><row " + b"x" * 300_000 if name.endswith("sheet1.xml") else content
        ),
    )
    with pytest.raises(InputError, match="no workbook that can be read"):
        register(path, COLUMNS)


def test_a_workbook_of_millions_of_elements_is_refused_before_it_is_read(tmp_path, monkeypatch):
    path = workbook(tmp_path, [["account", "person"], ["an", "An"]])
    assert len(register(path, COLUMNS).rows) == 1
    monkeypatch.setattr(reader, "MOST_ELEMENTS", 20)
    with pytest.raises(InputError, match="takes too long"):
        register(path, COLUMNS)


def test_more_rows_than_a_register_has_are_not_all_read_first(tmp_path, monkeypatch):
    monkeypatch.setattr(reader, "MOST_ROWS", 3)
    path = workbook(tmp_path, [["account", "person"], *[["an", "An"]] * 9])
    assert len(register(path, COLUMNS).rows) == 2


def test_entities_are_refused(tmp_path):
    path = workbook(tmp_path, [["account", "person"], ["an", "An"]])

    def with_doctype(name, content):
        return content if "sheet1" not in name else b'<!DOCTYPE a [<!ENTITY b "c">]>' + content

    with pytest.raises(InputError, match="document type"):
        register(repacked(path, with_doctype), COLUMNS)


def test_another_zip_archive_is_no_workbook(tmp_path):
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("a.txt", "b")
    with pytest.raises(InputError, match=r"no \.xlsx workbook"):
        register(file_of(tmp_path, content.getvalue(), "a.xlsx"), COLUMNS)


@pytest.mark.parametrize("part", ["xl/workbook.xml", "xl/worksheets/sheet1.xml", "xl/styles.xml"])
@pytest.mark.parametrize("damage", ["cut", "empty", "noise"])
def test_damaged_workbooks_are_refused_and_never_break_the_reader(tmp_path, part, damage):
    path = workbook(tmp_path, [["account", "person"], ["an", "An"]])

    def damaged(name, content):
        if name != part:
            return content
        return {"cut": content[: len(content) // 2], "empty": b"", "noise": b"\xff\x00<" * 50}[
            damage
        ]

    with pytest.raises(InputError):
        register(repacked(path, damaged), COLUMNS)


def test_a_workbook_cut_anywhere_is_refused(tmp_path):
    content = workbook(tmp_path, [["account", "person"], ["an", "An"]]).read_bytes()
    for end in range(2, len(content) - 1, 397):
        with pytest.raises(InputError):
            register(file_of(tmp_path, content[:end], "cut.xlsx"), COLUMNS)


# --- words --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-11-21", date(2026, 11, 21)),
        ("21/11/2026", date(2026, 11, 21)),
        ("1/2/2026", date(2026, 2, 1)),
        ("21-11-2026", date(2026, 11, 21)),
        ("2026-11-21 23:30", date(2026, 11, 21)),
        ("2026-11-21T23:30:00Z", date(2026, 11, 22)),
        ("31/02/2026", None),
        ("11/21/2026", None),
        ("0000-01-01", None),
        ("hôm nay", None),
        ("", None),
    ],
)
def test_days(text, expected):
    assert day(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-11-21T08:30:00+07:00", datetime(2026, 11, 21, 8, 30, tzinfo=VIETNAM)),
        ("2026-11-21T01:30Z", datetime(2026, 11, 21, 8, 30, tzinfo=VIETNAM)),
        ("2026-11-21 08:30:15.250", datetime(2026, 11, 21, 8, 30, 15, 250000, tzinfo=VIETNAM)),
        ("21/11/2026 08:30", datetime(2026, 11, 21, 8, 30, tzinfo=VIETNAM)),
        ("21/11/2026 8h30", datetime(2026, 11, 21, 8, 30, tzinfo=VIETNAM)),
        ("08:30 21/11/2026", datetime(2026, 11, 21, 8, 30, tzinfo=VIETNAM)),
        ("8h30 ngày 21/11/2026", datetime(2026, 11, 21, 8, 30, tzinfo=VIETNAM)),
        ("2026-11-21", datetime(2026, 11, 21, tzinfo=VIETNAM)),
        ("2026-11-21 25:00", None),
        ("2026-11-21 lúc nào đó", None),
        ("9999-99-99 99:99", None),
    ],
)
def test_moments(text, expected):
    assert moment(text) == expected


def test_a_day_alone_is_told_from_a_moment():
    assert timed("2026-11-21 00:00")
    assert timed("8h30 ngày 21/11/2026")
    assert not timed("2026-11-21")


@pytest.mark.parametrize(
    ("text", "expected"),
    [("Có", True), ("X", True), ("1", True), ("TRUE", True), ("không", False), ("Chưa", False),
     ("0", False), ("", None), ("có thể", None), ("co\u0301", True)],
)  # fmt: skip
def test_truths(text, expected):
    assert truth(text) is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [("0.5", 0.5), ("0,5", 0.5), ("-12.345", -12.345), ("65 %", 65), ("1,234", None), ("1e9", None),
     ("", None), ("nhiều", None), ("1.2.3", None)],
)  # fmt: skip
def test_numbers(text, expected):
    assert number(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [("100000", 100000), ("100.000", 100000), ("1,234,567", 1234567), ("1.234,567", None),
     ("100 000", 100000), ("-1", None), ("1.5", None), ("", None), ("9" * 30, None)],
)  # fmt: skip
def test_counts(text, expected):
    assert count(text) == expected
