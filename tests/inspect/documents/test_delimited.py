import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.inspect.contracts import About
from auditor.inspect.documents import delimited
from auditor.inspect.documents.delimited import DelimitedTable, dialect_of
from tests.inspect.documents.cutting import damaged, pages_of, rows_of, written

CSV = "id,họ tên,cccd\n1,Nguyễn Văn A,001090012345\n2,Trần Thị B,001190054321\n".encode()


def test_names_and_values_come_out_as_written():
    pages = pages_of(DelimitedTable(), CSV)
    assert pages.tables[0][0] == ("id", "họ tên", "cccd")
    assert rows_of(pages)[1] == ("2", "Trần Thị B", "001190054321")
    assert pages.data == b""


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_delimiters_and_line_endings_are_told_by_content(delimiter, ending):
    data = CSV.decode().replace(",", delimiter).replace("\n", ending).encode()
    assert rows_of(pages_of(DelimitedTable(), data)) == rows_of(pages_of(DelimitedTable(), CSV))
    assert DelimitedTable().sniff(data, About()) > 0.5


def test_quoted_delimiters_line_breaks_and_quotes_belong_to_the_value():
    data = b'a,b\n"1,0","x ""y"" z"\n"2","line\nbreak"\n'
    assert rows_of(pages_of(DelimitedTable(), data)) == [
        ("1,0", 'x "y" z'),
        ("2", "line\nbreak"),
    ]


def test_ragged_rows_keep_their_values():
    data = b"a,b,c\n" + b"1,2,3\n" * 20 + b"4,5\n6,7,8,9\n"
    rows = rows_of(pages_of(DelimitedTable(), data))
    assert rows[-2][:2] == ("4", "5")
    assert rows[-1] == ("6", "7", "8", "9")


def test_a_table_without_header_has_empty_names():
    pages = pages_of(DelimitedTable(), b"1,001090012345\n2,001090012346\n")
    assert pages.tables[0][0] == ("", "")
    assert len(rows_of(pages)) == 2


def test_prose_with_commas_is_no_table():
    text = b"Dear Sir, I write to you.\nIt is late, and I am tired, so I stop.\nYours, Bob\n\nPS\n"
    assert DelimitedTable().sniff(text, About()) == 0
    assert pages_of(DelimitedTable(), text).data == text


def test_ten_thousand_columns_are_read():
    names = ",".join(f"c{at}" for at in range(10_000))
    row = ",".join(str(at) for at in range(10_000))
    pages = pages_of(DelimitedTable(), f"{names}\n{row}\n{row}\n".encode(), 4096)
    assert len(pages.tables[0][0]) == 10_000
    assert len(rows_of(pages)) == 2


def test_a_file_of_many_blocks_loses_no_row():
    row = '{at},"Nguyễn ""{at}""","Hà\nNội"\n'
    data = ("id,ten,noi\n" + "".join(row.format(at=at) for at in range(60_000))).encode()
    assert len(data) > 1.5 * delimited.BLOCK
    rows = rows_of(pages_of(DelimitedTable(), data, 60_000))
    assert len(rows) == 60_000
    assert rows[-1] == ("59999", 'Nguyễn "59999"', "Hà\nNội")


def test_one_endless_line_is_read_as_text():
    data = b"a,b\n1,2\n" + b"x" * 6_000_000 + b"\n3,4\n"
    pages = pages_of(DelimitedTable(), data, 1 << 16)
    assert pages.data.count(b"x") == 6_000_000
    assert rows_of(pages)[0] == ("1", "2")


def test_an_open_quote_does_not_swallow_the_file():
    data = b"a,b\n1,2\n" * 10 + b'3,"open\n' + b"1,2\n" * 300_000
    pages = pages_of(DelimitedTable(), data, 1 << 16)
    seen = len(pages.data) + sum(len(cell or "") for row in rows_of(pages) for cell in row)
    assert seen > 0.4 * len(data)


def test_a_huge_field_becomes_text():
    data = b"a,b\n" + b"1,2\n" * 10 + b"3," + b"y" * 100_000 + b"\n"
    pages = pages_of(DelimitedTable(), data)
    assert b"y" * 100_000 in pages.data


def test_legacy_charsets_are_decoded():
    data = "id\thọ tên\n1\tNguyễn\n2\tTrần\n".encode("utf-16")
    assert rows_of(pages_of(DelimitedTable(), data))[1] == ("2", "Trần")


@settings(max_examples=25, deadline=None)
@given(
    st.lists(
        st.tuples(st.text(max_size=8), st.text(max_size=8), st.integers(0, 10**12)), min_size=2
    ),
    st.integers(1, 50),
)
def test_cuts_change_nothing(rows, size):
    lines = [f'"{a.replace(chr(34), "")}",{b.replace(chr(34), "")},{n}' for a, b, n in rows]
    data = "\n".join(["a,b,c", *lines]).encode("utf-8", "replace")
    assert written(pages_of(DelimitedTable(), data, size)) == written(
        pages_of(DelimitedTable(), data)
    )


def test_cuts_change_nothing_over_blocks():
    data = (CSV * 20_000) + b'9,"a\nb"\n' + CSV * 10
    one = written(pages_of(DelimitedTable(), data))
    assert written(pages_of(DelimitedTable(), data, 70_001)) == one


def test_damaged_bytes_do_no_harm():
    for data in damaged(CSV * 5 + b'"q,\n', 60):
        DelimitedTable().sniff(data[:4096], About())
        pages_of(DelimitedTable(), data, 64)


def test_a_dialect_needs_two_lines():
    assert dialect_of(b"a,b,c", whole=True) is None
    assert dialect_of(b"", whole=True) is None
