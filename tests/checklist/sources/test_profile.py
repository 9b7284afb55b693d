"""Counts equal those of a plain row-by-row reading, and hold nothing of the values."""

from __future__ import annotations

import csv
import io
import json
import re
import unicodedata
from collections import Counter
from datetime import date, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from auditor.checklist.sources import blocks
from auditor.checklist.sources.profile import profile
from auditor.checklist.sources.rules import Rules
from auditor.checklist.sources.sample import from_json, to_json
from auditor.checklist.sources.values import PLACEHOLDERS, PROVINCES
from auditor.model.errors import InputError

TODAY = date(2026, 11, 21)
COLUMNS = ("key", "person", "born", "ward", "name", "area", "changed")
RULES = Rules.model_validate({
    "format": 1,
    "tables": [
        {
            "name": "rows", "drawn": "random", "primary_key": ["key"],
            "distinct": ["person", "name"], "updated_at": "changed", "max_age_days": 100,
            "columns": [
                {"name": "key", "mandatory": True},
                {"name": "person", "kind": "citizen-id"},
                {"name": "born", "kind": "date", "past": True},
                {"name": "ward", "kind": "admin-code", "codes": "wards"},
                {"name": "name"},
                {"name": "area", "kind": "number", "least": 1, "most": 100},
                {"name": "changed", "kind": "date"},
            ],
            "orders": [{"first": "born", "second": "changed"}],
        }
    ],
})  # fmt: skip
CODES = "list,code,ends\nwards,26734,\nwards,26740,2025-07-01\nwards,26741,2027-07-01\n"


def separated(rows, separator=","):
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=separator, lineterminator="\n").writerows(rows)
    return text.getvalue()


def looked_at(folder, rows, rules=RULES, codes=CODES, **more):
    (folder / "codes.csv").write_text(codes, encoding="utf-8")
    (folder / "rows.csv").write_text(separated(rows), encoding="utf-8")
    return profile({"rows": folder / "rows.csv"}, rules, TODAY, codes=folder / "codes.csv", **more)


def count_of(sample, rule, column="", table="rows"):
    return next(
        (count.of, count.wrong, count.rows)
        for count in sample.counts
        if (count.rule, count.table, count.column) == (rule, table, column)
    )


# --- the plain reading, one cell after the other ---


def day(text):
    found = re.fullmatch(r"(\d{4})-(\d{1,2})-(\d{1,2})", text, re.ASCII)
    parts = found and found.groups()
    if not parts:
        found = re.fullmatch(r"(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})", text, re.ASCII)
        parts = found and found.groups()[::-1]
    try:
        when = date(*map(int, parts)) if parts else None
    except ValueError:
        return None
    return when if when and 1900 <= when.year <= 2200 else None


def number(text):
    formed = re.fullmatch(r"[+-]?\d{1,18}([.,]\d{1,18})?", text, re.ASCII)
    return float(text.replace(",", ".")) if formed else None


def person(text):
    if not re.fullmatch(r"\d{12}", text, re.ASCII):
        return False
    place, century, year = text[:3], int(text[3]), int(text[4:6])
    if place not in PROVINCES and place < "100":
        return False
    return century < 2 or (century < 4 and year <= 26)


def is_junk(text, kind):
    low = unicodedata.normalize("NFC", text).lower()
    words = (
        r"(test|testing|thử|thử nghiệm|dữ liệu thử|demo|asdf|asdfgh|qwerty|abc|abcxyz|a{3,}|x{3,})"
    )
    if re.fullmatch(words + r"[ _-]?[0-9]{0,6}", low):
        return True
    if kind in ("admin-code", "number"):
        return False
    if text in ("01/01/1900", "1/1/1900", "1900-01-01", "9999-12-31"):
        return True
    return kind != "date" and bool(
        re.fullmatch(r"0{3,}|(.)\1{5,}|0?123456789[0-9]{0,3}", text)
        and re.fullmatch(r"[0-9]+", text)
    )


