"""Parquet: AWS's names, mappings and guesses; packed, damaged and hostile files."""

from __future__ import annotations

import gzip
import hashlib
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyarrow import parquet

from auditor.model.documents import parse
from auditor.model.errors import InputError
from auditor.readers import Wanted, Watch, read_inputs
from auditor.readers.formats import reader_of, readers_for
from auditor.readers.reading import Settings
from auditor.readers.tables import parquet_file
from auditor.readers.tables.mapping import Mapping
from auditor.readers.tables.parquet import ParquetReader
from tests.readers.reading import read_files

SAMPLES = Path(__file__).parents[3] / "samples" / "logs" / "parquet"
START = 1790558400
AWS = {
    "srcaddr": ["10.20.1.5", "8.8.8.8"], "dstaddr": ["8.8.8.8", "10.20.1.5"],
    "srcport": [50000, 443], "dstport": [443, 50000], "protocol": [6, 6], "packets": [2, 3],
    "bytes": [100, 200], "start": [START, START], "end": [START + 59, START + 59],
    "action": ["ACCEPT", "ACCEPT"], "log_status": ["OK", "OK"],
}  # fmt: skip
PLAIN = {
    "src_ip": ["10.20.1.5", "10.20.1.6"], "dst_ip": ["8.8.8.8", "9.9.9.9"],
    "start": pa.array([START, START + 1]), "bytes_sent": [1, 2], "bytes_received": [3, 4],
}  # fmt: skip


def write(path: Path, columns: dict, **more) -> Path:
    parquet.write_table(pa.table(columns), path, **more)
    return path


def read(path: Path, *mappings: Mapping):
    [answer], [table], problems, sizes = read_files(ParquetReader(mappings), [path])
    return answer, table.to_pylist(), {problem.code: problem for problem in problems}, sizes


def test_aws_columns_make_two_way_flows(tmp_path):
    _, [flow], problems, _ = read(write(tmp_path / "a", AWS))
    assert (flow["src_ip"], flow["dst_port"], flow["src_bytes"]) == ("10.20.1.5", 443, 100)
    assert (flow["dst_bytes"], flow["seen_by"], flow["time_basis"]) == (200, "aws-vpc", "window")
    assert set(problems) <= {"window"}


def test_aws_names_may_have_dashes(tmp_path):
    named = {name.replace("_", "-"): values for name, values in AWS.items()}
    assert len(read(write(tmp_path / "a", named))[1]) == 1


def test_alibaba_has_the_same_names_and_is_no_aws(tmp_path):
    _, [flow], problems, _ = read(write(tmp_path / "a", AWS | {"eni-id": ["e", "e"]}))
    assert flow["seen_by"] == "table"
    assert "mapping-guessed" in problems


@pytest.mark.parametrize("kind", [pa.uint64(), pa.int16(), pa.string()])
def test_numbers_of_any_width_are_read(tmp_path, kind):
    columns = AWS | {"bytes": pa.array([100, 200]).cast(kind)}
    assert read(write(tmp_path / "a", columns))[1][0]["src_bytes"] == 100


@pytest.mark.parametrize("kind", ["s", "ms", "us", "ns"])
@pytest.mark.parametrize("zone", ["UTC", "Asia/Ho_Chi_Minh", None])
def test_times_by_type_are_read(tmp_path, kind, zone):
    moment = datetime(2026, 9, 28, 1, 20, tzinfo=UTC)
    times = pa.array([moment, moment], pa.timestamp("us", tz="UTC")).cast(
        pa.timestamp(kind, tz="UTC")
    )
    if zone is None:
        times = times.cast(pa.int64()).cast(pa.timestamp(kind))
    elif zone != "UTC":
        times = times.cast(pa.timestamp(kind, tz=zone))
    _, flows, problems, _ = read(write(tmp_path / "a", PLAIN | {"start": times}))
    hour = 18 if zone is None else 1
    assert [flow["start"].hour for flow in flows] == [hour, hour]
    assert {flow["clock"] for flow in flows} == {"stated" if zone else "assumed"}
    assert ("zone-assumed" in problems) is (zone is None)


def test_a_mapping_reaches_into_structs(tmp_path):
    columns = {
        "t": pa.array([START * 1000, None]), "a": [{"ip": "10.0.0.1"}, {"ip": "10.0.0.2"}],
        "b": ["8.8.8.8", "-"], "v": ["Drop", "Pass"], "n": [1.5, float("nan")],
    }  # fmt: skip
    mapping = parse(
        "name: fw\ncolumns: {start: t, src_ip: a.ip, dst_ip: b, src_bytes: n}\n"
        "time: {format: epoch-ms}\nunits: {bytes: KiB}\nblocked: {column: v, values: [drop]}\n",
        Mapping,
        "m",
    )
    _, [flow], problems, _ = read(write(tmp_path / "a", columns), mapping)
    assert (flow["src_ip"], flow["src_bytes"], flow["blocked"]) == ("10.0.0.1", 1536, True)
    assert "bad-time" in problems
    assert problems["bad-time"].lost_bytes is None


