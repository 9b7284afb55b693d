"""Rows of databases as CSV documents."""

import csv
import io

from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.inspect.protocols.rows import Rows, csv_line
from tests.inspect.recorder import RecordedContent


@settings(max_examples=60, deadline=None)
@given(st.lists(st.text(st.sampled_from('a",\r\n ạ'), max_size=6), min_size=2, max_size=4))
def test_a_csv_reader_gets_the_values_back(values):
    line = csv_line([value.encode() for value in values]).decode()
    assert next(csv.reader(io.StringIO(line + "\r\n", newline=""))) == values


def test_no_rows_no_part_and_headers_begin_another():
    content = RecordedContent()
    rows = Rows(content, 1, "rows")
    rows.close()
    rows.header([b"a", b"b"])
    rows.row([b"1", b""])
    rows.header([b"c"])
    rows.miss(5)
    rows.row([b"2"])
    rows.close()
    assert [part.data for part in content.parts] == [b"a,b\r\n1,\r\n", b"c\r\n2\r\n"]
    assert content.parts[1].gaps == [5]
    assert {part.media_type for part in content.parts} == {"text/csv"}


def test_many_rows_are_handed_on_in_pieces():
    content = RecordedContent()
    rows = Rows(content, 1, "rows")
    for _ in range(10_000):
        rows.row([b"001099012345", b"An"])
    rows.close()
    assert 2 < len(content.parts[0].pieces) < 10
