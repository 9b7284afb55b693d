from __future__ import annotations

from datetime import UTC, date, datetime

import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from auditor.model.errors import StoreError
from auditor.model.flow_table import FLOW_TABLE
from auditor.store import flow_writing, flows, runs
from auditor.store.findings import News
from auditor.store.tables import flow_files
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


@pytest.mark.parametrize(
    "path", ["flows/day=2026-11-22/../../x", "../flows/day=2026-11-22/a", "flows/day=x/a", "/etc/a"]
)
def test_a_path_that_leads_elsewhere_is_refused(tmp_path, path):
    with pytest.raises(ValueError, match="no path of a flow file"):
        flows.placed(tmp_path, tmp_path, [flows.FlowFile(path, "2026-11-22", 1, 1, "")])


def test_a_listed_path_that_leads_elsewhere_is_not_read(store, tmp_path):
    _, (file,) = kept(store, 1, made.flows([MIDNIGHT]), staging=tmp_path)
    (store.folder / file.path).rename(tmp_path / "x.parquet")
    with store.writing() as connection:
        connection.execute(flow_files.update().values(path="flows/../../x.parquet"))
    with pytest.raises(StoreError, match="no path of a file"):
        flows.frame(store, date(2026, 11, 22), date(2026, 11, 22))


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