def test_a_mapping_that_does_not_fit_has_its_mistakes_told(tmp_path):
    mapping = parse("name: fw\ncolumns: {start: t, src_ip: a, dst_ip: dst_ip}\n", Mapping, "m")
    answer, _, _, _ = read(write(tmp_path / "a", PLAIN), mapping)
    assert isinstance(answer, InputError)
    assert "2 mistakes" in answer.message
    assert answer.place == str(tmp_path / "a")


def test_many_row_groups_are_one_log(tmp_path):
    rows = 200_000
    columns = {
        "src_ip": ["10.20.1.5"] * rows, "dst_ip": ["8.8.8.8"] * rows,
        "start": list(range(START, START + rows)), "bytes": list(range(rows)),
        "dst_port": [443] * rows, "bytes_received": [0] * rows,
    }  # fmt: skip
    answer, flows, _, sizes = read(write(tmp_path / "a", columns, row_group_size=70_000))
    assert answer.packets == len(flows) == rows
    assert sum(flow["src_bytes"] for flow in flows) == sum(range(rows))
    assert sum(sizes) == (tmp_path / "a").stat().st_size


def test_packed_files_and_members_are_read_too(tmp_path):
    plain = write(tmp_path / "a.parquet", PLAIN).read_bytes()
    folder = tmp_path / "packed"
    folder.mkdir()
    (folder / "a.gz").write_bytes(gzip.compress(plain))
    with zipfile.ZipFile(folder / "b.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("inner.parquet", plain + b"")
    answer, flows, _, sizes = read(folder / "a.gz")
    assert len(flows) == 2
    assert answer.content == hashlib.sha256(plain).hexdigest()
    assert answer.sha256 == hashlib.sha256((folder / "a.gz").read_bytes()).hexdigest()
    assert sum(sizes) == (folder / "a.gz").stat().st_size
    inputs, _ = read_inputs(Wanted((folder / "b.zip",)), lambda problem: None, Watch())
    assert (inputs[0].reader, inputs[0].flows) == ("parquet", 2)


def test_a_packed_file_too_large_to_copy_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(parquet_file, "MOST_COPY", 100)
    path = tmp_path / "a.gz"
    path.write_bytes(gzip.compress(write(tmp_path / "a", PLAIN).read_bytes()))
    answer = read(path)[0]
    assert isinstance(answer, InputError)
    assert "unpacks to more" in answer.message


def test_the_same_records_in_two_files_count_once(tmp_path):
    paths = [write(tmp_path / name, PLAIN) for name in ("a", "b")]
    _, tables, problems, _ = read_files(ParquetReader(), paths)
    assert [len(table) for table in tables] == [2, 0]
    assert "duplicate-records" in {problem.code for problem in problems}


def test_an_audits_own_flow_table_is_refused(tmp_path):
    _, flows = read_inputs(Wanted((SAMPLES / "firewall.parquet",)), lambda problem: None, Watch())
    parquet.write_table(flows.whole(), tmp_path / "flows.parquet")
    answer = read(tmp_path / "flows.parquet")[0]
    assert isinstance(answer, InputError)
    assert "the flow table of an audit" in answer.message


def test_an_empty_table_has_no_flows(tmp_path):
    empty = pa.table(PLAIN).slice(0, 0)
    parquet.write_table(empty, tmp_path / "a")
    answer, flows, _, _ = read(tmp_path / "a")
    assert not flows
    assert isinstance(answer, InputError) or answer.packets == 0


@pytest.mark.parametrize(
    ("damage", "what"),
    [
        (lambda data: data[:-20], "is cut"),
        (lambda data: data[: len(data) // 2], "is cut"),
        (lambda data: data[:-8] + b"\xff\xff\xff\x7fPAR1", "larger than any"),
        (lambda data: data[:-4] + b"PARE", "is encrypted"),
        (lambda data: b"PARE" + data[4:], "is encrypted"),
        (lambda data: data[:-40] + b"\xff" * 32 + data[-8:], "is damaged"),
        (lambda data: b"PAR1" + b"\0" * 20 + b"\0\0\0\0PAR1", "is damaged"),
    ],
)
def test_damaged_files_say_what_is_wrong(tmp_path, damage, what):
    path = tmp_path / "a"
    path.write_bytes(damage(write(path, PLAIN).read_bytes()))
    assert reader_of(path).name == "parquet"
    answer = read(path)[0]
    assert isinstance(answer, InputError)
    assert what in answer.message
    assert answer.hint


def test_a_damaged_row_group_is_passed_over(tmp_path):
    rows = 3000
    columns = {
        "src_ip": [f"10.20.{row // 250}.{row % 250}" for row in range(rows)],
        "dst_ip": ["8.8.8.8"] * rows, "start": list(range(START, START + rows)),
        "bytes_received": [0] * rows,
    }  # fmt: skip
    path = write(tmp_path / "a", columns, row_group_size=1000, compression="zstd")
    data = bytearray(path.read_bytes())
    column = parquet.ParquetFile(path).metadata.row_group(1).column(0)
    first = column.dictionary_page_offset or column.data_page_offset
    data[first + 30 : first + 400] = b"\xff" * 370
    path.write_bytes(data)
    answer, flows, problems, _ = read(path)
    assert answer.packets == len(flows) == 2000
    assert problems["damaged-rows"].count == 1000
    assert "at line 1001" in problems["damaged-rows"].message


def test_texts_that_are_none_do_not_end_the_reading(tmp_path):
    bad = pa.array([b"10.20.1.5", b"\xff\xfe"]).view(pa.string())
    _, flows, problems, _ = read(write(tmp_path / "a", AWS | {"action": bad}))
    assert not flows
    assert problems["damaged-rows"].count == 2
    answer = read(write(tmp_path / "b", PLAIN | {"src_ip": bad}))[0]
    assert isinstance(answer, InputError)


def test_a_text_repeated_over_and_over_takes_no_room(tmp_path):
    rows = 300_000
    columns = {
        "src_ip": ["10.20.1.5"] * rows, "dst_ip": ["8.8.8.8"] * rows,
        "start": [START] * rows, "hostname": ["x" * 1_000_000] * rows,
    }  # fmt: skip
    table = pa.table({name: pa.array(values).dictionary_encode() if name != "hostname" else
                      pa.DictionaryArray.from_arrays(pa.array([0] * rows, pa.int32()),
                                                     [values[0]])
                      for name, values in columns.items()})  # fmt: skip
    parquet.write_table(table, tmp_path / "a", store_schema=False)
    answer, flows, problems, _ = read(tmp_path / "a")
    assert isinstance(answer, InputError) or problems["text-too-long"].count
    assert all(flow["host"] is None for flow in flows)


def test_more_records_than_bytes_can_hold_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(parquet_file, "MOST_PER_BYTE", 10)
    rows = 300_000
    nothing = pa.nulls(rows, pa.string())
    table = pa.table({"src_ip": nothing, "dst_ip": nothing, "start": pa.nulls(rows, pa.int64())})
    parquet.write_table(table, tmp_path / "a")
    answer = read(tmp_path / "a")[0]
    assert isinstance(answer, InputError)
    assert "more than it can hold" in answer.message


def test_texts_inside_objects_take_no_room_either(tmp_path):
    rows = 70_000
    text = pa.DictionaryArray.from_arrays(pa.array([0] * rows, pa.int32()), ["x" * 1_000_000])
    host = pa.StructArray.from_arrays([text, pa.array(["y"] * rows)], ["domain", "z"])
    columns = {
        "src_ip": ["10.20.1.5"] * rows, "dst_ip": ["8.8.8.8"] * rows, "start": [START] * rows,
        "server": host,
    }  # fmt: skip
    path = tmp_path / "a"
    parquet.write_table(pa.table(columns), path, store_schema=False)
    mapping = parse(
        "name: m\ncolumns: {start: start, src_ip: src_ip, dst_ip: dst_ip, host: server.domain}\n"
        "time: {format: epoch-s}\n",
        Mapping,
        "m",
    )
    _, flows, problems, _ = read(path, mapping)
    assert len(flows) == rows
    assert problems["text-too-long"].count >= 1


@pytest.mark.parametrize("reader", readers_for(()), ids=lambda reader: reader.name)
def test_only_this_reader_takes_parquet(reader, tmp_path):
    head = write(tmp_path / "a", AWS).read_bytes()[:65536]
    assert (reader.sniff(head) > 0) is (reader.name == "parquet")


@settings(
    deadline=None, max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.integers(0, 10_000), st.binary(min_size=1, max_size=20))
def test_no_damage_makes_the_reader_stumble(tmp_path, place, junk):
    path = tmp_path / "a"
    data = bytearray(write(path, PLAIN | {"hostname": ["a.vn", "b.vn"]}).read_bytes())
    place %= len(data)
    data[place : place + len(junk)] = junk
    path.write_bytes(data)
    [answer], [table], _, _ = read_files(ParquetReader(), [path], Settings())
    assert isinstance(answer, InputError) or answer.packets >= len(table)
