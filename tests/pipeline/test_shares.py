"""Flows shared out: conversations stay together, shares weigh about the same."""

from random import Random

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.pipeline import shares

SIZES = st.lists(
    st.tuples(st.integers(0, 30), st.booleans(), st.sampled_from([0, 1000, 10**6, 10**9])),
    min_size=1,
    max_size=80,
)


def flows(drawn):
    """A row for each endpoint's number, direction and payload."""
    rows = []
    for number, (place, turned, size) in enumerate(drawn):
        ends = [(f"10.0.0.{place % 5}", 1000 + place), ("203.0.113.9", 443)]
        (source, sport), (target, dport) = reversed(ends) if turned else ends
        rows.append((number, 6, source, sport, target, dport, size, None))
    names = ("flow_id", "protocol", "src_ip", "src_port", "dst_ip", "dst_port")
    columns = list(zip(*rows, strict=True))
    table = pa.table({name: list(columns[i]) for i, name in enumerate(names)})
    table = table.append_column("src_payload", pa.array(columns[6], pa.int64()))
    return table.append_column("dst_payload", pa.array(columns[7], pa.int64()))


def conversation(row):
    return frozenset([(row["src_ip"], row["src_port"]), (row["dst_ip"], row["dst_port"])])


@given(SIZES, st.integers(1, 5))
def test_each_flow_is_in_one_share_with_all_of_its_endpoints(drawn, processes):
    table = flows(drawn)
    out = shares.shared_out(table, processes)
    assert 1 <= len(out) <= processes and all(map(len, out))
    ids = [share["flow_id"].to_pylist() for share in out]
    assert sorted(number for each in ids for number in each) == table["flow_id"].to_pylist()
    assert all(each == sorted(each) for each in ids)
    pairs = [{conversation(row) for row in share.to_pylist()} for share in out]
    assert sum(map(len, pairs)) == len(set().union(*pairs))


@pytest.mark.parametrize("most_dealt", [10, 1_000])
@pytest.mark.parametrize("processes", [2, 3, 5])
def test_shares_weigh_about_the_same(monkeypatch, most_dealt, processes):
    monkeypatch.setattr(shares, "MOST_DEALT", most_dealt)
    chance = Random(8)
    count = 3_000
    table = pa.table(
        {
            "flow_id": list(range(count)),
            "protocol": [6] * count,
            "src_ip": [f"10.0.{i >> 8}.{i & 255}" for i in range(count)],
            "src_port": [40_000] * count,
            "dst_ip": ["203.0.113.9"] * count,
            "dst_port": [80] * count,
            "src_payload": [int(chance.paretovariate(1.2) * 50_000) for _ in range(count)],
            "dst_payload": [0] * count,
        }
    )
    weights = [
        sum(share["src_payload"].to_pylist()) + shares.FLOW * len(share)
        for share in shares.shared_out(table, processes)
    ]
    assert len(weights) == processes and max(weights) < 1.1 * min(weights)


def test_little_is_left_to_one_process():
    assert len(shares.shared_out(flows([(n, False, 1_000_000) for n in range(30)]), 8)) == 1
