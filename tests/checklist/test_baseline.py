from __future__ import annotations

import json
from datetime import timedelta

import pandas as pd
import pytest

from auditor.checklist.baseline import COLUMNS, baseline_of, from_json, to_json
from auditor.model.errors import InputError
from tests.checklist.flows import SILENT, added_up, daily, flow, network

NODE, CENTER = "10.20.1.10", "10.20.254.9"
NETWORK = network(channel={"agent_nodes": [NODE], "center": ["10.20.254.0/24"]})
EDGE = {
    "src_ip": NODE, "dst_ip": CENTER, "dst_port": 443, "protocol": 6, "tls_version": "TLS 1.3",
    "flows_per_day": 2.5, "bytes_per_day": 4000, "hours": "8,23",
}  # fmt: skip


def document(**changed):
    return json.dumps({"format": 1, "edges": [EDGE | changed]})


def test_a_baseline_averages_over_the_days_on_which_a_way_was_used():
    rows = [
        *daily(NODE, CENTER, days=2, tls_version="TLS 1.3"),
        flow(NODE, CENTER, after=timedelta(hours=1), tls_version="TLS 1.3"),
        flow(NODE, CENTER, after=timedelta(days=6), tls_version="TLS 1.3"),
        flow(NODE, CENTER, **SILENT),
        flow("10.20.1.11", "113.160.1.1"),
    ]
    found = baseline_of(added_up(rows, NETWORK), NETWORK)
    assert list(found.columns) == list(COLUMNS)
    row = found.iloc[0]
    assert len(found) == 1, "neither unanswered flows nor those off the channel"
    assert (row["flows_per_day"], row["bytes_per_day"]) == (4 / 3, 4 / 3 * 2100)
    assert row["hours"] == "8,9", "hours of the day in Vietnam"


def test_a_baseline_comes_back_from_its_document_as_it_was():
    found = baseline_of(added_up(daily(NODE, CENTER), NETWORK), NETWORK)
    again = from_json(to_json(found), "baseline.json")
    pd.testing.assert_frame_equal(found, again, check_dtype=False)
    assert to_json(again) == to_json(found)


def test_no_channel_makes_an_empty_baseline():
    found = baseline_of(added_up([], NETWORK), None)
    assert found.empty and list(found.columns) == list(COLUMNS)
    assert from_json(to_json(found), "baseline.json").empty


def test_a_good_document_is_read():
    assert from_json(document(), "baseline.json").iloc[0]["hours"] == "8,23"


@pytest.mark.parametrize(
    "text",
    [
        "", "null", "[]", "{}", '{"format": 1}', "{" * 100_000, "[" * 100_000,
        '{"format": 1, "format": 1, "edges": []}',
        '{"format": "1", "edges": []}',
        '{"format": 1, "edges": [], "more": 1}',
        document(dst_port=70000), document(dst_port="443"), document(protocol=-1),
        document(src_ip="not an address"), document(src_ip={"a": 1}),
        document(hours="24"), document(hours="8, 9"), document(hours="8;9"),
        document(tls_version="<b>"), document(tls_version="x" * 30),
        document(flows_per_day=-1), document(flows_per_day=float("nan")),
        document(bytes_per_day=float("inf")), document(bytes_per_day=1e300),
        document(more=1),
        json.dumps({"format": 1, "edges": [EDGE, EDGE]}),
        '{"format": 1, "edges": [{"flows_per_day": ' + "9" * 5000 + "}]}",
        "\x00",
    ],
)  # fmt: skip
def test_a_document_with_mistakes_is_refused_with_its_place(text):
    with pytest.raises(InputError) as caught:
        from_json(text, "baseline.json")
    assert caught.value.place == "baseline.json"
    assert caught.value.hint


def test_a_later_format_and_an_endless_document_are_refused():
    with pytest.raises(InputError, match="format 2"):
        from_json('{"format": 2, "edges": []}', "baseline.json")
    with pytest.raises(InputError, match="larger than"):
        from_json(" " * (17 * 1024 * 1024), "baseline.json")
