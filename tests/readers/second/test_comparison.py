import pyarrow as pa

from auditor.readers.reading import ROWS
from auditor.readers.second.comparison import ATTRIBUTES, agreement
from tests.readers.capture.packets import ABROAD, HOME, SECOND, T0

FLOW = {
    "start": T0, "end": T0 + SECOND, "protocol": 6, "src_ip": HOME, "src_port": 40000,
    "dst_ip": ABROAD, "dst_port": 443, "initiator_basis": "syn", "src_packets": 4,
    "dst_packets": 3, "src_bytes": 400, "dst_bytes": 300, "src_payload": 240, "dst_payload": 180,
    "host": "kho.vn", "seen_by": "packets",
}  # fmt: skip
TURNED = FLOW | {
    "src_ip": ABROAD, "src_port": 443, "dst_ip": HOME, "dst_port": 40000, "src_packets": 3,
    "dst_packets": 4, "src_bytes": 300, "dst_bytes": 400, "src_payload": 180, "dst_payload": 240,
}  # fmt: skip


def compared(first: list[dict], second: list[dict]):
    tables = [pa.Table.from_pylist(rows, schema=ROWS) for rows in (first, second)]
    return agreement([("a.pcap", *tables)], "capture", "scapy")


def test_equal_tables_agree_in_everything():
    found = compared([FLOW], [FLOW])
    assert (found.conversations, found.both, found.equal, found.differences) == (1, 1, 1, ())
    assert found.attributes == dict.fromkeys(ATTRIBUTES, 1)


def test_a_turned_flow_differs_in_its_initiator_only():
    found = compared([FLOW], [TURNED])
    assert found.equal == 1
    (difference,) = found.differences
    assert (difference.what, difference.first, difference.second) == (
        "initiator", f"{HOME}:40000", f"{ABROAD}:443",
    )  # fmt: skip
    assert difference.conversation == f"TCP {HOME}:40000 ↔ {ABROAD}:443"


def test_one_conversation_cut_into_two_flows_has_the_same_sums():
    half = {"src_packets": 2, "src_bytes": 200, "src_payload": 120}
    none = {"dst_packets": 0, "dst_bytes": 0, "dst_payload": 0}
    parts = [FLOW | half, FLOW | half | none | {"start": T0 + SECOND // 2}]
    assert compared([FLOW], parts).differences == ()


def test_flows_of_the_same_ends_at_other_times_are_other_conversations():
    later = FLOW | {"start": T0 + 9 * SECOND, "end": T0 + 10 * SECOND}
    found = compared([FLOW, later], [FLOW])
    assert (found.conversations, found.only_first, found.only_second) == (2, 1, 0)
    (difference,) = found.differences
    assert (difference.what, difference.second) == ("conversation", None)
    assert difference.first == "4 + 3 packets, 400 + 300 bytes"


def test_each_value_that_differs_is_named_with_both_sides():
    other = FLOW | {
        "dst_bytes": 301, "host": None, "tunnel": "gre", "end": T0 + SECOND + 1, "dst_payload": 0,
    }  # fmt: skip
    found = compared([FLOW], [other])
    assert found.equal == 0
    assert {each.what: (each.first, each.second) for each in found.differences} == {
        "bytes": ("400 + 300", "400 + 301"),
        "payload": ("240 + 180", "240 + 0"),
        "host": ("kho.vn", None),
        "tunnel": (None, "gre"),
        "end": ("2026-09-21T14:13:21.000000000Z", "2026-09-21T14:13:21.000000001Z"),
    }


def test_a_side_that_was_not_seen_is_not_the_same_as_one_that_sent_nothing():
    nothing = FLOW | {"dst_packets": 0, "dst_bytes": 0, "dst_payload": 0}
    unseen = FLOW | {"dst_packets": None, "dst_bytes": None, "dst_payload": None}
    (difference,) = compared([nothing], [unseen]).differences
    assert (difference.what, difference.first, difference.second) == (
        "unseen", None, f"{ABROAD}:443",
    )  # fmt: skip


def test_what_only_the_second_has_is_counted_there():
    found = compared([], [FLOW])
    assert (found.only_first, found.only_second, found.both) == (0, 1, 0)
