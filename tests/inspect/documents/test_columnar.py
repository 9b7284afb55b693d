import datetime
import io
import json
import sqlite3

import pyarrow as pa
import pytest
from pyarrow import ipc
from pyarrow import parquet as pq

from auditor.inspect.contracts import About
from auditor.inspect.documents import columnar
from auditor.inspect.documents.columnar import AvroFile, ColumnarFile, OrcFile, SqliteDatabase
from tests.inspect.documents.cutting import damaged, rows_of, whole_pages_of

TABLE = pa.table(
    {
        "ten": ["Nguyễn A", None] * 500,
        "cccd": pa.array(["001090012345"] * 1000).dictionary_encode(),
        "so": list(range(1000)),
        "ngay": [datetime.date(1990, 1, 2)] * 1000,
        "tho": [b"\xff\x00", b"abc"] * 500,
        "trong": [{"a": ["x", "y"]}] * 1000,
    }
)


def parquet() -> bytes:
    sink = io.BytesIO()
    pq.write_table(TABLE, sink)
    return sink.getvalue()


def arrow(*, file: bool) -> bytes:
    sink = io.BytesIO()
    with (ipc.new_file if file else ipc.new_stream)(sink, TABLE.schema) as writer:
        writer.write_table(TABLE)
    return sink.getvalue()


@pytest.mark.parametrize(
    "data",
    [parquet(), arrow(file=True), arrow(file=False)],
    ids=["parquet", "arrow", "stream"],
)
def test_rows_come_out_as_text(data):
    assert ColumnarFile().sniff(data[:4096], About()) == 1.0
    pages = whole_pages_of(ColumnarFile(), data)
    assert pages.tables[0][0] == ("ten", "cccd", "so", "ngay", "tho", "trong")
    rows = rows_of(pages)
    assert len(rows) == 1000
    assert rows[0][:5] == ("Nguyễn A", "001090012345", "0", "1990-01-02", None)
    assert rows[1][0] is None
    assert rows[1][4] == "abc"
    assert "'x', 'y'" in rows[0][5]
    assert b"cccd\n" in pages.data
    assert pages.unread_why == []


def test_damaged_columnar_files_are_told():
    for data in (parquet(), arrow(file=True), arrow(file=False)):
        assert whole_pages_of(ColumnarFile(), data[: len(data) // 2]).unread_why or len(data) == 0
        for other in damaged(data, 15):
            if ColumnarFile().sniff(other[:4096], About()):
                whole_pages_of(ColumnarFile(), other)


def test_what_unpacks_to_very_many_rows_is_a_bomb(monkeypatch):
    monkeypatch.setattr(columnar, "MOST_CELLS", 5000)
    kind = whole_pages_of(ColumnarFile(), parquet()).unread_why
    assert kind == [("bomb", "Parquet")]


def test_geoparquet_is_geodata():
    sink = io.BytesIO()
    pq.write_table(TABLE.select(["so"]).replace_schema_metadata({"geo": "{}"}), sink)
    assert whole_pages_of(ColumnarFile(), sink.getvalue()).facts == [("geodata", "GeoParquet")]


def test_the_schema_of_avro_is_text_and_the_rest_unread():
    schema = json.dumps({"type": "record", "fields": [{"name": "so_cccd", "type": "string"}]})
    data = b"Obj\x01\x04\x16avro.schema\xa0\x01" + schema.encode() + b"\0" + b"\x02" * 50
    assert AvroFile().sniff(data, About()) == 1.0
    pages = whole_pages_of(AvroFile(), data)
    assert b"so_cccd" in pages.data
    assert pages.unread_why == [("unsupported", "Avro")]


def test_orc_is_said_not_to_be_read():
    data = b"ORC" + bytes(range(256))
    assert OrcFile().sniff(data, About()) == 0.9
    assert OrcFile().sniff(b"ORC is a format, and orcs are others", About()) == 0
    assert whole_pages_of(OrcFile(), data).unread_why == [("unsupported", "ORC")]


def database(tmp_path, *statements: str) -> bytes:
    path = tmp_path / "one.db"
    path.unlink(missing_ok=True)
    connection = sqlite3.connect(path)
    for statement in statements:
        connection.execute(statement)
    connection.commit()
    connection.close()
    return path.read_bytes()


def test_tables_of_sqlite_are_read(tmp_path):
    data = database(
        tmp_path,
        'CREATE TABLE "khách ""1""" (id INTEGER PRIMARY KEY, cccd TEXT, x REAL, y BLOB)',
        """INSERT INTO "khách ""1\""" VALUES
        (1, '001090012345', 1.5, x'ff00'), (2, NULL, 2, 'abc')""",
    )
    assert SqliteDatabase().sniff(data[:4096], About()) == 1.0
    pages = whole_pages_of(SqliteDatabase(), data)
    assert pages.tables[0][0] == ("id", "cccd", "x", "y")
    assert rows_of(pages) == [("1", "001090012345", "1.5", None), ("2", None, "2.0", "abc")]


def test_views_triggers_and_generated_columns_cannot_run_forever(tmp_path, monkeypatch):
    monkeypatch.setattr(columnar, "MOST_STEPS", 20_000)
    endless = "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT x FROM c"
    data = database(
        tmp_path,
        "CREATE TABLE a (b TEXT, c TEXT GENERATED ALWAYS AS (hex(zeroblob(1000))) VIRTUAL)",
        "INSERT INTO a (b) VALUES ('001090012345')",
        f"CREATE VIEW v AS {endless}",
        "CREATE TABLE z (b TEXT)",
        "INSERT INTO z VALUES ('still read')",
    )
    # A schema that says a table is the view: what stands there is never run.
    data = data.replace(b"CREATE VIEW v AS WITH", b"CREATE VIEW z AS WITH")
    pages = whole_pages_of(SqliteDatabase(), data)
    assert "damaged" in [why for why, _ in pages.unread_why] or rows_of(pages)


def test_virtual_tables_are_left_alone(tmp_path):
    data = database(
        tmp_path,
        "CREATE VIRTUAL TABLE f USING fts5(x)",
        "INSERT INTO f VALUES ('001090012345')",
    )
    names = [names for names, _ in whole_pages_of(SqliteDatabase(), data).tables]
    assert ("x",) not in names  # the table itself; its content lies in plain ones beside it


def test_a_geopackage_is_geodata(tmp_path):
    data = database(
        tmp_path,
        "PRAGMA application_id = 1196444487",
        "CREATE TABLE gpkg_contents (table_name TEXT, srs_id INT, min_x, min_y, max_x, max_y)",
        "INSERT INTO gpkg_contents VALUES ('thua', 4326, 105.1, 20.9, 106.0, 21.4)",
    )
    assert whole_pages_of(SqliteDatabase(), data).facts == [("geodata", "GeoPackage, in Vietnam")]


def test_damaged_databases_do_no_harm(tmp_path):
    data = database(
        tmp_path,
        "CREATE TABLE a (b TEXT)",
        "INSERT INTO a WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c LIMIT 500) "
        "SELECT 'v' || x FROM c",
    )
    for other in damaged(data, 40):
        if SqliteDatabase().sniff(other[:4096], About()):
            whole_pages_of(SqliteDatabase(), other)
    assert whole_pages_of(SqliteDatabase(), data[:5000]).unread_why
