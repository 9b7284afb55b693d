"""What was recognised inside flows joins what the inventory declares."""

from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa

from auditor.classify import catalogue, classified, recognised
from auditor.model.content import CONTENT
from auditor.model.flow_table import Stage, schema_at, to_arrow, to_pandas
from auditor.model.inventory import Inventory, System

CATALOGUE = catalogue(Path(__file__).parents[2] / "policies")
WHEN = datetime(2026, 11, 1, tzinfo=UTC)


def seen(declared, labels, *, persons=None, record_bytes=None):
    """The columns of one flow whose system declares ``declared`` and whose content has labels."""
    known = {} if declared is None else {"categories": tuple(declared)}
    system = System(id="s", name="S", networks=("10.0.0.0/8",), record_bytes=record_bytes, **known)
    rows = [
        {
            "flow_id": number, "input_id": 1, "start": WHEN, "end": WHEN, "protocol": 6,
            "initiator_basis": "syn", "seen_by": "packets", "time_basis": "packets",
            "clock": "stated", "src_ip": "10.0.0.1", "dst_ip": "198.51.100.7", "home_side": "src",
            "geo_state": "country", "crosses_border": True, "outbound_bytes": 1000,
            "inbound_bytes": 0,
        }
        for number in (4, 7, 9)
    ]  # fmt: skip
    flows = to_pandas(pa.Table.from_pylist(rows, schema=schema_at(Stage.GEO)))
    flows = classified(flows, Inventory(agency="X", systems=(system,)), CATALOGUE)
    content = [
        {
            "flow_id": 7, "content_labels": labels, "content_hints": ["I.6"],
            "content_certainties": ["firm"] * len(labels),
            "read_bytes": 900, "raw_bytes": 0, "unread_why": ["media"], "persons": persons,
        }
    ]  # fmt: skip
    content = pa.Table.from_pylist(content, schema=CONTENT)
    return to_arrow(recognised(flows, content, CATALOGUE), Stage.CLASSIFY).to_pylist()


def test_what_was_recognised_joins_what_is_declared_and_raises_the_level():
    before, row, after = seen(["B1"], ["I.5", "B1"])
    assert row["categories"] == ["B1", "I.5"]
    assert (row["level"], row["class_basis"]) == ("core", "content")
    assert (row["read_bytes"], row["raw_bytes"], row["unread_why"]) == (900, 0, ["media"])
    for other in (before, after):
        assert (other["categories"], other["class_basis"]) == (["B1"], "declared")
        assert other["content_labels"] is None
        assert other["read_bytes"] is None


def test_content_without_anything_recognised_leaves_what_is_declared():
    _, row, _ = seen(["B1"], [])
    assert (row["categories"], row["class_basis"]) == (["B1"], "declared")
    assert row["content_labels"] == []


def test_a_system_that_declares_nothing_has_what_was_recognised():
    _, row, _ = seen(None, ["B4"])
    assert (row["categories"], row["level"], row["class_basis"]) == (["B4"], "personal", "content")
    _, row, _ = seen([], [])
    assert (row["categories"], row["level"]) == ([], "unclassified")


def test_a_secrecy_mark_is_a_label_and_no_category():
    _, row, _ = seen(["B1"], ["state-secret"])
    assert row["content_labels"] == ["state-secret"]
    assert (row["categories"], row["class_basis"]) == (["B1"], "declared")


def test_persons_that_were_counted_replace_the_estimate():
    _, row, after = seen(["B1"], ["B1"], persons=3, record_bytes=100)
    assert (row["subjects"], row["subjects_basis"]) == (3, "counted")
    assert (after["subjects"], after["subjects_basis"]) == (10, "estimated")
