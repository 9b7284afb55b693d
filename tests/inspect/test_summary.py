"""The flow table learns what left, how sure, how much was read and why the rest was not."""

from auditor import inspect
from auditor.model.content import CONTENT
from auditor.model.stream import Chunk
from tests.inspect.inspecting import CCCD, flows, inspected, search
from tests.inspect.recorder import head

NOISE = bytes(range(256)) * 30


def summary(events, **of_flows):
    heads = [head(4711)] * 3
    inspection, _ = inspected(heads, events, **of_flows)
    table = inspect.by_flow(inspection, flows(*heads, **of_flows), inspect.all_sought(search()))
    assert table.schema == CONTENT
    return {row["flow_id"]: row for row in table.to_pylist()}


def test_what_left_is_told_and_what_came_in_is_not():
    rows = summary([Chunk(0, 0, CCCD), Chunk(1, 1, CCCD), Chunk(2, 0, NOISE, 8_000)])
    assert (rows[0]["content_labels"], rows[0]["content_certainties"]) == (["B7"], ["likely"])
    assert (rows[0]["read_bytes"], rows[0]["raw_bytes"]) == (0, len(CCCD))
    assert (rows[0]["persons"], rows[0]["unread_why"]) == (1, [])
    assert (rows[1]["content_labels"], rows[1]["persons"], rows[1]["raw_bytes"]) == ([], None, 0)
    assert rows[2]["unread_why"] == ["missing", "opaque"]


def test_the_end_at_home_is_the_one_that_counts():
    rows = summary([Chunk(0, 0, NOISE), Chunk(0, 1, CCCD * 30)], home="dst")
    assert (rows[0]["persons"], rows[0]["raw_bytes"]) == (1, len(CCCD) * 30)
    assert rows[0]["unread_why"] == []


def test_where_nobody_knows_which_end_is_home_the_initiator_counts_and_hits_of_both():
    rows = summary([Chunk(0, 0, NOISE), Chunk(0, 1, CCCD * 30)], home=None)
    assert (rows[0]["persons"], rows[0]["unread_why"]) == (1, ["opaque"])


def test_flows_of_which_nothing_came_are_not_told():
    assert list(summary([Chunk(1, 0, CCCD)])) == [1]
