from __future__ import annotations

import hashlib
import os
import resource
import stat
from datetime import UTC, date, datetime

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from auditor.model.errors import StoreError
from auditor.model.flow_table import FLOW_TABLE
from auditor.store import flow_writing, flows, runs
from auditor.store.findings import News
from tests.store import made

MIDNIGHT = int(datetime(2026, 11, 21, 17, tzinfo=UTC).timestamp()) * 10**9
"""When 22 November began in Vietnam, in nanoseconds."""
DAY = 86_400 * 10**9


def kept(store, number, *parts, staging):
    """A run whose flows stand in the store."""
    run = made.run(number)
    files = flows.partitioned(parts, staging / run.run_id, run.run_id)
    flows.placed(staging / run.run_id, store.folder, files)
    with store.writing() as connection:
        runs.added(connection, "nightly", run, None, News())
        flows.added(connection, run.run_id, files)
    return run, files


def starts(frame):
    return frame["start"].astype("int64").tolist()


def test_flows_lie_by_the_day_in_vietnam_on_which_they_started(tmp_path):
    part = made.flows([MIDNIGHT - 1, MIDNIGHT, MIDNIGHT + DAY - 1, MIDNIGHT + DAY])
    files = flows.partitioned([part], tmp_path / "out", "r-1")
    assert [(each.path, each.day, each.rows) for each in files] == [
        ("flows/day=2026-11-21/r-1.parquet", "2026-11-21", 1),
        ("flows/day=2026-11-22/r-1.parquet", "2026-11-22", 2),
        ("flows/day=2026-11-23/r-1.parquet", "2026-11-23", 1),
    ]
    table = pq.read_table(tmp_path / "out/day=2026-11-22/r-1.parquet", partitioning=None)
    assert table.equals(part.slice(1, 2))


def test_a_file_is_what_its_row_says_and_keeps_the_contract(tmp_path):
    (file,) = flows.partitioned([made.flows([MIDNIGHT])] * 3, tmp_path / "out", "r-1")
    path = tmp_path / "out/day=2026-11-22/r-1.parquet"
    content = path.read_bytes()
    assert (file.size, file.sha256) == (len(content), hashlib.sha256(content).hexdigest())
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    schema = pq.read_schema(path)
    assert schema.equals(FLOW_TABLE)
    assert schema.metadata == FLOW_TABLE.metadata
    for field in FLOW_TABLE:  # Parquet adds its own number of the field
        assert field.metadata.items() <= schema.field(field.name).metadata.items()
    assert pq.ParquetFile(path).metadata.row_group(0).column(0).compression == "ZSTD"


def test_no_flows_make_no_files(tmp_path):
    assert flows.partitioned([made.flows([])], tmp_path / "out", "r-1") == ()
    assert flows.partitioned([], tmp_path / "out", "r-1") == ()


def test_the_ends_of_time_are_days_too(tmp_path):
    last = 2**63 - 1
    files = flows.partitioned([made.flows([-last, -1, 0, last])], tmp_path / "out", "r-1")
    assert [each.day for each in files] == ["1677-09-21", "1970-01-01", "2262-04-12"]


def test_rows_of_one_day_in_many_parts_become_few_groups(tmp_path, monkeypatch):
    monkeypatch.setattr(flow_writing, "WAITING", 1000)
    parts = [made.flows([MIDNIGHT + each for each in range(100)]) for _ in range(35)]
    (file,) = flows.partitioned(parts, tmp_path / "out", "r-1")
    metadata = pq.ParquetFile(tmp_path / "out/day=2026-11-22/r-1.parquet").metadata
    assert (file.rows, metadata.num_rows, metadata.num_row_groups) == (3500, 3500, 4)


def test_the_file_that_is_longest_without_a_row_is_ended_and_goes_on_in_a_second(
    tmp_path, monkeypatch
):
    monkeypatch.setattr(flow_writing, "WAITING", 0)
    monkeypatch.setattr(flow_writing, "OPEN", 2)
    parts = [made.flows([MIDNIGHT + day * DAY]) for day in (0, 1, 0, 2, 0, 1)]
    files = flows.partitioned(parts, tmp_path / "out", "r-1")
    assert [(each.path, each.rows) for each in files] == [
        ("flows/day=2026-11-22/r-1.parquet", 3),
        ("flows/day=2026-11-23/r-1-2.parquet", 1),
        ("flows/day=2026-11-23/r-1.parquet", 1),
        ("flows/day=2026-11-24/r-1.parquet", 1),
    ]


