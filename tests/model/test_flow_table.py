from __future__ import annotations

from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest

from auditor.model import flow_table
from auditor.model.flow_table import (
    FLOW_TABLE,
    Stage,
    conform,
    empty,
    markdown,
    schema_at,
    to_arrow,
    to_pandas,
)

DOCS = Path(__file__).parents[2] / "docs"
MOMENT = datetime(2026, 9, 1, tzinfo=UTC)
ROW = {
    "flow_id": 1,
    "input_id": 1,
    "start": MOMENT,
    "end": MOMENT,
    "protocol": 6,
    "src_ip": "203.162.10.5",
    "dst_ip": "8.8.8.8",
    "initiator_basis": "syn",
    "seen_by": "packets",
    "time_basis": "packets",
    "clock": "stated",
    "geo_state": "country",
}


def flows(stage: Stage, **changed) -> pd.DataFrame:
    return to_pandas(pa.Table.from_pylist([{**ROW, **changed}], schema_at(stage)))


def test_the_page_for_people_is_fresh():
    page = (DOCS / "flow-table.md").read_text(encoding="utf-8")
    assert page == markdown(), "run: python -m auditor.model.flow_table > docs/flow-table.md"


def test_the_page_names_every_column_once_under_its_stage():
    page = markdown()
    for field in FLOW_TABLE:
        assert page.count(f"| `{field.name}` |") == 1
    places = [page.index(f"## Stage `{stage}`") for stage in Stage]
    assert places == sorted(places)


@pytest.mark.parametrize("field", list(FLOW_TABLE), ids=lambda field: field.name)
def test_every_column_says_its_stage_and_its_meaning(field):
    about = {key.decode(): value.decode() for key, value in field.metadata.items()}
    assert about["stage"] in set(Stage)
    assert about["doc"].endswith(".")
    assert "|" not in about["doc"]
    if field.name.endswith(("_bytes", "_payload")):
        assert about["unit"] == "bytes"


def test_a_later_stage_has_all_columns_of_the_earlier_ones_in_front():
    names = [schema_at(stage).names for stage in Stage]
    for earlier, later in pairwise(names):
        assert later[: len(earlier)] == earlier
        assert len(later) > len(earlier)
    assert names[-1] == FLOW_TABLE.names


@pytest.mark.parametrize("stage", list(Stage))
def test_a_table_of_the_contract_passes_and_comes_out_in_its_order(stage):
    given = flows(stage)
    turned = given[list(reversed(given.columns))]
    assert list(conform(turned, stage).columns) == schema_at(stage).names
    assert len(conform(empty(stage), stage)) == 0


def test_all_differences_are_named_at_once():
    given = flows(Stage.READ, src_ip=None).drop(columns=["dst_ip", "vlan"])
    given["colour"] = "red"
    given["src_port"] = pd.Series([1], dtype="int64")
    with pytest.raises(ValueError, match="flow table after stage read") as caught:
        conform(given, Stage.READ)
    message = str(caught.value)
    for part in ("missing column dst_ip", "missing column vlan", "unknown column colour"):
        assert part in message
    assert "src_port: is int64, must be" in message
    assert "src_ip: has nulls, must not" in message


def test_a_column_of_a_later_stage_is_unknown_before_it():
    with pytest.raises(ValueError, match="unknown column home_side"):
        conform(flows(Stage.GEO), Stage.READ)


@pytest.mark.parametrize("name", [field.name for field in FLOW_TABLE if not field.nullable])
def test_a_column_that_must_be_known_refuses_nulls(name):
    with pytest.raises(ValueError, match=f"{name}: has nulls, must not"):
        conform(flows(Stage.CLASSIFY, **{name: None}), Stage.CLASSIFY)


@pytest.mark.parametrize("name", [field.name for field in FLOW_TABLE if field.nullable])
def test_a_column_that_may_be_unknown_takes_nulls(name):
    conform(flows(Stage.CLASSIFY, **{name: None}), Stage.CLASSIFY)


def test_arrow_and_back_keeps_values_types_and_metadata():
    given = flows(Stage.CLASSIFY, categories=["B1", "II.18a"], crosses_border=True, src_port=65535)
    table = to_arrow(given, Stage.CLASSIFY)
    for field, wanted in zip(table.schema, schema_at(Stage.CLASSIFY), strict=True):
        assert field.equals(wanted, check_metadata=True)
    pd.testing.assert_frame_equal(to_pandas(table), given)


def test_the_version_stands_in_the_metadata():
    assert FLOW_TABLE.metadata[b"version"] == str(flow_table.VERSION).encode()
