"""What became of the payload of crossing flows, against adding up by hand."""

from __future__ import annotations

from collections import Counter

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.inspect import COVERAGE
from auditor.model.content import UNREAD
from auditor.pipeline.contents import ContentCounts

KNOWN = ("read", "raw", *UNREAD)
FLOWS = pa.schema(
    [
        ("flow_id", pa.int64()),
        ("crosses_border", pa.bool_()),
        ("seen_by", pa.string()),
        ("encrypted", pa.bool_()),
        ("home_side", pa.string()),
        ("outbound_bytes", pa.int64()),
        ("inbound_bytes", pa.int64()),
        ("read_bytes", pa.int64()),
    ]
)

SHARES = st.lists(st.integers(0, 3000), min_size=len(KNOWN) + 1, max_size=len(KNOWN) + 1)
"""What became of the bytes of one side, and how many nobody brought."""

FLOW = st.fixed_dictionaries(
    {
        "crosses_border": st.sampled_from([True, True, False, None]),
        "seen_by": st.sampled_from(["packets", "packets", "zeek"]),
        "encrypted": st.sampled_from([True, False, None]),
        "home_side": st.sampled_from(["src", "dst", None]),
        "opened": st.booleans(),
        "sides": st.tuples(SHARES, SHARES),
    }
)


def flow(number, drawn):
    """A row of the flow table and its two rows of coverage, none where it was not opened."""
    home = 1 if drawn["home_side"] == "dst" else 0
    out, into = drawn["sides"][home], drawn["sides"][1 - home]
    opened = drawn["opened"] and drawn["seen_by"] == "packets"
    names = ("crosses_border", "seen_by", "encrypted", "home_side")
    row = {
        "flow_id": number,
        **{name: drawn[name] for name in names},
        "outbound_bytes": sum(out),
        "inbound_bytes": sum(into),
        "read_bytes": out[0] if opened else None,
    }
    coverage = [
        {"flow_id": number, "side": side, **dict(zip(KNOWN, drawn["sides"][side], strict=False))}
        for side in ((0, 1) if opened else ())
    ]
    return row, coverage


def by_hand(rows, coverage):
    """The totals of both directions, flow by flow."""
    totals = []
    for name, outward in (("outbound_bytes", True), ("inbound_bytes", False)):
        sums = Counter()
        for row in rows:
            if not row["crosses_border"]:
                continue
            sums["bytes"] += row[name]
            if row["read_bytes"] is None:
                why = "encrypted" if row["encrypted"] else "unsupported"
                sums["logged" if row["seen_by"] != "packets" else why] += row[name]
                continue
            side = int((row["home_side"] == "dst") == outward)
            (mine,) = [
                each
                for each in coverage
                if (each["flow_id"], each["side"]) == (row["flow_id"], side)
            ]
            for each in KNOWN:
                sums[each] += mine[each]
            rest = row[name] - sum(mine[each] for each in KNOWN)
            sums["encrypted" if row["encrypted"] else "missing"] += rest
        totals.append(sums)
    return totals


def counted(rows, coverage, size):
    """By ``ContentCounts``, in parts of ``size`` flows."""
    counts = ContentCounts(pa.Table.from_pylist(coverage, schema=COVERAGE))
    table = pa.Table.from_pylist(rows, schema=FLOWS)
    for start in range(0, table.num_rows, size):
        counts.add(table.slice(start, size))
    return counts.totals()


@pytest.mark.parametrize("encrypted", [False, True])
def test_a_hole_larger_than_the_flow_adds_nothing_to_what_left(encrypted):
    row = {
        "flow_id": 1,
        "crosses_border": True,
        "seen_by": "packets",
        "encrypted": encrypted,
        "home_side": "src",
        "outbound_bytes": 900,
        "inbound_bytes": 0,
        "read_bytes": 600,
    }
    coverage = [
        {"flow_id": 1, "side": side, **dict.fromkeys(KNOWN, 0), **known}
        for side, known in ((0, {"read": 600, "missing": 400_000_000}), (1, {}))
    ]
    out, into = counted([row], coverage, 1)
    assert (out.bytes, out.read, out.unread) == (900, 600, {"missing": 300})
    assert (into.bytes, into.unread) == (0, {})


@settings(max_examples=60)
@given(st.lists(FLOW, max_size=6), st.integers(1, 6), st.integers(1, 3))
def test_every_byte_of_crossing_flows_is_counted_once(drawn, size, step):
    made = [flow(1 + step * place, each) for place, each in enumerate(drawn)]
    rows = [row for row, _ in made]
    coverage = [each for _, some in made for each in some]
    for total, expected in zip(counted(rows, coverage, size), by_hand(rows, coverage), strict=True):
        assert (total.bytes, total.logged) == (expected["bytes"], expected["logged"])
        assert (total.read, total.raw) == (expected["read"], expected["raw"])
        assert total.unread == {why: expected[why] for why in UNREAD if expected[why]}
        assert total.read + total.raw + sum(total.unread.values()) + total.logged == total.bytes


def test_what_left_stands_first_also_where_nothing_crossed():
    totals = ContentCounts(None).totals()
    assert [(each.outbound, each.bytes, each.unread) for each in totals] == [
        (True, 0, {}),
        (False, 0, {}),
    ]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, {"unsupported": 70}),
        ({"encrypted": True}, {"encrypted": 70}),
        ({"encrypted": None}, {"unsupported": 70}),
        ({"seen_by": "zeek", "encrypted": True}, {}),
        ({"outbound_bytes": None}, {}),
    ],
)
def test_flows_that_nobody_opened_say_why(changes, expected):
    row = {"flow_id": 1, "crosses_border": True, "seen_by": "packets", "encrypted": False}
    row |= {"home_side": "src", "outbound_bytes": 70, "inbound_bytes": 9, "read_bytes": None}
    counts = ContentCounts(None)
    counts.add(pa.Table.from_pylist([row | changes], schema=FLOWS))
    out, into = counts.totals()
    assert out.unread == expected
    assert (out.logged, into.logged) == ((70, 9) if "seen_by" in changes else (0, 0))
    assert out.bytes == ((row | changes)["outbound_bytes"] or 0)


def test_numbers_beyond_64_bits_are_added_up_whole():
    row = {"crosses_border": True, "seen_by": "zeek", "outbound_bytes": 2**63 - 1}
    counts = ContentCounts(None)
    for number in (1, 2, 3):
        counts.add(pa.Table.from_pylist([row | {"flow_id": number}] * 2, schema=FLOWS))
    assert counts.totals()[0].logged == 6 * (2**63 - 1)