def plainly(rows):
    """Rule and column, with how many rows it concerns and which do not fulfil it."""
    wrong, of = {}, Counter()

    def told(rule, column, line, concerned, failed):
        wrong.setdefault((rule, column), [])
        of[rule, column] += concerned
        if concerned and failed:
            wrong[rule, column].append(line)

    kinds = {column.name: column.kind for column in RULES.tables[0].columns}
    keys, pairs = set(), set()
    for line, cells in enumerate(rows, start=1):
        row = dict(zip(COLUMNS, (cell.strip() for cell in cells), strict=True))
        for column, text in row.items():
            kind = kinds[column]
            dummy = unicodedata.normalize("NFC", text).lower() in PLACEHOLDERS
            there = text != "" and not dummy
            told("empty", column, line, True, text == "")
            told("junk", column, line, text != "", is_junk(text, kind))
            told("placeholder", column, line, text != "", dummy or is_junk(text, kind))
            told("decomposed", column, line, text != "",
                 unicodedata.normalize("NFC", text) != text)  # fmt: skip
            if kind == "citizen-id":
                told("malformed", column, line, there, not person(text))
            elif kind == "date":
                told("malformed", column, line, there, day(text) is None)
            elif kind == "number":
                told("malformed", column, line, there, number(text) is None)
                size = number(text)
                told("range", column, line, there and size is not None,
                     size is not None and not 1 <= size <= 100)  # fmt: skip
            elif kind == "admin-code":
                told("code-ended", column, line, there, text == "26740")
                told("code-unknown", column, line, there,
                     text not in ("26734", "26740", "26741"))  # fmt: skip
        born, changed = day(row["born"]), day(row["changed"])
        told("range", "born", line, born is not None, born is not None and born > TODAY)
        told("order", "born", line, None not in (born, changed),
             None not in (born, changed) and born > changed)  # fmt: skip
        told("undated", "changed", line, True, changed is None)
        told("future", "changed", line, changed is not None, changed and changed > TODAY)
        told("old", "changed", line, changed is not None,
             changed and changed < TODAY - timedelta(days=100))  # fmt: skip
        key, pair = row["key"], (row["person"], row["name"])
        told("empty-key", "", line, True, key == "")
        told("doubled-key", "", line, key != "", key in keys)
        told("doubled-row", "", line, True, pair in pairs)
        keys.add(key)
        pairs.add(pair)
    return {place: (of[place], len(lines), tuple(lines[:5])) for place, lines in wrong.items()}


CELLS = st.sampled_from((
    "", " ", "-", "N/A", "test", "TEST_1", "thử", "Thử", "000", "000000000000", "111111",
    "079200123456", "079427123456", "005200123456", "201099123456", "26734", "26740", "26741",
    "2026-11-21", "2026-11-22", "21/11/2026", "1/2/2026", "31/02/2026", "29.02.2024",
    "01/01/1900", "1", "100", "100,5", "-3", "1e5", "a,b", 'a"b', "a\nb", "Nguyễn", "Nguyễn",
    "Đang cập nhật", " x ", "x",
)) | st.text(
    st.characters(exclude_categories=("C", "Z"), max_codepoint=0x2FFF), max_size=6
)  # fmt: skip


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(rows=st.lists(st.tuples(*[CELLS] * len(COLUMNS)), min_size=1, max_size=12))
def test_counts_are_those_of_a_plain_reading_row_by_row(tmp_path, rows):
    sample = looked_at(tmp_path, [COLUMNS, *rows])
    found = {
        (count.rule, count.column): (count.of, count.wrong, count.rows) for count in sample.counts
    }
    for place, counted in plainly(rows).items():
        assert found[place] == counted, place
    assert from_json(to_json(sample), "profile.json") == sample


