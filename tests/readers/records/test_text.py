from __future__ import annotations

import csv
import io
import json

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.readers.records.lines import Block
from auditor.readers.records.tally import Tally
from auditor.readers.records.text import cleaned, delimited, json_lines, numbers
from tests.readers.records.telling import told

TEXT, INT, FLOAT = pa.string(), pa.int64(), pa.float64()
WORD = pa.dictionary(pa.int32(), TEXT)


def split(text: str, names="a b c", kinds=None, **more):
    tally = Tally()
    options = {"line": 1, "delimiter": ",", **more}
    kinds = kinds or dict.fromkeys(names.split(), TEXT)
    columns, where = delimited(text.encode(), names.split(), kinds, tally, **options)
    lines = [where.number(row) for row in range(len(next(iter(columns.values()))))]
    return {name: column.to_pylist() for name, column in columns.items()}, lines, told(tally)


def test_sound_lines_become_columns():
    columns, lines, problems = split("1,x,\n2,-,z\n", kinds={"a": INT, "b": TEXT, "c": WORD})
    assert columns == {"a": [1, 2], "b": ["x", None], "c": [None, "z"]}
    assert lines == [1, 2]
    assert not problems


def test_only_the_columns_that_are_wanted_are_given():
    assert split("1,x,y\n", kinds={"c": TEXT})[0] == {"c": ["y"]}


def test_lines_of_other_lengths_are_left_out_and_counted_by_their_place():
    columns, lines, problems = split("1,2,3\n1,2\n\n4,5,6\n1,2,3,4\n  \n", line=10)
    assert columns["a"] == ["1", "4"]
    assert lines == [10, 13]
    assert problems["bad-line"].count == 2
    assert "first at line 11" in problems["bad-line"].message
    assert problems["bad-line"].lost_bytes == 4 + 8


@pytest.mark.parametrize("text", ["\n", "\n\n\n", "x\n", "x\ny\n"])
def test_text_without_any_sound_line_gives_empty_columns_of_the_right_types(text):
    tally = Tally()
    kinds = {"a": INT, "b": WORD}
    columns, _ = delimited(text.encode(), ["a", "b"], kinds, tally, line=1, delimiter=",")
    assert {name: (len(column), column.type) for name, column in columns.items()} == {
        "a": (0, INT),
        "b": (0, WORD),
    }


@pytest.mark.parametrize(
    ("word", "number"),
    [("17", 17), ("-1", -1), ("007", 7), ("x", None), ("1.5", None), ("", None), ("-", None),
     ("9" * 18, int("9" * 18)), ("9" * 30, None), ("1e3", None), ("0x10", 16), ("0xg", None)],
)  # fmt: skip
def test_a_whole_number_is_read_or_null(word, number):
    columns, _, problems = split(f"1,x,y\n{word},x,y\n", kinds={"a": INT})
    assert columns["a"] == [1, number]
    assert ("bad-number" in problems) == (number is None and word not in ("", "-"))


@pytest.mark.parametrize("word", ["nan", "inf", "-inf", "1e999", "x", "1,5"])
@pytest.mark.parametrize("other", ["1.5", "y"])
def test_what_is_no_finite_number_is_null_whatever_stands_in_other_lines(word, other):
    columns, _, problems = split(f"{word};x\n{other};x\n", "a b", {"a": FLOAT}, delimiter=";")
    assert columns["a"] == [None, 1.5 if other == "1.5" else None]
    assert problems["bad-number"].count == 1 + (other == "y")


def test_a_quotation_mark_that_stays_open_costs_its_own_line_only():
    text = 'a,"b,c\nd,e,f\n"g,h,i\nj,"k,1","l ""m"""\n'
    columns, lines, problems = split(text, quoted=True)
    assert columns == {"a": ["d", "j"], "b": ["e", "k,1"], "c": ["f", 'l "m"']}
    assert lines == [2, 4]
    assert problems["bad-line"].count == 2


def test_a_quotation_mark_inside_a_value_is_a_letter_like_others():
    columns, lines, _ = split('5" disk,b,c\nx\n', quoted=True)
    assert (columns["a"], lines) == (['5" disk'], [1])


def test_without_quotes_a_quotation_mark_is_a_letter():
    assert split('"1,2,3"\n')[0]["a"] == ['"1']


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet='ab",\n1 ', max_size=60), st.booleans())
def test_lines_are_split_as_the_standard_library_splits_them(text, quoted):
    text = text.rstrip("\n") + "\n"
    rows, places = [], []
    for place, line in enumerate(text.split("\n")[:-1]):
        if not quoted:
            row = line.split(",")
        else:
            try:
                [row] = csv.reader([line], strict=False) if line else [[]]
            except csv.Error:
                row = []
            if _stays_open(line):
                row = []
        if line and len(row) == 3:
            rows.append(row)
            places.append(place + 1)
    columns, lines, _ = split(text, quoted=quoted, nulls=())
    assert lines == places
    assert [list(row) for row in zip(*columns.values(), strict=True)] == rows


def _stays_open(line: str) -> bool:
    """A line after it would be taken into its last value."""
    rows = list(csv.reader(io.StringIO(line + "\nx")))
    return len(rows) < 2


def test_columns_are_the_same_with_and_without_a_damaged_line():
    good = "".join(f"{row},x{row % 3},{row * 7}\n" for row in range(500))
    kinds = {"a": INT, "b": WORD, "c": INT}
    whole, _, _ = split(good, kinds=kinds)
    damaged, lines, _ = split("broken\n" + good, kinds=kinds)
    assert damaged == whole
    assert lines[0] == 2


