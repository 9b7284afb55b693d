# ruff: noqa: S608 - the statements are read as text, never run
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.inspect.contracts import About
from auditor.inspect.documents.sql_text import SqlDump
from tests.inspect.documents.cutting import damaged, pages_of, rows_of, written

CREATE = (
    "CREATE TABLE `khach` (\n  `id` int(11) NOT NULL,\n  `ten` varchar(50) COMMENT 'a,(b',\n"
    "  `gia` decimal(10,2) DEFAULT '0',\n  PRIMARY KEY (`id`),\n"
    "  KEY `k` (`ten`)\n) ENGINE=InnoDB;\n"
)
MYSQL = "-- MySQL dump 10.13\n" + CREATE + "".join(
    "INSERT INTO `khach` VALUES "
    + ",".join(f"({at},'O\\'Neil ''{at}'' (x),(y)',NULL)" for at in range(500))
    + ";\n"
    for _ in range(4)
)  # fmt: skip
POSTGRES = (
    "--\n-- PostgreSQL database dump\n--\nCREATE TABLE public.khach (id integer, ten text);\n"
    "COPY public.khach (id, ten, cccd) FROM stdin;\n"
    + "".join(f"{at}\tNguyễn\\t{at}\t\\N\n" for at in range(3000))
    + "\\.\n\nSELECT pg_catalog.setval('x', 1);\n"
    + "".join(f"INSERT INTO public.khach VALUES ({at}, 'C:\\');\n" for at in range(3000))
)


def test_rows_take_their_names_from_the_created_table():
    pages = pages_of(SqlDump(), MYSQL.encode())
    assert pages.tables[0][0] == ("id", "ten", "gia")
    rows = rows_of(pages)
    assert len(rows) == 2000
    assert rows[499] == ("499", "O'Neil '499' (x),(y)", None)
    assert b"PRIMARY KEY" in pages.data


def test_copied_and_inserted_rows_of_postgresql():
    pages = pages_of(SqlDump(), POSTGRES.encode())
    rows = rows_of(pages)
    assert pages.tables[0][0] == ("id", "ten", "cccd")
    assert rows[2999] == ("2999", "Nguyễn\t2999", None)
    assert rows[-1] == ("2999", "C:\\")
    assert len(rows) == 6000
    assert b"setval" in pages.data


def test_columns_and_casts_of_sql_server():
    data = (
        b"INSERT [dbo].[T] ([so cccd], [b]) VALUES "
        b"(N'001', CAST(N'2020' AS Date)), (NULL, 0x00)\nGO\n"
    )
    pages = pages_of(SqlDump(), data)
    assert pages.tables[0][0] == ("so cccd", "b")
    assert rows_of(pages) == [("001", "CAST(N'2020' AS Date)"), (None, "0x00")]
    assert pages.data.endswith(b"GO\n")


def test_plain_rows_that_are_alike_are_read_as_the_others():
    data = "INSERT INTO t (a, b) VALUES\n" + ",\n".join(f"({at}, 'x\\ny')" for at in range(20_000))
    rows = rows_of(pages_of(SqlDump(), data.encode()))
    assert len(rows) == 20_000
    assert set(rows) == {(str(at), "x\ny") for at in range(20_000)}


def test_other_statements_are_text():
    data = b"UPDATE khach SET cccd='001090012345' WHERE id=1;\nDELETE FROM x;\n"
    assert pages_of(SqlDump(), data).data == data
    data = b"INSERT INTO a SELECT * FROM b WHERE c = '001090012345';\n"
    assert pages_of(SqlDump(), data).data == data


@pytest.mark.parametrize(
    "data",
    [
        b"INSERT INTO a VALUES ('" + b"x" * 2_000_000,
        b"INSERT INTO a VALUES (" + b"(" * 2_000_000,
        b"INSERT INTO a VALUES (1)," * 50_000,
        b"INSERT INTO a VALUES (" + b"'," * 500_000,
        b"COPY a FROM stdin;\n" + b"\t" * 1_000_000,
        b"CREATE TABLE a (" + b"b int," * 300_000,
        b"INSERT INTO " * 100_000,
    ],
)
def test_hostile_statements_stay_cheap(data):
    pages_of(SqlDump(), data, 1 << 16)


def test_dumps_are_recognised():
    assert SqlDump().sniff(MYSQL[:4096].encode(), About()) == 0.8
    assert SqlDump().sniff(b"SELECT 1", About(filename="a.sql")) == 0.5
    assert SqlDump().sniff(b"please insert into the box", About()) == 0


@settings(max_examples=5, deadline=None)
@given(st.sampled_from([MYSQL, POSTGRES]), st.integers(50, 60_000))
def test_cuts_change_nothing(text, size):
    data = text.encode() * 3
    assert written(pages_of(SqlDump(), data, size)) == written(pages_of(SqlDump(), data))


def test_damaged_bytes_do_no_harm():
    for text in (MYSQL[:1500], POSTGRES[:300] + POSTGRES[-300:]):
        for data in damaged(text.encode(), 40):
            SqlDump().sniff(data[:4096], About())
            pages_of(SqlDump(), data, 100)
