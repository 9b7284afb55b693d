from __future__ import annotations

import hashlib
import os
import resource
import stat
from datetime import UTC, datetime

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from auditor.model.errors import StoreError
from auditor.model.flow_table import FLOW_TABLE
from auditor.store import flow_writing, flows
from tests.store import made

MIDNIGHT = int(datetime(2026, 11, 21, 17, tzinfo=UTC).timestamp()) * 10**9
"""When 22 November began in Vietnam, in nanoseconds."""
DAY = 86_400 * 10**9


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


@pytest.mark.parametrize("run_id", ["", "a/b", "..\n", "x" * 61, "é"])
def test_a_run_whose_id_is_no_name_of_a_file_is_refused(tmp_path, run_id):
    with pytest.raises(ValueError, match="name of a file"):
        flows.partitioned([], tmp_path, run_id)


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