def test_many_damaged_lines_take_no_longer_than_sound_ones():
    _, lines, problems = split("\n" * 300_000 + "x\n" * 100_000 + "1,2,3\n")
    assert lines == [400_001]
    assert problems["bad-line"].count == 100_000


def test_a_block_is_made_valid_text():
    tally = Tally()
    text = cleaned(Block(b"a\r\nb\rc\0d\xffe", 7, 0), tally)
    assert text.decode() == "a\nb?c?d\ufffde\n"
    assert told(tally)["bad-encoding"].count == 1
    assert "at line 7" in told(tally)["bad-encoding"].message


def test_valid_text_of_other_alphabets_is_left_alone():
    tally = Tally()
    assert cleaned(Block("Đà Nẵng\n".encode(), 1, 0), tally).decode() == "Đà Nẵng\n"
    assert not told(tally)


def test_numbers_come_out_of_dictionaries_too():
    tally = Tally()
    _, where = delimited(b"1\nx\n", ["a"], {"a": TEXT}, tally, line=1, delimiter=",")
    words = pa.array(["1", "x"]).dictionary_encode()
    assert numbers(words, "a", where, tally).to_pylist() == [1, None]
    assert told(tally)["bad-number"].count == 1


NESTED = pa.struct([pa.field("ip", TEXT), pa.field("port", INT)])
SCHEMA = pa.schema(
    [("t", TEXT), ("n", INT), ("f", FLOAT), ("b", pa.bool_()), ("s", NESTED),
     ("l", pa.list_(TEXT))]
)  # fmt: skip


def objects(*lines: str, schema: pa.Schema = SCHEMA):
    tally = Tally()
    text = "".join(f"{line}\n" for line in lines).encode()
    table, where = json_lines(text, schema, tally, line=1)
    return table.to_pylist(), [where.number(row) for row in range(len(table))], told(tally)


def test_objects_become_rows():
    value = {"t": "x", "n": 1, "f": 1.5, "b": True, "s": {"ip": "::1", "port": 2}, "l": ["y"]}
    assert objects(json.dumps({**value, "more": [1]}), "{}") == (
        [value, dict.fromkeys(SCHEMA.names)],
        [1, 2],
        {},
    )


@pytest.mark.parametrize("line", ["", "[]", "1", "{", "{} {", '"x"', "\ufffd", "[" * 100_000])
def test_what_is_no_object_is_left_out(line):
    rows, lines, problems = objects('{"n": 1}', line, '{"n": 2}')
    assert [row["n"] for row in rows] == [1, 2]
    assert lines == [1, 3]
    assert problems.get("not-json") is None or problems["not-json"].count == 1
    assert ("not-json" in problems) == bool(line)


@pytest.mark.parametrize(
    ("name", "value", "read"),
    [("n", "17", 17), ("n", 17.0, 17), ("n", 17.5, None), ("n", True, None), ("n", "1_7", None),
     ("n", "१", None), ("n", 2**63, None), ("n", [1], None), ("n", float("nan"), None),
     ("n", 10**400, None), ("n", "", None),
     ("f", "1.5", 1.5), ("f", "nan", None), ("f", float("inf"), None), ("f", 2, 2.0),
     ("f", 10**400, None), ("f", False, None),
     ("t", 17, "17"), ("t", None, None), ("t", [1], None), ("t", "\ud800", "?"),
     ("b", "true", None), ("b", 1, None), ("b", False, False),
     ("s", "x", None), ("s", {"ip": 1, "port": "2"}, {"ip": "1", "port": 2}),
     ("l", "x", None), ("l", [1, "y", None], ["1", "y", None])],
)  # fmt: skip
def test_values_of_other_types_mean_the_same_or_nothing(name, value, read):
    rows, _, _ = objects(json.dumps({name: value}), '{"n": "x"}')
    assert rows[0][name] == read


def test_many_lines_that_are_no_objects_take_no_time_to_speak_of():
    rows, lines, problems = objects(*["x"] * 300_000, '{"n": 1}', *["{"] * 1000)
    assert (len(rows), lines) == (1, [300_001])
    assert problems["not-json"].count == 301_000
    assert problems["not-json"].lost_bytes == 602_000


def test_the_last_of_two_equal_keys_counts():
    assert objects('{"n": 1, "n": 2}')[0][0]["n"] == 2


@settings(max_examples=100, deadline=None)
@given(
    st.lists(
        st.one_of(
            st.sampled_from(["", "{", "[1]", "nothing"]),
            st.fixed_dictionaries(
                {}, optional={"n": st.integers(-(2**70), 2**70), "t": st.text(), "x": st.none()}
            ).map(json.dumps),
        ),
        max_size=200,
    )
)
def test_objects_are_read_as_the_standard_library_reads_them(lines):
    wanted = []
    for place, line in enumerate(lines):
        if line.startswith("{") and line != "{":
            value = json.loads(line)
            number = value.get("n")
            fits = number is not None and -(2**63) <= number < 2**63
            text = value.get("t")
            wanted.append((place + 1, number if fits else None, text))
    rows, places, _ = objects(*lines, schema=pa.schema([("n", INT), ("t", TEXT)]))
    found = [(place, row["n"], row["t"]) for place, row in zip(places, rows, strict=True)]
    assert [each[:2] for each in found] == [each[:2] for each in wanted]
    for (_, _, got), (_, _, text) in zip(found, wanted, strict=True):
        surrogates = text is not None and any("\ud800" <= letter <= "\udfff" for letter in text)
        assert got == text or surrogates
