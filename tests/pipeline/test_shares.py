"""Flows are shared out so that each share can be inspected by itself."""

import pyarrow as pa

from auditor.pipeline.shares import shared_out

SIZE = 100_000_000


def flows(*ends, payload=SIZE):
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


def share_of(table, processes=4):
    """The number of the share that each flow is in."""
    shares = shared_out(table, processes)
    found = {
        flow: number for number, each in enumerate(shares) for flow in each["flow_id"].to_pylist()
    }
    assert len(found) == len(table)
    return [found[flow] for flow in range(len(table))]


def test_flows_between_the_same_endpoints_are_together():
    one, again, other, third = share_of(
        flows(("a", 1, "b", 80), ("b", 80, "a", 1), ("a", 2, "b", 80), ("c", 1, "b", 80))
    )
    assert one == again
    assert len({one, other, third}) == 3


def test_files_of_ftp_are_with_their_control_connection():
    control, passive, active, other, stranger = share_of(
        flows(
            ("a", 40000, "b", 21),
            ("a", 40001, "b", 50000),
            ("b", 20, "a", 40002),
            ("c", 40001, "b", 50000),
            ("c", 40001, "d", 50000),
        )
    )
    assert control == passive == active
    assert control not in (other, stranger) and other != stranger
