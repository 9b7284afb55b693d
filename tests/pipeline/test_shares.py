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


SIZE = 100_000_000


def between(*ends, payload=SIZE):
    """Flows of source, its port, target, its port; each so large that it is worth a process."""
    sources, source_ports, targets, target_ports = zip(*ends, strict=True)
    count = len(ends)
    return pa.table(
        {
            "flow_id": pa.array(range(count), pa.int64()),
            "protocol": pa.array([6] * count, pa.uint8()),
            "src_ip": pa.array(sources, pa.string()),
            "src_port": pa.array(source_ports, pa.uint16()),
            "dst_ip": pa.array(targets, pa.string()),
            "dst_port": pa.array(target_ports, pa.uint16()),
            "src_payload": pa.array([payload] * count, pa.int64()),
            "dst_payload": pa.array([0] * count, pa.int64()),
        }
    )


def numbers_of_shares(table, processes=4):
    """The number of the share that each flow is in."""
    dealt = shares.shared_out(table, processes)
    found = {
        flow: number for number, each in enumerate(dealt) for flow in each["flow_id"].to_pylist()
    }
    assert len(found) == len(table)
    return [found[flow] for flow in range(len(table))]


def test_flows_between_the_same_endpoints_are_together():
    one, again, other, third = numbers_of_shares(
        between(("a", 1, "b", 80), ("b", 80, "a", 1), ("a", 2, "b", 80), ("c", 1, "b", 80))
    )
    assert one == again
    assert len({one, other, third}) == 3


def test_files_of_ftp_are_with_their_control_connection():
    control, passive, active, other, stranger = numbers_of_shares(
        between(
            ("a", 40000, "b", 21),
            ("a", 40001, "b", 50000),
            ("b", 20, "a", 40002),
            ("c", 40001, "b", 50000),
            ("c", 40001, "d", 50000),
        )
    )
    assert control == passive == active
    assert control not in (other, stranger) and other != stranger