SECRETS = st.text(st.characters(exclude_categories=("C", "Z")), min_size=9, max_size=30).map(
    lambda text: f"ẩn{text}"
)


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(rows=st.lists(st.tuples(*[SECRETS] * len(COLUMNS)), min_size=1, max_size=8))
def test_no_value_of_a_table_stands_in_its_profile(tmp_path, rows):
    text = to_json(
        looked_at(tmp_path, [(*COLUMNS, "079200123456"), *((*row, "q") for row in rows)])
    )
    names = json.dumps(json.loads(text), ensure_ascii=False)
    for row in rows:
        for cell in row:
            assert cell not in names
            assert json.dumps(cell)[1:-1] not in text
    assert "079200123456" not in text, "the title of a column without a rule is not told either"


def test_today_and_equal_dates_are_within_their_limits(tmp_path):
    rows = [
        ("1", "", "2026-11-21", "", "", "1", "2026-11-21"),
        ("2", "", "2026-11-22", "", "", "100", "21/11/2026"),
        ("3", "", "2026-08-13", "", "", "101", "2026-08-13"),
        ("4", "", "2026-08-12", "", "", "0", "2026-08-12"),
    ]
    sample = looked_at(tmp_path, [COLUMNS, *rows])
    assert count_of(sample, "order", "born") == (4, 1, (2,))
    assert count_of(sample, "range", "born") == (4, 1, (2,))
    assert count_of(sample, "range", "area") == (4, 2, (3, 4))
    assert count_of(sample, "old", "changed") == (4, 1, (4,))
    assert count_of(sample, "future", "changed") == (4, 0, ())


def test_the_counts_do_not_depend_on_where_blocks_end(tmp_path, monkeypatch):
    rows = [(f"k{n % 900}", "", "", "26740", f"Tên {n}", str(n), "2026-11-20") for n in range(2000)]
    whole = looked_at(tmp_path, [COLUMNS, *rows])
    monkeypatch.setattr(blocks, "BLOCK", 4096)
    assert looked_at(tmp_path, [COLUMNS, *rows]) == whole
    assert count_of(whole, "doubled-key")[1:] == (1100, (901, 902, 903, 904, 905))


def test_cells_that_run_into_each_other_are_not_one_row(tmp_path):
    rows = [("1", "a", "", "", "b", "", ""), ("2", "a\x1fb", "", "", "", "", ""),
            ("3", "a", "", "", "b", "", "")]  # fmt: skip
    assert count_of(looked_at(tmp_path, [COLUMNS, *rows]), "doubled-row") == (3, 1, (3,))


LINKED = Rules.model_validate({
    "format": 1,
    "tables": [
        {"name": "people", "drawn": "all", "primary_key": ["id"],
         "columns": [{"name": "id"}, {"name": "name"}]},
        {"name": "rows", "drawn": "all", "columns": [{"name": "owner"}, {"name": "called"}],
         "foreign_keys": [{"columns": ["owner"], "table": "people"}]},
    ],
    "same": [{"table": "rows", "column": "called", "key": ["owner"], "other": "people",
              "other_column": "name"}],
})  # fmt: skip


def test_orphans_and_differing_values_are_counted_between_tables(tmp_path):
    (tmp_path / "people.csv").write_text("id,name\n1,An\n2,Bình\n,Nobody\n", encoding="utf-8")
    (tmp_path / "rows.csv").write_text(
        "owner,called\n1,An\n1,Anh\n2,Bình\n3,Châu\n,Nobody\n", encoding="utf-8"
    )
    sample = profile({name: tmp_path / f"{name}.csv" for name in ("people", "rows")}, LINKED, TODAY)
    assert count_of(sample, "orphan", "owner") == (4, 1, (4,))
    assert count_of(sample, "differs", "called") == (3, 1, (2,))


