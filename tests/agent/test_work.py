"""The child's side: orders that can be followed, progress that can be read."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime

from auditor.agent import work
from auditor.agent.orders import Work
from auditor.pipeline import Order, data_folder


def test_open_flows_that_cannot_be_read_are_told_and_stop_nothing(tmp_path):
    damaged = tmp_path / "open.flows"
    damaged.write_bytes(b"auditor-open-1\r\n but no more")
    audit = Order((tmp_path,), data_folder("policies"), data_folder("geoip"), open_before=damaged)
    order, problems = work._readable(Work("night", datetime.now(UTC), None, audit))
    assert order.open_before is None
    assert [(each.code, each.source) for each in problems] == [("open-flows-lost", str(damaged))]


def test_progress_is_lines_of_json_and_not_one_for_each_byte():
    said = io.StringIO()
    told = work.Told(said)
    told.stage("read", 1000)
    for _ in range(1000):
        told.advance(1)
    told.stage("judge")
    lines = [json.loads(line) for line in said.getvalue().splitlines()]
    assert lines[0] == {"stage": "read", "total": 1000}
    assert lines[-1] == {"stage": "judge", "total": None}
    assert len(lines) < 10