def test_a_hundred_thousand_days_become_a_few_and_the_fullest_have_their_own(tmp_path, monkeypatch):
    monkeypatch.setattr(flow_writing, "MOST_DAYS", 20)
    monkeypatch.setattr(flow_writing, "OPEN", 10)
    before = {each.name for each in os.scandir("/proc/self/fd")}
    claimed = [each * DAY for each in range(-50_000, 50_000)]
    files = flows.partitioned([made.flows([*claimed, MIDNIGHT])], tmp_path / "out", "r-1")
    assert len(files) == 21
    assert (files[-1].day, sum(each.rows for each in files)) == ("many", 100_001)
    assert {each.day: each.rows for each in files}["2026-11-22"] == 2
    assert {each.name for each in os.scandir("/proc/self/fd")} == before


def test_beyond_so_many_files_of_a_run_rows_go_where_every_question_looks(
    store, tmp_path, monkeypatch
):
    for name, value in (("WAITING", 0), ("OPEN", 1), ("MOST_FILES", 3)):
        monkeypatch.setattr(flow_writing, name, value)
    days = (0, 1, 0, 1, 2, 0)
    parts = [made.flows([MIDNIGHT + day * DAY + place]) for place, day in enumerate(days)]
    _, files = kept(store, 1, *parts, staging=tmp_path)
    assert [(each.day, each.rows) for each in files] == [
        ("2026-11-22", 1),
        ("2026-11-22", 1),
        ("2026-11-23", 1),
        ("many", 3),
    ]
    found = flows.frame(store, date(2026, 11, 22), date(2026, 11, 22))
    assert sorted(starts(found)) == [MIDNIGHT, MIDNIGHT + 2, MIDNIGHT + 5]


@pytest.mark.parametrize("run_id", ["", "a/b", "..\n", "x" * 61, "é"])
def test_a_run_whose_id_is_no_name_of_a_file_is_refused(tmp_path, run_id):
    with pytest.raises(ValueError, match="name of a file"):
        flows.partitioned([], tmp_path, run_id)


@pytest.mark.parametrize(
    "path", ["flows/day=2026-11-22/../../x", "../flows/day=2026-11-22/a", "flows/day=x/a", "/etc/a"]
)
def test_a_path_that_leads_elsewhere_is_refused(tmp_path, path):
    with pytest.raises(ValueError, match="no path of a flow file"):
        flows.placed(tmp_path, tmp_path, [flows.FlowFile(path, "2026-11-22", 1, 1, "")])


def test_a_full_disk_is_told_and_nothing_stays_open(tmp_path):
    before = {each.name for each in os.scandir("/proc/self/fd")}
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, limit[1]))  # Python ignores SIGXFSZ
    try:
        with pytest.raises(StoreError, match="cannot be written: File too large"):
            flows.partitioned([made.flows([MIDNIGHT, MIDNIGHT + DAY])], tmp_path / "out", "r-1")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limit)
    assert {each.name for each in os.scandir("/proc/self/fd")} == before


def test_a_folder_that_may_not_be_written_is_told(tmp_path, powerless):
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(StoreError, match="Permission denied"):
            flows.partitioned([made.flows([MIDNIGHT])], tmp_path / "out", "r-1")
    finally:
        tmp_path.chmod(0o700)


def test_a_mistake_in_the_middle_of_the_parts_leaves_nothing_open(tmp_path, monkeypatch):
    monkeypatch.setattr(flow_writing, "WAITING", 0)
    before = {each.name for each in os.scandir("/proc/self/fd")}
    with pytest.raises(ValueError, match="name"):
        flows.partitioned([made.flows([MIDNIGHT]), pa.table({"a": [1]})], tmp_path, "r-1")
    assert {each.name for each in os.scandir("/proc/self/fd")} == before


def test_placed_files_are_where_they_say_and_no_longer_where_they_were(store, tmp_path):
    run, files = kept(store, 1, made.flows([MIDNIGHT, MIDNIGHT + DAY]), staging=tmp_path)
    for file in files:
        assert (store.folder / file.path).stat().st_size == file.size
    assert not list((tmp_path / run.run_id).rglob("*.parquet"))