def test_the_youngest_change_and_one_day_for_all_rows_are_counted(tmp_path):
    table = RULES.tables[0].model_copy(update={"interval_days": 7})
    rules = RULES.model_copy(update={"tables": (table,)})
    rows = [(str(n), "", "", "", "", "", "2026-11-01") for n in range(3)]
    sample = looked_at(tmp_path, [COLUMNS, *rows], rules)
    assert count_of(sample, "late", "changed")[:2] == (1, 1)
    assert count_of(sample, "one-day", "changed")[:2] == (3, 3)
    future = [(str(n), "", "", "", "", "", f"2027-11-0{n + 1}") for n in range(3)]
    sample = looked_at(tmp_path, [COLUMNS, *future], rules)
    assert count_of(sample, "late", "changed")[:2] == (1, 1), "no change lies in the past"
    assert count_of(sample, "one-day", "changed")[:2] == (3, 0)


def test_marks_and_identifiers_are_counted_in_columns_without_a_rule(tmp_path):
    log = Rules.model_validate({
        "format": 1,
        "tables": [{"name": "rows", "purpose": "log", "columns": [{"name": "at"}]}],
    })  # fmt: skip
    rows = [("at", "said", "more"), ("1", "id=079200123456;", "079200123456"),
            ("2", "id 000200123456", ""), ("3", "tel 84079200123456", "Tối mật"),
            ("4", "bảo mật", "mật khẩu")]  # fmt: skip
    sample = looked_at(tmp_path, rows, log)
    assert count_of(sample, "identifier") == (2, 1, (1,))
    assert count_of(sample, "mark") == (4, 1, (3,))


def test_rows_with_too_many_or_too_few_cells_are_left_out_and_counted(tmp_path):
    rows = [COLUMNS, ("1", *[""] * 6), ("2", "x"), ("3", *[""] * 9), ("4", *[""] * 6)]
    sample = looked_at(tmp_path, rows)
    assert count_of(sample, "broken-row") == (4, 2, ())
    assert sample.tables[0].rows == 2
    assert from_json(to_json(sample), "x") == sample


def test_a_whole_table_with_fewer_rows_than_it_has_is_told(tmp_path):
    table = RULES.tables[0].model_copy(update={"drawn": "all", "expected_rows": 10})
    sample = looked_at(
        tmp_path, [COLUMNS, ("1", *[""] * 6)], RULES.model_copy(update={"tables": (table,)})
    )
    assert count_of(sample, "missing-rows") == (10, 9, ())
    assert from_json(to_json(sample), "x") == sample


def test_an_empty_table_counts_nothing(tmp_path):
    sample = looked_at(tmp_path, [COLUMNS])
    assert (sample.tables[0].rows, sample.counts) == (0, ())


def test_a_table_without_a_file_and_a_file_without_a_table_are_refused(tmp_path):
    with pytest.raises(InputError, match="table without a file"):
        profile({}, RULES, TODAY)
    with pytest.raises(InputError, match="the rules do not name"):
        profile({"rows": tmp_path, "zz": tmp_path}, RULES, TODAY)


def test_a_code_list_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(InputError, match="no code list 'wards'"):
        looked_at(tmp_path, [COLUMNS], codes="list,code,ends\ntowns,1,\n")
    with pytest.raises(InputError, match="1 codes end on a day"):
        looked_at(tmp_path, [COLUMNS], codes="list,code,ends\nwards,1,soon\n")


def test_a_file_of_code_lists_that_is_not_there_is_told(tmp_path):
    with pytest.raises(InputError, match="no such file"):
        profile({"rows": tmp_path / "rows.csv"}, RULES, TODAY, codes=tmp_path / "no.csv")


def test_a_code_that_ended_and_came_back_is_current(tmp_path):
    codes = "list,code,ends\nwards,1,2020-01-01\nwards,1,\n"
    sample = looked_at(tmp_path, [COLUMNS, ("k", "", "", "1", "", "", "")], codes=codes)
    assert count_of(sample, "code-ended", "ward")[1] == 0
    assert count_of(sample, "code-unknown", "ward")[1] == 0