def test_a_file_that_cannot_be_placed_is_told(tmp_path):
    file = flows.FlowFile("flows/day=2026-11-22/a.parquet", "2026-11-22", 1, 1, "")
    with pytest.raises(StoreError, match="cannot be put into its place: No such file"):
        flows.placed(tmp_path / "nowhere", tmp_path, [file])


def test_a_frame_holds_the_flows_of_its_days_with_their_run(store, tmp_path):
    first, _ = kept(store, 1, made.flows([MIDNIGHT - 1, MIDNIGHT]), staging=tmp_path)
    second, _ = kept(store, 2, made.flows([MIDNIGHT + 5, MIDNIGHT + DAY]), staging=tmp_path)
    found = flows.frame(store, date(2026, 11, 22), date(2026, 11, 22))
    assert found.columns.tolist() == [*FLOW_TABLE.names, "run_id"]
    assert starts(found) == [MIDNIGHT, MIDNIGHT + 5]
    assert found["run_id"].tolist() == [first.run_id, second.run_id]
    assert found["categories"].dtype.pyarrow_dtype == FLOW_TABLE.field("categories").type
    assert len(flows.frame(store, date(2026, 11, 21), date(2026, 11, 23))) == 4
    assert len(flows.frame(store, date.min, date.max)) == 4
    assert len(flows.frame(store, date(2026, 11, 23), date(2026, 11, 22))) == 0


def test_a_frame_may_have_few_columns_and_few_rows(store, tmp_path):
    at_home = made.flows([MIDNIGHT], country="VN")
    run, _ = kept(store, 1, at_home, made.flows([MIDNIGHT + 1]), staging=tmp_path)
    kept(store, 2, made.flows([MIDNIGHT + 2]), staging=tmp_path)
    day = date(2026, 11, 22)
    abroad = (pc.field("peer_country") == "SG") & (pc.field("run_id") == run.run_id)
    found = flows.frame(store, day, day, ["peer_country", "run_id"], abroad)
    assert found.to_dict("list") == {"peer_country": ["SG"], "run_id": [run.run_id]}


def test_a_file_that_is_not_listed_does_not_count(store, tmp_path):
    kept(store, 1, made.flows([MIDNIGHT]), staging=tmp_path)
    stray = flows.partitioned([made.flows([MIDNIGHT])], tmp_path / "stray", "r-2")
    flows.placed(tmp_path / "stray", store.folder, stray)
    assert len(flows.frame(store, date(2026, 11, 22), date(2026, 11, 22))) == 1


def test_no_files_are_a_frame_without_rows(store):
    found = flows.frame(store, date(2026, 11, 22), date(2026, 11, 22), ["start", "run_id"])
    assert (len(found), found.columns.tolist()) == (0, ["start", "run_id"])


@pytest.mark.parametrize("content", [None, b"", b"PAR1 not a file of flows PAR1"])
def test_a_listed_file_that_is_missing_or_damaged_is_told(store, tmp_path, content):
    _, (file,) = kept(store, 1, made.flows([MIDNIGHT]), staging=tmp_path)
    (store.folder / file.path).unlink()
    if content is not None:
        (store.folder / file.path).write_bytes(content)
    with pytest.raises(StoreError, match=r"is not there|cannot be read") as told:
        flows.frame(store, date(2026, 11, 22), date(2026, 11, 22))
    assert "auditor store check" in told.value.hint


def test_files_from_before_a_column_existed_have_null_there(store, tmp_path):
    _, (old,) = kept(store, 1, made.flows([MIDNIGHT]), staging=tmp_path)
    kept(store, 2, made.flows([MIDNIGHT + 1]), staging=tmp_path)
    path = store.folder / old.path
    before = pq.read_table(path, partitioning=None)
    pq.write_table(before.drop_columns(["clock", "categories", "peer_country"]), path)
    found = flows.frame(store, date(2026, 11, 22), date(2026, 11, 22))
    assert found["clock"].tolist()[1:] == ["x"]
    assert found["clock"].isna().tolist() == [True, False]
    abroad = flows.frame(
        store, date(2026, 11, 22), date(2026, 11, 22), None, pc.field("peer_country") == "SG"
    )
    assert starts(abroad) == [MIDNIGHT + 1]
